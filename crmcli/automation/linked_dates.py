"""Robots that go by a date of a linked record, as contacts.birthday of a deal: which date, and whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from crmcli.automation.robot_times import Dated, own_dates
from crmcli.model.automation import Robot
from crmcli.model.conditions.holds import reached, value_of
from crmcli.model.conditions.paths import routes
from crmcli.model.fields import Record
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace


def dates_of(ws: Workspace, record: Record, name: str) -> Sequence[Dated]:
    """The dates to which a field or path leads from a record."""
    if "." not in name:
        return own_dates(record, name)
    ends = reached(tuple(name.split(".")), record, ws.env)
    found = [Dated(value_of(step, owner, ws.env), owner.id) for step, owner in ends]
    return [dated for dated in found if isinstance(dated.value, date)]


def changed_at(ws: Workspace, record: Record, robots: Sequence[Robot]) -> dict[str, datetime]:
    """When each linked date by which robots go was last changed, as far as events tell."""
    found: dict[str, datetime] = {}
    for name in {robot.timing.field for robot in robots if "." in robot.timing.field}:
        for step, owner in reached(tuple(name.split(".")), record, ws.env):
            events = ws.events(record=owner.id, kinds=("field.changed",), newest_first=True)
            changes = ((event.at, event.data.get("changes", ())) for event in events)
            moment = next((at for at, names in changes if step.field.name in names), None)
            if moment is not None:
                found[name] = max(moment, found.get(name, moment))
    return found


def leaning_on(ws: Workspace, record_ids: Sequence[str]) -> list[str]:
    """The leads and deals whose robots go by dates of some of these records."""
    found: dict[str, None] = {}
    for entity, path in dict.fromkeys(_paths(ws)):
        for route in routes(path, ws.schema, entity):
            for n in range(1, len(route)):
                ids = [one for one in record_ids if entity_of(one) == route[n].entity]
                link = ".".join(path[:n])
                for start in range(0, len(ids), _PAGE):
                    told = f"{link} in ({', '.join(ids[start : start + _PAGE])})"
                    rows = ws.rows(entity, ws.condition(told, entity))
                    found.update(dict.fromkeys(str(row["id"]) for row in rows))
    return list(found)


def leaning_on_edited(ws: Workspace) -> list[str]:
    """The same of the records that were edited and that no tick has read yet."""
    found: dict[str, None] = {}
    place = ""
    while any(_paths(ws)) and (page := ws.agenda.edited_records(place)):
        place = page[-1].record
        found.update(dict.fromkeys(leaning_on(ws, [one.record for one in page])))
    return list(found)


_PAGE = 100


def _paths(ws: Workspace) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The paths by which robots go, each with the entity from which it leads."""
    for act, entity, _ in ws.pipelines.acts():
        if isinstance(act, Robot) and "." in act.timing.field and not act.fault:
            yield entity, tuple(act.timing.field.split("."))
