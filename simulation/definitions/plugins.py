"""Which plug-ins there are, and what a definition may name of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, unknown_name
from simulation.plain import said_by
from simulation.plugins import Kind, Params, Plugin


@dataclass(frozen=True, slots=True)
class PluginUse:
    """One place of a definition where something of a plug-in is named."""

    path: str
    kind: Kind
    plugin_id: str
    name: str
    params: Params = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"plugin:{self.plugin_id}:{self.name}"


@dataclass(frozen=True, slots=True)
class Plugins:
    """Plug-ins by id, and why others that are installed cannot be used."""

    by_id: Mapping[str, Plugin] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)

    def names(self, kind: Kind) -> list[str]:
        """Everything of one kind, as worlds name it."""
        return [
            f"plugin:{plugin.id}:{name}" for plugin in self.by_id.values() for name in plugin.of_kind(kind)
        ]

    def use(
        self, kind: Kind, path: str, full_name: str, params: Params, problems: list[Problem]
    ) -> PluginUse | None:
        """What a definition means by a name, or None with the problem noted."""
        plugin_id, _, name = full_name.removeprefix("plugin:").partition(":")
        if plugin_id in self.broken:
            problems.append(self.broken_problem(path, plugin_id))
            return None
        plugin = self.by_id.get(plugin_id)
        if plugin is None or name not in plugin.of_kind(kind):
            problems.append(unknown_name(path, full_name, self.names(kind), f"plug-in {kind}"))
            return None
        if wrong := checked(plugin, name, params):
            problems.append(Problem(path, dict(params), f"{full_name} says: {wrong}"))
            return None
        return PluginUse(path, kind, plugin_id, name, params)

    def broken_problem(self, path: str, plugin_id: str) -> Problem:
        message = f"plug-in {plugin_id} cannot be used: {self.broken[plugin_id]}"
        return Problem(path, plugin_id, message, "a plug-in that loads")

    def only(self, ids: Iterable[str]) -> Plugins:
        """Those of these ids, in order of id."""
        return Plugins({name: self.by_id[name] for name in sorted(set(ids))})

    def versions(self) -> dict[str, str]:
        return {plugin.id: plugin.version for plugin in self.by_id.values()}


NO_PLUGINS = Plugins()


def checked(plugin: Plugin, name: str, params: Params) -> str:
    """What the plug-in says is wrong with a copy of `params`. One that cannot even say that is wrong too."""
    try:
        said = plugin.check(name, deepcopy(params))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"its check failed: {said_by(error)}"
    return said if isinstance(said, str) else f"its check answered {said!r}, no text"


def read_settings(fields: Fields, plugins: Plugins) -> dict[str, Mapping[str, Any]]:
    """`meta.plugins`: the plug-ins whose world systems run here, each with its settings."""
    found: dict[str, Mapping[str, Any]] = {}
    for plugin_id, _ in fields.entries():
        path, settings = fields.at(plugin_id), fields.mapping(plugin_id)
        plugin = plugins.by_id.get(plugin_id)
        if plugin_id in plugins.broken:
            fields.problems.append(plugins.broken_problem(path, plugin_id))
        elif plugin is None:
            fields.problems.append(unknown_name(path, plugin_id, plugins.by_id, "plug-in"))
        elif wrong := checked(plugin, "", settings):
            fields.refuse(path, settings, f"plug-in {plugin_id} says: {wrong}")
        else:
            found[plugin_id] = settings
    return found
