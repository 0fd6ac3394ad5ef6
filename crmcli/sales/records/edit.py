"""Editing: one record by fields or as text, or all that fit a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from crmcli.errors import BadUsage, Refused
from crmcli.model.fields import Field, Record, empty
from crmcli.model.values import fold
from crmcli.sales.records import defaults
from crmcli.sales.records.given_values import (
    Given,
    bare,
    field_named,
    joined,
    read_value,
    read_values,
)
from crmcli.sales.records.packed import Pairs
from crmcli.sales.records.required import require
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.model.conditions.where import Condition


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit asks for: fields to set, list items to add and remove, fields to empty."""

    put: Given
    more: Given
    less: Given
    unset: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.put or self.more or self.less or self.unset)


def edited(ws: Workspace, record: Record, edit: Edit) -> Record:
    """The record as an edit leaves it, checked but not written."""
    values = read_values(ws, record.entity, edit.put)
    if "utm" in values:
        old = cast("Mapping[str, str]", record.get("utm"))
        values["utm"] = {
            k: v for k, v in {**old, **cast("Mapping[str, str]", values["utm"])}.items() if v
        }
    for name, texts in edit.more.items():
        field = _list_field(ws, record.entity, name)
        now = cast("tuple[Any, ...]", values.get(name, record.get(name)))
        new = cast("tuple[Any, ...]", read_value(ws, field, texts))
        values[name] = _ordered(field, joined(now, new))
    for name, texts in edit.less.items():
        field = _list_field(ws, record.entity, name)
        now = cast("tuple[Any, ...]", values.get(name, record.get(name)))
        gone = _gone(ws, field, now, texts)
        values[name] = tuple(item for item in now if bare(item) not in gone)
    for name in edit.unset:
        values[name] = empty(field_named(ws, record.entity, name).kind)
    for name in ("stage", "pipeline"):
        if name in values and values[name] != record.get(name):
            raise Refused(f"{name} is not edited", f"use crm {record.entity} move")
    after = defaults.follow_name(record, record.with_values(values))
    return still_whole(ws, record, after)


def still_whole(ws: Workspace, before: Record, after: Record) -> Record:
    """The edited record, unless it lost what a record must have.

    An emptied name is made anew, and an amount has its currency, as in a new record.
    """
    complete = defaults.complete(ws, after)
    names = {f.name for f in ws.schema.fields(after.entity)} & {"currency"}
    if before.get("name"):
        names.add("name")
        defaults.check_minimum(complete)
    after = after.with_values({n: complete.get(n) for n in names if not after.get(n)})
    needed = [f for f in ws.schema.fields(after.entity) if f.required]
    require(ws, after, [f.name for f in needed if before.get(f.name) != empty(f.kind)])
    return after


def _gone(ws: Workspace, field: Field, now: tuple[Any, ...], texts: Sequence[str]) -> set[str]:
    """What `--remove` names: items as they stand, even broken ones, or in any other spelling."""
    standing = {bare(item) for item in now}
    gone: set[str] = set()
    for text in texts:
        if fold(text) in standing:
            gone.add(fold(text))
        else:
            gone |= {bare(i) for i in cast("tuple[Any, ...]", read_value(ws, field, [text]))}
    return gone


def _list_field(ws: Workspace, entity: str, name: str) -> Field:
    field = field_named(ws, entity, name)
    if not field.is_many:
        raise BadUsage(f"{name} holds one value, not a list", f"use --set {name}=…")
    return field


def _ordered(field: Field, items: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(items)) if field.kind in ("tags", "choices") else items


def edit_in(change: Change, ws: Workspace, record_id: str, edit: Edit) -> Record:
    """Edit a record within an open change; returns it as it is then."""
    record = edited(ws, change.get(record_id), edit)
    change.save(record)
    return record


def edit(ws: Workspace, record_id: str, wanted: Edit) -> tuple[Record, Record]:
    """Edit a record; returns it before and after."""
    with ws.change(f"{record_id.split('-')[0]} edit") as change:
        before = change.get(record_id)
        return before, edit_in(change, ws, record_id, wanted)


def take_text(ws: Workspace, record_id: str, digest: str, record: Record) -> Record:
    """Take a record that was edited as text; FileChanged if its file changed meanwhile."""
    with ws.change(f"{record.entity} edit") as change:
        before = change.get(record_id)
        if before.get("id") != record.id:
            raise Refused("the id of a record cannot be changed", f"put back id: {record_id}")
        change.expect(record_id, digest)
        change.save(record)
    return record


def bulk(
    ws: Workspace, entity: str, condition: Condition, wanted: Edit
) -> Sequence[tuple[Record, Record]]:
    """Edit every record that fits a condition, in one transaction; before and after of each changed."""
    from crmcli.model.conditions.where import holds

    changed: Pairs[Record] = Pairs(ws.schema)
    with ws.change(f"{entity} bulk") as change:
        ws.look_again()  # under the lock, so that nothing slips in between
        for found in ws.select(entity, condition):
            before = change.get(found.id)
            if not holds(condition, before, ws.env):
                continue
            after = edit_in(change, ws, found.id, wanted)
            if after != before:
                changed.append((before, after))
    return changed
