"""Where passwords come from, and that they are never told."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from crmcli.channels import secrets
from crmcli.channels.secrets import NoSecret


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", "пароль")
    assert secrets.read("env:MAIL_PASSWORD") == "пароль"
    assert secrets.read("") == ""


def test_from_a_command() -> None:
    assert secrets.read("cmd:printf 'one\\ntwo\\n'") == "one"


def test_from_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("тайна\nвторая строка\n")
    path.chmod(0o600)
    assert secrets.read(f"file:{path}") == "тайна"
    for mode in (0o640, 0o604, 0o644):
        path.chmod(mode)
        with pytest.raises(NoSecret, match="is readable by others") as caught:
            secrets.read(f"file:{path}")
        assert "тайна" not in caught.value.message


def test_what_is_no_file_is_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path, why in (
        (tmp_path / "pipe", "is no plain file"), ("/dev/zero", "is no plain file"),
        (tmp_path, "is no plain file|cannot be read"), ("~nobody-is-called-so/p", "is not an absolute path"),
    ):  # fmt: skip
        for ask in (secrets.read, secrets.check):
            with pytest.raises(NoSecret, match=why):
                ask(f"file:{path}")


def test_home_is_written_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "p").write_text("x")
    (tmp_path / "p").chmod(0o600)
    assert secrets.read("file:~/p") == "x"


@pytest.mark.parametrize(
    "reference",
    ["hunter2", "env:", "env:NOT_SET_ANYWHERE", "cmd:false", "cmd:no-such-program", "cmd:'", "cmd:true", "file:p", "file:/no/such",
     "vault:x", "cmd:printf '\\377'"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(reference: str) -> None:
    with pytest.raises(NoSecret) as caught:
        secrets.read(reference)
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_a_command_that_fails_does_not_tell_what_it_said() -> None:
    with pytest.raises(NoSecret) as caught:
        secrets.read("cmd:sh -c 'echo hunter2; exit 3'")
    assert "exited with 3" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "SECONDS", 0.2)
    with pytest.raises(NoSecret, match="did not finish in"):
        secrets.read("cmd:sleep 60")


@pytest.mark.parametrize("command", ["yes", "cat /dev/zero"])
def test_a_command_that_never_stops_talking_is_ended(command: str) -> None:
    with pytest.raises(NoSecret, match="more than 64 KB"):
        secrets.read(f"cmd:{command}")


def is_running(marker: str) -> bool:
    """Whether a process other than a dead one has that word on its command line."""
    return any(
        marker.encode() in (place / "cmdline").read_bytes().split(b"\0")
        for place in Path("/proc").iterdir()
        if place.name.isdigit() and (place / "cmdline").exists()
    )


@pytest.mark.parametrize(
    ("command", "is_read"),
    [("echo pw; sleep {} &", True), ("sleep {} & sleep 61", False), ("exec >&-; sleep {}", False)],
)
def test_what_a_command_leaves_running_is_ended_with_it(
    command: str, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "SECONDS", 10.0 if is_read else 0.3)
    mark = f"{60 + os.getpid()}.{os.urandom(2)[0]:03}"
    started = time.monotonic()
    reference = f"cmd:sh -c '{command.format(mark)}'"
    if is_read:
        assert secrets.read(reference) == "pw"
    else:
        with pytest.raises(NoSecret, match="did not finish in"):
            secrets.read(reference)
    assert time.monotonic() - started < 5
    until = time.monotonic() + 5
    while is_running(mark) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_running(mark)


def test_a_command_cannot_ask() -> None:
    with pytest.raises(NoSecret, match="is empty"):
        secrets.read("cmd:cat")
