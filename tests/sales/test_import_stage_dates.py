"""When imported records came to their stages, as a file tells it."""

from __future__ import annotations

import pytest

from crmcli.errors import BadUsage
from crmcli.model.event import STOOD
from crmcli.workspace import Workspace
from tests import kit


def _stood(ws: Workspace, entity: str = "deal") -> dict[str, dict[str, str]]:
    ws.look_again()
    return {
        str(ws.get(event.record).get("name")): event.data.get(STOOD, {})
        for event in ws.events(kinds=(f"{entity}.created",))
    }


def test_the_date_of_the_stage_goes_to_the_event_of_the_creation(ws: Workspace) -> None:
    text = "name;Стадия;Когда\nКровля;Отказ;05.03.2026\nЗабор;Предложение;\n"
    kit.bring(ws, "deal", text, columns={"Когда": "stage_at"})
    [roof] = [d for d in kit.all_of(ws, "deal") if d["name"] == "Кровля"]
    stood = _stood(ws)
    assert (set(stood["Кровля"]), stood["Забор"]) == ({roof["stage"]}, {})
    at = stood["Кровля"][roof["stage"]]
    assert at.startswith("2026-03-0")
    assert roof["created_at"] == at


def test_each_stage_has_a_column_of_its_own(ws: Workspace) -> None:
    text = (
        'name,Deal Stage,Date entered "Запрос",Дата входа в стадию «Предложение»,Entered Успех,Entered Nowhere,x\n'
        "Кровля,Успех,2026-01-10 10:00,2026-01-12 10:00,2026-01-20 10:00,2026-01-21,2025-12-01\n"
    )
    found = kit.bring(ws, "deal", text, columns={"x": "created_at"})
    deal, stood = kit.one(ws, "deal"), _stood(ws)["Кровля"]
    assert (found.rejected, sorted(stood.values())[0], len(stood)) == (0, "2026-01-10T07:00:00Z", 3)
    assert (deal["created_at"][:10], deal["closed_at"]) == ("2025-11-30", stood[deal["stage"]])
    assert found.unmapped == {"Entered Nowhere": 1}


def test_a_lead_is_created_with_its_first_stage_at_the_latest(ws: Workspace) -> None:
    kit.bring(ws, "lead", "name;Дата изменения стадии\nКровля;05.03.2026 12:00\n")
    assert kit.one(ws, "lead")["created_at"] == "2026-03-05T09:00:00Z"


def test_a_stage_that_is_not_here_is_refused_where_it_was_said(ws: Workspace) -> None:
    with pytest.raises(BadUsage, match="'Нигде' is not a stage"):
        kit.bring(ws, "deal", "name;Когда\nА;05.03.2026\n", columns={"Когда": "stage_at.Нигде"})
