"""The lock, reading and writing files, and what the system's errors are called."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crmcli.errors import Conflict, CrmError, Forbidden, InvalidData
from crmcli.store.disk import files
from crmcli.store.disk.rights import rights_in
from crmcli.store.safety import locks

HOLD = """
import sys, time
from pathlib import Path
from crmcli.store.disk import files; from crmcli.store.safety import locks
lock = locks.exclusive(Path(sys.argv[1]), "crm lead import") if sys.argv[2] == "ex" else locks.shared(Path(sys.argv[1]))
with lock:
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(root: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Another process holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root), how],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_busy_workspace_names_who_holds_it(tmp_path: Path) -> None:
    with held(tmp_path, "ex") as process:
        start = time.monotonic()
        for lock in (locks.exclusive(tmp_path, "crm", 0.2), locks.shared(tmp_path, 0.2)):
            with pytest.raises(locks.Busy) as caught, lock:
                pass
            assert f"`crm lead import` (process {process.pid})" in caught.value.message
            assert isinstance(caught.value, Conflict)
        assert 0.4 <= time.monotonic() - start < 2


def test_readers_share_and_keep_writers_out(tmp_path: Path) -> None:
    with held(tmp_path, "sh"):
        with locks.shared(tmp_path, 0.2):
            pass
        with (
            pytest.raises(locks.Busy, match="another command"),
            locks.exclusive(tmp_path, "x", 0.2),
        ):
            pass


def test_the_lock_goes_with_a_killed_process_and_the_file_stays(tmp_path: Path) -> None:
    with held(tmp_path, "ex") as process:
        process.kill()
        process.wait()
        with locks.exclusive(tmp_path, "crm", 1.0):
            assert (tmp_path / ".crm/lock").read_text() == f"{os.getpid()} crm\n"
    assert (tmp_path / ".crm/lock").read_text() == ""


def test_a_waiting_command_goes_on_as_soon_as_the_lock_is_free(tmp_path: Path) -> None:
    with held(tmp_path, "ex") as process:
        timer = threading.Timer(0.3, process.kill)
        timer.start()
        start = time.monotonic()
        with locks.exclusive(tmp_path, "crm", 5):
            assert time.monotonic() - start < 2
        timer.join()


def test_a_holder_is_forgotten_even_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locks.exclusive(tmp_path, "crm"):
        raise KeyError
    assert (tmp_path / ".crm/lock").read_text() == ""
    with locks.exclusive(tmp_path, "crm", 0.1):
        pass


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    with locks.exclusive(tmp_path, "crm"):
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False
        )
    with child:
        with locks.exclusive(tmp_path, "crm", 0.2):
            pass
        child.kill()


def test_two_locks_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    with locks.exclusive(tmp_path, "a"):
        (tmp_path / ".crm/lock").read_bytes()  # with a POSIX lock, this close would lose it
        with pytest.raises(locks.Busy), locks.exclusive(tmp_path, "b", 0.05):
            pass


