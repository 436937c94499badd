"""Everything that a world file may say is said in an example.

The words are not listed here: they are what the readers ask of the examples, so a new key, type or choice is
missed until a world shows it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from service.commands.running import EXAMPLES
from service.plugins import installed
from simulation.calendar import Calendar
from simulation.definitions import (
    Plugins,
    PluginUse,
    conditions,
    effects,
    parse_world,
    read_document,
    tier_rules,
)
from simulation.definitions.fields import Fields
from simulation.definitions.offers import OTHER_KEYS
from simulation.definitions.sessions import ALIASES, FREE_KEYS
from simulation.definitions.simulation_config import SimulationConfig, TierConfig
from simulation.definitions.spans import read_span
from simulation.expressions import BINARY, COMPARE, PLAIN_NAMES, Expression, parse_expression
from simulation.moods import NAMES as MOODS
from simulation.plugins import KINDS as PLUGIN_KINDS

FOLDER = Path(__file__).parents[2] / "examples"
FILES = (*(FOLDER / name for name in EXAMPLES), FOLDER / "plugins" / "theatrum-weather" / "quay.json")

OTHER_SPELLINGS = {
    *ALIASES.values(),
    *OTHER_KEYS,
    *("preferredSurface", "restDay", "targetEffects", "during"),
    *("axes", "entityType", "minValue", "maxValue"),
}
"""How other tools say what the examples say in our words."""
NO_EFFECT = {*FREE_KEYS, "customGatingId", "customOutcomeId"}
"""Kept as they are, or always refused."""
OF_A_RUN = {"paused", "lockstep", "off", "skip", "fail"}
"""What somebody asks of a run, rather than what a world is: `theatrum world pause`, `run --generation`, and
policies of which each world has one."""
ONLY_TO_REFUSE = {"behavior._node timeRangeSeconds", "narrative_reading._wait maxWaitSeconds"}
"""Asked where it may not stand."""
OF_THE_WORLD = "session_stories."
"""Readers of what sessions keep of stories, which the world itself writes."""


@dataclass
class Heard:
    """What readers asked of some worlds, and what those said."""

    asked: set[str] = field(default_factory=set)
    """`READER key`, and of closed sets `READER key: value`."""
    said: set[str] = field(default_factory=set)

    def key(self, fields: Fields, key: str) -> None:
        word = f"{asker()} {key}"
        self.asked.add(word)
        value = dict(fields.values()).get(key)
        if value is not None:
            self.said.add(word)
        if key == "type" and isinstance(value, str):
            self.said.add(f"{asker()} type: {value}")

    def choice(self, allowed: Iterable[str], taken: str) -> None:
        """The same choice in several places is shown in one of them."""
        names = sorted(map(str, allowed))
        self.of("choice", names)
        self.said.add(f"choice: {taken}")

    def of(self, what: str, names: Iterable[object]) -> None:
        self.asked.update(f"{what}: {name}" for name in names)

    def expression(self, expression: Expression) -> None:
        self.said.update(f"name: {name}" for name in expression.names)
        self.said.update(f"operator: {type(node).__name__}" for node in ast.walk(expression.tree))

    @property
    def missed(self) -> set[str]:
        return {word for word in self.asked - self.said if not word.startswith(OF_THE_WORLD)}


def asker() -> str:
    """The function that reads, by module and name: nothing of `fields` and of this file."""
    frame = sys._getframe(1)
    own = {__file__, Fields.raw.__code__.co_filename, Fields.done.__code__.co_filename}
    while frame.f_code.co_filename in own or frame.f_code.co_name in (
        "<listcomp>",
        "<genexpr>",
        "<dictcomp>",
    ):
        assert frame.f_back is not None
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """Everything that is read from now on."""
    found = Heard()
    for name in ("raw", "has", "given", "identifier"):
        listen(monkeypatch, found, name)
    choose, names = Fields.choice, Fields.names

    def chosen(self: Fields, key: str, allowed: Iterable[str], default: str) -> str:
        listed = list(allowed)
        taken = choose(self, key, listed, default)
        found.choice(listed, taken)
        return taken

    def named(self: Fields, key: str, known: Iterable[str], what: str) -> tuple[str, ...]:
        taken = names(self, key, known, what)
        if what == "mood tag":
            found.said.update(f"mood tag: {name}" for name in taken)
        return taken

    def parsed(text: str) -> Expression:
        expression = parse_expression(text)
        found.expression(expression)
        return expression

    use = Plugins.use

    def used(self: Plugins, kind: Any, *about: Any) -> PluginUse | None:
        found.said.add(f"plug-in: {kind}")
        return use(self, kind, *about)

    monkeypatch.setattr(Fields, "choice", chosen)
    monkeypatch.setattr(Fields, "names", named)
    monkeypatch.setattr(Plugins, "use", used)
    monkeypatch.setattr(conditions, "parse_expression", parsed)
    return found


def listen(monkeypatch: pytest.MonkeyPatch, found: Heard, name: str) -> None:
    read = getattr(Fields, name)

    def heard(self: Fields, key: str, *more: Any) -> Any:
        found.key(self, key)
        return read(self, key, *more)

    monkeypatch.setattr(Fields, name, heard)


def read_all(found: Heard) -> set[str]:
    """What no example says."""
    for file in FILES:
        document = read_document(file.read_bytes(), file.name)
        parse_world(document, file.name, installed())
        found.said.update(configured(document["meta"]["simulation"], SimulationConfig))
    found.of("conditions.read_condition type", conditions.READERS)
    found.of("tier_rules._when type", tier_rules.READERS)
    found.of("effects._custom type", effects.TYPES)
    found.of("plug-in", PLUGIN_KINDS)
    found.of("mood tag", MOODS)
    found.of("name", PLAIN_NAMES)
    found.of("operator", (kind.__name__ for kind in (*BINARY, *COMPARE)))
    found.asked.update(configurable(SimulationConfig))
    return found.missed


def configurable(model: type[BaseModel]) -> Iterator[str]:
    """Every key of the simulation block, and every value of those that are a choice."""
    for name, info in model.model_fields.items():
        key = f"{model.__name__} {info.alias or name}"
        yield key
        yield from (f"{key}: {value}" for value in values_of(info.annotation))
        if inner := blocks_of(name, info.annotation):
            yield from configurable(inner)


def configured(block: Mapping[str, Any], model: type[BaseModel]) -> Iterator[str]:
    """Those that a block says, and what it leaves as it is where that is a choice."""
    for name, info in model.model_fields.items():
        key, value = f"{model.__name__} {info.alias or name}", block.get(info.alias or name)
        if value is not None:
            yield key
        if values_of(info.annotation):
            yield f"{key}: {info.default if value is None else value}"
        if (inner := blocks_of(name, info.annotation)) and isinstance(value, dict):
            for one in value.values() if name == "tiers" else [value]:
                yield from configured(one, inner)


def values_of(annotation: Any) -> tuple[object, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(annotation) if isinstance(annotation, type) and issubclass(annotation, Enum) else ()


def blocks_of(name: str, annotation: Any) -> type[BaseModel] | None:
    if name == "tiers":
        return TierConfig
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def last(word: str) -> str:
    return word.rpartition(" ")[2]


EXEMPT = OTHER_SPELLINGS | NO_EFFECT | OF_A_RUN


def test_every_word_of_a_world_file_is_in_an_example(heard: Heard) -> None:
    missed = read_all(heard)
    assert len(heard.asked) > 400
    assert sorted(word for word in missed - ONLY_TO_REFUSE if last(word) not in EXEMPT) == []


def test_nothing_is_exempt_that_is_said_or_that_nobody_asks_for(heard: Heard) -> None:
    missed = read_all(heard)
    assert EXEMPT - {last(word) for word in missed} == set()
    assert ONLY_TO_REFUSE - missed == set()


def test_a_type_of_condition_that_no_example_has_is_missed(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(conditions.READERS, "moon_phase_in", conditions.READERS["flag_exists"])
    assert "conditions.read_condition type: moon_phase_in" in read_all(heard)


def test_a_key_that_no_example_has_is_missed(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    read = conditions.READERS["flag_exists"]

    def exists(fields: Fields, names: conditions.Names, depth: int) -> conditions.Condition | None:
        read_span(fields, ("moon",), Calendar())
        return read(fields, names, depth)

    monkeypatch.setitem(conditions.READERS, "flag_exists", exists)
    assert "spans.read_span moonDays" in read_all(heard)
