"""Importing what people really have: workbooks, other CRMs' exports, names, firms; and going on."""
# ruff: noqa: ISC004 - the rows of a table are long

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no stubs

from crmcli.errors import BadUsage, InvalidData, Refused
from crmcli.formats.xlsx_sheets import write_workbook
from crmcli.matching.name_parts import split_name
from crmcli.present.cells import Locale
from crmcli.present.imports import losses, summary
from crmcli.sales.exports.export import Layout, export
from crmcli.sales.history import undo
from crmcli.sales.imports import ImportOptions, import_records, open_source, run
from crmcli.sales.imports.resume import past_imports
from crmcli.workspace import Workspace
from tests import kit

LOCALE = Locale("ru", ZoneInfo("Europe/Moscow"), "RUB")


def book(*rows: list[Any], more: bool = False) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"default_date_format": "dd.mm.yyyy"})
    page = made.add_worksheet("Клиенты")
    for line, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            if isinstance(cell, date):
                page.write_datetime(line, place, cell)
            elif isinstance(cell, str) and cell.startswith("f:"):
                page.write_formula(line, place, cell[2:], "", "из формулы")
            elif cell is not None:
                page.write(line, place, cell)
    if more:
        made.add_worksheet("Архив").write_row(0, 0, ["Имя", "Телефон"])
    made.close()
    return out.getvalue()


# -- workbooks ------------------------------------------------------------------------------


def test_a_workbook_with_numbers_dates_and_formulas(ws: Workspace) -> None:
    data = book(
        ["Выгрузка"],
        [],
        ["Название", "ИНН", "Телефон", "Оборот", "Комментарий"],
        ["Ромашка", 7707083893, 84951234567, 1234.5, "f:=1+1"],
        ["Лютик", 500100732259, None, None, None],
    )
    found = kit.bring(ws, "company", data, "x.xlsx")
    assert (found.created, found.rejected, found.encoding) == (2, 0, "xlsx")
    raw = kit.all_of(ws, "company")[1]
    assert (raw["inn"], raw["turnover"]) == ("7707083893", "1234.50")
    assert raw["phones"][0]["value"] == "+74951234567"
    assert raw["comment"] == "из формулы"


def test_a_date_cell_and_a_sheet_by_name_or_number(ws: Workspace) -> None:
    data = book(["Имя", "Дата рождения"], ["Анна", datetime(1980, 11, 23)], more=True)
    found = kit.bring(ws, "contact", data, "x.xlsx")
    assert kit.all_of(ws, "contact")[0]["birthday"] == "1980-11-23"
    assert "Архив" in found.doubts[0]
    assert kit.bring(ws, "contact", data, "x.xlsx", sheet="2").rows == 0
    with pytest.raises(BadUsage, match="no sheet 'Нет'"):
        kit.bring(ws, "contact", data, "x.xlsx", sheet="Нет")


@pytest.mark.parametrize("cell", ["7707083893.0", "7707083893,0", "7707083893"])
def test_an_inn_that_a_spreadsheet_made_a_number_is_mended(ws: Workspace, cell: str) -> None:
    kit.bring(ws, "company", f"Название;ИНН\nРомашка;{cell}\n")
    assert kit.all_of(ws, "company")[0]["inn"] == "7707083893"


def test_digits_that_are_lost_are_refused(ws: Workspace) -> None:
    found = kit.bring(ws, "company", "Название;ИНН\nРомашка;7,70708E+09\n")
    assert (found.created, found.rejected) == (0, 1)
    assert "lost digits" in next(iter(found.examples.values()))


