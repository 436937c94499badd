"""World files on disk: read once, checked whole, before anything else happens."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from actors.garbage import uncollected
from messages.commits import Beginning
from service.errors import ServiceError, WrongUse
from service.plugins import installed
from simulation.definitions import (
    Problem,
    WorldDefinition,
    WorldFileInvalid,
    parse_world,
    read_document,
)
from simulation.definitions.reading import EXPORTED

WORLD_FILE_BYTES_MAX = 512 * 1024 * 1024
"""A million people, the most a world may have, as `theatrum generate` writes them; more is surely another
kind of file."""


SUFFIXES = (".json", ".thtr")
"""Of world files and exported worlds, as the documentation names them."""
YAML = (".yaml", ".yml")
FROM_YAML = (
    "JSON, such as `yq -o json {0} > {1}` makes of it, or where PyYAML is installed `python -c "
    "'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' < {0} > {1}`"
)


@dataclass(frozen=True, slots=True)
class LoadedWorld:
    path: Path
    text: str
    definition: WorldDefinition
    beginning: Beginning | None = None
    """The state of an exported world."""


def refusal(path: Path, message: str, allowed: str = "a JSON world file") -> WorldFileInvalid:
    """What is wrong with a file as a whole."""
    return WorldFileInvalid(str(path), [Problem("", str(path), message, allowed)])


def load(path: Path) -> LoadedWorld:
    """The world in a file. Raises WorldFileInvalid, whatever is wrong with the file."""
    source, body = str(path), body_of(path)
    if body.startswith(EXPORTED):
        from service.exported_files import opened  # the whole core, which plain files are read without

        return opened(path, body)
    with uncollected():
        definition = parse_world(read_document(body, source), source, installed())
    return LoadedWorld(path, body.decode("utf-8"), definition)


def looks_like_a_file(path: Path) -> bool:
    """Whether a file is meant, be it there or not, and not the id of a stored world."""
    # Not by methods of the path, which raise for a name that is too long.
    return os.path.exists(path) or path.suffix in SUFFIXES or len(path.parts) > 1


def body_of(path: Path) -> bytes:
    """What is in a file that may be a world's. Raises WorldFileInvalid."""
    try:
        if path.is_dir():
            raise refusal(path, "is a directory")
        size = path.stat().st_size
        if size > WORLD_FILE_BYTES_MAX:
            raise refusal(path, f"has {size} bytes", f"at most {WORLD_FILE_BYTES_MAX} bytes")
        if size == 0:
            raise refusal(path, "is empty")
        body = path.read_bytes()
    except FileNotFoundError:
        raise refusal(path, "does not exist") from None
    except OSError as error:
        raise refusal(path, f"cannot be read: {error.strerror}") from None
    if path.suffix.lower() in YAML and not body.lstrip().startswith(b"{"):
        names = (quote(str(path)), quote(str(path.with_suffix(".json"))))
        raise refusal(path, "is YAML, which is not read", FROM_YAML.format(*names))
    return body


def refuse_unwritable(path: Path, *, force: bool) -> None:
    """Before any work is done for it. Raises WrongUse for a file that cannot be written, or may not be."""
    if os.path.isdir(path):
        raise _unwritable(path, "it is a directory")
    if not os.path.isdir(path.parent):
        raise _unwritable(path, f"there is no folder {path.parent}")
    if os.path.exists(path) and not force:
        raise WrongUse(
            f"File {path} exists",
            because="nothing is overwritten unasked",
            do="Use --force, or name another file.",
        )


def write_whole(path: Path, body: bytes) -> None:
    """The file whole, or not at all. Raises WrongUse, and ServiceError where there is no room for it."""
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_bytes(body)
        new.replace(path)
    except OSError as error:
        raise unwritten(path, error) from None


def unwritten(path: Path, error: OSError) -> ServiceError:
    """What to say of a file that was not written: a full disk is not the fault of what was typed."""
    because = error.strerror or str(error)
    if error.errno in NO_ROOM:
        return ServiceError(f"File {path} cannot be written", because=because)
    return _unwritable(path, because)


NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def _unwritable(path: Path, because: str) -> WrongUse:
    return WrongUse(f"File {path} cannot be written", because=because)
