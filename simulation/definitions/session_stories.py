"""What a session in a file keeps of stories: its inbox, chains, narratives and what they wait to ask for.

The rules of a running world pass over what is none of theirs; in a file it is refused, so that nothing that
somebody wrote is lost without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from simulation.definitions.fields import AnyName, Fields, at, is_descriptive
from simulation.definitions.kept import (
    COMPONENT_OF_CALLS,
    COMPONENT_OF_RESULT,
    HISTORY_MAX,
    INBOX_MAX,
    PENDING_MAX,
    QUEUES,
    STACK_MAX,
    VISITS_MAX,
    ChainOutcome,
    NarrativeOutcome,
    WaitsFor,
    is_request_of,
    queue_of,
)
from simulation.definitions.offers import PRIORITY, PRIORITY_MAX, Offered
from simulation.definitions.people import refuse_twins
from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.units import MICROS_PER_SECOND, NpcId

if TYPE_CHECKING:
    from simulation.definitions.hooks import Stories

COUNT_MAX = 2**53
"""Of completions, visits, days and the like: the largest whole number every reader of JSON holds exactly."""
RESULTS = (*COMPONENT_OF_RESULT.values(), COMPONENT_OF_CALLS)
"""Where content that was asked for may land."""


# -- the inbox


def read_inbox(fields: Fields, people: Collection[NpcId], stories: Stories) -> tuple[Mapping[str, Any], ...]:
    """Intents as the world writes them, the most urgent first."""

    def read(value: Any, path: str) -> dict[str, Any]:
        return _intent(Fields(value, path, fields.problems), people, stories)

    found = fields.each("inbox", read, INBOX_MAX)
    refuse_twins([intent["id"] for intent in found], fields.at("inbox"), fields.problems)
    return tuple(sorted(found, key=lambda one: (-one["priority"], one["createdAt"], one["id"])))


def _intent(fields: Fields, people: Collection[NpcId], stories: Stories) -> dict[str, Any]:
    given = [kind for kind in Offered if fields.has(kind)]
    if len(given) != 1:
        wrong = "names nothing to start" if not given else "names more than one thing to start"
        fields.refuse(fields.path, given, wrong, f"one of {', '.join(Offered)}")
    fields.ignore(*Offered)
    known = stories.by_kind()
    for kind in given:
        fields.reference(kind, known[kind], known[kind], kind.name.lower())
    created, expires = _required_time(fields, "createdAt"), _required_time(fields, "expiresAt")
    if fields.has("expiresAt") and expires <= created:
        allowed = f"later than createdAt, {created / MICROS_PER_SECOND:g}"
        fields.refuse(fields.at("expiresAt"), fields.raw("expiresAt"), "is too early", allowed)
    found = {
        **{key: value for key, value in fields.values() if value is not None},
        "id": fields.identifier("id"),
        "npcId": _person(fields, people),
        "priority": fields.whole("priority", 0, PRIORITY_MAX, PRIORITY),
        "createdAt": _seconds(created),
        "expiresAt": _seconds(expires),
        "surface": fields.identifier("surface"),
        "context": fields.mapping("context"),
    }
    fields.done()
    return found


def _person(fields: Fields, people: Collection[NpcId]) -> str | None:
    if not fields.has("npcId"):
        fields.refuse(fields.at("npcId"), None, "is missing", "a person's id")
    return fields.reference("npcId", people, people, "npc")


# -- what is personal


def check_stories(
    components: Mapping[str, Any], path: str, world_id: str, stories: Stories, notes: list[Problem]
) -> None:
    """Note what no rule of this world could have left in the personal components of stories."""
    if (kept := components.get("interactions")) is not None:
        _interactions(Fields(kept, at(path, "interactions"), notes), stories)
    if (run := components.get("narrative")) is not None:
        _run(Fields(run, at(path, "narrative"), notes), stories)
    for queue in QUEUES:
        if (listed := components.get(queue)) is not None:
            _queue(queue, Fields(listed, at(path, queue), notes), world_id)


def _interactions(fields: Fields, stories: Stories) -> None:
    if isinstance(fields.raw("chainProgress", {}), Mapping):
        progress = fields.within("chainProgress")
        for chain_id, value in progress.values():
            if isinstance(value, Mapping):
                _progress(chain_id, Fields(value, progress.at(chain_id), fields.problems), stories)
    stamps = fields.within("intents")
    for hook_id, value in stamps.values():
        if is_descriptive(hook_id) and not isinstance(value, Mapping):
            continue
        stamp = Fields(value, stamps.at(hook_id), fields.problems)
        stamp.micros("lastAt", 0)
        for key in ("day", "count"):
            _required_count(stamp, key)
        stamp.done()


def _progress(chain_id: str, fields: Fields, stories: Stories) -> None:
    """One that runs must be in a step there is; of one that ended, names may be gone since."""
    runs = fields.has("currentStep")
    chain = stories.chains.get(chain_id)
    if chain_id not in stories.chains:
        gone = unknown_name(fields.path, chain_id, stories.chains, "chain")
        fields.problems.append(gone if runs else _lenient(gone))
    if chain is not None:
        fields.reference("currentStep", chain.steps, chain.steps, "step")
    fields.ignore("currentStep")
    outcomes = tuple(map(str, ChainOutcome))
    fields.reference("outcome", outcomes, outcomes, "outcome")
    if runs == fields.has("outcome"):
        wrong = "runs and has ended" if runs else "neither runs nor has ended"
        fields.refuse(fields.path, None, wrong, "either a currentStep or an outcome")
    for key in ("startedAt", "lastStepAt"):
        _required_time(fields, key)
    fields.micros("lookAgainAt", 0)
    fields.whole("completionCount", 0, COUNT_MAX, 0)
    for key in ("completedSteps", "skippedSteps"):
        for n, step in enumerate(fields.texts(key)):
            if chain is not None and step not in chain.steps:
                fields.problems.append(
                    _lenient(unknown_name(at(fields.at(key), n), step, chain.steps, "step"))
                )
    if fields.has("because"):
        fields.text("because")
    fields.done()


def _run(fields: Fields, stories: Stories) -> None:
    """Where the two are in narratives; of a run that ended or failed, names may be gone since."""
    for key in ("visits", "steps"):
        _required_count(fields, key)
    _required_time(fields, "startedAt")
    outcomes = tuple(map(str, NarrativeOutcome))
    fields.reference("outcome", outcomes, outcomes, "outcome")
    fields.mapping("error")
    fields.mapping("variables")
    if fields.has("runId"):
        fields.identifier("runId")
    known = None if fields.has("error") else stories
    if fields.has("program"):
        _frame(fields, known)
    fields.ignore("program", "node", "waiting", "interruptedAt")
    fields.each("stack", lambda value, path: _framed(value, path, known, fields.problems), STACK_MAX)
    for n, entry in enumerate(fields.each("history", lambda value, _: value, HISTORY_MAX)):
        if not isinstance(entry, Mapping):
            fields.refuse(at(fields.at("history"), n), entry, f"is {shown(entry)}", "an object")
    for key in ("stack", "history"):
        if not fields.has(key):
            fields.refuse(fields.at(key), None, "is missing", "a list")
    fields.done()


def _framed(value: Any, path: str, known: Stories | None, notes: list[Problem]) -> None:
    frame = Fields(value, path, notes)
    _frame(frame, known)
    frame.done()


def _frame(fields: Fields, known: Stories | None) -> None:
    """A program, where it stands, and what it waits for. `known` None: its names may be gone."""
    program, node = fields.identifier("program"), fields.identifier("node")
    if known is not None and program and node:
        nodes = found.nodes if (found := known.narratives.get(program)) else AnyName()
        fields.reference("program", known.narratives, known.narratives, "narrative")
        fields.reference("node", nodes, nodes, "node")
    if not fields.has("variables"):
        fields.refuse(fields.at("variables"), None, "is missing", "an object")
    fields.mapping("variables")
    fields.micros("interruptedAt", 0)
    if not fields.has("waiting"):
        fields.refuse(fields.at("waiting"), None, "is missing", "an object")
        return
    waiting = fields.within("waiting")
    kinds = tuple(map(str, WaitsFor))
    if not waiting.has("for"):
        waiting.refuse(waiting.at("for"), None, "is missing", f"one of {', '.join(kinds)}")
    waiting.reference("for", kinds, kinds, "wait")
    _required_time(waiting, "since")
    for key in ("until", "checkedAt", "checkAt"):
        waiting.micros(key, 0)
    for key in ("seen", "requestId", "component"):
        if waiting.has(key):
            waiting.text(key)
    waiting.ignore("seen", "requestId", "component")
    waiting.mapping("answer")
    waiting.done()


def _queue(queue: str, fields: Fields, world_id: str) -> None:
    listed = list(fields.values())
    if len(listed) > PENDING_MAX:
        fields.refuse(fields.path, len(listed), f"has {len(listed)} entries", f"at most {PENDING_MAX}")
    for entry_id, value in listed:
        if not is_request_of(world_id, entry_id):
            allowed = f"{world_id}: and 32 hexadecimal digits"
            fields.refuse(fields.at(entry_id), entry_id, "is no request of this world", allowed)
        _entry(queue, Fields(value, fields.at(entry_id), fields.problems))


def _entry(queue: str, fields: Fields) -> None:
    for key in ("program", "nodeId"):
        fields.identifier(key)
    kinds = tuple(kind for kind in COMPONENT_OF_RESULT if queue_of(kind) == queue)
    for key, allowed in (("kind", kinds), ("component", RESULTS)):
        if not fields.has(key):
            fields.refuse(fields.at(key), None, "is missing", f"one of {', '.join(allowed)}")
        fields.reference(key, allowed, allowed, key)
    for key in ("askedAt", "expiresAt"):
        _required_time(fields, key)
    _required_count(fields, "visit", VISITS_MAX)
    fields.done()


# -- values


def _required_time(fields: Fields, key: str) -> int:
    if not fields.has(key):
        fields.refuse(fields.at(key), None, "is missing", "game seconds")
    return fields.micros(key, 0)


def _required_count(fields: Fields, key: str, most: int = COUNT_MAX) -> None:
    if not fields.has(key):
        fields.refuse(fields.at(key), None, "is missing", f"a whole number from 0 to {most}")
    fields.whole(key, 0, most, 0)


def _seconds(value: int) -> int | float:
    """Microseconds as the world writes them."""
    whole, rest = divmod(value, MICROS_PER_SECOND)
    return whole if rest == 0 else value / MICROS_PER_SECOND


def _lenient(problem: Problem) -> Problem:
    """What does no harm, since nothing goes on there: a warning."""
    return Problem(
        problem.path, problem.value, problem.message, problem.allowed, problem.nearest, warning=True
    )
