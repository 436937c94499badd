"""How a world runs, for people to read: one key of its simulation block a line, as `config set` takes it."""

from __future__ import annotations

import json
from typing import Any


def to_text(config: dict[str, Any]) -> str:
    """Every key with its value; what is not set says what stands for it."""
    listed = sorted(_flat(config).items())
    return "\n".join(f"{key} = {_written(value)}{_meaning(key, value)}" for key, value in listed)


def _written(value: Any) -> str:
    """As `config set` takes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _meaning(key: str, value: Any) -> str:
    """What stands for a value that is not set."""
    return f"  ({UNSET.get(key.rpartition('.')[2], 'not set')})" if value is None else ""


UNSET = {
    "maxStepGameSeconds": "not set: a standard tick",
    "maxStalenessSeconds": "not set: the tier's decisionIntervalSeconds",
}


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            found.update(_flat(inner, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = inner
    return found
