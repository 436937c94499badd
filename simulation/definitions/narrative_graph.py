"""Where the nodes of a narrative lead: every name in it a node, nothing going round for ever by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from simulation.definitions.fields import at
from simulation.definitions.narrative_nodes import (
    Branch,
    Choice,
    Dialogue,
    NarrativeNode,
    Wait,
    WaitMode,
    Way,
)
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import MICROS_PER_SECOND

if TYPE_CHECKING:
    from simulation.definitions.narratives import Program

ROUND_S_MIN = 60
"""Game seconds that going round without anybody takes at least: a faster one would eat what others need."""


def ways_of(program: Program, node: NarrativeNode) -> tuple[Way, ...]:
    """Everywhere a node may lead."""
    match node:
        case Choice(options=options):
            return options
        case Branch(ways=ways):
            return ways
        case Wait(when_over=Way() as way):
            return (*program.ways(node), way)
        case _:
            return program.ways(node)


def check_graph(program: Program, named: Collection[str], problems: list[Problem]) -> None:
    """Note every name that is no node, nodes that cannot be left as they say, and, where every node that is
    named was read, rounds without a wait."""
    before = len(problems)
    for node in program.nodes.values():
        problems.extend(
            unknown_name(way.where, way.to, named, "node")
            for way in ways_of(program, node)
            if way.to and way.to not in named
        )
        if isinstance(node, Choice | Branch) and program.ways(node):
            message = "is never taken: choices and branches say themselves where they lead"
            problems.extend(Problem(way.path, node.id, message) for way in program.ways(node))
    if len(problems) == before and len(program.nodes) == len(named):
        problems.extend(_rounds(program))


def lost_nodes(program: Program) -> Iterator[Problem]:
    """Warnings about nodes that nothing leads to."""
    seen, ahead = {program.entry}, [program.entry]
    while ahead:
        node = program.nodes[ahead.pop()]
        for way in ways_of(program, node):
            if way.to not in seen:
                seen.add(way.to)
                ahead.append(way.to)
    for node in program.nodes.values():
        if node.id not in seen:
            message = f"no node leads to {node.id}, so it never comes"
            yield Problem(at(node.path, "id"), node.id, message, warning=True)


def pause_of(node: NarrativeNode) -> int | None:
    """Microseconds it takes when nobody does anything; None: it may wait for somebody or something."""
    match node:
        case Choice(timeout_us=span):
            return span
        case Wait(mode=mode, delay_us=delay):
            return delay if mode is WaitMode.DURATION else None
        case Dialogue(auto=False):
            return None
        case _:
            asks = getattr(node, "asks", None)
            return None if asks is not None and asks.awaits else node.delay_us


def certain(program: Program, node: NarrativeNode) -> str | None:
    """Where it leads whatever holds; None: that depends, or nowhere."""
    match node:
        case Choice(options=options, default=default):
            return next((option.to for option in options if option.id == default), None)
        case Branch(ways=ways):
            pass
        case _:
            ways = program.ways(node)
    return ways[0].to if ways and not ways[0].conditions else None


def _rounds(program: Program) -> Iterator[Problem]:
    """A node that certainly comes back to itself too soon: one problem a round."""
    known: set[str] = set()
    for start in program.nodes:
        way: dict[str, int] = {}
        name: str | None = start
        while name is not None and name not in known and name not in way:
            node = program.nodes[name]
            pause = pause_of(node)
            if pause is None:
                break
            way[name] = pause
            name = certain(program, node)
        if name is not None and name in way:
            took = _length(way, name)
            if took < ROUND_S_MIN * MICROS_PER_SECOND:
                yield _round(program, name, took)
        known.update(way)


def _length(way: dict[str, int], first: str) -> int:
    names = list(way)
    length = 0
    for name in names[names.index(first) :]:
        length += way[name]
    return length


def _round(program: Program, name: str, took: int) -> Problem:
    seconds = took / MICROS_PER_SECOND
    how = f"after {seconds:g} s by itself" if took else "without ever waiting"
    allowed = f"waits of at least {ROUND_S_MIN} s on the way round, or a player's"
    return Problem(program.nodes[name].path, name, f"{name} comes back to itself {how}", allowed)
