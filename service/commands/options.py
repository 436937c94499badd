"""Options that several commands have, and how results are written."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from service.errors import FOLDER, WrongUse

Data = Annotated[Path, typer.Option("--data", help="The data folder of the service.", show_default=True)]
Json = Annotated[bool, typer.Option("--json", help="One JSON value on standard output, nothing else.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")]
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait for the answer.", min=0.1)]
DATA = FOLDER
OTHER_NAMES = {"expected-version": "expect-version", "out": "output"}
"""Of options: what they are called elsewhere, and here."""
NEGATIVES = {"ignore_unknown_options": True}
"""Context of a command with a number as argument: -5 is one, and no option that nobody knows."""

WorldId = Annotated[str, typer.Argument(metavar="WORLD", help="The world's id.")]
SessionId = Annotated[str, typer.Argument(metavar="SESSION", help="The player's session.")]
NpcId = Annotated[str, typer.Argument(metavar="NPC", help="The person's id.")]
Between = Annotated[
    str | None, typer.Option("--session", help="As it is for that player alone; default: for everybody.")
]
Expected = Annotated[
    int | None,
    typer.Option("--expect-version", help="Refuse unless the session has this version.", min=0),
]
Database = Annotated[str | None, typer.Option("--database", help="sqlite:/// or postgresql:// URL.")]


def expecting(version: int | None) -> dict[str, int]:
    """What an input says of the version that its sender has seen; nothing if no matter which."""
    return {} if version is None else {"expectedVersion": version}


def emit(value: Any, *, as_json: bool, text: str) -> None:
    """The result for whoever asked: a machine or a person."""
    sys.stdout.write((json.dumps(value, ensure_ascii=False, indent=1) if as_json else text) + "\n")


def pairs(given: list[str], example: str) -> dict[str, Any]:
    """What KEY=VALUE arguments say, each key once."""
    found: dict[str, Any] = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise WrongUse(f"{one!r} is no change", because=f"write key=value, such as {example}")
        if key in found:
            raise WrongUse(f"{key} is given twice", do="Give each key once.")
        found[key] = as_value(value)
    return found


def as_value(text: str) -> Any:
    """A value from the command line: JSON if it is, else the text itself. Raises WrongUse for JSON that
    cannot be read."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
    except (RecursionError, ValueError):
        because = "it is nested too deep, or has a number of thousands of digits"
        raise WrongUse(f"{text[:VALUE_SHOWN_CHARS_MAX]!r}... cannot be read", because=because) from None


VALUE_SHOWN_CHARS_MAX = 40
"""Of a value that cannot be read."""
