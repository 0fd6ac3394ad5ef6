"""Cells of files that say nothing, or do not fit, and what becomes of their rows."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from crmcli.model.kinds import kind_of
from crmcli.model.local_times import local_minute
from crmcli.model.serial_numbers import read_serial
from crmcli.model.written_days import yearless
from crmcli.sales.imports.blank_cells import says_nothing
from tests.kit import all_of, bring, opened, workspace
from tests.tried import Tried

PIPELINES = """leads:
  stages:
    - {id: new, name: Новый, kind: open}
    - {id: converted, name: Готов, kind: won}
    - {id: junk, name: Брак, kind: lost}
deals:
  - id: sales
    name: Продажи
    stages:
      - {id: new, name: Новая, kind: open}
      - {id: won, name: Выиграна, kind: won}
      - {id: lost, name: Проиграна, kind: lost}
"""


def becomes(form: str, folder: Path) -> str:
    """`Caption=cell` of a contact called Anna: what stands in the record."""
    caption, _, cell = form.partition("=")
    ws = opened(workspace(folder / "base", PIPELINES, "phone_country: RU\n"))
    bring(ws, "contact", f'Имя;{caption}\nАнна;"{cell}"\n')
    ws.look_again()
    [raw] = all_of(ws, "contact") or [{}]
    said = {k: v for k, v in raw.items() if k in _SHOWN}
    return ", ".join(f"{k}: {_plain(v)}" for k, v in said.items()) or (
        "nothing" if raw else "rejected"
    )


_SHOWN = ("phones", "emails", "urls", "birthday", "comment", "inn")


def _plain(value: object) -> str:
    items = value if isinstance(value, list) else [value]
    return " + ".join(str(i["value"]) if isinstance(i, dict) else str(i) for i in items)


def of_number(form: str, folder: Path) -> str:
    """The day or minute that a number in a column of days is."""
    found = read_serial(form, UTC)
    if found is None:
        try:
            return yearless(form) or "no day"
        except ValueError as error:
            return str(error)
    return local_minute(found, UTC) if hasattr(found, "hour") else str(found)


def is_blank(form: str, folder: Path) -> str:
    """Whether a cell says nothing, by the kind of its field."""
    name, _, cell = form.partition(": ")
    from crmcli.model.kinds import Field

    may_answer = name == "name"
    kind = kind_of("text" if may_answer else name)
    return "empty" if says_nothing(Field(name, kind), "", cell, may_answer=may_answer) else "kept"


CELLS = {
    "Телефон=-": "nothing",
    "Телефон=нет": "nothing",
    "Телефон=0": "nothing",
    "Телефон=000-00-00": "nothing",
    "Телефон=8 916 123-45-67, нет": "phones: +79161234567",
    "Телефон=8 916 123-45-67, позже": "phones: +79161234567, comment: Телефон: позже",
    "Телефон=79161234567.0": "phones: +79161234567",
    "Телефон=7.9161234567E+10": "phones: +79161234567",
    "Телефон=7,9161234567e+10": "phones: +79161234567",
    "Телефон=7,91612E+10": "comment: Телефон: 7,91612E+10",
    "Телефон=123-45-67": "phones: 123-45-67",
    "Телефон=8 916 123-45-67 (Анна)": "comment: Телефон: 8 916 123-45-67 (Анна)",
    "E-mail=n/a": "nothing",
    "E-mail=не указан": "nothing",
    "E-mail=a@example.ru; плохо": "emails: a@example.ru, comment: E-mail: плохо",
    "E-mail=anna(at)example.ru": "comment: E-mail: anna(at)example.ru",
    "Сайт=—": "nothing",
    "Сайт=в разработке": "comment: Сайт: в разработке",
    "Дата рождения=31.02.1980": "comment: Дата рождения: 31.02.1980",
    "Дата рождения=00.00.0000": "nothing",
    "Дата рождения=12.04": "birthday: --04-12",
    "Дата рождения=1604-05-09": "birthday: --05-09",
    "Дата рождения=29342": "birthday: 1980-05-01",
    "Дата рождения=01.05.80": "birthday: 1980-05-01",
    "Дата рождения=1 мая 1980 г.": "birthday: 1980-05-01",
    "Дата рождения=1980-05-01 00:00:00+05:00": "birthday: 1980-05-01",
    "Дата рождения=1980-05-01T00:00:00.000Z": "birthday: 1980-05-01",
    "Дата рождения=1980-04-30T21:00:00Z": "birthday: 1980-05-01",
    "Дата рождения=Thu May 01 1980 00:00:00 GMT+0100": "birthday: 1980-05-01",
    'Телефон==""89161234567""': "phones: +79161234567",
    "Сайт=\u200bexample.ru\u00a0": "urls: example.ru",
}
NUMBERS = {
    "45992": "2025-12-01",
    "45992.0": "2025-12-01",
    "45992.75": "2025-12-01 18:00",
    "45992,5416666667": "2025-12-01 13:00",
    "1764590400": "2025-12-01 12:00",
    "1764590400000": "2025-12-01 12:00",
    "--0412": "--04-12",
    "--04-12": "--04-12",
    "1604-04-12": "--04-12",
    "16040412": "--04-12",
    "0000-04-12": "--04-12",
    "12.04": "--04-12",
    "2.4.": "--04-02",
    "29.02": "--02-29",
    "12 апреля": "--04-12",
    "12 апр.": "--04-12",
    "Apr 12": "--04-12",
    "April 12th": "--04-12",
    "12th of April": "--04-12",
    "12-Apr": "--04-12",
    "3/4": "'3/4' may be day/month or month/day",
    "25/4": "--04-25",
    "4/25": "--04-25",
    "5/5": "--05-05",
    "1604-04-12 00:00:00": "--04-12",
    "--13-01": "no day",
    "--0230": "no day",
    "45.04": "no day",
    "31.02": "no day",
    "12.40": "no day",
    "12 апреля 1990": "no day",
    "April 12": "--04-12",
    "12.04.": "--04-12",
    "1234": "no day",
}
BLANKS = {
    "text: -": "empty",
    "text: —": "empty",
    "text: ...": "empty",
    "text: Нет": "empty",
    "text: N/A": "empty",
    "text: #Н/Д": "empty",
    "text: #REF!": "empty",
    "text: None": "empty",
    "text: NULL": "empty",
    "text: keine Angabe": "empty",
    "text: brak": "empty",
    "text: non renseigné": "empty",
    "text: não informado": "empty",
    "text: не  указано": "empty",
    "text: 0": "kept",
    "text: нет времени": "kept",
    "phones: 0": "empty",
    "phones: 112": "kept",
    "emails: 0": "empty",
    "date: 0": "empty",
    "date: не закрыта": "empty",
    "datetime: Not yet": "empty",
    "birthday: nie": "empty",
    "date: offen": "empty",
    "date: em aberto": "empty",
    "date: открыта": "empty",
    "text: открыта": "kept",
    "number: 0": "kept",
    "bool: нет": "kept",
    "bool: -": "kept",
    "bool: n/a": "empty",
    "name: Na": "kept",
    "name: Null": "kept",
    "name: не указано": "empty",
}

CHAPTER = [
    Tried("Cells that say nothing, by the kind of their field", BLANKS, is_blank),
    Tried("Cells of a contact in a file, in a Russian workspace", CELLS, becomes),
    Tried("Days that programs write as numbers, and without a year", NUMBERS, of_number),
]
