"""Where a new lead or deal may begin, however its stage and pipeline are named."""

from __future__ import annotations

import pytest

from crmcli.errors import BadUsage
from crmcli.model.deal import Deal
from crmcli.sales.records.required import MissingFields
from crmcli.sales.records.stage_lookup import NoSuchStage, NotConverted, ReasonMissing
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW


def test_a_stage_named_by_its_name_is_kept_by_its_id(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", phones="89123456789", stage="в работе")
    assert lead.get("stage") == "working"
    [event] = ws.events(record=lead.id)
    assert event.data["stage"] == "working"


def test_a_pipeline_named_by_its_name_is_kept_by_its_id(ws: Workspace) -> None:
    deal = kit.deal(ws, name="Д", pipeline="продажи")
    assert (deal.get("pipeline"), deal.get("stage")) == ("sales", "request")


def test_an_unknown_stage_or_pipeline_is_a_bad_call(ws: Workspace) -> None:
    with pytest.raises(NoSuchStage) as caught:
        kit.lead(ws, name="Л", stage="workin")
    assert "did you mean 'working'?" in caught.value.hint
    with pytest.raises(BadUsage, match="no deal pipeline 'нет'"):
        kit.deal(ws, name="Д", pipeline="нет")


def test_a_lead_is_not_converted_by_being_added(ws: Workspace) -> None:
    with pytest.raises(NotConverted, match="by converting it"):
        kit.lead(ws, name="Л", stage="converted")
    assert ws.count("lead") == 0


@pytest.mark.parametrize(
    ("entity", "stage", "field", "option", "reason"),
    [
        ("lead", "junk", "junk_reason", "--junk-reason", "wrong"),
        ("deal", "lost", "lost_reason", "--lost-reason", "price"),
    ],
)
def test_what_begins_lost_has_its_reason(
    ws: Workspace, entity: str, stage: str, field: str, option: str, reason: str
) -> None:
    with pytest.raises(ReasonMissing) as caught:
        kit.add(ws, entity, name="А", stage=stage)
    assert option in caught.value.hint
    record = kit.add(ws, entity, name="А", stage=stage, **{field: reason})
    assert (record.get("stage"), record.get(field)) == (stage, reason)


def test_a_deal_that_begins_closed_has_its_time(ws: Workspace) -> None:
    deal = kit.deal(ws, name="Сразу", stage="успех")
    assert isinstance(deal, Deal)
    assert (deal.stage, deal.closed_at) == ("won", NOW)
    assert kit.deal(ws, name="Потом").get("closed_at") is None


def test_what_a_new_record_lacks_is_not_edited_in_later(ws: Workspace) -> None:
    with pytest.raises(MissingFields, match="a new lead cannot be in 'В работе'") as caught:
        kit.lead(ws, name="Л", stage="working")
    assert caught.value.hint == "add --set phones=…"
