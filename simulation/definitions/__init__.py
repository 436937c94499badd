"""World files: what may be written in one, and what it means. Parsing is pure; reading the file is not done
here."""

from simulation.calendar import Calendar, Period
from simulation.definitions.activities import Activity, Category, Effects, Requirements
from simulation.definitions.behavior import Behavior, Candidate, Node, Routine, ScoringWeights
from simulation.definitions.conditions import (
    AllOf,
    AnyOf,
    Condition,
    DayOfWeekIn,
    EnergyBetween,
    ExpressionIs,
    FlagEquals,
    FlagExists,
    LocationTypeIn,
    MoodIn,
    Not,
    PluginCondition,
    RandomChance,
    Relationship,
    StatAxis,
    TimeOfDayIn,
)
from simulation.definitions.effects import CustomEffect
from simulation.definitions.people import Location, Npc
from simulation.definitions.plugins import NO_PLUGINS, Plugins, PluginUse
from simulation.definitions.preferences import Preferences
from simulation.definitions.problems import ConfigInvalid, DefinitionInvalid, Problem, WorldFileInvalid
from simulation.definitions.reading import pack, read_document, unpack
from simulation.definitions.simulation_config import (
    GenerationConfig,
    SimulationConfig,
    TierConfig,
    WorldSimulationConfig,
)
from simulation.definitions.updates import UpdateDocument, read_update, update_document, update_payload
from simulation.definitions.world import WorldDefinition, parse_world

__all__ = [
    "NO_PLUGINS",
    "Activity",
    "AllOf",
    "AnyOf",
    "Behavior",
    "Calendar",
    "Candidate",
    "Category",
    "Condition",
    "ConfigInvalid",
    "CustomEffect",
    "DayOfWeekIn",
    "DefinitionInvalid",
    "Effects",
    "EnergyBetween",
    "ExpressionIs",
    "FlagEquals",
    "FlagExists",
    "GenerationConfig",
    "Location",
    "LocationTypeIn",
    "MoodIn",
    "Node",
    "Not",
    "Npc",
    "Period",
    "PluginCondition",
    "PluginUse",
    "Plugins",
    "Preferences",
    "Problem",
    "RandomChance",
    "Relationship",
    "Requirements",
    "Routine",
    "ScoringWeights",
    "SimulationConfig",
    "StatAxis",
    "TierConfig",
    "TimeOfDayIn",
    "UpdateDocument",
    "WorldDefinition",
    "WorldFileInvalid",
    "WorldSimulationConfig",
    "pack",
    "parse_world",
    "read_document",
    "read_update",
    "unpack",
    "update_document",
    "update_payload",
]
