"""The board of a pipeline: a lane for each stage, with its first records as cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass, field, replace
from crmcli.language import tr
from crmcli.model.conditions.tree import And, Compare, Condition, Empty, Node, Or, Text
from crmcli.model.event import Event
from crmcli.model.masked_lines import masked_each
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.schema import own_fields
from crmcli.model.values import Raw
from crmcli.present.cells import Column, Listing, Locale, as_decimal, attributes

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

CLIENTS = ("company", "contact")
"""Whose name stands on a card, the first that a record links to."""


@dataclass(frozen=True, slots=True)
class BoardCard:
    """One record on the board; `age` is how long it has stood in its stage."""

    id: str
    name: str
    amount: str
    owner: str
    age: str
    overdue: bool = False
    client: str = ""


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
    scope = scope_of(ws, pipeline, condition)
    declared = {stage.id: stage for stage in pipeline.stages}
    counts = dict.fromkeys(declared, 0)
    sums: dict[str, dict[str, Decimal]] = {}
    for total in ws.sums(pipeline.entity, ["stage"], _all_of(scope)):
        here = pipeline.stage(total.keys[0])
        stage_id = here.id if here else total.keys[0]
        counts[stage_id] = counts.get(stage_id, 0) + total.count
        if total.amount:  # a file written by hand may name no currency: it is the usual one
            of_stage, code = sums.setdefault(stage_id, {}), total.currency or ws.settings.currency
            of_stage[code] = of_stage.get(code, Decimal("0.00")) + total.amount
    lanes = []
    for stage_id, count in counts.items():
        stage = declared.get(stage_id) or Stage(stage_id, f"? {stage_id}".strip())
        found = read_cards(ws, pipeline, stage, scope, cards) if count and cards else []
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


def scope_of(ws: Workspace, pipeline: Pipeline, condition: Condition | None) -> list[Node]:
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


def read_cards(
    ws: Workspace,
    pipeline: Pipeline,
    stage: Stage,
    scope: Sequence[Node],
    limit: int,
    *,
    offset: int = 0,
    order: Sequence[str] = (),
) -> list[BoardCard]:
    """Records of a stage in an order: else the oldest first while it is open, the newest of a final one."""
    from crmcli.workspace.current_stage import current_stages

    # Not through ws.condition: it refuses a stage that is no longer declared.
    here = Compare(("stage",), "=", Text(stage.id)) if stage.id else Empty(("stage",))
    by = order or ["created_at" if stage.is_open else "-created_at"]
    rows = [*ws.rows(pipeline.entity, _all_of([*scope, here]), by, limit, offset=offset)]
    stands = current_stages(ws, [str(row["id"]) for row in rows]) if stage.is_open else []
    entries = {place.record: place.entry for place in stands if place.entry is not None}
    clients = _clients(ws, pipeline.entity, rows)
    locale = Locale.of(ws)
    found = [_card(ws, stage, row, entries.get(str(row["id"])), clients, locale) for row in rows]
    return _masked(ws, found)


def _masked(ws: Workspace, cards: list[BoardCard]) -> list[BoardCard]:
    """With the phones and e-mails in names masked as everywhere, before they are cut to what a card holds."""
    if ws.trail is None or not ws.trail.is_limited or not cards:
        return cards
    names = [" ".join(name.split("\n")) for card in cards for name in (card.name, card.client)]
    said = masked_each(names, partial(ws.trail.masked, ws=ws))
    return [replace(card, name=said[2 * n], client=said[2 * n + 1]) for n, card in enumerate(cards)]


def _clients(ws: Workspace, entity: str, rows: Sequence[Mapping[str, Raw]]) -> dict[str, str]:
    """With whom each record has to do: the name of its company or else its contact, or as it says itself."""
    named: dict[str, str] = {}
    linked: dict[str, str] = {}
    links = [field for field in own_fields(entity) if {*field.entities} & {*CLIENTS}]
    links.sort(key=lambda field: CLIENTS.index(field.entities[0]))
    for row in rows:
        record_id = str(row["id"])
        said = [str(row.get(name) or "") for name in ("first_name", "last_name")]
        named[record_id] = str(row.get("company_name") or "") or " ".join(filter(None, said))
        of_links = (f.kind.linked(f.kind.parse(row.get(f.name, ""))) for f in links)
        if first := next((one for ids in of_links for one in ids), ""):
            linked[record_id] = first
    names = {str(row["id"]): str(row.get("name") or "") for row in ws.rows_of([*linked.values()])}
    found = {record_id: names.get(other, "") for record_id, other in linked.items()}
    return named | {record_id: name for record_id, name in found.items() if name}


def _card(
    ws: Workspace,
    stage: Stage,
    row: Mapping[str, Raw],
    entry: Event | None,
    clients: Mapping[str, str],
    locale: Locale,
) -> BoardCard:
    record_id, amount = str(row["id"]), as_decimal(row.get("amount"))
    money = "" if amount is None else locale.money(amount, str(row.get("currency") or ""))
    age, overdue = "", False
    if entry is not None:
        [entry] = ws.in_order([entry])
        hours = max(0, int((ws.now - entry.at).total_seconds() // 3600))
        age = tr("{}d", hours // 24) if hours >= 24 else tr("{}h", hours)
        overdue = stage.max_days is not None and hours >= 24 * stage.max_days
        if overdue:
            age = f"{age} > {tr('{}d', stage.max_days)}"
    name = str(row.get("name") or "").strip() or record_id
    owner = ws.owner_name(str(row.get("owner") or ""))
    return BoardCard(record_id, name, money, owner, age, overdue, clients[record_id])
