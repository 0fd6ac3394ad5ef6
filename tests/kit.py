"""What tests build a workspace of: records, files, other clones, imports."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from crmcli.errors import InvalidData
from crmcli.model.company import Company
from crmcli.model.contact import Contact
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.offer import Offer
from crmcli.model.task import Task
from crmcli.sales import add as adding
from crmcli.sales.imports import ImportOptions, import_records, open_source
from crmcli.sales.imports.summary import Summary
from crmcli.sales.records import edit as editing
from crmcli.store.config.settings import load_settings
from crmcli.store.layout import record_path
from crmcli.workspace import Workspace

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, noon in Moscow
Given = str | list[str]
"""What people write for a field: one text, or several for a list."""


T = TypeVar("T")
WHOLE = False
"""Whether `pytest --whole` asked for all of what is otherwise a sample."""


def some(of: Iterable[T], step: int) -> list[T]:
    """Of many cases of one kind each so-manieth. `make torture` has them all (`python -m torture samples`)."""
    return [*of][:: 1 if WHOLE else step]


class Run(NamedTuple):
    """What a run of the real command line gave."""

    code: int
    out: str
    err: str


# -- a workspace and its files --------------------------------------------------------------------


def workspace(root: Path, pipelines: str, settings: str) -> Path:
    """The folder of a workspace with no more than these two files."""
    (root / "data").mkdir(parents=True)
    write(root, "pipelines.yaml", pipelines)
    write(root, "settings.yaml", settings)
    return root


def first_of_several(root: Path) -> str:
    """The first user that settings.yaml names where it names several; else ""."""
    try:
        users = [*load_settings(root).users]
    except InvalidData:
        return ""
    return users[0] if len(users) > 1 else ""


def opened(root: Path, *, user: str = "anna", now: datetime = NOW, clone: str = "") -> Workspace:
    """The workspace as the next command finds it."""
    return Workspace.open(root, user=user, now=now, clone=clone)


def write(root: Path, path: str, text: str) -> Path:
    """Write a file of the workspace, with its folder."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")
    return root / path


def append(root: Path, path: str, text: str) -> None:
    """Write more at the end of a file."""
    with (root / path).open("a", encoding="utf-8") as file:
        file.write(text)


