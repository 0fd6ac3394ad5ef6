"""crm offer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from crmcli.cli.nouns import noun
from crmcli.cli.params import ChangingVerb, Session, Verb
from crmcli.cli.printing import notes, tell
from crmcli.language import tr

offer = noun("offer", "add", "bulk")  # one is drafted for a deal


@offer.command(
    cls=ChangingVerb,
    short_help="Create a numbered offer for a deal; prints its id.",
    help="Create a numbered offer for a deal and print its id. Without --line it has the deal's "
    "lines, or one line with its name and amount.\n\nExample: crm offer draft --deal 7k3 --line "
    "'Монтаж;2;15000;шт'",
)
@click.option("--deal", "deal_ref", required=True, metavar="REF", help="Deal.")
@click.option(
    "--line", "lines", multiple=True, metavar="'NAME;QUANTITY;PRICE;UNIT;VAT'",
    help="A line; unit and VAT (per cent, or no) are optional. Repeat for more.",
)  # fmt: skip
@click.option(
    "--valid-days",
    type=click.IntRange(0, 3650),
    default=14,
    show_default=True,
    help="How many days it is valid.",
)
@click.option(
    "--template",
    default="",
    metavar="PATH",
    help="Template below templates/. [default: offers/offer.html.j2]",
)
@click.option("--comment", default="", help="Text below the lines.")
@click.pass_obj
def draft(
    session: Session,
    deal_ref: str,
    lines: Sequence[str],
    valid_days: int,
    template: str,
    comment: str,
) -> None:
    """Make a numbered offer for a deal."""
    from crmcli.sales.documents import offers

    wanted = offers.OfferTerms(lines, valid_days, template or offers.TEMPLATE, comment)
    made = offers.draft(session.workspace, deal_ref, wanted)
    session.out.created(made.id)
    session.out.note(f"{'would draft' if session.dry_run else 'drafted'} {made.name}")
    notes(session)


@offer.command(
    cls=Verb,
    short_help="Print an offer as HTML.",
    help="Print an offer as an HTML page, or write it to a file.\n\nExample: crm offer render "
    "7k3 -o offer.html",
)
@click.argument("ref")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file."
)
@click.pass_obj
def render(session: Session, ref: str, output: Path | None) -> None:
    """Print an offer as HTML."""
    from crmcli.sales.documents import offers

    ws = session.workspace
    page = offers.render(ws, ws.resolve(ref, "offer"))
    if output is None:
        session.out.text(page)
        return
    from crmcli.store.disk.files import os_errors

    with os_errors("write {}", output):
        # The same bytes as on stdout.
        output.write_text(page.removesuffix("\n") + "\n", encoding="utf-8")
    session.out.note(tr("wrote {}", output))


@offer.command(cls=ChangingVerb, help="Mark an offer as accepted.\n\nExample: crm offer accept 7k3")
@click.argument("ref")
@click.pass_obj
def accept(session: Session, ref: str) -> None:
    """Mark an offer as accepted."""
    from crmcli.sales.documents import offers

    ws = session.workspace
    decided = offers.accept(ws, ws.resolve(ref, "offer"))
    tell(session, tr("Accepted: {} {}.", decided.id, decided.name))
    notes(session)


@offer.command(cls=ChangingVerb, help="Mark an offer as declined.")
@click.argument("ref")
@click.option("--reason", default="", help="Reason.")
@click.pass_obj
def decline(session: Session, ref: str, reason: str) -> None:
    """Mark an offer as declined."""
    from crmcli.sales.documents import offers

    ws = session.workspace
    decided = offers.decline(ws, ws.resolve(ref, "offer"), reason)
    tell(session, tr("Declined: {} {}.", decided.id, decided.name))
    notes(session)
