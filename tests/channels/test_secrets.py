"""Where passwords come from, and that they are never told."""

from __future__ import annotations

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
        with pytest.raises(NoSecret, match="others can read") as caught:
            secrets.read(f"file:{path}")
        assert "тайна" not in caught.value.message


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
    assert "ends with 3" in caught.value.message
    assert "hunter2" not in caught.value.message.replace("cmd:sh -c 'echo hunter2; exit 3'", "")


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "SECONDS", 0.2)
    with pytest.raises(NoSecret, match="does not end"):
        secrets.read("cmd:sleep 60")
