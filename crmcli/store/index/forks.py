"""Forked helpers of a command that reads much: they hold nothing of its own, and none outlives it."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO, NamedTuple

_PIPE = 1 << 20
_YES, _NO = b"1", b"0"


class Helper(NamedTuple):
    """One of them, and what it says."""

    pid: int
    said: BinaryIO


def are_possible() -> bool:
    """Whether there is more than one core, and no thread that a fork would lose; and whether children are
    waited for: else their numbers may be somebody else's when we are done with them."""
    threads, is_ignored = (
        sys.modules.get("threading"),
        signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN,
    )
    return cores() > 1 and not is_ignored and not (threads and threads.active_count() > 1)


def cores() -> int:
    """How many processors are ours."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fork(work: Callable[[int], None], *kept: int) -> Helper:
    """A helper that does some work, and says what it has to say into the descriptor that it is given.
    `kept` are those of our descriptors that it needs."""
    said, out = os.pipe()
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, _PIPE)
    try:
        pid = os.fork()
    except OSError:
        os.close(said)
        os.close(out)
        raise
    if pid == 0:
        _help(work, out, kept)
    os.close(out)
    return Helper(pid, os.fdopen(said, "rb"))


def end(helpers: Iterable[Helper]) -> None:
    """Be rid of them, whatever they do."""
    for helper in helpers:
        helper.said.close()
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(helper.pid, signal.SIGKILL)
            os.waitpid(helper.pid, 0)


def chosen(paths: Sequence[str], is_wanted: Callable[[str], bool]) -> list[str]:
    """Those of many paths that are wanted, every second one as a helper finds it."""
    ours, theirs = paths[::2], paths[1::2]

    def work(out: int) -> None:
        os.write(out, b"".join(_YES if is_wanted(path) else _NO for path in theirs))

    try:
        helper = fork(work)
    except OSError:  # no more processes
        return [*filter(is_wanted, paths)]
    try:
        wanted = {*filter(is_wanted, ours)}
        said = helper.said.read()
    finally:
        end([helper])
    if len(said) == len(theirs):
        wanted.update(path for path, one in zip(theirs, said, strict=True) if one == _YES[0])
    else:  # it came to harm: who looks alone meets the same trouble, and says it
        wanted.update(filter(is_wanted, theirs))
    return [path for path in paths if path in wanted]


def _help(work: Callable[[int], None], out: int, kept: Sequence[int]) -> None:
    """Work, then end. Nothing of the command's own is touched or cleaned up.

    No lock outlives the command because of us: our copies of its files are closed at once, and
    whoever writes to a command that is no more is ended by the system.
    """
    status = 1
    try:
        gc.disable()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(sign, signal.SIG_DFL)
        _keep_only(out, *kept)
        work(out)
        status = 0
    finally:
        os._exit(status)


def _keep_only(*kept: int) -> None:
    first = 3
    for one in sorted(kept):
        os.closerange(first, one)
        first = one + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))
