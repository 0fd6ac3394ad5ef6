"""A conversation by real mail servers: letters go and come, answers find their deal, what cannot be
delivered comes back and ends mail to that address."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.kit import Run, replace, write
from torture.post_office import ANNA, FULL, OURS, SECRET, PostOffice, post_office

NOBODY, GONE, SLOW = "nobody@client.test", "gone@client.test", "slow@slow.test"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    missing = [one for one in ("dovecot", "postfix") if shutil.which(one) is None]
    if missing or os.getuid() != 0:
        pytest.skip("needs dovecot and postfix, and root to start them: tests/system-packages.sh")
    with post_office(Path("/tmp") / f"crm-post-{os.getpid()}") as found:
        yield found


def answer(letter: bytes, text: str) -> bytes:
    """What Anna writes back, as her program does it."""
    read = message_from_bytes(letter, policy=policy.default)
    quoted = "".join(f"> {line}\r\n" for line in read.get_content().splitlines())
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"] = f"Анна Громова <{ANNA}>", OURS
    mail["Subject"], mail["Message-ID"] = f"Re: {read['Subject']}", "<1@client.test>"
    mail["In-Reply-To"] = mail["References"] = str(read["Message-ID"])
    mail.set_content(f"{text}\r\n\r\n{read['Date']}, crm:\r\n{quoted}")
    return mail.as_bytes()


def told(crm: Callable[..., Run], ref: str) -> list[dict[str, str]]:
    run = crm("timeline", ref, "--json")
    assert run.code == 0, run.err
    return [{"kind": one["kind"], **one["data"]} for one in json.loads(run.out)]


def test_letters_go_and_come_and_come_back(
    office: PostOffice, crm: Callable[..., Run], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TEST_IMAP", SECRET)
    by_these = (
        f"    deliver: smtp://127.0.0.1:{office.smtp}\n    from: {OURS}\n"
        f"    bounces: crm+{{key}}@our.test\n    fetch_password: env:CRM_TEST_IMAP\n"
        f"    fetch: ['{office.url(OURS)}']\n"
    )
    replace(folder / "settings.yaml", "    deliver: maildir:outbox\n", by_these)
    write(folder, "templates/mail/hi.j2", "Subject: Кровля\n\nЗдравствуйте! Когда удобно?\n")
    assert crm("trust", "--yes").code == 0
    people = {}
    for one in (ANNA, NOBODY, FULL, GONE, SLOW):
        run = crm("contact", "add", "--name", one.partition("@")[0], "--email", one)
        assert run.code == 0, run.err
        people[one] = run.out.strip()
    deal = crm("deal", "add", "--name", "Кровля", "--contact", people[ANNA]).out.strip()
    assert crm("mail", "send", deal, "--template", "hi").code == 0
    for one in (NOBODY, FULL, GONE, SLOW):
        crm("mail", "send", people[one], "--template", "hi")

    [letter] = office.letters(ANNA, 1)
    office.send(answer(letter, "Завтра в десять."), ANNA, OURS)
    office.letters(OURS, 4)  # the answer, two that came back, a warning
    run = crm("tick")
    assert (run.code, run.err) == (0, "")
    assert office.unseen(OURS) == 0

    came = [one for one in told(crm, deal) if one["kind"] == "mail.in"]
    assert [one["text"].splitlines()[0] for one in came] == ["Завтра в десять."]
    assert json.loads(crm("lead", "list", "--json").out) == []
    back = {
        one: [
            (e["bounce"], e.get("status"))
            for e in told(crm, people[one])
            if e["kind"] == "mail.bounced"
        ]
        for one in (*people,)
    }
    assert back == {
        ANNA: [], NOBODY: [("hard", "5.1.1")], FULL: [("soft", "5.2.2")], GONE: [("hard", None)],
        SLOW: [("soft", "4.4.1")],
    }  # fmt: skip
    for one, code in ((NOBODY, 1), (GONE, 1), (FULL, 0)):
        assert (one, crm("mail", "send", people[one], "--template", "hi").code) == (one, code)

    [row] = json.loads(crm("report", "mail", "--json").out)
    figures = ("template", "sent", "delivered", "bounced", "delayed", "answered")
    assert [row[name] for name in figures] == ["mail/hi.j2", 6, 4, 2, 2, 1]

    assert crm("mail", "reply", deal, "Да, ждём.").code == 0
    reply = message_from_bytes(office.letters(ANNA, 2)[1], policy=policy.default)
    assert reply["In-Reply-To"] == "<1@client.test>"
    first = message_from_bytes(letter, policy=policy.default)
    assert reply["References"].split() == [first["Message-ID"], "<1@client.test>"]
    assert reply["Return-Path"].startswith("<crm+")
    run = crm("tick")
    assert (run.code, run.err) == (0, "")
    assert len([one for one in told(crm, deal) if one["kind"] == "mail.in"]) == 1
