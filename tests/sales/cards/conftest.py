"""A Radicale for all of these tests, and a workspace that is set up for an address book of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmcli.sales.cards.batch import SyncLine
from crmcli.sales.cards.sync import sync
from crmcli.sales.cards.whose import read_answers
from crmcli.workspace import Workspace
from tests import kit
from tests.sales.cards.servers import SECRET, Book, Radicale, radicale


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with radicale(tmp_path_factory.mktemp("radicale")) as found:
        yield found


@pytest.fixture
def book(server: Radicale) -> Book:
    return server.book()


class Office:
    """A workspace whose contacts go to an address book."""

    def __init__(self, folder: Path, book: Book) -> None:
        self.folder, self.book = folder, book
        said = f"\nchannels: {{cards: {{url: '{book.url}', user: {book.user}, password: env:CARDS_SECRET}}}}\n"
        settings = (folder / "settings.yaml").read_text(encoding="utf-8")
        assert "\nchannels:" not in settings or "\nchannels:\n" in settings
        kit.write(
            folder, "settings.yaml", settings.replace("\nchannels:\n", "\n# channels\n") + said
        )

    def ws(self, **more: bool) -> Workspace:
        return Workspace.open(self.folder, now=kit.NOW, **more)  # type: ignore[arg-type]

    def sync(
        self, *, link: tuple[str, ...] = (), new: tuple[str, ...] = (), anyway: bool = False
    ) -> list[SyncLine]:
        ws = self.ws()
        return sync(ws, read_answers(ws, link, new), anyway=anyway)

    def contacts(self) -> dict[str, dict[str, object]]:
        return {str(one["name"]): one for one in kit.all_of(self.ws(), "contact")}


@pytest.fixture
def office(folder: Path, book: Book, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("CARDS_SECRET", SECRET)
    return Office(folder, book)
