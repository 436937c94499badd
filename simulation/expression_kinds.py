"""What is certain of the values in an expression before any person is asked: what can never be calculated."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from enum import StrEnum

TEXTS = frozenset({"tier", "activity", "location", "locationType"})
"""Names that stand for a text, or for nothing; the other plain ones are numbers."""
ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


class Kind(StrEnum):
    NUMBER = "a number"
    TEXT = "a text"
    LIST = "a list"
    NOTHING = "null"
    ANY = "anything"
    """Nobody can say before somebody is asked."""


class NeverFits(ValueError):
    """Whoever is asked, this raises."""


Names = Mapping[str, Kind]


def kind_of(node: ast.expr, names: Names) -> Kind:
    """The kind of a part whose own parts are sound. Raises NeverFits."""
    match node:
        case ast.Constant(value=value):
            return _of_constant(value)
        case ast.Name(id=name):
            return names.get(name, Kind.ANY)
        case ast.BoolOp(values=values):
            for part in values:
                kind_of(part, names)
            return Kind.NUMBER
        case ast.UnaryOp(op=op, operand=operand):
            inner = kind_of(operand, names)
            if not isinstance(op, ast.Not):
                _number(operand, inner)
            return Kind.NUMBER
        case ast.BinOp(left=left, op=op, right=right):
            for part in (left, right):
                _number(part, kind_of(part, names))
            if isinstance(op, ast.Div | ast.FloorDiv | ast.Mod) and _is_zero(right):
                raise NeverFits("divides by 0")
            return Kind.NUMBER
        case ast.Compare(left=left, ops=ops, comparators=others):
            _compare([left, *others], ops, names)
            return Kind.NUMBER
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for part in elements:
                kind_of(part, names)
            return Kind.LIST
        case _:
            return Kind.ANY


def _of_constant(value: object) -> Kind:
    if value is None:
        return Kind.NOTHING
    return Kind.TEXT if isinstance(value, str) else Kind.NUMBER


def _number(node: ast.expr, kind: Kind) -> None:
    if kind not in (Kind.NUMBER, Kind.ANY):
        raise NeverFits(f"calculates with `{ast.unparse(node)[:40]}`, which is {kind}")


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _compare(parts: list[ast.expr], ops: list[ast.cmpop], names: Names) -> None:
    kinds = [kind_of(part, names) for part in parts]
    for n, op in enumerate(ops):
        left, right = kinds[n], kinds[n + 1]
        said = f"`{ast.unparse(parts[n])[:40]}`", f"`{ast.unparse(parts[n + 1])[:40]}`"
        if isinstance(op, ORDERS):
            odd = Kind.NOTHING in (left, right) or (left is not right and Kind.ANY not in (left, right))
            if odd:
                raise NeverFits(f"compares {said[0]}, which is {left}, with {said[1]}, which is {right}")
        elif isinstance(op, ast.In | ast.NotIn):
            if right in (Kind.NUMBER, Kind.NOTHING):
                raise NeverFits(f"looks in {said[1]}, which is {right}")
            if right is Kind.TEXT and left not in (Kind.TEXT, Kind.ANY):
                raise NeverFits(f"looks for {said[0]}, which is {left}, in a text")


def compared(tree: ast.expr) -> Iterator[tuple[str, str]]:
    """(name, text) wherever a name of `TEXTS` is compared with a text, or looked for among some."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            for left, op, right in zip(parts, node.ops, node.comparators, strict=False):
                if isinstance(op, ast.Eq | ast.NotEq):
                    yield from _named(left, [right])
                    yield from _named(right, [left])
                elif isinstance(right, ast.List | ast.Tuple):
                    yield from _named(left, right.elts)


def _named(name: ast.expr, others: list[ast.expr]) -> Iterator[tuple[str, str]]:
    if isinstance(name, ast.Name) and name.id in TEXTS:
        for one in others:
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield name.id, one.value
