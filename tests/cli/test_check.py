"""crm check --fix: what has one right answer is mended and said, all else is reported and left."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


def record(folder: Path, plural: str = "leads") -> Path:
    return next((folder / "data" / plural).glob("*/*.yaml"))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def lead(crm: Crm) -> str:
    run = crm("lead", "add", "--name", "Кровля", "--phone", "8 912 345-67-89", "--email", "a@b.ru")
    return run.out.strip()


def test_all_is_well(crm: Crm, lead: str) -> None:
    run = crm("check", "--fix")
    assert (run.code, run.out) == (0, "")
    assert "no problems found" in run.err
    assert "fixed:" not in run.err


def test_a_hand_written_phone_and_e_mail(crm: Crm, lead: str, folder: Path) -> None:
    path = record(folder)
    rewrite(path, "'+79123456789'", "8 (912) 345-67-89")
    rewrite(path, "a@b.ru", "A@B.RU")
    said = crm("check", "--fix", "-n").err
    assert "would fix" in said
    assert "8 (912)" in path.read_text(encoding="utf-8")
    run = crm("check", "--fix")
    assert run.code == 0
    assert (
        f"fixed: data/leads/{lead[5]}/{lead}.yaml: phones 8 (912) 345-67-89 → +79123456789"
        in run.err
    )
    assert "'+79123456789'" in path.read_text(encoding="utf-8")
    assert "8 (912) 345-67-89 → +79123456789" in crm("timeline", lead).out
    assert "fixed:" not in crm("check", "--fix").err


def test_what_is_no_phone_is_left(crm: Crm, lead: str, folder: Path) -> None:
    path = record(folder)
    rewrite(path, "'+79123456789'", "спросить у секретаря")
    before = path.read_bytes()
    crm("check", "--fix")
    assert path.read_bytes() == before


def test_a_hand_edit_that_is_not_canonical_is_no_fault(crm: Crm, lead: str, folder: Path) -> None:
    path = record(folder)
    rewrite(path, "name: Кровля", 'name:   "Кровля"   # наша')
    before = path.read_bytes()
    run = crm("check", "--fix")
    assert (run.code, path.read_bytes()) == (0, before)


def test_the_timeline_without_its_last_line_end(crm: Crm, lead: str, folder: Path) -> None:
    log = next((folder / "data/timeline").glob("*/*.csv"))
    content = log.read_bytes()
    log.write_bytes(content[:-1])
    run = crm("check", "--fix")
    assert run.code == 0
    assert "added the last line end" in run.err
    assert log.read_bytes() == content


def test_a_timeline_that_is_cut_off_is_left_and_reported(crm: Crm, lead: str, folder: Path) -> None:
    log = next((folder / "data/timeline").glob("*/*.csv"))
    cut = log.read_bytes()[:-20]
    log.write_bytes(cut)
    run = crm("check", "--fix")
    assert run.code == 6
    assert "cut off" in run.out
    assert log.read_bytes() == cut


def test_what_a_killed_command_left(crm: Crm, lead: str, folder: Path) -> None:
    strays = [
        folder / ".crm/txn/0001.0",
        folder / ".crm/txn/0001.tmp",
        folder / ".crm/clone-id.abc",
    ]
    strays[0].parent.mkdir(exist_ok=True)
    for path in strays:
        path.write_bytes(b"x")
    clone = (folder / ".crm/clone-id").read_bytes()
    run = crm("check", "--fix")
    assert run.code == 0
    assert run.err.count("fixed:") == 3
    assert not any(path.exists() for path in strays)
    assert (folder / ".crm/clone-id").read_bytes() == clone


@pytest.mark.parametrize("damage", [b"\0" * 4096, b"no database at all"])
def test_a_damaged_index(crm: Crm, lead: str, folder: Path, damage: bytes) -> None:
    crm("lead", "list")
    index = folder / ".crm/index.db"
    with sqlite3.connect(index) as connection:  # all of it into the one file
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = index.read_bytes()
    at = 0 if damage.startswith(b"no") else 8192
    index.write_bytes(whole[:at] + damage + whole[at + len(damage) :])
    run = crm("check", "--fix")
    assert run.code == 0
    assert "fixed: .crm/index.db" in run.err
    assert lead in crm("lead", "list").out


def test_a_record_that_the_index_has_wrong(crm: Crm, lead: str, folder: Path) -> None:
    crm("lead", "list")
    with sqlite3.connect(folder / ".crm/index.db") as connection:
        connection.execute("UPDATE doc SET doc = CAST('{\"id\": ' AS BLOB)")
    connection.close()
    run = crm("lead", "list")
    assert (run.code, "crm check --fix" in run.err) == (6, True)
    assert crm("check").code == 6
    assert crm("check", "--fix").code == 0
    assert lead in crm("lead", "list").out


def test_a_link_that_leads_nowhere_is_left_or_taken_away(crm: Crm, folder: Path) -> None:
    company = crm("company", "add", "--name", "Ромашка").out.strip()
    crm("contact", "add", "--name", "Анна", "--company", company)
    record(folder, "companies").unlink()
    left = crm("check", "--fix")
    assert left.code == 6
    assert f"links to {company}" in left.out
    assert "2 fixes need a yes: run this in a terminal, or add --yes" in left.err
    assert company in record(folder, "contacts").read_text(encoding="utf-8")
    mended = crm("check", "--fix", "--yes")
    assert mended.code == 0
    assert f"no longer links to {company}" in mended.err
    assert "a yes" not in mended.err
    assert company not in record(folder, "contacts").read_text(encoding="utf-8")


def test_what_has_no_one_answer_is_left(crm: Crm, lead: str, folder: Path) -> None:
    path = record(folder)
    path.write_text(path.read_text(encoding="utf-8") + "name: Другое\n", encoding="utf-8")
    before = path.read_bytes()
    run = crm("check", "--fix")
    assert run.code == 6
    assert path.name in run.out
    assert path.read_bytes() == before


def test_for_a_machine(crm: Crm, lead: str, folder: Path) -> None:
    rewrite(record(folder), "'+79123456789'", "8 (912) 345-67-89")
    run = crm("check", "--fix", "--json")
    assert (run.code, run.out.strip()) == (0, "[]")
    assert "fixed:" in run.err


def test_fix_builds_the_index_anew_whatever_it_says(crm: Crm, folder: Path) -> None:
    lead = crm("lead", "add", "--name", "Анна", "--tag", "vip").out.strip()
    crm("lead", "list")
    with sqlite3.connect(folder / ".crm/index.db") as connection:
        connection.execute("DELETE FROM item")
    connection.close()
    assert lead not in crm("lead", "list", "--where", "tags has vip").out
    crm("check", "--fix")
    assert lead in crm("lead", "list", "--where", "tags has vip").out


def test_a_field_taken_away_here_and_used_there(crm: Crm, folder: Path) -> None:
    assert crm("field", "add", "deal", "roof", "--type", "number").code == 0
    assert crm("deal", "add", "--name", "Кровля", "--set", "roof=5").code == 0
    path = record(folder, "deals")
    text = path.read_text(encoding="utf-8")
    assert crm("field", "rm", "deal", "roof", "--drop-data", "--yes").code == 0
    assert crm("check").code == 0
    path.write_text(text + "note: x\n", encoding="utf-8")
    told = crm("check")
    assert told.code == 6
    assert "'roof' is not a field any more: 1 deal" in told.out
    assert "crm field add deal roof --type number" in told.out
    assert "'note' is not a field: 1 deal" in told.err
    assert crm("field", "add", "deal", "roof", "--type", "number").code == 0
    assert crm("check").code == 0


def test_an_owner_who_is_no_user_is_told_of_once(crm: Crm, folder: Path) -> None:
    for number in range(5):
        crm("lead", "add", "--name", f"№{number}", "--email", f"a{number}@b.ru")
    crm("user", "add", "anna", "--name", "Анна")
    for path in (folder / "data/leads").glob("*/*.yaml"):
        rewrite(path, "owner: tester", "owner: gone")
    run = crm("check", CRM_LANG="en")
    [line] = [one for one in run.out.splitlines() if "gone" in one]
    assert (run.code, "the owner 'gone' is not a user; 5 records like this" in line) == (6, True)
    assert line.startswith("data/leads/")
    told = crm("check", "--json").out
    assert told.count("gone") >= 5
    assert "таких записей 5" in crm("check", CRM_LANG="ru").out
