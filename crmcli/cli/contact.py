"""crm contact: what every noun has, and keeping contacts and an address book alike."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.cli.nouns import noun
from crmcli.cli.params import ChangingVerb, option
from crmcli.cli.session import Session
from crmcli.errors import Refused
from crmcli.present.cells import Column, Listing

CARDS = [
    Column("what", "What", whole=True), Column("id", "Id", keep=True), Column("name", "Name"),
    Column("card", "Card"), Column("notes", "Notes", whole=True),
]  # fmt: skip

contact = noun("contact")


@contact.command(
    cls=ChangingVerb,
    params=[
        option("--link", "This card is that contact's.", "CARD=CONTACT", multiple=True),
        option("--new", "This card is a new contact's.", "CARD", multiple=True),
        option("--anyway", "Even if all linked cards are gone from there.", is_flag=True),
    ],
)
def sync(session: Session, link: Sequence[str], new: Sequence[str], anyway: bool) -> Listing:
    """Bring contacts and an address book on a CardDAV server to say the same, both ways.

    Set up by channels: {cards: {url: https://dav.example.com, user: anna, password: env:NAME}}; crm tick
    does it each time. A card that surely is a known contact's is linked, one of nobody known becomes a
    contact, one in doubt is listed, to be answered by --link or --new. If both sides changed a field, ours
    stays and that is said. A card that is gone deletes no contact. What crm does not know stays on the card.

    Example: crm contact sync --dry-run
    """
    from crmcli.automation.approval.gate import ASK, Gate
    from crmcli.sales.cards.sync import sync as run
    from crmcli.sales.cards.whose import read_answers

    ws = session.workspace
    if why := Gate(ws).why_not_channel("cards"):
        raise Refused(why, ASK)
    told = run(ws, read_answers(ws, link, new), anyway=anyway)
    rows = [
        {"what": one.what, "id": one.record, "name": one.name, "card": one.path.split("/")[-1],
         "notes": "; ".join(one.notes)}
        for one in told
    ]  # fmt: skip
    return Listing(rows, CARDS)
