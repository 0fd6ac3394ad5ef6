"""crm mail, run as people run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Run

Crm = Callable[..., Run]


def lead(crm: Crm, *more: str) -> str:
    return crm("lead", "add", "--name", "Кровля", "--first-name", "Анна", *more).out.strip()


def test_render_prints_headers_and_text(crm: Crm) -> None:
    lead(crm, "--email", "anna@example.ru")
    run = crm("mail", "render", "mail/hello.j2", "--for", "anna@example.ru")
    assert (run.code, run.err) == (0, "")
    head, _, text = run.out.partition("\n\n")
    assert "To: Анна <anna@example.ru>" in head.split("\n")
    assert any(line.startswith("Subject: ") for line in head.split("\n"))
    assert text.startswith("Здравствуйте, Анна!")


def test_the_path_may_be_completed_by_the_shell(crm: Crm) -> None:
    lead(crm, "--email", "anna@example.ru")
    assert crm("mail", "render", "templates/mail/hello.j2", "--for", "anna@example.ru").code == 0


def test_json(crm: Crm) -> None:
    lead(crm, "--email", "anna@example.ru")
    letter = json.loads(
        crm("mail", "render", "mail/hello.j2", "--for", "anna@example.ru", "--json").out
    )
    assert letter["to"] == "Анна <anna@example.ru>"
    assert set(letter) >= {"from", "to", "subject", "text", "html"}


def test_html(crm: Crm, folder: Path) -> None:
    lead(crm, "--email", "anna@example.ru")
    run = crm("mail", "render", "mail/hello.j2", "--for", "anna@example.ru", "--html")
    assert run.code == 2
    assert "has no HTML part" in run.err
    (folder / "templates/mail/hello.html.j2").write_text(
        "<b>{{ lead.first_name }}</b>", encoding="utf-8"
    )
    assert (
        crm("mail", "render", "mail/hello.j2", "--for", "anna@example.ru", "--html").out
        == "<b>Анна</b>\n"
    )


def test_nobody_to_write_to_is_told_but_shown(crm: Crm) -> None:
    ref = lead(crm, "--phone", "8 912 345-67-89")
    run = crm("mail", "render", "mail/hello.j2", "--for", ref)
    assert run.code == 0
    assert "nobody to go to" in run.err
    assert "Здравствуйте" in run.out


def test_a_fault_names_file_line_and_the_nearest_name(crm: Crm, folder: Path) -> None:
    ref = lead(crm)
    (folder / "templates/mail/bad.j2").write_text(
        "Subject: a\n\n{{ lead.frist_name }}\n", encoding="utf-8"
    )
    run = crm("mail", "render", "mail/bad.j2", "--for", ref)
    assert (run.code, run.out) == (6, "")
    assert "templates/mail/bad.j2, line 3: there is no 'lead.frist_name'" in run.err
    assert "first_name" in run.err


def test_no_such_template(crm: Crm) -> None:
    run = crm("mail", "render", "mail/helo.j2", "--for", lead(crm))
    assert run.code == 6
    assert "there is no such template" in run.err
    assert "mail/hello.j2" in run.err
