"""Importing: mapping, values, duplicates, rejects, links, the batch."""

from __future__ import annotations

import csv
import io
import json
import resource
from pathlib import Path

import pytest

from crmcli.errors import BadUsage, Conflict, InvalidData
from crmcli.model.fields import Record
from crmcli.model.preset import Preset
from crmcli.model.schema import Schema
from crmcli.model.spelling import header_key
from crmcli.sales import imports
from crmcli.sales.imports import ImportOptions, RowsRepeat, import_records, open_source, run
from crmcli.sales.imports.column_map import NothingMapped, map_columns
from crmcli.sales.imports.mapping import (
    Vocabulary,
    presets_of,
)
from crmcli.workspace import Workspace
from tests import kit

DATA = Path(__file__).parents[3] / "shared" / "data"


def rejected(ws: Workspace, name: str = "rejects.csv") -> list[dict[str, str]]:
    text = (ws.root.parent / name).read_text("utf-8-sig")
    delimiter = imports.open_source(text.encode(), name)
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter.delimiter))  # type: ignore[union-attr]  # CSV here


def target_of(ws: Workspace, entity: str, header: str, preset: str = "") -> str:
    presets = presets_of(ws)
    words = Vocabulary(Schema(), entity, (presets.chosen(preset), presets.plain))
    return str(words.find(header))


# -- headers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entity", "header", "target"),
    [
        ("lead", "first_name", "first_name"),
        ("lead", "First name", "first_name"),
        ("lead", "FIRST-NAME*", "first_name"),
        ("lead", "Prénom", "first_name"),
        ("lead", "Имя", "first_name"),
        ("lead", "Имя (обязательно)", "first_name"),
        ("contact", "Дата рождения (дд.мм.гггг)", "birthday"),
        ("contact", "Nome", "first_name"),
        ("contact", "Nombre", "first_name"),
        ("company", "Nome", "name"),
        ("contact", "Birthday, MM/DD/YYYY", "birthday"),
        ("contact", "Телефон (компании)", "None"),
        ("contact", "Фирма", "companies (name)"),
        ("lead", "Откуда", "source"),
        ("deal", "Стоимость", "amount"),
        ("deal", "Ansprechpartner", "contacts (name)"),
        ("company", "Nazwa firmy", "name"),
        ("lead", "ИМЯ *", "first_name"),
        ("lead", "Название лида", "name"),
        ("lead", "Рабочий телефон", "phones (work)"),
        ("lead", "Мобильный телефон", "phones (mobile)"),
        ("lead", "Номер факса", "phones (fax)"),
        ("lead", "phone_home", "phones (home)"),
        ("lead", "Home phone", "phones (home)"),
        ("lead", "Phone 2", "phones"),
        ("lead", "Рабочий e-mail", "emails (work)"),
        ("lead", "Частный E-Mail", "emails (home)"),
        ("lead", "email_other", "emails (other)"),
        ("lead", "UTM Source", "utm (source)"),
        ("lead", "utm_campaign", "utm (campaign)"),
        ("lead", "Возможная сумма", "amount"),
        ("lead", "Населённый пункт", "address (part)"),
        ("lead", "Контакт Telegram", "handles (telegram)"),
        ("lead", "Название компании", "company_name"),
        ("contact", "Название компании", "companies (name)"),
        ("company", "Название компании", "name"),
        ("deal", "Компания", "company (name)"),
        ("deal", "Контакт", "contacts (name)"),
        ("contact", "company", "companies (name)"),
        ("contact", "company_name", "companies (name)"),
        ("contact", "title", "position"),
        ("deal", "Title", "name"),
        ("deal", "Стадия сделки", "stage"),
        ("contact", "Имя, Фамилия", "full_name"),
        ("company", "ИНН", "inn"),
        ("contact", "Do not", "do_not"),
        ("contact", "Не писать", "do_not (mail)"),
        ("lead", "Не звонить", "do_not (call)"),
        ("contact", "Email Opt Out", "do_not (mail)"),
        ("deal", "Не писать", "None"),
        ("contact", "gender", "None"),
        ("contact", "Unknown", "None"),
    ],
)
def test_headers_mean_fields(ws: Workspace, entity: str, header: str, target: str) -> None:
    assert target_of(ws, entity, header) == target


def test_a_preset_brings_in_what_means_something_else_without_it(ws: Workspace) -> None:
    assert target_of(ws, "lead", "NAME") == "name"
    assert target_of(ws, "lead", "NAME", "bitrix24") == "first_name"
    assert target_of(ws, "lead", "TITLE", "bitrix24") == "name"
    assert target_of(ws, "lead", "name", "bitrix24") == "name"  # our own export keeps its words
    assert target_of(ws, "lead", "COMPANY_TITLE", "bitrix24") == "company_name"


def test_headers_are_folded() -> None:
    assert header_key(" Ёлка: e-mail* ") == header_key("елка Email") == "елкаemail"
    assert header_key("Résumé") == "resume"


def test_map_takes_a_column_by_hand_and_leaves_one_out(ws: Workspace) -> None:
    words = Vocabulary(ws.schema, "lead", (Preset(), presets_of(ws).plain))
    columns = map_columns(
        ("Имя", "Тел", "Мусор", "Возраст"), words, {"тел": "phone_mobile", "Мусор": ""}
    )
    assert [str(column.target) for column in columns] == [
        "first_name", "phones (mobile)", "None", "None",
    ]  # fmt: skip
    assert [column.ignored for column in columns] == [False, False, True, False]


def test_map_of_nothing_is_refused_with_the_nearest(ws: Workspace) -> None:
    words = Vocabulary(ws.schema, "lead", (Preset(), presets_of(ws).plain))
    with pytest.raises(BadUsage, match="no column 'Телефн'") as refusal:
        map_columns(("Телефон",), words, {"Телефн": "phones"})
    assert "'Телефон'" in refusal.value.hint
    with pytest.raises(BadUsage, match="no field 'phonne_work'") as refusal:
        map_columns(("Телефон",), words, {"Телефон": "phonne_work"})
    assert "'phone_work'" in refusal.value.hint


