"""The arq worker as a process: `python -m service.worker_process DATABASE REDIS NAMESPACE LEVEL FORMAT`."""

from __future__ import annotations

import sys

from actors.logs import configure
from actors.shell import die_with_parent, show_name

NAME = "th-worker"


def main(database: str, redis: str, namespace: str, level: str, form: str) -> int:
    """Run one worker that ends with the process that started it; the exit status."""
    die_with_parent()
    show_name(NAME)
    configure(level, form)
    from generation import worker

    return worker.main(database, redis, namespace)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:6]))
