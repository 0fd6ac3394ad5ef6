"""One record on disk: read by its id, with the refusals for one that is gone, merged or broken."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData, NotFound, Problem
from crmcli.language import tr
from crmcli.model.fields import BadValues, Record
from crmcli.model.merged import MERGED_INTO, survivor_in
from crmcli.model.schema import Schema
from crmcli.model.values import Raw, entity_of
from crmcli.store import layout
from crmcli.store.disk import files
from crmcli.store.yaml import codec
from crmcli.store.yaml.canonical import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it was read: typed, raw, and the digest of its file."""

    record: Record
    raw: Mapping[str, Raw]
    digest: str


_MOST = 64 << 20
"""Bytes; no file that was attached, and no message, has more."""


def short_sum(content: bytes) -> str:
    """The beginning of the sha256 of a record's file, as it was made."""
    return files.digest(content)[:8]


class RecordRemoved(NotFound):
    """The record is not there, or no longer."""


class RecordMerged(RecordRemoved):
    """The record went into another, and only its tombstone is there."""


def merged_into(root: Path, record_id: str) -> str:
    """The id into which a record was merged; "" if it was not, or its file cannot be read."""
    path = layout.record_path(record_id)
    try:
        data = files.read_bytes(files.inside(root, path), most=MAX_BYTES)
        return survivor_in(codec.load(data, path)) if MERGED_INTO.encode() in data else ""
    except (files.Missing, files.PermissionDenied, InvalidData):
        return ""


class FileDamaged(InvalidData):
    """The stored content is missing, or no longer what was put there."""


def content_of(root: Path, sha: str) -> bytes:
    """What a file holds that was stored by its sha256; FileDamaged if that is not what stands there."""
    path = layout.file_path(sha)
    said = tr("the stored file is no longer what was attached: {}", path)
    try:
        data = files.read_bytes(files.inside(root, path), most=_MOST)
        if files.digest(data) == sha:
            return data
    except files.Missing:
        said = tr("the stored file is missing: {}", path)
    hint = tr("restore it: git checkout {}", path)
    raise FileDamaged(said, hint, [Problem(path, 0, said, hint)])


def read_record(root: Path, schema: Schema, record_id: str, *, merged: bool = False) -> Stored:
    """Read one record by its full id; RecordRemoved if there is no file, InvalidData if it is broken,
    RecordMerged for a tombstone, unless `merged` asks for it."""
    path = layout.record_path(record_id)
    try:
        data = files.read_bytes(files.inside(root, path), most=MAX_BYTES)
    except files.Missing:
        raise no_record(record_id) from None
    raw = codec.load(data, path)
    if raw.get("id") != record_id:
        raise InvalidData(
            tr("{}: the id in the file is {!r}", path, raw.get("id")),
            "make it equal to the file's name",
            [Problem(path, 1, "the id differs from the file's name")],
        )
    if MERGED_INTO in raw and not merged:
        raise gone_into(record_id, survivor_in(raw))
    try:
        record = schema.read(entity_of(record_id), raw)
    except BadValues as error:
        raise codec.unreadable(path, data, error) from None
    return Stored(record, raw, files.digest(data))


def no_record(record_id: str) -> RecordRemoved:
    """The refusal for a record that is not there."""
    entity = entity_of(record_id) or "record"
    return RecordRemoved(tr("no {} {}", tr(entity), record_id), tr("see crm {} list", entity))


def without(stored: Stored, hidden: Collection[tuple[str, str]], schema: Schema) -> Stored:
    """The same without the fields, by noun and name, that are hidden."""
    entity = stored.record.entity
    kept = {name: raw for name, raw in stored.raw.items() if (entity, name) not in hidden}
    if len(kept) == len(stored.raw):
        return stored
    return Stored(schema.read(entity, kept), kept, stored.digest)


def gone_into(record_id: str, survivor: str) -> RecordMerged:
    """The refusal for a record that was merged."""
    undo = tr("crm {} unmerge {} undoes it", entity_of(record_id), record_id)
    return RecordMerged(
        tr("{} was merged into {}", record_id, survivor), tr("use {}; {}", survivor, undo)
    )
