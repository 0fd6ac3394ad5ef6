"""Texts: free ones, words from a list, codes; and lists of words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from crmcli.language import tr
from crmcli.model.kinds.base import SEPARATOR, Field, InputContext, Key, Kind, texts
from crmcli.model.listed import did_you_mean, read_listed
from crmcli.model.values import Raw, Value, fold


class Text(Kind):
    """A text as it was given, or the value of a directory, found by its id or its label."""

    is_folded: bool = True

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        labels = ctx.directories.get(field.directory) if field.directory else None
        return read_listed(text, labels, field.directory) if labels else text

    def is_canonical(self, field: Field, cell: str, ctx: InputContext) -> bool:
        return self.is_free and not ctx.directories.get(field.directory)


class Choice(Text):
    """One of the words that the field, or its directory, lists."""

    is_choice: bool = True
    may_list: bool = True

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        if not field.choices:
            return super().read(field, text, ctx)
        return read_listed(text, dict.fromkeys(field.choices, ""), "the choices of {}", field.name)


class UserId(Text):
    """The id of a user, found by id, e-mail, name or part of it."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.user import names_of

        if not ctx.users or text in ctx.users:
            return text
        found = names_of(ctx.users).get(fold(text), ())
        if len(found) > 1:
            raise ValueError(tr("{!r} may be {}", text, " or ".join(found)))
        labels = {u.id: u.name for u in ctx.users.values()}
        return found[0] if found else read_listed(text, labels, "the users")


class Currency(Text):
    """A code of three letters, read of signs and names too."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.currencies import CODES, CURRENCY_SIGNS

        code = CURRENCY_SIGNS.get(fold(text))
        if code is None:
            hint = did_you_mean(
                text.upper(), sorted(CODES), tr("codes are those of ISO 4217: USD, EUR, …")
            )
            raise ValueError(tr("{!r} is not a currency; {}", text, hint))
        return code


class LegalNumber(Text):
    """A number of a legal person, read as `model/legal_details.py` says.

    Where other countries' rules hold, a Russian one is not checked.
    """

    is_digits: bool = True  # Excel makes 7707083893.0 of it

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        if ctx.country.upper() != "RU" and self.is_digits:
            return re.sub(r"[\s-]", "", text)
        from crmcli.model import legal_details

        rule: Callable[[str], str] = getattr(legal_details, f"read_{self.name}")
        return rule(text)

    def is_canonical(self, field: Field, cell: str, ctx: InputContext) -> bool:
        return cell.isascii() and cell.isalnum()


TEXT = Text("text", declared_as="text", is_free=True, may_list=True)


class Many(Kind):
    """A list of values of the kind `of`, in the order in which they were given.

    `apart` are the signs that set them apart where people write several.
    """

    empty: Value = ()
    is_many: bool = True
    is_multiline: bool = True
    is_joined: bool = True
    of: Kind = TEXT
    apart: str = r"[,;\n]+"

    def parse(self, raw: Raw) -> Value:
        found = texts(raw)
        return tuple(sorted(set(found))) if self.is_sorted else found

    def _dump(self, value: Any) -> Raw:
        return [*value]

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        is_one = self.is_link and ctx.resolve  # the name of a record may hold any sign
        items = [text] if is_one else self._split(text)
        return self._dump(self.parse([self.of.read(field, item, ctx) for item in items]))

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        items = [self.of.read_cell(field, item, ctx) for item in self._split(text)]
        return self._dump(self.parse(items))

    def _split(self, text: str) -> list[str]:
        parts = (part.strip() for part in re.split(self.apart, text))
        return [part for part in dict.fromkeys(parts) if part]

    def write_cell(self, raw: Any) -> str:
        return SEPARATOR.join(raw)

    def key(self, value: Any) -> Key | None:
        return self.of.key(value)

    def literal(self, text: str, country: str) -> Key:
        return self.of.literal(text, country)

    def shortcut(self, raw: Raw) -> list[Key] | None:
        if not isinstance(raw, list) or not all(isinstance(item, str) and item for item in raw):
            return None
        return [*self.keys(self.parse(raw))]

    def linked(self, value: Any) -> tuple[str, ...]:
        return tuple(value) if self.is_link else ()

    def replaced(self, value: Any, old: str, new: str) -> Value:
        if old not in value:
            return cast("Value", value)
        turned = dict.fromkeys(new if item == old else item for item in value)
        return self.parse([item for item in turned if item])


NOTE = Text(
    "note", declared_as="note", is_free=True, is_long=True, is_multiline=True, searched_in="rest"
)
STAGE = Text("stage", listed_in="stages", is_moved=True, is_filter=True, is_indexed=True)
PIPELINE = Text("pipeline", listed_in="pipelines", is_moved=True, is_filter=True)
CHOICE = Choice("choice", declared_as="choice", is_filter=True)
USER = UserId("user", listed_in="users", metavar="USER", is_filter=True)
USERS = Many("users", of=USER, listed_in="users", metavar="USER", is_sorted=True)
CURRENCY = Currency("currency")
INN = LegalNumber("inn", found_by="inn", searched_in="rest", is_indexed=True, may_lose_zero=True)
KPP = LegalNumber("kpp")
OGRN = LegalNumber("ogrn")
VAT_ID = LegalNumber("vat_id", is_digits=False)
TAGS = Many("tags", is_sorted=True, searched_in="rest", is_filter=True)
CHOICES = Many(
    "choices", of=CHOICE, declared_as="choices", is_sorted=True, is_choice=True, may_list=True
)
