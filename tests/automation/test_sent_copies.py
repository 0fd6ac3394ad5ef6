"""What left by SMTP lies once in the folder of sent mail of a real Dovecot, sooner or later."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation import mail_fetch
from tests.automation.test_mail_fetch import Post as Boxes
from tests.automation.test_mail_fetch import server  # noqa: F401  # a fixture
from tests.automation.test_outbox import deal  # noqa: F401  # a fixture
from tests.kit import replace


@pytest.fixture
def boxes(server: int) -> Boxes:  # noqa: F811  # the fixture
    """The mailboxes of that server."""
    found = Boxes(server)
    with found.at("anna") as box:
        for folder in ("Gone", "Copies"):
            box.create(folder)
            box.select(folder)
            box.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
            box.expunge()
    return found


def copies(boxes: Boxes, folder: str) -> list[bytes]:
    with boxes.at("anna") as box:
        box.select(folder, readonly=True)
        numbers = box.search(None, "SEEN")[1][0].split()
        return [box.fetch(one.decode(), "(BODY.PEEK[])")[1][0][1] for one in numbers]  # type: ignore[index,misc]  # a tuple


def keep(house: Any, boxes: Boxes, folder: str) -> None:
    url = boxes.url(folder=folder).rstrip("/")
    told = f"mail: {{sent: '{url}', fetch_password: 'env:CRM_TEST_IMAP', "
    replace(house.root / "settings.yaml", "mail: {", told)


@pytest.mark.parametrize(("named", "folder"), [("", "Gone"), ("Copies", "Copies")])
def test_a_letter_that_left_is_copied_once_when_the_server_is_there_again(
    house: Any,
    post: Any,
    boxes: Boxes,
    deal: Any,  # noqa: F811  # the fixture
    monkeypatch: Any,
    named: str,
    folder: str,
) -> None:
    keep(house, boxes, named)
    monkeypatch.setenv("CRM_TEST_IMAP", "wrong")
    [told] = house.tick().failures
    assert "LOGIN" in told
    assert len(post.letters) == 1
    assert house.tick("10m").failures == []  # said already, and the letter itself has left
    monkeypatch.setenv("CRM_TEST_IMAP", "secret")
    assert house.tick("10m").failures == []
    [copy] = copies(boxes, folder)
    assert b"olga@kafe.example" in copy
    assert b"\r\n\r\n" in copy
    (house.root / ".crm" / "mail-places").unlink()  # as after a crash behind the copy
    house.tick("10m")
    assert len(copies(boxes, folder)) == 1
    assert len(post.letters) == 1


def test_a_copy_that_is_fetched_is_nothing_new(
    house: Any,
    post: Any,
    boxes: Boxes,
    deal: Any,  # noqa: F811  # the fixture
    monkeypatch: Any,
) -> None:
    keep(house, boxes, "Copies")
    monkeypatch.setenv("CRM_TEST_IMAP", "secret")
    assert house.tick().failures == []
    assert len(copies(boxes, "Copies")) == 1
    url = boxes.url(folder="Copies")
    replace(house.root / "settings.yaml", "mail: {", f"mail: {{fetch: ['{url}'], ")
    with boxes.at("anna") as box:
        box.select("Copies")
        box.store("1", "-FLAGS", r"(\Seen)")
    ws = house.ws
    assert [one.count for one in mail_fetch.fetch_all(ws)] == [1]
    before = len(ws.select("lead"))
    assert house.tick("10m").failures == []
    again = house.ws
    assert len(again.select("lead")) == before
    assert len(again.events(kinds=("mail.out",))) == 1
    assert again.events(kinds=("mail.in",)) == []
