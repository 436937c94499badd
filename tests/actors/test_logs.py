"""A log that nobody reads, or that finds no room, ends no process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors.logs import Outlet

SPEAKER = """
import sys
from actors.logs import configure, get_logger
configure("info", sys.argv[1])
log = get_logger("speaker")
for number in range(3):
    log.info("said", number=number)
    sys.stdout.write(f"{number}\\n")
"""


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("reader", ["is gone", "has no room"])
def test_a_process_goes_on_when_the_reader_of_its_log(reader: str, form: str) -> None:
    ours, theirs = os.pipe() if reader == "is gone" else (-1, os.open("/dev/full", os.O_WRONLY))
    if ours >= 0:
        os.close(ours)
    done = subprocess.run(
        [sys.executable, "-c", SPEAKER, form], check=False, stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    os.close(theirs)
    assert done.stdout.split() == ["0", "1", "2"]


def test_whatever_else_writes_there_goes_on_too(tmp_path: Path) -> None:
    """A reader that is gone is replaced by nothing, for the whole process."""
    ours, theirs = os.pipe()
    stream = os.fdopen(theirs, "wb")
    os.close(ours)
    outlet = Outlet(stream)
    outlet.write(b"lost")
    outlet.flush()
    stream.write(b"goes nowhere")
    stream.close()


def test_what_can_be_written_is(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        outlet = Outlet(stream)
        outlet.write("heard\n")
        outlet.flush()
    assert (tmp_path / "log").read_text() == "heard\n"
