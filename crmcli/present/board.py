"""The board of a pipeline: a lane for each stage, with its first records as cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.model.conditions.tree import And, Compare, Condition, Empty, Node, Or, Text
from crmcli.model.pipeline import Stage
from crmcli.present.cells import Column, Listing, Locale, attributes

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.model.pipeline import Pipeline
    from crmcli.workspace import Workspace


@dataclass(frozen=True, slots=True)
class BoardCard:
    """One record on the board; `age` is how long it has stood in its stage."""

    id: str
    name: str
    amount: str
    owner: str
    age: str
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Lane:
    """One stage on the board; `cards` are the first of its `count` records."""

    stage: Stage
    count: int = 0
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    cards: Sequence[BoardCard] = ()


def read_lanes(
    ws: Workspace, pipeline: Pipeline, condition: Condition | None, cards: int
) -> list[Lane]:
    """The stages of a pipeline with their records; stages that are no longer declared come last."""
    scope = _scope(ws, pipeline, condition)
    declared = {stage.id: stage for stage in pipeline.stages}
    counts = dict.fromkeys(declared, 0)
    sums: dict[str, dict[str, Decimal]] = {}
    for total in ws.sums(pipeline.entity, ["stage"], _all_of(scope)):
        stage_id = total.keys[0]
        counts[stage_id] = counts.get(stage_id, 0) + total.count
        if total.amount:  # a file written by hand may name no currency: it is the usual one
            of_stage, code = sums.setdefault(stage_id, {}), total.currency or ws.settings.currency
            of_stage[code] = of_stage.get(code, Decimal("0.00")) + total.amount
    lanes = []
    for stage_id, count in counts.items():
        stage = declared.get(stage_id) or Stage(stage_id, f"? {stage_id}".strip())
        found = _cards(ws, pipeline, stage, scope, cards) if count and cards else []
        lanes.append(Lane(stage, count, dict(sorted(sums.get(stage_id, {}).items())), found))
    return lanes


def lane_table(pipeline: Pipeline, lanes: Sequence[Lane]) -> Listing:
    """The lanes without their cards, for programs."""
    rows = [
        {"pipeline": pipeline.id, "stage": lane.stage.id}
        | attributes(lane.stage, "name", "kind")
        | attributes(lane, "count", "sums")
        for lane in lanes
    ]
    columns = [Column(name) for name in ("pipeline", "stage", "name", "kind", "count", "sums")]
    return Listing(rows, columns)


def _scope(ws: Workspace, pipeline: Pipeline, condition: Condition | None) -> list[Node]:
    """What a record on this board fulfils; deals without a pipeline are on the first one's."""

    parts: list[Node] = [condition.tree] if condition is not None else []
    if pipeline.key:
        here = Compare(("pipeline",), "=", Text(pipeline.id))
        first = pipeline == ws.pipelines.deals[0]
        parts.append(Or((here, Empty(("pipeline",)))) if first else here)
    return parts


def _all_of(parts: Sequence[Node]) -> Condition | None:

    tree = And(tuple(parts))
    return Condition(str(tree), tree) if parts else None


def _cards(
    ws: Workspace, pipeline: Pipeline, stage: Stage, scope: Sequence[Node], limit: int
) -> list[BoardCard]:
    """The first records of a stage: the oldest while it is open, the newest of a final one."""

    # Not through ws.condition: it refuses a stage that is no longer declared.
    here = Compare(("stage",), "=", Text(stage.id)) if stage.id else Empty(("stage",))
    order = ["created_at" if stage.is_open else "-created_at"]
    found = ws.select(pipeline.entity, _all_of([*scope, here]), order, limit)
    return [_card(ws, stage, record) for record in found]


def _card(ws: Workspace, stage: Stage, record: Record) -> BoardCard:
    from crmcli.workspace.current_stage import current_stage

    amount = record.get("amount")
    money = ""
    if isinstance(amount, Decimal):
        money = Locale.of(ws).money(amount, str(record.get("currency")))
    entry = current_stage(ws, record).entry
    age, overdue = "", False
    if entry is not None and stage.is_open:
        [entry] = ws.in_order([entry])
        hours = max(0, int((ws.now - entry.at).total_seconds() // 3600))
        age = tr("{}d", hours // 24) if hours >= 24 else tr("{}h", hours)
        overdue = stage.max_days is not None and hours >= 24 * stage.max_days
        if overdue:
            age = f"{age} > {tr('{}d', stage.max_days)}"
    name = str(record.get("name")).strip() or record.id
    return BoardCard(record.id, name, money, ws.owner_name(str(record.get("owner"))), age, overdue)
