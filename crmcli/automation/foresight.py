"""What time alone will bring to the records of a play, where rules wait for it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import count

from crmcli.automation import time_events
from crmcli.automation.record_plan import STAGED
from crmcli.automation.time_events import TimeEvent
from crmcli.automation.trigger_decisions import awaited_names
from crmcli.automation.unanswered import WRITTEN, open_message
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.model.event import ACTIVITIES, Event, as_amended
from crmcli.model.fields import Record
from crmcli.model.schema import own_fields
from crmcli.model.values import entity_of, format_instant, parse_instant
from crmcli.sales.first_answers import entity_of_who_comes, is_answered
from crmcli.workspace import Workspace


class Foresight:
    """Each event of time until some moment. What happens in the play puts more of them; when the moment of
    one comes, it is asked whether it is so by then. `get` gives a record of the play, `known` its events."""

    def __init__(
        self,
        ws: Workspace,
        until: datetime,
        get: Callable[[str], Record],
        known: Callable[[str], Sequence[Event]],
    ) -> None:
        self._ws, self._until, self._get, self._known = ws, until, get, known
        self.kinds = time_events.OF_TIME & awaited_names(ws)
        self._queue: list[tuple[datetime, int, TimeEvent]] = []
        self._numbers = count()

    def put(self, found: Iterable[TimeEvent]) -> None:
        """Wait for the moments of these, as far as they come before the end."""
        for one in found:
            if one.at <= self._until:
                heapq.heappush(self._queue, (one.at, next(self._numbers), one))

    def next_at(self) -> datetime | None:
        """When the next one comes; None if none does."""
        return self._queue[0][0] if self._queue else None

    def take(self) -> TimeEvent:
        """The next one."""
        return heapq.heappop(self._queue)[-1]

    def hear(self, event: Event) -> None:
        """Wait for what follows from something that just happened, if nothing else does."""
        if self.kinds:
            self.put(self._following(event))

    def _following(self, event: Event) -> Iterator[TimeEvent]:
        record, entity = event.record, entity_of(event.record)
        is_new = event.kind == f"{entity}.created"
        if entity == "task" and (is_new or "changes" in event.data):
            yield from self.of_task(record)
        if entity in STAGED and (is_new or event.kind in ACTIVITIES):
            yield from self.of_staged(self._get(record), is_new=is_new)
        if event.kind in WRITTEN and time_events.UNANSWERED in self.kinds:
            words = time_events.unanswered_lengths(self._ws)
            yield from time_events.left_open(self._ws, event, record, words)

    def of_task(self, task: str) -> Iterator[TimeEvent]:
        """What time will bring to a task."""
        try:
            yield from time_events.of_task(self._get(task), self.kinds)
        except (NotFound, InvalidData, Forbidden):
            return  # it is removed or not made in this play: nobody has to do it

    def of_staged(self, record: Record, *, is_new: bool = True) -> Iterator[TimeEvent]:
        """What time will bring to a lead or deal with which nothing more happens; `is_new` if nobody may have
        answered yet who came in by it."""
        made = record.get("created_at")
        assert isinstance(made, datetime)  # of each lead and deal
        if time_events.IDLE in self.kinds:
            for word in time_events.lengths(self._ws.pipeline_of(record), time_events.IDLE):
                yield time_events.idle_for(self._ws, record.id, word, self._active(record, made))
        awaits = time_events.NO_FIRST_ANSWER in self.kinds and record.entity == entity_of_who_comes(
            self._ws
        )
        if is_new and awaits:
            yield from time_events.without_answer(self._ws, record.id, format_instant(made))

    def _active(self, record: Record, made: datetime) -> str:
        """When something happened last with a record or what it came from, as its derived field has it."""
        fields = own_fields(record.entity)
        links = [field.name for field in fields if field.system and field.entities]
        ids = [record.id, *(str(record.get(name)) for name in links if record.get(name))]
        told = (event for one in ids for event in as_amended(self._known(one)))
        moments = [event.happened_at for event in told if event.kind in ACTIVITIES]
        return format_instant(max(moments, default=made))

    def holds(self, one: TimeEvent) -> bool:
        """Whether it is so, as the play stands by now."""
        try:
            if one.kind not in time_events.OF_TIME:  # the day of a document
                return True  # robots put no day off, and pay nothing
            record = self._get(one.data.get("task", one.record))
            if one.kind in time_events.OVERDUE:
                found = time_events.of_task(record, self.kinds)
                return any((each.kind, each.data) == (one.kind, one.data) for each in found)
            if one.kind == time_events.UNANSWERED:
                message = open_message(self._ws, one.record)
                return message is not None and message.id == one.data["message"]
            if not self._ws.stage_of(record).is_open:
                return False
        except (NotFound, InvalidData, Forbidden):
            return False
        if one.kind == time_events.NO_FIRST_ANSWER:
            return not record.get("batch") and not is_answered(self._known(one.record))
        since = parse_instant(one.data["since"])
        return parse_instant(self._active(record, since)) <= since
