"""Credit notes: what they take off an invoice, what is paid back, and what cannot be credited."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from crmcli.automation.tick import tick
from crmcli.errors import BadUsage, CrmError, Refused
from crmcli.model.invoice import Invoice
from crmcli.sales.checks.check import problems
from crmcli.sales.documents import credit_notes, invoice_files, invoices, payments
from crmcli.sales.documents.credit_notes import CreditedTwice, NotCredited
from crmcli.sales.documents.invoices import InvoicePaid, InvoiceTerms, NothingToBill
from crmcli.sales.documents.payments import Overpaid
from crmcli.sales.records.remove import remove
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW
from torture.copies import copied

D = Decimal


@pytest.fixture
def folder(_fresh: Path, tmp_path: Path) -> Path:
    """A workspace as crm init makes it."""
    return copied(_fresh, tmp_path / "ws")


@pytest.fixture
def ws(folder: Path) -> Workspace:
    return kit.opened(folder)


@pytest.fixture
def sent(ws: Workspace) -> Invoice:
    """A sent invoice of 1,000: 610 with VAT of 22 % in it, 390 without."""
    lines = ["Кровля;2;305;м²;22", "Доставка;1;390;;нет"]
    made = invoices.add(ws, kit.deal(ws, amount="1000").id, InvoiceTerms(lines))
    return invoices.note_sent(ws, made.id)


def now(ws: Workspace, record_id: str) -> Invoice:
    found = ws.get(record_id)
    assert isinstance(found, Invoice)
    return found


def kinds(ws: Workspace, invoice: Invoice) -> list[str]:
    return [event.kind for event in ws.events(record=invoice.deal)]


def test_a_whole_one_leaves_nothing_to_pay_and_moves_no_deal(ws: Workspace, sent: Invoice) -> None:
    stage = ws.get(sent.deal).get("stage")
    note = credit_notes.credit(ws, sent.id, comment="брак")
    assert (note.name, note.amount, note.left, note.status) == ("КС-2026-0001", -1000, 0, "draft")
    assert (note.lines, note.due, note.credits) == (sent.lines, None, sent.id)
    of = now(ws, sent.id)
    assert (of.status, of.left, of.amount, of.credited) == ("credited", 0, 1000, 1000)
    assert kinds(ws, sent)[-1] == "invoice.credited"
    assert now(ws, invoices.note_sent(ws, note.id).id).status == "credited"
    tick(ws)
    assert ws.get(sent.deal).get("stage") == stage
    with pytest.raises(Overpaid, match="was credited"):
        payments.pay(ws, sent.id, "1")
    assert sum(one.get("amount") for one in ws.select("invoice")) == 0  # type: ignore[misc]  # sums
    assert not [p for p in problems(ws) if sent.id in p.path or note.id in p.path]


def test_lines_of_one_that_was_paid_are_paid_back(ws: Workspace, sent: Invoice) -> None:
    payments.pay(ws, sent.id)
    note = credit_notes.credit(ws, sent.id, ["Кровля;1;305;м²;22"])
    assert (note.amount, note.left, note.credited) == (-305, -305, None)
    assert kinds(ws, sent).count("invoice.paid") == 1
    assert now(ws, sent.id).status == "paid"
    part = payments.pay(ws, note.id, "5")
    assert (part.left, part.paid, part.status) == (-300, -5, "part_paid")
    with pytest.raises(Overpaid):
        payments.pay(ws, note.id, "300.01")
    assert payments.pay(ws, note.id, reference="ПП 9").status == "paid"
    assert kinds(ws, sent)[-2:] == ["credit.part_paid", "credit.paid"]
    with pytest.raises(InvoicePaid):
        invoices.cancel(ws, note.id)
    assert not [p for p in problems(ws) if note.id in p.path]


def test_the_rest_of_one_paid_in_part_is_set_off_and_it_is_paid(
    ws: Workspace, sent: Invoice
) -> None:
    payments.pay(ws, sent.id, "900")
    note = credit_notes.credit(ws, sent.id, ["Доставка;1;250;;нет"])
    assert (note.credited, note.left) == (-100, -150)
    of = now(ws, sent.id)
    assert (of.status, of.left, of.paid) == ("paid", 0, 900)
    assert kinds(ws, sent)[-2:] == ["invoice.credited", "invoice.paid"]
    tick(ws)
    assert ws.get(sent.deal).get("stage") == "paid"


def test_another_invoice_for_the_deal_names_the_first_and_not_its_credit_note(
    ws: Workspace, sent: Invoice
) -> None:
    credit_notes.credit(ws, sent.id, ["Доставка;1;390;;нет"])
    ws.notes.clear()
    invoices.add(ws, sent.deal)
    assert ws.notes == [f"there is an invoice for it: {sent.id} {sent.name}"]


def test_a_line_has_the_rate_of_its_invoice(ws: Workspace) -> None:
    made = invoices.add(ws, kit.deal(ws, amount="1").id, InvoiceTerms(["Книга;2;110;;10"]))
    invoices.note_sent(ws, made.id)
    [line] = credit_notes.credit(ws, made.id, ["Книга;1;110"]).lines
    assert line.vat == D(10)


def test_of_one_overpaid_by_hand_nothing_is_set_off(ws: Workspace, sent: Invoice) -> None:
    payments.pay(ws, sent.id)
    kit.replace(kit.file_of(ws, sent.id), "amount: '1000.00'\n", "amount: '1200.00'\n")
    note = credit_notes.credit(kit.opened(ws.root), sent.id, ["Доставка;1;390;;нет"])
    assert (note.credited, note.left) == (None, -390)


def test_a_cancelled_one_gives_back_what_it_took_off(
    ws: Workspace, sent: Invoice, folder: Path
) -> None:
    note = credit_notes.credit(ws, sent.id)
    with pytest.raises(InvoicePaid, match="has credit notes"):
        invoices.cancel(ws, sent.id)
    with pytest.raises(Refused, match="what is left of another"):
        remove(ws, note.id)
    with pytest.raises(Refused, match="has credit notes"):
        remove(ws, sent.id, unlink=True)
    other = invoices.note_sent(ws, invoices.add(ws, kit.deal(ws, amount="5").id).id)
    with pytest.raises(Refused, match="only a draft is removed"):
        remove(ws, other.id, credit_notes.credit(ws, other.id).id)  # both at once
    later = kit.opened(folder, now=NOW + timedelta(days=30))
    invoices.cancel(later, note.id)
    of = now(later, sent.id)
    assert (of.left, of.credited, of.status) == (1000, None, "overdue")
    assert credit_notes.credit(later, sent.id).name == "КС-2026-0003"


def test_a_check_holds_what_is_credited_against_the_credit_notes(
    ws: Workspace, sent: Invoice, folder: Path
) -> None:
    credit_notes.credit(ws, sent.id, ["Доставка;1;390;;нет"])
    assert not [p for p in problems(ws) if sent.id in p.path]
    kit.replace(kit.file_of(ws, sent.id), "credited: '390.00'", "credited: '300.00'")
    said = [problem.message for problem in problems(kit.opened(folder)) if sent.id in problem.path]
    assert said == ["300.00 is credited, and its credit notes took off 390.00"]


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["Кровля;3;305;м²;22"], CreditedTwice),
        (["Доставка;1;390.01;;нет"], CreditedTwice),
        (["Доставка;1;1;;10"], CreditedTwice),
        (["Доставка;1;0;;нет"], NothingToBill),
        (["Доставка;-1;5;;нет"], BadUsage),
        (["Доставка;1;5 USD;;нет"], BadUsage),
        (["Доставка"], BadUsage),
    ],
)
def test_what_is_not_there_is_not_credited(
    ws: Workspace, sent: Invoice, lines: list[str], error: type[CrmError]
) -> None:
    with pytest.raises(error):
        credit_notes.credit(ws, sent.id, lines)
    assert now(ws, sent.id) == sent
    assert credit_notes.credit(ws, sent.id, ["Кровля;2;305;м²;22"]).name == "КС-2026-0001"
    with pytest.raises(CreditedTwice):
        credit_notes.credit(ws, sent.id)  # a part of it was
    credit_notes.credit(ws, sent.id, ["Доставка;1;390;;нет"])
    assert now(ws, sent.id).left == 0


def test_drafts_and_credit_notes_are_not_credited(ws: Workspace, sent: Invoice) -> None:
    note = credit_notes.credit(ws, sent.id)
    draft = invoices.add(ws, kit.deal(ws, amount="5").id)
    for one in (note, draft):
        with pytest.raises(NotCredited):
            credit_notes.credit(ws, one.id)
    with pytest.raises(BadUsage):
        credit_notes.credit(ws, sent.deal)


def test_its_page_names_its_invoice_and_asks_for_nothing(ws: Workspace, sent: Invoice) -> None:
    note = credit_notes.credit(ws, sent.id, ["Доставка;1;390;;нет"])
    for ending in (".txt", ".html"):
        text = invoice_files.render(ws, note.id, ending).decode()
        assert ("Корректировочный счёт" in text, sent.name in text) == (True, True)
        assert "Всего к оплате" not in text
        assert "QR" not in text
    asked = invoice_files.render(ws, sent.id, ".txt").decode()
    assert "Осталось: 610,00" in asked
