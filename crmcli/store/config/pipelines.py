"""pipelines.yaml: the pipelines of leads and deals, and sequences of robots."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from crmcli.dataclass import dataclass, replace
from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.aliases import by_kind
from crmcli.model.conditions.where import Aliases
from crmcli.model.pipeline import SEQUENCES, Pipeline, Pipelines, RobotSequence
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.user import names_of
from crmcli.model.values import Raw, fold
from crmcli.store.config import shapes
from crmcli.store.config.conditions import EXIT_OF_ALL, GOAL_OF_ALL
from crmcli.store.config.cursor import ID_HINT, ID_RULE, Cursor, read_marked, unique
from crmcli.store.config.frame import Frame
from crmcli.store.config.robot_times import AGAIN
from crmcli.store.config.rule_lists import ROBOTS, SCHEDULES
from crmcli.store.config.stages import STAGES
from crmcli.store.layout import PIPELINES


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
    aliases["user"] = {word: [*ids] for word, ids in names_of(settings.users).items()}
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
