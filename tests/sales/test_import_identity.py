"""Who an imported row is: judged as `crm dupes` judges, found again by the ids of other systems."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from crmcli.workspace import Workspace
from tests import kit

SAME, OTHER, DOUBT = (0, 1, 0), (1, 0, 0), (0, 0, 1)
"""Created, merged, rejected."""


@pytest.mark.parametrize(
    ("entity", "header", "there", "row", "becomes"),
    [
        # firms
        ("company", "Название;ИНН;E-mail", "Ромашка;7707083893;buh@uchet.ru", "Лютик;7736050003;buh@uchet.ru", OTHER),
        ("company", "Название;ИНН;E-mail", "Ромашка;7707083893;", "ПАО Ромашка;7707083893;", SAME),
        ("company", "Название;Телефон", "Ромашка;84951234567", "Лютик;84951234567", OTHER),
        ("company", "Название;Телефон", "ООО Ромашка;84951234567", "Ромашка, ООО;84951234567", SAME),
        ("company", "Name;Phone", "Hill Ltd;+442079460123", "Kent & Sons Ltd;+442079460123", OTHER),
        ("company", "Name;Phone", "Hill Ltd;+442079460123", "Hill Limited;+442079460123", SAME),
        # people
        ("contact", "Имя;Фамилия;Телефон;E-mail", "Анна;Орлова;84951234567;a@r.ru", "Борис;Котов;84951234567;b@r.ru", OTHER),
        ("contact", "Имя;Фамилия;Телефон", "Анна;Орлова;84951234567", "Аня;Орлова;84951234567", SAME),
        ("contact", "Имя;Фамилия;Телефон", "Анна;Орлова;84951234567", "Anna;Orlova;84951234567", SAME),
        ("contact", "ФИО;Телефон", "Орлова Анна;84951234567", "Котов Борис;84951234567", OTHER),
        ("contact", "Имя;E-mail", "Анна;info@r.ru", ";info@r.ru", DOUBT),
        ("contact", "Имя;Телефон;E-mail", "Анна;84951234567;a@r.ru", ";84951234567;b@r.ru", DOUBT),
        ("contact", "Имя;Телефон", "Анна;84951234567", ";84951234567", SAME),
        ("contact", "First Name;Last Name;Telegram", "Anna;Hill;@hill", "Anna;Hill;https://t.me/Hill", SAME),
        ("contact", "First Name;Last Name;Email", "Anna;Hill;h@hill.com", "Boris;Hill;h@hill.com", OTHER),
        # leads
        ("lead", "Название лида;Телефон", "Кровля;89161234567", "Забор;89161234567", SAME),
        ("lead", "Имя;Фамилия;Телефон", "Анна;Орлова;84951234567", "Борис;Котов;84951234567", OTHER),
    ],
)  # fmt: skip
def test_a_row_is_a_record_only_if_nothing_contradicts(
    ws: Workspace, entity: str, header: str, there: str, row: str, becomes: tuple[int, int, int]
) -> None:
    kit.bring(ws, entity, f"{header}\n{there}\n")
    found = kit.bring(ws, entity, f"{header}\n{row}\n", on_duplicate="merge")
    assert (found.created, found.merged, found.rejected) == becomes
    assert len(found.apart) == (becomes == OTHER)


def test_the_same_within_one_file(ws: Workspace) -> None:
    text = (
        "Имя;Фамилия;Телефон\nАнна;Орлова;84951234567\nБорис;Котов;84951234567\n"
        "Боря;Котов;84951234567\nВера;Лис;84951234567\n"
    )
    found = kit.bring(ws, "contact", text, on_duplicate="merge")
    assert (found.created, found.merged, found.rejected) == (3, 1, 0)
    assert [fact for _, _, fact in found.apart] == ["phone", "phone"]


def test_a_doubtful_row_is_given_back_with_the_candidates(ws: Workspace) -> None:
    kit.bring(ws, "contact", "Имя;E-mail\nАнна;info@r.ru\n")
    [anna] = kit.all_of(ws, "contact")
    kit.bring(ws, "contact", "Имя;E-mail\n;info@r.ru\n")
    [row] = csv.DictReader(_rejects(ws).read_text("utf-8-sig").splitlines(), delimiter=";")
    assert row["crm_duplicate_of"] == anna["id"]
    assert f"may be {anna['id']} (same e-mail)" in row["crm_reason"]
    text = f"id;Должность;E-mail\n{anna['id']};юрист;info@r.ru\n"
    assert kit.bring(ws, "contact", text, on_duplicate="merge").merged == 1
    assert kit.bring(ws, "contact", "Имя;E-mail\n;info@r.ru\n", on_duplicate="create").created == 1


def _rejects(ws: Workspace) -> Path:
    return max(ws.root.parent.rglob("*.csv"), key=lambda path: path.stat().st_mtime_ns)


HUBSPOT = "Record ID,Deal Name,Amount,Deal owner,Create Date\n"


def test_an_id_of_another_system_finds_the_record_again(ws: Workspace) -> None:
    kit.bring(ws, "deal", HUBSPOT + "17,Roof,100,,\n18,Roof,200,,\n")
    ids = {deal["external"]["hubspot"] for deal in kit.all_of(ws, "deal")}
    assert ids == {"17", "18"}
    found = kit.bring(ws, "deal", HUBSPOT + "17,Big roof,150,,\n18,Roof,200,,\n19,Fence,1,,\n")
    assert (found.created, found.replaced, found.unchanged) == (1, 1, 1)
    names = sorted((deal["name"], deal["amount"]) for deal in kit.all_of(ws, "deal"))
    assert names == [("Big roof", "150"), ("Fence", "1"), ("Roof", "200")]


def test_an_id_says_who_it_is_whatever_else_has_changed(ws: Workspace) -> None:
    header = "Record ID,First Name,Last Name,Email,Contact owner\n"
    kit.bring(ws, "contact", header + "5,Anna,Hill,a@hill.com,\n")
    found = kit.bring(ws, "contact", header + "5,Anna,Kent,a@kent.com,\n6,Anna,Hill,a@hill.com,\n")
    assert (found.created, found.replaced) == (1, 1)


def test_numbers_of_rows_are_no_identity(ws: Workspace) -> None:
    kit.bring(ws, "contact", "ID;Имя;Телефон\n1;Анна;89161234567\n")
    found = kit.bring(ws, "contact", "ID;Имя;Телефон\n1;Борис;89161234568\n", "other.csv")
    assert (found.created, found.replaced) == (1, 0)
    again = kit.bring(ws, "contact", "ID;Имя;Должность\n1;Борис;юрист\n", on_duplicate="merge")
    assert again.merged == 1


@pytest.mark.parametrize(
    ("entity", "header", "there", "row", "becomes"),
    [
        ("deal", "Deal ID;Название;Сумма", "7;Окна;5", "7;Окна;6", SAME),
        ("deal", "ID;Название;Сумма", "7;Окна;5", "7;Двери;6", DOUBT),
        ("deal", "Record ID,Deal Name,Amount", "7,Roof,5", "8,Roof,6", OTHER),
        ("company", "ID;Название;Телефон", "7;Ромашка;84951234567", "7;ООО «Ромашка»;84951234599", SAME),
        ("company", "ID;Название;Телефон", "7;Ромашка;84951234567", "7;Дельта;84951234500", OTHER),
        ("contact", "ID;ФИО;Телефон", "7;Орлова Анна;84951234567", "7;Орлова Анна;89161234567", SAME),
        ("contact", "ID;ФИО;Телефон", "7;Орлова Анна;84951234567", "7;Котов Борис;89161234567", OTHER),
        ("task", "Task ID;Тема;Срок", "7;Позвонить;01.12.2026", "7;Позвонить;02.12.2026", SAME),
    ],
)  # fmt: skip
def test_an_id_of_nobody_knows_which_system_is_believed_with_the_name(
    ws: Workspace, entity: str, header: str, there: str, row: str, becomes: tuple[int, int, int]
) -> None:
    kit.bring(ws, entity, f"{header}\n{there}\n")
    again = kit.bring(ws, entity, f"{header}\n{row}\n")
    assert (again.created, again.replaced, again.rejected) == becomes
