"""Every clock read and timer in the code has a row in docs/time-inventory.md, and every row has its code."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INVENTORY = ROOT / "docs" / "time-inventory.md"
PACKAGES = ("actors", "generation", "messages", "persistence", "service", "simulation", "theatrum")
SOURCES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))

CLOCK_MODULES = frozenset({"time", "sched", "timeit"})
"""Whatever is used of these modules reads or waits for a clock; `time.strftime` and friends included."""

CLOCKS = re.compile(
    r"datetime\.(datetime|date)\.(now|utcnow|today)"
    r"|asyncio\.(sleep|wait_for|timeout|timeout_at)"
    r"|signal\.(setitimer|alarm|sigtimedwait)"
    r"|threading\.Timer"
    r"|(select\.select|thespian\.actors\.WakeupMessage)"
)
METHODS = frozenset({"wake_after", "wakeupAfter", "call_later", "call_at", "settimeout"})
KEYWORDS = re.compile(
    r"(\w+_)?timeout"
    r"|poll_delay|keep_result|health_check_interval|expires_extra_ms|pool_recycle|retry_delay|conn_retry_delay"
    r"|_?defer_by|_?defer_until|_?expires|px|ex"
)
"""Arguments that make somebody else keep time for us: a socket, a database, Redis, arq."""

Uses = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Row:
    line: int
    places: tuple[str, ...]
    clock: str
    kind: str


class Reader(ast.NodeVisitor):
    """Collects the uses of time in one module, by the qualified name of the code around them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stack: list[str] = []
        self.aliases: dict[str, str] = {}
        self.found: dict[str, set[str]] = defaultdict(set)
        self.places: set[str] = {name}

    def note(self, clock: str) -> None:
        self.found[self.place()].add(clock)

    def place(self) -> str:
        return f"{self.name}:{'.'.join(self.stack)}" if self.stack else self.name

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.aliases[alias.asname or alias.name.partition(".")[0]] = alias.name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def enter(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.stack.append(node.name)
        self.places.add(self.place())
        self.generic_visit(node)
        self.stack.pop()

    visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = enter  # noqa: N815

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            self.note(node.func.attr)
        for keyword in node.keywords:
            self.note_argument(keyword.arg, keyword.value)
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self.note_argument(key.value, value)
        self.generic_visit(node)

    def note_argument(self, name: str | None, value: ast.expr) -> None:
        if name and KEYWORDS.fullmatch(name) and ast.unparse(value) not in ("None", "0"):
            self.note(f"{name}=")

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.note_argument(target.id, node.value)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.note_clock(self.resolved(node))
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.note_clock(self.resolved(node))

    def resolved(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return self.aliases.get(name, "")
            case ast.Attribute(value=value, attr=attr):
                head = self.resolved(value)
                return f"{head}.{attr}" if head else ""
            case _:
                return ""

    def note_clock(self, dotted: str) -> None:
        head, _, rest = dotted.partition(".")
        if (head in CLOCK_MODULES and rest) or CLOCKS.fullmatch(dotted):
            self.note(dotted)


def read(name: str, text: str) -> Reader:
    reader = Reader(name)
    reader.visit(ast.parse(text))
    return reader


def readers() -> Iterator[Reader]:
    for path in SOURCES:
        yield read(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))


def rows() -> list[Row]:
    found = []
    for number, line in enumerate(INVENTORY.read_text(encoding="utf-8").splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 5:
            found.append(Row(number, tuple(re.findall(r"`([^`]+)`", cells[0])), cells[1], cells[2]))
    return found


def test_every_use_of_time_has_a_row() -> None:
    clocks: dict[str, str] = defaultdict(str)
    for row in rows():
        for place in row.places:
            clocks[place] += f" {row.clock}" if row.kind == "real" else ""
    missing = [
        f"{place} uses {clock}: give it a row in docs/time-inventory.md naming `{clock}`"
        for reader in readers()
        for place, used in sorted(reader.found.items())
        for clock in sorted(used)
        if f"`{clock}`" not in clocks[place]
    ]
    assert not missing, "\n".join(missing)


def test_every_row_has_its_code() -> None:
    found = {place: used for reader in readers() for place, used in reader.found.items()}
    places = {place for reader in readers() for place in reader.places}
    stale = []
    for row in rows():
        for place in row.places:
            if place not in places:
                stale.append(f"docs/time-inventory.md:{row.line} names {place}, which is gone: remove it")
            elif row.kind == "real" and place not in found:
                stale.append(f"docs/time-inventory.md:{row.line} {place} reads no clock any more: remove it")
    assert not stale, "\n".join(stale)


def test_every_row_names_its_kind_of_time() -> None:
    found = rows()
    assert found, "docs/time-inventory.md has no rows"
    odd = [row for row in found if row.kind not in ("world", "real") or not row.places]
    assert not odd, f"the third column is `world` or `real`: {odd}"


def test_game_code_uses_world_time_only() -> None:
    found = [place for reader in readers() for place in reader.found]
    stray = [place for place in found if place.startswith(("simulation/", "messages/"))]
    assert not stray, f"{stray} use a clock: take the time as an argument"


@pytest.mark.parametrize(
    ("code", "clock"),
    [
        ("import time\ndef f(): return time.monotonic()", "time.monotonic"),
        ("from time import monotonic_ns as now\ndef f(): return now()", "time.monotonic_ns"),
        ("import time\ndef f(clock=time.time): pass", "time.time"),
        ("from datetime import UTC, datetime\ndef f(): return datetime.now(UTC)", "datetime.datetime.now"),
        ("import asyncio\nasync def f(): await asyncio.sleep(1)", "asyncio.sleep"),
        ("def f(self): self.wake_after(1, None)", "wake_after"),
        ("def f(process): process.wait(timeout=5)", "timeout="),
        ('def f(): connect(args={"command_timeout": 5})', "command_timeout="),
        ("class f:\n    job_timeout = 60", "job_timeout="),
    ],
)
def test_the_inventory_sees(code: str, clock: str) -> None:
    assert read("example.py", code).found == {"example.py:f": {clock}}


def test_the_inventory_sees_no_clock_where_there_is_none() -> None:
    assert not read("example.py", "def f(now, timeout):\n    return now + timeout\nf(1, timeout=None)").found
