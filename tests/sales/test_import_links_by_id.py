"""Rows that name what they link to by its id in another system."""

from __future__ import annotations

import pytest

from crmcli.workspace import Workspace
from tests import kit

FIRMS = "Record ID,Company name,Company Domain Name\n501,Hilltop,hilltop.example\n502,Acme,acme.example\n"


def firm_of(ws: Workspace, entity: str = "deal") -> str:
    [found] = kit.all_of(ws, entity)
    link = found.get("company") or next(iter(found.get("companies", [])), {}).get("company", "")
    return str(ws.get(link).get("name")) if link else ""


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Associated Company", "Hilltop (501)"),
        ("Associated Company", "Other words [ID: 501]"),
        ("Company ID", "501"),
        ("Associated Company ID", "501.0"),
        ("company", "hubspot:501"),
        ("HubSpot Company ID", "501"),
        ("Company", "501"),
    ],
)
def test_a_firm_is_found_by_its_id_in_the_system_of_the_file(
    ws: Workspace, header: str, cell: str
) -> None:
    kit.bring(ws, "company", FIRMS)
    text = f"Record ID,Deal Name,Deal Stage,Pipeline,{header}\n9,Roof,new,sales,{cell}\n"
    found = kit.bring(ws, "deal", text, preset="hubspot")
    assert (found.made, found.rejected, firm_of(ws)) == ({}, 0, "Hilltop")


def test_a_column_of_any_name_is_mapped_to_a_link_by_its_id(ws: Workspace) -> None:
    kit.bring(ws, "company", FIRMS)
    columns = {"Ref": "company_id"}
    found = kit.bring(ws, "deal", "name,Ref\nRoof,502\n", columns=columns, preset="hubspot")
    assert (found.rejected, firm_of(ws)) == (0, "Acme")


def test_an_unknown_id_is_kept_in_the_comment_and_told(ws: Workspace) -> None:
    found = kit.bring(ws, "deal", "name,Company ID\nRoof,77\nFence,78\n")
    assert (found.created, found.made) == (2, {})
    [[column, told]] = [[key[0], kind.examples] for key, kind in found.doubtful.items()]
    assert (column, told) == ("Company ID", ["77", "78"])
    assert [d["comment"] for d in kit.all_of(ws, "deal")] == ["Company ID: 78", "Company ID: 77"]


def test_an_unknown_id_rejects_its_row_where_all_is_to_fit(ws: Workspace) -> None:
    found = kit.bring(ws, "deal", "name,Company ID\nRoof,77\n", strict=True)
    assert (found.created, found.rejected) == (0, 1)


def test_a_firm_that_is_made_by_a_row_has_its_id_and_its_own_file_completes_it(
    ws: Workspace,
) -> None:
    text = "Record ID,Deal Name,Deal Stage,Pipeline,Associated Company\n9,Roof,new,sales,Hilltop (501)\n"
    kit.bring(ws, "deal", text)
    assert kit.one(ws, "company")["external"] == {"hubspot": "501"}
    found = kit.bring(ws, "company", FIRMS)
    assert (found.created, len(kit.all_of(ws, "company"))) == (1, 2)


def test_namesakes_with_two_ids_are_two_firms(ws: Workspace) -> None:
    text = "name,Company\nRoof,Hilltop (501)\nFence,Hilltop (777)\n"
    kit.bring(ws, "deal", text, preset="hubspot")
    ids = [c["external"] for c in kit.all_of(ws, "company")]
    assert sorted(map(str, ids)) == ["{'hubspot': '501'}", "{'hubspot': '777'}"]


def test_files_that_do_not_say_their_system_number_alike(ws: Workspace) -> None:
    kit.bring(ws, "company", "id,name\n1,Ромашка\n2,Лютик\n")
    kit.bring(ws, "deal", "name,Компания\nКровля,Василёк (1)\n")
    assert firm_of(ws) == "Василёк"


def test_several_people_are_found_by_their_ids(ws: Workspace) -> None:
    kit.bring(ws, "contact", "id,name\n12,Анна Орлова\n13,Борис Ким\n")
    kit.bring(ws, "deal", "name;ID контакта\nКровля;12, 13\n")
    names = [ws.get(i).get("name") for i in kit.one(ws, "deal")["contacts"]]
    assert names == ["Анна Орлова", "Борис Ким"]


def test_an_id_of_a_system_that_its_column_names_is_kept_as_its(ws: Workspace) -> None:
    text = "name,HubSpot ID,Pipedrive Deal ID\nRoof,15,7\n"
    kit.bring(ws, "deal", text)
    assert kit.one(ws, "deal")["external"] == {"hubspot": "15", "pipedrive": "7"}


@pytest.mark.parametrize("name", ["Ideal", "Идея", "№ 5", "1905", "Idaho Roofs"])
def test_firms_whose_names_look_like_ids_keep_them(ws: Workspace, name: str) -> None:
    kit.bring(ws, "deal", f"name,Company\nRoof,{name}\n")
    assert firm_of(ws) == name
