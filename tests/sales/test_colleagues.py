"""People of one mail domain and a like name, and ids of other systems, as imports leave them."""

from __future__ import annotations

import pytest

from crmcli.errors import NotFound
from crmcli.sales.imports import ImportOptions, import_records, open_source
from crmcli.sales.imports.summary import Summary
from crmcli.workspace import Workspace
from tests.kit import contact


def bring(ws: Workspace, text: str, name: str = "x.csv") -> Summary:
    found = import_records(ws, "contact", open_source(text.encode(), name), name, ImportOptions())
    ws.look_again()
    return found


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("Stone", True),
        ("M. Stone", True),
        ("Mary Green", False),
        ("Paul Stone", False),
        ("Zoe Hart", False),
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_a_colleague_who_may_be_known_is_told_and_made(
    ws: Workspace, name: str, *, is_told: bool, is_there: bool
) -> None:
    rows = "Name;Email\n"
    if is_there:
        contact(ws, name="Mary Stone", email="m@stone.example")
        ws.look_again()
    else:
        rows += "Mary Stone;m@stone.example\n"
    found = bring(ws, f"{rows}{name};other@stone.example\n")
    assert found.rejected == found.skipped == 0
    assert [fact for _, _, fact in found.known] == ["mail domain and part of the name"] * is_told


def test_a_free_mailer_makes_nobody_a_colleague(ws: Workspace) -> None:
    assert not bring(ws, "Name;Email\nMary Stone;a@gmail.com\nStone;b@gmail.com\n").known


def test_an_id_elsewhere_is_found_by_its_system_or_where_none_was_named(ws: Workspace) -> None:
    bring(ws, "Record ID;Name\n901;Anna Hill\n", "hubspot-people.csv")
    bring(ws, "ID;Name\n12;Mary Stone\n")
    assert ws.find("HubSpot:901", "contact").get("name") == "Anna Hill"
    assert ws.find("pipedrive:12").get("name") == "Mary Stone"
    assert ws.find("import:12").get("name") == "Mary Stone"
    for unknown in ("pipedrive:901", "hubspot:13", "hubspot:", ":12"):
        with pytest.raises(NotFound):
            ws.find(unknown)
