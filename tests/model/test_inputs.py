from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.errors import BadUsage
from crmcli.model.amounts import read_money, read_number
from crmcli.model.fields import Field
from crmcli.model.kinds import InputContext, kind_of
from crmcli.model.schema import Schema
from crmcli.model.user import User
from crmcli.model.values import Raw, TwoReadings, Value

NOW = datetime(
    2026, 11, 23, 22, 30, tzinfo=UTC
)  # in Moscow it is half past one on Tuesday, the 24th
CTX = InputContext(
    now=NOW,
    zone=ZoneInfo("Europe/Moscow"),
    directories={"sources": {"web": "Сайт", "call": "Звонок", "ads": "Реклама"}, "industries": {}},
    users={
        "anna": User("anna", "Анна Котова", "anna@romashka.ru"), "boris": User("boris", "Борис", "b@romashka.ru"),
        "anna2": User("anna2", "Анна Белова"), "boris2": User("boris2", "борис"),
    },
)  # fmt: skip
NBSP, NARROW = "\u00a0", "\u202f"


def read(kind: str, text: str, ctx: InputContext = CTX, **more: object) -> Raw:
    return Field("field", kind_of(kind), **more).read(text, ctx)  # type: ignore[arg-type]  # of Field


# --- dates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", "2026-11-23"), ("23.11.2026", "2026-11-23"), ("3.1.2027", "2027-01-03"), ("2026.01.03", "2026-01-03"),
        ("today", "2026-11-24"), ("Сегодня", "2026-11-24"), ("tomorrow", "2026-11-25"), ("завтра", "2026-11-25"),
        ("yesterday", "2026-11-23"), ("вчера", "2026-11-23"), ("послезавтра", "2026-11-26"), ("now", "2026-11-24"),
        ("+3d", "2026-11-27"), ("+2w", "2026-12-08"), ("-1d", "2026-11-23"), ("today+7d", "2026-12-01"), ("+ 3d", "2026-11-27"),
        ("wed", "2026-11-25"), ("tuesday", "2026-12-01"), ("вт", "2026-12-01"), ("понедельник", "2026-11-30"),
        ("в пятницу", "2026-11-27"), ("во вторник", "2026-12-01"), ("on Friday", "2026-11-27"),
        ("23.11.2026 0:00:00", "2026-11-23"), ("2026-11-23T22:00:00Z", "2026-11-24"), ("29.02.2024", "2024-02-29"),
    ],
)  # fmt: skip
def test_dates(text: str, expected: str) -> None:
    assert read("date", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23 15:00", "2026-11-23T12:00:00Z"), ("23.11.2026 15:00", "2026-11-23T12:00:00Z"),
        ("2026-11-23T15:00", "2026-11-23T12:00:00Z"), ("23.11.2026, 9:05:07", "2026-11-23T06:05:07Z"),
        ("завтра 15:00", "2026-11-25T12:00:00Z"), ("завтра в 15:00", "2026-11-25T12:00:00Z"),
        ("fri at 9:30 AM", "2026-11-27T06:30:00Z"), ("+1W 9:00", "2026-12-01T06:00:00Z"), ("Today+2D в 9:00", "2026-11-26T06:00:00Z"),
        ("today-1d, 9:00pm", "2026-11-23T18:00:00Z"), ("tomorrow 12:00 pm", "2026-11-25T09:00:00Z"),
        ("today 12:15am", "2026-11-23T21:15:00Z"), ("15:00", "2026-11-24T12:00:00Z"),
        ("2026-11-23T15:00:00Z", "2026-11-23T15:00:00Z"), ("2026-11-23T15:00:00.999+05:00", "2026-11-23T10:00:00Z"),
        ("2024-08-13T18:04:34.666+00:00", "2024-08-13T18:04:34Z"), ("2026-11-23 15:00 +0300", "2026-11-23T12:00:00Z"),
        ("now", "2026-11-23T22:30:00Z"), ("+2h", "2026-11-24T00:30:00Z"), ("+90m", "2026-11-24T00:00:00Z"),
        ("now-1d", "2026-11-22T22:30:00Z"), ("2026-11-23", "2026-11-22T21:00:00Z"), ("+3d", "2026-11-26T21:00:00Z"),
        ("01.07.1999 12:00", "1999-07-01T08:00:00Z"),
    ],
)  # fmt: skip
def test_times_are_the_workspaces(text: str, expected: str) -> None:
    assert read("datetime", text) == expected


