"""Tables of words, read from the files beside this: a line for each row, `name: what it has`."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def rows(table: str) -> list[tuple[str, str]]:
    """The rows of a table in order, each with its name; a line that begins with # is a remark."""
    lines = (_FOLDER / f"{table}.txt").read_text("utf-8").splitlines()
    parted = (line.partition(": ") for line in lines if line and not line.startswith("#"))
    return [(name, said) for name, _, said in parted]


def joined(table: str, between: str = "|") -> dict[str, str]:
    """What each name of a table has, rows of the same name put together."""
    found: dict[str, str] = {}
    for name, said in rows(table):
        found[name] = f"{found[name]}{between}{said}" if name in found else said
    return found
