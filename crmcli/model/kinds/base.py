"""What a kind of value is, and the field that has one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, tzinfo
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeAlias, cast

from crmcli.dataclass import dataclass, field
from crmcli.language import spoken, tr
from crmcli.model.values import Raw, Value, fold

if TYPE_CHECKING:
    from crmcli.model.calendar_phrases import When
    from crmcli.model.user import User

Key: TypeAlias = str | float
"""What stands for a value in the index and in conditions; text compares by code points."""

SEPARATOR = "; "
EQUALITY = ("=", "!=", "in")


@dataclass(frozen=True)
class InputContext:
    """What is needed to understand what people write.

    `directories` maps ids to labels by the name of the directory; a directory that is not there
    allows any value, and so do `users` if there are none. `date_order` is `dmy` or `mdy` and says
    what 03/04/2026 means, `point` a dot or a comma and says what 1.234 does ("" refuses them).
    `closes` is the hour of a `due` that names only a day. `resolve` finds a record of some entities
    by name; without it only ids are understood.
    """

    now: datetime
    zone: tzinfo
    country: str = "RU"
    directories: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    date_order: str = ""
    point: str = ""
    closes: time = time(18)
    vat_rate: Decimal | None = None
    resolve: Callable[..., str] | None = None


class Locale(Protocol):
    """How the people of a workspace read numbers and times."""

    def number(self, value: Decimal) -> str: ...
    def amount(self, amount: Decimal) -> str: ...
    def instant(self, moment: datetime) -> str: ...
    def phone(self, number: str) -> str: ...


class Kind:
    """One kind of value. Kinds are compared by identity and asked for what they are, never by name.

    What is said to a kind when it is made stands over what its class says: a plain class, since
    making many of them must cost nothing at start-up.

    `empty` is the value of an absent field, `declared_as` the type by which settings.yaml gives the
    kind to a custom field ("" if it cannot). `listed_in` says where the workspace names its values
    (stages, pipelines, users), `found_by` by which look-up they are found (phone, site, inn, …),
    `searched_in` in which column of the full text they stand. `column` is its type in the index.
    """

    name: str
    empty: Value = ""
    declared_as: str = ""
    metavar: str = "TEXT"
    listed_in: str = ""
    found_by: str = ""
    searched_in: str = ""
    column: str = "TEXT"
    is_many: bool = False
    is_map: bool = False
    is_sorted: bool = False  # a list that is kept in order, each item once
    is_multiline: bool = False
    is_long: bool = False  # it may hold pages
    is_indexed: bool = False
    is_folded: bool = False  # its key is its folded text and nothing else
    is_free: bool = False  # a text that may say anything
    is_filter: bool = False  # lists have an option for it
    is_choice: bool = False
    may_list: bool = False  # a directory of settings.yaml may list its values
    is_moved: bool = False  # changed by moving the record, never by editing it
    is_link: bool = False
    is_linking: bool = False  # what is in it turns where records become one
    is_money: bool = False
    is_number: bool = False
    is_day: bool = False
    is_time: bool = False
    is_yearless: bool = False  # a day that may lack its year
    is_past: bool = False  # what has been: `monday` is the last one
    is_phone: bool = False
    is_digits: bool = False  # spreadsheets take it for a number
    may_lose_zero: bool = False  # a spreadsheet drops the zero in front of a Russian one
    is_rigid: bool = False  # half of it is worse than none of it
    least: int = 10  # the narrowest that a column of it becomes, in cells
    is_spread: bool = False  # a sheet has a column for each of its parts
    is_joined: bool = False  # of two records that become one, both values are kept
    parts: Mapping[str, Field] = MappingProxyType({})
    """What a condition may ask of a map, by key."""

    def __init__(self, name: str, **facts: Any) -> None:
        strange = [fact for fact in facts if not hasattr(type(self), fact)]
        if strange:
            raise TypeError(tr("a {} has no {}", type(self).__name__, strange[0]))
        self.__dict__.update(facts, name=name)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(tr("a kind is not changed: {}", name))

    def __str__(self) -> str:
        return self.name

    # -- in files ---------------------------------------------------------------------------

    def parse(self, raw: Raw) -> Value:
        """Type what a file has; ValueError with a sentence if it does not fit."""
        return one_text(raw)

    def dump(self, value: Any) -> Raw:
        """The form of a typed value in files, JSON and the timeline; "" when absent."""
        return "" if value is None or value in ("", (), {}) else self._dump(value)

    def _dump(self, value: Any) -> Raw:
        return cast("str", value)

    # -- what people write ------------------------------------------------------------------

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """The raw value that a text means; ValueError with a sentence if there is none."""
        raise ValueError(tr("{} cannot be written as text", field.name))

    def rounded(self, text: str) -> str:
        """What was computed, as exact as the kind can be."""
        return text

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """The same of a cell of a sheet, which may hold several."""
        return self.read(field, text, ctx)

    def write_cell(self, raw: Any) -> str:
        """A raw value as a cell that `read_cell` reads back; "" where that cannot be."""
        return raw if isinstance(raw, str) else ""

    def is_canonical(self, field: Field, cell: str, ctx: InputContext) -> bool:
        """Whether a cell of our own export is taken to the letter."""
        return False

    # -- for comparing ----------------------------------------------------------------------

    def key(self, value: Any) -> Key | None:
        """By what a value, or one item of a list, is compared; None if it is absent."""
        return fold(str(value)) or None if value is not None else None

    def keys(self, value: Any) -> tuple[Key, ...]:
        """All keys of a field's value: none, one, or one for each item of a list."""
        items: Iterable[Any] = value if self.is_many else (value,)
        return tuple(key for item in items if (key := self.key(item)) is not None)

    def shortcut(self, raw: Raw) -> list[Key] | None:
        """The keys of what a file has without typing it first; None where it must be typed."""
        return None

    def literal(self, text: str, country: str) -> Key:
        """The key of what a condition says; ValueError if it does not fit."""
        return fold(text)

    def span(self, when: When, zone: tzinfo) -> tuple[str, str]:
        """The keys from a day or an instant on, and below which they end; only kinds of time have it."""
        raise NotImplementedError

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators of conditions that fit, `is empty` aside, which fits all."""
        contains = () if self.is_link else ("~",)
        return (*EQUALITY, *contains, *(("has",) if self.is_many else ()))

    # -- items of a list --------------------------------------------------------------------

    def items(self, raw: Raw) -> list[Raw]:
        """The items of a raw list."""
        return raw if isinstance(raw, list) else [raw] if raw else []

    def same(self, item: Any, country: str) -> object:
        """By what two raw items of a list are the same."""
        key = self.key(item) if isinstance(item, str) else None
        return item if key is None else key

    def spellings(self, item: Any) -> tuple[str, ...]:
        """How an item as it stands may be named."""
        return (str(item),)

    # -- links ------------------------------------------------------------------------------

    def linked(self, value: Any) -> tuple[str, ...]:
        """The ids to which a typed value links."""
        return ()

    def replaced(self, value: Any, old: str, new: str) -> Value:
        """The value with one id or word replaced by another, or taken away where `new` is ""."""
        return new if value == old else cast("Value", value)

    # -- for people -------------------------------------------------------------------------

    def check(self, value: Any, known: Any) -> None:
        """Refuse a typed value beyond what people may write; of a list, what was `known` stays."""

    def number_in(self, raw: Any) -> object:
        """A raw value with what are numbers in it as such."""
        return raw

    def show(self, value: object, locale: Locale) -> str | None:
        """The value as people read it; None where it stands as it is."""
        return None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity: its name in files and JSON, its kind, and what it allows.

    `directory` names the list of allowed values in settings.yaml (`sources`, `lost_reasons`, …);
    `entities` are what a link may point to; `system` fields are written by verbs, not by people;
    `derived` ones stand in no file: the index works them out.
    """

    name: str
    kind: Kind
    label: str = ""
    choices: tuple[str, ...] = ()
    directory: str = ""
    entities: tuple[str, ...] = ()
    required: bool = False
    default: str = ""
    system: bool = False
    custom: bool = False
    derived: bool = False

    @property
    def is_many(self) -> bool:
        """Whether the field holds a list."""
        return self.kind.is_many

    @property
    def word(self) -> str:
        """The field in a sentence: its key, which reads as a word in English, elsewhere its label."""
        return self.name if spoken() == "en" else tr(self.label) or self.name

    def read(self, text: str, ctx: InputContext, *, in_sheet: bool = False) -> Raw:
        """The raw value that a text means; "" clears the field. ValueError says what is wrong.

        A cell `in_sheet` may hold several items where people write one.
        """
        cleaned = _clean(text, lines=self.kind.is_multiline)
        if not cleaned:
            return ""
        read = self.kind.read_cell if in_sheet else self.kind.read
        return read(self, cleaned, ctx) or ""  # a cell of nothing but separators holds nothing


