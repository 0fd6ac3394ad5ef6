"""What the robots of a stage have to do for a record, and when: pure rules.

Nothing is planned ahead and kept: the steps follow from the record as it is, the stage as it is
declared now, the event by which the record came here and the jobs written down since. So leaving
the stage, editing a date or changing a robot needs no bookkeeping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from crmcli.automation.ledger import LONGEST_WAIT, OPEN, Job, job_key
from crmcli.automation.robot_times import (
    Clock,
    Dated,
    Turn,
    has_passed,
    own_dates,
    turns_of,
    waited,
)
from crmcli.automation.visits import Visit
from crmcli.dataclass import dataclass, replace
from crmcli.language import tr
from crmcli.model.automation import Exit, Robot
from crmcli.model.clocks import has_come
from crmcli.model.conditions.tree import Condition
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.values import format_instant
from crmcli.model.work_time import shift

QUARANTINE = 20
"""How often a robot may act for one record within 24 hours."""
DEEPEST = 10
"""How many steps of automation may follow from one act of a person."""

WAITING = ("due", "held", "waiting", "waiting_for_field", "waiting_for_previous", "queued", "started",
           "failed", "awaiting")  # fmt: skip
"""The states in which something is still to come."""

IMPORTED = "imported into this stage: robots act when it enters again"
ADDED_LATER = "added after the record entered this stage: acts when it enters again"
ADDED_SINCE = "added after the sequence was started: acts when it is started again"


@dataclass(frozen=True, slots=True)
class Step:
    """One robot's part in a visit. `state` is waiting, waiting_for_field, waiting_for_previous, due,
    paused, never, or a state of the ledger. A due step is to `run`, or, by its `verdict`,
    to be written down as `skip` or `miss`."""

    robot: Robot
    key: str
    state: str
    due_at: datetime | None = None
    reason: str = ""
    verdict: str = "run"
    before: str = ""
    """The key of its last job in this visit, where its date has come before."""
    whose: str = ""
    """The linked record whose date it is."""
    exit: Exit | None = None
    """What ends its chain here."""
    start: Event | None = None
    """What started it, where that was not the record's coming."""
    run: Visit | None = None
    """The run of a sequence to which it belongs, if it does not belong to the stay in the stage."""


class _Chain(NamedTuple):
    """Where the chain stands: since when its next robot may count, or why it may not; `left` is the job
    that ended it."""

    since: datetime | None
    reason: str = ""
    left: Job | None = None


def steps_of(
    record: Record,
    robots: Sequence[Robot],
    visit: Visit,
    clock: Clock,
    is_met: Callable[[Condition], bool] = lambda _: False,
) -> list[Step]:
    """Each robot of a stage or sequence with what it does next for the record; robots in their order. Of
    conditions only those are asked here that end a chain: others hold or not at the moment of acting."""
    there = visit.entry.data.get("robots")
    steps: list[Step] = []
    chain = _Chain(visit.entry.at)
    for robot, exits in with_exits(robots):
        # A message that is thought of today must not go to everybody who has stood here for months.
        is_late = there is False or (isinstance(there, list) and robot.id not in there)
        if is_late and not robot.on:
            why = IMPORTED if there is False else ADDED_SINCE if visit.sequence else ADDED_LATER
            dated = next(iter(clock.dates(record, robot.timing.field)), None)
            steps.append(Step(robot, key_of(robot, record, visit, dated), "never", None, why))
            continue
        if not robot.timing.wait_previous:
            chain = _Chain(visit.entry.at)
        if chain.left is not None and chain.left.go_to != robot.id:
            why, key = chain.left.reason, key_of(robot, record, visit)
            steps.append(Step(robot, key, "cancelled", chain.left.at, why))
            continue
        step = _step(robot, record, visit, chain, clock)
        if step.state in ("due", "waiting", "waiting_for_field"):
            step = _unless_left(step, [one for one in exits if is_met(one.when)], clock.now)
        steps.append(step)
        chain = _follow(chain, steps[-1], visit)
    return steps


def with_exits(robots: Sequence[Robot]) -> Iterator[tuple[Robot, Sequence[Exit]]]:
    """The robots of a stage or sequence, each with what may end its chain before it acts: what stands at it
    and at those above it in the chain. A goal that goes on at a robot is none from there on."""
    exits: list[Exit] = []
    for robot in robots:
        above = exits if robot.timing.wait_previous else []
        own = robot.exits if robot.enabled else ()
        exits = [one for one in [*above, *own] if one.go_to != robot.id]
        yield robot, exits


