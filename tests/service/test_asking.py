"""What no message can hold is refused in a sentence before anybody is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from messages.base import PAYLOAD_KEYS_MAX
from service.commands.asking import ask
from service.errors import WrongUse
from simulation.units import InputKind


@pytest.mark.parametrize(
    ("question", "fields", "says"),
    [
        ("ListPeople", {"start": 10**12}, "start cannot be sent"),
        ("ListPeople", {"limit": 0}, "limit cannot be sent"),
        (
            "SubmitInput",
            {"kind": InputKind.CONFIG, "payload": {str(n): n for n in range(PAYLOAD_KEYS_MAX + 1)}},
            "payload cannot be sent",
        ),
    ],
)
def test_it_names_the_field(question: str, fields: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=says):
        ask(tmp_path, question, world_id="inn", **fields)
