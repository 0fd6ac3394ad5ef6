"""do: owner, another owner of the record: a given one, whose turn it is, who has least to do, the former."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.automation.actions.work import Effect, Work
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.actions import LEAST_BUSY, PREVIOUS, ROUND_ROBIN
from crmcli.model.entities import having
from crmcli.model.event import Event
from crmcli.model.values import fold
from crmcli.sales.records.edit import Edit, edit_in

TURN = "turn.taken"
MOST_TURNS = 1000
"""Turns that are looked at; who had none of them had the last one longest ago."""


def run(work: Work) -> Effect:
    """Hand the record over; a turn is written down with it."""
    record, to = work.the_record, work.text("to")
    if to == PREVIOUS:
        owner = _previous(work)
        if not owner:
            return Effect("skipped", {"reason": "nobody had it before"})
    elif to in WAYS:
        owner = WAYS[to](work, _among(work))
    else:
        owner = work.ws.user_id(to)
    after = edit_in(work.change, work.ws, record.id, Edit({"owner": [owner]}, {}, {}))
    if to == ROUND_ROBIN:
        work.change.note(TURN, record.id, {"robot": work.who, "to": owner})
    is_same = after.get("owner") == record.get("owner")
    return Effect("done", {"owner": owner}, tr("no change") if is_same else owner)


def _among(work: Work) -> list[str]:
    """Who may get the record, each once, in their order: without those who have left."""
    users = work.ws.settings.users
    if not work.params.get("among"):
        found = [*users]
    elif users:
        names = ((fold(n), u.id) for u in users.values() for n in (u.email, u.name, u.id))
        words = dict(names)
        found = [words[fold(word)] for word in work.texts("among") if fold(word) in words]
    else:
        found = work.texts("among")
    if not found:
        raise BadUsage(tr("{}: there is nobody to choose from", work.who), "name users in among:")
    return list(dict.fromkeys(found))


def _next(work: Work, users: Sequence[str]) -> str:
    """Who had the turn longest ago, the first of those who never had one."""
    written = work.ws.events(kinds=(TURN,), limit=MOST_TURNS, newest_first=True)
    events: list[Event] = [*reversed([*work.change.turns, *work.change.events]), *written]
    turns = [e.data["to"] for e in events if e.kind == TURN and e.data.get("robot") == work.who]
    return max(users, key=lambda user: turns.index(user) if user in turns else MOST_TURNS * 2)


def _least_busy(work: Work, users: Sequence[str]) -> str:
    """Who has the fewest other open leads and deals, the first of several."""
    counts = dict.fromkeys(users, 0)
    for entity in having("staged"):
        condition = work.ws.condition(f"stage = open and id != {work.target}", entity)
        for total in work.ws.sums(entity, ["owner"], condition):
            counts[total.keys[0]] = counts.get(total.keys[0], 0) + total.count
    return min(users, key=lambda user: counts[user])


def _previous(work: Work) -> str:
    """Who had the record before who has it now, as far as they are still here; "" if nobody did."""
    for event in work.ws.events(record=work.target, newest_first=True):
        old, new = event.data.get("changes", {}).get("owner", ("", ""))
        if old and new == work.the_record.get("owner"):
            return str(old) if not work.ws.settings.users or old in work.ws.settings.users else ""
    return ""


WAYS = {ROUND_ROBIN: _next, LEAST_BUSY: _least_busy}
