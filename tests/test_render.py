"""Templates: what they write, what they refuse, and that nothing in them can hang, grow or get out."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.model.values import parse_day_of_year
from crmcli.render import Renderer, Style, TemplateFailed, limits
from crmcli.render.mail_text import forbidden_in_header
from crmcli.render.words import amount_in_words

NB = "\u00a0"
RU = Style("ru", "RUB", ZoneInfo("Europe/Moscow"))
EN = Style("en", "EUR", ZoneInfo("Europe/London"))
LEAD = {
    "name": "Кровля",
    "first_name": "Анна",
    "amount": Decimal("1234.5"),
    "close_by": date(2026, 11, 23),
    "created_at": datetime(2026, 11, 23, 21, 30, tzinfo=UTC),
    "comment": "",
    "tags": ["vip", "сайт"],
    "phones": [{"value": "+79123456789", "ext": "12", "type": "work"}],
    "none": None,
    "yes": True,
    "html": "<b>&",
    "lines": [
        {"name": "Монтаж", "price": Decimal("10.10")},
        {"name": "Доставка", "price": Decimal(5)},
    ],
}
NAMES = {"lead": LEAD, "us": {"name": "Скатная линия"}}


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str], Renderer]:
    """Write a template and get the renderer of its folder."""

    def write(path: str, text: str) -> Renderer:
        place = tmp_path / "templates" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        return Renderer(tmp_path / "templates", RU)

    return write


def inline(source: str, names: object = None, style: Style = RU) -> str:
    chosen = NAMES if names is None else names
    assert isinstance(chosen, dict)
    return Renderer(Path("templates"), style).render_inline(
        source, chosen, "pipelines.yaml, robot call"
    )


def refusal(source: str, names: object = None) -> TemplateFailed:
    with pytest.raises(TemplateFailed) as caught:
        inline(source, names)
    return caught.value


# --- filters --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "amount", "currency", "text"),
    [
        (RU, "1234.56", "", f"1{NB}234,56{NB}₽"),
        (RU, "0", "RUB", f"0,00{NB}₽"),
        (RU, "-1000000", "USD", f"-1{NB}000{NB}000,00{NB}$"),
        (RU, "0.005", "RUB", f"0,01{NB}₽"),
        (RU, "12", "KGS", f"12,00{NB}KGS"),
        (EN, "1234.56", "", "€1,234.56"),
        (EN, "-5", "USD", "-$5.00"),
        (EN, "1234.5", "RUB", f"RUB{NB}1,234.50"),
    ],
)
def test_money(style: Style, amount: str, currency: str, text: str) -> None:
    assert style.money(Decimal(amount), currency) == text


def test_dates() -> None:
    day = date(2026, 11, 3)
    assert (RU.date(day), RU.date(day, "long")) == ("03.11.2026", "3 ноября 2026")
    assert (EN.date(day), EN.date(day, "long")) == ("3 Nov 2026", "3 November 2026")
    assert RU.date("2026-11-23") == "23.11.2026"


def test_a_day_without_its_year_is_told_without_one() -> None:
    names = {"day": parse_day_of_year("--04-02")}
    for style, told in ((RU, "02.04 2 апреля --04-02"), (EN, "2 Apr 2 April --04-02")):
        assert inline("{{ day | date }} {{ day | date('long') }} {{ day }}", names, style) == told


def test_an_instant_is_told_in_the_workspaces_zone() -> None:
    late = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)
    assert RU.date(late) == "24.11.2026"
    assert RU.date(late, "datetime") == "24.11.2026 00:30"
    assert EN.date(late, "time") == "21:30"
    with pytest.raises(ValueError, match="has no time"):
        RU.date(date(2026, 1, 1), "time")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("+79123456789", "+7 912 345-67-89"),
        ("+79123456789 x12", "+7 912 345-67-89, доб. 12"),
        ({"value": "+79123456789", "ext": "12"}, "+7 912 345-67-89, доб. 12"),
        ("+442071838750", "+44 20 7183 8750"),
        ("спросить Анну", "спросить Анну"),
        ("", ""),
        (None, ""),
    ],
)
def test_phones(value: object, text: str) -> None:
    assert RU.phone(value) == text


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        ("0", "ноль рублей 00 копеек", "zero roubles and 00 kopecks"),
        ("1", "один рубль 00 копеек", "one rouble and 00 kopecks"),
        ("2", "два рубля 00 копеек", "two roubles and 00 kopecks"),
        ("5", "пять рублей 00 копеек", "five roubles and 00 kopecks"),
        ("11", "одиннадцать рублей 00 копеек", "eleven roubles and 00 kopecks"),
        ("21.01", "двадцать один рубль 01 копейка", "twenty-one roubles and 01 kopeck"),
        ("100.02", "сто рублей 02 копейки", "one hundred roubles and 02 kopecks"),
        ("1000.11", "одна тысяча рублей 11 копеек", "one thousand roubles and 11 kopecks"),
        ("2000", "две тысячи рублей 00 копеек", "two thousand roubles and 00 kopecks"),
        ("5000", "пять тысяч рублей 00 копеек", "five thousand roubles and 00 kopecks"),
        ("12000", "двенадцать тысяч рублей 00 копеек", "twelve thousand roubles and 00 kopecks"),
        ("1000000", "один миллион рублей 00 копеек", "one million roubles and 00 kopecks"),
        (
            "2000001",
            "два миллиона один рубль 00 копеек",
            "two million and one roubles and 00 kopecks",
        ),
        (
            "1234567.89",
            "один миллион двести тридцать четыре тысячи пятьсот шестьдесят семь рублей 89 копеек",
            (
                "one million two hundred and thirty-four thousand five hundred and sixty-seven roubles"
                " and 89 kopecks"
            ),
        ),
        ("-3.50", "минус три рубля 50 копеек", "minus three roubles and 50 kopecks"),
        ("0.995", "один рубль 00 копеек", "one rouble and 00 kopecks"),
    ],
)
def test_amounts_in_words(amount: str, russian: str, english: str) -> None:
    """An American says it without "and", but for the cents."""
    american = english.replace(" and ", " ").replace("roubles ", "roubles and ")
    american = american.replace("rouble ", "rouble and ")
    assert amount_in_words(Decimal(amount), "RUB", "en", "US") == american
    assert amount_in_words(Decimal(amount), "RUB", "ru") == russian
    assert amount_in_words(Decimal(amount), "RUB", "en", "GB") == english


def test_words_of_other_currencies() -> None:
    assert RU.words(Decimal("1.21"), "UAH") == "одна гривна 21 копейка"
    assert RU.words(2, "USD") == "два доллара США 00 центов"
    assert RU.sentence(RU.words(2, "USD")) == "Два доллара США 00 центов"
    assert RU.words(2, "KGS") == "два KGS 00/100"
    assert RU.words(Decimal("999999999999.99"), "RUB").startswith(
        "девятьсот девяносто девять миллиардов"
    )


def test_no_words_from_a_thousand_billion_on() -> None:
    for amount in (Decimal(10) ** 12, Decimal("999999999999.999")):
        with pytest.raises(ValueError, match="too large"):
            amount_in_words(amount, "RUB", "ru")


_SMALL = """ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать
    четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"""
_TENS = "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто"
_HUNDREDS = "сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот"
_VALUE = {
    **{word: n for n, word in enumerate(_SMALL.split())},
    **{word: 10 * n for n, word in enumerate(_TENS.split(), 2)},
    **{word: 100 * n for n, word in enumerate(_HUNDREDS.split(), 1)},
    "одна": 1,
    "две": 2,
}
_SCALE = {"тысяч": 10**3, "миллион": 10**6, "миллиард": 10**9}


def read_words(text: str) -> int:
    """The number that Russian words mean, read independently of how they were written."""
    total = group = 0
    for word in text.split():
        stem = next((s for s in ("миллиард", "миллион", "тысяч") if word.startswith(s)), "")
        if stem:
            total, group = total + group * _SCALE[stem], 0
        else:
            group += _VALUE[word]
    return total + group


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**12 - 1))
def test_words_mean_their_number(number: int) -> None:
    words = amount_in_words(Decimal(number), "RUB", "ru").removesuffix(" 00 копеек")
    assert read_words(words.rsplit(" ", 1)[0]) == number


def test_an_absent_value_is_written_as_nothing() -> None:
    assert (
        inline("[{{ lead.none }}{{ lead.none|money }}{{ ''|date }}{{ lead.none|words }}]") == "[]"
    )


def test_a_filter_names_what_it_cannot_write() -> None:
    error = refusal("\n{{ lead.name|money }}")
    assert error.problem.line == 2
    assert "money: 'Кровля' is not a number" in error.message


# --- plain values ---------------------------------------------------------------------------------


def test_bare_values_are_written_as_files_have_them() -> None:
    source = "{{ lead.amount }} {{ lead.close_by }} {{ lead.created_at }} {{ lead.yes }}"
    assert inline(source) == "1234.5 2026-11-23 2026-11-23T21:30:00Z yes"


def test_a_field_may_have_the_name_of_a_method() -> None:
    assert (
        inline("{{ x.items }} {{ x.keys|length }}", {"x": {"items": "два", "keys": [1, 2]}})
        == "два 2"
    )


def test_a_sum_times_a_float_is_exact() -> None:
    assert inline("{{ (lead.amount * 0.1)|money }}") == f"123,45{NB}₽"
    assert inline("{{ lead.lines|sum(attribute='price') }}") == "15.10"


def test_lists_are_not_written_but_joined() -> None:
    assert inline("{{ lead.tags|join(', ') }}") == "vip, сайт"
    assert "join it" in refusal("{{ lead.tags }}").message
    assert "join it" in refusal("{{ lead.tags|upper }}").message
    assert "join it" in refusal("{{ 'a' ~ lead.tags }}").message


def test_only_html_templates_escape(put: Callable[[str, str], Renderer]) -> None:
    put("a.html.j2", "{{ lead.html }}{{ '<i>' ~ lead.html }}{{ lead.tags|join('<') }}")
    renderer = put("a.j2", "{{ lead.html }}")
    assert (
        renderer.render_text("a.html.j2", NAMES)
        == "&lt;b&gt;&amp;&lt;i&gt;&lt;b&gt;&amp;vip&lt;сайт"
    )
    assert renderer.render_text("a.j2", NAMES) == "<b>&"


def test_loops_macros_blocks_and_includes_work(put: Callable[[str, str], Renderer]) -> None:
    put("base.j2", "{% block top %}-{% endblock %}|{% include 'foot.j2' %}")
    put("foot.j2", "{{ us.name }}")
    renderer = put(
        "a.j2",
        "{% extends 'base.j2' %}{% block top %}{% macro m(x) %}<{{ x }}>{% endmacro %}"
        "{% for t in lead.tags %}{{ loop.index }}/{{ loop.length }}{{ m(t) }}{% endfor %}{{ super() }}{% endblock %}",
    )
    assert renderer.render_text("a.j2", NAMES) == "1/2<vip>2/2<сайт>-|Скатная линия"


def test_groups() -> None:
    deals = [{"stage": "new", "n": 1}, {"stage": "won", "n": 2}, {"stage": "new", "n": 3}]
    source = "{% for g in deals|groupby('stage') %}{{ g.grouper }}:{{ g.list|sum(attribute='n') }} {% endfor %}"
    assert inline(source, {"deals": deals}) == "new:4 won:2 "


# --- refusals name the place ----------------------------------------------------------------------


def test_an_unknown_name_is_named_with_its_place(put: Callable[[str, str], Renderer]) -> None:
    renderer = put("mail/hello.j2", "Subject: Привет\n\nЗдравствуйте!\n{{ leed.name }}\n")
    with pytest.raises(TemplateFailed) as caught:
        renderer.render_mail("mail/hello.j2", NAMES)
    error = caught.value
    assert (error.problem.path, error.problem.line) == ("templates/mail/hello.j2", 4)
    assert error.message == "templates/mail/hello.j2, line 4: no name 'leed'"
    assert error.hint == "did you mean 'lead'? known: lead, us"
    assert error.exit_code == 6


def test_an_unknown_field_is_named_with_the_nearest() -> None:
    error = refusal("{{ lead.frist_name }}")
    assert "no field 'lead.frist_name'" in error.message
    assert "did you mean 'first_name'?" in error.hint


@pytest.mark.parametrize("source", ["{{ lead.x }}", "{{ lead.x|upper }}", "{% if lead.x %}{% endif %}",
                                    "{% for a in x %}{% endfor %}", "{{ 'a' ~ x }}", "{{ x + 1 }}", "{{ x() }}",
                                    "{{ lead['x'] }}", "{{ lead.none.x }}", "{{ lead.tags[7] }}"])  # fmt: skip
def test_an_undefined_name_never_renders(source: str) -> None:
    refusal(source)


def test_default_and_is_defined_may_ask_for_what_is_not_there() -> None:
    assert inline("{{ lead.x|default('нет') }}{% if x is defined %}?{% endif %}") == "нет"


def test_an_error_in_an_included_file_names_that_file(put: Callable[[str, str], Renderer]) -> None:
    put("mail/foot.j2", "a\nb\n{{ nobody }}")
    renderer = put("mail/a.j2", "{% include 'mail/foot.j2' %}")
    with pytest.raises(TemplateFailed, match=r"templates/mail/foot.j2, line 3: no name 'nobody'"):
        renderer.render_text("mail/a.j2", NAMES)


def test_a_missing_template_lists_those_that_are_there(put: Callable[[str, str], Renderer]) -> None:
    renderer = put("mail/hello.j2", "")
    for path in ("mail/helo.j2", "hello.j2", "mial/hello.j2", "mail"):
        with pytest.raises(TemplateFailed) as caught:
            renderer.render_text(path, NAMES)
        assert "mail/hello.j2" in caught.value.hint


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("a\n{% fro x in y %}", 2, "unknown tag 'fro'"),
        ("a\n\n{{ lead.amount|mony }}", 3, "no filter named 'mony'"),
        ("{% if %}", 1, "expected an expression"),
        ("{{ 1 / 0 }}", 1, "cannot be calculated"),
        ("{{ lead.amount > 'x' }}", 1, "not supported"),
        ("{{ lead.none * 2 }}", 1, "cannot calculate with an empty value"),
    ],
)
def test_faults_name_line_and_reason(source: str, line: int, message: str) -> None:
    error = refusal(source)
    assert error.problem.path == "pipelines.yaml, robot call"
    assert error.problem.line == line
    assert message in error.message


def test_a_template_that_is_no_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_bytes("раз\nдва".encode("cp1251"))
    with pytest.raises(TemplateFailed, match=r"a.j2, line 1: is not UTF-8"):
        Renderer(tmp_path).render_text("a.j2", {})


# --- the sandbox ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["../secret.j2", "/etc/passwd", "a/../../secret.j2", "a\\..\\b", "", "link.j2", "a\0b"]
)
def test_nothing_outside_the_folder_is_read(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.j2").write_text("secret")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "link.j2").symlink_to(tmp_path / "secret.j2")
    renderer = Renderer(tmp_path / "templates")
    with pytest.raises(TemplateFailed):
        renderer.render_text(path, {})
    with pytest.raises(TemplateFailed):
        renderer.render_inline("{% include p %}", {"p": path}, "here")


class Record:
    """Something that must never get into a template, and is harmless if it does."""

    deleted = False

    def delete(self) -> str:
        Record.deleted = True
        return "gone"


ESCAPES = [
    "{{ r.delete() }}", "{{ r }}", "{{ r|string }}", "{{ r.deleted }}", "{{ [r]|map(attribute='deleted')|list|join }}",
    "{{ [r]|join }}", "{{ ''.__class__ }}", "{{ ''['__class__'] }}", "{{ lead.__class__ }}", "{{ lead['__class__'] }}",
    "{{ ().__class__.__bases__[0].__subclasses__() }}", "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}", "{{ joiner.__init__ }}", "{{ namespace.__init__ }}", "{{ range.__self__ }}",
    "{{ lead|attr('__class__') }}", "{{ '{0.__class__}'.format(lead) }}", "{{ '%s'|format(lead) }}",
    "{{ ['{0.__class__}']|map('format', lead)|first }}", "{{ ['x']|map(attribute='format')|first }}",
    "{{ 'a'.encode() }}", "{{ 'a'.join(['b']) }}", "{{ lead.pop('name') }}", "{{ lead.update({}) }}",
    "{{ lead.tags.append(1) }}", "{{ lead.clear() }}", "{{ lead.close_by.replace(year=1) }}", "{{ lead.close_by.strftime('%Y') }}",
    "{{ lead.amount.__class__ }}", "{{ lead.amount.copy_abs() }}", "{% set x = lead.tags.append %}{{ x(1) }}",
    "{{ lipsum() }}", "{{ lipsum.__globals__ }}", "{{ get_flashed_messages() }}", "{{ config }}", "{{ request }}",
    "{% macro m() %}{{ varargs }}{% endmacro %}{{ m(1) }}", "{{ lead() }}", "{{ 'x'() }}", "{{ loop }}",
    "{% for i in [1] %}{{ loop.__class__ }}{% endfor %}", "{% for i in [1] %}{{ loop._iterator }}{% endfor %}",
    "{{ dict.fromkeys }}", "{{ dict.__subclasses__() }}", "{{ range }}", "{{ dict }}", "{{ lead.items }}{{ x }}",
    "{{ 2 ** 9 }}", "{{ '%s' % lead }}", "{{ lead.name|safe }}", "{{ x|tojson }}", "{{ caller() }}", "{{ super() }}",
]  # fmt: skip


@pytest.mark.parametrize("source", ESCAPES)
def test_escapes_are_refused(source: str) -> None:
    refusal(source, {**NAMES, "r": Record()})
    assert not Record.deleted
    assert LEAD["tags"] == ["vip", "сайт"]


NAMESPACE = (
    "{% set ns = namespace(x=START) %}{% for i in range(200) %}{% set ns.x = STEP %}{% endfor %}"
)
RUNAWAYS = [
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}",
    "{% for i in range(999999999) %}{% endfor %}",
    "{{ 'a' * 99999999 }}", "{{ 99999999 * 'a' }}", "{{ [1] * 99999999 }}", "{{ 9 ** 9 ** 9 }}", "{{ '%99999999d' % 1 }}",
    NAMESPACE.replace("START", "'aaaaaaaa'").replace("STEP", "ns.x ~ ns.x"),
    NAMESPACE.replace("START", "'aaaaaaaa'").replace("STEP", "ns.x + ns.x"),
    NAMESPACE.replace("START", "'aaaaaaaa'").replace("STEP", "ns.x|replace('a', 'aaaa')"),
    NAMESPACE.replace("START", "[1]").replace("STEP", "[ns.x, ns.x]"),
    NAMESPACE.replace("START", "[1]").replace("STEP", "(ns.x, ns.x)"),
    NAMESPACE.replace("START", "{}").replace("STEP", "{'a': ns.x, 'b': ns.x}"),
    NAMESPACE.replace("START", "1").replace("STEP", "dict(a=ns.x, b=ns.x)"),
    NAMESPACE.replace("START", "[1]").replace("STEP", "ns.x + ns.x"),
    NAMESPACE.replace("START", "9").replace("STEP", "ns.x * ns.x"),
    NAMESPACE.replace("START", "lead.amount").replace("STEP", "ns.x * ns.x"),
    "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(99) }}",
    "{% set x %}{% for i in range(99999) %}" + "y" * 9999 + "{% endfor %}{% endset %}",
    "{% filter upper %}{% for i in range(99999) %}" + "y" * 9999 + "{% endfor %}{% endfilter %}",
    "{% macro m() %}" + "y" * 9999 + "{{ caller() }}{% endmacro %}{% set x %}{% for i in range(99999) %}"
    "{% call m() %}z{% endcall %}{% endfor %}{% endset %}",
    "{% for i in range(99999) %}{{ lead.name }}" + "y" * 99 + "{% endfor %}",
    "{{ 'a'|center(99999999) }}", "{{ 'a\na'|indent(99999999) }}" * 60000, "{{ [1]|batch(99999999, 'x')|list }}",
    "{{ 1.5|round(99999999, 'ceil') }}", "{{ [0] * 99999|map('default', [0] * 99999, true)|list }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "{% if lead %}" * 200 + "{% endif %}" * 200, "{{ " + "-" * 9000 + "1 }}",
    "{% include 'self.j2' %}",
]  # fmt: skip


def most_held() -> int:
    """The most memory that this process held, in kilobytes."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0])


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux counts it so")
@pytest.mark.parametrize("number", range(len(RUNAWAYS)))
def test_nothing_runs_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    (tmp_path / "self.j2").write_text("{% include 'self.j2' %}")
    Path("/proc/self/clear_refs").write_text("5")  # what was held at most is counted anew
    started, before = time.process_time(), most_held()
    with pytest.raises(TemplateFailed):
        Renderer(tmp_path, RU).render_inline(RUNAWAYS[number], NAMES, "here")
    assert time.process_time() - started < 4.5
    assert most_held() - before < 200 * 1024


