"""The workspace as it was, for a replay: records and events of a moment that has passed, by other rules.

Derived fields, and who has how much to do, are those of today: the index knows no earlier ones.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeAlias

from crmcli.automation.ledger import CRM
from crmcli.language import tr
from crmcli.model.conditions.holds import holds
from crmcli.model.conditions.tree import Condition
from crmcli.model.entities import having
from crmcli.model.event import Event
from crmcli.model.fields import BadValues, Record
from crmcli.model.merged import MERGED_INTO
from crmcli.model.pipeline import Pipelines
from crmcli.model.values import Raw, entity_of
from crmcli.sales.history.past import before, without_empty
from crmcli.store.timeline.event_ids import before_all
from crmcli.workspace import RecordRemoved, Workspace
from crmcli.workspace.past_change import PastChange

_TASK_OF = re.compile(r"\b(?:lead|deal)-\w+")
Begun: TypeAlias = "dict[str, tuple[datetime, Record]]"
"""Leads and deals as they were when a play began, or when they were made, and since when."""
ASKED_OF_ALL = ("turn.taken",)
"""The events that robots note and ask for of all records."""


def is_automatic(event: Event) -> bool:
    """Whether robots or triggers did it, or crm wrote it down of them: what is played anew. Not what a person
    cancelled."""
    if event.kind == "job.cancelled" and ":" not in event.actor and event.actor != CRM:
        return False
    is_ours = event.kind.startswith(("job.", "automation.", "trigger", "robot."))
    is_act = event.actor.startswith(("robot:", "trigger:"))
    return is_ours or (is_act and bool(event.cause))  # a program's own calls of crm have no cause


def _changes(event: Event) -> bool:
    """Whether an event says that its record became another."""
    is_end = event.kind.endswith((".removed", ".merged", ".unmerged"))
    return is_end or event.kind == "stage.entered" or "changes" in event.data


class PastWorkspace(Workspace):
    """Reads what was there at the clock's time, and writes into its `played` change alone. What robots did
    from `since` on never was. `begun` are leads and deals as they began, for whoever plays them again."""

    def __init__(self, ws: Workspace, rules: Pipelines, since: datetime, begun: Begun) -> None:
        super().__init__(ws.root, ws.settings, ws.user, since, ws.clone)
        self.take_pipelines(rules)
        self.since = since
        self.real = ws
        self._begun = begun
        self.told: dict[str, list[Event]] = {}
        """What was told of a record since then, by people and in the play."""
        self.asked_of_all: list[Event] = []
        self.born: set[str] = set()
        """The records that were made since then, by people and in the play."""
        self.tasks: defaultdict[str, list[str]] = defaultdict(list)
        """What there is to do for each record, as far as it is of the time that is played."""
        self.played = PastChange.of(self, self._then)
        self._first = before_all(since)

    def tell(self, event: Event) -> None:
        """One more event of a record."""
        self.told.setdefault(event.record, []).append(event)
        if event.kind in ASKED_OF_ALL:
            self.asked_of_all.append(event)
        if event.kind.endswith(".created"):
            self.born.add(event.record)
        if event.kind == "task.created":
            self.tasks[str(self.played.get(event.record).get("about"))].append(event.record)

    # --- reading -------------------------------------------------------------------------------

    def get(self, record_id: str) -> Record:
        """A record as it is in the play."""
        return self.played.get(record_id)

    def exists(self, record_id: str) -> bool:
        """Whether it is there in the play."""
        if record_id not in self.born and not self.real.exists(record_id):
            return False
        try:
            return bool(self.get(record_id))
        except RecordRemoved:
            return False

    def events(
        self,
        record: str = "",
        kinds: Sequence[str] = (),
        *,
        after: str = "",
        before: str = "",
        clone: str = "",
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Event]:
        """The events up to the moment that is played."""
        until, found = min(before or self._first, self._first), list[Event]()
        if record not in self.born:
            found = super().events(record, kinds, after=after, before=until, clone=clone)
        new = self.told.get(record, ()) if record else self.asked_of_all
        found += [
            event
            for event in new
            if event.id > after
            and (not before or event.id < before)
            and (not kinds or event.kind in kinds)
        ]
        return (found[::-1] if newest_first else found)[:limit]

    def select(
        self,
        entity: str,
        condition: Condition | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
        *,
        among: Collection[str] = (),
    ) -> Sequence[Record]:
        """Of what fits today, what was there and fitted then; and all tasks of a record that did."""
        of = _TASK_OF.search(str(condition)) if entity == "task" else None
        if of is None:
            ids = [record.id for record in super().select(entity, condition, order, among=among)]
        else:
            about = self.condition(f"about = {of[0]}", "task")
            ids = [record.id for record in super().select("task", about)]
            ids = list(dict.fromkeys([*ids, *self.tasks[of[0]]]))
        found = [self.get(one) for one in ids if self.exists(one)]
        return [one for one in found if not condition or holds(condition, one, self.env)][:limit]

    # --- the past ------------------------------------------------------------------------------

    def _then(self, record_id: str) -> Record:
        """A record as it was: a lead or deal when the play begins, or when it was made; any other one now."""
        begun = self._begun.get(record_id)
        if begun is not None and begun[0] <= self.now:
            return begun[1]
        events = self.real.events(record=record_id)
        if events and events[0].kind.endswith(".created"):
            made = events[0]
            if made.at >= self.since and (is_automatic(made) or made.at > self.now):
                raise RecordRemoved(tr("{} did not exist yet", record_id))
        is_staged = entity_of(record_id) in having("staged")
        moment = self.since if is_staged else self.now
        later = [one for one in events if one.at >= moment and not one.kind.endswith(".created")]
        if not any(_changes(one) for one in later):
            record = self.real.get(record_id)
        else:
            record = self._read(record_id, self._undone(record_id, later))
        if is_staged:
            self._begun[record_id] = self.now, record
        return record

    def _read(self, record_id: str, raw: Mapping[str, Raw] | None) -> Record:
        if raw is None or MERGED_INTO in raw:
            raise RecordRemoved(tr("{} no longer existed then", record_id))
        try:
            return self.schema.read(entity_of(record_id), raw)
        except BadValues as error:
            told = tr("{} as it was then does not match today's fields: {}", record_id, error)
            raise RecordRemoved(told) from None

    def _undone(self, record_id: str, later: Sequence[Event]) -> dict[str, Raw] | None:
        """The record without what came later."""
        raw: dict[str, Raw] | None = None
        with suppress(RecordRemoved):  # of which the last event has all
            raw = dict(self.real.stored(record_id, merged=True).raw)
        changed: set[str] = set()
        for event in reversed(later):
            raw = before(raw, event)
            if raw is not None and event.kind == "stage.entered" and "from" in event.data:
                raw["stage"] = str(event.data["from"])  # also where it says no more than that
            changed |= {*event.data.get("changes", ())}
        return without_empty(raw, changed) if raw is not None else None
