"""Rules a reviewer would otherwise repeat: each failure names the file, the line and the fix."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import subprocess
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from pydantic import BaseModel

ROOT = Path(__file__).parent.parent
PACKAGES = ("actors", "generation", "messages", "persistence", "service", "simulation", "theatrum")
SOURCES = sorted(path for name in (*PACKAGES, "benchmarks") for path in (ROOT / name).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

FUNCTION_LINES_MAX = 45
"""Lines of one function: what fits a screen beside a second one."""

FILE_LINES_MAX = 350
"""Lines of one file: beyond it, a file has two subjects."""

LONG_ON_PURPOSE: dict[str, str] = {}
"""`file` or `file:function` -> why it may be longer than the bounds."""

MAY_IMPORT_THESPIAN = frozenset({"actors/shell.py", "actors/frames.py", "service/system.py"})

BANNED_CALLS = frozenset(
    {"sum", "fsum", "nansum", "cumsum", "prod", "mean", "average", "std", "var", "reduce"}
    | {"dot", "vdot", "inner", "matmul", "einsum", "tensordot"}
    | {"exp", "exp2", "expm1", "pow", "power", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "tanh"}
    | {"hash", "id"}
)
"""Seen or known to give other bits by batch size, CPU, Python version or PYTHONHASHSEED."""

UNSTABLE_SORTS = frozenset({"argsort", "argpartition"})

BANNED_MODULES = frozenset({"random", "time", "datetime", "secrets", "uuid", "os", "asyncio", "threading"})

EXACT_ON_PURPOSE = {
    "simulation/script.py:gate": "a compiled test's identity is a key while compiling, never kept or ordered",
}
"""`file:function` in simulation/ -> why its banned call cannot change a bit of state."""

BOUND_NAME = re.compile(r"^_?[A-Z][A-Z0-9_]*_(MAX|MIN|KEPT|LIMIT|S|MS|US|BYTES|CHARS|DEPTH)$")


def names(paths: Iterable[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@cache
def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def functions(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def called(node: ast.Call) -> str:
    """The last name of what is called: `sum` for both `sum(x)` and `numpy.sum(x)`."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def enclosing(module: ast.Module, line: int) -> str:
    """The innermost function around a line, or an empty string."""
    around = [
        (node.lineno, name)
        for name, node in functions(module)
        if node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(around)[1] if around else ""


def imported(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        match node:
            case ast.Import(names=aliases):
                yield from ((node.lineno, alias.name.partition(".")[0]) for alias in aliases)
            case ast.ImportFrom(module=str(name)):
                yield node.lineno, name.partition(".")[0]


@pytest.mark.parametrize("name", names(SOURCES))
def test_files_and_functions_fit_a_screen(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").count("\n")
    assert lines <= FILE_LINES_MAX or name in LONG_ON_PURPOSE, (
        f"{name} has {lines} lines of at most {FILE_LINES_MAX}: split it along its subjects"
    )
    for function, node in functions(tree(name)):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        assert length <= FUNCTION_LINES_MAX or f"{name}:{function}" in LONG_ON_PURPOSE, (
            f"{name}:{node.lineno} {function} has {length} lines of {FUNCTION_LINES_MAX}: name its parts"
        )


@pytest.mark.parametrize("name", names(SOURCES + TESTS))
def test_every_module_says_in_one_sentence_what_it_is_for(name: str) -> None:
    first = (ast.get_docstring(tree(name)) or "").partition("\n\n")[0].rstrip()
    assert first.endswith((".", ":", "?")), f"{name}:1 starts with {first!r}: begin with one whole sentence"


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_ships_our_package_names(name: str) -> None:
    owners = set(packages_distributions().get(name, ["theatrum"]))
    assert owners == {"theatrum"}, f"{sorted(owners)} also ship `{name}`: uninstall the stranger"


def test_tests_are_not_packages() -> None:
    strays = names((ROOT / "tests").rglob("__init__.py"))
    assert not strays, f"delete {strays}: a package tests/actors would shadow the real `actors`"


def word(node: ast.Call, name: str) -> str:
    """A keyword argument as it is written; empty when it is not given."""
    return next((ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg == name), "")


def is_whole(node: ast.expr) -> bool:
    """Whether an exponent is an integer literal, with or without a sign."""
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant) and "." not in (
        ast.unparse(node)
    )


def inexact_call(node: ast.Call) -> str:
    name = called(node)
    if name in BANNED_CALLS and "int64" not in word(node, "dtype"):
        return f"calls {name}: loop in a written order, or over integers with dtype=np.int64"
    if name in UNSTABLE_SORTS and word(node, "kind") != "'stable'":
        return f'calls {name}, which orders ties by CPU: argsort(..., kind="stable"), then by id'
    return "asks for fastmath, which changes bits: leave it out" if word(node, "fastmath") else ""


def inexact_node(node: ast.AST) -> str:
    match node:
        case ast.Call():
            return inexact_call(node)
        case ast.BinOp(op=ast.MatMult()) | ast.AugAssign(op=ast.MatMult()):
            return "multiplies matrices, whose bits depend on the batch: write the loop"
        case ast.BinOp(op=ast.Pow(), right=right) if not is_whole(right):
            return "raises to a power that is no integer literal: use decay() or a table"
        case ast.For(iter=ast.Set() | ast.SetComp() as elements):
            return f"iterates the set {ast.unparse(elements)}, whose order is nobody's: sort it"
    return ""


def inexact(name: str, module: ast.Module) -> Iterator[str]:
    """Everything in a module of the core that may give other bits elsewhere, with its remedy."""
    for node in ast.walk(module):
        line = getattr(node, "lineno", 0)
        why = inexact_node(node)
        if why and f"{name}:{enclosing(module, line)}" not in EXACT_ON_PURPOSE:
            yield f"{name}:{line} {why}"
    for line, what in imported(module):
        if what in BANNED_MODULES:
            yield f"{name}:{line} imports {what}: time and chance are arguments, the core does no I/O"


@pytest.mark.parametrize("name", names(path for path in SOURCES if path.is_relative_to(ROOT / "simulation")))
def test_the_core_computes_the_same_bits_everywhere(name: str) -> None:
    problems = list(inexact(name, tree(name)))
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    "line",
    [
        "x = sum(y)",
        "x = numpy.sum(y)",
        "x = y.sum()",
        "x = a @ b",
        "x = y ** 0.5",
        "x = y ** z",
        "x = math.exp(y)",
        "x = numpy.argsort(y)",
        "x = hash(y)",
        "for x in {1, 2}: pass",
        "import random",
        "from time import monotonic",
        "f(fastmath=True)",
    ],
)
def test_the_rule_for_the_core_sees(line: str) -> None:
    assert list(inexact("simulation/example.py", ast.parse(line))), f"{line!r} should have been refused"


@pytest.mark.parametrize(
    "line", ['x = y.argsort(kind="stable")', "x = y ** 2", "x = max(y, z) * 2", "x = sorted({1, 2})"]
)
def test_the_rule_for_the_core_allows(line: str) -> None:
    assert not list(inexact("simulation/example.py", ast.parse(line)))


def swallowed(node: ast.AST) -> str:
    """What a handler that hides errors should do instead; empty for everything else."""
    match node:
        case ast.ExceptHandler(type=None):
            return "catches everything, even an interrupt: name the exceptions"
        case ast.ExceptHandler(
            type=ast.Name(id="Exception" | "BaseException"), body=[ast.Pass() | ast.Continue()]
        ):
            return "hides every error: name the exceptions, or log and count what happened"
        case ast.Call(args=[ast.Name(id="Exception" | "BaseException"), *_]) if called(node) == "suppress":
            return "hides every error: name the exceptions"
    return ""


@pytest.mark.parametrize("name", names(SOURCES + TESTS))
def test_no_error_is_swallowed(name: str) -> None:
    problems = [
        f"{name}:{getattr(node, 'lineno', 0)} {why}"
        for node in ast.walk(tree(name))
        if (why := swallowed(node))
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    "name", names(path for path in SOURCES if path.relative_to(ROOT).parts[0] in PACKAGES)
)
def test_only_the_service_prints(name: str) -> None:
    prints = [n.lineno for n in ast.walk(tree(name)) if isinstance(n, ast.Call) and called(n) == "print"]
    assert not prints or name.startswith("service/"), (
        f"{name}:{prints} prints: log a `thing.happened` event instead"
    )


def undocumented_bounds(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node, after in zip(module.body, [*module.body[1:], None], strict=True):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if BOUND_NAME.match(name) and isinstance(value, ast.Constant | ast.BinOp | ast.Call):
                match after:
                    case ast.Expr(value=ast.Constant(value=str())):
                        pass
                    case _:
                        yield node.lineno, name


@pytest.mark.parametrize("name", names(SOURCES))
def test_every_bound_says_why(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    problems = [
        f"{name}:{line} {bound} has no reason: write one sentence below it, with the unit"
        for line, bound in undocumented_bounds(tree(name))
        if not lines[line - 2].lstrip().startswith("#") and "#" not in lines[line - 1]
    ]
    assert not problems, "\n".join(problems)


def is_frozen(kind: type) -> bool:
    if issubclass(kind, Enum):
        return True
    if issubclass(kind, BaseModel):
        return bool(kind.model_config.get("frozen"))
    return dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", names(path for path in SOURCES if path.is_relative_to(ROOT / "messages")))
def test_messages_are_frozen(name: str) -> None:
    module = importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    ours = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]
    thawed = [kind.__name__ for kind in ours if not is_frozen(kind)]
    assert not thawed, f"{name}: {thawed} can be changed after they are sent: freeze them"


@pytest.mark.parametrize("name", names(SOURCES))
def test_only_the_shell_knows_thespian(name: str) -> None:
    lines = [line for line, what in imported(tree(name)) if what == "thespian"]
    assert not lines or name in MAY_IMPORT_THESPIAN, (
        f"{name}:{lines} imports thespian: go through actors.shell"
    )


def waits(name: str) -> Iterator[int]:
    """Lines of a test file that sleep outside a loop: a loop polls for a condition, with a bound."""
    module = tree(name)
    loops = [node for node in ast.walk(module) if isinstance(node, ast.For | ast.While | ast.AsyncFor)]
    inside = {id(inner) for loop in loops for inner in ast.walk(loop)}
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and called(node) == "sleep" and id(node) not in inside:
            yield node.lineno


@pytest.mark.parametrize("name", names(TESTS))
def test_tests_wait_for_conditions_and_never_just_sleep(name: str) -> None:
    lines = list(waits(name))
    assert not lines, f"{name}:{lines} sleeps and hopes: wait for a message or a condition, with a bound"


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


FOREIGN = {
    "a package index": re.compile(
        r"pypi\.|pythonhosted|npmjs\.|--(extra-)?index-url|--find-links|--trusted-host"
    ),
    "a path of one machine": re.compile(r"(?<![\w.])/(work|root|tmp|home/\w+|Users/\w+)/"),
}


def test_no_file_names_a_package_index_or_a_machine() -> None:
    problems = [
        f"{path.relative_to(ROOT)}:{number} names {what}: leave it out, every machine has its own"
        for path in tracked()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        for what, found in FOREIGN.items()
        if found.search(line)
    ]
    assert not problems, "\n".join(problems)


def test_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text, f"{name} names an address: `make lock` writes none"
        pinned = re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)
        assert pinned, f"{name} is empty: `make lock`"
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in block, f"{name}: {block.splitlines()[0]} has no hash: `make lock`"
