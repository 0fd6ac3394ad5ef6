"""How many messages a client got lately from robots and schedules, for the limit that settings.yaml sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from crmcli.automation.ledger import PERSON
from crmcli.model.actions import ACTIONS
from crmcli.model.event import Event
from crmcli.model.work_time import shift
from crmcli.sales.consent.permission import address_of
from crmcli.workspace import Workspace

_PAGE = 1000


class SentLately:
    """What left within the length of time that the limit names, by address: read from the timeline once,
    then only what is new there."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._since = ws.now
        self._last = ""
        self._sent: dict[str, dict[str, datetime]] = defaultdict(dict)

    def count(self, addresses: Iterable[str]) -> int:
        """How many left for whoever has these addresses."""
        cap = self._ws.settings.most_messages
        if cap is None:
            return 0
        self._since = shift(self._ws.now, cap.per, self._ws.zone, back=True)
        for event in self._ws.in_right_time(self._new()):
            self.add(str(event.data["key"]), str(event.data["to"]), event.at)
        sent = [found for one in addresses if (found := self._sent.get(address_of(one)))]
        return len({key for found in sent for key, at in found.items() if at > self._since})

    def add(self, key: str, to: str, at: datetime) -> None:
        """One more that left, by the key of its job."""
        for receiver in to.split(", "):
            self._sent[address_of(receiver)][key] = at

    def _new(self) -> list[Event]:
        """What left since the last look, oldest first."""
        found, place = [], ""
        while True:
            page = self._ws.events(
                kinds=("job.done",), after=self._last, before=place, limit=_PAGE, newest_first=True
            )
            found += page
            if len(page) < _PAGE or page[-1].at < self._since:
                break
            place = page[-1].id
        self._last = found[0].id if found else self._last
        return [event for event in reversed(found) if _is_message(event)]


def _is_message(event: Event) -> bool:
    action = ACTIONS.get(str(event.data.get("action")))
    by_person = str(event.data.get("robot", "")).startswith(PERSON)
    return (
        action is not None
        and action.is_message
        and not by_person
        and {"to", "key"} <= event.data.keys()
    )
