"""How one value is written: for people in a table, for machines in CSV, JSON and YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from crmcli.dataclass import dataclass, field, replace
from crmcli.language import tr
from crmcli.model.event import told_actor
from crmcli.model.kinds import KINDS, TEXT, Field, Kind, item_text
from crmcli.model.money import told_price, write_money, write_short
from crmcli.model.phone_format import dialled
from crmcli.model.values import Raw, format_decimal, format_instant
from crmcli.model.words import in_words
from crmcli.present.text_width import one_line

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

Row: TypeAlias = Mapping[str, object]
"""A row to print: raw values of a record, or plain ones (int, float, Decimal, bool, None, dates,
lists and maps of those)."""

REPORTED = ("count", "percent", "days", "hours", "sums")
"""What only reports have, beside the kinds of values and `word`, a state or noun of crm."""

SHORT_KEY = 8
"""Letters of a job's key that are shown: with those it is found, as a commit is."""
LEAST_OF_NAMES = 16
"""Cells for what tells one row from the next."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, or one line of a record that is shown.

    `kind` is the name of a kind of value or one of word (see `words`), channel, price, count, percent
    (0 to 100), days, hours, sums (a map from currency to amount).
    `labels` gives the words that people see for a raw value,
    `colors` its colour ('#rrggbb'). `currency` is the key in the row that names the currency of a money
    column.
    """

    name: str
    label: str = ""
    kind: str = "text"
    labels: Mapping[str, str] = field(default_factory=dict)
    colors: Mapping[str, str] = field(default_factory=dict)
    currency: str = "currency"
    within: str = ""  # the key in the row that tells equal raw values apart: labels are "of/value"
    keep: bool = False  # never cut, whatever the terminal's width
    whole: bool = False  # never cut either: what has no room goes on below
    most: int = 0  # the lines that this takes; 0: as many as it needs
    narrowest: int = 0  # the cells that it keeps when a table is made to fit; 0: as its kind says
    spare: bool = False  # told by another column too: left out before the others

    @classmethod
    def of(cls, declared: Field) -> Column:
        """The column of a record's field."""
        return cls(declared.name, declared.label, declared.kind.name, keep=declared.name == "id")

    def named(self, labels: Mapping[str, str], colors: Mapping[str, str] | None = None) -> Column:
        """The same column with words, and colours, for its raw values."""
        return replace(self, labels=labels, colors=colors or self.colors)

    def key(self, row: Row) -> str:
        """What stands for the row's value in `labels` and `colors`."""
        value = plain(row.get(self.name))
        return f"{plain(row.get(self.within))}/{value}" if self.within else value

    @property
    def holds(self) -> Kind:
        """The kind of its values; text for what only reports have."""
        return KINDS.get(self.kind, TEXT)

    @property
    def head(self) -> str:
        """What stands above the column: one line, whatever a label in settings.yaml or reports.yaml is."""
        return one_line(tr(self.label) or self.name)

    @property
    def elastic(self) -> bool:
        """Whether its cells may be cut: half an id, a date or a sum is worse than none."""
        return not (self.keep or self.right or self.holds.is_rigid)

    @property
    def least(self) -> int:
        """The narrowest that it becomes when a table is made to fit."""
        usual = LEAST_OF_NAMES if self.name == "name" else self.holds.least
        return self.narrowest or usual

    @property
    def right(self) -> bool:
        """Whether its cells are aligned right."""
        return self.holds.is_number or self.kind in REPORTED


class Listing(NamedTuple):
    """Rows, the columns of them that a table shows, and what is said where there are none."""

    rows: Sequence[Row]
    columns: Sequence[Column]
    empty: str = ""

    @classmethod
    def of(
        cls, things: Iterable[object], columns: Sequence[Column], *more: str, empty: str = ""
    ) -> Listing:
        """A row of each thing: its attributes that the columns name, and `more`; None is empty."""
        names = (*(column.name for column in columns), *more)
        return cls(rows_of(things, *names), columns, empty)


def rows_of(things: Iterable[object], *names: str) -> list[dict[str, Any]]:
    """The attributes of each as a row; what is None is empty."""
    found = [attributes(thing, *names) for thing in things]
    return [{k: "" if v is None else v for k, v in row.items()} for row in found]


def attributes(thing: object, *names: str) -> dict[str, Any]:
    """Some attributes of a thing, by name."""
    return {name: getattr(thing, name) for name in names}


