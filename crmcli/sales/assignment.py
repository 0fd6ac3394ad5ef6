"""Who gets a record: whose turn it is, who has least to do, and the rules for what comes in by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.assignment import LEAST_BUSY, WORKING, AssignmentRule
from crmcli.model.conditions.holds import holds
from crmcli.model.conditions.tree import BadCondition
from crmcli.model.entities import having
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.presence import Presence, stand_in
from crmcli.model.settings import Calendar
from crmcli.workspace import Change, Workspace

TURN_TAKEN = "turn.taken"
MOST_TURNS = 1000
"""Turns that are looked at; who had none of them had the last one longest ago."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """A record with its owner, and by which rule; None where none holds."""

    record: Record
    rule: AssignmentRule | None = None

    def note(self, change: Change, record_id: str) -> None:
        """Write down, of the record that came of it, that it was the owner's turn."""
        if self.rule and self.rule.by != LEAST_BUSY and len(self.rule.to) > 1:
            note_turn(change, record_id, self.rule.group, str(self.record.get("owner")))


def assigned(change: Change, ws: Workspace, record: Record) -> Assigned:
    """A new record with the owner whom the first rule that holds for it gives."""
    for rule in ws.settings.assignment:
        if _holds(ws, rule, record):
            owner = _owner(change, ws, rule)
            return Assigned(record.with_values({"owner": owner}), rule)
    return Assigned(record)


def _holds(ws: Workspace, rule: AssignmentRule, record: Record) -> bool:
    if not rule.when:
        return True
    try:
        return holds(ws.condition(rule.when, record.entity), record, ws.env)
    except (
        BadCondition
    ) as error:  # the name of a stage that was removed: nobody is turned away for it
        ws.notes.append(tr("assignment: {}", error))
        return False


def _owner(change: Change, ws: Workspace, rule: AssignmentRule) -> str:
    """One of those whom a rule names. Who is away is passed over; if all are, their deputies stand in."""
    own = ws.settings.presences
    users = tuple(user for user in rule.to if user not in ws.gone) or rule.to
    users = tuple(user for user in users if not own.get(user, Presence()).is_away(ws.today))
    if not users:
        found = (stand_in(own, user, ws.today) or user for user in rule.to)
        users = tuple(dict.fromkeys(found))
    if rule.by == WORKING:
        local, calendar = ws.now.astimezone(ws.zone), ws.settings.calendar
        here = [u for u in users if _is_at_work(own.get(u, Presence()), calendar, local)]
        users = tuple(here) or users
    if rule.by == LEAST_BUSY:
        return least_busy(ws, users)
    return next_in_turn(change, ws, users, rule.group)


def _is_at_work(presence: Presence, calendar: Calendar, local: datetime) -> bool:
    """Whether somebody works at a moment of local time."""
    day, clock = local.date(), local.time()
    opens, closes = presence.hours or (calendar.opens, calendar.closes)
    is_day = day.weekday() in presence.days if presence.days else calendar.is_open(day)
    is_off = presence.is_away(day) or day in calendar.holidays
    return is_day and not is_off and opens <= clock < closes


def next_in_turn(change: Change, ws: Workspace, users: Sequence[str], group: str) -> str:
    """Who had the turn longest ago, the first of those who never had one."""
    if len(users) == 1:
        return users[0]
    written = ws.house.events(kinds=(TURN_TAKEN,), limit=MOST_TURNS, newest_first=True)
    events: list[Event] = [*reversed([*change.turns, *change.events]), *written]
    taken = [e.data["to"] for e in events if e.kind == TURN_TAKEN and e.data.get("robot") == group]
    return max(users, key=lambda user: taken.index(user) if user in taken else MOST_TURNS * 2)


def note_turn(change: Change, record_id: str, group: str, user: str) -> None:
    """Write down whose turn it was to get a record."""
    change.note(TURN_TAKEN, record_id, {"robot": group, "to": user})


def least_busy(ws: Workspace, users: Sequence[str], but: str = "") -> str:
    """Who has the fewest open leads and deals, the first of several; the record `but` does not count."""
    found = dict.fromkeys(users, 0)
    for entity in having("staged"):
        condition = ws.condition("stage = open" + (f" and id != {but}" if but else ""), entity)
        for total in ws.house.sums(entity, ["owner"], condition):
            found[total.keys[0]] = found.get(total.keys[0], 0) + total.count
    return min(users, key=lambda user: found[user])
