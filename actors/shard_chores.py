"""What a shard does by real time beside the ticks: it tells of its worlds, and makes each one durable."""

from __future__ import annotations

import time
from typing import Any

from actors.commits import UNCOMMITTED_TICKS_MAX, CommitBuffer, Done
from simulation.housekeeping import Chore, Housekeeping, Standing

WORLDS_TOLD_MAX = 1_000
"""Worlds of one report: some ten milliseconds. The others follow a tenth of a second later."""
REPORTS = Chore("world reports", 1.0, WORLDS_TOLD_MAX)
CHORES = (REPORTS,)
"""Of all its worlds together; commits and snapshots are each world's own."""


def rows(plan: Housekeeping, buffer: CommitBuffer, by: str, now_ns: int) -> tuple[dict[str, Any], ...]:
    """The chores of a shard for whoever asks about this one of its worlds."""
    now_s, wall_s = now_ns / 1e9, time.time()
    own = (row.to_json(now_s, wall_s) for row in (commits(buffer), snapshots(buffer, now_ns)))
    return tuple({**row, "by": by} for row in (*plan.to_json(now_s, wall_s), *own))


def commits(buffer: CommitBuffer) -> Standing:
    """Counted in ticks. Whoever waits for one has it sooner; nothing new, and there is none."""
    chore = Chore("commits", buffer.every_ns / 1e9, UNCOMMITTED_TICKS_MAX)
    return _standing(chore, buffer.flush_at_ns(), buffer.written)


def snapshots(buffer: CommitBuffer, now_ns: int) -> Standing:
    """One at a time, with a record: a world that made no tick since the last needs none, and one that stands
    still has it with its next."""
    chore = Chore("snapshots", buffer.snapshot_every_ns / 1e9, 1)
    due_ns = buffer.snapshot_ns + buffer.snapshot_every_ns
    comes = buffer.replay_ns > 0 and (due_ns > now_ns or buffer.has_news)
    return _standing(chore, due_ns if comes else None, buffer.taken)


def _standing(chore: Chore, next_ns: int | None, done: Done) -> Standing:
    next_s, last_s = (None if at_ns is None else at_ns / 1e9 for at_ns in (next_ns, done.at_ns))
    return Standing(chore, next_s, last_s, done.did, done.in_all)
