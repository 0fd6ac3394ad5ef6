"""crm can: whether a user may do something, asked by another, who learns nothing of what he may not see."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model import verdict
from crmcli.model.access import ADD, ALL, EDIT, IMPORT, MERGE, POWERS, READ, VERBS, Rights
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.listed import allowed_hint
from crmcli.model.verdict import Reason, Where
from crmcli.sales.settings import people
from crmcli.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a user may do that; `about` is a record, a noun or "". `hangs_on` is whether a record is read
    for another that hangs on it; `unseen` whether it is not even seen."""

    user: str
    verb: str
    about: str
    may: bool
    rights: Rights | None = None
    reasons: Sequence[Reason] = ()
    where: Where | None = None
    hangs_on: bool = False
    unseen: bool = False
    left: bool = False
    fields: Sequence[tuple[str, str]] = ()
    """The fields that are hidden from the user, or not for that one to change, with which."""

    @property
    def is_for_some(self) -> bool:
        """Whether it may be done with some records of a noun and not with others."""
        levels = [one.level for one in self.reasons]
        return self.where is None and bool(levels) and ALL not in levels


def asked(ws: Workspace, user: str, verb: str, ref: str) -> Permission:
    """Whether a user may do something with a record, a noun or, for a power, the workspace."""
    verb = verb.replace("-", "_")
    if verb not in (*VERBS, *POWERS):
        told = tr("no verb {!r}", verb)
        raise BadUsage(told, allowed_hint(verb, (*VERBS, *POWERS), tr("verbs")))
    if verb in POWERS and ref:
        raise BadUsage(tr("{} is not asked of a record", verb), tr("crm can {} {}", user, verb))
    if verb in VERBS and not ref:
        raise BadUsage("say of what: a record or a noun", tr("crm can {} {} deal", user, verb))
    ref = next((noun for noun, entity in ENTITIES.items() if entity.plural == ref), ref)
    record = None if verb in POWERS or ref in ENTITIES else ws.get(ws.resolve(ref))
    about = record.id if record else ref
    if not people.has_rights(ws):
        return Permission(user, verb, about, may=True)
    rules = ws.rules
    rights = Rights(user, rules)
    if user in rules.off or not rights.roles:
        return Permission(user, verb, about, may=False, rights=rights, left=user in rules.off)
    if verb in POWERS:
        return Permission(user, verb, "", rights.has(verb), rights, verdict.of_power(rights, verb))
    if record is None:
        reasons = verdict.of_noun(rights, ref, verb)
        return Permission(user, verb, ref, rights.may_any(ref, verb), rights, reasons)
    return _of_record(ws, rights, verb, record)


def _of_record(ws: Workspace, rights: Rights, verb: str, record: Record) -> Permission:
    if verb in (ADD, IMPORT):
        raise BadUsage(
            tr("{} is asked of a noun", verb),
            tr("crm can {} {} {}", rights.user, verb, record.entity),
        )
    where = Where(*(str(getattr(record, name, "")) for name in Where._fields))
    reasons = verdict.of_record(rights, record.entity, verb, where)
    may = rights.may_with(verb, record)
    if verb == MERGE:
        may = may and rights.may_with(EDIT, record)
    seen = rights.may_with(READ, record) or _sees(ws, rights, record.id)
    hangs_on = verb == READ and seen and not may
    ways = rights.unchangeable if verb == EDIT else rights.hidden if verb == READ else frozenset()
    fields = sorted(place for place in ways if place[0] == record.entity)
    return Permission(
        rights.user, verb, record.id, seen and (may or verb == READ), rights, reasons, where,
        hangs_on, not seen, fields=fields,
    )  # fmt: skip


def _sees(ws: Workspace, rights: Rights, record_id: str) -> bool:
    other = ws.again()
    other.user, other.rights = rights.user, rights
    return other.is_seen(record_id)
