"""Documents whose day has passed: offers that expire, invoices that nobody paid in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import cast

from crmcli.automation.ledger import CRM
from crmcli.automation.time_events import TimeEvent
from crmcli.automation.trigger_decisions import awaited_names
from crmcli.model.entities import ENTITIES, Entity
from crmcli.model.fields import Record
from crmcli.model.local_times import local_day, to_utc
from crmcli.workspace import Change, Workspace

PAGE = 500
"""Records that one transaction changes."""


def run(ws: Workspace) -> list[Record]:
    """Give each record the status that the day gives it, and tell the record that it belongs to; the records
    that lapsed. One whose day was put off has its earlier status again."""
    found = [record for row in ENTITIES.values() if row.lapse for record in _lapse(ws, row)]
    if found:
        ws.look_again()
    return found


def to_come(ws: Workspace, until: datetime) -> Iterator[TimeEvent]:
    """The documents whose day passes until some moment, where triggers or robots wait for that; also those of
    which it has passed and no tick came since."""
    awaited, last = awaited_names(ws), local_day(until, ws.zone)
    for row in ENTITIES.values():
        status, day, *waiting = row.lapse or ("", "")
        if f"{row.name}.{status}" in awaited:
            asked = f"{day} < {last} and status in ({', '.join(waiting)})"
            for record in ws.select(row.name, ws.condition(asked, row.name)):
                at = to_utc(cast("date", record.get(day)) + timedelta(days=1), time(), ws.zone)
                yield TimeEvent(at, *_told(row, record))


def lapse_in(change: Change, record_id: str, today: date) -> Record | None:
    """Give a record the status that the day gives it, in an open change; the record if it lapsed."""
    before = change.get(record_id)
    after, row = before.as_of(today), ENTITIES[before.entity]
    change.save(after)
    if after.get("status") != row.lapse[0] or before.get("status") == row.lapse[0]:
        return None
    about, kind, data = _told(row, after)
    change.note(kind, about, data)
    return after


def _told(row: Entity, record: Record) -> tuple[str, str, dict[str, str]]:
    data = {row.name: record.id, "name": str(record.get("name"))}
    return str(record.get(row.parent)) or record.id, f"{row.name}.{row.lapse[0]}", data


def _lapse(ws: Workspace, row: Entity) -> Iterator[Record]:
    status, day, *_ = row.lapse
    put_off = f"status = {status} and ({day} is empty or {day} >= today)"
    condition = ws.condition(f"{row.late} or {put_off}", row.name)
    ids = [one.id for one in ws.select(row.name, condition)]
    for start in range(0, len(ids), PAGE):
        with ws.change("tick", actor=CRM) as change:
            found = [lapse_in(change, one, ws.today) for one in ids[start : start + PAGE]]
        yield from filter(None, found)
