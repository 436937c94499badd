"""Amounts on the command line, judged before any world is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.commands.options import as_value
from service.errors import WrongUse

if TYPE_CHECKING:
    from simulation.units import Micros


def ticks_of(count: int, option: str) -> int:
    """How many ticks at once. Raises WrongUse."""
    from simulation.inputs import STEPS_MAX

    if not 1 <= count <= STEPS_MAX:
        raise WrongUse(f"{option} is {count}", because=f"it may be 1 to {STEPS_MAX:,}")
    return count


def micros_of(text: str, what: str, *, least: int = 0) -> Micros:
    """Game seconds as they are typed, in whole microseconds. Raises WrongUse."""
    from simulation.definitions.fields import SECONDS_MAX, exact_micros
    from simulation.units import MICROS_PER_SECOND, Micros

    found = exact_micros(as_value(text))
    if found is None or not least <= found <= SECONDS_MAX * MICROS_PER_SECOND:
        range_ = f"above 0, up to {SECONDS_MAX:,.0f}" if least else f"from 0 to {SECONDS_MAX:,.0f}"
        raise WrongUse(f"{what} is {text}", because=f"it may be game seconds {range_}, at most six decimals")
    return Micros(found)


def positive(text: str, what: str) -> int | float:
    """A number above 0, as it is typed. Raises WrongUse."""
    found = as_value(text)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < float("inf"):
        raise WrongUse(f"{what} is {text}", because="it may be a number above 0")
    return found
