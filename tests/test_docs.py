"""What the documents say is true: worlds run, keys are the parser's, links lead somewhere."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.definitions import SimulationConfig, parse_world
from simulation.definitions.conditions import READERS
from simulation.definitions.schema import json_schema, typescript
from simulation.moods import NAMES

ROOT = Path(__file__).parent.parent
WORLD_FILE = (ROOT / "docs" / "world-file.md").read_text(encoding="utf-8")
FOLDERS = (".", "docs", "docs/decisions", "deploy", "examples", "examples/plugins/theatrum-weather")
MARKDOWN = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))
ASKING = frozenset(
    {"text", "identifier", "choice", "number", "optional_number", "whole", "micros", "thousandths"}
    | {"texts", "names", "each", "table", "within", "mapping", "raw", "has", "ignore", "_listed"}
)


def named(text: str) -> set[str]:
    """Every word in backticks, parts of dotted ones too."""
    found: set[str] = set()
    for quoted in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        found.update(re.findall(r"[A-Za-z_$][A-Za-z0-9_$]*", quoted))
    return found


@pytest.mark.parametrize("name", ["README.md", "docs/world-file.md"])
def test_the_worlds_in_the_documents_are_sound(name: str) -> None:
    blocks = re.findall(r"```json world\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        assert parse_world(json.loads(block), name).warnings == ()
        assert len(block.strip().splitlines()) <= 10


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def asked_keys() -> Iterator[tuple[str, str]]:
    """(file, key) of every key a reader of definitions asks for by a literal."""
    for path in sorted((ROOT / "simulation" / "definitions").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name in ASKING:
                    for argument in node.args:
                        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                            yield path.name, argument.value


def test_every_key_the_parser_reads_is_documented() -> None:
    words = named(WORLD_FILE)
    keys = {(file, key) for file, key in asked_keys() if re.fullmatch(r"[$a-z][A-Za-z_]*", key)}
    assert len(keys) > 80
    missing = sorted((file, key) for file, key in keys if key not in words and " " not in key)
    no_keys = ("mood", "tag", "key", "activity", "effect")
    missing = [(file, key) for file, key in missing if key not in no_keys]
    assert not missing, f"docs/world-file.md does not name {missing}"


def test_every_key_of_the_simulation_block_is_documented() -> None:
    words = named(WORLD_FILE)
    block = SimulationConfig().to_json()
    keys = {*block, *block["generation"], *block["tiers"], *block["tiers"]["active"]}
    assert not keys - words


def test_every_condition_and_mood_is_documented() -> None:
    assert not {*READERS, *NAMES} - named(WORLD_FILE)


def test_the_schemas_are_those_of_the_model() -> None:
    """`python -m simulation.definitions.schema docs/schema` writes them anew."""
    folder = ROOT / "docs" / "schema"
    assert (folder / "simulation.schema.json").read_text(encoding="utf-8") == json_schema()
    assert (folder / "simulation.ts").read_text(encoding="utf-8") == typescript()


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    lost = [target for target in targets if "://" not in target and not (path.parent / target).exists()]
    assert not lost
