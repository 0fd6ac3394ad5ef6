"""What a new lead takes from a message: the person, not the site that mailed it; only what is certain."""

from __future__ import annotations

import pytest

from crmcli.channels.incoming_mail import read
from crmcli.channels.incoming_mail.lead_facts import LeadFacts, lead_facts


def facts(
    text: str, sender: str = "anna@firm.ru", country: str = "RU", html: bool = False, more: str = ""
) -> LeadFacts:
    kind = "html" if html else "plain"
    data = f"From: {sender}\nSubject: x\n{more}Content-Type: text/{kind}; charset=utf-8\n\n{text}"
    return lead_facts(read(data.encode()), country)


@pytest.mark.parametrize(
    ("text", "country", "sender", "name", "phones", "company"),
    [
        ("Нужен балкон.\n\nС уважением,\nАнна Белова\nменеджер ООО «Ромашка»\nтел. 8 (916) 123-45-67, факс: 8 495 123-45-67",
         "RU", "anna@firm.ru", "Анна Белова", ("8 (916) 123-45-67",), "ООО «Ромашка»"),
        ("Hi,\nplease call.\n\nKind regards,\nJohn Smith\nSales Director, Acme Ltd\nPhone: +44 20 7946 0958",
         "GB", "John Smith <j@acme.co.uk>", "John Smith", ("+44 20 7946 0958",), "Acme Ltd"),
        ("Hallo\n\nMit freundlichen Grüßen\nKarl Müller\nMüller & Söhne GmbH\nTel.: 030 123456-0",
         "DE", "k@mueller.de", "Karl Müller", ("030 123456-0",), "Müller & Söhne GmbH"),
        ("Заказ 89161234567 от 12.09.2026, счёт 40702810900000012345", "RU", "info@x.ru", "", (), ""),
        ("Добрый день", "RU", "Отдел продаж <sales@x.ru>", "", (), ""),
        ("Добрый день", "RU", "ООО Ромашка <sales@x.ru>", "", (), "ООО Ромашка"),
        ("Добрый день", "RU", "Белова Анна <b@x.ru>", "Белова Анна", (), ""),
        ("Да\n\n-- \nАнна\n\n> С уважением,\n> Иван Петров\n> +7 903 111-22-33", "RU", "a@x.ru", "Анна", (), ""),
    ],
)  # fmt: skip
def test_from_a_letter(
    text: str, country: str, sender: str, name: str, phones: tuple[str, ...], company: str
) -> None:
    found = facts(text, sender, country)
    assert (found.name, found.phones, found.company, found.is_form) == (
        name,
        phones,
        company,
        False,
    )


FORMS = [
    ("Имя: Анна\nТелефон: 8 916 123-45-67\nEmail: anna@mail.ru\nСообщение: Нужен балкон\nдва метра", "RU"),
    (("Новая заявка с сайта okna.ru\n\n*Ваше имя:* Анна\n*Ваш телефон:* 8 916 123-45-67\n*E-mail:* anna@mail.ru\n"
     "*Комментарий:* Нужен балкон\nдва метра\n\nСтраница: https://okna.ru/b"), "RU"),
    ("Name: Анна\nPhone: 8 916 123-45-67\nEmail: anna@mail.ru\nMessage: Нужен балкон\nдва метра", "RU"),
    ("Имя\nАнна\n\nТелефон\n8 916 123-45-67\n\nE-mail\nanna@mail.ru\n\nСообщение\nНужен балкон\nдва метра", "RU"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "country"), FORMS)
def test_from_a_form_that_a_site_sent(text: str, country: str) -> None:
    found = facts(text, "WordPress <wordpress@okna.ru>", country)
    assert (found.name, found.email, found.phones) == ("Анна", "anna@mail.ru", ("8 916 123-45-67",))
    assert found.is_form
    assert found.text == "Нужен балкон\nдва метра"


def test_from_a_form_in_a_table_and_in_german() -> None:
    rows = {
        "Vorname": "Karl",
        "Nachname": "Müller",
        "Telefon": "030 1234567",
        "Firma": "Müller GmbH",
        "Nachricht": "Hallo",
    }
    html = (
        "<table>"
        + "".join(f"<tr><td>{key}</td><td>{said}</td></tr>" for key, said in rows.items())
        + "</table>"
    )
    found = facts(html, "no-reply@seite.de", "DE", html=True, more="Reply-To: karl@mueller.de\n")
    assert (found.name, found.email, found.company) == (
        "Karl Müller",
        "karl@mueller.de",
        "Müller GmbH",
    )
    assert (found.phones, found.text, found.is_form) == (("030 1234567",), "Hallo", True)


def test_a_letter_with_a_colon_is_no_form() -> None:
    found = facts(
        "Вопрос: когда приедете?\nКлиент: ждёт. Мой адрес: Тула", "Анна Белова <anna@firm.ru>"
    )
    assert (found.is_form, found.name, found.email) == (False, "Анна Белова", "anna@firm.ru")


@pytest.mark.parametrize("blank", ["", "\n", "\n\n\n", "Сообщение:\n"])
def test_what_stands_below_blank_lines_after_its_label_is_the_text(blank: str) -> None:
    found = facts(f"Имя: Олег\nТелефон: 8 916 123-45-67\nСообщение:\n{blank}Хочу балкон\nи окно")
    assert found.text == "Хочу балкон\nи окно"
