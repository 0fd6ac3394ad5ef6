"""Invoices: made of a deal or an offer, numbered, paid in parts or whole, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date  # noqa: N812  # a day is called date
from decimal import Decimal
from functools import partial
from typing import Any, cast

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.invoice import Invoice
from crmcli.model.money import write_money
from crmcli.model.offer import Offer
from crmcli.model.payment_order import PaymentOrder
from crmcli.model.values import Attachment, BankAccount, Payment, Value
from crmcli.model.vat import check_rates
from crmcli.sales.documents.messages import renderer
from crmcli.sales.documents.offers import lines_of
from crmcli.sales.documents.pages import written
from crmcli.sales.records.given_values import read_values
from crmcli.sales.records.new_record import build
from crmcli.sales.records.numbers import free_number
from crmcli.sales.template_names import linked
from crmcli.workspace import Change, Workspace

TEMPLATE = "invoices/invoice.html.j2"
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


class Overpaid(Refused):
    """More was paid than the invoice asks for."""


class PaidTwice(Refused):
    """A payment with that reference is there."""


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
    if isinstance(due, Date) and due < today:
        raise BadUsage(tr("an invoice cannot be due before its date: {}", due), "--due +10d")
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
    check_rates(ws.settings.vat_rates, (line.vat for line in invoice.lines), today)
    if invoice.totals.gross <= 0:
        raise NothingToBill(
            tr("an invoice for {} asks for nothing", invoice.totals.gross),
            "add --line 'name;quantity;price'",
        )
    change.add(invoice, {"name": invoice.name, "deal": invoice.deal or invoice.offer})
    return invoice


def _of_source(
    ws: Workspace, change: Change, source_id: str, terms: InvoiceTerms
) -> dict[str, Value]:
    """What an invoice takes from the deal or the offer that it is made of."""
    source = change.get(source_id)
    if isinstance(source, Offer):
        if source.status in ("declined", "expired", "replaced"):
            raise OfferNotValid(
                tr("{} {} was {}", source.id, source.name, tr(source.status)),
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
    living = ws.condition(f"{source.entity} = {source.id} and status != cancelled", "invoice")
    for other in ws.select("invoice", living):
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
        if one.account[5:8] in codes or (not one.account.isdigit() and currency != "RUB")
    )
    if not fitting and own and currency != ws.settings.currency:
        ws.notes.append(tr("no account for {} in settings.yaml; --account names one", currency))
        return ()
    return (fitting or own)[:1]


def note_sent(ws: Workspace, invoice_id: str) -> Invoice:
    """Note that an invoice went to the client; the event goes to the deal, for its triggers."""
    with ws.change("invoice send") as change:
        return note_sent_in(change, ws, invoice_id)


def note_sent_in(
    change: Change, ws: Workspace, invoice_id: str, files: Sequence[tuple[str, bytes]] = ()
) -> Invoice:
    """The same within an open change; the files that went, by name, are kept with it."""
    invoice = _invoice(change, invoice_id)
    if invoice.status == "cancelled":
        raise InvoiceCancelled(
            tr("{} was cancelled", f"{invoice.id} {invoice.name}"),
            "make a new invoice: crm invoice add",
        )
    status = "sent" if invoice.status == "draft" else invoice.status
    kept = tuple(Attachment(name, change.attach(content)) for name, content in files)
    kept = tuple(dict.fromkeys((*invoice.files, *kept)))
    sent = replace(invoice, status=status, files=kept).as_of(ws.today)
    change.save(sent)
    _note(change, sent, "sent", {})
    return sent


def pay(
    ws: Workspace,
    invoice_id: str,
    amount: str = "",
    at: Date | None = None,
    reference: str = "",
) -> Invoice:
    """Note a payment, all that is left if no amount is given. The event goes to the deal, for its triggers:
    `invoice.paid` when all is paid, else `invoice.part_paid`."""
    with ws.change("invoice pay") as change:
        invoice = _invoice(change, invoice_id)
        day = at or ws.today
        came = read_amount(invoice, amount) if amount else invoice.left
        _check_payment(ws, invoice, Payment(day, came, reference))
        payments = (*invoice.payments, Payment(day, came, reference))
        paid = _complete(replace(invoice, payments=payments)).as_of(ws.today)
        change.save(paid)
        facts = {"paid": str(came), "at": day.isoformat(), "left": str(paid.left)}
        word = "part_paid" if paid.left else "paid"
        _note(change, paid, word, facts | ({"reference": reference} if reference else {}))
        return paid


def read_amount(invoice: Invoice, text: str) -> Decimal:
    """An amount as people write it, in the invoice's currency; BadUsage for anything else."""
    from crmcli.model.amounts import read_money

    try:
        amount, said = read_money(text)
    except ValueError as error:
        raise BadUsage(str(error), "e.g. 1200.50") from None
    if said not in ("", invoice.currency):
        raise BadUsage(
            tr("{} {} is in {}, not in {}", invoice.id, invoice.name, invoice.currency, said),
            "note what came in the currency of the invoice",
        )
    return amount


