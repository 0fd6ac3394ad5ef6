"""do: audience, the clients into an advertising audience, or out of it."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.sales.consent import audiences


def run(work: Work) -> Effect:
    """Note it on the record's timeline; the file is written at the end of the tick."""
    record, ws = work.the_record, work.ws
    name, is_added = str(work.params.get("add") or work.params.get("take")), "add" in work.params
    clients = audiences.clients_of(ws, record)
    if not clients:
        return Effect("skipped", {"reason": "there is no e-mail address or phone"})
    if is_added:
        clients = [client for client in clients if audiences.welcome(ws, client)]
    if not clients:
        return Effect("skipped", {"reason": "the client refuses messages or is on the block list"})
    ids = [client.id for client in clients]
    kind = audiences.ADDED if is_added else audiences.TAKEN
    audiences.change(work.change, ws, record.id, kind, name, ids, _days(work))
    told = tr("{} into audience {}") if is_added else tr("{} out of audience {}")
    return Effect("done", {"audience": name}, told.format(", ".join(ids), name))


def _days(work: Work) -> int:
    text = work.text("days")
    if text and not text.isdecimal():
        raise BadUsage(tr("{!r} is not a number of days", text), "days: 90")
    return min(int(text or 0), 36500)
