"""How scores look: what was learned, how right it is in plain words, and where a score comes from."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import SCORED
from crmcli.model.scoring.features import FILLED, HOUR, WEEKDAY, WEEKDAYS, Feature, feature_named
from crmcli.model.scoring.scorer import GONE, HIDDEN, UNSEEN, Explained, Line
from crmcli.model.scoring.tables import ABSENT, OTHER, Group, Table, Tenth
from crmcli.model.values import fold, format_decimal
from crmcli.present.cells import Column, Listing, Locale
from crmcli.present.columns import named
from crmcli.workspace import Workspace

ODDS = [
    Column("field", "Field"), Column("value", "Value"), Column("of", "Closed", "count"),
    Column("won", "Won", "count"), Column("percent", "Won, %", "percent"),
    Column("odds", "Times the odds", "number"),
]  # fmt: skip
LINES = [
    Column("field", "Field"), Column("value", "Value"), Column("of", "Closed", "count"),
    Column("won", "Won", "count"), Column("percent", "Won, %", "percent"),
    Column("adds", "Adds", "number", keep=True),
]  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WHY = {
    GONE: "no such field any more: adds nothing",
    HIDDEN: "hidden from you: adds nothing",
    UNSEEN: "a value never seen: adds nothing",
}


def headline(ws: Workspace, table: Table) -> str:
    """Of what a table is, when it was learned and of how much."""
    what = tr(ENTITIES[table.entity].plural)
    if table.pipeline:
        names = {one.id: one.name for one in ws.outline.of(table.entity)}
        what = f"{what} ({names.get(table.pipeline) or table.pipeline})"
    elif ws.outline.of(table.entity)[0].key:
        what = tr("{} of other pipelines", what)
    at = Locale.of(ws).instant(table.trained_at)
    if _sees_part(ws):
        return tr("{}: learned on {} from all that is closed", what, at)
    return tr("{}: learned on {} from {} closed, {} of them won ({})",
              what, at, table.of, table.won, _share(table.won, table.of))  # fmt: skip


def _sees_part(ws: Workspace) -> bool:
    """Whether who asks sees a part of the records: the numbers of all are not told to that one."""
    return ws.rights is not None and ws.rights.is_narrow


def quality(ws: Workspace, table: Table) -> Iterator[str]:
    """How right scores were of records that were kept apart, in plain words, beside the share of all."""
    trial = table.trial
    base = _share(trial.won, trial.of)
    if not trial.of:
        yield tr("never tested")
        return
    if _sees_part(ws):
        if not trial.is_better:
            yield tr("scores do not tell yet which are won")
        return
    if not trial.is_better:
        yield tr("no better than the base rate: {} are won, and scores do not tell which", base)
    yield tr(
        "tested on records kept apart: the won one of a pair scores higher in {} of 100 (50 is chance)",
        round(100 * trial.auc),
    )
    top = trial.top
    yield tr("of the tenth with the highest scores ({} and more) {} of {} were won ({}), of all {}",
             top.low, top.won, top.of, _share(top.won, top.of), base)  # fmt: skip
    for tenth in trial.tenths:
        yield _calibration(tenth)


def _calibration(tenth: Tenth) -> str:
    high = 100 if tenth.low == 90 else tenth.low + 9
    return tr("score {} to {}: {} of {} won ({})",
              tenth.low, high, tenth.won, tenth.of, _share(tenth.won, tenth.of))  # fmt: skip


def _share(won: int, of: int) -> str:
    return f"{round(100 * won / of)}%" if of else "–"


def odds(ws: Workspace, table: Table) -> Listing:
    """The odds of each group of a table; what is hidden from who asks is left out."""
    rows: list[dict[str, Any]] = []
    for term in table.terms:
        feature = feature_named(ws.schema, table.entity, term.feature)
        if feature is not None and _is_hidden(ws, table.entity, feature):
            continue
        named_as = {"feature": term.feature, "field": _field(feature, term.feature)}
        rows += [
            {
                **_keys(ws, table),
                **named_as,
                "key": _key(group),
                "value": value_text(ws, table.entity, feature, group),
                **_counts(ws, group, feature),
                "odds": group.odds,
            }
            for group in term.groups
            if not _is_colleague(ws, feature, group)
        ]
    return Listing(rows, ODDS, "no field tells anything")


def _keys(ws: Workspace, table: Table) -> dict[str, Any]:
    return {"entity": table.entity, "pipeline": table.pipeline}


def _is_hidden(ws: Workspace, entity: str, feature: Feature) -> bool:
    return ws.rights is not None and (entity, feature.field.name) in ws.rights.hidden


def _is_colleague(ws: Workspace, feature: Feature | None, group: Group) -> bool:
    """Whether a group tells how somebody else works, to who sees a part of the records."""
    return (
        _sees_part(ws)
        and _is_of_users(feature)
        and bool(group.value)
        and fold(group.value) != fold(ws.user)
    )


def _is_of_users(feature: Feature | None) -> bool:
    return feature is not None and feature.field.kind.listed_in == "users" and not feature.part


def gone(ws: Workspace, table: Table) -> list[str]:
    """The fields of a table that are there no more."""
    scorer = ws.scorer(table.entity)
    names = [
        t.feature for t in table.terms if scorer and scorer.feature(table.entity, t)[1] == GONE
    ]
    return [tr("no field {!r} any more: it adds nothing to scores", name) for name in names]


def _counts(ws: Workspace, group: Group | None, feature: Feature | None = None) -> dict[str, Any]:
    """How many there were; to who sees a part of the records, of what is that one's own."""
    is_told = not _sees_part(ws) or (
        _is_of_users(feature) and group is not None and fold(group.value) == fold(ws.user)
    )
    if group is None or not is_told:
        return {"of": None, "won": None, "percent": None}
    percent = round(100 * group.won / group.of, 1) if group.of else None
    return {"of": group.of, "won": group.won, "percent": percent}


