"""What ticks would do until some time, played through in memory: nothing is written, nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from crmcli.automation import (
    hand_edits,
    lapses,
    outbox,
    schedule_progress,
    time_events,
    trigger_runs,
)
from crmcli.automation.actions.work import module_of
from crmcli.automation.approval.gate import Gate
from crmcli.automation.channel_pace import PaceAhead
from crmcli.automation.cron_slots import due, slots
from crmcli.automation.event_subjects import subjects
from crmcli.automation.job_failures import jobs_here
from crmcli.automation.ledger import Job
from crmcli.automation.play import Planned, Play
from crmcli.automation.record_plan import RecordPlan, nothing_was_due
from crmcli.automation.robots import Step
from crmcli.automation.time_events import LATE
from crmcli.automation.trigger_decisions import awaited_names
from crmcli.automation.waiting import Candidate, candidates
from crmcli.language import counted, tr
from crmcli.model.actions import ACTIONS, action_said
from crmcli.model.event import Event, told_actor
from crmcli.model.trigger_events import names_of
from crmcli.workspace import Workspace
from crmcli.workspace.current_stage import CurrentStage
from crmcli.workspace.undone import dead

MOST_LINES = 10_000
"""Lines after which a rehearsal ends: rules may go on for ever."""
MOST_COUNTED = 1_000_000
"""The same where they are only counted."""
PAGE = 200
"""Records that are read at once when the turn of the first of them comes."""


def rehearse(ws: Workspace, until: datetime, most: int = MOST_LINES) -> list[Planned]:
    """Play the ticks from now until then, as if one came at each moment at which something is due; `most`
    lines of it."""
    begun = ws.now
    with ws.standing_still():
        rehearsal = _Rehearsal(ws, until, most)
        slots_to_come = rehearsal.slots()  # first, for the play moves the clock
        rehearsal.play()
    ws.set_clock(begun)
    lines = sorted([*rehearsal.lines, *slots_to_come], key=lambda line: line.at)[: most + 1]
    if len(lines) > most:
        told = tr("more than {} lines: stopped here", most)
        lines[most:] = [Planned(lines[most - 1].at, "", "crm", told)]
    return lines


class _Rehearsal(Play):
    """The play of what ticks have before them."""

    def __init__(self, ws: Workspace, until: datetime, most: int) -> None:
        super().__init__(ws, ws.trial("tick", "crm"), until)
        self.change.stored = ws.stored
        self.most = most
        self.gate, self.pace = Gate(ws), PaceAhead(ws)
        self._pages: dict[str, list[str]] = {}
        self._ahead: dict[str, list[Event]] = {}

    def why_not(self, plan: RecordPlan, step: Step) -> str:
        """What waits for approval."""
        return self.gate.why_not_step(plan, step)

    def paced(self, job: Job) -> tuple[datetime, str] | None:
        """What waits because its channel has let out all that it may."""
        return self.pace.until(job)

    def slots(self) -> list[Planned]:
        """The slots of the schedules: those that have come at once, the others in their time."""
        lines: list[Planned] = []
        ws = self.ws
        for table in schedule_progress.timetables(ws):
            schedule = table.schedule
            missed = due(schedule, ws.zone, table.until, ws.now).run if table.until else ()
            chosen = len(schedule_progress.selection(ws, table))
            is_once = schedule_progress.acts_once(schedule, chosen)
            held = self.gate.why_not(table.declared_at, schedule)
            said, all_ = action_said(schedule.do), counted(chosen, "record")
            what = tr("{} once", said) if is_once else tr("{} for {}", said, all_)
            for slot in (*missed, *slots(schedule.cron, ws.zone, ws.now, self.until)):
                if ACTIONS[schedule.do].by_clock:
                    action = module_of(schedule.do)
                    what = action.announced(action.at_a_time(ws, schedule.params, slot.at))
                told = f"{what}: {held}" if held else what
                at = max(slot.at, ws.now)
                lines.append(Planned(at, "", table.who, told, schedule.do))
        return sorted(lines, key=lambda line: (line.at, line.who))

    def play(self) -> None:
        """Everything that robots, triggers and the queue would do, in the order of time."""
        self._queued()
        self.foresight.put(time_events.to_come(self.ws, self.ws.now - LATE, self.until))
        self.foresight.put(lapses.to_come(self.ws, self.until))
        self._hear_news()
        ahead = self._in_pages(candidates(self.ws))
        coming = next(ahead, None)
        # Each is looked at when its turn comes, so that a long time ahead is not held at once.
        while len(self.lines) <= self.most:
            moment = self.next_at() or self.until
            while coming and coming.at <= moment:
                self.put(*coming)
                moment, coming = min(moment, coming.at), next(ahead, None)
            if self.next_at() is None:
                return
            self.step()

    def _in_pages(self, found: Iterator[Candidate]) -> Iterator[Candidate]:
        while page := list(islice(found, PAGE)):
            ids = [one.record for one in page]
            self._pages.update(dict.fromkeys(ids, ids))
            yield from page

    def told(self, record_id: str) -> list[Event]:
        """Its events; those of the records that come next are read with them."""
        page = self._pages.pop(record_id, None)
        if page and record_id not in self._ahead:
            self._ahead = self.ws.read_ahead(page)
        found = self._ahead.pop(record_id, None)
        return super().told(record_id) if found is None else found

    def _hear_news(self) -> None:
        """What people edited, and the events that nobody has heard."""
        failed: dict[str, Exception] = {}
        for place in hand_edits.strayed(self.ws, self.ws.agenda.dirty(), failed):
            with self.surely(place.record):
                self._stray(place)
        is_dead = dead(self.ws)
        awaited = awaited_names(self.ws)
        for _, event in trigger_runs.hearing(self.ws).events:
            if not is_dead(event):
                with self.surely(event.record):
                    has_left = trigger_runs.leaves_robots(self.ws, event)
                    if has_left and not nothing_was_due(self.ws, event):
                        self.before(event.record, event)
                    is_awaited = not awaited.isdisjoint(names_of(event))
                    among = subjects(self.ws, event) if is_awaited else []
                    for record in among:
                        self.hear(event, record.id, among)
        for record_id in list(self.made):
            with self.surely(record_id):
                self.look(record_id)

    def _queued(self) -> None:
        """The messages in the queue, at once or at their next try."""
        begun = self.ws.now
        dated = [(outbox.time_of(job, begun), job) for job in jobs_here(self.ws).values()]
        coming = [(max(at, begun), job) for at, job in dated if at is not None and at <= self.until]
        for at, job in sorted(coming, key=lambda one: (one[0], one[1].record)):
            self.ws.set_clock(at)
            held = self.gate.why_not_message(job)
            waits = None if held else self.pace.until(job)
            if waits and waits[0] <= self.until:
                at, waits = waits[0], None
            why = held or (waits[1] if waits else "")
            what = tr("deliver {} to {}", job.action, job.facts.get("to")) + (
                f": {why}" if why else ""
            )
            who = told_actor(job.actor)
            self.lines.append(Planned(at, job.record, who, what, job.action))
        self.ws.set_clock(begun)

    def _stray(self, place: CurrentStage) -> None:
        self.author("edit", "", 0)
        robots = self.ws.robots_of(self.change.get(place.record))
        self.change.note("stage.entered", place.record, hand_edits.facts_of(place, robots))
        self.take_events()
        self.tell(place.record, "edit", tr("came to {}", place.stage))
