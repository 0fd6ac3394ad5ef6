"""Rows of files with cells that do not fit: what is taken, what is told, and what is refused."""

from __future__ import annotations

import io

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no stubs

from crmcli.errors import BadUsage
from crmcli.workspace import Workspace
from tests import kit


def test_a_phone_is_read_by_the_country_of_its_row(ws: Workspace) -> None:
    kit.company(ws, "Nordholz", address="Hamburg, Deutschland")
    text = (
        "Имя;Телефон;Страна;Адрес;Компания\n"
        "Анна;8 (029) 123-45-67;Беларусь;;\n"
        "Жан;06 12 34 56 78;;12 rue de la Paix, Paris, France;\n"
        "Ян;600 700 800;PL;;\n"
        "Нора;040 123456;;;Nordholz\n"
        "Пётр;8 916 123-45-67;;Москва;\n"
    )
    found = kit.bring(ws, "contact", text)
    assert (found.created, found.doubtful) == (5, {})
    numbers = {raw["name"]: raw["phones"][0]["value"] for raw in kit.all_of(ws, "contact")}
    assert numbers == {
        "Анна": "+375291234567", "Жан": "+33612345678", "Нора": "+4940123456",
        "Пётр": "+79161234567", "Ян": "+48600700800",
    }  # fmt: skip


def test_a_number_of_no_plan_is_kept_and_told(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", "Имя;Телефон\nТом;(441) 954-5172\nЗоя;112\nЕва;112\n")
    assert found.created == 3  # a short code is nobody's own
    [told] = found.as_dict()["doubtful"]
    assert (told["column"], told["values"], told["examples"]) == ("Телефон", 1, ["(441) 954-5172"])
    assert kit.bring(ws, "contact", "Имя;Телефон\nИя;(441) 954-5179\n", strict=True).rejected == 1


def test_doubtful_values_are_counted_by_their_kind_with_examples_that_differ(ws: Workspace) -> None:
    rows = "".join(f"Имя{n};плохо{n % 5}\n" for n in range(10))
    found = kit.bring(ws, "lead", f"Имя;E-mail\n{rows}")
    assert (found.created, found.rejected) == (10, 0)
    [told] = found.as_dict()["doubtful"]
    assert (told["values"], told["examples"]) == (10, ["плохо0", "плохо1", "плохо2"])
    assert kit.all_of(ws, "lead")[0]["comment"] == "E-mail: плохо0"
    assert kit.bring(ws, "lead", f"Имя;E-mail\n{rows}", strict=True, again=True).rejected == 10


def test_what_a_row_is_about_is_never_set_aside(ws: Workspace) -> None:
    text = "name,amount,created_at\nА,по запросу,\nБ,100,31.02.2026\nВ,100,\n"
    found = kit.bring(ws, "deal", text)
    assert (found.created, found.rejected) == (1, 2)


def test_the_text_of_a_doubtful_cell_stands_beside_the_comment(ws: Workspace) -> None:
    kit.bring(ws, "lead", "Имя;Сайт;Комментарий\nАнна;позже;звонить утром\n")
    assert kit.one(ws, "lead")["comment"] == "звонить утром\nСайт: позже"


def test_short_rows_are_filled_up_and_told_but_not_guessed_at(ws: Workspace) -> None:
    text = "Имя;E-mail;Телефон\nАнна\nБорис;b@example.ru\nлиния;оборвана\nВера;;89161234567;;\n"
    found = kit.bring(ws, "contact", text)
    assert (found.created, found.rejected, found.short_rows) == (3, 1, [2, 3])


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (("250.000", "1.250.000"), ["250000", "1250000"]),
        (("250,000", "1234.5"), ["250000", "1234.50"]),
        (("33.333333333333336", "1.125"), ["33.33", "1.13"]),
    ],
)
def test_a_column_decides(ws: Workspace, cells: tuple[str, str], amounts: list[str]) -> None:
    kit.bring(ws, "deal", f"name;amount\nА;{cells[0]}\nБ;{cells[1]}\n")
    assert [raw["amount"] for raw in kit.all_of(ws, "deal")] == amounts


def test_a_column_that_does_not_decide_is_refused_with_both_readings(ws: Workspace) -> None:
    found = kit.bring(ws, "deal", "name;amount\nА;250.000\nБ;1500\n")
    assert (found.created, found.rejected) == (1, 1)
    assert "may be 250000 or 250.00" in found.as_dict()["reasons"][0]["reason"]


@pytest.mark.parametrize(
    ("decimal", "cells", "amounts"),
    [
        (",", ("250.000", "1500"), ["250000", "1500"]),
        (".", ("250.000", "1500"), ["250", "1500"]),
        (".", ("€ 12,500", "(3,750)"), ["12500", "-3750"]),
        (",", ("250.000", "12,5"), ["250000", "12.50"]),
        (",", ("12.5", "12,5"), ["12.50", "12.50"]),
        (",", ("250.000", "1,234,567.50"), ["250", "1234567.50"]),  # the column itself decides
        (",", ("250.000", "12.5"), ["250", "12.50"]),
    ],
)
def test_the_decimal_sign_of_what_does_not_decide_can_be_said(
    ws: Workspace, decimal: str, cells: tuple[str, str], amounts: list[str]
) -> None:
    kit.bring(ws, "deal", f"name;amount\nА;{cells[0]}\nБ;{cells[1]}\n", decimal=decimal)
    assert [raw["amount"] for raw in kit.all_of(ws, "deal")] == amounts
    [other] = kit.bring(ws, "deal", "name;amount\nВ;7.125\nГ;8.125\n").as_dict()["reasons"]
    assert (other["rows"], "--decimal" in other["reason"]) == (2, True)


def test_numbers_of_a_workbook_keep_their_point_whatever_is_said(ws: Workspace) -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for line, row in enumerate((("name", "amount"), ("A", 250.125), ("B", "250.125"))):
        page.write_row(line, 0, row)
    book.close()
    kit.bring(ws, "deal", out.getvalue(), decimal=",")
    assert [raw["amount"] for raw in kit.all_of(ws, "deal")] == ["250.13", "250125"]


def test_numbers_of_json_are_what_they_say(ws: Workspace) -> None:
    kit.bring(ws, "deal", '{"name": "А", "amount": 250.125}\n', "x.jsonl")
    assert kit.one(ws, "deal")["amount"] == "250.13"


def test_the_order_of_days_is_that_of_their_column(ws: Workspace) -> None:
    found = kit.bring(ws, "deal", "name,close date\nА,03/04/2026\nБ,12/25/2026\n")
    assert found.rejected == 0
    assert [raw["close_by"] for raw in kit.all_of(ws, "deal")] == ["2026-03-04", "2026-12-25"]


def test_totals_are_known_by_the_numbers_of_their_column(ws: Workspace) -> None:
    found = kit.bring(ws, "deal", "name;amount\nА;250.000\nБ;1.250.000\nИтого;1.500.000\n")
    assert (found.created, found.total_rows) == (2, [4])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"probability": "150"}, "is not between 0 and 100"),
        ({"probability": "-1"}, "is not between 0 and 100"),
        ({"currency": "РУР"}, "is not a currency"),
        ({"currency": "USB"}, "is not a currency; did you mean"),
        ({"amount": "12345678901234567"}, "more than 16 digits"),
        ({"amount": "250.000"}, "may be 250000 or 250.00"),
    ],
)
def test_limits_are_told(ws: Workspace, given: dict[str, str], why: str) -> None:
    with pytest.raises(BadUsage, match=why):
        kit.deal(ws, **given)  # type: ignore[arg-type]  # mypy sees the name's type
