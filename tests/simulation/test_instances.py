"""Worlds made from a template: the same definition under another id, read once."""

from __future__ import annotations

import pytest

from simulation import drive
from simulation.definitions import WorldFileInvalid, parse_world
from simulation.definitions.instances import DEFINITIONS_KEPT_MAX, Definitions, instance_of
from simulation.definitions.plugins import NO_PLUGINS
from simulation.definitions.world import WorldDefinition
from simulation.opening import create
from village import document


def hash_after(definition: WorldDefinition, ticks: int) -> str:
    world, stages = create(definition)
    for _ in drive.run(world, stages, ticks):
        """Made."""
    return drive.state_hash(world, stages)


def test_an_instance_read_from_what_is_known_is_the_one_read_whole() -> None:
    definitions = Definitions()
    template = definitions.read(document(8), "t", NO_PLUGINS)
    mine = instance_of(document(8), "mine", "ann")
    quick, whole = definitions.read(mine, "m", NO_PLUGINS), parse_world(mine, "m")
    assert (quick.id, quick.name, quick.sessions) == (whole.id, whole.name, whole.sessions)
    assert quick.npcs is template.npcs
    assert (quick.definition_hash, hash_after(quick, 30)) == (whole.definition_hash, hash_after(whole, 30))
    assert [(session.id, session.user_id) for session in quick.sessions] == [("ann", "ann")]


def test_without_a_user_it_begins_with_the_templates_sessions() -> None:
    found = instance_of({**document(1), "sessions": [{"id": "s1"}]}, "mine", None)
    assert found["sessions"] == [{"id": "s1"}]


def test_each_instance_has_a_seed_of_its_own_unless_the_definition_names_one() -> None:
    unseeded = document(8)
    del unseeded["meta"]["simulation"]["seed"]
    for template, differs in ((unseeded, True), (document(8), False)):
        seeds = {create(parse_world(instance_of(template, name, None)))[0].script.seed for name in ("a", "b")}
        assert (len(seeds) == 2) is differs


def test_what_differs_anywhere_else_is_read_anew() -> None:
    definitions = Definitions()
    first = definitions.read(document(8), "t", NO_PLUGINS)
    other = definitions.read(document(8, timeScale=30), "t", NO_PLUGINS)
    assert (first.simulation.time_scale, other.simulation.time_scale) == (60, 30)


def test_a_bad_session_of_a_known_definition_is_refused_with_its_path() -> None:
    definitions = Definitions()
    definitions.read(document(8), "t", NO_PLUGINS)
    bad = {**document(8), "id": "mine", "sessions": [{"id": "s1", "locationId": "loc:nowhere"}]}
    with pytest.raises(WorldFileInvalid) as refused:
        definitions.read(bad, "m", NO_PLUGINS)
    assert [problem.path for problem in refused.value.problems] == ["sessions[0].locationId"]


def test_a_bounded_number_of_definitions_is_kept() -> None:
    definitions = Definitions()
    first = definitions.read(document(1), "t", NO_PLUGINS)
    for n in range(DEFINITIONS_KEPT_MAX):
        definitions.read(document(2 + n), "t", NO_PLUGINS)
    assert definitions.read(document(1), "t", NO_PLUGINS).npcs is not first.npcs
