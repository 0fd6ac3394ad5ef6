"""The score of a row as SQL: a sum of CASE expressions, one for each field of a table of scores."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from crmcli.model.scoring.features import FILLED, HOUR, WEEKDAY, WEEKDAYS, Feature, local
from crmcli.model.scoring.scorer import Scorer
from crmcli.model.scoring.tables import ABSENT, OTHER, Group, Table, Term, effect_of, score_of
from crmcli.model.values import fold
from crmcli.store.index.columns import Columns
from crmcli.store.policy.reading import quoted

__all__ = ["expression", "hour_of", "score_of", "weekday_of"]

_YES_NO = {"yes": "1", "no": "0"}


_zone = lru_cache(maxsize=8)(ZoneInfo)


def hour_of(instant: str | None, zone: str) -> int | None:
    """The hour at which people in a zone see an instant."""
    here = local(instant, _zone(zone))
    return here.hour if here else None


def weekday_of(instant: str | None, zone: str) -> str | None:
    """The day of the week of an instant in a zone."""
    here = local(instant, _zone(zone))
    return WEEKDAYS[here.weekday()] if here else None


def expression(scorer: Scorer, columns: Columns, entity: str, row: str) -> str:
    """The score of a row of the entity's table; NULL where nothing was learned for it."""
    sums = {fold(table.pipeline): _sum(scorer, columns, table, row) for table in scorer.tables}
    rest = sums.pop("", "NULL")
    if not sums:
        return f"score_of({rest})"
    cases = " ".join(f"WHEN {quoted(place)} THEN {total}" for place, total in sums.items())
    place = (
        f"ifnull({row}.{columns.columns(entity)['pipeline'].name}, {quoted(fold(scorer.first))})"
    )
    return f"score_of(CASE {place} {cases} ELSE {rest} END)"


def _sum(scorer: Scorer, columns: Columns, table: Table, row: str) -> str:
    parts = [str(effect_of(table.start))]
    for term in table.terms:
        feature, why = scorer.feature(table.entity, term)
        if feature is not None and not why:
            parts.append(_Terms(columns, table.entity, row, scorer).case(term, feature))
    return f"({' + '.join(parts)})"


class _Terms:
    """Turns single terms into CASE expressions over a row."""

    def __init__(self, columns: Columns, entity: str, row: str, scorer: Scorer) -> None:
        self._columns = columns
        self._entity = entity
        self._row = row
        self._zone = str(scorer.zone)

    def case(self, term: Term, feature: Feature) -> str:
        """What the row's value adds."""
        if feature.is_banded:
            return self._of_bands(term, feature)
        absent, other = _effect(term.what(ABSENT)), _effect(term.what(OTHER))
        literals = {
            _YES_NO.get(key, "NULL") if feature.is_yes_no else quoted(key): group.effect
            for key, group in term.named.items()
        }
        cases = " ".join(f"WHEN {literal} THEN {n}" for literal, n in literals.items())
        none = "-1" if feature.is_yes_no else "''"
        value = f"ifnull({self._value(feature)}, {none})"
        return f"CASE {value} WHEN {none} THEN {absent} {cases} ELSE {other} END"

    def _of_bands(self, term: Term, feature: Feature) -> str:
        value, other = self._value(feature), _effect(term.what(OTHER))
        cases = [f"WHEN {value} IS NULL THEN {_effect(term.what(ABSENT))}"]
        currency = self._columns.columns(self._entity).get("currency")
        if feature.field.kind.is_money and currency:
            own = f"ifnull({self._row}.{currency.name}, '')"
            cases.append(f"WHEN {own} NOT IN ('', {quoted(fold(term.currency))}) THEN {other}")
        for edge, group in zip(term.edges, term.bands, strict=False):
            cases.append(f"WHEN {value} < {edge!r} THEN {group.effect}")
        last = term.bands[-1].effect if term.bands else other
        return f"CASE {' '.join(cases)} ELSE {last} END"

    def _value(self, feature: Feature) -> str:
        """The key of a feature in the row."""
        name = feature.field.name
        column = self._columns.columns(self._entity).get(name)
        if column is None:
            part = "" if feature.part == FILLED else feature.part
            number = self._columns.list_number(self._entity, f"{name}.{part}" if part else name)
            # The plus keeps SQLite from going through all that have the field for each row.
            found = f"FROM item WHERE item.num = {self._row}.num AND +item.field = {number}"
            if feature.part == FILLED:
                return f"EXISTS (SELECT 1 {found})"
            return f"(SELECT min(key) {found})"
        key = f"{self._row}.{column.name}"
        if feature.part == FILLED:
            return f"({key} IS NOT NULL)"
        if feature.part in (HOUR, WEEKDAY):
            function = "hour_of" if feature.part == HOUR else "weekday_of"
            return f"{function}({key}, {quoted(self._zone)})"
        return key


def _effect(group: Group | None) -> int:
    return group.effect if group else 0
