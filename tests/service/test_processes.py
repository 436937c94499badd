"""What main keeps alive: restarted with backoff and a budget, found through a door, alone on its folder."""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from actors.supervision import ChildSpec
from service.door import DataFolder, Door, free_port, listens
from service.errors import ServiceError, ServiceNotRunning, Unstartable, WrongUse
from service.processes import Kept
from service.settings import Settings

SPEC = ChildSpec("helper", "a helper", restarts_max=3, window_s=60, backoff_s=1.0, backoff_max_s=4.0)


@dataclass
class Process:
    alive: bool = True
    stopped: bool = False

    def is_alive(self) -> bool:
        return self.alive

    def stop(self) -> None:
        self.stopped = True


class Starter:
    def __init__(self) -> None:
        self.started: list[Process] = []

    def __call__(self) -> Process:
        self.started.append(Process())
        return self.started[-1]


def test_a_process_that_ended_is_started_again_later_and_later() -> None:
    starter = Starter()
    kept = Kept(SPEC, starter)
    times = []
    for now in range(12):
        if starter.started and kept.process is not None:
            starter.started[-1].alive = False
        try:
            if kept.look(float(now)):
                times.append(now)
        except ServiceError:
            break
    assert times == [0, 1, 3, 6], "at once, then after 1 s, then after 2 s"
    assert all(process.stopped for process in starter.started)


def test_one_that_keeps_ending_is_an_error_that_says_how_often() -> None:
    starter = Starter()
    kept = Kept(SPEC, starter)

    def die_at_once() -> None:
        for now in range(100):
            kept.look(float(now))
            starter.started[-1].alive = False

    with pytest.raises(ServiceError, match=r"Process helper keeps ending: 4 times in 60 s. Its log says why"):
        die_at_once()


def test_a_live_process_is_left_alone() -> None:
    starter = Starter()
    kept = Kept(SPEC, starter)
    assert [kept.look(float(now)) for now in range(3)] == [True, False, False]
    assert kept.restarts == 0


def test_a_data_folder_has_one_service(tmp_path: Path) -> None:
    folder = DataFolder.take(tmp_path / "data")
    with pytest.raises(Unstartable, match=f"is in use: the service with pid {os.getpid()} runs on it"):
        DataFolder.take(tmp_path / "data")
    folder.release()
    DataFolder.take(tmp_path / "data").release()


def test_a_data_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(WrongUse, match="cannot be used"):
        DataFolder.take(tmp_path / "data")


def test_the_door_is_for_this_user_only_and_tells_nothing_when_nobody_listens(tmp_path: Path) -> None:
    door = Door.new(database="sqlite:///x", redis="redis://y", namespace="n")
    door.open(tmp_path)
    mode = stat.S_IMODE((tmp_path / "service.json").stat().st_mode)
    assert mode == 0o600
    assert len(door.key) == 32
    with pytest.raises(ServiceNotRunning, match=f"the one with pid {os.getpid()} does not answer"):
        Door.read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "port": 2, "key": "zz"}'])
def test_a_door_that_cannot_be_read_is_no_service(tmp_path: Path, text: str) -> None:
    (tmp_path / "service.json").write_text(text)
    with pytest.raises(ServiceNotRunning, match="theatrum run"):
        Door.read(tmp_path)


def test_a_free_port_is_one_where_nobody_listens() -> None:
    assert not listens(free_port())


def test_a_free_port_is_kept_for_whoever_is_told_of_it_again_and_again() -> None:
    """Else another process gets it by chance before its server listens, or while that is started again."""
    port = free_port()
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", port))
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)):  # which says SO_REUSEADDR, as Redis and Thespian do
            assert listens(port)
        assert not listens(port)


def test_settings_come_from_the_command_line_then_the_environment(tmp_path: Path) -> None:
    env = {"THEATRUM_DATABASE": "sqlite:///env.db", "THEATRUM_LOG_LEVEL": "error"}
    assert Settings.of(data=tmp_path, env=env).database_url == "sqlite:///env.db"
    given = Settings.of(data=tmp_path, database="sqlite:///given.db", log_level="debug", env=env)
    assert (given.database_url, given.log_level) == ("sqlite:///given.db", "debug")
    assert Settings.of(data=tmp_path, env={}).database_url == f"sqlite:///{tmp_path}/theatrum.db"


def test_each_data_folder_has_its_own_names_in_redis(tmp_path: Path) -> None:
    names = {Settings.of(data=tmp_path / name, env={}).namespace for name in ("a", "b")}
    assert len(names) == 2
