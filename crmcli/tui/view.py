"""The board on the screen: one widget that draws lines, whatever number of cards there is."""

from __future__ import annotations

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from crmcli.present.cells import Locale
from crmcli.tui.drawing import Sheet, divide, draw
from crmcli.tui.state import BoardState

WHEEL = 1


class BoardView(Widget, can_focus=True):
    """Draws the state of a board, and tells what the mouse and the keys ask for."""

    DEFAULT_CSS = "BoardView { width: 100%; height: 100%; }"

    class Typed(Message):
        """A key was pressed."""

        def __init__(self, key: str, letter: str) -> None:
            super().__init__()
            self.key, self.letter = key, letter

    class Dropped(Message):
        """What was chosen was dragged to a lane."""

        def __init__(self, lane: int) -> None:
            super().__init__()
            self.lane = lane

    class Opened(Message):
        """The current card was clicked twice."""

    class Moved(Message):
        """Something else is in sight, or current."""

    def __init__(self, state: BoardState, locale: Locale) -> None:
        super().__init__()
        self.state, self.locale = state, locale
        self._sheet: Sheet | None = None
        self._lines: list[Strip] = []
        self._dragged_from = -1

    @property
    def sheet(self) -> Sheet:
        """How the screen is divided now."""
        sheet = divide(self.state, self.size.width, self.size.height)
        self.state.seen = sheet.seen
        return sheet

    def draw(self) -> None:
        """Draw the lines that look otherwise now: a slow connection carries no others."""
        before, self._lines = self._lines, self._laid_out()
        if len(before) != len(self._lines):
            self.refresh()
            return
        pairs = enumerate(zip(before, self._lines, strict=True))
        changed = [Region(0, y, self.size.width, 1) for y, (old, new) in pairs if old != new]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One line, as it was laid out."""
        if len(self._lines) != self.size.height:
            self._lines = self._laid_out()
        return self._lines[y]

    def _laid_out(self) -> list[Strip]:
        sheet = self.sheet
        for lane in self.state.lanes:
            lane.step(0, sheet.seen)
        lines = draw(self.state, sheet, self.locale)
        strips = [Strip(line).adjust_cell_length(self.size.width) for line in lines]
        blank = Strip.blank(self.size.width)
        return [*strips, *[blank] * self.size.height][: self.size.height]

    def on_resize(self) -> None:
        """Another size, another sheet."""
        self._lines = []
        self.refresh()
        self.post_message(self.Moved())

    def on_key(self, event: events.Key) -> None:
        """All keys are the board's."""
        event.stop()
        event.prevent_default()
        self.post_message(self.Typed(event.key, event.character or ""))

    # -- the mouse ------------------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The card becomes current; with ctrl or shift it is marked; held, it may be dragged."""
        spot = self.sheet.spot(self.state, event.x, event.y)
        if spot is None:
            return
        state = self.state
        state.at = spot.lane
        if spot.card >= 0:
            state.lanes[spot.lane].at = spot.card
            if event.ctrl or event.shift:
                state.mark()
                state.lanes[spot.lane].at = spot.card
            else:
                if state.card and state.card.id not in state.marked:
                    state.marked.clear()
                self._dragged_from = spot.lane
                self.capture_mouse()
        self.post_message(self.Moved())
        self.draw()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show over which lane it is dragged."""
        if self._dragged_from < 0:
            return
        spot = self.sheet.spot(self.state, event.x, max(1, event.y))
        over = spot.lane if spot and spot.lane != self._dragged_from else -1
        if over != self.state.over:
            self.state.over = over
            self.draw()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go of it: over another lane, it goes there."""
        if self._dragged_from < 0:
            return
        self.release_mouse()
        spot = self.sheet.spot(self.state, event.x, max(1, event.y))
        origin, self._dragged_from, self.state.over = self._dragged_from, -1, -1
        if spot and spot.lane != origin:
            self.post_message(self.Dropped(spot.lane))
        self.draw()

    def on_click(self, event: events.Click) -> None:
        """Two clicks open a card."""
        if event.chain == 2 and self.state.card:
            self.post_message(self.Opened())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The lane under the mouse goes on."""
        self._wheel(event, WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The lane under the mouse goes back."""
        self._wheel(event, -WHEEL)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        spot = self.sheet.spot(self.state, event.x, event.y)
        if spot is not None:
            self.state.lanes[spot.lane].scroll(by, self.state.seen)
            self.post_message(self.Moved())
            self.draw()
