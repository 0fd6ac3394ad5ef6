"""Invoices: made of a deal or an offer, numbered, paid in parts or whole, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model import document_rules
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.invoice import Invoice
from crmcli.model.money import write_money
from crmcli.model.offer import Offer
from crmcli.model.values import BankAccount, Value
from crmcli.sales.documents.offers import lines_of
from crmcli.sales.records.attachments import kept
from crmcli.sales.records.given_values import read_values
from crmcli.sales.records.new_record import build
from crmcli.sales.records.numbers import free_number
from crmcli.sales.template_names import linked
from crmcli.workspace import Change, Workspace

DUE = "+10d"
_MONEY_CODES = {
    "RUB": ("810", "643"), "USD": ("840",), "EUR": ("978",), "CNY": ("156",), "GBP": ("826",),
    "BYN": ("933",), "KZT": ("398",), "TRY": ("949",), "AED": ("784",),
}  # fmt: skip
"""What stands in the sixth to eighth place of a Russian account for its currency."""


class NothingToBill(Refused):
    """What an invoice is to be made of comes to nothing."""


class OfferNotValid(Refused):
    """An offer that was declined, or is over, is not billed."""


class InvoiceCancelled(Refused):
    """The invoice was cancelled: nothing is paid for it."""


class InvoicePaid(Refused):
    """The invoice has payments: it is not cancelled."""


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """What an invoice says that its deal does not; `lines` as `read_line` takes them, else the deal's or the
    offer's; `account` is the number of one of the company's own, or the end of it."""

    lines: Sequence[str] = ()
    due: str = ""
    account: str = ""
    template: str = ""
    comment: str = ""


def add(ws: Workspace, source_id: str, terms: InvoiceTerms | None = None) -> Invoice:
    """Make a numbered invoice of a deal or an offer. Raises NothingToBill, OfferNotValid, BadUsage."""
    with ws.change("invoice add") as change:
        return add_in(change, ws, source_id, terms or InvoiceTerms())


def add_in(change: Change, ws: Workspace, source_id: str, terms: InvoiceTerms) -> Invoice:
    """Make an invoice within an open change; its lock keeps the number unique."""
    values = _of_source(ws, change, source_id, terms)
    today = ws.today
    due = read_values(ws, "invoice", {"due": [terms.due or DUE]})["due"]
    currency = str(values["currency"] or ws.settings.currency)
    values |= {
        "name": free_number(change, ws, "invoice"),
        "date": today,
        "due": due,
        "currency": currency,
        "pay_to": _account(ws, currency, terms.account),
        "template": terms.template,
        "comment": terms.comment,
    }
    invoice = cast("Invoice", build(ws, "invoice", values))
    document_rules.check(invoice, ws.settings.vat_rates)
    if invoice.totals.gross <= 0:
        raise NothingToBill(
            tr("an invoice for {} asks for nothing", shown(ws, invoice, invoice.totals.gross)),
            "add --line 'name;quantity;price'; what is to be given back: crm invoice credit REF",
        )
    change.add(invoice, {"name": invoice.name, "deal": invoice.deal or invoice.offer})
    return invoice


def _of_source(
    ws: Workspace, change: Change, source_id: str, terms: InvoiceTerms
) -> dict[str, Value]:
    """What an invoice takes from the deal or the offer that it is made of."""
    source = change.get(source_id)
    if isinstance(source, Offer):
        status = source.as_of(ws.today).status
        if status in ("declined", "expired", "replaced"):
            raise OfferNotValid(
                tr("{} {} was {}", source.id, source.name, tr(status)),
                "draft a new offer for the deal",
            )
        deal = linked(ws, source.deal)
        own = source.company, source.contact
    elif isinstance(source, Deal):
        deal, own = source, (source.company, source.contacts[0] if source.contacts else "")
    else:
        raise BadUsage(tr("{} is neither a deal nor an offer", source_id), "see crm deal list")
    _tell_of_others(ws, source)
    included = source.vat_included
    return {
        "deal": deal.id if deal else "",
        "offer": source.id if isinstance(source, Offer) else "",
        "company": own[0],
        "contact": own[1],
        "currency": source.currency,
        "vat_included": ws.settings.vat_included if included is None else included,
        "lines": lines_of(ws, source, terms.lines),
        "owner": source.owner,
    }


def _tell_of_others(ws: Workspace, source: Deal | Offer) -> None:
    """Say that there are invoices for it: a second one may be meant, for the rest, or not."""
    living = f"{source.entity} = {source.id} and status != cancelled and credits is empty"
    for other in ws.select("invoice", ws.condition(living, "invoice")):
        ws.notes.append(tr("there is an invoice for it: {} {}", other.id, other.get("name")))


def _account(ws: Workspace, currency: str, asked: str) -> tuple[BankAccount, ...]:
    """Our account for a currency: the one that is asked for, else the first that can hold it."""
    own = ws.settings.us.accounts
    if asked:
        digits = asked.replace(" ", "").upper()
        found = [one for one in own if one.account.endswith(digits)]
        if len(found) != 1:
            known = ", ".join(one.account for one in own) or tr("there are none")
            raise BadUsage(
                tr("{!r} is not one of the accounts in settings.yaml", asked),
                tr("accounts: {}", known),
            )
        return tuple(found)
    codes = _MONEY_CODES.get(currency, ())
    fitting = tuple(
        one
        for one in own
        if one.account[5:8] in codes or (not one.account.isdecimal() and currency != "RUB")
    )
    if not fitting and own and currency != ws.settings.currency:
        ws.notes.append(tr("no account for {} in settings.yaml; --account names one", currency))
        return ()
    return (fitting or own)[:1]


def note_sent(ws: Workspace, invoice_id: str) -> Invoice:
    """Note that an invoice went to the client; the event goes to the deal, for its triggers."""
    with ws.change("invoice send") as change:
        return note_sent_in(change, ws, invoice_id, ())


def check_sendable(_ws: Workspace, record: Record) -> None:
    """InvoiceCancelled for one that was cancelled."""
    check_living(record)


def give_back(change: Change, ws: Workspace, credit_note: Invoice) -> None:
    """What a credit note took off its invoice is asked for again."""
    if credit_note.credits and credit_note.credited:
        of = found(change, credit_note.credits)
        left = (of.credited or 0) + credit_note.credited
        change.save(replace(of, credited=left or None).as_of(ws.today))


def check_living(record: Record) -> None:
    """InvoiceCancelled for one that was cancelled."""
    if record.get("status") == "cancelled":
        raise InvoiceCancelled(
            tr("{} was cancelled", f"{record.id} {record.get('name')}"),
            "make a new invoice: crm invoice add",
        )


def note_sent_in(
    change: Change, ws: Workspace, invoice_id: str, files: Sequence[tuple[str, bytes]]
) -> Invoice:
    """The same within an open change; the files that went, by name, are kept with it."""
    invoice = found(change, invoice_id)
    check_living(invoice)
    sent = replace(invoice, status="sent", files=kept(change, invoice, files)).as_of(ws.today)
    change.save(sent)
    note(change, sent, "sent", {})
    return sent


def cancel(ws: Workspace, invoice_id: str, reason: str = "") -> Invoice:
    """Cancel an invoice; InvoicePaid if money came for it."""
    with ws.change("invoice cancel") as change:
        invoice = found(change, invoice_id)
        if invoice.status == "cancelled":
            return invoice
        if invoice.payments:
            back = tr(
                "take them back first (crm undo), or give it back: crm invoice credit {}",
                invoice.id,
            )
            raise InvoicePaid(
                tr("{} {} has payments", invoice.id, invoice.name),
                "take them back first: crm undo" if invoice.credits else back,
            )
        if invoice.credited and not invoice.credits:
            raise InvoicePaid(
                tr("{} {} has credit notes", invoice.id, invoice.name), "cancel these first"
            )
        give_back(change, ws, invoice)
        cancelled = replace(invoice, status="cancelled")
        change.save(cancelled)
        note(change, cancelled, "cancelled", {"reason": reason} if reason else {})
        return cancelled


def shown(ws: Workspace, invoice: Invoice, amount: Decimal) -> str:
    """An amount as people read it, in the currency of an invoice."""
    return write_money(amount, invoice.currency, ws.settings.language)


def found(change: Change, invoice_id: str) -> Invoice:
    """An invoice within an open change; BadUsage for another record."""
    record = change.get(invoice_id)
    if not isinstance(record, Invoice):
        raise BadUsage(tr("{} is not an invoice", invoice_id), "see crm invoice list")
    return record


def complete(invoice: Invoice) -> Invoice:
    """The invoice with its sums as its lines and payments are."""
    return invoice.filled(lambda record_id: None)


def note(change: Change, invoice: Invoice, word: str, more: dict[str, Any]) -> None:
    """The event of an invoice, on its deal where it has one."""
    facts = {"invoice": invoice.id, "name": invoice.name, "amount": str(invoice.total)}
    data = {**facts, "currency": invoice.currency, **more}
    noun = "credit" if invoice.credits else "invoice"
    change.note(f"{noun}.{word}", invoice.deal or invoice.id, data)
