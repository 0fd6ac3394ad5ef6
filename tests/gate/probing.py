"""Names of files as values of every parameter: none of them may be opened."""

from __future__ import annotations

from pathlib import Path

import click

from crmcli.cli.gate_grammar import is_open
from tests.gate.inside import enter, watching
from tests.gate.tree import commands

SECRET = "TOPSECRET"
"""What stands in the file; whoever prints it has read it."""


def probe(root: Path, ref: str, place: Path, *, each: bool) -> int:
    """Give each parameter of each open command the name of a file in all the ways in which programs take one;
    unless `each`, a parameter that several nouns have once and in one way. How many were tried."""
    place.mkdir()
    (place / "secret.txt").write_text(f"{SECRET}: 1\n")
    names = [f"{place}/secret.txt", f"@{place}/secret.txt", "CANARY/secret.txt"]
    seen: set[tuple[str, str]] = set()
    tried = 0
    with watching(place.name, "secret.txt") as touched:
        for words, param, command in _parameters():
            verb = words[-1] if isinstance(param, click.Argument) else ""
            if not each and (verb, param.opts[0]) in seen:
                continue
            seen.add((verb, param.opts[0]))
            for name in names if each else names[:1]:
                line = _filled(words, command, param, name, ref)
                done = enter(root, "root", line, name.encode())
                tried += 1
                assert not touched, (line, touched)
                assert SECRET not in done.out + done.err, line
    return tried


def _parameters() -> list[tuple[tuple[str, ...], click.Parameter, click.Command]]:
    found = []
    for words, command in commands():
        if not is_open(words) or words[0] in ("undo", "board"):
            continue
        for param in command.params:
            is_flag = isinstance(param, click.Option) and (param.is_flag or param.count)
            if not is_flag and isinstance(param.type, click.types.StringParamType | click.Path):
                found.append((words, param, command))
    return found


def _filled(
    words: tuple[str, ...], command: click.Command, param: click.Parameter, value: str, ref: str
) -> list[str]:
    """The command with that value, and something for whatever else it must have."""
    line = [*words]
    if isinstance(param, click.Option):
        line += [param.opts[0], value]
    for other in command.params:
        if isinstance(other, click.Argument):
            if other is param:
                line.append(value)
            elif other.required:
                line.append(ref)
        elif other.required and other is not param:
            line += [other.opts[0], "x"]
    return [*line, "--dry-run"] if getattr(command, "changes", False) else line
