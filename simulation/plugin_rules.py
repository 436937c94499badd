"""Rules of plug-ins inside a world: each call is isolated, every failure counted, and a plug-in that failed
too often is switched off.

The count is part of the world's state, since it changes what happens. Who is off is settled between ticks
and before an input, so that one tick asks everybody alike, in whatever order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from simulation.chance import Purpose, chance, word
from simulation.flag_room import FlagRoom
from simulation.orders import Failure
from simulation.plain import said_by
from simulation.plugin_views import Somebody, frozen
from simulation.plugins import CallBrokenOff, CallTooLong, Chance
from simulation.scoring import weigh
from simulation.units import Micros, NpcId

if TYPE_CHECKING:
    from simulation.definitions import PluginUse
    from simulation.person import Person
    from simulation.script import Script

T = TypeVar("T")
FACTOR_MAX = 1_000.0
"""What a plug-in may multiply a score by: beyond it nothing else would count."""
NEWS_KEPT = 8
"""Failures of plug-ins that one tick tells in words; the count has all of them."""
NOBODY = NpcId("")


class PluginState:
    """What the plug-ins of one world did so far. Values are replaced, never mutated."""

    def __init__(self, budgets: Mapping[str, int]) -> None:
        self.budgets = budgets
        """Plug-in -> how often it may fail."""
        self.failures: Mapping[str, int] = {}
        self.ran: Mapping[str, Micros] = {}
        """World system -> when it ran last."""
        self.off: frozenset[str] = frozenset()
        self.flag_room = FlagRoom()
        self._news: list[Failure] = []
        self._heard = True

    def settle(self) -> None:
        """Switch off whoever has used its budget up."""
        if self.failures:
            off = (name for name, count in self.failures.items() if count >= self.budgets[name])
            self.off = frozenset(off)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """For reads: what fails inside is not counted, since reading changes nothing."""
        before, self._heard = self._heard, False
        try:
            yield
        finally:
            self._heard = before

    def failed(self, plugin_id: str, rule: str, who: NpcId, error: BaseException) -> None:
        if not self._heard:
            return
        self.failures = {**self.failures, plugin_id: self.failures.get(plugin_id, 0) + 1}
        if len(self._news) < NEWS_KEPT:
            self._news.append(Failure(who, rule, said_by(error)))

    def take_news(self) -> tuple[Failure, ...]:
        """The failures since the last call, the first few of them."""
        news, self._news = tuple(self._news), []
        return news

    def to_json(self) -> dict[str, Any]:
        return {"failures": dict(self.failures), "ran": dict(self.ran)}

    def adopt(self, value: Mapping[str, Any]) -> None:
        """What `to_json` wrote; of plug-ins that are still in use."""
        self.failures = {name: count for name, count in value["failures"].items() if name in self.budgets}
        self.ran = {
            name: Micros(at) for name, at in value["ran"].items() if name.split(":")[1] in self.budgets
        }
        self.settle()

    def call(self, plugin_id: str, rule: str, who: NpcId, ask: Callable[[], T], otherwise: T) -> T:
        """What a plug-in answers; `otherwise` where it is off or fails. It may raise whatever it likes."""
        if plugin_id in self.off:
            return otherwise
        try:
            return ask()
        except KeyboardInterrupt:
            raise
        except CallBrokenOff as broken:
            raise CallTooLong(f"{rule} {broken}") from broken
        except BaseException as error:
            self.failed(plugin_id, rule, who, error)
            return otherwise


def addressed(seed: int, entity: int, now: Micros, name: str) -> Chance:
    """The chance of one rule for one person at one time."""

    def draw(k: int | str = 0) -> float:
        if not isinstance(k, int | str):
            raise TypeError(f"chance of {k!r}, no whole number and no text, would differ each time")
        return chance(seed, entity, now, Purpose.PLUGIN, word(f"{name}/{k}"))

    return draw


def chance_for(person: Person, use: PluginUse) -> Chance:
    return addressed(person.script.seed, person.entity, person.now, f"{use.full_name}|{use.path}")


def condition_of(script: Script, use: PluginUse) -> Callable[[Person], bool]:
    """A plug-in's condition or tier rule as a test of one person; one that fails does not hold."""
    plugin = script.definition.plugins.by_id[use.plugin_id]
    holds = plugin.of_kind(use.kind)[use.name]
    params, rule = frozen(use.params), f"{use.full_name} at {use.path}"

    def one(person: Person) -> bool:
        def ask() -> bool:
            found = holds(Somebody(person), params, person.now, chance_for(person, use))
            if not isinstance(found, bool):
                raise TypeError(f"answered {found!r}, not true or false")
            return found

        return script.plugin_state.call(use.plugin_id, rule, person.npc_id, ask, False)

    return one


def factor_of(script: Script, use: PluginUse, weight: float) -> Callable[[Person, int], float]:
    """A plug-in's factor of the score, weighed; one that fails makes no difference."""
    worth = script.definition.plugins.by_id[use.plugin_id].factors[use.name]

    def one(person: Person, activity: int) -> float:
        def ask() -> float:
            activity_id = script.activity_ids[activity]
            found = worth(Somebody(person), activity_id, person.now, chance_for(person, use))
            if isinstance(found, bool) or not isinstance(found, int | float):
                raise TypeError(f"answered {found!r}, no number")
            if not (math.isfinite(found) and 0 <= found <= FACTOR_MAX):
                raise ValueError(f"answered {found!r}, not 0 to {FACTOR_MAX:g}")
            return weigh(float(found), weight)

        return script.plugin_state.call(use.plugin_id, use.full_name, person.npc_id, ask, 1.0)

    return one
