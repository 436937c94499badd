"""The simulation block for other languages: JSON Schema and TypeScript, generated from the one model.

`python -m simulation.definitions.schema docs/schema` writes both.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from simulation.definitions.fields import DESCRIPTIVE
from simulation.definitions.simulation_config import GenerationConfig, SimulationConfig, TierConfig

Schema = Mapping[str, Any]

BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
"""What a bound is called here -> what JSON Schema calls it."""


NAME = SimulationConfig.__name__
DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""What Pydantic writes."""

LEFT_OUT = {"required", "title", *BOUNDS}
DESCRIPTIVE_KEYS = f"^({'|'.join(sorted(DESCRIPTIVE))}|_.*|x-.*)$"


def json_schema() -> str:
    """JSON Schema of `meta.simulation` as it is written in a file."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """The same as an object: partial blocks, closed but for descriptive keys."""
    found: dict[str, Any] = _as_written(SimulationConfig.model_json_schema(by_alias=True))
    _add_bounds(found, SimulationConfig)
    for block in (GenerationConfig, TierConfig):
        _add_bounds(found["$defs"][block.__name__], block)
    found["properties"]["pauseSimulation"] = {"type": "boolean"}
    return {"$schema": DIALECT, "title": NAME, **found}


def _add_bounds(block: dict[str, Any], model: type[BaseModel]) -> None:
    """The bounds of decimals, which Pydantic leaves out."""
    for name, info in model.model_fields.items():
        for bound in info.metadata:
            for word, key in BOUNDS.items():
                if hasattr(bound, word):
                    value = getattr(bound, word)
                    block["properties"][info.alias or name][key] = value


def _as_written(part: Any) -> Any:
    """Pydantic's words for what the parser takes: no key is required, decimals are numbers and no texts."""
    if isinstance(part, list):
        return [_as_written(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {key: _as_written(value) for key, value in part.items() if key not in LEFT_OUT}
    if "properties" in part:
        kept["additionalProperties"] = False
        kept["patternProperties"] = {DESCRIPTIVE_KEYS: {}}
    options = kept.get("anyOf", [])
    if {"type": "number"} in options:
        options = [option for option in options if option.get("type") != "string"]
    if len(options) == 1:
        del kept["anyOf"]
        kept.update(options[0])
    elif options:
        kept["anyOf"] = options
    if kept.get("type") == "number" and isinstance(kept.get("default"), str):
        kept["default"] = json.loads(kept["default"])
    return kept


def typescript() -> str:
    """The same as TypeScript interfaces, every key optional."""
    whole = schema()
    blocks = {**whole["$defs"], NAME: whole}
    parts = [_declaration(name, block) for name, block in sorted(blocks.items())]
    return "// Generated from simulation/definitions/simulation_config.py. Do not edit.\n\n" + "\n".join(
        parts
    )


def _declaration(name: str, block: Schema) -> str:
    if "enum" in block:
        return f"export type {name} = {_union(block['enum'])};\n"
    lines = [f"  {key}?: {_type(inner)};" for key, inner in block["properties"].items()]
    return f"export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def _union(values: list[Any]) -> str:
    return " | ".join(json.dumps(value) for value in values)


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return _union(schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"])
    match schema.get("type"):
        case "array":
            return f"{_type(schema['items'])}[]"
        case "object":
            return _object(schema)
        case "integer" | "number":
            return "number"
        case str(name):
            return name
        case _:
            return "unknown"


def _object(schema: Schema) -> str:
    inner = schema.get("additionalProperties", True)
    value = _type(inner) if isinstance(inner, dict) else "unknown"
    key = _type(schema["propertyNames"]) if "propertyNames" in schema else "string"
    return f"Partial<Record<{key}, {value}>>" if "propertyNames" in schema else f"Record<{key}, {value}>"


def write(folder: Path) -> None:
    """Both files, in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "simulation.schema.json").write_text(json_schema(), encoding="utf-8")
    (folder / "simulation.ts").write_text(typescript(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
