"""Numbers of documents: none is given twice, by no process, in no clone, nor after a removal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crmcli.errors import InvalidData
from crmcli.sales.documents import offers
from crmcli.sales.history import undo
from crmcli.sales.init import create
from crmcli.sales.records.remove import remove
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW
from torture.copies import copied

DRAFTING = """
import sys
from pathlib import Path
from crmcli.sales.documents import offers
from crmcli.workspace import Workspace
for _ in range(int(sys.argv[3])):
    print(offers.draft(Workspace.open(Path(sys.argv[1])), sys.argv[2]).name)
"""
EACH = 10
"""Drafts of one process; with 250 of them four make 1,000."""


def git(folder: Path, *args: str) -> None:
    named = ("-c", "user.name=crm", "-c", "user.email=crm@localhost")
    subprocess.run(["git", *named, *args], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(_fresh: Path, tmp_path: Path) -> Path:
    return copied(_fresh, tmp_path / "ws")


@pytest.mark.slow
def test_two_clones_and_four_processes_give_no_number_twice(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    create.create_workspace(home)
    deal = kit.deal(Workspace.open(home), amount="1000").id
    git(home, "add", "data")
    git(home, "commit", "-q", "-m", "a deal")
    git(tmp_path, "clone", "-q", str(home), str(other))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", DRAFTING, str(where), deal, str(EACH)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for where in (home, other, home, other)
    ]
    numbers = [number for one in running for number in one.communicate(timeout=300)[0].split()]
    assert [one.returncode for one in running] == [0] * 4
    assert len(numbers) == len(set(numbers)) == 4 * EACH
    own = Workspace.open(other).clone[:6]
    assert sum(number.endswith(f"-{own}") for number in numbers) == 2 * EACH


def shared(folder: Path) -> Workspace:
    """A workspace to which git brings changes from elsewhere."""
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", "ssh://host/crm.git")
    return Workspace.open(folder, now=NOW)


def test_a_clone_with_a_remote_adds_its_own_part_and_says_so(folder: Path) -> None:
    ws = shared(folder)
    one = kit.deal(ws, amount="1000")
    numbers = [offers.draft(ws, one.id).name for _ in range(2)]
    part = ws.clone[:6]
    assert numbers == [f"КП-2026-0001-{part}", f"КП-2026-0002-{part}"]
    (note,) = [note for note in ws.notes if part in note]
    assert f"{ws.clone}: ''" in note


@pytest.mark.parametrize(
    ("mask", "word", "number"),
    [
        ("КП-{year}-{seq:04}", "", "КП-2026-0001"),
        ("КП-{year}-{seq:04}", "М", "КП-2026-0001-М"),
        ("{clone}/{seq}", "М", "М/1"),
    ],
)
def test_a_clone_that_has_a_name(folder: Path, mask: str, word: str, number: str) -> None:
    ws = shared(folder)
    one = kit.deal(ws, amount="1000")
    clones = f"numbering: {{offer: '{mask}', clones: {{{ws.clone}: '{word}'}}}}\n"
    (folder / "settings.yaml").write_text(clones, encoding="utf-8")
    assert offers.draft(Workspace.open(folder, now=NOW), one.id).name == number


def test_beside_a_clone_that_numbers_plainly_others_do_not(folder: Path) -> None:
    ws = Workspace.open(folder, now=NOW)
    one = kit.deal(ws, amount="1000")
    text = "numbering: {clones: {7k3qf2m9: ''}}\n"
    (folder / "settings.yaml").write_text(text, encoding="utf-8")
    assert offers.draft(Workspace.open(folder, now=NOW), one.id).name.endswith(ws.clone[:6])


@pytest.mark.parametrize(
    "clones",
    [
        "{7k3qf2m9: '', 7k3qf2m8: ''}",
        "{7k3qf2m9: m, 7k3qf2m8: M}",
        "{seven: ''}",
        "{7k3qf2m9: 'a-b'}",
        "{7k3qf2m9: '{seq}'}",
    ],
)
def test_names_of_clones_that_are_refused(folder: Path, clones: str) -> None:
    text = f"numbering: {{clones: {clones}}}\n"
    (folder / "settings.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidData):
        Workspace.open(folder, now=NOW)


def test_the_number_of_a_removed_document_is_not_given_again(folder: Path) -> None:
    ws = Workspace.open(folder, now=NOW)
    one = kit.deal(ws, amount="1000")
    remove(ws, offers.draft(ws, one.id).id)
    assert offers.draft(ws, one.id).name == "КП-2026-0002"
    undo.undo(ws)
    assert offers.draft(ws, one.id).name == "КП-2026-0003"
