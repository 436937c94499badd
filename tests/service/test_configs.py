"""The simulation block is one key a line, and says what stands for what is not set."""

from __future__ import annotations

from service.configs import to_text


def test_keys_are_written_as_they_are_set_and_nothing_has_to_be_guessed() -> None:
    config = {
        "timeScale": 60,
        "mode": "paused",
        "maxStepGameSeconds": None,
        "tiers": {"active": {"weight": 4}},
    }
    assert to_text(config).splitlines() == [
        "maxStepGameSeconds = null  (not set: a standard tick)",
        "mode = paused",
        "tiers.active.weight = 4",
        "timeScale = 60",
    ]
    bound = {"tiers": {"active": {"maxStalenessSeconds": None}}}
    assert to_text(bound).endswith("= null  (not set: the tier's decisionIntervalSeconds)")
