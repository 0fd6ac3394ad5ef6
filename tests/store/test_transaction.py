"""Transactions: all or nothing, and no hand edit is ever lost."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import Conflict
from crmcli.store.disk import files
from crmcli.store.disk.commit_record import KEPT, QUARANTINE, TXN, Append, CommitRecord, Delete, Put
from crmcli.store.disk.recovery import CommitRecordDamaged, leftovers, recover
from crmcli.store.disk.transaction import FileChanged, Transaction
from crmcli.store.disk.unfinished import needs_recovery
from crmcli.store.safety import locks

LEAD = "data/leads/7/lead-7k3qf2m9.yaml"
DEAL = "data/deals/9/deal-9k3qf2m9.yaml"
TASK = "data/tasks/2/task-2k3qf2m9.yaml"
LINES = "data/timeline/2026-11/7k3qf2m9.csv"
OTHER_LINES = "data/timeline/2026-12/7k3qf2m9.csv"
OLD_LEAD = b"id: lead-7k3qf2m9\nstage: new\n"
NEW_LEAD = "id: lead-7k3qf2m9\nstage: Качественный\n".encode()
NEW_DEAL = "id: deal-9k3qf2m9\nname: Ромашка\n".encode()
OLD_TASK = b"id: task-2k3qf2m9\n"
FIRST, SECOND = "id\nпервое\n", "второе\nтретье\n"
BEFORE = {LEAD: OLD_LEAD, TASK: OLD_TASK, LINES: FIRST.encode()}
AFTER = {LEAD: NEW_LEAD, DEAL: NEW_DEAL, LINES: (FIRST + SECOND).encode()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    for path, data in BEFORE.items():
        (root / path).parent.mkdir(parents=True)
        (root / path).write_bytes(data)
    return root


def content(root: Path) -> dict[str, bytes]:
    """Every file under data/."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.glob("data/**/*")
        if path.is_file()
    }


def change(root: Path) -> Transaction:
    """The change from BEFORE to AFTER."""
    plan = Transaction(root, "crm lead convert", "anna", "2026-11-23T09:00:00Z")
    plan.put(LEAD, NEW_LEAD, files.digest(OLD_LEAD))
    plan.put(DEAL, NEW_DEAL, None)
    plan.append(LINES, SECOND.encode())
    plan.delete(TASK, files.digest(OLD_TASK))
    return plan


def txn(root: Path) -> list[str]:
    return sorted(os.listdir(root / TXN))


def leave_committed(root: Path) -> CommitRecord:
    """The workspace as a command leaves it that is killed right after its commit point."""
    sizes = len(FIRST.encode())
    record = CommitRecord(
        "0000000000000001", "anna", "crm lead convert", "2026-11-23T09:00:00Z",
        puts=(
            Put(LEAD, "0000000000000001.0", files.digest(NEW_LEAD), files.digest(OLD_LEAD)),
            Put(DEAL, "0000000000000001.1", files.digest(NEW_DEAL), None),
        ),
        appends=(Append(LINES, sizes, SECOND, files.digest(FIRST.encode())[:16]),),
        deletes=(Delete(TASK, files.digest(OLD_TASK)),),
    )  # fmt: skip
    folder = root / TXN
    folder.mkdir(parents=True)
    (folder / "0000000000000001.0").write_bytes(NEW_LEAD)
    (folder / "0000000000000001.1").write_bytes(NEW_DEAL)
    (folder / record.name).write_bytes(record.encode())
    return record


def test_all_changes_are_made_and_nothing_is_left_over(root: Path) -> None:
    with locks.exclusive(root, "crm"):
        assert change(root).commit() == ""
    assert content(root) == AFTER
    assert txn(root) == []
    assert not needs_recovery(root)


def test_nothing_is_written_before_commit_nor_by_an_empty_transaction(root: Path) -> None:
    change(root)
    assert Transaction(root, "crm").commit() == ""
    assert content(root) == BEFORE
    assert not (root / ".crm").exists()


