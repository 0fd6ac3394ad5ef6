"""What has happened once more under other rules: what robots and triggers would have decided otherwise.

What people and the outside did comes again, each at its time; robots and triggers decide anew. Schedules
ran as they ran. With other rules the same days are played by the present ones too, so that nothing but the
rules differs; without, what comes out is compared with what the timeline tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from crmcli.automation import linked_dates, time_events
from crmcli.automation.event_subjects import subjects
from crmcli.automation.ledger import Job, jobs_of
from crmcli.automation.own_values import DOCUMENT
from crmcli.automation.past_workspace import Begun, PastWorkspace, is_automatic
from crmcli.automation.play import Play
from crmcli.automation.record_plan import STAGED
from crmcli.automation.time_events import TimeEvent
from crmcli.automation.trigger_decisions import awaited_names
from crmcli.dataclass import dataclass, replace
from crmcli.model.event import Event
from crmcli.model.pipeline import Pipelines
from crmcli.model.trigger_events import HEARD, names_of
from crmcli.model.values import entity_of, format_instant
from crmcli.store.timeline.event_ids import before_all
from crmcli.workspace import RecordRemoved, Workspace
from crmcli.workspace.current_stage import current_stages
from crmcli.workspace.undone import dead

LATE = timedelta(hours=1)
"""So much later than due a tick may have come; what was decided then is not decided at another time."""
_PAGE = 1000
_DONE = ("job.done", "job.queued")
_LET_GO = ("job.skipped", "job.missed")


@dataclass(frozen=True, slots=True)
class Decision:
    """A robot acted or a trigger moved: when, of which record, who, what, and to whom or where."""

    at: datetime
    record: str
    who: str
    action: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What was decided `before` and is `after`: one is missing, or the time or the receiver differs."""

    before: Decision | None
    after: Decision | None

    @property
    def kind(self) -> str:
        """more, fewer or otherwise."""
        if self.before and self.after:
            return "otherwise"
        return "more" if self.after else "fewer"

    @property
    def of(self) -> Decision:
        """What it is about."""
        found = self.after or self.before
        assert found is not None  # one of them differs
        return found


@dataclass(frozen=True, slots=True)
class Replay:
    """How many decisions there were by robot or trigger and action, how many there are, and what differs."""

    before: dict[tuple[str, str], int]
    after: dict[tuple[str, str], int]
    differences: Sequence[Difference]


def replay(
    ws: Workspace, since: datetime, until: datetime, rules: Pipelines | None = None
) -> Replay:
    """Play these days once more: by other rules, against the same by the present ones; without any, by the
    present ones, against what happened."""
    if rules is None:
        real = [event for event, is_anew in _told(ws, since, until) if is_anew]
        return compared(_decisions(real), _play(ws, ws.pipelines, since, until, {}), LATE)
    begun: Begun = {}
    before = _play(ws, ws.pipelines, since, until, begun)
    return compared(before, _play(ws, rules, since, until, begun), timedelta())


def compared(before: Sequence[Decision], after: Sequence[Decision], late: timedelta) -> Replay:
    """What differs between decisions; those of one robot or trigger of a record are the same by their time,
    as far as they can be, and then by their order."""
    olds, news = _by_robot(before), _by_robot(after)
    found: list[Difference] = []
    for key in {**olds, **news}:
        found += _differences(olds.get(key, []), news.get(key, []), late)
    found.sort(key=lambda one: (one.of.at, one.of.record, one.of.who, one.of.action))
    return Replay(_counts(before), _counts(after), found)


def _by_robot(decisions: Iterable[Decision]) -> dict[tuple[str, str, str], list[Decision]]:
    found: dict[tuple[str, str, str], list[Decision]] = {}
    for one in decisions:
        found.setdefault((one.record, one.who, one.action), []).append(one)
    return found


