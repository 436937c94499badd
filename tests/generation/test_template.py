"""The text provider says what it was told, and leaves out what it was not."""

from __future__ import annotations

import asyncio
from typing import Any

from generation.providers import Assignment
from generation.template import GESTURES, TemplateProvider


def made(kind: str, **told: Any) -> Any:
    return asyncio.run(
        TemplateProvider().produce(Assignment("r1", "inn", "ada", kind, {"npcName": "Ada", **told}))
    )


def test_what_is_known_of_the_person_is_in_the_text() -> None:
    known = {"activityName": "Sweep", "locationId": "loc:long_hall"}
    assert made("image", **known)["description"] == "Ada, sweep, long hall"
    assert made("action_block", **known)["steps"][1] == {"actor": "Ada", "action": "goes on: sweep"}
    assert made("scene", **known)["text"] in {
        f"Ada at long hall, busy with sweep; {one}." for one in GESTURES
    }


def test_what_is_not_known_is_not_spoken_of() -> None:
    """A player may ask for a scene with somebody who does nothing, in a world without places."""
    assert made("image")["description"] == "Ada"
    assert made("action_block")["steps"][1] == {"actor": "Ada", "action": "goes on"}
    assert made("scene")["text"] in {f"Ada {one}." for one in GESTURES}
    assert made("scene", activityName="Sweep")["text"].startswith("Ada, busy with sweep; ")
    assert made("scene", locationId="hall")["text"].startswith("Ada at hall; ")
