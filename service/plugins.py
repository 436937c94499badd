"""Which plug-ins are installed: the entry points of the group `theatrum.plugins`, found once a process."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from actors.plugins import load
from messages.service import PluginRef
from simulation.definitions import Plugins

GROUP = "theatrum.plugins"


@cache
def refs() -> tuple[PluginRef, ...]:
    """By id. Of two with one id the first by target counts, whichever was installed first."""
    found = sorted((entry.name, entry.value) for entry in entry_points(group=GROUP))
    return tuple(PluginRef(id=name, target=target) for name, target in dict(reversed(found)).items())[::-1]


@cache
def installed() -> Plugins:
    """What worlds may name here."""
    return load(refs())
