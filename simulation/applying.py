"""What each kind of input does to a world, or why it is refused. One function a kind, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from simulation import landing, metric_inputs, person_inputs, session_inputs, updating
from simulation.clock import ATTO_PER_MICRO, Clock
from simulation.definitions import ConfigInvalid
from simulation.definitions.fields import SECONDS_MAX, is_number
from simulation.definitions.problems import shown
from simulation.inputs import STEPS_MAX, Input, Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.reconfiguring import take_config
from simulation.stories import chain_inputs, intent_inputs, interaction_inputs, narrative_inputs
from simulation.tiers import TIERS, moves_for
from simulation.time_limit import owes_too_much
from simulation.units import (
    MICROS_PER_SECOND,
    InputKind,
    Micros,
    Mode,
    Tick,
    Tier,
)

if TYPE_CHECKING:
    from simulation.world import World

Applied = tuple[Verdict, Touches] | Looking
NOTHING: Touches = {}


def apply(world: World, item: Input) -> Applied:
    """Apply one input: its verdict and what the tiers must do about it, or whom it must see first."""
    return KINDS[item.kind](world, item.payload)


def _pause(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    changed, world.paused = not world.paused, True
    return granted(mode=str(world.mode), changed=changed), NOTHING


def _resume(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    changed, world.paused = world.paused, False
    return granted(mode=str(world.mode), changed=changed), NOTHING


def _step(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    ticks = payload.get("ticks", 1)
    if not isinstance(ticks, int) or isinstance(ticks, bool) or not 1 <= ticks <= STEPS_MAX:
        return refused(f"$.ticks is {shown(ticks)}", f"give a whole number from 1 to {STEPS_MAX}"), NOTHING
    if world.paused:
        return _paused(), NOTHING
    return _owing(world, replace(world.clock, steps_left=world.clock.steps_left + ticks)), NOTHING


def _advance(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    key = "realSeconds" if "realSeconds" in payload else "seconds"
    if payload.keys() - {key}:
        return refused(f"$ has the keys {', '.join(sorted(payload))}", "give seconds or realSeconds"), NOTHING
    if key == "seconds":
        span = _parts(payload.get(key), MICROS_PER_SECOND)
        allowed = f"game seconds above 0, up to {SECONDS_MAX:g}, with at most six decimals"
    else:
        span = _parts(payload.get(key), NANOS_PER_SECOND)
        allowed = f"real seconds above 0, up to {SECONDS_MAX:g}, with at most nine decimals"
    if span is None:
        return refused(f"$.{key} is {shown(payload.get(key))}", f"give {allowed}"), NOTHING
    if world.paused:
        return _paused(), NOTHING
    clock = world.clock
    asked = replace(clock, advance_left=Micros(span)) if key == "seconds" else _scaled(world, span)
    ticks = replace(asked, steps_left=0).ticks_owed(world.config.tick_atto, world.config.max_step_us)
    if ticks > STEPS_MAX:
        return refused(f"$.{key} takes {ticks} ticks", f"ask for at most {STEPS_MAX} at once"), NOTHING
    owes = Micros(clock.advance_left + asked.advance_left)
    return _owing(world, replace(asked, advance_left=owes)), NOTHING


def _scaled(world: World, nanos: int) -> Clock:
    """The clock that owes exactly so many real nanoseconds at the world's scale, and nothing else of an
    advance: what is below a microsecond is carried, as between standard ticks, and one interval is one
    tick."""
    clock, config = world.clock, world.config
    micros, carry = divmod(nanos * config.scale_nanos + clock.carry, ATTO_PER_MICRO)
    whole = Micros(-(-config.tick_atto // ATTO_PER_MICRO))
    fits = config.max_step_us is not None or clock.advance_left or whole * ATTO_PER_MICRO == config.tick_atto
    limit = clock.advance_limit if fits or not micros else whole
    return replace(clock, advance_left=Micros(micros), carry=carry, advance_limit=limit)


NANOS_PER_SECOND = 1_000_000_000
"""Real seconds are read to the nanosecond, as `tickIntervalSeconds` is."""


def _parts(value: object, of_second: int) -> int | None:
    """Seconds as written, in whole parts of one; None if that is no positive number of them."""
    text = str(value) if is_number(value) or isinstance(value, str) else ""
    try:
        seconds = Decimal(text if len(text) <= SECONDS_CHARS_MAX else "")
    except InvalidOperation:
        return None
    if not (seconds.is_finite() and 0 < seconds <= SECONDS_MAX):
        return None
    exact = seconds * of_second
    return int(exact) if exact == exact.to_integral_value() else None


SECONDS_CHARS_MAX = 28
"""Of seconds as written: as many digits as a `Decimal` keeps, and a double needs fewer."""


def _paused() -> Verdict:
    return refused("the world is paused, which freezes its time", "resume it first, or set mode=turn_based")


def _owing(world: World, clock: Clock) -> Verdict:
    """Take over what a clock owes, unless it leads beyond the time that a world can have. An explicit advance
    is answered when its last tick is committed."""
    if verdict := owes_too_much(clock, world.config):
        return verdict
    world.clock = clock
    until = Tick(world.tick + clock.ticks_owed(world.config.tick_atto, world.config.max_step_us))
    return granted(answer_at_tick=until, untilTick=until)


def _config(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    changes = payload.get("changes")
    if not isinstance(changes, Mapping) or not changes:
        return refused("$.changes is empty", 'give at least one key, such as {"timeScale": 30}'), NOTHING
    changed = _modal(world, changes)
    try:
        config = world.config.with_changes(changed)
    except ConfigInvalid as invalid:
        return refused(str(invalid), "nothing was changed"), NOTHING
    caps = {tier: config.tiers[tier].max_npcs for tier in TIERS}
    if verdict := _too_many(world, caps) or owes_too_much(world.clock, config):
        return verdict, NOTHING
    if "rules" in changes and (problems := world.moving.tiering.compile(config.rules)):
        return session_inputs.problem_verdict(problems), NOTHING
    differs = {key: value for key, value in changes.items() if not _is_so(world, key, value)}
    before = {tier: world.config.tiers[tier].max_npcs for tier in TIERS}
    take_config(world, config, mode_changed="mode" in changed)
    if caps != before:
        world.moving.add(moves_for(world.counts, caps, world.moving.tiering.ranks()))
    return granted(changed=differs), NOTHING


def _is_so(world: World, key: str, value: object) -> bool:
    """Whether a key has that value; a paused world has another mode than the one it goes on in."""
    change = _modal(world, {key: value})
    if "mode" in change and world.paused != (change["mode"] == Mode.PAUSED):
        return False
    try:
        return world.config.with_changes(change) == world.config
    except ConfigInvalid:  # what is allowed only beside others was not so before
        return False


def _modal(world: World, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes with `pauseSimulation` as the mode it means here."""
    found = dict(changes)
    if isinstance(found.get("pauseSimulation"), bool) and "mode" not in found:
        found["mode"] = str(Mode.PAUSED if found.pop("pauseSimulation") else world.base_mode)
    return found


