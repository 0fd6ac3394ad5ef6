"""Commercial offers: drafted from a deal, numbered, rendered, accepted or declined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model import document_rules
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.line_text import read_line
from crmcli.model.offer import VALID_DAYS, Offer
from crmcli.model.values import Line, Value
from crmcli.sales.documents.messages import renderer
from crmcli.sales.documents.pages import rendered
from crmcli.sales.records.attachments import kept
from crmcli.sales.records.new_record import build
from crmcli.sales.records.numbers import free_number
from crmcli.sales.records.versions import OfferDecided, next_version
from crmcli.workspace import Change, Workspace

TEMPLATE = "offers/offer.html.j2"


class NothingToOffer(Refused):
    """A deal has neither lines nor an amount."""


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What an offer says that its deal does not; `lines` as `read_line` takes them, else the deal's."""

    lines: Sequence[str] = ()
    valid_days: int = VALID_DAYS
    template: str = ""
    comment: str = ""


def draft(ws: Workspace, source_ref: str = "", wanted: OfferTerms | None = None) -> Offer:
    """Draft a numbered offer for a deal, after an older offer, or an empty one. Raises NothingToOffer,
    BadUsage for a bad line, TemplateFailed."""
    source_id = ws.resolve(source_ref, "deal", "offer") if source_ref else ""
    with ws.change("offer draft") as change:
        return draft_in(change, ws, source_id, wanted or OfferTerms())


def draft_in(change: Change, ws: Workspace, source_id: str, wanted: OfferTerms) -> Offer:
    """Draft an offer within an open change; its lock keeps the number unique."""
    source = change.get(source_id) if source_id else Deal(id="")
    if not isinstance(source, Deal | Offer):
        raise BadUsage(tr("{} is neither a deal nor an offer", source_id), "see crm deal list")
    older = source if isinstance(source, Offer) else Offer(id="")
    template = wanted.template or older.template or TEMPLATE
    mask = renderer(ws).head(template).number
    today = ws.today
    lines = lines_of(ws, source, wanted.lines) if source_id or wanted.lines else ()
    is_in = ws.settings.vat_included if source.vat_included is None else source.vat_included
    people = source.contacts if isinstance(source, Deal) else (older.contact,)
    values: dict[str, Value] = {
        "name": free_number(change, ws, "offer", mask),
        "deal": source.id if isinstance(source, Deal) else older.deal,
        "company": source.company,
        "contact": people[0] if people else "",
        "date": today,
        "valid_until": today + timedelta(days=wanted.valid_days),
        "currency": source.currency or ws.settings.currency,
        "vat_included": is_in,
        "lines": lines,
        "template": template,
        "owner": source.owner,
        "comment": wanted.comment or older.comment,
    }
    offer = cast("Offer", build(ws, "offer", values))
    document_rules.check(offer, ws.settings.vat_rates)
    change.add(offer, offer.called)
    return offer


def revise(ws: Workspace, offer_id: str) -> Offer:
    """The next version of an offer, a draft; it replaces the other once it is sent or accepted."""
    with ws.change("offer revise") as change:
        return next_version(change, ws, _offer(change, offer_id))


def lines_of(ws: Workspace, deal: Deal | Offer, texts: Sequence[str]) -> tuple[Line, ...]:
    """The given lines, else the deal's as they are, else one of its name and amount."""
    rate = ws.settings.vat_rate
    if texts:
        currency = deal.currency or ws.settings.currency
        return tuple(read_line(text, rate, currency) for text in texts)
    if deal.lines:
        return deal.lines
    if isinstance(deal, Offer) or deal.amount is None:
        raise NothingToOffer(
            tr("{} {} has neither lines nor an amount", deal.id, deal.name),
            "add --line 'name;quantity;price', or crm deal edit --amount",
        )
    return (Line(deal.name, price=deal.amount, vat=rate),)


