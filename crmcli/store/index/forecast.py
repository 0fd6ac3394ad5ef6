"""What the past says of open records: how often those that stood in a stage were won, and how soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmcli.model.forecast import LEAST_CLOSED
from crmcli.store.index.rows_of_reports import (
    IS_OPEN,
    NOW,
    Beside,
    Cell,
    Source,
    chance_of,
    place,
    weighed,
)

if TYPE_CHECKING:
    from crmcli.store.index.columns import Columns


def passed(entity: str, _: Columns) -> Source:
    """Each open stage in which a record stood that is closed in the same pipeline."""
    name = f"passed_{entity}"
    return Source(
        entity,
        f"temp.{name} AS passed LEFT JOIN {place(entity, 'passed.pipeline', 'passed.stage')}",
        "passed.record",
        "ended_at",
        {
            "stage": Cell("passed.stage", "stage"),
            "won": Cell("passed.won", "flag"),
            "lost": Cell("NOT passed.won", "flag"),
            "days": Cell("(passed.ended - passed.entered) / 86400.0", "days"),
            "declared": Cell("declared.chance", "number"),
            "ended_at": Cell("passed.ended", "moment"),
        },
        pipeline="passed.pipeline",
        link=f" JOIN {entity} ON {entity}.id = passed.record",
        ready={name: _passed(entity)},
        needs=(name,),
    )


def _passed(entity: str) -> str:
    """Of what is closed each open stage in which it stood before, since it first came there."""
    ended, began = (
        place(entity, "e.pipeline", "e.stage"),
        place(entity, "s.pipeline", "s.stage", "d"),
    )
    return f"""
    SELECT s.record AS record, s.pipeline AS pipeline, s.stage AS stage, s.entered AS entered,
           e.entered AS ended, declared.kind = 'won' AS won
    FROM stay AS e CROSS JOIN {ended} AND declared.kind != 'open'
    CROSS JOIN stay AS s ON s.record = e.record AND s.pipeline = e.pipeline AND s.n < e.n AND s.stage != ''
    LEFT JOIN {began}
    WHERE e.left IS NULL AND ifnull(d.kind, 'open') = 'open' AND NOT s.again
    """


def _past(entity: str) -> str:
    """For each record that is not closed the odds of its stage and when it is to end, by the past."""
    return f"""
    SELECT s.record AS record, 100.0 * past.won / past.closed AS odds,
           CAST(s.entered + past.length AS INTEGER) AS ends
    FROM stay AS s LEFT JOIN {place(entity, "s.pipeline", "s.stage")}
    JOIN (SELECT pipeline, stage, count(*) AS closed, sum(won) AS won,
                 median(ended - entered) FILTER (WHERE won) AS length
          FROM ({_passed(entity)}) AS passed GROUP BY pipeline, stage) AS past
         ON past.pipeline = s.pipeline AND past.stage = s.stage AND past.closed >= {LEAST_CLOSED}
    WHERE s.left IS NULL AND ifnull(declared.kind, 'open') = 'open'
    """


def beside(entity: str, column: Mapping[str, str]) -> Beside:
    """What is to be expected of open records."""
    if "close_by" not in column:
        return Beside()
    chance = chance_of(column)
    table = f"past_{entity}"
    past = f"FROM temp.{table} AS past WHERE past.record = {entity}.id"
    odds, ends = f"(SELECT past.odds {past})", f"(SELECT past.ends {past})"
    close_by, today = column["close_by"], "local(now(), 'day')"
    guess = f"CASE WHEN {ends} > {NOW} THEN local(instant({ends}), 'day') END"
    day = f"CASE WHEN {close_by} >= {today} THEN {close_by} ELSE {guess} END"
    word = f"CASE WHEN {close_by} IS NULL THEN 'no_date' ELSE 'overdue' END"
    found = {
        "by_past": weighed(column, f"ifnull({odds}, {chance})"),
        "past_chance": Cell(f"ifnull({odds}, {chance})", "number"),
        "no_past": Cell(f"{IS_OPEN} AND {odds} IS NULL", "flag"),
        "guessed": Cell(
            f"{IS_OPEN} AND ifnull({close_by} < {today}, 1) AND {ends} > {NOW}", "flag"
        ),
        "expected": Cell(f"ifnull({day}, {word})", "due"),
        "expected_on": Cell(day, "date"),
    }
    cells = {name: cell._replace(ready=(table,)) for name, cell in found.items()}
    return Beside(cells, {"past_ends": Cell(ends, "moment")}, {table: _past(entity)})
