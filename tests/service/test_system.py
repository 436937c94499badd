"""The actor system is started on a port of its own, or not at all."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from messages.service import ServiceSettings
from service.errors import Unstartable
from service.system import NAMED_WITHIN_S, ActorService, children, end_group, group_of, names_in, newest_of


def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    settings = ServiceSettings(
        database_url="sqlite:///x", redis_url="redis://y", namespace="n", main_pid=os.getpid()
    )
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(Unstartable, match=f"^Port {port} is in use: somebody else listens there.$"):
            ActorService.start(settings, port, b"k" * 32, tmp_path)


def test_a_whole_process_group_is_found_by_its_first_child_and_ended() -> None:
    """What a start that failed half-way must do with whatever it had started."""
    before = children()
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    first = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, start_new_session=True)
    group = group_of(children() - before)
    assert group == first.pid
    assert names_in(group)
    end_group(group)
    assert names_in(group) == set()
    first.communicate()


def test_no_new_group_is_nobody() -> None:
    assert group_of({os.getpid()}) == 0
    assert group_of(set()) == 0
    end_group(0)


def test_a_supervisor_that_dies_before_it_shows_its_name_is_missed_at_once() -> None:
    first = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    service = ActorService(None, None, 0)
    service.group, service._newest = first.pid, newest_of(first.pid)
    assert service._newest == first.pid
    assert not service._is_lost()
    first.kill()
    first.communicate()
    assert service._is_lost()


def test_a_process_that_never_shows_its_name_is_no_supervisor() -> None:
    first = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    service = ActorService(None, None, 0)
    service.group, service._newest = first.pid, first.pid
    service._joined_s -= NAMED_WITHIN_S
    assert service._is_lost()
    first.communicate(b"\n")


def test_a_client_notices_that_nobody_is_there_any_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as admin:
        client = ActorService(None, None, admin.getsockname()[1])
        client._looked_s = 0.0
        assert not client._is_lost()
    assert not client._is_lost(), "it has just looked"
    client._looked_s = 0.0
    assert client._is_lost()
