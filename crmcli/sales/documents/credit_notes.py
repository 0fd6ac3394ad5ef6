"""Credit notes: what of an invoice is not asked for any more, or is to be paid back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import cast

from crmcli.dataclass import replace
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.invoice import Invoice
from crmcli.model.line_text import read_line
from crmcli.model.settings import CREDIT_NOTE
from crmcli.model.values import Line
from crmcli.model.vat import check_rates
from crmcli.sales.documents import invoices
from crmcli.sales.records.new_record import build
from crmcli.sales.records.numbers import free_number
from crmcli.workspace import Change, Workspace

_COPIED = ("deal", "offer", "company", "contact", "currency", "vat_included", "pay_to", "template",
           "owner")  # fmt: skip


class NotCredited(Refused):
    """What is no invoice that went out is not credited."""


class CreditedTwice(Refused):
    """More would be credited than the invoice asks for."""


def credit(ws: Workspace, invoice_id: str, lines: Sequence[str] = (), comment: str = "") -> Invoice:
    """Make a numbered credit note for an invoice: for all of it, or for the given lines. What it comes to is
    taken off what is left to be paid; the rest of it is to be paid back."""
    with ws.change("invoice credit") as change:
        of = invoices.found(change, invoice_id)
        _check_creditable(of)
        values = {name: of.get(name) for name in _COPIED} | {
            "name": free_number(change, ws, "invoice", ws.settings.numbering[CREDIT_NOTE]),
            "credits": of.id,
            "date": ws.today,
            "lines": _lines(ws, of, lines),
            "comment": comment,
        }
        made = cast("Invoice", build(ws, "invoice", values))
        _check_sum(ws, of, made)
        set_off = max(min(made.totals.gross, of.left), Decimal(0))
        made = replace(made, credited=-set_off or None)
        change.add(made, {"name": made.name, "deal": made.deal, "credits": of.id})
        _take_off(change, ws, of, made, set_off)
        return made


def _check_creditable(of: Invoice) -> None:
    invoices.check_living(of)
    about = f"{of.id} {of.name}"
    if of.credits:
        told = tr("cancel it instead: crm invoice cancel {}", of.id)
        raise NotCredited(tr("{} is a credit note", about), told)
    if of.status == "draft":
        told = tr("cancel it instead: crm invoice cancel {}", of.id)
        raise NotCredited(tr("{} was not sent", about), told)


def _lines(ws: Workspace, of: Invoice, texts: Sequence[str]) -> tuple[Line, ...]:
    """The given lines, whose rate is the invoice's where it has one; else those of the invoice."""
    rates = {line.vat for line in of.lines}
    rate = rates.pop() if len(rates) == 1 else ws.settings.vat_rate
    lines = tuple(read_line(text, rate, of.currency) for text in texts) or of.lines
    check_rates(ws.settings.vat_rates, (line.vat for line in lines), of.date or ws.today)
    return lines


def _check_sum(ws: Workspace, of: Invoice, made: Invoice) -> None:
    """CreditedTwice if more would be credited than there is, of any VAT rate; NothingToBill for nothing."""
    if made.totals.gross <= 0:
        raise invoices.NothingToBill(
            tr(
                "a credit note for {} gives nothing back", invoices.shown(ws, of, made.totals.gross)
            ),
            "add --line 'name;quantity;price'",
        )
    there = _by_rate(of)
    for other in others(ws, of):
        for rate, amount in _by_rate(other).items():
            there[rate] = there.get(rate, Decimal(0)) - amount
    for rate, amount in _by_rate(made).items():
        left = there.get(rate, Decimal(0))
        if amount <= left:
            continue
        money = [invoices.shown(ws, of, one) for one in (left, amount)]
        shown = (
            tr("without VAT") if rate is None else tr("with VAT of {} %", f"{rate.normalize():f}")
        )
        raise CreditedTwice(
            tr("{} of {} {} can be credited {}, not {}", money[0], of.id, of.name, shown, money[1]),
            "say what is credited: --line 'name;quantity;price;unit;vat'",
        )


def others(ws: Workspace, of: Invoice) -> list[Invoice]:
    """The credit notes that an invoice has."""
    living = ws.condition(f"credits = {of.id} and status != cancelled", "invoice")
    return cast("list[Invoice]", list(ws.select("invoice", living)))


def _by_rate(invoice: Invoice) -> dict[Decimal | None, Decimal]:
    """What its lines come to by VAT rate."""
    return {one.rate: one.gross for one in invoice.totals.by_rate}


def _take_off(change: Change, ws: Workspace, of: Invoice, made: Invoice, set_off: Decimal) -> None:
    """Ask for less from now on; an invoice of which a part was paid and the rest credited is paid."""
    credited = (of.credited or 0) + set_off
    after = replace(of, credited=credited or None).as_of(ws.today)
    change.save(after)
    facts = {"credit": made.id, "credited": str(made.totals.gross), "left": str(after.left)}
    invoices.note(change, after, "credited", facts)
    if after.status == "paid" != of.status:
        invoices.note(change, after, "paid", {"paid": "0", "at": ws.today.isoformat(), "left": "0"})
