"""`edit` without options: what comes back from the editor, sound or not, and what is kept of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.store import layout
from tests.kit import Run

Crm = Callable[..., Run]
Editor = Callable[[str], str]


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    """Make an editor of a shell script that works on the file `$1`."""

    def make(script: str) -> str:
        path = tmp_path / "editor"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return make


def kept(run: Run) -> Path:
    """The file in which a refused text was kept."""
    found = re.search(r"your text is kept in (\S+)", run.err)
    assert found, run.err
    return Path(found[1])


def test_what_is_written_is_read_as_if_it_was_typed(crm: Crm, editor: Editor) -> None:
    company = crm("company", "add", "--name", "ООО «Ромашка»").out.strip()
    lead = crm("lead", "add", "--name", "Лид", "--tag", "vip").out.strip()
    lines = [
        "amount: 1 000,50 ₽", "birthday: 01.02.1990", "source: веб-сайт", "company: ООО «Ромашка»",
        "phones:", "  - 8 (912) 345-67-89 доб. 12", "  - {value: 8 495 123-45-67, type: home}",
    ]  # fmt: skip
    text = "\n".join(lines)
    run = crm("lead", "edit", lead, EDITOR=editor(f'cat >> "$1" <<"END"\n{text}\nEND'))
    assert run.code == 0, run.err
    row = json.loads(crm("lead", "show", lead, "--json").out)
    assert (row["amount"], row["currency"], row["birthday"]) == (1000.5, "RUB", "1990-02-01")
    assert (row["source"], row["company"], row["tags"]) == ("web", company, ["vip"])
    assert row["phones"] == [
        {"value": "+79123456789", "ext": "12", "type": "work"},
        {"value": "+74951234567", "type": "home"},
    ]


@pytest.mark.parametrize(
    ("key", "near"),
    [("amuont", "amount"), ("Amount", "amount"), ("brithday", "birthday"), ("compny", "company"),
     ("phone", "phones"), ("e-mail", "emails"), ("shoe", ""), ("размер", "")],
)  # fmt: skip
def test_a_key_that_is_no_field_is_refused_in_the_editor_and_told_of_a_file(
    crm: Crm, folder: Path, editor: Editor, key: str, near: str
) -> None:
    lead = crm("lead", "add", "--name", "Лид", "--comment", "первый").out.strip()
    adds = editor(f"echo '{key}: 5' >> \"$1\"")
    refused = crm("lead", "edit", lead, EDITOR=adds)
    assert refused.code == 6
    assert f"{key}: " in refused.err
    assert (near or f"crm field add lead {key}") in refused.err
    kept(refused).unlink()
    assert crm("lead", "edit", lead, "--keep-unknown", EDITOR=adds).code == 0
    told = crm("lead", "list").err
    check = crm("check")
    if near:
        assert f"'{key}'" in told
        assert f"'{near}'" in told
        assert check.code == 6
        assert f"'{key}'" in check.out
        assert f"'{near}'" in check.out
    else:
        assert key not in told
        assert check.code == 0
        assert f"crm field add lead {key}" in check.err
    assert crm("lead", "edit", lead, EDITOR=editor('sed -i s/первый/второй/ "$1"')).code == 0


@pytest.mark.parametrize(
    ("script", "code", "says"),
    [
        ("echo 'a: [' >> $1", 6, "the edited text:"),
        ("echo 'phones: не телефон' >> $1", 6, "the edited text:6: phones"),
        ("echo 'company: Нет такой' >> $1", 6, "no company matches"),
        ("sed -i 's/^stage:.*/stage: working/' $1", 1, "stage cannot be edited"),
        ("sed -i 's/^id:.*/id: lead-00000000/' $1", 1, "the id of a record cannot be changed"),
        ("sed -i '/^created_at/d' $1", 1, "created_at is set by crm"),
        ("sed -i 's/^name:.*/name:/' $1", 1, "a lead needs a name"),
        ("printf 'name: \\377\\n' > $1", 6, "not UTF-8"),
        (": > $1", 6, "the file is empty"),
    ],
)
def test_a_text_that_is_not_taken_is_kept(
    crm: Crm, folder: Path, editor: Editor, script: str, code: int, says: str
) -> None:
    lead = crm("lead", "add", "--name", "Лид", "--owner", "anna").out.strip()
    before = (folder / layout.record_path(lead)).read_bytes()
    run = crm("lead", "edit", lead, EDITOR=editor(script))
    assert (run.code, run.out) == (code, ""), run.err
    assert says in run.err
    assert kept(run).is_file()
    kept(run).unlink()
    assert (folder / layout.record_path(lead)).read_bytes() == before


def test_a_text_is_kept_when_somebody_was_faster(crm: Crm, folder: Path, editor: Editor) -> None:
    lead = crm("lead", "add", "--name", "Лид").out.strip()
    file = folder / layout.record_path(lead)
    run = crm(
        "lead", "edit", lead,
        EDITOR=editor(f"sed -i 's/Лид/Мой/' $1; sed -i 's/Лид/Чужой/' {file}"),
    )  # fmt: skip
    assert run.code == 5, run.err
    assert "name: Мой" in kept(run).read_text(encoding="utf-8")
    kept(run).unlink()
    assert "name: Чужой" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("script", ["exit 0", "rm $1", "sed -i 's/$/\\r/' $1"])
def test_a_text_that_says_the_same_changes_nothing(crm: Crm, editor: Editor, script: str) -> None:
    lead = crm("lead", "add", "--name", "Лид").out.strip()
    assert crm("lead", "edit", lead, EDITOR=editor(script)) == (0, "", "nothing changed\n")


def test_what_stood_broken_does_not_hinder_an_edit(crm: Crm, folder: Path, editor: Editor) -> None:
    deal = crm("deal", "add", "--name", "Д").out.strip()
    file = folder / layout.record_path(deal)
    with file.open("a", encoding="utf-8") as text:
        text.write("contacts:\n  - contact-00000000\ncompany: company-00000000\n")
    run = crm("deal", "edit", deal, EDITOR=editor("sed -i 's/^name:.*/name: Новое/' $1"))
    assert run.code == 0, run.err
    assert "contact-00000000" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("probability: .*", "probability: 150", "is not between 0 and 100"),
        ("probability: .*", "probability: -1", "is not between 0 and 100"),
        ("amount: .*", "amount: 12345678901234567", "more than 16 digits"),
        ("currency: .*", "currency: XYZ", "is not a currency"),
        ("vat: .*", "vat: 101", "VAT of 101 % is not from 0 to 100"),
        ("vat: .*", "vat: '-1'", "VAT of -1 % is not from 0 to 100"),
        ("quantity: .*", "quantity: 0", "the quantity 0 is not more than 0"),
        ("quantity: .*", "quantity: '-2'", "the quantity -2 is not more than 0"),
    ],
)
def test_what_is_bounded_at_the_command_line_is_bounded_in_the_editor(
    crm: Crm, editor: Editor, old: str, new: str, told: str
) -> None:
    values = ("--amount", "100", "--line", "Окно;2;10;шт;22", "--set", "probability=20")
    deal = crm("deal", "add", "--name", "Кровля", *values).out.strip()
    before = crm("deal", "show", deal, "--json").out
    run = crm("deal", "edit", deal, EDITOR=editor(f'sed -i "s/{old}/{new}/" "$1"'))
    assert (run.code, told in run.err) == (6, True)
    assert crm("deal", "show", deal, "--json").out == before


def test_a_line_that_stood_beyond_the_bounds_does_not_hinder_an_edit(
    crm: Crm, folder: Path, editor: Editor
) -> None:
    deal = crm("deal", "add", "--name", "Кровля", "--line", "Окно;2;10;шт;22").out.strip()
    path = folder / layout.record_path(deal)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("'22'", "'150'"), encoding="utf-8")
    assert crm("deal", "edit", deal, EDITOR=editor('echo "comment: x" >> "$1"')).code == 0
    unknown = editor('printf "contacts:\\n  - contact-00000000\\n" >> "$1"')
    run = crm("deal", "edit", deal, "--create", EDITOR=unknown)
    assert (run.code, "no contact matches" in run.err) == (6, True)
