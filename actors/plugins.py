"""Plug-ins in a process: each is loaded from where main found it, and one that does not load is only itself
out."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from operator import attrgetter
from typing import Any

from messages.service import PluginRef
from simulation.definitions import Plugins
from simulation.plugins import Plugin


def load(refs: Iterable[PluginRef]) -> Plugins:
    """Every plug-in that loads, and why others do not."""
    by_id: dict[str, Plugin] = {}
    broken: dict[str, str] = {}
    for ref in refs:
        try:
            by_id[ref.id] = _plugin(ref)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            broken[ref.id] = f"{type(error).__name__}: {error}"
    return Plugins(by_id, broken)


def _plugin(ref: PluginRef) -> Plugin:
    module, _, attribute = ref.target.partition(":")
    found: Any = attrgetter(attribute or "plugin")(import_module(module))
    if not isinstance(found, Plugin):
        raise TypeError(f"{ref.target} is a {type(found).__name__}, not a theatrum.Plugin")
    if found.id != ref.id:
        raise ValueError(f"{ref.target} calls itself {found.id!r}, its entry point {ref.id!r}")
    if problem := found.problem():
        raise ValueError(problem)
    return found
