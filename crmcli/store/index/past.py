"""How records stood at moments of the past: what was open, what those that were closed had taught."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from crmcli.model.forecast import Lesson, Open, Past, Stage, Terms, Won, lessons
from crmcli.model.values import format_instant
from crmcli.store.index.columns import is_of
from crmcli.store.index.ready import Frame, prepared
from crmcli.store.index.rows_of_reports import KIND, place
from crmcli.store.timeline.event_ids import before_all

if TYPE_CHECKING:
    from crmcli.store.index.columns import Columns

_CHANGES = ("field.changed", "stage.entered", "stage.renamed", "{}.merged", "{}.unmerged")
_TERMS = ("amount", "currency", "close_by", "probability")


class Then:
    """The past of one entity at some moments, the last of which ends what was won."""

    def __init__(
        self, connection: sqlite3.Connection, columns: Columns, entity: str, frame: Frame
    ) -> None:
        self._connection, self._entity = connection, entity
        self._column = columns.columns(entity)
        prepared(connection, frame)

    def past(self, moments: Sequence[datetime]) -> Past:
        """All that is to be known of them."""
        seconds = [round(at.timestamp()) for at in moments[:-1]]
        self._note_open(seconds)
        return Past(
            [*map(Open._make, self._connection.execute("SELECT * FROM temp.opened"))],
            self._lessons(seconds),
            self._terms(),
            self._changes(moments[0]),
            self._won(moments[0], moments[-1]),
        )

    def _note_open(self, moments: Sequence[int]) -> None:
        """Keep beside what was open at one of the moments, for what else is asked of it."""
        self._connection.execute("DROP TABLE IF EXISTS temp.opened")
        self._connection.execute(
            f"""
            CREATE TEMP TABLE opened AS SELECT * FROM
            (SELECT stay.record, stay.pipeline, stay.stage, stay.entered AS since, {_span("stay", moments)}
             FROM stay LEFT JOIN {place(self._entity, "stay.pipeline", "stay.stage")}
             WHERE {is_of(self._entity, "stay.record")} AND stay.entered < {moments[-1]}
             AND (stay.left IS NULL OR stay.left >= {moments[0]}) AND {KIND} = 'open')
            WHERE nth < after
            """
        )

    def _lessons(self, moments: Sequence[int]) -> list[dict[Stage, Lesson]]:
        """What was known of stages, of closed ones too, of which nobody asks. What ended is looked for first,
        then where each had been before."""
        ended = f"""
        SELECT stay.record, stay.pipeline, n, entered AS ended, declared.kind = 'won' AS is_won,
               {_span("stay", moments)}
        FROM stay CROSS JOIN {place(self._entity, "stay.pipeline", "stay.stage")} AND declared.kind != 'open'
        WHERE {is_of(self._entity, "stay.record")} AND entered < {moments[-1]}
        """
        rows = self._connection.execute(
            f"""
            SELECT been.pipeline, been.stage, is_won, nth, after, ended - been.entered
            FROM ({ended}) AS end CROSS JOIN stay AS been
                 ON been.record = end.record AND been.pipeline = end.pipeline AND been.n < end.n
            WHERE been.stage != '' AND nth < after AND NOT been.again
            """
        )
        return lessons(len(moments), rows)

    def _terms(self) -> dict[str, Terms]:
        """What is to be had of each now. A chance of which nothing is told is that of its stage then, unless
        it still is to end."""
        *names, chance = self._names()
        closed_at = self._column["closed_at"].name
        sql = (
            f"SELECT id, {', '.join(names)}, CASE WHEN {closed_at} IS NULL THEN {chance} END"
            f" FROM {self._entity} WHERE id IN (SELECT record FROM temp.opened)"
        )
        return {record: Terms(*terms) for record, *terms in self._connection.execute(sql)}

    def _names(self) -> list[str]:
        return [self._column["amount"].cents, *(self._column[name].name for name in _TERMS[1:])]

    def _changes(self, since: datetime) -> list[tuple[str, str, object, object, object, object]]:
        marks = ", ".join("?" * len(_CHANGES))
        before = ", ".join(f"json_extract(data, '$.changes.{name}[0]')" for name in _TERMS)
        sql = (
            f"SELECT record, at, {before} FROM event WHERE kind IN ({marks}) AND id > ? AND"
            f" record IN (SELECT record FROM temp.opened) ORDER BY at DESC, id DESC"
        )
        given = [*(kind.format(self._entity) for kind in _CHANGES), before_all(since)]
        return self._connection.execute(sql, given).fetchall()

    def _won(self, since: datetime, until: datetime) -> list[Won]:
        closed_at, names = self._column["closed_at"].name, ", ".join(self._names())
        rows = self._connection.execute(
            f"SELECT id, stay.pipeline, {closed_at}, {names} FROM {self._entity}"
            f" CROSS JOIN stay ON stay.record = id AND stay.left IS NULL"
            f" JOIN {place(self._entity, 'stay.pipeline', 'stay.stage')} AND declared.kind = 'won'"
            f" WHERE {closed_at} >= ? AND {closed_at} < ? ORDER BY id",
            [format_instant(since), format_instant(until)],
        )
        return [Won(who, of, at, Terms(*terms)) for who, of, at, *terms in rows]


def _span(stay: str, moments: Sequence[int]) -> str:
    """The number of the first moment at which a stay had begun, and of the first at which it was over."""

    def passed(when: str) -> str:
        known = "".join(f" WHEN {when} < {at} THEN {n}" for n, at in enumerate(moments))
        return f"CASE{known} ELSE {len(moments)} END"

    after = f"iif({stay}.left IS NULL, {len(moments)}, {passed(f'{stay}.left')})"
    return f"{passed(f'{stay}.entered')} AS nth, {after} AS after"
