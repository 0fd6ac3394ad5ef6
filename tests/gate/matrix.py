"""Every open command for every role, on records of one's own, of the team and of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import click

from crmcli.cli.gate_grammar import is_open
from crmcli.model.access import CONVERT, DELETE, EDIT, MOVE
from crmcli.model.entities import ENTITIES
from crmcli.workspace import Workspace
from tests import kit
from tests.gate.inside import enter
from tests.gate.tree import commands
from tests.kit import Run
from tests.rights.conftest import SETTINGS, USERS, fill

ACCESS = """
users: {anna: [manager], boris: [head], olga: [read-only], ivan: [assistant], root: [administrator]}
teams:
  house: {head: root, members: []}
  sales: {head: boris, members: [anna], in: house}
  north: {head: olga, members: [ivan], in: house}
"""
ABSENT = "00000000"
"""Of an id that no record has."""
MORE = {
    "edit": ["--name", "Другое"], "move": ["working"], "bulk": ["--where", "id is not empty"], "merge": [ABSENT],
    "junk": ["--reason", "x"], "lose": ["--reason", "x"],
}  # fmt: skip
VERBS = {
    "edit": EDIT,
    "rm": DELETE,
    "convert": CONVERT,
    "junk": MOVE,
    "win": MOVE,
    "lose": MOVE,
    "move": MOVE,
}
"""What some commands do, as the rights call it."""
OF_RECORDS = (*ENTITIES, "show", "timeline", "log")
OTHERS = (
    "user",
    "team",
    "role",
    "block",
    "call",
    "pipeline",
    "stage",
    "form",
    "intake",
    "jobs",
    "audit",
)
"""Commands whose REF is no record."""
OF_ALL = ("deal", "lead", "contact", "company", "task")


Way: TypeAlias = Callable[[str, Sequence[str]], Run]
"""How a user comes in with a command."""


class Cell(NamedTuple):
    """One command of one user on one record."""

    words: list[str]
    user: str
    entity: str
    owner: str
    verb: str


def made(folder: Path) -> tuple[Path, dict[str, str]]:
    """The base with a role for each user, and the ids of its records."""
    root = kit.workspace(folder / "team", kit.pipelines(), SETTINGS)
    ids = {name: record.id for name, record in fill(root).items()}
    kit.write(root, "access.yaml", ACCESS)
    return root, ids


def cells(
    users: Sequence[str] = USERS, owners: Sequence[str] = USERS, of_all: Sequence[str] = OF_ALL
) -> Iterator[Cell]:
    """Every open command that takes a record, by user, kind of record and owner."""
    for words, command in commands():
        refs = [
            p
            for p in command.params
            if isinstance(p, click.Argument) and p.name in ("ref", "refs", "deal")
        ]
        if not refs or not is_open(words) or words[0] in OTHERS:
            continue
        for entity in [words[0]] if words[0] in ENTITIES else of_all:
            for user in users if entity in OF_ALL else ():
                for owner in owners:
                    yield Cell(_filled(words, command, refs[0]), user, entity, owner, words[-1])


def _filled(words: Sequence[str], command: click.Command, ref: click.Parameter) -> list[str]:
    line = [*words]
    for param in command.params:
        if param is ref:
            line.append("REF")
        elif param.required and words[-1] not in ("merge", "move"):
            line += ["x"] if isinstance(param, click.Argument) else [param.opts[0], "x"]
    line += MORE.get(words[-1], [])
    return [*line, "--dry-run"] if getattr(command, "changes", False) else line


def secrets(ids: dict[str, str], owner: str) -> list[str]:
    """What must not be read of another's records: names and phones, but not what the user typed."""
    number = USERS.index(owner)
    return [f"Сделка {owner}", f"Клиент {owner}", f"Фирма {owner}", f"Лид {owner}", f"Один {owner}",
            f"секрет {owner}", f"123-45-{number:02}", f"123450{number}"]  # fmt: skip


def wrong(root: Path, ids: dict[str, str], cell: Cell, way: Way | None = None) -> str:
    """What is wrong with what a cell gives who comes by that way; "" if nothing is."""
    record_id = ids[f"{cell.entity} {cell.owner}"]
    seen, may = _rights(root, cell, record_id)
    enters = way or partial(enter, root)
    done = enters(cell.user, _named(cell, record_id))
    if done.code == 70 or "Traceback" in done.err:
        return "a bug"
    if not seen:
        absent = enters(cell.user, _named(cell, f"{cell.entity}-{ABSENT}"))
        told = Run(
            done.code, *(text.replace(record_id, f"{cell.entity}-{ABSENT}") for text in done[1:])
        )
        if told != absent:
            return f"not as if it were not there: {told} instead of {absent}"
        said = done.out + done.err
        return next((f"tells {word!r}" for word in secrets(ids, cell.owner) if word in said), "")
    is_of_records = cell.words[0] in OF_RECORDS and cell.verb not in (
        "check",
        "uncheck",
    )  # of a list
    if done.code == 3 and record_id in done.err and is_of_records:
        return f"not found, though it may be seen: {done.err}"
    if (
        cell.verb in VERBS
        and cell.words[0] in ENTITIES
        and done.code in (0, 4)
        and (done.code == 0) != may
    ):
        return f"{done.code}, though it {'may' if may else 'may not'} be done: {done.err}"
    return ""


_opened: dict[tuple[Path, str], Workspace] = {}


def _rights(root: Path, cell: Cell, record_id: str) -> tuple[bool, bool]:
    ws = _opened.get((root, cell.user)) or kit.opened(root, user=cell.user)
    _opened[root, cell.user] = ws
    assert ws.rights is not None
    house = _opened.get((root, "root")) or kit.opened(root, user="root")
    _opened[root, "root"] = house
    may = cell.verb in VERBS and ws.rights.may_with(VERBS[cell.verb], house.get(record_id))
    return ws.is_seen(record_id), may


def _named(cell: Cell, record_id: str) -> list[str]:
    return [record_id if word == "REF" else word for word in cell.words]
