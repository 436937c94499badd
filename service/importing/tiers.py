"""A behaviour file's `simulationConfig` as `meta.simulation`: its own tiers among ours, its priority rules as
tier rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.importing.aside import FREE
from service.importing.report import Report
from simulation.definitions import SimulationConfig
from simulation.definitions.fields import is_number
from simulation.units import Tier

PATH = "simulationConfig"
PLACES: Mapping[int, tuple[Tier, ...]] = {
    1: (Tier.DETAILED,),
    2: (Tier.DETAILED, Tier.DORMANT),
    3: (Tier.DETAILED, Tier.ACTIVE, Tier.DORMANT),
}
"""How many tiers a file has -> ours, the most frequent first; four or more: all four, the rest ambient."""
DEFAULTS = SimulationConfig()
"""What a block means that says nothing of a key."""
TEMPLATES = ("{npc.id}", "{npc.location}", "{npc.locationId}")


def simulation_of(config: Mapping[str, Any], people: int, report: Report) -> dict[str, Any]:
    """The block, and under `x-import-default-tier` the tier of people no rule concerns."""
    found: dict[str, Any] = {}
    tiers = _tiers(config, report)
    blocks = {str(tier): block for tier, block in tiers.values() if block}
    default = tiers.get(str(config.get("defaultTier")))
    if default is not None:
        name = str(default[0])
        block = blocks.setdefault(name, {})
        if people > block.get("maxNpcs", DEFAULTS.tiers[default[0]].max_npcs):
            block["maxNpcs"] = people
        found["x-import-default-tier"] = name
        report.became(f"{PATH}.defaultTier", f"npcs[].components.behavior.simulationTier {name}")
    if blocks:
        found["tiers"] = blocks
    budget = config.get("maxNpcsPerTick")
    if isinstance(budget, int) and not isinstance(budget, bool) and budget > 0:
        found["maxNpcTicksPerStep"] = budget
        report.became(f"{PATH}.maxNpcsPerTick", "meta.simulation.maxNpcTicksPerStep")
    rules, aside = _rules(config, tiers, report)
    if rules:
        found["rules"] = rules
    if aside:
        found[f"{FREE}priorityRules"] = aside
    for key, value in config.items():
        if key not in ("version", "tiers", "defaultTier", "maxNpcsPerTick", "priorityRules"):
            report.lost(f"{PATH}.{key}", "nothing here corresponds to it; kept beside")
            found[f"{FREE}{key}"] = value
    return found


def _tiers(config: Mapping[str, Any], report: Report) -> dict[str, tuple[Tier, dict[str, Any]]]:
    """Id -> our tier and its block; the more often people of a tier are looked at, the finer."""
    listed = config.get("tiers", [])
    given = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    ranked = sorted(given, key=lambda one: (_frequency(one) or 0.0, str(one.get("id"))))
    ours = PLACES.get(len(ranked)) or tuple(
        Tier.DORMANT if n == len(ranked) - 1 else list(Tier)[min(n, 2)] for n in range(len(ranked))
    )
    found: dict[str, tuple[Tier, dict[str, Any]]] = {}
    taken: set[Tier] = set()
    for tier, one in zip(ours, ranked, strict=True):
        block: dict[str, Any] = {}
        if tier not in taken:
            block = {"detail": str(one.get("detailLevel", ""))}
            if (every := _frequency(one)) is not None:
                block["decisionIntervalSeconds"] = every
            if isinstance(one.get("maxNpcs"), int):
                block["maxNpcs"] = one["maxNpcs"]
        note = "joins a tier that is there already" if tier in taken else ""
        taken.add(tier)
        found[str(one.get("id"))] = tier, block
        report.became(f"{PATH}.tiers.{one.get('id')}", f"meta.simulation.tiers.{tier}", note)
    return found


def _frequency(tier: Mapping[str, Any]) -> float | None:
    value = tier.get("tickFrequencySeconds")
    return float(value) if isinstance(value, int | float) and is_number(value) and value > 0 else None


def _rules(
    config: Mapping[str, Any], tiers: Mapping[str, tuple[Tier, dict[str, Any]]], report: Report
) -> tuple[list[dict[str, Any]], list[Any]]:
    """(tier rules, those that are none)."""
    found: list[dict[str, Any]] = []
    aside: list[Any] = []
    listed = config.get("priorityRules", [])
    for n, rule in enumerate(listed if isinstance(listed, list) else []):
        path = f"{PATH}.priorityRules[{n}]"
        if not isinstance(rule, Mapping) or str(rule.get("tier")) not in tiers:
            report.lost(path, "names no tier of this file; kept beside")
            aside.append(rule)
            continue
        when = _when(rule.get("condition"))
        if when is None:
            report.lost(path, "its condition is made in the other backend's code; write a tier rule for it")
            aside.append(rule)
            continue
        tier, priority = tiers[str(rule["tier"])][0], rule.get("priority", 0)
        whole = int(priority) if is_number(priority) else 0
        found.append({"id": f"import-{n + 1}", "when": when, "tier": str(tier), "priority": whole})
        report.became(path, f"meta.simulation.rules[{len(found) - 1}] {when['type']}")
    return found, aside


def _when(condition: object) -> dict[str, Any] | None:
    """What a tier rule asks in place of a condition that speaks of the player; None: nothing can."""
    if not isinstance(condition, Mapping):
        return None
    key, value = condition.get("key"), condition.get("value")
    match condition.get("type"):
        case "flag_exists" | "flag_equals" if key == "current_scene_npcs":
            return {"type": "in_scene"}
        case "flag_equals" if value in TEMPLATES:
            return {"type": "same_location"} if value != "{npc.id}" else None
        case "custom" if "quest" in str(condition.get("evaluatorId")):
            return {"type": "quest_target"}
        case "custom" | None:
            return None
        case "relationship_gt" if str(condition.get("npcIdOrRole")) in ("player", "role:player"):
            threshold = condition.get("threshold", 50)
            axis = condition.get("metric", "affinity")
            return {"type": "affinity_gt", "axis": axis, "threshold": threshold}
        case _:
            return {"type": "condition", "condition": dict(condition)}
