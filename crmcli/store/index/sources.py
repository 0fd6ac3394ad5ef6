"""Of which rows reports are: records, their stays in stages, what people did, jobs, lines of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from crmcli.dataclass import dataclass, field, replace
from crmcli.model.entities import ENTITIES, having
from crmcli.model.event import ANSWERS, TOGETHER
from crmcli.model.schema import own_fields
from crmcli.store.index import derived
from crmcli.store.index.columns import Columns


class Cell(NamedTuple):
    """What a row has beside the fields of its record: SQL, and the kind of its values."""

    sql: str
    kind: str = "text"


_KIND = Cell("ifnull(declared.kind, 'open')").sql
_IS_OPEN = f"{_KIND} = 'open'"
_ANSWERS = ", ".join(map(repr, ANSWERS))
_IS_AGAIN = f"json_valid(event.data) AND json_extract(event.data, '$.{TOGETHER}') IS NOT NULL"
"""Whether an activity that several records share is told of the first of them already."""
DECLARED = """
CREATE TEMP TABLE IF NOT EXISTS declared (entity TEXT, pipeline TEXT, stage TEXT, position INTEGER,
    kind TEXT, rank INTEGER, chance DOUBLE, max_days INTEGER, PRIMARY KEY (entity, pipeline, stage))
