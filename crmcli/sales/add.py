"""Adding a record: its defaults, what it must have, duplicates, the block list."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass
from crmcli.errors import Ambiguous
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.schema import own_fields
from crmcli.model.values import Value
from crmcli.sales.assignment import Assigned, assigned
from crmcli.sales.bookings import check_free
from crmcli.sales.consent.block_list import check_welcome
from crmcli.sales.conversion.intake import is_intake, parted, taken_in
from crmcli.sales.duplicates.known import Known, MadeEarlier, check_known, known_to
from crmcli.sales.duplicates.ways import MAKES_ALL, settled
from crmcli.sales.merging.field_merge import unite
from crmcli.sales.records import defaults
from crmcli.sales.records.given_values import Given, read_values
from crmcli.sales.records.new_links import linking, told
from crmcli.sales.records.new_record import begun, build
from crmcli.sales.records.numbers import free_number
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.sales.conversion.plan import Conversion


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
    assign: bool = False,
) -> Added:
    """Add a record from values as people write them.

    If it is known already, `policy` says what becomes of it, one of WAYS: `fail` raises AlreadyKnown, of
    several Ambiguous is raised. Blocked unless `anyway`.
    With `create`, contacts and companies that it names and that are not there are added with it; with
    `assign`, a lead without an owner gets one by the rules of settings.yaml.
    """
    linked: list[Record] = []
    others: Mapping[str, Given] = {}
    if is_intake(ws, entity):
        given, others = parted(given)
    values = read_values(ws, entity, given, linking(ws, linked, create=create))
    if "numbered" in ENTITIES[entity].traits and "name" not in values:
        return _numbered(ws, entity, values, linked)
    record = build(ws, entity, values)
    defaults.check_amount(record)
    if not anyway:
        check_welcome(ws, record)
    if not values.get("company"):
        defaults.note_choice(ws, record)
    assign = assign and not values.get("owner")
    if is_intake(ws, entity):
        return _taken_in(ws, record, policy, linked, others, assign=assign)
    if "client" in ENTITIES[entity].traits:
        added = _add_client(ws, record, values, policy, linked, assign=assign)
    else:
        with ws.change(f"{entity} add") as change:
            check_free(ws, change, None, record)
            _write(change, record, linked)
        added = Added(record, is_new=True)
    ws.notes += told(linked) if added.is_new else []
    return added


def _numbered(
    ws: Workspace, entity: str, values: Mapping[str, Value], linked: Sequence[Record]
) -> Added:
    with ws.change(f"{entity} add") as change:
        record = build(ws, entity, {**values, "name": free_number(change, ws, entity)})
        for one in linked:
            change.add(one)
        change.add(record, {"name": record.get("name")})
    return Added(record, is_new=True)


def _taken_in(
    ws: Workspace,
    record: Record,
    policy: str,
    linked: Sequence[Record],
    given: Mapping[str, Given],
    *,
    assign: bool,
) -> Added:
    """Who comes in where no leads are kept: the deal, and in the notes who it is with."""
    with ws.change("deal add") as change:
        ws.look_again()
        for one in linked:
            change.add(one)
        found = assigned(change, ws, record) if assign else Assigned(record)
        plan = _write_deal(change, ws, found.record, policy, given)
        found.note(change, plan.deal.id)
    ws.notes += told([*linked, *(one for one in plan.made.values() if one is not plan.deal)])
    for _, known in plan.known:
        is_used = known.record.id in plan.ids.values()
        ws.notes.append(tr("known already: {}" if is_used else "may already be known: {}", known))
    return Added(plan.deal, is_new=plan.deal in plan.made.values())


def _write_deal(
    change: Change, ws: Workspace, record: Record, policy: str, given: Mapping[str, Given]
) -> Conversion:
    assert isinstance(record, Lead)
    plan = taken_in(ws, record, policy, change.get, MadeEarlier(), given)
    for one in plan.made.values():
        change.add(one)
    for one in plan.used.values():
        change.save(one)
    return plan


def add_arrival(change: Change, ws: Workspace, entity: str, values: Mapping[str, Value]) -> Record:
    """Within an open change, a record of somebody who came in by a channel, what leads are where none are
    kept. Nobody can be asked for what it ought to have, so it is made without that too."""
    record = begun(ws, entity, values)
    found = Assigned(record) if values.get("owner") else assigned(change, ws, record)
    record = found.record
    if is_intake(ws, entity):
        record = _write_deal(change, ws, record, "warn", {}).deal
    else:
        is_known = _has_client(record, tuple(known_to(ws, record)))
        record = marked_repeat(record, is_known=is_known)
        change.add(record)
    found.note(change, record.id)
    return record


def _write(change: Change, record: Record, linked: Sequence[Record]) -> None:
    for one in (*linked, record):
        change.add(one)


def _add_client(
    ws: Workspace,
    record: Record,
    values: Mapping[str, Value],
    policy: str,
    linked: Sequence[Record],
    *,
    assign: bool,
) -> Added:
    """Add somebody, or do what the policy says with who is known."""
    is_settled = policy not in MAKES_ALL
    # Where it is only said, nobody else is kept waiting for it.
    known = tuple(known_to(ws, record, as_left=True)) if policy in MAKES_ALL else ()
    found = known if policy == "warn" else ()
    record = marked_repeat(record, is_known=_has_client(record, known))
    with ws.change(f"{record.entity} add") as change:
        if is_settled:  # under the lock: nobody adds the same in this moment
            ws.look_again()
            found = tuple(known_to(ws, record))
            record = marked_repeat(record, is_known=_has_client(record, found))
            record = _settled(record, [known for known in found if known.surely], policy)
        is_new = not any(known.record is record for known in found)
        if is_new:
            who = assigned(change, ws, record) if assign else Assigned(record)
            record = who.record
            _write(change, record, linked)
            who.note(change, record.id)
        elif policy not in ("skip", "link"):
            new = build(ws, record.entity, values)
            record = _filled_up(ws, record, new, values, policy)
            change.save(record)
    return Added(record, is_new, found)


def _has_client(record: Record, found: Sequence[Known]) -> bool:
    return any(known.surely and known.record.entity != record.entity for known in found)


def marked_repeat(record: Record, *, is_known: bool, new: Container[str] = ()) -> Record:
    """A lead of a client who is known, or to whom it is linked, if that is not `new` itself; unless somebody
    says otherwise."""
    if getattr(record, "repeat", True) is not None:
        return record
    links = (str(record.get(f.name)) for f in own_fields(record.entity) if f.entities)
    is_marked = is_known or any(link and link not in new for link in links)
    return record.with_values({"repeat": True}) if is_marked else record


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
    return _linked(record, there) if policy == "link" else record


def linked_to_known(ws: Workspace, record: Record) -> Record:
    """A new record, linked to the contact and the company that are surely known; Ambiguous of several."""
    own = ENTITIES[record.entity].known_among
    others = [entity for entity in own if entity != record.entity]
    found = [known for known in known_to(ws, record, others) if known.surely] if others else []
    there = {entity: [known for known in found if known.record.entity == entity] for entity in own}
    return _linked(record, there)


def _linked(record: Record, there: Mapping[str, Sequence[Known]]) -> Record:
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
    policy = settled(policy, known, new)
    if policy == "skip":
        return known
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
            tr("see crm dupes {}, or leave out --on-duplicate", plural),
        )
    return found[0].record
