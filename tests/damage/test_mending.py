"""What --fix asks for first, what is no damage at all, and what only another user cannot read."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from tests.damage.base import Base, run
from tests.damage.table import index_of_another, named
from tests.kit import NOW, Run


def changed(base: Base, before: dict[str, bytes]) -> set[str]:
    """The files that are not as they were, the timeline left out."""
    after = base.contents()
    paths = {path for path in before | after if before.get(path) != after.get(path)}
    return {path for path in paths if not path.startswith("data/timeline/")}


def test_a_link_is_taken_away_after_asking_and_brought_back_by_undo(base: Base) -> None:
    base.file("task").write_text(
        base.file("task").read_text(encoding="utf-8").replace(base.deal, "deal-00000000"), "utf-8"
    )
    damaged = base.contents()
    assert run(base.root, "check", "--fix", answer="n\n").code == 6
    assert base.contents() == damaged
    fix = run(base.root, "check", "--fix", answer="y\n")
    assert "about links to deal-00000000, which does not exist: unlink?" in fix.err
    assert fix.code == 0
    assert changed(base, damaged) == {base.path("task")}
    assert run(base.root, "check").err == "no problems found\n"
    assert run(base.root, "undo").code == 0
    assert changed(base, damaged) == set()


def test_a_deletion_by_hand_is_noted_after_asking(base: Base) -> None:
    base.file("lead").unlink()
    damaged = base.contents()
    assert run(base.root, "check", "--fix").code == 6
    fix = run(base.root, "check", "--fix", answer="y\n")
    assert f"the file of {base.lead} is missing: deleted on purpose?" in fix.err
    assert "noted on the timeline" in fix.err
    assert fix.code == 0
    assert changed(base, damaged) == set()
    undo = run(base.root, "undo")
    assert "deleted by hand" in undo.out + undo.err
    assert run(base.root, "show", base.lead).code == 3
    assert run(base.root, "show", base.lead, "--at", "today").code == 3


def test_a_dry_run_mends_nothing(base: Base) -> None:
    log = base.file("now")
    log.write_bytes(log.read_bytes().replace(b"\n", b"\r\n"))
    target = base.root / named(base, "data/leads/{x}/{b.lead}.yaml")
    target.parent.mkdir(exist_ok=True)
    base.file("lead").rename(target)
    base.file("task").unlink()
    damaged = base.contents()
    said = run(base.root, "check", "--fix", "-n").err
    assert said.count("would fix: ") == 2
    assert base.contents() == damaged


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n", b"\r\n"),
        (b"id:", b"\xef\xbb\xbfid:"),
        (b"owner: anna\n", b"owner: anna\nshoe_size: 39\n"),
        ("Анна Петрова".encode(), '"Анна Петрова" # наша'.encode()),
    ],
    ids=["CRLF", "byte order mark", "unknown key", "quotes and a comment"],
)
def test_a_hand_edit_is_no_damage(base: Base, old: bytes, new: bytes) -> None:
    path = base.file("contact")
    path.write_bytes(path.read_bytes().replace(old, new))
    edited = base.contents()
    for args in (("check",), ("check", "--fix")):
        undeclared = (
            "warning: 'shoe_size' is not a field: 1 contact (crm field add contact shoe_size)"
        )
        fine = undeclared if b"shoe_size" in new else "no problems found"
        assert run(base.root, *args) == (0, "", f"{fine}\n")
    assert "Анна Петрова" in run(base.root, "contact", "list").out
    assert base.contents() == edited


def test_an_unknown_key_survives_an_edit(base: Base) -> None:
    path = base.file("contact")
    path.write_bytes(path.read_bytes() + b"shoe_size: 39\n")
    assert run(base.root, "contact", "edit", base.contact, "--set", "comment=x").code == 0
    assert b"shoe_size: '39'\n" in path.read_bytes()


def test_a_timeline_of_windows_is_read_and_written_on(base: Base) -> None:
    log = base.file("now")
    whole = log.read_bytes()
    log.write_bytes(b"\xef\xbb\xbf" + whole.replace(b"\n", b"\r\n"))
    assert "letter" not in run(base.root, "timeline", base.contact).err
    assert run(base.root, "log", "call", base.contact, "Согласна").code == 0
    assert "Договор во вложении" in run(base.root, "timeline", base.contact).out
    check = run(base.root, "check")
    assert [line.split(": ")[0] for line in check.out.splitlines()] == [f"{base.path('now')}:1"] * 2
    assert run(base.root, "check", "--fix").code == 0
    assert log.read_bytes().startswith(whole)
    assert run(base.root, "check").err == "no problems found\n"


def test_an_index_of_another_version_is_built_anew(base: Base) -> None:
    run(base.root, "contact", "list")
    index_of_another(base)
    assert run(base.root, "check") == (0, "", "no problems found\n")
    with sqlite3.connect(base.root / ".crm/index.db") as connection:
        assert "other" not in str(connection.execute("SELECT value FROM meta").fetchall())


def test_what_may_not_be_read_is_told(base: Base) -> None:
    base.file("contact").chmod(0)
    base.file("before").chmod(0)
    try:
        check = unprivileged(base, "check")
        listed = unprivileged(base, "contact", "list", "--ids")
    finally:
        base.file("contact").chmod(0o644)
        base.file("before").chmod(0o644)
    assert check.code == 6, check
    for name in ("contact", "before"):
        assert [line for line in check.out.splitlines() if line.startswith(f"{base.path(name)}: ")]
    assert "ermission denied" in check.out
    assert (listed.code, listed.out.split()) == (0, [base.whole])
    assert run(base.root, "check").err == "no problems found\n"


def unprivileged(base: Base, *args: str) -> Run:
    """Run the program as somebody to whom rights matter: root without the power to pass over them."""
    command = [sys.executable, "-m", "crmcli", *args]
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if not setpriv:
            pytest.skip("root may read everything, and there is no setpriv to give that up")
        command = [setpriv, "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(
        command, cwd=base.root, capture_output=True, check=False,
        env={**os.environ, "CRM_NOW": NOW.isoformat(), "CRM_LANG": "en", "PYTHONUTF8": "1"},
    )  # fmt: skip
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())
