"""Lists for people: phones as they are dialled, amounts in tables and in JSON, what names a column."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from crmcli.cli.formats import write_json
from crmcli.errors import BadUsage
from crmcli.model.phone_format import dialled
from crmcli.present.cells import Locale
from crmcli.present.columns import columns_of
from tests.kit import opened, workspace
from tests.tried import Tried

_PIPELINES = """\
leads: {stages: [{id: new, name: New, kind: open}, {id: ok, name: Ok, kind: won}, {id: bad, name: Bad, kind: lost}]}
deals:
  - {id: sales, name: Sales, stages: [{id: a, name: A, kind: open}, {id: b, name: B, kind: won}, {id: c, name: C, kind: lost}]}
"""


def _phone(form: str, folder: Path) -> str:
    country, number = form.split()
    return dialled(number, country)


def _amount(form: str, folder: Path) -> str:
    language, amount, currency = form.split()
    return Locale(language).money(Decimal(amount), currency).replace("\u00a0", " ")


def _json(form: str, folder: Path) -> str:
    return write_json(Decimal(form))


def _column(form: str, folder: Path) -> str:
    ws = opened(workspace(folder / "ws", _PIPELINES, "language: en\n"), user="")
    try:
        return columns_of(ws, "contact", [form])[0].name
    except BadUsage as error:
        return f"refused: {error}"


def _condition(form: str, folder: Path) -> str:
    ws = opened(workspace(folder / "ws", _PIPELINES, "language: en\n"), user="")
    try:
        return str(ws.condition(form, "deal").tree)
    except BadUsage as error:
        return f"refused: {error}"


CHAPTER = [
    Tried(
        "How a condition on deals names its fields",
        {
            "amount > 5": "amount > 5",
            "Сумма > 5 and бюджет < 9": "amount > 5 and amount < 9",
            "'Закрыть до' is empty": "close_by is empty",
            '"Last activity" < 2026-01-01': "last_activity < 2026-01-01",
            "last-activity is empty": "last_activity is empty",
            "дата_создания >= 2026-01-01": "created_at >= 2026-01-01",
            "компания.Отрасль is empty or фирма.инн = 7707083893": (
                "company.industry is empty or company.inn = 7707083893"
            ),
            "контакты.телефон is empty": "contacts.phones is empty",
            "contacts.email is empty": "contacts.email is empty",
            "not 'Prices include VAT' = yes": "not vat_included = yes",
            "utm.source = x": "utm.source = x",
            "этап = a or стадия = B": "stage = a or stage = b",
            "stage = won": "stage = b",
            "стадия = проиграна": "stage = c",
            "stage != lost": "stage != c",
            "stage in (open, won)": "stage in (a, b)",
            "stage = closed": "stage in (b, c)",
            "этап != закрыта": "not stage in (b, c)",
            "stage = wonn": "refused: 'wonn' is not a value of 'stage'",
            "сума > 5": "refused: unknown field 'сума' for deals",
            "компания.фуу > 5": "refused: unknown field 'фуу' for companies",
        },
        _condition,
    ),
    Tried(
        "Phones as people of a country see them",
        {
            "RU +79161234567": "8 (916) 123-45-67",
            "RU +74951234567": "8 (495) 123-45-67",
            "RU +78001234567": "8 (800) 123-45-67",
            "RU +77272500000": "+7 727 250-00-00",
            "KZ +77272500000": "8 (7272) 50 00 00",
            "RU +442079460123": "+44 20 7946 0123",
            "GB +442079460123": "020 7946 0123",
            "GB +447700900123": "07700 900123",
            "GB +79161234567": "+7 916 123-45-67",
            "US +12125550123": "(212) 555-0123",
            "US +14165550123": "(416) 555-0123",
            "DE +493012345678": "030 12345678",
            "DE +436641234567": "+43 664 1234567",
            "FR +33123456789": "01 23 45 67 89",
            "PL +48221234567": "22 123 45 67",
            "CH +41446681800": "044 668 18 00",
            "BR +5511961234567": "(11) 96123-4567",
            "IN +919876543210": "098765 43210",
            "RU 112": "112",
            "RU добавочный": "добавочный",
        },
        _phone,
    ),
    Tried(
        "Amounts in tables",
        {
            "ru 250000.00 RUB": "250 000 ₽",
            "ru 250000.5 RUB": "250 000,50 ₽",
            "ru 0.00 EUR": "0 €",
            "en 1234.00 USD": "$1,234",
            "en 1234.56 USD": "$1,234.56",
            "en -12.00 EUR": "-€12",
            "en 1000.00 CHF": "CHF 1,000",
            "en 99.10 PLN": "PLN 99.10",
        },
        _amount,
    ),
    Tried(
        "Amounts in JSON",
        {
            "250000.00": "250000",
            "1234.50": "1234.5",
            "0.01": "0.01",
            "-7.25": "-7.25",
            "9999999999999.99": "9999999999999.99",
            "123456789012345": "123456789012345",
            "1234567890123456": '"1234567890123456"',
            "12345678901234.567": '"12345678901234.567"',
        },
        _json,
    ),
    Tried(
        "What names a column of contacts",
        {
            "phones": "phones",
            "phone": "phones",
            "E-Mails": "emails",
            "email": "emails",
            "company": "companies",
            "first-name": "first_name",
            "Last name": "last_name",
            "OWNER": "owner",
            "Телефоны": "phones",
            "телефон": "phones",
            "день-рождения": "birthday",
            "ФИО": "name",
            "теги": "tags",
            "Компании.источник": "companies.source",
            "лид.Причина_брака": "lead.junk_reason",
            "последний контакт": "last_activity",
            "тилифон": "refused: contacts have no column 'тилифон'",
            "fone": "refused: contacts have no column 'fone'",
        },
        _column,
    ),
]