def test_a_deadline_without_a_time_is_the_end_of_that_days_work() -> None:
    due = Field("due", kind_of("datetime"))
    assert due.read("завтра", CTX) == "2026-11-25T15:00:00Z"
    assert due.read("завтра 10:00", CTX) == "2026-11-25T07:00:00Z"
    late = InputContext(now=NOW, zone=CTX.zone, closes=time(20, 30))
    assert due.read("+1d", late) == "2026-11-25T17:30:00Z"


def test_clock_changes() -> None:
    berlin = InputContext(now=NOW, zone=ZoneInfo("Europe/Berlin"))
    assert (
        read("datetime", "2026-03-29 02:30", berlin) == "2026-03-29T01:30:00Z"
    )  # 03:30 there: 02:30 is skipped
    assert (
        read("datetime", "2026-10-25 02:30", berlin) == "2026-10-25T00:30:00Z"
    )  # the first of the two
    before = InputContext(now=datetime(2026, 3, 28, 11, 0, tzinfo=UTC), zone=berlin.zone)
    assert (
        read("datetime", "now+1d", before) == "2026-03-29T10:00:00Z"
    )  # noon again, 23 hours later
    assert read("datetime", "+24h", before) == "2026-03-29T11:00:00Z"


def test_slashes_need_an_order() -> None:
    with pytest.raises(ValueError, match="may be day/month or month/day"):
        read("date", "03/04/2026")
    for order, expected in (("dmy", "2026-04-03"), ("mdy", "2026-03-04")):
        ctx = InputContext(now=NOW, zone=CTX.zone, date_order=order)
        assert read("date", "03/04/2026", ctx) == expected
        assert read("date", "3-4-2026", ctx) == expected
        assert read("date", "03.04.2026", ctx) == "2026-04-03"
        assert read("date", "2026-03-04", ctx) == "2026-03-04"
    mdy = InputContext(now=NOW, zone=CTX.zone, date_order="mdy")
    assert read("datetime", "11/23/2026 03:00 PM", mdy) == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("31.02.2026", "is not a calendar day"), ("2026-13-01", "is not a calendar day"),
        ("скоро", "'скоро' is not a date, write 2026-11-23"), ("23.11", "is not a date"), ("23.11.126", "is not a date"),
        ("20261323", "is not a calendar day"), ("01.01.0001", "is in the year 1, allowed are 1800 to 2299"),
        ("20226-11-23", "is not a date"), ("+3z", "is not a date"), ("2026", "is more than a day"), ("прошлый месяц", "is more than a day"), ("today 25:00", "is not a time of day"),
        ("2026-11-23 13:00 pm", "is not a time of day"), ("+99999w", "is in the year 3943"), ("0:70", "is not a time of day"),
        ("-99999w", "is in the year 1"), ("2026-11-23 15:00 мск", "is not a time like 15:00"), ("today+", "is not a date"),
    ],
)  # fmt: skip
def test_what_is_no_date(text: str, why: str) -> None:
    for kind in ("date", "datetime"):
        with pytest.raises(ValueError, match=why):
            read(kind, text)


# --- numbers and money -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 234,56", "1234.56"), ("1,234.56", "1234.56"), ("1.234.567,89", "1234567.89"), ("1234.5", "1234.50"),
        (f"1{NBSP}234{NBSP}567,8", "1234567.80"), (f"1{NARROW}234", "1234"), ("1'234.50", "1234.50"),
        ("1,23,456", "123456"), ("1,234,567", "1234567"), ("0,5", "0.50"), (".5", "0.50"), ("5.", "5"), ("007", "7"),
        ("100000.00", "100000"), ("-5", "-5"), ("\u22125", "-5"), ("-0", "0"), ("0", "0"),
        ("1 234,56 ₽", "1234.56"), (f"520501{NBSP}руб.", "520501"), ("5 р.", "5"), ("5руб", "5"), ("RUB 5", "5"),
        ("$1,500.00", "1500"), ("-$5", "-5"), ("€ 5", "5"), ("5 eur", "5"), ("5 USD", "5"),
    ],
)  # fmt: skip
def test_money(text: str, expected: str) -> None:
    assert read("money", text) == expected
    assert read("money", expected) == expected


def test_the_currency_beside_an_amount_can_be_had() -> None:
    assert read_money("1 500 ₽") == (Decimal(1500), "RUB")
    assert read_money("$5") == (Decimal(5), "USD")
    assert read_money("5 р.") == read_money("rub 5") == (Decimal(5), "RUB")
    assert read_money("5") == (Decimal(5), "")


