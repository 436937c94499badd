"""A hamlet whose people work for the first hour of every day and rest for the others, in ticks of 60 s."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulation import drive
from simulation.definitions import parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import create
from simulation.ticking import TickDone
from simulation.units import InputKind, SessionId

MINUTE = 60
TURN = 600
"""Everybody decides every ten minutes: the first time in the first tick."""


def hamlet(
    hooks: Iterable[Mapping[str, Any]] = (),
    *,
    people: int = 1,
    sessions: Iterable[Mapping[str, Any]] = ({"id": "s1", "locationId": "square"},),
    world_time: float = 0,
    work_all_day: bool = False,
    simulation: Mapping[str, Any] | None = None,
    of_world: Any = None,
    **meta: Any,
) -> dict[str, Any]:
    """A world file; `hooks` stand under the activity `work`, `of_world` in `meta.hooks`."""
    slots = [("work", 0, 43_200), ("work", 43_200, 86_400)] if work_all_day else SLOTS
    return {
        "id": "hamlet",
        "name": "Hamlet",
        "worldTime": world_time,
        "locations": [{"id": "square", "type": "square"}, {"id": "mill", "type": "mill"}],
        "meta": {
            "simulation": {
                "seed": 5,
                "mode": "turn_based",
                "generation": {"mode": "off"},
                **(simulation or {}),
            },
            "behavior": {
                "activities": {
                    "work": {"category": "labour", "minDurationSeconds": TURN, "hooks": list(hooks)},
                    "rest": {"category": "leisure", "minDurationSeconds": TURN},
                },
                "routines": {
                    "days": {
                        "nodes": [
                            {
                                "nodeType": "time_slot",
                                "timeRangeSeconds": {"start": start, "end": end},
                                "preferredActivities": [{"activityId": name, "weight": 1}],
                            }
                            for name, start, end in slots
                        ]
                    }
                },
            },
            "chains": {"walk": {"steps": [{"stepId": "meet"}]}},
            "interactions": {
                "wave": {"outcome": {"flagChanges": {"set": {"waved": True}}}},
                "call": {"gating": {"requiredFlags": ["phone"]}},
            },
            "narratives": {"tale": {"nodes": [{"id": "once", "type": "dialogue", "text": "Once."}]}},
            **({} if of_world is None else {"hooks": of_world}),
            **meta,
        },
        "npcs": [
            {
                "id": f"n{n:02}",
                "personality": {"routineId": "days"},
                "components": {"behavior": {"locationId": "square"}},
            }
            for n in range(people)
        ],
        "sessions": list(sessions),
    }


SLOTS = [("work", 0, 3_600), ("rest", 3_600, 86_400)]


def hook(**more: Any) -> dict[str, Any]:
    return {"when": "start", "chainId": "walk", "ttlSeconds": 86_400, **more}


class Play:
    """A world with its stages, driven by inputs."""

    def __init__(self, made: dict[str, Any]) -> None:
        self.definition = parse_world(made)
        self.world, self.stages = create(self.definition)
        self.done: list[TickDone] = []

    def send(self, kind: InputKind, **payload: Any) -> Outcome:
        assert self.world.deliver([Input(self.world.next_seq, kind, payload)])
        (outcome,) = drive.boundary(self.world, self.stages)
        return outcome

    def advance(self, seconds: float) -> None:
        assert self.send(InputKind.ADVANCE, seconds=seconds).applied
        while self.world.wants_tick:
            self.done.append(drive.tick(self.world, self.stages))

    def intent(self, op: str, intent_id: str, session_id: str = "s1") -> Outcome:
        return self.send(InputKind.INTENT, sessionId=session_id, intentId=intent_id, op=op)

    def inbox(self, session_id: str = "s1") -> tuple[Mapping[str, Any], ...]:
        session = self.world.sessions.get(SessionId(session_id))
        assert session is not None
        return session.inbox

    def made_at(self, session_id: str = "s1") -> list[float]:
        """When what is in the inbox was made, the earliest first."""
        return sorted(intent["createdAt"] for intent in self.inbox(session_id))
