"""Passwords and keys: the settings say where they stand, never what they are."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import time
from pathlib import Path

from crmcli.channels import program
from crmcli.errors import InvalidData
from crmcli.language import tr

SECONDS = 15.0
LONGEST = program.LONGEST
"""Bytes that a command may print, though only its first line counts."""

_KINDS = "env:NAME, cmd:COMMAND or file:PATH"


class NoSecret(InvalidData):
    """A password cannot be had from where the settings say it is."""


def read(reference: str) -> str:
    """The secret that `env:NAME`, `cmd:COMMAND` or `file:PATH` stands for; "" for "". Raises NoSecret.
    Neither the secret nor a command's output is ever part of a message."""
    if not reference:
        return ""
    kind, colon, rest = reference.partition(":")
    reader = {"env": _from_environment, "cmd": _from_command, "file": _from_file}.get(kind)
    if not colon or reader is None or not rest.strip():
        hint = tr("write {} instead", _KINDS)
        raise NoSecret("a password may not be written in settings.yaml", hint)
    secret = reader(rest.strip())
    if not secret:
        shown = f"{rest.split()[0]} …" if kind == "cmd" else rest.strip()
        raise NoSecret(tr("{}:{} is empty", kind, shown), "put the password there")
    return secret


def check(reference: str) -> None:
    """See that a secret can be had here, without running anything; NoSecret."""
    kind, _, rest = reference.partition(":")
    if kind != "cmd":
        read(reference)
        return
    try:
        words = shlex.split(rest)
    except ValueError as error:
        where = tr("cmd:{} …", rest.split()[0])
        raise NoSecret(tr("{} cannot be run: {}", where, error), "try it in the shell") from None
    if not words or shutil.which(words[0]) is None:
        program = words[0] if words else ""
        told = tr("there is no program {!r} to run", program)
        raise NoSecret(told, "install it, or give its path")


def _from_environment(name: str) -> str:
    if name not in os.environ:
        hint = tr("export {}=… before crm runs", name)
        raise NoSecret(tr("the variable {} is not set", name), hint)
    return os.environ[name]


def _from_command(command: str) -> str:
    where = tr("cmd:{} …", command.split()[0])  # its arguments may be what nobody may see
    try:
        ended = program.run(shlex.split(command), time.monotonic() + SECONDS)
    except TimeoutError:
        told = tr("{} did not finish in {:g} s", where, SECONDS)
        raise NoSecret(told, "it must not prompt") from None
    except (ValueError, OSError) as error:
        raise NoSecret(tr("{} cannot be run: {}", where, error), "try it in the shell") from None
    if len(ended.said) > LONGEST:
        told = tr("{} prints more than {} KB", where, LONGEST // 1024)
        raise NoSecret(told, "one line is enough")
    if ended.code != 0:
        raise NoSecret(tr("{} exited with {}", where, ended.code), "try it in the shell")
    return _first_line(ended.said, where)


def _from_file(name: str) -> str:
    path = Path(os.path.expanduser(name))  # noqa: PTH111  # that of Path fails where nobody is called so
    if not path.is_absolute():
        hint = "keep it outside the workspace, e.g. ~/.config/crm/…"
        raise NoSecret(tr("file:{} is not an absolute path", name), hint)
    try:
        with open(path, "rb", opener=_at_once) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise NoSecret(tr("{} is no plain file", path), "check the path")
            if stat.S_IMODE(mode) & 0o077:
                raise NoSecret(tr("{} is readable by others", path), tr("chmod 600 {}", path))
            return _first_line(file.read(LONGEST), f"file:{name}")
    except OSError as error:
        told = tr("file:{} cannot be read: {}", name, error.strerror)
        raise NoSecret(told, "check the path") from None


def _at_once(path: str, flags: int) -> int:
    """Open a file without waiting for anybody, as a pipe would have it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _first_line(data: bytes, where: str) -> str:
    try:
        return data.decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise NoSecret(tr("{} is not text", where), "one line of UTF-8") from None
