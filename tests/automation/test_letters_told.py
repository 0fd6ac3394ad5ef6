"""crm report mail: letters that really left, and what their readers really did, from the outbox to the figure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from crmcli import language
from crmcli.automation import person_mail
from crmcli.channels.incoming import Arrived
from crmcli.sales.activities import log
from crmcli.sales.intake.taking import bring
from tests import kit
from tests.automation.conftest import House
from tests.automation.test_unsubscribe import ONE_CLICK, Reader, links
from tests.reports.told import told

BOUNCE = """\
From: MAILER-DAEMON@kafe.example
To: sales@chai.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce@kafe.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

No such user.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; kafe.example

Final-Recipient: rfc822; olga@kafe.example
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: {letter}

--b--
"""


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    before = language.spoken()
    made = Reader(house, ", opens: yes")
    yield made
    made.writer.stop()
    language.speak(before)


def row(house: House, by: str = "template", **asked: Any) -> dict[str, Any]:
    """The only row, without what is nought."""
    [found] = told(house.ws, "mail", by.split(","), **asked).rows
    return {name: value for name, value in vars(found).items() if value}


SENT = {"template": "mail/hi.j2", "sent": 1, "delivered": 1, "traced": 1, "tracked": 1, "linked": 1}


def answer(reader: Reader, key: str, more: str = "") -> None:
    text = f"From: olga@kafe.example\nTo: sales@chai.example\nSubject: Re: Цены\nMessage-ID: <{key}@kafe.example>\n{more}\nДа\n"
    bring(reader.house.ws, "mail", [Arrived(text.encode())])


def test_what_a_reader_does_with_a_letter_counts_once(reader: Reader) -> None:
    house, letter = reader.house, reader.letter["Message-ID"]
    assert row(house) == SENT
    html = reader.letter.get_body(("html",)).get_content()
    [dot] = re.findall(r'<img src="https://crm.chai.example(/o/.*?)"', html)
    reader.at(minutes=5)
    reader.client.get(dot, headers={"User-Agent": "Mozilla/5.0"})  # a proxy's, may be
    reader.settle()
    assert row(house) == SENT
    reader.serve()
    reader.client.get(links(reader)[1])
    reader.settle()
    clicked = {**SENT, "opened": 1, "clicked": 1, "open_rate": 100.0, "click_rate": 100.0}
    assert row(house) == clicked
    house.now += timedelta(hours=2)
    answer(reader, "away", f"In-Reply-To: {letter}\nAuto-Submitted: auto-replied\n")
    answer(reader, "other")  # to no letter of ours
    assert row(house) == clicked
    for key in ("one", "two"):
        house.now += timedelta(minutes=55)
        answer(reader, key, f"In-Reply-To: {letter}\n")
    done = {**clicked, "answered": 1, "answer_rate": 100.0, "hours": 3.0}
    assert row(house) == done
    reader.serve()
    reader.send(**ONE_CLICK)
    assert row(house) == {**done, "unsubscribed": 1}
    whose = row(house, "robot,kind,mailbox,owner,stage")
    names = ("robot", "kind", "mailbox", "owner", "stage")
    assert [whose[name] for name in names] == ["hi", "robot", "sales@chai.example", "anna", "new"]


def test_a_letter_that_comes_back_can_be_neither_opened_nor_clicked(reader: Reader) -> None:
    text = BOUNCE.format(letter=reader.letter["Message-ID"])
    reader.at(minutes=1)
    reader.client.get(links(reader)[1])
    reader.settle()
    bring(reader.house.ws, "mail", [Arrived(text.encode())])
    assert row(reader.house) == {"template": "mail/hi.j2", "sent": 1, "bounced": 1}


def test_letters_of_people_and_those_that_nobody_can_follow(house: House) -> None:
    olga = house.add("contact", name="Ольга", email="olga@kafe.example").id
    deal = house.add("deal", name="Чай", contact=olga).id
    log(house.ws, deal, "mail.out", "Написал сам")
    assert told(house.ws, "mail").rows == []
    mail = person_mail.PersonMail(
        template="", text="Добрый день", subject="Чай", to=["o@kafe.example"]
    )
    assert person_mail.send(house.ws, deal, mail).job.state == "done"
    text = "From: anna@chai.example\nTo: olga@kafe.example\nMessage-ID: <own@chai.example>\nSubject: Чай\n\nПривет\n"
    bring(house.ws, "mail", [Arrived(text.encode())])
    found = row(house, "kind,person")
    assert found == {"kind": "person", "person": "anna", "sent": 2, "delivered": 2, "traced": 2}


def test_step_by_step_of_a_sequence(house: House) -> None:
    steps = """
    sequences:
      warm-up:
        for: deal
        robots:
          - {id: first, do: email, with: {template: mail/hi.j2}}
          - {id: second, do: email, with: {template: mail/hi.j2}, after: 2d, wait: previous}
    """
    begin = "{id: begin, do: start_sequence, with: {sequence: warm-up}}"
    house.write("pipelines.yaml", kit.pipelines(kit.robots(begin), "") + textwrap.dedent(steps))
    house.template("hi", "Subject: Чай\n\nДобрый день!\n")
    olga = house.add("contact", name="Ольга", email="olga@kafe.example").id
    house.add("deal", name="Чай", contact=olga)
    for _ in range(4):
        house.tick("1d")
    rows = told(house.ws, "mail", ["sequence", "robot"]).rows
    assert [(one.sequence, one.robot, one.sent) for one in rows] == [
        ("warm-up", "first", 1), ("warm-up", "second", 1),
    ]  # fmt: skip