def replace(path: Path, old: str, new: str) -> None:
    """Write another text in the place of one that stands there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def file_of(ws: Workspace, record_id: str) -> Path:
    """The file of a record."""
    return ws.root / record_path(record_id)


def records_of(root: Path) -> dict[str, bytes]:
    """Every file of data/ but the timeline and the audit."""
    found = (
        p
        for p in (root / "data").rglob("*")
        if p.is_file() and not {"timeline", "audit"} & {*p.parts}
    )
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in found}


# -- records --------------------------------------------------------------------------------------


def add(ws: Workspace, entity: str, *, anyway: bool = False, **given: Given) -> Record:
    """Add a record as a door does; the record alone."""
    return adding.add(ws, entity, _listed(given), anyway=anyway).record


def lead(ws: Workspace, *, name: str = "Кровля", anyway: bool = False, **given: Given) -> Lead:
    return cast("Lead", add(ws, "lead", anyway=anyway, name=name, **given))


def deal(ws: Workspace, *, name: str = "Кровля", **given: Given) -> Deal:
    return cast("Deal", add(ws, "deal", name=name, **given))


def contact(ws: Workspace, **given: Given) -> Contact:
    if not {"name", "first_name", "last_name"} & set(given):
        given["name"] = "Анна"
    return cast("Contact", add(ws, "contact", **given))


def company(ws: Workspace, name: str = "Ромашка", **given: Given) -> Company:
    return cast("Company", add(ws, "company", name=name, **given))


def task(ws: Workspace, *, name: str = "Позвонить", **given: Given) -> Task:
    return cast("Task", add(ws, "task", name=name, **given))


def offer(ws: Workspace, **given: Given) -> Offer:
    return cast("Offer", add(ws, "offer", **given))


def put(**values: Given) -> editing.Edit:
    """What an edit asks for that sets fields."""
    return editing.Edit(_listed(values), {}, {})


def edit(ws: Workspace, record_id: str, **values: Given) -> None:
    """Set fields of a record as people do."""
    editing.edit(ws, record_id, put(**values))


def raw(ws: Workspace, record_id: str) -> dict[str, Any]:
    """A record as its file has it."""
    return dict(ws.schema.write(ws.get(record_id)))


def all_of(ws: Workspace, entity: str) -> list[dict[str, Any]]:
    """The records of an entity by name, each as its file has it."""
    ws.look_again()
    return [ws.schema.write(record) for record in ws.select(entity, order=["name"])]


def one(ws: Workspace, entity: str) -> dict[str, Any]:
    """The only record of an entity."""
    [found] = all_of(ws, entity)
    return found


def bring(
    ws: Workspace,
    entity: str,
    data: str | bytes,
    name: str = "x.csv",
    sheet: str = "",
    **wanted: Any,
) -> Summary:
    """Import a file; its rejects go beside the workspace."""
    content = data.encode() if isinstance(data, str) else data
    name = name or ("x.jsonl" if content.startswith(b"{") else "x.csv")
    wanted.setdefault("rejects", ws.root.parent / "rejects.csv")
    source = open_source(content, name, sheet=sheet)
    return import_records(ws, entity, source, name, ImportOptions(**wanted))


def _listed(given: dict[str, Given]) -> dict[str, list[str]]:
    return {name: [v] if isinstance(v, str) else v for name, v in given.items()}


# -- rules ----------------------------------------------------------------------------------------


def pipelines(deals: str = "", leads: str = "") -> str:
    """The text of pipelines.yaml; each is that of `stages:` (and `schedules:`), indented as it likes.

    The stages that end need not be named.
    """
    deals = _ended(
        deals or _DEALS, ("won, name: Успех, kind: won", "lost, name: Провал, kind: lost")
    )
    ends = ("converted, name: Качественный, kind: won", "junk, name: Брак, kind: lost")
    leads = textwrap.indent(_ended(leads or _LEADS, ends), "  ")
    deals = textwrap.indent(deals, "    ")
    return f"leads:\n{leads}\ndeals:\n  - id: sales\n    name: Продажи\n{deals}\n"


def robots(*lines: str) -> str:
    """Stages with these robots in the first, for `pipelines`."""
    listed = "".join(f"      - {line}\n" for line in lines)
    talks = "  - {id: talks, name: Переговоры}\n"
    return f"stages:\n  - id: new\n    name: Новая\n    robots:\n{listed}{talks}"


_DEALS = "stages:\n  - {id: new, name: Новая}\n  - {id: talks, name: Переговоры}\n"
_LEADS = "stages:\n  - {id: new, name: Новый}\n  - {id: working, name: В работе}\n"


def _ended(text: str, ends: tuple[str, str]) -> str:
    text = textwrap.dedent(text).strip("\n")
    if "kind: won" in text:
        return text
    stages, schedules, rest = text.partition("\nschedules:")
    last = "".join(f"\n  - {{id: {end}}}" for end in ends)
    return stages.rstrip() + last + schedules + rest


# -- git and other clones -------------------------------------------------------------------------


def git(root: Path, *args: str) -> str:
    """Run git as Anna; what it printed."""
    done = subprocess.run(
        ["git", "-c", "user.name=Анна", "-c", "user.email=anna@chai.example", *args],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (args, done.stdout, done.stderr)
    return done.stdout.strip()


def begin(root: Path) -> None:
    """Put the workspace under git."""
    (root / ".gitignore").write_text(".crm/\noutbox/\n")
    git(root, "init", "-q", "-b", "main")
    save(root, "begin")


def save(root: Path, message: str) -> None:
    """Commit all."""
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)
