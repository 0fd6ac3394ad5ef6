"""A whole sale by the command line: a row of a sheet becomes a lead, a deal, an offer, an invoice, money.

Each sum is compared with the one worked out here, wherever it stands.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from crmcli.channels.message import Message, from_bytes
from tests.kit import Run

Crm = Callable[..., Run]

ROOT = Path(__file__).parents[2]
SHEET = """Название;Имя;Фамилия;Телефон;E-mail;Компания;Источник
Кровля склада;Анна;Громова;8 912 345-67-89;anna@grom.example.ru;ООО «Гром»;Веб-сайт
"""
PRICES = """sku,name,unit,price,currency,vat
MC-05,Металлочерепица,м²,612.35,RUB,22
KK-2,Конёк круглый,шт,940,RUB,22
"""
LINES = (("264.5", "612.35", 5), ("18", "940", 0), ("3", "14500.50", 0))
"""Quantity, price, discount in per cent."""
RATE = Decimal(22)


def sums() -> tuple[Decimal, Decimal]:
    """What is to be paid, and the VAT in it, worked out by hand."""
    gross = Decimal(0)
    for quantity, price, percent in LINES:
        full = cents(Decimal(quantity) * Decimal(price))
        gross += full - cents(full * percent / 100)
    return gross, cents(gross * RATE / (100 + RATE))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Sale:
    """One company at work, and what it says."""

    def __init__(self, crm: Crm, folder: Path) -> None:
        self._crm, self.folder = crm, folder

    def __call__(self, *args: str) -> str:
        run = self._crm(*args)
        assert run.code == 0, (args, run.err)
        return run.out

    def read(self, *args: str) -> Any:
        return json.loads(self(*args, "--json"))

    def letters(self) -> list[Message]:
        files = sorted((self.folder / "outbox/new").iterdir())
        return [from_bytes(file.read_bytes(), "") for file in files]


def company_in(text: str) -> str:
    """The part of settings.yaml that says who we are."""
    return text[text.index("company:") : text.index("\n\n", text.index("company:"))]


@pytest.fixture
def sale(crm: Crm, folder: Path) -> Sale:
    (folder / "leads.csv").write_text(SHEET, encoding="utf-8")
    (folder / "prices.csv").write_text(PRICES, encoding="utf-8")
    settings = folder / "settings.yaml"
    ours = company_in((ROOT / "settings.yaml").read_text(encoding="utf-8"))
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(company_in(text), ours), encoding="utf-8")
    return Sale(crm, folder)


def test_from_a_row_of_a_sheet_to_money(sale: Sale) -> None:
    gross, vat = sums()
    sale("import", "leads", "leads.csv")
    [lead] = sale.read("lead", "list")
    sale("lead", "convert", lead["id"])
    [deal] = sale.read("deal", "list")
    assert deal["company"]
    sale("product", "import", "prices.csv")
    line = ("deal", "line", "add", deal["id"])
    sale(*line, "MC-05", "--quantity", "264.5", "--discount", "5%")
    sale(*line, "Конёк", "--quantity", "18")
    sale(
        *line, "Доставка", "--quantity", "3", "--price", "14500.50", "--unit", "рейс", "--vat", "22"
    )
    assert amount_of(sale, "deal", deal["id"]) == gross

    offer = sale("offer", "draft", "--deal", deal["id"]).strip()
    row = sale.read("offer", "show", offer)
    sale("mail", "send", deal["id"], "--template", "mail/offer.j2", "--attach", row["name"])
    sent = next(one for one in sale.letters() if one.attachments)
    assert sent.to == ("Анна Громова <anna@grom.example.ru>",)
    [file] = sent.attachments
    assert (file.name, file.content[:5]) == (f"{row['name']}.pdf", b"%PDF-")
    page = sale("offer", "render", offer)
    for amount in (gross, vat):
        assert spoken(amount) in plain(page)

    sale("offer", "accept", offer)
    invoice = sale("invoice", "add", "--offer", offer).strip()
    bill = plain(sale("invoice", "render", invoice))
    for amount in (gross, vat):
        assert spoken(amount) in bill
    sale("invoice", "pay", invoice, str(gross), "--reference", "ПП 117")
    assert sale.read("invoice", "show", invoice)["status"] == "paid"
    sale("tick")
    assert sale.read("deal", "show", deal["id"])["stage"] == "paid"

    sale("deal", "win", deal["id"])
    [won] = sale.read("deal", "list", "--closed")
    assert won["id"] == deal["id"]
    assert amount_of(sale, "deal", deal["id"]) == gross
    money = [
        event["data"] for event in sale.read("timeline", deal["id"]) if "paid" in event["kind"]
    ]
    assert [Decimal(str(data["amount"])) for data in money] == [gross]
    sale("check")


def test_the_readme_shows_it_as_it_goes(crm: Crm, tmp_path: Path) -> None:
    folder, environ = tmp_path / "sale", {"CRM_USER": "anna", "CRM_LANG": "en"}
    assert crm("init", str(folder), "--demo", "-q").code == 0
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## A whole sale")[2]
    steps = section.partition("```\n")[2].partition("```\n")[0].split("$ ")[2:]
    (folder / "row.csv").write_text(steps[0].partition("\n")[2].partition("end\n")[0], "utf-8")
    for step in steps[1:]:
        command, _, said = step.partition("\n")
        run = crm(*shlex.split(command, comments=True)[1:], cwd=folder, **environ)
        assert without_ids(run.out + run.err) == without_ids(said), command
    assert not crm("check", "-q", cwd=folder).out


def without_ids(text: str) -> str:
    return re.sub(r"-[0-9a-z]{8}\b", "", text)


def amount_of(sale: Sale, entity: str, record_id: str) -> Decimal:
    return Decimal(str(sale.read(entity, "show", record_id)["amount"]))


def spoken(amount: Decimal) -> str:
    """An amount as Russian documents have it."""
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",")


def plain(page: str) -> str:
    return page.replace("\u00a0", " ").replace("\u202f", " ").replace("&nbsp;", " ")
