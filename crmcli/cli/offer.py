"""crm offer."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.cli.nouns import closing, noun, rendering
from crmcli.cli.params import ChangingVerb, Session, WholeNumber, option
from crmcli.language import tr

offer = noun("offer", "add", "bulk")  # one is drafted for a deal
closing(
    offer,
    "documents.offers:accept",
    "Mark an offer as accepted.\n\nExample: crm offer accept 7k3",
)
closing(
    offer,
    "documents.offers:decline",
    "Mark an offer as declined.\n\nExample: crm offer decline 7k3 --reason 'дорого'",
    option("--reason", "Reason."),
)
LINE = (
    "A line; unit, VAT (per cent, or no) and discount (10% or a sum) are optional. May be repeated."
)
DAYS = WholeNumber(0, 3650)


@offer.command(
    cls=ChangingVerb,
    params=[
        option("--deal", "Deal.", "REF", required=True),
        option("--line lines", LINE, "'NAME;QUANTITY;PRICE;UNIT;VAT;DISCOUNT'", multiple=True),
        option("--valid-days", "How many days it is valid.", "N", type=DAYS, default=14),
        option("--template", "Template below templates/. [default: offers/offer.html.j2]", "PATH"),
        option("--comment", "Text below the lines."),
    ],
)
def draft(
    session: Session, deal: str, lines: Sequence[str], valid_days: int, template: str, comment: str
) -> None:
    """Create a numbered offer for a deal and print its id.

    Without --line it has the deal's lines, or one line with its name and amount.

    Example: crm offer draft --deal 7k3 --line 'Installation;2;15000;pcs'
    """
    from crmcli.sales.documents import offers

    wanted = offers.OfferTerms(lines, valid_days, template or offers.TEMPLATE, comment)
    made = offers.draft(session.workspace, deal, wanted)
    session.out.created(made.id)
    drafted = tr("would draft {}", made.name) if session.dry_run else tr("drafted {}", made.name)
    session.out.note(drafted)


rendering(
    offer,
    "documents.offers:render",
    "Print an offer as HTML, or write it to a file.\n\nExample: crm offer render 7k3 -o offer.pdf",
)
