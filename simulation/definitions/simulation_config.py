"""`meta.simulation`: the block that says how a world runs. One Pydantic model; JSON Schema and TypeScript
follow it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError
from pydantic.alias_generators import to_camel

from simulation.clock import ATTO_PER_MICRO
from simulation.definitions.fields import at, is_descriptive, is_number
from simulation.definitions.problems import ConfigInvalid, Problem, shown, unknown_name
from simulation.units import MICROS_PER_SECOND, GenerationMode, Micros, Mode, Tier

DECIMALS_MAX = 9
"""Of an interval and of a scale: their product is a whole number of 1e-18 seconds, so no tick is ever
rounded."""
ATTO_PER_SECOND = 10**18


def _exact(value: object) -> Decimal:
    """A JSON number as the decimal that was written."""
    if isinstance(value, Decimal):
        return value
    if not is_number(value):
        raise ValueError("a finite number")
    exact = Decimal(str(value))
    if not _has_decimals(exact, DECIMALS_MAX):
        raise ValueError(f"a number with at most {DECIMALS_MAX} decimals")
    return exact


def _has_decimals(exact: Decimal, most: int) -> bool:
    """Whether it has at most so many, however large it is."""
    exponent = exact.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -most


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


Exact = Annotated[Decimal, BeforeValidator(_exact), PlainSerializer(_plain)]
Whole = Annotated[int, Field(strict=True)]


class Block(BaseModel):
    """Closed and frozen; keys are camelCase. Descriptive keys are kept."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=to_camel,
        populate_by_name=False,
        use_enum_values=False,
        ignored_types=(cached_property,),
    )


class TierConfig(Block):
    """How many people a tier holds, how often they decide, and how the budget is shared."""

    max_npcs: Annotated[Whole, Field(ge=0, le=10_000_000)]
    decision_interval_seconds: Annotated[Exact, Field(gt=0, le=10**9)]
    weight: Annotated[Whole, Field(ge=1, le=1000)]
    max_staleness_seconds: Annotated[Exact, Field(ge=0, le=10**9)] | None = None
    """None: the decision interval."""
    detail: str = ""

    @cached_property
    def interval_us(self) -> Micros:
        return Micros(max(1, int(self.decision_interval_seconds * MICROS_PER_SECOND)))

    @cached_property
    def staleness_us(self) -> Micros:
        bound = self.max_staleness_seconds
        return self.interval_us if bound is None else Micros(int(bound * MICROS_PER_SECOND))


TIER_DEFAULTS: Mapping[str, Mapping[str, int]] = {
    Tier.DETAILED: {"maxNpcs": 20, "decisionIntervalSeconds": 60, "weight": 8},
    Tier.ACTIVE: {"maxNpcs": 100, "decisionIntervalSeconds": 300, "weight": 4},
    Tier.AMBIENT: {"maxNpcs": 500, "decisionIntervalSeconds": 1800, "weight": 2},
    Tier.DORMANT: {"maxNpcs": 5000, "decisionIntervalSeconds": 7200, "weight": 1},
}
assert list(TIER_DEFAULTS) == list(Tier), "every tier needs its defaults"


class GenerationConfig(Block):
    """How generation requests are bounded, and when results land. `*Seconds` are real seconds."""

    mode: GenerationMode = GenerationMode.LIVE
    lockstep_ticks: Annotated[Whole, Field(ge=1, le=1000)] = 5
    lockstep_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    queue_max: Annotated[Whole, Field(ge=0, le=10_000)] = 200
    per_world_in_flight: Annotated[Whole, Field(ge=1, le=1000)] = 8
    per_user_in_flight: Annotated[Whole, Field(ge=1, le=1000)] = 2
    deferred_max: Annotated[Whole, Field(ge=0, le=10_000)] = 200
    deadline_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300.0


def _tier_blocks() -> dict[Tier, TierConfig]:
    return {tier: TierConfig.model_validate(TIER_DEFAULTS[tier]) for tier in Tier}


