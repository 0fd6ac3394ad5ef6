"""strace: which calls of a program change a folder, and a kill or an error at one of them."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

CHANGING = (
    "openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "rename", "renameat",
    "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "sync",
    "syncfs",
)  # fmt: skip
MEGABYTES = 300
"""The most memory that a command may take."""
NOW = "2026-11-23T09:00:00+00:00"
_CWD = re.compile("AT_FDCWD<[^>]*>")
_LINE = re.compile(r"(?:\d+ +)?(\w+)\(")

Program = tuple[str, ...]
"""The beginning of a command line that is crm."""


class Point(NamedTuple):
    """A system call of a run: its name, its number among those of that name, the line of strace.

    `inside` is true from the first call for a transaction to the last.
    """

    call: str
    number: int
    line: str
    inside: bool

    @property
    def is_answer(self) -> bool:
        """Whether it writes to stdout."""
        return self.call == "write" and "(1<" in self.line


_UNSAVED = re.compile(r"\.crm/txn/\S+: left by a killed command, never saved.*")
"""What crm check says of files that were staged and never committed: the next change sweeps them away."""


def is_harmless(problem: str) -> bool:
    """Whether a problem is only what a killed command had prepared, and nothing that was saved."""
    return bool(_UNSAVED.fullmatch(problem))


class Done(NamedTuple):
    """What a run gave, how long it took, and for how long a processor worked on it."""

    code: int
    out: str
    err: str
    seconds: float
    worked: float = 0.0

    @property
    def finds_harm(self) -> bool:
        """Whether this run of `crm check` found something that must not be."""
        lines = [line for line in self.out.splitlines() if line]
        return self.code != 0 and not (self.code == 6 and lines and all(map(is_harmless, lines)))

    @property
    def was_killed(self) -> bool:
        """strace kills itself as its child was killed; a shell says 137."""
        return self.code in (-9, 137)


def missing() -> str:
    """Why nothing can be traced here; "" if it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    probe = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True)
    return "" if probe.returncode == 0 else "strace may not trace here"


def crm() -> Program:
    """The installed program."""
    script = Path(sys.executable).with_name("crm")
    return (str(script),) if script.exists() else (sys.executable, "-m", "crmcli")


def environ(**more: str) -> dict[str, str]:
    """An environment in which a run depends on nothing of the person who started it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CRM_", "GIT_"))}
    kept["CRM_LANG"] = "en"
    return {
        **kept, "CRM_NOW": NOW, "CRM_USER": "", "NO_COLOR": "1", "COLUMNS": "100",
        "PYTHONUTF8": "1", "PYTHONHASHSEED": "0", "LOGNAME": "anna", "USER": "anna",
        "PYTHONPATH": str(Path(__file__).parents[1]), **more,
    }  # fmt: skip


def run(
    command: Sequence[str], root: Path, *, stdin: bytes = b"", limit: float = 60, **more: str
) -> Done:
    """Run a command in a workspace; TimeoutExpired, and it is killed, after `limit` seconds."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=root, env=environ(**more), stdin=given, stdout=out, stderr=err,
            preexec_fn=capped,
        )  # fmt: skip
        alarm = threading.Timer(limit, process.kill)
        alarm.start()
        _, status, used = os.wait4(process.pid, 0)  # of this process alone, also with threads
        alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if time.monotonic() - started >= limit:
            raise subprocess.TimeoutExpired(command, limit)
        return Done(
            process.returncode,
            text_of(out),
            text_of(err),
            time.monotonic() - started,
            used.ru_utime + used.ru_stime,
        )


def text_of(file: IO[bytes]) -> str:
    """What was written to a file, from its beginning."""
    file.seek(0)
    return file.read().decode("utf-8", "replace")


FAST = "--seccomp-bpf"
"""Of strace: only the calls that are wanted stop the program. No signal can be sent at one then."""


def strace(command: Sequence[str], root: Path, *options: str) -> Done:
    """Run a command in a workspace under strace."""
    return run(("strace", "-f", "-qq", *options, *command), root)


def points(log: str, root: Path, *, reads: bool = False) -> list[Point]:
    """The calls in a log of strace -y that change the folder, or with `reads` that open a file of it.

    To be killed at an `openat` that makes no file is to be killed at the next call.
    """
    seen: dict[str, int] = {}
    found: list[Point] = []
    lines = log.splitlines()
    of_txn = [n for n, line in enumerate(lines) if f"{root}/.crm/txn" in line]
    first, last = (of_txn[0], of_txn[-1]) if of_txn else (len(lines), -1)
    for n, line in enumerate(lines):
        match = _LINE.match(line)
        if not match:
            continue
        call = match[1]
        seen[call] = seen.get(call, 0) + 1
        line = _CWD.sub("", line)
        touches = f"{root}/" in line or f"{root}>" in line or f'{root}"' in line
        is_answer = call == "write" and "(1<" in line
        if (
            call == "exit_group"
            or is_answer
            or (call in CHANGING and touches and (reads or call != "openat" or "O_CREAT" in line))
        ):
            found.append(Point(call, seen[call], line, first <= n <= last))
    return found


def record(
    command: Sequence[str], root: Path, log: Path, *, reads: bool = False, full: bool = False
) -> tuple[Done, list[Point]]:
    """Run a command to its end and list the points at which it could have been stopped."""
    wanted = ",".join((*CHANGING, "exit_group"))
    verbose = ("-s", "4194304") if full else ("-s", "16384")
    done = strace(command, root, FAST, "-y", *verbose, "-o", str(log), "-e", f"trace={wanted}")
    return done, points(log.read_text("utf-8", "replace"), root, reads=reads)


def inject(
    command: Sequence[str], root: Path, point: Point, what: str, *, on: bool = False
) -> Done:
    """Let one call kill the program or fail; with `on`, that call and all later ones of its name."""
    when = f"{point.number}+" if on else str(point.number)
    fast = () if "signal=" in what else (FAST,)
    return strace(
        command, root, *fast, "-o", "/dev/null", "-e", f"trace={point.call}",
        "-e", f"inject={point.call}:{what}:when={when}",
    )  # fmt: skip


def capped() -> None:
    """Give this process the memory that crm promises to do with; for a child, before it begins.

    Counted is what it can write to (RLIMIT_DATA). RLIMIT_AS would count what threads only reserve.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES << 20, MEGABYTES << 20))
