"""Days and instants.

A literal of a condition that names a day (2026-11-23, today+7d, fri) is all of that day in the
workspace's zone, against both kinds alike: `due <= today` takes in the whole of today. One that
names an instant (now-2h, "2026-11-23 15:00") is that second; against a day it is its local day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.kinds.base import EQUALITY, Field, InputContext, Key, Locale, one_text
from crmcli.model.kinds.numbers import ORDER, Exact
from crmcli.model.kinds.texts import Text
from crmcli.model.values import (
    Raw,
    Value,
    format_instant,
    parse_date,
    parse_day_of_year,
    parse_instant,
)

if TYPE_CHECKING:
    from crmcli.model.calendar_phrases import When

YEARS = range(1800, 2300)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_AFTER_THAT_SECOND = "~"  # greater than Z, while the next second has a greater digit before it
_AFTER_ALL_DATES = "A"  # greater than every text that begins with a digit


class Day(Exact):
    """A day, as files have it: 2026-11-23."""

    is_day: bool = True
    is_time: bool = True
    operators: tuple[str, ...] = (*EQUALITY, *ORDER)

    def parse_text(self, text: str) -> Value:
        return parse_date(text)

    def _dump(self, value: Any) -> Raw:
        return str(value.isoformat())

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.dates import read_when
        from crmcli.model.local_times import local_day

        when = _one(
            read_when(text, ctx.now, ctx.zone, ctx.date_order, past=self.is_past, day=True), text
        )
        day = local_day(when, ctx.zone) if isinstance(when, datetime) else when
        return _in_our_time(day, text).isoformat()

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        """The same; a spreadsheet may have a day as a number, and no year is guessed in a file."""
        from crmcli.model.local_times import local_day
        from crmcli.model.serial_numbers import read_serial
        from crmcli.model.written_days import yearless

        if yearless(text, "dmy"):
            raise ValueError(tr("{!r} has no year", text))
        serial = read_serial(text, ctx.zone)
        if isinstance(serial, datetime):
            text = str(local_day(serial, ctx.zone)) if self.is_day else format_instant(serial)
        elif serial is not None:
            text = serial.isoformat()
        return self.read(field, text, ctx)

    def key(self, value: Any) -> Key | None:
        return str(value.isoformat()) if value else None

    def span(self, when: When, zone: tzinfo) -> tuple[str, str]:
        from crmcli.model.calendar_phrases import Days
        from crmcli.model.local_times import local_day

        if isinstance(when, Days):
            return when.first.isoformat(), _following(when.last, date.isoformat)
        day = local_day(when, zone) if isinstance(when, datetime) else when
        return day.isoformat(), _following(day, date.isoformat)


class Birthday(Day):
    """A day of which the year may not be known: --04-12. Such a day is neither before nor after another."""

    is_yearless: bool = True

    def parse_text(self, text: str) -> Value:
        return parse_day_of_year(text) if text.startswith("--") else parse_date(text)

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.written_days import yearless

        return yearless(text, ctx.date_order) or super().read(field, text, ctx)

    def read_cell(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.written_days import yearless

        return yearless(text, ctx.date_order) or super().read_cell(field, text, ctx)


class Instant(Day):
    """A moment, as files have it: in UTC, in whole seconds."""

    is_day: bool = False

    def parse_text(self, text: str) -> Value:
        return parse_instant(text)

    def _dump(self, value: Any) -> Raw:
        return format_instant(value)

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.dates import read_when
        from crmcli.model.local_times import to_utc

        when = _one(read_when(text, ctx.now, ctx.zone, ctx.date_order, past=self.is_past), text)
        if not isinstance(when, datetime):
            when = to_utc(when, ctx.closes if field.name == "due" else time(), ctx.zone)
        _in_our_time(when, text)
        return format_instant(when)

    def key(self, value: Any) -> Key | None:
        return format_instant(value) if value else None

    def shortcut(self, raw: Raw) -> list[Key] | None:
        if not isinstance(raw, str) or not _INSTANT.fullmatch(raw):
            return None
        try:
            datetime.fromisoformat(raw)
        except ValueError:
            return None  # the 31st of February
        return [raw]

    def span(self, when: When, zone: tzinfo) -> tuple[str, str]:
        from crmcli.model.calendar_phrases import Days

        if isinstance(when, datetime):
            second = format_instant(when)
            return second, second.replace("Z", _AFTER_THAT_SECOND)
        first, last = when if isinstance(when, Days) else (when, when)
        return _midnight(first, zone), _following(last, lambda day: _midnight(day, zone))

    def show(self, value: object, locale: Locale) -> str | None:
        try:
            moment = value if isinstance(value, datetime) else parse_instant(str(value))
        except ValueError:
            return str(value)
        return locale.instant(moment)


def _one(when: When, text: str) -> date | datetime:
    if isinstance(when, tuple):
        raise ValueError(tr("{!r} is more than a day: from {} to {}", text, when.first, when.last))
    return when


def _in_our_time(day: date, text: str) -> date:
    if day.year not in YEARS:
        raise ValueError(
            tr("{!r} is in the year {}, allowed are {} to {}", text, day.year, YEARS[0], YEARS[-1])
        )
    return day


def _midnight(day: date, zone: tzinfo) -> str:
    from crmcli.model.local_times import to_utc

    return format_instant(to_utc(day, time(), zone))


def _following(day: date, text: Callable[[date], str]) -> str:
    return text(day + timedelta(days=1)) if day < date.max else _AFTER_ALL_DATES


class Length(Text):
    """How long something takes, as files have it: 90m, 2h."""

    metavar: str = "LENGTH"

    def parse(self, raw: Raw) -> Value:
        from crmcli.model.durations import read_length

        text = one_text(raw)
        return read_length(text) if text else ""

    def read(self, field: Field, text: str, ctx: InputContext) -> Raw:
        from crmcli.model.durations import read_length

        return read_length(text)


LENGTH = Length("length")
DATE = Day("date", declared_as="date", metavar="DATE")
BIRTHDAY = Birthday("birthday", metavar="DATE")
DATETIME = Instant("datetime", declared_as="datetime", metavar="TIME")
HAPPENED = Instant("happened", metavar="TIME", is_past=True)
"""The moment of something that was done: no custom field has it."""
