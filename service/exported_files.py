"""Exported worlds on disk: a definition and the state a world begins with here."""

from __future__ import annotations

from pathlib import Path

from actors.speech import mark_of, request_row
from messages.commits import Beginning, Snapshot
from service.plugins import installed
from service.world_files import LoadedWorld, refusal
from simulation.portable import NotPortable, Portable, open_portable


def opened(path: Path, body: bytes) -> LoadedWorld:
    """The world in such a file. Raises WorldFileInvalid."""
    try:
        return _begun(path, open_portable(body, str(path), installed()))
    except NotPortable as error:
        allowed = "a file as `theatrum world export` wrote it"
        raise refusal(path, f"is no exported world to go on with: {error}", allowed) from None


def _begun(path: Path, found: Portable) -> LoadedWorld:
    world = found.world
    standing = world.standing({tier: stage.fingerprint() for tier, stage in found.stages.items()})
    beginning = Beginning(
        mark=mark_of(standing),
        snapshot=Snapshot(tick=world.tick, ordinal=world.applied, body=found.snapshot),
        requests=tuple(
            request_row(request, world.config) for request in (world.requests.awaited or {}).values()
        ),
    )
    return LoadedWorld(path, found.text, found.definition, beginning)
