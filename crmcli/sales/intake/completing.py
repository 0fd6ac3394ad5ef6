"""What somebody who came in told of themselves, on the record of who is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from crmcli.channels.incoming import Incoming
from crmcli.dataclass import replace
from crmcli.errors import CrmError
from crmcli.model.event import PREFERENCES
from crmcli.model.fields import Record
from crmcli.model.values import Consent, Value
from crmcli.sales.consent.permission import as_fields, refusals_of, refused
from crmcli.sales.intake.whose import clients
from crmcli.sales.merging.field_merge import is_united, joined
from crmcli.sales.records.given_values import read_values
from crmcli.sales.template_names import contact_of
from crmcli.workspace import Change, Workspace

_OURS = ("name", "source", "source_detail", "owner", "stage", "utm", "currency")
"""What a record has of its own, whatever its client fills in later."""


def typed(
    ws: Workspace, given: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Value], Sequence[str]]:
    """The values of a lead, and as lines of text what its fields do not take."""
    values: dict[str, Value] = {}
    rest: list[str] = []
    for name, texts in given.items():
        try:
            read = read_values(ws, "lead", {name: texts})
        except CrmError:
            if name == "source":  # the list of sources is the company's own
                values["source_detail"] = ", ".join(texts)
                continue
            rest += [f"{name}: {text}" for text in texts]
            continue
        if "utm" in read:
            utm = cast("Mapping[str, str]", values.get("utm", {}))
            read["utm"] = {**utm, **cast("Mapping[str, str]", read["utm"])}
        values |= read
    return values, rest


def consents_of(ws: Workspace, incoming: Incoming) -> list[Consent]:
    """What the sender agrees to, as of now."""
    return [replace(consent, at=consent.at or ws.now) for consent in incoming.consents]


def complete(change: Change, ws: Workspace, record: Record, incoming: Incoming) -> None:
    """Within an open change, add to a known record, or the contact behind it, what the sender agreed to
    and, where that is wanted, what it lacks."""
    is_merged = incoming.duplicates == "merge"
    if not (is_merged or incoming.consents or incoming.refuses):
        return
    values = typed(ws, incoming.lead)[0] if is_merged else {}
    persons = _persons(ws, record, incoming)
    for one in {each.id: each for each in [record, *persons]}.values():
        now = change.get(one.id)
        more = _lacking(ws, now, values)
        if one.id in {person.id for person in persons}:
            more |= _agreed(ws, now, incoming)
            more |= refused(now.with_values(more), dict.fromkeys(incoming.refuses, False), ws.now)
        if more:
            change.save(now.with_values(more))


def _persons(ws: Workspace, record: Record, incoming: Incoming) -> list[Record]:
    """Whose consents they are: of who has the address spoken of, else of the record or its contact."""
    found = [*clients(ws, incoming)] if incoming.kind == PREFERENCES else []
    if found:
        return found
    person = record if "consents" in _names(ws, record) else contact_of(ws, record)
    return [person] if person is not None else []


def _names(ws: Workspace, record: Record) -> set[str]:
    return {field.name for field in ws.schema.fields(record.entity)}


def _lacking(ws: Workspace, record: Record, values: Mapping[str, Value]) -> dict[str, Value]:
    """What a record lacks of these values: empty fields, items of lists, another comment."""
    more: dict[str, Value] = {}
    for field in ws.schema.fields(record.entity):
        new, mine = values.get(field.name), record.get(field.name)
        if field.name in _OURS or new in (None, field.kind.empty) or field.system:
            continue
        if mine == field.kind.empty:
            more[field.name] = new
        elif is_united(field):
            more[field.name] = joined(field, mine, new, ws.settings.phone_country, "\n\n")
    return more


def _agreed(ws: Workspace, record: Record, incoming: Incoming) -> dict[str, Value]:
    """The consents of a record with the new ones; one to a channel or topic lifts its refusal."""
    has = cast("tuple[Consent, ...]", record.get("consents"))
    held = {(one.channel, one.text) for one in has if one.is_given}
    new = [one for one in consents_of(ws, incoming) if (one.channel, one.text) not in held]
    if not new:
        return {}
    lifted = {one.channel for one in new}
    return {"consents": (*has, *new), **as_fields(refusals_of(record) - lifted)}
