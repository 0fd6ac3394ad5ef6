"""Letters are kept beside the events that tell of them: the same in whatever order those are read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import kit
from tests.reports import histories
from tests.reports.told import told
from torture.copies import copied

BY = ("month", "template", "robot")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return histories.made(tmp_path_factory.mktemp("past") / "ws", 60, seed=11)


def figures(root: Path, *, anew: bool = False) -> list[dict[str, Any]]:
    if anew:
        shutil.rmtree(root / ".crm")
    return [vars(row) for row in told(histories.opened(root), "mail", BY).rows]


def test_in_whatever_order_events_come_and_go(made: Path, tmp_path: Path) -> None:
    root, aside = copied(made, tmp_path / "ws"), tmp_path / "aside"
    whole = figures(root, anew=True)
    assert len(whole) > 50
    months = sorted((root / "data/timeline").iterdir())
    aside.mkdir()
    for path in months[::2]:  # answers come before what they answer, edits before what is edited
        path.rename(aside / path.name)
    some = figures(root)
    assert some not in ([], whole)
    assert figures(root, anew=True) == some
    for path in reversed(list(aside.iterdir())):
        path.rename(root / "data/timeline" / path.name)
        figures(root)
    assert figures(root) == whole


ODD = (
    {"message_id": {}, "from": [1], "at": "gestern", "template": {"a": 1}, "opens": "no"},
    {"message_id": None, "letter": [], "refuses": 7},
    {"message_id": "<a@b>", "at": 5},
    {"message_id": "<a@b>", "from": None, "automatic": []},
)


def test_odd_events_and_torn_lines_stop_nothing(made: Path, tmp_path: Path) -> None:
    root = copied(made, tmp_path / "ws")
    whole = sum(row["sent"] for row in figures(root))
    ws = histories.opened(root)
    deal = str(next(iter(ws.rows("deal")))["id"])
    with ws.change("log") as change:
        for kind in ("mail.out", "mail.in", "mail.bounced", "mail.opened", "preferences.set"):
            for data in ODD:
                change.note(kind, deal, {"letter": "<a@b>", **data})
    path = max((root / "data/timeline").rglob("*.csv"))
    text = path.read_text("utf-8")
    line = next(one for one in reversed(text.splitlines()) if ",mail.out," in one)
    nan = f"{line[:16]}{'0' if line[16] != '0' else '1'}{line[17:]}".replace("null", "NaN")
    path.write_text(f"{text}{nan}\n{line[:90]}\nmail.out,,\n", "utf-8")
    for anew in (False, True):
        assert sum(row["sent"] for row in figures(root, anew=anew)) == whole + 1  # the last


def test_an_empty_base(tmp_path: Path) -> None:
    root = kit.workspace(tmp_path / "ws", kit.pipelines(), "currency: RUB\n")
    assert told(kit.opened(root), "mail").rows == []
