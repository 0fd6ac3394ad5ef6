"""Crashes: a kill or an error at every system call that touches the folder, and a full disk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from crmcli.store.disk import files
from crmcli.store.disk.commit_record import TXN, Append, CommitRecord, Delete, Put
from crmcli.store.disk.recovery import leftovers, recover
from crmcli.store.disk.unfinished import needs_recovery
from crmcli.store.safety import locks
from torture.copies import adopt
from torture.tracing import FAST

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
]

T = TypeVar("T")
CALLS = ("openat", "write", "pwrite64", "ftruncate", "fsync", "rename", "unlink", "mkdir")
LEAD, TASK = "data/leads/7/lead-7k3qf2m9.yaml", "data/tasks/2/task-2k3qf2m9.yaml"
DEAL, CONTACT = "data/deals/9/deal-9k3qf2m9.yaml", "data/contacts/0/contact-0k3qf2m9.yaml"
LINES = "data/timeline/2026-11/7k3qf2m9.csv"
ID = "0000000000000001"
FIRST, SECOND = b"id\n1\n", b"2\n3\n"
BEFORE = {LEAD: b"old\n", TASK: b"task\n", LINES: FIRST}
AFTER = {LEAD: b"new\n" * 900, DEAL: b"deal\n", CONTACT: b"contact\n", LINES: FIRST + SECOND}

CHANGE = f"""
import sys
from pathlib import Path
from crmcli.errors import CrmError
from crmcli.store.disk import files; from crmcli.store.safety import locks
from crmcli.store.disk.recovery import recover
from crmcli.store.disk.transaction import Transaction

root = Path(sys.argv[1])
try:
    with locks.exclusive(root, "crm lead convert"):
        recover(root)
        plan = Transaction(root, "crm lead convert", "anna", "2026-11-23T09:00:00Z")
        plan.put({LEAD!r}, {AFTER[LEAD]!r}, files.digest({BEFORE[LEAD]!r}))
        plan.put({DEAL!r}, {AFTER[DEAL]!r}, None)
        plan.put({CONTACT!r}, {AFTER[CONTACT]!r}, None)
        plan.append({LINES!r}, {SECOND!r})
        plan.delete({TASK!r}, files.digest({BEFORE[TASK]!r}))
        note = plan.commit()
        print("unfinished" if "finishes it" in note else "saved", flush=True)
except CrmError as error:
    print("refused", error.name, flush=True)
"""
RECOVER = """
import sys
from pathlib import Path
from crmcli.errors import CrmError
from crmcli.store.disk import files; from crmcli.store.safety import locks
from crmcli.store.disk.recovery import recover

root = Path(sys.argv[1])
try:
    with locks.exclusive(root, "crm"):
        recover(root)
    print("saved", flush=True)
except CrmError as error:
    print("refused", error.name, flush=True)
"""


def build(root: Path) -> None:
    """The folder as it was before."""
    shutil.rmtree(root, ignore_errors=True)
    for path, data in BEFORE.items():
        (root / path).parent.mkdir(parents=True)
        (root / path).write_bytes(data)


def build_committed(root: Path) -> None:
    """The folder of a command that was killed right after its commit point."""
    build(root)
    (root / TXN).mkdir(parents=True)
    puts = []
    for number, path in enumerate((LEAD, DEAL, CONTACT)):
        old = files.digest(BEFORE[path]) if path in BEFORE else None
        puts.append(Put(path, f"{ID}.{number}", files.digest(AFTER[path]), old))
        (root / TXN / f"{ID}.{number}").write_bytes(AFTER[path])
    append = Append(LINES, len(FIRST), SECOND.decode(), files.digest(FIRST)[:16])
    record = CommitRecord(
        ID, "anna", "crm", "", tuple(puts), (append,), (Delete(TASK, files.digest(b"task\n")),)
    )
    (root / TXN / record.name).write_bytes(record.encode())
    adopt(root, "7k3qf2m9")


def content(root: Path) -> dict[str, bytes]:
    """Every file under data/."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.glob("data/**/*")
        if path.is_file()
    }


