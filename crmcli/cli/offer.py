"""crm offer."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.documents import rendering, sending
from crmcli.cli.nouns import closing, noun
from crmcli.cli.params import REF, ChangingVerb, WholeNumber, complete, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr

offer = noun("offer", "add", "bulk")  # one is drafted for a deal
closing(
    offer, "documents.offers:accept", "Mark an offer as accepted.\n\nExample: crm offer accept 7k3"
)
closing(
    offer,
    "documents.offers:decline",
    "Mark an offer as declined.\n\nExample: crm offer decline 7k3 --reason 'too expensive'",
    option("--reason", "Reason."),
)
LINE = (
    "A line; unit, VAT (per cent, or no) and discount (10% or a sum) are optional. May be repeated."
)
DAYS = WholeNumber(0, 3650)


@offer.command(
    cls=ChangingVerb,
    params=[
        click.Argument(("ref",), required=False, default="", shell_complete=complete),
        option("--deal", "Make it for a deal.", "REF"),
        option("--from older", "Make it as an older offer.", "REF"),
        option("--line lines", LINE, "'NAME;QUANTITY;PRICE;UNIT;VAT;DISCOUNT'", multiple=True),
        option("--valid-days", "How many days it is valid.", "N", type=DAYS, default=14),
        option(
            "--template", "Template below templates/. [default: offers/offer.html.j2]", "TEMPLATE"
        ),
        option("--comment", "Text below the lines."),
    ],
)
def draft(
    session: Session,
    ref: str,
    deal: str,
    older: str,
    lines: Sequence[str],
    valid_days: int,
    template: str,
    comment: str,
) -> None:
    """Create a numbered offer and print its id.

    REF is a deal or an older offer, as --deal and --from say it. Without --line it has the lines of that,
    or one line with the deal's name and amount. Without any it is empty.

    Example: crm offer draft 7k3 --line 'Installation;2;15000;pcs'
    """
    from crmcli.sales.documents import offers

    if sum(map(bool, (ref, deal, older))) > 1:
        raise BadUsage("an offer is made for a deal or as an older one", "REF, --deal or --from")
    wanted = offers.OfferTerms(lines, valid_days, template, comment)
    made = offers.draft(session.workspace, ref or deal or older, wanted)
    session.out.created(made.id)
    drafted = tr("would draft {}", made.name) if session.dry_run else tr("drafted {}", made.name)
    session.out.note(drafted)


@offer.command(cls=ChangingVerb, params=[REF])
def revise(session: Session, ref: str) -> None:
    """Create the next version of an offer and print its id.

    What was sent stays as it is; the next version is a draft, and replaces it once it is sent or accepted.

    Example: crm offer revise 7k3
    """
    from crmcli.sales.documents import offers

    ws = session.workspace
    made = offers.revise(ws, ws.resolve(ref, "offer"))
    session.out.created(made.id)
    drafted = tr("would draft {}", made.name) if session.dry_run else tr("drafted {}", made.name)
    session.out.note(drafted)


sending(
    offer,
    "mail/send-offer.j2",
    """Send an offer to the client as PDF and mark it as sent.

    It raises offer.sent. On a terminal the message is shown first, and asked about.

    Example: crm offer send 7k3
    """,
)
rendering(
    offer,
    "documents.offers:render",
    "Write to this file: .pdf, .html or .txt.",
    """Write an offer to a file, as its ending says; on a terminal it is shown as text.

    Without -o, what is not a terminal gets the page of HTML.

    Example: crm offer render 7k3 -o offer.pdf
    """,
)
