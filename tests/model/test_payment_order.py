"""What a payment QR says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crmcli.dataclass import replace
from crmcli.model.payment_order import PaymentOrder
from crmcli.model.values import BankAccount
from crmcli.render import qr

RUB = PaymentOrder(
    "ООО «Скат»",
    BankAccount("40702810938000012345", "044525225", "30101810400000000225", "ПАО Сбербанк"),
    Decimal("1871880.05"), "RUB", "Оплата по счёту № 1", "7707083893", "770701001",
)  # fmt: skip
EUR = PaymentOrder(
    "Skat GmbH", BankAccount("DE89370400440532013000", "COBADEFFXXX"), Decimal("12.50"), "EUR",
    "Invoice 1",
)  # fmt: skip


def test_roubles_by_gost() -> None:
    assert RUB.payload() == (
        "ST00012|Name=ООО «Скат»|PersonalAcc=40702810938000012345|BankName=ПАО Сбербанк|BIC=044525225"
        "|CorrespAcc=30101810400000000225|Sum=187188005|Purpose=Оплата по счёту № 1|PayeeINN=7707083893"
        "|KPP=770701001"
    )
    assert replace(RUB, name="А|Б").payload().startswith("ST00012;Name=А|Б;")


def test_euros_by_epc() -> None:
    assert EUR.payload() == (
        "BCD\n002\n1\nSCT\nCOBADEFFXXX\nSkat GmbH\nDE89370400440532013000\nEUR12.50\n\n\nInvoice 1"
    )


@pytest.mark.parametrize(
    "order",
    [
        replace(RUB, account=BankAccount("40702810938000012345")),
        replace(RUB, account=EUR.account),
        replace(EUR, account=RUB.account),
        replace(EUR, amount=Decimal(0)),
        replace(EUR, amount=Decimal(10**9)),
        replace(EUR, currency="USD"),
    ],
)
def test_what_says_too_little_has_none(order: PaymentOrder) -> None:
    assert order.payload() == ""
    assert qr.picture(order.payload()) == ""


def test_it_becomes_a_picture() -> None:
    assert qr.picture(RUB.payload()).startswith("data:image/svg+xml")
