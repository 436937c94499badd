"""`meta.narratives`: programs that lead one player and one person from node to node."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.activities import same_id
from simulation.definitions.conditions import Names, read_conditions
from simulation.definitions.fields import Fields
from simulation.definitions.metrics import Metrics
from simulation.definitions.narrative_graph import check_graph, ways_of
from simulation.definitions.narrative_nodes import NarrativeNode, Way
from simulation.definitions.narrative_reading import Known, read_node
from simulation.definitions.problems import Problem, unknown_name
from simulation.hashing import canonical
from simulation.units import NpcId

PROGRAMS_MAX = 1_000
"""Of one world: more than anybody writes by hand."""
NODES_MAX = 500
"""Of one program."""
EDGES_MAX = 2_000
"""Of one program: some four a node."""
VARIABLES_MAX = 64
"""Of one program: each is kept in the session of every player who is in it."""
VARIABLES_BYTES_MAX = 4_096
"""Bytes of a program's variables as JSON, as they begin and at any time."""


@dataclass(frozen=True, slots=True)
class Program:
    id: str
    name: str
    path: str
    entry: str
    nodes: Mapping[str, NarrativeNode]
    edges: Mapping[str, tuple[Way, ...]]
    """Where a node leads, in the order of the file; a node that leads nowhere ends the program."""
    variables: Mapping[str, Any]
    """As they begin."""

    def ways(self, node: NarrativeNode) -> tuple[Way, ...]:
        return self.edges.get(node.id, ())


def read_narratives(
    meta: Fields, names: Names, people: Collection[NpcId], metrics: Metrics
) -> dict[str, Program]:
    """The programs of a world by id, problems noted."""
    return meta.table(
        "narratives",
        lambda key, value, path: _program(key, value, path, names, people, metrics),
        PROGRAMS_MAX,
    )


def _program(
    key: str, value: Any, path: str, names: Names, people: Collection[NpcId], metrics: Metrics
) -> Program:
    fields = Fields(value, path, names.problems)
    same_id(fields, key)
    fields.ignore("version", "kind", "metadata")
    variables = _variables(fields)
    known = Known(names, people, variables, metrics)
    nodes = _by_id(fields, known)
    named = _named(fields.raw("nodes", []))
    entry = fields.identifier("entryNodeId", next(iter(nodes), "none"))
    if named and entry not in named:
        fields.problems.append(unknown_name(fields.at("entryNodeId"), entry, named, "node"))
    found = Program(
        id=key,
        name=fields.text("name", key),
        path=path,
        entry=entry,
        nodes=nodes,
        edges=_edges(fields, known, named),
        variables=variables,
    )
    fields.done()
    if named:
        check_graph(found, named, names.problems)
    return found


def _named(listed: object) -> tuple[str, ...]:
    """The ids of all nodes, also of those that cannot be read; none if some cannot be told."""
    if not isinstance(listed, list):
        return ()
    unheard: list[Problem] = []
    ids = [Fields(node, "", unheard).identifier("id") for node in listed]
    return () if unheard else tuple(dict.fromkeys(ids))


def _variables(fields: Fields) -> dict[str, Any]:
    found = fields.mapping("variables")
    size = len(canonical(found))
    if len(found) > VARIABLES_MAX or size > VARIABLES_BYTES_MAX:
        allowed = f"at most {VARIABLES_MAX} of them, {VARIABLES_BYTES_MAX} bytes together"
        fields.refuse(fields.at("variables"), len(found), f"are {len(found)}, {size} bytes", allowed)
    return found


def _by_id(fields: Fields, known: Known) -> dict[str, NarrativeNode]:
    found: dict[str, NarrativeNode] = {}
    nodes = fields.each("nodes", lambda item, path: read_node(item, path, known), NODES_MAX)
    if not nodes:
        fields.refuse(fields.at("nodes"), fields.raw("nodes"), "has no node", "at least one node")
    for node in nodes:
        if node is None:
            continue
        if node.id in found:
            fields.refuse(f"{node.path}.id", node.id, "is given twice", "each id once")
        found[node.id] = node
    return found


def _edges(fields: Fields, known: Known, named: Collection[str]) -> dict[str, tuple[Way, ...]]:
    """By the node they lead from. Choices and branches say themselves where they lead."""

    def read(value: Any, path: str) -> tuple[str, Way]:
        edge = Fields(value, path, fields.problems)
        edge.ignore("id", "style")
        origin = edge.identifier("from")
        if named and origin and origin not in named:
            edge.problems.append(unknown_name(edge.at("from"), origin, named, "node"))
        way = _way(edge, known)
        edge.done()
        return origin, way

    found: dict[str, tuple[Way, ...]] = {}
    for origin, way in fields.each("edges", read, EDGES_MAX):
        found[origin] = (*found.get(origin, ()), way)
    return found


def _way(edge: Fields, known: Known) -> Way:
    to, conditions = edge.identifier("to"), read_conditions(edge, "conditions", known.names)
    return Way(edge.path, edge.at("to"), to, conditions)


def each_way(program: Program) -> Iterator[Way]:
    """Every way of a program, for those who compile or check conditions."""
    for node in program.nodes.values():
        yield from ways_of(program, node)
