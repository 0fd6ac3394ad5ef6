"""What an import is told beside the file: fields for all rows, values in our words, the form of dates."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.errors import BadUsage
from crmcli.workspace import Workspace
from tests import kit


def test_a_field_is_set_in_every_row_whatever_the_file_says(ws: Workspace) -> None:
    text = "name;Стадия;Теги;Сумма\nКровля;Сделка успешна;vip;5\nЗабор;чепуха;;7\n"
    found = kit.bring(
        ws, "deal", text, values=[("stage", "Отказ"), ("tags", "2024"), ("Сумма", "9")]
    )
    deals = kit.all_of(ws, "deal")
    assert (found.created, [d["stage"] for d in deals]) == (2, ["lost", "lost"])
    assert [d["tags"] for d in deals] == [["2024"], ["2024", "vip"]]
    assert {d["amount"] for d in deals} == {"9"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([("stage", "нигде")], "--set stage: 'нигде' is not a stage"),
        ([("amount", "много")], "--set amount: "),
        ([("amuont", "5")], "a deal has no field 'amuont'"),
        ([("id", "deal-7k3qf2m9")], "id is set by crm"),
    ],
)
def test_what_can_be_set_in_no_row_is_refused_at_once(
    ws: Workspace, values: Any, words: str
) -> None:
    with pytest.raises(BadUsage, match=words):
        kit.bring(ws, "deal", "name\nКровля\n", values=values)
    assert ws.count("deal") == 0


def test_values_are_replaced_whole_or_each_of_several(ws: Workspace) -> None:
    text = "name;Теги;Источник;Не звонить\nА;VIP, опт;Гугл;ага\nБ;розница;-пусто-;\n"
    maps = [
        ("tags", "vip", "важный"), ("tags", "Розница", ""), ("source", "гугл", "web"),
        ("source", "-пусто-", ""), ("do_not_call", "ага", "да"), ("name", "Ы", "ы"),
    ]  # fmt: skip
    found = kit.bring(ws, "lead", text, value_maps=maps)
    one, other = kit.all_of(ws, "lead")
    assert (one["tags"], one["source"], one["do_not"]) == (["важный", "опт"], "web", ["call"])
    assert ("tags" in other, "source" in other) == (False, False)
    assert list(found.unused_values) == ["name:Ы"]


def test_dates_are_read_by_the_form_that_was_said(ws: Workspace) -> None:
    text = "name,close_by,created_at\nA,03/04/2026,05/06/2025\nB,2026-04-03,31/12/2025\n"
    found = kit.bring(ws, "deal", text, date_format="DD/MM/YYYY")
    deals = kit.all_of(ws, "deal")
    assert (found.rejected, [d["close_by"] for d in deals]) == (0, ["2026-04-03", "2026-04-03"])
    assert deals[0]["created_at"].startswith("2025-06-0")
    with pytest.raises(BadUsage, match="does not say where day, month and year stand"):
        kit.bring(ws, "deal", text, date_format="DD.MM")
