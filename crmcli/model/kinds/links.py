"""Links to other records."""

from __future__ import annotations

import re
from typing import Any, cast

from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds.base import SEPARATOR, Field, InputContext, Key, Kind
from crmcli.model.kinds.maps import Item, Map, Maps
from crmcli.model.kinds.texts import Many
from crmcli.model.values import ID_LETTERS, CompanyLink, Raw, Value, entity_of

_PAIR = re.compile(rf"([a-z]+)=([a-z]+-[{ID_LETTERS}]{{8}})")
CONVERTED_KEYS = ("contact", "company", "deal")


class Id(Kind):
    """The id of the record itself."""

    def key(self, value: Any) -> Key | None:
        return str(value) or None if value is not None else None

    def shortcut(self, raw: Raw) -> list[Key] | None:
        return [raw] if isinstance(raw, str) and raw else None


class Link(Id):
    """The id of another record."""

    is_link: bool = True
    is_linking: bool = True

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        return ctx.resolve(text, *field.entities) if ctx.resolve else checked_id(field, text)

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        return checked_id(field, text)

    def linked(self, value: Any) -> tuple[str, ...]:
        return (value,) if value else ()


class Companies(Maps):
    """A contact's places in companies, each with the role there."""

    is_link: bool = True
    is_linking: bool = True
    is_joined: bool = True
    is_typed_by_main: bool = True

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """A company by any reference, with the role behind a colon: `Ромашка: директор`."""
        if ctx.resolve is None:
            return self.read_cell(field, text, ctx)
        try:
            return [self.dump_item(CompanyLink(ctx.resolve(text, "company")))]
        except NotFound:
            ref, colon, role = text.rpartition(":")
            if not colon:
                raise
            company = ctx.resolve(ref.strip(), "company")
            return [self.dump_item(CompanyLink(company, role.strip()))]

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """Ids of companies, each with the role behind a colon: `company-7k3qf2m9: директор`."""
        links: list[Raw] = []
        one = Field(field.name, LINK, entities=("company",))
        for item in filter(None, map(str.strip, re.split(r"[,;\n]", text))):
            company, _, role = (part.strip() for part in item.partition(":"))
            links.append(self.dump_item(CompanyLink(checked_id(one, company), role)))
        return links

    def write_item(self, item: Item) -> str:
        return item["company"] + (f": {item['role']}" if item.get("role") else "")

    def key(self, value: Any) -> Key | None:
        return str(value) or None

    def shortcut(self, raw: Raw) -> list[Key] | None:
        found: list[Key] = []
        for item in raw if isinstance(raw, list) else (raw,):
            if not isinstance(item, dict):
                return None
            company, role = item.get("company"), item.get("role", "")
            if not company or not isinstance(company, str) or not isinstance(role, str):
                return None
            if len(item) > 1 + ("role" in item):
                return None
            found.append(company)
        return found

    def linked(self, value: Any) -> tuple[str, ...]:
        return tuple(link.company for link in value)

    def replaced(self, value: Any, old: str, new: str) -> Value:
        from crmcli.model.kinds.joining import merge_lists

        if old not in self.linked(value):
            return cast("Value", value)
        if not new:
            return tuple(link for link in value if link.company != old)
        turned: list[Raw] = []
        for link in value:
            company = new if link.company == old else link.company
            one = self.dump_item(CompanyLink(company, link.role))
            turned = merge_lists(self, turned, [one], beside=True)
        return self.parse(turned)

    def item_text(self, item: Any) -> str:
        return f"{item['company']} ({item['role']})" if item.get("role") else str(item["company"])


class Converted(Map):
    """What a lead has become."""

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        pairs: dict[str, Raw] = {}
        for item in text.split(SEPARATOR):
            match = _PAIR.fullmatch(item)
            if match is None:
                raise ValueError(tr("{!r} is not of the form deal=deal-7k3qf2m9", item))
            pairs[match[1]] = match[2]
        return pairs

    def write_cell(self, raw: Any) -> str:
        return SEPARATOR.join(f"{key}={value}" for key, value in raw.items())

    def replaced(self, value: Any, old: str, new: str) -> Value:
        if not new:
            return cast("Value", value)  # it says what was, not what is
        return {key: new if i == old else i for key, i in value.items()}


def checked_id(field: Field, text: str) -> str:
    """The id of a record to which the field may link; ValueError for anything else."""
    entity = entity_of(text)
    if not entity or (field.entities and entity not in field.entities):
        allowed = field.entities or ("record",)
        example = f"{(field.entities or tuple(ENTITIES))[0]}-7k3qf2m9"
        raise ValueError(
            tr("{!r} is not the id of a {}, like {}", text, " or ".join(allowed), example)
        )
    return text


ID = Id("id")
LINK = Link("link", declared_as="link", metavar="REF", is_indexed=True)
LINKS = Many("links", of=LINK, apart=r"[,;\s]+", is_link=True, is_linking=True, metavar="REF")
COMPANIES = Companies(
    "companies",
    made=CompanyLink,
    found_by="workplace",
    main="company",
    known=("company", "role"),
    identity=("company",),
    beside="role",
    metavar="REF[:ROLE]",
)
CONVERTED = Converted(
    "converted",
    empty={},
    is_linking=True,
    parts={key: Field(key, LINK, entities=(key,)) for key in CONVERTED_KEYS},
)