@dataclass(frozen=True, slots=True)
class Locale:
    """How the people of a workspace read numbers and times; amounts look as they do in letters."""

    language: str = "en"
    zone: tzinfo = UTC
    currency: str = ""
    country: str = ""

    @classmethod
    def of(cls, ws: Workspace) -> Locale:
        """How a workspace's own people read."""
        said = ws.settings
        return cls(said.language, ws.zone, said.currency, said.phone_country)

    def number(self, value: Decimal, places: int | None = None) -> str:
        """A number with its thousands set apart; at most `places` decimals, no needless noughts."""
        return write_short(value if places is None else round(value, places), self.language)

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount in its currency; cents only where there are any."""
        return self._amount(amount, currency or self.currency)

    def amount(self, amount: Decimal) -> str:
        """An amount whose currency stands elsewhere."""
        return self._amount(amount, "")

    def _amount(self, amount: Decimal, currency: str) -> str:
        cents = amount != amount.to_integral_value()
        return write_money(amount, currency, self.language, cents=cents)

    def phone(self, number: str) -> str:
        """A number as it is dialled in the workspace's country."""
        return dialled(number, self.country)

    def instant(self, moment: datetime) -> str:
        """An instant in the workspace's time zone, to the minute."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")


def as_decimal(value: object) -> Decimal | None:
    """A raw or plain number as a Decimal; None if it is absent or none."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def shown(column: Column, row: Row, locale: Locale) -> str:
    """A cell as people read it; "" when the value is absent."""
    value = row.get(column.name)
    if value is None or value == "":
        return ""
    write = _SHOWN.get(column.kind)
    if write is not None:
        return write(value, locale)
    kind = column.holds
    words = kind.show(value, locale)
    if words is not None:
        return words
    if kind.is_money:
        amount = as_decimal(value)
        currency = str(row.get(column.currency) or "")
        return plain(value) if amount is None else locale.money(amount, currency)
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, str):
        return column.labels.get(column.key(row), value)
    items = value if isinstance(value, list | tuple) else [value]
    return ", ".join(_named(item, column.labels) for item in items)


def shown_as(kind: str, value: object, locale: Locale) -> str:
    """A value by itself, as a column of a kind shows it."""
    return shown(Column("", kind=kind), {"": value}, locale)


def _named(item: object, labels: Mapping[str, str]) -> str:
    """One value, or the company of a link, in the words that people have for it."""
    if isinstance(item, Mapping) and "company" in item:
        company = plain(item["company"])
        item = {**item, "company": labels.get(company, company)}
    text = plain(item)
    return labels.get(text, text)


def _measure(value: object, locale: Locale, unit: str) -> str:
    number = as_decimal(value)
    return "" if number is None or number.is_nan() else tr(unit, locale.number(number, 1))


def _sums(value: object, locale: Locale) -> str:
    if not isinstance(value, Mapping):
        return plain(value)
    amounts = ((code, as_decimal(amount)) for code, amount in value.items())
    return ", ".join(locale.money(amount, code) for code, amount in amounts if amount is not None)


def _count(value: object, locale: Locale) -> str:
    number = as_decimal(value)
    return plain(value) if number is None or not number.is_finite() else locale.number(number)


_SHOWN: dict[str, Callable[[object, Locale], str]] = {
    "word": lambda value, _: in_words(plain(value)),
    "key": lambda value, _: plain(value)[:SHORT_KEY],
    "channel": lambda value, _: in_words(f"channel.{plain(value)}"),
    "door": lambda value, _: in_words(f"door.{plain(value)}"),
    "price": lambda value, locale: told_price(plain(value), locale.language),
    "actor": lambda value, _: told_actor(plain(value)),
    "params": lambda value, _: _pairs(value),
    "count": _count,
    "percent": partial(_measure, unit="{}%"),
    "days": partial(_measure, unit="{}d"),
    "hours": partial(_measure, unit="{}h"),
    "sums": _sums,
}


def plain(value: object) -> str:
    """A value as one text without any dress: what CSV has."""
    if value is None or value != value:  # a NaN differs from itself
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Decimal):
        return format_decimal(value)
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, Mapping):
        words = item_text(value)
        return _pairs(value) if words is None else words
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(plain, value))
    return str(value)


def _pairs(value: object) -> str:
    """Keys and values, also of a map that an item of a list might be."""
    pairs = value.items() if isinstance(value, Mapping) else ()
    return ", ".join(f"{key}={plain(item)}" for key, item in pairs)


def in_short(raw: object) -> str:
    """A raw value in one line, with what tells two of a list apart: the type, the role."""
    if isinstance(raw, list):
        return ", ".join(in_short(item) for item in raw) or tr("(empty)")
    if isinstance(raw, Mapping):
        kind = raw.get("type", "work") if "value" in raw else "work"
        return plain(raw) if kind == "work" else f"{kind}:{plain(raw)}"
    return str(raw) if raw != "" else tr("(empty)")


def as_raw(value: object) -> Raw:
    """A value as record files have it: every scalar is text."""
    if isinstance(value, Mapping):
        return {str(key): as_raw(item) for key, item in value.items() if item is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [as_raw(item) for item in value]
    return plain(value)
