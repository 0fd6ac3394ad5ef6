"""The reverse of changes: what goes, what comes back, what was changed since and stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from itertools import islice
from typing import Any, NamedTuple

from crmcli.language import tr
from crmcli.model.event import (
    ENTRIES,
    ERASED,
    RESUMED,
    SEQUENCES,
    STAGE_RENAMED,
    STARTED,
    STOPPED,
    Event,
)
from crmcli.model.fields import Record
from crmcli.model.merged import JOINS, MERGED_INTO, PARTINGS, survivor_of, without_part
from crmcli.model.values import Raw, entity_of
from crmcli.sales.history.amendments import is_of_people, take_back_in
from crmcli.sales.history.past import REWRITTEN, PastChange, before, restored, without_empty
from crmcli.sales.history.records_as_made import RecordsAsMade
from crmcli.sales.history.rights_left import check_rights_hold
from crmcli.sales.history.still_linked import still_linked
from crmcli.sales.records.links import AT_ONCE
from crmcli.sales.records.packed import Pairs, RawRecords
from crmcli.workspace import Change, Workspace
from crmcli.workspace.current_stage import is_unwritten, with_first_entry


class Kept(NamedTuple):
    """What is left as it is: a record, one of its fields or "" for all of it, and why."""

    record: str
    field: str
    why: str


class Reversal:
    """Records as they were before some changes, undone the latest first; nothing is written until `write`."""

    def __init__(self, ws: Workspace, change: Change, by: str = "undo") -> None:
        self.ws = ws
        self._facts: dict[str, Any] = {"by": by} if by else {}
        self.change = change
        self._made = RecordsAsMade(ws, change)
        self.kept: list[Kept] = []
        self._raw = RawRecords()
        self._entries: dict[str, str] = {}
        self._called: set[str] = set()  # whose stage was given another name
        self._reopened: dict[str, Event] = {}
        self._merges: dict[str, Event] = {}
        self._parted: set[str] = set()
        self._files: dict[str, str] = {}
        self._untouched: set[str] = set()

    def take_back(self, past: PastChange) -> None:
        """Take one change back; a conversion, or a change of settings, whole or not at all."""
        stuck = [] if past.batch else self._stuck_files(past)  # an import writes records only
        if stuck:
            why = "it was changed since, so the whole change is kept"
            self.kept += [Kept("", path, why) for path in stuck]
            return
        earlier = copy(self._raw)
        known = len(self.kept)
        made: list[str] = []
        is_conversion = False
        for event in self._known(past.each(newest_first=True)):
            if event.data.get(ERASED):
                self.kept.append(Kept(event.record, "", "its data were erased"))
                continue
            self._reverse(event, past.clone)
            if is_of_people(event):
                take_back_in(self.change, self.ws, event)
            made += [event.record] if event.kind.endswith(".created") else []
            is_conversion = is_conversion or event.kind == "lead.converted"
        gone = [i for i in made if self._raw.get(i) is None]
        for record_id, source in still_linked(self.ws, gone, self._raw).items():
            self._raw[record_id] = self._made.now(record_id)
            self.kept.append(Kept(record_id, "", tr("{} links to it", source)))
        if is_conversion and any(self._raw.get(i) is not None for i in made):
            for record_id in self._raw:
                back = earlier if record_id in earlier else {record_id: self._made.now(record_id)}
                self._raw[record_id] = back[record_id]
            ids = {kept.record for kept in self.kept[known:]}
            rest = {e.record for e in past.each() if e.record not in ids}
            why = "a conversion is undone whole or not at all"
            self.kept += [Kept(i, "", why) for i in sorted(rest)]

    def _known(self, events: Iterator[Event]) -> Iterator[Event]:
        """The events, when it is known which of their records nothing else is told of."""
        while some := [*islice(events, AT_ONCE)]:
            made = (e.record for e in some if e.kind.endswith(".created"))
            ids = [record for record in made if entity_of(record)]
            self._untouched = self.ws.timeline.with_one_event(ids) if ids else set()
            yield from some

    def take_back_events(self, events: Sequence[Event]) -> None:
        """Take back some events that belong together, though perhaps not all of their change."""
        for event in reversed(events):
            self._reverse(event, "")

    def write(self) -> Pairs[Record | None]:
        """Write what came out, into the open change; each record before and after."""
        written: Pairs[Record | None] = Pairs(self.ws.schema)
        for record_id in sorted(self._raw, key=lambda i: MERGED_INTO not in (self._raw[i] or ())):
            old, raw = self._made.on_disk(record_id), self._raw[record_id]
            new = None if raw is None else restored(self.ws, record_id, raw)
            if old == new:
                continue
            if new is None:
                self.change.remove(record_id, self._facts)
            elif old is None and survivor_of(new):
                facts = {"merged": new.id, "into": survivor_of(new), "name": ""}
                self.change.add(new, {**facts, **self._facts}, f"{new.entity}.merged")
            elif old is None:
                left = self._robots_left(new) if getattr(new, "stage", "") else {}
                self.change.add(new, {**self._facts, **left})
            else:
                self._save(old, new)
            written.append((old, new))
        return written

    def _save(self, old: Record, new: Record) -> None:
        told = self._merges.get(new.id)
        if told is not None and survivor_of(old) and not survivor_of(new):
            then = {name: was for name, (was, _) in told.data["changes"].items() if was != ""}
            old = restored(self.ws, new.id, {"id": new.id, **then})  # as it was when it was merged
            arrival = {n: old.get(n) for n in ("stage", "pipeline") if getattr(old, n, "")}
            self._save_merged(told, old, arrival)
        moved = any(getattr(old, n, "") != getattr(new, n, "") for n in ("stage", "pipeline"))
        data = self._facts
        if old == new:
            return
        if told is not None and (survivor_of(new) or not moved):
            self._save_merged(told, new, {})
        elif moved and new.id in self._called and new.id not in self._entries:
            place = {n: new.get(n) for n in ("stage", "pipeline") if getattr(new, n, "")}
            self.change.save(new, STAGE_RENAMED, {**data, **place, "from": old.get("stage")})
        elif moved:
            left = self._robots_left(new)
            self.change.save(new, "stage.entered", {**data, "from": old.get("stage"), **left})
        else:
            self.change.save(new, data=data)
        done = self._reopened.get(new.id)
        if done is not None and not new.get("done_at"):
            self.change.note("task.reopened", done.record, {**done.data, **data})

    def _save_merged(self, told: Event, new: Record, more: Mapping[str, Any]) -> None:
        """Write a record of a merge that is taken apart, or made again: no move, so no robot wakes."""
        entity = told.kind.partition(".")[0]
        kind = f"{entity}.unmerged" if told.kind in JOINS else f"{entity}.merged"
        facts = {name: told.data[name] for name in ("merged", "into", "name")}
        text = self.change.odd_text(new.id)
        if text:
            facts["text"] = text
        if len(self._parted) > 1:
            facts["together"] = sorted(self._parted)
        self.change.save(new, kind, {**facts, **self._facts, **more})
        if told.data.get("text"):
            self.change.write_as(new.id, str(told.data["text"]))

    def _robots_left(self, record: Record) -> dict[str, Any]:
        """The robots that had not acted yet when the record was moved away: these go on waiting."""
        moved = self._entries.get(record.id, "")
        entries = with_first_entry(self.ws, record, self.ws.events(record=record.id, kinds=ENTRIES))
        stay = next((e for e in reversed(entries) if e.id < moved), None)
        there = stay.data.get("robots") if stay else []
        if stay is not None and is_unwritten(stay):
            there = self.ws.robots_of(record)
        if stay is None or not isinstance(there, list):
            return {"robots": [] if stay is None or there is None else there}
        acted = {
            event.data.get("robot")
            for event in self.ws.timeline.job_events(record=record.id)
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
        elif event.kind in JOINS and "changes" not in data and data["merged"] == event.record:
            if self._now(event.record) is not None:  # a tombstone that was brought back
                self._raw[event.record] = None
        elif event.kind in (*JOINS, *PARTINGS):
            self._merges[event.record] = event
            self._parted.add(str(data.get("merged")))
            self._put_back(event.record, data.get("changes", {}), by_item=True)
        elif "changes" in data:
            self._note_stage(event)
            self._put_back(event.record, data["changes"])
        elif event.kind == REWRITTEN:
            self._files[str(data["file"])] = str(data.get("from", ""))
        elif event.kind in SEQUENCES:
            back = RESUMED if event.kind == STOPPED else STOPPED
            of = event.id if event.kind == STARTED else data.get("of", "")
            facts = {"sequence": data.get("sequence"), "of": of, **self._facts}
            self.change.note(back, event.record, facts)
        elif event.kind == "task.done" and data.get("task"):
            self._reopened[str(data["task"])] = event

    def _note_stage(self, event: Event) -> None:
        if event.kind == "stage.entered":
            self._entries[event.record] = event.id
        elif event.kind == STAGE_RENAMED:
            self._called.add(event.record)

    def _unmake(self, event: Event, clone: str) -> None:
        made: dict[str, Raw] | None = None
        if event.record in self._untouched and event.record not in self._raw:
            is_there = is_same = self._made.on_disk(event.record) is not None
        else:
            raw = self._now(event.record)
            is_there = raw is not None
            made = self._made.if_same(raw, event, clone) if raw else None
            is_same = made is not None
        if not is_there:
            return  # it is gone already
        if not is_same:
            self.kept.append(Kept(event.record, "", "it was changed since it was made"))
        elif self._made.is_edited_by_hand(event, made):
            self.kept.append(Kept(event.record, "", "it was edited by hand since it was made"))
        else:
            self._raw[event.record] = None

    def _bring_back(self, event: Event) -> None:
        if self._now(event.record) is not None:
            self.kept.append(Kept(event.record, "", "it is there again"))
            return
        if before(None, event) is None:
            self.kept.append(Kept(event.record, "", "its file was deleted by hand"))
            return
        self._entries[event.record] = event.id
        self._raw[event.record] = before(None, event)

    def _put_back(
        self, record_id: str, changes: Mapping[str, Sequence[Raw]], *, by_item: bool = False
    ) -> None:
        """Give fields their values of before; `by_item`, of a list that was edited since its part."""
        raw = self._now(record_id)
        if raw is None:
            self.kept.append(Kept(record_id, "", "it was removed since"))
            return
        wanted = dict(raw)
        for name, (old, new) in changes.items():
            now = raw.get(name, "")
            part = without_part(now, old, new) if by_item else None
            if now == new:
                wanted[name] = old
            elif part is not None:
                wanted[name] = part
            elif now != old:
                self.kept.append(Kept(record_id, name, "it was changed since"))
        self._raw[record_id] = without_empty(wanted, changes)

    def _now(self, record_id: str) -> dict[str, Raw] | None:
        """The record as it is here so far."""
        if record_id not in self._raw:
            self._raw[record_id] = self._made.now(record_id)
        return self._raw[record_id]

    # --- files other than records: settings.yaml, the block list ---------------------------------

    def _stuck_files(self, past: PastChange) -> list[str]:
        """The files that a change wrote and that say something else by now."""
        files = (event.data for event in past.each() if event.kind == REWRITTEN)
        wrote = {str(data["file"]): str(data.get("to", "")) for data in files}
        now = {path: self._files.get(path, self.change.digest_of(path)) for path in wrote}
        return [path for path, text in wrote.items() if now[path] != text]

    def write_files(self) -> list[str]:
        """Write the files as they were into the open change, remove those that did not exist; their
        paths."""
        texts = {
            path: self.ws.attached(text) if text else None for path, text in self._files.items()
        }
        check_rights_hold(self.ws, texts)
        return [
            path for path, data in texts.items() if self.change.rewrite(path, data, restored=True)
        ]
