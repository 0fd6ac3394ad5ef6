"""The small values that records are made of: phones, e-mails, links, lines, instants."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeAlias

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.entities import ENTITIES

Raw: TypeAlias = "str | list[Raw] | dict[str, Raw]"
"""A value as it stands in a record file: every scalar is text, typed later by the schema."""

ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_ID = re.compile(rf"([a-z]+)-[{ID_LETTERS}]{{8}}")


MOST_DIGITS = 18
"""Of a number, its decimals among them; of an amount the last two are its decimals."""

CONSENT_CHANNELS = ("mail", "sms", "call")
CONSENTED = (*CONSENT_CHANNELS, "personal_data")
"""What a consent may be to: a channel, or that personal data are kept and used."""
"""What `do_not` may name, and what a consent is for."""
TOPIC = "topic:"
"""Begins what is consented to or refused where that is a topic of letters: `topic:news`."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_MONEY = 10 ** (MOST_DIGITS - 2)
_LONGEST_NAME = 200  # bytes of a name; systems take 255, and a copy may get an ending
_SLASHES = "/\\⁄∕"


class TwoReadings(ValueError):
    """A text that may mean two things: others of its column may tell which, or somebody must."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number: E.164 where it is valid, else the text as it was given; `ext` is the extension."""

    value: str
    ext: str = ""
    type: str = "work"

    def __str__(self) -> str:
        return f"{self.value} x{self.ext}" if self.ext else self.value


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address; the domain is lower case."""

    value: str
    type: str = "work"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class CompanyLink:
    """A contact's place in a company: the company's id and the role there."""

    company: str
    role: str = ""

    def __str__(self) -> str:
        return self.company


@dataclass(frozen=True, slots=True)
class Discount:
    """What is let off a line: so many per cent of it, or a sum."""

    amount: Decimal
    is_percent: bool = True

    def __str__(self) -> str:
        return f"{self.amount:f}%" if self.is_percent else f"{self.amount:f}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a deal or an offer: what, how many, the price of one, the VAT rate in per cent.

    `vat` is None where the line is free of VAT. `product` is the article number of a product; the price
    is that of the day on which the line was made. `vat_included` is None where the price is as those of
    its document are.
    """

    name: str
    quantity: Decimal = Decimal(1)
    unit: str = ""
    price: Decimal = Decimal(0)
    vat: Decimal | None = None
    discount: Discount | None = None
    product: str = ""
    vat_included: bool | None = None

    def __str__(self) -> str:
        return f"{self.name} × {self.quantity}"


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account in a bank: its number (or IBAN), the bank's BIC, its correspondent account, its name."""

    account: str
    bic: str = ""
    corr: str = ""
    bank: str = ""

    def __str__(self) -> str:
        return self.account


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came for an invoice: the day, how much, and the number that the bank gives it."""

    at: date
    amount: Decimal
    reference: str = ""

    def __str__(self) -> str:
        return f"{self.at} {self.amount}"


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as it was received: to what, to which version of the text, when, and how it came.

    One that was taken back keeps its line, with the time of that: it was good until then.
    """

    channel: str
    text: str = ""
    at: datetime | None = None
    source: str = ""
    withdrawn_at: datetime | None = None

    @property
    def is_given(self) -> bool:
        """Whether it holds."""
        return self.withdrawn_at is None

    def __str__(self) -> str:
        return self.channel if self.is_given else ""


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One line of a task's checklist, and whether it is done."""

    text: str
    done: bool = False

    def __str__(self) -> str:
        return f"[{'x' if self.done else ' '}] {self.text}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a record; `file` is the sha256 of its content, under which it is stored once."""

    name: str
    file: str

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.file):
            raise ValueError(tr("{!r} is not the sha256 of a file", self.file))
        if self.name != safe_name(self.name):
            raise ValueError(tr("{!r} is not a valid file name", self.name))

    def __str__(self) -> str:
        """Both, for the name alone may stand for two."""
        return f"{self.name} {self.file}"


