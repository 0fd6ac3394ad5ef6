"""Two records made one, field by field."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.model.kinds import Field, join_values
from crmcli.model.schema import own_fields
from crmcli.model.values import Value, fold
from crmcli.sales.records.defaults import follow_name
from crmcli.sales.records.given_values import field_named
from crmcli.sales.records.links import relinked
from crmcli.workspace import Workspace

STANDING = ("id", "stage", "pipeline", "probability", "junk_reason", "lost_reason", "closed_at",
            "first_closed_at", "reopened",
            "converted", "converted_at", "batch")  # fmt: skip
"""Fields that say how far the one that stays has come: it keeps its own, whatever the other has."""
NAMING = ("name", "salutation", "first_name", "middle_name", "last_name")
ORIGIN = ("source_detail", "utm")
"""What explains a source: of no use beside another source."""


@dataclass(frozen=True, slots=True)
class FieldMerge:
    """Two records as one; `yielded` are single fields in which they differ."""

    record: Record
    yielded: tuple[str, ...]


def unite(
    ws: Workspace,
    record: Record,
    other: Record,
    taken: Collection[str],
    ids: Sequence[str],
    between: str = "\n\n",
) -> FieldMerge:
    """A record with what it lacks from another one, and the other's value of `taken` fields.

    Lists are combined, comments follow each other with `between`, the earlier creation stays, links
    among `ids` go.
    """
    other = _without_links(ws, other, ids)
    taken = _with_kin(ws, record, other, taken)
    values: dict[str, Value] = {}
    yielded: list[str] = []
    for field in ws.schema.fields(record.entity):
        mine, theirs = record.get(field.name), other.get(field.name)
        if field.name in STANDING or theirs == field.kind.empty:
            continue
        if field.name in taken or mine == field.kind.empty:
            values[field.name] = theirs
        elif field.name == "created_at":
            values[field.name] = min(cast("Any", mine), cast("Any", theirs))
        elif is_united(field):
            values[field.name] = joined(field, mine, theirs, ws.settings.phone_country, between)
        elif not field.system and not _is_same(field, mine, theirs):
            yielded.append(field.name)
    _keep_kin(record, other, taken, values, yielded)
    united = _without_links(ws, record.with_values(values), ids)
    here, there = record.unknown, other.unknown  # keys that nobody declared
    yielded += [name for name in there if name in here and here[name] != there[name]]
    more = {name: value for name, value in there.items() if name not in here}
    united = follow_name(record, replace(united, unknown={**here, **more}))
    return FieldMerge(united, tuple(yielded))


def _without_links(ws: Workspace, record: Record, ids: Sequence[str]) -> Record:
    for record_id in ids:
        record = relinked(ws, record, record_id)
    return record


def is_united(field: Field) -> bool:
    """Whether both values of a field are kept: lists, comments and notes of one's own."""
    is_note = field.name == "comment" or (field.custom and field.kind.is_long)
    return field.kind.is_joined or is_note


def check_takable(ws: Workspace, record: Record, other: Record, name: str) -> None:
    """BadUsage unless the field is one whose value may be taken of the other record."""
    field = field_named(ws, record.entity, name)
    if field.name in STANDING:
        raise BadUsage(tr("{} of {} cannot be taken", name, record.id), "move it afterwards")
    if field.kind.is_joined:
        raise BadUsage(
            tr("both values of {} are kept: nothing to take", name), "edit them afterwards"
        )
    if other.get(name) == field.kind.empty:
        raise BadUsage(tr("{} has no {} to take", other.id, name), "see the plan with -n")


def _with_kin(ws: Workspace, record: Record, other: Record, taken: Collection[str]) -> set[str]:
    """The fields that are taken, with those that mean nothing without them."""
    names = {field.name for field in ws.schema.fields(record.entity)}
    found = set(taken)
    if record.entity == "contact" and "name" in found:
        found |= set(NAMING)
    if "source" in found:
        found |= {*ORIGIN} & names
    if _priced(record) in found:
        found.add("currency")
    return found


def _priced(record: Record) -> str | None:
    """The amount to which the currency belongs."""
    return next((f.name for f in own_fields(record.entity) if f.kind.is_money), None)


def _keep_kin(
    record: Record,
    other: Record,
    taken: Collection[str],
    values: dict[str, Value],
    yielded: list[str],
) -> None:
    """Leave out what the other has to a value that stands otherwise here."""
    source = "" if "source" in taken else getattr(record, "source", "")
    if source and other.get("source") and fold(str(source)) != fold(str(other.get("source"))):
        for name in set(ORIGIN) - set(taken):
            values.pop(name, None)
        yielded[:] = [name for name in yielded if name not in ORIGIN]
    priced = _priced(record)
    if priced is None or "currency" in taken:
        return
    if priced in values:
        if other.get("currency"):
            values["currency"] = other.get("currency")
    elif record.get(priced) is not None:
        values.pop("currency", None)
        if "currency" in yielded and other.get(priced) is not None and priced not in yielded:
            yielded.append(priced)
    yielded[:] = [name for name in yielded if name != "currency"]


def _is_same(field: Field, mine: Value, theirs: Value) -> bool:
    """Whether two values say the same, however they are spelled."""
    if field.is_many or field.kind.is_map:
        return mine == theirs
    return field.kind.keys(mine) == field.kind.keys(theirs)


def joined(field: Field, mine: Value, theirs: Value, country: str, between: str = "\n\n") -> Value:
    """Both values of a field that holds several, or of a text below which another may stand."""
    if field.is_many:
        return join_values(field.kind, mine, theirs, country, beside=True)
    here, there = str(mine), str(theirs)
    return here if fold(there) in fold(here) else f"{here.rstrip()}{between}{there.lstrip()}"
