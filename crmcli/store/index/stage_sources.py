"""Rows of reports about stages: the stays of records, and how far each of them came."""

from __future__ import annotations

from crmcli.store.index.columns import Columns, is_of
from crmcli.store.index.rows_of_reports import NOW, Cell, Source, Spread, place

_IS_OPEN = Cell("ifnull(d.kind, 'open') = 'open'").sql


def stays(entity: str, _: Columns) -> Source:
    """Each stay of a record in a stage."""
    was_over = (
        f"(SELECT e.kind != 'open' FROM temp.declared AS e WHERE e.entity = '{entity}'"
        " AND e.pipeline = stay.pipeline AND e.stage = stay.before)"
    )
    return Source(
        entity,
        f"stay LEFT JOIN {place(entity, 'stay.pipeline', 'stay.stage', 'd')}",
        "stay.record",
        "entered_at",
        {
            "stage": Cell("stay.stage", "stage"),
            "ended": Cell(f"stay.left IS NOT NULL AND {_IS_OPEN}", "flag"),
            "running": Cell(f"stay.left IS NULL AND {_IS_OPEN}", "flag"),
            "first": Cell("stay.first", "flag"),
            "reopened": Cell(f"stay.before IS NOT NULL AND {_IS_OPEN} AND ifnull({was_over}, 0)", "flag"),
            "days": Cell(f"max(ifnull(stay.left, {NOW}) - stay.entered, 0) / 86400.0", "days"),
            "entered_at": Cell("stay.entered", "moment"),
            "left_at": Cell("stay.left", "moment"),
            "came_at": Cell("stay.came", "moment"),
        },
        pipeline="stay.pipeline",
        where=f"{is_of(entity, 'stay.record')} AND stay.stage != ''",
        link=f" JOIN {entity} ON {entity}.id = stay.record",
        parts={"entered": Cell("stay.entered", "moment"), "left": Cell("stay.left", "moment")},
    )  # fmt: skip


def reached(entity: str, _: Columns) -> Source:
    """Each stage that a record reached: in which it was, or that lies before the furthest; and the lost stage
    in which it stands."""
    rows, far = f"reached_{entity}", f"far_{entity}"
    flags = ("moved_on", "lost", "open", "moved_away", "skipped")
    return Source(
        entity,
        f"way JOIN temp.{rows} AS reached ON reached.trail = way.trail",
        "way.record",
        "came_at",
        {
            "stage": Cell("reached.stage", "stage"),
            **{name: Cell(f"reached.{name}", "flag") for name in flags},
            "came_at": Cell("way.came", "moment"),
        },
        pipeline="way.pipeline",
        currency=f"{entity}.f_currency",
        where=is_of(entity, "way.record"),
        link=f" JOIN {entity} ON {entity}.id = way.record",
        ready={far: _far(entity), rows: _reached(entity)},
        needs=(far, rows),
        spread=Spread("way", "trail", f"temp.{rows}", "reached"),
    )


def _far(entity: str) -> str:
    """How far each trail goes in its pipeline, and what became of its records."""
    return f"""
    SELECT t.num AS trail, t.pipeline AS pipeline, t.here AS here, t.stages AS stages,
           CASE WHEN t.here IS NULL THEN 'moved_away' ELSE ifnull(e.kind, 'open') END AS standing,
           (SELECT max(CASE WHEN s.value = '' THEN -1 WHEN d.kind IS NULL THEN 0
                       WHEN d.kind = 'open' THEN d.rank ELSE -1 END) FROM json_each(t.stages) AS s
            LEFT JOIN {place(entity, "t.pipeline", "s.value", "d")}) AS furthest
    FROM (SELECT num, json_extract(told, '$[0]') AS pipeline, json_extract(told, '$[1]') AS here,
                 json_extract(told, '$[2]') AS stages FROM trail) AS t
    LEFT JOIN {place(entity, "t.pipeline", "t.here", "e")}
    """


def _reached(entity: str) -> str:
    won, stops = "far.standing = 'won'", "far.furthest = d.rank AND far.standing"
    been = "EXISTS (SELECT 1 FROM json_each(far.stages) AS s WHERE s.value = d.stage)"
    return f"""
    SELECT far.trail AS trail, d.stage AS stage,
           d.kind = 'open' AND (far.furthest > d.rank OR {won}) AS moved_on, {stops} = 'lost' AS lost,
           {stops} = 'open' AS open, {stops} = 'moved_away' AS moved_away,
           d.kind = 'open' AND NOT {been} AS skipped
    FROM temp.far_{entity} AS far
    JOIN temp.declared AS d ON d.entity = '{entity}' AND d.pipeline = far.pipeline
    WHERE CASE d.kind WHEN 'lost' THEN far.standing = 'lost' AND far.here = d.stage
          ELSE far.furthest >= d.rank OR {won} END
    """
