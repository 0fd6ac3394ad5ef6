"""Reading pipelines.yaml: stages, and where robots, triggers and schedules hang on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crmcli.errors import InvalidData, Problem
from crmcli.model import limits
from crmcli.model.pipeline import STAGE_KINDS, Pipeline, Pipelines, Stage
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import Raw, fold
from crmcli.store.cursor import Cursor, marked, read_marked, unique
from crmcli.store.layout import PIPELINES
from crmcli.store.rules import Frame, read_robot, read_schedule, read_trigger

LEAD_KEYS = ("name", "stages", "schedules")
DEAL_KEYS = ("id", "name", "stages", "schedules")
STAGE_KEYS = ("id", "name", "kind", "color", "initial", "max_days", "probability", "requires",
              "robots", "triggers")  # fmt: skip
COLOR_RULE = r"#[0-9a-fA-F]{6}"


@dataclass(frozen=True)
class _Ground:
    """What every pipeline of the file is checked against."""

    templates: Path
    schema: Schema
    aliases: Mapping[str, Mapping[str, str]]


def load_pipelines(
    root: Path, schema: Schema, settings: Settings | None = None, data: bytes | None = None
) -> Pipelines:
    """What pipelines.yaml declares, or would if it held `data`. InvalidData names every fault, with
    its line.

    With the settings, conditions may say users, sources and the like by name, and one that says an
    unknown value is a fault.
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
    top.findings.settle()
    return Pipelines(leads, deals)


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
    schedule_places = list(schedule_list.items())
    schedules = tuple(read_schedule(entry, frame) for entry in schedule_places)
    unique(((schedule.id, at) for schedule, at in zip(schedules, schedule_places, strict=True)),
           "schedule")  # fmt: skip
    name = place.at("name").text(default)
    pipeline = Pipeline(pipeline_id, name, entity, stages, schedules, place.line)
    _check_loops(pipeline, stage_places)
    return pipeline


def _stage(place: Cursor, frame: Frame) -> Stage:
    place.known(STAGE_KEYS, ("id", "name"))
    robot_places = list(place.at("robots").at_most(limits.ROBOTS, "a list of robots").items())
    trigger_list = place.at("triggers").at_most(limits.TRIGGERS, "a list of triggers")
    robots = tuple(read_robot(entry, frame) for entry in robot_places)
    unique(zip((robot.id for robot in robots), robot_places, strict=True), "robot")
    return Stage(
        id=place.id(),
        name=place.at("name").text(),
        kind=place.at("kind").one_of(STAGE_KINDS, "open"),
        color=place.at("color").matching(COLOR_RULE, "a colour", "like '#39a8ef', in quotes"),
        max_days=place.at("max_days").whole(1, 3650),
        probability=place.at("probability").whole(0, 100),
        requires=_requires(place.at("requires"), frame),
        robots=robots,
        triggers=tuple(read_trigger(entry, frame) for entry in trigger_list.items()),
        is_initial=place.at("initial").yes_no(False),
        line=place.line,
    )


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
