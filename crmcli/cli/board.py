"""crm board: the kanban of a pipeline, its stages side by side in as many bands as the width takes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import zip_longest

import click

from crmcli.cli import terminal
from crmcli.cli.options import PIPELINE, WHERE, filtered
from crmcli.cli.output import Output
from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.model.conditions.tree import Condition
from crmcli.model.pipeline import Pipeline
from crmcli.present.board import BoardCard, Lane, lane_table, read_lanes
from crmcli.present.cells import Listing
from crmcli.present.text_width import clean, cut, one_line, pad, width, wrap
from crmcli.workspace.pipelines import pipeline_named

NARROWEST, WIDEST = 18, 36
"""Between these the width of a stage's column is chosen, in cells."""
GAP = 2
UNBOUND = 100
"""The board's width where there is no terminal and COLUMNS says nothing."""
NAME_LINES = 2


@click.command(
    cls=Verb,
    params=[
        PIPELINE,
        WHERE,
        option("--view", "Only records of a saved view.", "NAME"),
        option("--owner", "Only records of this owner.", "USER", multiple=True),
        option(
            "--cards", "Maximum number in each stage that is printed.", "N", default=10, at_least=0
        ),
        option("--print printed", "Print it, also on a terminal.", is_flag=True),
    ],
)
def board(
    session: Session,
    pipeline: str,
    where: str,
    view: str,
    owner: Sequence[str],
    cards: int,
    printed: bool,
) -> Listing | None:
    """The kanban board of a pipeline: a column for each stage, with its records, their number and their sum
    in each currency.

    On a terminal it fills the screen: move cards with the keys or the mouse, ? tells all keys. In a pipe,
    with --print, --cards or --format, or without Textual (pip install 'crmcli[tui]'), it is printed.

    Example: crm board --pipeline leads --owner anna
    """
    ws, out = session.workspace, session.out
    shown = pipeline_named(ws, pipeline)
    saved = ws.view(shown.entity, view) if view else None
    condition = filtered(ws, shown.entity, where, {"owner": owner} if owner else {}, saved)
    if not printed and out.is_table and _fills_screen(session):
        _open_screen(session, shown, condition)
        return None
    lanes = read_lanes(ws, shown, condition, cards if out.is_table else 0)
    from crmcli.sales.homeless import are_homeless, homeless

    if are_homeless(ws, shown.entity):
        ws.notes += [f"{one.message}: {one.hint}" for one in homeless(ws, shown.entity)]
    unreadable(session)
    if not out.is_table:
        return lane_table(shown, lanes)
    out.lines(draw(lanes, out.width or terminal.columns(UNBOUND), out))
    return None


def _fills_screen(session: Session) -> bool:
    """Whether a terminal is there that can be drawn on; says so where only Textual is missing."""
    from click.core import ParameterSource

    given = click.get_current_context().get_parameter_source("cards")
    is_asked = given is ParameterSource.COMMANDLINE or session.dry_run or session.out.quiet
    if is_asked or not terminal.is_screen():
        return False
    if find_spec("textual") is None:
        session.out.note(tr("the full-screen board needs Textual: {}", "pip install 'crmcli[tui]'"))
        return False
    return True


def _open_screen(session: Session, pipeline: Pipeline, condition: Condition | None) -> None:
    from crmcli.tui.opening import open_board

    os.environ.pop("NO_COLOR", None)  # Textual heeds an empty one too
    if not session.out.color:
        os.environ["NO_COLOR"] = "1"
    open_board(session.workspace, pipeline, condition)


def draw(lanes: Sequence[Lane], room: int, out: Output) -> list[str]:
    """The lines of a board that is `room` cells wide, in as many bands of stages as that takes."""
    abreast = max(1, (room + GAP) // (NARROWEST + GAP))
    bands = -(-len(lanes) // abreast)
    abreast = -(-len(lanes) // bands) if bands else 1
    wide = max(1, min(WIDEST, (room + GAP) // abreast - GAP))
    lines: list[str] = []
    for start in range(0, len(lanes), abreast):
        if lines:
            lines += ["", ""]
        lines += _band(lanes[start : start + abreast], wide, out)
    return lines


def _band(lanes: Sequence[Lane], wide: int, out: Output) -> Iterator[str]:
    """Stages side by side: the same number of header lines in each, then their cards."""
    sums = [_sums(lane, out) for lane in lanes]
    tall = max(map(len, sums))
    columns = [
        [
            *_head(lane, wide, out),
            *_right(above, tall, wide),
            _rule(lane, wide, out),
            *_body(lane, wide, out),
        ]
        for lane, above in zip(lanes, sums, strict=True)
    ]
    for parts in zip_longest(*columns, fillvalue=" " * wide):
        yield (" " * GAP).join(parts).rstrip(" ")


def _head(lane: Lane, wide: int, out: Output) -> Iterator[str]:
    number = str(lane.count)
    name = pad(cut(one_line(lane.stage.name), wide - len(number) - 1), wide - len(number))
    yield out.paint(name, lane.stage.color, bold=True) + out.paint(number, bold=True)


def _sums(lane: Lane, out: Output) -> list[str]:
    return [out.locale.money(amount, currency) for currency, amount in lane.sums.items()]


def _right(texts: Sequence[str], tall: int, wide: int) -> Iterator[str]:
    for text in [*texts, *[""] * (tall - len(texts))]:
        yield pad(cut(text, wide), wide, right=True)


def _rule(lane: Lane, wide: int, out: Output) -> str:
    return out.paint("─" * wide, lane.stage.color, dim=not lane.stage.color)


def _body(lane: Lane, wide: int, out: Output) -> Iterator[str]:
    for number, card in enumerate(lane.cards):
        if number:
            yield " " * wide
        yield from _card_lines(card, wide, out)
    hidden = lane.count - len(lane.cards)
    if hidden > 0 and lane.cards:
        yield out.paint(pad(cut(tr("… {} more", hidden), wide), wide), dim=True)


def _card_lines(card: BoardCard, wide: int, out: Output) -> Iterator[str]:
    for line in wrap(clean(card.name), wide, NAME_LINES):
        yield pad(line, wide)
    for left, right in ((card.amount, ""), (one_line(card.owner), card.age)):
        if left or right:
            fits = cut(left, wide - width(right) - 1) if right else cut(left, wide)
            space = " " * (wide - width(fits) - width(right))
            late = card.overdue and bool(right)
            mark = out.paint(right, "red" if late else "", bold=late, dim=not late) if right else ""
            yield out.paint(fits, dim=True) + space + mark
    yield out.paint(pad(cut(card.id, wide), wide), dim=True)
