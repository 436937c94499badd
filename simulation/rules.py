"""Rules asked of one person outside a decision: which does not hold, and which cannot be answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulation.conditions import Test
from simulation.person import Person
from simulation.plain import said_by


class RuleRaised(Exception):
    """A rule could not be answered: which one, and why."""

    def __init__(self, path: str, error: str) -> None:
        super().__init__(f"{path}: {error}")
        self.path = path
        self.error = error


def unmet(tests: Iterable[Test], person: Person) -> str | None:
    """The path of the first that does not hold, None if all do. Raises RuleRaised."""
    for test in tests:
        try:
            if not test.one(person):
                return test.path
        except (ArithmeticError, TypeError, ValueError, LookupError) as error:
            raise RuleRaised(test.path, said_by(error)) from error
    return None


def flag_missing(wanted: Iterable[str], flags: Mapping[str, Any]) -> str | None:
    """The first of these flags that is not set, or set to something empty."""
    return next((key for key in wanted if not flags.get(key)), None)
