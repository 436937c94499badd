"""The `template` provider: short local texts, a pure function of the assignment. No network, no model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from generation.providers import Assignment

OPENINGS = (
    "Well, there you are.",
    "Mind the step, it's wet.",
    "I was just thinking about you.",
    "You won't believe what I heard.",
    "Not now - oh, go on then.",
    "Sit down a moment, if you can.",
)
MIDDLES = (
    "{activity} again, and the day not half done.",
    "They say {activity} keeps the heart young.",
    "I could do with company while I'm at {activity}.",
    "My mother never cared for {activity}, and look at me.",
    "It's a fine hour for {activity}.",
)
CLOSINGS = (
    "Tell me something good.",
    "Don't let the lamps go out.",
    "Ask me again tomorrow.",
    "You'll stay for a cup of something?",
    "And that's the whole of it.",
)
GESTURES = ("leans closer", "looks away, smiling", "straightens a sleeve", "laughs under the breath", "waits")


class TemplateProvider:
    name = "template"
    deterministic = True
    kinds = frozenset({"dialogue", "action_block", "scene", "image"})

    async def produce(self, assignment: Assignment) -> Mapping[str, Any]:
        params = assignment.params
        pick = _Picker(assignment.request_id)
        name = str(params.get("npcName") or assignment.npc_id or "Somebody")
        doing = str(params.get("activityName") or "").lower()
        place = str(params.get("locationId") or "").removeprefix("loc:").replace("_", " ")
        match assignment.kind:
            case "dialogue":
                lines = (pick(OPENINGS), pick(MIDDLES).format(activity=doing or "this"), pick(CLOSINGS))
                return {"provider": self.name, "speaker": name, "text": " ".join(lines)}
            case "action_block":
                steps = [
                    {"actor": name, "action": pick(GESTURES)},
                    {"actor": name, "action": f"goes on: {doing}" if doing else "goes on"},
                ]
                return {"provider": self.name, "steps": steps}
            case "scene":
                known = (f" at {place}" if place else "") + (f", busy with {doing}" if doing else "")
                return {
                    "provider": self.name,
                    "text": f"{name}{known}{';' if known else ''} {pick(GESTURES)}.",
                }
            case _:
                return {"provider": self.name, "description": ", ".join(filter(None, (name, doing, place)))}


class _Picker:
    """Choices that follow from the request id alone, one after another."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, options: Sequence[str]) -> str:
        self._count += 1
        drawn = blake2b(f"{self._seed}/{self._count}".encode(), digest_size=8).digest()
        return options[int.from_bytes(drawn, "big") % len(options)]
