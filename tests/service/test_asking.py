"""What no message can hold is refused in a sentence before anybody is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from messages.base import PAYLOAD_CHARS_MAX, PAYLOAD_KEYS_MAX
from service.commands.asking import ask
from service.commands.options import as_value
from service.errors import WrongUse
from simulation.units import InputKind
from stored import mark


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
        (
            "SubmitInput",
            {"kind": InputKind.FLAGS, "payload": {"flags": {"a": float("nan")}}},
            r"This cannot be sent: \$\.flags\.a: is nan; allowed: a number a double can hold",
        ),
        ("SubmitInput", {"kind": InputKind.FLAGS, "payload": {"flags": {"a": "\ud800"}}}, "half a letter"),
        ("SubmitInput", {"kind": InputKind.PAUSE, "idempotency_key": "a\0"}, "idempotency_key: the text"),
        (
            "SubmitInput",
            {"kind": InputKind.FLAGS, "payload": {"flags": {"a": "x" * PAYLOAD_CHARS_MAX}}},
            "at most 1,048,576",
        ),
        (
            "MakeAppointment",
            {"appointment_id": "a", "at": float("nan"), "kind": InputKind.STEP},
            "at cannot be sent",
        ),
        (
            "MakeAppointment",
            {"appointment_id": "a", "at": 1e300, "kind": InputKind.STEP},
            "at cannot be sent",
        ),
        ("OpenWorld", {"recall": 5}, "recall cannot be sent"),
        ("InstanceWorld", {"template": "inn", "user_id": " "}, "user_id cannot be sent: is no id"),
        ("InstanceWorld", {"template": "inn", "user_id": "x" * 201}, "at most 200 characters"),
        ("InstanceWorld", {"template": "inn", "user_id": "a\nb"}, "all of them printable"),
        ("RollBackWorld", {"ordinal": 2**63, "mark": mark(1)}, "ordinal cannot be sent"),
    ],
)
def test_it_names_the_field(question: str, fields: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=says):
        ask(tmp_path, question, world_id="inn", **fields)


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5_000], ids=["deep", "long"])
def test_json_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(WrongUse, match="nested too deep, or has a number of thousands of digits"):
        as_value(text)
