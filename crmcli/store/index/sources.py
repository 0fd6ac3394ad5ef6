"""Of which rows reports are: records, their stays in stages, what people did, jobs, lines of documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from crmcli.model.entities import ENTITIES, having
from crmcli.model.schema import own_fields
from crmcli.store.index import derived, forecast, purchases
from crmcli.store.index.acts import IS_CURRENT
from crmcli.store.index.columns import Columns
from crmcli.store.index.rows_of_reports import (
    IS_OPEN,
    KIND,
    NOW,
    Beside,
    Cell,
    Source,
    chance_of,
    place,
    weighed,
)

_OTHERS = {
    "stays": "stage_sources:stays",
    "reached": "stage_sources:reached",
    "activities": "deed_sources:activities",
    "answers": "deed_sources:answers",
    "jobs": "deed_sources:jobs",
    "letters": "letters:source",
    "lines": "lines:source",
    "passed": "forecast:passed",
}
"""The rows that are no records, and where they are declared."""
IDLE_DAYS = 14


def source(name: str, entity: str, columns: Columns) -> Source:
    """The rows of that name, of the records of an entity where several have such; KeyError for an unknown
    name."""
    if name in _OTHERS:
        module, _, made = _OTHERS[name].partition(":")
        build: Callable[[str, Columns], Source] = getattr(
            import_module(f"crmcli.store.index.{module}"), made
        )
        return build(entity, columns)
    return records({row.plural: noun for noun, row in ENTITIES.items()}[name], columns)


def names() -> list[str]:
    """The names of all rows."""
    return [*(row.plural for row in ENTITIES.values()), *_OTHERS]


def records(entity: str, columns: Columns) -> Source:
    """The records of an entity."""
    own = columns.columns(entity)
    column = {name: f"{entity}.{found.name}" for name, found in own.items()}
    tables, pipeline, more = entity, "", list[Beside]()
    if "stage" in own:
        pipeline = column.get("pipeline", "'leads'")
        tables += f" LEFT JOIN {place(entity, pipeline, column['stage'])}"
        more = [
            Beside(_ends(entity, column) | _sales(entity, columns)),
            _stalled(entity, column, columns),
            purchases.beside(entity, column, columns),
            forecast.beside(entity, column),
        ]
    return Source(
        entity, tables, f"{entity}.id", "created_at",
        pipeline=pipeline, currency=column.get("currency", ""),
        cells={name: cell for one in more for name, cell in one.cells.items()},
        parts={name: cell for one in more for name, cell in one.parts.items()},
        ready={name: sql for one in more for name, sql in one.ready.items()},
        joins={name: sql for one in more for name, sql in one.joins.items()},
    )  # fmt: skip


def _ends(entity: str, column: Mapping[str, str]) -> dict[str, Cell]:
    """What became of a record by the stage in which it stands, and how long that took."""
    closed = column["closed_at"]
    if "converted_at" in column:
        closed = f"ifnull({closed}, {column['converted_at']})"
    chance = chance_of(column)
    return {
        "open": Cell(f"{KIND} = 'open'", "flag"),
        "won": Cell(f"{KIND} = 'won'", "flag"),
        "lost": Cell(f"{KIND} = 'lost'", "flag"),
        "closed": Cell(f"{KIND} != 'open'", "flag"),
        "ended_at": Cell(closed, "instant"),
        "days": Cell(  # a hand may have it closed before it was made: that says nothing
            f"CASE WHEN {closed} >= {column['created_at']}"
            f" THEN (unixepoch({closed}) - unixepoch({column['created_at']})) / 86400.0 END",
            "days",
        ),
        "age": Cell(f"({NOW} - unixepoch({column['created_at']})) / 86400.0", "days"),
        "chance": Cell(chance, "number"),
        "stood": Cell(_standing_since(entity), "days"),
        "weighted": weighed(column, chance),
        "lost_from": Cell(_lost_from(entity), "stage"),
        "form": Cell(
            f"(SELECT json_extract(event.data, '$.form') FROM event WHERE event.record = {entity}.id"
            f" AND +event.kind = 'form.submitted' AND json_valid(event.data) ORDER BY event.id LIMIT 1)"
        ),
    }


def _sales(entity: str, columns: Columns) -> dict[str, Cell]:
    """Whether something was won of what a record became: of a lead, its deal."""
    cells = {}
    for heir in having("staged"):
        own = columns.columns(heir)
        links = [f for f in own_fields(heir) if f.system and entity in f.entities and f.name in own]
        for link in links:
            end = place(heir, "heir.f_pipeline", "heir.f_stage", "its_end")
            cells["sold"] = Cell(
                f"EXISTS (SELECT 1 FROM {heir} AS heir JOIN {end} WHERE its_end.kind = 'won'"
                f" AND heir.{own[link.name].name} = {entity}.id)",
                "flag",
            )
    return cells


def _stalled(entity: str, column: Mapping[str, str], columns: Columns) -> Beside:
    """Whether an open record stands still: too long in its stage, without activity, without a task. For all
    records stands ready what `derived` tells of one: whose activities are its, its open tasks."""
    last, kin, tasks = _last_activity(entity), f"kin_{entity}", f"task_{entity}"
    task = f"EXISTS (SELECT 1 FROM temp.{tasks} AS t WHERE t.record = {entity}.id)"
    idle = f"unixepoch(ifnull({last}, {column['created_at']})) < {NOW} - {IDLE_DAYS * 86400}"
    cells = {
        "overdue": Cell(f"{IS_OPEN} AND {_standing_since(entity)} > declared.max_days", "flag"),
        "idle": Cell(f"{IS_OPEN} AND {idle}", "flag", (kin,)),
        "no_task": Cell(f"{IS_OPEN} AND NOT {task}", "flag", (kin, tasks)),
    }
    parts = {
        "is_open": Cell(IS_OPEN, "flag"),
        "max_days": Cell("declared.max_days", "number"),
        "since": Cell(_stands_since(entity), "number"),
        "last": Cell(last, "instant"),
    }
    ready = {
        kin: derived.kin(columns, entity),
        tasks: f"SELECT DISTINCT kin.record AS record FROM temp.{kin} AS kin"
        " JOIN task ON task.f_about = kin.related WHERE task.f_done_at IS NULL",
    }
    return Beside(cells, parts, ready)


def _last_activity(entity: str) -> str:
    last = f"SELECT max(act.at) FROM act WHERE act.record = kin.related AND {IS_CURRENT}"
    return f"(SELECT max(({last})) FROM temp.kin_{entity} AS kin WHERE kin.record = {entity}.id)"


def _standing_since(entity: str) -> str:
    return f"({NOW} - {_stands_since(entity)}) / 86400.0"


def _stands_since(entity: str) -> str:
    return (
        f"(SELECT s.entered FROM stay AS s WHERE s.record = {entity}.id AND s.left IS NULL LIMIT 1)"
    )


def _lost_from(entity: str) -> str:
    """The last open stage in which a record stood."""
    return (
        f"(SELECT s.stage FROM stay AS s LEFT JOIN {place(entity, 's.pipeline', 's.stage', 'd')}"
        f" WHERE s.record = {entity}.id AND s.stage != '' AND ifnull(d.kind, 'open') = 'open'"
        " ORDER BY s.n DESC LIMIT 1)"
    )