@pytest.mark.parametrize(
    "text",
    ["", "много", "12 34", "1.234,567.8", "1e5", "5 kg", "5 тыщ", "k5", "$5 €", "1-2", "--5", "٣", "5%", "NaN", "inf", "1.5 руб лей", "1,234 567"],
)  # fmt: skip
def test_what_is_no_money(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not an? (amount|number) like"):
        read_money(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 234,5", "1234.5"), ("1.2345", "1.2345"), ("0,125", "0.125"), ("12.50", "12.5"), ("100", "100"), ("1 000,000", "1000"),
        ("12,3456", "12.3456"), ("20%", "20"), ("1 234,567", "1234.567"), ("-0.0", "0"), ("1200", "1200"),
    ],
)  # fmt: skip
def test_numbers(text: str, expected: str) -> None:
    assert read("number", text) == expected
    assert read("number", expected) == expected


def test_a_number_that_may_be_either_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'1,500' may be 1500 or 1\.5000: write one of them"):
        read_number("1,500")
    with pytest.raises(TwoReadings, match=r"'250\.000' may be 250000 or 250\.00: write one"):
        read_money("250.000")
    assert read_money("250.000", ",") == (Decimal(250000), "")
    assert read_money("250.000", ".") == (Decimal(250), "")


def test_a_number_may_be_so_long() -> None:
    assert read_money("1 234 567 890 123 456,78")[0] == Decimal("1234567890123456.78")
    with pytest.raises(ValueError, match="more than 18 digits"):
        read_number("1234567890123456789")
    with pytest.raises(ValueError, match="more than 16 digits before the point"):
        read_money("123456789012345678")
    with pytest.raises(ValueError, match="more than two decimals"):
        read_money("1 234,567")


@given(
    st.decimals(-(10**12), 10**12, places=2),
    st.sampled_from([" ", NBSP, NARROW, "'", ""]),
    st.sampled_from(",."),
)
def test_money_is_read_as_it_is_grouped(amount: Decimal, group: str, point: str) -> None:
    text = f"{amount:,.2f}".replace(",", "_").replace(".", point).replace("_", group)
    assert read_money(text)[0] == amount


# --- phones and addresses --------------------------------------------------------------------


def test_phones() -> None:
    assert read("phones", "8 (912) 345-67-89 доб. 12, mobile:+7 916 123-45-67\n495 1234567") == [
        {"value": "+79123456789", "ext": "12"},
        {"value": "+79161234567", "type": "mobile"},
        {"value": "+74951234567"},
    ]
    american = InputContext(now=NOW, zone=CTX.zone, country="US")
    assert read("phones", "(415) 293-3313", american) == [{"value": "+14152933313"}]


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("phones", "нет", "'нет' is not a phone number"),
        ("phones", "mobil:+79161234567", "'mobil' is not a type of phone; did you mean 'mobile'"),
        ("emails", "нет почты", "'нет почты' is not an e-mail address"),
        ("emails", "hom:a@b.ru", "'hom' is not a type of e-mail; did you mean 'home'"),
        ("emails", "a@b.ru, c@", "'c@' is not an e-mail address"),
        ("url", "ромашка", "'ромашка' is not a web address"),
    ],
)
def test_addresses_that_are_none(kind: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(kind, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna.K+crm@Romashka.RU", "Anna.K+crm@romashka.ru"), ("иван@Почта.рф", "иван@почта.рф"),
        ("mailto:a@b.ru", "a@b.ru"), ("Анна Котова <anna@b.ru>", "anna@b.ru"), ("a@xn--80a1acny.xn--p1ai", "a@почта.рф"),
        ("o'brien@b.co.uk", "o'brien@b.co.uk"),
    ],
)  # fmt: skip
def test_an_email(text: str, expected: str) -> None:
    assert read("emails", text) == [{"value": expected}]
    assert read("emails", f"home:{expected}") == [{"value": expected, "type": "home"}]


@pytest.mark.parametrize(
    "text",
    ["a", "a@b", "@b.ru", "a@@b.ru", "a@b@c.ru", "a b@c.ru", "a@b..ru", "a@.ru", "a@b.ru.", "a@-b.ru", "a@b-.ru", "a..b@c.ru",
     ".a@b.ru", "a.@b.ru", "a@b_c.ru", "a@b.ru>", f"{'a' * 250}@b.ru", "a@b,ru"],
)  # fmt: skip
def test_what_is_no_email(text: str) -> None:
    with pytest.raises(ValueError, match="is not an e-mail address"):
        read("emails", text)


