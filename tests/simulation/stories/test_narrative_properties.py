"""Whatever players do and whenever: what narratives keep is bounded, indexed as it stands, and replayed."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from stories import BEA, Told, line, program, told, wait

from simulation import drive
from simulation.consequences import StartNarrative
from simulation.definitions import parse_world
from simulation.definitions.kept import HISTORY_MAX, PENDING_MAX, QUEUES, STACK_MAX
from simulation.definitions.narratives import VARIABLES_BYTES_MAX
from simulation.due_times import DueTimes
from simulation.hashing import canonical
from simulation.inputs import Input
from simulation.opening import Stages, create
from simulation.snapshot import encode, parts_of, restore
from simulation.stories.narrative_system import Narratives
from simulation.stories.pending import PendingContent
from simulation.system_table import systems_of
from simulation.units import InputKind, Micros, SessionId
from simulation.world import World

BUDGET = 6
LAMP = {"type": "flag_exists", "key": "lamp"}

TALK = program(
    line("hi", onEnter={"relationship": {"affinity": 7}}),
    {
        "id": "ask",
        "type": "choice",
        "choices": [
            {"id": "more", "text": "More", "to": "count", "effects": {"flags": {"lamp": True}}},
            {"id": "warm", "text": "Warm", "to": "made", "conditions": [LAMP]},
        ],
        "timeoutSeconds": 200,
        "defaultChoiceId": "more",
    },
    {"id": "count", "type": "action", "effects": {"increment": {"n": 1}, "items": {"lamp": 1}}},
    {
        "id": "made",
        "type": "dialogue",
        "generate": {},
        "autoAdvance": True,
        "awaitResult": True,
        "ttlSeconds": 150,
    },
    {
        "id": "until",
        "type": "wait",
        "mode": "condition",
        "conditions": [LAMP],
        "checkEverySeconds": 90,
        "maxWaitSeconds": 400,
        "onTimeout": "hi",
    },
    edges=[
        {"from": "hi", "to": "ask"},
        {"from": "count", "to": "until"},
        {"from": "made", "to": "until"},
        {
            "from": "until",
            "to": "hi",
            "conditions": [{"type": "expression", "expression": "narrative.variables.n < 4"}],
        },
    ],
    variables={"n": 0},
)
ROUND = program(
    line("a"),
    {"id": "b", "type": "branch", "branches": [{"to": "a", "conditions": [LAMP]}], "default": "w"},
    wait("w", 70),
    {"id": "s", "type": "scene", "sceneId": "hall"},
    {"id": "k", "type": "action_block", "blockIds": ["sit"]},
    {"id": "end", "type": "wait", "mode": "player_input"},
    edges=[
        {"from": "a", "to": "b"},
        {"from": "w", "to": "s"},
        {"from": "s", "to": "k"},
        {"from": "k", "to": "end"},
    ],
)
PEOPLE, PLAYERS = (BEA, "npc:2"), ("s1", "s2")


def definition() -> Any:
    found = told(
        {"talk": TALK, "round": ROUND},
        maxNarrativeOpsPerStep=BUDGET,
        maxJobOpsPerStep=2,
        generation={"queueMax": 3},
    )
    return parse_world({**found, "sessions": [{"id": name} for name in PLAYERS]})


DEFINITION = definition()

ops = st.one_of(
    st.fixed_dictionaries({"op": st.just("start"), "programId": st.sampled_from(["talk", "round", "lost"])}),
    st.fixed_dictionaries({"op": st.just("choose"), "choiceId": st.sampled_from(["more", "warm"])}),
    st.sampled_from([{"op": "continue"}, {"op": "stop"}]),
)
wishes = st.builds(
    lambda wish, player, npc: (InputKind.NARRATIVE, {**wish, "sessionId": player, "npcId": npc}),
    ops,
    st.sampled_from(PLAYERS),
    st.sampled_from(PEOPLE),
)
others = st.sampled_from(
    [
        (InputKind.FLAGS, {"flags": {"lamp": True}}),
        (InputKind.FLAGS, {"flags": {"lamp": None}}),
        (InputKind.SESSION_UPDATE, {"sessionId": "s1", "flags": {"lamp": None}}),
        (InputKind.SESSION_LEAVE, {"sessionId": "s2"}),
        (InputKind.SESSION_JOIN, {"session": {"id": "s2"}}),
        (InputKind.PERSON, {"sessionId": "s1", "npcId": BEA, "component": "narrative", "op": "remove"}),
        (InputKind.CONFIG, {"changes": {"timeScale": 17}}),
        (InputKind.CONFIG, {"changes": {"timeScale": 600}}),
        (InputKind.GENERATION_RESULT, {"status": "succeeded", "result": {"text": "x"}}),
    ]
)
steps = st.lists(st.one_of(wishes, wishes, others, st.just("tick"), st.just("tick")), max_size=40)


class Tale:
    """A world under way with everything that was done to it."""

    def __init__(self) -> None:
        self.world, self.stages = create(DEFINITION)
        self.applied: list[Input] = []

    def do(self, step: Any) -> None:
        world = self.world
        if step == "tick":
            before = visits(world)
            drive.tick(world, self.stages)
            assert visits(world) - before <= BUDGET
            return
        kind, payload = step
        if kind is InputKind.GENERATION_RESULT:
            payload = {**payload, "requestId": next(iter(sorted(world.requests.awaited or {})), "none")}
        item = Input(world.next_seq, kind, payload)
        world.deliver([item])
        (outcome,) = drive.boundary(world, self.stages)
        self.applied.append(Input(item.seq, kind, payload, outcome.tick, outcome.ordinal))


def visits(world: World) -> int:
    total = 0
    for session in world.sessions:
        for components in session.npcs.values():
            total += components.get("narrative", {}).get("visits", 0)
    return total


def check_bounds(world: World) -> None:
    for session in world.sessions:
        for components in session.npcs.values():
            run: Told = dict(components.get("narrative", {}))
            assert len(run.get("history", ())) <= HISTORY_MAX
            assert len(run.get("stack", ())) <= STACK_MAX
            assert len(canonical(run.get("variables", {}))) <= VARIABLES_BYTES_MAX
            assert all(len(components.get(queue, {})) <= PENDING_MAX for queue in QUEUES)


def check_index(world: World) -> None:
    """What the systems keep is what anybody would make of the sessions as they stand."""
    anew = systems_of(world.script)
    for system in anew:
        for session in world.sessions:
            system.on_session(session.id, session)
    for kept, made in zip(world.systems, anew, strict=True):
        assert isinstance(kept, Narratives | PendingContent)
        assert isinstance(made, Narratives | PendingContent)
        assert kept.index.items() == made.index.items()


def snapshot(world: World, stages: Stages) -> bytes:
    return encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))


@settings(max_examples=30, deadline=None)
@given(before=steps, after=steps)
def test_everything_is_bounded_indexed_and_replayed(before: list[Any], after: list[Any]) -> None:
    live = Tale()
    for step in before:
        live.do(step)
        check_bounds(live.world)
        check_index(live.world)
    middle, so_far = snapshot(live.world, live.stages), len(live.applied)
    for step in [*after, "tick"]:
        live.do(step)
        check_bounds(live.world)
    check_index(live.world)
    wanted = drive.state_hash(live.world, live.stages)
    assert wanted == drive.state_hash_in_full(live.world, live.stages)
    for world, stages, inputs in (
        (*create(DEFINITION), live.applied),
        (*restore(DEFINITION, middle), live.applied[so_far:]),
    ):
        ahead, reached = drive.replay(world, stages, inputs, live.world.tick)
        assert (list(ahead), reached) == ([], True)
        check_index(world)
        assert drive.state_hash(world, stages) == wanted


@settings(max_examples=20, deadline=None)
@given(spans=st.lists(st.integers(1, 4_000_000_000), min_size=1, max_size=6), cut=st.integers(1, 900))
def test_waits_end_when_they_end_however_time_is_cut_into_ticks(spans: list[int], cut: int) -> None:
    """The run remembers the same times in ticks of `cut` seconds as in one tick of everything."""
    nodes = [wait(f"w{n}", span / 1_000_000) for n, span in enumerate(spans)]
    found = []
    for seconds in (cut, 100_000):
        world, stages = create(
            parse_world(
                {
                    **told({"p": program(*nodes, line("out"))}, maxStepGameSeconds=seconds),
                    "sessions": [{"id": "s1"}],
                }
            )
        )
        world.carry_out([StartNarrative(SessionId("s1"), BEA, "p")])
        world.deliver([Input(world.next_seq, InputKind.ADVANCE, {"seconds": 30_000})])
        drive.boundary(world, stages)
        while world.wants_tick:
            drive.tick(world, stages)
        found.append(next(iter(world.sessions)).component(BEA, "narrative")["history"])
    assert found[0] == found[1]
    at = 43_200_000_000
    assert [round(entry["at"] * 1_000_000) for entry in found[0]] == [
        at,
        *(at := at + span for span in spans),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 30))), max_size=200),
    st.integers(0, 40),
)
def test_due_times_are_those_of_a_plain_table(puts: list[tuple[int, int | None]], now: int) -> None:
    index: DueTimes[tuple[str, str]] = DueTimes()
    plain: dict[tuple[str, str], int] = {}
    for name, due in puts:
        key = ("s", str(name))
        index.count(Micros(now))
        index.put(key, None if due is None else Micros(due))
        plain.pop(key, None)
        if due is not None:
            plain[key] = due
    ready = sorted((due, key) for key, due in plain.items() if due <= now)
    assert index.count(Micros(now)) == len(ready)
    assert index.first(Micros(now), 3) == [key for _, key in ready[:3]]
    assert index.items() == sorted((due, key) for key, due in plain.items())
    assert len(index) == len(plain)
