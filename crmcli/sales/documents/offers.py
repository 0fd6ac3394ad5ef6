"""Commercial offers: drafted from a deal, numbered, rendered, accepted or declined."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.line_text import read_line
from crmcli.model.offer import Offer
from crmcli.model.values import Line, Value
from crmcli.model.vat import check_rates
from crmcli.sales.documents.messages import renderer
from crmcli.sales.documents.pages import rendered
from crmcli.sales.records.new_record import build
from crmcli.sales.records.numbers import free_number
from crmcli.workspace import Change, Workspace

TEMPLATE = "offers/offer.html.j2"
VALID_DAYS = 14


class NothingToOffer(Refused):
    """A deal has neither lines nor an amount."""


class OfferDecided(Refused):
    """The offer was accepted or declined before."""


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What an offer says that its deal does not; `lines` as `read_line` takes them, else the deal's."""

    lines: Sequence[str] = ()
    valid_days: int = VALID_DAYS
    template: str = TEMPLATE
    comment: str = ""


def draft(ws: Workspace, deal_ref: str, wanted: OfferTerms | None = None) -> Offer:
    """Draft a numbered offer for a deal. Raises NothingToOffer, BadUsage for a bad line, TemplateFailed."""
    deal_id = ws.resolve(deal_ref, "deal")
    with ws.change("offer draft") as change:
        return draft_in(change, ws, deal_id, wanted or OfferTerms())


def draft_in(change: Change, ws: Workspace, deal_id: str, wanted: OfferTerms) -> Offer:
    """Draft an offer within an open change; its lock keeps the number unique."""
    deal = change.get(deal_id)
    if not isinstance(deal, Deal):
        raise BadUsage(tr("{} is not a deal", deal_id), "see crm deal list")
    if wanted.valid_days < 0:
        raise BadUsage("an offer cannot expire before its date", "--valid-days 14")
    mask = renderer(ws).head(wanted.template).number
    today = ws.now.astimezone(ws.zone).date()
    lines = lines_of(ws, deal, wanted.lines)
    check_rates(ws.settings.vat_rates, (line.vat for line in lines), today)
    values: dict[str, Value] = {
        "name": free_number(change, ws, "offer", mask),
        "deal": deal.id,
        "company": deal.company,
        "contact": deal.contacts[0] if deal.contacts else "",
        "date": today,
        "valid_until": today + timedelta(days=wanted.valid_days),
        "currency": deal.currency or ws.settings.currency,
        "vat_included": ws.settings.vat_included
        if deal.vat_included is None
        else deal.vat_included,
        "lines": lines,
        "template": wanted.template,
        "owner": deal.owner,
        "comment": wanted.comment,
    }
    offer = cast("Offer", build(ws, "offer", values))
    change.add(offer, {"name": offer.name, "deal": deal.id})
    return offer


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
    """Accept an offer; OfferDecided if it was declined."""
    return _decide(ws, offer_id, "accepted", "")


def decline(ws: Workspace, offer_id: str, reason: str = "") -> Offer:
    """Decline an offer; OfferDecided if it was accepted."""
    return _decide(ws, offer_id, "declined", reason)


def _decide(ws: Workspace, offer_id: str, status: str, reason: str) -> Offer:
    """Accept or decline an offer; the event goes to the deal, for its triggers."""
    with ws.change(f"offer {status}") as change:
        offer = change.get(offer_id)
        if not isinstance(offer, Offer):
            raise BadUsage(tr("{} is not an offer", offer_id), "see crm offer list")
        if offer.status == status:
            return offer
        if offer.status in ("accepted", "declined"):
            raise OfferDecided(
                tr("{} {} was {}", offer.id, offer.name, offer.status),
                "draft a new offer for the deal",
            )
        decided = replace(offer, status=status)
        change.save(decided)
        facts = {"offer": offer.id, "name": offer.name, "amount": str(offer.totals.gross)}
        data = {**facts, "currency": offer.currency, **({"reason": reason} if reason else {})}
        change.note(f"offer.{status}", offer.deal or offer.id, data)
        return decided
