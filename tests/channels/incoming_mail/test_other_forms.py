"""Forms that the corpus does not have: who writes as a machine does, and machines that write as people do."""

from __future__ import annotations

import pytest

from crmcli.channels.incoming_mail import read
from tests.channels.incoming_mail.corpus import letter

PEOPLE = [
    (
        "Заказ не доставлен",
        "Заказ 5512 до сих пор не доставлен. По п. 5.1.1 договора прошу вернуть деньги.",
    ),
    (
        "Ошибка доставки",
        "У вас на сайте ошибка доставки: не могу выбрать самовывоз. Версия 5.2.1 браузера",
    ),
    ("Mailbox 5.1.1", "We want to order 20 mailboxes of model 5.1.1, undeliverable in our region."),
    (
        "Письмо не дошло",
        "Писал вам на info@our.ru, вернулось: 550 mailbox unavailable. Посчитайте окна.",
    ),
    ("Ваша заявка получена?", "Иван, вы получили мою заявку?"),
    ("Автоматические ворота", "Нужны ворота 3 м. Это автоматическая система или ручная?"),
    ("Автоответчик для офиса", "Хотим купить автоответчик, цена?"),
    ("Вопрос", "Почему от вас приходит «не отвечайте на это письмо»? Кому тогда отвечать?"),
    ("Нужны окна", "Я сейчас в отпуске, пишите в телеграм. Нужны три окна."),
    ("Re: Окна", "Я в отпуске до 5 декабря, вернусь и оплатим, пришлите счёт."),
    ("Re: Окна", "Спасибо за ответ! Буду в офисе в понедельник, тогда и обсудим."),
    ("Смета", "Прошлое письмо вернулось с ошибкой mailbox full. Посчитайте, пожалуйста."),
    ("Re: Смета", "Меня не будет до среды, звоните Олегу 8 916 123-45-67, он примет замерщика."),
    ("Нет на месте замерщика", "Вчера приехал, никого нет на месте. Когда будете?"),
    ("Отчёт", "Сделайте отчёт о доставке за ноябрь"),
    ("Re: Offer", "We received your message, thanks. Let us think and get back to you next week."),
    ("Окна", "Можно отказаться от доставки? Отписаться от рассылки тоже хочу."),
]
MACHINES = [
    (
        "Re: Окна",
        "Меня не будет в офисе с 20 по 30 ноября. По срочным вопросам обращайтесь к Олегу.",
    ),
    ("Re: Окна", "Спасибо за ваше письмо! Я сейчас в отпуске и вернусь 5 декабря."),
    ("Re: Окна", "Я в декретном отпуске. По всем вопросам обращайтесь к Марии: maria@firm.ru"),
    ("Re: Окна", "Отвечу Вам по возвращении из командировки 2 декабря."),
    ("Re: Окна", "Данный почтовый ящик больше не используется, пишите на sale2@firm.ru"),
    ("Re: Окна", "Благодарим за обращение! Наш менеджер свяжется с вами в течение рабочего дня."),
    ("Re: Окна", "Ваше обращение принято, ему присвоен номер 4512."),
    ("(SD-123) Окна", "Ответьте выше этой линии.\n\nВаша заявка SD-123 создана."),
    ("Заявка № 4512 принята в работу", "Ответственный: Петров."),
    ("Anna Belova отсутствует на рабочем месте.", "До 5 декабря."),
    ("AUTO: Anna Bell is out of the office", "Back on Monday."),
    ("Прочтено: Окна", "Ваше сообщение прочтено 23.11.2026."),
    ("Не прочтено: Окна", "Удалено без прочтения."),
    ("Нет на месте: Окна", "Буду в понедельник"),
    ("Отзыв: Окна", "Пользователь Белова Анна хотел бы отозвать сообщение."),
    ("Report domain: our.ru Submitter: mail.ru", "This is a DMARC aggregate report."),
    (
        "Скидки!",
        "Окна со скидкой.\n\nЧтобы отписаться от рассылки, перейдите по ссылке https://x.ru/u",
    ),
    ("Вебинар", "Ждём вас!\n\nВы получили это письмо, потому что подписались на новости."),
    ("Annual leave Re: Offer", "Until Monday."),
    ("Re: Offer", "I'm away until Dec 5 and will reply when I'm back."),
    (
        "Re: Offer",
        "We have received your request (#4512) and will get back to you within 24 hours.",
    ),
    ("Re: Смета", "Благодарим Вас за обращение. Ваша заявка принята и будет рассмотрена завтра."),
    ("Re: Смета", "В связи с праздниками офис не работает до 9 января."),
    ("Авто: Re: Смета", "меня нет"),
    ("Счёт 15 не оплачен", "Это письмо сформировано системой автоматически."),
    ("Отчёт о прочтении: Смета", "23.11.2026"),
    ("Re: Offer", "Hello, I have left the company. Please email info@firm.com."),
    ("AW: Angebot", "Ich bin ab dem 7.12. wieder im Büro. Bitte wenden Sie sich an Frau Meier."),
    ("AW: Angebot", "Ihre Nachricht ist bei uns eingegangen, wir melden uns schnellstmöglich."),
]