def test_the_limits_hold_in_any_thread() -> None:
    caught: list[str] = []

    def work() -> None:
        try:
            inline(RUNAWAYS[0])
        except TemplateFailed as error:
            caught.append(error.message)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert "takes more than 2 seconds" in caught[0]


def test_a_long_digest_is_no_runaway() -> None:
    records = [{"name": f"Сделка {n}", "amount": Decimal(n)} for n in range(5000)]
    text = inline(
        "{% for d in records %}{{ d.name }}: {{ d.amount|money }}\n{% endfor %}",
        {"records": records},
    )
    assert text.count("\n") == 5000


PIECES = ["{{ ", " }}", "{% ", " %}", "lead", ".name", ".x", "|upper", "|join(',')", "for a in ", "endfor", "if ", "endif",
          "set y = ", "[1, 2]", "'текст'", " ~ ", " + ", " * ", "9", "(", ")", "[", "]", "{", "}", "{#", "#}", "include ",
          "\n", "macro m(a)", "endmacro", "loop.index", "range(9)", "|map('x')", "is ", "none", "__class__", "."]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_renders_or_is_refused(source: str) -> None:
    renderer = Renderer(Path("templates"), RU)
    with suppress(TemplateFailed):  # and nothing else
        renderer.render_inline(source, NAMES, "here")
    for problem in renderer.validate_inline(source, "here", tuple(NAMES)):
        assert problem.message