def _field(feature: Feature | None, name: str) -> str:
    if feature is None:
        return name
    label = tr(feature.field.label) or feature.field.name
    if feature.part in (WEEKDAY, HOUR):
        return (
            tr("{}, day of the week", label) if feature.part == WEEKDAY else tr("{}, hour", label)
        )
    return label if feature.part in ("", FILLED) else f"{label} {feature.part}"


def value_text(ws: Workspace, entity: str, feature: Feature | None, group: Group) -> str:
    """What the records of a group have, in words."""
    if group.what == ABSENT:
        return tr("(empty)")
    if group.what == OTHER:
        is_money = feature is not None and feature.is_banded and feature.field.kind.is_money
        return tr("in another currency") if is_money else tr("other values")
    if group.value:
        return _value(ws, entity, feature, group.value)
    locale = Locale.of(ws)
    low, high = (None if one is None else locale.number(one) for one in (group.low, group.high))
    if low is None:
        return tr("below {}", high)
    return tr("{} and more", low) if high is None else tr("{} to below {}", low, high)


def _value(ws: Workspace, entity: str, feature: Feature | None, value: str) -> str:
    if feature is None:
        return value
    if feature.is_yes_no:
        return tr(value)
    if feature.part == WEEKDAY:
        return tr(dict(zip(WEEKDAYS, _DAYS, strict=True)).get(value, value))
    if feature.part:
        return value
    labels = named(ws, entity, Column.of(feature.field), []).labels
    return {key.casefold(): label for key, label in labels.items()}.get(value) or value


def explained(ws: Workspace, found: Explained) -> Listing:
    """Where a score comes from: what it begins with, what each field adds, itself. It adds up."""
    table = found.table
    blank = {"feature": "", "key": "", "value": ""}
    all_of_them = Group(won=table.won, of=table.of)
    begin = {"field": tr("to begin with"), **_counts(ws, all_of_them)}
    total = {**blank, **_counts(ws, None), "feature": "score", "field": tr(SCORED.label)}
    rows = [_of_line(ws, table, *pair) for pair in found.lines]
    rows.insert(0, {**blank, **begin, "adds": Decimal(found.begin)})
    return Listing([*rows, {**total, "adds": Decimal(found.score)}], LINES)


def _of_line(ws: Workspace, table: Table, line: Line, adds: Decimal) -> dict[str, Any]:
    if line.group is not None:
        value = value_text(ws, table.entity, line.feature, line.group)
    else:
        value = tr(_WHY[line.why])
    field = _field(line.feature, line.term.feature)
    named_as = {"feature": line.term.feature, "field": field}
    key = _key(line.group) if line.group else line.why
    return {
        **named_as,
        "key": key,
        "value": value,
        **_counts(ws, line.group, line.feature),
        "adds": adds,
    }


def _key(group: Group) -> str:
    """What stands for a group in JSON: its value, absent, other, or its bounds."""
    bounds = ("" if bound is None else format_decimal(bound) for bound in (group.low, group.high))
    return group.value or group.what or "..".join(bounds)
