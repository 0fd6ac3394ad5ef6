"""How somebody is reached: phones, e-mails, web sites."""

from __future__ import annotations

import re
from typing import Any

from crmcli.language import tr
from crmcli.model.kinds.base import Field, InputContext, Key, Kind, Locale, one_of
from crmcli.model.kinds.maps import Item, Maps
from crmcli.model.kinds.texts import Many
from crmcli.model.listed import allowed_hint
from crmcli.model.values import Email, Phone, Raw, fold

PHONE_TYPES = ("work", "mobile", "home", "fax", "pager", "mailing", "other")
EMAIL_TYPES = ("work", "home", "mailing", "other")
_PREFIX = re.compile(r"([a-z]{3,}):(?!//)")
_EXTENSION = re.compile(r" x[0-9]+$")


class ContactPoints(Maps):
    """Numbers or addresses, each of one of some types."""

    types: tuple[str, ...] = ()
    noun: str = ""
    is_joined: bool = True
    is_typed_by_main: bool = True

    def parse_item(self, item: Item) -> object:
        one_of(item.get("type", "work"), self.types)
        return super().parse_item(item)

    def shortcut(self, raw: Raw) -> list[Key] | None:
        found: list[Key] = []
        for item in raw if isinstance(raw, list) else (raw,):
            if not isinstance(item, dict) or len(item) != 2 or item.get("type") not in self.types:
                return None
            key = self.plain_key(item.get("value"))
            if key is None:
                return None
            if key:
                found.append(key)
        return found

    def write_item(self, item: Item) -> str:
        return f"{item['type']}:{self.item_text(item)}"

    def plain_key(self, value: object) -> str | None:
        """The key of a value in canonical form; None where it must be looked at closely."""
        raise NotImplementedError

    def is_known(self, text: str, country: str) -> bool:
        """Whether a text that stands in a record is one in any spelling."""
        raise NotImplementedError

    def canonical(self, text: str, country: str) -> str:
        """One text as crm writes it; as it stands where it is several, or none at all."""
        raise NotImplementedError

    def _refuse_type(self, text: str, what: str) -> None:
        """Refuse a prefix in Latin letters that looks like a type but is none."""
        match = _PREFIX.match(text)
        if match and match[1] not in (*self.types, "tel", "phone", "mob", "cell", "mailto"):
            raise ValueError(
                tr(
                    "{!r} is not a type of {}; {}",
                    match[1],
                    what,
                    allowed_hint(match[1], self.types),
                )
            )