def one_text(raw: Raw) -> str:
    """A raw value that must be a single one."""
    if not isinstance(raw, str):
        raise ValueError("must be a single value, not a list or a map")
    return raw


def texts(raw: Raw) -> tuple[str, ...]:
    """A raw list of single values; a bare text stands for a list of one."""
    if isinstance(raw, str):
        return (raw,) if raw else ()
    if not isinstance(raw, list):
        raise ValueError("must be a list")
    return tuple(one_text(item) for item in raw)


def one_of(value: str, allowed: tuple[str, ...]) -> str:
    """The value, which must be one of the allowed."""
    if value not in allowed:
        raise ValueError(tr("{!r} is not one of {}", value, ", ".join(allowed)))
    return value


def _clean(text: str, *, lines: bool) -> str:
    """The text in NFC without white space around it; a single-line field gets a single line."""
    if text.isprintable():  # nearly always: one line, no controls, no white space but the space
        return unicodedata.normalize("NFC", text).strip()
    plain = unicodedata.normalize("NFC", re.sub("\r\n?|[\x85\u2028\u2029]", "\n", text))
    plain = plain.strip("\ufeff")
    if not lines:
        plain = re.sub(r"\s*[\n\t]\s*", " ", plain)
    for character in plain:
        if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueError(tr("control character U+{:04X} in {!r}", ord(character), plain[:40]))
    return plain.strip()
