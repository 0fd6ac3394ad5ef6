"""The columns of lists: which an entity has, and the words that they have for raw values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from crmcli.dataclass import replace
from crmcli.errors import BadUsage, InvalidData, NotFound
from crmcli.language import tr
from crmcli.model.conditions.paths import routes
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import Field
from crmcli.model.kinds.maps import Maps
from crmcli.model.listed import did_you_mean
from crmcli.model.schema import SCORED, has_field, own_fields
from crmcli.model.words import in_words
from crmcli.present.cells import Column, Locale, as_decimal, in_short, shown
from crmcli.present.linked import column_at
from crmcli.workspace.indexed import FEW

if TYPE_CHECKING:
    from crmcli.workspace import Workspace


def usual(entity: str) -> tuple[str, ...]:
    """The columns of a noun's lists: those of its row, or else its first fields."""
    first = [field.name for field in own_fields(entity) if field.name == "id" or not field.system]
    return ENTITIES[entity].columns or tuple(first[:7])


def columns_of(ws: Workspace, entity: str, names: Sequence[str]) -> list[Column]:
    """The columns of a list: those named, or the entity's usual ones."""
    columns: list[Column] = []
    for name in names or usual(entity):
        if "." in name:
            columns.append(column_at(ws, entity, name))
            continue
        field = ws.schema.named(entity, name)
        if field is None:
            known = [field.name for field in ws.schema.askable(entity)]
            words = ws.schema.words(entity)
            hint = did_you_mean(name, words, tr("one of {}", ", ".join(known)))
            raise BadUsage(tr("{} have no column {!r}", tr(ENTITIES[entity].plural), name), hint)
        columns.append(Column.of(field))
    return columns


