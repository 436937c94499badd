"""A plug-in's call that does not end is broken off, so that no world holds up the others of its shard."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from itertools import islice
from types import FrameType
from typing import Any

from simulation.definitions import Plugins
from simulation.plugins import SYSTEM_EFFECTS_LIMIT, CallBrokenOff, Plugin

CALL_S_MAX = 5.0
"""Seconds of one call: a thousand times what a rule may take, and shorter than people wait for a world."""


def bounded(plugins: Plugins, seconds: float = CALL_S_MAX) -> Plugins:
    """The plug-ins with every call inside a tick bounded in real time, on this process's main thread."""
    if plugins.by_id:
        signal.signal(signal.SIGALRM, _break_off)
    by_id = {name: _bounded(plugin, seconds) for name, plugin in plugins.by_id.items()}
    return Plugins(by_id, plugins.broken)


def _bounded(plugin: Plugin, seconds: float) -> Plugin:
    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*arguments: Any) -> Any:
            signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
            try:
                return function(*arguments)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)

        return call

    def listed(function: Callable[..., Iterable[Any]]) -> Callable[..., Any]:
        """What is yielded is made inside the bound too, as far as anybody reads it."""
        return timed(
            wraps(function)(lambda *given: tuple(islice(function(*given), SYSTEM_EFFECTS_LIMIT + 1)))
        )

    def each(functions: Mapping[str, Any], how: Callable[..., Any]) -> dict[str, Any]:
        return {name: how(function) for name, function in functions.items()}

    return replace(
        plugin,
        conditions=each(plugin.conditions, timed),
        effects=each(plugin.effects, listed),
        factors=each(plugin.factors, timed),
        tier_rules=each(plugin.tier_rules, timed),
        calls=each(plugin.calls, timed),
        systems=tuple(
            replace(system, run=listed(system.run), looks=listed(system.looks)) for system in plugin.systems
        ),
        check=timed(plugin.check),
    )


def _break_off(signum: int, frame: FrameType | None) -> None:
    raise CallBrokenOff("took longer than a call may")
