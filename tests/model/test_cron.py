from __future__ import annotations

from datetime import datetime

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.model.cron import check_cron


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "0 9 * * 1",
        "*/5 8-18 1,15 JAN-mar MON-FRI",
        "0 0 1-31/2 * sun",
        "0 9 * * mon-sun",
        "0 9 L * *",
        "0 9 15,l 3,6 *",
        "0 9 * * fri#2",
        "0 9 * * 1#1,1#3",
    ],
)
def test_plain_cron_lines_are_right(text: str) -> None:
    assert check_cron(f"  {text.replace(' ', '  ')} ") == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has 0 fields"),
        ("0 9 * *", "has 4 fields"),
        ("0 0 9 * * *", "has 6 fields"),
        ("@daily", "has 1 fields"),
        ("60 * * * *", "'60' is not valid as the minute"),
        ("* 24 * * *", "'24' is not valid as the hour"),
        ("* * 0 * *", "'0' is not valid as the day of the month"),
        ("* * * 13 *", "'13' is not valid as the month"),
        ("* * * * 8", "'8' is not valid as the day of the week"),
        ("* * * * пн", "is not valid as the day of the week"),
        ("* * * mon *", "'mon' is not valid as the month"),
        ("R * * * *", "'r' is not valid as the minute"),
        ("H H * * *", "'h' is not valid as the minute"),
        ("5-1 * * * *", "runs backwards"),
        ("*/0 * * * *", "a step"),
        ("5/10 * * * *", "a step"),
        ("1,,2 * * * *", "is not valid as the minute"),
        ("- * * * *", "is not valid as the minute"),
        ("L * * * *", "'l' is not valid as the minute"),
        ("0 9 * * L", "'l' is not valid as the day of the week"),
        ("0 9 * * fri#6", "'fri#6' is not valid as the day of the week"),
        ("0 9 5#2 * *", "'5#2' is not valid as the day of the month"),
        ("٣ * * * *", "is not valid as the minute"),
    ],
)
def test_everything_else_is_refused_by_the_field(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_cron(text)


@pytest.mark.parametrize("last", ["5L", "friL", "Lfri", "L5", "FRI#L", "l-5"])
def test_the_last_weekday_of_a_month_in_every_spelling(last: str) -> None:
    line = check_cron(f"0 9 * * {last}")
    assert line == "0 9 * * L5"
    assert croniter(line, datetime(2026, 11, 23)).get_next(datetime) == datetime(2026, 11, 27, 9)


def field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    ranges = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.tuples(st.just("*") | ranges, st.integers(1, 30)).map(lambda p: f"{p[0]}/{p[1]}")
    part = st.just("*") | number.map(str) | ranges | steps
    return st.lists(part, min_size=1, max_size=3).map(",".join)


@settings(max_examples=200, deadline=None)
@given(st.tuples(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7)).map(" ".join))
def test_what_is_right_the_schedule_can_read(text: str) -> None:
    assert check_cron(text) == text
    assert croniter(text, datetime(2026, 11, 23)).get_next(datetime)  # by the wall