# --- letters --------------------------------------------------------------------------------------


def test_a_letter_has_its_headers_text_and_html(put: Callable[[str, str], Renderer]) -> None:
    put("mail/hello.html.j2", "<p>{{ lead.html }}</p>")
    renderer = put(
        "mail/hello.j2",
        "{# Первое письмо #}\nSubject: Привет, {{ lead.first_name }}\nfrom: Отдел <sales@example.ru>\n"
        "Attach: price.pdf\nAttach: {% if lead.none %}x.pdf{% endif %}\n\n\nЗдравствуйте!\n\nПока.\n\n",
    )
    letter = renderer.render_mail("mail/hello.j2", NAMES)
    assert (letter.subject, letter.sender) == ("Привет, Анна", "Отдел <sales@example.ru>")
    assert letter.text == "Здравствуйте!\n\nПока.\n"
    assert letter.html == "<p>&lt;b&gt;&amp;</p>"
    assert letter.attach == ("price.pdf",)


@pytest.mark.parametrize(
    "evil", ["a\nBcc: x@y", "a\rb", "a\u2028b", "a\u2029b", "a\x00b", "a\x1b[31m", "a\u0085b"]
)
def test_no_value_breaks_out_of_a_header(put: Callable[[str, str], Renderer], evil: str) -> None:
    renderer = put(
        "mail/a.j2", "X\n".replace("X", "Reply-To: a@b.ru") + "Subject: {{ lead.name }}\n\nТекст"
    )
    with pytest.raises(TemplateFailed, match=r"a.j2, line 2: Subject has"):
        renderer.render_mail("mail/a.j2", {"lead": {"name": evil}})


