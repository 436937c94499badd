"""`import theatrum` gives what it promises, and costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import theatrum


@pytest.mark.parametrize("name", theatrum.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(theatrum, name).__name__ == name


def test_a_name_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(AttributeError, match="theatrum has no Stage; it has Assignment"):
        theatrum.Stage  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'numpy', 'pydantic', 'sqlalchemy', 'thespian'}"
    code = f"import sys, theatrum; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_its_names_are_listed_before_they_are_used() -> None:
    """As a prompt completes them."""
    assert dir(theatrum) == sorted(theatrum.__all__)
