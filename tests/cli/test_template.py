"""crm template, run as people run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


def test_list_says_what_each_is_for(crm: Crm) -> None:
    rows = {row["path"]: row for row in json.loads(crm("template", "list", "--json").out)}
    assert rows["mail/hello.j2"]["entity"] == "lead"
    assert rows["mail/hello.j2"]["used_by"] == "leads/hello"
    assert "Мы получили" in rows["mail/hello.j2"]["subject"]


def test_show_prints_it_as_it_is_written(crm: Crm, folder: Path) -> None:
    text = (folder / "templates/mail/hello.j2").read_text(encoding="utf-8")
    assert crm("template", "show", "hello").out == text
    assert json.loads(crm("template", "show", "mail/hello.j2", "--json").out)["text"] == text


def test_an_ambiguous_name_lists_what_it_may_be(crm: Crm) -> None:
    run = crm("template", "show", "offer")
    assert (run.code, run.out) == (3, "")
    assert "mail/offer.j2, offers/offer.html.j2" in run.err


def test_check_names_file_line_and_field(crm: Crm, folder: Path) -> None:
    assert crm("template", "check").code == 0
    bad = "Entity: deal\nSubject: a\n\n{{ deal.amuont }}\n{{ lead.name }}\n{% include 'mail/bad.j2' %}"
    (folder / "templates/mail/bad.j2").write_text(bad, encoding="utf-8")
    for args in (("template", "check"), ("template", "check", "bad"), ("pipeline", "check")):
        run = crm(*args)
        assert run.code == 6
        assert "templates/mail/bad.j2:4: no field 'deal.amuont'" in run.out
        assert "templates/mail/bad.j2:5: no name 'lead'" in run.out
        assert "templates/mail/bad.j2:6: loads itself without end" in run.out
    assert crm("template", "check", "hello").code == 0


def test_preview_takes_the_newest_record(crm: Crm) -> None:
    assert crm("template", "preview", "hello").code == 2
    crm("lead", "add", "--name", "Кровля", "--first-name", "Анна", "--email", "anna@example.ru")
    run = crm("template", "preview", "hello")
    assert run.code == 0
    assert "Здравствуйте, Анна!" in run.out


@pytest.mark.parametrize("name", ["", "..", "/etc/passwd", "../settings.yaml", "a\nb"])
def test_strange_names(crm: Crm, name: str) -> None:
    for verb in ("show", "check", "preview"):
        run = crm("template", verb, name)
        assert run.code in (2, 3, 6), run
        assert "bug" not in run.err


MAILS = ("hello", "reminder", "meeting", "after_call", "lost", "review", "birthday", "paid")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_those_that_come_with_crm_are_sound_and_render(
    crm: Crm, tmp_path: Path, language: str
) -> None:
    root = tmp_path / "new"
    assert crm("init", str(root), "--lang", language, "--no-git").code == 0

    def made(*args: str) -> str:
        run = crm(*args, cwd=root)
        assert run.code == 0, run.err
        return run.out

    made("template", "check")
    anna = made("contact", "add", "--first-name", "Anna", "--email", "a@example.com").strip()
    given = ("--contact", anna, "--amount", "1234.50", "--close-by", "2026-12-01")
    deal = made("deal", "add", "--name", "Roof", *given).strip()
    made("lead", "add", "--name", "Roof", "--first-name", "Anna", "--email", "b@example.com")
    made("task", "add", "Site visit", "--about", deal, "--due", "2026-11-24 10:00")
    for name in MAILS:
        text = made("template", "preview", name)
        assert "Anna" in text
        assert "  " not in text.replace("\u00a0", " ")
        assert "\n\n\n" not in text
    assert "10:00" in made("template", "preview", "meeting")
    made("offer", "draft", "--deal", deal)
    made("invoice", "add", "--deal", deal)
    for path in ("offers/offer.html.j2", "offers/letter.html.j2", "invoices/invoice.html.j2"):
        assert made("template", "preview", path).startswith("<!doctype html>")
    assert "Anna" in made("template", "preview", "letter.txt.j2")