def test_formulas_leave_as_text_and_come_back_unchanged(ws: Workspace) -> None:
    rows: list[list[str | Decimal | date]] = [["contact-7k3qf2m9", "=1+1", "'+7", "@x"]]
    data = write_workbook(["id", "name", "position", "comment"], rows, "contacts")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")
    kit.bring(ws, "contact", data, "x.xlsx")
    raw = kit.all_of(ws, "contact")[0]
    assert (raw["name"], raw["position"], raw["comment"]) == ("=1+1", "'+7", "@x")
    again = b"".join(export(ws, "contact", None, Layout(format="xlsx")))
    with zipfile.ZipFile(io.BytesIO(again)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_bombs_and_what_is_no_workbook(ws: Workspace) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", "<x/>")
        with parts.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(600):
                part.write(b"0" * (1 << 20))
    far = io.BytesIO()
    made = xlsxwriter.Workbook(far)
    page = made.add_worksheet()
    page.write(0, 0, "Имя")
    page.write(1_048_575, 16_383, "x")
    made.close()
    for data, words in (
        (bomb.getvalue(), "unpacks to 600 MB"),
        (far.getvalue(), "more than 10,000,000 cells"),
        (b"PK\x03\x04 and nothing", "damaged workbook"),
        (b"\xd0\xcf\x11\xe0 and nothing", "cannot be read as a workbook"),
        (book(), "is empty"),
    ):
        with pytest.raises(InvalidData, match=words):
            kit.bring(ws, "contact", data, "x.xlsx")
    assert ws.events() == []


# -- other CRMs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "entity", "text", "wanted"),
    [
        ("amocrm", "contact",
         "Полное имя (контакт);Рабочий телефон (контакт);Мобильный телефон (контакт);"
         "Рабочий email (контакт);Название (компания);Тег контакта\n"
         "Орлова Анна Ильинична;84951234567;89161234567;a@b.ru;ООО Ромашка;vip\n",
         {"last_name": "Орлова", "middle_name": "Ильинична", "tags": ["vip"]}),
        ("hubspot", "contact",
         "Record ID,First Name,Last Name,Email,Phone Number,Create Date,Associated Company,Contact owner\n"
         "1,Anna,Orlova,a@b.ru,+79161234567,3/15/2024 2:30 PM,Acme,boris@example.ru\n",
         {"first_name": "Anna", "owner": "boris", "created_at": "2024-03-15T11:30:00Z"}),
        ("salesforce", "lead",
         "Id,LastName,FirstName,Title,Company,MobilePhone,LeadSource,Status,OwnerId\n"
         "00Q1,Orlova,Anna,CEO,Acme,+79161234567,,Open - Not Contacted,boris\n",
         {"last_name": "Orlova", "position": "CEO", "company_name": "Acme", "stage": "new"}),
        ("pipedrive", "deal",
         "Deal - Title*,Deal - Stage,Deal - Value,Deal - Currency of value,Deal - Status,Person - Name,"
         "Person - Phone (Work),Organization - Name\n"
         "Кровля,Запрос,1000,RUB,Won,Анна,+79161234567,Ромашка\n",
         {"name": "Кровля", "amount": "1000", "stage": "won"}),
        ("google", "contact",
         "Name,Given Name,Family Name,Birthday,Group Membership,E-mail 1 - Type,E-mail 1 - Value,"
         "Phone 1 - Type,Phone 1 - Value\n"
         "Анна Орлова,Анна,Орлова,--05-12,Друзья ::: * myContacts,* Home,a@b.ru ::: c@b.ru,Mobile,"
         "89161234567 ::: 89161234568\n",
         {"tags": ["myContacts", "Друзья"], "birthday": "--05-12",
          "emails": [{"value": "a@b.ru", "type": "home"}, {"value": "c@b.ru", "type": "home"}]}),
        ("outlook", "contact",
         "Title,First Name,Last Name,Company,Business Street,E-mail Address,Business Phone 2,Birthday\n"
         "г-жа,Анна,Орлова,Ромашка,Лесная 5,a@b.ru,84951234567,0/0/00\n",
         {"salutation": "г-жа", "address": "Лесная 5"}),
        ("outlook", "contact",
         "Обращение;Имя;Отчество;Фамилия;Улица (раб. адрес);Адрес эл. почты;Телефон переносной\n"
         "г-жа;Анна;Ильинична;Орлова;Лесная 5;a@b.ru;89161234567\n",
         {"salutation": "г-жа", "middle_name": "Ильинична"}),
    ],
)  # fmt: skip
def test_exports_of_other_crms_are_recognised(
    ws: Workspace, preset: str, entity: str, text: str, wanted: dict[str, Any]
) -> None:
    found = kit.bring(ws, entity, text)
    assert (found.preset, found.created, found.rejected) == (preset, 1, 0), found.reasons
    raw = kit.all_of(ws, entity)[0]
    assert {name: raw.get(name) for name in wanted} == wanted
    assert not any(found.unmapped.values())


