"""How much left by a channel lately, for the limit that settings.yaml sets for it (`most:`)."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from datetime import datetime, timedelta

from crmcli.automation.ledger import Job
from crmcli.automation.sent_lately import LatestEvents
from crmcli.language import tr
from crmcli.model.actions import channel_of
from crmcli.model.event import PERSON
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
        return cap is not None and len(self.lately(channel)) >= cap.count

    def lately(self, channel: str) -> list[datetime]:
        """When what counts of a channel that has a limit left, in the order in which it did."""
        self._read()
        since, left = self._since(channel), self._left[channel]
        while left and (first := next(iter(left.items())))[1] < since:
            del left[first[0]]
        return [*left.values()]

    def why_not(self, job: Job) -> str:
        """Why a message has to wait for the next tick, "" if it need not."""
        return "" if job.robot.startswith(PERSON) else self.why_not_now(job.action)

    def why_not_now(self, action: str) -> str:
        """Why what a robot or schedule does so has to wait for the next tick, "" if it need not."""
        channel = channel_of(action)
        return self.told(channel) if self.is_reached(channel) else ""

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
            key, action = str(event.data.get("key")), str(event.data.get("action"))
            left = self._left[channel_of(action)]
            left.pop(key, None)
            if event.kind == _LEFT:
                left[key] = event.at


class PaceAhead:
    """When messages will leave by channels that have a limit, as somebody looks ahead; each counts once."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self._pace = ChannelPace(ws)
        self._left: dict[str, list[datetime]] = {}
        self._promised: dict[str, datetime] = {}

    def until(self, job: Job) -> tuple[datetime, str] | None:
        """Until when a message has to wait from now on, and why; None if it need not."""
        channel, now = channel_of(job.action), self._ws.now
        if channel not in self._ws.settings.most_by:
            return None
        if job.key not in self._promised:
            self._promised[job.key] = self._leaves_at(channel, now, job.robot.startswith(PERSON))
        at = self._promised[job.key]
        return (at, self._pace.told(channel)) if at > now else None

    def _leaves_at(self, channel: str, at: datetime, by_person: bool) -> datetime:
        cap = self._ws.settings.most_by[channel]
        if channel not in self._left:
            self._left[channel] = sorted(self._pace.lately(channel))
        left = self._left[channel]
        if len(left) >= cap.count and not by_person:
            first = left[-cap.count].replace(second=0, microsecond=0)
            at = max(at, shift(first, cap.per, self._ws.zone))
        insort(left, at)
        return at