@pytest.mark.parametrize(("subject", "text"), PEOPLE)
def test_who_writes_of_what_machines_write_of_is_a_person(subject: str, text: str) -> None:
    found = read(letter(subject, text))
    assert (found.automatic, found.bounce) == ("", None)


@pytest.mark.parametrize(("subject", "text"), MACHINES)
def test_an_answer_without_a_header_that_says_so_is_automatic(subject: str, text: str) -> None:
    found = read(letter(subject, text))
    assert found.automatic in ("subject", "text")
    assert found.bounce is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("DNS type 'mx' lookup of firm.ru responded with code NXDOMAIN\nStatus: 4.0.0", "hard"),
        ("Host or domain name not found. Name service error for name=firm.ru type=MX: Host not found", "hard"),
        ("Host or domain name not found. Name service error for name=firm.ru type=MX: Host not found, try again", "soft"),
        ("550 5.7.509 Access denied, sending domain OUR.RU does not pass DMARC verification", "soft"),
        ("550 5.4.1 Recipient address rejected: Access denied", "hard"),
    ],
)  # fmt: skip
def test_words_that_status_alone_would_tell_wrong(text: str, kind: str) -> None:
    sender = "MAILER-DAEMON@mx.our.ru"
    found = read(letter("Undelivered Mail", f"<anna@firm.ru>: {text}", sender=sender)).bounce
    assert found
    assert (found.addresses, found.kind) == (("anna@firm.ru",), kind)


def test_a_letter_that_arrived_did_not_come_back() -> None:
    text = "Your message was successfully delivered.\n\n<anna@firm.ru>: delivery via local"
    sender = "MAILER-DAEMON@mx.firm.ru"
    found = read(letter("Successful Mail Delivery Report", text, sender=sender, Return_Path="<>"))
    assert found.bounce is None
    assert found.automatic


def test_a_recipient_with_letters_that_are_not_latin_is_read() -> None:
    text = "<анна@окна.рф>: 550 5.1.1 no such user"
    found = read(letter("Undelivered Mail", text, sender="MAILER-DAEMON@mx.our.ru")).bounce
    assert found
    assert found.addresses == ("анна@окна.рф",)


@pytest.mark.parametrize(
    "above", ["Вы писали 23 ноября 2026 г., 10:05:05:\n\n", "Вы писали:\n\n", ""]
)
def test_initials_before_the_mark_are_quoted_too(above: str) -> None:
    text = f"Иван,\n\n{above}ИП> Сколько окон?\n\nДва.\n\nИП> Какой этаж?\n\nТретий."
    assert read(letter("Re[2]: Окна", text)).written.split() == ["Иван,", "Два.", "Третий."]


def test_one_line_with_a_letter_before_the_mark_is_no_quote() -> None:
    assert not read(letter("Окна", "Размеры:\nА> 1200\nБ = 500")).quoted


def test_words_of_the_mobile_outlook_are_its_signature() -> None:
    text = "Берём.\n\nПолучить Outlook для iOS<https://aka.ms/o0ukef>"
    assert read(letter("Re: Окна", text)).written == "Берём."


def test_an_empty_answer_above_the_heads_of_yandex_is_read() -> None:
    text = '----------------\nКому: a@x.ru;\nТема: x;\n23.11.2026, 10:05, "Иван" <i@our.ru>:\n\nДобрый день'
    assert read(letter("Re: x", text)).text.startswith("-----")