class WorldSimulationConfig(Block):
    """The whole block. Every key has a default and may be changed while the world runs, by an input."""

    time_scale: Annotated[Exact, Field(gt=0, le=100_000)] = Decimal(60)
    """Game seconds per real second."""
    max_npc_ticks_per_step: Annotated[Whole, Field(ge=1, le=10_000_000)] = 50
    max_job_ops_per_step: Annotated[Whole, Field(ge=0, le=10_000)] = 10
    tick_interval_seconds: Annotated[Exact, Field(gt=0, le=86_400)] = Decimal(1)
    """Real seconds between live ticks."""
    tiers: dict[Tier, TierConfig] = Field(default_factory=_tier_blocks)
    mode: Mode = Mode.REAL_TIME
    seed: Annotated[Whole, Field(ge=0, lt=2**64)] | None = None
    """None: made from the world's id."""
    missed_tick_policy: Literal["catch_up", "skip", "slow", "fail"] = "catch_up"
    max_catch_up_ticks: Annotated[Whole, Field(ge=1, le=10_000)] = 5
    downtime_policy: Literal["freeze", "catch_up"] = "freeze"
    max_step_game_seconds: Annotated[Exact, Field(gt=0, le=10**9)] | None = None
    """The longest tick of an explicit advance. None: a standard tick."""
    snapshot_every_seconds: Annotated[float, Field(gt=0, le=86_400)] = 30.0
    idle_policy: Literal["run", "sleep"] = "run"
    generation: GenerationConfig = Field(default_factory=GenerationConfig)
    rules: tuple[dict[str, Any], ...] = ()
    max_chain_ops_per_step: Annotated[Whole, Field(ge=1, le=1_000_000)] = 50
    """Chains that one tick brings up to now."""
    max_narrative_ops_per_step: Annotated[Whole, Field(ge=1, le=1_000_000)] = 200
    """Nodes that all narratives of a world enter in one tick."""
    max_intent_ops_per_step: Annotated[Whole, Field(ge=1, le=1_000_000)] = 50
    """Causes of intents that one tick serves, and inboxes that it clears of expired ones."""

    @property
    def npc_budget(self) -> int:
        return self.max_npc_ticks_per_step

    @property
    def job_budget(self) -> int:
        return self.max_job_ops_per_step

    @cached_property
    def tick_atto(self) -> int:
        """A standard tick in 1e-18 game seconds, exact."""
        return int(self.tick_interval_seconds * self.time_scale * ATTO_PER_SECOND)

    @cached_property
    def scale_nanos(self) -> int:
        """Billionths of a game second in a real second, exact."""
        return int(self.time_scale * 10**9)

    @cached_property
    def max_step_us(self) -> Micros | None:
        step = self.max_step_game_seconds
        return None if step is None else Micros(max(1, int(step * MICROS_PER_SECOND)))

    @cached_property
    def interval_ns(self) -> int:
        """Real nanoseconds between live ticks."""
        return int(self.tick_interval_seconds * 10**9)

    @cached_property
    def snapshot_every_ns(self) -> int:
        """Real nanoseconds between snapshots."""
        return int(self.snapshot_every_seconds * 1e9)

    @classmethod
    def parse(cls, block: object, path: str = "meta.simulation", source: str = "") -> WorldSimulationConfig:
        """The block as a model. Raises ConfigInvalid with every problem and its path."""
        problems: list[Problem] = []
        found = cls.read(block, path, problems)
        if found is None:
            raise ConfigInvalid(source, problems)
        return found

    @classmethod
    def read(cls, block: object, path: str, problems: list[Problem]) -> WorldSimulationConfig | None:
        """The block as a model, or None with the problems noted."""
        if not isinstance(block, Mapping):
            problems.append(Problem(path, block, f"is {shown(block)}", "an object"))
            return None
        found: list[Problem] = []
        filled = _filled(block, path, found)
        try:
            config = cls.model_validate(filled)
        except ValidationError as error:
            problems.extend([*found, *(_problem(path, detail, filled) for detail in error.errors())])
            return None
        found.extend(_unknown_keys(config, path))
        if config.tick_atto < ATTO_PER_MICRO:
            message = "tickIntervalSeconds x timeScale is below a microsecond"
            found.append(Problem(at(path, "timeScale"), block.get("timeScale"), message, "at least 0.000001"))
        problems.extend(found)
        return None if found else config

    def with_changes(self, changes: Mapping[str, Any]) -> WorldSimulationConfig:
        """With dotted keys changed, such as `tiers.active.maxNpcs`. Raises ConfigInvalid; nothing changes
        then."""
        block = self.to_json()
        for key, value in changes.items():
            *parents, last = key.split(".")
            inner: Any = block
            for parent in parents:
                inner = inner.setdefault(parent, {}) if isinstance(inner, dict) else None
            if not isinstance(inner, dict):
                raise ConfigInvalid("", [unknown_name(key, key, self.to_json(), "key")])
            inner[last] = value
        return WorldSimulationConfig.parse(block, "meta.simulation")

    def to_hash(self) -> dict[str, Any]:
        """What the state hash covers: keys of a later version count only where they are set, so that they
        move no world that does not use them."""
        whole = self.to_json()
        return {key: value for key, value in whole.items() if key not in LATER or value != LATER[key]}

    def to_json(self) -> dict[str, Any]:
        """Every key with its value, camelCase; `parse` takes it back."""
        return self.model_dump(mode="json", by_alias=True)


