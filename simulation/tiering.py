"""Whom tier rules pull into another tier, and who makes room for them: asked of those whose circumstances
changed, never of everybody.

What is kept of it as state is `pulled` alone; everything else here is made again from the world.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from simulation.definitions import ConfigInvalid, Problem, SimulationConfig
from simulation.definitions.tier_rules import ConditionHolds, SameLocation, read_tier_rules, rule_names
from simulation.orders import UNRANKED, Found, Leave, TierTouch, Watch
from simulation.person import Person
from simulation.sessions import Session
from simulation.tier_rules import NOBODY, Claims, TierRules
from simulation.tiers import TIERS, Move
from simulation.units import NpcId, SessionId, Tier

if TYPE_CHECKING:
    from simulation.stage import Stage
    from simulation.world import World

NO_RULE = ""
"""In place of a rule's id: the person made room and goes back when there is room again."""

STALE_RULE = " "
"""No rule has a blank id: a rule that was, until the ones that are were asked at the same boundary."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """Somebody who is not, or need not be, where they would be by themselves."""

    base: Tier
    """Where they go back to."""
    rule: str
    """Its id; NO_RULE: they made room."""


class Tiering:
    """The tier rules of one world and what they made of its people."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rules = TierRules((), world.script)
        self.pulled: Mapping[NpcId, Pulled] = {}
        """Replaced by every change, never mutated: state."""
        self._tier_of: dict[NpcId, Tier] = {}
        """Of those pulled: where they are now."""
        self._claims: dict[SessionId, Claims] = {}
        self._flag_claims: Claims = NOBODY
        self._counts: dict[tuple[int, NpcId], int] = {}
        """(rule, person) -> how many sessions, and the world's flags, claim it."""
        self._players: dict[int, int] = {}
        """Location -> how many sessions are there."""
        self._asked: dict[NpcId, None] = {}
        """Whose circumstances changed since the rules were last asked."""
        self._places: dict[int, None] = {}
        """Where a first player came since then."""
        self.unbalanced = False
        """Whether tiers may be over their caps, or somebody could go back."""

    def begin(self, config: SimulationConfig) -> None:
        """The rules a world opens with. Raises ConfigInvalid: they are of another version, or name a plug-in
        that is gone."""
        if problems := self.compile(config.rules):
            raise ConfigInvalid(self.world.id, problems)

    def compile(self, listed: Sequence[Mapping[str, Any]]) -> list[Problem]:
        """Take these rules; answers what is wrong with them, and then nothing was changed."""
        problems: list[Problem] = []
        definition = self.world.script.definition
        rules = read_tier_rules(listed, rule_names(definition, problems, definition.plugins))
        problems = [problem for problem in problems if not problem.warning]
        if not problems:
            self._take(TierRules(rules, self.world.script))
        return problems

    def redefine(self, gone: Collection[NpcId], came: Collection[NpcId]) -> None:
        """The world goes by another definition, by which its rules were read without a problem."""
        self.pulled = {name: one for name, one in self.pulled.items() if name not in gone}
        self._tier_of = {name: tier for name, tier in self._tier_of.items() if name not in gone}
        if self.rules or self.world.config.rules:
            self.begin(self.world.config)
            self.on_people(came)

    def _take(self, rules: TierRules) -> None:
        """Other rules: what sessions and flags claim is worked out anew."""
        self.rules = rules
        self.pulled = {
            name: Pulled(one.base, STALE_RULE if one.rule else NO_RULE) for name, one in self.pulled.items()
        }
        self._claims, self._flag_claims, self._counts, self._players = {}, NOBODY, {}, {}
        self._asked.update(dict.fromkeys(self.pulled))
        self._asked.update(dict.fromkeys(rules.asked))
        if rules:
            for session in self.world.sessions:
                self.on_session(None, session)
            self.on_flags()

    # -- what changes what the rules say

    def on_session(self, before: Session | None, after: Session | None) -> None:
        """A session came, changed or left."""
        session = after or before
        if not self.rules or session is None:
            return
        old = self._claims.pop(session.id, NOBODY)
        new = self.rules.claims(after) if after is not None else NOBODY
        if new:
            self._claims[session.id] = new
        self._count(old, new)
        if self.rules.watches_places:
            self._move_player(before, after)

    def _move_player(self, before: Session | None, after: Session | None) -> None:
        gone, here = self._place(before), self._place(after)
        if gone == here:
            return
        if here is not None:
            self._players[here] = self._players.get(here, 0) + 1
            if self._players[here] == 1:
                self._places[here] = None
        if gone is not None:
            self._players[gone] -= 1
            if not self._players[gone]:
                del self._players[gone]
                self._asked.update(dict.fromkeys(self.pulled))

    def _place(self, session: Session | None) -> int | None:
        where = None if session is None else session.location_id
        return None if where is None else self.world.script.location_index[where]

    def on_flags(self) -> None:
        """The world's flags are others."""
        if self.rules:
            old, self._flag_claims = self._flag_claims, self.rules.flag_claims(self.world.flags)
            self._count(old, self._flag_claims)
            self._asked.update(dict.fromkeys(self.rules.asked))

    def on_people(self, names: Iterable[NpcId]) -> None:
        """Something about these people changed, or they went somewhere."""
        if self.rules:
            self._asked.update(dict.fromkeys(names))

    def _count(self, old: Claims, new: Claims) -> None:
        for claim in old - new:
            self._counts[claim] -= 1
            if not self._counts[claim]:
                del self._counts[claim]
            self._asked[claim[1]] = None
        for claim in new - old:
            self._counts[claim] = self._counts.get(claim, 0) + 1
            self._asked[claim[1]] = None

    def watch(self) -> Watch | None:
        """Whom tiers shall name among those who decide."""
        rules = self.rules
        if not (self._players or rules.sees_people):
            return None
        return Watch(tuple(sorted(self._players)), rules.asked, rules.asks_everybody)

    # -- asking

    @property
    def wants_to_know(self) -> bool:
        return bool(self._asked or self._places)

    def question(self) -> TierTouch:
        """What the tiers must show before the rules can be asked."""
        names = tuple(sorted(self._asked))
        return TierTouch(
            finds=names,
            places=tuple(sorted(self._places)),
            looks=names if self.rules.sees_people else (),
            now=self.world.world_time,
            flags=self.world.flags,
        )

    def judge(self, found: Iterable[tuple[Tier, Found]], people: Mapping[NpcId, Person]) -> Iterator[Move]:
        """Ask the rules about those who were found; answers who goes where. Whoever finds no room in a tier
        by importance alone is not moved there at all."""
        self._asked, self._places = {}, {}
        pulled = dict(self.pulled)
        goes: dict[tuple[Tier, Tier], list[tuple[int, float, NpcId]]] = {}
        for here, one in sorted(found, key=lambda item: item[1].npc_id):
            known = pulled.get(one.npc_id)
            won = self._winner(one, people.get(one.npc_id))
            wanted, rank = here, 0
            if won is not None:
                rule = self.rules.rules[won]
                pulls = Pulled(known.base if known is not None else here, rule.id)
                if pulls != known:  # who is pulled already is where there is room for them
                    wanted, rank = rule.tier, rule.priority
                    pulled[one.npc_id], self._tier_of[one.npc_id] = pulls, here
            elif known is not None and known.rule != NO_RULE:
                wanted = known.base
                del pulled[one.npc_id], self._tier_of[one.npc_id]
            if wanted is not here:
                goes.setdefault((here, wanted), []).append((-rank, -one.importance, one.npc_id))
        if pulled != self.pulled:
            self.pulled, self.unbalanced = pulled, True
        for (source, target), names in sorted(goes.items(), key=lambda item: _places(*item[0])):
            kept = tuple(name for _, _, name in sorted(names)[: self._cap(target)])
            if not kept:
                continue
            yield Move(source, target, Leave(len(kept), best=True, names=kept, ranks=self.ranks()))

    def _winner(self, one: Found, person: Person | None) -> int | None:
        """The first rule that holds for somebody, by its number."""
        for n, rule in enumerate(self.rules.rules):
            match rule.when:
                case SameLocation():
                    holds = one.location in self._players
                case ConditionHolds():
                    holds = person is not None and self.rules.asks(n, one.npc_id) and self._test(n, person)
                case _:
                    holds = (n, one.npc_id) in self._counts
            if holds:
                return n
        return None

    def _test(self, n: int, person: Person) -> bool:
        """A condition that raises does not hold, and is counted."""
        try:
            return self.rules.condition_holds(n, person)
        except (ArithmeticError, TypeError, ValueError, LookupError):
            self.world.counters.failures += 1
            return False

    # -- caps

    def ranks(self) -> dict[NpcId, int]:
        """Whoever a rule pulls, with its priority."""
        return {
            name: self.rules.rules[self.rules.ids[pulled.rule]].priority
            for name, pulled in self.pulled.items()
            if pulled.rule in self.rules.ids
        }

    def balance(self) -> Move | None:
        """The next move that restores a cap or takes somebody where they belong; None: all is well."""
        if not self.unbalanced:
            return None
        found = self._over_cap() or self._homecoming()
        self.unbalanced = found is not None
        return found

    def _cap(self, tier: Tier) -> int:
        return self.world.config.tiers[tier].max_npcs

    def _over_cap(self) -> Move | None:
        """The least important of a tier over its cap go down one; from the last one, the most important go up
        to the nearest with room."""
        counts = self.world.counts
        for above, below in pairwise(TIERS):
            if (over := counts[above] - self._cap(above)) > 0:
                leave = Leave(over, best=False, ranks=self.ranks())
                return Move(above, below, leave, displaces=True)
        if (over := counts[Tier.DORMANT] - self._cap(Tier.DORMANT)) > 0:
            for tier in reversed(TIERS[:-1]):
                if (room := self._cap(tier) - counts[tier]) > 0:
                    leave = Leave(min(over, room), best=True, ranks=self.ranks())
                    return Move(Tier.DORMANT, tier, leave, displaces=True)
        return None

    def _homecoming(self) -> Move | None:
        """Whoever belongs in a tier with room, or with people who count less: the most wanted come first, and
        of these the nearest."""
        away: dict[Tier, list[NpcId]] = {}
        for name in sorted(self.pulled):
            wanted = self._wanted(self.pulled[name])
            if wanted is not self._tier_of[name]:
                away.setdefault(wanted, []).append(name)
        for target in (tier for tier in TIERS if tier in away):
            ranks, names = self.ranks(), away[target]
            count = self._places_for(target, [ranks.get(name, UNRANKED) for name in names], ranks)
            if count > 0:
                first = min(
                    names, key=lambda n: (-ranks.get(n, UNRANKED), _places(target, self._tier_of[n]), n)
                )
                source = self._tier_of[first]
                here = tuple(name for name in names if self._tier_of[name] is source)
                leave = Leave(min(count, len(here)), best=True, names=here, ranks=ranks)
                return Move(source, target, leave)
        return None

    def _places_for(self, target: Tier, wanting: list[int], ranks: Mapping[NpcId, int]) -> int:
        """How many of those who want to come, by rank, find room, or somebody of a lower rank in their
        place."""
        there = sorted(rank for name, rank in ranks.items() if self._tier_of[name] is target)
        room = max(0, self._cap(target) - self.world.counts[target])
        unranked = min(self.world.counts[target], self._cap(target)) - len(there)
        found = 0
        for rank in sorted(wanting, reverse=True):
            place = found - room - unranked
            if found >= room and (
                rank == UNRANKED or (place >= 0 and (place >= len(there) or there[place] >= rank))
            ):
                break
            found += 1
        return found

    def _wanted(self, pulled: Pulled) -> Tier:
        if pulled.rule in self.rules.ids:
            return self.rules.rules[self.rules.ids[pulled.rule]].tier
        return pulled.base

    def on_moved(self, move: Move, names: Sequence[NpcId]) -> None:
        """These people are in another tier now."""
        pulled = dict(self.pulled)
        for name in names:
            known = pulled.get(name)
            if known is None and move.displaces:
                pulled[name] = Pulled(move.source, NO_RULE)
            if known is not None and known.rule == NO_RULE and known.base is move.target:
                del pulled[name], self._tier_of[name]
            elif name in pulled:
                self._tier_of[name] = move.target
        if pulled != self.pulled:
            self.pulled = pulled

    # -- what it is

    def to_json(self) -> dict[str, list[str]]:
        """Person -> [the tier they go back to, the rule that pulls them]."""
        return {name: [str(one.base), one.rule] for name, one in self.pulled.items()}

    def restore(self, stored: Mapping[str, Sequence[str]], stages: Mapping[Tier, Stage]) -> None:
        """What `to_json` wrote, in a world whose people are on their stages: nothing is left to be asked."""
        self.pulled = {NpcId(name): Pulled(Tier(base), rule) for name, (base, rule) in stored.items()}
        for name in self.pulled:
            self._tier_of[name] = next(t for t, stage in stages.items() if name in stage.people.row_of)
        self._asked, self._places, self.unbalanced = {}, {}, False


def _places(first: Tier, second: Tier) -> tuple[int, int]:
    """For sorting pairs of tiers: the first in tier order, then how near and which the second is."""
    here, there = TIERS.index(first), TIERS.index(second)
    return here, abs(here - there) * len(TIERS) + there
