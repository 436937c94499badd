"""How the generation jobs of a world fared, for people and machines."""

from __future__ import annotations

from typing import Any

from messages.jobs import JobMetric, JobsShown

WAITED, MADE = "job:started", "job:completed"


def to_json(found: JobsShown) -> dict[str, Any]:
    """Requests by status, events by kind, and the two times in real seconds."""
    by_kind = {one.kind: one for one in found.metrics}
    return {
        "byStatus": found.counts,
        "events": {kind: one.count for kind, one in by_kind.items()},
        "waitedSeconds": _times(by_kind.get(WAITED)),
        "madeInSeconds": _times(by_kind.get(MADE)),
    }


def _times(one: JobMetric | None) -> dict[str, Any] | None:
    """None: nothing was timed yet."""
    if one is None or not one.timed:
        return None
    mean, longest = round(one.seconds / one.timed, 6), round(one.seconds_max, 6)
    return {"count": one.timed, "mean": mean, "max": longest}


def to_text(found: JobsShown) -> list[str]:
    """Four lines at most; none while the world asked for nothing."""
    value = to_json(found)
    lines = []
    if value["byStatus"]:
        listed = ", ".join(f"{count:,} {status}" for status, count in sorted(value["byStatus"].items()))
        lines.append(f"generation jobs: {listed}")
    if value["events"]:
        named = sorted((kind.removeprefix("job:"), count) for kind, count in value["events"].items())
        lines.append("job events: " + ", ".join(f"{count:,} {kind}" for kind, count in named))
    for name, times in (("waited", value["waitedSeconds"]), ("made in", value["madeInSeconds"])):
        if times:
            lines.append(f"jobs {name} {times['mean']:.3f} s on average, {times['max']:.3f} s at most")
    return lines
