"""The board as lines: pieces of text with their styles, and what lies under a cell of the screen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from typing import NamedTuple

from rich.color import Color, ColorParseError
from rich.segment import Segment
from rich.style import Style

from crmcli.language import counted, tr
from crmcli.present.board import BoardCard
from crmcli.present.cells import Locale
from crmcli.present.text_width import cut, one_line, pad, width, wrap
from crmcli.tui.state import BoardState, LaneState

NARROWEST, WIDEST = 19, 44
CARD = 4
"""Lines of a card."""
ROOMY = 34
"""Lines of a screen from which on a line is left free between cards."""
FOOT = 3
PLAIN, BOLD, DIM = Style(), Style(bold=True), Style(dim=True)
LATE = Style(bold=True, color="red")
CURRENT = Style(reverse=True)
Line = list[Segment]
SORTED = {
    "amount": "the largest first",
    "name": "by name",
    "close_by": "by date",
    "newest": "the newest first",
}
HINTS = "? help  q quit  enter open  < > move  space mark  / filter  w win  x lose  a add  u undo"


class Spot(NamedTuple):
    """What lies under a cell: a lane, and the number of a card in it, -1 where there is none."""

    lane: int
    card: int


class Sheet(NamedTuple):
    """How a screen is divided: lanes side by side and their width, lines above the cards, lines of one."""

    wide: int
    tall: int
    abreast: int
    lane: int
    head: int
    card: int

    @property
    def seen(self) -> int:
        """The cards of a lane that are seen."""
        return max(1, (self.tall - self.head - FOOT) // self.card)

    def spot(self, state: BoardState, x: int, y: int) -> Spot | None:
        """What lies there; None beside the lanes."""
        number = state.left + x // (self.lane + 1)
        if not (
            1 <= y < self.tall - FOOT and number < min(len(state.lanes), state.left + self.abreast)
        ):
            return None
        lane, down = state.lanes[number], (y - self.head) // self.card
        card = lane.top + down
        return Spot(number, card if 0 <= down < self.seen and card < lane.lane.count else -1)


def divide(state: BoardState, wide: int, tall: int) -> Sheet:
    """Divide a screen, and scroll the lanes so that the current one is in sight."""
    lanes = max(1, len(state.lanes))
    abreast = max(1, min(lanes, (wide + 1) // (NARROWEST + 1)))
    lane = max(1, min(WIDEST, (wide + 1) // abreast - 1))
    state.left = max(0, min(max(state.left, state.at - abreast + 1), state.at, lanes - abreast))
    sums = max((len(one.lane.sums) for one in _seen(state, abreast)), default=0)
    roomy = tall >= ROOMY
    return Sheet(wide, tall, abreast, lane, 3 + min(sums, 3), CARD + roomy)


def draw(state: BoardState, sheet: Sheet, locale: Locale) -> list[Line]:
    """All lines of the screen."""
    columns = [
        [*_head(state, n, sheet, locale), *_cards(state, n, sheet)]
        for n in range(state.left, min(len(state.lanes), state.left + sheet.abreast))
    ]
    body = sheet.tall - FOOT - 1
    empty = [Segment(" " * sheet.lane, PLAIN)]
    lines = [_title(state, sheet)]
    for parts in zip_longest(*columns, fillvalue=empty):
        line: Line = []
        for part in parts:
            line += [*part, Segment(" ", PLAIN)]
        lines.append(line)
    if not columns:
        lines.append([Segment(tr("reading…") if not state.is_read else "", DIM)])
    lines = lines[: body + 1] + [[] for _ in range(body + 1 - len(lines))]
    return [*lines, *_foot(state, sheet)]


def _seen(state: BoardState, abreast: int) -> list[LaneState]:
    return state.lanes[state.left : state.left + abreast]


def _title(state: BoardState, sheet: Sheet) -> Line:
    total = sum(lane.lane.count for lane in state.lanes)
    parts = [state.title, counted(total, "record")] if state.is_read else [state.title]
    if state.place.order in SORTED:
        parts.append(tr(SORTED[state.place.order]))
    if state.marked:
        parts.append(tr("{} marked", len(state.marked)))
    hidden = len(state.lanes) - sheet.abreast
    if hidden > 0:
        more = (len(state.lanes) - sheet.abreast - state.left) * " ›"
        parts.append(("‹ " * state.left + more.strip()).strip())
    line = [Segment(" " + one_line("  ·  ".join(filter(None, parts))), BOLD)]
    if state.typing or state.place.words:
        line.append(Segment("  /" + state.place.words, PLAIN))
    if state.typing:
        line.append(Segment(" ", CURRENT))
    return line


@cache
def _color(name: str) -> Style:
    try:
        return Style(color=Color.parse(name)) if name else PLAIN
    except ColorParseError:
        return PLAIN


def _head(state: BoardState, number: int, sheet: Sheet, locale: Locale) -> Iterator[Line]:
    """A lane's name and count, its sums, and a rule that is thick below the current one."""
    lane, wide = state.lanes[number].lane, sheet.lane
    count = f"{lane.count:,}".replace(",", "\u00a0")
    name = pad(cut(one_line(lane.stage.name), wide - len(count) - 1), wide - len(count))
    color = _color(lane.stage.color)
    is_over = number == state.over
    style = color + BOLD + (CURRENT if is_over else PLAIN)
    yield [Segment(name, style), Segment(count, BOLD + (CURRENT if is_over else PLAIN))]
    sums = [locale.money(amount, currency) for currency, amount in lane.sums.items()]
    tall = sheet.head - 3
    if len(sums) > tall > 0:
        sums[tall - 1 :] = ["…"]
    for text in [*sums, *[""] * (tall - len(sums))][:tall]:
        yield [Segment(pad(cut(text, wide), wide, right=True), PLAIN)]
    yield [Segment(("━" if number == state.at else "─") * wide, color)]


