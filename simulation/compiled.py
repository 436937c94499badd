"""Loops over people compiled to machine code by Numba; without Numba the same loops run as plain Python.

No fastmath and no parallel loops: every operation is the IEEE or integer operation that is written, in the
order that it is written, so both give the same bits (docs/decisions/0011).

The machine code is kept on disk in a folder named after what all of this package says, since Numba itself
notices only changes of the file a function is in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

PACKAGE = Path(__file__).parent
CODE = PACKAGE / "__pycache__"
"""Where machine code is kept, beside the byte code."""

try:
    import numba

    COMPILES = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]
except ImportError:
    COMPILES = False

OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy", "_nrt": False}
"""Without Numba's own memory management: counting references to tables took longer than reading them. So
compiled functions make no arrays; they are given room for their results."""


def _code_folder() -> Path:
    """One folder for each state of the sources."""
    seen = blake2b(digest_size=8)
    for source in sorted(PACKAGE.glob("*.py")):
        seen.update(source.read_bytes())
    return CODE / f"machine-code-{seen.hexdigest()}"


CODE_FOLDER = _code_folder()

if COMPILES:
    numba.config.CACHE_DIR = str(CODE_FOLDER)  # type: ignore[attr-defined]


def compiled(function: Function) -> Function:
    """Compile on the first call, and keep the machine code for the next process."""
    if COMPILES:
        machine: Function = numba.njit(**OPTIONS)(function)
        return machine

    @wraps(function)
    def interpreted(*arguments: Any) -> Any:
        with np.errstate(over="ignore"):
            return function(*arguments)

    return interpreted  # type: ignore[return-value]


def inlined(function: Function) -> Function:
    """Compile as part of each compiled function that calls it: passing tables by value would cost more than
    most rules do."""
    if not COMPILES:
        return compiled(function)
    machine: Function = numba.njit(inline="always", **OPTIONS)(function)
    return machine
