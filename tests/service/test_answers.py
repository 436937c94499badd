"""Every answer of a verb names what was changed, and when."""

from __future__ import annotations

from typing import Any

import pytest

from messages.admin import InputAnswered
from service.answers import SHOWN_CHARS_MAX, refusal, said, sentence, shown
from simulation.units import InputKind, Seq, Tick, WorldId

DAY = (86_400_000_000, 3_600_000_000, 60_000_000)
METRIC = {"npcId": "ann", "metric": "core.trust", "before": 40, "after": 45}
CHAIN = {"chainId": "courting", "npcId": "ann", "sessionId": "s1"}
INTENT = {"id": "i7", "npcId": "ann", "chainId": "courting"}


@pytest.mark.parametrize(
    ("kind", "payload", "detail", "text"),
    [
        ("pause", {}, {"changed": True}, "paused"),
        ("pause", {}, {"changed": False}, "was paused already, nothing changed"),
        ("resume", {}, {"mode": "real_time", "changed": True}, "resumed (real_time)"),
        (
            "resume",
            {},
            {"mode": "turn_based", "changed": False},
            "was not paused, goes on (turn_based)",
        ),
        ("resume", {}, {"released": True, "mode": "running"}, "out of quarantine (running)"),
        ("step", {"ticks": 1}, {"untilTick": 4}, "stepped 1 tick"),
        ("step", {"ticks": 2000}, {"untilTick": 4}, "stepped 2,000 ticks"),
        ("advance", {"seconds": 3600}, {"untilTick": 4}, "advanced 3,600 s"),
        ("config", {}, {"changed": {"timeScale": 30, "mode": "paused"}}, "set timeScale = 30, mode = paused"),
        (
            "config",
            {"changes": {"timeScale": 30, "seed": None}},
            {"changed": {}},
            "timeScale = 30 already, seed = null already, nothing changed",
        ),
        (
            "config",
            {"changes": {"timeScale": 30, "mode": "paused"}},
            {"changed": {"mode": "paused"}},
            "set mode = paused, timeScale = 30 already",
        ),
        ("flags", {}, {"changed": {"fair": True, "mist": None}}, "flag fair = true, flag mist removed"),
        (
            "flags",
            {"flags": {"fair": {"on": True}, "mist": None}},
            {"changed": {}},
            "flag fair.on = true already, flag mist was not there, nothing changed",
        ),
        (
            "flags",
            {"flags": {"fair": True, "mist": 1}},
            {"changed": {"mist": 1}},
            "flag mist = 1, flag fair = true already",
        ),
        (
            "session_update",
            {"sessionId": "s1", "sceneId": "ball"},
            {"sessionId": "s1", "version": 3, "changed": False},
            "session s1 has sceneId ball already, nothing changed, version 3",
        ),
        (
            "person",
            {},
            {"npcId": "ann", "component": "note", "op": "set", "changed": False},
            "note of ann was so already, nothing changed",
        ),
        (
            "person",
            {},
            {"npcId": "ann", "component": "note", "op": "remove", "changed": False},
            "note of ann was not there, nothing changed",
        ),
        (
            "chain",
            {},
            {
                **CHAIN,
                "op": "abandon",
                "changed": False,
                "progress": {"currentStep": None, "outcome": "abandoned"},
            },
            "chain courting of ann with s1 given up already, nothing changed: ended, abandoned",
        ),
        (
            "session_join",
            {"session": {"id": "s1", "locationId": "inn"}},
            {"sessionId": "s1", "version": 0},
            "session s1 came at inn, version 0",
        ),
        (
            "session_update",
            {"sessionId": "s1", "flags": {"met": True}},
            {"sessionId": "s1", "version": 3},
            'session s1 has flags {"met": true}, version 3',
        ),
        ("session_leave", {}, {"sessionId": "s1", "session": {}}, "session s1 left"),
        ("person", {}, {"npcId": "ann", "component": "note", "op": "set"}, "note of ann set"),
        (
            "person",
            {},
            {"npcId": "ann", "component": "core", "op": "remove", "sessionId": "s1"},
            "core of ann with s1 removed",
        ),
        ("person", {}, {"npcId": "ann", "op": "move", "locationId": "inn"}, "ann is at inn"),
        ("metric", {}, METRIC, "core.trust of ann 40 -> 45"),
        (
            "metric",
            {"sessionId": "s1"},
            {**METRIC, "after": 40},
            "core.trust of ann with s1 stays 40, nothing changed",
        ),
        ("advance", {"seconds": "0.25"}, {}, "advanced 0.25 s"),
        ("advance", {"realSeconds": 2}, {}, "advanced 2 real s at its timeScale"),
        (
            "metric",
            {},
            {**METRIC, "after": 100, "clamped": "a number from 0 to 100"},
            "core.trust of ann 40 -> 100 (kept within: a number from 0 to 100)",
        ),
        (
            "chain",
            {},
            {**CHAIN, "op": "step", "progress": {"currentStep": "dance"}},
            "chain courting of ann with s1 moved: at dance",
        ),
        (
            "chain",
            {},
            {**CHAIN, "op": "abandon", "progress": {"currentStep": None, "outcome": "abandoned"}},
            "chain courting of ann with s1 given up: ended, abandoned",
        ),
        (
            "interact",
            {},
            {"interactionId": "toast", "npcId": "ann", "sessionId": "s1", "message": "Cheers."},
            "toast done with ann by s1: Cheers.",
        ),
        (
            "intent",
            {},
            {"op": "accept", "intent": INTENT},
            "intent i7 of ann accepted: chain courting begins",
        ),
        (
            "intent",
            {},
            {"op": "dismiss", "intent": INTENT},
            "intent i7 of ann dismissed: chain courting does not begin",
        ),
    ],
)
def test_an_answer_names_what_was_changed(
    kind: str, payload: dict[str, Any], detail: dict[str, Any], text: str
) -> None:
    assert said(InputKind(kind), payload, detail) == text


def test_an_answer_says_at_which_tick_and_time() -> None:
    answer = InputAnswered(
        ask_id="a",
        world_id=WorldId("inn"),
        seq=Seq(1),
        applied=True,
        detail={"changed": True},
        tick=Tick(1_200),
        world_time=93_600.0,  # 86,400 of day 0, 7,200 of day 1
        day_lengths=DAY,
    )
    text = sentence("inn", InputKind.PAUSE, {}, answer)
    assert text == "inn: paused; tick 1,200, day 1 02:00"


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ({"reason": "toast is closed"}, "World inn did not do it: toast is closed."),
        ({"reason": "toast is closed", "do": "wait"}, "World inn did not do it: toast is closed. Wait."),
        (
            {"reason": "toast is closed", "do": "wait", "message": "Not yet!"},
            "World inn did not do it: toast is closed. Wait. Not yet!",
        ),
        (
            {"reason": "toast is closed", "message": "Not yet!"},
            "World inn did not do it: toast is closed. Not yet!",
        ),
    ],
)
def test_a_refusal_says_why_what_to_do_and_what_the_player_is_told(detail: dict[str, Any], text: str) -> None:
    assert str(refusal("inn", InputKind.INTERACT, detail)) == text


def test_a_long_value_does_not_flood_the_sentence() -> None:
    assert len(shown({"text": "x" * 10_000})) == SHOWN_CHARS_MAX
