"""Scraps of text: what is read from them, that nothing is lost, and the command that adds leads of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.sales.intake.scrap import LONGEST, Scrap, read_scrap
from crmcli.sales.intake.scrap_parts import WORDS
from crmcli.workspace import Workspace
from tests.kit import Run, all_of, one

_FORMS = """
# RU
Вася 8 916 123-45-67 хочет балкон, vasya@ya.ru
    first_name=Вася; phones=8 916 123-45-67; emails=vasya@ya.ru
    хочет балкон
8(916)123-45-67 Вася
    phones=8(916)123-45-67; first_name=Вася
    -
Вася, +7 (916) 123-45-67, балкон
    first_name=Вася; phones=+7 (916) 123-45-67
    балкон
89161234567 Мария, хочет остекление лоджии
    phones=89161234567; first_name=Мария
    хочет остекление лоджии
9161234567 Мария
    phones=9161234567; first_name=Мария
    -
Ольга +79161234567
    first_name=Ольга; phones=+79161234567
    -
Ольга 8-916-123-45-67
    first_name=Ольга; phones=8-916-123-45-67
    -
Ольга 8.916.123.45.67
    first_name=Ольга; phones=8.916.123.45.67
    -
Ольга т. 8 916 123 45 67
    first_name=Ольга; phones=8 916 123 45 67
    -
Ольга, тел.: 8 (495) 123-45-67 доб. 12
    first_name=Ольга; phones=8 (495) 123-45-67 доб. 12
    -
Ольга 007 916 123 45 67
    first_name=Ольга; phones=007 916 123 45 67
    -
8 916 123-45-67 или 8 903 765-43-21, Сергей
    phones=8 916 123-45-67 & 8 903 765-43-21; first_name=Сергей
    или 8 903 765-43-21
8 800 555-35-35 Ромашка
    phones=8 800 555-35-35
    Ромашка
моб. 8 916 123-45-67, раб. 8 495 123-45-67, Пётр Ильич
    phones=mobile:8 916 123-45-67 & work:8 495 123-45-67; first_name=Пётр; middle_name=Ильич
    -
Петров Иван Сергеевич, 8 916 123-45-67
    first_name=Иван; middle_name=Сергеевич; last_name=Петров; phones=8 916 123-45-67
    -
Иван Сергеевич Петров 8 916 123-45-67 кровля 200 м2
    first_name=Иван; middle_name=Сергеевич; last_name=Петров; phones=8 916 123-45-67
    кровля 200 м2
Иванов И.И. 8 916 123-45-67
    last_name=Иванов; first_name=И.; middle_name=И.; phones=8 916 123-45-67
    -
г-н Иванов 8 916 123-45-67
    salutation=г-н; last_name=Иванов; phones=8 916 123-45-67
    -
Вася хочет балкон 8 916 123-45-67
    first_name=Вася; phones=8 916 123-45-67
    Вася хочет балкон
балкон Вася 8 916 123-45-67
    first_name=Вася; phones=8 916 123-45-67
    балкон Вася
Вася Балкон 8 916 123-45-67
    first_name=Вася; phones=8 916 123-45-67
    Вася Балкон
Нужен балкон 8 916 123-45-67
    phones=8 916 123-45-67
    Нужен балкон
Здравствуйте, меня зовут Вася, хочу балкон, звоните на 8 916 123-45-67 после шести
    first_name=Вася; phones=8 916 123-45-67
    Здравствуйте, меня зовут Вася, хочу балкон, звоните на 8 916 123-45-67 после шести
Здравствуйте, Анна! Хочу балкон. Вася, 8 916 123-45-67
    first_name=Вася; phones=8 916 123-45-67
    Здравствуйте, Анна! Хочу балкон.
Добрый день! Это Марина из соседнего дома. +7 916 123-45-67
    first_name=Марина; phones=+7 916 123-45-67
    Добрый день! Это Марина из соседнего дома.
Иван посоветовал вас, 8 916 123-45-67
    phones=8 916 123-45-67
    Иван посоветовал вас
