"""Instances: asked for once, made by whoever takes them, known again after any accident."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from actors.front_desk import FrontDesk
from actors.logs import get_logger
from actors.placement import BESIDE_MAX, Placement
from messages import admin, shards
from messages.archive import ClaimWorld, Origin
from messages.base import Refused
from messages.commits import Commit
from messages.service import WorldReport
from messages.shards import WorldOpened
from simulation import drive
from simulation.definitions import instances, parse_world
from simulation.definitions.instances import instance_of
from simulation.opening import create
from simulation.units import GenerationMode, InputKind, Tick, WorldId
from village import document

TOWN, MINE = WorldId("village"), WorldId("mine")
PEOPLE, TICKS = 20, 40


def report(world_id: WorldId, shard: int = 0) -> WorldReport:
    return WorldReport(
        world_id=world_id,
        name="Village",
        status="running",
        shard=shard,
        tick=Tick(0),
        world_time=0.0,
        state_hash="",
        decisions=0,
        decisions_by_tier={},
        people_by_tier={},
        requests=0,
    )


class Desk(FrontDesk):
    """With the town on the second of two shards; what it says to children and to clients is kept."""

    def __init__(self) -> None:
        placement = Placement(2)
        placement.place(WorldId("other"))
        placement.place(TOWN)
        placement.hear([report(TOWN, 1)])
        self.told: list[tuple[str, Any]] = []
        self.answered: list[Any] = []
        super().__init__(
            placement,
            lambda name, message: self.told.append((name, message)),
            lambda _, message: self.answered.append(message),
            get_logger("test"),
        )

    def ask(self, message: Any) -> None:
        if self.welcome(message, "client"):  # type: ignore[arg-type]
            self.on_ask(message)

    def instance_of_town(self, ask_id: str = "i") -> None:
        self.ask(admin.InstanceWorld(ask_id=ask_id, template=TOWN, world_id=MINE, user_id="ann"))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_its_shard_is_told_at_once_what_to_make_it_from_and_answers(desk: Desk) -> None:
    desk.instance_of_town()
    ((child, adopt),) = desk.told
    assert (child, adopt.world_id) == ("shard 1", MINE)
    assert (adopt.origin.template, adopt.origin.user_id) == (TOWN, "ann")
    assert desk.answered == []
    desk.on_world(shards.WorldOpened(shard=1, report=report(MINE, 1)))
    (answer,) = desk.answered
    assert (answer.ask_id, answer.world_id, answer.resumed, answer.ran) == ("i", MINE, False, False)


def test_a_shard_that_was_restarted_meanwhile_is_told_the_same_and_later_only_to_adopt_it(desk: Desk) -> None:
    desk.instance_of_town()
    ((_, first),) = desk.told
    assert desk.instancing.adoption_of(MINE) == first
    desk.on_world(shards.WorldOpened(shard=1, report=report(MINE, 1)))
    assert desk.instancing.adoption_of(MINE) == shards.AdoptWorld(world_id=MINE)


def test_how_long_an_ask_took_is_told_once_and_of_no_other_ask(desk: Desk) -> None:
    desk.instance_of_town()
    assert desk.instancing.took_ms("other") is None
    assert isinstance(desk.instancing.took_ms("i"), float)
    assert desk.instancing.took_ms("i") is None


def test_one_that_cannot_be_made_is_refused_and_forgotten(desk: Desk) -> None:
    desk.instance_of_town()
    desk.on_claim_refused(
        Refused(ask_id=f"adopt:{MINE}", reason="a world mine is stored already", do="Else.")
    )
    (refused,) = desk.answered
    assert (refused.ask_id, refused.reason, refused.do) == ("i", "a world mine is stored already", "Else.")
    assert MINE not in desk.placement.shard_of
    assert desk.placement.on_shard(1) == (TOWN,)


def test_a_world_that_is_here_or_coming_is_not_made_again(desk: Desk) -> None:
    desk.instance_of_town("a")
    desk.instance_of_town("b")
    desk.ask(admin.InstanceWorld(ask_id="c", template=MINE, world_id=TOWN, user_id=None))
    assert [(refused.ask_id, refused.reason) for refused in desk.answered] == [
        ("b", "a world mine is stored already"),
        ("c", "a world village is stored already"),
    ]
    assert len(desk.told) == 1


def test_one_that_is_not_there_yet_takes_no_inputs(desk: Desk) -> None:
    desk.instance_of_town()
    desk.ask(admin.SubmitInput(ask_id="s", world_id=MINE, kind=InputKind.PAUSE, payload={}))
    (refused,) = desk.answered
    assert (refused.ask_id, isinstance(refused, Refused)) == ("s", True)
    assert len(desk.told) == 1


def test_the_first_go_beside_their_template_until_its_shard_has_many_more() -> None:
    placement = Placement(2)
    placement.place(TOWN)
    where = [placement.place(WorldId(f"mine-{n}"), beside=TOWN) for n in range(8)]
    assert BESIDE_MAX == 4
    assert where == [0, 0, 0, 0, 1, 0, 1, 0]
    assert placement.place(WorldId("late"), beside=WorldId("nowhere")) == 1


def test_the_place_of_a_world_is_no_matter_of_its_template() -> None:
    placement = Placement(2)
    assert [placement.place(TOWN), placement.place(MINE), placement.place(MINE, beside=TOWN)] == [0, 1, 1]


# -- on a shard


def origin() -> Origin:
    return Origin(template=TOWN, user_id="ann", asked_at=1_700_000_000.5)


def village(**simulation: Any) -> dict[str, Any]:
    found = {**document(PEOPLE, **simulation), "id": TOWN}
    del found["meta"]["simulation"]["seed"]
    return found


def test_it_is_the_world_its_document_says_under_a_seed_of_its_own(backstage: Any) -> None:
    backstage.add(village())
    backstage.adoption.claim(MINE, origin=origin())
    backstage.turn()
    backstage.run(TICKS)
    for world_id, wanted in ((TOWN, village()), (MINE, instance_of(village(), MINE, "ann"))):
        world, stages = create(parse_world(wanted, "test"), GenerationMode.OFF)
        for _ in drive.run(world, stages, TICKS):
            """Made."""
        assert backstage.hash_of(world_id) == (TICKS, drive.state_hash(world, stages))
    seeds = {backstage.running.hosted[name].world.script.seed for name in (TOWN, MINE)}
    assert len(seeds) == 2


def test_an_ask_that_was_done_and_not_heard_of_is_answered_by_the_next_shard(
    backstage: Any, another: Callable[[], Any]
) -> None:
    backstage.add(village())
    backstage.adoption.claim(MINE, origin=origin())
    backstage.turn()
    backstage.run(TICKS)
    successor = another()
    successor.adoption.claim(MINE, origin=origin())
    successor.turn()
    (opened,) = successor.heard(WorldOpened)
    assert (opened.report.tick, opened.report.state_hash) == backstage.hash_of(MINE)


def test_each_costs_one_way_to_the_archive_before_it_is_here_and_no_reading_of_its_definition(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.add(village())
    backstage.mail.clear()
    read = []
    for name in ("read_document", "parse_world", "dumps"):
        one = getattr(instances, name)
        monkeypatch.setattr(
            instances, name, lambda *given, one=one, name=name: read.append(name) or one(*given)
        )
    mails: list[type] = []
    carry = backstage.carry
    backstage.carry = lambda message: (mails.append(type(message)), carry(message))
    for n in range(3):
        asked = origin().model_copy(update={"asked_at": float(n)})
        backstage.adoption.claim(WorldId(f"mine-{n}"), origin=asked)
        backstage.turn()
    assert len(backstage.heard(WorldOpened)) == 4
    assert mails == [ClaimWorld, Commit] * 3
    assert read == []