"""
"""The stages of pipelines.yaml; `rank` is how far an open stage is on the way to the won one."""

Stages = Sequence[tuple[str, str, str, int, str, "int | None", "float | None", "int | None"]]


@dataclass(frozen=True, slots=True)
class Source:
    """Rows by the tables that they come from; `entity` is whose records stand in them under the table's own
    name ("" where there are none), `record` the id of the record, `at` the instant by which a row is of
    a period, `pipeline` where it stands."""

    entity: str
    tables: str
    record: str
    at: str
    cells: Mapping[str, Cell] = field(default_factory=dict)
    pipeline: str = ""
    currency: str = ""
    where: str = "1"
    parts: Mapping[str, Cell] = field(default_factory=dict)
    """What stands in cells that look at the clock, and does not itself: a snapshot has it ready."""


def source(name: str, entity: str, columns: Columns) -> Source:
    """The rows of that name, of the records of an entity where several have such; KeyError for an unknown
    name."""
    if name in _OTHERS:
        return _OTHERS[name](entity, columns)
    return _records({row.plural: noun for noun, row in ENTITIES.items()}[name], columns)


def names() -> list[str]:
    """The names of all rows."""
    return [*(row.plural for row in ENTITIES.values()), *_OTHERS]


# --- records ------------------------------------------------------------------------------------


def _records(entity: str, columns: Columns) -> Source:
    own = columns.columns(entity)
    column = {name: f"{entity}.{found.name}" for name, found in own.items()}
    cells, parts = {}, {}
    tables, pipeline = entity, ""
    if "stage" in own:
        pipeline = column.get("pipeline", "'leads'")
        tables += f" LEFT JOIN {_place(entity, pipeline, column['stage'])}"
        cells = _ends(entity, column)
        cells |= _sales(entity, columns) | _stalled(entity, column, columns)
        parts = {
            "is_open": Cell(_IS_OPEN, "flag"),
            "max_days": Cell("declared.max_days", "number"),
            "since": Cell(_stands_since(entity), "number"),
        }
    currency = column.get("currency", "")
    return Source(
        entity, tables, f"{entity}.id", "created_at", cells, pipeline, currency, parts=parts
    )


def _place(entity: str, pipeline: str, stage: str, name: str = "declared") -> str:
    return (
        f"temp.declared AS {name} ON {name}.entity = '{entity}' AND {name}.pipeline = {pipeline}"
        f" AND {name}.stage = {stage}"
    )


def _ends(entity: str, column: Mapping[str, str]) -> dict[str, Cell]:
    """What became of a record by the stage in which it stands, and how long that took."""
    closed = f"ifnull({column['closed_at']}, {column.get('converted_at', 'NULL')})"
    kind = _KIND
    chance = column.get("probability", "NULL")
    return {
        "open": Cell(f"{kind} = 'open'", "flag"),
        "won": Cell(f"{kind} = 'won'", "flag"),
        "lost": Cell(f"{kind} = 'lost'", "flag"),
        "closed": Cell(f"{kind} != 'open'", "flag"),
        "ended_at": Cell(closed, "instant"),
        "days": Cell(f"(seconds({closed}) - seconds({column['created_at']})) / 86400.0", "days"),
        "age": Cell(f"(seconds(now()) - seconds({column['created_at']})) / 86400.0", "days"),
        "chance": Cell(f"ifnull({chance}, ifnull(declared.chance, 0))", "number"),
        "stood": Cell(f"{_standing_since(entity)}", "days"),
        "weighted": Cell(
            f"CAST(round({column['amount']}_cents * ifnull({chance}, ifnull(declared.chance, 0))"
            " / 100.0) AS INTEGER)",
            "money",
        ),
        "lost_from": Cell(_lost_from(entity), "stage"),
        "form": Cell(
            f"(SELECT json_extract(event.data, '$.form') FROM event WHERE event.record = {entity}.id"
            f" AND event.kind = 'form.submitted' AND json_valid(event.data) ORDER BY event.id LIMIT 1)"
        ),
    }


def _sales(entity: str, columns: Columns) -> dict[str, Cell]:
    """Whether something was won of what a record became: of a lead, its deal."""
    cells = {}
    for heir in having("staged"):
        own = columns.columns(heir)
        links = [f for f in own_fields(heir) if f.system and entity in f.entities and f.name in own]
        for link in links:
            place = _place(heir, "heir.f_pipeline", "heir.f_stage", "its_end")
            cells["sold"] = Cell(
                f"EXISTS (SELECT 1 FROM {heir} AS heir JOIN {place} WHERE its_end.kind = 'won'"
                f" AND heir.{own[link.name].name} = {entity}.id)",
                "flag",
            )
    return cells


IDLE_DAYS = 14


def _stalled(entity: str, column: Mapping[str, str], columns: Columns) -> dict[str, Cell]:
    """Whether an open record stands still: too long in its stage, without activity, without a task."""
    is_open = _IS_OPEN
    known = {one.name: one for one in columns.schema.askable(entity) if one.derived}
    last, task = (
        derived.expression(known[name], columns, entity, entity)
        for name in ("last_activity", "next_task")
    )
    idle = f"seconds(ifnull({last}, {column['created_at']})) < seconds(now()) - {IDLE_DAYS * 86400}"
    return {
        "overdue": Cell(f"{is_open} AND {_standing_since(entity)} > declared.max_days", "flag"),
        "idle": Cell(f"{is_open} AND {idle}", "flag"),
        "no_task": Cell(f"{is_open} AND {task} IS NULL", "flag"),
    }


def _standing_since(entity: str) -> str:
    return f"(seconds(now()) - {_stands_since(entity)}) / 86400.0"


def _stands_since(entity: str) -> str:
    return (
        f"(SELECT s.entered FROM stay AS s WHERE s.record = {entity}.id AND s.left IS NULL LIMIT 1)"
    )


def _lost_from(entity: str) -> str:
    """The last open stage in which a record stood."""
    return (
        f"(SELECT s.stage FROM stay AS s LEFT JOIN {_place(entity, 's.pipeline', 's.stage', 'd')}"
        f" WHERE s.record = {entity}.id AND s.stage != '' AND ifnull(d.kind, 'open') = 'open'"
        " ORDER BY s.n DESC LIMIT 1)"
    )


# --- stays --------------------------------------------------------------------------------------


def _stays(entity: str, _: Columns) -> Source:
    """Each stay of a record in a stage."""
    came = (
        "SELECT min(o.entered) FROM stay AS o WHERE o.record = stay.record AND"
        " o.pipeline = stay.pipeline"
    )
    first = (
        "SELECT min(o.n) FROM stay AS o WHERE o.record = stay.record AND"
        " o.pipeline = stay.pipeline AND o.stage != ''"
    )
    is_open = _IS_OPEN
    ended_before = (
        f"EXISTS (SELECT 1 FROM stay AS o JOIN {_place(entity, 'o.pipeline', 'o.stage', 'e')}"
        " WHERE o.record = stay.record AND o.n = stay.n - 1 AND o.pipeline = stay.pipeline"
        " AND e.kind != 'open')"
    )
    return Source(
        entity,
        f"stay JOIN {entity} ON {entity}.id = stay.record"
        f" LEFT JOIN {_place(entity, 'stay.pipeline', 'stay.stage')}",
        "stay.record",
        "entered_at",
        {
            "stage": Cell("stay.stage", "stage"),
            "ended": Cell(f"stay.left IS NOT NULL AND {is_open}", "flag"),
            "running": Cell(f"stay.left IS NULL AND {is_open}", "flag"),
            "first": Cell(f"stay.n = ({first})", "flag"),
            "reopened": Cell(f"{is_open} AND {ended_before}", "flag"),
            "days": Cell(
                "max(ifnull(stay.left, seconds(now())) - stay.entered, 0) / 86400.0", "days"
            ),
            "entered_at": Cell("instant(stay.entered)", "instant"),
            "left_at": Cell("instant(stay.left)", "instant"),
            "came_at": Cell(f"instant(({came}))", "instant"),
        },
        pipeline="stay.pipeline",
        where="stay.stage != ''",
        parts={"entered": Cell("stay.entered", "number"), "left": Cell("stay.left", "number")},
    )


def _reached(entity: str, _: Columns) -> Source:
    """Each stage that a record reached: in which it was, or that lies before the furthest; and the lost stage
    in which it stands."""
    way = f"""
    (SELECT s.record AS record, s.pipeline AS pipeline, min(s.entered) AS came,
            max(CASE WHEN s.stage = '' THEN -1 WHEN d.kind IS NULL THEN 0 WHEN d.kind = 'open' THEN d.rank
                ELSE -1 END) AS furthest
     FROM stay AS s LEFT JOIN {_place(entity, "s.pipeline", "s.stage", "d")} GROUP BY s.record, s.pipeline)
    """
    known = f"""
    (SELECT way.record, way.pipeline, way.came, way.furthest, now.stage AS stage,
            CASE WHEN now.pipeline != way.pipeline THEN 'moved_away'
                 ELSE ifnull(e.kind, 'open') END AS standing
     FROM {way} AS way JOIN stay AS now ON now.record = way.record AND now.left IS NULL
     LEFT JOIN {_place(entity, "now.pipeline", "now.stage", "e")}) AS way
    """
    won = "way.standing = 'won'"
    far = f"(way.furthest >= declared.rank OR ({won} AND declared.rank IS NOT NULL))"
    stops = "way.furthest = declared.rank AND way.standing"
    return Source(
        entity,
        f"{known} JOIN {entity} ON {entity}.id = way.record JOIN temp.declared AS declared"
        f" ON declared.entity = '{entity}' AND declared.pipeline = way.pipeline",
        "way.record",
        "came_at",
        {
            "stage": Cell("declared.stage", "stage"),
            "moved_on": Cell(
                f"declared.kind = 'open' AND (way.furthest > declared.rank OR {won})",
                "flag",
            ),
            "lost": Cell(f"{stops} = 'lost'", "flag"),
            "open": Cell(f"{stops} = 'open'", "flag"),
            "moved_away": Cell(f"{stops} = 'moved_away'", "flag"),
            "skipped": Cell(
                "declared.kind = 'open' AND NOT EXISTS (SELECT 1 FROM stay AS been WHERE been.record ="
                " way.record AND been.pipeline = way.pipeline AND been.stage = declared.stage)",
                "flag",
            ),
            "came_at": Cell("instant(way.came)", "instant"),
        },
        pipeline="way.pipeline",
        currency=f"{entity}.f_currency",
        where="CASE declared.kind WHEN 'lost' THEN way.standing = 'lost' AND way.stage = declared.stage"
        f" ELSE {far} END",
    )


# --- what people and robots did -----------------------------------------------------------------


def _activities(_: str, columns: Columns) -> Source:
    """Calls, messages, meetings and notes, as they are now."""
    return Source(
        "",
        "event",
        "event.record",
        "at",
        {
            "at": Cell(derived.HAPPENED, "instant"),
            "owner": Cell(derived.ACTOR_NOW, "user"),
            "kind": Cell(derived.KIND_NOW, "word"),
            "entity": Cell("substr(event.record, 1, instr(event.record, '-') - 1)", "word"),
            "people": Cell(f"instr({derived.ACTOR_NOW}, ':') = 0", "flag"),
        },
        where=f"{derived.IS_CURRENT} AND NOT ({_IS_AGAIN})",
    )


def _answers(entity: str, columns: Columns) -> Source:
    """Each lead or deal with the time until somebody of us first answered; robots answer nobody."""
    created = f"{entity}.{columns.columns(entity)['created_at'].name}"
    first = (
        f"(SELECT min({derived.HAPPENED}) FROM event WHERE event.record = {entity}.id"
        f" AND {derived.KIND_NOW} IN ({_ANSWERS}) AND instr({derived.ACTOR_NOW}, ':') = 0"
        f" AND {derived.IS_CURRENT})"
    )
    hours = f"(seconds({first}) - seconds({created})) / 3600.0"
    made = _records(entity, columns)
    return replace(
        made,
        cells={
            **made.cells,
            "answered": Cell(f"{first} IS NOT NULL", "flag"),
            "unanswered": Cell(
                f"{first} IS NULL AND ifnull(declared.kind, 'open') = 'open'", "flag"
            ),
            "within_hour": Cell(f"{hours} <= 1", "flag"),
            "within_day": Cell(f"{hours} <= 24", "flag"),
            "hours": Cell(f"max({hours}, 0)", "number"),
        },
    )


def _jobs(_: str, columns: Columns) -> Source:
    """How each job of robots ended, or stands."""
    return Source(
        "",
        "event",
        "event.record",
        "at",
        {
            "at": Cell("event.at", "instant"),
            "robot": Cell("json_extract(event.data, '$.robot')"),
            "action": Cell("json_extract(event.data, '$.action')", "word"),
            "done": Cell("event.kind IN ('job.done', 'job.resolved')", "flag"),
            "failed": Cell("event.kind IN ('job.dead', 'job.failed')", "flag"),
            "skipped": Cell("event.kind IN ('job.skipped', 'job.missed')", "flag"),
            "cancelled": Cell("event.kind = 'job.cancelled'", "flag"),
            "unknown": Cell("event.kind = 'job.unknown'", "flag"),
        },
        where="event.kind IN ('job.done', 'job.dead', 'job.failed', 'job.skipped', 'job.missed',"
        " 'job.cancelled', 'job.unknown', 'job.resolved') AND NOT EXISTS (SELECT 1 FROM event AS later"
        " WHERE later.job = event.job AND later.id > event.id)",
    )


_OTHERS: dict[str, Callable[[str, Columns], Source]] = {
    "stays": _stays,
    "reached": _reached,
    "activities": _activities,
    "answers": _answers,
    "jobs": _jobs,
}
