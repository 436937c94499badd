"""The town rule in Mesa, as its users write it: an Agent a person, `AgentSet.do` a step."""

from __future__ import annotations

from time import perf_counter

import mesa

from benchmarks.peers.lived import Lived, main
from benchmarks.rule import DURATION_US, TICK_US, checksum, decide, first_due_us, start


class Person(mesa.Agent):
    def __init__(self, model: Town, number: int) -> None:
        super().__init__(model)
        self.needs = start(number)
        self.settled_us, self.due_us = 0, first_due_us(number)
        self.activity = -1

    def step(self) -> None:
        now = self.model.now_us
        if self.due_us > now:
            return
        self.activity, self.needs = decide(self.needs, now - self.settled_us)
        self.settled_us, self.due_us = now, now + DURATION_US[self.activity]
        self.model.decisions += 1


class Town(mesa.Model):
    def __init__(self, people: int) -> None:
        super().__init__(rng=1)
        self.now_us = 0
        self.decisions = 0
        for number in range(people):
            Person(self, number)

    def step(self) -> None:
        self.now_us += TICK_US
        self.agents.do("step")


def live(people: int, ticks: int) -> Lived:
    town = Town(people)
    begin = perf_counter()
    for _ in range(ticks):
        town.step()
    seconds = perf_counter() - begin
    everybody = sorted(town.agents, key=lambda person: person.unique_id)
    state = checksum(
        [one.needs for one in everybody],
        [one.activity for one in everybody],
        [one.due_us for one in everybody],
    )
    return Lived(town.decisions, seconds, state)


if __name__ == "__main__":
    main(live)