def _check_payment(ws: Workspace, invoice: Invoice, payment: Payment) -> None:
    """Refuse what cannot have come for an invoice."""
    about = f"{invoice.id} {invoice.name}"
    if invoice.status == "cancelled":
        raise InvoiceCancelled(tr("{} was cancelled", about), "make a new invoice: crm invoice add")
    same = [
        one for one in invoice.payments if payment.reference and one.reference == payment.reference
    ]
    if same:
        raise PaidTwice(
            tr("{} has a payment {!r}, of {}", about, payment.reference, same[0].at),
            "if it is another payment, give another --reference",
        )
    write = partial(write_money, currency=invoice.currency, language=ws.settings.language)
    if invoice.left <= 0:
        raise Overpaid(tr("{} is paid", about), "see crm invoice show")
    if payment.amount <= 0:
        raise BadUsage(tr("{} is not a payment", write(payment.amount)), "e.g. 1200.50")
    if payment.amount > invoice.left:
        raise Overpaid(
            tr("{} asks for {}, and {} came", about, write(invoice.left), write(payment.amount)),
            tr("pay at most what is left: crm invoice pay {} {}", invoice.id, invoice.left),
        )
    if payment.at > ws.today:
        raise BadUsage(tr("{} is a day to come", payment.at), "a payment is noted when it came")


def cancel(ws: Workspace, invoice_id: str, reason: str = "") -> Invoice:
    """Cancel an invoice; InvoicePaid if money came for it."""
    with ws.change("invoice cancel") as change:
        invoice = _invoice(change, invoice_id)
        if invoice.status == "cancelled":
            return invoice
        if invoice.payments:
            raise InvoicePaid(
                tr("{} {} has payments", invoice.id, invoice.name),
                "take them back first: crm undo, or crm undo --event",
            )
        cancelled = replace(invoice, status="cancelled")
        change.save(cancelled)
        _note(change, cancelled, "cancelled", {"reason": reason} if reason else {})
        return cancelled


def render(ws: Workspace, invoice_id: str, ending: str, syntax: str = "") -> bytes:
    """The content of a file of an invoice, by the file's ending: `.html`, `.pdf`, or `.xml` for an e-invoice;
    a `.pdf` with the syntax `cii` is both."""
    invoice = ws.get(invoice_id)
    if not isinstance(invoice, Invoice):
        raise BadUsage(tr("{} is not an invoice", invoice_id), "see crm invoice list")
    if ending == ".xml":
        from crmcli.sales.documents import einvoices

        return einvoices.xml(ws, invoice, syntax or "ubl")
    if ending == ".pdf" and syntax == "cii":
        return _hybrid(ws, invoice)
    if syntax:
        raise BadUsage("--format is for e-invoices", "-o invoice.xml, or -o invoice.pdf with cii")
    if ending not in ("", ".html", ".pdf"):
        told = tr("an invoice cannot be written as {!r}", ending)
        raise BadUsage(told, "-o invoice.html, invoice.pdf or invoice.xml")
    return written(ws, page(ws, invoice), ending)


def _hybrid(ws: Workspace, invoice: Invoice) -> bytes:
    """The page as PDF that holds the e-invoice too."""
    from crmcli.render.hybrid_pdf import hybrid
    from crmcli.sales.documents import einvoices

    xml = einvoices.xml(ws, invoice, "cii")
    pdf = written(ws, page(ws, invoice), ".pdf", "pdf/a-3b")
    title, us = f"{tr('Invoice')} {invoice.name}", ws.settings.us
    return hybrid(pdf, xml, title=title, author=us.name, language=ws.settings.language)


def page(ws: Workspace, invoice: Invoice) -> str:
    """The invoice as a page of HTML, by its template; TemplateFailed if it cannot be rendered."""
    from crmcli.sales.template_names import names_for

    names = names_for(ws, invoice) | {"qr": _qr(ws, invoice)}
    return renderer(ws).render_text(invoice.template or TEMPLATE, names)


def _qr(ws: Workspace, invoice: Invoice) -> str:
    """The picture by which an invoice is paid; "" where there is none for it, which is told."""
    from crmcli.render import qr

    us = ws.settings.us
    if invoice.left <= 0:
        return ""
    account = invoice.pay_to[0] if invoice.pay_to else BankAccount("")
    purpose = tr("Invoice {} of {}", invoice.name, str(invoice.date))
    order = PaymentOrder(
        us.legal_name or us.name, account, invoice.left, invoice.currency, purpose, us.inn, us.kpp
    )
    payload = order.payload()
    if not payload and invoice.currency in ("RUB", "EUR"):
        ws.notes.append(
            "no payment QR: the account (company: accounts: in settings.yaml) says too little"
        )
    return qr.picture(payload)


def _invoice(change: Change, invoice_id: str) -> Invoice:
    found = change.get(invoice_id)
    if not isinstance(found, Invoice):
        raise BadUsage(tr("{} is not an invoice", invoice_id), "see crm invoice list")
    return found


def _complete(invoice: Invoice) -> Invoice:
    return invoice.filled(lambda record_id: None)


def _note(change: Change, invoice: Invoice, word: str, more: dict[str, Any]) -> None:
    facts = {"invoice": invoice.id, "name": invoice.name, "amount": str(invoice.totals.gross)}
    data = {**facts, "currency": invoice.currency, **more}
    change.note(f"invoice.{word}", invoice.deal or invoice.id, data)
