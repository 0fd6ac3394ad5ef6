"""Offers that a person sends: rendered, attached to a message and marked as sent, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.automation import person_mail
from crmcli.channels.message import named_file
from crmcli.dataclass import replace
from crmcli.errors import BadUsage, Conflict
from crmcli.language import tr
from crmcli.model.offer import Offer
from crmcli.sales.documents import offers
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.automation.person_mail import PersonMail, Posted


class OfferChanged(Conflict):
    """The offer was changed while its file was made."""


def with_offer(ws: Workspace, offer: Offer, mail: PersonMail) -> PersonMail:
    """The mail with the offer as PDF; OfferDecided for one that is over, NothingToOffer for an empty one."""
    offers.check_open(ws, offer)
    if not offer.lines:
        raise offers.NothingToOffer(
            tr("{} {} has no lines", offer.id, offer.name),
            tr("add one: crm offer edit {} --line 'name;quantity;price'", offer.id),
        )
    name = offer.name.replace("/", "-") + ".pdf"
    pdf = named_file(name, offers.render(ws, offer.id, ".pdf"))
    return replace(mail, attached=(*mail.attached, pdf))


def send(ws: Workspace, offer: Offer, mail: PersonMail) -> Posted:
    """Send an offer with the file that `with_offer` made of it; OfferChanged if it is another one now."""
    with ws.change("offer send") as change:
        now = change.get(offer.id)
        if not isinstance(now, Offer):
            raise BadUsage(tr("{} is not an offer", offer.id), "see crm offer list")
        if now != offer:
            raise OfferChanged(tr("{} was changed meanwhile", offer.id), "send it again")
        pdf = mail.attached[-1]
        sent = offers.note_sent_in(change, now, pdf.name, pdf.content)
        key = person_mail.queue(change, ws, sent, mail)
    return person_mail.deliver(ws, key)
