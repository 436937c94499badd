"""One HTTP POST, with a bound on everything: how long it takes, and what is read of the answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

POST_WITHIN_S = 10.0
"""Seconds for a whole POST, from the name of its host to the head of the answer."""
HEAD_BYTES = 65_536
"""Of an answer: its status and headers; the body is not read."""
INTERIM_MAX = 5
"""Answers 1xx before the one that counts."""
WAIT_DIGITS_MAX = 9
"""Of the seconds an endpoint asks to wait: thirty years, longer than anybody heeds."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What an endpoint said: an HTTP status, or why there is none."""

    status: int | None
    error: str = ""
    retry_after: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


async def post(url: str, headers: Mapping[str, str], body: bytes) -> Posted:
    """POST to an http or https URL, straight to its host: no proxy, no redirect, no connection kept."""
    try:
        async with asyncio.timeout(POST_WITHIN_S):
            return await _post(url, headers, body)
    except TimeoutError:
        return Posted(None, f"no answer within {POST_WITHIN_S:g} s")
    except asyncio.IncompleteReadError:
        return Posted(None, "the connection was closed without an answer")
    except asyncio.LimitOverrunError:
        return Posted(None, f"the answer's headers are longer than {HEAD_BYTES} bytes")
    except (OSError, ValueError) as error:
        return Posted(None, f"{type(error).__name__}: {error}")


async def _post(url: str, headers: Mapping[str, str], body: bytes) -> Posted:
    parts = urlsplit(url)
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secure, limit=HEAD_BYTES)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = {
            "Host": parts.netloc,
            **headers,
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        writer.write("\r\n".join(lines).encode("ascii") + body)
        await writer.drain()
        for _ in range(INTERIM_MAX):
            found = answered(await reader.readuntil(b"\r\n\r\n"))
            if found.status is None or found.status >= 200:
                return found
        return Posted(None, "nothing but interim answers")
    finally:
        writer.transport.abort()


def answered(head: bytes) -> Posted:
    """What the head of an answer says."""
    first, *rest = head.decode("latin-1").split("\r\n")
    version, _, said = first.partition(" ")
    code = said[:3]
    if not version.startswith("HTTP/1.") or len(code) != 3 or not (code.isascii() and code.isdecimal()):
        return Posted(None, f"no HTTP answer: {first[:80]!r}")
    named = [line.partition(":") for line in rest]
    after = next((value.strip() for name, _, value in named if name.lower() == "retry-after"), "")
    status = int(code)
    if 300 <= status < 400:
        return Posted(status, f"HTTP {status}: redirects are not followed")
    return Posted(status, "" if 200 <= status < 300 else f"HTTP {status}", after)


def asked_wait_s(retry_after: str, now: float) -> float | None:
    """Seconds that the header `Retry-After` asks to wait; None if it is not there or makes no sense."""
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after[:WAIT_DIGITS_MAX])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now)
    except (ValueError, OverflowError):
        return None
