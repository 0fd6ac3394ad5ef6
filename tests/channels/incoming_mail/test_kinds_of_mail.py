"""What is no letter of a person: automatic answers, lists, and mail that came back."""

from __future__ import annotations

import pytest

from crmcli.channels.incoming_mail import read
from crmcli.channels.incoming_mail.bounces import severity

LETTER = "From: Анна Белова <anna@firm.ru>\nTo: crm@our.ru\nSubject: {}\n{}\n{}"


def mail(subject: str = "Вопрос", headers: str = "", text: str = "Когда будет готово?") -> bytes:
    return LETTER.format(subject, headers, text).encode()


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Auto-Submitted: auto-replied", "Auto-Submitted: auto-replied"), ("Auto-Submitted: no", ""),
        ("Precedence: bulk", "Precedence: bulk"), ("Precedence: first-class", ""), ("List-Id: <x.y>", "List-Id"),
        ("List-Unsubscribe: <https://x.ru>", "List-Unsubscribe"), ("X-Autoreply: yes", "X-Autoreply"),
        ("X-Autoreply: no", ""), ("X-Autorespond: x", "X-Autorespond"), ("Return-Path: <>", "Return-Path: <>"),
        ("Return-Path: <a@b.ru>", ""), ("X-Auto-Response-Suppress: OOF", "X-Auto-Response-Suppress"),
        ("X-Auto-Response-Suppress: None", ""),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=q", "multipart/report"),
    ],
)  # fmt: skip
def test_headers_tell_that_nobody_wrote_it(header: str, why: str) -> None:
    assert read(mail(headers=f"{header}\n")).automatic == why


@pytest.mark.parametrize(
    "subject",
    [
        "Автоматический ответ: Расчёт", "Автоответ", "Нахожусь в отпуске до 5 августа", "Вне офиса",
        "Отсутствие на рабочем месте", "Automatic reply: Offer", "Out of office", "Out of Office Re: Offer",
        "Vacation reply", "Automatische Antwort: Angebot",
        "Abwesenheitsnotiz: Angebot", "Nicht im Büro: Angebot", "Ваше обращение №5 принято", "Прочитано: Счёт",
    ],
)  # fmt: skip
def test_subjects_that_only_programs_write(subject: str) -> None:
    assert read(mail(subject)).automatic == "subject"


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Автоматический ответ: Расчёт", "Автоматические ворота", "Out of stock?", "Office chairs", "Отпуск товара",
        "Urlaub auf dem Bauernhof", "В отпуске хочу балкон", "Заявка", "Re: Out of office", "Посылка не доставлена",
    ],
)  # fmt: skip
def test_subjects_that_people_write(subject: str) -> None:
    found = read(mail(subject))
    assert (found.automatic, found.bounce) == ("", None)


def test_who_writes_of_deliveries_is_a_person() -> None:
    for subject, text in (
        ("Delivery problem", "The delivery failed again, nobody was at home. Call 555 1234."),
        ("Ошибка доставки", "Заказ не доставлен! 550 рублей верните."),
        ("Ваше письмо от 5 мая получено", "Спасибо"),
    ):
        found = read(mail(subject, text=text))
        assert (found.bounce, found.automatic) == (None, ""), subject


def test_a_raw_name_of_a_sender_breaks_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    text = "<anna@firm.ru>: 550 5.1.1 user unknown"
    data = f"From: Почта <postmaster@x.ru>\nTo: a@our.ru\nSubject: Undelivered\n\n{text}".encode()
    found = read(data).bounce
    assert found is not None
    assert found.addresses == ("anna@firm.ru",)
    assert capfd.readouterr().err == ""


REPORT = """From: MAILER-DAEMON@mx.our.ru
To: crm+k7@our.ru
Subject: Undelivered Mail Returned to Sender
Return-Path: <>
Content-Type: multipart/report; report-type=delivery-status; boundary=q

--q

I'm sorry.
--q
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.our.ru

Final-Recipient: rfc822; {}
Original-Recipient: rfc822;anna@firm.ru
Action: {}
Status: {}
Diagnostic-Code: smtp; {}
--q
Content-Type: message/rfc822

Message-ID: <our-1@our.ru>
To: anna@firm.ru
Subject: x

text
--q--
"""


def test_a_report_is_read_into_a_bounce() -> None:
    said = "550 5.1.1 <anna@firm.ru>: user unknown"
    found = read(REPORT.format("other@firm.ru", "failed", "5.1.1", said).encode())
    assert found.bounce is not None
    assert (found.bounce.addresses, found.bounce.kind, found.bounce.status) == (
        ("anna@firm.ru",),
        "hard",
        "5.1.1",
    )
    assert (found.bounce.original_id, found.bounce.diagnostic) == ("<our-1@our.ru>", said)
    assert found.automatic


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_receipt_is_no_bounce(action: str) -> None:
    found = read(REPORT.format("anna@firm.ru", action, "2.0.0", "250 ok").encode())
    assert found.bounce is None
    assert found.automatic


def test_who_answers_a_bounce_is_a_person() -> None:
    text = "Что это такое пришло?\n\n> <anna@firm.ru>: 550 5.1.1 user unknown\n> could not be delivered\n"
    found = read(mail("Re: Undelivered Mail Returned to Sender", text=text))
    assert (found.bounce, found.automatic) == (None, "")


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        ("5.1.1", "550 5.1.1 user unknown", "hard"), ("5.2.1", "550 account disabled", "hard"),
        ("5.2.2", "552 mailbox full", "soft"), ("5.0.0", "550 5.2.2 over quota", "soft"),
        ("4.2.0", "451 greylisted, try again later", "soft"), ("4.4.7", "delivery time expired", "soft"),
        ("5.7.1", "550 5.7.1 message looks like spam", "soft"), ("5.3.4", "552 message size exceeds limit", "soft"),
        ("5.4.4", "Host or domain name not found", "hard"), ("", "550 нет такого пользователя", "hard"),
        ("", "Почтовый ящик получателя переполнен", "soft"), ("", "Postfach ist voll", "soft"),
        ("", "Empfänger unbekannt", "hard"), ("", "550 invalid mailbox. User x not found", "hard"),
    ],
)  # fmt: skip
def test_whether_an_address_is_dead(status: str, said: str, kind: str) -> None:
    assert severity(status, said) == kind
