"""What everybody decides: by the compiled rules together, and by the plain ones one by one."""

from __future__ import annotations

import numpy as np

from simulation.deciding import decide
from simulation.opening import Stages
from simulation.person import Scene, person_of
from simulation.reasoning import reason
from simulation.units import Micros, NpcId, Tier


def decided_together_and_alone(stages: Stages, now: Micros) -> dict[NpcId, str | None]:
    """Person -> activity begun at `now`, having asserted that both ways come to the same. It happens."""
    chosen = {}
    for tier in Tier:
        stage = stages[tier]
        rows = np.arange(stage.count, dtype=np.int64)
        scene = Scene(stage.script, now, tier, {})
        alone = [reason(person_of(scene, stage.people, int(row)), stage.people, int(row)) for row in rows]
        decided = decide(scene, stage.people, rows, Micros(60_000_000))
        names = [stage.script.activity_ids[n] if n >= 0 else None for n in decided.chosen.tolist()]
        assert names == [reasons.chosen for reasons in alone]
        chosen.update(zip(stage.people.ids, names, strict=True))
    return chosen
