"""The story that README tells, from an advertisement to an invoice, without a record touched by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from crmcli.web import app as web
from crmcli.web.opening import Opening
from crmcli.web.writer import Writer
from tests.kit import NOW, Run, write

PAGE = (
    (Path(__file__).parents[1] / "README.md").read_text("utf-8").partition("## From an advert")[2]
)
SETTINGS = """
company: {name: Roofs, email: sales@roofs.example}
users: {anna: {name: Anna Hill, email: anna@roofs.example, extensions: [101]}}
currency: GBP
phone_country: GB
language: en
channels:
  mail: {deliver: 'maildir:outbox', from: Roofs <sales@roofs.example>}
  call: {provider: zadarma, key: k, secret: env:CALL_SECRET}
"""
OFFER = "Entity: deal\nSubject: Our offer\n\nHello {{ contact.first_name }}, it is attached.\n"
PETER = "peter@client.example"


class Story:
    """A company, its site, and the clock that goes on."""

    def __init__(self, folder: Path, crm: Callable[..., Run]) -> None:
        self.folder, self._crm, self.now = folder, crm, NOW
        self._writer: Writer | None = None

    def crm(self, *args: str, stdin: str | bytes = b"") -> str:
        run = self._crm(*args, stdin=stdin, CRM_NOW=self.now.isoformat(), CRM_USER="anna")
        assert run.code == 0, run.err
        return run.out

    def site(self) -> FlaskClient:
        """What visitors and the exchange find at this moment."""
        self.leave()
        opened = Opening(self.folder, "anna", self.now)
        self._writer = Writer(opened)
        self._writer.start()
        return web.create_app(opened, self._writer, lambda: self.now.timestamp()).test_client()

    def leave(self) -> None:
        if self._writer:
            self._writer.stop()

    def tick(self, **later: float) -> None:
        self.now += timedelta(**later)
        assert self.crm("tick") == ""

    def letter(self, number: int) -> EmailMessage:
        """A letter that went out, by its number."""
        found = sorted(
            (self.folder / "outbox/new").iterdir(), key=lambda one: one.stat().st_mtime_ns
        )
        read: Any = message_from_bytes(found[number].read_bytes(), policy=policy.default)
        assert len(found) == number + 1
        return read

    def one(self, noun: str) -> dict[str, Any]:
        [found] = json.loads(self.crm(noun, "list", "--json"))
        return dict(found)


@pytest.fixture
def story(
    folder: Path, crm: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Story]:
    monkeypatch.setenv("CALL_SECRET", "s3cret")
    write(folder, "settings.yaml", SETTINGS)
    for name in (
        "pipelines.yaml",
        "forms.yaml",
        "templates/mail/prices.j2",
        "templates/mail/bill.j2",
    ):
        told = re.search(rf"```yaml\n# {name}\n(.*?)```", PAGE, re.DOTALL)
        assert told is not None
        write(folder, name, told[1])
    write(folder, "templates/mail/offer.j2", OFFER)
    made = Story(folder, crm)
    yield made
    made.leave()


def test_from_an_advertisement_to_an_invoice(story: Story) -> None:
    assert story.crm("check") == ""
    _fill_in(story)
    story.tick(minutes=1)
    lead = story.one("lead")
    assert (lead["name"], lead["utm"], lead["stage"]) == (
        "Peter Stone",
        {"source": "google"},
        "new",
    )

    prices = story.letter(0)
    assert PETER in prices["To"]
    _follow_the_link(story, prices.get_content())
    story.tick(minutes=1)
    assert story.one("lead")["stage"] == "interested"
    assert story.one("task")["name"] == "Call Peter Stone"

    _call(story)
    story.tick(minutes=1)
    deal = story.one("deal")
    assert (deal["stage"], story.one("contact")["name"]) == ("offered", "Peter Stone")
    offer = story.letter(1)
    assert [one.get_filename() for one in offer.iter_attachments()] == [
        story.one("offer")["name"] + ".pdf"
    ]
    assert story.one("offer")["status"] == "sent"

    _answer(story, offer)
    story.tick(minutes=1)
    assert story.one("deal")["stage"] == "agreed"
    bill = story.letter(2)
    invoice = story.one("invoice")
    assert [one.get_filename() for one in bill.iter_attachments()] == [f"{invoice['name']}.pdf"]
    assert (invoice["status"], invoice["deal"]) == ("sent", deal["id"])

    story.crm("invoice", "pay", invoice["name"])
    story.tick(minutes=1)
    assert [one["stage"] for one in json.loads(story.crm("deal", "list", "--all", "--json"))] == [
        "paid"
    ]
    told = json.loads(story.crm("timeline", deal["id"], "--json"))
    kinds = [one["kind"] for one in told]
    wanted = ("lead.created", "form.submitted", "mail.out", "mail.clicked", "call.in", "lead.converted", "deal.created",
              "offer.sent", "mail.in", "invoice.sent", "invoice.paid")  # fmt: skip
    assert [kind for kind in wanted if kind not in kinds] == []
    by_hand = {one["kind"] for one in told if one["actor"] == "Anna Hill"}
    assert by_hand == {"invoice.paid"}


def _fill_in(story: Story) -> None:
    page = "/f/roof?utm_source=google"
    client = story.site()
    hidden = dict(re.findall(r'name="(_\w+)" value="([^"]*)"', client.get(page).text))
    said = {"name": "Peter Stone", "email": PETER, "phone": "020 7946 0018", "_consent": "on"}
    story.now += timedelta(seconds=30)
    sent = client.post("/f/roof", data=urlencode({**hidden, **said}),
                       content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert sent.status_code == 200, sent.text


def _follow_the_link(story: Story, text: str) -> None:
    link = re.search(r"https://crm\.shop\.example(/l/\S+)", text)
    assert link is not None, text
    story.now += timedelta(minutes=5)
    led = story.site().get(link[1])
    assert (led.status_code, led.headers["Location"]) == (302, "https://shop.example/prices")


def _call(story: Story) -> None:
    told = {"event": "NOTIFY_END", "caller_id": "442079460018", "called_did": "442079460000",
            "call_start": story.now.strftime("%Y-%m-%d %H:%M:%S"), "pbx_call_id": "in_1", "internal": "101",
            "duration": "65", "disposition": "answered"}  # fmt: skip
    signed = told["caller_id"] + told["called_did"] + told["call_start"]
    made = hmac.new(b"s3cret", signed.encode(), hashlib.sha1).hexdigest().encode()
    headers = {"Signature": base64.b64encode(made).decode()}
    heard = story.site().post("/hooks/call", data=urlencode(told), headers=headers,
                              content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert heard.status_code == 200, heard.text


def _answer(story: Story, offer: EmailMessage) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Peter Stone <{PETER}>", "sales@roofs.example"
    mail["Subject"], mail["Message-ID"] = f"Re: {offer['Subject']}", "<1@client.example>"
    mail["In-Reply-To"] = str(offer["Message-ID"])
    mail.set_content("We agree, please go on.")
    story.crm("mail", "receive", stdin=mail.as_bytes())
