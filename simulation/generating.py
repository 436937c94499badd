"""The `generate` effects of an activity as its beginning reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulation.definitions import CustomEffect
from simulation.definitions.fields import exact_micros
from simulation.units import Band, Micros


@dataclass(frozen=True, slots=True)
class Generate:
    """A `generate` effect: beginning the activity asks for content, by chance."""

    k: int
    kind: str
    band: Band
    chance: float
    component: str
    params: Mapping[str, Any]
    flag: str | None = None
    ttl: Micros | None = None
    coalesce_key: str | None = None


def generates_of(effects: Sequence[CustomEffect]) -> tuple[Generate, ...]:
    """Those of one activity; what is none of our keys is the provider's."""
    found = []
    for k, effect in enumerate(effects):
        if effect.type == "generate":
            params = dict(effect.params)
            kind = str(params.pop("kind"))
            found.append(
                Generate(
                    k=k,
                    kind=kind,
                    band=Band(params.pop("band", Band.AMBIENT)),
                    chance=float(params.pop("chance", 1.0)),
                    component=str(params.pop("component", COMPONENT_OF.get(kind, kind))),
                    flag=params.pop("flag", None),
                    ttl=_span(params.pop("ttlSeconds", None)),
                    coalesce_key=params.pop("coalesceKey", None),
                    params=params,
                )
            )
    return tuple(found)


def _span(seconds: object) -> Micros | None:
    exact = exact_micros(seconds)
    return None if exact is None else Micros(exact)


COMPONENT_OF = {"dialogue": "dialogue", "action_block": "actionBlock"}
"""Where a result is written when the effect does not say."""
