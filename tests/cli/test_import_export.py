"""crm import and crm export as a user types them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.sales.init import create
from tests.cli.test_output import in_terminal
from tests.kit import Run

Crm = Callable[..., Run]

LEADS = (
    '"ID";"Название лида";"Имя";"Мобильный телефон";"Рабочий e-mail";"Комментарий";"Стадия";'
    '"Возможная сумма";"Валюта";"Источник";"Ответственный";"Кличка";\r\n'
    '"1";"Заявка 1";"Анна";"8 (912) 345-67-89 доб. 12";"anna@example.ru";"раз; два\r\nтри";'
    '"Не обработан";"1000.50";"RUB";"Веб-сайт";"Борис Котов";"Аня";\r\n'
    '"2";"Заявка 2";"Аня";"+7 912 345 67 89";"";"=HYPERLINK(""x"")";"В работе";"";"";"Реклама";"";"";\r\n'
    '"3";"Заявка 3";"Вера";"";"нет почты";"";"Обработан";"200";"RUB";"Звонок";"";"";\r\n'
    '"4";"Заявка 4";"Глеб";"";"g@example.ru";"=1+1";"Некачественный лид";"300";"RUB";"Звонок";"";"";\r\n'
)


@pytest.fixture
def other(folder: Path) -> Path:
    """Another empty workspace."""
    root = folder.parent / "other"
    create.create_workspace(root, language="ru", use_git=False)
    return root


@pytest.fixture
def leads(folder: Path) -> Path:
    path = folder.parent / "лиды.csv"
    path.write_bytes(LEADS.encode("cp1251"))
    return path


def test_import_prints_the_batch_alone_and_talks_on_stderr(
    crm: Crm, folder: Path, leads: Path
) -> None:
    run = crm("import", "leads", str(leads), "--preset", "none")
    assert run.code == 0
    batch = run.out.strip()
    assert batch.startswith("batch-")
    assert "\n" not in batch
    for words in (
        "лиды.csv: 4 rows (cp1251, semicolon)",
        "3 leads created",
        "1 skipped: a duplicate",
        "columns not imported: Кличка (1)",
        "kept as text: Борис Котов (1)",
        "4 ids of another system",
        "1\u00a0500,50\u00a0₽",
        "лиды.rejects.csv",
    ):
        assert words in run.err
    rows = json.loads(crm("lead", "list", "--json", "--sort", "name").out)
    assert [row["stage"] for row in rows] == ["new", "processed", "junk"]
    assert {row["batch"] for row in rows} == {batch}
    assert rows[0]["phones"] == [{"value": "+79123456789", "ext": "12", "type": "mobile"}]
    text = (folder.parent / "лиды.rejects.csv").read_text("utf-8-sig")
    rejects = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [row["crm_line"] for row in rejects] == ["4"]
    assert rejects[0]["crm_duplicate_of"] == rows[0]["id"]


def test_import_with_json(crm: Crm, leads: Path) -> None:
    found = json.loads(crm("import", "leads", str(leads), "--json").out)
    assert (found["rows"], found["created"], found["skipped"], found["rejected"]) == (4, 3, 1, 0)
    assert found["encoding"] == "cp1251"
    assert found["unmapped"] == {"Кличка": 1}
    assert found["read"]["amounts"] == {"RUB": "1500.50"}
    assert found["read"]["stages"] == {"new": 1, "working": 1, "processed": 1, "junk": 1}
    assert {"column": "Мобильный телефон", "field": "phones (mobile)", "filled": 2} in found[
        "columns"
    ]


def test_a_dry_run_shows_the_mapping_and_the_first_rows(
    crm: Crm, folder: Path, leads: Path
) -> None:
    before = sorted(folder.rglob("data/**/*"))
    run = crm("import", "leads", str(leads), "--map", "Кличка=comment", "--dry-run")
    assert run.code == 0
    assert sorted(folder.rglob("data/**/*")) == before
    assert list(folder.parent.rglob("*rejects*")) == []
    assert "dry run: nothing was written" in run.err
    assert "3 leads created" in run.err
    lines = {line.split("  ")[0]: line for line in run.out.splitlines()}
    assert "phones (mobile)" in lines["Мобильный телефон"]
    assert "comment (labelled)" in lines["Кличка"]
    assert "Заявка 1" in lines
    assert "Заявка 4" not in lines
    found = json.loads(crm("import", "leads", str(leads), "-n", "--json").out)
    assert (found["dry_run"], found["batch"], len(found["sample"])) == (True, "", 3)


def test_import_from_stdin_and_a_pipe_between_workspaces(
    crm: Crm, folder: Path, other: Path
) -> None:
    text = (
        "first_name,company,phone_home,tags\n"
        'Bob,"Brekke, Dietrich and Klein",1-955-371-0847 x371,"vip, b2b"\n'
        "Ann,Ёлка,8 912 345-67-89 доб. 5,\n"
    )
    assert crm("import", "contacts", "-", stdin=text).code == 0
    for options in ((), ("--excel", "--ids"), ("--format", "jsonl")):
        first = crm("export", "contacts", *options)
        run = crm("-C", str(other), "import", "contacts", "-", stdin=first.out)
        assert (run.code, "2 contacts created" in run.err or "2 skipped" in run.err) == (0, True)
        assert crm("-C", str(other), "export", "contacts", *options).out == first.out
    assert json.loads(crm("export", "contacts", "--json").out.splitlines()[0])["phones"]
    names = {
        row["name"] for row in json.loads(crm("-C", str(other), "company", "list", "--json").out)
    }
    assert names == {"Brekke, Dietrich and Klein", "Ёлка"}


def test_export_of_an_empty_base_can_be_imported(crm: Crm, other: Path) -> None:
    text = crm("export", "deals").out
    run = crm("-C", str(other), "import", "deals", "-", stdin=text)
    assert (run.code, run.out) == (0, "")
    assert "0 rows" in run.err


def test_export_filters_and_chooses(crm: Crm, leads: Path) -> None:
    crm("import", "leads", str(leads))
    run = crm("export", "leads", "--where", "amount > 500", "--columns", "name,amount")
    assert (run.code, run.out) == (0, "name,amount\nЗаявка 1,1000.50\n")
    run = crm(
        "export",
        "leads",
        "--excel",
        "--ids",
        "--columns",
        "name,comment",
        "--where",
        "stage = junk",
    )
    assert run.out == "\ufeffname;comment\r\nЗаявка 4;'=1+1\r\n"
    assert crm("export", "tasks").out.startswith("id,name,about,")


@pytest.mark.parametrize(
    ("args", "stdin", "code", "words"),
    [
        (("leads", "нет.csv"), "", 3, "no such file: нет.csv"),
        (("leads", "."), "", 2, ". is a folder"),
        (("leads", "-"), "", 6, "stdin is empty"),
        (("leads", "-"), "\x00\x00,\x00\n", 6, "NUL"),
        (("leads", "-"), "Анна,89161234567\n", 2, "no column matches a field"),
        (("leads", "-", "--map", "x"), "name\nА\n", 2, "not of the form column=field"),
        (("leads", "-", "--map", "nme=name"), "name\nА\n", 2, "no column 'nme'"),
        (("leads", "-", "--map", "name=nme"), "name\nА\n", 2, "no field 'nme'"),
        (("leads", "-", "--preset", "amo"), "name\nА\n", 2, "no preset 'amo'"),
        (("leads", "-", "--encoding", "utf-9"), "name\nА\n", 2, "'utf-9' is not a known encoding"),
        (("leads", "-", "--delimiter", "ab"), "name\nА\n", 2, "'ab' is not a delimiter"),
        (("leads", "-", "--on-duplicate", "ask"), "name\nА\n", 2, "ask"),
        (("leads", "-", "--rejects", "нет/r.csv"), "name\nА\n", 3, "r.csv"),
        (("leads", "-", "--rejects", "."), "name\nА\n", 2, ". is a folder"),
        (("leads", "-", "--country", "ZZ"), "name\nА\n", 2, "'ZZ' is not a country"),
        (("leads", "-"), "name,stage\nА,нигде\n", 1, "1 rejected"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    crm: Crm, folder: Path, args: tuple[str, ...], stdin: str, code: int, words: str
) -> None:
    run = crm("import", *args, stdin=stdin)
    assert (run.code, run.out) == (code, "")
    assert words in run.err
    assert "Traceback" not in run.err
    assert not list((folder / "data").rglob("lead-*.yaml"))


def test_fail_exits_with_1_and_the_list(crm: Crm, folder: Path) -> None:
    text = "name,phone\nА,89161234567\nБ,+79161234567\n"
    run = crm("import", "leads", "-", "--on-duplicate", "fail", stdin=text)
    assert (run.code, run.out) == (1, "")
    assert "line 3 repeats lead-" in run.err
    assert not list((folder / "data").rglob("*.yaml"))


def test_export_refuses_what_it_does_not_know(crm: Crm) -> None:
    for args, words in (
        (("--columns", "amont"), "did you mean 'amount'?"),
        (("--columns", ","), "does not name a column"),
        (("--format", "pdf"), "pdf"),
        (("--format", "vcard"), "leads cannot be exported as vCards"),
        (("--format", "jsonl", "--excel"), "--excel"),
        (("--where", "amont > 1"), "amont"),
    ):
        run = crm("export", "leads", *args)
        assert (run.code, run.out) == (2, "")
        assert words in run.err


def test_robots_sleep_through_an_import_unless_asked(crm: Crm, leads: Path) -> None:
    crm("import", "leads", str(leads))
    crm("tick")
    assert json.loads(crm("task", "list", "--json").out) == []
    crm("import", "leads", "-", "--robots", stdin="name,phone\nНовый,89161112233\n")
    crm("tick")
    assert len(json.loads(crm("task", "list", "--json").out)) > 0


def test_a_broken_row_in_the_middle_costs_itself(crm: Crm, folder: Path) -> None:
    text = 'Имя;Телефон\nАнна;89161234567\n"Борис;89161234568\nВера;89161234569\n'
    run = crm("import", "leads", "-", stdin=text)
    assert (run.code, "2 leads created" in run.err) == (0, True)
    [row] = csv.DictReader(
        io.StringIO((folder / ".crm/stdin.rejects.csv").read_text()), delimiter=";"
    )
    assert (row["crm_line"], row["crm_rest"]) == ("3", '"Борис;89161234568')
    assert "never closed" in row["crm_reason"]


def test_a_dry_run_shows_the_rows_as_they_were_decoded_but_no_cards(crm: Crm, folder: Path) -> None:
    table = folder / "лиды.csv"
    table.write_bytes("Имя;Телефон\nЖанна;8 916 123-45-67\n".encode("cp1251"))
    shown = crm("import", "contacts", str(table), "--dry-run").out
    part = shown.partition("As they stand in the file")[2]
    assert ("Жанна" in part, "8 916 123-45-67" in part) == (True, True)
    card = folder / "жанна.vcf"
    card.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Жанна\nTEL:89161234567\nEND:VCARD\n")
    shown = crm("import", "contacts", str(card), "--dry-run").out
    assert ("Жанна" in shown, "As they stand" in shown) == (True, False)


def test_imports_are_listed_and_taken_back(crm: Crm, leads: Path) -> None:
    batch = crm("import", "leads", str(leads)).out.strip()
    [row] = json.loads(crm("import", "list", "--json").out)
    assert (row["id"], row["file"], row["state"]) == (batch, "лиды.csv", "whole")
    assert crm("import", "list", "--ids").out == f"{batch}\n"
    assert (row["rows"], row["created"], row["skipped"], row["rejected"]) == (4, 3, 1, 0)
    assert crm("import", "undo", batch, "--dry-run").code == 0
    assert len(json.loads(crm("lead", "list", "--json").out)) == 3
    made = row["created"]
    run = crm("import", "undo", batch)
    assert (run.code, run.out) == (0, f"Undone: removed: {made} leads.\n")
    assert json.loads(crm("lead", "list", "--json").out) == []
    assert json.loads(crm("import", "list", "--json").out)[0]["state"] == "taken back"
    assert crm("import", "undo", "batch-00000000").code == 3


def test_a_workbook_and_cards_leave_and_come_back(crm: Crm, folder: Path, other: Path) -> None:
    crm("contact", "add", "--name", "Анна Орлова", "--phone", "89161234567", "--comment", "=1+1")
    env = {"CRM_WORKSPACE": str(other)}
    for form in ("xlsx", "vcard"):
        path = folder.parent / f"c.{'vcf' if form == 'vcard' else form}"
        with path.open("wb") as file:
            subprocess.run(
                [sys.executable, "-m", "crmcli", "export", "contacts", "--format", form],
                stdout=file, cwd=folder, check=True,
            )  # fmt: skip
        assert crm("import", "contacts", str(path), cwd=other, **env).code == 0
    [contact] = json.loads(crm("contact", "list", "--json", cwd=other, **env).out)
    assert (contact["name"], contact["comment"]) == ("Анна Орлова", "=1+1")


@pytest.mark.parametrize(("name", "content", "rejects"), [
    ("l.csv", "name\nА\n,\n", "l.rejects.csv"),
    ("l.rejects.csv", "name\nА\n", "l.rejects-2.csv"),
    ("l.rejects-2.csv", "name\nА\n", "l.rejects.csv"),
    ("a.b", "name\nА\n", "a.rejects.csv"),
    ("l.jsonl", '{"name": "А"}\n', "l.rejects.jsonl"),
    ("l.vcf", "BEGIN:VCARD\nVERSION:9.0\nFN:А\nEND:VCARD\n", "l.rejects.vcf"),
    ("x" * 250 + ".csv", "name\nА\n", "x" * 200 + ".rejects.csv"),
])  # fmt: skip
def test_what_was_not_taken_stands_beside_the_file(
    crm: Crm, folder: Path, tmp_path: Path, name: str, content: str, rejects: str
) -> None:
    path = tmp_path / "elsewhere" / name
    path.parent.mkdir()
    broken = content if name.endswith((".vcf", ".jsonl")) else "name,tags\n,vip\n"
    path.write_text(broken.replace('"name": "А"', '"tags": "vip"'), "utf-8")
    run = crm("import", "contacts", str(path), cwd=folder)
    assert (run.code, str(path.with_name(rejects)) in run.err) == (1, True)
    assert sorted(p.name for p in path.parent.iterdir()) == sorted([name, rejects])


def test_rejects_of_a_stream_or_of_a_closed_folder_go_to_our_own(
    crm: Crm, folder: Path, tmp_path: Path
) -> None:
    bad = "name,tags\n,vip\n"
    run = crm("import", "leads", "-", stdin=bad)
    assert f"{folder}/.crm/stdin.rejects.csv" in run.err
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(bad,))
    writer.start()
    run = crm("import", "leads", str(pipe), "--again")
    writer.join()
    assert f"{folder}/.crm/pipe.rejects.csv" in run.err
    assert crm("check").code == 0  # it is not in anybody's way there


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_rejects_of_a_read_only_folder(crm: Crm, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "closed" / "l.csv"
    path.parent.mkdir()
    path.write_text("name,phone\nА,нет\n", "utf-8")
    path.parent.chmod(0o555)
    assert f"{folder}/.crm/l.rejects.csv" in crm("import", "leads", str(path)).err


NEAR = "name;phone\nJan Kepa;\nJan Kępa;\n".encode("cp1250")


def test_a_text_of_two_readings_is_not_written_before_it_is_said(
    folder: Path, crm: Callable[..., Run]
) -> None:
    (folder / "near.csv").write_bytes(NEAR)
    run = crm("import", "contacts", "near.csv")
    assert (run.code, run.out) == (2, "")
    assert "cp1250: Kępa" in run.err
    assert "cp1252: Kêpa" in run.err
    assert crm("contact", "list", "--ids").out == ""
    assert crm("import", "contacts", "near.csv", "--encoding", "cp1250", "-q").code == 0
    assert "Jan Kępa" in crm("contact", "list").out


def test_a_terminal_shows_both_readings_and_asks(folder: Path) -> None:
    (folder / "near.csv").write_bytes(NEAR)
    args = ["crm", "-C", str(folder), "import", "contacts", str(folder / "near.csv")]
    code = f"import sys; sys.argv = {args!r}\nfrom crmcli.__main__ import main\nmain()"
    seen = in_terminal(code, typed="cp1250\n", CRM_LANG="en")
    assert "which reading is right?" in seen
    assert "2 contacts created" in seen


def test_an_import_is_told_values_in_words_and_by_a_file(crm: Crm, folder: Path) -> None:
    words = folder.parent / "values.csv"
    words.write_text("field;theirs;ours\nsource;Яндекс;web\n", "utf-8")
    rows = "name,Источник,Теги\nАнна,Яндекс,Новый\n"
    told = ("--value-map", str(words), "--value-map", "tags:Новый=new", "--set", "amount=5")
    assert crm("import", "leads", "-", *told, stdin=rows).code == 0
    [lead] = json.loads(crm("lead", "list", "--columns", "source,tags,amount", "--json").out)
    assert (lead["source"], lead["tags"]) == ("web", ["new"])
    for wrong in ("source=web", "source:Яндекс", "нет.csv"):
        assert crm("import", "leads", "-", "--value-map", wrong, stdin=rows).code == 2


def test_quiet_still_tells_what_was_rejected(crm: Crm, folder: Path) -> None:
    run = crm("-q", "import", "leads", "-", stdin="name,Теги,Рассылка\n,vip,да\n")
    assert (run.code, "1 rejected" in run.err, "stdin.rejects.csv" in run.err) == (1, True, True)
    assert "Рассылка (1)" in run.err
    assert crm("-q", "import", "leads", "-", stdin="name\nБорис\n").err == ""


@pytest.mark.parametrize(
    ("language", "head", "row"),
    [
        ("ru", "Название;Стадия;Сумма;Закрыть до;Компания;Источник;Создано",
         "Кровля;Поступил запрос;1250,50;31.12.2026;ООО Ромашка;Веб-сайт;23.11.2026 12:00"),
        ("en", "Name;Stage;Amount;Close by;Company;Source;Created at",
         "Кровля;Request;1250.50;2026-12-31;ООО Ромашка;Web site;2026-11-23 09:00"),
    ],
)  # fmt: skip
def test_excel_has_what_people_read(
    crm: Crm, tmp_path: Path, language: str, head: str, row: str
) -> None:
    root = tmp_path / "new"
    assert crm("init", str(root), "--lang", language, "--no-git").code == 0
    firm = crm("company", "add", "--name", "ООО Ромашка", cwd=root).out.strip()
    words = (
        "--amount",
        "1250.50",
        "--close-by",
        "2026-12-31",
        "--company",
        firm,
        "--source",
        "web",
    )
    assert crm("deal", "add", "--name", "Кровля", *words, cwd=root).code == 0
    assert crm("deal", "add", "--name", "=2+2", "--amount", "5.25", cwd=root).code == 0
    names = "name,stage,amount,close_by,company,company_name,source,created_at"
    run = crm("export", "deals", "--excel", "--columns", names, cwd=root, CRM_LANG=language)
    lines = run.out.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    lines[1:3] = sorted(lines[1:3], reverse=True)
    assert (lines[0], lines[1]) == (head, row)
    assert lines[2].startswith("'=2+2;")
    assert lines[2].split(";")[2] == ("5,25" if language == "ru" else "5.25")
    ids = crm("export", "deals", "--excel", "--ids", "--columns", "name,stage", cwd=root).out
    assert ids.startswith("\ufeffname;stage\r\n")
    assert "Кровля;request\r\n" in ids


def test_an_import_is_taken_back_in_counts_and_with_v_record_by_record(
    crm: Crm, folder: Path, leads: Path
) -> None:
    batch = crm("import", "leads", str(leads)).out.strip()
    one, *others = crm("lead", "list", "--ids").out.split()
    crm("lead", "edit", one, "--comment", "наш")
    run = crm("import", "undo", batch)
    assert (run.out, one in run.err) == (f"Undone: removed: {len(others)} leads.\n", True)
    assert "kept: 1 record: it was changed since it was made, e.g. " in run.err
    crm("undo", "--redo")
    assert crm("import", "undo", batch, "-v").out.count("Removed lead-") == len(others)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_what_was_exported_for_people_comes_back_into_its_fields(
    crm: Crm, tmp_path: Path, language: str
) -> None:
    given = {
        "company": ("--name", "Ромашка", "--inn", "7707083893", "--url", "romashka.ru"),
        "contact": ("--first-name", "Вера", "--last-name", "Ким", "--company", "Ромашка",
                    "--handle", "telegram:@vera_k", "--do-not", "sms", "--phone", "89161112233"),
        "lead": ("--name", "Навес", "--salutation", "г-жа", "--external", "bitrix24:7",
                 "--source-detail", "письмо", "--company", "Ромашка"),
        "deal": ("--name", "Кровля", "--company", "Ромашка", "--contact", "Вера Ким",
                 "--amount", "1250,50", "--close-by", "2026-12-31"),
    }  # fmt: skip
    for entity, words in given.items():
        assert crm(entity, "add", *words).code == 0
    for nouns in ("companies", "contacts", "leads", "deals"):
        path = tmp_path / f"{nouns}.csv"
        path.write_text(crm("export", nouns, "--excel", CRM_LANG=language).out, encoding="utf-8")
        for spoken in ("en", "ru"):
            words = ("import", nouns, str(path), "--on-duplicate", "replace", "--again", "--json")
            found = json.loads(crm(*words, CRM_LANG=spoken).out)
            assert (found["unmapped"], found["conflicting"]) == ({}, 0), nouns
            assert (found["replaced"], found["unchanged"], found["rejected"]) == (0, 1, 0), nouns