@pytest.mark.parametrize(
    ("edit", "path", "words"),
    [
        (lambda root: (root / LEAD).write_bytes(b"by hand"), LEAD, "was changed"),
        (lambda root: (root / LEAD).unlink(), LEAD, "was removed"),
        (lambda root: (root / TASK).write_bytes(b"by hand"), TASK, "was changed"),
        (lambda root: (root / TASK).unlink(), TASK, "was removed"),
        (lambda root: ((root / DEAL).parent.mkdir(parents=True), (root / DEAL).touch()), DEAL, "already exists"),
    ],
)  # fmt: skip
def test_a_file_changed_by_someone_else_stops_everything(
    root: Path, edit: object, path: str, words: str
) -> None:
    plan = change(root)
    assert callable(edit)
    edit(root)
    before = content(root)
    with pytest.raises(FileChanged, match=words) as caught:
        plan.commit()
    assert path in caught.value.message
    assert isinstance(caught.value, Conflict)
    assert content(root) == before
    assert not needs_recovery(root)


def test_a_file_that_was_cut_off_gets_its_line_end_first(root: Path) -> None:
    (root / LINES).write_bytes("id\nперв".encode())
    plan = Transaction(root, "crm")
    plan.append(LINES, b"one\n")
    plan.append(LINES, b"two\n")
    plan.commit()
    assert (root / LINES).read_bytes() == "id\nперв\none\ntwo\n".encode()


def test_an_append_makes_the_file_and_its_folders(root: Path) -> None:
    plan = Transaction(root, "crm")
    plan.append("data/timeline/2026-12/7k3qf2m9.csv", b"one\n")
    plan.commit()
    assert (root / "data/timeline/2026-12/7k3qf2m9.csv").read_bytes() == b"one\n"


def test_an_empty_file_is_not_a_missing_one(root: Path) -> None:
    (root / LEAD).write_bytes(b"")
    plan = Transaction(root, "crm")
    plan.put(LEAD, NEW_LEAD, None)
    with pytest.raises(FileChanged):
        plan.commit()
    plan = Transaction(root, "crm")
    plan.put(LEAD, NEW_LEAD, files.digest(b""))
    plan.commit()
    assert (root / LEAD).read_bytes() == NEW_LEAD


def test_a_file_keeps_its_mode(root: Path) -> None:
    (root / LEAD).chmod(0o640)
    change(root).commit()
    assert stat.S_IMODE((root / LEAD).stat().st_mode) == 0o640


def test_files_at_the_root_can_be_put_too(root: Path) -> None:
    plan = Transaction(root, "crm init")
    plan.put("settings.yaml", b"language: ru\n", None)
    plan.commit()
    assert (root / "settings.yaml").read_bytes() == b"language: ru\n"


def test_a_path_is_named_once(root: Path) -> None:
    plan = change(root)
    for again in (plan.delete, lambda path, old: plan.put(path, b"", old)):
        with pytest.raises(ValueError, match="already part"):
            again(LEAD, "")
    plan.put(OTHER_LINES, b"", None)
    with pytest.raises(ValueError, match="already part"):
        plan.append(OTHER_LINES, b"")


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "data/../../x", "data/..", "data/", ""])
def test_a_path_stays_inside(root: Path, path: str) -> None:
    plan = change(root)
    for act in (
        lambda: plan.put(path, b"x", None),
        lambda: plan.append(path, b"x"),
        lambda: plan.delete(path, files.digest(b"x")),
    ):
        with pytest.raises(files.UnsafePath):
            act()
    assert content(root) == BEFORE
    assert not needs_recovery(root)


def test_a_link_inside_data_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (root / "data/deals").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(files.UnsafePath, match="data/deals is a symbolic link"):
        change(root).commit()
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (root / "data/deals").unlink()
    for path in (LEAD, LINES, TASK):
        real = root / path
        real.rename(tmp_path / "real")
        real.symlink_to(tmp_path / "real")
        with pytest.raises(files.UnsafePath):
            change(root).commit()
        real.unlink()
        (tmp_path / "real").rename(real)
    assert content(root) == BEFORE


def test_a_command_that_is_no_utf8_is_recorded_all_the_same(root: Path) -> None:
    plan = Transaction(root, b"crm lead add \xcf\xf0".decode("utf-8", "surrogateescape"), "anna")
    plan.put(DEAL, NEW_DEAL, None)
    plan.commit()
    assert (root / DEAL).read_bytes() == NEW_DEAL


