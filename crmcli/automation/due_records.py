"""The records for which robots are due, in the order of time, each looked at only when its turn comes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import NamedTuple

from crmcli.automation.record_plan import RecordPlan
from crmcli.automation.robots import Step
from crmcli.model.values import format_instant
from crmcli.workspace import Workspace


class Turn(NamedTuple):
    """A record whose turn it is: since when, where it stands, and what comes first."""

    due_at: datetime
    record: str
    plan: RecordPlan
    step: Step


class DueRecords:
    """Takes from the agenda as much as is asked for, so that a backlog is not looked through each time. The
    agenda knows when a record is due at the earliest; `look` tells when it really is, None where it is not.
    So the order is that of time, and of those of one time that of their ids."""

    def __init__(self, ws: Workspace, look: Callable[[str], Turn | None]) -> None:
        self._look = look
        self._turns: list[tuple[datetime, str, int, Turn]] = []
        self._current: dict[str, Turn] = {}
        self._count = count()
        self._seen: set[str] = set()
        self._ahead = self._agenda(ws)
        self._next = next(self._ahead, None)

    def take(self) -> Turn | None:
        """Take out the record that is due the longest; None if none is."""
        while True:
            while self._next and (not self._turns or self._next < self._turns[0][:2]):
                self.again(self._next[1])
                self._next = next(self._ahead, None)
            if not self._turns:
                return None
            turn = heapq.heappop(self._turns)[-1]
            if self._current.get(turn.record) is turn:
                return self._current.pop(turn.record)

    def again(self, record_id: str) -> None:
        """Look at a record anew, and let it have its turn if it is due."""
        self._seen.add(record_id)
        self._current.pop(record_id, None)
        turn = self._look(record_id)
        if turn is not None:
            self.put_back(turn)

    def put_back(self, turn: Turn) -> None:
        """Let a record have its turn later."""
        self._current[turn.record] = turn
        heapq.heappush(self._turns, (turn.due_at, turn.record, next(self._count), turn))

    def _agenda(self, ws: Workspace) -> Iterator[tuple[datetime, str]]:
        until, place = format_instant(ws.now), ("", "")
        while page := ws.agenda.due(until, place):
            place = page[-1]
            for next_at, record_id in page:
                if record_id not in self._seen:
                    yield datetime.fromisoformat(next_at), record_id
