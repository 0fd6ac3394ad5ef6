"""Which cards of a lane are in sight, whatever comes and goes."""

from __future__ import annotations

import pytest

from crmcli.model.pipeline import Stage
from crmcli.present.board import BoardCard, Lane
from crmcli.tui.state import LaneState

SEEN = 5


def taken(state: LaneState | None, names: str, seen: int = SEEN) -> LaneState:
    """A lane that reads these cards, a letter each."""
    lane = Lane(Stage("new", "Новая"), len(names))
    state = state or LaneState(lane)
    state.take(lane, 0, [BoardCard(name, name, "", "", "") for name in names], seen)
    return state


def in_sight(state: LaneState, seen: int = SEEN) -> str:
    return "".join(state.cards[n].id for n in sorted(state.cards))[state.top : state.top + seen]


@pytest.mark.parametrize(
    ("before", "down", "after", "seen"),
    [
        ("abc", 0, "xabc", "xabc"),  # room is left: nothing scrolls out of sight
        ("abc", 1, "axybc", "axybc"),
        ("abcde", 0, "xabcde", "abcde"),  # no room: the cursor's card stays at its height
        ("abcdefgh", 6, "cdefgh", "cdefg"),  # those above went away
        ("abcdefgh", 6, "gh", "gh"),
        ("abcdefgh", 6, "", ""),
    ],
)
def test_the_cursor_stays_on_its_card_and_no_room_stays_empty(
    before: str, down: int, after: str, seen: str
) -> None:
    state = taken(None, before)
    state.step(down, SEEN)
    card = state.current
    assert in_sight(taken(state, after)) == seen
    assert state.current is None or card is None or state.current.id == card.id
