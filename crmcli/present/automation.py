"""Robots, jobs and the plan of a rehearsal as tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.actions import action_said, channel_of
from crmcli.model.event import Event
from crmcli.model.local_times import local_minute
from crmcli.model.redaction import redacted
from crmcli.model.sms_length import in_words
from crmcli.model.values import format_instant
from crmcli.present.cells import Column, Listing, attributes, plain, rows_of
from crmcli.present.events import describe, facts_of
from crmcli.present.records import raw_row

if TYPE_CHECKING:
    from crmcli.automation.explain import RobotLine
    from crmcli.automation.ledger import Job
    from crmcli.automation.play import Planned
    from crmcli.automation.replay import Difference, Replay
    from crmcli.automation.robot_trial import RobotTrial
    from crmcli.automation.rules_diff import RobotDiff, Waiting
    from crmcli.automation.trigger_answers import Question
    from crmcli.workspace import Workspace

WAITING = [
    Column("record", "Record", keep=True), Column("name", "Name"), Column("robot", "Robot", keep=True),
    Column("action", "Does"), Column("state", "State", "word"), Column("due_at", "Due", "datetime"),
    Column("why", "Why", whole=True),
]  # fmt: skip
EXPLAINED = [
    Column("stage", "Stage", whole=True), Column("robot", "Robot", keep=True), Column("action", "Does"),
    Column("state", "State", "word", keep=True), Column("due_at", "When", "datetime"),
    Column("why", "Why", whole=True), Column("key", "Key", "key"),
]  # fmt: skip
JOBS = [
    Column("key", "Key", "key", keep=True), Column("state", "State", "word", keep=True),
    Column("record", "Record", keep=True),
    Column("robot", "Robot", "actor", keep=True), Column("action", "Does", spare=True),
    Column("at", "When", "datetime", keep=True), Column("retry_at", "Again", "datetime", keep=True),
    Column("to", "To", spare=True), Column("reason", "Why", whole=True),
]  # fmt: skip
_ANSWER = "it waits for its answer: crm jobs finish"
RULES_DIFF = [
    Column("pipeline", "Pipeline"), Column("stage", "Stage"), Column("robot", "Robot", keep=True),
    Column("stay", "Stay", "count"), Column("move", "Move", "count"), Column("end", "End", "count"),
    Column("start", "Start", "count"), Column("examples", "For example", whole=True),
]  # fmt: skip
KEY, RULE = Column("key", "Key", keep=True), Column("rule", "Rule")
STEPS = [
    Column("at", "When", "datetime", keep=True), Column("actor", "Who", "actor"),
    Column("state", "State", "word", keep=True), Column("reason", "Why", whole=True),
]  # fmt: skip
QUESTIONS = [
    Column("id", "Event", keep=True), Column("at", "When", "datetime"), Column("on", "Trigger"),
    Column("names", "Deals", whole=True),
]  # fmt: skip
PLAN = [
    Column("at", "When", "datetime", keep=True), Column("record", "Record", keep=True),
    Column("who", "Who", "actor"), Column("what", "What", whole=True),
]  # fmt: skip
REPLAYED = [
    Column("who", "Who", "actor", keep=True), Column("action", "Does"), Column("before", "Before", "count"),
    Column("after", "After", "count"), Column("more", "More", "count"), Column("fewer", "Fewer", "count"),
    Column("otherwise", "Otherwise", "count"), Column("examples", "Examples", whole=True),
]  # fmt: skip
DIFFERENCES = [
    Column("kind", "Difference", "word", keep=True), Column("record", "Record", keep=True),
    Column("who", "Who", "actor"), Column("action", "Does"), Column("before", "Before", "datetime"),
    Column("to_before", "To"), Column("after", "After", "datetime"), Column("to", "To"),
]  # fmt: skip
FEW = 3
"""Differences of a robot that are shown as examples."""
BY_DAY = [
    Column("day", "Day", "date", keep=True), Column("who", "Who", "actor"), Column("action", "Does"),
    Column("count", "How many", "count"),
]  # fmt: skip


def outlook(lines: Iterable[RobotLine], columns: list[Column], empty: str) -> Listing:
    """What robots wait for, or why they do not: WAITING or EXPLAINED."""
    names = ("record", "name", "stage", "robot", "action", "state", "due_at", "why", "key", "kind")
    return Listing(rows_of(lines, *names), columns, empty)


def jobs(ws: Workspace, found: Sequence[Job], empty: str) -> Listing:
    """What robots did and could not do; of messages that wait in the queue, for what."""
    from crmcli.automation.approval.gate import Gate
    from crmcli.automation.channel_pace import ChannelPace

    names = ("key", "at", "record", "robot", "action", "state", "retry_at", "reason", "attempts")
    rows, gate, pace = rows_of(found, *names), Gate(ws), ChannelPace(ws)
    for job, row in zip(found, rows, strict=True):
        row |= {"id": job.key, "attempts": job.attempts + job.starts}
        row["reason"] = tr(job.reason or (_ANSWER if job.state == "awaiting" else ""))
        if job.is_outgoing and job.state == "queued" and not job.reason:
            row["reason"] = gate.why_not_message(job) or pace.why_not(job)
        row |= {**{key: job.facts.get(key, "") for key in ("to", "file")}}
    return Listing(rows, JOBS, empty)


def job_steps(events: Iterable[Event]) -> Listing:
    """What the ledger says of a job, line by line."""
    rows = [
        {
            "at": format_instant(event.at),
            "actor": event.actor,
            "state": event.kind.rpartition(".")[2],
            "reason": redacted(str(event.data.get("reason", ""))),
        }
        for event in events
    ]
    return Listing(rows, STEPS)


def job_name(job: Job) -> str:
    """How a job is called in a sentence."""
    about = tr(" for {}", job.record) if job.record else ""
    return tr("{}, {} by {}{}", job.key, job.action, job.robot, about)


def questions(asked: Iterable[tuple[Question, str]]) -> Listing:
    """Which events wait for somebody to say which deal was meant."""
    rows = [
        {"id": one.event, "at": format_instant(one.asked.at), "on": str(one.asked.data.get("on")),
         "deals": list(one.deals), "names": names}
        for one, names in asked
    ]  # fmt: skip
    return Listing(rows, QUESTIONS, "no event asks which deal was meant")


def plan(planned: Iterable[Planned]) -> Listing:
    """What ticks would do, and when."""
    return Listing.of(planned, PLAN, empty="nothing would happen")


def replayed(found: Replay, zone: tzinfo) -> Listing:
    """How many decisions of each robot and trigger would have been otherwise, with some of them."""
    rows = []
    for key in sorted({**found.before, **found.after}):
        own = [one for one in found.differences if (one.of.who, one.of.action) == key]
        kinds = Counter(one.kind for one in own)
        counts = {name: kinds[name] for name in ("more", "fewer", "otherwise")}
        names = {"who": key[0], "action": key[1]}
        told = {"before": found.before.get(key, 0), "after": found.after.get(key, 0)}
        few = [_example(one, zone) for one in own[:FEW]]
        rows += [{**names, **told, **counts, "examples": few}] if own else []
    return Listing(rows, REPLAYED, "no decision would have been otherwise")


def differences(found: Replay) -> Listing:
    """Each decision that would have been otherwise."""
    return Listing([_difference(one) for one in found.differences], DIFFERENCES,
                   "no decision would have been otherwise")  # fmt: skip


def rules_diff(found: Iterable[RobotDiff], zone: tzinfo) -> Listing:
    """What other rules make of what waits: how many stay, move, end and start, with some of them."""
    rows = []
    for one in found:
        names = dict(zip(("pipeline", "stage", "robot"), one.place.split("/", 2), strict=True))
        counts = {kind: len(records) for kind, records in one.records.items()}
        few = [w for kind, records in one.records.items() if kind != "stay" for w in records[:FEW]]
        told = [f"{w.name or w.record} {_way(w.before, w.after, zone)}" for w in few]
        rows += [{**names, **counts, "examples": told, "records": [_waiting(w) for w in few]}]
    return Listing(rows, RULES_DIFF, "nothing that waits would be otherwise")


def _way(before: datetime | None, after: datetime | None, zone: tzinfo) -> str:
    return " → ".join(local_minute(at, zone) if at else "–" for at in (before, after))


def _waiting(one: Waiting) -> dict[str, str]:
    times = {name: getattr(one, name) for name in ("before", "after")}
    told = {name: format_instant(at) if at else "" for name, at in times.items()}
    return {"record": one.record, "name": one.name, **told}


def _example(one: Difference, zone: tzinfo) -> str:
    before, after = (each.at if each else None for each in (one.before, one.after))
    return f"{one.of.record} {_way(before, after, zone)} {one.of.to}".rstrip()


def _difference(one: Difference) -> dict[str, Any]:
    before, after, of = one.before, one.after, one.of
    return {
        "kind": one.kind, "record": of.record, "who": of.who, "action": of.action,
        "before": format_instant(before.at) if before else "", "to_before": before.to if before else "",
        "after": format_instant(after.at) if after else "", "to": after.to if after else "",
    }  # fmt: skip


def plan_by_day(planned: Iterable[Planned], zone: tzinfo) -> Listing:
    """How many of what ticks would do on each day."""
    counts = Counter(
        (line.at.astimezone(zone).date().isoformat(), line.who, line.action) for line in planned
    )
    names = ("day", "who", "action", "count")
    rows = [dict(zip(names, (*key, n), strict=True)) for key, n in sorted(counts.items())]
    return Listing(rows, BY_DAY, "nothing would happen")


def trial_row(ws: Workspace, trial: RobotTrial) -> dict[str, Any]:
    """What a robot would do for a record, for programs."""
    record, done, condition = trial.record, trial.done, trial.condition
    row: dict[str, Any] = {
        "robot": trial.robot.id,
        "stage": trial.stage,
        "record": record.id,
        "action": trial.robot.do,
        "condition": condition.facts() if condition else None,
        "state": done.word,
        "effect": done.effect,
        "reason": done.reason,
        "events": [{**attributes(e, "kind", "record"), "data": facts_of(e)} for e in trial.events],
        "records": [raw_row(ws, made) for made in trial.records],
    }
    return {**row, "message": _leaving(ws, trial)}


def trial_text(ws: Workspace, trial: RobotTrial) -> str:
    """The same for people: whether it would act, then what it would write or send."""
    robot, record, done = trial.robot, trial.record, trial.done
    name = tr("robot {}", robot.id)
    blocks = [f"{name}, {action_said(robot.do)}: {record.id} {record.get('name')}"]
    if trial.condition:
        blocks[0] += f"\n{trial.condition.now()}"
    blocks[0] += f"\n{done.effect or ': '.join(filter(None, (tr(done.word), tr(done.reason))))}"
    for made in trial.records:
        fields = {k: v for k, v in raw_row(ws, made).items() if v not in ("", None, [], {})}
        blocks.append("\n".join(f"{name}: {plain(value)}" for name, value in fields.items()))
    told = [(e, describe(ws, e)) for e in trial.events if "changes" in e.data or e.kind == "note"]
    blocks += [f"{event.record}: {words}" for event, words in told if words]
    leaving = _leaving(ws, trial)
    if "text" in leaving:
        names = [key for key in ("From", "To", "Subject") if key.lower() in leaving]
        heads = [f"{tr(key + ':')} {leaving[key.lower()]}" for key in names]
        length = ["", str(leaving["length"])] if leaving.get("length") else []
        blocks.append("\n".join([*heads, "", str(leaving["text"]).rstrip(), *length]))
    elif "program" in leaving:
        given = json.dumps(leaving["given"], ensure_ascii=False, indent=2)
        blocks.append(f"{leaving['program']} < {given}")
    elif "url" in leaving:
        heads = [f"{key}: {value}" for key, value in leaving["headers"].items()]
        body = json.dumps(leaving["body"], ensure_ascii=False, indent=2)
        blocks.append("\n".join([f"POST {leaving['url']}", *heads, "", body]))
    return "\n\n".join(blocks)


def _leaving(ws: Workspace, trial: RobotTrial) -> Mapping[str, Any]:
    """The message or the request that would leave, or what a program would be given."""
    if trial.queued is None:
        return {}
    from crmcli.channels.base import Queued, sender_class

    facts, content = trial.queued
    channel = channel_of(facts["action"])
    shown = sender_class(channel).shown(Queued(facts["key"], facts, content))
    price = str(ws.settings.channels.get(channel, {}).get("price") or "")
    return {**shown, "length": in_words(shown["text"], price)} if price else shown
