"""crm invoice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.documents import rendering, sending
from crmcli.cli.nouns import closing, noun
from crmcli.cli.params import REF, ChangingVerb, complete, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr

if TYPE_CHECKING:
    from crmcli.model.invoice import Invoice
    from crmcli.present.told import Told

invoice = noun("invoice", "add", "bulk")  # one is made of a deal or an offer
closing(
    invoice,
    "documents.invoices:cancel",
    "Cancel an invoice that nobody paid.\n\nExample: crm invoice cancel 7k3 --reason 'wrong company'",
    option("--reason", "Reason."),
)
LINE = "A line instead of theirs; unit, VAT (per cent, or no) and discount are optional. May be repeated."
CREDITED = "What is given back; unit and VAT (per cent, or no) are optional. May be repeated."


@invoice.command(
    cls=ChangingVerb,
    params=[
        click.Argument(("ref",), required=False, default="", shell_complete=complete),
        option("--deal", "Make it of a deal.", "REF"),
        option("--offer", "Make it of an offer.", "REF"),
        option("--line lines", LINE, "'NAME;QUANTITY;PRICE;UNIT;VAT'", multiple=True),
        option("--due", "The day by which it is to be paid. [default: in 10 days]", "DATE"),
        option("--account", "Our account, if there are several: the end of its number.", "NUMBER"),
        option(
            "--template", "Template below templates/. [default: invoices/invoice.html.j2]", "PATH"
        ),
        option("--comment", "Text below the lines."),
    ],
)
def add(
    session: Session,
    ref: str,
    deal: str,
    offer: str,
    lines: Sequence[str],
    due: str,
    account: str,
    template: str,
    comment: str,
) -> None:
    """Make a numbered invoice of a deal or an offer and print its id.

    REF is either, as --deal and --offer say it. It has their lines, or one line with the deal's name and
    amount.

    Example: crm invoice add 7k3 --due +5d
    """
    from crmcli.sales.documents import invoices

    given = {("deal", "offer"): ref, ("deal",): deal, ("offer",): offer}
    if sum(map(bool, given.values())) != 1:
        raise BadUsage("an invoice is made of a deal or of an offer", "REF, --deal or --offer")
    ws = session.workspace
    [source] = [ws.resolve(said, *nouns) for nouns, said in given.items() if said]
    terms = invoices.InvoiceTerms(lines, due, account, template, comment)
    made = invoices.add(ws, source, terms)
    _tell_made(session, made)


def _tell_made(session: Session, made: Invoice) -> None:
    session.out.created(made.id)
    told = tr("would make {}", made.name) if session.dry_run else tr("made {}", made.name)
    session.out.note(told)


@invoice.command(
    cls=ChangingVerb,
    params=[
        REF,
        option("--line lines", CREDITED, "'NAME;QUANTITY;PRICE;UNIT;VAT'", multiple=True),
        option("--comment", "Why; text below the lines."),
    ],
)
def credit(session: Session, ref: str, lines: Sequence[str], comment: str) -> None:
    """Make a numbered credit note for an invoice that was sent, and print its id.

    It gives back the whole invoice, or the given lines. Its amount is negative: what is not paid yet is not
    asked for any more, the rest is to be paid back. It is rendered, sent, paid and cancelled like an invoice.

    Example: crm invoice credit 7k3 --line 'Returned;2;1500;pcs;22'
    """
    from crmcli.sales.documents import credit_notes

    ws = session.workspace
    made = credit_notes.credit(ws, ws.resolve(ref, "invoice"), lines, comment)
    _tell_made(session, made)


@invoice.command(
    cls=ChangingVerb,
    params=[
        REF,
        click.Argument(("amount",), required=False, default=""),
        option("--at", "The day on which it came. [default: today]", "DATE"),
        option("--reference", "Its number at the bank; one is noted once."),
    ],
)
def pay(session: Session, ref: str, amount: str, at: str, reference: str) -> Told:
    """Note a payment for an invoice: AMOUNT, or all that is left.

    What was paid in full raises invoice.paid, a part of it invoice.part_paid.
    Of a credit note, AMOUNT is what was paid back.

    Example: crm invoice pay 7k3 15000 --at yesterday --reference 'PP 117'
    """
    from crmcli.cli.options import day_given
    from crmcli.present.changes import paid
    from crmcli.sales.documents import payments

    ws = session.workspace
    invoice_id = ws.resolve(ref, "invoice")
    return paid(ws, payments.pay(ws, invoice_id, amount, day_given(ws, at), reference))


rendering(
    invoice,
    "documents.invoice_files:render",
    "Write to this file: .pdf, .html, .txt or .xml.",
    """Write an invoice to a file, as its ending says; on a terminal it is shown as text.

    An .xml is an e-invoice of EN 16931, and so is what a .pdf with --format cii holds (Factur-X, ZUGFeRD).
    It is written only if it keeps the official rules.

    Example: crm invoice render 7k3 -o invoice.xml --format cii
    """,
    option(
        "--format syntax",
        "How an e-invoice is written; a .pdf with cii is both.",
        among=("ubl", "cii"),
    ),
)
sending(
    invoice,
    "mail/invoice.j2",
    """Send an invoice to the client as PDF and mark it as sent.

    It raises invoice.sent. On a terminal the message is shown first, and asked about.

    Example: crm invoice send 7k3
    """,
    "documents.invoices:note_sent",
)
