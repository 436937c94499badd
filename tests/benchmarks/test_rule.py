"""The town rule: by hand, and the same to the last bit however it is lived."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from benchmarks import decisions, rule
from benchmarks.peers import columns
from benchmarks.peers.lived import Lived, ask
from benchmarks.worlds import rule_town
from simulation.definitions import parse_world

PEOPLE, TICKS = 250, 30
HOUR_US = 3_600_000_000


def one_by_one(people: int, ticks: int) -> Lived:
    """The rule by nothing but `rule.decide`, looking at everybody in every tick."""
    needs = [rule.start(number) for number in range(people)]
    due = [rule.first_due_us(number) for number in range(people)]
    settled, doing, made = [0] * people, [-1] * people, 0
    for now in range(rule.TICK_US, ticks * rule.TICK_US + 1, rule.TICK_US):
        for number in range(people):
            if due[number] <= now:
                doing[number], needs[number] = rule.decide(needs[number], now - settled[number])
                settled[number], due[number] = now, now + rule.DURATION_US[doing[number]]
                made += 1
    return Lived(made, 1.0, rule.checksum(needs, doing, due))


def test_there_are_twelve_activities_for_four_needs() -> None:
    assert (len(rule.ACTIVITIES), len(rule.NEEDS)) == (12, 4)
    assert all(len(worth) == 4 for worth in rule.WORTH)


def test_every_duration_is_whole_ticks() -> None:
    """Else whoever steps would see people later than whoever schedules."""
    assert all(duration % rule.TICK_US == 0 for duration in rule.DURATION_US)


def test_who_only_lacks_rest_sleeps() -> None:
    """An hour costs 32, 24, 18 and 27 points: 100, 64, 100, 100 become 68, 40, 82, 73, so 32, 60, 18, 27 are
    low. Sleep is worth 60 x 48 x 1.1 = 3,168; eating 32 x 50 + 60 x 2 x 1.1 + 18 x 10 x 0.9 = 1,894; fishing
    32 x 24 + 60 x 24 x 1.1 + 27 x 18 x 0.8 = 2,740.8; sleep wins and 40 + 48 = 88."""
    activity, needs = rule.decide((100.0, 64.0, 100.0, 100.0), HOUR_US)
    assert tuple(rule.ACTIVITIES)[activity] == "sleep"
    assert needs == pytest.approx((68.0, 88.0, 82.0, 73.0))


def test_needs_stop_at_nothing_and_at_a_hundred() -> None:
    """After ten hours everything is 0; eating makes 50, 2 and 10 of it, worth 50 x 100 + 2 x 110 + 10 x 90 =
    6,120; fishing 24 x 100 + 24 x 110 + 18 x 80 = 6,480 is worth most."""
    activity, needs = rule.decide((50.0, 50.0, 50.0, 50.0), 10 * HOUR_US)
    assert tuple(rule.ACTIVITIES)[activity] == "fish"
    assert needs == (24.0, 24.0, 0.0, 18.0)
    assert rule.decide((100.0, 100.0, 100.0, 90.0), 0)[1] == (100.0, 100.0, 100.0, 100.0)


def test_of_equals_the_first_wins() -> None:
    assert rule.decide((100.0, 100.0, 100.0, 100.0), 0)[0] == 0


def test_theatrum_lives_by_it_to_the_last_bit() -> None:
    expected = one_by_one(PEOPLE, TICKS)
    found = decisions.live(parse_world(rule_town(PEOPLE), "rule"), TICKS)
    assert (found.decisions, found.checksum) == (expected.decisions, expected.checksum)


def test_bare_numpy_lives_by_it_to_the_last_bit() -> None:
    expected = one_by_one(PEOPLE, TICKS)
    found = columns.live(PEOPLE, TICKS)
    assert (found.decisions, found.checksum) == (expected.decisions, expected.checksum)


@pytest.mark.parametrize(("peer", "package"), [("agents", "mesa"), ("processes", "simpy")])
def test_peers_live_by_it_to_the_last_bit(peer: str, package: str) -> None:
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed: make setup-bench")
    expected = one_by_one(PEOPLE, TICKS)
    found = ask(peer, package, PEOPLE, TICKS, 1)
    assert found is not None
    assert (found.decisions, found.checksum) == (expected.decisions, expected.checksum)


def test_a_peer_that_is_not_installed_is_nothing() -> None:
    assert ask("agents", "no_such_package_at_all", 1, 1, 1) is None
