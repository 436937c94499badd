"""Small expressions over a person and their world: comparisons and arithmetic, no calls, no surprises.

Names: energy, valence, arousal, hour, day, dayOfWeek, tier, activity, location, locationType, `flags.<key>`,
and `<component>.<key>` of the person. A name nobody ever set is None.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings, simplefilter

from simulation.expression_kinds import TEXTS, Kind, NeverFits, compared, kind_of

EXPRESSION_CHARS_MAX = 512
"""Long enough for any rule a person can read."""
NODES_MAX = 128
"""Operators, names and numbers in one expression: what one decision may cost."""
WORD_BITS_MAX = 256
"""Integers stay below 2**256, so that no chain of products can take a tick's time."""

ALLOWED = "numbers, texts, names, and / or / not, comparisons, + - * / // %, in, ( ), [ ]"

Resolve = Callable[[str], Any]

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, group: item in group,
    ast.NotIn: lambda item, group: item not in group,
}
NUMBERS = ("energy", "valence", "arousal", "hour", "day", "dayOfWeek")
KINDS = {**dict.fromkeys(NUMBERS, Kind.NUMBER), **dict.fromkeys(TEXTS, Kind.TEXT)}
PLAIN_NAMES = frozenset(KINDS)
"""Names without a dot that stand for something; any other is a whole component, which compares with
nothing."""
LITERALS = {"true": True, "false": False, "null": None}
CERTAIN = {**KINDS, "true": Kind.NUMBER, "false": Kind.NUMBER, "null": Kind.NOTHING}


class ExpressionInvalid(ValueError):
    """An expression that cannot be parsed, with what may stand in one."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.allowed = ALLOWED


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression; `names` are all it will ask for."""

    text: str
    names: frozenset[str]
    tree: ast.expr
    compared: tuple[tuple[str, str], ...] = ()
    """(name, text) that are compared, of names which only some texts can be."""

    def evaluate(self, resolve: Resolve) -> bool:
        """Its truth. Raises TypeError, ValueError or ArithmeticError where values do not fit together."""
        return bool(_value(self.tree, resolve))


def parse_expression(text: str) -> Expression:
    """Parse and check once, so that evaluating can only meet what is allowed. Raises ExpressionInvalid."""
    if len(text) > EXPRESSION_CHARS_MAX:
        raise ExpressionInvalid(f"has {len(text)} characters, at most {EXPRESSION_CHARS_MAX}")
    try:
        with catch_warnings():
            simplefilter("error")  # what Python only warns of, another Python refuses
            tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        where = f", at character {error.offset}" if error.offset else ""
        raise ExpressionInvalid(f"is no expression: {error.msg}{where}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ExpressionInvalid(f"is no expression: {error}") from None
    names: set[str] = set()
    _check(tree, names, 0)
    try:
        kind_of(tree, CERTAIN)
    except NeverFits as never:
        raise ExpressionInvalid(str(never)) from None
    return Expression(text, frozenset(names), tree, tuple(compared(tree)))


def _check(node: ast.expr, names: set[str], count: int) -> int:
    count += 1
    if count > NODES_MAX:
        raise ExpressionInvalid(f"has more than {NODES_MAX} parts")
    match node:
        case ast.Constant(value=bool() | int() | float() | str() | None):
            inner: list[ast.expr] = []
        case ast.Name() | ast.Attribute():
            name = _dotted(node)
            if name not in LITERALS:
                names.add(name)
            inner = []
        case ast.BoolOp(values=values):
            inner = values
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=operand):
            inner = [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            inner = [left, right]
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in COMPARE for op in ops):
            inner = [left, *others]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            inner = elements
        case _:
            raise ExpressionInvalid(f"may not have `{ast.unparse(node)[:40]}`")
    for part in inner:
        count = _check(part, names, count)
    return count


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and not node.attr.startswith("__"):
        return f"{_dotted(node.value)}.{node.attr}"
    raise ExpressionInvalid(f"may not have `{ast.unparse(node)[:40]}`")


def _value(node: ast.expr, resolve: Resolve) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute():
            name = _dotted(node)
            return LITERALS[name] if name in LITERALS else resolve(name)
        case ast.BoolOp(op=op, values=values):
            wanted = isinstance(op, ast.Or)
            return next((wanted for part in values if bool(_value(part, resolve)) is wanted), not wanted)
        case ast.UnaryOp(op=op, operand=operand):
            value = _value(operand, resolve)
            return (
                not value
                if isinstance(op, ast.Not)
                else _bounded(-value if isinstance(op, ast.USub) else +value)
            )
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(op, _value(left, resolve), _value(right, resolve))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return _compare(_value(left, resolve), ops, [_value(other, resolve) for other in others])
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_value(element, resolve) for element in elements]
        case _:
            raise TypeError(f"cannot evaluate {ast.unparse(node)}")


def _arithmetic(op: ast.operator, left: Any, right: Any) -> Any:
    for value in (left, right):
        if not isinstance(value, int | float):
            raise TypeError(f"{value!r} is no number")
    return _bounded(BINARY[type(op)](left, right))


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > WORD_BITS_MAX:
        raise OverflowError(f"a number above 2**{WORD_BITS_MAX}")
    return value


def _compare(left: Any, ops: list[ast.cmpop], others: list[Any]) -> bool:
    for op, right in zip(ops, others, strict=True):
        if not COMPARE[type(op)](left, right):
            return False
        left = right
    return True
