"""A client who was erased does not come back from the address book."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.sales.privacy.again import finish, returned
from crmcli.sales.privacy.erase import erase
from crmcli.workspace import Workspace
from tests import kit
from tests.sales.cards.conftest import Office
from tests.sales.cards.servers import SECRET, Book


class Annas(Office):
    """The same workspace, as Anna opens it."""

    def ws(self, **more: bool) -> Workspace:
        return kit.opened(self.folder)


def test_a_client_who_was_erased_does_not_come_back_by_a_card(
    folder: Path, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARDS_SECRET", SECRET)
    office = Annas(folder, book)
    book.put("olga.vcf", "UID:5e0b-olga", "FN:Ольга Вяземская", "N:Вяземская;Ольга;;;")
    ivan = kit.contact(office.ws(), first_name="Иван", last_name="Щёголев")
    office.sync()
    olga = str(office.contacts()["Ольга Вяземская"]["id"])
    erase(office.ws(), ivan.id, "law")
    erase(office.ws(), olga, "law")
    office.sync()
    assert office.contacts() == {}
    assert list(book.cards()) == ["Ольга Вяземская"]  # hers was not ours, and crm says so
    assert office.sync() == []
    assert returned(office.ws()) == finish(office.ws()) == []