def test_a_plain_file_is_nobodys_and_none_says_so(ws: Workspace) -> None:
    assert kit.bring(ws, "contact", "Имя;Телефон\nА;89161234567\n").preset == ""
    text = "Полное имя (контакт);Название (компания);Имя\nА;Б;В\n"
    assert kit.bring(ws, "contact", text, preset="none").preset == ""
    with pytest.raises(BadUsage, match="no preset 'zoho'"):
        kit.bring(ws, "contact", "Имя\nА\n", preset="zoho")


# -- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "form", "parts"),
    [
        ("Орлова Анна Ильинична", "auto", ("Анна", "Ильинична", "Орлова")),
        ("Анна Ильинична Орлова", "auto", ("Анна", "Ильинична", "Орлова")),
        ("Анна Сергеевна", "auto", ("Анна", "Сергеевна", "")),
        ("Алиев Вагиф Гасан оглы", "auto", ("Вагиф", "Гасан оглы", "Алиев")),
        ("Орлова, Анна Ильинична", "auto", ("Анна", "Ильинична", "Орлова")),
        ("Анна Рабинович", "auto", ("Анна", "", "Рабинович")),
        ("Анна Орлова", "auto", ("Анна", "", "Орлова")),
        ("ЮДИНА СВЕТА", "auto", ("СВЕТА", "", "ЮДИНА")),
        ("Мюллер-Шмидт Анна-Мария", "auto", ("Анна-Мария", "", "Мюллер-Шмидт")),
        ("Jürgen von Berg", "auto", ("Jürgen", "", "von Berg")),
        ("Nowak Małgorzata", "auto", ("Małgorzata", "", "Nowak")),
        ("Juan Carlos Peña", "auto", ("Juan Carlos", "", "Peña")),
        ("Sidorova Anna", "auto", ("Anna", "", "Sidorova")),
        ("Анна Мария", "auto", ("", "", "")),
        ("Анна О.", "auto", ("", "", "")),
        ("Отдел продаж", "auto", ("", "", "")),
        ("Анна Орлова", "first-last", ("Анна", "", "Орлова")),
        ("Орлова Анна", "last-first", ("Анна", "", "Орлова")),
        ("Ким Чен Ын", "auto", ("", "", "")),
        ("Ким Чен Ын", "fio", ("Чен", "Ын", "Ким")),
        ("Juan Carlos Perez", "first-last", ("Juan", "Carlos", "Perez")),
    ],
)
def test_whole_names_are_taken_apart(text: str, form: str, parts: tuple[str, ...]) -> None:
    found = split_name(text, form)
    assert tuple(found.get(n, "") for n in ("first_name", "middle_name", "last_name")) == parts


@pytest.mark.parametrize("noun", ["contact", "lead"])
@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("Орлова Анна Ильинична", ("Анна", "Ильинична", "Орлова")),
        ("Анна Петрова", ("Анна", "", "Петрова")),
        ("Петров Иван", ("Иван", "", "Петров")),
        ("Мария Ивановна", ("Мария", "Ивановна", "")),
        ("Anna Hill", ("Anna", "", "Hill")),
        ("Анна Мария", ("Анна Мария", "", "")),
        ("Анна", ("Анна", "", "")),
        ("Отдел продаж", ("Отдел продаж", "", "")),
    ],
)
def test_more_than_a_first_name_in_its_column_finds_its_place(
    ws: Workspace, noun: str, said: str, parts: tuple[str, ...]
) -> None:
    kit.bring(ws, noun, f"Имя;Телефон\n{said};89123456789\n")
    found = kit.one(ws, noun)
    assert tuple(found.get(n, "") for n in ("first_name", "middle_name", "last_name")) == parts


# -- companies and owners -------------------------------------------------------------------