def exit_facts(left: Exit | None) -> Mapping[str, Any]:
    """What the ledger says of a robot at which its chain ended, besides the reason."""
    return {"ends_chain": True, "go_to": left.go_to} if left else {}


def _unless_left(step: Step, met: Sequence[Exit], now: datetime) -> Step:
    """The step; to be let go at once where the chain ends."""
    if not met:
        return step
    at = step.due_at if step.state == "due" else now
    return replace(step, state="due", due_at=at, reason=str(met[0]), verdict="skip", exit=met[0])


def next_at(steps: Sequence[Step], now: datetime) -> datetime | None:
    """When the earliest of these steps needs a tick; None if none does before something changes."""
    if any(step.state == "due" for step in steps):
        return now
    waiting = (step.due_at for step in steps if step.state in ("waiting", "failed"))
    return min((moment for moment in waiting if moment), default=None)


def key_of(robot: Robot, record: Record, visit: Visit, dated: Dated | None = None) -> str:
    """The key of the robot's job in this visit; for a date robot also of this date, the record's own if
    none is given."""
    name = robot.timing.field
    if not name:
        return job_key(robot.id, record.id, visit.entry.id)
    dated = dated or next(iter(own_dates(record, name)), None)
    why = _text(dated.value if dated else None)
    whose = [dated.whose] if dated and dated.whose else []
    return job_key(robot.id, record.id, visit.entry.id, why, *whose)


def is_wild(robot_id: str, events: Sequence[Event], now: datetime) -> bool:
    """Whether a robot acted so often for the record within 24 hours that it must run in circles."""
    lately = [event for event in events if now - event.at < timedelta(hours=24)]
    acts = [event.data for event in lately if event.kind in ("job.done", "job.queued")]
    return len({data["key"] for data in acts if data.get("robot") == robot_id}) >= QUARANTINE


def _called_step(robot: Robot, record: Record, visit: Visit, chain: _Chain, clock: Clock) -> Step:
    """The step of a robot that events start: that of the first one for which it did not act yet."""
    calls = visit.starts.get(robot.id, ())
    keys = [job_key(robot.id, record.id, visit.entry.id, str(e.data.get("event"))) for e in calls]
    if not keys:
        state = "waiting_for_event" if robot.enabled else "paused"
        why = tr("waits for {}", robot.on) if robot.enabled else "disabled in pipelines.yaml"
        return Step(robot, key_of(robot, record, visit), state, None, why)
    jobs = [visit.jobs.get(key) for key in keys]
    left = [n for n, job in enumerate(jobs) if job is None or job.state in OPEN]
    place = left[0] if left else len(keys) - 1
    start, job = calls[place], jobs[place]
    if job is not None:
        return replace(_known_step(robot, job, clock.now), start=start)
    since = max(start.at, chain.since) if chain.since and robot.timing.wait_previous else start.at
    turn = _turns(robot, record, since, clock)[0]
    return replace(_new_step(robot, keys[place], turn, chain, since, clock), start=start)


def _step(robot: Robot, record: Record, visit: Visit, chain: _Chain, clock: Clock) -> Step:
    if robot.on:
        return _called_step(robot, record, visit, chain, clock)
    again = _again_step(robot, record, visit, chain, clock) if robot.repeats else None
    if again is not None:
        return again
    name = robot.timing.field
    armed = max(chain.since or visit.entry.at, visit.changed.get(name, visit.entry.at))
    try:
        turns = _turns(robot, record, armed if name else chain.since or armed, clock)
    except OverflowError:
        return Step(robot, key_of(robot, record, visit), "never", None, "its time is out of range")
    keys = [key_of(robot, record, visit, turn.dated) for turn in turns]
    jobs = [visit.jobs.get(key) for key in keys]
    left = [n for n, job in enumerate(jobs) if job is None or job.state in OPEN]
    place = left[0] if left else len(turns) - 1
    key = keys[place] if turns else key_of(robot, record, visit)
    job = jobs[place] if turns else visit.jobs.get(key)
    if job is not None:
        return replace(_known_step(robot, job, clock.now), whose=_whose(turns, place))
    step = _new_step(robot, key, turns[place] if turns else None, chain, armed, clock)
    told = max((job for job in jobs if job), key=lambda job: job.at, default=None)
    whose = _whose(turns, place)
    return replace(step, before=told.key if told else "", whose=whose) if told or whose else step


