"""What becomes of a letter of somebody whom nobody knows: who is the lead, how it is reached, or why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from crmcli.automation.tick import tick
from crmcli.channels.incoming import Arrived
from crmcli.model.lead import Lead
from crmcli.sales.intake.scrap import read_scrap
from crmcli.sales.intake.taking import bring
from crmcli.workspace import Workspace
from tests.kit import NOW, add, pipelines, write
from tests.sales.intake.test_mail import ANNA, came, letter

SIGNED = "Please quote.\n\nKind regards,\nBob Builder\nBuild Ltd\n+44 7700 900123"
PEOPLE: list[tuple[str, str, dict[str, Any]]] = [
    ("Олег <oleg@a.example>", "Сколько?", {"name": "Олег", "first_name": "Олег"}),
    ("Кузнецов А.В. <k@a.example>", "Сколько?", {"name": "Кузнецов А.В.", "last_name": "Кузнецов"}),
    ("ООО Вектор <info@v.example>", "Сколько?", {"name": "ООО Вектор", "company_name": "ООО Вектор"}),
    ("H Eight <h@v.example>", "Price?", {"name": "H Eight"}),
    ("Eve Eleven <e@v.example>", "Price?", {"name": "Eve Eleven"}),
    ("Отдел закупок <z@v.example>", "Сколько?", {"name": "Отдел закупок"}),
    ("Сергей Викторович <s@v.example>", "Цена?", {"first_name": "Сергей", "middle_name": "Викторович"}),
    ("bob b <bob@b.example>", SIGNED, {"name": "Bob Builder", "company_name": "Build Ltd", "last_name": "Builder"}),
    ("x77@m.example", "Меня зовут Ирина, перезвоните мне 8 916 123-00-11", {"name": "Ирина", "phones": ["+79161230011"]}),
    ("Tom <t@m.example>", "my number is +44 20 7946 0123. Budget £5k", {"phones": ["+442079460123"], "amount": 5000}),
    ("Ян <y@m.example>", "Позвоните мне: 8 916 123-45-67, бюджет до 300 тыс. руб.\n\nС уважением,\nЯн\nофис 8 495 123-45-67",
     {"phones": ["+79161234567", "+74951234567"], "amount": 300000}),
    ("Ян <y@m.example>", "Наш прораб уже звонил, его номер 8 916 123-45-67", {"phones": []}),
    ("Ян <y@m.example>", "Звоните мне 8 916 123-45-67 или жене, её номер 8 916 123-45-68", {"phones": ["+79161234567"]}),
    ("Avito <noreply@avito.example>", "Покупатель Егор, тел. 8 916 333-44-55, пишет вам", {"name": "Егор", "phones": ["+79163334455"], "emails": []}),
    ("Rightmove <no-reply@portal.example>", "New enquiry from Tom Baker: tom@home.example", {"name": "Tom Baker", "emails": ["tom@home.example"]}),
    ("robot@tilda.example", "Имя: Егор\nТелефон: 8 916 333-44-55", {"name": "Егор", "emails": []}),
    ("robot@tilda.example", "Имя: Егор / Телефон: 8 916 333-44-55 / Бюджет: 300 тыс", {"name": "Егор", "amount": 300000}),
]  # fmt: skip


@pytest.mark.parametrize(("sender", "text", "right"), PEOPLE)
def test_who_the_lead_is_and_how_it_is_reached(
    ws: Workspace, sender: str, text: str, right: dict[str, Any]
) -> None:
    lead = cast("Lead", came(ws, letter(text, sender)).record)
    for name, value in right.items():
        found: Any = lead.get(name)
        found = [one.value for one in found] if isinstance(value, list) else found
        assert found == value, name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("От: Мария <masha@m.example>\nТема: Окна\n\nСообщение:\nПосчитайте 3 окна", "Мария"),
        ('From: "Tom Baker" <masha@m.example>\nSubject: x\n\nMessage Body:\nPrice?', "Tom Baker"),
        ("Сообщение:\nПосчитайте 3 окна", "masha@m.example"),
    ],
)
def test_a_site_that_sends_for_somebody_is_not_the_name(
    ws: Workspace, text: str, name: str
) -> None:
    data = letter(text, "WordPress <wordpress@site.example>", Reply_To="masha@m.example")
    lead = cast("Lead", came(ws, data).record)
    assert (lead.name, [one.value for one in lead.emails]) == (name, ["masha@m.example"])


def test_both_spellings_of_a_domain_are_one_address(ws: Workspace) -> None:
    lead = came(
        ws, letter("Сколько?", "ivan@xn--80atjc.xn--p1ai", Message_ID="<1@x.example>")
    ).record
    assert lead
    again = letter("И ещё", "Иван <ivan@окна.рф>", Message_ID="<2@x.example>")
    assert came(ws, again).record == ws.get(lead.id)
    assert [one.value for one in cast("Lead", lead).emails] == ["ivan@окна.рф"]
    assert ws.lookup("email", "IVAN@XN--80ATJC.XN--P1AI", ["lead"]) == [lead.id]


def test_two_buyers_by_one_portal_are_two_leads(ws: Workspace) -> None:
    portal = "Avito <noreply@avito.example>"
    for number, name in enumerate(("Егор", "Зоя", "Егор")):
        text = f"Покупатель {name}, тел. 8 916 333-44-{50 + len(name)}"
        came(ws, letter(text, portal, Message_ID=f"<{number}@avito.example>"))
    assert sorted(str(lead.get("name")) for lead in ws.select("lead")) == ["Егор", "Зоя"]


MACHINES: list[tuple[str, str, dict[str, str]]] = [
    ("Банк <noreply@bank.example>", "Ваш код 1234. Горячая линия 8 800 555-35-35", {}),
    ("no-reply@shop.example", "Ваш менеджер Иван Петров, тел. 8 916 333-44-55", {}),
    ("do_not_reply@shop.example", "Your order 5521 has left. Call +44 20 7946 0123", {}),
    ("Win <win@spam.example>", "You won", {"X_Spam_Flag": "YES"}),
    ("Win <win@spam.example>", "You won", {"X_Spam_Status": "Yes, score=12"}),
    ("Tom <tom@a.example>", "BEGIN:VCALENDAR", {"Content-Type": "text/calendar; method=REQUEST"}),
]


@pytest.mark.parametrize(("sender", "text", "headers"), MACHINES)
def test_no_machine_makes_a_lead(
    ws: Workspace, sender: str, text: str, headers: dict[str, str]
) -> None:
    content = letter(text, sender, **headers)
    if "Content-Type" in headers:
        content = content.replace(b"Content-Type: text/plain; charset=utf-8\n", b"")
    taken = came(ws, content)
    assert (taken.record, taken.failed) == (None, "")
    assert taken.why


@pytest.mark.parametrize("content", [b"\xff\xfe\0a\0b\0", b"Subject: x\n\nhi", b"PK\x03\x04zip"])
def test_what_is_no_mail_is_unreadable_and_can_be_tried_again(
    ws: Workspace, content: bytes
) -> None:
    [taken] = bring(ws, "mail", [Arrived(content)])
    assert taken is not None
    assert taken.failed
    assert ws.select("lead") == []


MOVES = """stages:
  - {id: new, name: Новый}
  - id: working
    name: В работе
    triggers: [{on: mail.in}]