def test_companies_are_matched_without_the_form_or_made_or_refused(ws: Workspace) -> None:
    kit.bring(ws, "company", "Название\nООО «Ромашка»\n")
    found = kit.bring(ws, "contact", "Имя;Компания\nАнна;Ромашка\nБорис;«Ромашка», ооо\n")
    assert (found.created, found.made) == (2, {})
    found = kit.bring(
        ws, "contact", "Имя;Компания\nВера;Лютик\nГлеб;ромашка\n", create_missing=False
    )
    assert (found.created, found.rejected, found.made) == (1, 1, {})
    kit.bring(ws, "lead", "Имя;Компания\nВера;РОМАШКА\n")
    company = kit.all_of(ws, "company")[0]["id"]
    assert kit.all_of(ws, "lead")[0]["company"] == company


def test_owners_of_another_system_are_mapped(ws: Workspace) -> None:
    found = kit.bring(ws, "lead", "Имя;Ответственный\nА;Б. Котов\n", owners={"б. котов": "boris"})
    assert (kit.all_of(ws, "lead")[0]["owner"], found.unknown_owners) == ("boris", {})


DEALS_OF_ANOTHER_CRM = (
    "Название;Воронка;Стадия\nА;Основная;Первичный контакт\nБ;Сервис;ПЕРВИЧНЫЙ контакт\n"
    "В;Основная;Принимают решение\nГ;;Договор/счёт\nД;Основная;Запрос\n"
)


def test_stages_of_another_crm_are_mapped(ws: Workspace) -> None:
    stages = {
        "первичный контакт": "Начало",
        "Принимают решение": "sales/offer",
        "Договор/счёт": "Продажи/Предложение",
    }
    found = kit.bring(ws, "deal", DEALS_OF_ANOTHER_CRM, stages=stages)
    assert (found.created, found.rejected) == (3, 2)
    places = {raw["name"]: (raw["pipeline"], raw["stage"]) for raw in kit.all_of(ws, "deal")}
    assert places == {
        "Б": ("service", "start"),
        "В": ("sales", "offer"),
        "Г": ("sales", "offer"),
    }
    # Nobody said what pipeline Основная is: of В the mapping does.
    assert found.unknown_stages == {"Первичный контакт": 1, "Запрос": 1}


def test_a_mapped_stage_is_looked_for_in_the_pipeline_of_its_row(ws: Workspace) -> None:
    (ws.root / "pipelines.yaml").write_text(
        """
leads: {stages: [{id: new, name: Новый}, {id: won, name: Успех, kind: won}, {id: junk, name: Брак, kind: lost}]}
deals:
  - {id: sales, name: Продажи, stages: [{id: offer, name: КП}, {id: invoice, name: Счёт},
     {id: won, name: Успех, kind: won}, {id: lost, name: Отказ, kind: lost}]}
  - {id: service, name: Сервис, stages: [{id: offer, name: Первая встреча}, {id: talk, name: Счёт},
     {id: done, name: Готово, kind: won}, {id: fail, name: Срыв, kind: lost}]}
"""
    )
    rows = (
        "Название;Воронка;Стадия\nА;Сервис;Их счёт\nБ;Сервис;Их КП\nВ;Продажи;Их КП\nГ;;ИХ СЧЕТ\n"
    )
    ws = Workspace.open(ws.root)
    found = kit.bring(
        ws, "deal", rows, stages={"Их счёт": "Счёт", "Их КП": "КП", "Их брак": "lost"}
    )
    places = {raw["name"]: (raw["pipeline"], raw["stage"]) for raw in kit.all_of(ws, "deal")}
    assert places == {
        "А": ("service", "talk"),
        "В": ("sales", "offer"),
        "Г": ("sales", "invoice"),
    }
    assert (found.unknown_stages, found.unused_stages) == ({"Их КП": 1}, ["Их брак"])


@pytest.mark.parametrize("ref", ["nowhere", "sales/nowhere", "nowhere/offer", "", "sales/", "NEW"])
def test_a_mapped_stage_must_be_here(ws: Workspace, ref: str) -> None:
    with pytest.raises(BadUsage, match="--stage-map Первичный контакт="):
        kit.bring(ws, "deal", DEALS_OF_ANOTHER_CRM, stages={"Первичный контакт": ref})
    assert kit.all_of(ws, "deal") == []
    with pytest.raises(BadUsage, match="twice"):
        kit.bring(ws, "deal", DEALS_OF_ANOTHER_CRM, stages={"Её": "offer", "ее": "request"})


