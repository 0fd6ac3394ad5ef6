"""Payments that came for invoices, and what was paid back for credit notes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.invoice import Invoice
from crmcli.model.values import Payment, fold
from crmcli.sales.documents import invoices
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from datetime import date as Date  # noqa: N812  # a day is called date
    from decimal import Decimal


class Overpaid(Refused):
    """More was paid than the invoice asks for."""


class PaidTwice(Refused):
    """A payment with that reference is there."""


def pay(
    ws: Workspace, invoice_id: str, amount: str = "", at: Date | None = None, reference: str = ""
) -> Invoice:
    """Note a payment, all that is left if no amount is given. The event goes to the deal, for its triggers:
    `invoice.paid` when all is paid, else `invoice.part_paid`; of a credit note `credit.paid` and so on."""
    with ws.change("invoice pay") as change:
        invoice = invoices.found(change, invoice_id)
        day = at or ws.today
        came = read_amount(invoice, amount) if amount else abs(invoice.left)
        _check_payment(ws, invoice, Payment(day, came, reference))
        signed = -came if invoice.credits else came
        payments = (*invoice.payments, Payment(day, signed, reference))
        paid = invoices.complete(replace(invoice, payments=payments)).as_of(ws.today)
        change.save(paid)
        facts = {"paid": str(came), "at": day.isoformat(), "left": str(paid.left)}
        word = "part_paid" if paid.left else "paid"
        invoices.note(change, paid, word, facts | ({"reference": reference} if reference else {}))
        return paid


def read_amount(invoice: Invoice, text: str) -> Decimal:
    """An amount as people write it, in the invoice's currency; BadUsage for anything else."""
    from crmcli.model.amounts import read_money

    try:
        amount, said = read_money(text)
    except ValueError as error:
        raise BadUsage(str(error), "the amount that came, e.g. 1200.50") from None
    if said not in ("", invoice.currency):
        raise BadUsage(
            tr("{} {} is in {}, not in {}", invoice.id, invoice.name, invoice.currency, said),
            "note what came in the currency of the invoice",
        )
    return amount


def _check_payment(ws: Workspace, invoice: Invoice, payment: Payment) -> None:
    """Refuse what cannot have come for an invoice."""
    about = f"{invoice.id} {invoice.name}"
    invoices.check_living(invoice)
    same = [
        one
        for one in invoice.payments
        if payment.reference and fold(one.reference) == fold(payment.reference)
    ]
    if same:
        raise PaidTwice(
            tr("{} has a payment {!r}, of {}", about, payment.reference, same[0].at),
            "if it is another payment, give another --reference",
        )
    write = partial(invoices.shown, ws, invoice)
    if invoice.is_settled:
        told = tr("{} is paid", about) if invoice.payments else tr("{} was credited", about)
        raise Overpaid(told, "see crm invoice show")
    if payment.amount <= 0:
        raise BadUsage(
            tr("{} is not a payment", write(payment.amount)), "the amount that came, e.g. 1200.50"
        )
    if payment.amount > abs(invoice.left):
        raise Overpaid(
            tr(
                "{} asks for {}, and {} came",
                about,
                write(abs(invoice.left)),
                write(payment.amount),
            ),
            tr("pay at most what is left: crm invoice pay {} {}", invoice.id, abs(invoice.left)),
        )
    if payment.at > ws.today:
        raise BadUsage(tr("{} is a day to come", payment.at), "a payment is noted when it came")
