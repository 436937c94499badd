"""The nodes of a narrative program as they are when read: a closed union."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulation.definitions.conditions import Condition
from simulation.definitions.narrative_effects import NarrativeEffects
from simulation.definitions.plugins import PluginUse
from simulation.units import Micros, NpcId


class WaitMode(StrEnum):
    DURATION = "duration"
    CONDITION = "condition"
    PLAYER_INPUT = "player_input"


@dataclass(frozen=True, slots=True)
class Way:
    """Where a program may go on, while the conditions hold, and what taking it does."""

    path: str
    where: str
    """The path of the name of the node it leads to."""
    to: str
    conditions: tuple[Condition, ...] = ()
    effects: NarrativeEffects | None = None


@dataclass(frozen=True, slots=True)
class Option(Way):
    """A way that the player chooses."""

    id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Asks:
    """Content that a node asks for."""

    kind: str
    params: Mapping[str, Any]
    ttl_us: Micros
    awaits: bool
    """The program goes on when the result is there, or nobody wants it any more."""


NO_TIME = Micros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeBase:
    id: str
    path: str
    on_enter: NarrativeEffects
    on_exit: NarrativeEffects
    delay_us: Micros = NO_TIME
    """What passes before the program goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue(NodeBase):
    """A line: as it is written, or made by a provider."""

    text: str
    speaker: str | None
    emotion: str | None
    asks: Asks | None
    auto: bool
    """Goes on by itself; otherwise when the player continues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(NodeBase):
    prompt: str
    options: tuple[Option, ...]
    timeout_us: Micros | None
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(NodeBase):
    effects: NarrativeEffects


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionBlock(NodeBase):
    asks: Asks


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneChange(NodeBase):
    scene_id: str
    cast: tuple[NpcId, ...]
    """Nobody named: the person of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(NodeBase):
    ways: tuple[Way, ...] = field(default=())
    """The first that holds is taken; the default comes last and asks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(NodeBase):
    mode: WaitMode
    conditions: tuple[Condition, ...]
    check_us: Micros
    most_us: Micros | None
    when_over: Way | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCall(NodeBase):
    """Asks a provider, or calls a function of a plug-in."""

    asks: Asks | None
    use: PluginUse | None
    variable: str | None
    """Where the result is kept."""


NarrativeNode = Dialogue | Choice | Action | ActionBlock | SceneChange | Branch | Wait | ExternalCall

KIND_OF: Mapping[type[NodeBase], str] = {
    Dialogue: "dialogue",
    Choice: "choice",
    Action: "action",
    ActionBlock: "action_block",
    SceneChange: "scene",
    Branch: "branch",
    Wait: "wait",
    ExternalCall: "external_call",
}
"""What a file calls it."""
