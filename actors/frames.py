"""Frames between processes: signed before they leave, verified before they are unpickled, on loopback only.

Stock Thespian listens on every interface and unpickles whatever arrives, so a hand-made frame to its port can
run a command. `install` must come before the first ActorSystem of a process; actors inherit it by fork.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import pickle
from typing import Any

LOOPBACK = "127.0.0.1"
SIGNATURE_BYTES = hashlib.sha256().digest_size
ACKNOWLEDGEMENTS = frozenset({pickle.dumps("ACK"), pickle.dumps("ACK+DATAERR")})
"""Two constant frames that Thespian builds at import, unsigned: let through as these exact bytes and no
others."""


class ForgedFrame(ValueError):
    """A frame without our signature: dropped unread."""


class SignedFrames:
    """What Thespian's transport calls instead of pickle."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def dumps(self, message: object) -> bytes:
        body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        return hmac.digest(self._key, body, hashlib.sha256) + body

    def loads(self, frame: bytes) -> Any:
        frame = bytes(frame)
        if frame in ACKNOWLEDGEMENTS:
            return pickle.loads(frame)
        signature, body = frame[:SIGNATURE_BYTES], frame[SIGNATURE_BYTES:]
        if not hmac.compare_digest(hmac.digest(self._key, body, hashlib.sha256), signature):
            raise ForgedFrame("a frame without our signature")
        return pickle.loads(body)


def install(key: bytes, *, may_start_admin: bool) -> None:
    """Sign and bind from now on. A client (`may_start_admin` False) can only join a running service."""
    os.environ["THESPIAN_BASE_IPADDR"] = LOOPBACK
    from thespian.system import multiprocCommon
    from thespian.system.transport import IPBase, TCPTransport

    TCPTransport.serializer = SignedFrames(key)
    IPBase.IPActorAddress.bindArgs = property(lambda address: ((LOOPBACK, address.sockname[1]),))
    multiprocCommon.MultiProcReplicator._childExited = _left_to_the_signal
    if not may_start_admin:
        multiprocCommon.multiprocessCommon._startAdmin = _refuse_to_start


def _left_to_the_signal(*_: object) -> None:
    """When a child has exited, Thespian forgets here, unheard, every other one that is dead by then: of two
    that died together one would never be missed. Each death has its signal, and that finds them all."""


def _refuse_to_start(*_: object) -> None:
    raise ConnectionRefusedError("the service went away")
