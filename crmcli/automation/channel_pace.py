"""How much left by a channel lately, for the limit that settings.yaml sets for it (`most:`)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from crmcli.automation.ledger import PERSON, Job
from crmcli.automation.sent_lately import LatestEvents
from crmcli.language import tr
from crmcli.model.actions import channel_of
from crmcli.model.work_time import shift
from crmcli.workspace import Workspace

_LEFT = "job.started"
"""A claim counts: from then on it may have left, even if crm is killed before it knows."""
_STAYED = ("job.failed", "job.dead", "job.skipped", "job.deferred")


class ChannelPace:
    """Which channels have let out all that they may. It is counted by whole minutes of the clock: cron starts
    each tick a moment earlier or later than the one before, and would lose every second one."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._news = LatestEvents(ws, _LEFT, *_STAYED)
        self._left: dict[str, dict[str, datetime]] = defaultdict(dict)

    def is_reached(self, channel: str) -> bool:
        """Whether so much left by it, whoever sent it, that robots and schedules have to wait."""
        cap = self._ws.settings.most_by.get(channel)
        if cap is None:
            return False
        self._read()
        since, left = self._since(channel), self._left[channel]
        while left and (first := next(iter(left.items())))[1] < since:
            del left[first[0]]
        return len(left) >= cap.count

    def why_not(self, job: Job) -> str:
        """Why a message has to wait for the next tick, "" if it need not."""
        channel = channel_of(job.action)
        is_free = job.robot.startswith(PERSON) or not self.is_reached(channel)
        return "" if is_free else self.told(channel)

    def told(self, channel: str) -> str:
        """That its limit is reached, in words."""
        cap = self._ws.settings.most_by[channel]
        return tr("{}: the limit of {} per {} is reached", channel, cap.count, cap.per.words)

    def _since(self, channel: str) -> datetime:
        """The minute from which on what left counts."""
        ws, per = self._ws, self._ws.settings.most_by[channel].per
        begun = shift(ws.now.replace(second=0, microsecond=0), per, ws.zone, back=True)
        return begun + timedelta(minutes=1)

    def _read(self) -> None:
        """Take in what the timeline tells since the last look, the last claim of a job behind all others."""
        for event in self._news.take(min(map(self._since, self._ws.settings.most_by))):
            key, left = (
                str(event.data.get("key")),
                self._left[channel_of(str(event.data.get("action")))],
            )
            left.pop(key, None)
            if event.kind == _LEFT:
                left[key] = event.at
