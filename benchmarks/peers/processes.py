"""The town rule in SimPy, as its users write it: a process a person, a timeout an activity."""

from __future__ import annotations

from collections.abc import Generator
from time import perf_counter
from typing import Any

import simpy

from benchmarks.peers.lived import Lived, main
from benchmarks.rule import DURATION_US, TICK_US, Needs, checksum, decide, first_due_us, start


class Person:
    def __init__(self, env: simpy.Environment, number: int) -> None:
        self.env = env
        self.needs: Needs = start(number)
        self.due_us = first_due_us(number)
        self.activity = -1
        self.decisions = 0
        env.process(self.live())

    def live(self) -> Generator[simpy.Event, Any, Any]:
        settled_us = 0
        yield self.env.timeout(self.due_us)
        while True:
            now = int(self.env.now)
            self.activity, self.needs = decide(self.needs, now - settled_us)
            settled_us, self.due_us = now, now + DURATION_US[self.activity]
            self.decisions += 1
            yield self.env.timeout(DURATION_US[self.activity])


def live(people: int, ticks: int) -> Lived:
    env = simpy.Environment()
    everybody = [Person(env, number) for number in range(people)]
    begin = perf_counter()
    env.run(until=ticks * TICK_US + 1)
    seconds = perf_counter() - begin
    state = checksum(
        [one.needs for one in everybody],
        [one.activity for one in everybody],
        [one.due_us for one in everybody],
    )
    return Lived(sum(one.decisions for one in everybody), seconds, state)


if __name__ == "__main__":
    main(live)
