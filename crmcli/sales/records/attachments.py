"""Files of a record: attached, read back, taken off. Each content is stored once, by its sha256."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from crmcli.errors import BadUsage, Conflict, NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.values import Attachment, safe_name

if TYPE_CHECKING:
    from pathlib import Path

    from crmcli.workspace import Change, Workspace

LARGEST = 50_000_000
"""Bytes of one file: it is held in memory while it is written, and git keeps it for ever."""


class AlreadyAttached(Conflict):
    """The record has another file of that name."""


class New(NamedTuple):
    """A file to attach: the name it shall have, and its content."""

    name: str
    content: bytes


def read(path: Path, name: str = "") -> New:
    """A file from anywhere, to be attached under its own name or another; BadUsage if it cannot be."""
    from crmcli.store.disk import files

    name = name or os.fsencode(path.name).decode("utf-8", "replace")  # it may be any bytes
    wanted = named_new(name, b"").name
    if path.exists() and not path.is_file():
        raise files.UnsafePath(tr("{} is not a regular file", path), "save it as a file first")
    content = files.read_bytes(os.path.realpath(path), most=LARGEST)
    if len(content) > LARGEST:
        raise BadUsage(
            tr("{} is larger than {} MB", path, LARGEST // 1000000),
            "keep large files elsewhere and note their address with --set urls=…",
        )
    return New(wanted, content)


def named_new(name: str, content: bytes) -> New:
    """A content to attach under that name; BadUsage if a file cannot be called so."""
    wanted = safe_name(name)
    if not wanted:
        raise BadUsage(tr("{!r} is not a valid file name", name), "give one with --name")
    return New(wanted, content)


def attach(ws: Workspace, record_id: str, new: Sequence[New], *, instead: bool = False) -> Record:
    """Attach files to a record; AlreadyAttached if a name has another content, unless `instead`."""
    with ws.change("file add") as change:
        old = change.get(record_id)
        standing = {attachment.name: attachment for attachment in of(old)}
        for name, content in new:
            attachment = Attachment(name, change.attach(content))
            if not instead and standing.get(name, attachment) != attachment:
                raise AlreadyAttached(
                    tr("{} has another file called {}", record_id, name),
                    "attach it with --name under another name, or --replace",
                )
            standing[name] = attachment
        record = _with(old, standing.values())
        change.save(record)
    return record


def kept(
    change: Change, record: Record, files: Sequence[tuple[str, bytes]]
) -> tuple[Attachment, ...]:
    """The files of a record with those that were made of it: one of a name that is there stands instead."""
    standing = {attachment.name: attachment for attachment in of(record)}
    for name, content in files:
        standing.pop(name, None)
        standing[name] = Attachment(name, change.attach(content))
    return tuple(standing.values())


def keep_in(change: Change, record_id: str, new: New) -> dict[str, str]:
    """Attach, within an open change, a file that was made of a record, in the place of one of its name; its
    name, and its path from the root."""
    from crmcli.store import layout

    record = change.get(record_id)
    files = kept(change, record, [new])
    if of(record) != files:
        change.save(record.with_values({"files": files}))
    return {"name": new.name, "path": layout.file_path(files[-1].file)}


def detach(ws: Workspace, record_id: str, name: str) -> tuple[Record, Attachment]:
    """Take a file off a record; its content stays stored, for the record's past."""
    with ws.change("file rm") as change:
        old = change.get(record_id)
        found = named(old, name)
        record = _with(old, (attachment for attachment in of(old) if attachment != found))
        change.save(record)
    return record, found


def named(record: Record, name: str = "") -> Attachment:
    """The file of that name, or the beginning of its name or content; the only one if "" is given."""
    known = of(record)
    exact = [attachment for attachment in known if attachment.name == name]
    near = [a for a in known if a.name.casefold().startswith(name.casefold()) or _is_of(a, name)]
    found = exact or near
    if len(found) == 1:
        return found[0]
    names = ", ".join(attachment.name for attachment in found or known)
    if not known:
        raise NotFound(tr("{} has no files", record.id), f"crm file add {record.id} PATH")
    if not found:
        raise NotFound(tr("{} has no file {!r}", record.id, name), tr("it has {}", names))
    what = tr("{!r} is the beginning of several", name) if name else "there are several"
    raise NotFound(tr("which file of {}: {}", record.id, what), tr("one of {}", names))


def write_out(path: Path, data: bytes, *, over: bool = False) -> None:
    """Write a file's content outside the workspace; NameTaken if one is there, unless `over` it."""
    from crmcli.store.disk import new_file

    new_file.write_out(path, data, over=over)


def size(ws: Workspace, attachment: Attachment) -> int | None:
    """The bytes of an attached file; None if its content is missing."""
    from crmcli.store import layout

    try:
        return (ws.root / layout.file_path(attachment.file)).stat().st_size
    except FileNotFoundError:
        return None


def of(record: Record) -> tuple[Attachment, ...]:
    """The files of a record; BadUsage for one that can have none."""
    try:
        return cast("tuple[Attachment, ...]", record.get("files"))
    except KeyError:
        raise BadUsage(
            tr("{} have no files", tr(ENTITIES[record.entity].plural)),
            "attach it to what the record is about",
        ) from None


def _is_of(attachment: Attachment, digits: str) -> bool:
    return len(digits) >= 4 and attachment.file.startswith(digits)


def _with(record: Record, attachments: Iterable[Attachment]) -> Record:
    return record.with_values({"files": tuple(sorted(attachments, key=lambda a: a.name))})
