"""The work with leads: how many came, were converted, were junk, by source, stage or owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from crmcli.dataclass import dataclass, field
from crmcli.model.pipeline import Pipeline
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from crmcli.model.conditions.tree import Condition

Sums = Mapping[str, Decimal]
Count: TypeAlias = tuple[str, str, int, str, Decimal]
"""Key, stage, how many leads of that key stand in that stage, currency, their sum in it."""
_KINDS = {"won": "converted", "lost": "junk"}


@dataclass(frozen=True, slots=True)
class LeadsRow:
    """The leads of one source, stage or owner; `conversion` in per cent, sums by currency."""

    key: str
    leads: int
    converted: int
    junk: int
    open: int
    conversion: float | None
    amounts: Sums = field(default_factory=dict)
    converted_amounts: Sums = field(default_factory=dict)


def read_leads(ws: Workspace, by: str, condition: Condition | None = None) -> list[LeadsRow]:
    """The report from the workspace's leads that fit a condition."""
    keys = ["stage"] if by == "stage" else [by, "stage"]
    totals = ws.sums("lead", keys, condition)
    counts = ((t.keys[0], t.keys[-1], t.count, t.currency, t.amount) for t in totals)
    rows = leads(counts, ws.pipelines.leads)
    if by == "stage":
        order = [stage.id for stage in ws.pipelines.leads.stages]
        rows.sort(key=lambda row: order.index(row.key) if row.key in order else len(order))
    return rows


def leads(counts: Iterable[Count], pipeline: Pipeline) -> list[LeadsRow]:
    """The report from counts, the keys with the most leads first."""
    import pandas as pd

    ends = {stage.id: _KINDS.get(stage.kind, "open") for stage in pipeline.stages}
    found = [(key, ends.get(stage, "open"), *more) for key, stage, *more in counts]
    frame = pd.DataFrame(found, columns=["key", "end", "count", "currency", "amount"])
    rows = []
    for key, group in frame.groupby("key"):
        ended = group.groupby("end")["count"].sum()
        number, converted = int(group["count"].sum()), int(ended.get("converted", 0))
        sums = _sums(group), _sums(group[group["end"] == "converted"])
        rest = int(ended.get("junk", 0)), int(ended.get("open", 0))
        rows.append(LeadsRow(str(key), number, converted, *rest, _share(converted, number), *sums))
    return sorted(rows, key=lambda row: (-row.leads, row.key))


def total(rows: Sequence[LeadsRow]) -> LeadsRow:
    """All rows as one; its key is ""."""
    number, converted = sum(r.leads for r in rows), sum(r.converted for r in rows)
    rest = sum(r.junk for r in rows), sum(r.open for r in rows)
    sums = _added(r.amounts for r in rows), _added(r.converted_amounts for r in rows)
    return LeadsRow("", number, converted, *rest, _share(converted, number), *sums)


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _sums(group: pd.DataFrame) -> Sums:
    pairs = zip(group["currency"], group["amount"], strict=True)
    return _added({str(currency): amount} for currency, amount in pairs if amount)


def _added(sums: Iterable[Sums]) -> Sums:
    added: dict[str, Decimal] = {}
    for amounts in sums:
        for currency, amount in amounts.items():
            added[currency] = added.get(currency, Decimal("0.00")) + amount
    return dict(sorted(added.items()))
