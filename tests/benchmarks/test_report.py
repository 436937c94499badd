"""What `make bench` writes and shows."""

from __future__ import annotations

import json

from benchmarks.report import Measure, document, table


def test_a_measure_is_met_by_its_target_in_its_direction() -> None:
    assert Measure("rate", 10.0, "a second", target=10.0).met is True
    assert Measure("rate", 9.0, "a second", target=10.0).met is False
    assert Measure("cost", 9.0, "ms", target=10.0, below=True).met is True
    assert Measure("cost", 11.0, "ms", target=10.0, below=True).met is False
    assert Measure("fact", 11.0, "ms").met is None
    assert Measure("unknown", None, "ms", target=10.0).met is None


def test_the_document_is_what_programs_are_promised() -> None:
    measures = [Measure("rate", 10.0, "a second", target=5.0, peers={"mesa": 1.0, "simpy": None})]
    assert json.loads(document({"cpu": "x"}, measures)) == {
        "machine": {"cpu": "x"},
        "measures": [
            {
                "name": "rate",
                "ours": 10.0,
                "unit": "a second",
                "peers": {"mesa": 1.0, "simpy": None},
                "target": 5.0,
                "met": True,
            }
        ],
    }


def test_the_table_says_what_is_missing_and_why() -> None:
    shown = table(
        [
            Measure("rate", 1234.5, "a second", target=5.0, peers={"mesa": 1.0, "simpy": None}),
            Measure("sleep", None, "ms", target=5.0, because="worlds do not sleep"),
        ]
    )
    assert "1,234" in shown
    assert "at least 5: met; mesa 1; simpy not installed" in shown
    assert "not measured: worlds do not sleep" in shown
