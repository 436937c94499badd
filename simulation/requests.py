"""Generation requests inside a world: a bounded queue that is part of its state, then handed over, then
awaited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulation.orders import Requested
from simulation.units import Band, Micros, NpcId, RequestId, SessionId, Tick

BANDS = tuple(Band)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `handed_tick` and `land_tick` are known once it is handed over."""

    request_id: RequestId
    npc_id: NpcId
    kind: str
    params: Mapping[str, Any]
    band: Band
    component: str
    made_tick: Tick
    made_at: Micros
    handed_tick: Tick | None = None
    land_tick: Tick | None = None
    """Lockstep: the tick its outcome is applied at."""
    session_id: SessionId | None = None
    user_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Of a person's own request without the keys that only a player's has."""
        asked_by = {"session": self.session_id, "user": self.user_id}
        return {
            **{key: value for key, value in asked_by.items() if value is not None},
            "id": self.request_id,
            "npc": self.npc_id,
            "kind": self.kind,
            "params": dict(self.params),
            "band": str(self.band),
            "component": self.component,
            "madeTick": self.made_tick,
            "madeAt": self.made_at,
            "handedTick": self.handed_tick,
            "landTick": self.land_tick,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Request:
        return cls(
            request_id=RequestId(value["id"]),
            npc_id=NpcId(value["npc"]),
            kind=value["kind"],
            params=value["params"],
            band=Band(value["band"]),
            component=value["component"],
            made_tick=Tick(value["madeTick"]),
            made_at=Micros(value["madeAt"]),
            handed_tick=value["handedTick"],
            land_tick=value["landTick"],
            session_id=value.get("session"),
            user_id=value.get("user"),
        )


@dataclass(frozen=True, slots=True)
class Requests:
    """`waiting` in order of (band, tick made, id); `awaited` handed over and not yet answered, by id."""

    waiting: tuple[Request, ...] = ()
    awaited: Mapping[RequestId, Request] | None = None

    def make(
        self, made: Iterable[Requested], tick: Tick, now: Micros, queue_max: int
    ) -> tuple[Requests, int, int]:
        """(after, accepted, refused): a full queue takes no more, however urgent."""
        new = [_request(one, tick, now) for one in made]
        room = max(0, queue_max - len(self.waiting))
        accepted = new[:room]
        if not accepted:
            return self, 0, len(new)
        waiting = sorted([*self.waiting, *accepted], key=_order)
        return replace(self, waiting=tuple(waiting)), len(accepted), len(new) - len(accepted)

    def hand_over(
        self, count: int, tick: Tick, lockstep_ticks: int | None
    ) -> tuple[Requests, tuple[Request, ...]]:
        """(after, the first `count` of the queue as handed over in `tick`)."""
        if not count:
            return self, ()
        land = None if lockstep_ticks is None else Tick(tick + lockstep_ticks)
        handed = tuple(replace(r, handed_tick=tick, land_tick=land) for r in self.waiting[:count])
        awaited = {**(self.awaited or {}), **{request.request_id: request for request in handed}}
        return Requests(self.waiting[count:], awaited), handed

    def answered(self, request_id: RequestId) -> Requests:
        """Without that request: its outcome has landed."""
        awaited = {rid: r for rid, r in (self.awaited or {}).items() if rid != request_id}
        return replace(self, awaited=awaited)

    def find(self, request_id: RequestId) -> Request | None:
        return (self.awaited or {}).get(request_id)

    def landing_at(self, tick: Tick) -> tuple[RequestId, ...]:
        """Those whose outcome belongs to `tick`, by id."""
        return tuple(sorted(rid for rid, r in (self.awaited or {}).items() if r.land_tick == tick))


def _request(made: Requested, tick: Tick, now: Micros) -> Request:
    return Request(
        made.request_id,
        made.npc_id,
        made.kind,
        made.params,
        made.band,
        made.component,
        tick,
        now,
        session_id=made.session_id,
        user_id=made.user_id,
    )


def _order(request: Request) -> tuple[int, int, str]:
    return BANDS.index(request.band), request.made_tick, request.request_id
