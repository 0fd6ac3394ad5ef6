"""Rows that name the records they link to, several in a cell too."""

from __future__ import annotations

from typing import cast

import pytest

from crmcli.workspace import Workspace
from tests import kit


def _people_of(ws: Workspace, deal: str) -> list[str]:
    [found] = [d for d in kit.all_of(ws, "deal") if d["name"] == deal]
    return [str(ws.get(i).get("name")) for i in cast("list[str]", found.get("contacts", []))]


@pytest.mark.parametrize(
    "cell",
    [
        "Anna Orlova (anna@x.ru); Boris Kim (b@x.ru)",
        "Anna <anna@x.ru>, Boris Kim <b@x.ru>",
        "anna@x.ru,b@x.ru",
    ],
)
def test_people_who_are_here_are_found_by_their_e_mail(ws: Workspace, cell: str) -> None:
    kit.contact(ws, name="Орлова Анна Ильинична", emails="anna@x.ru")
    kit.contact(ws, name="Борис", emails="b@x.ru")
    found = kit.bring(ws, "deal", f'name\tContacts\nКровля\t"{cell}"\n')
    assert (found.made, _people_of(ws, "Кровля")) == ({}, ["Орлова Анна Ильинична", "Борис"])


def test_a_namesake_with_another_e_mail_is_another_person(ws: Workspace) -> None:
    kit.contact(ws, name="Анна Орлова", emails="anna@x.ru")
    text = "name;Контакт\nКровля;Анна Орлова (orlova@y.ru)\nЗабор;Анна Орлова (orlova@y.ru)\n"
    assert kit.bring(ws, "deal", text).made == {"contact": 1}
    mails = sorted(email["value"] for c in kit.all_of(ws, "contact") for email in c["emails"])
    assert mails == ["anna@x.ru", "orlova@y.ru"]


def test_facts_in_columns_of_their_own_belong_to_those_who_are_named_in_the_same_order(
    ws: Workspace,
) -> None:
    text = 'name;Контакты;contact_email\nКровля;"Анна; Борис";"a@x.ru; b@x.ru"\n'
    kit.bring(ws, "deal", text)
    mails = [[e["value"] for e in c["emails"]] for c in kit.all_of(ws, "contact")]
    assert (_people_of(ws, "Кровля"), mails) == (["Анна", "Борис"], [["a@x.ru"], ["b@x.ru"]])


def test_a_link_of_ones_own_takes_names_of_what_is_here_and_makes_no_deals(ws: Workspace) -> None:
    link = "fields:\n  contact:\n    main_deal: {type: link, to: deal, label: Главная сделка}\n"
    kit.replace(ws.root / "settings.yaml", "fields:\n", link)
    ws = kit.opened(ws.root)
    roof = kit.deal(ws, name="Кровля")
    found = kit.bring(ws, "contact", "name;Главная сделка\nАнна;кровля\nБорис;Забор\n")
    assert (found.created, found.rejected) == (1, 1)
    assert kit.one(ws, "contact")["main_deal"] == roof.id


def test_what_json_says_of_a_linked_record_beside_its_name_is_not_lost(ws: Workspace) -> None:
    text = '[{"name": "А", "contact": {"name": "Вера", "phone": "89161234567"}}]'
    found = kit.bring(ws, "lead", text, name="x.json")
    assert (found.created, found.rejected) == (0, 1)
    assert "'phone' of a linked record is not read" in next(iter(found.examples.values()))
