"""The columns of lists: which an entity has, and the words that they have for raw values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.listed import did_you_mean
from crmcli.model.schema import own_fields
from crmcli.present.cells import Column

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

SOME = 7


def usual(entity: str) -> tuple[str, ...]:
    """The columns of a noun's lists: those of its row, or else its first fields."""
    first = [field.name for field in own_fields(entity) if field.name == "id" or not field.system]
    return ENTITIES[entity].columns or tuple(first[:SOME])


def columns_of(ws: Workspace, entity: str, names: Sequence[str]) -> list[Column]:
    """The columns of a list: those named, or the entity's usual ones."""
    known = {f.name: f for f in ws.schema.fields(entity)}
    columns: list[Column] = []
    for name in names or usual(entity):
        if name not in known:
            hint = did_you_mean(name, known, tr("one of {}", ", ".join(known)))
            raise BadUsage(tr("{} have no column {!r}", ENTITIES[entity].plural, name), hint)
        columns.append(Column.of(known[name]))
    return columns


def named(ws: Workspace, entity: str, column: Column, rows: Sequence[Mapping[str, Any]]) -> Column:
    """The column with words for its raw values: stage names, people, names of linked records."""
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
    directory = next((f.directory for f in ws.schema.fields(entity) if f.name == column.name), "")
    return column.named(ws.settings.directories.get(directory, {})) if directory else column


def _names(ws: Workspace, column: Column, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    ids: set[str] = set()
    for row in rows:
        ids.update(column.holds.linked(column.holds.parse(row.get(column.name, ""))))
    return {record_id: _name(ws, record_id) for record_id in ids}


def _name(ws: Workspace, record_id: str) -> str:
    from crmcli.errors import InvalidData, NotFound

    try:
        return str(ws.get(record_id).get("name")) or record_id
    except (NotFound, InvalidData):
        return tr("{} (missing)", record_id)