def _again_step(
    robot: Robot, record: Record, visit: Visit, chain: _Chain, clock: Clock
) -> Step | None:
    """The step of a robot that acts again and again, after the first time."""
    key, last, number = key_of(robot, record, visit), None, 1
    while (job := visit.jobs.get(key)) is not None and job.is_over:
        last, number = job, number + 1
        key = job_key(robot.id, record.id, visit.entry.id, f"time {number}")
    if last is None or robot.repeats is None or last.ends_chain:
        return None
    if job is not None:
        return replace(_known_step(robot, job, clock.now), before=last.key)
    turn = Turn(None, waited(replace(robot.timing, after=robot.repeats), last.at, clock))
    return replace(_new_step(robot, key, turn, chain, last.at, clock), before=last.key)


def _turns(robot: Robot, record: Record, since: datetime, clock: Clock) -> list[Turn]:
    """The times of a robot; those at which the record's owner is there, if it waits for that."""
    turns, owner = turns_of(robot.timing, record, since, clock), str(record.get("owner"))
    if robot.absent != "wait" or not owner:
        return turns
    return [Turn(turn.dated, clock.present(owner, turn.moment)) for turn in turns]


def _whose(turns: Sequence[Turn], place: int) -> str:
    dated = turns[place].dated if turns else None
    return dated.whose if dated else ""


def _new_step(
    robot: Robot, key: str, turn: Turn | None, chain: _Chain, armed: datetime, clock: Clock
) -> Step:
    """The step of a job that the ledger does not know yet."""
    if not robot.enabled:
        return Step(robot, key, "paused", None, "disabled in pipelines.yaml")
    if chain.since is None:
        return Step(robot, key, "waiting_for_previous", None, chain.reason)
    if turn is None:
        return Step(robot, key, "waiting_for_field", None, tr("{} is empty", robot.timing.field))
    timing, moment = robot.timing, turn.moment
    if moment > clock.now:
        return Step(robot, key, "waiting", moment, "")
    is_past = bool(timing.field) and has_passed(timing, turn, armed, clock.zone)
    if is_past and timing.if_past == "skip":
        return Step(robot, key, "due", moment, "the time had already passed", "skip")
    late = timing.max_late
    if late is not None and clock.now > shift(moment, late, clock.zone):
        return Step(robot, key, "due", moment, tr("more than {} late", late), "miss")
    return Step(robot, key, "due", moment)


def _known_step(robot: Robot, job: Job, now: datetime) -> Step:
    """The step of a job that the ledger knows."""
    if job.state == "failed" and not job.is_outgoing and not robot.enabled:
        return Step(robot, job.key, "paused", None, "disabled in pipelines.yaml")
    again = job.state == "failed" and not job.is_outgoing and job.retry_at
    if again and has_come(again, now, LONGEST_WAIT):
        return Step(robot, job.key, "due", job.retry_at, job.reason)
    if job.state == "stopped":
        return Step(robot, job.key, "stopped", None, job.reason)
    return Step(robot, job.key, job.state, job.retry_at or job.at, job.reason)


def _follow(chain: _Chain, step: Step, visit: Visit) -> _Chain:
    """Where the chain stands after this step: its end is where the next robot counts from."""
    job = visit.jobs.get(step.key) or visit.jobs.get(step.before)
    if job is None:
        # A disabled robot is as good as not there: the next one counts from where it would have.
        waits = _Chain(None, tr("once {} is done", step.robot.id))
        return waits if step.robot.enabled else chain
    if job.ends_chain:
        return _Chain(job.at, left=job)
    if job.is_over or (job.state == "dead" and step.robot.on_error == "continue"):
        return _Chain(min(job.at, visit.until or job.at))
    why = tr("{} failed for good" if job.state == "dead" else "once {} is done", step.robot.id)
    return _Chain(None, why)


def _text(value: date | datetime | None) -> str:
    if isinstance(value, datetime):
        return format_instant(value)
    return value.isoformat() if value else ""
