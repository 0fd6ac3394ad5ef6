"""The trigram indexes sleep until the first search; after it they follow every change."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from crmcli.model.values import Raw
from tests.store.index_folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    made.index.close()


def lead(number: int, **fields: Raw) -> dict[str, Raw]:
    return {"id": f"lead-0000000{number}", "stage": "new", **fields}


def tables(folder: Folder) -> set[str]:
    with sqlite3.connect(folder.root / ".crm/index.db") as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in rows}


def found(folder: Folder, text: str) -> list[str]:
    folder.index.refresh()
    return sorted(hit.id for hit in folder.index.search(text))


def test_nothing_is_made_for_searches_before_the_first(folder: Folder) -> None:
    folder.write(lead(1, name="Ёлкина Анна"))
    folder.index.refresh()
    assert folder.index.count("lead") == 1
    assert not {"text", "said"} & tables(folder)
    assert found(folder, "елкина") == ["lead-00000001"]
    assert {"text", "said"} <= tables(folder)


def test_after_the_first_search_changes_are_followed(folder: Folder) -> None:
    folder.write(lead(1, name="Окна на дачу"))
    folder.write(lead(2, name="Дверь"))
    assert found(folder, "окна") == ["lead-00000001"]
    folder.write(lead(1, name="Кухня на заказ"))
    folder.write(lead(3, name="Окна в офис"))
    assert found(folder, "окна") == ["lead-00000003"]
    assert found(folder, "кухня заказ") == ["lead-00000001"]
    folder.path("lead-00000003").unlink()
    assert found(folder, "окна") == []


def test_what_was_said_is_followed_too(folder: Folder) -> None:
    folder.write(lead(1, name="Анна"))
    assert found(folder, "перезвонить") == []
    folder.log("aaaaaaaa", ("note", "lead-00000001", {"text": "Перезвонить завтра"}))
    assert found(folder, "перезвонить") == ["lead-00000001"]
    shutil.rmtree(folder.root / "data/timeline")
    assert found(folder, "перезвонить") == []


def test_the_indexes_agree_with_their_tables_after_many_changes(folder: Folder) -> None:
    found(folder, "ничего")
    for step in range(30):
        folder.write(lead(step % 7, name=f"Имя {step} ромашка", comment="слово " * (step % 3)))
        folder.index.refresh()
    folder.index.close()
    with sqlite3.connect(folder.root / ".crm/index.db") as connection:
        for index in ("text", "said"):
            connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
