"""Adding a record: its defaults, what it must have, duplicates, the block list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.dataclass import dataclass, replace
from crmcli.errors import Ambiguous, NotFound
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES, may_be_created
from crmcli.model.schema import own_fields, record_class
from crmcli.model.values import fold
from crmcli.sales.consent.block_list import check_welcome
from crmcli.sales.duplicates.known import Known, check_known, known_to
from crmcli.sales.merging.field_merge import unite
from crmcli.sales.records import defaults
from crmcli.sales.records.given_values import read_value, read_values
from crmcli.sales.records.numbers import free_number
from crmcli.sales.records.required import check_stage, require
from crmcli.sales.records.stage_lookup import beginning

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.model.values import Value
    from crmcli.sales.records.given_values import Given
    from crmcli.workspace import Workspace


LEAST_DIGITS = 4
"""More digits than these, and no letter, are a phone number."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a record that was to be added: itself, or the one that was used instead."""

    record: Record
    is_new: bool
    known: tuple[Known, ...] = ()


def add(
    ws: Workspace,
    entity: str,
    given: Given,
    policy: str = "warn",
    *,
    anyway: bool = False,
    create: bool = False,
) -> Added:
    """Add a record from values as people write them.

    If it is known already: `fail` raises AlreadyKnown; `skip` returns the known record, `merge` fills it
    up, `replace` gives it the values; `link` returns it, or links the new one to the known contact or
    company (Ambiguous if there are several); `warn` and `create` add it. Blocked unless `anyway`.
    With `create`, contacts and companies that it names and that are not there are added with it.
    """
    linked: list[Record] = []
    inputs = replace(ws.inputs, resolve=_linking(ws, linked, create=create))
    values = read_values(ws, entity, given, inputs)
    if "numbered" in ENTITIES[entity].traits and "name" not in values:
        with ws.change(f"{entity} add") as change:
            values["name"] = free_number(change, ws, entity)
            record = build(ws, entity, values)
            for one in (*linked, record):
                change.add(one)
        return Added(record, is_new=True)
    record = build(ws, entity, values)
    if not anyway:
        check_welcome(ws, record)
    if not given.get("company"):
        defaults.note_choice(ws, record)
    is_client = "client" in ENTITIES[entity].traits
    is_settled = is_client and policy not in ("warn", "create")
    found: tuple[Known, ...] = ()
    if is_client and not is_settled:  # only said, so nobody else is kept waiting for it
        found = tuple(known_to(ws, record, as_left=True))
    with ws.change(f"{entity} add") as change:
        if is_settled:  # under the lock: nobody adds the same in this moment
            ws.look_again()
            found = tuple(known_to(ws, record))
            record = _settled(record, [known for known in found if known.surely], policy)
        is_new = not any(known.record is record for known in found)
        if is_new:
            for other in linked:
                change.add(other)
            change.add(record)
        elif policy in ("merge", "replace"):
            record = _filled_up(ws, record, build(ws, entity, values), values, policy)
            change.save(record)
    ws.notes += [tr("also added: {} {}", other.id, other.get("name")) for other in linked if is_new]
    return Added(record, is_new, found)


def _linking(ws: Workspace, made: list[Record], *, create: bool) -> Callable[..., str]:
    """What finds the record that a link names, or makes one by its name, e-mail or phone, if it may."""

    def found(text: str, *entities: str) -> str:
        try:
            return ws.resolve(text, *entities)
        except NotFound as error:
            like = [known.id for known in made if fold(str(known.get("name"))) == fold(text)]
            if like:
                return like[0]
            if not may_be_created(entities) or (
                create and ":" in text
            ):  # a role may stand behind it
                raise
            if not create:
                raise NotFound(
                    error.message, tr("{}, or add it with --create", error.hint)
                ) from None
            made.append(build(ws, entities[0], read_values(ws, entities[0], _named_by(text))))
            return made[-1].id

    return found


def _named_by(text: str) -> Given:
    """What a reference says of somebody: `Anna Hill <anna@example.com>`, an address, a number, a name."""
    from email.utils import parseaddr

    name, address = parseaddr(text) if "@" in text else ("", "")
    if address:
        return {"emails": [address], **({"name": [name]} if name else {})}
    is_number = sum(map(str.isdigit, text)) > LEAST_DIGITS and not any(map(str.isalpha, text))
    return {"phones" if is_number else "name": [text.strip()]}


def build(
    ws: Workspace,
    entity: str,
    values: Mapping[str, Value],
    record_id: str = "",
    *,
    strict: bool = True,
) -> Record:
    """A new record with its defaults; `strict` requires what the fields and the stage require."""
    custom = ws.schema.custom.get(entity, ())
    if strict:
        usual = {
            field.name: read_value(ws, field, [field.default])
            for field in custom
            if field.default and field.name not in values
        }
        values = beginning(ws, entity, {**usual, **values})
    own: dict[str, Any] = {**values}
    theirs = {field.name: own.pop(field.name, field.kind.empty) for field in custom}
    blank = record_class(entity)(id=record_id or ws.new_id(entity), custom=theirs, **own)
    record = defaults.complete(ws, blank)
    if strict:
        require(ws, record, [f.name for f in ws.schema.fields(entity) if f.required])
        defaults.check_minimum(record)
        if "staged" in ENTITIES[entity].traits:
            check_stage(ws, record, ws.stage_of(record), is_new=True)
    return record


def _settled(record: Record, sure: Sequence[Known], policy: str) -> Record:
    """The record that is there, or the new one, linked to those that are."""
    if policy == "fail":
        check_known(sure, "leave out --on-duplicate to add it anyway, or use --on-duplicate link")
    there = {
        entity: [known for known in sure if known.record.entity == entity]
        for entity in ENTITIES[record.entity].known_among
    }
    if there[record.entity]:
        return _only(there[record.entity])
    if policy != "link":
        return record
    for field in own_fields(record.entity):
        is_single = field.kind.is_link and not (field.is_many or field.system)
        found = there.get(field.entities[0]) if is_single else None
        if found and not record.get(field.name):
            record = record.with_values({field.name: _only(found).id})
    return record


def _filled_up(
    ws: Workspace, known: Record, new: Record, values: Mapping[str, Value], policy: str
) -> Record:
    """The known record with what it lacks of the new one, or with the values that were given."""
    if policy == "merge":
        return unite(ws, known, new.with_values({"created_at": None}), (), ()).record
    given = {name: value for name, value in values.items() if name not in ("stage", "pipeline")}
    return defaults.follow_name(known, known.with_values(given))


def _only(found: Sequence[Known]) -> Record:
    if len(found) > 1:
        shown = "; ".join(map(str, found[:5]))
        entity = found[0].record.entity
        plural = ENTITIES[entity].plural
        raise Ambiguous(
            tr("several {} match: {}", counted(len(found), entity, plural), shown),
            tr("see crm dupes {}, or leave out --on-duplicate link", plural),
        )
    return found[0].record