class Phones(ContactPoints):
    """Phone numbers, compared by the digits of E.164, wherever those can be worked out."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """The type only where it is said."""
        from crmcli.model.phones import parse_phones

        self._refuse_type(text, "phone")
        return [self.dump_item(phone) for phone in parse_phones(text, ctx.country, unsaid="")]

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """The same; a number that fits no plan of the country is kept as text."""
        from crmcli.model.phones import parse_phones

        self._refuse_type(text, "phone")
        phones = parse_phones(text, ctx.country, unsaid="", keep=True)
        return [self.dump_item(phone) for phone in phones]

    def key(self, value: Any) -> Key | None:
        # what stands in a record is E.164 already, or could not be read as a number
        text = _EXTENSION.sub("", str(getattr(value, "value", value)))
        return "".join(re.findall("[0-9]", text)) or fold(text) or None

    def literal(self, text: str, country: str) -> Key:
        from crmcli.model.phones import key

        text = _EXTENSION.sub("", text)
        return key(text, country) or fold(text)

    def part_key(self, name: str, text: str, country: str) -> str:
        return str(self.literal(text, country)) if name == self.main else text

    def plain_key(self, value: object) -> str | None:
        if not (isinstance(value, str) and value[:1] == "+" and value[1:].isdecimal()):
            return None
        return value[1:] if value.isascii() else None

    def is_known(self, text: str, country: str) -> bool:
        from crmcli.model.phones import parse_phones

        if re.fullmatch(r"\+[1-9][0-9]{6,14}", text):
            return True
        try:
            return bool(parse_phones(text, country, keep=True))
        except ValueError:
            return False

    def canonical(self, text: str, country: str) -> str:
        from crmcli.model.phones import parse_phones

        try:
            read = parse_phones(text, country)
        except ValueError:
            return text
        return read[0].value if len(read) == 1 else text

    def show(self, value: object, locale: Locale) -> str | None:
        items: Any = value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(item, dict) for item in items):
            return None
        dialled = ((locale.phone(str(item.get("value", ""))), item.get("ext")) for item in items)
        return ", ".join(tr("{} ext. {}", phone, ext) if ext else phone for phone, ext in dialled)

    def item_text(self, item: Any) -> str:
        return f"{item['value']} x{item['ext']}" if item.get("ext") else str(item["value"])


class Emails(ContactPoints):
    """E-mail addresses."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """The type only where it is said."""
        from crmcli.model.addresses import read_email, split_emails

        found: dict[str, Raw] = {}
        for item in split_emails(text):
            self._refuse_type(item, "e-mail")
            kind, _, rest = item.partition(":")
            kind, rest = (kind, rest) if kind in self.types else ("", item)
            address = read_email(rest)
            found.setdefault(fold(address), self.dump_item(Email(address, kind)))
        return [*found.values()]

    def plain_key(self, value: object) -> str | None:
        return self._folded(value) if isinstance(value, str) else None

    def key(self, value: Any) -> Key | None:
        return (self._folded(str(value)) or None) if value is not None else None

    def literal(self, text: str, country: str) -> Key:
        return self._folded(text)

    def _folded(self, text: str) -> str:
        """As it is compared, with a domain of xn-- as people read it."""
        from crmcli.model.addresses import readable

        folded = fold(text)
        return fold(readable(folded)) if "xn--" in folded else folded

    def is_known(self, text: str, country: str) -> bool:
        return bool(re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", text))

    def canonical(self, text: str, country: str) -> str:
        from crmcli.model.addresses import email_in

        return email_in(text)


HIDDEN = "//"
"""Marks keys by which a web site is found beside itself: of its host, of the handle that it names."""


class Url(Kind):
    """A web address, compared by its host and path: without http(s)://, www., a query, a slash at the end."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.addresses import read_url

        return read_url(text)

    def key(self, value: Any) -> Key | None:
        return _bare(str(value)) or None if value else None

    def literal(self, text: str, country: str) -> Key:
        return _bare(text)

    def same(self, item: Any, country: str) -> object:
        """Of two pages that differ in what they ask for, none goes."""
        return self.key(item), _QUERY.findall(fold(str(item)))


class Urls(Many):
    """Web addresses; each is also found by its host alone, a profile by its handle."""

    def keys(self, value: Any) -> tuple[Key, ...]:
        from crmcli.model.handles import handle_key, handle_of_address, name_key

        found = super().keys(value)
        more = [str(key).partition("/")[0] for key in found]
        for handle in filter(None, map(handle_of_address, value)):
            more += [handle_key(handle), name_key(handle)]
        return (*found, *(HIDDEN + key for key in dict.fromkeys(more)))

    def same(self, item: Any, country: str) -> object:
        return self.of.same(item, country)


_QUERY = re.compile(r"\?(.+)")
_PROFILE = re.compile(r"profile\.php\?(?:.*&)?id=[0-9]+")


def _bare(text: str) -> str:
    folded = fold(text)
    if folded.startswith(HIDDEN):
        return folded
    bare = re.sub(r"^(https?://)?(www\.)?", "", folded)
    asked = _PROFILE.search(bare)  # where the query names the page
    return bare[: asked.end()] if asked else _path(bare) or folded


def _path(bare: str) -> str:
    return re.split(r"[?#]", bare)[0].rstrip("/")


PHONES = Phones(
    "phones",
    made=Phone,
    declared_as="phone",
    known=("value", "ext", "type"),
    identity=("value", "ext"),
    types=PHONE_TYPES,
    noun="a phone number",
    least=18,
    found_by="phone",
    searched_in="phones",
    metavar="PHONE",
    is_phone=True,
    is_digits=True,
)
EMAILS = Emails(
    "emails",
    made=Email,
    declared_as="email",
    known=("value", "type"),
    identity=("value",),
    types=EMAIL_TYPES,
    noun="an e-mail address",
    found_by="email",
    searched_in="emails",
    metavar="EMAIL",
)
URL = Url("url", declared_as="url", found_by="site", searched_in="rest", is_indexed=True)
URLS = Urls("urls", of=URL, apart=r"[,;\s]+", found_by="site", searched_in="rest")