def test_several_emails_in_one_cell() -> None:
    expected = [{"value": "a@b.ru"}, {"value": "c@d.ru", "type": "home"}]
    for text in (
        "a@b.ru, home:c@d.ru",
        "a@b.ru; home: c@d.ru;",
        "a@b.ru home:c@d.ru",
        "a@b.ru\nhome:c@d.ru\nA@B.RU",
    ):
        assert read("emails", text) == expected
    named = read("emails", "Анна Котова <a@b.ru>, Борис <c@d.ru>")
    assert [e["value"] for e in named if isinstance(e, dict)] == ["a@b.ru", "c@d.ru"]


def test_web_addresses_stay_as_they_are() -> None:
    assert read("url", "https://Romashka.ru/О-нас?a=1") == "https://Romashka.ru/О-нас?a=1"
    assert read("urls", "romashka.ru, http://ромашка.рф  romashka.ru") == [
        "romashka.ru",
        "http://ромашка.рф",
    ]


# --- lists of values -------------------------------------------------------------------------


def test_a_directory_takes_ids_and_labels() -> None:
    for text in ("web", "Сайт", "сайт", "WEB"):
        assert read("text", text, directory="sources") == "web"
    with pytest.raises(ValueError, match="is not one of sources") as caught:
        read("text", "Рекламма", directory="sources")
    assert str(caught.value) == (
        "'Рекламма' is not one of sources; did you mean 'Реклама'? allowed: web (Сайт), call (Звонок), ads (Реклама)"
    )


@pytest.mark.parametrize("directory", ["industries", "nowhere", ""])
def test_a_directory_that_is_not_declared_allows_anything(directory: str) -> None:
    assert read("text", "Торговля", directory=directory) == "Торговля"


def test_choices() -> None:
    assert read("choice", "СЕВЕР", choices=("Север", "юг")) == "Север"
    assert read("choices", "юг; север, юг", choices=("Север", "юг")) == ["Север", "юг"]
    with pytest.raises(
        ValueError, match="'запад' is not one of the choices of field; allowed: Север, юг"
    ):
        read("choices", "юг, запад", choices=("Север", "юг"))


def test_a_long_list_of_allowed_values_is_cut() -> None:
    with pytest.raises(ValueError, match=r"v19, …$"):
        read("choice", "?", choices=tuple(f"v{n}" for n in range(500)))


@pytest.mark.parametrize(
    "text", ["anna", "ANNA", "Анна Котова", "анна  котова", "Anna@Romashka.ru"]
)
def test_users(text: str) -> None:
    assert read("user", text) == "anna"


def test_users_that_are_none_or_two() -> None:
    with pytest.raises(
        ValueError,
        match=r"'ana' is not one of the users; did you mean 'anna'\? allowed: anna \(Анна Котова\)",
    ):
        read("user", "ana")
    with pytest.raises(ValueError, match="'БОРИС' may be boris or boris2"):
        read("user", "БОРИС")
    assert read("user", "кто угодно", InputContext(now=NOW, zone=CTX.zone)) == "кто угодно"


def test_tags_are_sorted_and_unique() -> None:
    assert read("tags", "опт, VIP;опт\nб") == ["VIP", "б", "опт"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("yes", "yes"), ("Да", "yes"), ("TRUE", "yes"), ("1", "yes"), ("no", "no"), ("нет", "no"), ("false", "no"), ("0", "no")],
)  # fmt: skip
def test_yes_and_no(text: str, expected: str) -> None:
    assert read("bool", text) == expected


def test_neither_yes_nor_no() -> None:
    with pytest.raises(ValueError, match="'maybe' is neither yes nor no"):
        read("bool", "maybe")


def test_currencies() -> None:
    assert [read("currency", text) for text in ("rub", "₽", "руб.", "$", "€", "KZT")] == [
        "RUB", "RUB", "RUB", "USD", "EUR", "KZT"]  # fmt: skip
    names = ("Рубль", "Российский рубль", "Доллар США", "Евро")
    assert [read("currency", text) for text in names] == ["RUB", "RUB", "USD", "EUR"]
    with pytest.raises(ValueError, match="is not a currency; codes are those of ISO 4217"):
        read("currency", "монеты")


# --- the rest --------------------------------------------------------------------------------


