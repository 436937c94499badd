"""Logs: structlog to standard error, JSON or for people; a disabled level costs one comparison."""

from __future__ import annotations

import logging
import os
import sys
from typing import IO, Any

import orjson
import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("console", "json")
_level = logging.INFO


class Outlet:
    """Standard error, or nothing once nobody reads it: a world does not end because its log did. What a full
    disk does not take is lost."""

    def __init__(self, stream: IO[Any]) -> None:
        self._stream = stream

    def write(self, line: Any) -> None:
        try:
            self._stream.write(line)
        except OSError as error:
            self._close(error)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._close(error)

    def _close(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, self._stream.fileno())
            os.close(nothing)


def configure(level: str, form: str) -> None:
    """Set up this process's logs; the last call counts."""
    global _level  # noqa: PLW0603  one setting of the process, as structlog's own is
    _level = LEVELS[level]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if form == "json":
        rendering: list[Any] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_to_bytes),
        ]
        factory: Any = structlog.BytesLoggerFactory(file=Outlet(sys.stderr.buffer))  # type: ignore[arg-type]
    else:
        plain = structlog.dev.plain_traceback  # the rich one shows locals: pages of them, secrets too
        rendering = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
        factory = structlog.PrintLoggerFactory(file=Outlet(sys.stderr))  # type: ignore[arg-type]
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(_level),
        logger_factory=factory,
        cache_logger_on_first_use=False,
    )


def _to_bytes(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS)


def get_logger(name: str) -> Any:
    """A logger that says who speaks. Call it after `configure`."""
    return structlog.get_logger().bind(process=name)


def is_enabled(level: str) -> bool:
    """Whether events of this level are written: ask before making one on the hot path."""
    return LEVELS[level] >= _level