def _differences(
    before: list[Decision], after: list[Decision], late: timedelta
) -> Iterator[Difference]:
    olds, news = list(before), []
    for new in after:
        same = (old for old in olds if old.to == new.to and abs(old.at - new.at) <= late)
        old = next(same, None)
        if old is None:
            news.append(new)
        else:
            olds.remove(old)
    both = min(len(olds), len(news))
    yield from map(Difference, olds[:both], news[:both])
    yield from (Difference(old, None) for old in olds[both:])
    yield from (Difference(None, new) for new in news[both:])


def _counts(decisions: Iterable[Decision]) -> dict[tuple[str, str], int]:
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in decisions:
        found[one.who, one.action] += 1
    return dict(found)


def _decisions(events: Iterable[Event]) -> list[Decision]:
    """What robots and triggers decided, as events tell it; not what was refused when it was to leave."""
    found: dict[str, Decision] = {}
    for event in events:
        who = event.actor.partition(":")[0]
        key, action = str(event.data.get("key", event.id)), str(event.data.get("action", ""))
        about = (event.at, event.record)
        if event.kind == "stage.entered" and who in ("robot", "trigger"):
            to = str(event.data.get("stage"))
            found[event.id] = Decision(*about, event.actor, "move", to)
        elif event.kind in _LET_GO:
            found.pop(key, None)
        elif event.kind in _DONE and key not in found and action != "move":
            robot = str(event.data.get("robot", ""))
            if ":" not in robot and robot not in ("", "crm"):
                said = event.data.get("to", "") if action != DOCUMENT else ""  # it has a number
                to = ", ".join(map(str, said)) if isinstance(said, list) else str(said)
                found[key] = Decision(*about, f"robot:{robot}", action, to)
    return list(found.values())


def _told(ws: Workspace, since: datetime, until: datetime) -> Iterator[tuple[Event, bool]]:
    """The events of some time, in their order, and whether the play decides anew about each: not of what
    was queued before that time."""
    place, end = before_all(since), before_all(until + timedelta(seconds=1))
    begun: set[object] = set()
    while page := ws.events(after=place, before=end, limit=_PAGE):
        for event in page:
            key = event.data.get("key") if event.kind.startswith("job.") else None
            if key and key not in begun:
                lines = ws.timeline.job_events([str(key)])
                if lines and lines[0].at < since and lines[0].kind == "job.queued":
                    yield event, False
                    continue
                begun.add(key)
            yield event, is_automatic(event)
        place = page[-1].id


def _play(
    ws: Workspace, rules: Pipelines, since: datetime, until: datetime, begun: Begun
) -> Sequence[Decision]:
    play = _Past(ws, PastWorkspace(ws, rules, since, begun), until)
    play.play()
    return _decisions(play.decided)


