"""Numbers, amounts of money, and yes or no."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from crmcli.language import tr
from crmcli.model.kinds.base import EQUALITY, Field, InputContext, Key, Kind, Locale, one_text
from crmcli.model.money import CENT
from crmcli.model.values import Raw, Value, fold, format_decimal, parse_decimal, parse_money

ORDER = (">", ">=", "<", "<=")
TRUTHS = {
    **dict.fromkeys(("yes", "y", "true", "1", "on", "да", "д", "истина", "+"), "yes"),
    **dict.fromkeys(("no", "n", "false", "0", "off", "нет", "н", "ложь", "-"), "no"),
}
_BESIDE = re.compile(r"[^\W\d_]|[%$€£₽]")
_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?")


class Exact(Kind):
    """A single value that is either absent or to be read in one canonical form."""

    empty: Value = None
    is_rigid: bool = True

    def parse(self, raw: Raw) -> Value:
        text = one_text(raw)
        return self.parse_text(text) if text else None

    def parse_text(self, text: str) -> Value:
        """Type a text that is there."""
        raise NotImplementedError

    def is_canonical(self, field: Field, cell: str, ctx: InputContext) -> bool:
        try:
            return self.parse(cell) is not None
        except ValueError:
            return False


class Number(Exact):
    """A decimal number."""

    column: str = "REAL"
    is_number: bool = True
    operators: tuple[str, ...] = (*EQUALITY, *ORDER)

    def parse_text(self, text: str) -> Value:
        return parse_decimal(text)

    def _dump(self, value: Any) -> Raw:
        return format_decimal(value)

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.amounts import read_number

        return format_decimal(read_number(text, ctx.point))

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.amounts import read_number

        return format_decimal(read_number(text, ctx.point, in_sheet=True))

    def key(self, value: Any) -> Key | None:
        return None if value is None else float(value)

    def shortcut(self, raw: Raw) -> list[Key] | None:
        return [float(raw)] if isinstance(raw, str) and _AMOUNT.fullmatch(raw) else None

    def literal(self, text: str, country: str) -> Key:
        from crmcli.model.amounts import read_number

        if _BESIDE.search(text):  # amounts of any currency are compared by their numbers
            raise ValueError(tr("{!r} is not a number like 1200.50", text))
        return float(read_number(text))

    def number_in(self, raw: Any) -> object:
        try:
            return parse_decimal(str(raw))
        except ValueError:
            return raw  # more than 15 digits, or what a hand wrote

    def show(self, value: object, locale: Locale) -> str | None:
        try:
            return locale.number(Decimal(str(value)))
        except InvalidOperation:
            return None


class Chance(Number):
    """How likely something is, in per cent: 0 to 100."""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        return self._within(super().read(field, text, ctx), text)

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        return self._within(super().read_cell(field, text, ctx), text)

    def _within(self, raw: Raw, text: str) -> Raw:
        if not 0 <= Decimal(str(raw)) <= 100:
            raise ValueError(tr("{!r} is not between 0 and 100", text))
        return raw


class Money(Number):
    """An amount with at most two decimals; the record's currency is a field of its own."""

    is_money: bool = True

    def parse_text(self, text: str) -> Value:
        return parse_money(text)

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.amounts import read_money

        return format_decimal(read_money(text, ctx.point)[0])

    def rounded(self, text: str) -> str:
        try:
            return f"{Decimal(text).quantize(CENT, ROUND_HALF_UP):f}"
        except InvalidOperation:
            return text

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.amounts import read_money

        return format_decimal(read_money(text, ctx.point, in_sheet=True)[0])

    def literal(self, text: str, country: str) -> Key:
        from crmcli.model.amounts import read_money

        amount, currency = read_money(text)
        if currency:  # amounts of any currency are compared by their numbers
            raise ValueError(tr("{!r} is not a number like 1200.50", text))
        return float(amount)

    def show(self, value: object, locale: Locale) -> str | None:
        return None  # without its currency it says little


class Bool(Exact):
    """Yes or no, in several languages."""

    column: str = "INTEGER"
    operators: tuple[str, ...] = ("=", "!=")

    def parse_text(self, text: str) -> Value:
        if text not in ("yes", "no"):
            raise ValueError(tr("{!r} is neither yes nor no", text))
        return text == "yes"

    def dump(self, value: Any) -> Raw:
        return "" if value is None else "yes" if value else "no"

    def show(self, value: object, locale: Locale) -> str | None:
        return tr(str(value if isinstance(value, str) else self.dump(value)))

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        return "yes" if self.literal(text, ctx.country) else "no"

    def key(self, value: Any) -> Key | None:
        return None if value is None else int(value)

    def literal(self, text: str, country: str) -> Key:
        truth = TRUTHS.get(fold(text))
        if truth is None:
            raise ValueError(tr("{!r} is neither yes nor no", text))
        return int(truth == "yes")


NUMBER = Number("number", declared_as="number")
CHANCE = Chance("chance")
MONEY = Money("money", declared_as="money", metavar="AMOUNT")
BOOL = Bool("bool", declared_as="bool")
