"""Removing records, which nothing may link to any more."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.errors import Refused
from crmcli.language import counted, tr
from crmcli.model.fields import Record
from crmcli.model.invoice import Invoice
from crmcli.model.offer import Offer
from crmcli.sales.records.links import referring_to, relinked
from crmcli.workspace import Workspace


class StillLinked(Refused):
    """Other records point to one that is to be removed."""


class GivenOut(Refused):
    """A document is the client's too: it is not removed."""


def remove(ws: Workspace, *record_ids: str, unlink: bool = False) -> list[Record]:
    """Remove records, all or none; StillLinked while others link to them, unless `unlink`."""
    ids = list(dict.fromkeys(record_ids))
    with ws.change(f"{ids[0].split('-')[0]} rm") as change:
        gone = [change.get(record_id) for record_id in ids]
        ws.look_again()
        for record_id in ids:
            others = [r for r in referring_to(ws, [record_id]) if r.id not in ids]
            if any(getattr(other, "credits", "") == record_id for other in others):
                raise StillLinked(tr("{} has credit notes", record_id), "remove those first")
            if others and not unlink:
                raise _still_linked(ws, record_id, others)
            for other in others:
                change.save(relinked(ws, change.get(other.id), record_id))
        for record in gone:
            _check_set_off(record, ids)
            _check_given_out(record)
            change.remove(record.id)
        for record_id in _tombstones(ws, ids):
            change.remove(record_id, {"with": ws.survivor(record_id)})
    return gone


def _check_set_off(record: Record, gone: Sequence[str]) -> None:
    """Refuse a credit note that took something off an invoice which stays."""
    of = getattr(record, "credits", "")
    if of and of not in gone and record.get("credited") and record.get("status") != "cancelled":
        told = tr("{} changes what is left of another invoice", record.id)
        raise Refused(told, "cancel the credit note first: crm invoice cancel")


def _check_given_out(record: Record) -> None:
    """Refuse a document that a client has, or that money came for; the hint says how it ends."""
    if isinstance(record, Offer) and record.status in ("sent", "accepted"):
        verbs = ["decline" if record.status == "sent" else "draft"]
    elif isinstance(record, Invoice) and record.status not in ("draft", "cancelled"):
        is_cancelled = record.credits or not (record.payments or record.credited)
        verbs = ["cancel"] * bool(is_cancelled) + ["credit"] * (
            not record.credits and record.left > 0
        )
    else:
        return
    about = record.id, record.name, tr(record.status)
    told = tr("{} {} ({}) stays: only a draft is removed", *about)
    raise GivenOut(told, "; ".join(f"crm {record.entity} {verb} {record.id}" for verb in verbs))


def _tombstones(ws: Workspace, ids: Sequence[str]) -> list[str]:
    """What is left of records that were merged into these, however many times over."""
    found: list[str] = []
    look = list(ids)
    while look:
        look = [merged for i in look for merged, _ in ws.merged(i) if merged not in found]
        found += look
    return found


def _still_linked(ws: Workspace, record_id: str, others: Sequence[Record]) -> StillLinked:
    others = [other for other in others if ws.is_seen(other.id)]
    if not others:
        return StillLinked(tr("others work with {} too", record_id), "ask who leads the team")
    shown = ", ".join(r.id for r in others[:5]) + (" …" if len(others) > 5 else "")
    return StillLinked(
        tr("{} is linked from {}: {}", record_id, counted(len(others), "record"), shown),
        "remove those first, or add --unlink to remove the links",
    )
