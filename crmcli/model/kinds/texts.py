"""Texts: free ones, words from a list, codes; and lists of words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from crmcli.language import tr
from crmcli.model import legal_details
from crmcli.model.kinds.base import SEPARATOR, Field, InputContext, Key, Kind, texts
from crmcli.model.values import Raw, Value, fold


class Text(Kind):
    """A text as it was given, or the value of a directory, found by its id or its label."""

    is_folded: bool = True

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        labels = ctx.directories.get(field.directory) if field.directory else None
        return _listed(text, labels, field.directory) if labels else text

    def is_canonical(self, field: Field, cell: str, ctx: InputContext) -> bool:
        return self.is_free and not ctx.directories.get(field.directory)


class Choice(Text):
    """One of the words that the field, or its directory, lists."""

    is_choice: bool = True
    may_list: bool = True

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        if not field.choices:
            return super().read(field, text, ctx)
        return _listed(text, dict.fromkeys(field.choices, ""), "the choices of {}", field.name)


class UserId(Text):
    """The id of a user, found by id, e-mail or name."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        if not ctx.users or text in ctx.users:
            return text
        wanted = fold(text)
        for words in ("id", "email", "name"):
            found = [u.id for u in ctx.users.values() if fold(getattr(u, words)) == wanted]
            if len(found) > 1:
                raise ValueError(tr("{!r} may be {}", text, " or ".join(found)))
            if found:
                return found[0]
        return _listed(text, {u.id: u.name for u in ctx.users.values()}, "the users")


class Currency(Text):
    """A code of three letters, read of signs and names too."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.amounts import CURRENCY_SIGNS

        code = CURRENCY_SIGNS.get(text.lower(), text.upper())
        if not re.fullmatch("[A-Z]{3}", code):
            raise ValueError(tr("{!r} is not a currency code like RUB", text))
        return code


class LegalNumber(Text):
    """A number of a legal person; where other countries' rules hold, a Russian one is not checked."""

    rule: Callable[[str], str] = str
    is_digits: bool = True  # Excel makes 7707083893.0 of it

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        is_checked = ctx.country.upper() == "RU" or not self.is_digits
        return self.rule(text) if is_checked else re.sub(r"[\s-]", "", text)

    def is_canonical(self, field: Field, cell: str, ctx: InputContext) -> bool:
        return cell.isascii() and cell.isalnum()


class Words(Kind):
    """A list of texts in the order in which they were given."""

    empty: Value = ()
    is_many: bool = True
    is_multiline: bool = True
    is_joined: bool = True

    def parse(self, raw: Raw) -> Value:
        found = texts(raw)
        return tuple(sorted(set(found))) if self.is_sorted else found

    def _dump(self, value: Any) -> Raw:
        return [*value]

    def write_cell(self, raw: Any) -> str:
        return SEPARATOR.join(raw)


class Tags(Words):
    """Words of people's own, sorted."""

    is_sorted: bool = True

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        return [*sorted(set(items(text)))]

    def shortcut(self, raw: Raw) -> list[Key] | None:
        found = [i for i in raw if isinstance(i, str) and i] if isinstance(raw, list) else None
        if found is None or len(found) != len(raw):
            return None
        return [key for text in set(found) if (key := fold(text))]


class Choices(Tags):
    """Some of the words that the field, or its directory, lists."""

    is_choice: bool = True
    may_list: bool = True

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        return [*sorted({str(CHOICE.read(field, item, ctx)) for item in items(text)})]


def items(text: str) -> list[str]:
    """The parts of a text that commas, semicolons or lines set apart."""
    return [item.strip() for item in re.split(r"[,;\n]", text) if item.strip()]


def pieces(text: str) -> list[str]:
    """The parts of a text that white space sets apart too, each once."""
    return [word for word in dict.fromkeys(re.split(r"[,;\s]+", text)) if word]


def _listed(text: str, labels: Mapping[str, str], what: str, *values: str) -> str:
    from crmcli.model.listed import read_listed

    return read_listed(text, labels, what, *values)


TEXT = Text("text", declared_as="text", is_free=True, may_list=True)
NOTE = Text(
    "note",
    declared_as="note",
    is_free=True,
    is_long=True,
    is_multiline=True,
    searched_in="rest",
)
STAGE = Text("stage", listed_in="stages", is_moved=True, is_filter=True, is_indexed=True)
PIPELINE = Text("pipeline", listed_in="pipelines", is_moved=True, is_filter=True)
CHOICE = Choice("choice", declared_as="choice", is_filter=True)
USER = UserId("user", listed_in="users", metavar="USER", is_filter=True)
CURRENCY = Currency("currency")
INN = LegalNumber(
    "inn", rule=legal_details.read_inn, found_by="inn", searched_in="rest", is_indexed=True,
    may_lose_zero=True,
)  # fmt: skip
KPP = LegalNumber("kpp", rule=legal_details.read_kpp)
OGRN = LegalNumber("ogrn", rule=legal_details.read_ogrn)
VAT_ID = LegalNumber("vat_id", rule=legal_details.read_vat_id, is_digits=False)
TAGS = Tags("tags", searched_in="rest", is_filter=True)
CHOICES = Choices("choices", declared_as="choices")
