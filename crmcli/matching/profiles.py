"""What is looked at of a record to tell whether another one is the same: small and comparable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from crmcli.matching.firms import Firm, read_firm
from crmcli.matching.mail_domains import mailbox, work_domain
from crmcli.matching.people import ANY, Word, read_person

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.model.kinds import Key
    from crmcli.model.schema import Schema

Keys: TypeAlias = Mapping[str, tuple["Key", ...]]
"""The keys of a record's fields by name, as the index has them."""

Make: TypeAlias = "Callable[[str, Sequence[tuple[Key, ...]]], Profile]"

FIELDS = {
    "contact": ("name", "first_name", "middle_name", "last_name", "birthday", "companies"),
    "lead": ("name", "first_name", "middle_name", "last_name", "birthday", "company_name", "company",
             "contact", "converted_at"),
    "company": ("name", "legal_name", "inn", "kpp", "ogrn"),
}  # fmt: skip
"""What is read beside phones, addresses and web sites, by entity."""

_LOOK_UPS = {"phones": "phone", "emails": "email", "urls": "site"}
_SHORTEST_PHONE = 6
_NO_FIRM = Firm("", (), ())


class Profile(NamedTuple):
    """One record as it is compared. `places` are what colleagues share: companies and work domains."""

    id: str
    person: tuple[Word, ...]
    firm: Firm
    phones: tuple[str, ...]
    boxes: tuple[str, ...]
    places: tuple[str, ...]
    birthday: str
    inn: str
    kpp: str
    ogrn: str
    contact: str


class _Reach(NamedTuple):
    """How somebody is reached: phones, mailboxes, work domains."""

    phones: tuple[str, ...]
    boxes: tuple[str, ...]
    domains: tuple[str, ...]


def fields_of(schema: Schema, entity: str) -> tuple[list[str], Make]:
    """The fields to ask the index for, and what makes a profile of their keys."""
    names = list(FIELDS[entity])
    kinds = {
        kind: [f.name for f in schema.fields(entity) if f.kind.found_by == look_up]
        for kind, look_up in _LOOK_UPS.items()
    }
    names += [name for found in kinds.values() for name in found]
    readers = {"contact": _contact, "lead": _lead, "company": _company}
    make = readers[entity]

    def profile(record_id: str, keys: Sequence[tuple[Key, ...]]) -> Profile:
        found = dict(zip(names, keys, strict=True))
        many = {kind: [str(k) for n in fields for k in found[n]] for kind, fields in kinds.items()}
        phones = tuple(dict.fromkeys(p for p in many["phones"] if _is_phone(p)))
        boxes = tuple(dict.fromkeys(mailbox(address) for address in many["emails"]))
        domains = dict.fromkeys(filter(None, map(work_domain, [*many["emails"], *many["urls"]])))
        reach = _Reach(phones, boxes, tuple(f"@{domain}" for domain in domains))
        return make(record_id, found, reach)

    return names, profile


def _is_phone(text: str) -> bool:
    return text.isdecimal() and len(text) >= _SHORTEST_PHONE


def _one(found: Keys, name: str) -> str:
    keys = found[name]
    return str(keys[0]) if keys else ""


def _person(found: Keys) -> tuple[Word, ...]:
    return read_person(
        _one(found, "first_name"),
        _one(found, "middle_name"),
        _one(found, "last_name"),
        _one(found, "name"),
    )


def _contact(record_id: str, found: Keys, reach: _Reach) -> Profile:
    phones, boxes, domains = reach
    places = (*map(str, found["companies"]), *domains)
    birthday = _one(found, "birthday")
    return Profile(
        record_id, _person(found), _NO_FIRM, phones, boxes, places, birthday, "", "", "", ""
    )


def _lead(record_id: str, found: Keys, reach: _Reach) -> Profile:
    """A lead's name is a title: it may be the person's where the person's parts lack."""
    phones, boxes, domains = reach
    firm = read_firm(_one(found, "company_name"))
    person = _person(found)
    if not (found["first_name"] or found["last_name"]):
        person = tuple(word._replace(role=ANY) for word in person)
    places = (*map(str, found["company"]), *domains)
    if firm.bones:
        places = (*places, " ".join(sorted(firm.bones)))
    birthday, contact = _one(found, "birthday"), _one(found, "contact")
    return Profile(record_id, person, firm, phones, boxes, places, birthday, "", "", "", contact)


def _company(record_id: str, found: Keys, reach: _Reach) -> Profile:
    phones, boxes, domains = reach
    firm = read_firm(_one(found, "name") or _one(found, "legal_name"))
    legal = read_firm(_one(found, "legal_name"))
    if legal.form and not firm.form:
        firm = firm._replace(form=legal.form)
    inn, kpp, ogrn = (_one(found, name) for name in ("inn", "kpp", "ogrn"))
    return Profile(record_id, (), firm, phones, boxes, domains, "", inn, kpp, ogrn, "")


def profile_of(schema: Schema, record: Record) -> Profile:
    """The profile of one record, as the index would give it."""
    names, make = fields_of(schema, record.entity)
    kinds = {field.name: field.kind for field in schema.fields(record.entity)}
    return make(record.id, [kinds[name].keys(record.get(name)) for name in names])
