"""Stages, and where robots, triggers and schedules hang on them, in pipelines.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from crmcli.dataclass import dataclass, replace
from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.aliases import by_kind
from crmcli.model.automation import Robot, Schedule, Trigger
from crmcli.model.conditions.where import Aliases
from crmcli.model.pipeline import SEQUENCES, STAGE_KINDS, Pipeline, Pipelines, RobotSequence, Stage
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import Raw, fold
from crmcli.store.config import shapes
from crmcli.store.config.conditions import EXIT_OF_ALL, GOAL_OF_ALL, with_sound_goals
from crmcli.store.config.cursor import ID_HINT, ID_RULE, Cursor, read_marked, unique
from crmcli.store.config.frame import Frame
from crmcli.store.config.robot_times import AGAIN
from crmcli.store.config.robots import read_robot, read_schedule
from crmcli.store.config.triggers import read_trigger
from crmcli.store.layout import PIPELINES
from crmcli.store.yaml.codec import quoted_color

R = TypeVar("R", Robot, Schedule, Trigger)


@dataclass(frozen=True)
class _Ground:
    """What every pipeline of the file is checked against."""

    templates: Path
    schema: Schema
    aliases: Aliases
    stages: Mapping[str, tuple[str, ...]]
    raw_stages: Mapping[str, Sequence[Raw]]
    """All stages of leads, and all of deals, as they are written."""
    sequences: Mapping[str, str]
    new_files: Collection[str] = ()

    def frame(self, entity: str, stages: Sequence[Raw]) -> Frame:
        """What the rules are checked against that act on records which stand in these stages."""
        aliases = {**self.aliases, **_stage_aliases(entity, stages)}
        about = (self.schema, entity, _stage_ids(stages), self.templates, aliases)
        return Frame(*about, self.stages, self.new_files, self.sequences)


def load_pipelines(
    root: Path,
    schema: Schema,
    settings: Settings | None = None,
    data: bytes | None = None,
    *,
    name: str = PIPELINES,
    forgiving: bool = False,
    new_files: Collection[str] = (),
) -> Pipelines:
    """What pipelines.yaml declares, or would if it held `data`, the text of a file called `name`;
    InvalidData names every fault.

    Without settings conditions know no user or source by name. `forgiving` leaves the own faults of a
    robot, trigger or schedule to it; `new_files` are there once it is written.
    """
    top = read_marked(root, name, data)
    if top is None or not isinstance(top.value, dict):
        raise InvalidData(
            tr("{} declares no pipelines", name),
            "write leads: and deals:, or see what crm init makes in an empty folder",
            [Problem(name, 0, "leads: and deals: are missing")],
        )
    aliases = _aliases(settings or Settings(), top)
    ground = _ground(root, top, schema, aliases, new_files)
    got = SHAPE.read(top, ground)
    excused = tuple(top.findings.of_rules) if forgiving else ()
    top.findings.problems[:] = [one for one in top.findings.problems if one not in excused]
    top.findings.settle()
    return Pipelines(**got, excused=excused)


def _ground(
    root: Path, top: Cursor, schema: Schema, aliases: Aliases, new_files: Collection[str] = ()
) -> _Ground:
    deals = _raw_deals(top)
    stages = {_names_of(deal)[0]: _stage_ids(_listed(deal.get("stages"))) for deal in deals}
    every = [stage for deal in deals for stage in _listed(deal.get("stages"))]
    raws = {"lead": _listed(top.at("leads").at("stages").value), "deal": every}
    sequences = {
        str(entry.path[-1]): entry.at("for").text("deal") for entry in top.at(SEQUENCES).entries()
    }
    return _Ground(root / "templates", schema, aliases, stages, raws, sequences, new_files)


def _aliases(settings: Settings, top: Cursor) -> dict[str, Mapping[str, str | list[str]]]:
    """Ids by folded name for all that conditions may call by its name."""
    aliases: dict[str, Mapping[str, str | list[str]]] = {
        name: {fold(label): key for key, label in entries.items()}
        for name, entries in settings.directories.items()
    }
    aliases["user"] = {fold(user.name or user.id): user.id for user in settings.users.values()}
    names = [_names_of(deal) for deal in _listed(top.at("deals").value)]
    aliases["pipeline"] = {fold(name): pipeline_id for pipeline_id, name in names}
    return aliases


def _raw_deals(top: Cursor) -> list[dict[str, Raw]]:
    """The pipelines of deals as they are written, as far as they can be read."""
    return [deal for deal in _listed(top.at("deals").value) if isinstance(deal, dict)]


def _listed(raw: Raw | None) -> list[Raw]:
    return raw if isinstance(raw, list) else []


def _stage_ids(stages: Iterable[Raw]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_names_of(stage)[0] for stage in stages))


def _stage_aliases(entity: str, stages: Sequence[Raw]) -> dict[str, Mapping[str, list[str]]]:
    """The ids of stages by their names, and by the words for their kinds."""
    by_name: dict[str, list[str]] = {}
    for word, name in map(_names_of, stages):
        by_name.setdefault(fold(name), []).append(word)
    kinds = [(str(s.get("kind") or "open"), _names_of(s)[0]) for s in stages if isinstance(s, dict)]
    return {f"{entity}.stage": by_name, f"{entity}.stage.kind": by_kind(kinds)}


def _names_of(raw: Raw) -> tuple[str, str]:
    """The id and the name of something that may still be faulty."""
    found = raw if isinstance(raw, dict) else {}
    word = str(found.get("id", ""))
    return word, str(found.get("name") or word)


def _deals(place: Cursor, ground: _Ground) -> tuple[Pipeline, ...]:
    places = list(place.at_most(limits.PIPELINES, "a list of pipelines").items())
    deals = tuple(_pipeline(entry, "deal", ground) for entry in places)
    if isinstance(place.value, list) and not place.value:
        place.fault("there is no deal pipeline", "write at least one, with id, name, stages")
    unique(zip((deal.id for deal in deals), places, strict=True), "pipeline")
    for pipeline, entry in zip(deals, places, strict=True):
        if pipeline.id == "leads":
            entry.fault("'leads' is the pipeline of leads", "give this one another id")
    return deals


def frame_of(root: Path, schema: Schema, settings: Settings, pipeline_id: str) -> Frame:
    """What the rules of a pipeline are checked against."""
    top = read_marked(root, PIPELINES)
    assert top is not None  # there is a workspace
    ground = _ground(root, top, schema, _aliases(settings, top))
    deals = (place for place in top.at("deals").items() if place.at("id").text() == pipeline_id)
    place = next(deals, top.at("leads"))
    entity = "lead" if place.path == ("leads",) else "deal"
    return ground.frame(entity, _listed(place.at("stages").value))


def _pipeline(place: Cursor, entity: str, ground: _Ground) -> Pipeline:
    frame = ground.frame(entity, _listed(place.at("stages").value))
    got = (DEALS if entity == "deal" else LEADS).read(place, frame)
    pipeline = Pipeline(**{"id": "leads", **got}, entity=entity, line=place.line)
    for ring in pipeline.loops(at_once=True):
        at = next(entry for entry in place.at("stages").items() if entry.at("id").text() == ring[0])
        way = " -> ".join((*ring, ring[0]))
        at.fault(
            tr("robots move a record in a loop: {}", way),
            "add when: or after: to one of them",
            of_rule=True,
        )
    return pipeline


def _stages(place: Cursor, frame: Frame) -> tuple[Stage, ...]:
    places = list(place.at_most(limits.STAGES, "a list of stages").items())
    stages = tuple(Stage(**STAGE.read(entry, frame), line=entry.line) for entry in places)
    unique(zip((stage.id for stage in stages), places, strict=True), "stage")
    _check_kinds(place, stages, places)
    return stages


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
            entry.fault(
                tr("{} {!r} is there twice", tr(what), name),
                tr("the first is in line {}", lines[name]),
            )
        own = problems[before:]
        place.findings.of_rules += own
        if own:
            rule = replace(rule, fault=str(own[0]))
        if not isinstance(rule, Trigger) and (not name or name in lines):
            rule = replace(rule, id=f"{name or 'rule'}-in-line-{rule.line}")  # surely its own
        lines.setdefault(name, entry.line)
        rules.append(rule)
    return tuple(rules)


def _alternatives(place: Cursor, frame: Frame) -> tuple[str, ...]:
    words = [part.strip() for part in place.text().split("|")]
    names = tuple(frame.field_name(word) or word for word in words)
    for name in names:
        if frame.field(name) is None:
            frame.refuse_field(place, name)
    return names


def _check_kinds(place: Cursor, stages: tuple[Stage, ...], places: list[Cursor]) -> None:
    if not stages:
        if isinstance(place.value, list):
            place.fault("no stages", "write at least an open, a won and a lost stage")
        return
    won = [at for stage, at in zip(stages, places, strict=True) if stage.kind == "won"]
    if not won:
        place.fault("no stage is of kind won", "add kind: won to one stage")
    for extra in won[1:]:
        extra.fault(
            "a pipeline has one won stage only",
            tr("the first is in line {}; use lost", won[0].line),
        )
    if not any(stage.kind == "lost" for stage in stages):
        place.fault("no stage is of kind lost", "add kind: lost to at least one stage")
    marked = [at for stage, at in zip(stages, places, strict=True) if stage.initial]
    for extra in marked[1:]:
        extra.at("initial").fault(
            "a pipeline has one initial stage only", tr("the first is in line {}", marked[0].line)
        )
    initial = marked[0] if marked else places[0]
    if not stages[places.index(initial)].is_open:
        initial.fault(
            "the initial stage must be open", "put an open stage first, or mark one initial: true"
        )


def _robots(place: Cursor, frame: Frame) -> tuple[Robot, ...]:
    place = place.at_most(limits.ROBOTS, "a list of robots")
    return with_sound_goals(_rules(place, read_robot, frame), place.items())


def _sequence(place: Cursor, ground: _Ground) -> RobotSequence:
    """A sequence; what is wrong with all of it is wrong with each of its robots."""
    entity, problems = place.at("for").text("deal"), place.findings.problems
    entity, before = entity if entity in ground.raw_stages else "deal", len(problems)
    got = SEQUENCE.read(place, ground.frame(entity, ground.raw_stages[entity]))
    for robot, entry in zip(got["robots"], place.at("robots").items(), strict=True):
        if robot.on:
            entry.at("on").fault("a robot of a sequence has no on:", "put it into a stage")
    own = [one for one in problems[before:] if one not in place.findings.of_rules]
    place.findings.of_rules += own
    fault, exits = (
        str(own[0]) if own else "",
        [one for one in (got["goal"], got["exit_when"]) if one],
    )
    robots = tuple(
        replace(robot, exits=(*exits, *robot.exits), fault=robot.fault or fault)
        for robot in got["robots"]
    )
    word = str(place.path[-1])
    return RobotSequence(word, entity, robots, got["ends"], got["again"] or "never", place.line)


def _rule_list(doc: str, read: Callable[[Cursor, Frame], R], limit: shapes.Limit) -> shapes.Shape:
    definition = read.__name__.removeprefix("read_")
    return shapes.Shape(
        doc,
        lambda place, frame: _rules(place.at_most(*limit), read, frame),
        lambda: {"type": "array", "items": {"$ref": f"#/definitions/{definition}"}},
        (),
    )


ROBOTS = shapes.Shape(
    "What is done, in order.",
    _robots,
    lambda: {"type": "array", "items": {"$ref": "#/definitions/robot"}},
    (),
)


def _color(place: Cursor, frame: Frame) -> str:
    """A colour; one without quotes is told as what it is, and keeps nobody from working."""
    row = place.findings.row(place.line) if place.value == "" else ""
    if written := re.search(r"color:\s+(#[0-9a-fA-F]{3,8})\b", row):
        told = tr("{} without quotes is a comment, not a colour", written[1])
        place.fault(told, f"color: {quoted_color(written[1])}", of_rule=True)
    return str(COLOR.read(place, frame))


COLOR = shapes.matching(
    "The colour of the column, like '#39a8ef' in quotes.",
    "#[0-9a-fA-F]{6}", "a colour", "like '#39a8ef', in quotes",
)  # fmt: skip
STAGE = shapes.keys(
    "One stage of a pipeline.",
    {
        "id": shapes.identifier("How records and commands name the stage; rename `name` freely, never this."),
        "name": shapes.needed(shapes.text("Label for people.")),
        "kind": shapes.word(
            "open is work in progress; exactly one stage is won, at least one lost.",
            STAGE_KINDS, "open",
        ),
        "color": replace(COLOR, read=_color),
        "initial": shapes.yes_no("Marks the stage of new records; the first stage if none is marked."),
        "max_days": shapes.whole("Overdue after so many days in this stage.", 1, 3650),
        "probability": shapes.whole("How likely it ends won, per cent.", 0, 100),
        "requires": shapes.listed(
            "Fields a record must have to stand here; phone|email means one of the two.",
            shapes.Shape("", _alternatives, lambda: {"type": shapes.SCALAR}),
        ),
        "robots": replace(ROBOTS, doc="What is done for a record in this stage, in order."),
        "triggers": _rule_list(
            "Events that move a record to this stage; forward only, unless back: yes.",
            read_trigger, (limits.TRIGGERS, "a list of triggers"),
        ),
    },
)  # fmt: skip


def _stages_schema() -> dict[str, Any]:
    among = [
        {
            "contains": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"const": kind}},
            }
        }
        for kind in ("won", "lost")
    ]
    return {
        "type": "array",
        "minItems": 3,
        "items": {"$ref": "#/definitions/stage"},
        "allOf": among,
    }


STAGES = shapes.needed(shapes.Shape("The stages in order.", _stages, _stages_schema, ()))
SCHEDULES = _rule_list(
    "What the clock does for records of this pipeline.",
    read_schedule, (limits.SCHEDULES, "a list of schedules"),
)  # fmt: skip
LEADS = shapes.keys(
    "The pipeline of leads. Won means converted, lost means junk.",
    {
        "name": shapes.text("Label for people.", "leads"),
        "stages": shapes.named("stages", STAGES),
        "schedules": SCHEDULES,
    },
)
DEALS = shapes.keys(
    "",
    {
        "id": shapes.identifier("How records and commands name the pipeline."),
        "name": shapes.needed(shapes.text("Label for people.")),
        "stages": shapes.named("stages", STAGES),
        "schedules": SCHEDULES,
    },
    also=lambda: [{"properties": {"id": {"not": {"const": "leads"}}}}],
)
SEQUENCE = shapes.keys(
    "Robots that act for a record from when they are started, whatever its stage.",
    {
        "for": shapes.word("On which records it acts; deal if absent.", ("deal", "lead"), "deal"),
        "robots": ROBOTS,
        "goal": GOAL_OF_ALL,
        "exit_when": EXIT_OF_ALL,
        "ends": shapes.word(
            "What ends it early: closing, that the record is closed; stage, that it leaves the stage in"
            " which it was started; never. closing if absent.",
            ("closing", "stage", "never"), "closing",
        ),
        "again": replace(
            AGAIN,
            doc="Whether it may be started anew when it is through: never; on_event, each time; after 30d,"
            " once so much time has passed since it was started. never if absent.",
        ),
    },
)  # fmt: skip
SHAPE = shapes.keys(
    "Stages of leads and deals, their robots, triggers and schedules, and sequences.",
    {
        "leads": shapes.Shape(
            LEADS.doc,
            lambda place, ground: _pipeline(place, "lead", ground),
            LEADS.fragment,
            required=True,
        ),
        "deals": shapes.Shape(
            "One or more pipelines of deals.",
            _deals,
            lambda: {"type": "array", "minItems": 1, "items": DEALS.schema(required=True)},
            required=True,
        ),
        SEQUENCES: shapes.mapped(
            "Robots by the name of their sequence, which robots and crm robots start begin.",
            ID_RULE, ("is not an id", ID_HINT),
            shapes.Shape(SEQUENCE.doc, _sequence, lambda: {"$ref": "#/definitions/sequence"}),
            (limits.SEQUENCES, "a map of sequences"),
        ),
    },
)  # fmt: skip
