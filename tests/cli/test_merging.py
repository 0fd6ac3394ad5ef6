"""crm contact merge and unmerge, and the like, as people call them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def pair(crm: Crm) -> tuple[str, str]:
    one = crm("contact", "add", "--name", "Анна Ковалёва", "--phone", "8 912 345-67-89").out.strip()
    two = crm("contact", "add", "--name", "Аня", "--email", "anna@example.ru").out.strip()
    return one, two


def files(folder: Path) -> dict[str, bytes]:
    found = (p for p in (folder / "data").rglob("*.yaml"))
    return {p.name: p.read_bytes() for p in found}


def test_there_and_back(crm: Crm, folder: Path, pair: tuple[str, str]) -> None:
    one, two = pair
    deal = crm("deal", "add", "--name", "Кровля", "--contact", two).out.strip()
    before = files(folder)
    run = crm("contact", "merge", one, two)
    assert run.code == 0
    assert run.out.splitlines()[-1] == f"Merged {two} into {one} Анна Ковалёва."
    assert f"name differs: {one} wins; --take name for the other" in run.err
    assert "1 record links to" in run.err
    assert [line.split() for line in run.out.splitlines() if line.startswith("E-mails")] == [
        ["E-mails", "(empty)", "anna@example.ru", "anna@example.ru"]
    ]
    shown = crm("contact", "show", two)
    assert "Анна Ковалёва" in shown.out
    assert "Кровля" in shown.out
    assert shown.err == f"{two} was merged into {one}\n"
    run = crm("contact", "unmerge", one)
    assert run.out == f"Unmerged {two} Аня from {one}.\n"
    assert files(folder) == before
    assert json.loads(crm("deal", "show", deal, "--json").out)["contacts"] == [two]
    assert crm("check").code == 0


def test_the_comparison_is_in_words(crm: Crm, folder: Path) -> None:
    """Names for ids, the local time, amounts as people write them."""
    one, two = (
        crm("lead", "add", "--name", name, "--source", source, "--amount", amount).out.strip()
        for name, source, amount in (("А", "web", "1000"), ("Б", "call", "25000,50"))
    )
    path = next((folder / "data").rglob(f"{two}.yaml"))
    made = re.compile("^created_at: .*$", re.MULTILINE)
    path.write_text(made.sub("created_at: 2026-11-01T10:00:00Z", path.read_text("utf-8")), "utf-8")
    rows = {
        line.split()[0]: line
        for line in crm("lead", "merge", one, two, "-n").out.splitlines()
        if line
    }
    assert rows["Created"].split()[4:] == ["2026-11-01", "13:00"] * 2
    assert rows["Source"].split()[1:] == ["Веб-сайт", "Звонок", "Веб-сайт"]
    assert " 25 000,5" in rows["Amount"].replace("\xa0", " ")


def test_a_dry_run_shows_and_writes_nothing(crm: Crm, folder: Path, pair: tuple[str, str]) -> None:
    before = files(folder)
    run = crm("contact", "merge", *pair, "--take", "name", "-n")
    assert run.out.splitlines()[-1] == f"dry run: Merged {pair[1]} into {pair[0]} Аня."
    assert run.err == ""
    assert files(folder) == before
    crm("contact", "merge", *pair)
    before = files(folder)
    assert crm("contact", "unmerge", pair[1], "-n").out.startswith("dry run: Unmerged")
    assert files(folder) == before


@pytest.mark.parametrize(("answer", "merges"), [("y", True), ("n", False)])
def test_on_a_terminal_it_asks(
    folder: Path, pair: tuple[str, str], answer: str, merges: bool
) -> None:
    keyboard, terminal = os.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    before = files(folder)
    command = [sys.executable, "-m", "crmcli", "contact", "merge", *pair]
    run = subprocess.run(command, stdin=terminal, capture_output=True, cwd=folder, check=False)
    os.close(terminal)
    os.close(keyboard)
    assert f"merge {pair[1]} into {pair[0]}?" in run.stderr.decode()
    assert (run.returncode == 0) == merges
    assert (files(folder) != before) == merges


def test_it_tells_of_files_that_may_link_and_cannot_be_read(
    crm: Crm, folder: Path, pair: tuple[str, str]
) -> None:
    sale = crm("deal", "add", "--name", "Кровля", "--contact", pair[1]).out.strip()
    path = next(folder.glob(f"data/deals/*/{sale}.yaml"))
    path.write_text(path.read_text("utf-8") + "x: [", "utf-8")
    assert "1 file cannot be read: see crm check" in crm("contact", "merge", *pair, "--yes").err


def test_json(crm: Crm, pair: tuple[str, str]) -> None:
    one, two = pair
    row = json.loads(crm("contact", "merge", one, two, "--json").out)
    assert (row["id"], row["merged"], row["conflicts"], row["moved"]) == (one, [two], ["name"], [])
    assert row["record"]["emails"] == [{"value": "anna@example.ru", "type": "work"}]
    choice = {f["name"]: f for f in row["fields"]}["name"]
    assert choice["values"] == ["Анна Ковалёва", "Аня"]
    assert (choice["result"], choice["of"]) == ("Анна Ковалёва", one)
    row = json.loads(crm("contact", "unmerge", two, "--json").out)
    assert (row["id"], row["survivor"], row["record"]["name"]) == (two, one, "Аня")
    assert (row["kept"], row["stays"]) == ([], [])
    assert crm("contact", "merge", one, two, "--ids").out == f"{one}\n"


def test_a_field_of_one_of_several(crm: Crm, pair: tuple[str, str]) -> None:
    one, two = pair
    three = crm("contact", "add", "--name", "Анюта", "--position", "юрист").out.strip()
    run = crm("contact", "merge", one, two, three, "--take", "name")
    assert run.code == 2
    assert "from which of the 2?" in run.err
    run = crm("contact", "merge", one, two, three, "--take", f"name,position={three}")
    assert run.out.splitlines()[-1] == f"Merged {two} and {three} into {one} Анюта."


def test_the_timeline_tells_it(crm: Crm, pair: tuple[str, str]) -> None:
    one, two = pair
    deal = crm("deal", "add", "--name", "Кровля", "--contact", two).out.strip()
    crm("log", "note", two, "любит чай")
    crm("contact", "merge", one, two)
    text = crm("timeline", one).out
    assert f"with Аня {two}; emails (empty) → anna@example.ru" in text
    assert "любит чай" in text
    assert f"contacts: Аня {two} → Анна Ковалёва {one}" in crm("timeline", deal).out
    run = crm("timeline", two)
    assert "любит чай" in run.out
    assert run.err == f"{two} was merged into {one}\n"
    crm("contact", "unmerge", two)
    text = crm("timeline", two).out
    assert f"into Анна Ковалёва {one}" in text
    assert f"out of Анна Ковалёва {one}" in text
    assert "любит чай" not in crm("timeline", one).out


def test_undo_says_what_it_takes_apart(crm: Crm, folder: Path, pair: tuple[str, str]) -> None:
    one, two = pair
    before = files(folder)
    crm("contact", "merge", one, two)
    run = crm("undo")
    assert f"{two} Аня went out of {one} again." in run.out
    assert files(folder) == before
    assert f"{two} Аня went into {one} again." in crm("undo", "--redo").out


def test_the_past_of_a_merged_one(crm: Crm, pair: tuple[str, str]) -> None:
    crm("contact", "merge", *pair, CRM_NOW="2026-11-25T09:00:00+03:00")
    later = {"CRM_NOW": "2026-11-26T09:00:00+03:00"}
    then = crm("contact", "show", pair[1], "--at", "2026-11-24", "--json", **later)
    assert json.loads(then.out)["id"] == pair[1]
    now = crm("contact", "show", pair[1], "--at", "2026-11-25", "--json", **later)
    assert json.loads(now.out)["id"] == pair[0]


def test_refusals(crm: Crm, pair: tuple[str, str]) -> None:
    one, two = pair
    run = crm("contact", "merge", one, one)
    assert (run.code, run.out) == (1, "")
    assert "is named twice" in run.err
    assert crm("contact", "merge", one, "contact-22222222").code == 3
    assert crm("contact", "merge", one).code == 2
    firm = crm("company", "add", "--name", "Ромашка").out.strip()
    assert crm("contact", "merge", one, firm).code == 3
    assert crm("contact", "merge", one, two, "--take", "phones").code == 2
    assert crm("contact", "unmerge", one).code == 1
    crm("contact", "merge", one, two)
    run = crm("contact", "merge", one, two)
    assert run.code == 1
    assert f"{two} is already merged into {one}" in run.err


@pytest.mark.parametrize("noun", ["lead", "company", "deal"])
def test_other_kinds(crm: Crm, folder: Path, noun: str) -> None:
    one, two = (crm(noun, "add", "--name", name).out.strip() for name in ("Раз", "Два"))
    before = files(folder)
    assert crm(noun, "merge", one, two).code == 0
    assert crm(noun, "list", "--ids").out == f"{one}\n"
    assert crm(noun, "unmerge", two).code == 0
    assert files(folder) == before


def test_an_import_of_a_merged_id_goes_to_the_survivor(
    crm: Crm, folder: Path, pair: tuple[str, str]
) -> None:
    one, two = pair
    crm("contact", "merge", one, two)
    table = folder / "in.csv"
    table.write_text(f"id;position\n{two};юрист\n", encoding="utf-8")
    run = crm("import", "contacts", str(table), "--on-duplicate", "replace")
    assert run.code == 0, run.err
    assert json.loads(crm("contact", "show", one, "--json").out)["position"] == "юрист"
    table.write_text(f"name;contacts\nОкна;{two}\n", encoding="utf-8")
    run = crm("import", "deals", str(table))
    assert run.code == 0, run.err
    assert json.loads(crm("deal", "list", "--json").out)[0]["contacts"] == [one]
    assert crm("check").code == 0, crm("check").out