def _cards(state: BoardState, number: int, sheet: Sheet) -> Iterator[Line]:
    lane = state.lanes[number]
    color = _color(lane.lane.stage.color)
    for n in range(lane.top, min(lane.top + sheet.seen, lane.lane.count)):
        is_current = number == state.at and n == lane.at
        card = lane.cards.get(n)
        lines = _card(state, card, sheet.lane - 1) if card else _unread(sheet.lane - 1)
        more = CURRENT if is_current else PLAIN
        for text, style in lines:
            parts = (Segment(part, own + more) for part, own in _pairs(text, style))
            yield [Segment("█" if is_current else "▌", color), *parts]
        for _ in range(sheet.card - CARD):
            yield [Segment(" " * sheet.lane, PLAIN)]


def _pairs(text: str | tuple[str, str], style: tuple[Style, Style]) -> Iterator[tuple[str, Style]]:
    parts = (text,) if isinstance(text, str) else text
    yield from zip(parts, style, strict=False)


def _unread(wide: int) -> Iterator[tuple[str, tuple[Style, Style]]]:
    yield pad("…", wide), (DIM, DIM)
    for _ in range(CARD - 1):
        yield " " * wide, (DIM, DIM)


def _card(
    state: BoardState, card: BoardCard, wide: int
) -> Iterator[tuple[str | tuple[str, str], tuple[Style, Style]]]:
    """Name; client; amount and age; owner and id."""
    mark = "✓ " if card.id in state.marked else ""
    mark = "… " if card.id in state.working else mark
    yield pad(cut(mark + _apart(card.name), wide), wide), (BOLD, BOLD)
    yield pad(cut(_apart(card.client), wide), wide), (PLAIN, PLAIN)
    age = f"!{card.age if wide >= NARROWEST + 6 else card.age.partition(' > ')[0]}"
    age = age if card.overdue else card.age
    yield _both(card.amount, age, wide), (PLAIN, LATE if card.overdue else DIM)
    yield _both(one_line(card.owner), card.id.partition("-")[2], wide), (DIM, DIM)


def _apart(text: str) -> str:
    """A text in one line, of pictures that are as wide in any terminal: some draw joined ones as one."""
    return one_line(text).translate({0x200D: None, 0xFE0F: None})


def _both(left: str, right: str, wide: int) -> tuple[str, str]:
    """A text on the left and one on the right, which is the last to be cut."""
    right = cut(right, wide)
    kept = cut(left, max(0, wide - width(right) - 1))
    return pad(kept, wide - width(right)), right


def _foot(state: BoardState, sheet: Sheet) -> Iterator[Line]:
    """What was done, the command that does the same, and what may be done where that leaves room."""
    told, command = state.told, state.command
    if state.homeless and not (told or command):
        told, command = state.homeless.message, state.homeless.hint
    wide = sheet.wide - 2
    hint = tr("type to filter, enter keeps it, esc clears it") if state.typing else tr(HINTS)
    commands = wrap(f"$ {one_line(command)}", wide, FOOT - 1) if command else [""]
    lines = [(one_line(told), BOLD), *((line, PLAIN) for line in commands), (hint, DIM)]
    for text, style in lines[:FOOT]:
        yield [Segment(" " + cut(text, wide), style)]
