"""Fields by the words that people have for them, wherever a command takes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from crmcli.workspace import Workspace
from tests.kit import Run, company, deal

Crm = Callable[..., Run]


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["--set", "Сумма=700"], "amount", 700),
        (["--set", "бюджет=800"], "amount", 800),
        (["--set", "Подробности источника=ярмарка"], "source_detail", "ярмарка"),
        (["--set", "Source-Detail=fair"], "source_detail", "fair"),
        (["--add", "метки=vip"], "tags", ["old", "vip"]),
        (["--remove", "Тег=old"], "tags", []),
        (["--unset", "Закрыть до"], "close_by", ""),
        (["--set", "валюта=EUR", "--set", "Сумма=5 USD"], "currency", "EUR"),
    ],
)
def test_an_edit_takes_labels(
    crm: Crm, ws: Workspace, words: list[str], field: str, value: Any
) -> None:
    assert crm("rate", "add", "EUR", "100", "--date", "2026-01-01").code == 0
    made = deal(ws, name="A", amount="500", tags=["old"], close_by="2026-12-01")
    assert crm("deal", "edit", made.id, *words).err == ""
    shown = json.loads(crm("deal", "show", made.id, "--json").out)
    assert shown.get(field, type(value)()) == value


def test_lists_sort_filter_and_export_by_labels(crm: Crm, ws: Workspace) -> None:
    firm = company(ws, name="Север", industry="trade")
    deal(ws, name="A", amount="5", company=firm.id)
    deal(ws, name="B", amount="7")
    columns = "название,компания.Отрасль"
    told = crm("deal", "list", "--columns", columns, "--sort", "-Сумма", "--json")
    assert json.loads(told.out) == [
        {"name": "B", "company.industry": ""},
        {"name": "A", "company.industry": "trade"},
    ]
    told = crm("export", "deals", "--columns", "Название,сумма", "--where", "сумма > 5")
    assert told.out.splitlines() == ["name,amount", "B,7"]
    saved = ("--where", "сумма > 5", "--columns", "Сумма", "--sort", "-Сумма")
    assert crm("view", "save", "big", "deals", *saved).err == ""
    assert "7" in crm("deal", "list", "--view", "big").out


def test_a_slip_in_a_label_is_told_with_the_label(crm: Crm, ws: Workspace) -> None:
    refused = crm("deal", "edit", deal(ws, name="A").id, "--set", "Сума=7")
    assert refused.code == 2
    assert "Сумма" in refused.err
