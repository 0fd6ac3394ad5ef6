"""How messages and documents write amounts, dates, phones and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from datetime import date as Date  # noqa: N812  # a filter is called date
from decimal import Decimal, InvalidOperation

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.money import write_money, write_short
from crmcli.model.phone_format import spaced
from crmcli.model.values import DayOfYear, Phone, format_instant
from crmcli.render.words import amount_in_words

_RU_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
    "октября", "ноября", "декабря",
)  # fmt: skip
_EN_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """Language, currency, time zone and country of texts. Each filter gives "" for None and "", and raises
    ValueError for a value that it cannot write."""

    language: str = "ru"
    currency: str = "RUB"
    zone: tzinfo = UTC
    country: str = ""

    @property
    def filters(self) -> Mapping[str, Callable[..., str]]:
        """The filters by the names that templates use."""
        every = (self.money, self.number, self.date, self.phone, self.words, self.sentence)
        return {of.__name__: of for of in every}

    def money(self, value: object, currency: object = "") -> str:
        """An amount with its currency: `1 234,56 ₽`, in English `€1,234.56`."""
        amount = _decimal(value, "money")
        if amount is None:
            return ""
        return write_money(amount, str(currency or self.currency), self.language)

    def number(self, value: object) -> str:
        """A number without needless zeros: `1 234,5`, in English `1,234.5`."""
        amount = _decimal(value, "number")
        return "" if amount is None else write_short(amount, self.language)

    def date(self, value: object, form: str = "short") -> str:
        """A day as people write it, `form` short, long, time or datetime: `23.11.2026`, `23 ноября 2026`."""
        moment = _moment(value, self.zone)
        if moment is None:
            return ""
        if form in ("short", "long"):
            return self._day(moment, form)
        if form not in ("time", "datetime"):
            told = tr("date: {!r} is not a form; use short, long, time or datetime", form)
            raise ValueError(told)
        if not isinstance(moment, datetime):
            raise ValueError(tr("date: {} is a day, it has no time", moment))
        clock = f"{moment:%H:%M}"
        return clock if form == "time" else f"{self._day(moment, 'short')} {clock}"

    def _day(self, day: Date, form: str) -> str:
        if isinstance(day, DayOfYear):
            return (
                self._day(Date(day.year, day.month, day.day), form)
                .removesuffix(str(day.year))
                .rstrip(" .")
            )
        if self.language == "ru":
            long = f"{day.day} {_RU_MONTHS[day.month - 1]} {day.year}"
            return long if form == "long" else f"{day.day:02}.{day.month:02}.{day.year:04}"
        month = _EN_MONTHS[day.month - 1]
        return f"{day.day} {month if form == 'long' else month[:3]} {day.year}"

    def phone(self, value: object) -> str:
        """A phone as it is dialled: `+7 912 345-67-89, доб. 12`; of a record's phone or of text."""
        number, ext = _phone_parts(value)
        if not number:
            return ""
        word = "доб." if self.language == "ru" else "ext."
        return f"{spaced(number)}, {word} {ext}" if ext else spaced(number)

    def words(self, value: object, currency: object = "") -> str:
        """An amount in words: `сто рублей 50 копеек`."""
        amount = _decimal(value, "words")
        if amount is None:
            return ""
        code = str(currency or self.currency).upper()
        return amount_in_words(amount, code, self.language, self.country)

    def sentence(self, value: object) -> str:
        """A text with its first letter large, the others as they are: `Сто долларов США`."""
        text = bare(value)
        if text is None:
            raise ValueError(tr("sentence: {} is not a text", _kind(value)))
        return text[:1].upper() + text[1:]


def bare(value: object) -> str | None:
    """A plain value as files have it, for `{{ name }}` alone; None if it is not plain."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return format_instant(value) if value.tzinfo else value.isoformat(" ", "minutes")
    return value.isoformat() if isinstance(value, Date) else None


def _decimal(value: object, filter_name: str) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, Decimal | int | float | str):
        raise ValueError(tr("{}: {} is not a number", filter_name, _kind(value)))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(tr("{}: {!r} is not a number", filter_name, value)) from None
    if not number.is_finite() or abs(number.adjusted()) > 20:
        raise ValueError(tr("{}: {} is too large a number", filter_name, value))
    return number


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "yes or no"
    is_list = isinstance(value, list | tuple)
    return "a list" if is_list else tr("a value of type {}", type(value).__name__)


def _moment(value: object, zone: tzinfo) -> Date | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else Date.fromisoformat(value)
        except ValueError:
            raise ValueError(tr("date: {!r} is not a date like 2026-11-23", value)) from None
    if isinstance(value, datetime):
        return value.astimezone(zone) if value.tzinfo else value
    if isinstance(value, Date):
        return value
    raise ValueError(tr("date: {} is not a date", _kind(value)))


def _phone_parts(value: object) -> tuple[str, str]:
    if isinstance(value, Mapping):
        return str(value.get("value", "")), str(value.get("ext", ""))
    if isinstance(value, Phone):
        return value.value, value.ext
    if value is None or isinstance(value, str):
        number, _, ext = (value or "").partition(" x")
        return number, ext
    raise ValueError(tr("phone: {} is not a phone", _kind(value)))
