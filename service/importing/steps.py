"""Interactions that chains of the other backend hold inside their steps, as interactions of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.importing.report import Report

INLINE, NAMED = "interaction", "interactionId"


def lift_interactions(meta: dict[str, Any], report: Report) -> None:
    """Every step names the interaction that it held. `meta` is changed; what it was made of is not.

    An interaction keeps its id; one that has none, or whose id is another's, is called CHAIN.STEP.
    """
    steps = list(_steps_of(meta))
    if not steps:
        return
    known = _Known(meta.get("interactions"))
    for chain_id, step_id, path, step in steps:
        held = step.pop(INLINE)
        if isinstance(held, str):
            step.setdefault(NAMED, held)
            report.became(f"{path}.{INLINE}", f"{path}.{NAMED}")
            continue
        wanted = [str(name) for name in (step.get(NAMED), held.get("id")) if _is_id(name)]
        name = known.place(held, [*wanted[:1], f"{chain_id}.{step_id}"])
        step[NAMED] = name
        report.became(f"{path}.{INLINE}", f"meta.interactions.{name}", f"named by step {step_id}")
    if known.added:
        meta["interactions"] = known.block()


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _steps_of(meta: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(chain, step, path, step to change) of every step that holds an interaction. Chains are copied."""
    given = meta.get("chains")
    if isinstance(given, Mapping):
        chains: Any = {key: _copied(chain) for key, chain in given.items()}
        listed = [(str(key), f"meta.chains.{key}", chain) for key, chain in chains.items()]
    elif isinstance(given, list):
        chains = [_copied(chain) for chain in given]
        listed = [(_id_of(chain, "id", n), f"meta.chains[{n}]", chain) for n, chain in enumerate(chains)]
    else:
        return
    meta["chains"] = chains
    for chain_id, path, chain in listed:
        steps = chain.get("steps") if isinstance(chain, dict) else None
        for n, step in enumerate(steps if isinstance(steps, list) else ()):
            if isinstance(step, dict) and isinstance(step.get(INLINE), Mapping | str):
                step_id = _id_of(step, "stepId", n) if "stepId" in step else _id_of(step, "id", n)
                yield chain_id, step_id, f"{path}.steps[{n}]", step


def _copied(chain: Any) -> Any:
    if not isinstance(chain, Mapping):
        return chain
    steps = chain.get("steps")
    if not isinstance(steps, list):
        return dict(chain)
    return {**chain, "steps": [dict(step) if isinstance(step, Mapping) else step for step in steps]}


def _id_of(value: Any, key: str, n: int) -> str:
    found = value.get(key) if isinstance(value, Mapping) else None
    return str(found) if _is_id(found) else str(n)


class _Known:
    """The interactions of a world by id, however they are written down, and those that join them."""

    def __init__(self, given: Any) -> None:
        self._given = given
        self._wrapped = isinstance(given, Mapping) and isinstance(given.get("definitions"), Mapping)
        self.added: dict[str, Any] = {}
        if isinstance(given, list):
            self._there = {_id_of(one, "id", n): one for n, one in enumerate(given)}
        else:
            there = given["definitions"] if self._wrapped else given
            self._there = dict(there) if isinstance(there, Mapping) else {}

    def place(self, held: Mapping[str, Any], names: list[str]) -> str:
        """The name under which it stands now: the first that is free or means the same already."""
        tried = [*names, *(f"{names[-1]}.{n}" for n in range(2, len(self._there) + len(self.added) + 3))]
        for name in tried:
            one = {**held, "id": name}
            there = self.added.get(name, self._there.get(name))
            if there is None:
                self.added[name] = one
                return name
            if isinstance(there, Mapping) and {**there, "id": name} == one:
                return name
        raise AssertionError("among more names than there are interactions one is free")

    def block(self) -> Any:
        """`meta.interactions` with what was added, written as it was."""
        if isinstance(self._given, list):
            return [*self._given, *self.added.values()]
        if self._wrapped:
            return {**self._given, "definitions": {**self._there, **self.added}}
        return {**self._there, **self.added}
