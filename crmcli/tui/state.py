"""Where one stands on the board: the lane and the card, what is scrolled away, what is marked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from crmcli.dataclass import dataclass, field
from crmcli.errors import Problem
from crmcli.present.board import BoardCard, Lane
from crmcli.tui.reading import Picture, Place, Wish

AROUND = 2
"""Screens of cards that are read before and after the one that is seen."""


@dataclass
class LaneState:
    """A lane, those of its cards that were read, the first one that is seen and the one that is current."""

    lane: Lane
    cards: dict[int, BoardCard] = field(default_factory=dict)
    top: int = 0
    at: int = 0

    @property
    def current(self) -> BoardCard | None:
        """The card on which the cursor stands; None while it is not read."""
        return self.cards.get(self.at)

    def step(self, by: int, seen: int) -> None:
        """Go down so many cards, or up, and scroll so that the current one of `seen` is in sight."""
        self.at = max(0, min(self.at + by, self.lane.count - 1))
        self.top = min(max(self.top, self.at - seen + 1), self.at)

    def scroll(self, by: int, seen: int) -> None:
        """Scroll, and keep the cursor in sight."""
        self.top = max(0, min(self.top + by, self.lane.count - seen))
        self.at = max(self.top, min(self.at, self.top + seen - 1, max(0, self.lane.count - 1)))

    def take(self, lane: Lane, start: int, cards: Sequence[BoardCard], seen: int) -> None:
        """Take in what was read anew: the cursor stays on its card, at its height unless room is left."""
        was = self.current
        self.lane = lane
        self.cards = dict(enumerate(cards, start))
        if was is not None:
            found = next((n for n, card in self.cards.items() if card.id == was.id), self.at)
            self.top += found - self.at
            self.at = found
        self.top = max(0, min(self.top, lane.count - seen))
        self.step(0, seen)


@dataclass
class BoardState:
    """The lanes, the current one, the first that is seen; `seen` cards of a lane fit on the screen."""

    place: Place
    title: str = ""
    lanes: list[LaneState] = field(default_factory=list)
    at: int = 0
    left: int = 0
    seen: int = 5
    marked: dict[str, BoardCard] = field(default_factory=dict)
    working: dict[str, str] = field(default_factory=dict)
    """The records with which something is being done, each with the stage to which it goes."""
    told: str = ""
    command: str = ""
    typing: bool = False
    over: int = -1
    """The lane over which something is dragged."""
    is_read: bool = False
    homeless: Problem | None = None
    """What is told of records without a stage, while nothing else is."""

    @property
    def lane(self) -> LaneState | None:
        """The current lane."""
        return self.lanes[self.at] if self.lanes else None

    @property
    def card(self) -> BoardCard | None:
        """The current card."""
        return self.lane.current if self.lane else None

    @property
    def chosen(self) -> list[BoardCard]:
        """What an act is done with: the marked cards, or the current one."""
        return [*self.marked.values()] or [card for card in [self.card] if card]

    def go(self, by: int) -> None:
        """To another lane, so many to the right."""
        self.at = max(0, min(self.at + by, len(self.lanes) - 1))

    def step(self, by: int) -> None:
        """To another card of the lane, so many down."""
        if self.lane:
            self.lane.step(by, self.seen)

    def mark(self) -> None:
        """Mark the current card, or take its mark off, and go on to the next."""
        if self.card and self.lane:
            if self.marked.pop(self.card.id, None) is None:
                self.marked[self.card.id] = self.card
            self.lane.step(1, self.seen)

    def wish(self) -> Wish:
        """What is to be read: of each lane what is seen, and as much around it as one soon may see."""
        around = AROUND * self.seen
        count = self.seen + 2 * around
        windows = ((one.lane.stage.id, max(0, one.top - around), count) for one in self.lanes)
        return Wish(self.place, tuple(windows), self.seen + around)

    def is_short(self) -> bool:
        """Whether a card that is seen was not read yet."""
        return any(
            n not in lane.cards
            for lane in self.lanes
            for n in (lane.top, min(lane.top + self.seen, lane.lane.count) - 1)
            if n >= 0
        )

    def take(self, picture: Picture) -> None:
        """Take in what was read; each lane stays where it was."""
        known = {lane.lane.stage.id: lane for lane in self.lanes}
        current = self.lane.lane.stage.id if self.lane else ""
        self.title, self.is_read = picture.pipeline.name, True
        self.homeless = picture.homeless
        self.lanes = []
        for lane in picture.lanes:
            own = known.get(lane.stage.id) or LaneState(lane)
            own.take(lane, *picture.cards[lane.stage.id], self.seen)
            self.lanes.append(own)
        ids = [lane.lane.stage.id for lane in self.lanes]
        self.at = ids.index(current) if current in ids else min(self.at, max(0, len(ids) - 1))
        if picture.told:
            self.told = picture.told

    def show(self, place: Place) -> None:
        """Go to another place: a lane is at its beginning again."""
        if place.pipeline != self.place.pipeline:
            self.lanes, self.at, self.left = [], 0, 0
            self.marked.clear()
        for lane in self.lanes:
            lane.top = lane.at = 0
            lane.cards.clear()
        self.place = place


GOING: Mapping[str, Callable[[BoardState], None]] = {
    "down": lambda state: state.step(1),
    "up": lambda state: state.step(-1),
    "page_down": lambda state: state.step(state.seen),
    "page_up": lambda state: state.step(-state.seen),
    "first": lambda state: state.step(-sys.maxsize),
    "last": lambda state: state.step(sys.maxsize),
    "left": lambda state: state.go(-1),
    "right": lambda state: state.go(1),
}
"""What each of the ways does by which one goes about."""
