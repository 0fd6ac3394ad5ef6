"""What robots and people are told of an SMS before it leaves, and what they hear of it afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from crmcli.automation import robot_trial
from crmcli.automation.receive import take_up
from crmcli.channels.incoming import Arrived
from crmcli.present import automation
from crmcli.sales.intake import kept
from tests import kit
from tests.automation.conftest import House
from tests.automation.test_channel_messages import channel
from tests.kit import Run

Crm = Callable[..., Run]
ANNA = "+79161234567"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("Чай", "1 part: 3/70 characters, UCS-2 because of 'Ч'"),
        ("Tea", "1 part: 3/160 characters, GSM-7"),
    ],
)
def test_a_robot_that_is_tried_tells_how_long_it_is(house: House, text: str, length: str) -> None:
    house.rules(kit.robots(f"{{id: hello, do: sms, with: {{text: '{text}'}}}}"))
    channel(house, "sms: {run: send, price: 2.5 RUB}")
    client = house.add("contact", name="Ольга", phones=[ANNA])
    deal = house.add("deal", name="Чай", contacts=client.id)
    told = automation.trial_text(house.ws, robot_trial.run(house.ws, "hello", deal.id))
    assert told.endswith(f"\n\n{length}; about RUB\u00a02.50")


def test_dry_run_says_how_long_it_is_and_what_it_costs(folder: Any, crm: Crm) -> None:
    kit.replace(
        folder / "settings.yaml", "channels:\n", "channels:\n  sms: {run: send, price: 3.20 RUB}\n"
    )
    who = kit.contact(kit.opened(folder), name="Мария", phones=[ANNA]).id
    shown = crm("sms", "send", who, "П" * 71, "-n")
    assert shown.code == 0
    assert "RUB\u00a06.40" in shown.out
    row = json.loads(crm("sms", "send", who, "-", "-n", "--json", stdin="П" * 71).out)
    assert (row["parts"], row["alphabet"], row["letters"], row["left"]) == (2, "UCS-2", 71, 63)
    assert row["price"] == "6.40 RUB"
    assert crm("sms", "list", "--json").out == "[]\n"


def test_a_template_makes_the_text(folder: Any, crm: Crm) -> None:
    kit.write(folder, "templates/sms/hello.j2", "Здравствуйте, {{ contact.name }}!\n")
    who = kit.contact(kit.opened(folder), name="Мария", phones=[ANNA]).id
    row = json.loads(crm("sms", "send", who, "--template", "hello", "-n", "--json").out)
    assert row["text"] == "Здравствуйте, Мария!"
    assert crm("sms", "send", who, "-n").code == 2
    assert crm("sms", "send", who, "a", "--template", "hello", "-n").code == 2
    assert crm("sms", "send", who, "   ", "-n").code == 2


def test_a_report_of_what_is_not_ours_holds_up_nothing_and_is_not_told(house: House) -> None:
    channel(house)
    house.rules(kit.robots("{id: hello, do: sms, with: {text: Чай}}"))
    kept.keep(house.ws, "sms", [Arrived(b'{"id": "999", "status": "delivered"}')])
    client = house.add("contact", name="Ольга", phones=[ANNA])
    house.add("deal", name="Чай", contacts=client.id, owner="anna")
    assert house.tick().failures == []
    assert house.state("hello") == "done"
    assert [one.state for one in kept.waiting(house.ws)] == ["waiting"]
    house.tick("2d")
    assert kept.waiting(house.ws) == []


@pytest.mark.parametrize(("status", "says"), [("delivered", "дошла"), ("failed", "не дошла")])
def test_triggers_and_robots_hear_what_became_of_it(house: House, status: str, says: str) -> None:
    gives = 'import json, sys\njson.load(sys.stdin)\njson.dump({"values": {"id": 17}}, sys.stdout)'
    channel(house, text=gives)
    house.rules(
        kit.robots(
            "{id: hello, do: sms, with: {text: Чай}}",
            "{id: came, do: comment, with: {text: дошла}, on: sms.delivered}",
            "{id: lost, do: comment, with: {text: не дошла}, on: sms.failed}",
        )
    )
    client = house.add("contact", name="Ольга", phones=[ANNA])
    deal = house.add("deal", name="Чай", contacts=client.id, owner="anna")
    house.tick()
    [told] = house.events("sms.out", deal.id)
    assert told.data["message_id"] == "sms:17"
    house.wait("1m")
    kept.keep(house.ws, "sms", [Arrived(json.dumps({"id": "17", "status": status}).encode())])
    take_up(house.ws)
    house.tick()
    assert [event.data["text"] for event in house.events("note", deal.id)] == [says]
