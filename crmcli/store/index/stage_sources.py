"""Rows of reports about stages: the stays of records, and how far each of them came."""

from __future__ import annotations

from crmcli.store.index.columns import Columns
from crmcli.store.index.rows_of_reports import NOW, Cell, Source, place


def stays(entity: str, _: Columns) -> Source:
    """Each stay of a record in a stage."""
    stood = f"stood_{entity}"
    return Source(
        entity,
        f"temp.{stood} AS stood",
        "stood.record",
        "entered_at",
        {
            "stage": Cell("stood.stage", "stage"),
            "ended": Cell("stood.ended", "flag"),
            "running": Cell("stood.running", "flag"),
            "first": Cell("stood.first", "flag"),
            "reopened": Cell("stood.reopened", "flag"),
            "days": Cell(f"max(ifnull(stood.left, {NOW}) - stood.entered, 0) / 86400.0", "days"),
            "entered_at": Cell("stood.entered", "moment"),
            "left_at": Cell("stood.left", "moment"),
            "came_at": Cell("stood.came", "moment"),
        },
        pipeline="stood.pipeline",
        link=f" JOIN {entity} ON {entity}.id = stood.record",
        ready={f"way_{entity}": _way(entity), stood: _stood(entity)},
        needs=(f"way_{entity}", stood),
        parts={"entered": Cell("stood.entered", "moment"), "left": Cell("stood.left", "moment")},
    )


def _stood(entity: str) -> str:
    was_over = (
        f"(SELECT e.kind != 'open' FROM stay AS o JOIN {place(entity, 'o.pipeline', 'o.stage', 'e')}"
        " WHERE o.record = s.record AND o.n = s.n - 1 AND o.pipeline = s.pipeline)"
    )
    first = (
        "(SELECT min(o.n) FROM stay AS o WHERE o.record = s.record AND o.pipeline = s.pipeline"
        " AND o.stage != '')"
    )
    is_open = Cell("ifnull(d.kind, 'open') = 'open'").sql
    return f"""
    SELECT s.record AS record, s.pipeline AS pipeline, s.stage AS stage, s.entered AS entered,
           s.left AS left, w.came AS came, s.left IS NOT NULL AND {is_open} AS ended,
           s.left IS NULL AND {is_open} AS running,
           s.n > 0 AND {is_open} AND ifnull({was_over}, 0) AS reopened,
           s.n = {first} AS first
    FROM stay AS s JOIN temp.way_{entity} AS w ON w.record = s.record AND w.pipeline = s.pipeline
    LEFT JOIN {place(entity, "s.pipeline", "s.stage", "d")} WHERE s.stage != ''
    """


def _way(entity: str) -> str:
    """How far each record came in each pipeline, and what became of it."""
    return f"""
    SELECT way.record AS record, way.pipeline AS pipeline, way.came AS came, way.furthest AS furthest,
           now.stage AS stage, CASE WHEN now.pipeline != way.pipeline THEN 'moved_away'
                                    ELSE ifnull(e.kind, 'open') END AS standing
    FROM (SELECT s.record AS record, s.pipeline AS pipeline, min(s.entered) AS came,
                 max(CASE WHEN s.stage = '' THEN -1 WHEN d.kind IS NULL THEN 0
                     WHEN d.kind = 'open' THEN d.rank ELSE -1 END) AS furthest
          FROM stay AS s LEFT JOIN {place(entity, "s.pipeline", "s.stage", "d")}
          WHERE s.record > '{entity}-' AND s.record < '{entity}.' GROUP BY s.record, s.pipeline) AS way
    JOIN stay AS now ON now.record = way.record AND now.left IS NULL
    LEFT JOIN {place(entity, "now.pipeline", "now.stage", "e")}
    """


def reached(entity: str, _: Columns) -> Source:
    """Each stage that a record reached: in which it was, or that lies before the furthest; and the lost stage
    in which it stands."""
    rows = f"reached_{entity}"
    flags = ("moved_on", "lost", "open", "moved_away", "skipped")
    return Source(
        entity,
        f"temp.{rows} AS reached",
        "reached.record",
        "came_at",
        {
            "stage": Cell("reached.stage", "stage"),
            **{name: Cell(f"reached.{name}", "flag") for name in flags},
            "came_at": Cell("reached.came", "moment"),
        },
        pipeline="reached.pipeline",
        currency=f"{entity}.f_currency",
        link=f" JOIN {entity} ON {entity}.id = reached.record",
        ready={f"way_{entity}": _way(entity), rows: _rows(entity)},
        needs=(f"way_{entity}", rows),
    )


def _rows(entity: str) -> str:
    won, stops = "way.standing = 'won'", "way.furthest = d.rank AND way.standing"
    been = (
        "EXISTS (SELECT 1 FROM stay AS been WHERE been.record = way.record"
        " AND been.pipeline = way.pipeline AND been.stage = d.stage)"
    )
    return f"""
    SELECT way.record AS record, way.pipeline AS pipeline, way.came AS came, d.stage AS stage,
           d.kind = 'open' AND (way.furthest > d.rank OR {won}) AS moved_on, {stops} = 'lost' AS lost,
           {stops} = 'open' AS open, {stops} = 'moved_away' AS moved_away,
           d.kind = 'open' AND NOT {been} AS skipped
    FROM temp.way_{entity} AS way
    JOIN temp.declared AS d ON d.entity = '{entity}' AND d.pipeline = way.pipeline
    WHERE CASE d.kind WHEN 'lost' THEN way.standing = 'lost' AND way.stage = d.stage
          ELSE way.furthest >= d.rank OR {won} END
    """