def safe_name(name: str) -> str:
    """A name under which a file can be written anywhere: no path, no controls, not too long."""
    last = re.split(f"[{re.escape(_SLASHES)}]", unicodedata.normalize("NFC", name))[-1]
    clean = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = clean, ""
    while len(f"{stem}.{ending}".encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem}.{ending}" if ending else stem


Value: TypeAlias = (
    str | Decimal | bool | date | datetime | tuple[str, ...] | tuple[Phone, ...]
    | tuple[Email, ...] | tuple[CompanyLink, ...] | tuple[Line, ...] | tuple[BankAccount, ...]
    | tuple[Consent, ...] | tuple[Attachment, ...] | Mapping[str, str] | None
)  # fmt: skip
"""A typed value of a record's field. Absent is "", (), {} or None, as the kind has it."""


@lru_cache(maxsize=1024)
def entity_of(record_id: str) -> str:
    """The entity of a full id: `deal-7k3qf2m9` is a deal; "" if it is no id."""
    match = _ID.fullmatch(record_id)
    return match[1] if match and match[1] in ENTITIES else ""


def fold(text: str) -> str:
    """Text as it is compared and searched: NFKC, caseless, ё as е, runs of white space as one."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return " ".join(folded.split())


def format_instant(moment: datetime) -> str:
    """An instant as files have it: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant with an offset or `Z`; ValueError otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(tr("{!r} is not a time like 2026-11-23T09:00:00Z", text)) from None
    if moment.tzinfo is None:
        raise ValueError(tr("{!r} has no time zone, write 2026-11-23T09:00:00Z", text))
    return moment.astimezone(UTC)


class DayOfYear(date):
    """A day whose year nobody knows, as a birthday may be: 1604, a leap year, to those who count from it."""

    def isoformat(self) -> str:
        """The day as vCards have it."""
        return f"--{self:%m-%d}"


def parse_day_of_year(text: str) -> DayOfYear:
    """Read a day like --04-12; ValueError otherwise."""
    match = re.fullmatch(r"--([0-9]{2})-([0-9]{2})", text)
    try:
        if match is None:
            raise ValueError
        return DayOfYear(_YEAR_UNKNOWN, int(match[1]), int(match[2]))
    except ValueError:
        raise ValueError(tr("{!r} is not a day like --04-12", text)) from None


_YEAR_UNKNOWN = 1604
"""How Apple and vCards write that there is none."""


def parse_date(text: str) -> date:
    """Read an ISO date; ValueError otherwise."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(tr("{!r} is not a date like 2026-11-23", text))
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(tr("{!r} is not a date: {}", text, error)) from None


def parse_decimal(text: str) -> Decimal:
    """Read a decimal number in canonical form: no exponent, at most 18 digits; ValueError otherwise."""
    if (
        not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,10})?", text)
        or sum(c.isdecimal() for c in text) > MOST_DIGITS
    ):
        raise ValueError(
            tr("{!r} is not a number like 1200.50 (at most {} digits)", text, MOST_DIGITS)
        )
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(tr("{!r} is not a number", text)) from None


def parse_money(text: str) -> Decimal:
    """Read an amount in canonical form: a decimal number with at most two decimals."""
    amount = parse_decimal(text)
    if amount != amount.quantize(Decimal("0.01")):
        raise ValueError(tr("{!r} has more than two decimals", text))
    if abs(amount) >= MOST_MONEY:
        raise ValueError(tr("{!r} has more than {} digits before the point", text, MOST_DIGITS - 2))
    return amount


def format_decimal(number: Decimal) -> str:
    """A number as files have it: plain digits, no exponent."""
    return format(number, "f")


EXACT_DIGITS = 15
"""So many digits of a number every reader of JSON gets as they are written."""


def json_number(value: Decimal) -> int | float | str:
    """A number as JSON has it: a text where JSON's readers would round it."""
    if len(value.as_tuple().digits) > EXACT_DIGITS:
        return format_decimal(value)
    return int(value) if value == value.to_integral_value() else float(value)
