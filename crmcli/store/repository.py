"""Records on disk: reading one, and changing several at once, all or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from crmcli.errors import InvalidData, NotFound, Problem
from crmcli.model.event import Event
from crmcli.model.fields import BadValues, Record, dump_value
from crmcli.model.schema import PLURAL, Schema
from crmcli.model.values import Raw, entity_of, format_instant
from crmcli.store import codec, files, layout, timeline
from crmcli.store.canonical import MAX_BYTES
from crmcli.store.transaction import Transaction, needs_recovery, recover


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it was read: typed, raw, and the digest of its file."""

    record: Record
    raw: Mapping[str, Raw]
    digest: str


class RecordRemoved(NotFound):
    """The record is not there, or no longer."""


def read_record(root: Path, schema: Schema, record_id: str) -> Stored:
    """Read one record by its full id; RecordRemoved if there is no file, InvalidData if it is broken."""
    path = layout.record_path(record_id)
    try:
        data = files.read_bytes(files.inside(root, path), most=MAX_BYTES)
    except files.Missing:
        entity = entity_of(record_id) or "record"
        raise RecordRemoved(f"there is no {entity} {record_id}", f"see crm {entity} list") from None
    raw = codec.load(data, path)
    if raw.get("id") != record_id:
        raise InvalidData(
            f"{path}: the id inside is {raw.get('id')!r}",
            "make it equal to the file's name",
            [Problem(path, 1, "the id differs from the file's name")],
        )
    try:
        record = schema.read(entity_of(record_id), raw)
    except BadValues as error:
        raise unreadable(path, data, error) from None
    return Stored(record, raw, files.digest(data))


def unreadable(path: str, data: bytes, error: BadValues) -> InvalidData:
    """The refusal for a record whose values do not fit the schema, with the line of each."""
    lines = codec.load_marked(data, path).lines
    problems = [
        Problem(path, lines.get((name,), 0), f"{name}: {why}") for name, why in error.faults
    ]
    return InvalidData(str(problems[0]), "mend the file, or look with crm check", problems)


