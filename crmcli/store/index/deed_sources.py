"""Rows of reports about what was done: activities of people, first answers, jobs of robots."""

from __future__ import annotations

from crmcli.dataclass import replace
from crmcli.store.index.acts import IS_ANSWER, IS_CURRENT, OF_PEOPLE
from crmcli.store.index.columns import Columns, is_of, noun_of
from crmcli.store.index.rows_of_reports import IS_OPEN, Cell, Source
from crmcli.store.index.sources import records


def activities(_: str, columns: Columns) -> Source:
    """Calls, messages, meetings and notes, as they are now; what several records share is one."""
    return Source(
        "",
        "act",
        "act.record",
        "at",
        {
            "at": Cell("act.at", "instant"),
            "owner": Cell("act.actor", "user"),
            "kind": Cell("act.kind", "word"),
            "entity": Cell(noun_of("act.record"), "word"),
            "people": Cell(OF_PEOPLE, "flag"),
        },
        where=f"act.again = 0 AND {IS_CURRENT}",
        is_timely=True,
    )


def answers(entity: str, columns: Columns) -> Source:
    """Each lead or deal with the time until somebody of us first answered; robots answer nobody."""
    made = records(entity, columns)
    created = f"{entity}.{columns.columns(entity)['created_at'].name}"
    hours = f"(unixepoch(first.at) - unixepoch({created})) / 3600.0"
    ready = f"first_{entity}"
    first = (
        f"SELECT record, min(at) AS at FROM act WHERE {IS_ANSWER} AND {OF_PEOPLE} AND {IS_CURRENT}"
        f" AND {is_of(entity, 'record')} GROUP BY record"
    )
    return replace(
        made,
        tables=f"{made.tables} LEFT JOIN temp.{ready} AS first ON first.record = {entity}.id",
        ready={**made.ready, ready: first},
        needs=(*made.needs, ready),
        cells={
            **made.cells,
            "answered": Cell("first.at IS NOT NULL", "flag"),
            "unanswered": Cell(f"first.at IS NULL AND {IS_OPEN}", "flag"),
            "given_up": Cell(f"first.at IS NULL AND NOT ({IS_OPEN})", "flag"),
            "within_hour": Cell(f"{hours} <= 1", "flag"),
            "within_day": Cell(f"{hours} <= 24", "flag"),
            "hours": Cell(f"max({hours}, 0)", "number"),
        },
    )


def jobs(_: str, columns: Columns) -> Source:
    """How each job of robots ended, or stands; what people sent by themselves is none."""
    kinds = {
        "done": ("done", "resolved"), "failed": ("dead", "failed"), "skipped": ("skipped", "missed"),
        "cancelled": ("cancelled",), "unknown": ("unknown",),
    }  # fmt: skip
    flags = {name: ", ".join(f"'job.{word}'" for word in words) for name, words in kinds.items()}
    robot = "json_extract(event.data, '$.robot')"
    return Source(
        "",
        "event",
        "event.record",
        "at",
        {
            "at": Cell("event.at", "instant"),
            "robot": Cell(robot),
            "action": Cell("json_extract(event.data, '$.action')", "word"),
            **{name: Cell(f"event.kind IN ({words})", "flag") for name, words in flags.items()},
        },
        where=f"event.kind IN ({', '.join(flags.values())}) AND ifnull({robot}, '') NOT LIKE 'user:%'"
        " AND NOT EXISTS (SELECT 1 FROM event AS later"
        " WHERE later.job = event.job AND later.id > event.id)",
    )