Роман, 8 916 123-45-67
    first_name=Роман; phones=8 916 123-45-67
    -
роман о любви 8 916 123-45-67
    phones=8 916 123-45-67
    роман о любви
Вася 8 916 123-45-67, Петя 8 903 123-45-67
    phones=8 916 123-45-67 & 8 903 123-45-67
    Вася 8 916 123-45-67, Петя 8 903 123-45-67
Имя: Анна↵Телефон: 8 916 123-45-67↵Комментарий: хочу окна
    first_name=Анна; phones=8 916 123-45-67
    Комментарий: хочу окна
ФИО: Петрова Анна Ивановна; почта: anna@example.ru
    first_name=Анна; middle_name=Ивановна; last_name=Петрова; emails=anna@example.ru
    -
С уважением,↵Ольга Смирнова↵ООО «Ромашка»↵+7 916 123-45-67↵romashka.ru
    first_name=Ольга; last_name=Смирнова; company_name=ООО «Ромашка»; phones=+7 916 123-45-67; urls=romashka.ru
    С уважением,
Иван Петров, ООО «Ромашка», ivan@romashka.ru, www.romashka.ru
    first_name=Иван; last_name=Петров; company_name=ООО «Ромашка»; emails=ivan@romashka.ru; urls=www.romashka.ru
    -
ООО Ромашка Анна Петрова 8 495 123-45-67
    company_name=ООО Ромашка; first_name=Анна; last_name=Петрова; phones=8 495 123-45-67
    -
ИП Иванов Иван Иванович 8 916 123-45-67
    company_name=ИП Иванов Иван Иванович; phones=8 916 123-45-67
    -
компания «Тёплый дом», 8 495 123-45-67
    company_name=«Тёплый дом»; phones=8 495 123-45-67
    -
балкон, 8 916 123-45-67, бюджет 250 тыс. руб.
    phones=8 916 123-45-67; amount=250000 RUB
    балкон
балкон, 250 000 ₽, 8 916 123-45-67
    amount=250000 RUB; phones=8 916 123-45-67
    балкон
балкон до 250 000 руб, 8 916 123-45-67
    phones=8 916 123-45-67
    балкон до 250 000 руб
балкон 5000 руб/м2, 8 916 123-45-67
    phones=8 916 123-45-67
    балкон 5000 руб/м2
@vasya_pupkin хочет балкон
    handles=telegram:@vasya_pupkin
    хочет балкон
Вася t.me/vasya_pupkin
    first_name=Вася; handles=telegram:@vasya_pupkin
    -
тг: @vasya_pupkin, Вася
    handles=telegram:@vasya_pupkin; first_name=Вася
    -
инста vasya.p? @vasya.p Вася
    -
    инста vasya.p? @vasya.p Вася
https://vk.com/id1234 Вася
    handles=vk:id1234; first_name=Вася
    -
WhatsApp +7 916 123-45-67 Мария
    phones=+7 916 123-45-67; first_name=Мария
    WhatsApp
видел вас на ozon.ru, 8 916 123-45-67
    phones=8 916 123-45-67
    видел вас на ozon.ru
Василий Пупкин <vasya@ya.ru>
    first_name=Василий; last_name=Пупкин; emails=vasya@ya.ru
    -
mailto:vasya@ya.ru
    emails=vasya@ya.ru
    -
пишите на vasya@ya.ru
    emails=vasya@ya.ru
    пишите на vasya@ya.ru
ИНН 7701234567, 8 916 123-45-67
    phones=8 916 123-45-67
    ИНН 7701234567
заказ 12345678901, vasya@ya.ru
    emails=vasya@ya.ru
    заказ 12345678901
звонил 12.04.2026 в 10:30, 8 916 123-45-67
    phones=8 916 123-45-67
    звонил 12.04.2026 в 10:30
карта 4276 1234 5678 9012, vasya@ya.ru
    emails=vasya@ya.ru
    карта 4276 1234 5678 9012
310-00-00, vasya@ya.ru
    emails=vasya@ya.ru
    310-00-00
