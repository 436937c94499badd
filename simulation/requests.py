"""Generation requests inside a world: a bounded queue that is part of its state, then handed over, then
awaited, until the result lands or nobody wants it any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from simulation.orders import Requested
from simulation.units import Band, Micros, NpcId, RequestId, SessionId, Tick

BANDS = tuple(Band)
WRITES_CHARS_MAX = 200
"""Characters of where a result goes, as the database's column holds them."""
LAPSES_PER_TICK_MAX = 100
"""Requests that one tick gives up; the others wait for the next, and are not handed over meanwhile."""


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
    flag: str | None = None
    scene_id: str | None = None
    expires_at: Micros | None = None
    """World time from which on nobody wants the result; None: never."""
    coalesce_key: str | None = None
    given_up: bool = False
    """Its time is over and everybody knows; a lockstep world still takes its outcome when it lands, for one
    that came at any time would be an input at any time."""

    @property
    def writes(self) -> str:
        """Where the result goes, in a word for people."""
        if self.flag is not None:
            return f"flag:{self.flag}"[:WRITES_CHARS_MAX]
        return (self.component if self.scene_id is None else f"scene:{self.scene_id}")[:WRITES_CHARS_MAX]

    @property
    def coalesces(self) -> tuple[str | None, ...] | None:
        """What two requests have in common of which the second is not made; None: nothing."""
        if self.coalesce_key is None:
            return None
        where = (self.flag, None) if self.flag is not None else (self.component, self.npc_id)
        return (self.coalesce_key, self.session_id, *where)

    def lapsed(self, now: Micros) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def to_json(self) -> dict[str, Any]:
        """Without the keys that say nothing, such as a player's of a person's own request."""
        if_any = {
            "session": self.session_id,
            "user": self.user_id,
            "flag": self.flag,
            "scene": self.scene_id,
            "expiresAt": self.expires_at,
            "coalesceKey": self.coalesce_key,
            "givenUp": self.given_up or None,
        }
        return {
            **{key: value for key, value in if_any.items() if value is not None},
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
            flag=value.get("flag"),
            scene_id=value.get("scene"),
            expires_at=value.get("expiresAt"),
            coalesce_key=value.get("coalesceKey"),
            given_up=value.get("givenUp", False),
        )


@dataclass(frozen=True)
class Requests:
    """`waiting` in order of (band, tick made, id); `awaited` handed over and not yet answered, by id."""

    waiting: tuple[Request, ...] = ()
    awaited: Mapping[RequestId, Request] | None = None

    def make(
        self, made: Iterable[Requested], tick: Tick, now: Micros, queue_max: int
    ) -> tuple[Requests, tuple[Request, ...], int]:
        """(after, accepted, how many were refused): a full queue takes no more, however urgent. One that
        coalesces with another that is not answered is neither."""
        new = self._new([_request(one, tick, now) for one in made], now)
        room = max(0, queue_max - len(self.waiting))
        accepted = tuple(new[:room])
        if not accepted:
            return self, (), len(new)
        waiting = sorted([*self.waiting, *accepted], key=_order)
        return Requests(tuple(waiting), self.awaited), accepted, len(new) - len(accepted)

    def _new(self, made: list[Request], now: Micros) -> list[Request]:
        """Without those that coalesce with one that is here, or that was made before them."""
        if all(one.coalesce_key is None for one in made):
            return made
        here = {one.coalesces for one in self._all() if not one.lapsed(now)}
        found = []
        for one in made:
            if one.coalesces is None or one.coalesces not in here:
                found.append(one)
                here.add(one.coalesces)
        return found

    def hand_over(
        self, count: int, tick: Tick, now: Micros, lockstep_ticks: int | None
    ) -> tuple[Requests, tuple[Request, ...]]:
        """(after, the first `count` of the queue that are still wanted, as handed over in `tick`)."""
        if not count:
            return self, ()
        wanted = [request for request in self.waiting if not request.lapsed(now)][:count]
        land = None if lockstep_ticks is None else Tick(tick + lockstep_ticks)
        handed = tuple(replace(r, handed_tick=tick, land_tick=land) for r in wanted)
        gone = {request.request_id for request in handed}
        awaited = {**(self.awaited or {}), **{request.request_id: request for request in handed}}
        return Requests(tuple(r for r in self.waiting if r.request_id not in gone), awaited), handed

    @cached_property
    def soonest(self) -> Micros | None:
        """When the first of all requests lapses."""
        times = [r.expires_at for r in self._all() if r.expires_at is not None and not r.given_up]
        return min(times) if times else None

    def wanted(self, now: Micros) -> int:
        """How many wait to be handed over and are not over."""
        if self.soonest is None or self.soonest > now:
            return len(self.waiting)
        return len([request for request in self.waiting if not request.lapsed(now)])

    def lapse(self, now: Micros) -> tuple[Requests, tuple[Request, ...]]:
        """(after, those that lapsed by `now`), the most overdue first, handed over or not."""
        if self.soonest is None or self.soonest > now:
            return self, ()
        over = [request for request in self._all() if request.lapsed(now) and not request.given_up]
        over.sort(key=lambda request: (request.expires_at or 0, request.request_id))
        lapsed = tuple(over[:LAPSES_PER_TICK_MAX])
        left = self.without(request.request_id for request in lapsed)
        landing = {r.request_id: replace(r, given_up=True) for r in lapsed if r.land_tick is not None}
        return (Requests(left.waiting, {**(left.awaited or {}), **landing}) if landing else left), lapsed

    def of_session(self, session_id: SessionId) -> tuple[Request, ...]:
        """A player's requests, by id."""
        mine = [request for request in self._all() if request.session_id == session_id]
        return tuple(sorted(mine, key=lambda request: request.request_id))

    def of_people(self, people: Collection[NpcId]) -> tuple[Request, ...]:
        return tuple(request for request in self._all() if request.npc_id in people)

    def _all(self) -> list[Request]:
        return [*self.waiting, *(self.awaited or {}).values()]

    def without(self, request_ids: Iterable[RequestId]) -> Requests:
        """Without those: their outcome has landed, or nobody wants it."""
        gone = set(request_ids)
        awaited = {rid: r for rid, r in (self.awaited or {}).items() if rid not in gone}
        return Requests(tuple(r for r in self.waiting if r.request_id not in gone), awaited)

    def find(self, request_id: RequestId) -> Request | None:
        return (self.awaited or {}).get(request_id)

    def landing_at(self, tick: Tick) -> tuple[RequestId, ...]:
        """Those whose outcome belongs to `tick`, by id."""
        if not self.awaited:
            return ()
        return tuple(sorted(rid for rid, r in self.awaited.items() if r.land_tick == tick))


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
        flag=made.flag,
        scene_id=made.scene_id,
        expires_at=None if made.ttl is None else Micros(now + made.ttl),
        coalesce_key=made.coalesce_key,
    )


def _order(request: Request) -> tuple[int, int, str]:
    return BANDS.index(request.band), request.made_tick, request.request_id
