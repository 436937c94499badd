"""The search for reference cycles, where much is made that is no garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LEFT_MAX = 32
"""Worlds that left and still take memory, a megabyte or two each: what they were is full of cycles, and is
looked for when so many have come together."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Without looking for cycles: it would look through a definition again and again while it is read, a
    quarter of the time that takes."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Lasting:
    """Keeps the worlds of a process out of the search: to look through 250 of them takes half a second, in
    which none of them ticks, and finds next to nothing."""

    def __init__(self) -> None:
        self._opened = self._left = 0

    def look(self, opened: int, here: int) -> None:
        """So many worlds were opened so far, and so many of them are here still."""
        if opened == self._opened:
            return
        self._opened = opened
        if opened - here - self._left >= LEFT_MAX:
            self._left = opened - here
            gc.unfreeze()
            gc.collect()
        gc.freeze()
