"""Mending what has one right answer; everything else is left to a person."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from crmcli.model.schema import CLASSES
from crmcli.model.values import Email, Phone
from crmcli.sales.links import links_of
from crmcli.sales.records import with_values, without_link
from crmcli.store import files, layout
from crmcli.store.index import base
from crmcli.store.transaction import Transaction, recover, strays

if TYPE_CHECKING:
    from crmcli.model.fields import Field, Record
    from crmcli.workspace import Workspace

KINDS = ("phone", "phones", "email", "emails")
RUBBISH = ("clone-id.", "index.db.new")
"""Beginnings of names in .crm/ that only a killed command leaves behind."""


class Mended(NamedTuple):
    """What was mended, or would be."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class Loose(NamedTuple):
    """A link to a record that is not there."""

    record: str
    field: str
    target: str


def mend(ws: Workspace, may_unlink: Callable[[Loose], bool]) -> Iterator[Mended]:
    """Mend the workspace's own state, the timeline's line ends, the spelling of phones and e-mails,
    and, where `may_unlink` says so, links that lead nowhere. A dry run only tells."""
    yield from _own_state(ws)
    yield from _line_ends(ws)
    ws.look_again()
    for entity in CLASSES:
        for found in ws.select(entity):
            yield from _of_record(ws, found, may_unlink)


def _own_state(ws: Workspace) -> Iterator[Mended]:
    """What stands in .crm/ and belongs to no change."""
    left = strays(ws.root)
    if left and not ws.dry_run:
        with files.exclusive(ws.root, "check"):
            recover(ws.root)
    yield from (Mended(path, "removed what a killed command had left") for path in left)
    folder = ws.root / layout.STATE
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    for name in names:
        if name.startswith(RUBBISH):
            if not ws.dry_run:
                with files.os_errors(f"remove {layout.STATE}/{name}"):
                    (folder / name).unlink(missing_ok=True)
            yield Mended(f"{layout.STATE}/{name}", "removed what a killed command had left")
    if not base.is_sound(ws.root):
        if not ws.dry_run:
            base.discard(ws.root)
        yield Mended(base.PATH, "removed: it was damaged, and is built anew from the files")


def _line_ends(ws: Workspace) -> Iterator[Mended]:
    """Timeline files whose last line is whole but has lost its end."""
    from crmcli.store import timeline

    for path in sorted((ws.root / layout.TIMELINE).glob("*/*.csv")):
        name = path.relative_to(ws.root).as_posix()
        size, tail = files.read_tail(path, 1)
        if not size or tail == b"\n" or timeline.read_file(path).end < size:
            continue  # cut in the middle, which is reported: nobody knows what it said
        if not ws.dry_run:
            _end_line(ws, path, name)
        yield Mended(name, "gave the last line its end")


def _end_line(ws: Workspace, path: Path, name: str) -> None:
    with files.exclusive(ws.root, "check"):
        recover(ws.root)
        content = files.read_bytes(path)
        plan = Transaction(ws.root, "check --fix", ws.user)
        if not content.endswith(b"\n"):
            plan.put(name, content + b"\n", files.digest(content))
        plan.commit()


def _of_record(
    ws: Workspace, found: Record, may_unlink: Callable[[Loose], bool]
) -> Iterator[Mended]:
    """The phones, e-mails and links of one record, looked at again under the lock."""
    path = layout.record_path(found.id)
    loose = [Loose(found.id, n, t) for n, t, _ in links_of(ws, found) if not ws.exists(t)]
    wanted = [link for link in loose if may_unlink(link)]  # asked before the lock is taken
    if not wanted and not _spelling(ws, found):
        return
    told: list[str] = []
    with ws.change("check --fix") as change:
        record = change.get(found.id)
        values = _spelling(ws, record)
        for name, value in values.items():
            told.append(f"{name} {_words(record.get(name))} → {_words(value)}")
        record = with_values(ws, record, values)
        for link in wanted:
            record = without_link(ws, record, link.target)
            told.append(f"{link.field} no longer links to {link.target}, which is not there")
        change.save(record)
    yield from (Mended(path, what) for what in told)


def _spelling(ws: Workspace, record: Record) -> dict[str, Any]:
    """The fields whose phones or e-mails are written otherwise than crm writes them."""
    values: dict[str, Any] = {}
    for field in ws.schema.fields(record.entity):
        if field.kind not in KINDS:
            continue
        old = cast("Any", record.get(field.name))
        items = old if isinstance(old, tuple) else (old,) if old else ()
        new = tuple(_canonical(ws, field, item) for item in items)
        if new != items:
            values[field.name] = new if isinstance(old, tuple) else new[0]
    return values


def _canonical(ws: Workspace, field: Field, item: Any) -> Any:
    """One phone or e-mail as crm writes it; as it stands where it is several, or none at all."""
    from crmcli.model.inputs import read_input
    from crmcli.model.phones import parse_phones

    if isinstance(item, Phone):
        try:
            read = parse_phones(item.value, ws.settings.phone_country)
        except ValueError:
            return item
        return replace(item, value=read[0].value) if len(read) == 1 else item
    text = item.value if isinstance(item, Email) else item
    one = replace(field, kind=field.kind.removesuffix("s"))
    try:
        raw = read_input(one, str(text), ws.inputs)
    except ValueError:
        return item
    if not isinstance(raw, str):
        return item
    return replace(item, value=raw) if isinstance(item, Email) else raw


def _words(value: Any) -> str:
    items = value if isinstance(value, tuple) else (value,)
    return ", ".join(str(getattr(item, "value", item)) for item in items)
