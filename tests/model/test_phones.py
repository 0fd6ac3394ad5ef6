from __future__ import annotations

import csv
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.model.kinds import PHONE_TYPES
from crmcli.model.phones import _read, key, parse_phones
from crmcli.model.values import Phone


def one(text: str, country: str = "RU") -> str:
    (phone,) = parse_phones(text, country)
    return str(phone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("89161234567", "+79161234567"),
        ("+7 916 123-45-67", "+79161234567"),
        ("79161234567", "+79161234567"),
        ("9161234567", "+79161234567"),
        ("8 (912) 345-67-89", "+79123456789"),
        ("8-495-123-45-67", "+74951234567"),
        ("495 123 45 67", "+74951234567"),
        ("8 800 555-35-35", "+78005553535"),
        ("+8 916 123-45-67", "+79161234567"),
        ("(+7 916) 123-45-67", "+79161234567"),
        ("+7 (8495) 123-45-67", "+74951234567"),
        ("+7 701 123 45 67", "+77011234567"),
        ("+375 29 123-45-67", "+375291234567"),
        ("375 29 123-45-67", "+375291234567"),
        ("810375291234567", "+375291234567"),
        ("00375291234567", "+375291234567"),
        ("380441234567", "+380441234567"),
        ("+1 415 293 3313", "+14152933313"),
        ("14152933313", "+14152933313"),
        ("1-955-371-0847", "+19553710847"),
        # ten digits without a prefix are no foreigner's, and Russian only if there is such a code
        ("(415) 293-3313", "+74152933313"),
        ("(955) 371-0847", "+79553710847"),
        ("8 (441) 954-51-72", "+74419545172"),
        ("112", "112"),
        ("*100#", "*100#"),
        ("\u202a+7\u00a0916\u00a0123\u201145\u201167\u202c", "+79161234567"),
    ],
)
def test_reads_what_is_written_in_russia(text: str, expected: str) -> None:
    assert one(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1-955-371-0847 x371", "+19553710847 x371"),
        ("(955) 371-0847", "+19553710847"),
        ("(441) 954-5172", "+14419545172"),
        ("262.397.7937", "+12623977937"),
        ("1 (415) 293-3313 x58321", "+14152933313 x58321"),
        ("+7 916 123-45-67", "+79161234567"),
        ("375291234567", "+375291234567"),
    ],
)
def test_reads_what_is_written_in_america(text: str, expected: str) -> None:
    assert one(text, "US") == expected


def test_a_trunk_prefix_of_elsewhere_is_no_country_code() -> None:
    with pytest.raises(ValueError, match="is not a phone number"):
        parse_phones("8-495-123-45-67", "US")  # not +84 95… in Vietnam


def test_where_numbers_have_many_lengths_a_valid_foreign_number_comes_first() -> None:
    assert one("380441234567", "DE") == "+380441234567"
    assert one("030 901820", "DE") == "+4930901820"
    assert one("8 029 123-45-67", "BY") == "+375291234567"
    assert one("020 7946 0958", "GB") == one("+44 (0)20 7946 0958", "RU") == "+442079460958"


@pytest.mark.parametrize("country", ["", "XX", "RU"])
def test_a_number_with_a_plus_needs_no_country(country: str) -> None:
    assert one("+7 916 123-45-67", country) == "+79161234567"


def test_without_a_country_only_whole_numbers_can_be_read() -> None:
    assert one("7 916 123-45-67", "") == "+79161234567"
    with pytest.raises(ValueError, match="is not a phone number"):
        parse_phones("8 916 123-45-67", "")


@pytest.mark.parametrize(
    "extension",
    ["доб. 12", "доб.12", "доб 12", "Доб.: 12", "добавочный 12", "(доб. 12)", ", доб. 12", "; доб 12", "доб. № 12",
     "внутр. 12", "внутренний 12", "вн.12", "ext 12", "ext. 12", "Extension 12", ";ext=12", "x12", "x 12", "х12", "#12"],
)  # fmt: skip
def test_extensions(extension: str) -> None:
    assert parse_phones(f"8 (912) 345-67-89 {extension}", "RU") == (Phone("+79123456789", "12"),)


@pytest.mark.parametrize(
    "separator", [", ", "; ", ";", "/", " / ", "\n", "\r\n", " или ", " ИЛИ ", " or ", " | "]
)
def test_several_numbers_in_one_cell(separator: str) -> None:
    text = f"8 912 345-67-89 доб. 12{separator}+375 29 123-45-67{separator}89123456789 x12"
    assert [str(p) for p in parse_phones(text, "RU")] == ["+79123456789 x12", "+375291234567"]


