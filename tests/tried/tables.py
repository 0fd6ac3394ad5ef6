"""Where the table of a file begins: below titles, notes, parameters and captions over groups of columns."""

from __future__ import annotations

import io
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]  # it has no stubs

from crmcli.sales.imports import ImportOptions, import_records, open_source
from crmcli.sales.imports.summary import Summary
from crmcli.workspace import Workspace
from tests import kit
from tests.tried import Tried

SETTINGS = "company: {name: Ромашка}\nlanguage: en\ntime_zone: Europe/Moscow\ncurrency: RUB\nusers: {anna: {name: Анна}}\n"


def workspace(folder: Path, settings: str = SETTINGS) -> Workspace:
    """A workspace of its own for one form."""
    return kit.opened(kit.workspace(folder / "ws", kit.pipelines(), settings))


def of_contacts(form: str, folder: Path) -> str:
    """The line of the header and where its columns go, for contacts in CSV."""
    return _told(_read(form.encode(), "contact", folder))


def of_deals(form: str, folder: Path) -> str:
    """The same for deals in a workbook, of which each line of the form is a row, `/` between its cells."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for sheet in form.split("\n==\n"):
        page = book.add_worksheet()
        for row, line in enumerate(sheet.split("\n")):
            for column, cell in enumerate(line.split("/")):
                page.write(row, column, cell.strip())
    book.close()
    return _told(_read(out.getvalue(), "deal", folder))


def _read(content: bytes, entity: str, folder: Path) -> Summary:
    ws = workspace(folder)
    source = open_source(content, "x")
    return import_records(ws, entity, source, "x", ImportOptions(dry_run=True))


def _told(found: Summary) -> str:
    columns = ", ".join(f"{c.label} > {c.target or '-'}" for c in found.columns)
    return f"line {found.header_line}: {columns}; {found.created} created"


CONTACTS = {
    "Имя;Телефон\nАнна;89160000101": "line 1: Имя > first_name, Телефон > phones; 1 created",
    "База клиентов\n\nИмя;Телефон\nАнна;89160000101":
        "line 3: Имя > first_name, Телефон > phones; 1 created",
    'Notes:\n"Read this, please:\nname, phone, e-mail may be missing"\n\nFirst Name,Email\nJana,jana@example.com':
        "line 5: First Name > first_name, Email > emails; 1 created",
    "Период:;01.11.2026 - 30.11.2026\nМенеджер:;Юдин\nИмя;Телефон;Комментарий\nАнна;89160000101;":
        "line 3: Имя > first_name, Телефон > phones, Комментарий > comment; 1 created",
    "Report, all regions\nOwner: Judin, active\nFull name;E-mail\nVera Lis;vera@example.com":
        "line 3: Full name > full_name, E-mail > emails; 1 created",
    "Kontakte\tStand 2026\nName\tTelefon\tE-Mail\nVera\t\tvera@example.com":
        "line 2: Name > name, Telefon > phones, E-Mail > emails; 1 created",
    "Моя база\nТелефон\n89160000101": "line 2: Телефон > phones; 1 created",
    "Клиент;;Связь;\nФамилия;Имя;Телефон;Почта\nЛис;Вера;89160000101;":
        "line 2: Фамилия > last_name, Имя > first_name, Телефон > phones, Почта > emails; 1 created",
    "Компания;Телефон;Человек;\n;;Имя;Фамилия\nРомашка;89160000101;Вера;Лис":
        "line 2: Компания > companies (name), Телефон > phones, Имя > first_name, Фамилия > last_name; 1 created",
    "Имя;Телефон;Источник\nАнна;89160000101;\nСайт;;Телефон":
        "line 1: Имя > first_name, Телефон > phones, Источник > source; 2 created",
    "Клиент;;Менеджер;\nИмя;Телефон;Имя;Телефон\nВера;89160000101;Юдин;89160000102":
        "line 2: Клиент / Имя > first_name, Клиент / Телефон > phones, Менеджер / Имя > owner, Менеджер / Телефон > -; 1 created",
    "Customer,,Sales rep,\nName,E-mail,Name,E-mail\nVera,vera@example.com,Judin,j@example.com":
        "line 2: Customer / Name > full_name, Customer / E-mail > emails, Sales rep / Name > owner, Sales rep / E-mail > -; 1 created",
    "Рабочий;;Личный;;\nИмя;Телефон;Почта;Телефон\nВера;89160000101;a@example.com;89160000102":
        "line 2: Рабочий / Имя > first_name, Рабочий / Телефон > phones (work), Личный / Почта > emails, Личный / Телефон > phones; 1 created",
    "Человек;;;Компания;\nФИО;Телефон;Почта;Название;Телефон\nВера Лис;89160000101;v@example.com;Ромашка;84950000102":
        "line 2: Человек / ФИО > full_name, Человек / Телефон > phones, Человек / Почта > emails, Компания / Название > companies (name), Компания / Телефон > -; 1 created",
    "Kontakt;;Firma;\nName;Telefon;Name;Telefon\nVera;+49301234567;Iris GmbH;+49307654321":
        "line 2: Kontakt / Name > name, Kontakt / Telefon > phones, Firma / Name > companies (name), Firma / Telefon > -; 1 created",
    ";;;\n;;;\nИмя;Телефон;;\nАнна;89160000101;;": "line 3: Имя > first_name, Телефон > phones; 1 created",
    "Имя\tКомментарий, заметки\nАнна\tзвонила":
        "line 1: Имя > first_name, Комментарий, заметки > -; 1 created",
    "Телефон|Имя, отчество; прочее\n89160000101|Анна":
        "line 1: Телефон > phones, Имя, отчество; прочее > -; 1 created",
    "sep=;\nСписок\nИмя;Телефон\nАнна;89160000101": "line 3: Имя > first_name, Телефон > phones; 1 created",
}  # fmt: skip

DEALS = {
    "Report\nBy: Judin / 2026\n\nDeal name / Amount\nRoof / 5000":
        "line 4: Deal name > name, Amount > amount; 1 created",
    "Сделка / / Деньги /\nНазвание / Компания / Сумма / Валюта\nКрыша / Ромашка / 5000 / RUB":
        "line 2: Название > name, Компания > company (name), Сумма > amount, Валюта > currency; 1 created",
    "Сделка / / Контакт / / Менеджер /\nНазвание / Сумма / ФИО / Телефон / ФИО / Телефон\nКрыша / 5 / Вера Лис / 89160000101 / Юдин / 89160000102":
        "line 2: Название > name, Сумма > amount, Контакт / ФИО > contacts (name), Контакт / Телефон > contacts (phone), Менеджер / ФИО > owner, Менеджер / Телефон > -; 1 created",
    "Как заполнять\nНе меняйте названия столбцов\n==\nНазвание / Сумма\nКрыша / 5000":
        "line 1: Название > name, Сумма > amount; 1 created",
    "Компания / 2025 / 2026\nРомашка / 1 / 2\nИтоги\nНазвание / Сумма / Компания\nКрыша / 5000 / Ромашка":
        "line 4: Название > name, Сумма > amount, Компания > company (name); 1 created",
}  # fmt: skip

CHAPTER = [
    Tried("Where a table begins (contacts, CSV)", CONTACTS, of_contacts),
    Tried(
        "Where a table begins (deals, workbooks; / between cells, == between sheets)",
        DEALS,
        of_deals,
    ),
]