def test_a_file_without_a_header_is_refused(ws: Workspace) -> None:
    with pytest.raises(NothingMapped, match="no column matches a field"):
        kit.bring(ws, "lead", "Анна,89161234567\nБорис,89161234568\n")
    assert not (ws.root.parent / "rejects.csv").exists()


def test_a_header_in_another_encoding_is_refused_with_a_hint(ws: Workspace) -> None:
    source = open_source("Имя;Телефон\nАнна;89161234567\n".encode("cp866"), "x.csv", "cp1251")
    with pytest.raises(NothingMapped) as refusal:
        import_records(ws, "lead", source, "x.csv", ImportOptions())
    assert "--encoding cp866" in refusal.value.hint


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "Анна", "amount": 1.50}, {"name": "Борис", "tags": ["a", "b"]}]',
        '[\n  {\n    "name": "Анна",\n    "amount": 1.50\n  },\n  {"name": "Борис", "tags": ["a", "b"]}\n]\n',
        '{\n "name": "Анна", "amount": 1.50\n}\n{\n "name": "Борис", "tags": ["a", "b"]\n}\n',
        '\ufeff[{"name": "Анна", "amount": 1.50}\r\n,{"name": "Борис", "tags": ["a", "b"]}]',
    ],
)
def test_a_json_list_is_read_as_json_lines_are(ws: Workspace, text: str) -> None:
    found = kit.bring(ws, "lead", text, "x.json")
    one, other = kit.all_of(ws, "lead")
    assert (found.created, one["amount"], other["tags"]) == (2, "1.50", ["a", "b"])


def test_of_a_json_list_rows_are_rejected_by_the_line_where_they_begin(ws: Workspace) -> None:
    kit.bring(ws, "lead", '[\n{"name": "Анна"},\n{"tags": "x"},\n5\n]', "x.json")
    lines = (ws.root.parent / "rejects.csv").read_text("utf-8").splitlines()
    assert [json.loads(line)["crm_line"] for line in lines] == ["3", "4"]


@pytest.mark.parametrize("text", ['[{"name": "Анна"}', "[]", '[{"name": "Анна"} x]'])
def test_a_broken_or_empty_json_list_is_refused(ws: Workspace, text: str) -> None:
    with pytest.raises(InvalidData, match=r"is not JSON|is empty"):
        kit.bring(ws, "lead", text, "x.json")


def test_custom_fields_by_name_and_by_label(ws: Workspace) -> None:
    kit.bring(ws, "lead", "Имя;Площадь;roof\nАнна;120,5;flat\n")
    assert (kit.one(ws, "lead")["area"], kit.one(ws, "lead")["roof"]) == ("120.5", "flat")


# -- values ---------------------------------------------------------------------------------


def test_a_row_of_a_russian_portal(ws: Workspace) -> None:
    text = (
        '"ID";"Название лида";"Имя";"Отчество";"Фамилия";"Дата рождения";"Адрес";"Населенный пункт";'
        '"Страна";"Рабочий телефон";"Мобильный телефон";"Рабочий e-mail";"Частный e-mail";'
        '"Контакт Telegram";"Название компании";"Должность";"Комментарий";"Стадия";"Возможная сумма";'
        '"Валюта";"Источник";"Дополнительно об источнике";"Ответственный";"UTM Source";\r\n'
        '"17";"Кровля";"Пётр";"Ильич";"Ёлкин";"23.11.1980";"ул. Лесная, 5";"Москва";"Россия";'
        '"8 (495) 123-45-67 доб. 12";"8 912 345-67-89; +7 913 345-67-80";"P@Example.RU";"";'
        '"@petr";"ООО ""Ромашка""";"директор";"раз; два\r\nтри";"В работе";"1 234,56 руб.";"";'
        '"Веб-сайт";"реклама в метро";"Анна Смирнова";"yandex";\r\n'
    )
    found = kit.bring(ws, "lead", text.encode("cp1251"), preset="bitrix24")
    assert (found.created, found.rejected, found.unmapped) == (1, 0, {})
    raw = kit.one(ws, "lead")
    assert raw["phones"] == [
        {"value": "+74951234567", "ext": "12", "type": "work"},
        {"value": "+79123456789", "type": "mobile"},
        {"value": "+79133456780", "type": "mobile"},
    ]
    assert raw["emails"] == [{"value": "P@example.ru", "type": "work"}]
    assert raw["birthday"] == "1980-11-23"
    assert raw["address"] == "ул. Лесная, 5, Москва, Россия"
    assert (raw["handles"], raw["comment"]) == (["telegram:@petr"], "раз; два\nтри")
    assert (raw["amount"], raw["currency"]) == ("1234.56", "RUB")
    assert (raw["stage"], raw["source"], raw["owner"]) == ("working", "web", "anna")
    assert (raw["company_name"], raw["utm"]) == ('ООО "Ромашка"', {"source": "yandex"})
    assert raw["batch"] == found.batch
    assert found.foreign_ids == 1


@pytest.mark.parametrize(
    ("caption", "stage"),
    [
        ("Не обработан", "new"),
        ("В работе", "working"),
        ("Качественный лид", "converted"),
        ("Некачественный лид", "junk"),
        ("Новый", "new"),
        ("junk", "junk"),
        ("UNASSIGNED", "new"),
    ],
)
def test_stages_by_the_names_of_bitrix24_ours_or_their_kind(
    ws: Workspace, caption: str, stage: str
) -> None:
    kit.bring(ws, "lead", f"Имя;Стадия\nАнна;{caption}\n")
    assert kit.one(ws, "lead")["stage"] == stage


def test_a_final_stage_stays_and_needs_no_reason(ws: Workspace) -> None:
    kit.bring(ws, "lead", "Имя;Стадия\nАнна;Некачественный\n")
    raw = kit.one(ws, "lead")
    assert (raw["stage"], raw.get("junk_reason")) == ("junk", None)
    [event] = ws.events(raw["id"])
    assert (event.kind, event.data["stage"]) == ("lead.created", "junk")


