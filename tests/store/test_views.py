"""views.yaml: read with its conditions, every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.errors import InvalidData, NotFound
from crmcli.model.view import View
from crmcli.workspace import Workspace

GOOD = """\
deals:
  - id: hot
    name: Горячие
    where: amount > 100000 and close_by < today+30d
    sort: [-amount, company.name]
    columns: [id, name, amount]
    limit: 3
  - {id: mine, where: owner = me}
"""
BAD = """\
deals:
  - id: Горячие
    where: amounts > 5
    sort: [-amoun]
    columns: [nam]
    limit: many
    colour: red
  - {where: stage = нет}
  - {id: twice}
  - {id: twice}
dogs: []
"""


def test_what_it_declares(ws: Workspace) -> None:
    assert ws.views == {}
    (ws.root / "views.yaml").write_text(GOOD, encoding="utf-8")
    del ws.views
    hot = ws.view("deal", "горячие")
    assert hot == ws.view("deal", "hot")
    assert hot == View(
        "hot", "deal", "Горячие", "amount > 100000 and close_by < today+30d",
        ("-amount", "company.name"), ("id", "name", "amount"), 3, 2,
    )  # fmt: skip
    with pytest.raises(NotFound, match="no view 'cold'") as refusal:
        ws.view("deal", "cold")
    assert "hot, mine" in refusal.value.hint
    with pytest.raises(NotFound):
        ws.view("lead", "hot")


def test_every_fault_has_its_line(ws: Workspace) -> None:
    (ws.root / "views.yaml").write_text(BAD, encoding="utf-8")
    with pytest.raises(InvalidData) as refusal:
        _ = ws.views
    found = {(problem.line, problem.message) for problem in refusal.value.problems}
    said = [
        (2, "'id': 'Горячие' is not an id"),
        (3, "'where': unknown field 'amounts' for deals"),
        (4, "'sort': unknown field 'amoun' for deals"),
        (5, "no field 'nam'"),
        (6, "'limit': 'many' is not a whole number from 1 to 1000000000"),
        (7, "unknown key 'colour'"),
        (8, "'id' is missing"),
        (10, "view 'twice' is there twice"),
        (11, "unknown key 'dogs'"),
    ]
    for line, message in said:
        assert any(line == at and message in text for at, text in found), (line, message, found)
    assert any(line == 8 and "'where'" in text for line, text in found)


def test_broken_yaml(ws: Workspace) -> None:
    path: Path = ws.root / "views.yaml"
    path.write_text("deals: [", encoding="utf-8")
    with pytest.raises(InvalidData, match=r"views.yaml"):
        _ = ws.views
