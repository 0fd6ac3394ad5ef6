"""The page that a robot's letter leads to: one click of a mail program, choices of people, scanners that look."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from typing import Any

import pytest

from crmcli import language
from crmcli.automation.receive import take_up
from crmcli.web import app as web
from crmcli.web.opening import Opening
from crmcli.web.writer import Writer
from tests.automation.conftest import House
from tests.automation.test_actions import stage

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Reader:
    """A client who got a letter, and the page of it."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.write("forms.yaml", "site: {address: 'https://crm.chai.example/'}\n")
        house.template("hi", "Subject: Цены\n\nДобрый день!\n")
        house.write("templates/mail/hi.html.j2", "<html><body><h1>Цены</h1></body></html>\n")
        house.rules(stage("{id: hi, do: email, with: {template: mail/hi.j2}}"))
        self.olga = house.add("contact", name="Ольга", email="olga@kafe.example").id
        self.twin = house.add("contact", name="О. Ч.", email="olga@kafe.example").id
        self.deal = house.add("deal", name="Чай", contact=self.olga).id
        assert house.tick().failures == []
        self.letter = email.message_from_bytes(
            house.letters()[0].encode(), policy=email.policy.default
        )
        self.link = str(self.letter["List-Unsubscribe"]).strip("<>")
        self.page = self.link.removeprefix("https://crm.chai.example")
        self.writer = Writer(Opening(house.root, "anna", house.now))
        self.writer.start()
        self.client = web.create_app(
            Opening(house.root, "anna", house.now), self.writer
        ).test_client()

    def send(self, **said: Any) -> tuple[int, str]:
        """Post to the page; what it answers, once all is taken up."""
        answer = self.client.post(self.page, data=said)
        self.writer.stop()
        take_up(self.house.ws)
        self.writer = Writer(Opening(self.house.root, "anna", self.house.now))
        self.writer.start()
        self.client = web.create_app(
            Opening(self.house.root, "anna", self.house.now), self.writer
        ).test_client()
        return answer.status_code, answer.text

    def told(self) -> list[Any]:
        return self.house.events("preferences.set")

    def refuses(self, who: str) -> tuple[str, ...]:
        refused: tuple[str, ...] = self.house.get(who).do_not
        return refused


@pytest.fixture
def reader(house: House) -> Iterator[Reader]:
    before = language.spoken()
    made = Reader(house)
    yield made
    made.writer.stop()
    language.speak(before)


def test_the_letter_says_how_to_unsubscribe(reader: Reader) -> None:
    assert reader.letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = (reader.letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert plain.startswith("Добрый день!\n\n")
    assert plain.endswith(f":\n{reader.link}\n")
    assert f'<a href="{reader.link}"' in html.partition("</body>")[0]


def test_one_click_of_a_mail_program_is_a_refusal_of_all_who_have_the_address(
    reader: Reader,
) -> None:
    assert reader.send(**ONE_CLICK)[0] == 200
    assert (reader.refuses(reader.olga), reader.refuses(reader.twin)) == (("mail",), ("mail",))
    [told] = reader.told()
    assert (told.record, told.data["address"]) == (reader.deal, "olga@kafe.example")
    reader.send(**ONE_CLICK)
    assert len(reader.told()) == 1  # it was so already
    reader.house.add("deal", name="Ещё", contact=reader.olga)
    reader.house.tick()
    assert len(reader.house.letters()) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_only_looks_changes_nothing(reader: Reader, method: str) -> None:
    for page in (reader.page, f"{reader.page}?List-Unsubscribe=One-Click&page=stop"):
        assert reader.client.open(page, method=method).status_code == 200
    take_up(reader.house.ws)
    assert reader.told() == []
    assert reader.refuses(reader.olga) == ()


def test_choices_are_kept_as_consents_and_lift_refusals(reader: Reader) -> None:
    status, text = reader.send(page="choice", channel="sms")
    assert status == 200
    assert text.count(" checked") == 1
    assert reader.refuses(reader.olga) == ("call", "mail")
    reader.send(page="choice", channel=["mail", "sms"])
    assert reader.refuses(reader.olga) == ("call",)
    [consent] = reader.house.get(reader.olga).consents
    assert (consent.channel, consent.is_given, consent.source) == ("mail", True, "preference page")
    reader.send(page="stop", **ONE_CLICK)
    assert reader.refuses(reader.olga) == ("call", "mail")
    [consent] = reader.house.get(reader.olga).consents
    assert not consent.is_given


def test_nobody_makes_up_an_address_of_a_page(reader: Reader) -> None:
    name, _, rest = reader.page.rpartition("-")
    domain = rest.partition("@")[2]
    for made_up in (
        f"{name}-{'0' * 20}@{domain}",
        f"{name}@{domain}",
        "/u/x",
        "/u/-@",
        f"{reader.page}x",
    ):
        assert reader.client.post(made_up, data=ONE_CLICK).status_code == 404
    assert reader.send(page="choice", channel=["fax", "mail", "sms", "call"])[0] == 200
    assert reader.send(junk="x" * 9000)[0] == 200
    assert reader.told() == []


def test_without_an_address_of_the_site_there_is_no_page(house: House) -> None:
    house.rules(stage("{id: hi, do: email, with: {template: mail/hello.j2}}"))
    house.template("hello", "Subject: Цены\n\nДобрый день!\n")
    house.add(
        "deal", name="Чай", contact=house.add("contact", name="Ольга", email="o@kafe.example").id
    )
    house.tick()
    assert "List-Unsubscribe" not in house.letters()[0]
