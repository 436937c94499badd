"""Nobody without the key can make us unpickle anything, on the wire or in theory."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from actors.frames import ForgedFrame, SignedFrames
from messages.admin import ListWorlds


class Bomb:
    """Unpickled, it makes a file: what a stranger would send."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.target,)


def test_a_signed_frame_comes_back_as_the_message_it_was() -> None:
    frames = SignedFrames(b"k" * 32)
    message = ListWorlds(ask_id="a")
    assert frames.loads(frames.dumps(message)) == message


def test_a_frame_without_our_signature_is_never_unpickled(tmp_path: Path) -> None:
    target = tmp_path / "boom"
    bomb = pickle.dumps(Bomb(target))
    frames = SignedFrames(b"k" * 32)
    for forged in (bomb, b"\0" * 32 + bomb, SignedFrames(b"x" * 32).dumps(Bomb(target)), b"", b"\0" * 10):
        with pytest.raises(ForgedFrame):
            frames.loads(forged)
    assert not target.exists()


def test_a_changed_frame_is_refused() -> None:
    frames = SignedFrames(b"k" * 32)
    signed = bytearray(frames.dumps(ListWorlds(ask_id="a")))
    signed[-1] ^= 1
    with pytest.raises(ForgedFrame):
        frames.loads(bytes(signed))


@pytest.mark.parametrize("word", ["ACK", "ACK+DATAERR"])
def test_the_transports_own_acknowledgements_pass_as_exactly_those_bytes(word: str) -> None:
    assert SignedFrames(b"k" * 32).loads(pickle.dumps(word)) == word


def test_of_two_children_that_die_together_both_are_missed() -> None:
    """The second is dead before the death of the first is dealt with."""
    code = (
        "from actors import frames\n"
        "from types import SimpleNamespace as Some\n"
        "frames.install(b'k' * 32, may_start_admin=True)\n"
        "from thespian.system.multiprocCommon import MultiProcReplicator\n"
        "parent, missed = MultiProcReplicator(), []\n"
        "send = lambda _, intent: missed.append(intent.message.childAddress)\n"
        "parent.transport = Some(scheduleTransmit=send, myAddress='parent')\n"
        "dead = Some(is_alive=lambda: False, join=lambda within_s: None)\n"
        "child = lambda name: Some(childProc=dead, childRealAddr=name, childAddr=name)\n"
        "parent._child_procs = [child('first')]\n"
        "parent.childDied()\n"
        "parent._child_procs.append(child('second'))\n"
        "parent._childExited('first')\n"
        "parent.childDied()\n"
        "print(*missed)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["first", "second"]
