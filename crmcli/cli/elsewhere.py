"""Whether a command is meant for the workspace of another machine: by --remote, or by a file here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

FILE = "crm-remote.yaml"
"""A file with the line `remote: ssh://…`, for the folder in which it stands and those below."""
OPTION = "--remote"
_START = "remote:"
_HERE = frozenset(("init", "completion", "help", "gate", "trust", "serve", "login", "logout"))
"""Commands that are about this machine, wherever the records are."""


def wanted(args: Sequence[str]) -> tuple[str, list[str]]:
    """The address of --remote, or of a file here, with the other words; "" where nobody wants it."""
    words = [*args]
    for number, word in enumerate(words):
        if word == "--":
            break
        if word == OPTION:
            return "".join(words[number + 1 : number + 2]) or "-", words[:number] + words[
                number + 2 :
            ]
        if word.startswith(f"{OPTION}="):
            return word.partition("=")[2] or "-", words[:number] + words[number + 1 :]
    first = next((word for word in words if not word.startswith("-")), "")
    if (
        not first
        or first in _HERE
        or "CRM_WORKSPACE" in os.environ
        or {"-C", "--workspace"} & {*words}
    ):
        return "", words
    return _of_folder(), words


def _of_folder() -> str:
    """The address that the nearest file names, unless a workspace is nearer."""
    with suppress(OSError):
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / "pipelines.yaml").exists():
                return ""
            path = folder / FILE
            if path.exists() and path.stat().st_uid == os.geteuid():
                return _said(path)
    return ""


def _said(path: Path) -> str:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    said = [line.removeprefix(_START).strip(" '\"") for line in lines if line.startswith(_START)]
    return said[0] if said else "-"
