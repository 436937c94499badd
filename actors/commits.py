"""What a world did and nobody outside knows yet: gathered, numbered, kept until durable. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from messages.commits import CommitRecord, InputOutcome, Mark, RequestRow, Snapshot
from simulation.clock import NO_TIME
from simulation.units import Epoch, Micros, RequestId, Tick, WorldId

UNCOMMITTED_TICKS_MAX = 2_000
"""Ticks a world may run ahead of its last durable commit: a second or two flat out, half an hour in real
time."""
UNACKNOWLEDGED_MAX = 4
"""Records on their way at once; what the world does then waits for the first of them to be durable."""
REPLAY_MS_MAX = 1_000
"""A snapshot is due when making the ticks since the last one again would take longer."""

Release = Callable[[Mark], None]
NOTHING: Mapping[RequestId, str] = MappingProxyType({})


@dataclass
class Parked:
    """An answer that waits until a commit with this number, and this tick, is durable."""

    number: int
    tick: Tick
    release: Release


@dataclass(frozen=True, slots=True)
class Done:
    """When something was done last, how much of it then, and how much since the world was opened."""

    at_ns: int | None = None
    did: int = 0
    in_all: int = 0

    def again(self, at_ns: int, did: int) -> Done:
        return Done(at_ns, did, self.in_all + did)


@dataclass
class CommitBuffer:
    """One world's. Times are monotonic nanoseconds; `committed` is what people may be shown."""

    world_id: WorldId
    epoch: Epoch
    number: int
    committed: Mark
    every_ns: int
    delay_ns: int
    snapshot_every_ns: int
    tick: Tick = Tick(0)  # noqa: RUF009  a NewType is its int
    flushed_tick: Tick = Tick(0)  # noqa: RUF009
    outcomes: list[InputOutcome] = field(default_factory=list)
    requests: list[RequestRow] = field(default_factory=list)
    cancelled: dict[RequestId, str] = field(default_factory=dict)
    sizes: list[tuple[Micros, int]] = field(default_factory=list)
    unacknowledged: list[CommitRecord] = field(default_factory=list)
    made_ns: list[int] = field(default_factory=list)
    """When each of them was made."""
    parked: list[Parked] = field(default_factory=list)
    flushed_ns: int = 0
    urgent_ns: int | None = None
    """Since when somebody waits for what is here."""
    replay_ns: int = 0
    """What making the ticks since the last snapshot cost."""
    snapshot_ns: int = 0
    copied: tuple[Tick, int] | None = None
    """Tick and ordinal of the newest snapshot, durable or on its way."""
    encoding: bool = False
    """Whether a copy of the world is being made a snapshot, beside the ticks."""
    snapshot: Snapshot | None = None
    """Ready, for the next record."""
    snapshot_number: int | None = None
    """The record that carries a snapshot on its way."""
    asleep: bool = False
    """Whether the world sleeps, or is about to; the last record says so."""
    born: bool = False
    """Whether a snapshot of this world exists at all; its first record brings the first one."""
    written: Done = Done()
    """Records, in ticks."""
    taken: Done = Done()
    """Snapshots."""

    def ticked(
        self,
        tick: Tick,
        outcomes: Sequence[InputOutcome],
        requests: Sequence[RequestRow],
        now_ns: int,
        cost_ns: int,
        size: Micros = NO_TIME,
        unwanted: Mapping[RequestId, str] = NOTHING,
    ) -> None:
        """Take note of one tick and what left the world in it."""
        self.tick, self.asleep = tick, False
        in_a_row = self.sizes.pop()[1] if self.sizes and self.sizes[-1][0] == size else 0
        self.sizes.append((size, in_a_row + 1))
        self.replay_ns += cost_ns
        self.requests.extend(requests)
        self.settled(outcomes, now_ns, unwanted)
        if requests or any(parked.tick == tick for parked in self.parked):
            self.hurry(now_ns)

    def settled(
        self,
        outcomes: Sequence[InputOutcome],
        now_ns: int,
        unwanted: Mapping[RequestId, str] = NOTHING,
    ) -> None:
        """Take note of inputs applied, and of what nobody needs to make any more."""
        self.outcomes.extend(outcomes)
        self.cancelled.update(unwanted)
        if outcomes:
            self.asleep = False
        if outcomes or unwanted:
            self.hurry(now_ns)

    def hurry(self, now_ns: int) -> None:
        """Somebody waits: a player, an input, a request."""
        if self.urgent_ns is None:
            self.urgent_ns = now_ns

    @property
    def has_news(self) -> bool:
        news = self.tick > self.flushed_tick or bool(self.outcomes) or self.snapshot is not None
        return news or not self.born or self.asleep != self.last_mark.asleep

    @property
    def last_mark(self) -> Mark:
        """Of the last record, durable or not."""
        return self.unacknowledged[-1].mark if self.unacknowledged else self.committed

    @property
    def waits_since_ns(self) -> int | None:
        """Since when nothing of it became durable that should; None: nothing is on its way."""
        return self.made_ns[0] if self.made_ns else None

    @property
    def is_full(self) -> bool:
        """The world must wait for a commit to become durable."""
        return self.tick - self.committed.tick >= UNCOMMITTED_TICKS_MAX

    def flush_at_ns(self) -> int | None:
        """When the next record is due; None while there is nothing new, or too much on its way."""
        if not self.has_news or not self._may_record:
            return None
        due = self.flushed_ns + self.every_ns
        return due if self.urgent_ns is None else min(due, self.urgent_ns + self.delay_ns)

    @property
    def _may_record(self) -> bool:
        unborn = not self.born and self.snapshot is None
        return not unborn and len(self.unacknowledged) < UNACKNOWLEDGED_MAX

    def ends_with_tick(self, now_ns: int, next_tick_ns: int) -> bool:
        """Whether a record of the tick made now is due before there is another to put into it. One that a
        snapshot is to be begun with is asked for by itself."""
        due_ns = self.flushed_ns + self.every_ns
        return due_ns <= next_tick_ns and self._may_record and not self.wants_snapshot(now_ns)

    def wants_snapshot(self, now_ns: int) -> bool:
        """By real time, by what a replay would cost, and always first of all; one at a time."""
        if self.encoding or self.snapshot is not None or self.snapshot_number is not None:
            return False
        if not self.born:
            return True
        old = now_ns - self.snapshot_ns >= self.snapshot_every_ns and self.replay_ns > 0
        return old or self.replay_ns >= REPLAY_MS_MAX * 1_000_000

    def copy_taken(self, tick: Tick, ordinal: int, now_ns: int) -> None:
        """The world was copied as it is after this tick and input; what comes now would be replayed."""
        self.copied, self.encoding = (tick, ordinal), True
        self.snapshot_ns, self.replay_ns = now_ns, 0
        self.taken = self.taken.again(now_ns, 1)

    def encoded(self, snapshot: Snapshot) -> None:
        """The copy is bytes; they travel with the next record, which cannot be older than they are."""
        self.snapshot, self.encoding = snapshot, False

    def record(self, mark: Mark, now_ns: int) -> CommitRecord:
        """Everything since the last record, as one; kept until acknowledged."""
        self.number += 1
        made = CommitRecord(
            world_id=self.world_id,
            epoch=self.epoch,
            number=self.number,
            from_tick=self.flushed_tick,
            to_tick=self.tick,
            sizes=tuple(self.sizes),
            outcomes=tuple(self.outcomes),
            requests=tuple(self.requests),
            cancelled=self.cancelled,
            mark=mark.model_copy(update={"asleep": True}) if self.asleep else mark,
            snapshot=self.snapshot,
        )
        self.unacknowledged.append(made)
        self.made_ns.append(now_ns)
        self.outcomes, self.requests, self.cancelled, self.sizes = [], [], {}, []
        self.written = self.written.again(now_ns, self.tick - self.flushed_tick)
        self.flushed_tick, self.flushed_ns, self.urgent_ns = self.tick, now_ns, None
        if self.snapshot is not None:
            self.snapshot_number, self.born, self.snapshot = self.number, True, None
        return made

    def park(self, release: Release, tick: Tick, now_ns: int) -> None:
        """Answer once everything up to now, and `tick`, is durable: at once if it is."""
        ahead = self.has_news
        number = self.number + 1 if ahead else self.number
        if not ahead and not self.unacknowledged and tick <= self.committed.tick:
            release(self.committed)
            return
        self.parked.append(Parked(number, tick, release))
        if ahead:
            self.hurry(now_ns)

    def acknowledged(self, number: int) -> tuple[CommitRecord, ...]:
        """Those records are durable: release who waited for them. Answers them in order."""
        done = tuple(record for record in self.unacknowledged if record.number <= number)
        self.unacknowledged = [record for record in self.unacknowledged if record.number > number]
        self.made_ns = self.made_ns[len(done) :]
        if done:
            self.committed = done[-1].mark
        if self.snapshot_number is not None and number >= self.snapshot_number:
            self.snapshot_number = None
        durable = self.number - len(self.unacknowledged)
        ready = [p for p in self.parked if p.number <= durable and p.tick <= self.committed.tick]
        self.parked = [p for p in self.parked if p not in ready]
        for parked in ready:
            parked.release(self.committed)
        return done
