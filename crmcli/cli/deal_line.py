"""crm deal line: what is sold with a deal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from crmcli.cli.params import REF, ChangingVerb, Noun, WholeNumber, option
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.present.cells import Listing
from crmcli.present.lines import COLUMNS, line_rows, lines_text, told_totals
from crmcli.present.records import raw_row
from crmcli.present.told import Told
from crmcli.sales import deal_lines

NUMBER = WholeNumber(1, 100_000)
OPTIONS = (
    option("--quantity", "How many. [default: 1]", "N"),
    option("--unit", "Unit, e.g. pcs."),
    option("--price", "Price of one; of another currency by the rate of today.", "SUM"),
    option("--vat", "VAT rate in per cent, or no.", "RATE"),
    option("--discount", "10%, a sum, or - for none.", "DISCOUNT"),
    option("--vat-included/--vat-on-top", "Whether the price is with VAT.", default=None),
)


def line_command(_: str) -> Noun:
    """`crm deal line`."""
    return line


line = Noun("line", help="The lines of a deal: products, quantities, prices.")


@line.command(cls=ChangingVerb, params=[REF, click.Argument(("name",), metavar="WHAT"), *OPTIONS])
def add(session: Session, ref: str, **given: Any) -> Told:
    """Add a line to a deal.

    WHAT is the article number or words of a product; with --price it may be anything. The line keeps the
    price of its day.

    Example: crm deal line add 7k3 'Roof tile' --quantity 186 --price 890 --discount 5%
    """
    ws = session.workspace
    deal, new = deal_lines.add(ws, ws.resolve(ref, "deal"), deal_lines.LineTerms(**given))
    return _told(session, deal, tr("Added line {}: {}.", len(deal.lines), lines_text(ws, new)))


@line.command(
    cls=ChangingVerb,
    params=[
        REF,
        click.Argument(("number",), type=NUMBER, metavar="NUMBER"),
        option("--name", "Name."),
        *OPTIONS,
    ],
)
def edit(session: Session, ref: str, number: int, **given: Any) -> Told:
    """Change a line of a deal, by its number in the list.

    Example: crm deal line edit 7k3 2 --quantity 200 --discount -
    """
    ws = session.workspace
    deal, line = deal_lines.edit(ws, ws.resolve(ref, "deal"), number, deal_lines.LineTerms(**given))
    return _told(session, deal, tr("Changed line {}: {}.", number, lines_text(ws, line)))


@line.command(
    cls=ChangingVerb,
    params=[
        REF,
        click.Argument(("numbers",), type=NUMBER, nargs=-1, required=True, metavar="NUMBER..."),
    ],
)
def rm(session: Session, ref: str, numbers: Sequence[int]) -> Told:
    """Remove lines from a deal, by their numbers in the list.

    Example: crm deal line rm 7k3 2
    """
    ws = session.workspace
    deal, gone = deal_lines.remove(ws, ws.resolve(ref, "deal"), numbers)
    return _told(session, deal, tr("Removed from the deal: {}.", lines_text(ws, *gone)))


@line.command("list", params=[REF])
def list_(session: Session, ref: str) -> Listing:
    """List the lines of a deal and what they come to.

    Example: crm deal line list 7k3
    """
    ws = session.workspace
    deal = ws.find(ref, "deal")
    if told := told_totals(ws, deal):
        ws.notes.append(told)
    return Listing(line_rows(deal), COLUMNS, "no lines")


def _told(session: Session, deal: Deal, text: str) -> Told:
    notes = [told_totals(session.workspace, deal)] if deal.lines else []
    if deal.lines and not deal.is_of_lines:
        notes.append(tr("to use the total of the lines: crm deal edit {} --unset amount", deal.id))
    return Told(text, raw_row(session.workspace, deal), notes)
