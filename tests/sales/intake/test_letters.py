"""Letters of the timeline: listed, shown with what they quote folded away, and answered in their thread."""

from __future__ import annotations

import json
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import pytest

from crmcli.channels.message import Message, from_bytes, to_bytes
from tests.kit import NOW, Run, write
from tests.sales.intake.test_mail import ANNA, bounce, letter

TEXT = "Подходит, выставляйте счёт.\n\n23.11.2026 10:00, Иван пишет:\n> Анна, вот расчёт.\n> Всё верно?\n> Иван"


@pytest.fixture
def came(crm: Callable[..., Run]) -> str:
    """The lead that a letter made."""
    answer = letter(
        TEXT, Message_ID="<2@client.example>", References="<1@our.example>", Subject="Re: Балкон"
    )
    assert crm("mail", "receive", stdin=answer).code == 0
    return crm("lead", "list", "--ids").out.strip()


def test_a_letter_is_shown_with_its_quote_folded(crm: Callable[..., Run], came: str) -> None:
    shown = crm("mail", "show", came).out
    assert "выставляйте счёт" in shown
    assert "вот расчёт" not in shown
    assert "[… 4 " in shown
    assert "вот расчёт" not in crm("timeline", came).out
    assert "вот расчёт" in crm("mail", "show", came, "--full").out
    assert crm("mail", "show", "<2@client.example>", "--raw").out.startswith("From: Анна")
    [row] = json.loads(crm("mail", "list", "--json").out)
    assert (row["kind"], row["subject"], row["record"]) == ("mail.in", "Re: Балкон", came)
    told = json.loads(crm("mail", "show", row["id"][:-1], "--json").out)
    [[start, end]] = told["quoted"]
    assert told["text"][start:end].startswith("23.11.2026")
    assert crm("mail", "show", "<9@nobody.example>").code == 3


def test_an_answer_stays_in_the_thread(
    crm: Callable[..., Run], folder: Path, came: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_USER", "anna")
    assert crm("mail", "reply", came, "-", stdin="Счёт придёт завтра.".encode()).code == 0
    [sent] = (folder / "outbox" / "new").iterdir()
    mail = message_from_bytes(sent.read_bytes())
    assert mail["In-Reply-To"] == "<2@client.example>"
    assert mail["References"].split() == ["<1@our.example>", "<2@client.example>"]
    assert ANNA in mail["To"]
    read = from_bytes(sent.read_bytes(), "k")
    assert (read.subject, read.text.strip()) == ("Re: Балкон", "Счёт придёт завтра.")
    kinds = [row["kind"] for row in json.loads(crm("mail", "list", came, "--json").out)]
    assert kinds == ["mail.in", "mail.out"]
    back = letter(
        "Спасибо", "Пётр <other@client.example>", Message_ID="<3@x>", In_Reply_To=mail["Message-ID"]
    )
    assert came in crm("mail", "receive", stdin=back).out
    write(folder, "templates/mail/ok.j2", "Subject: Не эта тема\n\nГотово, {{ lead.name }}")
    assert crm("mail", "reply", "<3@x>", "--template", "ok").code == 0
    letters = [from_bytes(one.read_bytes(), "k") for one in (folder / "outbox" / "new").iterdir()]
    [second] = [one for one in letters if "Готово" in one.text]
    assert (second.subject, second.to) == ("Re: Балкон", ("other@client.example",))


def test_what_nobody_wrote_is_not_answered(crm: Callable[..., Run], came: str) -> None:
    assert crm("mail", "receive", stdin=bounce(7)).code == 0
    assert crm("mail", "reply", "<7@mx.our.example>", "Ау").code in (1, 3)
    assert crm("mail", "reply", came).code == 2
    assert crm("mail", "reply", came, "Ау", "--template", "hello").code == 2


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("wire", [True, False])
def test_a_long_thread_survives_its_folding(count: int, wire: bool) -> None:
    ids = tuple(f"<{number:03}{'x' * 180}@client.example>" for number in range(count))
    mail = Message("k", "a@our.example", ("b@client.example",), "Re: x", "т\n", NOW, answers=ids)
    data = to_bytes(mail, wire=wire)
    assert from_bytes(data, "k").answers == ids
    assert max(map(len, data.splitlines())) < 998
