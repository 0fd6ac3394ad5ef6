"""Reading pipelines.yaml: stages, and where robots, triggers and schedules hang on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from crmcli.errors import InvalidData, Problem
from crmcli.model import limits
from crmcli.model.automation import Robot, Schedule, Trigger
from crmcli.model.pipeline import STAGE_KINDS, Pipeline, Pipelines, Stage
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import Raw, fold
from crmcli.store.config.automation import Frame, read_robot, read_schedule, read_trigger
from crmcli.store.config.cursor import Cursor, marked, read_marked, unique
from crmcli.store.layout import PIPELINES

LEAD_KEYS = ("name", "stages", "schedules")
DEAL_KEYS = ("id", "name", "stages", "schedules")
STAGE_KEYS = ("id", "name", "kind", "color", "initial", "max_days", "probability", "requires",
              "robots", "triggers")  # fmt: skip
R = TypeVar("R", Robot, Schedule, Trigger)
COLOR_RULE = r"#[0-9a-fA-F]{6}"


@dataclass(frozen=True)
class _Ground:
    """What every pipeline of the file is checked against."""

    templates: Path
    schema: Schema
    aliases: Mapping[str, Mapping[str, str]]


def load_pipelines(
    root: Path,
    schema: Schema,
    settings: Settings | None = None,
    data: bytes | None = None,
    *,
    forgiving: bool = False,
) -> Pipelines:
    """What pipelines.yaml declares, or would if it held `data`. InvalidData names every fault, with
    its line.

    With the settings, conditions may say users, sources and the like by name, and one that says an
    unknown value is a fault. `forgiving`: what is one robot's, trigger's or schedule's own fault is
    left to it.
    """
    top = read_marked(root, PIPELINES) if data is None else marked(data, PIPELINES)
    if top is None or not isinstance(top.value, dict):
        raise InvalidData(
            f"{PIPELINES} declares no pipelines",
            "write leads: and deals:, or see what crm init makes in an empty folder",
            [Problem(PIPELINES, 0, "there is no leads: and no deals: here")],
        )
    top.known(("leads", "deals"), ("leads", "deals"))
    ground = _Ground(root / "templates", schema, _aliases(settings or Settings(), top))
    leads = _pipeline(top.at("leads").known(LEAD_KEYS, ("stages",)), "lead", ground)
    deal_place = top.at("deals").at_most(limits.PIPELINES, "a list of pipelines")
    deals = tuple(
        _pipeline(place.known(DEAL_KEYS, ("id", "name", "stages")), "deal", ground)
        for place in deal_place.items()
    )
    _check_pipeline_ids(deal_place, deals)
    excused = tuple(top.findings.of_rules) if forgiving else ()
    top.findings.problems[:] = [one for one in top.findings.problems if one not in excused]
    top.findings.settle()
    return Pipelines(leads, deals, excused)


def _aliases(settings: Settings, top: Cursor) -> dict[str, dict[str, str]]:
    """Ids by folded name for all that conditions may call by its name."""
    aliases = {
        name: {fold(label): key for key, label in entries.items()}
        for name, entries in settings.directories.items()
    }
    aliases["user"] = {fold(user.name or user.id): user.id for user in settings.users.values()}
    deals = top.at("deals").value
    names = [_names_of(deal) for deal in deals] if isinstance(deals, list) else []
    aliases["pipeline"] = {fold(name): pipeline_id for pipeline_id, name in names}
    return aliases


def _stage_aliases(place: Cursor) -> dict[str, str]:
    stages = place.at("stages").value
    names = [_names_of(stage) for stage in stages] if isinstance(stages, list) else []
    return {fold(name): stage_id for stage_id, name in names}


def _names_of(raw: Raw) -> tuple[str, str]:
    """The id and the name of something that may still be faulty."""
    found = raw if isinstance(raw, dict) else {}
    word = str(found.get("id", ""))
    return word, str(found.get("name") or word)


def _check_pipeline_ids(place: Cursor, deals: tuple[Pipeline, ...]) -> None:
    if isinstance(place.value, list) and not place.value:
        place.fault("there is no pipeline of deals", "write at least one, with id, name, stages")
    places = list(place.items())
    unique(zip((deal.id for deal in deals), places, strict=True), "pipeline")
    for pipeline, entry in zip(deals, places, strict=True):
        if pipeline.id == "leads":
            entry.fault("'leads' is the pipeline of leads", "give this one another id")


def _pipeline(place: Cursor, entity: str, ground: _Ground) -> Pipeline:
    default = "leads" if entity == "lead" else ""
    pipeline_id = place.id() if entity == "deal" else default
    stage_list = place.at("stages").at_most(limits.STAGES, "a list of stages")
    stage_places = list(stage_list.items())
    ids = tuple(stage.at("id").text() for stage in stage_places)
    aliases = {**ground.aliases, f"{entity}.stage": _stage_aliases(place)}
    frame = Frame(ground.schema, entity, ids, ground.templates, aliases)
    stages = tuple(_stage(stage, frame) for stage in stage_places)
    unique(zip(ids, stage_places, strict=True), "stage")
    _check_kinds(stage_list, stages, stage_places)
    schedule_list = place.at("schedules").at_most(limits.SCHEDULES, "a list of schedules")
    schedules = _rules(schedule_list, read_schedule, frame)
    name = place.at("name").text(default)
    pipeline = Pipeline(pipeline_id, name, entity, stages, schedules, place.line)
    _check_loops(pipeline, stage_places)
    return pipeline


def _stage(place: Cursor, frame: Frame) -> Stage:
    place.known(STAGE_KEYS, ("id", "name"))
    robot_list = place.at("robots").at_most(limits.ROBOTS, "a list of robots")
    trigger_list = place.at("triggers").at_most(limits.TRIGGERS, "a list of triggers")
    return Stage(
        id=place.id(),
        name=place.at("name").text(),
        kind=place.at("kind").one_of(STAGE_KINDS, "open"),
        color=place.at("color").matching(COLOR_RULE, "a colour", "like '#39a8ef', in quotes"),
        max_days=place.at("max_days").whole(1, 3650),
        probability=place.at("probability").whole(0, 100),
        requires=_requires(place.at("requires"), frame),
        robots=_rules(robot_list, read_robot, frame),
        triggers=_rules(trigger_list, read_trigger, frame),
        is_initial=place.at("initial").yes_no(False),
        line=place.line,
    )


def _rules(place: Cursor, read: Callable[[Cursor, Frame], R], frame: Frame) -> tuple[R, ...]:
    """The rules of a list, each with what is wrong with it alone."""
    rules: list[R] = []
    lines: dict[str, int] = {}
    problems = place.findings.problems
    for entry in place.items():
        before = len(problems)
        rule = read(entry, frame)
        name = "" if isinstance(rule, Trigger) else rule.id
        if name and name in lines:
            what = type(rule).__name__.lower()
            entry.fault(f"{what} {name!r} stands twice", f"the first is in line {lines[name]}")
        own = problems[before:]
        place.findings.of_rules += own
        if own:
            rule = replace(rule, fault=str(own[0]))
        if not isinstance(rule, Trigger) and (not name or name in lines):
            rule = replace(rule, id=f"{name or 'rule'}-in-line-{rule.line}")  # surely its own
        lines.setdefault(name, entry.line)
        rules.append(rule)
    return tuple(rules)


def _requires(place: Cursor, frame: Frame) -> tuple[tuple[str, ...], ...]:
    required = []
    for text, entry in place.texts():
        names = [frame.field_name(part.strip()) or part.strip() for part in text.split("|")]
        for name in names:
            if frame.field(name) is None:
                entry.fault(f"a {frame.entity} has no field {name!r}", frame.field_hint(name))
        required.append(tuple(names))
    return tuple(required)


def _check_kinds(place: Cursor, stages: tuple[Stage, ...], places: list[Cursor]) -> None:
    if not stages:
        if isinstance(place.value, list):
            place.fault("there are no stages", "write at least an open, a won and a lost stage")
        return
    won = [at for stage, at in zip(stages, places, strict=True) if stage.kind == "won"]
    if not won:
        place.fault("no stage is of kind won", "give one stage: kind: won")
    for extra in won[1:]:
        extra.fault(
            "a pipeline has one won stage only", f"the first is in line {won[0].line}; use lost"
        )
    if not any(stage.kind == "lost" for stage in stages):
        place.fault("no stage is of kind lost", "give at least one stage: kind: lost")
    marked = [at for stage, at in zip(stages, places, strict=True) if stage.is_initial]
    for extra in marked[1:]:
        extra.at("initial").fault(
            "a pipeline has one initial stage only", f"the first is in line {marked[0].line}"
        )
    initial = marked[0] if marked else places[0]
    if not stages[places.index(initial)].is_open:
        initial.fault(
            "the initial stage must be open", "put an open stage first, or mark one initial: true"
        )


def _check_loops(pipeline: Pipeline, places: list[Cursor]) -> None:
    for ring in pipeline.loops(at_once=True):
        at = next(place for place in places if place.at("id").text() == ring[0])
        way = " -> ".join((*ring, ring[0]))
        at.fault(f"robots move a record round and round: {way}", "give one of them when: or after:")
        at.findings.of_rules.append(at.findings.problems[-1])