def strace(program: str, root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a program on the folder under strace."""
    return subprocess.run(
        ["strace", "-f", "-qq", *options, sys.executable, "-c", program, str(root)],
        capture_output=True,
        text=True,
        check=False,
    )


def points(program: str, root: Path, log: Path, *, reads: bool) -> list[tuple[str, int]]:
    """Each call that may change the folder, or fail on it: its name, and its number among those.

    To be killed at an `openat` that makes no file is to be killed at the next call.
    """
    warm_up = [sys.executable, "-c", program, str(root.parent / "warm-up")]
    subprocess.run(warm_up, capture_output=True, check=False)
    strace(program, root, FAST, "-y", "-o", str(log), "-e", f"trace={','.join(CALLS)}")
    seen = dict.fromkeys(CALLS, 0)
    found = []
    for line in log.read_text().splitlines():
        match = re.match(r"(?:\d+ +)?(\w+)\(", line)
        if match and match[1] in seen:
            seen[match[1]] += 1
            if str(root) in line and (reads or match[1] != "openat" or "O_CREAT" in line):
                found.append((match[1], seen[match[1]]))
    return found


def inject(program: str, root: Path, call: str, number: int, what: str) -> tuple[int, str]:
    """Let one call fail or kill the program; its exit code and what it said."""
    fast = () if "signal=" in what else (FAST,)
    done = strace(
        program, root, *fast, "-o", "/dev/null", "-e", f"trace={call}",
        "-e", f"inject={call}:{what}:when={number}",
    )  # fmt: skip
    assert "Traceback" not in done.stderr, (call, number, done.stderr)
    return done.returncode, done.stdout


def at_each(
    calls: list[tuple[str, int]], folder: Path, check: Callable[[str, int, Path], T]
) -> list[T]:
    """Check every point, several at a time, each in a folder of its own; results in order."""
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda at: check(at[0], at[1], folder / f"{at[0]}{at[1]}"), calls))


def settle(root: Path) -> dict[str, bytes]:
    """What the next command finds."""
    with locks.exclusive(root, "crm"):
        recover(root)
    assert leftovers(root) == []
    assert os.listdir(root / TXN) == [] if (root / TXN).exists() else True
    return content(root)


def test_a_kill_at_any_call_leaves_the_old_or_the_new_state(tmp_path: Path) -> None:
    build(tmp_path / "ws")
    calls = points(CHANGE, tmp_path / "ws", tmp_path / "log", reads=False)
    assert content(tmp_path / "ws") == AFTER
    assert {call for call, _ in calls} == set(CALLS) - {"write"}

    def is_new_after_kill(call: str, number: int, root: Path) -> bool:
        build(root)
        code, said = inject(CHANGE, root, call, number, "signal=KILL")
        assert code != 0, (call, number, "was not killed")
        if not needs_recovery(root):
            assert content(root) in (BEFORE, AFTER), (call, number)
        state = settle(root)
        assert state in (BEFORE, AFTER), (call, number)
        if "saved" in said:
            assert state == AFTER, (call, number, "acknowledged, and lost")
        return state == AFTER

    outcomes = at_each(calls, tmp_path, is_new_after_kill)
    by_call = [[new for (name, _), new in zip(calls, outcomes, strict=True) if name == call] for call in CALLS]  # fmt: skip
    assert by_call == [sorted(news) for news in by_call]  # there is one commit point
    assert 10 < sum(outcomes) < len(outcomes) - 10


def test_a_kill_at_any_call_of_recovery_leaves_the_new_state(tmp_path: Path) -> None:
    build_committed(tmp_path / "ws")
    calls = points(RECOVER, tmp_path / "ws", tmp_path / "log", reads=False)
    assert content(tmp_path / "ws") == AFTER

    def kill(call: str, number: int, root: Path) -> None:
        build_committed(root)
        code, _ = inject(RECOVER, root, call, number, "signal=KILL")
        assert code != 0, (call, number, "was not killed")
        assert settle(root) == AFTER, (call, number)

    at_each(calls, tmp_path, kill)


ERRORS = {"openat": "ENOSPC", "pwrite64": "ENOSPC", "mkdir": "ENOSPC", "ftruncate": "EIO",
          "fsync": "EIO", "rename": "EIO", "unlink": "EIO"}  # fmt: skip


def test_an_error_at_any_call_changes_nothing_or_is_made_good(tmp_path: Path) -> None:
    build(tmp_path / "ws")

    def fail(call: str, number: int, root: Path) -> str:
        build(root)
        code, said = inject(CHANGE, root, call, number, f"error={ERRORS[call]}")
        assert code == 0, (call, number)
        if said.startswith("refused"):
            assert content(root) == BEFORE, (call, number)
            assert not (root / TXN).exists() or os.listdir(root / TXN) == [], (call, number)
            assert not (root / DEAL).parent.exists(), (call, number)
        elif said.startswith("unfinished"):
            assert needs_recovery(root) or content(root) == AFTER, (call, number)
        else:
            assert content(root) == AFTER, (call, number)
        assert settle(root) == (BEFORE if said.startswith("refused") else AFTER), (call, number)
        return said.split()[0]

    calls = points(CHANGE, tmp_path / "ws", tmp_path / "log", reads=True)
    assert set(at_each(calls, tmp_path, fail)) == {"refused", "unfinished", "saved"}


SWEEP = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_crash as crash
from crmcli.store.disk import files; from crmcli.store.safety import locks

top = Path(sys.argv[1])
ws = top / "ws"
sys.argv[1] = str(ws)
for pages in range(24):
    crash.build(ws)
    with locks.exclusive(ws, "crm"):
        pass
    with (top / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            filler.truncate(filler.tell() - pages * 4096)
    exec(crash.CHANGE)
    for path, data in crash.content(ws).items():
        assert data in (crash.BEFORE.get(path), crash.AFTER.get(path)), (pages, path)
    (top / "filler").unlink()
    state = crash.settle(ws)
    assert state in (crash.BEFORE, crash.AFTER), (pages, state)
    print("new" if state == crash.AFTER else "old", flush=True)
"""


def test_a_full_disk_leaves_the_old_or_the_new_state(tmp_path: Path) -> None:
    alone = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    mount = 'mount -t tmpfs -o size=400k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    probe = subprocess.run([*alone, "sh", "-c", 'mount -t tmpfs tmpfs "$1"', "sh", str(tmp_path)],
                           capture_output=True, check=False)  # fmt: skip
    if probe.returncode:
        pytest.skip("a small file system cannot be mounted here")
    done = subprocess.run(
        [*alone, "sh", "-c", mount, "sh", str(tmp_path), sys.executable, SWEEP],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pairs = done.stdout.split("\n")
    outcomes = list(zip(pairs[::2], pairs[1::2], strict=False))
    assert set(outcomes) >= {("refused DiskFull", "old"), ("saved", "new")}
    assert set(outcomes) <= {("refused DiskFull", "old"), ("saved", "new"), ("unfinished", "new")}
