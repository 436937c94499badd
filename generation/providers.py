"""Who makes content: a small protocol, and the registry the worker looks in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simulation.definitions import Plugins
from simulation.definitions.fields import is_number
from simulation.plain import copied_json, said_by, why_not_plain

RESULT_PARTS_MAX = 65_536
"""Values in one result: each takes a byte, and no world takes more bytes."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One piece of content to make. Everything a provider may use; the id is the same on every attempt."""

    request_id: str
    world_id: str
    npc_id: str | None
    kind: str
    params: Mapping[str, Any]


RETRY_AFTER_S_MAX = 86_400.0
"""Seconds a provider may ask us to wait: as long as any request may live."""


class Retryable(RuntimeError):
    """It may work later: a provider's rate limit, a lost connection. `after_s` is how long it asked us to
    wait."""

    def __init__(self, reason: str, after_s: float | None = None) -> None:
        super().__init__(reason)
        asked = is_number(after_s) and after_s is not None and after_s > 0
        self.after_s = min(float(after_s or 0), RETRY_AFTER_S_MAX) if asked else None


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


class Guarded:
    """A plug-in's provider: each failure counts, and one that failed too often in this process is off."""

    def __init__(self, provider: Provider, failures_max: int) -> None:
        self.name, self.kinds = provider.name, provider.kinds
        self.deterministic = provider.deterministic
        self._provider, self._failures_max = provider, failures_max
        self.failures = 0

    @property
    def is_off(self) -> bool:
        return self.failures >= self._failures_max

    async def produce(self, assignment: Assignment) -> Mapping[str, Any]:
        """Raises Retryable, or ProviderFailed whatever it raised."""
        try:
            return plain(await self._provider.produce(assignment))
        except (Retryable, asyncio.CancelledError, KeyboardInterrupt):
            raise
        except BaseException as error:
            self.failures += 1
            off = ", and is switched off" if self.is_off else ""
            raise ProviderFailed(f"provider {self.name}: {said_by(error)}{off}") from error


def plain(made: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of it, if it can be kept. Raises ValueError or TypeError."""
    if not isinstance(made, Mapping):
        raise TypeError(f"made a {type(made).__name__}, not an object")
    copied: dict[str, Any] = copied_json(made, RESULT_PARTS_MAX)
    if wrong := why_not_plain(copied, "result"):
        raise ValueError(wrong)
    return copied


class ProviderFailed(RuntimeError):
    """A plug-in's provider raised."""


class Providers:
    """Providers by kind; the first one registered for a kind makes it."""

    def __init__(self, *providers: Provider) -> None:
        self._providers = providers

    @classmethod
    def with_plugins(cls, plugins: Plugins, *own: Provider) -> Providers:
        """Those of plug-ins come before our own, by id of the plug-in."""
        guarded = [
            Guarded(provider, plugin.failures_max)
            for plugin in plugins.by_id.values()
            for provider in plugin.providers
        ]
        return cls(*guarded, *own)

    def for_kind(self, kind: str, *, lockstep: bool = False) -> Provider:
        """In lockstep only who always makes the same. Raises NoProvider, naming what can be made."""
        for provider in self._providers:
            is_off = isinstance(provider, Guarded) and provider.is_off
            if kind in provider.kinds and not is_off and (provider.deterministic or not lockstep):
                return provider
        known = sorted({kind for provider in self._providers for kind in provider.kinds})
        raise NoProvider(
            f"no provider makes {kind!r}; there are providers for {', '.join(known) or 'nothing'}"
        )
