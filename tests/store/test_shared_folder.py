"""A folder that a group shares: every member works in it, as fast as the first; what one cannot read
is named and hides nothing else."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from crmcli.sales.init import create
from tests import kit
from tests.kit import NOW
from tests.members import command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become two other users"),
]
ANNA, BORIS, TEAM = 4321, 4322, 5432
ENVIRON = {
    "CRM_NOW": NOW.isoformat(),
    "CRM_LANG": "en",
    "PYTHONUTF8": "1",
    "PATH": os.environ["PATH"],
    "NO_COLOR": "1",
}


class Team:
    """A workspace and its two members, whose umask keeps all they make to themselves."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.root = top / "ws"

    def run(
        self, uid: int, *args: str, group: int = 0, umask: int = 0o077
    ) -> subprocess.CompletedProcess[str]:
        home = self.top / f"home{uid}"
        if not home.exists():
            home.mkdir()
            os.chown(home, uid, uid)
        return self.call((sys.executable, "-m", "crmcli", *args), uid, group or uid, umask)

    def call(
        self, args: Sequence[str], uid: int, group: int, umask: int, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run any program as a member."""
        paths = f"{Path(__file__).parents[2]}"
        return subprocess.run(
            command(args, self.top, uid, group, TEAM, umask), cwd=self.root, capture_output=True,
            text=True, check=False,
            env={**ENVIRON, "HOME": str(self.top / f"home{uid}"), "PYTHONPATH": paths, **environ},
        )  # fmt: skip

    def works(self, uid: int, *args: str) -> str:
        done = self.run(uid, *args)
        assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout

    def share(self) -> None:
        for path in (self.root, *self.root.rglob("*")):
            os.chown(path, ANNA, TEAM, follow_symlinks=False)
            if path.is_dir():
                path.chmod(0o2770)
            else:
                path.chmod(0o660)


@contextmanager
def new_team() -> Iterator[Team]:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        top = Path(name)
        top.chmod(0o755)
        create.create_workspace(top / "ws", language="ru", use_git=False)
        shutil.rmtree(top / "ws/.crm", ignore_errors=True)
        team = Team(top)
        team.share()
        yield team


@pytest.fixture
def team() -> Iterator[Team]:
    with new_team() as team:
        yield team


class Used(NamedTuple):
    """A team's workspace in which there is one of each; the two leads stand in different folders."""

    team: Team
    lead: str
    other: str


@pytest.fixture(scope="module")
def in_use() -> Iterator[Used]:
    with new_team() as team:
        team.works(BORIS, "trust", "--yes")
        lead = team.works(ANNA, "lead", "add", "--name", "Имя").strip()
        while (other := team.works(ANNA, "lead", "add", "--name", "Другой").strip())[5] == lead[5]:
            team.works(ANNA, "lead", "rm", other, "--yes")  # of the same folder, by chance
        (team.root / "note.txt").write_text("x")
        team.works(ANNA, "task", "add", "Дело", "--for", lead)
        team.works(ANNA, "block", "add", "spam@example.com")
        (team.root / "views.yaml").write_text("leads: []\n")
        team.works(ANNA, "file", "add", lead, "note.txt")
        yield Used(team, lead, other)


@pytest.fixture
def used(in_use: Used) -> Iterator[Used]:
    """The same workspace for each that closes a place in it, which is opened again."""
    yield in_use
    in_use.team.share()


def test_what_either_makes_both_can_use(team: Team) -> None:
    assert "belongs to user 4321" in team.run(BORIS, "lead", "add", "--name", "Б").stderr
    assert team.run(BORIS, "lead", "add", "--name", "Б").returncode == 4
    team.works(BORIS, "trust", "--yes")
    names = []
    for turn, uid in enumerate((ANNA, BORIS, ANNA, BORIS)):
        team.works(uid, "lead", "add", "--name", f"Имя{turn}")
        names.append(f"Имя{turn}")
        listed = json.loads(team.works(uid, "lead", "list", "--json"))
        assert sorted(row["name"] for row in listed) == names
        team.works(uid, "tick")
        team.works(
            uid, "--yes", "lead", "bulk", "--where", "name is not empty", "--set", f"comment={turn}"
        )
    for path in (
        team.root / ".crm",
        *(team.root / ".crm").rglob("*"),
        *team.root.glob("data/**/*"),
    ):
        status = path.stat()
        assert status.st_gid == TEAM, path
        wanted = 0o2770 if path.is_dir() else 0o660
        assert stat.S_IMODE(status.st_mode) & 0o2777 == wanted, (path, oct(status.st_mode))
    assert team.works(BORIS, "check") == ""


def test_the_second_member_reads_the_same_index(team: Team) -> None:
    team.works(BORIS, "trust", "--yes")
    for uid in (ANNA, BORIS):
        team.works(uid, "lead", "add", "--name", "Имя")
        team.works(uid, "lead", "list")
    index = (team.root / ".crm/index.db").stat().st_ino
    (team.root / "data").touch()
    strace = ("strace", "-f", "-qq", "-e", "trace=openat")
    args = (*strace, sys.executable, "-m", "crmcli", "lead", "list")
    traced = team.call(args, BORIS, BORIS, 0o077).stderr
    assert "/.crm/index.db" in traced
    assert (
        '"lead-' not in traced
    )  # no record is read: nothing is built anew, in memory or otherwise
    assert (team.root / ".crm/index.db").stat().st_ino == index


def test_nobody_else_gets_more_than_the_folder_gives(team: Team) -> None:
    done = team.run(ANNA, "lead", "add", "--name", "А", umask=0)
    assert done.returncode == 0
    made = [p for p in team.root.rglob("*") if p.stat().st_mode & 0o007]
    assert made == []


def test_what_root_makes_belongs_to_the_owner(team: Team) -> None:
    team.works(ANNA, "lead", "add", "--name", "А")
    done = subprocess.run(
        [sys.executable, "-m", "crmcli", "tick"], cwd=team.root, capture_output=True, text=True,
        check=False, umask=0o077,
        env={**ENVIRON, "HOME": str(team.top), "SUDO_UID": str(ANNA),
             "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shutil.rmtree(team.root / ".crm/txn")
    assert {p.stat().st_uid for p in team.root.rglob("*")} == {ANNA}
    team.works(ANNA, "lead", "add", "--name", "Б")


CLOSED = {
    "a record": "data/leads/*/lead-*.yaml",
    "a folder of records": "data/leads/?",
    "all records of a kind": "data/tasks",
    "a timeline file": "data/timeline/*/*.csv",
    "a month": "data/timeline/*",
    "the timeline": "data/timeline",
    "a template": "templates/mail/*.j2",
    "a folder of templates": "templates/mail",
    "views": "views.yaml",
    "the block list": "data/blocklist.csv",
    "attachments": "data/files",
}


@pytest.mark.parametrize("what", kit.some([*CLOSED], 4))
def test_what_one_cannot_read_is_named_and_hides_nothing_else(used: Used, what: str) -> None:
    team, lead, other = used
    place = min(team.root.glob(CLOSED[what]))
    if what in ("a record", "a folder of records"):
        place = next(
            p for p in team.root.glob(CLOSED[what]) if lead[5] == p.name[-13 if p.is_file() else 0]
        )
    os.chown(place, ANNA, ANNA)
    place.chmod(0o700 if place.is_dir() else 0o600)
    named = str(place.relative_to(team.root))
    done = team.run(BORIS, "check")
    assert done.returncode == 6, (done.stdout, done.stderr)
    assert named in done.stdout, (done.stdout, done.stderr)
    done = team.run(BORIS, "lead", "list", "--json")
    assert done.returncode == 0, done.stderr
    seen = {row["id"] for row in json.loads(done.stdout)}
    assert seen == (
        {other} if place.match("data/leads/*") or place.match("leads/*/*") else {lead, other}
    )
    assert team.run(BORIS, "lead", "show", other).returncode == 0
    if what not in ("a timeline file", "a month", "the timeline"):
        assert team.run(BORIS, "lead", "edit", other, "--comment", "x").returncode == 0
    assert {row["id"] for row in json.loads(team.works(ANNA, "lead", "list", "--json"))} == {
        lead,
        other,
    }


@pytest.mark.parametrize("closed", kit.some(["index.db", "index.db-wal", "index.db-shm"], 2))
@pytest.mark.parametrize("owner", [ANNA, 0])
def test_an_index_that_is_closed_to_us_is_replaced_once(
    team: Team, closed: str, owner: int
) -> None:
    team.works(ANNA, "lead", "add", "--name", "Имя")
    team.works(ANNA, "lead", "list")
    path = team.root / ".crm" / closed
    path.touch()
    os.chown(path, owner, owner)
    path.chmod(0)
    assert "Имя" in team.works(ANNA, "lead", "list")
    index = (team.root / ".crm/index.db").stat()
    assert index.st_uid == ANNA
    assert "Имя" in team.works(ANNA, "lead", "list")
    assert (team.root / ".crm/index.db").stat().st_ino == index.st_ino
    team.works(ANNA, "check")
