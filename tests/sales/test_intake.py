"""`leads: off`: who comes in becomes a contact and a deal at once; and leads of known clients in imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.errors import Ambiguous, BadUsage, Refused
from crmcli.formats.csv import read_table
from crmcli.model.deal import Deal
from crmcli.model.values import CompanyLink
from crmcli.sales import add as adding
from crmcli.sales import leads
from crmcli.sales.conversion.intake import remark
from crmcli.sales.duplicates.known import AlreadyKnown
from crmcli.sales.imports import ImportOptions, import_records
from crmcli.sales.imports.summary import Summary
from crmcli.sales.records.required import MissingFields
from crmcli.workspace import Workspace
from tests import kit


@pytest.fixture
def simple(folder: Path) -> Workspace:
    kit.append(folder, "settings.yaml", "leads: off\n")
    return kit.opened(folder)


def taken(ws: Workspace, policy: str = "warn", **given: str) -> adding.Added:
    return adding.add(ws, "lead", {name: [text] for name, text in given.items()}, policy)


ANNA = {"first_name": "Анна", "last_name": "Ким", "phones": "89123456789"}


def imported(ws: Workspace, text: str, **options: object) -> Summary:
    wanted = ImportOptions(**options)  # type: ignore[arg-type]  # any of its fields
    return import_records(ws, "lead", read_table(text.encode(), "rows.csv"), "rows.csv", wanted)


def counts(ws: Workspace) -> tuple[int, ...]:
    ws.look_again()
    return tuple(ws.count(entity) for entity in ("lead", "contact", "company", "deal"))


def test_who_comes_in_becomes_contact_company_and_deal(simple: Workspace) -> None:
    done = taken(
        simple, name="Кровля", company_name="ООО «Ромашка»", position="директор", amount="250000",
        secret="да", **ANNA,
    )  # fmt: skip
    assert counts(simple) == (0, 1, 1, 1)
    deal = simple.get(done.record.id)
    assert isinstance(deal, Deal)
    contact = simple.get(deal.contacts[0])
    assert contact.get("companies") == (CompanyLink(deal.company, "директор"),)
    assert (deal.lead, contact.get("lead"), deal.name) == ("", "", "Кровля")
    assert "да" in deal.comment  # which has no field there
    assert "leads are off" in remark(simple)


def test_who_came_from_a_lead_before_leads_were_off_is_told_of_still(folder: Path) -> None:
    ws = kit.opened(folder)
    lead = kit.lead(ws, name="Раньше", **ANNA)
    known = leads.convert(ws, lead.id, leads.ConvertOptions(make=("contact",))).ids["contact"]
    kit.append(folder, "settings.yaml", "leads: off\n")
    ws = kit.opened(folder)
    done = taken(ws, name="Первая", **ANNA)
    assert (done.record.get("contacts"), done.record.get("lead")) == ((known,), "")
    assert ws.get(known).get("lead") == lead.id


def test_who_is_known_is_used_and_gets_a_new_deal(simple: Workspace) -> None:
    taken(simple, name="Первая", **ANNA)
    second = taken(simple, name="Вторая", **ANNA)
    assert second.is_new
    assert counts(simple) == (0, 1, 0, 2)
    assert any("known already" in note for note in simple.notes)
    with pytest.raises(AlreadyKnown):
        taken(simple, "fail", name="Четвёртая", **ANNA)
    with pytest.raises(Ambiguous):
        taken(simple, "link", name="Пятая", **ANNA)
    assert counts(simple) == (0, 1, 0, 2)
    taken(simple, "create", name="Третья", **ANNA)
    assert counts(simple) == (0, 2, 0, 3)


def test_a_named_client_is_used_and_one_who_is_not_there_is_made(simple: Workspace) -> None:
    firm = kit.company(simple, name="Ромашка")
    given = {"name": ["Окна"], "company": ["Ромашка"], "contact": ["Пётр Орлов"]}
    done = adding.add(simple, "lead", given, create=True)
    assert counts(simple) == (0, 1, 1, 1)
    assert done.record.get("company") == firm.id
    assert done.record.get("contacts")


def test_what_cannot_be_is_refused_and_nothing_is_written(folder: Path) -> None:
    kit.append(folder, "settings.yaml", "leads: off\n")
    kit.replace(
        folder / "pipelines.yaml", "probability: 10}", "probability: 10, requires: [close_by]}"
    )
    ws = kit.opened(folder)
    with pytest.raises(MissingFields, match=r"deal\.close_by") as caught:
        taken(ws, name="Окна")
    assert "--set deal.close_by=" in caught.value.hint
    assert imported(ws, ROWS).created == 0
    for wrong in ({"deal.close_by": "ой"}, {"deal.nope": "1"}, {"company.type": "client"}):
        with pytest.raises(BadUsage):
            taken(ws, name="Окна", **wrong)
    with pytest.raises(BadUsage, match="nope"):
        imported(ws, ROWS, values=[("deal.nope", "1")])
    with pytest.raises(Refused, match="gets no deal"):
        taken(ws, name="Спам", stage="junk", junk_reason="wrong")
    assert counts(ws) == (0, 0, 0, 0)
    given = {"deal.close_by": "2026-12-31", "contact.comment": "Из сайта"}
    deal = taken(ws, name="Окна", last_name="Ким", **given).record
    assert str(deal.get("close_by")) == "2026-12-31"
    assert ws.get(deal.get("contacts")[0]).get("comment") == "Из сайта"  # type: ignore[index]  # a list
    found = imported(ws, ROWS, values=[("deal.close_by", "2026-12-30"), ("source", "web")])
    assert (found.created, found.rejected) == (3, 1)
    made = {(str(row["close_by"]), row.get("source")) for row in ws.rows("deal", None)}
    assert made == {("2026-12-31", None), ("2026-12-30", "web")}


ROWS = """name,first_name,last_name,company_name,phones,stage
Окна,Пётр,Орлов,ООО «Окна»,+79001112233,new
Двери,Пётр,Орлов,ООО «Окна»,+79001112233,
Спам,,,,+79001112234,junk
Пол,Анна,Ким,,89123456789,
"""


def test_rows_become_deals_each_client_once(simple: Workspace) -> None:
    taken(simple, name="Первая", **ANNA)
    found = imported(simple, ROWS)
    assert (found.created, found.rejected, found.becomes) == (3, 1, "deal")
    assert counts(simple) == (0, 2, 1, 4)
    again = imported(simple, ROWS)
    assert (again.created, again.skipped) == (0, 3)
    assert counts(simple) == (0, 2, 1, 4)


def test_a_dry_run_of_rows_writes_nothing(simple: Workspace) -> None:
    assert imported(simple, ROWS, dry_run=True).created == 3
    assert counts(simple) == (0, 0, 0, 0)


def test_imported_leads_of_known_clients_are_marked_repeat(ws: Workspace) -> None:
    kit.contact(ws, first_name="Анна", last_name="Ким", phones="89123456789")
    firm = kit.company(ws, name="ООО «Окна»", inn="7707083893", emails="box@okna.ru")
    rows = (
        "name,first_name,last_name,company_name,phones,emails,repeat,company\n"
        "Пол,Анна,Ким,,89123456789,,,\n"
        "Стены,Ольга,Иванова,,89123456789,,,\n"
        "Крыша,,,Новая,,a@new.example,,\n"
        "Дверь,,,Новая,,b@new.example,,\n"
        f"Окно,,,,,c@new.example,,{firm.id}\n"
        "Нет,Анна,Ким,,8 912 345-67-89,x@x.example,no,\n"
    )
    imported(ws, rows, on_duplicate="create")
    marks = {str(row["name"]): row.get("repeat") for row in ws.rows("lead", None)}
    assert {name for name, mark in marks.items() if mark == "yes"} == {"Пол", "Окно"}
    assert marks["Нет"] == "no"
