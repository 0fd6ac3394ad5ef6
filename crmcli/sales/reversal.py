"""Working out the reverse of changes: what goes, what comes back, and what was changed since and stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import Refused
from crmcli.model.event import ENTRIES
from crmcli.model.fields import BadValues
from crmcli.model.schema import CLASSES
from crmcli.model.values import Raw, entity_of
from crmcli.sales.history import PastChange, before, without_empty
from crmcli.sales.links import links_of
from crmcli.store.repository import RecordRemoved

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.model.fields import Record
    from crmcli.store.repository import Change
    from crmcli.workspace import Workspace

AT_ONCE = 500
"""Records whose referrers are asked for in one question."""


class Kept(NamedTuple):
    """What is left as it is: a record, one of its fields or "" for all of it, and why."""

    record: str
    field: str
    why: str


class Reversal:
    """The records of some changes as they were before these, within an open change.

    Nothing is written until `write`; changes are taken back the latest first.
    """

    def __init__(self, ws: Workspace, change: Change) -> None:
        self.ws = ws
        self.change = change
        self.kept: list[Kept] = []
        self._present: dict[str, Record | None] = {}
        self._raw: dict[str, dict[str, Raw] | None] = {}
        self._entries: dict[str, str] = {}
        self._reopened: dict[str, Event] = {}

    def take_back(self, past: PastChange) -> None:
        """Take one change back; a conversion whole or not at all."""
        earlier = dict(self._raw)
        known = len(self.kept)
        for event in reversed(past.events):
            self._reverse(event, past.clone)
        made = [e.record for e in past.events if e.kind.endswith(".created")]
        self._keep_linked([i for i in made if self._raw.get(i) is None])
        if self._is_half_a_conversion(past, made):
            self._raw = {**{i: self._as_now(i) for i in self._raw}, **earlier}
            ids = {kept.record for kept in self.kept[known:]}
            rest = {e.record for e in past.events if e.record not in ids}
            why = "the conversion is taken back whole or not at all"
            self.kept += [Kept(i, "", why) for i in sorted(rest)]

    def _is_half_a_conversion(self, past: PastChange, made: Sequence[str]) -> bool:
        is_conversion = any(event.kind == "lead.converted" for event in past.events)
        return is_conversion and any(self._raw.get(i) is not None for i in made)

    def write(self) -> list[tuple[Record | None, Record | None]]:
        """Write what came out, into the open change; each record before and after."""
        written: list[tuple[Record | None, Record | None]] = []
        for record_id, raw in self._raw.items():
            old = self._present[record_id]
            new = None if raw is None else self._typed(record_id, raw)
            if old == new:
                continue
            if new is None:
                self.change.remove(record_id, {"by": "undo"})
            elif old is None:
                left = self._robots_left(new) if getattr(new, "stage", "") else {}
                self.change.add(new, {"by": "undo", **left})
            else:
                self._save(old, new)
            written.append((old, new))
        return written

    def _save(self, old: Record, new: Record) -> None:
        data: dict[str, Any] = {"by": "undo"}
        moved = any(getattr(old, n, "") != getattr(new, n, "") for n in ("stage", "pipeline"))
        if moved:
            left = self._robots_left(new)
            self.change.save(new, "stage.entered", {**data, "from": old.get("stage"), **left})
        else:
            self.change.save(new, data=data)
        done = self._reopened.get(new.id)
        if done is not None and not new.get("done_at"):
            self.change.note("task.reopened", done.record, {**done.data, **data})

    def _robots_left(self, record: Record) -> dict[str, Any]:
        """The robots that had not acted yet when the record was moved away: these go on waiting."""
        index = self.ws.history
        moved = self._entries.get(record.id, "")
        entries = index.events(record=record.id, kinds=ENTRIES)
        stay = next((e for e in reversed(entries) if e.id < moved), None)
        there = stay.data.get("robots") if stay else []
        if stay is None or not isinstance(there, list):
            return {"robots": [] if stay is None or there is None else there}
        acted = {
            event.data.get("robot")
            for event in index.job_events(record=record.id)
            if event.cause == stay.id
        }
        return {"robots": [robot for robot in there if robot not in acted]}

    # --- one event -------------------------------------------------------------------------------

    def _reverse(self, event: Event, clone: str) -> None:
        data = event.data
        if event.kind.endswith(".created"):
            self._unmake(event, clone)
        elif event.kind.endswith(".removed"):
            self._bring_back(event)
        elif "changes" in data:
            if event.kind == "stage.entered":
                self._entries[event.record] = event.id
            self._put_back(event.record, data["changes"])
        elif event.kind == "task.done" and data.get("task"):
            self._reopened[str(data["task"])] = event

    def _unmake(self, event: Event, clone: str) -> None:
        raw = self._now(event.record)
        if raw is None:
            return  # it is gone already
        if not entity_of(event.record) or raw != self._as_made(event, clone):
            self.kept.append(Kept(event.record, "", "it was changed since it was made"))
            return
        self._raw[event.record] = None

    def _as_made(self, made: Event, clone: str) -> dict[str, Raw] | None:
        """The record as it was right after it was made, by its file and its events since.

        None if another clone has changed it: of events in one second nobody knows the order then.
        """
        index = self.ws.history
        own = index.events(record=made.record, clone=clone, newest_first=True)
        known = {event.id for event in own}
        for event in index.events(record=made.record):
            if event.id not in known and event.at >= made.at and "changes" in event.data:
                return None
        raw = self._as_now(made.record)
        changed: set[str] = set()
        for event in own:
            if event.id <= made.id:
                break
            raw = before(raw, event)
            changed |= {*event.data.get("changes", ())}
        return None if raw is None else without_empty(raw, changed)

    def _bring_back(self, event: Event) -> None:
        if self._now(event.record) is not None:
            self.kept.append(Kept(event.record, "", "it is there again"))
            return
        self._entries[event.record] = event.id
        self._raw[event.record] = before(None, event)

    def _put_back(self, record_id: str, changes: Mapping[str, Sequence[Raw]]) -> None:
        raw = self._now(record_id)
        if raw is None:
            self.kept.append(Kept(record_id, "", "it was removed since"))
            return
        wanted = dict(raw)
        for name, (old, new) in changes.items():
            if raw.get(name, "") == new:
                wanted[name] = old
            elif raw.get(name, "") != old:
                self.kept.append(Kept(record_id, name, "it was changed since"))
        self._raw[record_id] = without_empty(wanted, changes)

    def _now(self, record_id: str) -> dict[str, Raw] | None:
        """The record as it is here so far."""
        if record_id not in self._raw:
            self._raw[record_id] = self._as_now(record_id)
        return self._raw[record_id]

    def _as_now(self, record_id: str) -> dict[str, Raw] | None:
        """The record as it is on disk."""
        if record_id not in self._present:
            try:
                self._present[record_id] = self.change.get(record_id)
            except RecordRemoved:
                self._present[record_id] = None
        record = self._present[record_id]
        return None if record is None else self.ws.schema.write(record)

    def _typed(self, record_id: str, raw: Mapping[str, Raw]) -> Record:
        try:
            return self.ws.schema.read(entity_of(record_id), raw)
        except BadValues as error:
            raise Refused(
                f"{record_id} cannot be as it was: {error}", "the fields in settings.yaml changed"
            ) from None

    # --- links -----------------------------------------------------------------------------------

    def _keep_linked(self, gone: Sequence[str]) -> None:
        """Keep those of the records that are to go to which something that stays links."""
        left = set(gone)
        links = list(self._links_to(gone)) if gone else []
        while True:
            held = {
                target: source for source, target in links if target in left and source not in left
            }
            if not held:
                return
            for target, source in held.items():
                left.discard(target)
                self._raw[target] = self._as_now(target)
                self.kept.append(Kept(target, "", f"{source} links to it"))

    def _links_to(self, gone: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Who links to these: as the records are on disk, or as they are here where they are touched."""
        targets = set(gone)
        for record in referring_to(self.ws, gone):
            if record.id not in self._raw or record.id in targets:
                yield from ((record.id, t) for _, t, _ in links_of(self.ws, record) if t in targets)
        for record_id, raw in self._raw.items():
            if raw is not None:
                record = self._typed(record_id, raw)
                yield from ((record_id, t) for _, t, _ in links_of(self.ws, record) if t in targets)


def referring_to(ws: Workspace, ids: Sequence[str]) -> Iterable[Record]:
    """The records that link to any of these, each once, in a question for each field and 500 ids."""
    found: dict[str, Record] = {}
    by_entity: dict[str, list[str]] = {}
    for record_id in ids:
        by_entity.setdefault(entity_of(record_id), []).append(record_id)
    for target, targets in by_entity.items():
        for entity in CLASSES:
            for field in ws.schema.fields(entity):
                is_link = field.kind in ("link", "links") and target in field.entities
                if not is_link and not (field.kind == "companies" and target == "company"):
                    continue
                for start in range(0, len(targets), AT_ONCE):
                    listed = ", ".join(targets[start : start + AT_ONCE])
                    condition = ws.condition(f"{field.name} in ({listed})", entity)
                    found.update((r.id, r) for r in ws.select(entity, condition))
    return found.values()
