"""Our own people are told of notices, and of what else they asked to hear of: at once, or a flood as one.

The timeline tells what there is and what was told, so nothing is kept beside it. `notice` events are
written by robots, by triggers and by crm itself; nothing else writes to our own people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from crmcli.automation.actions.email import kept
from crmcli.automation.approval.gate import Gate
from crmcli.automation.ledger import enter, job_key
from crmcli.errors import CrmError
from crmcli.language import counted, tr
from crmcli.model.actions import ALERT
from crmcli.model.alerts import HEARD, MAIL, NOTICE, Alerts, ways_of
from crmcli.model.event import Event
from crmcli.model.local_times import local_minute
from crmcli.model.presence import Presence
from crmcli.model.redaction import redacted
from crmcli.model.user import User
from crmcli.model.values import entity_of
from crmcli.model.work_time import calendar_of, shift, working_moment
from crmcli.render import MailText
from crmcli.sales.documents import messages
from crmcli.workspace import Change, Workspace

SENT = "alert.sent"
LATE, LATE_QUIET = timedelta(days=1), timedelta(days=4)
"""What is older is no news; where quiet times hold something back, it waits over a long weekend."""
MOST_LISTED = 50
_PAGE = 500


class StaffNews(NamedTuple):
    """What somebody is to hear: of which event, in a line or more, and the name of its record."""

    event: Event
    text: str
    about: str


def run(ws: Workspace, gate: Gate) -> int:
    """Queue what our own people are to be told of and were not; how many messages that are."""
    users = (user for user in ws.settings.users.values() if user.id not in ws.gone)
    people = {user.id: ways for user in users if (ways := ways_of(user, wishes(ws, user.id)))}
    if not people:
        return 0
    told = _lately(ws, people)
    count = 0
    for user in people:
        for alerts in _due(ws, user, told):
            if gate.why_not_staff():
                return count
            with ws.change("tick", actor="crm") as change:
                _queue(change, ws, ws.settings.users[user], people[user], alerts)
            count += 1
    return count


def wishes(ws: Workspace, user: str) -> Alerts:
    """What settings.yaml says of how a user is told."""
    return ws.settings.alerts.get(user, Alerts())


def _lately(ws: Workspace, users: Sequence[str] | dict[str, tuple[str, ...]]) -> list[Event]:
    """What could be told and what was told, the newest first."""
    kinds = {NOTICE, SENT, *(kind for user in users for kind in wishes(ws, user).about)}
    since = ws.now - (LATE_QUIET if any(wishes(ws, user).quiet for user in users) else LATE)
    found: list[Event] = []
    place = ""
    while page := ws.events(
        kinds=tuple(sorted(kinds)), before=place, limit=_PAGE, newest_first=True
    ):
        found += [event for event in page if event.at >= since]
        place = page[-1].id
        if len(page) < _PAGE or page[-1].at < since:
            break
    return found


def _due(ws: Workspace, user: str, told: Sequence[Event]) -> Iterator[list[StaffNews]]:
    """The messages that a user gets now, each of one alert or, where there are too many, of several."""
    wish = wishes(ws, user)
    sent = [one for one in told if one.kind == SENT and one.data.get("to") == user]
    known = {name for one in sent for name in one.data.get("events", ())}
    since = ws.now - (LATE_QUIET if wish.quiet else LATE)
    new = [one for one in reversed(told) if one.kind != SENT and one.id not in known]
    alerts = [a for one in new if one.at >= since and (a := _alert(ws, user, wish, one))]
    if not alerts or (wish.quiet and _opens(ws, user) > ws.now):
        return
    begin = shift(ws.now, wish.most.per, ws.zone, back=True)
    recent = [one for one in sent if one.at > begin]
    if len(alerts) + len(recent) <= wish.most.count:
        yield from ([alert] for alert in alerts)
    elif not any(len(one.data.get("events", ())) > 1 for one in recent):
        yield alerts


def _opens(ws: Workspace, user: str) -> datetime:
    presence = ws.settings.presences.get(user, Presence())
    return working_moment(ws.now, calendar_of(presence, ws.settings.calendar), ws.zone)


def _alert(ws: Workspace, user: str, wish: Alerts, event: Event) -> StaffNews | None:
    """What a user hears of an event; None if it is not for that one."""
    if event.kind == NOTICE:
        if event.data.get("to") != user or NOTICE not in wish.about:
            return None
        return StaffNews(event, str(event.data.get("text", "")), _name(ws, event.record))
    if event.kind not in wish.about or event.actor == user or event.is_of_machine:
        return None
    if _owner(ws, event) not in ("", user):
        return None
    said = (event.data.get(key) for key in ("from", "number", "subject", "text", "name"))
    words = ", ".join(" ".join(str(one).split())[:200] for one in said if one)
    name = _name(ws, event.record)
    words = words or name.rpartition(" (")[0]
    return StaffNews(event, f"{tr(HEARD[event.kind])}: {words}".rstrip(": "), name)


def _owner(ws: Workspace, event: Event) -> str:
    try:
        about = str(event.data.get("task") or event.record)
        return str(ws.get(about).get("owner") or "") if entity_of(about) else ""
    except CrmError:
        return ""


def _name(ws: Workspace, record_id: str) -> str:
    try:
        record = ws.get(record_id) if entity_of(record_id) else None
    except CrmError:
        return record_id
    return f"{record.get('name')} ({record_id})" if record else ""


def _queue(
    change: Change, ws: Workspace, user: User, ways: Sequence[str], alerts: Sequence[StaffNews]
) -> None:
    """Queue one message by each way, and note of what it tells, in one transaction."""
    ids = [alert.event.id for alert in alerts]
    title, text = _words(ws, alerts)
    record = alerts[0].event.record if len(alerts) == 1 else ""
    for way in ways:
        key, who = job_key("alert", user.id, way, *ids), f"alert:{user.id}"
        if way == MAIL:
            mail = MailText(subject=title, text=f"{text}\n")
            letter = messages.message_of(ws, mail, (user.email,), key=key, automatic=True)
            facts = kept(change, letter)
            enter(change, "queued", record, key, who, "email", **facts, notice="yes")
            continue
        given = {"user": user.id, "way": way, "title": title, "text": text, "key": key}
        sha = change.attach(json.dumps(given, ensure_ascii=False, sort_keys=True).encode())
        told = f"{user.id} ({way})"
        enter(change, "queued", record, key, who, ALERT, to=told, file=sha, notice="yes")
    change.note(SENT, record, {"to": user.id, "events": ids})


def _words(ws: Workspace, alerts: Sequence[StaffNews]) -> tuple[str, str]:
    """The title and the text of a message, without secrets."""
    alerts = [one._replace(text=redacted(one.text)) for one in alerts]
    if len(alerts) == 1:
        [alert] = alerts
        first = alert.text.strip().split("\n")[0]
        return first[:120] or alert.about, f"{alert.text}\n\n{alert.about}".strip()
    lines = []
    for one in alerts[:MOST_LISTED]:
        text, about = " ".join(one.text.split())[:300], f" — {one.about}" if one.about else ""
        lines.append(f"{local_minute(one.event.at, ws.zone)}  {text}{about}")
    more = len(alerts) - len(lines)
    lines += [tr("and {} more", more)] if more else []
    return counted(len(alerts), "alert"), "\n".join(lines)
