"""Records on disk: several changed at once, all or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import SUM, Event, with_command
from crmcli.model.fields import Record
from crmcli.model.merged import survivor_of
from crmcli.model.schema import Schema
from crmcli.model.values import entity_of, format_instant
from crmcli.store import layout
from crmcli.store.disk import files
from crmcli.store.disk.applying import digest_of
from crmcli.store.disk.targets import may_delete
from crmcli.store.disk.transaction import Transaction
from crmcli.store.records import uncommitted
from crmcli.store.records.author import Author, Guard
from crmcli.store.records.drafts import Content, Draft, Drafts
from crmcli.store.records.stored import RecordRemoved, Stored, gone_into, read_record, short_sum
from crmcli.store.safety import own_texts
from crmcli.store.timeline import csv_lines, sent
from crmcli.store.timeline.event_ids import EventIds
from crmcli.store.yaml import codec
from crmcli.store.yaml.canonical import MAX_BYTES

MAX_FILE = 64 * MAX_BYTES
"""How much a file that is no record may hold to be rewritten."""


@dataclass
class Change:
    """A unit of work under the exclusive lock: everything in it is written at its end, or nothing."""

    root: Path
    schema: Schema
    clone: str
    author: Author
    robots_of: Callable[[Record], list[str]]
    newest_id: Callable[[], str] = str
    """The greatest id of an event that is known here, of whatever clone; "" if none is."""
    events: list[Event] = field(default_factory=list)
    stored: Callable[..., Stored] | None = None
    """What reads a record of a trial, if not its file is to be read."""
    turns: list[Event] = field(default_factory=list)
    """Whose turn it was, of what `take_events` took."""
    touched: list[str] = field(default_factory=list)
    guard: Guard | None = None
    """Whom it asks whether its author may do that; None where everybody may do everything."""
    gate_rights: bytes | None = None
    """The rights that the gate goes by after it; None leaves them, but for what `rewrite` makes of them."""
    _attachments: dict[str, bytes] = field(default_factory=dict)
    _forgotten: set[str] = field(default_factory=set)
    _files: dict[str, tuple[bytes | None, str | None, bool]] = field(default_factory=dict)
    _fixed: dict[str, tuple[bytes | None, str | None]] = field(default_factory=dict)
    _sent: list[bytes] = field(default_factory=list)
    _expected: dict[str, str] = field(default_factory=dict)
    _texts: dict[str, bytes] = field(default_factory=dict)
    _ids: EventIds | None = None

    def get(self, record_id: str, *, merged: bool = False) -> Record:
        """The record, as it is on disk now or as it was changed here; RecordRemoved if it is gone,
        RecordMerged for a tombstone, unless `merged` asks for it."""
        record = self._drafts.of(record_id).after
        if record is None:
            raise RecordRemoved(tr("{} no longer exists", record_id), "it was removed meanwhile")
        survivor = survivor_of(record)
        if survivor and not merged:
            raise gone_into(record_id, survivor)
        return record

    def odd_text(self, record_id: str) -> str:
        """The text of a record's file that crm would write otherwise, as a hand left it; else ""."""
        draft = self._drafts.of(record_id)
        if draft.before is None or draft.after is not draft.before:
            return ""
        strangers = list(draft.before.unknown)  # the timeline does not keep their order
        if strangers == sorted(strangers) and (
            files.digest(self._written(draft.before)) == draft.digest
        ):
            return ""
        path = files.inside(self.root, layout.record_path(record_id))
        return files.read_bytes(path, most=MAX_BYTES).decode()

    def file_digest(self, record_id: str) -> str:
        """The sha256 of a record's file as it was on disk; "" if there was none."""
        return self._drafts.of(record_id).digest or ""

    def write_as(self, record_id: str, text: str) -> None:
        """Write a record's file in this very text, if that is what it says in the end."""
        self._drafts.of(record_id).content = None  # and at hand again, if it was put away
        self._texts[record_id] = text.encode()

    def _written(self, record: Record) -> bytes:
        text = self._texts.get(record.id)
        if text is not None and self._read(record.id, text) == record:
            return text
        return codec.dump(self.schema.write(record)).encode()

    def _read(self, record_id: str, content: bytes) -> Record:
        raw = codec.load(content, layout.record_path(record_id))
        return self.schema.read(entity_of(record_id), raw)

    def sum_of(self, record: Record) -> str:
        """What the event of a record that is made just like this one would have under SUM."""
        return short_sum(self._written(record))

    def digest_of(self, path: str) -> str:
        """The sha256 of a file that is no record, as it is on disk; "" if there is none."""
        return digest_of(f"{files.inside(self.root, path)}") or ""

    def expect(self, record_id: str, digest: str) -> None:
        """Let the change fail with FileChanged unless the record's file still has that digest."""
        self._expected[record_id] = digest

    def add(self, record: Record, data: Mapping[str, Any] | None = None, kind: str = "") -> str:
        """Write a new record; returns the id of its `created` event, or of one of that kind."""
        if self.guard:
            self.guard.added(record)
        content = self._written(record)
        self._drafts.put(record.id, Draft(None, None, record, content))
        facts = {**self._arrival(record), **(data or {})}
        if not kind:
            facts[SUM] = short_sum(content)
        event_id = self.note(kind or f"{record.entity}.created", record.id, facts)
        self._tell(None, record)
        return event_id

    def _arrival(self, record: Record) -> dict[str, Any]:
        """Where a lead or deal stands now, and which robots wait there: those added later do not."""
        facts = {n: getattr(record, n) for n in ("stage", "pipeline") if getattr(record, n, "")}
        return {**facts, "robots": self.robots_of(record)} if facts else {}

    def save(
        self, record: Record, kind: str = "field.changed", data: Mapping[str, Any] | None = None
    ) -> str:
        """Write a changed record and one event with what changed; "" and nothing if nothing did."""
        draft = self._drafts.of(record.id)
        old = draft.after
        if old is None:
            raise RecordRemoved(tr("{} no longer exists", record.id), "it was removed meanwhile")
        if self.guard:
            record = self.guard.saved(draft.before, old, record)
        changes = self.schema.differences(old, record)
        if not changes:
            return ""
        draft.after, draft.content = record, None
        arrival = self._arrival(record) if kind == "stage.entered" else {}
        event_id = self.note(kind, record.id, {**arrival, **(data or {}), "changes": changes})
        self._tell(old, record)
        return event_id

    def _tell(self, before: Record | None, after: Record, *, gone: bool = False) -> None:
        """Note on the record to which one belongs what it has become."""
        for kind, data in after.news(before, gone=gone):
            self.note(kind, str(after.get(ENTITIES[after.entity].parent)) or after.id, data)

    def remove(self, record_id: str, data: Mapping[str, Any] | None = None) -> str:
        """Delete a record; its whole text goes into the event, so that it can be brought back."""
        record = self.get(record_id, merged=True)
        draft = self._drafts.of(record_id)
        if self.guard:
            self.guard.removed(record, draft.before is None)
        draft.after = draft.content = None
        facts = {**(data or {}), "record": self.schema.write(record)}
        event_id = self.note(f"{record.entity}.removed", record_id, facts)
        self._tell(record, record, gone=True)
        return event_id

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
        if self.guard:
            self.guard.told(record_id)
        if self._ids is None:
            self._ids = EventIds(self.author.at, max(self._before.last_id, self.newest_id()))
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

    def take_events(self) -> list[Event]:
        """What was noted since this was asked last, and is forgotten with the files that were attached: of a
        trial that is as long as a year. Whose turn it was is kept, for that is asked over all records."""
        found, self.events = self.events, []
        self.turns += [event for event in found if event.kind == "turn.taken"]
        self._forgotten |= self._attachments.keys()
        self._attachments.clear()
        self._sent.clear()
        return found

    @property
    def last_event(self) -> str:
        """The newest event of this month and clone, of this change or of any before; "" if none."""
        return self.events[-1].id if self.events else self._before.last_id

    @cached_property
    def _before(self) -> csv_lines.Tail:
        """The end of the timeline file to which this change adds."""
        return csv_lines.tail(self.root, layout.timeline_path(self.author.at, self.clone))

    def attach(self, data: bytes) -> str:
        """Store a file by its content; returns its sha256, the name under which it can be read."""
        sha = hashlib.sha256(data).hexdigest()
        self._attachments[sha] = data
        return sha

    def attachment(self, sha: str) -> bytes | None:
        """A file that was stored in this change, empty if that has forgotten it; None for any other."""
        return b"" if sha in self._forgotten else self._attachments.get(sha)

    def note_sent(self, line: bytes) -> None:
        """Note what is queued or leaves in this machine's own list as well, see `store.sent`."""
        self._sent.append(line)

    def rewrite(
        self,
        path: str,
        data: bytes | None,
        facts: Mapping[str, Any] | None = None,
        *,
        restored: bool = False,
    ) -> str:
        """Write a file that is no record, like settings.yaml, and an event with its texts before and
        after, as attachments, and more facts; "" and nothing if it has that text. None is for no file: it is
        removed if that may be, else emptied.

        `restored`: the text was not made now, but found in the workspace, where others may have left it.
        """
        try:
            before: bytes | None = files.read_bytes(files.inside(self.root, path), most=MAX_FILE)
        except files.Missing:
            before = None
        if data is None and before is not None and not may_delete(path):
            data = b""
        if before == data:
            return ""
        if self.guard:
            self.guard.rewritten(path)
        self._files[path] = data, None if before is None else files.digest(before), restored
        texts = {"from": before, "to": data}
        told = {key: self.attach(text) for key, text in texts.items() if text is not None}
        return self.note("file.changed", "", {"file": path, **told, **(facts or {})})

    def fix(self, path: str, data: bytes | None) -> None:
        """Write a file that cannot be as it is, or remove it (None), with no event: part of the timeline
        itself, or the file of a record in the wrong place."""
        self._fixed[path] = data, digest_of(f"{files.inside(self.root, path)}")

    @property
    def rewritten(self) -> Mapping[str, tuple[str | None, bytes | None]]:
        """The files written here that are no records: the digest of what each held, and its new text."""
        return {path: (before, data) for path, (data, before, _) in self._files.items()}

    @property
    def records(self) -> Iterator[tuple[Record | None, Record | None]]:
        """Each record changed here: before and after; None where it is absent."""
        return ((draft.before, draft.after) for draft in self._drafts.all())

    @cached_property
    def _drafts(self) -> Drafts:
        return Drafts(self._load, self._written, self._read)

    def _load(self, record_id: str) -> Draft:
        read = self.stored or partial(read_record, self.root, self.schema)
        stored = read(record_id, merged=True)
        return Draft(stored.record, stored.digest, stored.record)

    def commit(self) -> str:
        """Write everything; returns a note for the user if it is saved but not yet in its place."""
        plan = Transaction(
            self.root, self.author.command, self.author.actor, format_instant(self.author.at)
        )
        for record_id, content in self._drafts.contents():
            self._plan_record(plan, record_id, content)
        if self.events:
            self.events[0] = with_command(self.events[0], self.author.command)
            path = layout.timeline_path(self.author.at, self.clone)
            written = csv_lines.lines(self.events, self._before)
            fixed, digest = self._fixed.get(path, (None, None))
            if fixed is None:
                plan.append(path, written)
                self.touched.append(path)
            else:  # a file is written once: mended, and longer
                self._fixed[path] = fixed + written, digest
        self._plan_files(plan)
        if not self.touched:
            return ""
        if self.author.call:
            about = dict.fromkeys(event.record for event in self.events if event.record)
            first = self.events[0].id if self.events else ""
            entry = uncommitted.Entry(self.author.call, list(about), self.touched, first)
            plan.append(uncommitted.PENDING, uncommitted.line(entry))
        for line in self._sent:
            plan.append(sent.PATH, line)
        return plan.commit()

    def _plan_files(self, plan: Transaction) -> None:
        own_texts.remember(self.root, {path: was for path, (_, was, _) in self._files.items()})
        for path, (data, digest, restored) in self._files.items():
            if data is not None:
                restored = restored and not own_texts.is_own(self.root, data)
                plan.put(path, data, digest, restored=restored)
            elif digest is not None:
                plan.delete(path, digest)
            self.touched.append(path)
        for path, (fixed, digest) in self._fixed.items():
            if fixed is not None:
                plan.put(path, fixed, digest)
            elif digest is not None:
                plan.delete(path, digest)
            self.touched.append(path)
        for sha, data in self._attachments.items():
            path = layout.file_path(sha)
            now = digest_of(f"{self.root}/{path}")
            if now != sha:  # what others put in its place is no longer what was attached
                plan.put(path, data, now)
                self.touched.append(path)

    def _plan_record(self, plan: Transaction, record_id: str, content: Content) -> None:
        path = layout.record_path(record_id)
        if content.after is not None:
            plan.put(path, content.after, self._expected.get(record_id, content.digest))
        elif content.digest is not None:
            plan.delete(path, content.digest)
        else:
            return
        self.touched.append(path)