def recover_if_needed(root: Path, command: str) -> list[str]:
    """Finish what a killed command had committed; notes for the user. Cheap when there is nothing.

    Where that cannot be written now, reading goes on: every file is whole, old or new.
    """
    if not needs_recovery(root):
        return []
    try:
        with files.exclusive(root, command):
            return recover(root)
    except (files.DiskFull, files.PermissionDenied) as error:
        return [f"an earlier change is saved but not yet in its place: {error.message}"]


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes, and why: acting name, command, the event that caused it and how deep that chain is."""

    actor: str
    command: str
    at: datetime
    cause: str = ""
    depth: int = 0


@dataclass
class _Pending:
    """A record in an open change: as it was on disk (None: absent) and as it will be (None: removed)."""

    before: Stored | None
    after: Record | None


@dataclass
class Change:
    """A unit of work under the exclusive lock: everything in it is written at its end, or nothing."""

    root: Path
    schema: Schema
    clone: str
    author: Author
    robots_of: Callable[[Record], list[str]]
    events: list[Event] = field(default_factory=list)
    warning: str = ""
    touched: list[str] = field(default_factory=list)
    _records: dict[str, _Pending] = field(default_factory=dict)
    _attachments: dict[str, bytes] = field(default_factory=dict)
    _expected: dict[str, str] = field(default_factory=dict)
    _ids: timeline.EventIds | None = None

    def get(self, record_id: str) -> Record:
        """The record, as it is on disk now or as it was changed here; RecordRemoved if it is gone."""
        pending = self._pending(record_id)
        if pending.after is None:
            raise RecordRemoved(f"there is no {record_id} any more", "somebody removed it")
        return pending.after

    def expect(self, record_id: str, digest: str) -> None:
        """Let the change fail with FileChanged unless the record's file still has that digest."""
        self._expected[record_id] = digest

    def add(self, record: Record, data: Mapping[str, Any] | None = None) -> str:
        """Write a new record; returns the id of its `created` event."""
        self._records[record.id] = _Pending(None, record)
        facts = {**self._arrival(record), **(data or {})}
        return self.note(f"{record.entity}.created", record.id, facts)

    def _arrival(self, record: Record) -> dict[str, Any]:
        """Where a lead or deal stands now, and which robots wait there: those added later do not."""
        facts = {n: getattr(record, n) for n in ("stage", "pipeline") if getattr(record, n, "")}
        return {**facts, "robots": self.robots_of(record)} if facts else {}

    def save(
        self, record: Record, kind: str = "field.changed", data: Mapping[str, Any] | None = None
    ) -> str:
        """Write a changed record and one event with what changed; "" and nothing if nothing did."""
        pending = self._pending(record.id)
        old = pending.after
        if old is None:
            raise RecordRemoved(f"there is no {record.id} any more", "somebody removed it")
        changes = self.differences(old, record)
        if not changes:
            return ""
        pending.after = record
        arrival = self._arrival(record) if kind == "stage.entered" else {}
        return self.note(kind, record.id, {**arrival, **(data or {}), "changes": changes})

    def remove(self, record_id: str, data: Mapping[str, Any] | None = None) -> str:
        """Delete a record; its whole text goes into the event, so that it can be brought back."""
        record = self.get(record_id)
        self._records[record_id].after = None
        facts = {**(data or {}), "record": self.schema.write(record)}
        return self.note(f"{record.entity}.removed", record_id, facts)

    def note(
        self,
        kind: str,
        record_id: str,
        data: Mapping[str, Any] | None = None,
        *,
        cause: str = "",
        actor: str = "",
    ) -> str:
        """Write an event alone; returns its id."""
        if self._ids is None:
            self._ids = timeline.EventIds(self.author.at, self._before.last_id)
        event = Event(
            id=self._ids.next(),
            at=self.author.at,
            actor=actor or self.author.actor,
            kind=kind,
            record=record_id,
            cause=cause or self.author.cause,
            depth=self.author.depth,
            data=data or {},
        )
        self.events.append(event)
        return event.id

    @property
    def last_event(self) -> str:
        """The newest event of this month and clone, of this change or of any before; "" if none."""
        return self.events[-1].id if self.events else self._before.last_id

    @cached_property
    def _before(self) -> timeline.Tail:
        """The end of the timeline file to which this change adds."""
        return timeline.tail(self.root, layout.timeline_path(self.author.at, self.clone))

    def attach(self, data: bytes) -> str:
        """Store a file by its content; returns its sha256, the name under which it can be read."""
        sha = hashlib.sha256(data).hexdigest()
        self._attachments[sha] = data
        return sha

    def differences(self, old: Record, new: Record) -> dict[str, list[Raw]]:
        """What differs between two states of a record: field -> [from, to], in raw form."""
        names = {f.name: f.kind for f in self.schema.fields(new.entity)}
        changes: dict[str, list[Raw]] = {}
        for name, kind in names.items():
            if old.get(name) != new.get(name):
                changes[name] = [dump_value(kind, old.get(name)), dump_value(kind, new.get(name))]
        for name in sorted({*old.unknown, *new.unknown}):
            if old.unknown.get(name) != new.unknown.get(name):
                changes[name] = [old.unknown.get(name, ""), new.unknown.get(name, "")]
        return changes

    @property
    def records(self) -> Iterator[tuple[Record | None, Record | None]]:
        """Each record touched here: before and after; None where it is absent."""
        for pending in self._records.values():
            yield (pending.before.record if pending.before else None), pending.after

    def _pending(self, record_id: str) -> _Pending:
        if record_id not in self._records:
            stored = read_record(self.root, self.schema, record_id)
            self._records[record_id] = _Pending(stored, stored.record)
        return self._records[record_id]

    def commit(self) -> str:
        """Write everything; returns a note for the user if it is saved but not yet in its place."""
        plan = Transaction(
            self.root, self.author.command, self.author.actor, format_instant(self.author.at)
        )
        for record_id, pending in self._records.items():
            self._plan_record(plan, record_id, pending)
        for sha, data in self._attachments.items():
            path = layout.file_path(sha)
            if not (self.root / path).exists():
                plan.put(path, data, None)
                self.touched.append(path)
        if self.events:
            path = layout.timeline_path(self.author.at, self.clone)
            plan.append(path, timeline.lines(self.events, self._before))
            self.touched.append(path)
        if not self.touched:
            return ""
        return plan.commit().note

    def _plan_record(self, plan: Transaction, record_id: str, pending: _Pending) -> None:
        path = layout.record_path(record_id)
        expected = pending.before.digest if pending.before else None
        if record_id in self._expected:
            expected = self._expected[record_id]
        if pending.after is None:
            if pending.before is None:
                return
            plan.delete(path, pending.before.digest)
        elif pending.before is not None and pending.after == pending.before.record:
            return
        else:
            data = codec.dump(self.schema.write(pending.after)).encode()
            plan.put(path, data, expected)
        self.touched.append(path)


@contextmanager
def open_change(
    root: Path,
    schema: Schema,
    clone: str,
    author: Author,
    robots_of: Callable[[Record], list[str]],
    *,
    dry_run: bool = False,
) -> Iterator[Change]:
    """Take the lock, finish what a killed command left, hand out a Change and commit it at the end."""
    with files.exclusive(root, author.command):
        recover(root)
        change = Change(root, schema, clone, author, robots_of)
        yield change
        if not dry_run:
            change.warning = change.commit()


def folders() -> tuple[str, ...]:
    """The folders of records, relative to the workspace."""
    return tuple(f"{layout.DATA}/{plural}" for plural in PLURAL.values())
