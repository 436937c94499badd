"""What people want to start with a player: a chain, an interaction or a narrative, and how urgently."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import Micros

PRIORITY_MAX = 100
"""The most urgent there is."""
PRIORITY = 50
"""Of what says nothing."""
TTL_S = 3_600
"""Game seconds that an intent waits for the player where its author says nothing."""
SURFACE = "notification"
"""Where it is shown where its author says nothing."""


class Offered(StrEnum):
    """What an intent is to start. The value is the key that names it."""

    CHAIN = "chainId"
    INTERACTION = "interactionId"
    NARRATIVE = "narrativeId"


OTHER_KEYS = {"interaction": Offered.INTERACTION, "programId": Offered.NARRATIVE}
"""Other names of these keys."""


@dataclass(frozen=True, slots=True)
class Offer:
    path: str
    kind: Offered
    target: str
    priority: int
    ttl_us: Micros
    surface: str


def read_offer(fields: Fields) -> Offer:
    """The keys of an object that say what is wanted; exactly one names it."""
    keys = {**{str(kind): kind for kind in Offered}, **OTHER_KEYS}
    given = [key for key in keys if fields.has(key)]
    if len(given) != 1:
        wrong = "names nothing to start" if not given else "names more than one thing to start"
        fields.refuse(fields.path, given, wrong, f"one of {', '.join(Offered)}")
    fields.ignore(*keys)
    key = given[0] if given else ""
    surface = "preferredSurface" if fields.has("preferredSurface") else "surface"
    fields.ignore("surface", "preferredSurface")
    return Offer(
        path=fields.path,
        kind=keys.get(key, Offered.CHAIN),
        target=fields.identifier(key) if key else "",
        priority=fields.whole("priority", 0, PRIORITY_MAX, PRIORITY),
        ttl_us=fields.micros("ttlSeconds", TTL_S, low=1),
        surface=fields.identifier(surface, SURFACE),
    )


def check_offers(
    offers: Iterable[Offer], known: Mapping[Offered, Collection[str]], problems: list[Problem]
) -> None:
    """Note every offer of something that is not there."""
    for offer in offers:
        if offer.target and offer.target not in known[offer.kind]:
            what = offer.kind.name.lower()
            problems.append(unknown_name(f"{offer.path}.{offer.kind}", offer.target, known[offer.kind], what))
