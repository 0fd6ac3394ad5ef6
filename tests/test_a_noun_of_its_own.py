"""A record class and a row are a noun: every command that a noun has works on it, by the real program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

RECORD = """
from crmcli.dataclass import dataclass
from datetime import date, datetime
from decimal import Decimal

from crmcli.model.fields import Record, declare


@dataclass(frozen=True, kw_only=True)
class Booking(Record):
    name: str = declare("text", "Name")
    company: str = declare("link", "Company", entities=("company",))
    day: date | None = declare("date", "Day")
    price: Decimal | None = declare("money", "Price")
    currency: str = declare("currency", "Currency")
    state: str = declare("choice", "State", choices=("asked", "firm"), default="asked")
    owner: str = declare("user", "Owner")
    tags: tuple[str, ...] = declare("tags", "Tags")
    batch: str = declare("text", "Import batch", system=True)
    created_at: datetime | None = declare("datetime", "Created at", system=True)
"""
PROGRAM = """
from crmcli.model.entities import Entity, register

register(
    Entity(
        "booking", "bookings", "booking:Booking", "Bookings: tables that are taken.",
        traits=("mergeable", "importable", "numbered"), parent="company",
    )
)
from crmcli.__main__ import main

main()
"""
Crm = Callable[..., Run]


@pytest.fixture
def crm(folder: Path, tmp_path: Path) -> Crm:
    """The program, with bookings in it."""
    (tmp_path / "booking.py").write_text(RECORD)
    program = tmp_path / "with_bookings.py"
    program.write_text(PROGRAM)

    def run(*args: str) -> Run:
        done = subprocess.run(
            [sys.executable, program, *args], cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "CRM_USER": "anna", "CRM_NOW": "2026-11-23T09:00:00+03:00"},
        )  # fmt: skip
        return Run(done.returncode, done.stdout, done.stderr)

    return run


def _add(crm: Crm, *more: str) -> str:
    return crm("booking", "add", "--name", "Стол 5", *more).out.strip()


def _row(crm: Crm, record_id: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(crm("show", record_id, "--json").out)
    return found


def test_it_is_added_with_what_every_record_gets(crm: Crm, folder: Path) -> None:
    crm("company", "add", "--name", "Ромашка")
    added = _add(crm, "--company", "Ромашка", "--day", "tomorrow", "--price", "1200")
    row = _row(crm, added)
    assert (row["name"], row["day"], row["price"], row["currency"]) == (
        "Стол 5", "2026-11-24", 1200, "RUB",
    )  # fmt: skip
    assert (row["state"], row["owner"]) == ("asked", "anna")
    assert row["created_at"] == "2026-11-23T06:00:00Z"
    assert (folder / "data/bookings" / added[8] / f"{added}.yaml").is_file()
    numbered = [_row(crm, crm("booking", "add").out.strip())["name"] for _ in range(2)]
    assert numbered == ["2026-0001", "2026-0002"]


def test_it_is_listed_shown_and_found(crm: Crm) -> None:
    crm("company", "add", "--name", "Ромашка")
    added = _add(crm, "--company", "Ромашка", "--tag", "vip")
    _add(crm)
    for asked in (("--tag", "vip"), ("--where", "company.name ~ ромаш"), ("--company", "Ромашка")):
        assert crm("booking", "list", "--ids", *asked).out.split() == [added], asked
    heads, *rows = crm("booking", "list").out.splitlines()
    assert heads.split() == ["Name", "Company", "Day", "Price", "Currency", "State", "Id"]
    assert len(rows) == 2
    assert "Ромашка" in crm("booking", "show", added).out
    assert added in crm("show", "Ромашка").out  # what belongs to the company
    assert added in crm("search", "стол", "--in", "bookings").out
    assert "Bookings: tables that are taken." in crm("--help").out
    task = crm("task", "add", "Позвонить", "--about", added)
    assert task.code == 0
    assert task.out.strip() in crm("booking", "show", added).out


def test_it_is_changed_and_every_change_is_told_and_taken_back(crm: Crm) -> None:
    added = _add(crm, "--price", "1000")
    assert crm("booking", "edit", added, "--state", "firm", "--add-tag", "vip").code == 0
    assert crm("booking", "bulk", "--where", "state = firm", "--set", "price=1500").code == 0
    assert _row(crm, added)["price"] == 1500
    kinds = json.loads(crm("timeline", added, "--json").out)
    assert [event["kind"] for event in kinds] == ["booking.created", *["field.changed"] * 2]
    assert crm("undo", "--yes").code == 0
    assert _row(crm, added)["price"] == 1000
    assert crm("booking", "rm", added, "--yes").code == 0
    assert crm("booking", "show", added).code == 3
    assert crm("undo", "--yes").code == 0
    assert _row(crm, added)["tags"] == ["vip"]
    assert crm("check").code == 0


def test_a_number_that_stands_twice_is_told(crm: Crm) -> None:
    _add(crm)
    second = _add(crm)
    done = crm("check")
    assert (done.code, "has the same number" in done.out, second in done.out) == (6, True, True)


def test_it_is_merged_as_its_trait_says(crm: Crm) -> None:
    one = _add(crm)
    other = crm("booking", "add", "--name", "Стол 6", "--day", "tomorrow").out.strip()
    assert crm("booking", "merge", one, other, "--yes").code == 0
    assert _row(crm, one)["day"] == "2026-11-24"
    assert crm("booking", "unmerge", other).code == 0
    assert len(crm("booking", "list", "--ids").out.split()) == 2
    assert crm("check").code == 0
    assert crm("booking", "consent", one).code == 2  # it is no client


def test_it_goes_out_and_comes_in(crm: Crm, folder: Path) -> None:
    _add(crm, "--price", "1000")
    table = crm("export", "bookings").out
    assert table.splitlines()[0].startswith("id,name,company,company_name,day,price,currency,state")
    (folder / "in.csv").write_text("name,day,price\nСтол 6,2026-12-01,700\n", encoding="utf-8")
    batch = crm("import", "bookings", "in.csv").out.strip()
    rows = json.loads(crm("booking", "list", "--where", f"batch = {batch}", "--json").out)
    assert [(row["name"], row["price"], row["owner"]) for row in rows] == [("Стол 6", 700, "anna")]
    assert crm("import", "undo", batch, "--yes").code == 0
    assert len(crm("booking", "list", "--ids").out.split()) == 1
