"""Summary rows of a sheet: recognised by their word and their sums, told, and not taken."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.workspace import Workspace
from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]
HEADER = "Название;Телефон;Сумма;Штук"
ROWS = ["Печь;89161234561;1 000,50;3", "Дом;89161234562;2 000;4", "Сад;89161234563;;5"]


def workbook(text: str) -> bytes:
    """The same table as a workbook, with numbers as numbers."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for line, row in enumerate(text.split("\n")):
        for place, cell in enumerate(row.split(";")):
            plain = cell.replace(" ", "").replace(",", ".")
            if plain.replace(".", "", 1).isdecimal() and len(plain) < 11:
                page.write_number(line, place, float(plain))
            elif cell:
                page.write_string(line, place, cell)
    book.close()
    return out.getvalue()


TAKEN_FOR_TOTALS = [
    ["Итого;;3 000,50;12"],  # label and sums
    ["ИТОГО:;;3000.50;"],
    [";Всего;3 000,50 ₽;12"],  # the word in any column
    [";;;", "Grand total;;3,000.50;12"],  # a blank line before it
    ["Total;;3000.5;12"],
    ["Общий итог;;3 000,50;3"],  # the number of rows
    ["Sum;;999;1"],  # the word, and nothing but numbers, at the end
    ["Итого: 3;;;"],
    ["Итого;3;3 000,50;12"],  # the rows counted where phones stand
    ["3;Total;3000.5;"],  # and where names do
    ["Всего записей: 3;;;"],
    ["Итого по Москве;;3 000,50;12"],  # more words, and the sums agree
    ["Москва Итог;;3 000,50;12", "Общий итог;;3 000,50;12"],
    ["Промежуточный итог;;3 000,50;12", "Итого;;3 000,50;12", "Всего с НДС;;3 000,50;12"],
    ["Итого;—;3 000,50;-"],
    ["Итого;;999;", "Исполнитель Иванов;;;", ";см. приказ;;"],  # notes below the end
    [";;;", "Compiled by: J. Roe;;;", "* without VAT;;;"],  # below an empty line, with their word
]
RECORDS = [
    "Итого ООО;89161234569;;",  # a phone
    "Итого;89161234569;3 000,50;12",
    "Итого;4;3 000,50;12",
    "Total;89161234569;;",
    "Итого по Москве;;777;",  # more words, and the sums do not agree
    "Total Energies;;500;1",
    "Всего;;;",  # no number at all
    "Всего доброго, ООО;;3 000,51;8",
    "Итоговый проект;;;",
    "Суммарный Total;текст;3 000,50;12",
    "Тотал;;3 000,50;12",
    "Исполнитель;;;",
]


@pytest.mark.parametrize("is_book", [False, True])
@pytest.mark.parametrize("lines", TAKEN_FOR_TOTALS)
def test_a_total_is_told_and_not_taken(ws: Workspace, lines: list[str], is_book: bool) -> None:
    text = "\n".join([HEADER, *ROWS, *lines])
    found = kit.bring(ws, "lead", workbook(text) if is_book else text)
    blank = sum(not line.strip(";") for line in lines)
    at = range(5 + blank, 5 + len(lines))
    lines_of = sorted(line for one in found.other_rows.values() for line in one)
    assert (found.created, lines_of, found.rejected) == (3, [*at], 0)
    assert found.rows == 3 + len(at)
    assert found.totals.amounts == {"RUB": Decimal("3000.50")}


@pytest.mark.parametrize("is_book", [False, True])
@pytest.mark.parametrize("line", RECORDS)
def test_a_record_is_taken_whatever_its_name(ws: Workspace, line: str, is_book: bool) -> None:
    text = "\n".join([HEADER, *ROWS, line])
    found = kit.bring(ws, "lead", workbook(text) if is_book else text)
    assert found.total_rows == []
    assert found.created + found.rejected == 4


def test_subtotals_in_the_middle_are_known_by_their_sums_alone(ws: Workspace) -> None:
    groups = [
        *ROWS[:2], "Отдел 1 Итог;;3 000,50;7", ROWS[2], "Кот;89161234564;10;1", "Итого;;10;6",
        "Total;;5;5", "Пёс;89161234565;1;1", "Всего;;3 016,50;19",
    ]  # fmt: skip
    found = kit.bring(ws, "lead", "\n".join([HEADER, *groups]))
    # `Total` with a sum of its own in the middle is a lead of that name, and counts.
    assert found.total_rows == [4, 7, 10]
    assert found.created == 6


def test_keep_totals_takes_them(ws: Workspace) -> None:
    text = "\n".join([HEADER, *ROWS, "Итого;;3 000,50;12"])
    assert kit.bring(ws, "lead", text).total_rows == [5]
    again = kit.bring(ws, "lead", text, keep_totals=True)  # the very same file: the rest is here
    assert (again.total_rows, again.created, again.skipped) == ([], 1, 3)


def test_a_list_of_names_alone_has_no_totals(ws: Workspace) -> None:
    found = kit.bring(ws, "company", "Название\nРомашка\nTotal\nИтого\n")
    assert (found.total_rows, found.created) == ([], 3)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    amounts=st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=12),
    word=st.sampled_from(("Итого", "Всего:", "TOTAL", "Grand total", "Итого по складу")),
    off=st.sampled_from((Decimal(0), Decimal("1.01"))),
    cut=st.integers(0, 12),
)
def test_any_sums(ws: Workspace, amounts: list[Decimal], word: str, off: Decimal, cut: int) -> None:
    """In the middle of a sheet a row with a word is a total if, and only if, its sum is right."""
    here = amounts[: cut + 1]
    lines = [f"Сделка {n};8916{n:07};{amount};" for n, amount in enumerate(amounts)]
    total = sum(here, Decimal(0)) + off
    text = "\n".join(
        [HEADER, *lines[: len(here)], f"{word};;{total};", *lines[len(here) :], "Я;1;;"]
    )
    found = kit.bring(ws, "lead", text, dry_run=True)
    assert found.total_rows == ([] if off or not total else [len(here) + 2])


def test_it_is_told_with_the_way_out(crm: Crm, folder: Path) -> None:
    path = folder.parent / "x.csv"
    path.write_text("\n".join([HEADER, *ROWS, "Итого;;3 000,50;12"]), "utf-8")
    run = crm("import", "leads", str(path))
    assert "1 total row at line 5 not taken; --keep-totals takes it" in run.err
    assert crm("import", "leads", str(path), "--keep-totals").code == 0
    assert "Итого" in crm("lead", "list").out


def test_what_is_in_the_file_beside_it_is_said_as_it_is(crm: Crm, folder: Path) -> None:
    path = folder.parent / "x.csv"
    path.write_text("name,phone\nOne,89161234561\n", "utf-8")
    assert "rows are in" not in crm("import", "leads", str(path)).err
    again = crm("import", "leads", str(path)).err
    assert "skipped rows are in" in again
    assert "rejected" not in again
    path.write_text("name,phone,amount\nOne,89161234561,5\nTwo,,five\n", "utf-8")
    assert "rejected and skipped rows are in" in crm("import", "leads", str(path)).err
    assert crm("import", "leads", str(path), "--rejects", "-").code == 2
    assert not (folder / "-").exists()
