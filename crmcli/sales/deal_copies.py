"""A deal made like another, or of an offer; and which of its contacts is the primary one."""

from __future__ import annotations

from typing import cast

from crmcli.dataclass import replace
from crmcli.model.deal import Deal
from crmcli.model.offer import Offer
from crmcli.model.values import Value
from crmcli.sales.records.given_values import Given, read_values
from crmcli.sales.records.new_record import build
from crmcli.workspace import Workspace

COPIED = (
    "name", "amount", "currency", "company", "contacts", "lines", "vat_included", "source", "source_detail",
    "owner", "tags", "comment",
)  # fmt: skip
"""What a copy has of its original; it begins anew in the pipeline, and its story is its own."""


def make_primary(ws: Workspace, deal_id: str, contact_id: str) -> tuple[Deal, Deal]:
    """Let a contact be the primary one of a deal, and one of its contacts if it was none."""
    with ws.change("deal primary") as change:
        before = cast("Deal", change.get(deal_id))
        others = [one for one in before.contacts if one != contact_id]
        after = replace(before, contacts=(contact_id, *others))
        change.save(after)
    return before, after


def copy(ws: Workspace, deal_id: str, name: str = "") -> Deal:
    """Add a deal like another: the same client, lines with their prices, and own fields."""
    with ws.change("deal copy") as change:
        deal = cast("Deal", change.get(deal_id))
        values = {field: deal.get(field) for field in COPIED} | dict(deal.custom)
        values |= {"name": name} if name else {}
        values |= {"pipeline": ws.pipeline_of(deal).key}
        made = cast("Deal", build(ws, "deal", values))
        change.add(made, {"copied_from": deal.id})
    return made


def from_offer(ws: Workspace, offer_id: str, given: Given) -> Deal:
    """Add a deal with the client and the lines of an offer; what is `given` stands over them."""
    with ws.change("deal add") as change:
        offer = cast("Offer", change.get(offer_id))
        values: dict[str, Value] = {
            "name": offer.name,
            "company": offer.company,
            "contacts": (offer.contact,) if offer.contact else (),
            **{name: offer.get(name) for name in ("lines", "currency", "vat_included", "owner")},
        }
        made = cast("Deal", build(ws, "deal", values | read_values(ws, "deal", given)))
        change.add(made, {"offer": offer.id})
    return made
