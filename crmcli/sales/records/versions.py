"""What was sent stays as it is: an edit of it makes, or changes, its next version."""

from __future__ import annotations

from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.model.offer import Offer
from crmcli.model.settings import NUMBERED
from crmcli.sales.records.numbers import check_free, free_number, has_twin
from crmcli.workspace import Change, Workspace


class OfferDecided(Refused):
    """The offer was accepted or declined before."""


def kept_or_next(
    change: Change, ws: Workspace, before: Record, after: Record
) -> tuple[Record, Record]:
    """What an edit changes, before and after: the record itself or, where that was sent, its next version.
    What has none is refused. A number that two have is the only one that a sent document may lose."""
    if before.entity in NUMBERED and after.get("name") != before.get("name"):
        check_free(ws, after)
    stays = [name for name in before.fixed if after.get(name) != before.get(name)]
    if stays == ["name"] and has_twin(ws, before):
        return before, after
    if not stays:
        return before, after
    if "name" in stays or not isinstance(before, Offer):
        word = tr(ws.schema.field(before.entity, stays[0]).label)
        told = tr("{} {} was sent: {!r} stays", before.id, before.get("name"), word)
        raise Refused(
            told,
            tr("its next version has one of its own: crm offer revise {}", before.id)
            if isinstance(before, Offer)
            else "credit it, then make another: crm invoice credit, crm invoice add",
        )
    new = next_version(change, ws, before)
    ws.notes.append(
        tr("{} stays as it was sent; this is {}, its next version", before.name, new.name)
    )
    names = [field.name for field in ws.schema.fields(before.entity)]
    said = {name: after.get(name) for name in names if after.get(name) != before.get(name)}
    return new, new.with_values(said).filled(lambda record_id: None)


def next_version(change: Change, ws: Workspace, old: Offer) -> Offer:
    """The draft that is to replace an offer: itself if it is one, that which is there, else a new one, with
    a number below that of the first. OfferDecided for an offer that was accepted or replaced."""
    if old.status == "draft":
        return old
    ws.look_again()
    later = ws.select(old.entity, ws.condition(f"replaces = {old.id}", old.entity))
    drafts = [one for one in later if isinstance(one, Offer) and one.status == "draft"]
    if drafts:
        return drafts[-1]
    if old.status in ("accepted", "replaced"):
        newest = [str(one.get("name")) for one in later]
        hint = tr("see {}", newest[-1]) if newest else ""
        raise OfferDecided(
            tr("{} {} was {}", old.id, old.name, tr(old.status)),
            hint or tr("draft a new offer: crm offer draft --from {}", old.id),
        )
    first = old
    while first.replaces and isinstance(before := change.get(first.replaces), Offer):
        first = before
    mask = first.name.replace("{", "(").replace("}", ")") + ".{seq}"
    number = free_number(change, ws, old.entity, mask, above=1)
    made = old.following(ws.new_id(old.entity), number, ws.now, ws.today)
    change.add(made, made.called)
    return made