+375 29 123-45-67 Алесь
    phones=+375 29 123-45-67
    Алесь
Строю дом 8 916 123-45-67
    phones=8 916 123-45-67
    Строю дом
звонила Ольга (8 916 123-45-67) из Твери
    first_name=Ольга; phones=8 916 123-45-67
    звонила Ольга (8 916 123-45-67) из Твери
вася пупкин 8 916 123-45-67
    first_name=вася; last_name=пупкин; phones=8 916 123-45-67
    -
Анна-Мария 8 916 123-45-67
    first_name=Анна-Мария; phones=8 916 123-45-67
    -
# DE
Hans Müller 0171 1234567 möchte ein Angebot, hans@mueller.de
    first_name=Hans; last_name=Müller; phones=0171 1234567; emails=hans@mueller.de
    möchte ein Angebot
Frau Weber, Handy: 0171/1234567
    salutation=Frau; last_name=Weber; phones=0171/1234567
    -
Müller GmbH, Herr Schmidt, Tel. (030) 1234567
    company_name=Müller GmbH; salutation=Herr; last_name=Schmidt; phones=(030) 1234567
    -
Angebot für Müller GmbH 030 1234567
    company_name=Müller GmbH; phones=030 1234567
    Angebot für Müller GmbH
Ich heiße Petra und möchte Fenster, petra@gmx.de
    first_name=Petra; emails=petra@gmx.de
    Ich heiße Petra und möchte Fenster
+49 171 1234567 2 Fenster
    phones=+49 171 1234567
    2 Fenster
Hallo Frau Weber, bitte rufen Sie an: 089/1234-567. Viele Grüße, Klaus Meier
    phones=089/1234-567; first_name=Klaus; last_name=Meier
    Hallo Frau Weber, bitte rufen Sie an. Viele Grüße
Mit freundlichen Grüßen↵Klaus Weber↵Weber Bau GmbH & Co. KG↵Tel. 030 1234567↵www.weber-bau.de
    first_name=Klaus; last_name=Weber; company_name=Weber Bau GmbH & Co. KG; phones=030 1234567; urls=www.weber-bau.de
    Mit freundlichen Grüßen
Rechnung 0301234567, klaus@weber.de
    emails=klaus@weber.de
    Rechnung 0301234567
Petra 0049 171 1234567, Budget 12.500 €
    first_name=Petra; phones=0049 171 1234567; amount=12500 EUR
    -
# US
John Smith (202) 555-0123 wants a new roof, john@acme.com
    first_name=John; last_name=Smith; phones=(202) 555-0123; emails=john@acme.com
    wants a new roof
John from Acme Ltd, 202-555-0123, budget $25,000
    first_name=John; company_name=Acme Ltd; phones=202-555-0123; amount=25000 USD
    John from Acme Ltd
my name is Mary and my number is 202-555-0123
    first_name=Mary; phones=202-555-0123
    my name is Mary and my number is 202-555-0123
Hi John, call me at 202-555-0123. Regards, Mary Jones
    phones=202-555-0123; first_name=Mary; last_name=Jones
    Hi John, call me at 202-555-0123. Regards
Mr. Brown 202.555.0123 x12
    salutation=Mr.; last_name=Brown; phones=202.555.0123 x12
    -
name: Jane Doe↵phone: +1 202 555 0123↵email: jane@doe.com
    first_name=Jane; last_name=Doe; phones=+1 202 555 0123; emails=jane@doe.com
    -
new roof for mary@example.com
    emails=mary@example.com
    new roof for mary@example.com
# GB
Anna Hill 020 7946 0123
    first_name=Anna; last_name=Hill; phones=020 7946 0123
    -
Mrs Hill, mob 07700 900123
    salutation=Mrs; last_name=Hill; phones=mobile:07700 900123
    -
# PL
Jan Kowalski 601 234 567
    first_name=Jan; last_name=Kowalski; phones=601 234 567
    -
