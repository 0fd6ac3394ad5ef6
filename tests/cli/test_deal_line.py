"""Lines of a deal and its amount, products and rates, through the real program."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def deal(crm: Crm) -> str:
    """The id of a deal that has no lines yet."""
    assert (
        crm("product", "add", "RT-1", "Черепица Монтеррей", "--unit", "м2", "--price", "890").code
        == 0
    )
    return crm("deal", "add", "--name", "Крыша").out.strip()


def _row(crm: Crm, record_id: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(crm("show", record_id, "--json", "--expand").out)
    return row


def _lines(crm: Crm, deal: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(crm("deal", "line", "list", deal, "--json").out)
    return rows


def test_the_amount_is_that_of_the_lines(crm: Crm, deal: str) -> None:
    crm("deal", "line", "add", deal, "монтеррей", "--quantity", "186,4", "--discount", "5%")
    crm("deal", "line", "add", deal, "Доставка", "--price", "5000", "--vat", "no")
    assert _row(crm, deal)["amount"] == 162601.2
    crm("deal", "line", "edit", deal, "2", "--price", "4000")
    crm("deal", "line", "rm", deal, "1")
    row = _row(crm, deal)
    assert row["amount"] == row["expanded"]["totals"]["lines"]["gross"] == 4000
    crm("deal", "line", "rm", deal, "1")
    assert "amount" not in _row(crm, deal)


def test_an_amount_set_by_hand_stays_until_it_is_unset(crm: Crm, deal: str) -> None:
    crm("deal", "edit", deal, "--amount", "200000")
    done = crm("deal", "line", "add", deal, "RT-1", "--quantity", "2")
    assert "--unset amount" in done.err
    assert _row(crm, deal)["amount"] == 200000
    assert "by hand" in crm("deal", "show", deal, CRM_LANG="en").out
    crm("deal", "edit", deal, "--unset", "amount")
    assert _row(crm, deal)["amount"] == 1780


def test_an_offer_comes_to_what_the_deal_does(crm: Crm, deal: str) -> None:
    for vat in ("22", "10", "no"):
        crm("deal", "line", "add", deal, "x", "--price", "33.33", "--quantity", "3", "--vat", vat,
            "--vat-on-top", "--discount", "7%")  # fmt: skip
    offer = crm("offer", "draft", "--deal", deal).out.strip()
    sums = [_row(crm, one)["expanded"]["totals"]["lines"] for one in (deal, offer)]
    assert sums[0] == sums[1]
    assert sums[0]["gross"] == _row(crm, deal)["amount"] == pytest.approx(308.73)


def test_a_line_keeps_the_price_of_its_day(crm: Crm, deal: str) -> None:
    crm("deal", "line", "add", deal, "RT-1")
    crm("product", "edit", "RT-1", "--price", "950")
    crm("deal", "line", "add", deal, "RT-1")
    assert [line["price"] for line in _lines(crm, deal)] == [890, 950]
    crm("product", "rm", "RT-1")
    assert [line["product"] for line in _lines(crm, deal)] == ["RT-1", "RT-1"]


def test_other_currencies_need_a_rate(crm: Crm, deal: str) -> None:
    crm("product", "add", "US-1", "Окно", "--price", "300 USD")
    refused = crm("deal", "line", "add", deal, "US-1")
    assert (refused.code, "crm rate add USD" in refused.err) == (1, True)
    assert crm("deal", "line", "list", deal, "--json").out.strip() == "[]"
    crm("rate", "add", "USD", "92,5", "--date", "2026-11-20")
    crm("rate", "add", "USD", "99", "--date", "2026-11-30")
    crm("deal", "line", "add", deal, "US-1", "--quantity", "2")
    crm("deal", "line", "add", deal, "Доставка", "--price", "10 USD")
    assert [line["price"] for line in _lines(crm, deal)] == [27750, 925]


@pytest.mark.parametrize(
    "words",
    kit.some(
        [
            ("deal", "line", "add", "REF", "RT-1", "--quantity", "-1"),
            ("deal", "line", "add", "REF", "RT-1", "--quantity", "0"),
            ("deal", "line", "add", "REF", "RT-1", "--discount", "101%"),
            ("deal", "line", "add", "REF", "RT-1", "--discount", "900"),
            ("deal", "line", "add", "REF", "RT-1", "--discount", "-5"),
            ("deal", "line", "add", "REF", "RT-1", "--vat", "20"),
            ("deal", "line", "add", "REF", "RT-1", "--vat", "много"),
            ("deal", "line", "add", "REF", "RT-1", "--price", "10 EUR"),
            ("deal", "line", "add", "REF", "RT-1", "--price", "10 XXX"),
            ("deal", "line", "add", "REF", "нет такого"),
            ("deal", "line", "edit", "REF", "9", "--price", "1"),
            ("deal", "line", "rm", "REF", "1"),
            ("product", "add", "RT-1", "Ещё раз"),
            ("product", "add", "A", "А", "--price", "-5"),
            ("product", "add", "A", "А", "--currency", "XXX"),
            ("product", "add", "A", "А", "--vat", "200"),
            ("product", "add", "A", "А", "--active", "может быть"),
            ("product", "edit", "Z", "--price", "1"),
            ("product", "rm", "Z"),
            ("product", "import", "нет.csv"),
            ("deal", "edit", "REF", "--amount", "-5"),
            ("deal", "add", "--name", "Минус", "--amount", "-5"),
            ("deal", "add", "--name", "Икс", "--amount", "5", "--currency", "XXX"),
            ("rate", "add", "USD", "0"),
            ("rate", "add", "USD", "-1"),
            ("rate", "add", "XXX", "5"),
            ("rate", "add", "RUB", "5"),
            ("rate", "rm", "USD"),
        ],
        3,
    ),
)
def test_bad_input_changes_nothing(
    crm: Crm, deal: str, folder: Path, words: tuple[str, ...]
) -> None:
    before = {path: path.read_bytes() for path in (folder / "data").rglob("*") if path.is_file()}
    done = crm(*(deal if word == "REF" else word for word in words))
    assert done.code in (1, 2, 3, 4, 6)
    assert done.err.startswith("crm: ")
    assert {p: p.read_bytes() for p in (folder / "data").rglob("*") if p.is_file()} == before


def test_products_are_imported_whole_or_not_at_all(crm: Crm, deal: str, folder: Path) -> None:
    prices = folder / "prices.csv"
    prices.write_text(
        "Артикул;Название;Цена\nRT-1;Черепица;1 000,50\nK;Клей;100\nZ;Зет;ой\n", "utf-8"
    )
    done = crm("product", "import", str(prices))
    assert (done.code, "prices.csv:4" in done.err) == (6, True)
    prices.write_text("Артикул;Название;Цена\nRT-1;Черепица;1 000,50\nK;Клей;100\n", "cp1251")
    assert crm("product", "import", str(prices)).code == 0
    rows = json.loads(crm("product", "list", "--json").out)
    assert [(one["sku"], one["unit"], one["price"]) for one in rows] == [
        ("K", "", 100),
        ("RT-1", "м2", 1000.5),
    ]
    out = crm("product", "export").out
    assert out == (folder / "data/products.csv").read_text("utf-8")
    crm("undo")
    assert [one["sku"] for one in json.loads(crm("product", "list", "--json").out)] == ["RT-1"]


def test_what_is_not_sold_any_more_is_not_found(crm: Crm, deal: str) -> None:
    crm("product", "edit", "RT-1", "--active", "no")
    assert json.loads(crm("product", "list", "--json").out) == []
    assert len(json.loads(crm("product", "list", "--all", "--json").out)) == 1
    assert crm("deal", "line", "add", deal, "RT-1").code == 1
    assert crm("deal", "line", "add", deal, "монтеррей").code != 0
    crm("product", "add", "RT-2", "Черепица Монтеррей новая", "--price", "990")
    assert crm("deal", "line", "add", deal, "монтеррей").code == 0
    assert [line["product"] for line in _lines(crm, deal)] == ["RT-2"]


def test_a_price_brings_its_currency(crm: Crm, deal: str) -> None:
    crm("product", "edit", "RT-1", "--price", "12 USD")
    [row] = json.loads(crm("product", "list", "--json").out)
    assert (row["price"], row["currency"]) == (12, "USD")
    assert crm("product", "edit", "RT-1", "--price", "13").code == 0
    [row] = json.loads(crm("product", "list", "--json").out)
    assert (row["price"], row["currency"]) == (13, "USD")


def test_a_damaged_table_is_told_by_check(crm: Crm, deal: str, folder: Path) -> None:
    (folder / "data/rates.csv").write_text("date,currency,rate\n2026-13-01,USD,5\n", "utf-8")
    with (folder / "data/products.csv").open("a") as file:
        file.write("X,,,,,,\n")
    done = crm("check")
    assert done.code == 6
    assert "data/products.csv:3" in done.out
    assert "data/rates.csv:2" in done.out


def test_a_copy_begins_anew(crm: Crm, deal: str) -> None:
    crm("contact", "add", "--name", "Анна", "--email", "anna@example.ru")
    crm("deal", "line", "add", deal, "RT-1", "--quantity", "2")
    crm("deal", "edit", deal, "--contact", "Анна")
    crm("deal", "win", deal)
    made = crm("deal", "copy", deal, "--name", "Вторая").out.strip()
    first, second = _row(crm, deal), _row(crm, made)
    assert second["name"] == "Вторая"
    assert second["stage"] == "request"
    assert "closed_at" not in second
    assert [second[k] for k in ("amount", "lines", "contacts")] == [
        first[k] for k in ("amount", "lines", "contacts")
    ]


def test_there_is_one_primary_contact(crm: Crm, deal: str) -> None:
    anna, boris = (crm("contact", "add", "--name", name).out.strip() for name in ("Анна", "Борис"))
    crm("deal", "primary", deal, "Анна")
    crm("deal", "primary", deal, "Борис")
    assert _row(crm, deal)["contacts"] == [boris, anna]
    crm("deal", "primary", deal, "Анна")
    assert _row(crm, deal)["contacts"] == [anna, boris]


def test_deals_without_a_next_step(crm: Crm, deal: str) -> None:
    other = crm("deal", "add", "--name", "Забор").out.strip()
    crm("task", "add", "Позвонить", "--for", other, "--due", "tomorrow")
    assert crm("deal", "list", "--no-next-step", "--ids").out.split() == [deal]
    assert crm("deal", "list", "--no-next-step", "--where", "name = Забор", "--ids").out == ""


def test_another_currency_needs_a_rate_where_there_are_lines(crm: Crm, deal: str) -> None:
    crm("deal", "line", "add", deal, "RT-1", "--quantity", "2", "--discount", "100")
    assert crm("deal", "edit", deal, "--currency", "USD").code == 1
    assert _row(crm, deal)["currency"] == "RUB"
    crm("rate", "add", "USD", "100")
    crm("deal", "edit", deal, "--currency", "USD")
    row = _row(crm, deal)
    assert (row["amount"], row["currency"], row["lines"][0]["discount"]) == (16.8, "USD", "1.00")


def test_a_deal_of_an_offer_has_its_client_and_lines(crm: Crm, deal: str) -> None:
    crm("company", "add", "--name", "Ромашка")
    crm("contact", "add", "--name", "Анна", "--company", "Ромашка")
    crm("deal", "edit", deal, "--contact", "Анна", "--company", "Ромашка")
    crm("deal", "line", "add", deal, "RT-1", "--quantity", "2")
    offer = crm("offer", "draft", "--deal", deal).out.strip()
    made = crm("deal", "add", "--from-offer", offer, "--name", "Вторая").out.strip()
    first, second = _row(crm, deal), _row(crm, made)
    assert second["name"] == "Вторая"
    assert [second[k] for k in ("amount", "lines", "contacts", "company")] == [
        first[k] for k in ("amount", "lines", "contacts", "company")
    ]


def test_a_deal_added_from_a_contact_has_its_company(crm: Crm) -> None:
    company = crm("company", "add", "--name", "Ромашка").out.strip()
    crm("contact", "add", "--name", "Анна", "--company", "Ромашка")
    assert (
        _row(crm, crm("deal", "add", "--name", "Забор", "--contact", "Анна").out.strip())["company"]
        == company
    )


def test_sums_and_numbers_are_written_as_people_read_them(crm: Crm, deal: str) -> None:
    crm("deal", "edit", deal, "--amount", "350000.5")
    done = crm("deal", "line", "add", deal, "RT-1", "--quantity", "120.5", "--discount", "1000")
    assert "Черепица Монтеррей × 120,5" in done.out
    assert "1\u00a0000\u00a0₽" in crm("deal", "line", "list", deal).out
    assert "× 120,5" in crm("deal", "show", deal).out
    gone = crm("deal", "edit", deal, "--amount", "100000")
    assert "350\u00a0000,50 → 100\u00a0000" in gone.out
    [line] = _lines(crm, deal)
    assert (line["quantity"], line["discount"]) == (120.5, "1000")


def test_a_new_line_gets_no_rate_that_is_over(crm: Crm, deal: str, folder: Path) -> None:
    crm("deal", "line", "add", deal, "RT-1")
    table = folder / "data/products.csv"
    table.write_text(table.read_text("utf-8").replace(",22,yes", ",20,yes"), encoding="utf-8")
    done = crm("deal", "line", "add", deal, "RT-1")
    assert (done.code, "20" in done.err) == (1, True)
    [kept] = (folder / "data/deals").rglob(f"{deal}.yaml")
    text = kept.read_text("utf-8")
    assert "vat: '22'" in text
    kept.write_text(text.replace("vat: '22'", "vat: '20'"), encoding="utf-8")
    assert crm("deal", "line", "edit", deal, "1", "--quantity", "2").code == 0  # it is of its day


@pytest.mark.parametrize(
    "given", [("add", "X", "Новый", "--vat", "20"), ("edit", "RT-1", "--vat", "20")]
)
def test_a_product_gets_no_rate_that_is_over(
    crm: Crm, deal: str, folder: Path, given: tuple[str, ...]
) -> None:
    kept = "vat: {rate: 22, rates: [{rate: 20, until: 2025-12-31}, {rate: 22, from: 2026-01-01}]}"
    settings = folder / "settings.yaml"
    text = re.sub(r"(?m)^vat:.*\n(?:[ #].*\n)*", "", settings.read_text("utf-8"))
    settings.write_text(f"{text}\n{kept}\n", encoding="utf-8")
    assert crm("product", *given).code == 1
    assert crm("product", "edit", "RT-1", "--active", "no").code == 0
