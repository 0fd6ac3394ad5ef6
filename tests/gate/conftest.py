"""A host with a real sshd: the workspace of tests/rights, and a key of its own for each of its users."""

from __future__ import annotations

import os
import pwd
import re
import select
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

import crmcli
from tests import kit
from tests.forks import forks
from tests.kit import Run
from tests.rights.conftest import ACCESS, SETTINGS, fill

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))
PACKAGE = Path(crmcli.__file__).parents[1]
WHO = ("anna", "boris", "olga", "root")
CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/home/.ssh/authorized_keys
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
MaxStartups 200
MaxSessions 100
AcceptEnv *
LogLevel ERROR
"""


class Host(NamedTuple):
    """The account that keeps the workspace, as those who sit at it and those who come by SSH see it."""

    folder: Path
    root: Path
    ids: dict[str, str]
    port: int = 0

    def here(self, *args: str, stdin: bytes = b"", user: str = "root", **environ: str) -> Run:
        """Run crm at the host itself."""
        return self._run(args, stdin, self.root, {"CRM_USER": user, **environ})

    def enter(self, user: str, asked: str | bytes, stdin: bytes = b"", **environ: str) -> Run:
        """Come through the gate as sshd would let one in, without sshd."""
        text = os.fsdecode(asked)
        words = ("gate", "--as", user, "--state", f"{self.folder}/state", "-C", str(self.root))
        return self._run(words, stdin, Path("/"), {"SSH_ORIGINAL_COMMAND": text, **environ})

    def _run(self, args: Sequence[str], stdin: bytes, cwd: Path, environ: Mapping[str, str]) -> Run:
        state = {"HOME": f"{self.folder}/home", "XDG_STATE_HOME": f"{self.folder}/state"}
        whole = {**os.environ, "PYTHONUTF8": "1", **state, **environ}
        done = forks().run(args, stdin=stdin, cwd=cwd, environ=whole, timeout=60)
        return Run(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode())

    def ssh(self, user: str, *asked: str, stdin: bytes = b"", options: tuple[str, ...] = ()) -> Run:
        """Come by SSH with the key of a user."""
        done = subprocess.run(
            [*self.ssh_line(user), *options, "--", "127.0.0.1", *asked],
            input=stdin, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        return Run(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode())

    def ssh_line(self, user: str) -> list[str]:
        return [
            "ssh", "-F", "none", "-p", str(self.port), "-i", str(self.folder / user), "-l", me(),
            "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
        ]  # fmt: skip

    @property
    def keys(self) -> Path:
        return self.folder / "home/.ssh/authorized_keys"

    def install(self, user: str, *more: str) -> Run:
        """Let a user in by the key; what runs is this very crm."""
        done = self.here("gate", "install", user, str(self.folder / f"{user}.pub"), *more)
        kit.replace(self.keys, f'command="{sys.executable}', f'command="env PYTHONPATH={PACKAGE} {sys.executable}') \
            if f'command="{sys.executable}' in self.keys.read_text() else None  # fmt: skip
        return done


def me() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def made(folder: Path) -> Host:
    """The workspace with its rights, approved."""
    root = kit.workspace(folder / "team", kit.pipelines(), SETTINGS)
    records = fill(root)
    kit.write(root, "access.yaml", ACCESS)
    return Host(folder, root, {name: record.id for name, record in records.items()})


def make_key(path: Path, kind: str = "ed25519", *more: str) -> str:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, *more, "-N", "", "-C", path.name, "-f", str(path)],
        check=True,
    )
    return path.with_name(f"{path.name}.pub").read_text()


@contextmanager
def sshd(host: Host) -> Iterator[Host]:
    """A real sshd on a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make_key(host.folder / "host")
    config = kit.write(host.folder, "sshd_config", CONFIG.format(port=port, folder=host.folder))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (host.folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", str(config)], stderr=log)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield host._replace(port=port)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    if SSHD is None:
        pytest.skip("openssh-server is not installed")
    host = made(tmp_path_factory.mktemp("gate"))
    for user in WHO:
        make_key(host.folder / user)
    with sshd(host) as served:
        for user in WHO:
            assert served.install(user).code == 0
        yield served


@pytest.fixture
def served(_served: Host) -> Host:
    """A host to which one comes by SSH, shared: what a test changes there it takes back."""
    return _served


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host of one's own, without sshd; its rights are approved."""
    found = made(tmp_path)
    assert found.here("gate", "approve", "--yes").code == 0
    return found


def quoted(*words: str) -> str:
    return shlex.join(words)


def until(terminal: int, text: str | None, seconds: float) -> str:
    """What a terminal shows until a text stands there, or till its end."""
    said, last = "", time.monotonic() + seconds
    while time.monotonic() < last:
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        said += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", piece.decode("utf-8", "replace"))
        if text and text in said:
            return said
    assert text is None, said[-2000:]
    assert time.monotonic() < last
    return said
