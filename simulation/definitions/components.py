"""People's components: what is known of each by name, and what a value of it must be like.

A component is a free JSON object. Keys that are known must make sense, be they missing or not; every other
key, and every other component, is kept as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.definitions.conditions import RELATIONSHIP_AXES
from simulation.definitions.fields import Fields, at
from simulation.definitions.metrics import Metrics, checked
from simulation.definitions.preferences import read_preferences
from simulation.definitions.problems import Problem, shown

if TYPE_CHECKING:
    from simulation.definitions.hooks import Stories

NAMES_KEPT = 1_000
"""Quests of one person, or entries of another list that a component keeps."""
PLUGIN = re.compile(r"plugin:[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?")
"""A plug-in's component: `plugin:ID`, or `plugin:ID:NAME` of one that has several."""
MISSING = object()
"""What lies at a path where nothing is written."""


def check_known(components: Mapping[str, Any], path: str, metrics: Metrics, problems: list[Problem]) -> None:
    """Note every known key that makes no sense, and every value that is none of its metric's."""
    for name, component in components.items():
        check_component(name, component, at(path, name), metrics, problems)


def check_component(
    name: str, component: object, path: str, metrics: Metrics, problems: list[Problem]
) -> None:
    """The same of one component, which lies at `path`."""
    if name.startswith("plugin:") and not PLUGIN.fullmatch(name):
        problems.append(Problem(path, name, "names no plug-in", "plugin:ID or plugin:ID:NAME"))
    if not isinstance(component, Mapping):
        return
    if (reader := KNOWN.get(name)) is not None:
        reader(Fields(component, path, problems))
    for metric in metrics.of(name):
        value = value_at(component, metric.path)
        if value is not MISSING and value is not None:
            checked(metric, value, ".".join((path, *metric.path)), problems)


@dataclass(frozen=True, slots=True)
class Speech:
    """What a personal component may speak of."""

    metrics: Metrics
    activities: Collection[str]
    stories: Stories


def check_personal(components: Mapping[str, Any], path: str, speech: Speech, problems: list[Problem]) -> None:
    """The same of what is personal between a player and a person, and of what the player says they prefer."""
    check_known(components, path, speech.metrics, problems)
    if (liked := components.get("behavior", {}).get("preferences")) is not None:
        read_preferences(Fields(liked, f"{path}.behavior.preferences", problems), speech.activities)


def value_at(value: object, path: tuple[str, ...]) -> object:
    """What lies at a path inside an object; MISSING where nothing does."""
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return MISSING
        value = value[part]
    return value


def _core(fields: Fields) -> None:
    for axis in RELATIONSHIP_AXES:
        fields.optional_number(axis, 0, 100)
    _texts(fields, "tierId", "intimacyLevelId")


def _romance(fields: Fields) -> None:
    for key in ("arousal", "consentLevel"):
        fields.optional_number(key, 0, 100)
    _texts(fields, "stage")
    fields.mapping("flags")


def _stealth(fields: Fields) -> None:
    for key in ("suspicion", "guardReputation"):
        fields.optional_number(key, -100, 100)
    fields.mapping("flags")


def _mood(fields: Fields) -> None:
    general = fields.within("general")
    for key in ("valence", "arousal"):
        general.optional_number(key, -100, 100)
    _texts(general, "moodId")
    emotion = fields.within("activeEmotion")
    _texts(emotion, "emotionType")
    emotion.optional_number("intensity", 0, 1)
    emotion.micros("expiresAt", 0)


def _quests(fields: Fields) -> None:
    for key in ("activeQuests", "completedQuests"):
        fields.texts(key, NAMES_KEPT)
    fields.mapping("questFlags")


def _interactions(fields: Fields) -> None:
    used = fields.within("lastUsedAt")
    for name, _ in used.entries():
        used.micros(name, 0)
    for key in ("chainProgress", "flags"):
        fields.mapping(key)
    progress = fields.within("chainProgress")
    for name, state in progress.entries():
        if not isinstance(state, Mapping):
            progress.refuse(progress.at(name), state, f"is {shown(state)}", "an object")


def _waiting_for(fields: Fields) -> None:
    for name, request in fields.entries():
        if isinstance(request, Mapping):
            Fields(request, fields.at(name), fields.problems).micros("until", 0)


def _entity(fields: Fields) -> None:
    fields.texts("tags", NAMES_KEPT)
    fields.mapping("metadata")


def _texts(fields: Fields, *keys: str) -> None:
    """Texts, each of which may be missing."""
    for key in keys:
        if fields.has(key):
            fields.text(key)


KNOWN: Mapping[str, Callable[[Fields], None]] = {
    "core": _core,
    "romance": _romance,
    "stealth": _stealth,
    "mood": _mood,
    "quests": _quests,
    "interactions": _interactions,
    "waitingFor": _waiting_for,
    "entity": _entity,
}
"""Component -> what reads it. `behavior` and `relationships` are read with the people of a world file."""
