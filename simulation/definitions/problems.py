"""What is wrong with a definition: where, what, what is allowed, and the nearest valid name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

PROBLEMS_MAX = 100
"""Problems listed of one file: enough to mend it in one go, few enough to read."""
PROBLEMS_READ_MAX = 1_000
"""Problems after which a file is read no further: it is another kind of file, or has one mistake all over."""
SHOWN_CHARS_MAX = 60
"""How much of a bad value is shown."""
NAMES_COMPARED_MAX = 10_000
"""Among more of them no near one is looked for: a running world answers, and its tick waits meanwhile."""
NAME_COMPARED_CHARS_MAX = 200
"""Of a name that names nothing; nobody's id is longer."""
INSIDE_CHARS_MIN = 4
"""Of a name that is looked for inside longer ones."""
ALLOWED_SHOWN_MAX = 12
"""How many allowed names are listed."""
WARNINGS_MAX = 1_000
"""Warnings of one file that differ in more than their place; beyond it they are only counted."""
PLACES_SHOWN_MAX = 4
"""Of a problem that is at many places of a file, as a million people may have it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. A warning does not keep a world from loading."""

    path: str
    value: object
    message: str
    allowed: str = ""
    nearest: str = ""
    warning: bool = False
    times: int = 1
    """At how many places of a list the same is wrong; `path` is the first."""
    also: tuple[str, ...] = ()
    """The next few of them."""

    def __str__(self) -> str:
        parts = [f"{self.path}: {self.message}" if self.path else self.message]
        if self.allowed:
            parts.append(f"allowed: {self.allowed}")
        if self.nearest:
            parts.append(f"did you mean {self.nearest!r}?")
        if self.times > 1:
            unnamed = self.times - 1 - len(self.also)
            rest = f" and {unnamed:,} more" if unnamed else ""
            parts.append(f"{self.times:,} times, also at {', '.join(self.also)}{rest}")
        return "; ".join(parts).replace("?; ", "? ")

    @property
    def alike(self) -> tuple[object, ...]:
        """What is the same for everything that is wrong in the same way at another place of a list."""
        return PLACE.sub("[]", self.path), self.message, self.allowed, self.nearest, self.warning

    def and_at(self, other: Problem) -> Problem:
        """Together with the same at another place."""
        also = (*self.also, other.path, *other.also)[: PLACES_SHOWN_MAX - 1]
        return replace(self, times=self.times + other.times, also=also)

    def to_json(self) -> dict[str, object]:
        return {
            "path": self.path,
            "value": shown(self.value),
            "message": self.message,
            "allowed": self.allowed,
            "nearest": self.nearest,
            "warning": self.warning,
            "times": self.times,
            "also": list(self.also),
        }


PLACE = re.compile(r"\[\d+\]")


def together(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, however many places of a list have it."""
    found: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        before = found.get(problem.alike)
        found[problem.alike] = problem if before is None else before.and_at(problem)
    return list(found.values())


def listed(problems: Sequence[Problem]) -> tuple[list[Problem], int]:
    """What is said of them, and how many are left out."""
    kinds = together(problems)
    unnamed = 0
    for problem in kinds[PROBLEMS_MAX:]:
        unnamed += problem.times
    return kinds[:PROBLEMS_MAX], unnamed


class DefinitionInvalid(ValueError):
    """Problems found, every one named."""

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        found = sorted(problems, key=lambda problem: (problem.warning, in_order(problem.path)))
        self.source = source
        self.problems = tuple(found[:PROBLEMS_MAX])
        self.listed, self.more = listed(found)
        self.ended = len([problem for problem in found if not problem.warning]) >= PROBLEMS_READ_MAX
        """Whether the file was read no further."""
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        source = f"{self.source}: " if self.source else ""
        lines = [
            f"warning: {source}{problem}" if problem.warning else f"{source}{problem}"
            for problem in self.listed
        ]
        if self.more:
            lines.append(f"and {self.more:,} more")
        if self.ended:
            lines.append("and the rest of it was not read")
        return "\n".join(lines)


class WorldFileInvalid(DefinitionInvalid):
    """A world file that cannot be loaded. Nothing of it was."""


class ConfigInvalid(DefinitionInvalid):
    """A simulation configuration, or a change of one, that is not allowed. Nothing was changed."""


class Notes(list[Problem]):
    """What is wrong with one file, as it is found. Full of errors, it ends the reading: nobody mends a
    thousand. Warnings end nothing: one that everybody has is one."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.errors = 0
        self.unlisted = 0
        """Warnings that found no room."""
        self._warned: dict[tuple[object, ...], int] = {}
        """Warning -> its place here."""

    def append(self, problem: Problem) -> None:
        if problem.warning:
            self._warn(problem)
            return
        super().append(problem)
        self.errors += 1
        if self.errors >= PROBLEMS_READ_MAX:
            raise WorldFileInvalid(self.source, self)

    def _warn(self, problem: Problem) -> None:
        place = self._warned.get(problem.alike)
        if place is not None:
            self[place] = self[place].and_at(problem)
        elif len(self._warned) < WARNINGS_MAX:
            self._warned[problem.alike] = len(self)
            super().append(problem)
        else:
            self.unlisted += 1

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.append(problem)


def in_order(path: str) -> list[tuple[int, str]]:
    """A key that sorts paths as a reader would: npcs[2] before npcs[10]."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path)]


def shown(value: object) -> str:
    """A bad value as JSON has it, short enough for one line."""
    text = WORDS.get(str(value), repr(value)) if value is None or isinstance(value, bool) else _written(value)
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 3] + "..."


WORDS = {"None": "null", "True": "true", "False": "false"}
"""What JSON calls them."""


def _written(value: object) -> str:
    """`repr` of what a file can hold; a number may have more digits than Python will write."""
    try:
        return repr(value)
    except ValueError:
        return "a number with thousands of digits"


def unknown_name(path: str, name: object, known: Iterable[str], what: str) -> Problem:
    """The problem of a name that names nothing, with the nearest one that does."""
    names = list(map(str, known))
    if len(names) > NAMES_COMPARED_MAX:
        return Problem(path, name, f"no {what} {shown(name)}", f"one of {len(names):,} names")
    names.sort()
    listed = ", ".join(names[:ALLOWED_SHOWN_MAX]) + (", ..." if len(names) > ALLOWED_SHOWN_MAX else "")
    return Problem(
        path,
        name,
        f"no {what} {shown(name)}",
        listed or f"no {what} is defined",
        nearest_of(str(name), names),
    )


def nearest_of(name: str, names: Sequence[str]) -> str:
    """The one that was probably meant, whatever its case; empty: none is near."""
    folded = {one.casefold(): one for one in reversed(names)}
    wanted = name[:NAME_COMPARED_CHARS_MAX].casefold()
    close = get_close_matches(wanted, folded, n=1)
    inside = () if len(wanted) < INSIDE_CHARS_MIN else (one for one in folded if wanted in one)
    return next((folded[one] for one in (*close, *inside)), "")
