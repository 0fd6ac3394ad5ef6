"""crm mail show, save and reply of letters that came, and what is told of those that made nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]
IVAN = "ivan@client.example"


def letter(*files: tuple[str, bytes], text: str = "Вот план.", number: int = 1) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Иван <{IVAN}>", "sales@our.example"
    mail["Subject"], mail["Message-ID"] = "Балкон", f"<{number}@client.example>"
    mail.set_content(text)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="x-any", filename=name)
    return mail.as_bytes()


def test_the_files_of_a_letter_are_named_and_saved(
    crm: Crm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = folder / "out"
    out.mkdir()
    monkeypatch.chdir(folder)
    has = [
        ("Чертёж крыши.pdf", b"%PDF"),
        ("evil.exe", b"MZ"),
        ("пусто.txt", b""),
        ("evil.exe", b"M2"),
    ]
    crm("mail", "receive", "-", stdin=letter(*has))
    shown = crm("mail", "show", IVAN).out
    assert all(name in shown for name, _ in has)
    assert crm("mail", "save", IVAN, "-o", str(out)).code == 0
    saved = {one.name: one.read_bytes() for one in out.iterdir()}
    assert saved == {**dict(has[:1]), "evil.exe": b"MZ", "evil-2.exe": b"M2", "пусто.txt": b""}
    assert not any(one.stat().st_mode & 0o111 for one in out.iterdir())
    again = crm("mail", "save", IVAN, "Черт", "-o", str(out))
    assert (again.code != 0, again.err.count("\n") < 3) == (True, True)
    assert crm("mail", "save", IVAN, "Черт", "-o", str(out), "--force").code == 0
    assert crm("mail", "save", IVAN, "evil", "-o", "x.bin").code == 2
    missing = crm("mail", "save", IVAN, "nope")
    assert (missing.code, "пусто.txt" in missing.err) == (3, True)


def test_a_letter_on_a_deal_is_found_by_its_client_and_the_bounce_is_not_answered(
    crm: Crm,
) -> None:
    contact = crm("contact", "add", "--name", "Иван", "--email", IVAN).out.strip()
    deal = crm("deal", "add", "--name", "Балкон", "--contact", contact).out.strip()
    assert deal in crm("mail", "receive", stdin=letter()).out
    lost = letter(text="x", number=2).replace(IVAN.encode(), b"MAILER-DAEMON@mx.example")
    lost = lost.replace(b"Subject: ", b"Subject: Undelivered Mail Returned to Sender ", 1)
    crm("mail", "receive", stdin=lost)
    assert "Вот план." in crm("mail", "show", IVAN).out
    reply = crm("mail", "reply", IVAN, "Да", "--quote", "--dry-run")
    assert reply.code == 0
    assert f"To: {IVAN}" in reply.out
    assert "> Вот план." in reply.out
    assert "> Вот план." not in crm("mail", "reply", IVAN, "Да", "--dry-run").out


def test_an_answer_is_written_in_the_editor(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    crm("mail", "receive", stdin=letter())
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i 1iПриедем")
    said = crm("mail", "reply", IVAN, "--dry-run").out
    assert said.index("Приедем") < said.index("> Вот план.")
    monkeypatch.setenv("EDITOR", "true")
    assert crm("mail", "reply", IVAN, "--dry-run").code == 2


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ("Subject: Автоответ: меня нет", "an automatic answer, by its subject"),
        ("Subject: x\nList-Unsubscribe: <x>", "a mailing list"),
        ("Subject: x\nX-Spam-Flag: YES", "takes it for spam"),
        ("Subject: x\nAuto-Submitted: auto-replied", "an automatic answer"),
        ("Subject: x\nContent-Type: text/calendar; method=REQUEST", "an invitation"),
    ],
)
def test_why_nothing_comes_of_a_letter_is_told_in_words(crm: Crm, headers: str, said: str) -> None:
    run = crm("mail", "receive", stdin=f"From: {IVAN}\n{headers}\n\nhi\n".encode())
    assert said in run.out


def test_nothing_and_folders_are_refused_and_what_fails_again_says_so(
    crm: Crm, folder: Path
) -> None:
    assert crm("mail", "receive", stdin=b"").code == 2
    (folder / "letters").mkdir()
    refused = crm("mail", "receive", str(folder / "letters"))
    assert (refused.code, "Maildir" in refused.err) == (2, True)
    assert crm("intake", "list", "--ids").out.strip() == ""
    assert (
        crm("mail", "receive", stdin=b"\xff\xfe\0x").code == 0
    )  # a mail server would send it back
    kept = crm("intake", "list", "--ids").out.strip()
    assert crm("intake", "retry", kept).code == 6


def test_each_line_tells_who_cannot_be_reached_and_how_many_there_are(crm: Crm) -> None:
    run = crm(
        "lead", "add", "--each-line", "-", stdin="Петя без телефона\nОля 8 916 123-12-12\n".encode()
    )
    assert run.code == 0
    assert "line 1: nobody can be reached" in run.err
    assert "leads added: 2" in run.err


def test_an_answer_goes_to_what_a_person_wrote_not_to_a_machine(crm: Crm) -> None:
    head = "From: Bob Stone <bob@client.example>\nTo: sales@ours.example\n"
    asked = f"{head}Subject: A roof\nMessage-ID: <1@c>\n\nHow much?\n"
    away = f"{head}Subject: Away\nMessage-ID: <2@c>\nAuto-Submitted: auto-replied\n\nI am away.\n"
    for letter in (asked, away):
        assert crm("mail", "receive", stdin=letter).code == 0
    told = crm("mail", "reply", "bob@client.example", "5000", "--dry-run").out
    assert "Re: A roof" in told
    [_, machine] = json.loads(crm("mail", "list", "--json").out)
    assert (machine["what"], machine["kind"]) == ("mail.automatic", "mail.in")
    assert crm("mail", "reply", "bob@client.example", "5000", "--yes").code == 0
    card = crm("lead", "show", "bob@client.example", CRM_LANG="en").out
    assert [word for word in ("intake taken", "queued", "started") if word in card] == []
    assert "e-mail out" in card
    assert "Re: Away" in crm("mail", "reply", machine["id"], "5000", "--dry-run").out