def test_an_empty_line_in_a_value_adds_no_header_and_no_text(
    put: Callable[[str, str], Renderer],
) -> None:
    renderer = put("mail/a.j2", "Subject: Тема\n\n{{ lead.name }}")
    letter = renderer.render_mail("mail/a.j2", {"lead": {"name": "Bcc: x@y\n\nтекст"}})
    assert (letter.subject, letter.text) == ("Тема", "Bcc: x@y\n\nтекст\n")


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("Здравствуйте!\n", 1, "is not a header line"),
        ("From: a@b.ru\n\nТекст", 1, "has no subject"),
        ("Subject: a\nSubject: b\n\n", 2, "a second Subject"),
        ("Subject: a\nBcc: b@c.ru\n\n", 2, "header 'Bcc' is not allowed here"),
        ("Subject: {{ lead.comment }}\n\nТекст", 1, "the subject is empty"),
        ("Subject: a\nFrom: {{ leed }}\n\n", 2, "no name 'leed'"),
        ("", 1, "has no subject"),
    ],
)
def test_faulty_letters(
    put: Callable[[str, str], Renderer], source: str, line: int, message: str
) -> None:
    renderer = put("mail/a.j2", source)
    with pytest.raises(TemplateFailed, match=message) as caught:
        renderer.render_mail("mail/a.j2", NAMES)
    assert caught.value.problem.line == line


