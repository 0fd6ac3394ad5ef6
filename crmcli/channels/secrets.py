"""Passwords and keys: the settings say where they stand, never what they are."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from crmcli.errors import InvalidData

SECONDS = 15.0
_KINDS = "env:NAME, cmd:COMMAND or file:PATH"


class NoSecret(InvalidData):
    """A password cannot be had from where the settings say it is."""


def read(reference: str) -> str:
    """The secret that `env:NAME`, `cmd:COMMAND` or `file:PATH` stands for; "" for "".

    Raises NoSecret. Neither the secret nor a command's output is ever part of a message.
    """
    if not reference:
        return ""
    kind, colon, rest = reference.partition(":")
    reader = {"env": _from_environment, "cmd": _from_command, "file": _from_file}.get(kind)
    if not colon or reader is None or not rest.strip():
        raise NoSecret("a password does not stand in the settings itself", f"write {_KINDS}")
    secret = reader(rest.strip())
    if not secret:
        raise NoSecret(f"{kind}:{rest.strip()} is empty", "put the password there")
    return secret


def _from_environment(name: str) -> str:
    if name not in os.environ:
        raise NoSecret(f"the variable {name} is not set", f"export {name}=… before crm runs")
    return os.environ[name]


def _from_command(command: str) -> str:
    import subprocess

    try:
        words = shlex.split(command)
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except (ValueError, OSError) as error:
        raise NoSecret(f"cmd:{command} cannot be run: {error}", "try it in the shell") from None
    except subprocess.TimeoutExpired:
        raise NoSecret(
            f"cmd:{command} does not end within {SECONDS:g} s", "it must not ask"
        ) from None
    if done.returncode != 0:
        raise NoSecret(f"cmd:{command} ends with {done.returncode}", "try it in the shell")
    return _first_line(done.stdout, f"cmd:{command}")


def _from_file(name: str) -> str:
    path = Path(name).expanduser()
    if not path.is_absolute():
        raise NoSecret(
            f"file:{name} is not a full path", "keep it outside the workspace, e.g. ~/.config/crm/…"
        )
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
                raise NoSecret(f"others can read {path}", f"chmod 600 {path}")
            return _first_line(file.read(65536), f"file:{name}")
    except OSError as error:
        raise NoSecret(f"file:{name} cannot be read: {error.strerror}", "check the path") from None


def _first_line(data: bytes, where: str) -> str:
    try:
        return data.decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise NoSecret(f"{where} is not text", "one line of UTF-8") from None
