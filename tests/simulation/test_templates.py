"""An instance put together from its template's parts is the one written whole."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulation.definitions import templates
from simulation.definitions.instances import DEFINITIONS_KEPT_MAX, instance_of
from simulation.definitions.reading import unpack
from simulation.definitions.templates import Template, Templates
from simulation.definitions.world import hash_of
from simulation.units import WorldId

MINE = WorldId("mine")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["id", "meta", "npcs", "sessions", "flags", "Ä", "z\n", ""])


@given(document=st.dictionaries(KEYS, VALUES), user=st.none() | st.text(min_size=1))
def test_it_is_stored_and_hashed_as_the_whole_document_would_be(
    document: dict[str, Any], user: str | None
) -> None:
    wanted = instance_of(document, MINE, user)
    found = Template(json.dumps(document, ensure_ascii=False)).instance(MINE, user)
    assert found.text == json.dumps(wanted, ensure_ascii=False)
    assert found.definition_hash == hash_of(wanted)
    assert {**document, **found.own} == wanted


def test_it_has_the_templates_name_or_else_its_own_id() -> None:
    named, nameless = Template('{"id": "t", "name": "Town"}'), Template('{"id": "t"}')
    assert [made.instance(MINE, None).name for made in (named, nameless)] == ["Town", "mine"]


def test_its_first_sessions_are_its_users_or_else_the_templates() -> None:
    template = Template('{"id": "t", "sessions": [{"id": "s1"}]}')
    assert template.instance(MINE, None).sessions == [{"id": "s1"}]
    assert template.instance(MINE, "ann").sessions == [{"id": "ann", "userId": "ann"}]


def test_a_template_is_taken_apart_and_packed_once() -> None:
    kept = Templates()
    text = '{"id": "t"}'
    assert kept.of(text) is kept.of(text)
    assert kept.packed(text) is kept.packed(text)
    assert unpack(kept.packed(text)) == text
    assert unpack(kept.packed('{"id": "another"}')) == '{"id": "another"}'


def test_a_bounded_number_is_kept_the_last_used_ones(monkeypatch: Any) -> None:
    kept, texts = Templates(), [f'{{"id": "{n}"}}' for n in range(DEFINITIONS_KEPT_MAX + 1)]
    first, second = kept.of(texts[0]), kept.of(texts[1])
    for text in [*texts[2:-1], texts[0], texts[-1]]:
        kept.of(text)
    assert kept.of(texts[0]) is first
    assert kept.of(texts[1]) is not second
    monkeypatch.setattr(templates, "DOCUMENT_CHARS_MAX", 8)
    assert kept.of('{"id": "long"}') is not kept.of('{"id": "long"}')
