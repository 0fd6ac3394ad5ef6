from __future__ import annotations

from typing import Any

import pytest

from crmcli.sales.consent import permission
from tests import kit

HELLO = kit.robots(
    "{id: hello, do: email, with: {template: mail/hi.j2}, after: 1h}",
    "{id: call, do: task, with: {title: Позвонить}, wait: previous}",
)


@pytest.fixture
def deal(house: Any) -> Any:
    house.template("hi", "Subject: О «{{ deal.name }}»\n\nДобрый день!\n")
    house.rules(HELLO)
    contact = house.add("contact", name="Ольга Чайкина", emails="olga@kafe.example")
    return house.add("deal", name="Чай для кафе", contacts=contact.id, owner="anna")


def hello(house: Any) -> Any:
    return next(job for job in house.jobs() if job.robot == "hello")


def test_a_robot_writes_to_nobody_who_refuses(house: Any, deal: Any) -> None:
    house.tick()
    ws = house.ws
    permission.decide(ws, deal.contacts[0], {"mail": False})
    assert house.tick("1h").failures == []
    assert hello(house).state == "skipped"
    assert "Ольга Чайкина" in hello(house).reason
    assert "do_not has mail" in hello(house).reason
    assert house.titles() == ["Позвонить"]
    assert not house.events("job.queued")
    assert not list(house.root.glob("outbox/new/*"))


def test_a_queued_letter_stays_when_the_refusal_comes_first(
    house: Any, deal: Any, post: Any
) -> None:
    post.mode = "later"
    house.tick("1h")
    assert hello(house).state == "failed"
    permission.decide(house.ws, deal.contacts[0], {"mail": False})
    post.mode = "take"
    house.tick("30m")
    assert hello(house).state == "skipped"
    assert post.letters == []
