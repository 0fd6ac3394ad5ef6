"""message.unanswered: nobody of us answered a client in time."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.config_checks import look_through
from crmcli.sales import activities
from tests import kit
from tests.automation.conftest import House

RULES = kit.robots("{id: late, do: task, with: {title: Ответить}, on: message.unanswered, for: 2h}")


@pytest.fixture
def deal(house: House) -> Any:
    house.rules(RULES)
    client = house.add("contact", name="Ольга", emails="olga@kafe.example")
    found = house.add("deal", name="Чай", contacts=client.id, owner="anna")
    house.tick()
    return found


def write(house: House, record: str, kind: str = "message.in", **data: Any) -> str:
    return activities.log(house.ws, record, kind, "Где?", **data)


@pytest.mark.parametrize("kind", ["message.in", "mail.in", "sms.in"])
def test_the_first_one_counts_once(house: House, deal: Any, kind: str) -> None:
    first = write(house, deal.id, kind)
    house.tick("1h")
    write(house, deal.id, kind)
    house.tick("59m")
    assert house.titles() == []
    house.tick("1m")
    [raised] = house.events("message.unanswered", deal.id)
    assert raised.data == {"for": "2h", "message": first, "subject": "Где?"}
    assert house.titles() == ["Ответить"]
    for _ in range(3):
        house.tick("1h")
    assert house.titles() == ["Ответить"]


def test_after_an_answer_the_next_message_counts_anew(house: House, deal: Any) -> None:
    write(house, deal.id)
    house.tick("2h")
    write(house, deal.id, "message.out")
    house.tick("1h")
    write(house, deal.id)
    house.tick("2h")
    assert len(house.events("message.unanswered", deal.id)) == 2


@pytest.mark.parametrize("kind", ["message.out", "mail.out", "sms.out", "call.out", "meeting"])
@pytest.mark.parametrize("after", ["", "1h"])
def test_what_is_an_answer(house: House, deal: Any, kind: str, after: str) -> None:
    write(house, deal.id)
    house.wait(after)
    write(house, deal.id, kind)
    house.tick("1d")
    assert house.events("message.unanswered") == []


@pytest.mark.parametrize("kind", ["note", "message.in", "call.in"])
def test_what_is_none(house: House, deal: Any, kind: str) -> None:
    write(house, deal.id)
    house.wait("1h")
    write(house, deal.id, kind)
    house.tick("1h")
    assert len(house.events("message.unanswered")) == 1


def test_nor_is_what_a_robot_sends_by_itself(house: House) -> None:
    house.template("got", "Subject: Получили\n\nОтветим скоро.\n")
    house.rules(
        kit.robots(
            "{id: got, do: email, with: {template: mail/got.j2, to: o@kafe.example}, on: mail.in}",
            "{id: late, do: task, with: {title: Ответить}, on: message.unanswered, for: 2h}",
        )
    )
    found = house.add("deal", name="Чай", owner="anna")
    write(house, found.id, "mail.in")
    house.tick()
    assert len(house.letters()) == 1
    house.tick("2h")
    assert house.titles() == ["Ответить"]


@pytest.mark.parametrize("ends", ["same", "other"])
def test_client_and_deal_are_one(house: House, deal: Any, ends: str) -> None:
    """The client wrote to the contact; who answers on the deal, or the other way round, has answered."""
    places = [deal.contacts[0], deal.id]
    there, here = places if ends == "same" else places[::-1]
    write(house, there)
    house.wait("1h")
    write(house, here, "mail.out")
    house.tick("2h")
    assert house.titles() == []
    write(house, there)
    house.tick("2h")
    assert house.titles() == ["Ответить"]


def test_what_was_deleted_waits_for_nothing(house: House, deal: Any) -> None:
    message = write(house, deal.id)
    activities.remove(house.ws, activities.named(house.ws, message))
    house.tick("1d")
    assert house.events("message.unanswered") == []


def test_old_messages_are_no_news(house: House, deal: Any) -> None:
    house.rules()
    write(house, deal.id)
    house.wait("8d")
    house.rules(RULES)
    house.tick()
    assert house.events("message.unanswered") == []


def test_where_no_rule_waits_nothing_is_noted(house: House) -> None:
    house.rules(kit.robots("{id: idle, do: task, with: {title: Тихо}, on: record.idle, for: 3h}"))
    found = house.add("deal", name="Чай", owner="anna")
    write(house, found.id)
    house.tick("1d")
    assert house.events("message.unanswered") == []


def test_how_long_must_be_said(house: House) -> None:
    house.rules(kit.robots("{id: late, do: task, with: {title: О}, on: message.unanswered}"))
    [fault] = look_through(house.root, house.now).faults
    assert (fault.message, fault.hint) == ("'for' is missing: for how long", "write for: 2h")
