"""Branches that git joins: what was written in both of them is there, and the next command sees it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


def test_branches_of_one_clone_join_without_a_conflict(crm: Crm, tmp_path: Path) -> None:
    base = tmp_path / "base"

    def git(*args: str) -> None:
        names = ("-c", "user.name=a", "-c", "user.email=a@example.ru")
        subprocess.run(["git", "-C", str(base), *names, *args], check=True, capture_output=True)

    def add(name: str) -> str:
        lead = crm("-C", str(base), "lead", "add", "--name", name).out.strip()
        git("add", "-A")
        git("commit", "-qm", name)
        return lead

    assert crm("init", str(base), cwd=tmp_path).code == 0
    first = add("Общий")
    git("checkout", "-qb", "side")
    side = add("В ветке")
    git("checkout", "-q", "-")
    main = add("В главной")
    git("merge", "-q", "--no-edit", "side")
    last = add("После")
    ids = crm("-C", str(base), "lead", "list", "--ids").out.split()
    assert sorted(ids) == sorted([first, side, main, last])
    for lead in ids:
        assert "lead created" in crm("-C", str(base), "timeline", lead).out
    run = crm("-C", str(base), "check")
    assert (run.code, run.out) == (0, ""), run.out


PRICES = [("A-1", "100"), ("A-2", "200"), ("A-3", "300"), ("A-4", "400")]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    kit.some([
        ("edit A-1 --price 11", "edit A-2 --price 22", "A-1=11 A-2=22 A-3=300 A-4=400"),
        ("edit A-2 --price 22", "edit A-1 --price 11", "A-1=11 A-2=22 A-3=300 A-4=400"),
        ("edit A-1 --price 11", "edit A-4 --price 44", "A-1=11 A-2=200 A-3=300 A-4=44"),
        ("rm A-2", "edit A-3 --price 33", "A-1=100 A-3=33 A-4=400"),
        ("add A-21 New --price 5", "add A-22 New --price 6",
         "A-1=100 A-2=200 A-21=5 A-22=6 A-3=300 A-4=400"),
        ("edit A-1 --price 11", "edit A-1 --price 11", "A-1=11 A-2=200 A-3=300 A-4=400"),
        ("edit A-2 --price 22", "edit A-2 --price 23", ""),
    ], 2),
)  # fmt: skip
def test_products_that_two_clones_changed_are_as_each_has_them(
    crm: Crm, tmp_path: Path, ours: str, theirs: str, expected: str
) -> None:
    """What both changed is told, with its line; all else needs nobody."""
    here, there = tmp_path / "here", tmp_path / "there"

    def git(folder: Path, *args: str) -> None:
        names = ("-c", "user.name=a", "-c", "user.email=a@example.ru")
        subprocess.run(["git", "-C", str(folder), *names, *args], check=True, capture_output=True)

    def save(folder: Path) -> None:
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "one")

    assert crm("init", str(here), cwd=tmp_path).code == 0
    for sku, price in PRICES:
        assert crm("-C", str(here), "product", "add", sku, "Черепица", "--price", price).code == 0
    sku, price = PRICES[0]
    for once in ("99", price):  # what was changed and changed back stands there still
        assert crm("-C", str(here), "product", "edit", sku, "--price", once).code == 0
    save(here)
    git(tmp_path, "clone", "-q", str(here), str(there))
    for folder, words in ((here, ours), (there, theirs)):
        done = crm("-C", str(folder), "product", *words.split())
        assert done.code == 0, done.err
        save(folder)
    git(here, "pull", "-q", "--no-rebase", "--no-edit", str(there))
    listed = crm("-C", str(here), "product", "list", "--json")
    check = crm("-C", str(here), "check")
    if not expected:
        assert (listed.code, check.code) == (6, 6)
        assert "data/products.csv" in check.out
        assert "A-2" in check.out
        return
    assert listed.code == check.code == 0, listed.err + check.out
    found = {row["sku"]: row["price"] for row in json.loads(listed.out)}
    assert " ".join(f"{sku}={price:g}" for sku, price in sorted(found.items())) == expected
    assert crm("-C", str(here), "product", "edit", "A-4", "--unit", "шт").code == 0
    rows = (here / "data/products.csv").read_text("utf-8").splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == sorted(found)


@pytest.mark.parametrize("table", ["products.csv", "rates.csv"])
def test_marks_of_a_conflict_in_a_table_are_told_as_that(
    crm: Crm, folder: Path, table: str
) -> None:
    head = {"products.csv": "sku,name", "rates.csv": "date,currency,rate"}[table]
    text = f"{head}\n<<<<<<< HEAD\n=======\n>>>>>>> side\n"
    (folder / "data" / table).write_text(text, encoding="utf-8")
    run = crm("check")
    assert run.code == 6
    for line in (2, 3, 4):
        assert f"data/{table}:{line}" in run.out.replace(f"{table}, line ", f"{table}:")
    assert run.out.count("conflict") == 3


def test_an_older_workspace_is_told_what_git_needs(crm: Crm, tmp_path: Path) -> None:
    base = tmp_path / "base"

    def run(*args: str) -> Run:
        return crm("-C", str(base), *args)

    assert crm("init", str(base), cwd=tmp_path).code == 0
    new = {name: (base / name).read_text() for name in (".gitattributes", ".gitignore")}
    assert run("check").err == "no problems found\n"
    lines = new[".gitattributes"].splitlines()
    older = [line for line in lines if "audit" not in line and "rates" not in line]
    older[1] = "*.csv text=auto"  # somebody's own
    (base / ".gitattributes").write_text("\n".join([*older, "*.pdf binary"]))
    (base / ".gitignore").write_text("*.swp\n.crm\n")
    told = run("check")
    assert told.code == 0
    assert "data/audit/** merge=union; data/rates.csv merge=union" in told.err
    assert ".gitignore lacks what a new workspace has: outbox/ (" in told.err
    assert "would fix" in run("check", "--fix", "-n").err
    assert (base / ".gitignore").read_text() == "*.swp\n.crm\n"
    assert run("check", "--fix").err.count("fixed: .git") == 2
    lines[1] = "*.csv text=auto"
    # each before what comes after it in a new workspace: for git the last line counts
    lines.remove("data/rates.csv merge=union")
    whole = [*lines, "*.pdf binary", "data/rates.csv merge=union", ""]
    assert (base / ".gitattributes").read_text() == "\n".join(whole)
    assert (base / ".gitignore").read_text() == "*.swp\n.crm\noutbox/\n"
    assert run("check").err == "no problems found\n"
    # what one line says for all, or not to be said, is not asked for again
    (base / ".gitattributes").write_text(
        "* text eol=lf\ndata/** merge=union\ndata/files/** -text\ndata/rates.csv -merge\n"
    )
    (base / ".gitignore").unlink()
    assert ".gitattributes" not in run("check").err
    assert ".gitignore lacks what a new workspace has: .crm/; outbox/" in run("check").err
