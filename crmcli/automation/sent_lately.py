"""How many messages a client got lately from robots and schedules, for the limit that settings.yaml sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from crmcli.model.actions import ACTIONS
from crmcli.model.event import PERSON, Event
from crmcli.model.work_time import shift
from crmcli.sales.consent.permission import address_of
from crmcli.workspace import Workspace

_PAGE = 1000


class LatestEvents:
    """Events of some kinds as the timeline goes on: first those since a moment, then only what is new."""

    def __init__(self, ws: Workspace, *kinds: str) -> None:
        self._ws = ws
        self._kinds = kinds
        self._last = ""

    def take(self, since: datetime) -> Sequence[Event]:
        """What was written since the last look, oldest first, at the times at which it was."""
        found: list[Event] = []
        place = ""
        while True:
            page = self._ws.events(
                kinds=self._kinds, after=self._last, before=place, limit=_PAGE, newest_first=True
            )
            found += page
            if len(page) < _PAGE or page[-1].at < since:
                break
            place = page[-1].id
        self._last = found[0].id if found else self._last
        return self._ws.in_right_time(found[::-1])


class SentLately:
    """What left within the length of time that the limit names, by address: read from the timeline once,
    then only what is new there."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._news = LatestEvents(ws, "job.done")
        self._sent: dict[str, dict[str, datetime]] = defaultdict(dict)

    def count(self, addresses: Iterable[str]) -> int:
        """How many left for whoever has these addresses."""
        cap = self._ws.settings.most_messages
        if cap is None:
            return 0
        since = shift(self._ws.now, cap.per, self._ws.zone, back=True)
        for event in filter(_is_message, self._news.take(since)):
            self.add(str(event.data["key"]), str(event.data["to"]), event.at)
        sent = [found for one in addresses if (found := self._sent.get(address_of(one)))]
        return len({key for found in sent for key, at in found.items() if at > since})

    def add(self, key: str, to: str, at: datetime) -> None:
        """One more that left, by the key of its job."""
        for receiver in to.split(", "):
            self._sent[address_of(receiver)][key] = at


def _is_message(event: Event) -> bool:
    action = ACTIONS.get(str(event.data.get("action")))
    by_person = str(event.data.get("robot", "")).startswith(PERSON)
    is_message = action is not None and action.is_message
    return is_message and not by_person and {"to", "key"} <= event.data.keys()
