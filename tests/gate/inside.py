"""The gate without a process for each command: what sshd would run, in this one, and what it opens meanwhile."""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import click

from crmcli.cli import gate_door, refusals
from crmcli.cli.gate_door import Door
from crmcli.cli.printing import answer
from crmcli.cli.root import crm
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, CrmError, Forbidden
from tests.kit import Run

_watched: list[str] = []
touched: list[tuple[str, str]] = []
"""What was opened, listed or run under the watched names, since they are watched."""


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watched:
        return
    if event in (
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "pty.spawn",
    ):
        if not str(args[0]).endswith("git"):
            touched.append((event, repr(args)[:200]))
    elif event in (
        "open",
        "os.listdir",
        "os.scandir",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.chdir",
    ):
        for arg in args[:2]:
            if isinstance(arg, str | bytes | os.PathLike):
                name = os.fsdecode(arg)
                touched.extend((event, name) for one in _watched if one in name)


_hooked: list[bool] = []


@contextmanager
def watching(*names: str) -> Iterator[list[tuple[str, str]]]:
    """Note what is opened whose name has one of these in it, and every program that is run."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    touched.clear()
    _watched[:] = names
    try:
        yield touched
    finally:
        _watched.clear()


def enter(root: Path, user: str, asked: str | bytes | Sequence[str], stdin: bytes = b"") -> Run:
    """What somebody gets who comes in and asks for that; any other exception than a refusal is raised."""
    if not isinstance(asked, str | bytes):
        asked = shlex.join(asked)
    raw = asked.encode("utf-8", "surrogatepass") if isinstance(asked, str) else asked
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    session = Session()
    session.folder, session.door = str(root), gate_door.NAME
    session.gate = Door(user, "", "", str(root), ("gate", "--as", user))
    was = sys.stdin, sys.argv[1:]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = _code(session, raw)
            out.flush()
            err.flush()
        said = [stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err)]  # type: ignore[attr-defined]
        return Run(code, *said)
    finally:
        sys.stdin, sys.argv[1:] = was[0], was[1]


def _code(session: Session, raw: bytes) -> int:
    try:
        words = list(gate_door.read(raw).words)
        sys.argv[1:] = words
        with crm.make_context("crm", words, obj=session) as context:
            code = answer(session, crm.invoke(context))
        session.out.flush()
        return session.exit_code or code
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        session.out.error(BadUsage(error.format_message()))
        return 2
    except CrmError as error:
        if isinstance(error, Forbidden):
            refusals.keep(session, error.message)
        session.out.error(error)
        return error.exit_code
