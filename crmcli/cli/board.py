"""crm board: the kanban of a pipeline, its stages side by side."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.filters import filtered
from crmcli.cli.params import Session, Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.wanted import PIPELINE, WHERE, pipeline_named


@click.command(
    cls=Verb,
    params=[
        PIPELINE,
        WHERE,
        option("--view", "Only records of a saved view.", "NAME"),
        option("--owner", "Only records of this owner.", "USER", multiple=True),
        option("--cards", "Maximum number in each stage.", "N", default=10, at_least=0),
    ],
)
@click.pass_obj
def board(
    session: Session, pipeline: str, where: str, view: str, owner: Sequence[str], cards: int
) -> None:
    """Print a pipeline as a kanban board: a column for each stage, with its records, their number and
    their sum in each currency.

    Example: crm board --pipeline leads --owner anna
    """
    from crmcli.cli.lanes import draw, unbound_width
    from crmcli.present.board import lane_table, read_lanes

    ws, out = session.workspace, session.out
    shown = pipeline_named(ws, pipeline)
    saved = ws.view(shown.entity, view) if view else None
    condition = filtered(ws, shown.entity, where, {"owner": owner} if owner else {}, saved)
    lanes = read_lanes(ws, shown, condition, cards if out.is_table else 0)
    if out.is_table:
        out.lines(draw(lanes, out.width or unbound_width(), out))
    else:
        out.records(*lane_table(shown, lanes))
    unreadable(session)
