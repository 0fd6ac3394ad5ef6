from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.model.durations import Duration, parse_duration
from crmcli.model.values import (
    Phone,
    entity_of,
    fold,
    format_decimal,
    format_instant,
    parse_date,
    parse_decimal,
    parse_instant,
    parse_money,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Ёлка\n\tи  ЕЛЬ ", "елка и ель"), ("ПРИВЕТ", "привет"), ("Straße", "strasse"), ("Ｒｏｍ№", "romno"),
        ("и\u0306", "й"), ("е\u0308", "е"), ("\u00a0", ""), ("", ""),
    ],
)  # fmt: skip
def test_fold(text: str, expected: str) -> None:
    assert fold(text) == expected


@given(st.text())
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(f" {text}\n") == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deal-7k3qf2m9", "deal"), ("company-00000000", "company"), ("deal-7k3qf2m", ""), ("deal-7k3qf2ml", ""),
        ("deal-7k3qf2mi", ""), ("Deal-7k3qf2m9", ""), ("invoices-7k3qf2m9", ""), ("deal-7k3qf2m9\n", ""), ("", ""),
    ],
)  # fmt: skip
def test_entity_of(text: str, expected: str) -> None:
    assert entity_of(text) == expected


def test_instants_are_utc_in_whole_seconds() -> None:
    moscow = datetime(2026, 11, 23, 12, 0, 0, 999_999, ZoneInfo("Europe/Moscow"))
    assert format_instant(moscow) == "2026-11-23T09:00:00Z"
    assert parse_instant("2026-11-23T12:00:00+03:00") == datetime(2026, 11, 23, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="has no time zone"):
        parse_instant("2026-11-23T12:00:00")
    with pytest.raises(ValueError, match="soon"):
        parse_instant("soon")


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_read_as_it_was_written(moment: datetime) -> None:
    assert parse_instant(format_instant(moment)) == moment.replace(microsecond=0)


def test_dates() -> None:
    assert parse_date("2026-11-23") == date(2026, 11, 23)
    for wrong in ("20261123", "2026-W48-1", "23.11.2026", "2026-02-30", "2026-11-23T00:00:00Z", ""):
        with pytest.raises(ValueError):
            parse_date(wrong)


@pytest.mark.parametrize("text", ["0", "-1", "1200.50", "007", "123456789012345", "0.0000000001"])
def test_a_decimal_keeps_its_digits(text: str) -> None:
    assert format_decimal(parse_decimal(text)).lstrip("-0") == text.lstrip("-0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,5",
        "1e5",
        "+1",
        ".5",
        "5.",
        " 5",
        "NaN",
        "1234567890123456789",
        "12345678901234.12345",
        "٣",
    ],
)
def test_what_is_no_canonical_decimal(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number like"):
        parse_decimal(text)


def test_money_has_at_most_two_decimals() -> None:
    assert parse_money("10.50") == Decimal("10.5")
    assert parse_money("10.500") == Decimal("10.5")
    with pytest.raises(ValueError, match="more than two decimals"):
        parse_money("10.505")


def test_decimals_are_written_without_exponents() -> None:
    assert format_decimal(Decimal("1E+5")) == "100000"
    assert format_decimal(Decimal("1E-7")) == "0.0000001"


def test_durations() -> None:
    assert parse_duration(" 10m ") == Duration(10, "m")
    assert str(parse_duration("3d")) == "3d"
    for wrong in ("", "3", "d", "3  d", "3z", "-3d", "100000d", "1.5h"):
        with pytest.raises(ValueError, match="is not a time like 10m"):
            parse_duration(wrong)


def test_a_phone_is_shown_with_its_extension() -> None:
    assert str(Phone("+79161234567")) == "+79161234567"
    assert str(Phone("+79161234567", "12", "mobile")) == "+79161234567 x12"