def test_a_transaction_of_many_files(root: Path) -> None:
    plan = Transaction(root, "crm import leads")
    paths = [f"data/contacts/{n % 7}/contact-{n % 7}{n:07d}.yaml" for n in range(200)]
    for path in paths:
        plan.put(path, path.encode(), None)
    plan.append(LINES, SECOND.encode())
    assert plan.commit() == ""
    assert all((root / path).read_bytes() == path.encode() for path in paths)
    assert (root / LINES).read_bytes() == AFTER[LINES]
    assert txn(root) == []


AS_NOBODY = """
import os, sys
from pathlib import Path
from crmcli.errors import CrmError
from crmcli.store.disk.transaction import Transaction
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
plan = Transaction(Path(sys.argv[1]), "crm")
plan.append(sys.argv[2], b"text\\n")
plan.put(sys.argv[3], b"text", None)
try:
    plan.commit()
except CrmError as error:
    print(error.name, error.message)
"""


@pytest.mark.parametrize("closed", ["data/leads/7", "data/timeline/2026-11/7k3qf2m9.csv"])
def test_what_cannot_be_written_is_refused_before_the_commit_point(closed: str) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        root = Path(name)
        for folder in ("", ".crm", ".crm/txn", "data", "data/leads", "data/leads/7", "data/timeline",
                       "data/timeline/2026-11"):  # fmt: skip
            (root / folder).mkdir(exist_ok=True)
            (root / folder).chmod(0o777)
        (root / LINES).write_bytes(b"")
        (root / LINES).chmod(0o666)
        (root / closed).chmod(0o555)
        command = [sys.executable, "-c", AS_NOBODY, name, LINES, LEAD]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout.startswith("PermissionDenied cannot write"), done.stderr
        assert closed in done.stdout
        assert content(root) == {LINES: b""}
        assert txn(root) == []


# What recovery makes of each state in which a crash may leave the folder.


def test_recovery_finishes_what_was_saved(root: Path) -> None:
    leave_committed(root)
    assert needs_recovery(root)
    notes = recover(root)
    assert content(root) == AFTER
    assert notes == ["finished `crm lead convert` by anna, which had been interrupted"]
    assert txn(root) == []
    assert recover(root) == []


@pytest.mark.parametrize("steps", range(1, 16))
def test_recovery_goes_on_from_any_half_way(root: Path, steps: int) -> None:
    leave_committed(root)
    if steps & 1:
        (root / TXN / "0000000000000001.0").replace(root / LEAD)
    if steps & 2:
        (root / DEAL).parent.mkdir(parents=True)
        (root / TXN / "0000000000000001.1").replace(root / DEAL)
    if steps & 4:
        with (root / LINES).open("ab") as file:
            file.write(SECOND.encode()[: -3 if steps & 1 else None])
    if steps & 8:
        (root / TASK).unlink()
        (root / TASK).parent.rmdir()
    recover(root)
    assert content(root) == AFTER
    assert txn(root) == []


def test_what_was_not_saved_is_swept_away(root: Path) -> None:
    record = leave_committed(root)
    (root / TXN / record.name).rename(root / TXN / "0000000000000001.tmp")
    assert not needs_recovery(root)
    assert recover(root) == []
    assert content(root) == BEFORE
    assert txn(root) == []


def test_the_next_transaction_first_finishes_the_one_before(root: Path) -> None:
    leave_committed(root)
    plan = Transaction(root, "crm deal edit", "boris")
    plan.put(DEAL, b"newer", files.digest(NEW_DEAL))
    note = plan.commit()
    assert "finished `crm lead convert` by anna" in note
    assert content(root) == {**AFTER, DEAL: b"newer"}


@pytest.mark.parametrize("applied", [False, True])
def test_a_hand_edit_is_never_overwritten(root: Path, applied: bool) -> None:
    leave_committed(root)
    if applied:
        (root / TXN / "0000000000000001.0").replace(root / LEAD)
    (root / LEAD).write_bytes(b"stage: by hand\n")
    notes = recover(root)
    assert content(root) == {**AFTER, LEAD: b"stage: by hand\n"}
    if applied:
        assert len(notes) == 1
        assert leftovers(root) == []
        return
    kept = root / KEPT / "0000000000000001.lead-7k3qf2m9.yaml"
    assert kept.read_bytes() == NEW_LEAD
    assert LEAD in notes[1]
    assert f"{KEPT}/0000000000000001.lead-7k3qf2m9.yaml" in notes[1]
    assert [problem.path for problem in leftovers(root)] == [
        f"{KEPT}/0000000000000001.lead-7k3qf2m9.yaml"
    ]
    assert not needs_recovery(root)
    assert recover(root) == []
    assert kept.exists()