READ_ONLY = """
import os, sys
from pathlib import Path
from crmcli.errors import CrmError
from crmcli.store.disk import files; from crmcli.store.safety import locks
os.setgroups([]); os.setgid(65534); os.setuid(65534)
root = Path(sys.argv[1])
with locks.shared(root, 0.2):
    print((root / "pipelines.yaml").read_text())
try:
    with locks.exclusive(root, "crm", 0.2):
        print("took it")
except CrmError as error:
    print(error.name, error.exit_code, error.message)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("locked_before", [False, True])
def test_who_may_only_read_reads(locked_before: bool) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        root = Path(name)
        root.chmod(0o755)
        (root / "pipelines.yaml").write_text("here")
        if locked_before:
            with locks.exclusive(root, "crm"):
                pass
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, name], capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stdout.splitlines()[0] == "here", done.stderr
        assert "NotYours 4" in done.stdout
        names = os.listdir(root / ".crm") if (root / ".crm").exists() else []
        assert sorted(names) == (["clone-id", "lock"] if locked_before else [])


def test_reading_takes_no_link_and_nothing_but_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    assert files.read_bytes(tmp_path / "file") == b"x" * 3_000_000
    for name in ("link", "folder", "fifo"):
        with pytest.raises(files.UnsafePath):
            files.read_bytes(tmp_path / name)
    with pytest.raises(files.Missing):
        files.read_bytes(tmp_path / "nothing")
    assert files.read_bytes(Path("/proc/self/stat")).startswith(str(os.getpid()).encode())


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "data/../../x", "data//x", "./x", "data/.", "a\0b"])  # fmt: skip
def test_a_path_that_leaves_the_workspace_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(files.UnsafePath):
        files.inside(tmp_path, path)


def test_a_link_on_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/leads").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(files.UnsafePath, match="data/leads is a symbolic link"):
        files.inside(tmp_path, "data/leads/7/lead-7k3qf2m9.yaml")
    (tmp_path / "data/x").symlink_to("nowhere")
    with pytest.raises(files.UnsafePath):
        files.inside(tmp_path, "data/x")
    assert files.inside(tmp_path, "data/deals/7/x.yaml") == tmp_path / "data/deals/7/x.yaml"


def test_a_workspace_that_is_itself_reached_by_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "ws").symlink_to("real")
    assert files.inside(tmp_path / "ws", "data/x") == tmp_path / "ws/data/x"
    with locks.exclusive(tmp_path / "ws", "crm"):
        pass


def test_a_written_file_keeps_mode_and_group(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("a")
    old.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(old, -1, 12345)
    files.write_file(tmp_path / "new", b"b" * 100_000, like=old, rights=rights_in(tmp_path))
    status = (tmp_path / "new").stat()
    assert stat.S_IMODE(status.st_mode) == 0o640
    assert status.st_gid == old.stat().st_gid
    assert (tmp_path / "new").read_bytes() == b"b" * 100_000
    with pytest.raises(CrmError):
        files.write_file(tmp_path / "new", b"")


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    before = os.umask(0o027)
    try:
        files.write_file(
            tmp_path / "new", b"", like=tmp_path / "nothing", rights=rights_in(tmp_path)
        )
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_folders_are_made_once(tmp_path: Path) -> None:
    assert files.make_folders(tmp_path, "data/leads/7") == [
        tmp_path / "data", tmp_path / "data/leads", tmp_path / "data/leads/7",
    ]  # fmt: skip
    assert files.make_folders(tmp_path, "data/leads/7") == []
    (tmp_path / "data/file").touch()
    with pytest.raises(InvalidData):
        files.make_folders(tmp_path, "data/file/7")


def test_one_call_syncs_a_file_system(tmp_path: Path) -> None:
    files.sync_all(tmp_path)
    with pytest.raises(files.Missing):
        files.sync_all(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOSPC, files.DiskFull, 5),
        (errno.EDQUOT, files.DiskFull, 5),
        (errno.EACCES, Forbidden, 4),
        (errno.EROFS, Forbidden, 4),
        (errno.ENOENT, files.Missing, 3),
        (errno.ELOOP, files.UnsafePath, 6),
        (errno.EIO, files.DiskFailed, 7),
        (errno.EMFILE, files.DiskFailed, 7),
    ],
)
def test_errors_of_the_system_have_a_name_and_a_way_out(
    number: int, kind: type[CrmError], code: int
) -> None:
    error = files.plain_error(OSError(number, os.strerror(number)), "write data/x")
    assert isinstance(error, kind)
    assert error.exit_code == code
    assert "write data/x" in error.message
    assert error.hint or kind is files.Missing


LIMITED = """
import resource, sys
from pathlib import Path
from crmcli.errors import CrmError
from crmcli.store.disk import files; from crmcli.store.safety import locks
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    files.write_file(Path(sys.argv[1]), b"x" * 10_000)
except CrmError as error:
    print(error.name)
"""


def test_a_write_that_is_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "DiskFull\n", (
        done.stderr
    )  # the first call wrote 5000 bytes, the second none
    assert (tmp_path / "file").stat().st_size == 5000


def test_of_a_file_that_is_too_long_only_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"123456")
    os.truncate(path, 1 << 40)  # all of it would not fit into memory
    assert files.read_bytes(path, most=5) == b"123456"
    os.truncate(path, 5)
    assert files.read_bytes(path, most=5) == b"12345"
