"""crm dupes, and what crm says of those who are known already, as people call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]
BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture
def pair(crm: Crm) -> tuple[str, str]:
    one = crm(
        "contact",
        "add",
        "--name",
        "Пётр Иванов",
        "--phone",
        "8 912 345-67-89",
        "--email",
        "p@mail.ru",
    )
    other = crm("contact", "add", "--name", "Bdfyjd Gtnh", "--phone", "+7 912 345 67 89")
    assert other.err.startswith(f"may already be known: {one.out.strip()} Пётр Иванов (same phone")
    assert len(other.err.splitlines()) == 1
    return one.out.strip(), other.out.strip()


def test_groups_in_every_format(crm: Crm, pair: tuple[str, str]) -> None:
    one, other = pair
    table = crm("dupes", "contacts").out
    assert "same phone +7 912 345-67-89" in table
    rows = json.loads(crm("dupes", "contacts", "--json").out)
    assert [row["id"] for row in rows] == [one, other]
    assert (rows[0]["like"], rows[1]["like"]) == ("", one)
    assert "typed in another keyboard layout: Bdfyjd Gtnh = Иванов Петр" in rows[1]["reasons"]
    assert {row["group"] for row in rows} == {1}
    assert crm("dupes", "contacts", "--ids").out.split() == [one, other]
    assert crm("dupes", "contacts", "--csv").out.startswith("group,score,id,name,reasons\n")
    run = crm("dupes", "leads", "--json")
    assert (run.out, run.code) == ("[]\n", 0)
    assert "no likely duplicates among 0 leads" in run.err
    assert crm("dupes", "contacts", "--limit", "0").err == "0 of 1 group is shown\n"
    assert crm("contact", "list", "--limit", "0").err == "--limit 0 shows no contacts\n"
    assert crm("lead", "list").err == "no leads\n"


def test_apart_and_back(crm: Crm, pair: tuple[str, str]) -> None:
    assert "are not duplicates" in crm("dupes", "apart", *pair).out
    run = crm("dupes", "contacts")
    assert run.out == ""
    assert "1 pair is marked as not duplicates: --all shows them" in run.err
    assert crm("dupes", "contacts", "--all", "--ids").out.split() == list(pair)
    for record in pair:
        assert "duplicate.denied" in crm("timeline", record, "--json").out
    assert "marked already" in crm("dupes", "apart", *pair).err
    assert crm("check").code == 0
    run = crm("undo")
    assert run.out == f"{min(pair)} and {max(pair)} may be duplicates again.\n"
    assert run.err.startswith("undoing: dupes apart contact-")
    assert "are not duplicates" in crm("undo", "--redo").out
    assert crm("dupes", "contacts", "--ids").out == ""
    assert "may be duplicates again" in crm("undo").out
    assert crm("dupes", "contacts", "--ids").out.split() == list(pair)
    assert "no such mark" in crm("dupes", "apart", *pair, "--back").err
    assert crm("dupes", "apart", pair[0]).code == 2


def test_auto_merge(crm: Crm) -> None:
    def add() -> str:
        run = crm("company", "add", "--name", "ООО Ромашка", "--inn", "7707083893", "-q")
        return run.out.strip()

    one, other = add(), add()
    before = crm("company", "list", "--json").out
    plan = crm("dupes", "companies", "--auto-merge", "--dry-run")
    assert plan.out.startswith("dry run: Merged company-")
    assert crm("company", "list", "--json").out == before
    assert crm("dupes", "companies", "--auto-merge").code == 2  # asks, and nobody is there
    done = crm("dupes", "companies", "--auto-merge", "--yes")
    assert "1 merged, 0 left to you" in done.err
    (left,) = crm("company", "list", "--ids").out.split()
    assert {one, other} >= {left}
    assert crm("dupes", "companies", "--ids").out == ""


def test_add_on_duplicate(crm: Crm, pair: tuple[str, str]) -> None:
    run = crm("lead", "add", "--name", "Кровля", "--email", "p@mail.ru", "--on-duplicate", "fail")
    assert (run.code, run.out) == (1, "")
    assert f"already known: {pair[0]}" in run.err
    run = crm("contact", "add", "--name", "Пётр", "--email", "p@mail.ru", "--on-duplicate", "link")
    assert (run.code, run.out) == (0, f"{pair[0]}\n")
    assert "nothing added" in run.err
    run = crm("lead", "add", "--name", "Кровля", "--email", "p@mail.ru", "--on-duplicate", "link")
    assert json.loads(crm("lead", "show", run.out.strip(), "--json").out)["contact"] == pair[0]


def test_conversion_names_a_block(crm: Crm) -> None:
    lead = crm("lead", "add", "--name", "Лид", "--email", "a@spam.ru").out.strip()
    crm("block", "add", "spam.ru")
    assert "spam.ru is on the block list" in crm("lead", "convert", lead).err


def test_conversion_names_who_is_known(crm: Crm, pair: tuple[str, str]) -> None:
    lead = crm(
        "lead", "add", "--first-name", "Пётр", "--last-name", "Иванов", "--email", "p@mail.ru"
    )
    for more in (("-n",), ()):
        run = crm("lead", "convert", lead.out.strip(), *more)
        assert run.code == 0
        assert f"crm lead convert {lead.out.strip()} --use-contact {pair[0]}" in run.err
    assert f"crm lead unconvert {lead.out.strip()}, then" in run.err


def test_planted_duplicates_are_found(tmp_path: Path) -> None:
    """The bench's own base, smaller: ten kinds of copies among namesakes, relatives and colleagues."""
    done = subprocess.run(
        [
            sys.executable, str(BENCH / "duplicates.py"),
            "--contacts", "2000", "--planted", "200", "--seeds", "7", "--dir", str(tmp_path),
        ],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    kinds = [float(line.split("%")[0]) for line in done.stdout.splitlines() if "%" in line]
    assert len(kinds) == 10
    assert min(kinds) >= 85