def test_a_file_made_by_hand_where_a_new_one_was_to_be(root: Path) -> None:
    leave_committed(root)
    (root / DEAL).parent.mkdir(parents=True)
    (root / DEAL).write_bytes(b"by hand")
    recover(root)
    assert (root / DEAL).read_bytes() == b"by hand"
    assert (root / KEPT / "0000000000000001.deal-9k3qf2m9.yaml").read_bytes() == NEW_DEAL


def test_a_removed_file_that_was_edited_stays(root: Path) -> None:
    leave_committed(root)
    (root / TASK).write_bytes(b"by hand")
    notes = recover(root)
    assert content(root) == {**AFTER, TASK: b"by hand"}
    assert f"{TASK} was changed by someone else" in notes[1]


@pytest.mark.parametrize(
    ("made_of_it", "expected"),
    [
        (FIRST + SECOND + "четвёртое\n", FIRST + SECOND + "четвёртое\n"),
        (FIRST + "чужое\n", FIRST + "чужое\n" + SECOND),
        (FIRST + "чужое", FIRST + "чужое\n" + SECOND),
        ("id\n", "id\n" + SECOND),
        ("", SECOND),
        ("id\nиначе\n" + SECOND + "ещё\n", "id\nиначе\n" + SECOND + "ещё\n"),
        (FIRST + "второе\n" + "\0" * 13, FIRST + SECOND),
        (FIRST + "\0" * len(SECOND.encode()), FIRST + SECOND),
        (FIRST + "вто", FIRST + SECOND),
    ],
)
def test_an_append_loses_nothing_whatever_was_made_of_the_file(
    root: Path, made_of_it: str, expected: str
) -> None:
    leave_committed(root)
    (root / LINES).write_text(made_of_it)
    recover(root)
    assert (root / LINES).read_text() == expected


def test_an_append_to_a_file_that_git_took_away(root: Path) -> None:
    leave_committed(root)
    (root / LINES).unlink()
    (root / LINES).parent.rmdir()
    recover(root)
    assert (root / LINES).read_text() == SECOND


def test_a_record_that_comes_back_after_it_was_carried_out_does_nothing(root: Path) -> None:
    record = leave_committed(root)
    recover(root)
    (root / LEAD).write_bytes(b"later")
    (root / DEAL).unlink()
    with (root / LINES).open("ab") as file:
        file.write(b"later\n")
    (root / TXN / record.name).write_bytes(record.encode())
    recover(root)
    assert content(root) == {LEAD: b"later", LINES: (FIRST + SECOND).encode() + b"later\n"}
    assert leftovers(root) == []


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 100])
def test_a_damaged_commit_record_is_put_into_quarantine(root: Path, damage: bytes) -> None:
    record = leave_committed(root)
    (root / TXN / record.name).write_bytes(damage or record.encode()[:-2])
    with pytest.raises(CommitRecordDamaged) as caught:
        recover(root)
    assert QUARANTINE in caught.value.hint
    assert content(root) == BEFORE
    assert sorted(os.listdir(root / QUARANTINE)) == [
        "0000000000000001.0",
        "0000000000000001.1",
        "0000000000000001.commit",
    ]
    assert len(leftovers(root)) == 3
    assert recover(root) == []
    assert change(root).commit() == ""


def test_a_damaged_staged_file_is_not_put_into_place(root: Path) -> None:
    leave_committed(root)
    (root / TXN / "0000000000000001.0").write_bytes(b"\0" * 20)
    notes = recover(root)
    assert content(root) == {**AFTER, LEAD: OLD_LEAD}
    assert "damaged" in notes[1]
    assert (root / KEPT / "0000000000000001.lead-7k3qf2m9.yaml").read_bytes() == b"\0" * 20