def test_a_deal_of_a_file_without_names_is_called_by_its_client(ws: Workspace) -> None:
    text = "Основной контакт;Этап сделки;Бюджет;Рабочий телефон (контакт)\nИван Котов;Запрос;5000;89161112244\n"
    assert kit.bring(ws, "deal", text, preset="amocrm").created == 1
    assert kit.all_of(ws, "deal")[0]["name"] == "Иван Котов"
    found = kit.bring(ws, "deal", "Название сделки;Основной контакт\n;Анна\n", preset="amocrm")
    assert found.rejected == 1  # a name that was forgotten is another matter


def test_the_stage_column_of_pipedrive(ws: Workspace) -> None:
    text = "Deal - Title*,Deal - Stage (pipeline),Deal - Value\nКровля,Предложение,100\n"
    assert kit.bring(ws, "deal", text).preset == "pipedrive"
    assert kit.all_of(ws, "deal")[0]["stage"] == "offer"


def test_a_caption_may_name_our_own_currency(ws: Workspace) -> None:
    rows = "Название;Сумма, {0}\nКрыша;5000\n"
    for unit in ("руб.", "₽", "RUB"):
        assert kit.bring(ws, "deal", rows.format(unit), dry_run=True).unmapped == {}
    for unit in ("USD", "€", "тыс. руб."):
        assert len(kit.bring(ws, "deal", rows.format(unit), dry_run=True).unmapped) == 1


# -- directories ----------------------------------------------------------------------------

CHANNELS = "Имя;Откуда\nА;Сарафан\nБ;сарафан\nВ;Авито, витрина\nГ;-\nД;Сарафан\n"


def test_values_that_a_directory_lacks_are_all_listed(ws: Workspace) -> None:
    found = kit.bring(ws, "lead", CHANNELS)
    assert found.unknown_values == {"sources": {"Сарафан": 2, "сарафан": 1, "Авито, витрина": 1}}
    assert found.created_values == {}
    told = "\n".join(summary(found, LOCALE))
    assert "sources: Сарафан (2), сарафан (1), Авито, витрина (1)" in told


def test_they_are_added_where_that_is_asked(ws: Workspace) -> None:
    found = kit.bring(ws, "lead", CHANNELS, create_values=True)
    assert (found.created, found.unknown_values) == (5, {})
    assert found.created_values == {"sources": ["Сарафан", "Авито, витрина"]}
    assert [raw.get("source") for raw in kit.all_of(ws, "lead")] == [
        "сарафан", "сарафан", "авито_витрина", None, "сарафан",
    ]  # fmt: skip
    again = kit.opened(ws.root)
    assert again.settings.directories["sources"]["авито_витрина"] == "Авито, витрина"


def test_texts_are_no_values_of_a_directory(ws: Workspace) -> None:
    rows = "".join(f"А{n};рассказал сосед {n}\n" for n in range(101))
    with pytest.raises(Refused, match="101 new values"):
        kit.bring(ws, "lead", f"Имя;Откуда\n{rows}", create_values=True)
    assert kit.all_of(ws, "lead") == []


# -- bad input ------------------------------------------------------------------------------


def test_a_guess_of_the_encoding_that_looks_wrong_is_told(ws: Workspace) -> None:
    text = "name;comment\nАнна Орлова;перезвонить завтра, хочет кровлю\n"
    source = open_source(text.encode("koi8-r"), "x.csv", "cp1251")
    found = import_records(ws, "contact", source, "x.csv", ImportOptions(dry_run=True))
    assert "koi8-r" in found.doubts[0]
    assert kit.bring(ws, "contact", text.encode("cp1251"), dry_run=True).doubts == []


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866", "mac-cyrillic"])
@pytest.mark.parametrize(
    "text",
    ["Имя;Город\nАнна Орлова;Тверь\nПётр;Москва\n", "name;x\nИВАНОВ ИВАН;ПЕРЕЗВОНИТЬ ЗАВТРА\n",
     "имя;город\nанна;москва\nпётр;тверь\n", "Фамилия;Имя\nЩукин;Юрий\nЖуков;Эдуард\n"],
)  # fmt: skip
def test_the_encoding_is_known_by_the_letters(encoding: str, text: str) -> None:
    source = open_source(text.encode(encoding), "x.csv")
    rows = [cells for row in source.rows() for cells in [row.cells]]
    assert [";".join(map(str, cells)) for cells in rows] == text.splitlines()[1:]


