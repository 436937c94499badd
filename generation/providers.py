"""Who makes content: a small protocol, and the registry the worker looks in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Assignment:
    """One piece of content to make. Everything a provider may use; the id is the same on every attempt."""

    request_id: str
    world_id: str
    npc_id: str | None
    kind: str
    params: Mapping[str, Any]


class Retryable(RuntimeError):
    """It may work later: a provider's rate limit, a lost connection. `after_s` is how long it asked us to
    wait."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.after_s = after_s


class Provider(Protocol):
    """Makes content of some kinds. `deterministic`: the same assignment always gives the same result."""

    name: str
    deterministic: bool
    kinds: frozenset[str]

    async def produce(self, assignment: Assignment) -> Mapping[str, Any]:
        """The result as JSON values. Raises Retryable, or anything else to fail for good."""
        ...


class NoProvider(LookupError):
    """Nobody here makes this kind of content."""


class Providers:
    """Providers by kind; the first one registered for a kind makes it."""

    def __init__(self, *providers: Provider) -> None:
        self._providers = providers

    def for_kind(self, kind: str) -> Provider:
        """Raises NoProvider, naming what can be made."""
        for provider in self._providers:
            if kind in provider.kinds:
                return provider
        known = sorted({kind for provider in self._providers for kind in provider.kinds})
        raise NoProvider(
            f"no provider makes {kind!r}; there are providers for {', '.join(known) or 'nothing'}"
        )