def test_a_record_of_a_newer_crm_is_left_alone(root: Path) -> None:
    body = b'{"version": 2}'
    (root / TXN).mkdir(parents=True)
    (root / TXN / "0000000000000001.commit").write_bytes(files.digest(body).encode() + b"\n" + body)
    with pytest.raises(Exception, match="newer crm"):
        recover(root)
    assert txn(root) == ["0000000000000001.commit"]


def test_a_target_that_became_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    leave_committed(root)
    (tmp_path / "elsewhere").mkdir()
    (root / "data/deals").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(files.UnsafePath, match="data/deals"):
        recover(root)
    assert needs_recovery(root)
    assert content(root) == BEFORE  # nothing of it is done before all can be
    (root / "data/deals").unlink()
    recover(root)
    assert content(root) == AFTER


_interrupted_at: list[tuple[str, str]] = []


def _interrupt(event: str, args: tuple[Any, ...]) -> None:
    """Ctrl-C, once, when that is done to a file whose name ends so; an audit hook stays for good."""
    if (
        _interrupted_at
        and event == _interrupted_at[0][0]
        and str(args[0]).endswith(_interrupted_at[0][1])
    ):
        _interrupted_at.clear()
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    "at",
    [("open", ".tmp"), ("os.rename", ".tmp"), ("os.rename", ".9"), ("os.remove", ".commit")],
    ids=str,
)
def test_ctrl_c_waits_until_the_answer_is_known(root: Path, at: tuple[str, str]) -> None:
    plan = Transaction(root, "crm import leads")
    for n in range(40):
        plan.put(f"data/contacts/{n % 7}/contact-{n % 7}{n:07d}.yaml", b"x" * 100, None)
    sys.addaudithook(_interrupt)
    _interrupted_at.append(at)
    with pytest.raises(KeyboardInterrupt):
        plan.commit()
    assert _interrupted_at == []
    assert txn(root) == []
    assert len(list(root.glob("data/contacts/*/*"))) == 40


WRITER = """
import sys
from pathlib import Path
from crmcli.store.disk import files; from crmcli.store.safety import locks
from crmcli.store.disk.recovery import recover
from crmcli.store.disk.transaction import Transaction
root, name = Path(sys.argv[1]), sys.argv[2]
for n in range(25):
    with locks.exclusive(root, name, 30):
        recover(root)
        old = files.read_bytes(root / "data/blocklist.csv")
        plan = Transaction(root, name)
        plan.put("data/blocklist.csv", str(int(old) + 1).encode(), files.digest(old))
        plan.put(f"templates/{name}/{n}", old, None)
        plan.append("data/timeline/2026-11/7k3qf2m9.csv", f"{int(old) + 1} {name} {n}\\n".encode())
        assert plan.commit() == ""
    print(n, flush=True)
"""


def test_commands_at_once_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/blocklist.csv").write_text("0")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), name], stdout=subprocess.PIPE
        )
        for name in ("anna", "boris", "vera")
    ]
    for process in running:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert len(out.splitlines()) == 25
    assert (tmp_path / "data/blocklist.csv").read_text() == "75"
    lines = (tmp_path / "data/timeline/2026-11/7k3qf2m9.csv").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(1, 76))
    assert len(list(tmp_path.glob("templates/*/*"))) == 75


def test_random_kills_of_commands_at_once_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/blocklist.csv").write_text("0")
    acknowledged = 0
    for attempt in range(8):
        names = [f"a{attempt}", f"b{attempt}"]
        running = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path), name], stdout=subprocess.PIPE
            )
            for name in names
        ]
        assert running[0].stdout is not None
        for _ in range(attempt * 2):
            running[0].stdout.readline()
            acknowledged += 1
        for process in running:
            process.kill()
        for process in running:
            out, _ = process.communicate()
            acknowledged += len(out.splitlines())
    with locks.exclusive(tmp_path, "crm"):
        recover(tmp_path)
    count = int((tmp_path / "data/blocklist.csv").read_text())
    assert acknowledged <= count
    lines = (tmp_path / "data/timeline/2026-11/7k3qf2m9.csv").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(range(1, count + 1))
    assert len(list(tmp_path.glob("templates/*/*"))) == count