class _Past(Play):
    """The play of what has been."""

    ws: PastWorkspace

    def __init__(self, ws: Workspace, past: PastWorkspace, until: datetime) -> None:
        super().__init__(past, past.played, until)
        self._past, self.real = past, ws
        self._awaited = awaited_names(past)
        self._is_dead = dead(ws)
        self.decided: list[Event] = []

    def play(self) -> None:
        """All of it, in the order of time."""
        since = self._past.since
        for record_id in self._standing():
            self.put(since, record_id)
        found = self._of_time()
        self.foresight.put(one for one in found if one.at > since)
        for event, is_anew in _told(self.real, since, self.until):
            if is_anew:
                continue
            while (moment := self.next_at()) and moment < event.at:
                self.step()
            self._past.set_clock(max(event.at, self._past.now))
            with self.surely(event.record):
                self._come(event)
        while self.next_at():
            self.step()

    def _standing(self) -> Iterator[str]:
        """The leads and deals for which robots may have been waiting when it begins."""
        told = format_instant(self._past.since)
        for entity in STAGED:
            asked = self.real.condition(f"created_at < {told}", entity)
            ids = [str(row["id"]) for row in self.real.rows(entity, asked)]
            for place in current_stages(self.real, ids):
                entry = place.entry
                _, stage = self._past.pipelines.place(entity, place.pipeline, place.stage)
                has_robots = stage is not None and bool(stage.robots)
                if entry is None or entry.at >= self._past.since or has_robots:
                    yield place.record

    def _of_time(self) -> Iterator[TimeEvent]:
        """What time brings from the beginning on to what is there then, if nothing else happens."""
        kinds, since = self.foresight.kinds, self._past.since
        told = format_instant(since)
        if time_events.OVERDUE & kinds:
            asked = self.real.condition(f"created_at < {told} and due > {told}", "task")
            for row in self.real.rows("task", asked):
                yield from self.foresight.of_task(str(row["id"]))
        for entity in STAGED if kinds & {time_events.IDLE, time_events.NO_FIRST_ANSWER} else ():
            asked = self.real.condition(f"created_at < {told}", entity)
            for row in self.real.rows(entity, asked):
                if self._past.exists(str(row["id"])):
                    yield from self.foresight.of_staged(self._past.get(str(row["id"])))
        yield from time_events.to_come(
            self._past, since, self.until, kinds & {time_events.UNANSWERED}
        )

    def _come(self, event: Event) -> None:
        """Let come once more what people or the outside did."""
        record_id, heard = event.record, list[str]()
        if event.kind in time_events.OF_TIME and not self.foresight.holds(TimeEvent.of(event)):
            return
        if event.kind == "stage.entered" and self.turn_of(record_id) == event.at:
            self.before(record_id, event)
        if event.kind != f"{entity_of(record_id)}.created" or entity_of(record_id) in STAGED:
            taken = self._take_over(event)
            if taken is None:
                return
            event = taken
        self._past.tell(event)
        self.foresight.hear(event)
        is_heard = event.kind in HEARD and not self._is_dead(event)
        if is_heard and not self._awaited.isdisjoint(names_of(event)):
            among = subjects(self.ws, event)
            for record in among:
                self.hear(event, record.id, among)
                heard.append(record.id)
        leaning = linked_dates.leaning_on(self.ws, [record_id]) if "changes" in event.data else []
        own = [record_id] if entity_of(record_id) in STAGED else []
        for one in dict.fromkeys([*own, *heard, *leaning]):
            self.look(one)

    def _take_over(self, event: Event) -> Event | None:
        """Let the record be as the event left it; the event as it is then, None where the record is not."""
        change, record_id, data = self._past.played, event.record, dict(event.data)
        try:
            record = change.get(record_id)
        except RecordRemoved:
            return None
        if event.kind.endswith(".removed"):
            change.take(None, record_id)
            return event
        changes = data.get("changes", {})
        new = {name: pair[1] for name, pair in changes.items()}
        if event.kind == "stage.entered":
            new |= {name: data[name] for name in ("stage", "pipeline") if data.get(name)}
            if str(record.get("stage")) == new.get("stage") and "pipeline" not in changes:
                return None  # a robot or trigger has brought it there already
            data["from"] = str(record.get("stage"))
        if new:
            raw = {**change.schema.write(record), **new}
            record = change.schema.read(record.entity, raw)
            change.take(record, record_id)
        if "robots" in data and data["robots"] is not False:
            data["robots"] = self.ws.robots_of(record)  # those that the rules have
        return replace(event, data=data)

    def known(self, record_id: str) -> list[Event]:
        """What had happened to it by then, or has in the play."""
        return self.ws.events(record=record_id)

    def keep(self, event: Event) -> None:
        """Know from now on of an event, and of what robots decided."""
        self._past.tell(event)
        self.foresight.hear(event)
        if event.kind == "stage.entered" or event.kind.startswith("job."):
            self.decided.append(event)

    def tell(self, record_id: str, who: str, what: str, action: str = "") -> None:
        """What is told are the decisions."""

    def outcome(self, job: Job) -> tuple[str, dict[str, Any]]:
        """As it ended when the same was done, if it was."""
        told = jobs_of(self.real.timeline.job_events([job.key])).get(job.key)
        if told is None or told.state not in ("done", "skipped"):
            return super().outcome(job)
        return told.state, {"values": dict(told.values)} if told.values else {}
