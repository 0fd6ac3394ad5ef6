"""When imported records came to their stages, as a file tells it."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.errors import BadUsage
from crmcli.model.event import STOOD
from crmcli.present.expanded import expanded
from crmcli.sales.history.undo import undo_batch
from crmcli.sales.imports.summary import Summary
from crmcli.workspace import Workspace
from tests import kit
from tests.reports.told import read_funnel


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


def _bring(ws: Workspace, text: str, **wanted: Any) -> Summary:
    """Deals with ids of their own system, by which they are found again."""
    return kit.bring(ws, "deal", text, columns={"Deal ID": "external.hubspot"}, **wanted)


def _stays(ws: Workspace) -> list[tuple[str, str]]:
    ws.look_again()
    deal = ws.get(kit.one(ws, "deal")["id"])
    found = expanded(ws, deal)["expanded"]["stages"]
    return [(stay["stage"], stay["entered_at"][:10]) for stay in found]


HEADER = "Deal ID;Сумма;name;Стадия;Entered Запрос;Entered Предложение;Entered Успех;Closed at\n"


def test_a_row_that_updates_a_record_tells_when_it_came_to_its_stages(ws: Workspace) -> None:
    _bring(ws, "Deal ID;name;Стадия\n7;Кровля;Запрос\n")
    row = "7;9;Кровля;Предложение;05.03.2026;09.03.2026;;\n"
    assert _bring(ws, HEADER + row).replaced == 1
    ws.look_again()
    before = [("request", "2026-03-04"), ("offer", "2026-03-08")]
    assert (_stays(ws), kit.one(ws, "deal")["created_at"][:10]) == (before, "2026-03-04")
    found = _bring(ws, f"{HEADER}{row}", again=True)
    assert (found.unchanged, found.replaced) == (1, 0)  # and nothing is told twice
    won = "7;9;Кровля;Успех;05.03.2026;09.03.2026;20.03.2026;21.03.2026\n"
    done = _bring(ws, HEADER + won)
    assert _stays(ws) == [*before, ("won", "2026-03-19")]
    assert kit.one(ws, "deal")["closed_at"][:10] == "2026-03-20"
    funnel = read_funnel(ws, ws.pipelines.deals[0])
    assert {row.stage: row.median_days for row in funnel.rows}["request"] == 4.0
    undo_batch(ws, done.batch)
    ws.look_again()
    assert [stage for stage, _ in _stays(ws)][:2] == ["request", "offer"]
    assert kit.one(ws, "deal")["stage"] == "offer"


def test_dates_alone_are_news_that_can_be_taken_back(ws: Workspace) -> None:
    head = "Deal ID;Сумма;name;Стадия;created_at"
    row = "7;9;Кровля;Предложение;01.01.2026"
    _bring(ws, f"{head}\n{row}\n")
    found = _bring(ws, f"{head};Entered Запрос\n{row};05.03.2026\n")
    assert (found.replaced, _stays(ws)[1][0]) == (1, "request")
    undo_batch(ws, found.batch)
    assert [stage for stage, _ in _stays(ws)] == ["offer"]


def test_what_came_in_as_over_has_a_day_of_its_end_and_is_told(ws: Workspace) -> None:
    """That of its creation where the row says none, as a new record has; a second import leaves it."""
    text = (
        "name;Стадия;Дата создания;Дата закрытия;Причина отказа\n"
        "Кровля;Успех;05.03.2025;;\n"
        "Забор;Отказ;05.03.2025;07.04.2025;\n"
        "Мост;Отказ;05.03.2025;07.04.2025;price\n"
        "Окно;Запрос;05.03.2025;;\n"
    )
    found = kit.bring(ws, "deal", text, columns={"Причина отказа": "lost_reason"})
    assert (found.rejected, found.undated_ends, found.losses_without_reason) == (0, 1, 1)
    closed = {str(d["name"]): str(d.get("closed_at", ""))[:10] for d in kit.all_of(ws, "deal")}
    assert closed["Кровля"] == "2025-03-04"
    assert (closed["Окно"], closed["Забор"]) == ("", "2025-04-06")
    undated = kit.bring(ws, "deal", "name;Стадия\nСтол;Успех\n")
    [desk] = [d for d in kit.all_of(ws, "deal") if d["name"] == "Стол"]
    assert (undated.undated_ends, desk["closed_at"]) == (1, desk["created_at"])
