"""Logs: structlog to standard error, JSON or for people; a disabled level costs one comparison."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
FORMATS = ("console", "json")
_level = logging.INFO


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
        factory: Any = structlog.BytesLoggerFactory(file=sys.stderr.buffer)
    else:
        plain = structlog.dev.plain_traceback  # the rich one shows locals: pages of them, secrets too
        rendering = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
        factory = structlog.PrintLoggerFactory(file=sys.stderr)
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
