"""What people wanted of players and did not come to be is shown with its reason, to whoever looks."""

from __future__ import annotations

from typing import Any

from hooked import hamlet, hook

from messages.admin import SessionShown, WorldShown
from messages.shards import ReadSession, ReadWorld
from service.standings import to_text
from simulation.units import SessionId


def test_refused_intents_are_shown_with_their_world_and_with_their_session(backstage: Any) -> None:
    """Twenty begin to work where the first player is. Of their 40 intents 8 find no room in the inbox, and
    for 20 more the player is not dear enough. Nobody turns to the second player, who is at the mill."""
    here, away = {"id": "s1", "locationId": "square"}, {"id": "s2", "locationId": "mill"}
    hooks = [hook(id="low", priority=10), hook(id="high", priority=90)]
    fond = hook(id="fond", minAffinity=100)
    made = hamlet([*hooks, fond], people=20, sessions=[here, away])
    world_id = backstage.add(made)
    backstage.run(3)
    for session_id in ("s1", "s2"):
        ask = ReadSession(ask_id=session_id, world_id=world_id, session_id=SessionId(session_id))
        backstage.reading.read(ask)
    backstage.reading.read(ReadWorld(ask_id="w", world_id=world_id))
    backstage.turn()
    found = {"inboxFull": 8, "minAffinity": 20}
    assert [one.view["refusedIntents"] for one in backstage.heard(SessionShown)] == [found, {}]
    (shown,) = backstage.heard(WorldShown)
    assert (shown.refused_intents, shown.refused_requests) == (found, 0)
    assert "intents refused since it was opened: 8 inboxFull, 20 minAffinity" in to_text(shown)