def test_the_header_once_more_is_given_back(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", "Имя;Телефон\nА;89161234567\nИмя;Телефон\nБ;89161234568\n")
    assert (found.created, found.rejected) == (2, 1)


def test_a_column_twice_is_told(ws: Workspace) -> None:
    assert kit.bring(ws, "contact", "Имя;Имя\nА;А\n").doubts == ["duplicate columns: Имя"]


# -- where the table begins -----------------------------------------------------------------

PREAMBLE = "Имя;Телефон\nАнна;89161234567\n\nФИО;Почта;Сайт\nОрлова Вера Ильинична;a@b.ru;b.ru\n"


def test_the_header_is_where_its_words_are_or_where_it_is_said(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", PREAMBLE, dry_run=True)
    assert (found.header_line, found.rows) == (4, 1)
    assert found.skipped_above == ["Имя Телефон", "Анна 89161234567"]
    found = kit.bring(ws, "contact", PREAMBLE, header_row=1, dry_run=True)
    assert (found.header_line, found.rows, found.skipped_above) == (1, 3, [])
    data = book(["Отчёт"], [], ["Имя", "Телефон"], ["Анна", "89161234567"])
    assert kit.bring(ws, "contact", data, "x.xlsx", header_row=3).created == 1


def test_a_line_without_a_header(ws: Workspace) -> None:
    for line in (3, 9):
        with pytest.raises(BadUsage, match=f"no header in line {line}"):
            kit.bring(ws, "contact", PREAMBLE, header_row=line)
    with pytest.raises(BadUsage, match="only CSV and workbooks"):
        kit.bring(ws, "contact", '{"name": "Анна"}\n', "x.jsonl", header_row=1)


def test_columns_that_are_named_by_hand_show_the_header(ws: Workspace) -> None:
    text = "Список от Петра\n\nКто;Чем звонить\nАнна;89161234567\n"
    found = kit.bring(ws, "contact", text, columns={"кто": "name", "Чем звонить": "phones"})
    assert (found.header_line, found.created) == (3, 1)


def test_a_sheet_that_is_named_is_read_whatever_its_header(ws: Workspace) -> None:
    data = book(["Раз", "Два"], ["А", "Б"], more=True)
    assert kit.bring(ws, "contact", data, "x.xlsx", dry_run=True).header_line == 1
    with pytest.raises(BadUsage, match="no column matches"):
        kit.bring(ws, "contact", data, "x.xlsx", sheet="Клиенты")


# -- going on -------------------------------------------------------------------------------

KEYLESS = "Имя;Тел\n" + "".join(f"Имя{n};{'моб' if n == 3 else ''}\n" for n in range(12))


def interrupted(ws: Workspace, monkeypatch: pytest.MonkeyPatch, after: int = 1) -> None:
    monkeypatch.setattr(run, "CHUNK", 5)
    calls = 0

    def stop(rows: int) -> None:
        nonlocal calls
        calls += 1
        if calls == after:
            raise KeyboardInterrupt

    wanted = ImportOptions(rejects=ws.root.parent / "rejects.csv", strict=True)
    with pytest.raises(KeyboardInterrupt):
        import_records(ws, "contact", open_source(KEYLESS.encode(), "x.csv"), "x.csv", wanted, stop)
    ws.look_again()


def test_an_interrupted_import_goes_on_without_doubling(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(ws, monkeypatch)
    [past] = past_imports(ws)
    assert (past.state, past.counts["created"], past.rows) == ("unfinished", 4, 5)
    (ws.root.parent / "rejects.csv").unlink()
    found = kit.bring(ws, "contact", KEYLESS, strict=True)
    assert (found.before, found.created, found.rejected, found.resumed) == (4, 7, 1, past.batch)
    assert found.batch == past.batch
    assert len(kit.all_of(ws, "contact")) == 11
    [past] = past_imports(ws)
    assert (past.state, past.counts["created"], past.counts["rejected"]) == ("whole", 11, 1)
    again = kit.bring(ws, "contact", KEYLESS, strict=True)
    assert (again.created, again.skipped, again.rejected) == (0, 11, 1)
    assert kit.bring(ws, "contact", KEYLESS, strict=True, again=True).created == 11


def test_what_is_taken_back_can_be_imported_again(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(ws, monkeypatch, after=2)
    [past] = past_imports(ws)
    undo.undo_batch(ws, past.batch)
    ws.look_again()
    [past] = past_imports(ws)
    assert past.state == "taken back"
    found = kit.bring(ws, "contact", KEYLESS, strict=True)
    assert (found.before, found.created, found.resumed) == (0, 11, "")


def test_the_rejects_have_no_name_until_they_are_whole(ws: Workspace) -> None:
    seen: list[list[str]] = []

    def look(rows: int) -> None:
        seen.append([path.name for path in ws.root.parent.iterdir() if path.is_file()])

    wanted = ImportOptions(rejects=ws.root.parent / "rejects.csv", strict=True)
    text = "Имя;E-mail\nА;плохо\nБ;\n"
    import_records(ws, "contact", open_source(text.encode(), "x.csv"), "x.csv", wanted, look)
    assert seen == [[]]
    assert (ws.root.parent / "rejects.csv").is_file()
    assert isinstance(ws.root, Path)


def test_the_one_pipeline_of_a_file_is_the_one_here_whatever_its_name(ws: Workspace) -> None:
    text = "Название;Воронка;Стадия\nА;{};Сделка успешна\nБ;{};Новая\n"
    one, two = text.format("Основная", "Основная"), text.format("Основная", "Вторая")
    several = kit.bring(ws, "deal", one, dry_run=True)
    assert (several.rejected, several.unknown_pipelines) == (2, {"Основная": 2})
    kit.write(ws.root, "pipelines.yaml", kit.pipelines())
    found = kit.bring(kit.opened(ws.root), "deal", one)
    assert (found.created, found.rejected, found.has_one_pipeline) == (2, 0, True)
    assert kit.bring(kit.opened(ws.root), "deal", two).rejected == 2


def test_a_deal_that_is_over_was_closed_on_the_day_it_was_to_be(ws: Workspace) -> None:
    text = (
        "name,stage,close_by,created_at\nA,won,2026-03-15,2026-01-10\nB,won,2027-05-01,2026-01-10\n"
        "C,request,2026-03-15,2026-01-10\nD,won,2025-12-01,2026-01-10\n"
    )
    kit.bring(ws, "deal", text)
    closed = {d["name"]: d.get("closed_at", "") for d in kit.all_of(ws, "deal")}
    made = "2026-01-09T21:00:00Z"
    assert closed == {"A": "2026-03-14T21:00:00Z", "B": made, "C": "", "D": made}


def test_a_text_in_cells_merged_downwards_is_that_of_each_row_that_has_more(ws: Workspace) -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    page = made.add_worksheet()
    page.write_row(0, 0, ["Компания", "Имя", "Дата рождения", "Комментарий"])
    page.merge_range("A2:A5", "Лён")
    for line, name in ((1, "Вера"), (2, "Яна"), (5, "Ия")):
        page.write(line, 1, name)
    page.merge_range("D2:D3", 300)
    made.close()
    kit.bring(ws, "contact", out.getvalue(), name="people.xlsx")
    firm = kit.one(ws, "company")["id"]
    found = {str(c["name"]): c for c in kit.all_of(ws, "contact")}
    assert {name: bool(c.get("companies")) for name, c in found.items()} == {
        "Вера": True, "Яна": True, "Ия": False}  # fmt: skip
    assert found["Яна"]["companies"] == [{"company": firm}]
    assert (found["Вера"].get("comment"), found["Яна"].get("comment")) == ("300", None)


@pytest.mark.parametrize(
    "page", ["<html><table>", "\ufeff<!DOCTYPE html>", '<?xml version="1.0"?>']
)
def test_a_web_page_is_no_table_whatever_its_name(ws: Workspace, page: str) -> None:
    with pytest.raises(InvalidData, match="is a web page"):
        open_source(page.encode(), "clients.xls")


def test_inn_and_kpp_in_one_cell_are_two(ws: Workspace) -> None:
    kit.bring(
        ws, "company", "Название;ИНН/КПП\nЛён;7707083893/770701001\n", columns={"ИНН/КПП": "inn"}
    )
    found = kit.one(ws, "company")
    assert (found["inn"], found["kpp"]) == ("7707083893", "770701001")


def test_numbers_of_a_workbook_have_the_currency_that_they_show(ws: Workspace) -> None:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out)
    page = made.add_worksheet("Deals & more")
    forms = ['"$"#,##0.00', "#,##0 [$€-407]", "#,##0\\ [$CHF-807]", '#,##0 "zł"', '0 "ft"', "0.00"]
    page.write_row(0, 0, ["Название", "Сумма"])
    for line, form in enumerate(forms, start=1):
        page.write(line, 0, f"{line}")
        page.write(line, 1, 1500.5, made.add_format({"num_format": form}))
    made.close()
    kit.bring(ws, "deal", out.getvalue(), name="deals.xlsx")
    found = {deal["name"]: (deal["amount"], deal["currency"]) for deal in kit.all_of(ws, "deal")}
    codes = ["USD", "EUR", "CHF", "PLN", "RUB", "RUB"]
    assert found == {f"{n}": ("1500.50", code) for n, code in enumerate(codes, start=1)}


def test_ids_that_lost_digits_make_no_two_records_one(ws: Workspace) -> None:
    rows = "5.1234E+10;Вера\n5.1234E+10;Яна\n1.25E+02;Ия\n"
    found = kit.bring(ws, "contact", f"Record ID;Имя\n{rows}", preset="hubspot")
    assert (found.created, found.rejected) == (1, 2)
    assert "has lost digits in Excel" in next(iter(found.examples.values()))
    assert kit.one(ws, "contact")["external"] == {"hubspot": "125"}


def test_a_status_beside_a_stage_says_only_whether_it_is_over(ws: Workspace) -> None:
    first, second = (stage for stage in ws.pipelines.of("deal")[0].stages[:2])
    text = (
        f"Название;Этап;Статус сделки\nА;{first.name};Выиграна\nБ;{second.name};Идёт работа\n"
        f"В;{second.name};Проиграна\n"
    )
    found = kit.bring(ws, "deal", text)
    assert not found.conflicts
    stages = {str(deal["name"]): str(deal["stage"]) for deal in kit.all_of(ws, "deal")}
    place = ws.pipelines.of("deal")[0]
    kinds = {name: kept.kind for name, stage in stages.items() if (kept := place.stage(stage))}
    assert (kinds, stages["Б"]) == ({"А": "won", "Б": "open", "В": "lost"}, second.id)


def test_an_end_that_cannot_have_been_is_told(ws: Workspace) -> None:
    place = ws.pipelines.of("deal")[0]
    won = next(stage.name for stage in place.stages if stage.kind == "won")
    text = (
        "Название;Стадия;Дата создания;Фактическая дата закрытия\n"
        f"А;{place.initial.name};01.02.2026;01.03.2026\nБ;{won};01.03.2026;01.02.2026\n"
        f"В;{won};01.02.2026;01.03.2026\n"
    )
    found = kit.bring(ws, "deal", text)
    assert [reason for _, reason in found.doubtful] == [
        "was closed, and is in an open stage all the same",
        "was closed before it was created",
    ]


def test_a_date_of_another_form_than_is_said_costs_its_row_alone(ws: Workspace) -> None:
    text = "Имя;Дата рождения\nА;02/01/80\nБ;31/12/1999\n"
    found = kit.bring(ws, "contact", text, date_format="%d/%m/%y")
    assert found.created + found.rejected == 2
    assert found.created
    assert {c["name"]: c.get("birthday") for c in kit.all_of(ws, "contact")}["А"] == "1980-01-02"


def test_a_column_that_was_not_taken_is_told_in_quiet_too(ws: Workspace) -> None:
    found = kit.bring(ws, "deal", "Название;Сумма\nА;много\n")
    assert any("'Сумма'" in line for line in losses(found))
