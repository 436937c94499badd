"""The Supervisor's desk for inputs: who waits for which, until its committed outcome is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any
from uuid import uuid4

from actors.logs import get_logger
from actors.placement import Placement
from messages import admin, archive, shards
from messages.base import Ask, Refused
from messages.service import WorldReport
from simulation.housekeeping import Chore, Failed, Housekeeping
from simulation.units import Seq, WorldId

LOST_AFTER_S = 2.0
"""An input unanswered for so long is asked after in the database: its answer may have died with a shard."""
LOST = Chore("lost answers", 1.0, 500)
"""Ten times a second if there are many: all that may wait (`ASKS_MAX`) are asked after within two seconds."""


class InputDesk:
    """Every input that was recorded and is not answered."""

    def __init__(
        self, placement: Placement, answer: Callable[[Any], None], ask_archive: Callable[[Ask], None]
    ) -> None:
        self.placement = placement
        self.answer = answer
        self.ask_archive = ask_archive
        self.chores = Housekeeping((LOST,), time.monotonic())
        self.waiting: dict[tuple[WorldId, Seq], tuple[list[str], float]] = {}
        """(world, seq) -> asks that wait for the outcome, and since when."""

    def on_input(self, message: Any) -> None:
        match message:
            case archive.InputRecorded():
                key = (message.world_id, message.seq)
                asks, _ = self.waiting.get(key, ([], 0.0))
                self.waiting[key] = ([*asks, message.ask_id], time.monotonic())
                if message.known:
                    self.ask_after(*key)
            case archive.OutcomeFound():
                report = self.placement.reports.get(message.world_id)
                if report is not None and report.tick >= message.answer_at_tick:
                    self.give(message.world_id, message.seq, message.applied, message.detail, report)

    def on_inputs_answered(self, message: shards.InputsAnswered) -> None:
        self.placement.hear([message.report])
        for found in message.answers:
            self.give(message.world_id, found.seq, found.applied, found.detail, message.report)

    def give(
        self, world_id: WorldId, seq: Seq, applied: bool, detail: dict[str, Any], at: WorldReport
    ) -> None:
        """Answer everybody who waits for this input with its committed outcome."""
        for ask_id in self.waiting.pop((world_id, seq), ([], 0.0))[0]:
            self.answer(
                admin.InputAnswered(
                    ask_id=ask_id,
                    world_id=world_id,
                    seq=seq,
                    applied=applied,
                    detail=detail,
                    tick=at.tick,
                    world_time=at.world_time,
                )
            )

    def on_reports(self, reports: Sequence[WorldReport]) -> None:
        """Worlds as they stand now; what waits for one that just stopped may never come."""
        for report in reports:
            known = self.placement.reports.get(report.world_id)
            if report.status == "stopped" and (known is None or known.status != "stopped"):
                self.give_up(report.world_id, report.because)
        self.placement.hear(reports)

    def give_up(self, world_id: WorldId, because: str) -> None:
        """The world stopped: say so to everybody who waits. Their inputs are stored like any other."""
        for key in [key for key in self.waiting if key[0] == world_id]:
            for ask_id in self.waiting.pop(key)[0]:
                reason = f"{world_id} stopped before it answered: {because}"
                do = "The input is stored: `theatrum world resume` lets the world try again."
                self.answer(Refused(ask_id=ask_id, reason=reason, do=do))

    def ask_after_lost(self) -> None:
        """Inputs whose answer is overdue, if it is time to look for them: their shard may have died between
        the commit and the answer."""
        now = time.monotonic()
        for chore in self.chores.due(now):
            try:
                self.chores.done(chore.name, now, self._ask_after_overdue(now, chore.budget))
            except Exception as error:
                self.chores.failed(chore.name, now, Failed.of(error).because)
                get_logger("th-supervisor").exception("chore.failed", chore=chore.name, exc_info=error)

    def _ask_after_overdue(self, now: float, most: int) -> int:
        overdue = (key for key, (_, since) in self.waiting.items() if now - since > LOST_AFTER_S)
        lost = list(islice(overdue, most))
        for key in lost:
            self.ask_after(*key)
        return len(lost)

    def ask_after(self, world_id: WorldId, seq: Seq) -> None:
        """Look in the database what became of an input."""
        self.waiting[(world_id, seq)] = (self.waiting[(world_id, seq)][0], time.monotonic())
        ask_id = f"outcome:{uuid4().hex}"
        self.ask_archive(archive.AskOutcome(ask_id=ask_id, world_id=world_id, seq=seq))
