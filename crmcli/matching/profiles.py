"""What is looked at of a record to tell whether another one is the same: small and comparable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from crmcli.matching.firms import Firm, read_firm
from crmcli.matching.mail_domains import mailbox, work_domain
from crmcli.matching.people import ANY, FIRST, LAST, Word, read_person
from crmcli.matching.site_hosts import own_host, profile_key
from crmcli.model.kinds import Field, Key
from crmcli.model.kinds.contact_points import HIDDEN
from crmcli.model.kinds.identities import UNNAMED, is_bare

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.model.schema import Schema

Make: TypeAlias = "Callable[[str, Sequence[tuple[Key, ...]]], Profile]"

FIELDS = ("name", "first_name", "middle_name", "last_name", "birthday", "companies", "company_name",
          "company", "contact", "converted_at", "legal_name", "inn", "kpp", "ogrn")  # fmt: skip
"""What is read beside phones, addresses and web sites, where an entity has it."""

_LOOK_UPS = ("phone", "email", "site", "handle", "external")
_SHORTEST_PHONE = 6


class Profile(NamedTuple):
    """One record as it is compared. `places` are what colleagues share: companies and work domains.

    `is_titled`: its name is a title, which may be a person's name where the parts of that lack.
    """

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
    handles: tuple[str, ...]
    external: tuple[str, ...]
    is_firm: bool
    is_titled: bool

    @property
    def is_placed(self) -> bool:
        """Whether each word of the name is known to be the first, the middle or the last."""
        return all(word.role for word in self.person)


def fields_of(schema: Schema, entity: str) -> tuple[list[str], Make]:
    """The fields to ask the index for, and what makes a profile of their keys."""
    own = {field.name: field.kind.found_by for field in schema.fields(entity)}
    names = [name for name in FIELDS if name in own]
    reach = {by: [name for name in own if own[name] == by] for by in _LOOK_UPS}
    names += [name for found in reach.values() for name in found]
    is_firm, is_titled = "legal_name" in own, "company_name" in own

    def profile(record_id: str, keys: Sequence[tuple[Key, ...]]) -> Profile:
        found = {name: tuple(map(str, of)) for name, of in zip(names, keys, strict=True)}
        reached = {by: [key for name in reach[by] for key in found[name]] for by in _LOOK_UPS}
        return _profile(record_id, found, reached, is_firm=is_firm, is_titled=is_titled)

    return names, profile


def _profile(
    record_id: str,
    found: Mapping[str, tuple[str, ...]],
    reached: Mapping[str, Sequence[str]],
    *,
    is_firm: bool,
    is_titled: bool,
) -> Profile:
    def one(name: str) -> str:
        return next(iter(found.get(name, ())), "")

    firm = _firm(one("name"), one("legal_name")) if is_firm else read_firm(one("company_name"))
    parts = one("first_name"), one("middle_name"), one("last_name")
    person = () if is_firm else _person(parts, one("name"), is_titled=is_titled)
    sites = [site for site in reached["site"] if not site.startswith(HIDDEN)]
    places = [*found.get("companies", ()), *found.get("company", ())]
    places += _domains(reached["email"], sites)
    if is_titled and firm.bones:
        places.append(" ".join(sorted(firm.bones)))
    return Profile(
        record_id,
        person,
        firm,
        tuple(dict.fromkeys(filter(_is_a_number, reached["phone"]))),
        tuple(dict.fromkeys(map(mailbox, reached["email"]))),
        tuple(places),
        one("birthday"),
        one("inn"),
        one("kpp"),
        one("ogrn"),
        one("contact"),
        _accounts(reached["handle"], sites),
        tuple(key for key in reached["external"] if not key.startswith(UNNAMED)),
        is_firm,
        is_titled,
    )


def _person(parts: tuple[str, str, str], name: str, *, is_titled: bool) -> tuple[Word, ...]:
    """The words of somebody's name; in a title nobody knows what they are, if it is no name."""
    person = read_person(*parts, name)
    if is_titled and not (parts[0] or parts[2] or _is_a_person(person)):
        return tuple(word._replace(role=ANY) for word in person)
    return person


def _is_a_number(phone: str) -> bool:
    return phone.isdecimal() and len(phone) >= _SHORTEST_PHONE


def _domains(emails: Sequence[str], sites: Sequence[str]) -> list[str]:
    """Where somebody works, as far as addresses tell."""
    hosts = [*map(work_domain, emails), *map(own_host, sites)]
    return [f"@{domain}" for domain in dict.fromkeys(filter(None, hosts))]


def _accounts(handles: Sequence[str], sites: Sequence[str]) -> tuple[str, ...]:
    """Handles and pages on hosts of many."""
    own = [handle for handle in handles if not is_bare(handle)]
    return tuple(dict.fromkeys([*own, *filter(None, map(profile_key, sites))]))


def _is_a_person(title: Sequence[Word]) -> bool:
    """Whether a title is nothing but a first name that is known and a last one."""
    return len(title) == 2 and sorted(word.role for word in title) == sorted((FIRST, LAST))


def _firm(name: str, legal_name: str) -> Firm:
    firm, legal = read_firm(name or legal_name), read_firm(legal_name)
    return firm._replace(form=legal.form) if legal.form and not firm.form else firm


def profiles_of(schema: Schema, records: Iterable[Record]) -> list[Profile]:
    """The profiles of some records, as the index would give them."""
    makers: dict[str, tuple[list[Field], Make]] = {}
    found = []
    for record in records:
        entity = record.entity
        if entity not in makers:
            names, make = fields_of(schema, entity)
            makers[entity] = [schema.field(entity, name) for name in names], make
        fields, make = makers[entity]
        values = [record.get(field.name) for field in fields]
        keys = [f.kind.keys(v) if v else () for f, v in zip(fields, values, strict=True)]
        found.append(make(record.id, keys))
    return found
