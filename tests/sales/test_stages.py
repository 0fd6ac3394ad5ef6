"""Moving leads and deals: rules, reasons, history."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crmcli.errors import BadUsage, CrmError, Refused
from crmcli.model.deal import Deal
from crmcli.sales import deals, leads, stages
from crmcli.sales.records.required import MissingFields
from crmcli.sales.records.stage_lookup import NoSuchStage, ReasonMissing
from crmcli.sales.stages import Closed
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW


def entries(ws: Workspace, record_id: str) -> list[tuple[str, str]]:
    kinds = ("lead.created", "deal.created", "stage.entered")
    return [
        (e.data.get("from", ""), e.data["stage"]) for e in ws.events(record=record_id, kinds=kinds)
    ]


def test_a_lead_moves_by_id_and_by_name(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", phones="89123456789").id
    assert stages.move(ws, lead, "В РАБОТЕ").moved
    assert stages.move(ws, lead, "new").moved
    assert not stages.move(ws, lead, "Новый").moved
    assert entries(ws, lead) == [("", "new"), ("new", "working"), ("working", "new")]


def test_an_unknown_stage_lists_them_with_the_nearest(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Л").id
    with pytest.raises(NoSuchStage) as caught:
        stages.move(ws, lead, "workin")
    assert "did you mean 'working'?" in caught.value.hint
    assert "new (Новый), working (В работе), converted" in caught.value.hint


def test_a_stage_asks_for_its_fields_whoever_moves(ws: Workspace) -> None:
    lead, deal = kit.add(ws, "lead", name="Л").id, kit.add(ws, "deal", name="Д").id
    with pytest.raises(MissingFields, match="phones or emails") as caught:
        stages.move(ws, lead, "working")
    assert caught.value.fields == ("phones or emails",)
    with pytest.raises(MissingFields, match="amount"):
        stages.move(ws, deal, "offer")
    assert entries(ws, lead) == [("", "new")]


def test_junk_needs_a_reason_from_its_directory(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Л").id
    with pytest.raises(ReasonMissing, match="cannot be junk without a reason"):
        leads.junk(ws, lead)
    with pytest.raises(BadUsage, match="junk_reason"):
        leads.junk(ws, lead, "because")
    leads.junk(ws, lead, "Ошиблись номером")
    assert ws.get(lead).get("junk_reason") == "wrong"
    with pytest.raises(Closed, match="is closed in 'Некачественный'"):
        stages.move(ws, lead, "new")
    stages.move(ws, lead, "new", reopen=True)
    assert ws.get(lead).get("junk_reason") == ""


def test_a_lead_is_not_moved_to_converted(ws: Workspace) -> None:
    lead = kit.add(ws, "lead", name="Л").id
    with pytest.raises(Refused, match="by converting it"):
        stages.move(ws, lead, "converted")


def test_winning_and_losing_a_deal(ws: Workspace) -> None:
    deal = kit.add(ws, "deal", name="Д", amount="100").id
    stages.move(ws, deal, "offer")
    assert ws.get(deal).get("probability") == 40
    with pytest.raises(ReasonMissing):
        deals.lose(ws, deal, "")
    deals.lose(ws, deal, "Дорого", stage="cheap")
    lost = ws.get(deal)
    assert isinstance(lost, Deal)
    assert (lost.stage, lost.lost_reason, lost.probability, lost.closed_at) == (
        "cheap",
        "price",
        0,
        NOW,
    )
    with pytest.raises(BadUsage, match="is not a lost stage"):
        deals.lose(ws, deal, "price", stage="won")
    stages.move(ws, deal, "request", reopen=True)
    again = ws.get(deal)
    assert isinstance(again, Deal)
    assert (again.lost_reason, again.probability, again.closed_at) == ("", 10, None)
    deals.win(ws, deal)
    won = ws.get(deal)
    assert isinstance(won, Deal)
    assert (won.stage, won.probability, won.closed_at) == ("won", 100, NOW)
    with pytest.raises(BadUsage, match="does not take a reason"):
        stages.move(ws, deal, "request", reopen=True, reason="price")


def test_a_probability_set_by_hand_stays(ws: Workspace) -> None:
    deal = kit.add(ws, "deal", name="Д", amount="100", probability="77").id
    stages.move(ws, deal, "offer")
    assert ws.get(deal).get("probability") == 77


def test_a_deal_changes_its_pipeline(ws: Workspace) -> None:
    deal = kit.add(ws, "deal", name="Д").id
    stages.move(ws, deal, "Начало", pipeline="Сервис")
    assert (ws.get(deal).get("pipeline"), ws.get(deal).get("stage")) == ("service", "start")
    [event] = ws.events(record=deal, kinds=["stage.entered"])
    assert (event.data["pipeline"], event.data["stage"], event.data["from"]) == (
        "service",
        "start",
        "request",
    )
    with pytest.raises(BadUsage, match="no deal pipeline 'nope'"):
        stages.move(ws, deal, "start", pipeline="nope")


def test_only_leads_and_deals_move(ws: Workspace) -> None:
    contact = kit.add(ws, "contact", name="К").id
    with pytest.raises(CrmError, match="a contact has no stages"):
        stages.move(ws, contact, "new")


def test_a_deal_that_ended_elsewhere_is_taken_up_again_only_with_a_word(ws: Workspace) -> None:
    deal = kit.deal(ws, name="Д", pipeline="service")
    stages.move(ws, deal.id, "fine")
    with pytest.raises(Closed):
        stages.move(ws, deal.id, "request", pipeline="sales")
    stages.move(ws, deal.id, "request", pipeline="sales", reopen=True)
    assert ws.get(deal.id).get("pipeline") == "sales"


def test_a_file_without_a_pipeline_means_the_first_one(ws: Workspace, folder: Path) -> None:
    deal = kit.deal(ws, name="Д").id
    kit.replace(kit.file_of(ws, deal), "pipeline: sales\n", "")
    again = kit.opened(folder)
    assert again.get(deal).get("pipeline") == ""
    assert not stages.move(again, deal, "request").moved


def test_a_converted_lead_whose_stage_is_gone_goes_to_its_end_alone(
    ws: Workspace, folder: Path
) -> None:
    lead = kit.lead(ws, name="Л").id
    leads.convert(ws, lead, leads.ConvertOptions(make=("deal",)))
    kit.replace(kit.file_of(ws, lead), "stage: converted", "stage: gone")
    again = kit.opened(folder)
    for stage in ("working", "junk"):
        with pytest.raises(Closed, match="is converted"):
            stages.move(again, lead, stage, reason="wrong" if stage == "junk" else "")
    assert stages.move(again, lead, "converted").moved


@pytest.mark.parametrize(("first", "then"), [("won", "cheap"), ("cheap", "lost"), ("lost", "won")])
def test_from_one_end_to_another_goes_what_is_reopened_and_closes_anew(
    ws: Workspace, first: str, then: str
) -> None:
    deal = kit.deal(ws, name="Д", amount="100", lost_reason="price")
    stages.move(ws, deal.id, first)
    with pytest.raises(Closed) as caught:
        stages.move(ws, deal.id, then)
    assert caught.value.hint == f"crm deal move {deal.id} {then} --pipeline sales --reopen"
    later = kit.opened(ws.root, now=NOW + timedelta(days=3))
    stages.move(later, deal.id, then, reopen=True, reason="" if then == "won" else "price")
    assert later.get(deal.id).get("closed_at") == later.now


def test_a_better_reason_for_what_is_lost_already_is_taken_down(ws: Workspace) -> None:
    deal = kit.deal(ws, name="Д")
    deals.lose(ws, deal.id, "price")
    again = deals.lose(ws, deal.id, "silent")
    assert (again.moved, again.reason) == (False, "silent")
    assert ws.get(deal.id).get("lost_reason") == "silent"
    assert deals.lose(ws, deal.id, "").reason == ""
    assert len(ws.events(record=deal.id, kinds=["stage.entered"])) == 1


def test_the_stages_are_read_before_others_have_to_wait(ws: Workspace) -> None:
    fresh = kit.opened(ws.root)
    with fresh.change("lead edit"):
        (ws.root / "pipelines.yaml").unlink()
        assert fresh.pipelines.leads.stages


def test_the_first_end_is_kept_and_taking_up_again_is_counted(ws: Workspace) -> None:
    deal, lead = kit.deal(ws, name="Д").id, kit.lead(ws, name="Л").id
    deals.win(ws, deal)
    leads.junk(ws, lead, "wrong")
    assert ws.get(lead).get("closed_at") == NOW
    assert (ws.get(deal).get("first_closed_at"), ws.get(deal).get("reopened")) == (None, None)
    for day in (1, 2):
        later = kit.opened(ws.root, now=NOW + timedelta(days=day))
        stages.move(later, deal, "request", reopen=True)
        stages.move(later, lead, "new", reopen=True)
        assert (later.get(deal).get("closed_at"), later.get(lead).get("closed_at")) == (None, None)
        deals.win(later, deal)
        deals.win(later, deal)  # nothing
        leads.junk(later, lead, "wrong")
        for one in (deal, lead):
            record = later.get(one)
            ends = [record.get(n) for n in ("closed_at", "first_closed_at", "reopened")]
            assert ends == [later.now, NOW, day]


@pytest.mark.parametrize(("stage", "chance"), [("request", 10), ("won", 100), ("cheap", 0)])
def test_a_deal_that_begins_anywhere_has_the_probability_of_that(
    ws: Workspace, stage: str, chance: int
) -> None:
    deal = kit.deal(ws, name="Д", stage=stage, lost_reason="price")
    assert deal.probability == chance
    kit.bring(ws, "deal", f"Название;Стадия;Причина отказа\nX;{stage};price\n")
    brought = next(d for d in kit.all_of(ws, "deal") if d["name"] == "X")
    assert brought["probability"] == str(chance)


def test_a_probability_by_hand_gives_way_to_an_end_only(ws: Workspace) -> None:
    deal = kit.deal(ws, name="Д", amount="100", probability="77").id
    stages.move(ws, deal, "offer")
    deals.win(ws, deal)
    assert ws.get(deal).get("probability") == 100
    stages.move(ws, deal, "request", reopen=True)
    assert ws.get(deal).get("probability") == 10
