"""What a plug-in brings to worlds. Pure: its functions get time and chance as arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from simulation.units import Micros

if TYPE_CHECKING:
    from simulation.consequences import Consequence
    from simulation.plugin_views import PluginView, Somebody

ID = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")
"""Of a plug-in and of everything it brings: short, for names in files and logs."""
FAILURES_MAX = 100
"""Times that a plug-in may fail in one world before it is off there; it may ask for another number."""
SYSTEM_EFFECTS_MAX = 64
"""Effects of one run of a world system; it may ask for another number, up to SYSTEM_EFFECTS_LIMIT."""
SYSTEM_EFFECTS_LIMIT = 1_000
"""What a world system's budget may be: a tick must stay short."""
EVERY_MAX = 10**12
"""Game seconds between two runs of a world system: as long as a world can last."""

Params = Mapping[str, Any]
Kind = Literal["condition", "effect", "factor", "tier rule", "call"]
KINDS: tuple[Kind, ...] = ("condition", "effect", "factor", "tier rule", "call")


class CallBrokenOff(BaseException):
    """Raised inside a call by whoever runs the world: no failure to count, since no replay would see it."""


class CallTooLong(RuntimeError):
    """A call was broken off: what it was part of must be made anew, or not at all."""


class Chance(Protocol):
    """A number in [0, 1) that depends on the world's seed, who draws, when, what for, and `k`: draw with
    another `k` for another number."""

    def __call__(self, k: int | str = 0) -> float: ...


Holds = Callable[["Somebody", Params, Micros, Chance], bool]
"""A condition or a tier rule: whether it holds for somebody."""
Brings = Callable[["Somebody", Params, Micros, Chance], Iterable["Consequence"]]
"""An effect: what somebody's beginning of an activity brings about."""
Factor = Callable[["Somebody", str, Micros, Chance], float]
"""What an activity (by id) is worth to somebody, as a multiplier: 1 is no difference."""
Calls = Callable[["Somebody", Params, Micros, Chance], Any]
"""What a narrative asks about somebody, as the player meets them: a JSON value, kept in a variable."""
Runs = Callable[["PluginView", Micros, Chance], Iterable["Consequence"]]
Looks = Callable[[Collection[str], Micros], Iterable[str]]
"""Given the ids of everybody and the time: whom a world system must see."""
Check = Callable[[str, Params], str]


def nobody(everybody: Collection[str], now: Micros) -> Iterable[str]:
    return ()


def anything_goes(name: str, params: Params) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class WorldSystem:
    """Runs once in every `every` game seconds, in the first tick at or after each multiple of them."""

    name: str
    every: float
    run: Runs
    budget: int = SYSTEM_EFFECTS_MAX
    """Effects that one run may bring about; more is a failure, and none of them counts."""
    looks: Looks = nobody
    """The ids of the people it must see to run."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """Everything one plug-in adds. Its entry point in `theatrum.plugins` names one of these."""

    id: str
    version: str
    conditions: Mapping[str, Holds] = field(default_factory=dict)
    effects: Mapping[str, Brings] = field(default_factory=dict)
    factors: Mapping[str, Factor] = field(default_factory=dict)
    tier_rules: Mapping[str, Holds] = field(default_factory=dict)
    calls: Mapping[str, Calls] = field(default_factory=dict)
    systems: tuple[WorldSystem, ...] = ()
    providers: tuple[Any, ...] = ()
    """`generation.providers.Provider` values, which make content in the workers."""
    handlers: tuple[Callable[[Any], None], ...] = ()
    """Called with each `generation.events.JobEvent` in the process where it happens."""
    check: Check = anything_goes
    """What is wrong with the `params` of what is named, or with the settings (name `""`); empty: nothing."""
    failures_max: int = FAILURES_MAX

    def of_kind(self, kind: Kind) -> Mapping[str, Callable[..., Any]]:
        match kind:
            case "condition":
                return self.conditions
            case "effect":
                return self.effects
            case "factor":
                return self.factors
            case "tier rule":
                return self.tier_rules
            case "call":
                return self.calls

    def problem(self) -> str:
        """Why it cannot be used; empty: it can."""
        functions = {f"{kind} {name}": f for kind in KINDS for name, f in self.of_kind(kind).items()}
        functions |= {f"system {system.name}": system.run for system in self.systems}
        for name in (self.id, *(name for kind in KINDS for name in self.of_kind(kind)), *self._system_names):
            if not isinstance(name, str) or not ID.match(name):
                return f"{name!r} is no name: use up to 40 of a-z, 0-9, - and _, a letter first"
        for system in self.systems:
            if not 0 < system.every <= EVERY_MAX or not 1 <= system.budget <= SYSTEM_EFFECTS_LIMIT:
                return f"system {system.name}: every {system.every} or budget {system.budget} is out of range"
        if len(set(self._system_names)) < len(self.systems):
            return f"two systems have one name: {', '.join(self._system_names)}"
        if uncallable := [name for name, function in functions.items() if not callable(function)]:
            return f"{uncallable[0]} is no function"
        if wrong := self._wrong_in_workers():
            return wrong
        if not isinstance(self.version, str) or not self.version:
            return f"version is {self.version!r}, a text that is not empty"
        if not isinstance(self.failures_max, int) or self.failures_max < 1:
            return f"failures_max is {self.failures_max}, at least 1"
        return ""

    def _wrong_in_workers(self) -> str:
        for provider in self.providers:
            name, kinds = getattr(provider, "name", None), getattr(provider, "kinds", None)
            if not isinstance(name, str) or not isinstance(getattr(provider, "deterministic", None), bool):
                return f"{provider!r} is no provider: it has a name, and is deterministic or not"
            if not isinstance(kinds, Collection) or not all(isinstance(kind, str) for kind in kinds):
                return f"provider {name}: kinds are {kinds!r}, texts"
            if not callable(getattr(provider, "produce", None)):
                return f"provider {name} does not produce"
        if strange := [handler for handler in self.handlers if not callable(handler)]:
            return f"handler {strange[0]!r} is no function"
        return ""

    @property
    def _system_names(self) -> tuple[str, ...]:
        return tuple(system.name for system in self.systems)
