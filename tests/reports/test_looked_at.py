"""A report looks at the files of the nouns alone of which it speaks, and misses no edit by hand in those."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.model.reports import REPORTS
from crmcli.store.layout import record_path
from crmcli.workspace import Workspace
from tests import kit
from tests.reports import histories
from tests.reports.told import told

NOUNS = ("lead", "contact", "company", "deal", "task")
PLURALS = {
    "lead": "leads",
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "task": "tasks",
}
ASKED: list[tuple[str, dict[str, Any]]] = [
    *((report.name, {}) for report in REPORTS),
    ("won", {"by": ("company",)}),
    ("won", {"by": ("company.owner",)}),
    ("lost", {"where": "contacts.owner = vera"}),
    ("won", {"by": ("lead.owner",)}),
    ("funnel", {"where": "company.owner = vera"}),
    ("forecast", {"where": "contacts.owner = vera or amount > 100000"}),
    ("stale", {"by": ("next_task.month",)}),
    ("owners", {"where": "next_task is empty"}),
    ("activity", {"where": "company.owner = vera"}),
    ("response", {"by": ("source",), "where": "amount > 1000"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = histories.made(tmp_path_factory.mktemp("past") / "ws", 60, seed=11)
    answers(histories.opened(root), "won", {})
    return root


def answers(ws: Workspace, name: str, asked: dict[str, Any]) -> str:
    return repr(told(ws, name, **asked))


def edited(root: Path, noun: str) -> None:
    """Change by hand what each file of a noun says of owners, amounts, sources and tasks that are done."""
    for number, path in enumerate(sorted((root / "data" / PLURALS[noun]).rglob("*.yaml"))):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^owner: .*", f"owner: {('vera', 'boris', 'anna')[number % 3]}", text)
        text = re.sub(r"(?m)^amount: '.*", f"amount: '{number * 7001}.00'", text)
        text = re.sub(r"(?m)^source: .*", f"source: {('fair', 'call')[number % 2]}", text)
        text = re.sub(r"(?m)^due: '\d{4}-\d\d", "due: '2027-02", text)
        path.write_text(text + ("" if noun != "task" or number % 2 else
                                "done_at: '2026-11-02T09:00:00Z'\n"), encoding="utf-8")  # fmt: skip


@pytest.mark.parametrize("noun", kit.some(NOUNS, 2))
def test_no_edit_by_hand_is_missed(past: Path, tmp_path: Path, noun: str) -> None:
    root = tmp_path / "ws"
    shutil.copytree(past, root, ignore=shutil.ignore_patterns(".crm"))
    histories.opened(root).problems()
    answers(histories.opened(root), "won", {})
    kept = {path: path.read_bytes() for path in (root / ".crm").glob("index.db*")}
    old = [answers(histories.opened(root), *one) for one in ASKED]
    edited(root, noun)
    shutil.rmtree(root / ".crm")
    whole = histories.opened(root)
    new = [answers(whole, *one) for one in ASKED]
    assert new != old
    for (name, asked), expected in zip(ASKED, new, strict=True):
        for path in (root / ".crm").glob("index.db*"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
        assert answers(histories.opened(root), name, asked) == expected, (name, asked)


def test_a_report_looks_at_what_it_speaks_of(past: Path, crm: Callable[..., kit.Run]) -> None:
    """A company that cannot be read is told by who asks for companies, or names it, and by a list."""
    link = "SELECT f_company FROM deal WHERE f_stage = 'won' AND f_company IS NOT NULL"
    histories.opened(past).problems()
    database = sqlite3.connect(past / ".crm/index.db")
    broken = past / record_path(database.execute(link).fetchone()[0])
    database.close()
    whole = broken.read_text(encoding="utf-8")
    broken.write_text("name: [", encoding="utf-8")
    try:
        now = {"cwd": past, "CRM_NOW": histories.NOW}
        plain = crm("report", "won", **now)
        named = crm("report", "won", "--by", "company", **now)
        clients = crm("report", "lifetime", "--limit", "9999", **now)
        linked = crm("report", "won", "--by", "company.owner", **now)
        listed = crm("deal", "list", **now)
    finally:
        broken.write_text(whole, encoding="utf-8")
    assert "crm check" not in plain.err
    assert f"{broken.stem} (unreadable)" in named.out
    assert f"{broken.stem} (unreadable)" in clients.out
    assert "crm check" in clients.err
    assert "crm check" in linked.err
    assert "crm check" in listed.err


def test_what_links_to_a_record_by_a_list_is_looked_at(
    past: Path, tmp_path: Path, crm: Callable[..., kit.Run]
) -> None:
    """A contact is given a company by hand: what was done for the one was done for the other."""
    root = tmp_path / "past"
    shutil.copytree(past, root, ignore=shutil.ignore_patterns(".crm"))
    report = "reports: {heard: {of: companies, by: last_activity.year, measures: [count]}}\n"
    kit.write(root, "reports.yaml", report)
    ws, now = histories.opened(root), {"cwd": root, "CRM_NOW": histories.NOW, "CRM_USER": "anna"}
    firm = kit.company(ws, name="Новая", anyway=True).id
    anna = kit.contact(ws, name="Новая", anyway=True).id
    assert crm("log", "call", anna, "да", **now).code == 0
    asked = ("report", "heard", "--where", f"id = {firm}", "--csv")
    assert "2026" not in crm(*asked, **now).out
    path = root / record_path(anna)
    path.write_text(path.read_text(encoding="utf-8") + f"companies:\n- {firm}\n", encoding="utf-8")
    assert "2026" in crm(*asked, **now).out


def test_a_few_records_are_looked_at_without_their_folders(past: Path, tmp_path: Path) -> None:
    """What did not change is not read, and the next list need not compare its folders again."""
    root = tmp_path / "ws"
    shutil.copytree(past, root, ignore=shutil.ignore_patterns(".crm"))
    ids = [str(raw["id"]) for raw in histories.opened(root).rows("deal")]
    time.sleep(0.05)  # more than a tick of the clock: the files are no longer as if just written
    histories.opened(root).rows("deal")
    database = sqlite3.connect(root / ".crm/index.db")
    unsure = "SELECT count(*) FROM shard WHERE stamps IS NULL"
    assert database.execute(unsure).fetchone() == (0,)
    assert len(histories.opened(root).rows_of(ids)) == len(ids)
    assert database.execute(unsure).fetchone() == (0,)
    database.close()
    path = root / record_path(ids[0])
    text = re.sub(r"(?m)^name: .*", "name: Другое", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    (root / record_path(ids[1])).unlink()
    names = {str(raw["id"]): raw["name"] for raw in histories.opened(root).rows_of(ids)}
    assert names[ids[0]] == "Другое"
    assert set(names) == {*ids} - {ids[1]}
