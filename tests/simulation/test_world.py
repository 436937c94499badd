"""A world through its ticks: determinism, budgets, fairness, inputs, flags, requests, snapshots."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.definitions import WorldDefinition
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.snapshot import SnapshotCorrupt, SnapshotOfAnother, encode, parts_of, restore
from simulation.units import GenerationMode, InputKind, Mode, Seq, Tick, Tier
from simulation.world import World

Village = Callable[..., WorldDefinition]
MINUTE = 60_000_000


def run(world: World, stages: Stages, ticks: int) -> None:
    for _ in drive.run(world, stages, ticks):
        pass


def send(world: World, stages: Stages, kind: InputKind, **payload: Any) -> Outcome:
    """One input, applied at this boundary."""
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def snapshot(world: World, stages: Stages) -> bytes:
    return encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))


# -- determinism


def test_the_same_seed_and_definition_give_the_same_world(village: Village) -> None:
    hashes = []
    for _ in range(2):
        world, stages = create(village(60))
        run(world, stages, 300)
        hashes.append(drive.state_hash(world, stages))
    assert hashes[0] == hashes[1]


def test_another_seed_gives_another_world(village: Village) -> None:
    hashes = set()
    for seed in (1, 2):
        world, stages = create(village(60, seed=seed))
        run(world, stages, 300)
        hashes.add(drive.state_hash(world, stages))
    assert len(hashes) == 2


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_replay_from_any_snapshot_gives_the_same_world(village, data) -> None:
    """Inputs at random ticks; then again from a snapshot in the middle, with the inputs recorded after it."""
    definition = village(40, tiers={"detailed": {"maxNpcs": 10}, "active": {"maxNpcs": 10}})
    world, stages = create(definition)
    cut = data.draw(st.integers(0, 60))
    applied: list[Input] = []
    kept = b""
    for tick in range(80):
        if tick == cut:
            kept, before = snapshot(world, stages), len(applied)
        if data.draw(st.integers(0, 9)) == 0:
            kind, payload = data.draw(st.sampled_from(INPUTS))
            item = Input(world.next_seq, kind, payload)
            world.deliver([item])
            applied += [
                Input(item.seq, kind, payload, outcome.tick, outcome.ordinal)
                for outcome in drive.boundary(world, stages)
            ]
        if world.mode is not Mode.PAUSED:
            drive.tick(world, stages)
    again, restaged = restore(definition, kept)
    ahead, done = drive.replay(again, restaged, applied[before:], world.tick)
    assert (list(ahead), done) == ([], True)
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)
    assert drive.state_hash_in_full(again, restaged) == drive.state_hash(again, restaged)


INPUTS = [
    (InputKind.PAUSE, {}),
    (InputKind.RESUME, {}),
    (InputKind.RESUME, {}),
    (InputKind.STEP, {"ticks": 3}),
    (InputKind.ADVANCE, {"seconds": 95.5}),
    (InputKind.CONFIG, {"changes": {"timeScale": 30}}),
    (InputKind.CONFIG, {"changes": {"maxNpcTicksPerStep": 4}}),
    (InputKind.CONFIG, {"changes": {"tiers.detailed.maxNpcs": 3}}),
    (InputKind.CONFIG, {"changes": {"tiers.detailed.maxNpcs": 15}}),
    (InputKind.CONFIG, {"changes": {"timeScale": 0}}),
    (InputKind.CONFIG, {"changes": {"seed": 11}}),
    (InputKind.CONFIG, {"changes": {"mode": "turn_based"}}),
    (InputKind.CONFIG, {"changes": {"tiers.active.weight": 9, "tiers.active.decisionIntervalSeconds": 90}}),
]


def test_a_changed_seed_draws_otherwise_from_the_next_tick_on_and_after_a_recovery(village: Village) -> None:
    world, stages = create(village(60))
    run(world, stages, 30)
    kept = snapshot(world, stages)
    again, restaged = restore(village(60), kept)
    send(world, stages, InputKind.CONFIG, changes={"seed": 99})
    assert world.script.seed == 99
    run(world, stages, 60)
    late, late_stages = restore(village(60), snapshot(world, stages))
    run(world, stages, 60)
    run(late, late_stages, 60)
    assert drive.state_hash(late, late_stages) == drive.state_hash(world, stages)
    run(again, restaged, 120)
    assert people(again, restaged) != people(world, stages)


def people(world: World, stages: Stages) -> list[int]:
    return [stage.fingerprint() for stage in stages.values()]


def test_a_snapshot_keeps_the_hash(village: Village) -> None:
    definition = village(60)
    world, stages = create(definition)
    run(world, stages, 50)
    again, restaged = restore(definition, snapshot(world, stages))
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)
    run(world, stages, 50)
    run(again, restaged, 50)
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)


def test_a_corrupt_snapshot_is_refused_whatever_byte_is_wrong(village: Village) -> None:
    definition = village(5)
    good = snapshot(*create(definition))
    for position in (0, 4, 10, 30, len(good) - 1):
        bad = bytearray(good)
        bad[position] ^= 1
        with pytest.raises(SnapshotCorrupt):
            restore(definition, bytes(bad))
    with pytest.raises(SnapshotCorrupt):
        restore(definition, b"")


def test_a_snapshot_of_another_definition_is_refused(village: Village) -> None:
    kept = snapshot(*create(village(5)))
    with pytest.raises(SnapshotOfAnother):
        restore(village(6), kept)


# -- budgets and fairness


def test_no_tick_exceeds_its_budgets(village: Village) -> None:
    world, stages = create(village(60, maxNpcTicksPerStep=7, maxJobOpsPerStep=1))
    for done in drive.run(world, stages, 200):
        assert done.npc_ticks <= 7
        assert done.job_ops <= 1


def test_a_tick_touches_as_many_people_among_many_as_among_few(village: Village) -> None:
    """Fifty due: fifty touched, fifty scheduled, whether 200 or 2,000 people live there."""
    touched = []
    for people in (200, 2_000):
        world, stages = create(village(people, maxNpcTicksPerStep=50))
        start = world.begin_tick()
        reports = {tier: stages[tier].tick(order) for tier, order in start.orders.items()}
        world.end_tick(reports)
        touched.append(
            (
                sum(report.touched for report in reports.values()),
                sum(count for report in reports.values() for _, count in report.scheduled),
            )
        )
    assert touched == [(50, 50), (50, 50)]


def test_everybody_is_served_within_the_stated_bound_when_the_budget_cannot_keep_up(village: Village) -> None:
    """200 people, 10 a tick, due every 60 s. The bound: due + 60 s of staleness + 200/10 ticks."""
    tiers = {"detailed": {"maxNpcs": 200, "decisionIntervalSeconds": 60, "maxStalenessSeconds": 60}}
    world, stages = create(village(200, maxNpcTicksPerStep=10, tiers=tiers))
    stage = stages[Tier.DETAILED]
    bound = 60 * 1_000_000 + 20 * MINUTE
    served: set[str] = set()
    warned = False
    for _ in range(120):
        due_before = {npc: int(stage.people["due_at"][row]) for npc, row in stage.people.row_of.items()}
        done = drive.tick(world, stages)
        for npc, due in due_before.items():
            if int(stage.people["due_at"][stage.people.row_of[npc]]) != due:
                served.add(npc)
                assert world.world_time - due <= bound
        if done.plan.due[Tier.DETAILED] > 10:
            (shortfall,) = done.plan.shortfalls
            assert shortfall.left_out == done.plan.due[Tier.DETAILED] - 10
            assert len(shortfall.waiting) == min(8, shortfall.left_out)
        warned = warned or any("budget cannot keep up" in warning for warning in done.plan.warnings)
    assert len(served) == 200
    assert warned


# -- inputs


def test_inputs_are_applied_once_and_in_order(village: Village) -> None:
    world, stages = create(village(5))
    first = Input(Seq(1), InputKind.PAUSE, {})
    assert world.deliver([first])
    assert world.deliver([first, Input(Seq(2), InputKind.RESUME, {})])
    outcomes = drive.boundary(world, stages)
    assert [(o.seq, o.ordinal, o.applied) for o in outcomes] == [(1, 1, True), (2, 2, True)]
    assert drive.boundary(world, stages) == ()


def test_a_missing_input_is_noticed(village: Village) -> None:
    world, _ = create(village(5))
    assert not world.deliver([Input(Seq(2), InputKind.PAUSE, {})])


def test_a_paused_world_refuses_to_step_and_says_what_to_do(village: Village) -> None:
    world, stages = create(village(5))
    send(world, stages, InputKind.PAUSE)
    assert world.mode is Mode.PAUSED
    outcome = send(world, stages, InputKind.STEP, ticks=1)
    assert not outcome.applied
    assert outcome.detail["reason"] == "the world is paused, which freezes its time"
    assert not world.wants_tick


def test_a_resumed_world_has_the_mode_it_had(village: Village) -> None:
    world, stages = create(village(5, mode="turn_based"))
    send(world, stages, InputKind.PAUSE)
    send(world, stages, InputKind.RESUME)
    assert world.mode is Mode.TURN_BASED


def test_a_step_is_answered_when_its_last_tick_is_there(village: Village) -> None:
    world, stages = create(village(5, mode="turn_based"))
    outcome = send(world, stages, InputKind.STEP, ticks=3)
    assert (outcome.tick, outcome.answer_at_tick) == (0, 3)
    made = 0
    while world.wants_tick:
        drive.tick(world, stages)
        made += 1
    assert (made, world.tick) == (3, 3)


def test_an_advance_moves_the_clock_by_exactly_what_was_asked(village: Village) -> None:
    world, stages = create(village(5, mode="turn_based"))
    start = world.world_time
    outcome = send(world, stages, InputKind.ADVANCE, seconds=150.5)
    assert outcome.answer_at_tick == 3
    while world.wants_tick:
        drive.tick(world, stages)
    assert world.world_time - start == 150_500_000


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (InputKind.STEP, {"ticks": 0}),
        (InputKind.STEP, {"ticks": True}),
        (InputKind.STEP, {"ticks": 10**9}),
        (InputKind.ADVANCE, {"seconds": -1}),
        (InputKind.ADVANCE, {"seconds": 0.0000001}),
        (InputKind.ADVANCE, {"seconds": "soon"}),
        (InputKind.ADVANCE, {}),
        (InputKind.ADVANCE, {"seconds": 10**12}),
        (InputKind.CONFIG, {"changes": {}}),
        (InputKind.CONFIG, {"changes": {"timeScale": 0}}),
        (InputKind.CONFIG, {"changes": {"timeScael": 3}}),
        (
            InputKind.CONFIG,
            {
                "changes": {
                    "tiers.dormant.maxNpcs": 0,
                    "tiers.detailed.maxNpcs": 1,
                    "tiers.active.maxNpcs": 0,
                    "tiers.ambient.maxNpcs": 0,
                }
            },
        ),
        (InputKind.GENERATION_RESULT, {"requestId": "nobody"}),
    ],
)
def test_an_input_that_makes_no_sense_is_refused_and_changes_nothing(village, kind, payload) -> None:
    world, stages = create(village(5))
    before = drive.state_hash(world, stages)
    outcome = send(world, stages, kind, **payload)
    assert not outcome.applied
    assert outcome.detail["reason"]
    assert drive.state_hash(world, stages) == before


def test_a_changed_time_scale_changes_the_next_tick_and_moves_no_deadline(village: Village) -> None:
    world, stages = create(village(5))
    run(world, stages, 1)
    due = sorted(stages[Tier.DETAILED].people["due_at"][:5].tolist())
    send(world, stages, InputKind.CONFIG, changes={"timeScale": 30})
    assert sorted(stages[Tier.DETAILED].people["due_at"][:5].tolist()) == due
    assert drive.tick(world, stages).size == 30_000_000


def test_a_lowered_cap_sends_the_least_important_down_and_a_raised_one_brings_them_back(
    village: Village,
) -> None:
    world, stages = create(village(20, tiers={"detailed": {"maxNpcs": 20}}))
    before = drive.state_hash(world, stages)
    everybody = set(stages[Tier.DETAILED].people.ids)
    send(world, stages, InputKind.CONFIG, changes={"tiers.detailed.maxNpcs": 8})
    assert world.counts == {Tier.DETAILED: 8, Tier.ACTIVE: 12, Tier.AMBIENT: 0, Tier.DORMANT: 0}
    assert {tier: stage.count for tier, stage in stages.items()} == world.counts
    send(world, stages, InputKind.CONFIG, changes={"tiers.detailed.maxNpcs": 20})
    assert set(stages[Tier.DETAILED].people.ids) == everybody
    assert drive.state_hash(world, stages) == before
    assert drive.tick(world, stages).npc_ticks == 20


@pytest.mark.parametrize("limit", [None, 100])
@pytest.mark.parametrize(
    ("change", "sizes"),
    [
        ({"timeScale": 120}, [60, 60, 60, 60, 40]),
        ({"tickIntervalSeconds": 0.25}, [60, 60, 60, 60, 40]),
        ({"maxStepGameSeconds": 7}, [60, 60, 60, 60, 40]),
        ({"maxNpcTicksPerStep": 7}, [60, 60, 60, 60, 40]),
    ],
)
def test_an_advance_is_answered_at_the_tick_it_said_whatever_is_changed_meanwhile(
    village: Village, change: dict[str, Any], sizes: list[int], limit: int | None
) -> None:
    """Of 280 s in ticks of 60 s two are made when a standard tick, or the longest one, becomes another; with
    a limit of 100 s they are three, of 100, 100 and 80 s. The next advance goes by what is set then."""
    world, stages = create(village(5, mode="turn_based", maxStepGameSeconds=limit))
    sizes, before = ([100, 100, 80], 1) if limit else (sizes, 2)
    outcome = send(world, stages, InputKind.ADVANCE, seconds=280)
    assert outcome.answer_at_tick == len(sizes)
    made = [drive.tick(world, stages).size for _ in range(before)]
    send(world, stages, InputKind.CONFIG, changes=change)
    kept = snapshot(world, stages)
    while world.wants_tick:
        made.append(drive.tick(world, stages).size)
    assert made == [size * 1_000_000 for size in sizes]
    again, cast = restore(world.script.definition, kept)
    while again.wants_tick:
        drive.tick(again, cast)
    assert drive.state_hash(again, cast) == drive.state_hash(world, stages)
    outcome = send(world, stages, InputKind.ADVANCE, seconds=14)
    ticks = 2 if change == {"maxStepGameSeconds": 7} else 1
    assert outcome.answer_at_tick == len(sizes) + ticks


def test_two_states_that_will_tick_otherwise_have_two_hashes(village: Village) -> None:
    """Ten minutes are owed; one world began them in ticks of a minute, the other of two."""
    hashes = []
    for scales in ((60, 60), (120, 60)):
        world, stages = create(village(5, mode="turn_based", timeScale=scales[0]))
        send(world, stages, InputKind.ADVANCE, seconds=600)
        send(world, stages, InputKind.CONFIG, changes={"timeScale": scales[1]})
        hashes.append(drive.state_hash(world, stages))
    assert hashes[0] != hashes[1]


def test_real_seconds_are_exact_at_any_scale_and_an_interval_is_a_tick(village: Village) -> None:
    """A tenth of a second at 33.333333333 is 3.3333333333 s: after 1, 2, 3 and 3,000 of them the clock shows
    3.333333, 6.666666, 9.999999 and 9,999.9999999 s cut to the microsecond."""
    world, stages = create(village(0, mode="turn_based", tickIntervalSeconds=0.1, timeScale=33.333333333))
    began, shown = world.world_time, {}
    for n in range(1, 3_001):
        assert len(drive.tick_world(world, stages, 0.1)) == 1
        shown[n] = world.world_time - began
    assert [shown[n] for n in (1, 2, 3, 3_000)] == [3_333_333, 6_666_666, 9_999_999, 9_999_999_999]
    assert world.tick == 3_000


def test_real_seconds_are_made_in_ticks_like_any_advance(village: Village) -> None:
    """2.5 s at 60 are 150 s: two of a minute and one of half a minute. A nanosecond at 60 is 0.06
    microseconds, which show when they are one: at the 17th."""
    world, stages = create(village(5, mode="turn_based"))
    began = world.world_time
    assert [done.size for done in drive.tick_world(world, stages, 2.5)] == [
        60 * 10**6,
        60 * 10**6,
        30 * 10**6,
    ]
    assert [len(drive.tick_world(world, stages, "0.000000001")) for _ in range(17)] == [0] * 16 + [1]
    assert world.world_time - began == 150_000_001
    for bad in (0, -1, "1e-10", float("nan"), True, None):
        with pytest.raises(ValueError, match="realSeconds"):
            drive.tick_world(world, stages, bad)
    send(world, stages, InputKind.PAUSE)
    with pytest.raises(ValueError, match="resume it first"):
        drive.tick_world(world, stages, 1)


def test_a_span_is_said_in_one_unit(village: Village) -> None:
    world, stages = create(village(5))
    outcome = send(world, stages, InputKind.ADVANCE, seconds=1, realSeconds=1)
    assert (outcome.applied, outcome.detail["do"]) == (False, "give seconds or realSeconds")


def test_caps_that_change_in_a_whole_block_are_caps_too(village: Village) -> None:
    world, stages = create(village(20, tiers={"detailed": {"maxNpcs": 20}}))
    send(world, stages, InputKind.CONFIG, changes={"tiers.detailed": {"maxNpcs": 8}})
    assert world.counts == {Tier.DETAILED: 8, Tier.ACTIVE: 12, Tier.AMBIENT: 0, Tier.DORMANT: 0}
    send(world, stages, InputKind.CONFIG, changes={"tiers": {"detailed": {"maxNpcs": 5}}})
    assert world.counts == {Tier.DETAILED: 5, Tier.ACTIVE: 15, Tier.AMBIENT: 0, Tier.DORMANT: 0}


@pytest.mark.parametrize(
    ("mode", "resumed"), [("real_time", Mode.REAL_TIME), ("turn_based", Mode.TURN_BASED)]
)
def test_pause_simulation_is_the_mode_it_means_while_a_world_runs_too(village, mode, resumed) -> None:
    world, stages = create(village(5, mode=mode))
    for paused in (True, False, True):
        outcome = send(world, stages, InputKind.CONFIG, changes={"pauseSimulation": paused})
        assert outcome.applied
        assert world.mode is (Mode.PAUSED if paused else resumed)
        assert world.config.mode is world.mode
    assert not send(world, stages, InputKind.CONFIG, changes={"pauseSimulation": "no"}).applied


# -- flags and requests


def test_flags_set_in_a_tick_are_seen_in_the_next(village: Village) -> None:
    world, stages = create(village(60))
    start = world.begin_tick()
    assert all("inn.busy" not in order.flags for order in start.orders.values())
    world.end_tick({tier: stages[tier].tick(order) for tier, order in start.orders.items()})
    assert world.flags["inn.busy"] is True


def first_handed(village: Village, mode: GenerationMode, **simulation: Any) -> tuple[World, Stages, Any]:
    world, stages = create(village(60, **simulation), mode)
    while not (done := drive.tick(world, stages)).requests:
        assert world.tick < 100
    return world, stages, done.requests[0]


def test_a_request_is_handed_over_in_the_tick_after_it_was_made(village: Village) -> None:
    _, _, request = first_handed(village, GenerationMode.LIVE)
    assert request.handed_tick == request.made_tick + 1
    assert request.land_tick is None


def test_a_result_writes_its_component_once(village: Village) -> None:
    world, stages, request = first_handed(village, GenerationMode.LIVE)
    payload = {"requestId": request.request_id, "status": "succeeded", "result": {"text": "Evening!"}}
    assert send(world, stages, InputKind.GENERATION_RESULT, **payload).applied
    stage = next(stage for stage in stages.values() if request.npc_id in stage.people.row_of)
    view = stage.view(request.npc_id, world.world_time, world.flags)
    assert view is not None
    assert view["components"]["dialogue"]["result"] == {"text": "Evening!"}
    again = send(world, stages, InputKind.GENERATION_RESULT, **payload)
    assert not again.applied
    assert again.detail["reason"] == "nobody waits for this result"


def test_a_failed_result_writes_nothing(village: Village) -> None:
    world, stages, request = first_handed(village, GenerationMode.LIVE)
    send(
        world, stages, InputKind.GENERATION_RESULT, requestId=request.request_id, status="failed", reason="no"
    )
    stage = next(stage for stage in stages.values() if request.npc_id in stage.people.row_of)
    view = stage.view(request.npc_id, world.world_time, world.flags)
    assert view is not None
    assert "dialogue" not in view["components"]


def test_lockstep_lands_a_result_five_ticks_after_the_hand_over_and_waits_for_it(village: Village) -> None:
    world, stages, request = first_handed(village, GenerationMode.LOCKSTEP)
    handed = request.handed_tick
    assert request.land_tick == handed + 5
    payload = {"requestId": request.request_id, "status": "succeeded", "result": {"text": "x"}}
    world.deliver([Input(world.next_seq, InputKind.GENERATION_RESULT, payload)])
    while world.tick < handed + 4:
        assert drive.boundary(world, stages) == ()
        assert request.request_id not in world.blocked()
        drive.tick(world, stages)
    (outcome,) = drive.boundary(world, stages)
    assert (outcome.applied, outcome.tick) == (True, handed + 4)


def test_lockstep_blocks_until_every_result_of_the_next_tick_is_here(village: Village) -> None:
    world, stages, request = first_handed(village, GenerationMode.LOCKSTEP)
    while world.tick < request.land_tick - 1:
        drive.tick(world, stages)
    assert request.request_id in world.blocked()


def test_a_world_that_stands_still_has_one_state_whether_its_next_result_has_come_or_not(
    village: Village,
) -> None:
    """A run ends at its last tick: a result that lands at the next one may be there already, or not yet."""
    world, stages, request = first_handed(village, GenerationMode.LOCKSTEP)
    while world.tick < request.land_tick - 1:
        drive.tick(world, stages)
    before = drive.state_hash(world, stages)
    payload = {"requestId": request.request_id, "status": "succeeded", "result": {"text": "x"}}
    world.deliver([Input(world.next_seq, InputKind.GENERATION_RESULT, payload)])
    assert not world.has_applicable
    assert drive.boundary(world, stages, before_tick=False) == ()
    assert drive.state_hash(world, stages) == before
    assert len(drive.boundary(world, stages)) == 1


def test_lockstep_does_not_care_in_which_order_results_come(village: Village) -> None:
    hashes = set()
    for turned in (False, True):
        world, stages = create(village(60), GenerationMode.LOCKSTEP)
        waiting: list[Any] = []
        for _ in range(60):
            due = sorted(waiting, key=lambda r: r.request_id, reverse=turned)
            waiting = []
            world.deliver(
                [
                    Input(
                        Seq(world.next_seq + n),
                        InputKind.GENERATION_RESULT,
                        {"requestId": r.request_id, "status": "succeeded", "result": {"id": r.request_id}},
                    )
                    for n, r in enumerate(due)
                ]
            )
            drive.boundary(world, stages)
            assert world.blocked() == ()
            waiting = list(drive.tick(world, stages).requests)
        hashes.add(drive.state_hash(world, stages))
    assert len(hashes) == 1


def test_a_full_queue_takes_no_more_and_counts_it(village: Village) -> None:
    world, stages = create(village(60, maxJobOpsPerStep=0, generation={"queueMax": 3}))
    run(world, stages, 60)
    assert len(world.requests.waiting) == 3
    assert world.counters.refused_requests > 0


def test_generation_off_makes_no_requests(village: Village) -> None:
    world, stages = create(village(60), GenerationMode.OFF)
    run(world, stages, 60)
    assert (world.counters.requests, world.requests.waiting) == (0, ())


def test_a_later_input_does_not_hide_a_held_back_result_after_recovery(village: Village) -> None:
    """Seq 1 is a lockstep result for later, seq 2 was applied before it: both survive a recovery."""
    world, stages, request = first_handed(village, GenerationMode.LOCKSTEP)
    kept = snapshot(world, stages)
    pause = Input(Seq(2), InputKind.PAUSE, {}, Tick(world.tick), 1)
    again, restaged = restore(village(60), kept)
    drive.replay(again, restaged, [pause], world.tick)
    result = {"requestId": request.request_id, "status": "succeeded", "result": {}}
    again.adopt([Input(Seq(1), InputKind.GENERATION_RESULT, result)])
    assert again.next_seq == 3
    assert request.request_id not in again.blocked()
