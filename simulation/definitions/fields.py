"""Reading one JSON object field by field: every bad value becomes a problem with its path, and reading goes
on."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.units import MICROS_PER_SECOND, Micros

DESCRIPTIVE = frozenset({"description", "label", "icon", "visual", "tags", "meta"})
"""Keys anybody may add anywhere; they are kept and mean nothing here."""
ID_CHARS_MAX = 200
"""Characters of an id: what the database's keys hold."""
SECONDS_MAX = 10**12
"""Game seconds, some thirty thousand years: far below what 64-bit microseconds hold."""
NAMED = "the name of a flag, not empty"

T = TypeVar("T")


def at(path: str, key: str | int) -> str:
    """The JSON path one step down."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    step = key if key.isprintable() else repr(key)[1:-1]
    return f"{path}.{step}" if path else step


def is_descriptive(key: str) -> bool:
    return key in DESCRIPTIVE or key.startswith(("_", "x-"))


class Fields:
    """One object of a definition. Ask for each key once, then `done()` refuses what was not asked for."""

    def __init__(self, value: object, path: str, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems
        self._asked: set[str] = set()
        self._values: Mapping[str, Any] = {}
        if type(value) is dict or isinstance(value, Mapping):  # an abstract class takes its time
            self._values = value
        else:
            self.refuse(path, value, f"is {shown(value)}", "an object")
            self.problems = []  # of what is no object, one problem says all

    def refuse(self, path: str, value: object, message: str, allowed: str = "") -> None:
        self.problems.append(Problem(path, value, message, allowed))

    def has(self, key: str) -> bool:
        return self._values.get(key) is not None

    def given(self, key: str) -> bool:
        """Whether the key is there at all, be it null."""
        return key in self._values

    def raw(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        value = self._values.get(key)
        return default if value is None else value

    def ignore(self, *keys: str) -> None:
        """Keys that mean nothing here but are nobody's mistake."""
        self._asked.update(keys)

    def at(self, key: str) -> str:
        return at(self.path, key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text with something in it; required unless there is a default."""
        value = self.raw(key, default)
        if isinstance(value, str) and (value.strip() or value == default):
            return value
        self.refuse(self.at(key), value, self._wrong(key, value), "a text that is not empty")
        return ""

    def identifier(self, key: str, default: str | None = None) -> str:
        """An id: a text, or a whole number that is read as one."""
        value = self._values.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and is_number(value):
            self._asked.add(key)
            return str(value)
        found = self.text(key, default)
        if len(found) > ID_CHARS_MAX or not found.isprintable():
            allowed = f"at most {ID_CHARS_MAX} characters, all of them printable"
            self.refuse(self.at(key), value, f"is no id: {shown(found)}", allowed)
        return found

    def reference(self, key: str, known: Container[str], listed: Iterable[str], what: str) -> str | None:
        """An id that must name something; None when it is not there, or names nothing."""
        value = self.raw(key)
        name = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if name is None or (isinstance(name, str) and name in known):
            return name
        self.problems.append(unknown_name(self.at(key), value, listed, what))
        return None

    def choice(self, key: str, allowed: Iterable[str], default: str) -> str:
        value = self.raw(key, default)
        names = list(allowed)
        if value in names:
            return str(value)
        self.problems.append(unknown_name(self.at(key), value, names, key))
        return default

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A finite number in [low, high]; required unless there is a default."""
        value = self.raw(key, default)
        if is_number(value) and low <= value <= high:
            return float(value)
        self.refuse(self.at(key), value, self._wrong(key, value), f"a number from {low:g} to {high:g}")
        return default if default is not None else low

    def optional_number(self, key: str, low: float, high: float) -> float | None:
        return self.number(key, low, high) if self.has(key) else self.raw(key)

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        value = self.raw(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.refuse(self.at(key), value, self._wrong(key, value), f"a whole number from {low} to {high}")
        return default

    def micros(self, key: str, default: float, low: float = 0) -> Micros:
        """Game seconds with at most six decimals, as microseconds, exactly."""
        value = self.raw(key, default)
        exact = exact_micros(value)
        if exact is not None and low * MICROS_PER_SECOND <= exact <= SECONDS_MAX * MICROS_PER_SECOND:
            return Micros(exact)
        allowed = f"game seconds from {low:g} to {SECONDS_MAX:g}, at most six decimals"
        self.refuse(self.at(key), value, self._wrong(key, value), allowed)
        return Micros(int(default * MICROS_PER_SECOND))

    def thousandths(self, key: str, limit: int) -> int:
        """A rate an hour with at most three decimals, in thousandths, exactly."""
        value = self.raw(key, 0)
        if is_number(value) and abs(value) <= limit:
            exact = Decimal(str(value)) * 1000
            if exact == exact.to_integral_value():
                return int(exact)
        allowed = f"a number from -{limit} to {limit} with at most three decimals"
        self.refuse(self.at(key), value, self._wrong(key, value), allowed)
        return 0

    def texts(self, key: str, most: int = 1000) -> tuple[str, ...]:
        """A list of texts, empty if it is not there."""
        value = self.raw(key, [])
        if not isinstance(value, list) or len(value) > most:
            self.refuse(self.at(key), value, self._wrong(key, value), f"a list of at most {most} texts")
            return ()
        for n, item in enumerate(value):
            if not isinstance(item, str):
                self.refuse(at(self.at(key), n), item, f"is {shown(item)}", "a text")
        return tuple(item for item in value if isinstance(item, str))

    def flag_names(self, key: str, most: int) -> tuple[str, ...]:
        """A list of names of flags."""
        found = self.texts(key, most)
        for n, name in enumerate(found):
            if not name.strip():
                self.refuse(at(self.at(key), n), name, f"is {shown(name)}", NAMED)
        return found

    def flags(self, key: str) -> Mapping[str, Any]:
        """Flags by name, nested or dotted, each with a name."""
        found = self.mapping(key)
        self._refuse_nameless(found, self.at(key))
        return found

    def named(self) -> Fields:
        """Itself; its keys name flags."""
        self._refuse_nameless(self._values, self.path)
        return self

    def _refuse_nameless(self, flags: Mapping[str, Any], path: str) -> None:
        for name, value in flags.items():
            if not name.strip():
                self.refuse(path, name, f"has a flag {shown(name)}", NAMED)
            if isinstance(value, Mapping):
                self._refuse_nameless(value, at(path, name))

    def ids(self, key: str, most: int = 1000) -> tuple[str, ...]:
        """A list of ids: texts, or whole numbers that are read as texts; empty if it is not there."""
        value = self.raw(key, [])
        if isinstance(value, list) and len(value) <= most and all(map(_is_id, value)):
            return tuple(map(str, value))
        self.refuse(self.at(key), value, self._wrong(key, value), f"a list of at most {most} ids")
        return ()

    def names(self, key: str, known: Iterable[str], what: str) -> tuple[str, ...]:
        """A list of names, each of which must name something."""
        allowed = set(known)
        found = self.texts(key)
        for n, name in enumerate(found):
            if name not in allowed:
                self.problems.append(unknown_name(at(self.at(key), n), name, allowed, what))
        return tuple(name for name in found if name in allowed)

    def each(self, key: str, read: Callable[[Any, str], T], most: int) -> tuple[T, ...]:
        """A list, each item read by `read(item, path)`; empty if it is not there."""
        value = self.raw(key, [])
        if not isinstance(value, list) or len(value) > most:
            self.refuse(self.at(key), value, self._wrong(key, value), f"a list of at most {most}")
            return ()
        return tuple(read(item, at(self.at(key), n)) for n, item in enumerate(value))

    def table(self, key: str, read: Callable[[str, Any, str], T], most: int) -> dict[str, T]:
        """An object by id, each value read by `read(id, value, path)`; empty if it is not there."""
        value = self.raw(key, {})
        if not isinstance(value, Mapping) or len(value) > most:
            self.refuse(self.at(key), value, self._wrong(key, value), f"an object of at most {most} keys")
            return {}
        return {name: read(name, item, at(self.at(key), name)) for name, item in value.items()}

    def within(self, key: str) -> Fields:
        """The object under `key`, or an empty one."""
        return Fields(self.raw(key, {}), self.at(key), self.problems)

    def mapping(self, key: str) -> dict[str, Any]:
        """Any JSON object, kept as it is."""
        value = self.raw(key, {})
        if isinstance(value, dict):
            return value
        self.refuse(self.at(key), value, self._wrong(key, value), "an object")
        return {}

    def entries(self) -> Iterable[tuple[str, Any]]:
        """Every key that is not descriptive, for objects whose keys are data."""
        self._asked.update(self._values)
        return [(key, value) for key, value in self._values.items() if not is_descriptive(key)]

    def values(self) -> Iterable[tuple[str, Any]]:
        """Every key and value, without asking for any."""
        return self._values.items()

    def done(self) -> None:
        """Refuse every key that was not asked for and is not descriptive."""
        for key in self._values:
            if key not in self._asked and not is_descriptive(key):
                self.problems.append(unknown_name(self.at(key), key, self._asked, "key"))

    def _wrong(self, key: str, value: object) -> str:
        return f"is {shown(value)}" if key in self._values else "is missing"


class AnyName(dict[str, Any]):
    """What names are looked up in when what they name could not be read at all: that is said once."""

    def __contains__(self, name: object) -> bool:
        return True


def known_in(table: Mapping[str, T], problems: Iterable[Problem], *unread: str) -> Mapping[str, T]:
    """The table, or any name if one of these paths, where the table is, was refused as a whole."""
    return AnyName() if {problem.path for problem in problems} & {*unread} else table


def _is_id(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and is_number(value))


def is_number(value: object) -> bool:
    """A JSON number that a double can hold; true and false are none."""
    if type(value) is float:
        return math.isfinite(value)
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def exact_micros(value: object) -> int | None:
    """Seconds as written in whole microseconds; None if they are none."""
    if type(value) is int:
        return value * MICROS_PER_SECOND
    if not is_number(value):
        return None
    try:
        exact = Decimal(str(value)) * MICROS_PER_SECOND
    except InvalidOperation:
        return None
    return int(exact) if exact == exact.to_integral_value() else None
