"""crm mail, run as people run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


def lead(crm: Crm, *more: str) -> str:
    return crm("lead", "add", "--name", "Кровля", "--first-name", "Анна", *more).out.strip()


def test_render_prints_headers_and_text(crm: Crm) -> None:
    lead(crm, "--email", "anna@example.ru")
    run = crm("template", "preview", "mail/hello.j2", "--for", "anna@example.ru")
    assert (run.code, run.err) == (0, "")
    head, _, text = run.out.partition("\n\n")
    assert "To: Анна <anna@example.ru>" in head.split("\n")
    assert any(line.startswith("Subject: ") for line in head.split("\n"))
    assert text.startswith("Здравствуйте, Анна!")


def test_the_path_may_be_completed_by_the_shell(crm: Crm) -> None:
    lead(crm, "--email", "anna@example.ru")
    assert (
        crm("template", "preview", "templates/mail/hello.j2", "--for", "anna@example.ru").code == 0
    )


def test_json(crm: Crm) -> None:
    lead(crm, "--email", "anna@example.ru")
    letter = json.loads(
        crm("template", "preview", "mail/hello.j2", "--for", "anna@example.ru", "--json").out
    )
    assert letter["to"] == "Анна <anna@example.ru>"
    assert set(letter) >= {"from", "to", "subject", "text", "html"}


def test_html(crm: Crm, folder: Path) -> None:
    lead(crm, "--email", "anna@example.ru")
    run = crm("template", "preview", "mail/hello.j2", "--for", "anna@example.ru", "--html")
    assert run.code == 2
    assert "has no HTML part" in run.err
    (folder / "templates/mail/hello.html.j2").write_text(
        "<b>{{ lead.first_name }}</b>", encoding="utf-8"
    )
    assert (
        crm("template", "preview", "mail/hello.j2", "--for", "anna@example.ru", "--html").out
        == "<b>Анна</b>\n"
    )


def test_nobody_to_write_to_is_told_but_shown(crm: Crm) -> None:
    ref = lead(crm, "--phone", "8 912 345-67-89")
    run = crm("template", "preview", "mail/hello.j2", "--for", ref)
    assert run.code == 0
    assert "no recipient" in run.err
    assert "Здравствуйте" in run.out


def test_a_fault_names_file_line_and_the_nearest_name(crm: Crm, folder: Path) -> None:
    ref = lead(crm)
    (folder / "templates/mail/bad.j2").write_text(
        "Subject: a\n\n{{ lead.frist_name }}\n", encoding="utf-8"
    )
    run = crm("template", "preview", "mail/bad.j2", "--for", ref)
    assert (run.code, run.out) == (6, "")
    assert "templates/mail/bad.j2, line 3: no field 'lead.frist_name'" in run.err
    assert "first_name" in run.err


def test_no_such_template(crm: Crm) -> None:
    run = crm("template", "preview", "mail/helo.j2", "--for", lead(crm))
    assert run.code == 6
    assert "no such template" in run.err
    assert "mail/hello.j2" in run.err


SPOILT = [
    ("Subject: =?x?Q?a?=", "encoded word"),
    ("Subject: {{ lead.name }} =?utf-8?B?0JDQ?=", "encoded word"),
    ("Subject: a\nFrom: nobody", "is not an e-mail address"),
    ("Subject: a\nTo: Anna <anna>", "is not an e-mail address"),
    ("Subject: a\nTo: a@b.ru, nobody", "is not an e-mail address"),
    ("Subject: a\nReply-To: x y", "is not an e-mail address"),
    ("Subject: a\nReply-To: =?utf-8?Q?a?= <a@b.ru>", "encoded word"),
    ("Subject: a\nAttach: files/none.pdf", "no such file to attach:"),
    ("Subject: a\nAttach: .git/config", "may not be attached"),
    ("Subject: a\nAttach: ../x", ""),
    ("Subject: a\nAttach: =?x?Q?a?=.txt", "encoded word"),
    ("Subject: a\nAttach: large.bin", "more than 20 MB"),
]
RULES = """
leads:
  stages:
    - {id: new, name: Новый, robots: [{id: hi, do: email, with: {template: mail/spoilt.j2}}]}
    - {id: done, name: Успех, kind: won}
    - {id: junk, name: Брак, kind: lost}
deals:
  - {id: sales, name: Продажи, stages: [{id: new, name: Новая}, {id: won, name: Успех, kind: won},
     {id: lost, name: Провал, kind: lost}]}
"""


@pytest.mark.parametrize(("head", "words"), kit.some(SPOILT, 2))
def test_what_a_robot_would_not_send_is_told_in_its_words(
    head: str, words: str, crm: Crm, folder: Path
) -> None:
    (folder / "pipelines.yaml").write_text(RULES, "utf-8")
    (folder / "templates/mail/spoilt.j2").write_text(f"{head}\n\nТекст\n", "utf-8")
    (folder / "=?x?Q?a?=.txt").write_text("x")
    with (folder / "large.bin").open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    ref = lead(crm, "--email", "anna@example.ru")
    shown = crm("template", "preview", "mail/spoilt.j2", "--for", ref)
    crm("tick")
    (job,) = json.loads(crm("jobs", "list", "--state", "all", "--json").out)
    assert job["state"] in ("failed", "dead")
    assert words in job["reason"]
    assert job["reason"] in shown.err


@pytest.mark.parametrize("name", ["=?x?Q?a?=", "=?utf-8?B?0JDQvdC90LA=?="])
def test_a_name_that_mail_programs_would_decode_is_told(name: str, crm: Crm, folder: Path) -> None:
    (folder / "pipelines.yaml").write_text(RULES, "utf-8")
    (folder / "templates/mail/spoilt.j2").write_text("Subject: a\n\nТекст\n", "utf-8")
    ref = crm("lead", "add", "--name", "x", "--first-name", name, "--email", "a@b.ru").out.strip()
    shown = crm("template", "preview", "mail/spoilt.j2", "--for", ref)
    crm("tick")
    (job,) = json.loads(crm("jobs", "list", "--state", "all", "--json").out)
    assert "To has an encoded word" in job["reason"]
    assert job["reason"] in shown.err