def test_two_numbers_with_a_plus_need_no_separator() -> None:
    numbers = parse_phones("+7 916 123-45-67 +7 903 123-45-67", "RU")
    assert [str(p) for p in numbers] == ["+79161234567", "+79031234567"]


def test_words_before_a_number_say_its_type() -> None:
    text = "моб.: 8 916 123-45-67, раб. 8-495-123-45-67, home:+375291234567, тел. 8 903 1234567, т/факс 84951234568"
    phones = parse_phones(text, "RU")
    assert [p.type for p in phones] == ["mobile", "work", "home", "work", "fax"]
    assert {p.type for p in phones} <= set(PHONE_TYPES)
    assert parse_phones("tel:+7-916-123-45-67;ext=12", "RU") == (Phone("+79161234567", "12"),)


@pytest.mark.parametrize(
    "text",
    ["нет", "abc", ".", "()", "--", "12", "262.397.7937", "(441) 954-5172", "６５８１２３４５６７", "/", "моб", "доб. 12", "123-45-67", "310-00-00-0", "31000000", "+7 916 123-45-6", "+7 916 123-45-67-89",
     "8 916 123-45-67 Иван", "89161234567 89031234567", "8 916 123-45-67, 68", "12.03.2026", "a@b.ru", "+", "8 916\x00 1234567"],
)  # fmt: skip
def test_what_is_no_number_is_refused_whole(text: str) -> None:
    with pytest.raises(ValueError, match="is not a phone number"):
        parse_phones(text, "RU")


def test_nothing_is_no_number_and_no_error() -> None:
    assert parse_phones("  ", "RU") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8 (912) 345-67-89 доб. 12", "79123456789"), ("+79123456789 x12", "79123456789"),
        ("+79123456789", "79123456789"), ("123-45-67", "1234567"), ("нет", ""), ("", ""),
        ("+7 912", "7912"),
    ],
)  # fmt: skip
def test_numbers_are_compared_by_their_digits(text: str, expected: str) -> None:
    assert key(text, "RU") == expected


def test_the_tables_of_numbers_are_only_loaded_for_a_number() -> None:
    code = (
        "import sys; from crmcli.model import phones, kinds; from crmcli.model.conditions import grammar; phones.key('+79161234567', 'RU');"
        "grammar.parse('phone = 89161234567'); assert 'phonenumbers' not in sys.modules; "
        "phones.parse_phones('89161234567', 'RU'); assert 'phonenumbers' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_numbers_of_a_real_export() -> None:
    rows = csv.reader(
        [
            "1-365-756-9410 x4781,(980) 494-7423,262.397.7937",
            "555-123-4567 x12345,555.987.6543 x1,+1 555 111 2222",
        ]
    )
    found = [one(cell, "US") for row in rows for cell in row]
    assert found == ["+13657569410 x4781", "+19804947423", "+12623977937",
                     "+15551234567 x12345", "+15559876543 x1", "+15551112222"]  # fmt: skip


numbers = st.one_of(
    st.from_regex(r"(\+|8|00|810|\+7|\+375|1)?[-. ()]?[0-9]{3}[-. )][0-9]{3,4}[- .]?[0-9]{2,5}", fullmatch=True),
    st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True),
)  # fmt: skip
extensions = st.sampled_from(["", " доб. 12", " x0007", " ext 5"])
countries = st.sampled_from(["RU", "US", "BY", "KZ", "DE", "IT", "GB", "AR", "CN", ""])


@settings(max_examples=250, deadline=None)
@given(numbers, extensions, countries, countries)
def test_a_number_once_read_stays_what_it_is(
    text: str, ext: str, country: str, elsewhere: str
) -> None:
    try:
        phones = parse_phones(text + ext, country)
    except ValueError:
        return
    for phone in phones:
        assert parse_phones(str(phone), elsewhere) == (phone,)
        assert key(str(phone), elsewhere) == phone.value[1:]


@settings(max_examples=200, deadline=None)
@given(numbers, countries)
def test_no_digit_is_lost_but_a_zero_that_is_not_dialled_from_abroad(
    text: str, country: str
) -> None:
    try:
        (phone,) = parse_phones(text, country)
    except ValueError:
        return
    digits = "".join(c for c in text if c in "123456789")
    left = iter(phone.value)  # a numbering plan may put one between: +672 00000 is +672 3 00000 now
    assert all(digit in left for digit in digits[-6:])


def test_a_numbering_plan_may_put_a_digit_between() -> None:
    assert parse_phones("+67200000", "RU") == (Phone("+672300000"),)


@given(st.integers(0, 10**9 - 1))
def test_russian_mobile_numbers_are_what_the_tables_say(number: int) -> None:
    text = f"+79{number:09}"
    assert _read(text, "") == text
    assert parse_phones(f"+7 ({text[2:5]}) {text[5:]}", "KZ") == (Phone(text),)