def test_an_inn_is_checked_by_its_digits() -> None:
    assert read("inn", "7707 083893") == "7707083893"
    assert read("inn", "500100732259") == "500100732259"
    for wrong in ("7707083894", "770708389", "ИНН"):
        with pytest.raises(
            ValueError, match=r"is not an INN: 10 digits|the check digits are wrong"
        ):
            read("inn", wrong)
    assert (
        read("inn", "190190190", InputContext(now=NOW, zone=CTX.zone, country="BY")) == "190190190"
    )


def test_links_are_ids_of_the_right_entity() -> None:
    assert read("link", "company-0000000a", entities=("company",)) == "company-0000000a"
    assert read("links", "deal-0000000a, lead-0000000b", entities=("lead", "deal")) == [
        "deal-0000000a",
        "lead-0000000b",
    ]
    with pytest.raises(
        ValueError, match="'contact-0000000a' is not the id of a company, like company-7k3qf2m9"
    ):
        read("link", "contact-0000000a", entities=("company",))
    with pytest.raises(ValueError, match="'Ромашка' is not the id of a lead or deal"):
        read("links", "Ромашка", entities=("lead", "deal"))
    with pytest.raises(ValueError, match="'Ромашка' is not the id of a record"):
        read("link", "Ромашка")
    assert read("companies", "company-0000000a: директор, company-0000000b") == [
        {"company": "company-0000000a", "role": "директор"}, {"company": "company-0000000b"}]  # fmt: skip


def test_utm() -> None:
    expected = {"source": "yandex", "medium": "cpc"}
    assert read("utm", "medium=cpc, source=yandex, term=") == expected
    assert read("utm", "utm_source=yandex&utm_medium=cpc") == expected
    with pytest.raises(
        ValueError, match="'sourse=x' is not like source=yandex; did you mean 'source'"
    ):
        read("utm", "sourse=x")


@pytest.mark.parametrize("kind", ["consents", "files", "converted", "id"])
def test_what_is_not_written_as_text(kind: str) -> None:
    with pytest.raises(ValueError, match="field cannot be written as text"):
        read(kind, "x")


def test_text_is_one_line_in_composed_letters() -> None:
    assert read("text", "\ufeff Ри\u0306га \r\n и\tЕ\u0308лка ") == "Рйга и Ёлка".replace("й", "й")
    assert read("note", " первая\r\nвторая\u2028третья ") == "первая\nвторая\nтретья"


@pytest.mark.parametrize("kind", ["text", "note", "emails", "date", "tags", "user", "phones"])
@pytest.mark.parametrize("bad", ["\x00", "\x1b[31m", "\x07", "\x9b", "\ud800"])
def test_control_characters_are_refused(kind: str, bad: str) -> None:
    with pytest.raises(ValueError, match=r"control character U\+"):
        read(kind, f"а{bad}б")


@pytest.mark.parametrize(
    "kind", ["text", "date", "money", "phones", "tags", "bool", "utm", "link", "lines"]
)
def test_nothing_clears_a_field(kind: str) -> None:
    assert read(kind, "  ") == ""


@pytest.mark.parametrize("kind", ["tags", "urls", "emails", "links", "companies", "choices"])
def test_separators_alone_are_nothing(kind: str) -> None:
    text = "\n , ;" if kind != "emails" else "\n"
    assert read(kind, text) == ""


ALL = tuple(
    field
    for entity in ("lead", "company", "contact", "deal", "task", "offer", "invoice")
    for field in Schema().fields(entity)
)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(ALL),
    st.one_of(
        st.text(max_size=20), st.from_regex(r"[-+0-9 .,:/]{1,20}", fullmatch=True),
        st.sampled_from(["завтра 15:00", "8 916 123-45-67 доб. 5", "a@b.ru, c@d.ru", "1 234,50 ₽", "да", "web", "deal-0000000a",
                         "utm_source=x", "company-0000000a: директор", "2026-11-23T10:00:00Z", "+5h", "RUB", "a.ru b.ru"]),
    ),
)  # fmt: skip
def test_what_is_read_is_canonical_and_read_again_the_same(field: Field, text: str) -> None:
    try:
        raw = field.read(text, CTX)
    except (ValueError, BadUsage):
        return
    value: Value = field.kind.parse(raw)
    said = field.kind.dump(value)
    if isinstance(raw, list) and isinstance(said, list):  # a type that is not said is read as work
        assert [
            {**was, **now} if isinstance(was, dict) else was
            for was, now in zip(said, raw, strict=True)
        ] == said
    else:
        assert said == raw
    if isinstance(raw, str):
        assert field.read(raw, CTX) == raw
