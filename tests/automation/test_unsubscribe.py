"""The page that a robot's letter leads to: one click of a mail program, choices of people, scanners that look."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from crmcli import language
from crmcli.automation import person_mail
from crmcli.automation.receive import take_up
from crmcli.channels import message
from crmcli.sales.intake import letters
from crmcli.web import app as web
from crmcli.web.opening import Opening
from crmcli.web.writer import Writer
from tests.automation.conftest import House
from tests.automation.test_actions import stage

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


WRITERS: list[Writer] = []


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    """No writer outlives its test, whose folder goes away."""
    yield
    while WRITERS:
        WRITERS.pop().stop()


class Reader:
    """A client who got a letter, and the page of it."""

    def __init__(self, house: House, more: str = "", head: str = "") -> None:
        self.house = house
        site = f"site: {{address: 'https://crm.chai.example/'{more}}}\n"
        house.write("forms.yaml", site)
        house.template("hi", f"{head}Subject: Цены\n\nДобрый день!\n")
        html = "<html><head><style>h1 {color: red} @media print {h1 {color: black}}</style></head><body><h1>Цены</h1><a href='https://chai.example/price?a=1&amp;b=2'>Прайс</a></body></html>\n"
        house.write("templates/mail/hi.html.j2", html)
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
        self.serve()

    def serve(self, *, writes: bool = True) -> None:
        opened = Opening(self.house.root, "anna", self.house.now)
        self.writer = Writer(opened)
        if writes:
            self.writer.start()
            WRITERS.append(self.writer)
        self.client = web.create_app(opened, self.writer).test_client()

    def settle(self) -> None:
        """Take up all that was kept."""
        self.writer.stop()
        take_up(self.house.ws)

    def at(self, **later: int) -> None:
        """Serve so long after the letter has left."""
        self.writer.stop()
        self.house.now += timedelta(**later)
        self.serve()

    def send(self, **said: Any) -> tuple[int, str]:
        """Post to the page; what it answers, once all is taken up."""
        answer = self.client.post(self.page, data=said)
        self.settle()
        self.serve()
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
    [raw] = reader.house.letters()
    assert f"\nList-Unsubscribe: <{reader.link}>\n" in raw  # no program decodes words in it
    sent = message.to_bytes(message.from_bytes(raw.encode(), "1"), wire=True)
    assert f"\r\nList-Unsubscribe: <{reader.link}>\r\n".encode() in sent
    assert reader.letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = (reader.letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert plain.startswith("Добрый день!\n\n")
    assert plain.endswith(f":\n{reader.link}\n")
    assert '<h1 style="color: red;">Цены</h1>' in html
    assert "@media print" in html
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


def links(reader: Reader) -> list[str]:
    """The addresses of the links in the letter: the hidden one, then that of the price."""
    html = reader.letter.get_body(("html",)).get_content()
    return [
        one.removeprefix("https://crm.chai.example")
        for one in re.findall(r"href=[\"'](.*?/l/.*?)[\"']", html)
    ]


def test_a_link_leads_on_and_that_a_person_followed_it_is_told_once(reader: Reader) -> None:
    _, price = links(reader)
    reader.at(minutes=5)
    for _ in range(3):
        answer = reader.client.get(price)
        assert (answer.status_code, answer.location) == (302, "https://chai.example/price?a=1&b=2")
    reader.settle()
    [told] = reader.house.events("mail.clicked")
    assert (told.record, told.data["link"]) == (reader.deal, "https://chai.example/price?a=1&b=2")


def test_scanners_are_led_on_and_told_nowhere(reader: Reader) -> None:
    trap, price = links(reader)
    reader.at(seconds=5)
    assert reader.client.get(price).status_code == 302  # before anybody can have read it
    reader.at(minutes=5)
    assert reader.client.head(price).status_code == 302
    assert reader.client.get(trap).status_code == 204
    assert reader.client.get(price).status_code == 302  # after the link that nobody sees
    reader.settle()
    assert reader.house.events("mail.clicked") == []


def test_the_timeline_and_who_reads_the_letter_are_told_where_its_links_lead(house: House) -> None:
    house.write("forms.yaml", "site: {address: 'https://crm.chai.example/'}\n")
    text = "See https://chai.example/a?b=1, then\n\n> https://chai.example/c.\n> more\n\nhttps://chai.example/a?b=1\n"
    house.template("text", f"Subject: Links\n\n{text}")
    house.rules(stage("{id: hi, do: email, with: {template: mail/text.j2}}"))
    olga = house.add("contact", name="Ольга", email="olga@kafe.example").id
    house.add("deal", name="Чай", contact=olga)
    assert house.tick().failures == []
    [raw] = house.letters()
    assert (raw.count("/l/"), raw.count("chai.example/a")) == (3, 0)
    [told] = house.events("mail.out")
    assert str(told.data["text"]).startswith(text.rstrip())
    shown = letters.read(house.ws, told)
    assert shown is not None
    assert shown.text.startswith(text.rstrip())
    assert shown.text[slice(*shown.quoted[0])].strip() == "> https://chai.example/c.\n> more"
    assert "/u/" in shown.text  # the page is ours


def test_no_link_leads_where_no_letter_led(reader: Reader) -> None:
    trap, price = links(reader)
    path = price.partition("?")[0]
    for made_up in (f"{path}?n=2", f"{path}?n=x", path, f"{trap[:-1]}1", "/l/x?n=1", f"{path}?n=https://evil.example",
                    reader.page.replace("/u/", "/l/") + "?n=1"):  # fmt: skip
        assert reader.client.get(made_up).status_code == 404


def test_that_a_letter_was_opened_is_told_only_where_that_is_wanted(house: House) -> None:
    assert "/o/" not in str(Reader(house).letter)


@pytest.mark.parametrize(
    ("agent", "doubtful"),
    [
        ("Thunderbird/128", None),
        ("Mozilla/5.0", "yes"),
        ("x (via ggpht.com GoogleImageProxy)", "yes"),
    ],
)
def test_that_a_letter_was_opened_is_told_once(
    house: House, agent: str, doubtful: str | None
) -> None:
    reader = Reader(house, ", opens: yes")
    html = reader.letter.get_body(("html",)).get_content()
    [dot] = re.findall(r'<img src="https://crm.chai.example(/o/.*?)"', html)
    headers = {"User-Agent": agent}
    reader.at(seconds=5)
    assert reader.client.get(dot, headers=headers).data.startswith(b"GIF89a")
    reader.at(minutes=5)
    reader.client.head(dot, headers=headers)
    for _ in range(2):
        assert reader.client.get(dot, headers=headers).status_code == 200
    assert reader.client.get(dot.replace("-", "-0", 1)).status_code == 404
    reader.settle()
    [told] = house.events("mail.opened")
    assert (told.record, told.data.get("doubtful")) == (reader.deal, doubtful)


def test_a_link_of_a_letter_that_a_person_sends_by_a_template_is_followed_too(house: House) -> None:
    reader = Reader(house)
    mail = person_mail.PersonMail(template="mail/hi.j2")
    assert person_mail.send(house.ws, reader.deal, mail).job.state == "done"
    [text] = [one for one in house.letters() if "List-Unsubscribe" not in one]
    reader.letter = email.message_from_bytes(text.encode(), policy=email.policy.default)
    _, price = links(reader)
    reader.at(minutes=5)
    assert reader.client.get(price).status_code == 302
    reader.settle()
    [told] = house.events("mail.clicked")
    assert told.data["link"] == "https://chai.example/price?a=1&b=2"
