"""One line a second that says how the worlds are. Pure: reports in, text out."""

from __future__ import annotations

from messages.service import StatusReported, WorldReport
from service.moments import seconds

WORLDS_NAMED_MAX = 3
"""Worlds with their own clock in the line; more of them are counted."""
TIERS = (("detailed", "D"), ("active", "A"), ("ambient", "M"), ("dormant", "Z"))
FAILED = ("failed", "expired", "dead")


def render(report: StatusReported, before: StatusReported | None, elapsed_s: float, width: int | None) -> str:
    """Worlds with their committed time, decisions a second, people by tier, jobs, lateness, troubles; cut to
    `width` characters, if it may not have more."""
    worlds = report.worlds
    parts = [_worlds(worlds), f"{_rate(report, before, elapsed_s):,.0f} decisions/s", _tiers(worlds)]
    parts += [_jobs(report.jobs), f"late {max((w.lateness_p99_ms for w in worlds), default=0):.0f} ms"]
    line = " | ".join(part for part in parts if part)
    if report.troubles:
        line += f" | ! {report.troubles[0]}"
    return line if width is None or len(line) <= width else line[: width - 3] + "..."


def _worlds(worlds: tuple[WorldReport, ...]) -> str:
    named = [_world(world) for world in worlds[:WORLDS_NAMED_MAX]]
    more = len(worlds) - len(named)
    return " · ".join(named) + (f" · {more} more" if more else "") if named else "no worlds"


def _world(world: WorldReport) -> str:
    clock = world.time_of_day.partition(" (")[0]
    day, _, rest = clock.partition(", ")
    short = f"{day} {rest.rpartition(', ')[2]}" if rest else seconds(world.world_time)
    mark = "" if world.status == "running" else f" [{world.status}]"
    return f"{world.world_id} {short}{mark}"


def _rate(report: StatusReported, before: StatusReported | None, elapsed_s: float) -> float:
    if before is None or elapsed_s <= 0:
        return 0.0
    total = _decisions(report) - _decisions(before)
    return max(0, total) / elapsed_s


def _decisions(report: StatusReported) -> int:
    total = 0
    for world in report.worlds:
        total += world.decisions
    return total


def _tiers(worlds: tuple[WorldReport, ...]) -> str:
    counts = dict.fromkeys((name for name, _ in TIERS), 0)
    for world in worlds:
        for name, count in world.people_by_tier.items():
            counts[name] = counts.get(name, 0) + count
    return " ".join(f"{letter}{counts[name]}" for name, letter in TIERS)


def _jobs(jobs: dict[str, int]) -> str:
    failed = 0
    for status in FAILED:
        failed += jobs.get(status, 0)
    queued = jobs.get("requested", 0) + jobs.get("admitted", 0) + jobs.get("queued", 0)
    parts = [f"{queued} queued", f"{jobs.get('running', 0)} running", f"{jobs.get('succeeded', 0)} done"]
    counted = (("failed", failed), ("cancelled", jobs.get("cancelled", 0)))
    parts += [f"{count} {name}" for name, count in counted if count]
    return f"jobs {' '.join(parts)}"
