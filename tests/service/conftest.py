"""Every test logs to the standard error of its own time."""

from __future__ import annotations

import pytest

from actors.logs import configure


@pytest.fixture(autouse=True)
def logs(capsys: pytest.CaptureFixture[str]) -> None:
    configure("error", "console")