def test_a_stage_of_another_pipeline_is_found_there(ws: Workspace) -> None:
    kit.bring(ws, "deal", "Название;Стадия;Воронка\nА;Готово;\nБ;Начало;Сервис\nВ;;\n")
    places = [(raw["pipeline"], raw["stage"]) for raw in kit.all_of(ws, "deal")]
    assert places == [("service", "fine"), ("service", "start"), ("sales", "request")]


def test_bad_values_reject_their_row_whole_and_say_why(ws: Workspace) -> None:
    text = (
        "Имя;Мобильный телефон;E-mail;Сумма;Дата рождения;Источник;Стадия\n"
        "Анна;+79161234567;anna@example.ru;100;;Сайт;Новый\n"
        "Борис;нет;boris@example.ru;100;;;\n"
        "Вера;;нет почты;100;;;\n"
        "Глеб;;;сто;;;\n"
        "Дина;;;;31.02.2020;;\n"
        "Ева;;;;;Марс;\n"
        "Жан;;;;;;Продано\n"
        "Зоя;89161234599;плохо;;99.99.99;;\n"
    )
    found = kit.bring(ws, "lead", text.replace("Борис;нет", "Борис;моб"), strict=True)
    assert (found.rows, found.created, found.rejected) == (8, 1, 7)
    assert [raw["first_name"] for raw in kit.all_of(ws, "lead")] == ["Анна"]
    rows = rejected(ws)
    assert [row["crm_line"] for row in rows] == ["3", "4", "5", "6", "7", "8", "9"]
    for row, column, word in zip(
        rows,
        ("Мобильный телефон", "E-mail", "Сумма", "Дата рождения", "Источник", "Стадия", "E-mail"),
        ("phone", "e-mail", "number", "", "web (Сайт)", "is not a stage", "плохо"),
        strict=True,
    ):
        assert row["crm_reason"].startswith(f"{column}: ")
        assert word in row["crm_reason"]
    assert "Дата рождения: " in rows[-1]["crm_reason"]  # every fault of a row is told
    assert found.reasons.most_common(1)[0][1] == 2


def test_reasons_that_differ_only_in_the_value_are_one(ws: Workspace) -> None:
    found = kit.bring(ws, "lead", "Имя;E-mail\nА;раз\nБ;два\nВ;три\n", strict=True)
    [reason] = found.as_dict()["reasons"]
    assert (reason["column"], reason["rows"]) == ("E-mail", 3)
    assert "'раз'" in reason["reason"]


@pytest.mark.parametrize(
    ("order", "written", "date"),
    [("dmy", "03/04/2026", "2026-04-03"), ("mdy", "03/04/2026", "2026-03-04"),
     ("", "2026-04-03", "2026-04-03"), ("", "03.04.2026", "2026-04-03")],
)  # fmt: skip
def test_dates_in_their_order(ws: Workspace, order: str, written: str, date: str) -> None:
    kit.bring(ws, "deal", f"name,close date\nКровля,{written}\n", date_order=order)
    assert kit.one(ws, "deal")["close_by"] == date


def test_phones_of_another_country(ws: Workspace) -> None:
    kit.bring(ws, "contact", "name,phone\nBob,(415) 293-3313 x12\n", country="US")
    assert kit.one(ws, "contact")["phones"] == [
        {"value": "+14152933313", "ext": "12", "type": "work"}
    ]


def test_repeated_columns_collapse_or_are_both_kept(ws: Workspace) -> None:
    text = (
        "Имя;Имя;Телефон;Телефон;Примечание;Примечание\n"
        "Анна;Анна;89161234567;8 916 123-45-67;раз;раз\n"
        "Борис;Боря;89161234568;89161234569;раз;два\n"
    )
    found = kit.bring(ws, "lead", text)
    anna, boris = kit.all_of(ws, "lead")
    assert [phone["value"] for phone in anna["phones"]] == ["+79161234567"]
    assert anna["comment"] == "раз"
    assert [phone["value"] for phone in boris["phones"]] == ["+79161234568", "+79161234569"]
    assert boris["comment"] == "раз\nдва"
    assert boris["first_name"] == "Борис"
    assert found.conflicts == [(3, "Имя (2)")]