def _too_many(world: World, caps: Mapping[Tier, int]) -> Verdict | None:
    room = 0
    for cap in caps.values():
        room += cap
    if world.people <= room:
        return None
    reason = f"the tiers would hold {room} of {world.people} people"
    return refused(reason, "raise tiers.dormant.maxNpcs in the same change")


KINDS: Mapping[InputKind, Callable[[World, Mapping[str, Any]], Applied]] = {
    InputKind.PAUSE: _pause,
    InputKind.RESUME: _resume,
    InputKind.STEP: _step,
    InputKind.ADVANCE: _advance,
    InputKind.CONFIG: _config,
    InputKind.GENERATION_RESULT: landing.land,
    InputKind.SESSION_JOIN: session_inputs.join,
    InputKind.SESSION_UPDATE: session_inputs.update,
    InputKind.SESSION_LEAVE: session_inputs.leave,
    InputKind.FLAGS: session_inputs.flags,
    InputKind.PERSON: person_inputs.change,
    InputKind.METRIC: metric_inputs.change,
    InputKind.CHAIN: chain_inputs.chain,
    InputKind.NARRATIVE: narrative_inputs.narrative,
    InputKind.INTERACT: interaction_inputs.interact,
    InputKind.INTENT: intent_inputs.intent,
    InputKind.WORLD_UPDATE: updating.update,
}
assert KINDS.keys() == set(InputKind), "every kind of input needs its function"
