"""The state of a world that is not its people, as the state hash covers it (docs/state-hash.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulation.hashing import digest

if TYPE_CHECKING:
    from simulation.world import World

RULES_VERSION = 1
"""Which rules made a state: part of the hash, one more whenever the same inputs would give another world."""


class Digests:
    """Digests of values that are replaced, never mutated: computed when the value is another object."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, str]] = {}

    def of(self, name: str, value: object, to_json: Callable[[], Any]) -> str:
        known = self._known.get(name)
        if known is None or known[0] is not value:
            high, low = digest(to_json())
            known = (value, f"{high:016x}{low:016x}")
            self._known[name] = known
        return known[1]


def scalars(world: World, digests: Digests) -> dict[str, object]:
    """JSON values by name. What a world does not have adds no name."""
    clock, requests = world.clock, world.requests
    awaited = requests.awaited or {}
    found: dict[str, object] = {
        "rules": RULES_VERSION,
        "world": world.id,
        "seed": world.script.seed,
        "tick": clock.tick,
        "worldTime": clock.world_time,
        "carry": clock.carry,
        "stepsLeft": clock.steps_left,
        "advanceLeft": clock.advance_left,
        "mode": str(world.base_mode),
        "paused": world.paused,
        "deficits": {str(tier): owed for tier, owed in world.deficits.items()},
        "config": digests.of("config", world.config, world.config.to_hash),
        "flags": digests.of("flags", world.flags, lambda: dict(world.flags)),
        "waiting": digests.of("waiting", requests.waiting, lambda: [r.to_json() for r in requests.waiting]),
        "awaited": digests.of(
            "awaited", awaited, lambda: [awaited[rid].to_json() for rid in sorted(awaited)]
        ),
    }
    if clock.advance_limit:
        found["advanceLimit"] = clock.advance_limit
    if versions := world.script.definition.plugins.versions():
        found["plugins"] = {"versions": versions, **world.script.plugin_state.to_json()}
    if len(world.sessions):
        found["sessions"] = f"{world.sessions.total():032x}"
    if pulled := world.moving.tiering.pulled:
        found["pulled"] = digests.of("pulled", pulled, world.moving.tiering.to_json)
    if cues := world.cues.waiting:
        found["cues"] = digests.of("cues", cues, world.cues.to_json)
    return found