@given(st.text())
def test_a_header_is_one_line(text: str) -> None:
    if not forbidden_in_header(text):
        assert len(text.splitlines()) <= 1


# --- validation -----------------------------------------------------------------------------------


def test_validation_finds_what_rendering_would(put: Callable[[str, str], Renderer]) -> None:
    put("mail/bad.html.j2", "<p>\n{{ nobody }}")
    put("mail/foot.j2", "\n{{ lead.name|mony }}")
    renderer = put(
        "mail/bad.j2",
        "Subject: {{ leed }}\n\n{% include 'mail/foot.j2' %}\n{% include 'mail/no.j2' %}\n",
    )
    found = [(p.path, p.line, p.message) for p in renderer.validate("mail/bad.j2", ("lead", "us"))]
    assert ("templates/mail/bad.j2", 1, "no name 'leed'") in found
    assert ("templates/mail/bad.html.j2", 2, "no name 'nobody'") in found
    assert ("templates/mail/foot.j2", 2, "has no subject") not in found
    assert any(path == "templates/mail/foot.j2" and "mony" in message for path, _, message in found)
    assert ("templates/mail/no.j2", 0, "no such template") in found


def test_a_piece_to_include_is_no_letter(put: Callable[[str, str], Renderer]) -> None:
    renderer = put("mail/_foot.j2", "С уважением, {{ us.name }}")
    assert renderer.validate("mail/_foot.j2", ("us",)) == []
    assert [p.message for p in put("mail/foot.j2", "Пока").validate("mail/foot.j2")] == [
        "'Пока' is not a header line"
    ]


def test_templates_that_include_each_other_are_checked_once(
    put: Callable[[str, str], Renderer],
) -> None:
    put("b.j2", "{% include 'a.j2' %}{{ nobody }}")
    problems = put("a.j2", "{% include 'b.j2' %}{{ nobody }}").validate("a.j2", ("lead",))
    found = [(problem.path, problem.message) for problem in problems]
    assert found == [
        ("templates/a.j2", "no name 'nobody'"),
        ("templates/b.j2", "no name 'nobody'"),
        ("templates/b.j2", "loads itself without end: a.j2 → b.j2 → a.j2"),
    ]


def test_validation_passes_what_is_right(put: Callable[[str, str], Renderer]) -> None:
    renderer = put(
        "mail/a.j2",
        "Subject: {{ us.name }}\n\n{% for t in lead.tags %}{{ t }}{{ loop.index }}{% endfor %}"
        "{% if lead.name %}{% set x = lead.name %}{{ x }}{% endif %}{{ range(3)|join }}",
    )
    assert renderer.validate("mail/a.j2", ("lead", "us")) == []
    assert renderer.validate_inline("Позвонить: {{ lead.name }}", "here", ("lead",)) == []
