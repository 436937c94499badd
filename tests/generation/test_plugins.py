"""Providers and event handlers of plug-ins: first in line, counted, and off after their budget."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from threading import Event
from types import MappingProxyType
from typing import Any

import pytest

from generation import events
from generation.events import Handlers, JobEvent
from generation.providers import Assignment, NoProvider, ProviderFailed, Providers, Retryable
from generation.template import TemplateProvider
from persistence.generations import Job
from simulation.definitions import Plugins
from simulation.plugins import Plugin
from simulation.units import RequestId, WorldId

JOB = Job(RequestId("r1"), WorldId("inn"), "ada", "dialogue", {}, 1, session_id="s1", user_id="u1")
ASSIGNMENT = Assignment("r1", "inn", "ada", "dialogue", {})


class Poet:
    """Makes dialogue and songs; raises what it is told to."""

    name, kinds = "poet", frozenset({"dialogue", "song"})

    def __init__(
        self,
        *,
        deterministic: bool = False,
        fails: BaseException | None = None,
        makes: Mapping[str, Any] = MappingProxyType({"text": "O!"}),
    ) -> None:
        self.deterministic, self.fails, self.makes = deterministic, fails, makes

    async def produce(self, assignment: Assignment) -> Mapping[str, Any]:
        if self.fails is not None:
            raise self.fails
        return self.makes


def providers(poet: Poet, **more: Any) -> Providers:
    plugins = Plugins({"poet": Plugin("poet", "1", providers=(poet,), **more)})
    return Providers.with_plugins(plugins, TemplateProvider())


def made(found: Providers, **how: bool) -> Mapping[str, Any]:
    return asyncio.run(found.for_kind("dialogue", **how).produce(ASSIGNMENT))


def test_a_plug_ins_provider_comes_before_our_own() -> None:
    assert made(providers(Poet())) == {"text": "O!"}


def test_in_lockstep_only_who_always_makes_the_same() -> None:
    found = providers(Poet())
    assert made(found, lockstep=True)["provider"] == "template"
    with pytest.raises(NoProvider, match="no provider makes 'song'"):
        found.for_kind("song", lockstep=True)
    assert made(providers(Poet(deterministic=True)), lockstep=True) == {"text": "O!"}


def test_a_provider_that_fails_is_named_and_off_after_its_budget() -> None:
    found = providers(Poet(fails=OSError("no ink")), failures_max=2)
    with pytest.raises(ProviderFailed, match=r"^provider poet: OSError: no ink$"):
        made(found)
    with pytest.raises(ProviderFailed, match="and is switched off"):
        made(found)
    assert made(found)["provider"] == "template"


@pytest.mark.parametrize("worth", [float("nan"), "\ud800", "\0", 10**400])
def test_what_a_provider_makes_can_be_kept_or_is_a_failure(worth: object) -> None:
    poet = Poet(makes={"text": "O!", "worth": [worth]})
    with pytest.raises(
        ProviderFailed, match=r"^provider poet: ValueError: result\.worth\[0\]: .*; allowed: "
    ):
        made(providers(poet))


def doubling(levels: int) -> list[Any]:
    found: list[Any] = [1]
    for _ in range(levels):
        found = [found, found]
    return found


@pytest.mark.parametrize(
    ("makes", "said"),
    [
        ({"text": b""}, "TypeError: a bytes is no JSON value"),
        ({1: 2}, "TypeError: 1 is no key of an object"),
        ({"text": doubling(60)}, "ValueError: more than 65536 parts"),
        (["text"], "TypeError: made a list, not an object"),
        (None, "TypeError: made a NoneType, not an object"),
    ],
)
def test_what_is_no_result_is_a_failure(makes: Any, said: str) -> None:
    with pytest.raises(ProviderFailed, match=f"^provider poet: {said}"):
        made(providers(Poet(makes=makes)))


@pytest.mark.parametrize("error", [SystemExit(1), GeneratorExit()])
def test_a_provider_or_a_handler_that_ends_its_process_does_not(error: BaseException) -> None:
    def leaves(event: JobEvent) -> None:
        raise error

    with pytest.raises(ProviderFailed, match=f"^provider poet: {type(error).__name__}"):
        made(providers(Poet(fails=error)))
    handlers = Handlers(Plugins({"bad": Plugin("bad", "1", handlers=(leaves,))}))
    handlers.tell("job:started", "r1", JOB)
    assert handlers.failures == {"bad": 1}


@pytest.mark.parametrize(
    ("asked", "waits"), [(5, 5.0), (1e9, 86_400.0), (-1, None), (float("nan"), None), ("soon", None)]
)
def test_patience_is_a_time_a_request_can_live(asked: Any, waits: float | None) -> None:
    assert Retryable("busy", asked).after_s == waits


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"providers": (object(),)}, "is no provider"),
        ({"handlers": ("log",)}, "handler 'log' is no function"),
    ],
)
def test_what_no_worker_could_use_is_said_when_the_plug_in_loads(more: Any, problem: str) -> None:
    assert problem in Plugin("poet", "1", **more).problem()
    assert Plugin("poet", "1", providers=(Poet(),), handlers=(print,)).problem() == ""


def test_no_handler_changes_what_the_next_one_hears() -> None:
    heard: list[JobEvent] = []

    def changes(event: JobEvent) -> None:
        event.detail["status"] = "mine"  # type: ignore[index]

    plugins = {"a": Plugin("a", "1", handlers=(changes,)), "b": Plugin("b", "1", handlers=(heard.append,))}
    handlers = Handlers(Plugins(plugins))
    handlers.tell("job:completed", "r1", JOB, status="succeeded")
    assert (heard[0].detail["status"], handlers.failures) == ("succeeded", {"a": 1})


def test_asking_for_patience_is_no_failure() -> None:
    found = providers(Poet(fails=Retryable("busy")), failures_max=1)
    for _ in range(3):
        with pytest.raises(Retryable):
            made(found)


def test_handlers_hear_of_a_job_with_all_its_ids() -> None:
    heard: list[JobEvent] = []
    Handlers(Plugins({"log": Plugin("log", "1", handlers=(heard.append,))})).tell(
        "job:completed", "r1", JOB, status="succeeded"
    )
    (event,) = heard
    assert (event.kind, event.request_id, event.world_id) == ("job:completed", "r1", "inn")
    assert (event.session_id, event.user_id, event.job_kind) == ("s1", "u1", "dialogue")
    assert event.detail == {"status": "succeeded"}


def test_a_handler_that_raises_hurts_nobody_and_is_off_after_its_budget() -> None:
    heard: list[str] = []

    def bad(event: JobEvent) -> None:
        heard.append("bad")
        raise KeyError("mine")

    plugins = Plugins(
        {
            "bad": Plugin("bad", "1", handlers=(bad,), failures_max=2),
            "good": Plugin("good", "1", handlers=(lambda event: heard.append("good"),)),
        }
    )
    handlers = Handlers(plugins)
    for _ in range(3):
        handlers.tell("job:started", "r1", JOB)
    assert heard == ["bad", "good", "bad", "good", "good"]
    assert handlers.failures == {"bad": 2}


def test_a_handler_that_never_answers_holds_up_neither_its_process_nor_other_plug_ins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two events may wait: of five the first is being heard, two wait, and two are failures."""
    monkeypatch.setattr(events, "EVENTS_WAITING_MAX", 2)
    monkeypatch.setattr(events, "DRAIN_S", 10.0)
    heard: list[str] = []
    begun, free = Event(), Event()

    def hangs(event: JobEvent) -> None:
        begun.set()
        free.wait(30)
        heard.append("slow")

    slow = Plugin("slow", "1", handlers=(hangs,))
    quick = Plugin("quick", "1", handlers=(lambda event: heard.append("quick"),))
    handlers = Handlers(Plugins({"slow": slow}), beside=True)
    beside = Handlers(Plugins({"quick": quick}), beside=True)
    handlers.tell("job:started", "r1", JOB)
    assert begun.wait(30)
    for _ in range(4):
        handlers.tell("job:started", "r1", JOB)
    beside.tell("job:started", "r1", JOB)
    beside.close()
    assert (heard, handlers.failures) == (["quick"], {"slow": 2})
    free.set()
    handlers.close()
    assert heard.count("slow") == 3
