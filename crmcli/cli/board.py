"""crm board: the kanban of a pipeline, its stages side by side."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.filters import filtered
from crmcli.cli.params import Session, Verb
from crmcli.cli.printing import unreadable
from crmcli.cli.wanted import pipeline_named

CARDS = 10


@click.command(
    cls=Verb,
    help="Print the kanban of a pipeline: a column for each stage with its records, their number "
    "and their sum in each currency.\n\nExample: crm board --pipeline leads --owner anna",
)
@click.option(
    "--pipeline",
    default="",
    metavar="ID",
    help="Pipeline; `leads` for leads. [default: the first of deals]",
)
@click.option(
    "--where", "-w", default="", metavar="EXPR", help="Only records that match a condition."
)
@click.option("--view", default="", metavar="NAME", help="Only records of a saved view.")
@click.option("--owner", multiple=True, metavar="USER", help="Only records of this owner.")
@click.option(
    "--cards", type=click.IntRange(min=0), default=CARDS, metavar="N", show_default=True,
    help="How many records to show in each stage.",
)  # fmt: skip
@click.pass_obj
def board(
    session: Session, pipeline: str, where: str, view: str, owner: Sequence[str], cards: int
) -> None:
    """The kanban of a pipeline."""
    from crmcli.cli.lanes import draw, unbound_width
    from crmcli.present.board import lane_table, read_lanes

    ws, out = session.workspace, session.out
    shown = pipeline_named(ws, pipeline)
    saved = ws.view(shown.entity, view) if view else None
    condition = filtered(ws, shown.entity, where, {"owner": owner} if owner else {}, saved)
    wanted = cards if out.is_table else 0
    lanes = read_lanes(ws, shown, condition, wanted)
    if out.is_table:
        out.lines(draw(lanes, out.width or unbound_width(), out))
    else:
        out.records(*lane_table(shown, lanes))
    unreadable(session)
