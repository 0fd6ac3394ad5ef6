"""What `crm init` tells git of a folder: lines that a workspace of an older crm lacks."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.errors import Problem
from crmcli.language import counted, tr
from crmcli.store.config import starter
from crmcli.store.disk import files
from crmcli.store.git import commands, tracked
from crmcli.store.safety import locks
from crmcli.workspace import Workspace
from crmcli.workspace.storage import Fixed

_ATTRIBUTES, _IGNORED = ".gitattributes", ".gitignore"


def problems(ws: Workspace) -> Iterator[Problem]:
    """A warning for each of the two files that lacks lines: clones would meet conflicts that need not be."""
    for path, lines in _lacking(ws).items():
        said = tr("{} lacks what a new workspace has: {}", path, "; ".join(lines))
        yield Problem(path, 0, said, "crm check --fix adds it")


def fix(ws: Workspace) -> Iterator[Fixed]:
    """Add the lines, each before those that come after it in a new workspace, since the last one counts."""
    for path, lines in _lacking(ws).items():
        if not ws.dry_run:
            with locks.exclusive(ws.root, "check", any_disk=ws.settings.any_disk):
                files.write_over(ws.root / path, _with(_text(ws, path), _ours(path), lines))
        what = tr("added {}: {}; commit it", counted(len(lines), "line"), "; ".join(lines))
        yield Fixed(path, what)


def _lacking(ws: Workspace) -> dict[str, list[str]]:
    """By file the lines that git lacks here; none where the folder is not in git, or is only read."""
    if ws.only_reads or tracked.index_of(ws.root) is None:
        return {}
    try:
        found = {_ATTRIBUTES: _attributes(ws), _IGNORED: _ignored(ws)}
        is_ours = any(found.values()) and not commands.is_ignored(ws.root)
    except (commands.GitFailed, files.UnsafePath):
        return {}
    return {path: lines for path, lines in found.items() if lines and is_ours}


def _attributes(ws: Workspace) -> list[str]:
    """The lines whose attributes git does not give to a file of that pattern, by whatever file of its own;
    a line of somebody's for the same pattern is meant as it stands."""
    decided = {line.split()[0] for line in _lines(_text(ws, _ATTRIBUTES))}
    lines = {line: line.split() for line in _ours(_ATTRIBUTES)}
    samples = {words[0].replace("**", "x/x").replace("*", "x") for words in lines.values()}
    names = sorted({word.lstrip("-").partition("=")[0] for w in lines.values() for word in w[1:]})
    given = "\0".join(samples).encode()
    said = commands.output(ws.root, "check-attr", "-z", "--stdin", *names, given=given)
    parts = said.decode("utf-8", "replace").split("\0")
    has = {(parts[at], parts[at + 1]): parts[at + 2] for at in range(0, len(parts) - 2, 3)}
    lacking = []
    for line, (pattern, *wanted) in lines.items():
        sample = pattern.replace("**", "x/x").replace("*", "x")
        if pattern not in decided and any(has.get((sample, n)) != v for n, v in map(_pair, wanted)):
            lacking.append(line)
    return lacking


def _pair(word: str) -> tuple[str, str]:
    """An attribute and its value, as check-attr has them."""
    name, _, value = word.partition("=")
    return name.lstrip("-"), value or ("unset" if word.startswith("-") else "set")


def _ignored(ws: Workspace) -> list[str]:
    decided = {line.lstrip("!/").rstrip("/") for line in _lines(_text(ws, _IGNORED))}
    wanted = [line for line in _ours(_IGNORED) if line.rstrip("/") not in decided]
    ignored = commands.ignored(ws.root, [f"{line}x" for line in wanted])
    return [line for line in wanted if f"{line}x" not in ignored]


def _with(text: str, ours: list[str], added: list[str]) -> bytes:
    """A text with lines added, each before the first one that stands there and comes later in `ours`."""
    lines = text.splitlines()
    for line in added:
        later = set(ours[ours.index(line) + 1 :]) - set(added)
        at = next((i for i, there in enumerate(lines) if there.strip() in later), len(lines))
        lines.insert(at, line)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def _ours(path: str) -> list[str]:
    """The lines of a new workspace, the same in every language."""
    return _lines(starter.starter_files("en")[path].decode())


def _text(ws: Workspace, path: str) -> str:
    try:
        data = files.read_bytes(ws.root / path)
    except files.Missing:
        return ""
    return data.decode("utf-8", "surrogateescape")


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line and line[0] != "#"]
