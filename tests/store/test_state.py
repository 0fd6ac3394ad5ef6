"""The folder .crm: made once, bound to its place, refused where it came from elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.model.values import entity_of
from crmcli.store.safety import state
from tests import kit
from tests.kit import Run
from torture.copies import copied

Crm = Callable[..., Run]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "ws").mkdir()
    return tmp_path / "ws"


def test_the_clone_id_is_made_once(root: Path) -> None:
    first = state.make(root)
    assert entity_of(f"lead-{first}")
    assert state.make(root) == first
    assert os.listdir(root / ".crm") == ["clone-id"]


@pytest.mark.parametrize("damage", ["", "\0\0\0\0\0\0\0\0\n", "UPPER123", "../../x"])
def test_a_damaged_clone_id_is_replaced(root: Path, damage: str) -> None:
    (root / ".crm").mkdir()
    (root / ".crm/clone-id").write_text(damage)
    fresh = state.make(root)
    assert entity_of(f"lead-{fresh}")
    assert state.make(root) == fresh
    assert os.listdir(root / ".crm") == ["clone-id"]


def test_a_clone_id_that_cannot_be_written_leaves_nothing(root: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from crmcli.store.disk import files; from crmcli.store.safety import state\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3, 3))\n"
        "try: state.make(Path(sys.argv[1]))\n"
        "except files.DiskFull as error: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "refused\n", done.stderr
    assert not list((root / ".crm").iterdir())


def test_processes_that_start_together_agree_on_the_clone_id(root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from crmcli.store.safety import state;"
        "sys.stdin.read(); print(state.make(Path(sys.argv[1])))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in running}) == 1


# -- a state that came from elsewhere ------------------------------------------------------------


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *args], cwd=folder, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to, symlinks=True))


def hard_linked(folder: Path, to: Path) -> Path:
    subprocess.run(["cp", "-al", folder, to], check=True)
    return to


def unpacked(folder: Path, to: Path) -> Path:
    to.mkdir()
    packed = subprocess.run(["tar", "c", "."], cwd=folder, capture_output=True, check=True).stdout
    subprocess.run(["tar", "x"], cwd=to, input=packed, check=True)
    return to


@pytest.mark.parametrize("way", [copy, hard_linked, unpacked])
def test_a_copy_is_refused_until_its_state_is_set_aside(
    way: Callable[[Path, Path], Path], crm: Crm, folder: Path, tmp_path: Path
) -> None:
    lead = crm("lead", "add", "--name", "Анна").out.strip()
    there = way(folder, tmp_path / "there")
    for args in (("lead", "list"), ("lead", "add", "--name", "Б"), ("tick",), ("show", lead)):
        run = crm(*args, cwd=there)
        assert (run.code, run.out) == (6, "")
        assert run.err.count("\n") == 2
        assert ".crm was made for another folder" in run.err
        assert "crm check --fix moves it aside" in run.err
    run = crm("check", cwd=there)
    assert run.code == 6
    assert ".crm: was made for another folder" in run.out
    before = state.make(folder)
    assert crm("check", "--fix", "--dry-run", cwd=there).code == 6
    run = crm("check", "--fix", cwd=there)
    assert run.code == 0, run
    assert "set aside in .crm/aside/" in run.err
    assert state.make(there) != before
    assert state.make(folder) == before
    assert crm("lead", "add", "--name", "Б", cwd=there).code == 0
    assert len(list(there.glob("data/timeline/*/*.csv"))) == 2
    assert crm("lead", "list").code == 0


def test_a_folder_that_is_moved_stays_the_same(crm: Crm, folder: Path, tmp_path: Path) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    known = state.make(folder)
    moved = folder.rename(tmp_path / "moved")
    assert crm("lead", "add", "--name", "Б", cwd=moved).code == 0
    assert state.make(moved) == known


def test_letters_without_a_binding_are_replaced_and_their_index_is_not_believed(
    crm: Crm, folder: Path
) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    assert "Анна" in crm("lead", "list").out
    known = state.make(folder)
    (folder / ".crm/clone-id").write_text(f"{known}\n")
    was = (folder / ".crm/index.db").stat().st_ino
    assert "Анна" in crm("lead", "list").out
    assert (folder / ".crm/index.db").stat().st_ino != was
    assert state.make(folder) != known


@pytest.mark.parametrize("path", ["txn/0000000000000001.commit", "commits/pending", "sent"])
def test_unfinished_work_without_a_binding_is_not_done(path: str, crm: Crm, folder: Path) -> None:
    place = folder / ".crm" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"{}\n")
    run = crm("lead", "list")
    assert run.code == 6
    assert "unfinished work" in run.err
    assert crm("check", "--fix").code == 0
    assert crm("lead", "list").code == 0


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_what_git_tracks_in_it_is_refused_whenever_it_comes(
    version: str, crm: Crm, folder: Path, tmp_path: Path
) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    git(folder, "clone", "-q", ".", str(tmp_path / "there"))
    there = tmp_path / "there"
    git(there, "config", "index.version", version)
    assert crm("lead", "list", cwd=there).code == 0
    (folder / ".crm/txn/0000000000000001.commit").write_bytes(b"forged")
    git(folder, "add", "-f", ".crm/txn/0000000000000001.commit")
    git(folder, "commit", "-qm", "two")
    git(there, "-c", f"index.version={version}", "pull", "-q")
    run = crm("lead", "list", cwd=there)
    assert run.code == 6
    assert "tracked by git" in run.err
    run = crm("check", "--fix", cwd=there)
    assert "git rm -r --cached .crm" in run.err
    assert crm("lead", "list", cwd=there).code == 0
    assert git(there, "ls-files", ".crm") == ""


def test_a_workspace_below_the_top_of_a_repository_is_looked_up_by_its_path(
    crm: Crm, folder: Path
) -> None:
    above = folder.parent
    assert crm("lead", "add", "--name", "Анна").code == 0
    git(above, "init", "-q")
    (above / "other/.crm").mkdir(parents=True)
    (above / "other/.crm/x").touch()
    (above / "ws.crm").mkdir()
    (above / "ws.crm/x").touch()
    git(above, "add", "-f", "other/.crm/x", "ws.crm/x")
    assert crm("lead", "list").code == 0
    git(above, "add", "-f", "ws/.crm/clone-id")
    assert crm("lead", "list").code == 6


@pytest.mark.parametrize(
    "name",
    kit.some(
        ["lock", "index.db", "index.lock", "clone-id", "tick.lock", "txn", "commits", "sent"], 2
    ),
)
def test_a_link_in_it_is_refused(name: str, crm: Crm, folder: Path, tmp_path: Path) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    place = folder / ".crm" / name
    outside = tmp_path / "outside"
    if name in ("txn", "commits"):
        outside.mkdir()
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(outside)
    before = outside.exists()
    for args in (("lead", "list"), ("lead", "add", "--name", "Б"), ("tick",)):
        run = crm(*args)
        assert (run.code, run.err.count("\n")) == (6, 2), run
    assert crm("check").code == 6
    assert crm("check", "--fix").code == 0
    assert outside.exists() == before
    assert not before or not list(outside.iterdir())
    assert crm("lead", "add", "--name", "Б").code == 0


def test_a_state_that_is_a_link_itself_is_refused(crm: Crm, folder: Path, tmp_path: Path) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    outside = (folder / ".crm").rename(tmp_path / "outside")
    before = {p: p.stat().st_mtime_ns for p in outside.rglob("*")}
    (folder / ".crm").symlink_to(outside)
    assert crm("lead", "list").code == 6
    assert crm("check", "--fix").code == 0
    assert {p: p.stat().st_mtime_ns for p in outside.rglob("*")} == before
    assert crm("lead", "list").code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_state_of_another_user_is_refused(crm: Crm, folder: Path) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    os.chown(folder / ".crm", 4321, 4321)
    run = crm("lead", "list")
    assert run.code == 6
    assert "belongs to user 4321" in run.err
    assert crm("lead", "list", SUDO_UID="4321").code == 0
    assert crm("check", "--fix").code == 0
    assert crm("lead", "list").code == 0


def test_a_copy_can_be_adopted_by_tests(crm: Crm, folder: Path, tmp_path: Path) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    there = copied(folder, tmp_path / "there")
    assert crm("lead", "list", cwd=there).code == 0