def test_columns_that_nobody_knows_are_told_with_their_filled_cells(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", "Имя;Пол;Рост;Пусто\nАнна;ж;;\nБорис;м;180;\n")
    assert found.unmapped == {"Пол": 2, "Рост": 1, "Пусто": 0}
    assert all(
        "Пол" not in json.dumps(raw, ensure_ascii=False) for raw in kit.all_of(ws, "contact")
    )


def test_an_unknown_column_can_be_kept_in_the_comment(ws: Workspace) -> None:
    text = "Имя;Пол;Рост;Комментарий\nАнна;ж;170;хорошая\n"
    found = kit.bring(ws, "contact", text, columns={"Пол": "comment", "Рост": "comment"})
    assert kit.one(ws, "contact")["comment"] == "Пол: ж\nРост: 170\nхорошая"
    assert found.unmapped == {}


def test_one_column_mapped_to_the_comment_needs_no_label(ws: Workspace) -> None:
    kit.bring(ws, "contact", "Имя;О себе\nАнна;пою\n", columns={"О себе": "comment"})
    assert kit.one(ws, "contact")["comment"] == "пою"


def test_owners_who_are_no_users_are_kept_and_counted(ws: Workspace) -> None:
    found = kit.bring(
        ws, "lead", "Имя;Ответственный\nА;boris@example.ru\nБ;Ольга Чужая\nВ;Ольга Чужая\n"
    )
    assert [raw["owner"] for raw in kit.all_of(ws, "lead")] == [
        "boris",
        "Ольга Чужая",
        "Ольга Чужая",
    ]
    assert found.unknown_owners == {"Ольга Чужая": 2}


def test_a_row_that_says_nothing_is_rejected_and_an_empty_one_counted(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", "Имя;Тег\nАнна;vip\n;vip\n;\n\n")
    assert (found.rows, found.created, found.rejected, found.empty_rows) == (2, 1, 1, 1)
    assert "needs a name, a phone or an e-mail" in rejected(ws)[0]["crm_reason"]


def test_a_header_alone_imports_nothing_and_writes_nothing(ws: Workspace) -> None:
    found = kit.bring(ws, "lead", "Имя;Телефон\n")
    assert (found.rows, found.created) == (0, 0)
    assert not list((ws.root / "data").rglob("*.csv"))


def test_refusals_come_along(ws: Workspace) -> None:
    summary = kit.bring(
        ws,
        "contact",
        "Имя;E-mail;Не писать;Не звонить\nАлла;a@x.ru;да;1\nБорис;b@x.ru;нет;\n"
        "Вера;v@x.ru;mail, sms;нет\nГлеб;g@x.ru;наверное;\n",
    )
    assert [raw.get("do_not", "") for raw in kit.all_of(ws, "contact")] == [
        ["call", "mail"], "", ["mail", "sms"],
    ]  # fmt: skip
    assert summary.rejected == 1
    assert "'наверное' is neither yes nor no" in rejected(ws)[0]["crm_reason"]


def test_a_whole_name_is_never_lost(ws: Workspace) -> None:
    kit.bring(ws, "lead", "Название лида;ФИО\nКровля;Петров Пётр Ильич\n;Сидоров Иван\n")
    roof, ivan = kit.all_of(ws, "lead")
    parts = [roof[name] for name in ("name", "last_name", "first_name", "middle_name")]
    assert parts == ["Кровля", "Петров", "Пётр", "Ильич"]
    assert ivan["name"] == "Сидоров Иван"


# -- rejects --------------------------------------------------------------------------------


def test_the_mended_rejects_file_imports(ws: Workspace) -> None:
    text = 'Имя;Тел;Тел;E-mail\nАнна;;;плохо\nБорис;89161234567;;тоже\nВера;"89161234568;1\nГлеб;;;g@example.ru\n'
    found = kit.bring(ws, "contact", text, strict=True)
    assert (found.created, found.rejected) == (1, 3)
    path = ws.root.parent / "rejects.csv"
    before = path.read_text("utf-8")
    assert before.startswith("Имя;Тел;Тел;E-mail;crm_line;crm_reason;crm_duplicate_of;crm_rest\n")

    again = kit.bring(ws, "contact", before, strict=True)
    assert (again.rows, again.created, again.rejected) == (3, 0, 3)
    assert again.unmapped == {}
    assert before.count("\n") == path.with_name("rejects-2.csv").read_text("utf-8").count("\n")

    mended = before.replace(";плохо;", ";anna@example.ru;").replace(";тоже;", ";;")
    rows = list(csv.reader(io.StringIO(mended), delimiter=";"))
    for row in rows[1:]:
        if row[0] == "":  # the row with the open quote stands in crm_rest
            assert row[-1] == 'Вера;"89161234568;1'
            row[:3] = ["Вера", "89161234568", "89161234569"]
        row[-1] = ""
    text = "\n".join(";".join(f'"{cell}"' for cell in row) for row in rows)
    last = kit.bring(ws, "contact", text)
    assert (last.created, last.rejected) == (3, 0)
    assert [raw["name"] for raw in kit.all_of(ws, "contact")] == ["Анна", "Борис", "Вера", "Глеб"]
    assert not path.with_name("rejects-3.csv").exists()


def test_what_stands_in_crm_rest_cannot_be_forgotten(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", "Имя;crm_rest\nАнна;Анна;89161234567;лишнее\nБорис;что-то\n")
    assert (found.created, found.rejected) == (0, 2)
    assert "crm_rest: still has text" in rejected(ws)[1]["crm_reason"]


def test_rejects_that_nobody_needs_are_not_written(ws: Workspace) -> None:
    found = kit.bring(ws, "lead", "Имя\nАнна\n")
    assert found.rejects == ""
    assert [p.name for p in ws.root.parent.iterdir() if p.is_file()] == []


def test_rejects_stand_in_a_place_of_ones_choice(ws: Workspace, tmp_path: Path) -> None:
    found = kit.bring(
        ws, "lead", "Имя;E-mail\nА;-@-\n", rejects=tmp_path / "плохие.csv", strict=True
    )
    assert found.rejects == str(tmp_path / "плохие.csv")


def test_a_place_for_rejects_that_cannot_be_written_is_told_before_anything(
    ws: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match="cannot write") as refusal:
        kit.bring(ws, "lead", "Имя\nАнна\n", rejects=tmp_path / "нет" / "плохие.csv")
    assert "--rejects" in refusal.value.hint  # type: ignore[attr-defined]  # a CrmError
    assert kit.all_of(ws, "lead") == []


def test_rejects_of_json_lines_are_json_lines(ws: Workspace) -> None:
    text = '{"name": "А", "emails": ["плохо"], "vip": true}\n{broken\n{"name": "Б"}\n'
    found = kit.bring(
        ws, "lead", text, "x.jsonl", rejects=ws.root.parent / "плохие.jsonl", strict=True
    )
    assert (found.created, found.rejected) == (1, 2)
    lines = (ws.root.parent / "плохие.jsonl").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert (first["name"], first["emails"], first["crm_line"]) == ("А", ["плохо"], "1")
    assert (second["crm_rest"], second["crm_line"]) == ("{broken", "2")
    again = kit.bring(ws, "lead", "\n".join(lines).replace('"плохо"', '"a@b.ru"'), "y.jsonl")
    assert (again.created, again.rejected) == (1, 1)


# -- duplicates -----------------------------------------------------------------------------

PAIR = (
    "Имя;Фамилия;Мобильный телефон;E-mail;Тег;Комментарий\n"
    "Анна;Орлова;8 916 123-45-67;;vip;раз\n"
    "Аня;;+7 (916) 123-45-67;anna@example.ru;b2b;два\n"
)


def test_skip_gives_the_row_back_with_the_id_that_it_repeats(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", PAIR)
    assert (found.created, found.skipped, found.rejected) == (1, 1, 0)
    [row] = rejected(ws)
    assert row["crm_duplicate_of"] == kit.one(ws, "contact")["id"]
    assert (row["Имя"], row["crm_line"]) == ("Аня", "3")
    assert "same phone" in row["crm_reason"]


def test_duplicates_of_the_base_are_found_by_phone_and_by_email(ws: Workspace) -> None:
    kit.bring(ws, "lead", "Имя;Тел.;E-mail\nАнна;8 916 123-45-67;\nБорис;;B@Example.ru\n")
    found = kit.bring(
        ws, "lead", "name,phone,email\nA,+79161234567,\nB,,b@example.RU\nC,,c@example.ru\n"
    )
    assert (found.created, found.skipped) == (1, 2)
    assert [row["crm_reason"].rpartition("(")[2] for row in rejected(ws)] == [
        "same phone)", "same e-mail)",
    ]  # fmt: skip


def test_companies_repeat_by_inn(ws: Workspace) -> None:
    kit.bring(ws, "company", "Название;ИНН\nРомашка;7707083893\n")
    found = kit.bring(ws, "company", "Название;ИНН\nООО Ромашка;7707083893\nЛютик;500100732259\n")
    assert (found.created, found.skipped) == (1, 1)


def test_a_rejected_row_is_no_record_that_others_could_repeat(ws: Workspace) -> None:
    found = kit.bring(
        ws, "lead", "Имя;Телефон;E-mail\nА;89161234567;плохо\nБ;89161234567;\n", strict=True
    )
    assert (found.rejected, found.created, found.skipped) == (1, 1, 0)


def test_merge_fills_and_adds_and_never_overwrites(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", PAIR, on_duplicate="merge")
    assert (found.created, found.merged, found.skipped) == (1, 1, 0)
    raw = kit.one(ws, "contact")
    assert (raw["first_name"], raw["last_name"]) == ("Анна", "Орлова")
    assert [phone["value"] for phone in raw["phones"]] == ["+79161234567"]
    assert raw["emails"] == [{"value": "anna@example.ru", "type": "work"}]
    assert raw["tags"] == ["b2b", "vip"]
    assert raw["comment"] == "раз\nдва"
    assert found.kept == 1  # the first name
    created, changed = ws.events(raw["id"])
    assert (created.kind, changed.kind) == ("contact.created", "field.changed")
    assert changed.data["batch"] == found.batch
    assert changed.data["robots"] is False
    assert set(changed.data["changes"]) == {"emails", "tags", "comment"}


def test_replace_overwrites_with_what_is_given(ws: Workspace) -> None:
    kit.bring(
        ws, "contact", "Имя;Фамилия;phone_mobile;phone_work\nАнна;Орлова;89161234567;84951234567\n"
    )
    found = kit.bring(
        ws, "contact", "Имя;Фамилия;phone_work;E-mail\nАня;;84951234568;\nНюра;;84951234567;a@b.ru\n",
        on_duplicate="replace",
    )  # fmt: skip
    assert (found.created, found.replaced) == (1, 1)
    anna = next(raw for raw in kit.all_of(ws, "contact") if raw.get("last_name"))
    assert (anna["first_name"], anna["last_name"]) == ("Нюра", "Орлова")
    assert [(p["value"], p["type"]) for p in anna["phones"]] == [
        ("+79161234567", "mobile"),
        ("+74951234567", "work"),
    ]
    assert anna["emails"] == [{"value": "a@b.ru", "type": "work"}]


def test_replace_moves_by_the_rules_of_moving(ws: Workspace) -> None:
    kit.bring(ws, "lead", "Имя;Телефон\nАнна;89161234567\n")
    lead = kit.one(ws, "lead")["id"]
    found = kit.bring(ws, "lead", "Имя;Телефон;Стадия\nАнна;89161234567;В работе\n",
                 on_duplicate="replace")  # fmt: skip
    assert (found.replaced, kit.one(ws, "lead")["stage"]) == (1, "working")
    entered = ws.events(lead)[-1]
    assert (entered.kind, entered.data["stage"], entered.data["from"]) == (
        "stage.entered", "working", "new",
    )  # fmt: skip
    assert (entered.data["batch"], entered.data["robots"]) == (found.batch, False)
    found = kit.bring(ws, "lead", "Имя;Телефон;Стадия\nАня;89161234567;Качественный\n",
                 on_duplicate="replace")  # fmt: skip
    assert (found.replaced, found.rejected, kit.one(ws, "lead")["first_name"]) == (0, 1, "Анна")
    assert "converting" in rejected(ws)[0]["crm_reason"]


def test_a_move_that_replace_may_not_make_says_what_to_do_with_the_file(ws: Workspace) -> None:
    kit.bring(ws, "lead", "Имя;Телефон\nК0;89161234560\nК1;89161234561\n")
    lost = "К0;89161234560;Некачественный\nК1;89161234561;Некачественный\n"
    found = kit.bring(ws, "lead", f"Имя;Телефон;Стадия\n{lost}", on_duplicate="replace")
    assert [r["rows"] for r in found.as_dict()["reasons"]] == [2]  # ids do not tell reasons apart
    [row, _] = rejected(ws)
    assert "without a reason (add a column junk_reason, one of wrong (" in row["crm_reason"]
    text = f"Имя;Телефон;Стадия;junk_reason\n{lost.replace('ный', 'ный;wrong')}"
    assert kit.bring(ws, "lead", text, on_duplicate="replace").replaced == 2
    back = kit.bring(
        ws, "lead", "Имя;Телефон;Стадия\nК;89161234560;Новый\n", on_duplicate="replace",
        rejects=ws.root.parent / "back.csv",
    )  # fmt: skip
    assert back.rejected == 1
    lead = next(raw["id"] for raw in kit.all_of(ws, "lead") if raw["first_name"] == "К0")
    [row] = rejected(ws, "back.csv")
    assert row["crm_reason"].endswith(f"(crm lead move {lead} new --reopen)")


def test_create_makes_them_all(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", PAIR, on_duplicate="create")
    assert (found.created, found.skipped) == (2, 0)


def test_fail_writes_nothing_and_lists_them(ws: Workspace) -> None:
    with pytest.raises(RowsRepeat, match="1 row repeats existing records: line 3 repeats contact-"):
        kit.bring(ws, "contact", PAIR, on_duplicate="fail")
    assert kit.all_of(ws, "contact") == []
    assert ws.events() == []
    assert not (ws.root.parent / "rejects.csv").exists()
    found = kit.bring(ws, "contact", PAIR.replace("+7 (916)", "+7 (917)"), on_duplicate="fail")
    assert found.created == 2


def test_a_row_that_repeats_two_records_is_not_merged_into_either(ws: Workspace) -> None:
    kit.bring(ws, "contact", "Имя;Телефон;E-mail\nАнна;89161234567;\nАня;;b@example.ru\n")
    found = kit.bring(ws, "contact", "Имя;Телефон;E-mail\nАнна;89161234567;b@example.ru\n",
                 on_duplicate="merge")  # fmt: skip
    assert (found.merged, found.rejected) == (0, 1)
    assert "repeats 2 records" in rejected(ws)[0]["crm_reason"]


def test_an_id_that_is_here_is_that_very_record(ws: Workspace) -> None:
    kit.bring(ws, "contact", "Имя;Телефон\nАнна;89161234567\n")
    contact = kit.one(ws, "contact")["id"]
    text = f"id;Имя;Должность\n{contact};Анна;директор\n"
    assert kit.bring(ws, "contact", text).skipped == 1
    assert kit.bring(ws, "contact", text, on_duplicate="create").skipped == 1
    assert kit.bring(ws, "contact", text, on_duplicate="merge").merged == 1
    assert kit.one(ws, "contact")["position"] == "директор"


def test_an_id_of_another_kind_is_refused(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", "id,name\nlead-7k3qf2m9,Анна\n")
    assert found.rejected == 1
    assert "'lead-7k3qf2m9' is the id of a lead" in rejected(ws)[0]["crm_reason"]


def test_an_import_again_adds_nothing(ws: Workspace) -> None:
    text = "Имя;Телефон;Название компании\n" + "".join(
        f"К{n};8916123{n:04};Фирма {n % 3}\n" for n in range(30)
    )
    assert kit.bring(ws, "contact", text).created == 30
    again = kit.bring(ws, "contact", text)
    assert (again.created, again.skipped, again.made) == (0, 30, {})
    assert len(kit.all_of(ws, "company")) == 3


def test_what_no_file_can_hold_costs_its_row_alone(ws: Workspace) -> None:
    long = "я" * 600_000
    found = kit.bring(ws, "lead", f"Имя;Комментарий\nА;{long}\nБ;короткий\n")
    assert (found.created, found.rejected) == (1, 1)
    assert "larger than 1 MB" in rejected(ws)[0]["crm_reason"]
    half = "я" * 300_000
    kit.bring(ws, "contact", f"Имя;Телефон;Комментарий\nА;89161234567;{half}\n")
    found = kit.bring(ws, "contact", f"Имя;Телефон;Комментарий\nА;89161234567;{half}!\n",
                 on_duplicate="merge")  # fmt: skip
    assert (found.merged, found.rejected) == (0, 1)
    deep = '{"id": "lead-7k3qf2m9", "name": "А", "x": ' + "[" * 20 + '"y"' + "]" * 20 + "}"
    found = kit.bring(ws, "lead", deep + '\n{"name": "В"}\n', "x.jsonl")
    assert (found.created, found.rejected) == (1, 1)


def test_a_row_that_repeats_an_unreadable_record_is_given_back(ws: Workspace) -> None:
    kit.bring(ws, "contact", "Имя;Телефон\nА;89161234567\n")
    contact = kit.one(ws, "contact")["id"]
    [path] = (ws.root / "data" / "contacts").rglob("*.yaml")
    text = f"id;Имя\n{contact};Б\n;В\n"
    path.write_text(path.read_text("utf-8") + "name: дважды\n", "utf-8")
    found = kit.bring(ws, "contact", text, on_duplicate="merge")
    assert (found.created, found.merged, found.rejected) == (1, 0, 1)


# -- links ----------------------------------------------------------------------------------


def test_companies_that_rows_name_are_made_once(ws: Workspace) -> None:
    text = (
        "Имя;Название компании\nАнна;ООО «Ромашка»\nБорис;ооо «РОМАШКА»\nВера;Ёлка, Иголка и Ко\n"
        "Глеб;Елка, иголка и Ко\nДина;\n"
    )
    found = kit.bring(ws, "contact", text)
    assert found.made == {"company": 2}
    companies = {raw["name"]: raw["id"] for raw in kit.all_of(ws, "company")}
    assert set(companies) == {"ООО «Ромашка»", "Ёлка, Иголка и Ко"}
    links = [raw.get("companies") for raw in kit.all_of(ws, "contact")]
    romashka, elka = companies["ООО «Ромашка»"], companies["Ёлка, Иголка и Ко"]
    assert links == [[{"company": romashka}]] * 2 + [[{"company": elka}]] * 2 + [None]
    assert {raw["batch"] for raw in kit.all_of(ws, "company")} == {found.batch}


def test_companies_that_are_here_are_found_by_inn_then_by_name(ws: Workspace) -> None:
    kit.bring(ws, "company", "Название;ИНН\nРомашка;7707083893\nЛютик;\n")
    text = (
        "Имя;Компания;ИНН компании;company_role\nА;Ромашка (Москва);7707083893;директор\n"
        "Б;лютик;;\nВ;Ромашка;500100732259;\n"
    )
    found = kit.bring(ws, "contact", text)
    assert found.made == {"company": 1}  # another Ромашка, with another INN
    ids = {
        raw["name"]: raw["id"]
        for raw in kit.all_of(ws, "company")
        if raw.get("inn") != "500100732259"
    }
    first, second, third = (raw["companies"][0] for raw in kit.all_of(ws, "contact"))
    assert first == {"company": ids["Ромашка"], "role": "директор"}
    assert second == {"company": ids["Лютик"]}
    assert third["company"] not in ids.values()


def test_a_company_known_by_its_inn_alone_and_a_role_in_none(ws: Workspace) -> None:
    text = "Имя;ИНН компании;company_role\nА;7707083893;\nБ;7707083893;\nВ;;директор\nГ;123;\n"
    found = kit.bring(ws, "contact", text)
    assert (found.created, found.rejected, found.made) == (3, 1, {"company": 1})
    assert kit.one(ws, "company")["name"] == "7707083893"
    assert found.conflicts == [(4, "company_role")]
    assert rejected(ws)[0]["crm_reason"].startswith("ИНН компании: '123' is not an INN")


def test_a_name_of_two_companies_is_refused_with_both(ws: Workspace) -> None:
    kit.bring(ws, "company", "Название\nРомашка\nРОМАШКА\n")
    found = kit.bring(ws, "contact", "Имя;Компания\nАнна;Ромашка\n")
    assert (found.created, found.rejected) == (0, 1)
    reason = rejected(ws)[0]["crm_reason"]
    assert reason.startswith("Компания: ")
    assert all(raw["id"] in reason for raw in kit.all_of(ws, "company"))


def test_a_row_that_is_not_taken_makes_no_company(ws: Workspace) -> None:
    found = kit.bring(
        ws,
        "contact",
        "Имя;Компания;E-mail;Телефон\nА;Икс;плохо;\nБ;;;89161234567\nБ;Игрек;;89161234567\n",
        strict=True,
    )
    assert (found.created, found.rejected, found.skipped) == (1, 1, 1)
    assert kit.all_of(ws, "company") == []


def test_deals_link_their_company_and_contact_by_name_or_make_them(ws: Workspace) -> None:
    kit.bring(ws, "contact", "Имя;Телефон\nАнна;89161234567\n")
    text = (
        "Название сделки;Сумма;Компания;Контакт;contact_phone\n"
        "Кровля;100;Ромашка;;8 (916) 123-45-67\nКрыльцо;200;Ромашка;Борис;\nЗабор;300;;Борис;\n"
    )
    found = kit.bring(ws, "deal", text)
    assert found.made == {"company": 1, "contact": 1}
    names = {raw["id"]: raw["name"] for e in ("company", "contact") for raw in kit.all_of(ws, e)}
    deals = {raw["name"]: raw for raw in kit.all_of(ws, "deal")}
    assert [names[i] for i in deals["Кровля"]["contacts"]] == ["Анна"]
    assert [names[i] for i in deals["Забор"]["contacts"]] == ["Борис"]
    assert names[deals["Крыльцо"]["company"]] == "Ромашка"


def test_links_by_id_stay_and_those_that_lead_nowhere_are_counted(ws: Workspace) -> None:
    found = kit.bring(
        ws, "deal", "name,company,contacts\nКровля,company-7k3qf2m9,contact-7k3qf2m9\n"
    )
    raw = kit.one(ws, "deal")
    assert (raw["company"], raw["contacts"]) == ("company-7k3qf2m9", ["contact-7k3qf2m9"])
    assert found.dangling_links == 2


def test_a_lead_keeps_its_companys_name_as_text_and_is_linked_to_it(ws: Workspace) -> None:
    text = (
        "name,company,ИНН\nКровля,ООО Ромашка,7707083893\nКрыльцо,«Ромашка»,\nЗабор,,7707083893\n"
    )
    found = kit.bring(ws, "lead", text, preset="bitrix24")
    assert (found.created, found.made) == (3, {"company": 1})
    company = kit.one(ws, "company")
    assert (company["name"], company["inn"]) == ("ООО Ромашка", "7707083893")
    leads = {raw["name"]: raw for raw in kit.all_of(ws, "lead")}
    assert {raw["company"] for raw in leads.values()} == {company["id"]}
    names = ("ООО Ромашка", "«Ромашка»", None)
    assert tuple(leads[n].get("company_name") for n in ("Кровля", "Крыльцо", "Забор")) == names


def test_a_lead_whose_company_is_not_here_is_refused_where_none_may_be_made(ws: Workspace) -> None:
    text = "name,Название компании\nКровля,Ромашка\nЗабор,\n"
    found = kit.bring(ws, "lead", text, create_missing=False)
    assert (found.created, found.rejected, found.made) == (1, 1, {})
    assert rejected(ws)[0]["crm_reason"].startswith("Название компании: no company ")


def test_a_lead_whose_company_may_be_two_keeps_the_name_alone(ws: Workspace) -> None:
    kit.bring(ws, "company", "Название;ИНН\nРомашка;7707083893\nРомашка;7736207543\n")
    found = kit.bring(ws, "lead", "name,company\nКровля,Ромашка\n")
    lead = kit.one(ws, "lead")
    assert (found.created, found.made) == (1, {})
    assert (lead["company_name"], "company" in lead) == ("Ромашка", False)


def test_rows_created_though_they_repeat_a_record_are_counted(ws: Workspace) -> None:
    text = "Имя;Телефон\nАнна;89161234567\nАнна П.;+7 916 123-45-67\nБорис;89161234568\n"
    assert kit.bring(ws, "contact", text, on_duplicate="create").repeating == 1
    again = kit.bring(ws, "contact", text, on_duplicate="create")
    assert (again.created, again.repeating) == (3, 3)
    assert again.as_dict()["repeating"] == 3


# -- the batch, robots, transactions --------------------------------------------------------


def test_the_batch_stands_on_each_record_and_event_and_robots_sleep(ws: Workspace) -> None:
    found = kit.bring(ws, "contact", "Имя;Компания\nАнна;Ромашка\nБорис;Ромашка\n")
    assert found.batch.startswith("batch-")
    records: list[Record] = [*ws.select("contact"), *ws.select("company")]
    assert {record.get("batch") for record in records} == {found.batch}
    created = [event for event in ws.events() if event.kind.endswith(".created")]
    assert len(created) == 3
    facts = {"batch": found.batch, "robots": False}
    assert all(facts.items() <= event.data.items() for event in created)
    [done] = ws.events(kinds=["import.done"])
    assert (done.data["batch"], done.data["created"]) == (found.batch, 2)


def test_robots_wake_if_asked(ws: Workspace) -> None:
    kit.bring(ws, "lead", "Имя\nАнна\n", robots=True)
    created = ws.events()[0]
    assert created.data.get("robots") is not False


def test_a_dry_run_writes_nothing_and_says_the_same(ws: Workspace) -> None:
    before = sorted(path for path in ws.root.rglob("*") if ".crm" not in path.parts)
    text = PAIR + "Плохая;;;нет;;\nТретий;;;;;\n"
    dry = kit.bring(ws, "contact", text, dry_run=True)
    assert sorted(path for path in ws.root.rglob("*") if ".crm" not in path.parts) == before
    assert not (ws.root.parent / "rejects.csv").exists()
    assert dry.batch == ""
    assert [raw.get("first_name") for raw in dry.sample] == ["Анна", "Аня", "Плохая"]
    real = kit.bring(ws, "contact", text)
    same = ("rows", "created", "skipped", "rejected", "merged")
    assert [getattr(dry, name) for name in same] == [getattr(real, name) for name in same]


def test_a_dry_run_of_merging_sees_its_own_records(ws: Workspace) -> None:
    dry = kit.bring(ws, "contact", PAIR, on_duplicate="merge", dry_run=True)
    assert (dry.created, dry.merged) == (1, 1)
    assert kit.all_of(ws, "contact") == []


def test_rows_are_written_a_chunk_at_a_time(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "CHUNK", 10)
    text = "Имя;Телефон;Компания\n" + "".join(
        f"К{n};8916123{n % 25:04};Фирма {n % 7}\n" for n in range(45)
    )
    done: list[int] = []
    source = open_source(text.encode(), "x.csv")
    wanted = ImportOptions(rejects=ws.root.parent / "r.csv", on_duplicate="merge")
    found = import_records(ws, "contact", source, "x.csv", wanted, done.append)
    assert (found.created, found.merged) == (25, 20)
    assert done == [10, 20, 30, 40, 45]
    assert len(kit.all_of(ws, "company")) == 7
    assert len(ws.events(kinds=["import.done"])) == 1


@pytest.mark.parametrize("before", [0, 1])
def test_two_imports_at_once_make_each_record_once(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    monkeypatch.setattr(run, "CHUNK", 10)
    rows = [f"К{n};8916123{n:04}\n" for n in range(30)]
    kit.bring(ws, "lead", "Имя;Телефон\n" + "".join(rows[:before]))
    text = "Имя;Телефон\n" + "".join(rows)
    counts: list[int] = []

    def meanwhile(done: int) -> None:
        if done == 10:
            other = kit.opened(ws.root)
            counts.append(kit.bring(other, "lead", text).created)

    source = open_source(text.encode(), "x.csv")
    wanted = ImportOptions(rejects=ws.root.parent / "r.csv")
    found = import_records(ws, "lead", source, "x.csv", wanted, meanwhile)
    assert (found.created, counts) == (10 - before, [20])
    assert len(kit.all_of(ws, "lead")) == 30


def test_an_error_in_the_middle_says_what_stands(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 10)
    text = "Имя;E-mail\n" + "".join(f"К{n};плохо\n" if n == 3 else f"К{n};\n" for n in range(25))

    def stop(rows: int) -> None:
        if rows == 20:
            raise Conflict("the disk is full", "free some space")

    source = open_source(text.encode(), "x.csv")
    with pytest.raises(Conflict, match="disk is full") as refusal:
        import_records(
            ws,
            "lead",
            source,
            "x.csv",
            ImportOptions(rejects=ws.root.parent / "r.csv", strict=True),
            stop,
        )
    assert "up to line 21, 19 rows are imported already as batch-" in refusal.value.hint
    assert not ws.is_settled
    assert len(kit.all_of(ws, "lead")) == 19
    assert [row["crm_line"] for row in rejected(ws, "r.csv")] == ["5"]


def test_a_disk_without_room_for_the_rejects_is_told_with_what_stands(ws: Workspace) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_the_disk(rows: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))  # the kernel then says EFBIG

    source = open_source("Имя;E-mail\nПетя;\nВася;плохо\n".encode(), "x.csv")
    wanted = ImportOptions(rejects=ws.root / "r.csv", strict=True)
    try:
        with pytest.raises(Conflict, match="disk is full") as refusal:
            import_records(ws, "lead", source, "x.csv", wanted, fill_the_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "up to line 3, 1 row is imported already as batch-" in refusal.value.hint
    assert not ws.is_settled
    assert [path.name for path in ws.root.iterdir() if "r.csv" in path.name] == []


# -- the real files, where they are ----------------------------------------------------------


@pytest.mark.skipif(not DATA.is_dir(), reason="the real input is not beside the project")
def test_the_real_lead_export(ws: Workspace) -> None:
    content = (DATA / "bitrix24-leads-cp1251.csv").read_bytes()
    (ws.root / "pipelines.yaml").write_text(
        (ws.root / "pipelines.yaml")
        .read_text("utf-8")
        .replace(
            "- {id: converted",
            "- {id: processed, name: Обработан, kind: open}\n    - {id: converted",
            1,
        ),
        "utf-8",
    )
    (ws.root / "settings.yaml").write_text("users: {anna: {name: Анна Смирнова}}\n", "utf-8")
    ws = kit.opened(ws.root, now=ws.now)
    found = kit.bring(ws, "lead", content, "leads.csv", preset="bitrix24", on_duplicate="create")
    assert (found.rows, found.created, found.rejected) == (400, 400, 0)
    assert sum(one["values"] for one in found.as_dict()["doubtful"]) == 6
    told = found.as_dict()["read"]
    assert told["amounts"] == {"RUB": "72448484.50"}
    assert (told["phones"], told["repeated_phones"]) == (381, 19)
    assert told["stages"]["junk"] == 103
    strict = kit.bring(
        ws, "lead", content, "leads.csv", preset="bitrix24", on_duplicate="create", strict=True
    )
    assert (strict.created, strict.rejected, len(rejected(ws))) == (394, 6, 6)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real input is not beside the project")
def test_the_real_contacts(ws: Workspace) -> None:
    content = (DATA / "contacts-500.csv").read_bytes()
    for country in ("", "US"):
        found = kit.bring(ws, "contact", content, "c.csv", on_duplicate="create", country=country)
        assert (found.created, found.rejected, found.made) == (
            500, 0, {"company": 55} if country == "" else {},
        )  # fmt: skip
        mine = [raw for raw in kit.all_of(ws, "contact") if raw["batch"] == found.batch]
        phones = [phone for raw in mine for phone in raw["phones"]]
        assert len(phones) == 830
        assert sum("ext" in phone for phone in phones) == 489 == content.count(b" x")
