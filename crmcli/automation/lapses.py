"""Documents whose day has passed: offers that expire, invoices that nobody paid in time."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.automation.ledger import CRM
from crmcli.model.entities import ENTITIES, Entity
from crmcli.model.fields import Record
from crmcli.workspace import Workspace

PAGE = 500
"""Records that one transaction changes."""


def run(ws: Workspace) -> list[Record]:
    """Give each record the status that the day gives it, and tell the record that it belongs to; the records
    that lapsed. One whose day was put off has its earlier status again."""
    found = [record for row in ENTITIES.values() if row.lapse for record in _lapse(ws, row)]
    if found:
        ws.look_again()
    return found


def _lapse(ws: Workspace, row: Entity) -> Iterator[Record]:
    status, day, *_ = row.lapse
    put_off = f"status = {status} and ({day} is empty or {day} >= today)"
    ids = [
        one.id for one in ws.select(row.name, ws.condition(f"{row.late} or {put_off}", row.name))
    ]
    for start in range(0, len(ids), PAGE):
        with ws.change("tick", actor=CRM) as change:
            for record_id in ids[start : start + PAGE]:
                before = change.get(record_id)
                after = before.as_of(ws.today)
                change.save(after)
                if after.get("status") == status != before.get("status"):
                    data = {row.name: record_id, "name": str(after.get("name"))}
                    change.note(
                        f"{row.name}.{status}", str(after.get(row.parent)) or record_id, data
                    )
                    yield after