def render(ws: Workspace, offer_id: str, ending: str = ".html") -> bytes:
    """The offer as text, a page or PDF, by the ending of a file, by its template. BadUsage for any other;
    TemplateFailed if it cannot be rendered, NoPicture, NoPdf."""
    offer = ws.get(offer_id)
    if not isinstance(offer, Offer):
        raise BadUsage(tr("{} is not an offer", offer_id), "see crm offer list")
    return rendered(ws, offer, offer.template or TEMPLATE, ending)


def accept(ws: Workspace, offer_id: str) -> Offer:
    """Accept an offer; the deal takes over its lines. OfferDecided if it was declined or is over."""
    return _decide(ws, offer_id, "accept", "accepted")


def decline(ws: Workspace, offer_id: str, reason: str = "") -> Offer:
    """Decline an offer; OfferDecided if it was accepted or is over."""
    return _decide(ws, offer_id, "decline", "declined", reason)


def _decide(ws: Workspace, offer_id: str, verb: str, status: str, reason: str = "") -> Offer:
    with ws.change(f"offer {verb}") as change:
        offer = _offer(change, offer_id)
        if offer.status == status:
            return offer
        check_open(ws, offer)
        if status == "accepted" and offer.deal:
            _carry(change, ws, offer)
        return _end_in(change, offer, status, {"reason": reason} if reason else {})


def check_open(ws: Workspace, offer: Offer) -> None:
    """OfferDecided for an offer that can be neither sent nor accepted any more, whether a tick has seen that
    or not."""
    status = offer.as_of(ws.today).status
    if status not in ("draft", "sent"):
        raise OfferDecided(
            tr("{} {} was {}", offer.id, offer.name, tr(status)),
            {
                "accepted": tr("draft a new offer for the deal"),
                "replaced": tr("its next version counts: crm offer list"),
            }.get(status)
            or tr("make the next version: crm offer revise {}", offer.id),
        )
    if status == "draft" and offer.valid_until and offer.valid_until < ws.today:
        raise OfferDecided(
            tr("{} {} was {}", offer.id, offer.name, tr("expired")),
            tr("give it another day: crm offer edit {} --valid-until +{}d", offer.id, VALID_DAYS),
        )


def _carry(change: Change, ws: Workspace, offer: Offer) -> None:
    """Give the deal the lines that were agreed, and what they come to."""
    deal = change.get(offer.deal)
    if isinstance(deal, Deal):
        agreed = replace(
            deal,
            lines=offer.lines,
            amount=offer.totals.gross,
            currency=offer.currency,
            vat_included=offer.vat_included,
        )
        change.save(agreed)


def check_sendable(ws: Workspace, record: Record) -> None:
    """OfferDecided for an offer that is over, NothingToOffer for an empty one."""
    offer = cast("Offer", record)
    check_open(ws, offer)
    if not offer.lines:
        raise NothingToOffer(
            tr("{} {} has no lines", offer.id, offer.name),
            tr("add one: crm offer edit {} --line 'name;quantity;price'", offer.id),
        )


def note_sent_in(
    change: Change, ws: Workspace, offer_id: str, files: Sequence[tuple[str, bytes]]
) -> Offer:
    """Note within an open change that an offer went out, with the very files that the client gets."""
    offer = _offer(change, offer_id)
    return _end_in(change, replace(offer, files=kept(change, offer, files)), "sent", {})


def _end_in(change: Change, offer: Offer, status: str, more: Mapping[str, str]) -> Offer:
    """Give an offer a status; the event goes to the deal, for its triggers. What it replaces is over."""
    decided = replace(offer, status=status)
    change.save(decided)
    if offer.replaces and status in ("sent", "accepted"):
        old = _offer(change, offer.replaces)
        change.save(replace(old, status="replaced"))
    facts = {"offer": offer.id, "name": offer.name, "amount": str(offer.totals.gross)}
    change.note(
        f"offer.{status}", offer.deal or offer.id, {**facts, "currency": offer.currency, **more}
    )
    return decided


def _offer(change: Change, offer_id: str) -> Offer:
    found = change.get(offer_id)
    if not isinstance(found, Offer):
        raise BadUsage(tr("{} is not an offer", offer_id), "see crm offer list")
    return found
