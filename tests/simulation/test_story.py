"""A week in Lanternford: a player comes and goes, people do as they do, and all of it can be told again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulation import drive
from simulation.definitions import parse_world, update_payload
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.sessions import Session
from simulation.snapshot import encode, parts_of, restore
from simulation.units import MICROS_PER_SECOND, InputKind, NpcId, SessionId, Tier
from simulation.world import World

LANTERNFORD = Path(__file__).parents[2] / "examples" / "lanternford.json"
MINUTE, HOUR, DAY = 60, 3_600, 86_400
MORNING = 23_400
"""When the world file begins: day 0, 06:30."""
HOSTS = ("berl-marsh", "jorun-brookhand")
KARSA = "karsa-hook"
"""She walks the watch at night, in Lantern Street."""
NELL = SessionId("nell")
NEAR = {"id": "near", "when": {"type": "same_location"}, "tier": "detailed", "priority": 50}
STALE_AFTER_S = {Tier.DETAILED: 60, Tier.ACTIVE: 300, Tier.AMBIENT: 1_800, Tier.DORMANT: 7_200}
"""The staleness bounds of docs/world-file.md: a decision interval each."""
Told = dict[str, Any]


class Town:
    """Lanternford, driven tick by tick; every tick is held to what the world promises."""

    def __init__(self, document: Told) -> None:
        self.definition = parse_world(document, "lanternford.json")
        self.world, self.stages = create(self.definition)
        self.sent: list[Input] = []
        self.busiest: tuple[int, float] = (0, 0.0)
        """The most decisions of a tick, and the longest anybody still waited after one, in game seconds."""

    def send(self, kind: InputKind, **payload: Any) -> Outcome:
        item = Input(self.world.next_seq, kind, payload)
        assert self.world.deliver([item])
        (outcome,) = drive.boundary(self.world, self.stages)
        self.sent.append(replace(item, tick=outcome.tick, ordinal=outcome.ordinal))
        return outcome

    def done(self, kind: InputKind, **payload: Any) -> Told:
        """An input that must be applied; its answer."""
        outcome = self.send(kind, **payload)
        assert outcome.applied, outcome.detail
        return dict(outcome.detail)

    def denied(self, kind: InputKind, **payload: Any) -> Told:
        """An input that must be refused, and moves nothing; the refusal."""
        before = self.hash
        outcome = self.send(kind, **payload)
        assert not outcome.applied
        assert self.hash == before
        return dict(outcome.detail)

    def with_them(self, npc_id: str, interaction_id: str) -> Told:
        return {"sessionId": NELL, "npcId": npc_id, "interactionId": interaction_id}

    # -- time

    def tick(self) -> None:
        done = drive.tick(self.world, self.stages)
        budget = self.world.config.max_npc_ticks_per_step
        assert done.npc_ticks <= budget
        assert done.npc_ticks == sum(done.served.values()) <= sum(done.plan.shares.values())
        rounds = -(-self.world.people // budget)
        for tier, agenda in self.world.agendas.items():
            if waiting := agenda.overdue(done.world_time):
                waited = (done.world_time - waiting[0][0]) / MICROS_PER_SECOND
                assert waited <= STALE_AFTER_S[tier] + rounds * done.size / MICROS_PER_SECOND
                self.busiest = self.busiest[0], max(self.busiest[1], waited)
        self.busiest = max(self.busiest[0], done.npc_ticks), self.busiest[1]

    def until(self, day: int, hour: int, minute: int = 0) -> None:
        while self.now < day * DAY + hour * HOUR + minute * MINUTE:
            self.tick()

    def until_that(self, holds: Callable[[], bool], within: int) -> None:
        """Until that holds, which must be within so many game seconds."""
        latest = self.now + within
        while not holds() and self.now < latest:
            self.tick()
        assert holds()

    # -- what is seen

    @property
    def now(self) -> float:
        return self.world.world_time / MICROS_PER_SECOND

    @property
    def hash(self) -> str:
        return drive.state_hash(self.world, self.stages)

    @property
    def nell(self) -> Session:
        found = self.world.sessions.get(NELL)
        assert found is not None
        return found

    def with_nell(self, npc_id: str, component: str) -> Mapping[str, Any]:
        """What is personal between her and somebody."""
        return self.nell.component(NpcId(npc_id), component)

    def person(self, npc_id: str) -> Told:
        for stage in self.stages.values():
            if (view := stage.view(NpcId(npc_id), self.world.world_time, self.world.flags)) is not None:
                return view
        raise LookupError(npc_id)

    def doing(self, npc_id: str) -> str | None:
        found: str | None = self.person(npc_id)["components"]["behavior"].get("currentActivityId")
        return found

    def serving(self) -> list[str]:
        """Who serves ale now."""
        return [host for host in HOSTS if self.doing(host) == "serve-ale"]

    def host(self) -> str:
        """Whoever serves, once somebody does."""
        self.until_that(lambda: bool(self.serving()), within=2 * HOUR)
        return self.serving()[0]

    def people_at(self, place: str) -> set[str]:
        return {npc.id for npc in self.definition.npcs if self.person(npc.id)["location"] == place}

    def pulled(self) -> set[str]:
        return {npc_id for npc_id, one in self.world.moving.tiering.pulled.items() if one.rule == "near"}

    def wanted(self, chain_id: str) -> Told | None:
        """What is in her inbox of that chain."""
        return next((dict(one) for one in self.nell.inbox if one.get("chainId") == chain_id), None)

    def accepted(self, chain_id: str, within: int) -> Told:
        """What somebody wanted to start with her, once it was wanted and she has accepted."""
        self.until_that(lambda: self.wanted(chain_id) is not None, within)
        intent = self.wanted(chain_id)
        assert intent is not None
        self.done(InputKind.INTENT, sessionId=NELL, intentId=intent["id"], op="accept")
        assert intent["id"] not in [one["id"] for one in self.nell.inbox]
        return intent

    def chain(self, npc_id: str, chain_id: str) -> Told:
        found: Told = self.with_nell(npc_id, "interactions")["chainProgress"][chain_id]
        return found


def lanternford() -> Told:
    """As it is in the file, nobody asking for content."""
    found: Told = json.loads(LANTERNFORD.read_text(encoding="utf-8"))
    found["meta"]["simulation"]["generation"] = {"mode": "off"}
    return found


def test_a_week_in_lanternford() -> None:
    town = Town(lanternford())
    nell_sits_down_at_the_drowned_bell(town)
    she_orders_ale_when_it_is_evening_and_as_long_as_she_has_pennies(town)
    the_news_comes_ten_minutes_after_she_sat_down(town)
    snapshot, told_before = the_host_tells_of_the_bell(town)
    she_leaves_and_everybody_goes_back_to_where_they_were(town)
    nell = she_comes_back_and_walks_the_watch(town)
    the_guards_trust_her_a_day_later_though_she_was_away(town, nell)
    on_market_day_one_decision_a_minute_must_do(town)
    a_tinker_comes_to_town(town)
    town.until(7, 6, 30)
    assert 0 <= town.now - (MORNING + 7 * DAY) < 120
    assert town.hash == drive.state_hash_in_full(town.world, town.stages)

    told_again(town, *restore(town.definition, snapshot), town.sent[told_before:])
    told_again(town, *create(town.definition), town.sent)


def told_again(town: Town, world: World, stages: Stages, sent: list[Input]) -> None:
    """The same inputs at the same places make the same week."""
    ahead, arrived = drive.replay(world, stages, sent, town.world.tick)
    assert (list(ahead), arrived) == ([], True)
    assert drive.state_hash(world, stages) == town.hash


def nell_sits_down_at_the_drowned_bell(town: Town) -> None:
    town.until(0, 15)
    assert town.world.tick == (15 * HOUR - MORNING) / MINUTE == 510
    detailed = set(town.stages[Tier.DETAILED].people.ids)
    assert len(detailed) == 20
    changes = {"rules": [NEAR], "tiers.detailed.maxNpcs": 80, "timeScale": 45}
    town.done(InputKind.CONFIG, changes=changes)
    assert len(town.stages[Tier.DETAILED].people.ids) == 80
    fond = {KARSA: {"core": {"affinity": 20}}}
    session = {"id": NELL, "userId": "nell", "locationId": "drowned-bell", "inventory": {"penny": 2}}
    town.done(InputKind.SESSION_JOIN, session={**session, "npcs": fond})
    assert town.pulled() == town.people_at("drowned-bell") >= {town.host()}
    assert town.pulled() <= set(town.stages[Tier.DETAILED].people.ids)


def she_orders_ale_when_it_is_evening_and_as_long_as_she_has_pennies(town: Town) -> None:
    """An ale costs a penny and makes the host 3 points fonder of her; a greeting 2."""
    host = town.host()
    early = town.denied(InputKind.INTERACT, **town.with_them(host, "order-ale"))
    assert (early["gate"], early["opensAt"]) == ("time", 17 * HOUR)
    assert town.denied(InputKind.INTERACT, **town.with_them(KARSA, "order-ale"))["gate"] == "target"
    town.until(0, 17)
    assert town.now == 17 * HOUR  # From 15:00 on a tick is 45 s: 160 of them.
    assert town.world.tick == 510 + 160
    host = town.host()
    for left in (1, 0):
        town.done(InputKind.INTERACT, **town.with_them(host, "order-ale"))
        assert town.nell.inventory.get("penny", 0) == left
    assert town.denied(InputKind.INTERACT, **town.with_them(host, "order-ale"))["gate"] == "item"
    town.done(InputKind.INTERACT, **town.with_them(host, "greet"))
    again = town.denied(InputKind.INTERACT, **town.with_them(host, "greet"))
    assert (again["gate"], again["opensAt"]) == ("cooldown", town.now + HOUR)
    assert town.with_nell(host, "core") == {"affinity": 3 + 3 + 2}


def the_news_comes_ten_minutes_after_she_sat_down(town: Town) -> None:
    """Whoever begins to serve offers a round. 600 s are no whole number of ticks of 45 s: the step is
    seen after 14 of them, 630 s, and was taken at 600 s."""
    intent = town.accepted("a-round-of-ale", within=3 * HOUR)
    host = intent["npcId"]
    assert intent["expiresAt"] == intent["createdAt"] + 7_200
    assert (intent["surface"], intent["context"]["hookId"]) == ("dialogue", "offer-ale")
    sat_down = town.now
    asked = {"sessionId": NELL, "npcId": host, "chainId": "a-round-of-ale"}
    town.done(InputKind.CHAIN, op="step", **asked)
    assert town.denied(InputKind.CHAIN, op="step", **asked)["opensAt"] == sat_down + 600
    town.until_that(lambda: "heard.news" in town.nell.flags, within=HOUR)
    assert town.now == sat_down + 630
    progress = town.chain(host, "a-round-of-ale")
    assert (progress["lastStepAt"], progress["outcome"]) == (sat_down + 600, "completed")


def the_host_tells_of_the_bell(town: Town) -> tuple[bytes, int]:
    """She chooses the long telling: a wait of 600 s, then a line of 300 s, and 4 points and 2 evenings more.

    Answers a snapshot from the middle of the wait, and how many inputs came before it."""
    host = town.host()
    before = town.with_nell(host, "core").get("affinity", 0)
    asked = town.now
    town.done(InputKind.INTERACT, **town.with_them(host, "ask-about-the-bell"))
    town.tick()
    talk = {"sessionId": NELL, "npcId": host}
    assert town.with_nell(host, "narrative")["node"] == "lean-in"
    town.done(InputKind.NARRATIVE, op="continue", **talk)
    chosen = town.now
    town.done(InputKind.NARRATIVE, op="choose", choiceId="long", **talk)
    for _ in range(6):
        town.tick()
    town.done(InputKind.PAUSE)
    assert town.denied(InputKind.STEP, ticks=1)["reason"] == "the world is paused, which freezes its time"
    town.done(InputKind.RESUME)
    exported = {tier: stage.export() for tier, stage in town.stages.items()}
    snapshot, told_before = encode(parts_of(town.world, exported)), len(town.sent)
    town.until_that(lambda: "heard.bell" in town.nell.flags, within=HOUR)
    assert town.now == chosen + 900
    run = town.with_nell(host, "narrative")
    visits = [(one["node"], one["at"] - chosen) for one in run["history"] if one["at"] > chosen]
    assert visits == [("how-told", 600), ("long-telling", 600), ("remember", 900)]
    assert run["outcome"] == "completed"
    core = town.with_nell(host, "core")
    assert (core["affinity"], core["regular"]) == (before + 4, 2)
    once_more = town.denied(InputKind.INTERACT, **town.with_them(host, "ask-about-the-bell"))
    assert (once_more["gate"], once_more["opensAt"]) == ("cooldown", asked + DAY)
    return snapshot, told_before


def she_leaves_and_everybody_goes_back_to_where_they_were(town: Town) -> None:
    assert town.pulled()
    town.done(InputKind.SESSION_LEAVE, sessionId=NELL)
    assert not town.world.moving.tiering.pulled
    town.done(InputKind.SESSION_JOIN, session={"id": "tam", "userId": "tam", "locationId": "market"})
    town.done(InputKind.CONFIG, changes={"timeScale": 120, "tiers.detailed.maxNpcs": 40})
    tick, now = town.world.tick, town.now
    town.until(1, 18)
    assert town.now == now + (town.world.tick - tick) * 120
    assert town.pulled() == town.people_at("market")
    town.done(InputKind.SESSION_LEAVE, sessionId="tam")
    assert not town.pulled()


def she_comes_back_and_walks_the_watch(town: Town) -> Told:
    """Karsa, who is fond of her by 20, tells of the watch 20 minutes after she began. Answers Nell as she
    leaves."""
    fond = {KARSA: {"core": {"affinity": 20}}}
    street = {"id": NELL, "userId": "nell", "locationId": "lantern-street", "npcs": fond}
    town.done(InputKind.SESSION_JOIN, session=street)
    intent = town.accepted("the-night-watch", within=6 * HOUR)
    began = town.person(KARSA)["components"]["behavior"]["activityStartedAt"]
    assert (intent["npcId"], intent["createdAt"], intent["priority"]) == (KARSA, began + 1_200, 70)
    assert town.denied(InputKind.INTERACT, **town.with_them(KARSA, "walk-along"))["gate"] == "metric"
    town.done(InputKind.METRIC, npcId=KARSA, sessionId=NELL, metric="core.trust", op="set", value=10)
    walked = town.done(InputKind.INTERACT, **town.with_them(KARSA, "walk-along"))
    (step,) = walked["steps"]
    assert (step["stepId"], step["progress"]["currentStep"]) == ("walk-along", "be-trusted")
    assert (town.nell.scene_id, town.nell.cast) == ("night-watch", (KARSA,))
    assert town.with_nell(KARSA, "core") == {"affinity": 20, "trust": 10 + 5}
    town.done(InputKind.SESSION_UPDATE, sessionId=NELL, sceneId=None, cast=[])
    left: Told = town.done(InputKind.SESSION_LEAVE, sessionId=NELL)["session"]
    return {key: value for key, value in left.items() if value is not None}


def the_guards_trust_her_a_day_later_though_she_was_away(town: Town, nell: Told) -> None:
    walked = nell["npcs"][KARSA]["interactions"]["chainProgress"]["the-night-watch"]["lastStepAt"]
    town.until(3, 9)
    assert town.now > walked + DAY
    town.done(InputKind.SESSION_JOIN, session=nell)
    town.tick()
    progress = town.chain(KARSA, "the-night-watch")
    assert (progress["outcome"], progress["lastStepAt"]) == ("completed", walked + DAY)
    assert town.nell.flags["watch.trusted"] is True


def on_market_day_one_decision_a_minute_must_do(town: Town) -> None:
    """Less than people want: most wait, nobody longer than the bound that every tick is held to. Then 50 a
    tick catch up with all 220 of them in 5 ticks."""
    town.done(InputKind.CONFIG, changes={"maxNpcTicksPerStep": 1, "timeScale": 60})
    town.busiest = (0, 0.0)
    town.until(4, 9)
    most, longest = town.busiest
    assert most == 1
    assert longest > 2 * HOUR
    town.done(InputKind.CONFIG, changes={"maxNpcTicksPerStep": 50, "timeScale": 120})
    served = [drive.tick(town.world, town.stages).npc_ticks for _ in range(5)]
    assert served[0] == max(served) == 50


def a_tinker_comes_to_town(town: Town) -> None:
    """By another definition, while Nell looks on; what operators set before stays."""
    document = lanternford()
    tinker = {"id": "ott-tinker", "name": "Ott Tinker", "personality": {"routineId": "merchant"}}
    document["npcs"].append(tinker)
    new = parse_world(document, "lanternford.json")
    found = town.done(InputKind.WORLD_UPDATE, **update_payload(json.dumps(document), new))
    assert {"section": "npcs", "id": "ott-tinker", "change": "added", "applies": True} in found["differences"]
    assert (town.world.people, town.world.config.max_npc_ticks_per_step) == (220 + 1, 50)
    town.until(4, 12)
    assert town.doing("ott-tinker") is not None
    town.done(InputKind.INTERACT, **town.with_them("ott-tinker", "greet"))
    assert town.with_nell("ott-tinker", "core") == {"affinity": 2}
    town.done(InputKind.SESSION_LEAVE, sessionId=NELL)