"""
"""A text with ↵ for the end of a line, what is taken, and what is left (- for nothing), under the country."""


def _forms() -> Iterator[tuple[str, str, str, str]]:
    country = ""
    lines = iter(_FORMS.strip().splitlines())
    for line in lines:
        if line.startswith("# "):
            country = line[2:]
            continue
        values, rest = next(lines).strip(), next(lines).strip()
        yield country, line, values, rest


@pytest.mark.parametrize(("country", "text", "values", "rest"), list(_forms()))
def test_what_is_read_from_a_scrap(country: str, text: str, values: str, rest: str) -> None:
    found = read_scrap(text.replace("↵", "\n"), country)

    told = "; ".join(f"{name}={' & '.join(said)}" for name, said in found.values.items())
    assert (told or "-", found.rest.replace("\n", "↵") or "-") == (values, rest)


# -- no word is lost ------------------------------------------------------------------------------

_LABELS = {
    word
    for row in ("phones", "emails", "urls", "amount", "name", "company_name")
    for more in ("", " short", " of")
    for word in re.findall(r"\w+", WORDS.get(row + more, ""))
}
_SAID_BY_FIELDS = {
    "http",
    "https",
    "www",
    "mailto",
    "t",
    "me",
    "vk",
    "com",
    "instagram",
    "тг",
    "инста",
    "telegram",
}


def _lost(text: str, found: Scrap) -> list[str]:
    """The words of a text that are in no field and not in the rest."""
    said = " ".join(value for values in found.values.values() for value in values).casefold()
    digits = re.sub(r"\D", "", said)
    rest = found.rest
    if "amount" in found.values:
        text, rest = (
            re.sub(r"(?i)(?<![^\W\d])(тыс|руб|р|k)\b", " ", each) for each in (text, rest)
        )
    kept = {*re.findall(r"\w+", said), *re.findall(r"\w+", rest.casefold())}
    words = re.findall(r"\w+", text.casefold())
    return [
        w
        for w in words
        if w not in kept | _LABELS | _SAID_BY_FIELDS and not (w.isdigit() and w in digits)
    ]


_PIECES = st.sampled_from(
    ["Вася", "вася", "Иван Петров", "Петров И. И.", "Herr Müller", "Mary Jones", "меня зовут Ольга", "Здравствуйте",
     "8 916 123-45-67", "+7 (495) 123-45-67 доб. 12", "тел. 89161234567", "моб: 9161234567", "020 7946 0123",
     "vasya@ya.ru", "<a.b+c@example.com>", "почта: x@y.de", "@vasya_p", "t.me/vasya_p", "https://vk.com/anna",
     "www.romashka.ru", "сайт: romashka.ru", "ООО «Ромашка»", "ИП Иванов Иван", "Müller GmbH", "Acme Ltd",
     "бюджет 250 тыс. руб.", "250 000 ₽", "$25,000", "12.04.2026", "10:30", "хочет балкон", "на", "и", "200 м2",
     "ИНН 7701234567", "заказ 12345", "С уважением", "👍", "«", "(", ")", "-", ":", "?"]
)  # fmt: skip
_BETWEEN = st.sampled_from([" ", ", ", "\n", "; ", ". ", " - ", " (", ") ", "\t", "! "])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_PIECES, _BETWEEN), max_size=9), st.sampled_from(["RU", "DE", "GB", ""]))
def test_each_word_is_in_a_field_or_in_the_rest(
    pieces: list[tuple[str, str]], country: str
) -> None:
    text = "".join(piece + between for piece, between in pieces)

    found = read_scrap(text, country)

    assert not _lost(text, found), found


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("aяZЖ0189 .,:;@+-()/<>\n№$р\u00a0\u2028«»'"), max_size=80))
def test_no_text_loses_letters(text: str) -> None:
    found = read_scrap(text, "RU")

    assert not _lost(text, found), found


def test_what_is_too_long_is_rest() -> None:
    text = "Вася 8 916 123-45-67\n" + "слово " * LONGEST + "8 903 123-45-67"

    found = read_scrap(text, "RU")

    assert found.values["phones"] == ["8 916 123-45-67"]
    assert found.rest.count("слово") == LONGEST
    assert found.rest.endswith("8 903 123-45-67")


def test_a_list_of_many_people_is_no_scrap() -> None:
    text = ", ".join(f"a{n}@example.ru" for n in range(40))

    assert read_scrap(text, "RU") == Scrap({}, text)


# -- crm lead add ---------------------------------------------------------------------------------


def test_a_scrap_becomes_a_lead(crm: Callable[..., Run], ws: Workspace) -> None:
    done = crm("lead", "add", "Вася 8 916 123-45-67 хочет балкон, vasya@ya.ru", "--source", "web")

    lead = one(ws, "lead")
    assert done.code == 0
    assert (lead["name"], lead["first_name"], lead["source"]) == ("Вася", "Вася", "web")
    assert [phone["value"] for phone in lead["phones"]] == ["+79161234567"]
    assert [email["value"] for email in lead["emails"]] == ["vasya@ya.ru"]
    assert lead["comment"] == "хочет балкон"
    assert done.out.strip() == lead["id"]
    assert done.err.strip() == (
        "read from the text: First name: Вася; Phones: 8 (916) 123-45-67; E-mails: vasya@ya.ru; "
        "Comment: хочет балкон"
    )


@pytest.mark.parametrize(
    "name", ["Иван Петров", "Кровля склада", "ООО «Ромашка»", "Заказ 12345678, 250 000 ₽"]
)
def test_a_plain_name_is_a_name(crm: Callable[..., Run], ws: Workspace, name: str) -> None:
    done = crm("lead", "add", name)

    assert (one(ws, "lead")["name"], done.err) == (name, "")
    assert "comment" not in one(ws, "lead")


def test_several_lines_on_stdin_are_one_lead(crm: Callable[..., Run], ws: Workspace) -> None:
    crm("lead", "add", "-", stdin="Имя: Ольга\nТел: 8 916 222-33-55\nнужны окна\n")

    lead = one(ws, "lead")
    assert (lead["first_name"], lead["comment"]) == ("Ольга", "нужны окна")


def test_several_lines_that_reach_nobody_are_the_comment(
    crm: Callable[..., Run], ws: Workspace
) -> None:
    crm("lead", "add", "-", stdin="звонили насчёт окон\nперезвонят сами\n")

    lead = one(ws, "lead")
    assert (lead["name"], lead["comment"]) == (
        "звонили насчёт окон",
        "звонили насчёт окон\nперезвонят сами",
    )


def test_what_an_option_says_goes_before_and_the_rest_is_kept(
    crm: Callable[..., Run], ws: Workspace
) -> None:
    crm("lead", "add", "Пётр 8 916 222-33-66, окна", "--name", "Дача", "--first-name", "Павел", "--comment", "срочно",
        "--phone", "8 495 123-45-67")  # fmt: skip

    lead = one(ws, "lead")
    assert (lead["name"], lead["first_name"]) == ("Дача", "Павел")
    assert lead["comment"] == "срочно\nокна\nПётр"
    assert [phone["value"] for phone in lead["phones"]] == ["+74951234567", "+79162223366"]


def test_each_line_is_a_lead_and_one_that_is_refused_stops_none(
    crm: Callable[..., Run], ws: Workspace
) -> None:
    crm("block", "add", "8 903 111-22-33")

    done = crm(
        "lead",
        "add",
        "--each-line",
        "-",
        stdin="Анна 8 916 222-33-44\n\nспам 8 903 111-22-33\nОльга\n",
    )

    assert [lead["name"] for lead in all_of(ws, "lead")] == ["Анна", "Ольга"]
    assert (done.code, len(done.out.split())) == (1, 2)
    assert "line 3: " in done.err


def test_nothing_to_read_is_refused(crm: Callable[..., Run]) -> None:
    assert crm("lead", "add", "-", stdin="\n").code == 2
    assert crm("lead", "add", "--each-line", "--name", "Анна").code == 2
