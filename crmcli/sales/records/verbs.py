"""The verbs that every entity has: add, edit, remove, bulk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from crmcli.errors import BadUsage, Refused
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field, Record, empty
from crmcli.model.plural import counted
from crmcli.model.schema import record_class
from crmcli.model.values import CompanyLink, Value, fold
from crmcli.sales.records import defaults
from crmcli.sales.records.given_values import (
    Given,
    bare,
    field_named,
    joined,
    read_value,
    read_values,
)
from crmcli.sales.records.links import linking_fields
from crmcli.sales.records.packed import Pairs
from crmcli.sales.records.required import check_stage, require
from crmcli.sales.records.stage_lookup import beginning
from crmcli.store.records.repository import Change
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.conditions.where import Condition


class StillLinked(Refused):
    """Other records point to one that is to be removed."""


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


def with_values(ws: Workspace, record: Record, values: Mapping[str, Value]) -> Record:
    """The record with some fields changed, custom ones included."""
    own, custom = _apart(ws, record.entity, values)
    return replace(record, **own, custom={**record.custom, **custom})


def _apart(
    ws: Workspace, entity: str, values: Mapping[str, Value]
) -> tuple[dict[str, Any], dict[str, Value]]:
    """The values of an entity's own fields, and those of custom ones."""
    declared = {f.name for f in ws.schema.custom.get(entity, ())}
    own = {name: value for name, value in values.items() if name not in declared}
    return own, {name: value for name, value in values.items() if name in declared}


def build(
    ws: Workspace,
    entity: str,
    values: Mapping[str, Value],
    record_id: str = "",
    *,
    strict: bool = True,
) -> Record:
    """A new record with everything that nobody needs to say filled in, not yet written.

    `strict` asks for required fields; an import of old records does not.
    """
    if strict:
        values = beginning(ws, entity, {**_usual(ws, entity, values), **values})
    own, custom = _apart(ws, entity, values)
    custom = {f.name: empty(f.kind) for f in ws.schema.custom.get(entity, ())} | custom
    blank = record_class(entity)(id=record_id or ws.new_id(entity), custom=custom, **own)
    record = defaults.complete(ws, blank)
    if strict:
        require(ws, record, [f.name for f in ws.schema.fields(entity) if f.required])
        defaults.check_minimum(record)
        if entity in ("lead", "deal"):
            check_stage(ws, record, ws.stage_of(record), is_new=True)
    return record


def _usual(ws: Workspace, entity: str, given: Mapping[str, Value]) -> dict[str, Value]:
    """What settings.yaml gives to custom fields of which nothing was said."""
    return {
        field.name: read_value(ws, field, [field.default])
        for field in ws.schema.custom.get(entity, ())
        if field.default and field.name not in given
    }


def add(ws: Workspace, entity: str, given: Given, *, anyway: bool = False) -> Record:
    """Add a record from values as people write them; returns it.

    Refused where the block list keeps it out, unless `anyway`.
    """
    record = prepared(ws, entity, given, anyway=anyway)
    write_new(ws, record)
    return record


def prepared(ws: Workspace, entity: str, given: Given, *, anyway: bool = False) -> Record:
    """The record that `add` would add, not yet written."""
    record = build(ws, entity, read_values(ws, entity, given))
    if not anyway:
        from crmcli.sales.consent.block_list import check_welcome

        check_welcome(ws, record)
    if entity == "deal" and not given.get("company"):
        defaults.note_choice(ws, record)
    return record


def write_new(ws: Workspace, record: Record) -> None:
    """Write a new record in a change of its own."""
    with ws.change(f"{record.entity} add") as change:
        change.add(record)


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
    after = defaults.follow_name(record, with_values(ws, record, values))
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
    after = with_values(ws, after, {n: complete.get(n) for n in names if not after.get(n)})
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


def referring(ws: Workspace, record_id: str) -> list[Record]:
    """The records that link to this one."""
    found: list[Record] = []
    target = record_id.split("-", 1)[0]
    for entity in ENTITIES:
        for field in linking_fields(ws, entity, target):
            condition = ws.condition(f"{field.name} = {record_id}", entity)
            found += ws.select(entity, condition)
    return list({record.id: record for record in found}.values())


def remove(ws: Workspace, *record_ids: str, unlink: bool = False) -> list[Record]:
    """Remove records, all or none; refused while others link to them, unless `unlink` takes the
    links away too."""
    ids = list(dict.fromkeys(record_ids))
    with ws.change(f"{ids[0].split('-')[0]} rm") as change:
        gone = [change.get(record_id) for record_id in ids]
        ws.look_again()
        for record_id in ids:
            others = [r for r in referring(ws, record_id) if r.id not in ids]
            if others and not unlink:
                raise _still_linked(record_id, others)
            for other in others:
                change.save(without_link(ws, change.get(other.id), record_id))
        for record_id in ids:
            change.remove(record_id)
        for record_id in _tombstones(ws, ids):
            change.remove(record_id, {"with": ws.survivor(record_id)})
    return gone


def _tombstones(ws: Workspace, ids: Sequence[str]) -> list[str]:
    """What is left of records that were merged into these, however many times over."""
    found: list[str] = []
    look = list(ids)
    while look:
        look = [merged for i in look for merged, _ in ws.index.merged(i) if merged not in found]
        found += look
    return found


def _still_linked(record_id: str, others: Sequence[Record]) -> StillLinked:
    shown = ", ".join(r.id for r in others[:5]) + (" …" if len(others) > 5 else "")
    return StillLinked(
        f"{record_id} is linked from {counted(len(others), 'record')}: {shown}",
        "remove those first, or add --unlink to take the links away",
    )


def without_link(ws: Workspace, record: Record, record_id: str) -> Record:
    """The record with every link to `record_id` taken away."""
    values: dict[str, Value] = {}
    for field in ws.schema.fields(record.entity):
        value = record.get(field.name)
        if field.kind == "link" and value == record_id:
            values[field.name] = ""
        elif field.kind == "links":
            values[field.name] = tuple(i for i in cast("tuple[str, ...]", value) if i != record_id)
        elif field.kind == "companies":
            links = cast("tuple[CompanyLink, ...]", value)
            values[field.name] = tuple(link for link in links if link.company != record_id)
    return with_values(ws, record, values)


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
