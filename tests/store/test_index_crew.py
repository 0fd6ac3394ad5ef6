"""A large folder is read by several processes, and the index comes out as when one reads it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import crmcli
from crmcli.store import layout
from crmcli.store.index import Index, crew, forks, freshness, writing
from crmcli.store.safety import locks
from tests.store.index_folder import NOW, Folder

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the readers are forked")
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    for number in range(120):
        last = f"{LETTERS[number % 32]}{LETTERS[number // 32]}k3qf2m9"[:8]
        made.write(
            {
                "id": f"contact-{last}",
                "name": f"Ольга № {number}",
                "phones": [{"value": f"+7916{number:07}", "type": "work"}],
                "tags": ["vip", "ромашка"],
            }
        )
        made.write(
            {
                "id": f"lead-{last}",
                "name": f"Лид {number}",
                "stage": "new",
                "amount": f"{number}.50",
            }
        )
    for path, text in (
        ("data/leads/0/lead-0broken1.yaml", "name: [\n"),
        ("data/leads/0/lead-0other12.yaml", "id: lead-0k3qf2m9\n"),
        ("data/contacts/stranger.txt", "?"),
    ):
        (made.root / path).write_text(text, encoding="utf-8")
    talk = {"subject": "", "text": "Просила перезвонить"}
    for number in range(40):
        made.log("aaaaaaaa", ("call.out", f"lead-{LETTERS[number % 32]}0k3qf2m", talk))
    journal = made.root / layout.timeline_path(NOW, "aaaaaaaa")
    journal.with_name("bbbbbbbb.csv").write_bytes(journal.read_bytes())  # as a bad merge leaves it
    return made


def content(index: Index) -> dict[str, Any]:
    """All that the index says, its own numbers aside."""
    return {
        "contacts": index.select("contact", order=["name"]),
        "leads": index.select("lead", order=["name"]),
        "sum": index.totals("lead", ["stage"]),
        "found": sorted(hit.id for hit in index.search("ромашка", limit=1000)),
        "said": [hit.id for hit in index.search("перезвонить", limit=1000)],
        "events": index.events(),
        "dirty": sorted(index.dirty()),
        "problems": index.problems(),
        "phone": index.lookup("phone", "89160000007", ["contact"]),
    }


def built(folder: Folder, monkeypatch: pytest.MonkeyPatch, *, by_crew: bool) -> dict[str, Any]:
    (folder.root / ".crm/index.db").unlink(missing_ok=True)
    monkeypatch.setattr(crew, "_MANY", 1 if by_crew else 10**9)
    monkeypatch.setattr(forks, "cores", lambda: 3)
    monkeypatch.setattr(crew, "BATCH", 7)
    monkeypatch.setattr(writing, "BATCH", 7)
    index = folder.again()
    found = content(index)
    index.refresh()  # it knows itself to be up to date, or finds out that it is
    assert content(index) == found
    index.close()
    return found


def test_the_index_is_the_same(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = built(folder, monkeypatch, by_crew=False)
    assert len(alone["contacts"]) == 120
    assert len(alone["events"]) == 40
    assert len(alone["problems"]) == 3
    assert built(folder, monkeypatch, by_crew=True) == alone


def test_an_event_of_two_files_stays_when_one_file_goes(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(folder, monkeypatch, by_crew=True)
    for path in (folder.root / "data/timeline").rglob("aaaaaaaa.csv"):
        path.unlink()
    index = folder.again()
    assert len(index.events()) == 40
    index.close()


def test_what_a_reader_cannot_do_is_done_alone(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = built(folder, monkeypatch, by_crew=False)

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(crew, "read_anew", die)
    assert built(folder, monkeypatch, by_crew=True) == alone


SLOW = """
import os, sys
from pathlib import Path
from crmcli.model.schema import Schema
from crmcli.store.disk import files; from crmcli.store.safety import locks
from crmcli.store.index import Index, crew, forks

def wait(*_):
    os.write(1, b"reading\\n")
    os.read(0, 1)  # until the test lets go
    return look(*_)

look, crew.folder.look = crew.folder.look, wait
crew._MANY, forks.cores = 1, lambda: 2
root = Path(sys.argv[1])
with locks.exclusive(root, "test"):
    Index(root, Schema()).refresh()
"""


def test_no_lock_outlives_a_killed_command(folder: Folder) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(crmcli.__file__).parents[1])}
    command = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(folder.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environ,
    )  # fmt: skip
    assert command.stdin is not None
    assert command.stdout is not None
    assert command.stdout.readline() == b"reading\n"
    time.sleep(0.1)
    command.kill()
    command.wait()
    with locks.exclusive(folder.root, "next", timeout=0.1):
        pass
    folder.again().close()  # nor does the gate of the index stand closed
    command.stdin.close()
    command.stdout.read()  # the readers end by themselves
    command.stdout.close()


def _no_more(*_: object) -> int:
    raise BlockingIOError("no more processes")


@pytest.mark.parametrize("trouble", ["", "killed", "no process"])
def test_a_look_with_a_helper_sees_each_change(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Whether a file is in the half of one or of the other: edited, added, gone, with its folder."""
    built(folder, monkeypatch, by_crew=False)
    monkeypatch.setattr(freshness, "_LARGE", -1)
    if trouble == "no process":
        monkeypatch.setattr(os, "fork", _no_more)
    index = folder.again()
    index.refresh()
    data = folder.root / "data"
    for shard in sorted((data / "contacts").iterdir()):
        if shard.is_dir():
            first = min(shard.glob("contact-*.yaml"))
            first.write_text(first.read_text().replace("Ольга", "Вера"), encoding="utf-8")
    for gone in (data / "leads/7", data / "leads/8"):
        shutil.rmtree(gone)
    (data / "leads/stranger.txt").write_text("?", encoding="utf-8")
    with monkeypatch.context() as patched:
        if trouble == "killed":
            patched.setattr(forks, "_keep_only", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        index.refresh()
    found = content(index)
    index.close()
    assert sum("Вера" in str(one["name"]) for one in found["contacts"]) == len(LETTERS)
    assert len(found["problems"]) == 4
    assert not [one for one in found["leads"] if str(one["id"])[5:6] in "78"]
    monkeypatch.undo()
    anew = built(folder, monkeypatch, by_crew=False)
    found["dirty"] = anew["dirty"]  # what is gone was looked at once more
    assert found == anew


def test_nobody_is_sent_to_read_where_children_are_not_waited_for(folder: Folder) -> None:
    """`trap '' CHLD` of a shell goes on to what it starts: no helper then, and the same answer."""
    code = (
        "import sys; from pathlib import Path; from crmcli.model.schema import Schema;"
        "from crmcli.store.index import Index, crew, forks, freshness;"
        "crew._MANY, freshness._LARGE, forks.cores = 1, -1, lambda: 2; root = Path(sys.argv[1]);"
        "index = Index(root, Schema()); index.refresh(); index.close();"
        "index = Index(root, Schema()); index.refresh(); print(len(index.select('contact')))"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(crmcli.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder.root)], env=environ, capture_output=True, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "120"), done.stderr
