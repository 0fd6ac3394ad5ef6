"""crm board: the kanban of a pipeline, its stages side by side."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from crmcli.cli.filters import filtered
from crmcli.cli.lanes import Card, Lane, draw, unbound_width
from crmcli.cli.output import Output
from crmcli.cli.params import Session, Verb
from crmcli.cli.printing import unreadable
from crmcli.cli.table import one_line
from crmcli.cli.wanted import pipeline_named
from crmcli.present.cells import Column

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition, Node
    from crmcli.model.fields import Record
    from crmcli.model.pipeline import Pipeline, Stage
    from crmcli.workspace import Workspace

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
    help="Which; `leads` for the leads. [the first of deals]",
)
@click.option("--where", "-w", default="", metavar="EXPR", help="Only what fits a condition.")
@click.option("--view", default="", metavar="NAME", help="Only what is in a view of views.yaml.")
@click.option("--owner", multiple=True, metavar="USER", help="Only what belongs to this user.")
@click.option(
    "--cards", type=click.IntRange(min=0), default=CARDS, metavar="N", show_default=True,
    help="How many records to show in each stage.",
)  # fmt: skip
@click.pass_obj
def board(
    session: Session, pipeline: str, where: str, view: str, owner: Sequence[str], cards: int
) -> None:
    """The kanban of a pipeline."""
    ws, out = session.workspace, session.out
    shown = pipeline_named(ws, pipeline)
    saved = ws.view(shown.entity, view) if view else None
    condition = filtered(ws, shown.entity, where, {"owner": owner} if owner else {}, saved)
    wanted = cards if out.is_table else 0
    lanes = read_lanes(ws, out, shown, condition, wanted)
    if out.is_table:
        out.lines(draw(lanes, out.width or unbound_width(), out))
    else:
        out.records([_row(shown, lane) for lane in lanes], _columns())
    unreadable(session)


# -- what stands on it -----------------------------------------------------------------------


def read_lanes(
    ws: Workspace, out: Output, pipeline: Pipeline, condition: Condition | None, cards: int
) -> list[Lane]:
    """The stages of a pipeline with their records; stages that are no longer declared come last."""
    from crmcli.model.pipeline import Stage

    scope = _scope(ws, pipeline, condition)
    declared = {stage.id: stage for stage in pipeline.stages}
    counts = dict.fromkeys(declared, 0)
    sums: dict[str, dict[str, Decimal]] = {}
    for total in ws.index.totals(pipeline.entity, ["stage"], _all_of(scope), ws.env):
        stage_id = total.keys[0]
        counts[stage_id] = counts.get(stage_id, 0) + total.count
        if total.amount:  # a file written by hand may name no currency: it is the usual one
            of_stage, code = sums.setdefault(stage_id, {}), total.currency or ws.settings.currency
            of_stage[code] = of_stage.get(code, Decimal("0.00")) + total.amount
    lanes = []
    for stage_id, count in counts.items():
        stage = declared.get(stage_id) or Stage(stage_id, f"? {stage_id}".strip())
        found = _cards(ws, out, pipeline, stage, scope, cards) if count and cards else []
        lanes.append(Lane(stage, count, dict(sorted(sums.get(stage_id, {}).items())), found))
    return lanes


def _scope(ws: Workspace, pipeline: Pipeline, condition: Condition | None) -> list[Node]:
    """What a record on this board fulfils; deals without a pipeline are on the first one's."""
    from crmcli.model.conditions.where import Compare, Empty, Or, Text

    parts: list[Node] = [condition.tree] if condition is not None else []
    if pipeline.entity == "deal":
        here = Compare(("pipeline",), "=", Text(pipeline.id))
        first = pipeline == ws.pipelines.deals[0]
        parts.append(Or((here, Empty(("pipeline",)))) if first else here)
    return parts


def _all_of(parts: Sequence[Node]) -> Condition | None:
    from crmcli.model.conditions.where import And, Condition

    tree = And(tuple(parts))
    return Condition(str(tree), tree) if parts else None


def _cards(
    ws: Workspace, out: Output, pipeline: Pipeline, stage: Stage, scope: Sequence[Node], limit: int
) -> list[Card]:
    """The first records of a stage: the oldest while it is open, the newest of a final one."""
    from crmcli.model.conditions.where import Compare, Empty, Text

    # Not through ws.condition: it refuses a stage that is no longer declared.
    here = Compare(("stage",), "=", Text(stage.id)) if stage.id else Empty(("stage",))
    order = ["created_at" if stage.is_open else "-created_at"]
    found = ws.select(pipeline.entity, _all_of([*scope, here]), order, limit)
    return [_card(ws, out, stage, record) for record in found]


def _card(ws: Workspace, out: Output, stage: Stage, record: Record) -> Card:
    from crmcli.entries import last_entry

    amount = record.get("amount")
    money = ""
    if isinstance(amount, Decimal):
        money = out.locale.money(amount, str(record.get("currency")))
    entry = last_entry(ws, record)
    age, overdue = "", False
    if entry is not None and stage.is_open:
        [entry] = ws.in_order([entry])
        hours = max(0, int((ws.now - entry.at).total_seconds() // 3600))
        age = f"{hours // 24}d" if hours >= 24 else f"{hours}h"
        overdue = stage.max_days is not None and hours >= 24 * stage.max_days
        if overdue:
            age = f"{age} > {stage.max_days}d"
    name = one_line(str(record.get("name"))) or record.id
    return Card(name, money, one_line(ws.owner_name(str(record.get("owner")))), age, overdue)


# -- machine formats -------------------------------------------------------------------------


def _row(pipeline: Pipeline, lane: Lane) -> dict[str, object]:
    return {
        "pipeline": pipeline.id,
        "stage": lane.stage.id,
        "name": lane.stage.name,
        "kind": lane.stage.kind,
        "count": lane.count,
        "sums": lane.sums,
    }


def _columns() -> list[Column]:
    return [
        *(Column(name) for name in ("pipeline", "stage", "name", "kind")),
        Column("count", kind="count"),
        Column("sums", kind="sums"),
    ]