"""


def test_a_letter_does_not_move_the_lead_that_it_made_but_the_next_one_does(folder: Path) -> None:
    write(folder, "pipelines.yaml", pipelines(leads=MOVES))
    ws = Workspace.open(folder, now=NOW)
    lead = came(ws, letter()).record
    assert lead is not None
    tick(ws)
    assert ws.get(lead.id).get("stage") == "new"
    came(ws, letter("И ещё", Message_ID="<2@client.example>"))
    tick(ws)
    assert ws.get(lead.id).get("stage") == "working"


def test_our_answer_from_a_mail_program_is_on_the_timeline_of_the_client(ws: Workspace) -> None:
    lead = came(ws, letter()).record
    assert lead is not None
    boris = "Борис <boris@example.ru>"
    inside = letter(
        "Кто возьмёт?", boris, To="sales@x.example, boris@example.ru", Message_ID="<2@x>"
    )
    assert came(ws, inside.replace(b"sales@x.example, ", b"")).record is None
    ours = letter("Да", boris, To=ANNA, In_Reply_To="<1@client.example>", Message_ID="<3@x>")
    assert came(ws, ours).record == ws.get(lead.id)
    [event] = ws.events(record=lead.id, kinds=("mail.out",))
    assert event.actor == "boris"
    stranger = letter("Да", boris, To="who@nowhere.example", Message_ID="<4@x>")
    assert came(ws, stranger).record is None


def test_a_letter_to_one_of_us_is_theirs(ws: Workspace) -> None:
    lead = came(ws, letter(To="boris@example.ru, sales@our.example")).record
    assert lead is not None
    assert lead.get("owner") == "boris"


SCRAPS: list[tuple[str, dict[str, list[str]], str]] = [
    ("Ольга {} бюджет 150 тр", {"first_name": ["Ольга"], "amount": ["150000 RUB"]}, ""),
    ("Ольга {}, бюджет:150тр", {"first_name": ["Ольга"], "amount": ["150000 RUB"]}, ""),
    ("балкон, 150 т.р. {}", {"amount": ["150000 RUB"]}, "балкон"),
    ("бюджет 1,5кк {}", {"amount": ["1500000"]}, ""),
    ("бюджет 2 млн 300 тыс, {}", {"amount": ["2300000"]}, ""),
    ("бюджет до 300 тыс. руб., {}", {"amount": ["300000 RUB"]}, ""),
    ("budget up to £5k, {}", {"amount": ["5000 GBP"]}, ""),
    ("бюджет 3 комнаты {}", {}, "бюджет 3 комнаты"),
    ("Ольга WhatsApp {}", {"first_name": ["Ольга"]}, "WhatsApp"),
    ("Яна Telegram {}", {"first_name": ["Яна"]}, "Telegram"),
    ("Сергей Викторович {}", {"first_name": ["Сергей"], "middle_name": ["Викторович"]}, ""),
    ("Михаил Юрьевич, {}", {"first_name": ["Михаил"], "middle_name": ["Юрьевич"]}, ""),
    ("Анна Рабинович {}", {"first_name": ["Анна"], "last_name": ["Рабинович"]}, ""),
    ("Пётр Ким {}", {"first_name": ["Пётр"], "last_name": ["Ким"]}, ""),
    ("Ким Пётр {}", {"first_name": ["Пётр"], "last_name": ["Ким"]}, ""),
    ("Алёна Макси {}", {"first_name": ["Алёна"], "last_name": ["Макси"]}, ""),
    ("Max Smith {}", {"first_name": ["Max"], "last_name": ["Smith"]}, ""),
    ("Вася ({}), смета 2.5 млн руб", {"first_name": ["Вася"]}, "смета 2.5 млн руб"),
    ("Ann ({}) referred by Mike +44 7700 900790", {"first_name": ["Ann"]}, "referred by Mike +44 7700 900790"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "right", "rest"), SCRAPS)
def test_sums_names_and_numbers_of_scraps(
    text: str, right: dict[str, list[str]], rest: str
) -> None:
    phone = "8 916 555-12-12"
    found = read_scrap(text.format(phone), "RU")
    assert (found.values, found.rest) == ({**right, "phones": [phone]}, rest)


REFUSALS = [
    ("Please unsubscribe me", True), ("Отпишите меня, пожалуйста.", True), ("Не пишите мне больше", True),
    ("Remove me from your list", True), ("Bitte melden Sie mich ab", True), ("Прекратите рассылку", True),
    ("Не отписывайтесь, ждём вас. Сколько стоит балкон?", False), ("Сколько стоит балкон?", False),
    ("Please do not unsubscribe me", False), ("Напишите мне, когда приедете", False),
]  # fmt: skip


@pytest.mark.parametrize(("text", "refuses"), REFUSALS)
def test_who_asks_for_no_more_mail_gets_none(ws: Workspace, text: str, *, refuses: bool) -> None:
    anna = add(ws, "contact", name="Анна", emails=[ANNA])
    came(ws, letter(text))
    assert ("mail" in cast("tuple[str, ...]", ws.get(anna.id).get("do_not"))) is refuses
    stranger = came(ws, letter(text, "x@y.example", Message_ID="<2@y>")).record
    assert (stranger is None) is refuses


FORWARDS = [
    ("Fwd: Балкон", ("Возьми, пожалуйста\n\n---------- Forwarded message ---------\nFrom: Анна Белова <{}>\n"
     "Date: Mon, 23 Nov 2026\nSubject: Балкон\nTo: <boris@example.ru>\n\nСколько стоит?")),
    ("Пересл: Балкон", "-------- Пересылаемое сообщение --------\nОт: Анна Белова <{}>\nКому: boris@example.ru\n\nСколько стоит?"),
    ("FW: Balkon", "Von: Анна Белова <{}>\nAn: boris@example.ru\n\nСколько стоит?"),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "text"), FORWARDS)
def test_a_letter_that_one_of_us_sent_on_is_the_client_s(
    ws: Workspace, subject: str, text: str
) -> None:
    ours = letter(
        text.format(ANNA), "Борис <boris@example.ru>", To="boris@example.ru", Subject=subject
    )
    lead = cast("Lead", came(ws, ours).record)
    assert ([one.value for one in lead.emails], lead.last_name) == ([ANNA], "Белова")
    assert lead.comment.endswith("Сколько стоит?")
    [event] = ws.events(record=lead.id, kinds=("mail.in",))
    assert event.data["from"] == ANNA
