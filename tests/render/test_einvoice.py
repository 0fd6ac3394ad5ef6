"""E-invoices of EN 16931: both syntaxes keep the official rules, asked in a process of their own."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crmcli.dataclass import replace
from crmcli.model.einvoice import EInvoice, NoEInvoice, Party, einvoice
from crmcli.model.invoice import Invoice
from crmcli.model.values import BankAccount, Discount, Line, Payment
from crmcli.render import einvoice_rules
from crmcli.render.cii import cii
from crmcli.render.ubl import ubl

D = Decimal
SELLER = Party(
    "Skat GmbH", "DE", "Ring 1, Berlin", "DE136695976", "", "HRB 1", "a@skat.example.com"
)
BUYER = Party("Nordtin Oy", "FI", "Satama 1", "FI20774740")
RUSSIAN = Party("ООО «Скат»", "RU", "Москва", "", "7707083893", "1027700132195")
PARTIES = (SELLER, BUYER, RUSSIAN)
IBAN = (BankAccount("DE89370400440532013000", "COBADEFFXXX"),)
SYNTAXES = [("ubl", ubl), ("cii", cii)]
Write = Callable[[EInvoice], bytes]


def invoice(*lines: Line, **more: object) -> Invoice:
    days = {"date": date(2026, 11, 1), "due": date(2026, 12, 1)}
    usual = {"id": "invoice-7k3qf2m9", "name": "INV-1", "currency": "EUR", "vat_included": True}
    return Invoice(**{**usual, **days, "lines": lines, **more})  # type: ignore[arg-type]  # as given


def some_lines(rng: random.Random) -> list[Line]:
    """Lines of three rates, with discounts, with VAT in the price and on top."""
    rates = rng.sample([D(19), D(7), D(0), None, D("5.5")], 3)
    cuts = (None, None, Discount(D(rng.randint(0, 100))), Discount(D("0.01"), is_percent=False))
    return [
        Line(
            "Blech <0,5 & mehr>",
            D(rng.randint(1, 3000)) / rng.choice([1, 10, 1000]),
            rng.choice(["шт", "m²", "Kiste", ""]),
            D(rng.randint(100, 999999)) / 100,
            rng.choice(rates),
            rng.choice(cuts),
            vat_included=rng.choice([True, False]),
        )
        for _ in range(rng.randint(1, 8))
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("syntax", "write"), SYNTAXES)
def test_random_invoices_break_no_rule(
    tmp_path: Path, pytestconfig: pytest.Config, syntax: str, write: Write
) -> None:
    rng, files = random.Random(11), []
    for number in range(pytestconfig.getoption("--e-invoices")):
        currency = rng.choice(["EUR", "USD", "RUB"])
        made = invoice(*some_lines(rng), currency=currency, pay_to=rng.choice([(), IBAN]))
        original = rng.choice([None, None, replace(made, name="INV-0")])
        made = replace(
            made, credits="invoice-1" if original else "", due=None if original else made.due
        )
        files.append(tmp_path / f"{number}.xml")
        files[-1].write_bytes(
            write(einvoice(made, rng.choice(PARTIES), rng.choice(PARTIES), original))
        )
    einvoice_rules.check(files, syntax)


@pytest.mark.parametrize(("syntax", "write"), SYNTAXES)
def test_special_ones_keep_the_rules_and_a_wrong_sum_breaks_them(
    tmp_path: Path, syntax: str, write: Write
) -> None:
    taxed, free = Line("a", D(1), "", D(50), D(22)), Line("b", D(2), "", D(5))
    made = [
        invoice(free),
        invoice(taxed, free),
        invoice(taxed, replace(free, price=D(-5), vat=D(22))),
        invoice(taxed, payments=(Payment(date(2026, 11, 3), D(20)),)),
    ]
    files = []
    for number, one in enumerate(made):
        files.append(tmp_path / f"{number}.xml")
        files[-1].write_bytes(write(einvoice(one, RUSSIAN, PARTIES[number % 3])))
    files.append(tmp_path / "credit.xml")
    back = replace(made[1], credits="invoice-1", due=None, credited=D(-20))
    files[-1].write_bytes(write(einvoice(back, RUSSIAN, BUYER, made[1])))
    assert (b">381<" in files[-1].read_bytes(), b"INV-1" in files[-1].read_bytes()) == (True, True)
    einvoice_rules.check(files, syntax)
    right = einvoice(made[0], RUSSIAN, BUYER)
    files[0].write_bytes(write(replace(right, gross=right.gross + 1)))
    with pytest.raises(einvoice_rules.BadEInvoice) as broken:
        einvoice_rules.check(files, syntax)
    assert [problem.path for problem in broken.value.problems] == [files[0].name]
    assert "BR-CO-15" in broken.value.problems[0].message


def test_what_is_lacking_is_named() -> None:
    made = invoice(Line("a", D(1), "", D(50), D(22)))
    with pytest.raises(NoEInvoice) as lacking:
        einvoice(made, Party("", "DE"), Party("Nordtin", ""))
    for word in ("our name", "our VAT number", "client's country"):
        assert word in lacking.value.hint


def test_a_missing_validator_is_told_and_ends_with_7(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['saxonche'] = None\n"
        "from crmcli.render.einvoice_rules import _main\n"
        "sys.exit(_main('ubl', []))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, "not installed: saxonche" in done.stderr) == (3, True)
    assert einvoice_rules.NoValidator.exit_code == 7