def for_people(
    ws: Workspace, entity: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> list[Column]:
    """The columns with words for their values. The usual ones say first who it is and how to reach them,
    and the id last, which stays whatever has no room."""
    columns = [named(ws, entity, column, rows) for column in columns_of(ws, entity, names)]
    return columns if names else sorted(columns, key=partial(_place, ws, entity))


def _place(ws: Workspace, entity: str, column: Column) -> int:
    if column.name in ("name", "id"):
        return 0 if column.name == "name" else 3
    linked = ws.schema.field(entity, column.name).entities
    is_person = any(has_field(other, "first_name") for other in linked)
    return 1 if is_person or column.holds.is_phone else 2


def derived_columns(ws: Workspace, entity: str) -> list[Column]:
    """The columns of what stands in no file."""
    fields = [field for field in ws.schema.askable(entity) if field.derived]
    return [Column.of(field) for field in fields if field != SCORED or _is_scored(ws, entity)]


def _is_scored(ws: Workspace, entity: str) -> bool:
    """Whether something was learned of an entity; a file with faults hides no record."""
    try:
        return ws.scorer(entity) is not None
    except InvalidData as error:
        ws.notes.append(tr("{}: see crm check", error.message))
        return False


def with_derived(
    ws: Workspace, entity: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """The rows with what the columns ask for that stands in no file; what is absent stands in no row."""
    asked = {column.name for column in columns}
    kinds = {f.name: f.kind for f in ws.schema.askable(entity) if f.derived and f.name in asked}
    names = list(kinds)
    if not names:
        return rows
    known = ws.derived(entity, names, [str(row["id"]) for row in rows])
    read = cache(lambda name, raw: kinds[name].number_in(raw))  # few values stand in many rows
    told = {
        record: {n: read(n, v) for n, v in values.items() if v} for record, values in known.items()
    }
    return [{**row, **told.get(str(row["id"]), {})} for row in rows]


def named(ws: Workspace, entity: str, column: Column, rows: Sequence[Mapping[str, Any]]) -> Column:
    """The column with words for its raw values: stage names, people, names of linked records."""
    if "." in column.name:
        return _named_at(ws, entity, column, rows)
    listed_in = column.holds.listed_in
    if listed_in == "stages":
        own = ws.outline.of(entity)
        stages = {s.id: s for s in own[0].stages}
        if own[0].key:  # two pipelines may have stages of the same id
            stages = {f"{p.key}/{s.id}": s for p in own for s in p.stages}
            stages |= {f"/{s.id}": s for s in own[0].stages}
            column = replace(column, within="pipeline")
        names = {key: stage.name for key, stage in stages.items()}
        return column.named(names, {key: stage.color for key, stage in stages.items()})
    if listed_in == "pipelines":
        return column.named({p.id: p.name for p in ws.outline.of(entity)})
    if listed_in == "users":
        return column.named({u.id: u.name for u in ws.settings.users.values() if u.name})
    if column.holds.is_link:
        return column.named(_names(ws, column, rows))
    field = next((f for f in ws.schema.fields(entity) if f.name == column.name), None)
    if field is not None and field.directory:
        return column.named(ws.settings.directories.get(field.directory, {}))
    return column.named({c: in_words(c) for c in field.choices}) if field else column


def _named_at(
    ws: Workspace, entity: str, column: Column, rows: Sequence[Mapping[str, Any]]
) -> Column:
    """The same at the end of a path, where the words of all pipelines are one list."""
    words: dict[str, str] = {}
    colors: dict[str, str] = {}
    for way in routes(tuple(column.name.split(".")), ws.schema, entity):
        end = way[-1]
        if not (end.key or end.field.kind.is_link):
            worded = named(ws, end.entity, replace(column, name=end.field.name), rows)
            words |= {key.rpartition("/")[2]: word for key, word in worded.labels.items()}
            colors |= {key.rpartition("/")[2]: color for key, color in worded.colors.items()}
    return column.named(words, colors)


def _names(ws: Workspace, column: Column, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    ids: set[str] = set()
    for row in rows:
        ids.update(column.holds.linked(column.holds.parse(row.get(column.name, ""))))
    raws = ws.rows_of(sorted(ids)) if len(ids) > FEW else ()
    names = {str(raw["id"]): str(raw["name"]) for raw in raws}
    return {one: names.get(one) or linked_name(ws, one) for one in ids}


def linked_name(ws: Workspace, record_id: str) -> str:
    """How a record is called to which something links, or why it has no name."""
    try:
        return str(ws.get(record_id).get("name")) or record_id
    except NotFound:
        return tr("{} (missing)", record_id)
    except InvalidData:
        return tr("{} (unreadable)", record_id)


def name_of(ws: Workspace, record_id: str) -> str:
    """How a record is called; "" where it is there no more."""
    try:
        return str(ws.get(record_id).get("name")) or record_id
    except (NotFound, InvalidData):
        return ""


def change_text(ws: Workspace, entity: str, name: str, old: Any, new: Any) -> str:
    """What an edit did to one field, of raw values: `amount 100 → 200`."""
    field = next((field for field in ws.schema.fields(entity) if field.name == name), None)
    values = [value_text(ws, entity, field, raw) for raw in (old, new)]
    if (
        values[0] == values[1]
    ):  # what people do not see of it, such as the type of a phone, has changed
        values = [in_short(raw) for raw in (old, new)]
    return tr("{} {} → {}", field.word if field else name, *values)


def value_text(ws: Workspace, entity: str, field: Field | None, raw: Any) -> str:
    """A value in one line, in the words that people have for it; an instant by the workspace's clock."""
    if field is None or not raw or isinstance(raw, Mapping):
        return in_short(raw)
    row, locale = {field.name: raw}, Locale.of(ws)
    amount = as_decimal(raw) if field.kind.is_money else None
    if amount is not None:  # its currency is a field of its own
        return locale.amount(amount)
    if isinstance(field.kind, Maps) and (text := field.kind.show(raw, locale)):
        return text
    column = named(ws, entity, Column.of(field), [row])
    if isinstance(raw, str):
        return shown(column, row, locale)
    main = getattr(field.kind, "main", "")
    links = field.kind.is_link
    words = [
        {**item, main: column.labels.get(str(item[main]), item[main])}
        if links and isinstance(item, Mapping)
        else column.labels.get(str(item), item)
        for item in raw
    ]
    return in_short(words)
