"""Real processes of crm that begin at once: each is a fork of one that has imported all of it.

What Python's start and the imports cost is most of a short command, and a test wants the command. The fork has
its own arguments, folder, environment, files and exit code, and ends as any Python does.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import inspect
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

COMMAND = (sys.executable, "-m", "crmcli")
LONGEST = 100_000
"""Bytes of a request; what is larger is started as usual."""
_READ_AT_START = ("LANG=", "LC_", "LD_", "MALLOC", "PYTHON", "TZ")
_ENCODING = "PYTHONIOENCODING"
"""What Python reads before it comes to us: a command to which it says something else is no fork. (LANGUAGE it does
not read, and a process that has spoken Russian has it set: `crmcli/language.py`.) The encoding of its streams a
fork can have of its own."""
_BESIDE = (
    "croniter", "csv", "email.message", "http.client", "jinja2", "phonenumbers", "shlex", "shutil", "smtplib",
    "sqlite3", "stdnum", "tempfile", "yaml",
)  # fmt: skip


def _at_start(environ: Mapping[str, str]) -> dict[str, str]:
    read = {name: value for name, value in environ.items() if f"{name}=".startswith(_READ_AT_START)}
    return {name: value for name, value in read.items() if name != _ENCODING}


class Forks:
    """The process that has imported crm, as the tests see it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._at_start = _at_start(environ)
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], env=environ,
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def close(self) -> None:
        """Let it end."""
        self._door.close()
        self._process.wait()

    def takes(self, environ: Mapping[str, str]) -> bool:
        """Whether a command in that environment can be a fork."""
        return _at_start(environ) == self._at_start

    def run(
        self,
        args: Sequence[str | Path],
        *,
        stdin: bytes | int,
        cwd: Path,
        environ: Mapping[str, str],
        timeout: float = 120,
        stdout: int = -1,
        seconds: Mapping[str, float] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end, which reads those bytes or that file; TimeoutExpired after `timeout` seconds.

        What it says goes to the file `stdout`, if one is given. `seconds` are what constants of ours, each by
        its whole name, are for it: whoever is to wait in vain waits no longer than a test wants.
        """
        os.umask(mask := os.umask(0o077))
        words = [*map(str, args)]
        wanted = {"args": words, "cwd": str(cwd), "environ": dict(environ), "umask": mask}
        request = json.dumps({**wanted, "seconds": seconds or {}}).encode()
        with TemporaryFile() as out, TemporaryFile() as err, _readable(stdin) as file:
            if not self.takes(environ) or len(request) > LONGEST:
                assert not seconds, "only a fork has other constants"
                return subprocess.run(
                    [*COMMAND, *words], stdin=file, stdout=subprocess.PIPE if stdout < 0 else stdout,
                    stderr=subprocess.PIPE, cwd=cwd, env=environ, timeout=timeout, check=False,
                )  # fmt: skip
            ours, theirs = socket.socketpair()
            with ours:
                with theirs:
                    files = [
                        file,
                        out.fileno() if stdout < 0 else stdout,
                        err.fileno(),
                        theirs.fileno(),
                    ]
                    socket.send_fds(self._door, [request], files)
                code = _code(ours, [*COMMAND, *words], timeout)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), err.read())


@functools.cache
def forks() -> Forks:
    """The one of this process, started when it is first wanted."""
    made = Forks({**os.environ, "PYTHONUTF8": "1"})
    atexit.register(made.close)
    return made


def _code(answers: socket.socket, command: list[str], timeout: float) -> int:
    """The exit code, negative for a signal, of the process whose number is the first answer."""
    answers.settimeout(timeout)
    with answers.makefile("rb") as lines:
        process = int(lines.readline())
        try:
            return os.waitstatus_to_exitcode(int(lines.readline()))
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, timeout) from None


@contextlib.contextmanager
def _readable(data: bytes | int) -> Iterator[int]:
    """The reading end of a pipe through which those bytes come; what is a file already stays one."""
    if isinstance(data, int):
        yield data
        return
    reading, writing = os.pipe()

    def write() -> None:
        with contextlib.suppress(BrokenPipeError), open(writing, "wb") as file:
            file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield reading
    finally:
        os.close(reading)
        writer.join()


# -- the process itself ---------------------------------------------------------------------------


def _import_all() -> None:
    import crmcli

    for module in pkgutil.walk_packages(crmcli.__path__, "crmcli."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for name in _BESIDE:
        import_module(name)


def _warm() -> None:
    """Have what is made when it is first wanted and the same for every workspace, as patterns and templates are."""
    from crmcli import language
    from crmcli.automation.config_checks import look_through
    from crmcli.dataclass import _written_init
    from crmcli.sales.init import create

    look_through(Path(__file__).parents[1], datetime.now(UTC))
    with TemporaryDirectory() as folder:
        root = Path(folder) / "ws"
        create.create_workspace(root, language="en", use_git=False)
        look_through(root, datetime.now(UTC))
    language.in_all("x")
    for cls in _classes():
        if cls.__init__.__name__ == "first_init":
            frozen = inspect.getclosurevars(cls.__init__).nonlocals["frozen"]
            cls.__init__ = _written_init(cls, frozen=frozen)
    _fill_gaps()


def _classes() -> Iterator[Any]:
    """The classes of crm."""
    ours = (module for name, module in sys.modules.items() if name.startswith("crmcli."))
    return (value for module in ours for value in vars(module).values() if isinstance(value, type))


def _fill_gaps() -> None:
    """Take all gaps between what is in memory, for each that a fork fills costs it a copy of the page around."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.sbrk.restype, libc.sbrk.argtypes = ctypes.c_void_p, [ctypes.c_ssize_t]
    end = libc.sbrk(0)
    for size in (*range(1 << 17, 8192, -1024), *range(8192, 1024, -128), *range(1024, 0, -16)):
        while end - (1 << 30) < (libc.malloc(size) or 0) < end - (1 << 20):
            pass  # it lay within


def _serve(door: socket.socket) -> dict[str, Any]:
    """Fork for each request, and tell how each fork ended; what was requested, in the fork that is to do it."""
    gc.freeze()  # what is shared need not be looked through by each fork
    waited: dict[int, int] = {}
    ended, ends = os.pipe()
    os.set_blocking(ends, False)
    signal.set_wakeup_fd(ends, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([door, ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            _tell(waited)
        if door in ready:
            request, files, *_ = socket.recv_fds(door, 2 * LONGEST, 4)
            if not request:
                os._exit(0)
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _keep(files, {door.detach(), ended, ends, *waited.values()})
                return dict(json.loads(request))
            for file in files[:3]:
                os.close(file)
            with contextlib.suppress(OSError):
                os.write(files[3], b"%d\n" % process)
            waited[process] = files[3]


def _keep(files: list[int], others: set[int]) -> None:
    """Have the three files of a command, and none but these."""
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
    for file in {*files, *others}:
        os.close(file)


def _tell(waited: dict[int, int]) -> None:
    """Say how each process ended that did; whoever asked may have gone."""
    while waited:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        with open(waited.pop(process), "wb", buffering=0) as answer, contextlib.suppress(OSError):
            answer.write(b"%d\n" % status)


def _speak_in(encoding: str, errors: str = "strict") -> None:
    """Have streams of that encoding, as Python makes them where the environment names one."""
    for stream, how in (
        (sys.stdin, errors),
        (sys.stdout, errors),
        (sys.stderr, "backslashreplace"),
    ):
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(encoding=encoding, errors=how)


def _begin(request: dict[str, Any]) -> None:
    """Be `python -m crmcli` with these words, there."""
    os.chdir(request["cwd"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environ"])
    sys.argv = ["crmcli", *request["args"]]
    if os.environ.get(_ENCODING):
        _speak_in(*os.environ[_ENCODING].split(":"))
    sys.path.insert(0, request["cwd"])
    for name, seconds in request["seconds"].items():
        module, _, constant = name.rpartition(".")
        assert hasattr(import_module(module), constant), name
        setattr(import_module(module), constant, seconds)
    runpy.run_module("crmcli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    _import_all()
    _warm()
    _begin(_serve(socket.socket(fileno=int(sys.argv[1]))))
