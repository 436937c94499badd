"""The arq worker as a process of the service: `python -m service.worker_process`, told by its environment.

Not by its command line, which every user of the machine can read: a database URL may hold a password.
"""

from __future__ import annotations

import os
import sys

from actors.logs import configure
from actors.shell import die_with_parent, show_name

NAME = "th-worker"
PREFIX = "THEATRUM_WORKER_"
KEYS = ("DATABASE", "REDIS", "NAMESPACE", "LOG_LEVEL", "LOG_FORMAT")


def environment(database: str, redis: str, namespace: str, level: str, form: str) -> dict[str, str]:
    """What such a process is started with."""
    values = (database, redis, namespace, level, form)
    return {**os.environ, **{f"{PREFIX}{key}": value for key, value in zip(KEYS, values, strict=True)}}


def main() -> int:
    """Run one worker that ends with the process that started it; the exit status."""
    die_with_parent()
    show_name(NAME)
    database, redis, namespace, level, form = (os.environ[f"{PREFIX}{key}"] for key in KEYS)
    configure(level, form)
    from generation import worker
    from service.plugins import installed

    return worker.main(database, redis, namespace, plugins=installed())


if __name__ == "__main__":
    sys.exit(main())
