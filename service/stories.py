"""Where a narrative is, for people to read: what it says, what it waits for, and what came before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.moments import DayLengths, moment

HISTORY_SHOWN_MAX = 5
"""Lines of the history for a person to read; --json has all that is kept."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Now, and how moments of the world are told."""

    now: float
    lengths: DayLengths | None

    def until(self, found: dict[str, Any], key: str) -> str:
        """Until when; nothing where no moment is set. What is over already ends as time goes on."""
        at = found.get(key)
        if at is None:
            return ""
        return " until the next tick" if at <= self.now else f" until {moment(at, self.lengths)}"


def to_lines(npc_id: str, found: dict[str, Any] | None, clock: Clock) -> list[str]:
    """As `theatrum narrative show` shows it; None: nothing ever ran."""
    if found is None:
        return [f"no narrative ever ran with {npc_id} in this session"]
    lines = [_where(npc_id, found, clock)]
    if found["error"] is not None:
        lines.append(f"stopped by an error: {found['error']['rule']}: {found['error']['message']}")
    if "fails" in found:
        lines.append(f"it will stop: {found['fails']}")
    lines += [str(found[key]) for key in ("text", "prompt") if found.get(key)]
    for one in found.get("choices", ()):
        closed = "" if one["open"] else f" (closed: {one['because']})"
        lines.append(f"  {one['id']}: {one['text']}{closed}")
    lines += [f"interrupts {one['program']} at {one['node']}" for one in found["interrupted"]]
    for queue, entries in found["pending"].items():
        lines += [f"{queue}: {one.get('nodeId')}{clock.until(one, 'expiresAt')}" for one in entries.values()]
    for entry in found.get("history", ())[-HISTORY_SHOWN_MAX:]:
        chose = f", chose {entry['choice']}" if "choice" in entry else ""
        lines.append(f"  {moment(entry['at'], clock.lengths)} {entry['program']}: {entry['node']}{chose}")
    return lines


def _where(npc_id: str, found: dict[str, Any], clock: Clock) -> str:
    if found["node"] is None:
        return f"nothing runs with {npc_id}; the last one was {found['outcome']}"
    at = f"{found['program']} with {npc_id} is at {found['node']}"
    if "waitsFor" not in found:
        return at
    may = f"; may {', '.join(found['may'])}" if found["may"] else ""
    return f"{at}, waits for {found['waitsFor']}{clock.until(found, 'until')}{may}"
