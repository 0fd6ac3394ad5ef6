"""crm invoice."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmcli.cli.nouns import closing, noun
from crmcli.cli.params import REF, ChangingVerb, Session, option
from crmcli.errors import BadUsage
from crmcli.language import tr

if TYPE_CHECKING:
    from crmcli.present.told import Told

invoice = noun("invoice", "add", "bulk")  # one is made of a deal or an offer
closing(
    invoice,
    "documents.invoices:cancel",
    "Cancel an invoice that nobody paid.\n\nExample: crm invoice cancel 7k3 --reason 'wrong company'",
    option("--reason", "Reason."),
)
OUTPUT = click.Path(dir_okay=False, path_type=Path)
LINE = "A line instead of theirs; unit, VAT (per cent, or no) and discount are optional. May be repeated."


@invoice.command(
    cls=ChangingVerb,
    params=[
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
    deal: str,
    offer: str,
    lines: Sequence[str],
    due: str,
    account: str,
    template: str,
    comment: str,
) -> None:
    """Make a numbered invoice of a deal or an offer and print its id.

    It has their lines, or one line with the deal's name and amount.

    Example: crm invoice add --deal 7k3 --due +5d
    """
    from crmcli.sales.documents import invoices

    if bool(deal) == bool(offer):
        raise BadUsage("an invoice is made of a deal or of an offer", "--deal REF or --offer REF")
    ws = session.workspace
    source = ws.resolve(deal, "deal") if deal else ws.resolve(offer, "offer")
    terms = invoices.InvoiceTerms(lines, due, account, template, comment)
    made = invoices.add(ws, source, terms)
    session.out.created(made.id)
    told = tr("would make {}", made.name) if session.dry_run else tr("made {}", made.name)
    session.out.note(told)


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

    Example: crm invoice pay 7k3 15000 --at yesterday --reference 'PP 117'
    """
    from crmcli.cli.options import day_given
    from crmcli.present.changes import paid
    from crmcli.sales.documents import invoices

    ws = session.workspace
    invoice_id = ws.resolve(ref, "invoice")
    return paid(ws, invoices.pay(ws, invoice_id, amount, day_given(ws, at), reference))


@invoice.command(
    params=[
        REF,
        click.Option(
            ("-o", "--output"), type=OUTPUT, help="Write to this file: .html, .pdf or .xml."
        ),
        option(
            "--format syntax",
            "How an e-invoice is written; a .pdf with cii is both.",
            among=("ubl", "cii"),
        ),
    ]
)
def render(session: Session, ref: str, output: Path | None, syntax: str | None) -> None:
    """Print an invoice as HTML, or write it to a file as its ending says.

    An .xml is an e-invoice of EN 16931, and so is what a .pdf with --format cii holds (Factur-X, ZUGFeRD).
    It is written only if it keeps the official rules.

    Example: crm invoice render 7k3 -o invoice.xml --format cii
    """
    from crmcli.sales.documents import invoices

    ws = session.workspace
    ending = output.suffix if output else ""
    made = invoices.render(ws, ws.resolve(ref, "invoice"), ending, syntax or "")
    if output is None:
        session.out.text(made.decode())
        return
    from crmcli.store.disk.new_file import write_out

    write_out(output, made, over=True)
    session.out.note(tr("wrote {}", output))


@invoice.command(
    cls=ChangingVerb,
    params=[
        REF,
        option("--template", "Mail template.", "TEMPLATE", default="mail/invoice.j2"),
        option("--to", "To this address instead of the client's.", "ADDRESS", multiple=True),
        option("--anyway", "Also to whom must not be mailed.", is_flag=True),
        option("--by-hand", "Send nothing: it went by hand or from elsewhere.", is_flag=True),
    ],
)
def send(
    session: Session, ref: str, template: str, to: Sequence[str], anyway: bool, by_hand: bool
) -> Told:
    """Send an invoice to the client as PDF and mark it as sent.

    It raises invoice.sent. On a terminal the message is shown first, and asked about.

    Example: crm invoice send 7k3
    """
    from crmcli.present.changes import closed

    ws = session.workspace
    invoice_id = ws.resolve(ref, "invoice")
    if by_hand:
        from crmcli.sales.documents import invoices

        return closed(ws, invoices.note_sent(ws, invoice_id))
    from crmcli.automation import document_mail, person_mail
    from crmcli.present.documents import message_text, posted
    from crmcli.sales.documents import templates

    path = templates.find(ws, template, mail=True)
    mail = document_mail.with_invoice(
        ws, invoice_id, person_mail.PersonMail(path, to, anyway=anyway)
    )
    message = document_mail.preview(ws, invoice_id, mail)
    asks = sys.stdin.isatty() and not session.yes
    if session.out.is_table and (session.dry_run or asks):
        session.out.text(message_text(message))
    if session.dry_run:
        return posted(message, invoice_id, None)
    if asks:
        session.out.flush()
        session.confirm(tr("send it to {}?", ", ".join(message.to)))
    return posted(message, invoice_id, document_mail.send(ws, invoice_id, mail))