SimulationConfig = WorldSimulationConfig
"""What it is called in here; its whole name is that in the JSON Schema, in TypeScript and for embedders."""

LATER: Mapping[str, Any] = {
    "maxChainOpsPerStep": 50,
    "maxNarrativeOpsPerStep": 200,
    "maxIntentOpsPerStep": 50,
}
"""Key of the block that came after the first version -> its default as JSON."""


def _filled(block: Mapping[str, Any], path: str, problems: list[Problem]) -> dict[str, Any]:
    """The block with each tier's own defaults, and `pauseSimulation` as the mode it means."""
    filled = dict(block)
    pause = filled.pop("pauseSimulation", False)
    if not isinstance(pause, bool):
        problems.append(Problem(at(path, "pauseSimulation"), pause, f"is {shown(pause)}", "true or false"))
    elif pause:
        filled["mode"] = str(Mode.PAUSED)
    tiers = block.get("tiers", {})
    if not isinstance(tiers, Mapping):
        return filled
    problems.extend(
        unknown_name(at(at(path, "tiers"), name), name, TIER_DEFAULTS, "tier")
        for name in tiers
        if name not in TIER_DEFAULTS and not is_descriptive(name)
    )
    filled["tiers"] = {
        str(tier): {**defaults, **given} if isinstance(given := tiers.get(tier, {}), Mapping) else given
        for tier, defaults in TIER_DEFAULTS.items()
    }
    return filled


def _problem(path: str, detail: Any, block: Any) -> Problem:
    where = path
    for part in detail["loc"]:
        if part not in ("function-before[_exact()", "constrained-decimal", "[key]"):
            where = at(where, part)
    value = detail.get("input")
    return Problem(where, value, f"is {shown(value)}", _allowed(detail))


def _allowed(detail: Any) -> str:
    """What would have been right, in our words where Pydantic's are about `input`."""
    bounds = detail.get("ctx", {})
    for name, word in (("gt", "above"), ("ge", "at least"), ("lt", "below"), ("le", "at most")):
        if name in bounds:
            return f"a number {word} {bounds[name]}"
    if (said := KINDS.get(detail["type"])) is not None:
        return said
    return str(detail["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")


KINDS = {
    "dict_type": "an object",
    "model_type": "an object",
    "tuple_type": "a list",
    "string_type": "a text",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number a double can hold",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
}
"""What Pydantic calls a wrong kind of value -> what a JSON file should have."""


def _unknown_keys(config: BaseModel, path: str) -> list[Problem]:
    """Extra keys that are not descriptive, in the block and the blocks in it."""
    fields = type(config).model_fields
    known = [str(info.alias or name) for name, info in fields.items()]
    found = [
        unknown_name(at(path, key), key, known, "key")
        for key in config.model_extra or {}
        if not is_descriptive(key)
    ]
    for name, info in fields.items():
        value = getattr(config, name)
        inner = at(path, str(info.alias or name))
        if isinstance(value, BaseModel):
            found.extend(_unknown_keys(value, inner))
        elif name == "tiers":
            for tier, block in value.items():
                found.extend(_unknown_keys(block, at(inner, str(tier))))
    return found
