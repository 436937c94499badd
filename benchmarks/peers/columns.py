"""The town rule in bare NumPy: arrays over people, loops over activities and needs, nothing else around it.

No messages, no plan, no due index, no logs, no commits, no state hash: what the rule itself costs.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np

from benchmarks.peers.lived import Lived, main
from benchmarks.rule import DECAY, DURATION_US, RESTORES, TICK_US, WORTH, checksum, first_due_us, start


def live(people: int, ticks: int) -> Lived:
    needs = [np.array(column) for column in zip(*map(start, range(people)), strict=True)]
    due = np.array([first_due_us(number) for number in range(people)])
    settled, doing = np.zeros(people, dtype=np.int64), np.full(people, -1)
    restores, duration = np.array(RESTORES), np.array(DURATION_US)
    decisions, begin = 0, perf_counter()
    for tick in range(1, ticks + 1):
        now = tick * TICK_US
        rows = np.flatnonzero(due <= now)
        elapsed = now - settled[rows]
        levels = [
            np.maximum(0.0, need[rows] - rate * elapsed) for need, rate in zip(needs, DECAY, strict=True)
        ]
        lows = [100.0 - level for level in levels]
        best, most = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), -1.0)
        for activity, (f, r, c, p) in enumerate(WORTH):
            worth = f * lows[0] + r * lows[1] + c * lows[2] + p * lows[3]
            better = worth > most
            best[better] = activity
            most = np.maximum(most, worth)
        for n, (need, level) in enumerate(zip(needs, levels, strict=True)):
            need[rows] = np.minimum(100.0, level + restores[best, n])
        doing[rows], settled[rows], due[rows] = best, now, now + duration[best]
        decisions += len(rows)
    seconds = perf_counter() - begin
    return Lived(decisions, seconds, checksum(np.stack(needs, axis=1), doing, due))


if __name__ == "__main__":
    main(live)
