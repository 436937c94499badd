"""Signatures of deliveries, as the Standard Webhooks scheme has them."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode

PREFIX = "whsec_"
SECRET_BYTES = 32
"""256 bits, as long as the hash that signs with it; the scheme allows 24 to 64."""


def secret_of(random: bytes) -> str:
    """A secret as people copy it."""
    return PREFIX + b64encode(random).decode()


def sign(secret: str, event_id: str, timestamp: int, body: str) -> str:
    """What the header `webhook-signature` says. Raises ValueError for what is no secret."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"a secret is {PREFIX} and base64: {error}") from None
    signed = f"{event_id}.{timestamp}.{body}".encode()
    return "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()
