"""do: create, another record that is linked to the one for which the robot acts."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.automation.actions.work import Effect, Work
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field, Record
from crmcli.model.schema import own_fields
from crmcli.model.values import Value
from crmcli.sales.add import marked_repeat
from crmcli.sales.consent.block_list import Blocked, check_welcome
from crmcli.sales.duplicates.known import known_to
from crmcli.sales.records import defaults
from crmcli.sales.records.given_values import read_value, read_values
from crmcli.sales.records.new_record import build


def run(work: Work) -> Effect:
    """Add the record, or use the contact or company that surely is the same; never a second one."""
    entity = work.text("entity")
    new_id = work.new_id(entity)
    if work.ws.exists(new_id):
        return Effect("done", {entity: new_id, "found": True}, tr("no change"))
    if entity == "lead" and not work.ws.settings.leads:
        raise BadUsage("no leads are kept here", "create a deal instead")
    record = _new(work, entity, new_id)
    try:
        check_welcome(work.ws, record)
    except Blocked as blocked:
        return Effect("skipped", {"reason": str(blocked)})
    record, is_new = _settled(work, record)
    if is_new:
        work.change.add(record, {"from": work.target})
    _link_back(work, record)
    return Effect("done", {entity: record.id}, f"«{record.get('name')}»")


def _new(work: Work, entity: str, new_id: str) -> Record:
    """The record with what the robot says and what it has of the one that it comes from."""
    source, ws = work.the_record, work.ws
    usual: dict[str, Value] = {"owner": str(source.get("owner"))}
    if "staged" in ENTITIES[entity].traits:
        usual["name"] = str(source.get("name"))
    for field in own_fields(entity):
        if ids := _ids(source, field):
            usual[field.name] = read_value(ws, field, ids if field.is_many else ids[:1])
    values = read_values(ws, entity, work.values("set"))
    record = build(ws, entity, {**usual, **values}, new_id)
    defaults.check_amount(record)
    return record


def _ids(source: Record, field: Field) -> list[str]:
    """To whom a field may lead of a record that comes from another: that one, or whom it has itself."""
    if source.entity in field.entities:
        return [source.id]
    return [i for own in _links(source, *field.entities) for i in _linked(source, own)]


def _links(record: Record, *entities: str) -> Iterator[Field]:
    """The fields of a record that lead to one of these and that people may set."""
    for field in own_fields(record.entity):
        if not field.system and {*field.entities} & {*entities}:
            yield field


def _linked(record: Record, field: Field) -> list[str]:
    value = record.get(field.name)
    several = value if isinstance(value, tuple) else (value,) if value else ()
    return [str(one) for one in several]


def _settled(work: Work, record: Record) -> tuple[Record, bool]:
    """The record, or the contact or company that is the same; whether it is the new one."""
    if "client" not in ENTITIES[record.entity].traits:
        return record, True
    work.ws.look_again()  # under the lock, so that nobody adds the same in this moment
    sure = [known.record for known in known_to(work.ws, record) if known.surely]
    same = [one for one in sure if one.entity == record.entity and record.entity != "lead"]
    if same:
        return work.change.get(same[0].id), False
    return marked_repeat(record, is_known=any(one.entity != record.entity for one in sure)), True


def _link_back(work: Work, record: Record) -> None:
    """Let the record for which the robot acts lead to its new contact or company, unless it has one."""
    source = work.change.get(work.target)
    for field in _links(source, record.entity):
        there = _linked(source, field)
        if record.id not in there and (field.is_many or not there):
            value = (*there, record.id) if field.is_many else record.id
            work.change.save(source.with_values({field.name: value}))
