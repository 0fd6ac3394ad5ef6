"""Invoices: made of deals and offers, paid in parts, overdue, cancelled; and what the deal hears of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from crmcli.automation.tick import tick
from crmcli.dataclass import replace
from crmcli.errors import BadUsage, CrmError
from crmcli.model.invoice import Invoice
from crmcli.model.values import Payment
from crmcli.sales.documents import invoices, offers, payments
from crmcli.sales.documents.invoices import (
    InvoiceCancelled,
    InvoicePaid,
    InvoiceTerms,
    NothingToBill,
    OfferNotValid,
)
from crmcli.sales.documents.payments import Overpaid, PaidTwice
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


def made(ws: Workspace, amount: str = "1000", **terms: str) -> Invoice:
    deal = kit.deal(ws, amount=amount)
    return invoices.add(ws, deal.id, InvoiceTerms(**terms))  # type: ignore[arg-type]  # texts alone


def again(ws: Workspace, invoice: Invoice) -> Invoice:
    found = ws.get(invoice.id)
    assert isinstance(found, Invoice)
    return found


# --- making one -----------------------------------------------------------------------------------


def test_one_of_a_deal_has_its_lines_and_a_number(ws: Workspace) -> None:
    one = made(ws, "1220")
    assert (one.name, one.status, one.amount) == ("СЧ-2026-0001", "draft", D(1220))
    assert (one.date, one.due) == (date(2026, 11, 23), date(2026, 12, 3))
    assert one.totals.vat == D(220)
    assert again(ws, one) == one
    assert made(ws).name == "СЧ-2026-0002"


def test_one_of_an_offer_belongs_to_its_deal(ws: Workspace) -> None:
    offer = offers.draft(ws, kit.deal(ws, amount="5000").id)
    one = invoices.add(ws, offer.id)
    assert (one.offer, one.deal, one.lines) == (offer.id, offer.deal, offer.lines)
    assert ws.notes == []
    second = invoices.add(ws, offer.id)
    assert ws.notes == [f"there is an invoice for it: {one.id} {one.name}"]
    assert second.name != one.name


def test_what_comes_to_nothing_is_not_billed(ws: Workspace) -> None:
    with pytest.raises(NothingToBill):
        made(ws, lines=["Образец;1;0"])  # type: ignore[arg-type]  # a list
    assert list(ws.select("invoice")) == []
    with pytest.raises(BadUsage, match="cannot be due before its date"):
        made(ws, due="2026-11-22")
    with pytest.raises(BadUsage, match="not one of the accounts"):
        made(ws, account="999")
    assert made(ws).name.endswith("0001")  # a refusal burns no number


@pytest.mark.parametrize(("currency", "place"), [("RUB", 1), ("USD", 0), ("EUR", 0), ("CHF", 0)])
def test_it_is_paid_to_the_first_account_that_holds_its_currency(
    tmp_path: Path, currency: str, place: int
) -> None:
    own = ["DE89370400440532013000", "40702810438000060473", "40702840738000060473"]
    bics = ["COBADEFFXXX", "044525225", "044525225"]
    rows = (f'{{account: "{one}", bic: "{bic}"}}' for one, bic in zip(own, bics, strict=True))
    settings = f"company: {{name: Скат, accounts: [{', '.join(rows)}]}}\n"
    ws = kit.opened(kit.workspace(tmp_path / "own", kit.pipelines(), settings))
    one = invoices.add(ws, kit.deal(ws, amount="5", currency=currency).id)
    assert [account.account for account in one.pay_to] == [own[place]]


@pytest.mark.parametrize("status", ["declined", "replaced", "expired", "sent"])
def test_an_offer_that_is_over_is_not_billed(ws: Workspace, status: str) -> None:
    """Whether a tick has seen that its last day is over or not."""
    offer = offers.draft(ws, kit.deal(ws, amount="5").id)
    with ws.change("test") as change:
        change.save(replace(offer, status=status))
    assert offer.valid_until
    last = NOW + (offer.valid_until - ws.today)
    if status in ("sent", "expired"):
        assert invoices.add(kit.opened(ws.root, now=last), offer.id)
    after, word = (
        kit.opened(ws.root, now=last + timedelta(days=1)),
        status.replace("sent", "expired"),
    )
    with pytest.raises(OfferNotValid, match=f"was {word}"):
        invoices.add(after, offer.id)


# --- paying ---------------------------------------------------------------------------------------


def test_it_is_paid_in_parts_and_in_full(ws: Workspace) -> None:
    one = made(ws)
    first = payments.pay(ws, one.id, "400,50", date(2026, 11, 20), "PP 7")
    assert (first.status, first.paid, first.left) == ("part_paid", D("400.50"), D("599.50"))
    last = payments.pay(ws, one.id)
    assert (last.status, last.left) == ("paid", 0)
    assert again(ws, one).payments == (
        Payment(date(2026, 11, 20), D("400.50"), "PP 7"),
        Payment(date(2026, 11, 23), D("599.50")),
    )
    kinds = [event.kind for event in ws.events(record=one.deal)]
    assert kinds[-2:] == ["invoice.part_paid", "invoice.paid"]


@pytest.mark.parametrize(
    ("amount", "at", "reference", "error"),
    [
        ("990.01", None, "", Overpaid),
        ("0", None, "", BadUsage),
        ("-5", None, "", BadUsage),
        ("5 USD", None, "", BadUsage),
        ("much", None, "", BadUsage),
        ("1.234", None, "", BadUsage),
        ("5", date(2026, 11, 24), "", BadUsage),
        ("5", None, "PP 7", PaidTwice),
        ("5", None, "pp 7", PaidTwice),
    ],
)
def test_what_cannot_have_come_is_refused(
    ws: Workspace, amount: str, at: date | None, reference: str, error: type[CrmError]
) -> None:
    one = payments.pay(ws, made(ws).id, "10", None, "PP 7")
    with pytest.raises(error):
        payments.pay(ws, one.id, amount, at, reference)
    assert again(ws, one) == one


def test_the_paid_one_takes_no_more_and_is_not_cancelled(ws: Workspace) -> None:
    one = payments.pay(ws, made(ws).id)
    with pytest.raises(Overpaid):
        payments.pay(ws, one.id, "1")
    with pytest.raises(InvoicePaid):
        invoices.cancel(ws, one.id)


def test_the_cancelled_one_takes_no_money_and_leaves_its_number(ws: Workspace) -> None:
    one = invoices.cancel(ws, made(ws).id, "не та фирма")
    assert invoices.cancel(ws, one.id) == one
    with pytest.raises(InvoiceCancelled):
        payments.pay(ws, one.id)
    assert ws.events(record=one.deal)[-1].data["reason"] == "не та фирма"
    assert made(ws).name != one.name


def test_the_default_pipeline_moves_the_deal_when_all_is_paid(ws: Workspace) -> None:
    one = made(ws)
    payments.pay(ws, one.id, "1")
    tick(ws)
    assert ws.get(one.deal).get("stage") == "request"
    payments.pay(ws, one.id)
    tick(ws)
    assert ws.get(one.deal).get("stage") == "paid"


# --- overdue --------------------------------------------------------------------------------------


def test_the_tick_says_that_one_is_overdue_and_that_it_was_put_off(
    ws: Workspace, folder: Path
) -> None:
    one = payments.pay(ws, made(ws, due="+3d").id, "1")
    draft = made(ws, due="+3d")
    later = kit.opened(folder, now=NOW + timedelta(days=4))
    tick(later)
    assert again(later, one).status == "overdue"
    assert again(later, draft).status == "draft"
    kinds = [event.kind for event in later.events(record=one.deal)]
    assert kinds.count("invoice.overdue") == 1
    tick(later)
    assert kinds.count("invoice.overdue") == 1
    from crmcli.sales.records.edit import Edit, edit

    edit(later, one.id, Edit({"due": ["+5d"]}, {}, {}))
    tick(later)
    assert again(later, one).status == "part_paid"
    with pytest.raises(BadUsage, match="due before its date"):
        edit(later, one.id, Edit({"due": ["2026-11-22"]}, {}, {}))
    assert again(later, payments.pay(later, one.id)).status == "paid"


# --- sent -----------------------------------------------------------------------------------------


def test_what_was_sent_stays_as_it_is(ws: Workspace) -> None:
    from crmcli.errors import Refused
    from crmcli.sales.records.edit import Edit, edit

    one = made(ws)
    edit(ws, one.id, Edit({"comment": ["скорее"]}, {}, {}))
    sent = invoices.note_sent(ws, one.id)
    assert (sent.status, ws.events(record=one.deal)[-1].kind) == ("sent", "invoice.sent")
    with pytest.raises(Refused, match="stays"):
        edit(ws, one.id, Edit({"name": ["СЧ-1"]}, {}, {}))
    edit(ws, one.id, Edit({"due": ["+20d"], "owner": ["boris"]}, {}, {}))
    invoices.cancel(ws, one.id)
    with pytest.raises(InvoiceCancelled):
        invoices.note_sent(ws, one.id)


def test_what_a_hand_made_of_it_is_told(ws: Workspace, folder: Path) -> None:
    from crmcli.sales.checks.check import problems

    one = payments.pay(ws, made(ws).id)
    assert not [p for p in problems(ws) if one.id in p.path]
    file = kit.file_of(ws, one.id)
    kit.replace(file, "price: '1000'", "price: '900'")
    said = [problem.message for problem in problems(kit.opened(folder))]
    assert "the amount is 1000.00, and its lines come to 900.00" in said
    assert "100.00 more was paid than it asks for" in said
