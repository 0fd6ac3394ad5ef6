"""What robots wait for, the earliest first; of many records only so many are thought over as are asked for.

Each record has a moment before which none of its robots can be due: its place in the agenda of the last
tick, or, where that does not know it, the time for which its robots wait after it entered the stage.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count, islice
from typing import NamedTuple

from crmcli.automation import linked_dates
from crmcli.automation.approval.gate import Gate
from crmcli.automation.channel_pace import ChannelPace
from crmcli.automation.explain import RobotLine, line_of
from crmcli.automation.job_failures import jobs_here, raise_general, reason_of
from crmcli.automation.ledger import CRM, OwnStep
from crmcli.automation.record_plan import in_stages, plan_for, with_robots
from crmcli.automation.robot_times import Clock, waited
from crmcli.automation.robots import WAITING
from crmcli.automation.sequence_runs import running
from crmcli.automation.tick import signature
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.model.automation import Robot
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace
from crmcli.workspace.current_stage import current_stages

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LAST = "9999"


class Candidate(NamedTuple):
    """A record for which robots may wait, and the earliest moment at which one of them is due."""

    at: datetime
    record: str


def waiting(ws: Workspace, record: str = "", limit: int | None = None) -> list[RobotLine]:
    """What is still to come from robots, of one record or of all; the earliest first, and those last whose
    time nobody knows yet."""
    if record:
        only = iter([Candidate(_EARLIEST, record)])
        return list(islice(_in_order(ws, only, ()), limit))
    return list(islice(_in_order(ws, candidates(ws), _timeless(ws)), limit))


def _in_order(
    ws: Workspace, dated_records: Iterator[Candidate], others: Iterable[str]
) -> Iterator[RobotLine]:
    gate, pace, numbers = Gate(ws), ChannelPace(ws), count()
    seen: set[str] = set()
    dated: list[tuple[datetime, str, int, RobotLine]] = []
    undated: list[RobotLine] = []

    def look(record_id: str) -> None:
        if record_id not in seen:
            seen.add(record_id)
            for line in _lines(ws, record_id, gate, pace):
                if line.due_at is None:
                    undated.append(line)
                else:
                    heapq.heappush(dated, (line.due_at, line.record, next(numbers), line))

    for candidate in dated_records:
        while dated and dated[0][:2] < candidate:
            yield heapq.heappop(dated)[-1]
        look(candidate.record)
    while dated:
        yield heapq.heappop(dated)[-1]
    for record_id in others:
        look(record_id)
    yield from sorted(undated, key=lambda line: line.record)


def _lines(ws: Workspace, record_id: str, gate: Gate, pace: ChannelPace) -> list[RobotLine]:
    try:
        plan = plan_for(ws, record_id)
        return [line_of(plan, step, gate, pace) for step in plan.steps if step.state in WAITING]
    except (NotFound, InvalidData, Forbidden):
        return []  # gone since it was listed, or unreadable, which `crm check` reports
    except Exception as error:
        why = reason_of(raise_general(error))
        return [RobotLine(record_id, "", "", CRM, OwnStep.LOOK, "failed", None, why)]


def candidates(ws: Workspace) -> Iterator[Candidate]:
    """The records for which robots may wait, in the order of the moments before which none is due."""
    changed = list(ws.agenda.dirty())
    is_true = ws.agenda.signed() == signature(ws)
    if not is_true:
        changed = list(dict.fromkeys([*changed, *with_robots(ws)]))
    leaning = linked_dates.leaning_on_edited(ws)
    first = [Candidate(_EARLIEST, one) for one in leaning]
    told = [*first, *_since_entry(ws, changed), *_of_jobs(ws, is_true=is_true)]
    return heapq.merge(sorted(told), _agenda(ws) if is_true else ())


def _agenda(ws: Workspace) -> Iterator[Candidate]:
    place = ("", "")
    while page := ws.agenda.due(_LAST, place):
        place = page[-1]
        yield from (Candidate(datetime.fromisoformat(at), record) for at, record in page)


def _of_jobs(ws: Workspace, *, is_true: bool) -> Iterator[Candidate]:
    """The records with messages that are to leave."""
    keys = [key for _, key in ws.agenda.open_jobs()]
    if not keys and is_true:
        return
    for job in jobs_here(ws, keys if is_true else ()).values():
        if job.is_outgoing and entity_of(job.record):
            yield Candidate(job.retry_at or job.at, job.record)


def _since_entry(ws: Workspace, record_ids: list[str]) -> Iterator[Candidate]:
    """What the stage tells of records that nobody has thought over since they changed."""
    clock = Clock(ws.now, ws.settings.calendar, ws.zone)
    try:
        places = current_stages(ws, record_ids)
    except Exception as error:  # over one of them, which is told when it is thought over
        raise_general(error)
        yield from (Candidate(_EARLIEST, one) for one in record_ids)
        return
    awake = running(ws)
    for place in places:
        if place.record in awake:
            yield Candidate(_EARLIEST, place.record)
            continue
        _, stage = ws.pipelines.place(entity_of(place.record), place.pipeline, place.stage)
        entry = place.entry
        robots = stage.robots if stage and entry else ()
        if entry and entry.data.get("robots") is False:
            robots = tuple(robot for robot in robots if robot.on)
        if entry and robots:
            yield Candidate(_earliest(robots, entry.at, clock), place.record)


def _earliest(robots: Iterable[Robot], entered: datetime, clock: Clock) -> datetime:
    if any(robot.timing.field or robot.exits for robot in robots):
        return _EARLIEST
    try:
        return min(waited(robot.timing, entered, clock) for robot in robots)
    except OverflowError:
        return _EARLIEST


def _timeless(ws: Workspace) -> Iterator[str]:
    """The records for which a robot may wait without a moment: for a date, or for the robot above."""
    yield from running(ws)
    for pipeline in ws.pipelines:
        for stage in pipeline.stages:
            timings = [robot.timing for robot in stage.robots]
            names = dict.fromkeys(timing.field for timing in timings if timing.field)
            is_empty = " or ".join(f"{name} is empty" for name in names)
            if any(timing.wait_previous for timing in timings):
                yield from in_stages(ws, pipeline, [stage])
            elif is_empty:
                yield from in_stages(ws, pipeline, [stage], is_empty)
