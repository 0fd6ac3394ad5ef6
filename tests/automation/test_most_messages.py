"""most_messages: how many messages a client gets from all robots together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmcli.automation import person_mail
from crmcli.automation.person_mail import PersonMail
from crmcli.automation.simulate import rehearse
from crmcli.errors import InvalidData
from tests import kit
from tests.automation.conftest import SETTINGS

MAIL = "do: email, with: {template: mail/hi.j2}"
LETTERS = [f"{{id: no{n}, {MAIL}, after: {n}d}}" for n in range(1, 12)]


@pytest.fixture
def olga(house: Any) -> Any:
    house.template("hi", "Subject: Привет\n\nДобрый день!\n")
    house.rules(kit.robots(*LETTERS, "{id: told, do: notify, with: {text: Смотри}, after: 1d}"))
    limit(house, "2 per week")
    return house.add("contact", name="Ольга", emails=["olga@kafe.example", "o@home.example"])


def limit(house: Any, cap: str) -> None:
    house.write("settings.yaml", SETTINGS + f"automation: {{most_messages: {cap}}}\n")


def got(house: Any, days: int) -> list[int]:
    """On which days, from now, letters to a client left."""
    begin, found = house.now, []
    for _ in range(days):
        before = len(house.events("mail.out"))
        house.tick("1d")
        found += [(house.now - begin).days] * (len(house.events("mail.out")) - before)
    return found


@pytest.mark.parametrize(
    ("cap", "days"),
    kit.some(
        [
            ("2 per week", [1, 2, 8, 9]),
            ("2 в неделю", [1, 2, 8, 9]),
            ("1 per 3d", [1, 4, 7, 10]),
            ("3/1mo", [1, 2, 3]),
            ("20 per d", [*range(1, 12)]),
        ],
        2,
    ),
)
def test_so_many_and_no_more(house: Any, olga: Any, cap: str, days: list[int]) -> None:
    limit(house, cap)
    house.add("deal", name="Чай", contacts=olga.id, owner="anna")
    house.tick()
    assert got(house, 11) == days


def test_all_robots_and_all_records_of_a_client_count_together(house: Any, olga: Any) -> None:
    house.add("deal", name="Чай", contacts=olga.id, owner="anna")
    house.add("deal", name="Кофе", contacts=olga.id, owner="anna")
    other = house.add("contact", name="Пётр", emails="p@kafe.example")
    house.add("deal", name="Вода", contacts=other.id, owner="anna")
    house.tick()
    assert got(house, 2) == [1, 1, 1, 2]
    reasons = [job.reason for job in house.jobs() if job.state == "skipped"]
    assert reasons == ["the client got 2 messages within 1w already"] * 2


def test_another_address_of_the_client_is_the_same_client(house: Any, olga: Any) -> None:
    limit(house, "1 per week")
    house.add("deal", name="Чай", contacts=olga.id, owner="anna")
    house.tick()
    assert got(house, 1) == [1]
    house.edit(olga.id, emails="o@home.example, olga@kafe.example")
    assert got(house, 1) == []


def test_what_a_person_sends_is_not_asked_and_does_not_count(house: Any, olga: Any) -> None:
    limit(house, "1 per week")
    deal = house.add("deal", name="Чай", contacts=olga.id, owner="anna")
    for _ in range(2):
        house.wait("1h")
        person_mail.send(house.ws, deal.id, PersonMail("mail/hi.j2"))
    assert len(house.letters()) == 2
    assert got(house, 3) == [1]


def test_the_rehearsal_counts_too(house: Any, olga: Any) -> None:
    house.add("deal", name="Чай", contacts=olga.id, owner="anna")
    house.tick()
    lines = rehearse(house.ws, house.now + timedelta(days=11))
    left = [line.at.day for line in lines if "email: " in line.what and "already" not in line.what]
    assert left == [24, 25, 1, 2]


@pytest.mark.parametrize(
    "cap", ["2", "two per week", "0 per week", "2 per fortnight", "-1 per d", "[2]"]
)
def test_what_is_no_limit_is_told(house: Any, cap: str) -> None:
    limit(house, cap)
    with pytest.raises(InvalidData) as caught:
        _ = house.ws.settings
    [problem] = caught.value.problems
    assert "most_messages" in problem.message
