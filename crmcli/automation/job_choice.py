"""Which jobs are meant: by their keys, or all that a condition fits, in the language of all conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal

from crmcli.automation.job_failures import jobs_here
from crmcli.automation.ledger import STATES, Job
from crmcli.automation.waiting import waiting
from crmcli.dataclass import dataclass, field, replace
from crmcli.errors import NotFound
from crmcli.language import counted, tr
from crmcli.model.aliases import aliases
from crmcli.model.conditions import where
from crmcli.model.conditions.holds import holds
from crmcli.model.conditions.tree import (
    And,
    BadCondition,
    Compare,
    Condition,
    Empty,
    In,
    Literal,
    Node,
    Not,
    Text,
)
from crmcli.model.durations import parse_duration
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field, Record
from crmcli.model.kinds import kind_of
from crmcli.model.kinds.base import Key
from crmcli.model.kinds.numbers import Number
from crmcli.model.listed import only_beginning
from crmcli.model.schema import Schema
from crmcli.model.values import Value, entity_of, fold
from crmcli.sales.many import Chosen
from crmcli.workspace import Change, Workspace
from crmcli.workspace.current_stage import current_stages

JOB = "job"
WAITS = "waiting"
"""The state of a robot that has not begun, and has no line in the ledger yet."""
_DAY = 86_400.0
_LISTS = "see crm jobs list --state all and crm robots waiting"


class Age(Number):
    """How long ago something was, in days: 3, 3d, 2h, 1w."""

    def literal(self, text: str, country: str) -> Key:
        """The key of what a condition says, a number or a length of time."""
        return parse_duration(text).seconds / _DAY


FIELDS = (
    Field("robot", kind_of("text"), "Robot"),
    Field("action", kind_of("text"), "Does"),
    Field("state", kind_of("choice"), "State", choices=(*STATES, WAITS)),
    Field("record", kind_of("link"), "Record", entities=tuple(ENTITIES)),
    Field("pipeline", kind_of("pipeline"), "Pipeline"),
    Field("stage", kind_of("stage"), "Stage"),
    Field("due", kind_of("datetime"), "Due"),
    Field("age", Age("age"), "Age"),
    Field("reason", kind_of("note"), "Why"),
    Field("to", kind_of("text"), "To"),
)


_TEXTS = ("robot", "action", "state", "record", "reason")


class JobSchema(Schema):
    """The fields of a workspace, and those of its jobs, of which there are no files."""

    def fields(self, entity: str) -> tuple[Field, ...]:
        """All fields of an entity, or of jobs."""
        return FIELDS if entity == JOB else super().fields(entity)

    def askable(self, entity: str) -> tuple[Field, ...]:
        """The fields that conditions know."""
        return FIELDS if entity == JOB else super().askable(entity)

    def plural(self, entity: str) -> str:
        """What several are called."""
        return tr("jobs") if entity == JOB else super().plural(entity)


class _JobFacts(Record):
    """What conditions see of a job."""

    entity = JOB


def condition_of(ws: Workspace, text: str) -> Condition:
    """A condition on jobs; BadCondition for one that does not fit their fields."""
    schema = JobSchema(ws.settings.fields)
    names = aliases(ws.settings, ws.pipelines, ws.user)
    for end in ("stage", "stage.kind"):
        both = (names.get(f"{entity}.{end}", {}) for entity in ("lead", "deal"))
        names[f"{JOB}.{end}"] = _together(both)
    names[f"{JOB}.pipeline"] = {fold(p.name): [p.id] for p in ws.pipelines}
    read = where.read(text, schema, JOB)
    return where.resolve(read, schema, JOB, names)


def _together(several: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for words in several:
        for word, ids in words.items():
            found[word] = [*dict.fromkeys([*found.get(word, ()), *ids])]
    return found


def matching(
    ws: Workspace, condition: Condition | None, states: Sequence[str], *, record: str = ""
) -> list[Job]:
    """The jobs in these states that fit a condition, the latest last, among them robots that only wait
    where `states` has them."""
    found = [job for job in jobs_here(ws, record=record).values() if job.state in states]
    if WAITS in states:
        known = {job.key for job in found}
        found += [job for job in robots_that_wait(ws, record) if job.key not in known]
    found.sort(key=lambda job: (job.at, job.key))
    return _fitting(ws, condition, found) if condition else found


def robots_that_wait(ws: Workspace, record: str = "") -> Iterator[Job]:
    """The robots that have not begun, as the jobs that they will be."""
    for line in waiting(ws, record):
        if line.key:
            yield Job(line.key, line.record, line.robot, line.action, WAITS, ws.now, ws.now,
                      reason=line.why, retry_at=line.due_at)  # fmt: skip


def _as_told(ws: Workspace, condition: Condition, jobs: Sequence[Job]) -> Condition:
    """The condition, in which what is asked of the records of these jobs is asked of the workspace, as lists
    ask: so that it tells no more than these."""
    nouns: dict[str, list[Literal]] = {}
    for record_id in dict.fromkeys(job.record for job in jobs if job.record):
        nouns.setdefault(entity_of(record_id), []).append(Text(record_id))

    def change(leaf: Compare | In | Empty) -> Node:
        if leaf.path[0] != "record" or len(leaf.path) < 2:
            return leaf
        fit: list[Literal] = []
        for entity, ids in nouns.items():
            with suppress(BadCondition):  # that noun has no such field
                asked = Condition(
                    "", And((where.positive(leaf, leaf.path[1:]), In(("id",), tuple(ids))))
                )
                where.check(asked, ws.schema, entity)
                fit += [Text(one.id) for one in ws.facts(entity, [], asked)]
        among = In(("record",), tuple(fit))
        return Not(among) if where.is_negative(leaf) else among

    return Condition(condition.text, where.changed(condition.tree, change))


def _fitting(ws: Workspace, condition: Condition, jobs: Sequence[Job]) -> list[Job]:
    if ws.trail is not None and ws.trail.is_asked:
        condition = _as_told(ws, condition, jobs)
    places = {}
    staged = dict.fromkeys(job.record for job in jobs if entity_of(job.record) in ("lead", "deal"))
    for place in current_stages(ws, list(staged)):
        pipeline, _ = ws.pipelines.place(entity_of(place.record), place.pipeline, place.stage)
        places[place.record] = (pipeline.id if pipeline else place.pipeline, place.stage)
    env = replace(ws.env, schema=JobSchema(ws.settings.fields))

    def facts(job: Job) -> Record:
        pipeline, stage = places.get(job.record, ("", ""))
        due = job.retry_at or (job.at if job.state == "queued" else None)
        age = Decimal((ws.now - job.at).total_seconds() / _DAY)
        own = {name: str(getattr(job, name)) for name in _TEXTS}
        told: dict[str, Value] = {"pipeline": pipeline, "stage": stage, "due": due, "age": age}
        texts = {**own, "to": str(job.facts.get("to", ""))}
        if ws.trail is not None and ws.trail.withholds:
            texts = {name: ws.trail.compared(text, ws) for name, text in texts.items()}
        return _JobFacts(id=job.key, custom={**texts, **told})

    return [job for job in jobs if holds(condition, facts(job), env)]


def asked_states(condition: Condition | None, states: Sequence[str]) -> Sequence[str]:
    """The states to look at: all where the condition names states itself, the given ones otherwise; robots
    that only wait where it names them."""
    named = {
        value.value
        for leaf in (where.leaves(condition.tree) if condition else ())
        if leaf.path == ("state",)
        for value in where.values_of(leaf)
        if isinstance(value, Text)
    }
    if not named:
        return states
    return (*STATES, WAITS) if WAITS in named else STATES


def find(ws: Workspace, key: str) -> Job:
    """The one job whose key begins like that."""
    jobs = jobs_here(ws, [key]) or jobs_here(ws)
    return jobs[only_beginning(key, jobs, tr("no job {!r}", key), _LISTS)]


@dataclass(frozen=True, slots=True)
class ChosenJobs(Chosen):
    """Jobs by their keys or, with a condition, all in some states that fit it when the change is open."""

    states: Sequence[str] = ()
    found: dict[str, Job] = field(default_factory=dict)

    def under_lock(self, ws: Workspace, change: Change) -> Iterator[str]:
        """The keys of those that fit now."""
        if self.condition is None:
            yield from dict.fromkeys(self.ids)
            return
        ws.look_again()
        self.found.update((job.key, job) for job in matching(ws, self.condition, self.states))
        yield from list(self.found)

    def job(self, ws: Workspace, key: str) -> Job:
        """The one job whose key begins so, or the robot that only waits. NotFound, Ambiguous."""
        if key in self.found:
            return self.found[key]
        try:
            return find(ws, key)
        except NotFound:
            begun = [job for job in robots_that_wait(ws) if key and job.key.startswith(key)]
            if len(begun) != 1:
                raise
            return begun[0]

    def counted(self, count: int) -> str:
        """So many of them, in words."""
        return counted(count, "job")
