"""Who makes content: a small protocol, and the registry the worker looks in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from simulation.definitions import Plugins
from simulation.plain import why_not_plain


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
        except Retryable:
            raise
        except Exception as error:
            self.failures += 1
            off = ", and is switched off" if self.is_off else ""
            raise ProviderFailed(f"provider {self.name}: {type(error).__name__}: {error}{off}") from error


def plain(made: Mapping[str, Any]) -> dict[str, Any]:
    """The same, if it can be kept. Raises ValueError."""
    if wrong := why_not_plain(made, "result"):
        raise ValueError(wrong)
    return dict(made)


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
