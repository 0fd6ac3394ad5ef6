"""Converting a lead: every combination, what is carried, what is refused."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import pytest

from crmcli.errors import Ambiguous, CrmError, InvalidData, NotFound
from crmcli.model.company import Company
from crmcli.model.contact import Contact
from crmcli.model.deal import Deal
from crmcli.model.event import ACTIVITIES, DELETED
from crmcli.model.lead import Lead
from crmcli.model.values import CompanyLink
from crmcli.sales import activities, leads, stages, tasks
from crmcli.sales import add as adding
from crmcli.sales.consent import permission
from crmcli.sales.duplicates.known import AlreadyKnown
from crmcli.sales.history import undo
from crmcli.sales.leads import (
    TARGETS,
    ChangedSince,
    Conversion,
    ConvertOptions,
    IsNotConverted,
    LeadAlreadyConverted,
    LeadIsJunk,
)  # fmt: skip
from crmcli.sales.merging import merge
from crmcli.sales.records.required import MissingFields
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW

COMBINATIONS = [c for n in (1, 2, 3) for c in itertools.combinations(TARGETS, n)]


def full_lead(ws: Workspace) -> str:
    return kit.lead(
        ws,
        name="Кровля склада",
        first_name="Пётр",
        last_name="Ёлкин",
        company_name="ООО «Ромашка»",
        position="директор",
        phones="8 (912) 345-67-89 доб. 12",
        emails="petr@example.ru",
        amount="250000",
        source="web",
        utm_source="yandex",
        tags="vip",
        comment="Срочно",
        area="120",
        roof="flat",
        secret="да",
    ).id


@pytest.mark.parametrize("make", COMBINATIONS, ids=" ".join)
def test_every_combination_makes_just_that_and_links_it(
    ws: Workspace, make: tuple[str, ...]
) -> None:
    lead_id = full_lead(ws)
    done = leads.convert(ws, lead_id, ConvertOptions(make=make))
    assert set(done.made) == set(make)
    for entity in TARGETS:
        assert ws.count(entity) == (1 if entity in make else 0)
    lead = ws.get(lead_id)
    assert isinstance(lead, Lead)
    assert (lead.stage, lead.converted_at, lead.converted) == ("converted", NOW, done.ids)
    for entity in make:
        record = ws.get(done.ids[entity])
        assert record.get("lead") == lead_id
        assert record.get("tags") == ("vip",)
        assert record.get("source") == "web"
    if {"contact", "company"} <= set(make):
        contact = ws.get(done.ids["contact"])
        assert isinstance(contact, Contact)
        assert contact.companies == (CompanyLink(done.ids["company"], "директор"),)
    if "deal" in make:
        deal = ws.get(done.ids["deal"])
        assert isinstance(deal, Deal)
        assert deal.contacts == ((done.ids["contact"],) if "contact" in make else ())
        assert deal.company == done.ids.get("company", "")
        assert (deal.amount, deal.currency, deal.get("area")) == (
            Decimal(250000),
            "RUB",
            Decimal(120),
        )


def test_what_goes_nowhere_is_named(ws: Workspace) -> None:
    done = leads.convert(ws, full_lead(ws), ConvertOptions())
    assert set(done.made) == set(TARGETS)
    assert done.unmapped == ("roof", "secret")  # roof is a choice here and a text there
    other = leads.convert(ws, full_lead(ws), ConvertOptions(make=("deal",)))
    assert {"first_name", "last_name", "company_name", "position", "phones", "emails"} < set(
        other.unmapped
    )


def test_the_person_keeps_the_numbers_and_the_company_its_name(ws: Workspace) -> None:
    done = leads.convert(ws, full_lead(ws), ConvertOptions())
    contact, company = ws.get(done.ids["contact"]), ws.get(done.ids["company"])
    assert isinstance(contact, Contact)
    assert isinstance(company, Company)
    assert (contact.name, str(contact.phones[0]), contact.position) == (
        "Пётр Ёлкин",
        "+79123456789 x12",
        "директор",
    )
    assert (company.name, company.phones) == ("ООО «Ромашка»", ())


def test_what_is_the_persons_goes_to_no_company_that_was_there(ws: Workspace) -> None:
    lead_id = full_lead(ws)
    permission.decide(ws, lead_id, {"mail": False, "call": True}, "v1")
    firm = kit.company(ws, name="Ромашка")
    done = leads.convert(ws, lead_id, ConvertOptions(make=("contact",), use={"company": firm.id}))
    company = ws.get(firm.id)
    assert isinstance(company, Company)
    assert (company.phones, company.emails, company.do_not, company.consents) == ((), (), (), ())
    assert company.currency == ""  # it was that of the lead's amount
    contact = ws.get(done.ids["contact"])
    assert isinstance(contact, Contact)
    assert (contact.do_not, [c.channel for c in contact.consents]) == (("mail",), ["call"])


def test_a_new_company_beside_a_contact_that_was_there(ws: Workspace) -> None:
    known = kit.contact(ws, name="Пётр Ёлкин")
    done = leads.convert(
        ws, full_lead(ws), ConvertOptions(make=("company",), use={"contact": known.id})
    )
    company = ws.get(done.ids["company"])
    assert isinstance(company, Company)
    assert (company.phones, company.emails) == ((), ())


def test_a_company_alone_gets_the_consents(ws: Workspace) -> None:
    lead_id = full_lead(ws)
    permission.decide(ws, lead_id, {"mail": True}, "v2", "форма")
    done = leads.convert(ws, lead_id, ConvertOptions(make=("company", "deal")))
    company = ws.get(done.ids["company"])
    assert isinstance(company, Company)
    assert [(c.channel, c.text, c.source) for c in company.consents] == [("mail", "v2", "форма")]


def test_a_newer_consent_stands_beside_the_older_one(ws: Workspace) -> None:
    known = kit.contact(ws, name="Пётр", phones="+7 912 345-67-89")
    permission.decide(ws, known.id, {"mail": True}, "v1")
    lead_id = full_lead(ws)
    permission.decide(ws, lead_id, {"mail": True}, "v2")
    leads.convert(ws, lead_id, ConvertOptions(make=("deal",), use={"contact": known.id}))
    contact = ws.get(known.id)
    assert isinstance(contact, Contact)
    assert [c.text for c in contact.consents] == ["v1", "v2"]


def test_a_second_conversion_is_refused(ws: Workspace) -> None:
    lead_id = full_lead(ws)
    done = leads.convert(ws, lead_id, ConvertOptions())
    with pytest.raises(LeadAlreadyConverted, match="is already converted") as caught:
        leads.convert(ws, lead_id, ConvertOptions())
    assert done.ids["deal"] in caught.value.hint
    assert ws.count("deal") == 1


def test_junk_is_not_converted(ws: Workspace) -> None:
    lead_id = full_lead(ws)
    leads.junk(ws, lead_id, "wrong")
    with pytest.raises(LeadIsJunk):
        leads.convert(ws, lead_id, ConvertOptions())


def test_nothing_is_written_when_something_is_missing(ws: Workspace, folder: Path) -> None:
    lead = kit.lead(ws, name="Без компании")
    with pytest.raises(MissingFields, match="without company"):
        leads.convert(ws, lead.id, ConvertOptions(make=TARGETS))
    assert not (folder / "data/contacts").exists()
    assert ws.get(lead.id).get("stage") == "new"


def test_existing_records_are_filled_and_never_overwritten(ws: Workspace) -> None:
    contact = kit.contact(ws, name="Пётр", emails="old@example.ru", comment="Наш", tags="old")
    company = kit.company(ws, name="Ромашка")
    done = leads.convert(
        ws,
        full_lead(ws),
        ConvertOptions(make=("deal",), use={"contact": contact.id, "company": company.id}),
    )
    now = ws.get(contact.id)
    assert isinstance(now, Contact)
    assert (now.name, now.comment, now.tags) == ("Пётр", "Наш", ("old", "vip"))
    assert [e.value for e in now.emails] == ["old@example.ru", "petr@example.ru"]
    assert now.companies == (CompanyLink(company.id, "директор"),)
    assert f"{contact.id} comment" in done.conflicts
    assert ws.count("contact") == 1
    assert ws.get(done.ids["deal"]).get("contacts") == (contact.id,)


def test_a_lead_becomes_what_it_is_linked_to_already(ws: Workspace) -> None:
    company = kit.company(ws, name="ООО «Ромашка»")
    contact = kit.contact(ws, name="Пётр")
    lead_id = full_lead(ws)
    kit.edit(ws, lead_id, company=company.id, contact=contact.id)
    done = leads.convert(ws, lead_id, ConvertOptions())
    assert (ws.count("company"), ws.count("contact")) == (1, 1)
    deal = ws.get(done.ids["deal"])
    assert (deal.get("company"), deal.get("contacts")) == (company.id, (contact.id,))


@pytest.mark.parametrize("make", COMBINATIONS, ids=" ".join)
@pytest.mark.parametrize("way", ["linked", "named"])
def test_no_second_company_or_contact_is_made(
    ws: Workspace, make: tuple[str, ...], way: str
) -> None:
    company = kit.company(ws, name="ООО «Ромашка»")
    contact = kit.contact(ws, name="Пётр")
    lead_id = full_lead(ws)
    there = {"company": company.id, "contact": contact.id}
    use = {} if way == "linked" else there
    if way == "linked":
        kit.edit(ws, lead_id, **there)
    done = leads.convert(ws, lead_id, ConvertOptions(make=make, use=use))
    assert (ws.count("company"), ws.count("contact")) == (1, 1)
    assert ws.count("deal") == int("deal" in make)
    assert {e: done.ids[e] for e in there} == there
    person = ws.get(contact.id)
    assert isinstance(person, Contact)
    assert person.companies == (CompanyLink(company.id, "директор"),)
    if "deal" in make:
        deal = ws.get(done.ids["deal"])
        assert (deal.get("company"), deal.get("contacts")) == (company.id, (contact.id,))


def test_a_link_to_a_merged_record_means_its_survivor(ws: Workspace) -> None:
    old, new = (kit.company(ws, name=name) for name in ("Ромашка", "ООО «Ромашка»"))
    lead_id = full_lead(ws)
    kit.edit(ws, lead_id, company=old.id)
    merge.merge(ws, merge.plan(ws, new.id, [old.id]))
    done = leads.convert(ws, lead_id, ConvertOptions(make=("company",)))
    assert done.ids == {"company": new.id}


def test_what_is_missing_of_all_targets_is_listed_and_can_be_given(folder: Path) -> None:
    settings = """
  contact:
    type2: {type: text, required: true}
"""
    kit.append(folder, "settings.yaml", settings)
    kit.replace(
        folder / "pipelines.yaml", "probability: 10}", "probability: 10, requires: [close_by]}"
    )
    ws = kit.opened(folder)
    lead_id = full_lead(ws)
    with pytest.raises(MissingFields) as caught:
        leads.convert(ws, lead_id, ConvertOptions())
    assert caught.value.fields == ("contact.type2", "deal.close_by")
    assert caught.value.hint == "add --set contact.type2=… --set deal.close_by=…"
    given = {"contact": {"type2": ["клиент"]}, "deal": {"close_by": ["+5d"], "amount": ["1 млн"]}}
    done = leads.convert(ws, lead_id, ConvertOptions(given=given))
    assert ws.get(done.ids["contact"]).get("type2") == "клиент"
    deal = ws.get(done.ids["deal"])
    assert (str(deal.get("close_by")), deal.get("amount")) == ("2026-11-28", Decimal(1000000))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"task": {"name": ["x"]}}, "is not something a lead becomes"),
        ({"company": {"inn": ["7707083893"]}}, "company.inn is given"),
        ({"deal": {"nope": ["1"]}}, "has no field 'nope'"),
        ({"deal": {"closed_at": ["2026-01-01"]}}, "closed_at is set by crm"),
        ({"deal": {"probability": ["200"]}}, "probability"),
        ({"deal": {"amount": ["много"]}}, "amount"),
        ({"deal": {"stage": ["nope"]}}, "has no stage 'nope'"),
        ({"deal": {"pipeline": ["nope"]}}, "no deal pipeline 'nope'"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    ws: Workspace, folder: Path, given: dict[str, dict[str, list[str]]], said: str
) -> None:
    wanted = ConvertOptions(make=("contact", "deal"), given=given)
    with pytest.raises(CrmError, match=said):
        leads.convert(ws, full_lead(ws), wanted)
    assert not (folder / "data/deals").exists()


def test_who_is_known_is_looked_up_before_anything_is_written(ws: Workspace) -> None:
    known = kit.contact(ws, name="Пётр Ёлкин", emails="petr@example.ru", phones="89123456789")
    done = leads.convert(ws, full_lead(ws), ConvertOptions(make=("contact",)))
    assert [(entity, one.record.id) for entity, one in done.known] == [("contact", known.id)]
    assert ws.count("contact") == 2
    silent = leads.convert(
        ws, full_lead(ws), ConvertOptions(make=("contact",), on_duplicate="create")
    )
    assert silent.known == ()


@pytest.mark.parametrize(
    ("how", "comment", "tags"),
    [("merge", "Наш", ("old", "vip")), ("replace", "Срочно", ("old", "vip")), ("skip", "Наш", ("old",))],
)  # fmt: skip
def test_what_of_the_lead_goes_to_who_was_found(
    ws: Workspace, how: str, comment: str, tags: tuple[str, ...]
) -> None:
    """Who is chosen by a word is filled up in any case; the owner stays."""
    given = {"name": "Пётр Ёлкин", "emails": "petr@example.ru", "phones": "89123456789"}
    found = kit.contact(ws, **given, comment="Наш", tags="old", owner="boris")
    chosen = kit.company(ws, name="Ромашка", comment="Своя", tags="old")
    use = {"company": chosen.id}
    first = full_lead(ws)
    leads.convert(ws, first, ConvertOptions(make=("contact",), use=use, on_duplicate=how))
    now, firm = ws.get(found.id), ws.get(chosen.id)
    assert (now.get("comment"), now.get("tags"), now.get("owner")) == (comment, tags, "boris")
    assert (firm.get("comment"), firm.get("tags")) == ("Своя", ("old", "vip"))
    leads.convert(ws, full_lead(ws), ConvertOptions(use={**use, "contact": found.id}))
    assert {ws.get(one).get("lead") for one in (found.id, chosen.id)} == {
        first
    }  # it came from that


def test_an_existing_deal_can_be_used(ws: Workspace) -> None:
    deal = kit.deal(ws, name="Старая")
    done = leads.convert(
        ws, full_lead(ws), ConvertOptions(make=("contact",), use={"deal": deal.id})
    )
    now = ws.get(deal.id)
    assert isinstance(now, Deal)
    assert (now.name, now.amount, now.contacts) == (
        "Старая",
        Decimal(250000),
        (done.ids["contact"],),
    )


def test_who_is_in_the_deal_already_stands_there_once(ws: Workspace) -> None:
    client = kit.contact(ws, name="Пётр")
    deal = kit.deal(ws, name="Старая", contacts=client.id)
    use = {"deal": deal.id, "contact": client.id}
    leads.convert(ws, full_lead(ws), ConvertOptions(use=use))
    assert ws.get(deal.id).get("contacts") == (client.id,)


def test_activities_and_open_tasks_go_along(ws: Workspace) -> None:
    lead_id = full_lead(ws)
    activities.log(ws, lead_id, "call.in", "Просил перезвонить")
    task = kit.task(ws, name="Позвонить", about=lead_id)
    done = leads.convert(ws, lead_id, ConvertOptions())
    assert ws.get(task.id).get("about") == done.ids["deal"]
    from crmcli.sales.history.story import story_of

    assert "call.in" in [e.kind for e in story_of(ws, ws.get(done.ids["deal"]))]


def test_the_plan_is_the_same_and_a_dry_run_writes_nothing(ws: Workspace, folder: Path) -> None:
    lead_id = full_lead(ws)
    dry = Workspace.open(folder, user="anna", now=NOW, dry_run=True)
    plan = leads.convert(dry, lead_id, ConvertOptions())
    assert set(plan.made) == set(TARGETS)
    assert plan.unmapped == ("roof", "secret")
    assert not (folder / "data/deals").exists()
    assert ws.get(lead_id).get("stage") == "new"


def test_the_deal_goes_to_the_chosen_pipeline(ws: Workspace) -> None:
    done = leads.convert(ws, full_lead(ws), ConvertOptions(make=("deal",), pipeline="service"))
    deal = ws.get(done.ids["deal"])
    assert (deal.get("pipeline"), deal.get("stage")) == ("service", "start")


def test_a_conversion_is_taken_back(ws: Workspace) -> None:
    contact = kit.contact(ws, name="Пётр", tags="old")
    lead_id = full_lead(ws)
    task = kit.task(ws, name="Позвонить", about=lead_id)
    kit.edit(ws, lead_id, contact=contact.id)
    before = kit.records_of(ws.root)
    leads.convert(ws, lead_id, ConvertOptions())
    leads.unconvert(ws, lead_id)
    assert kit.records_of(ws.root) == before
    assert ws.get(task.id).get("about") == lead_id
    with pytest.raises(IsNotConverted):
        leads.unconvert(ws, lead_id)
    leads.convert(ws, lead_id, ConvertOptions(make=("contact",)))
    leads.unconvert(ws, lead_id)
    assert kit.records_of(ws.root) == before


def test_what_stands_in_the_way_of_taking_it_back_is_said(ws: Workspace) -> None:
    lead_id = full_lead(ws)
    done = leads.convert(ws, lead_id, ConvertOptions())
    task = kit.task(ws, name="Позвонить", about=done.ids["contact"])
    before = kit.records_of(ws.root)
    with pytest.raises(ChangedSince) as caught:
        leads.unconvert(ws, lead_id)
    assert f"{done.ids['contact']}: {task.id} links to it" in caught.value.message
    assert kit.records_of(ws.root) == before
    kit.edit(ws, done.ids["deal"], comment="другое")
    with pytest.raises(ChangedSince, match=f"{done.ids['deal']}: it was changed since it was made"):
        leads.unconvert(ws, lead_id)


SINCE = [
    *((kind, {}, True) for kind in ACTIVITIES),
    *((kind, {}, True) for kind in ("signal", "offer.sent", "invoice.paid", "credit.sent")),
    *((f"job.{word}", {"key": "k"}, True) for word in ("queued", "started", "failed", "done", "unknown")),
    *((f"job.{word}", {"key": "k"}, False) for word in ("skipped", "cancelled", "missed", "dead")),
    ("task.done", {"task": "task-1"}, True),
    ("notice", {}, False),
]  # fmt: skip


@pytest.mark.parametrize("entity", TARGETS)
@pytest.mark.parametrize(("kind", "data", "stays"), kit.some(SINCE, 3))
def test_what_was_written_since_stands_in_the_way(
    ws: Workspace, entity: str, kind: str, data: dict[str, str], stays: bool
) -> None:
    lead_id = full_lead(ws)
    made = leads.convert(ws, lead_id, ConvertOptions()).ids[entity]
    with ws.change("later") as change:
        change.note(kind, made, data)
    before = kit.records_of(ws.root)
    if stays:
        with pytest.raises(ChangedSince, match=made):
            leads.unconvert(ws, lead_id)
        assert kit.records_of(ws.root) == before
    else:
        leads.unconvert(ws, lead_id)
        assert ws.count(entity) == 0


def test_what_is_taken_back_stands_no_more_in_the_way(ws: Workspace) -> None:
    lead_id = full_lead(ws)
    ids = leads.convert(ws, lead_id, ConvertOptions()).ids
    note = activities.log(ws, ids["deal"], "note", "Просил скидку")
    task = kit.task(ws, name="Позвонить", about=ids["contact"])
    tasks.finish(ws, task.id)
    with pytest.raises(ChangedSince) as caught:
        leads.unconvert(ws, lead_id)
    assert "a note is logged on it" in caught.value.message
    assert "a task of it is done" in caught.value.message
    undo.undo(ws, 2)  # that it is done, and the task
    with pytest.raises(ChangedSince, match="a note"):
        leads.unconvert(ws, lead_id)
    with ws.change("log rm") as change:
        change.note(DELETED, ids["deal"], {"activity": note})
    leads.unconvert(ws, lead_id)
    assert (ws.count("contact"), ws.count("deal")) == (0, 0)


def test_what_is_logged_on_the_lead_or_on_who_was_there_stays_where_it_is(ws: Workspace) -> None:
    known = kit.contact(ws, name="Пётр")
    lead_id = full_lead(ws)
    leads.convert(ws, lead_id, ConvertOptions(use={"contact": known.id}))
    activities.log(ws, lead_id, "note", "По лиду")
    activities.log(ws, known.id, "call.in", "По контакту")
    leads.unconvert(ws, lead_id)
    assert ws.count("contact") == 1


def test_one_of_several_conversions_is_taken_back(ws: Workspace) -> None:
    ids = [kit.lead(ws, name=name).id for name in ("Один", "Два", "Три")]
    with ws.change("lead convert") as change:
        for lead_id in ids:
            leads.convert_in(change, ws, lead_id, ConvertOptions(make=("deal",)))
    leads.unconvert(ws, ids[1])
    assert [ws.get(lead_id).get("stage") for lead_id in ids] == ["converted", "new", "converted"]
    assert ws.count("deal") == 2


MAP = """
conversion:
  lead.secret: deal.roof
  lead.position: contact.comment
  lead.area: deal.amount
"""


def test_fields_go_where_the_settings_send_them(folder: Path) -> None:
    kit.append(folder, "settings.yaml", MAP)
    ws = kit.opened(folder)
    done = leads.convert(ws, full_lead(ws), ConvertOptions())
    deal = ws.get(done.ids["deal"])
    assert (deal.get("roof"), deal.get("amount"), deal.get("area")) == (
        "да", Decimal(120), Decimal(120),
    )  # fmt: skip
    assert ws.get(done.ids["contact"]).get("comment") == "директор"
    assert done.unmapped == ("roof",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lead.nope: deal.amount", "a lead has no field 'nope'"),
        ("lead.area: deal.nope", "a deal has no field 'nope'"),
        ("lead.area: deal.close_by", "cannot hold what lead.area holds"),
        ("lead.area: deal.stage", "cannot hold"),
        ("lead.area: deal.closed_at", "has no field 'closed_at'"),
        ("deal.area: deal.amount", "is not a field of leads"),
        ("lead.area: task.name", "is not a field of what a lead becomes"),
    ],
)
def test_a_wrong_map_is_told_with_its_line(folder: Path, line: str, said: str) -> None:
    kit.append(folder, "settings.yaml", f"conversion:\n  {line}\n")
    with pytest.raises(InvalidData) as caught:
        kit.opened(folder)
    assert said in "".join(p.message for p in caught.value.problems)


@pytest.mark.parametrize("policy", ["warn", "create", "skip", "link"])
def test_a_lead_of_a_known_client_is_marked_repeat(ws: Workspace, policy: str) -> None:
    known = kit.contact(ws, name="Пётр Ёлкин", phones="89123456789")
    for given, wanted in (
        ({"phones": "+7 912 345 67 89", "last_name": "Ёлкин", "first_name": "Пётр"}, True),
        ({"name": "Кто-то", "contact": known.id}, True),
        ({"name": "Другой", "phones": "89990000000"}, None),
    ):
        texts = {name: [text] for name, text in given.items()}
        assert adding.add(ws, "lead", texts, policy).record.get("repeat") is wanted
    said = adding.add(ws, "lead", {"name": ["X"], "contact": [known.id], "repeat": ["no"]}, policy)
    assert said.record.get("repeat") is False


def test_the_story_of_a_lead_is_told_by_who_was_there_already(ws: Workspace) -> None:
    contact = kit.contact(ws, name="Пётр")
    lead_id = full_lead(ws)
    activities.log(ws, lead_id, "call.in", "Просил перезвонить")
    leads.convert(ws, lead_id, ConvertOptions(make=("deal",), use={"contact": contact.id}))
    from crmcli.sales.history.story import story_of

    assert "call.in" in [e.kind for e in story_of(ws, ws.get(contact.id))]


def test_a_phone_means_what_the_lead_became_also_after_a_merge(ws: Workspace) -> None:
    lead_id = kit.lead(ws, name="Пётр", emails="petr@example.ru").id
    done = leads.convert(ws, lead_id, ConvertOptions())
    assert ws.resolve("petr@example.ru") == done.ids["contact"]
    assert ws.resolve("Пётр") == done.ids["deal"]
    other = kit.contact(ws, name="Пётр", anyway=True)
    merge.merge(ws, merge.plan(ws, other.id, [done.ids["contact"]]))
    ws.look_again()
    assert ws.resolve("petr@example.ru") == other.id
    assert ws.resolve("Пётр") == done.ids["deal"]


def several(ws: Workspace, ids: list[str], **options: object) -> list[Conversion]:
    """Leads converted in one command."""
    made = leads.MadeEarlier()
    with ws.change("lead convert") as change:
        wanted = ConvertOptions(**options)  # type: ignore[arg-type]  # any of its fields
        return [leads.convert_in(change, ws, i, wanted, made) for i in ids]


def of_ann(ws: Workspace, **more: str) -> str:
    given = {"first_name": "Анна", "last_name": "Ким", "phones": "89123456789", **more}
    return kit.lead(ws, anyway=True, **{"name": "Заявка", **given}).id


@pytest.mark.parametrize("on_duplicate", ["warn", "link", "merge", "skip"])
def test_leads_of_one_new_client_make_one_contact_and_one_company(
    ws: Workspace, on_duplicate: str
) -> None:
    ids = [
        of_ann(ws, company_name="ООО «Ромашка»"),
        of_ann(ws, company_name="ООО Ромашка", emails="anna@romashka.ru"),
        of_ann(ws, first_name="Пётр", last_name="Орлов", phones="89120000000", company_name="Ромашка"),
        of_ann(ws),
    ]  # fmt: skip
    done = several(ws, ids, on_duplicate=on_duplicate)
    assert (ws.count("contact"), ws.count("company")) == (2, 1)
    assert done[0].ids["contact"] == done[1].ids["contact"] == done[3].ids["contact"]
    anna = ws.get(done[0].ids["contact"])
    assert isinstance(anna, Contact)
    assert [e.value for e in anna.emails] == ["anna@romashka.ru"][on_duplicate == "skip" :]
    assert ws.get(done[3].ids["deal"]).get("company") == done[0].ids["company"]
    assert ws.count("deal") == (4 if on_duplicate == "warn" else 2)


def test_who_is_another_is_made_beside_those_of_the_same_command(ws: Workspace) -> None:
    others = [of_ann(ws), of_ann(ws, phones="89991112233", first_name="Ольга", last_name="Иванова")]
    several(ws, others)
    assert ws.count("contact") == 2
    several(ws, [of_ann(ws), of_ann(ws)], on_duplicate="create", is_apart=True)
    assert ws.count("contact") == 4
    twins = [of_ann(ws, phones="89995554433"), of_ann(ws, phones="89995554433")]
    with pytest.raises(AlreadyKnown):
        several(ws, twins, on_duplicate="fail")
    assert ws.count("contact") == 4


def test_what_one_of_several_found_is_not_taken_back_with_another(ws: Workspace) -> None:
    first, second = of_ann(ws), of_ann(ws)
    several(ws, [first, second])
    with pytest.raises(ChangedSince, match="links to it"):
        leads.unconvert(ws, first)
    leads.unconvert(ws, second)
    leads.unconvert(ws, first)
    assert (ws.count("contact"), ws.count("deal")) == (0, 0)


def test_an_open_deal_of_the_client_is_told_and_used_by_link(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна Ким", phones="89123456789")
    there = kit.deal(ws, name="Кровля", contacts=anna.id)
    kit.deal(ws, name="Чужая")
    linked = leads.convert(ws, of_ann(ws), ConvertOptions(on_duplicate="link"))
    assert linked.ids == {"contact": anna.id, "deal": there.id}
    told = leads.convert(ws, of_ann(ws), ConvertOptions())
    assert ("deal", there.id, True) in [(e, k.record.id, k.surely) for e, k in told.known]
    assert told.made["deal"].id != there.id
    silent = leads.convert(ws, of_ann(ws), ConvertOptions(on_duplicate="create"))
    assert silent.known == ()
    lead = of_ann(ws, contact=anna.id)
    with pytest.raises(AlreadyKnown, match="Кровля"):
        leads.convert(ws, lead, ConvertOptions(on_duplicate="fail"))


def test_a_deal_that_is_closed_or_somebody_elses_is_not_the_one(ws: Workspace) -> None:
    firm = kit.company(ws, name="Ромашка")
    anna = kit.contact(ws, name="Анна Ким", phones="89123456789", companies=firm.id)
    closed = kit.deal(ws, name="Старая", contacts=anna.id)
    stages.move(ws, closed.id, "won")
    kit.deal(ws, name="Соседа", company=firm.id)
    done = leads.convert(ws, of_ann(ws, company=firm.id), ConvertOptions(on_duplicate="link"))
    assert done.made["deal"].get("contacts") == (anna.id,)
    assert [k.record.get("name") for e, k in done.known if e == "deal"] == ["Соседа"]
    assert not [k for e, k in done.known if e == "deal" and k.surely]


def test_of_several_open_deals_none_is_taken(ws: Workspace) -> None:
    anna = kit.contact(ws, name="Анна Ким", phones="89123456789")
    for name in ("Одна", "Другая"):
        kit.deal(ws, name=name, contacts=anna.id)
    lead = of_ann(ws)
    with pytest.raises(Ambiguous, match="2 deals"):
        leads.convert(ws, lead, ConvertOptions(on_duplicate="link"))
    done = leads.convert(ws, lead, ConvertOptions(on_duplicate="link", pipeline="service"))
    assert done.made["deal"].get("pipeline") == "service"


def test_a_lead_and_its_deal_show_each_others_files_tasks_and_events(ws: Workspace) -> None:
    from crmcli.present.records import belonging
    from crmcli.sales.history.story import files_of, story_of
    from crmcli.sales.records import attachments

    lead_id = full_lead(ws)
    attachments.attach(ws, lead_id, [attachments.New("заявка.txt", b"1")])
    before = kit.task(ws, name="Сделано", about=lead_id)
    tasks.finish(ws, before.id)
    kit.task(ws, name="Позвонить", about=lead_id)
    deal_id = leads.convert(ws, lead_id, ConvertOptions()).ids["deal"]
    attachments.attach(ws, deal_id, [attachments.New("КП.txt", b"2")])
    kit.task(ws, name="После", about=deal_id)
    activities.log(ws, deal_id, "call.in", "После")
    ws.look_again()
    for record in (ws.get(lead_id), ws.get(deal_id)):
        names = {str(row["name"]) for row in belonging(ws, record)["task"]}
        assert names == {"Сделано", "Позвонить", "После"}
        assert {one.name for one in files_of(ws, record)} == {"заявка.txt", "КП.txt"}
        kinds = [event.kind for event in story_of(ws, record)]
        assert {"lead.created", "lead.converted", "call.in"} <= {*kinds}
    contact = ws.get(ws.get(deal_id).get("contacts")[0])  # type: ignore[index]  # ids
    assert belonging(ws, contact)["task"] == []


def test_a_word_means_what_lives(ws: Workspace) -> None:
    lead_id = of_ann(ws, name="Кровля склада", emails="anna@romashka.ru")
    assert ws.resolve("Ким", "lead") == lead_id
    assert ws.resolve("склада кровля") == lead_id
    assert "Ким" in ws.notes[-2]
    for ref in ("Ки", "кровл", "anna@romashka", "123", "Ким Пётр"):
        with pytest.raises(NotFound):
            ws.resolve(ref, "lead")
    with pytest.raises(NotFound):
        ws.resolve("Ким", "lead", exactly=True)
    done = leads.convert(ws, lead_id, ConvertOptions())
    assert ws.resolve("Кровля склада") == ws.resolve("склада") == done.ids["deal"]
    assert ws.resolve("anna@romashka.ru") == ws.resolve("89123456789") == done.ids["contact"]
    stages.move(ws, done.ids["deal"], "won")
    assert ws.resolve("Кровля склада") == done.ids["deal"]
    second, third = (of_ann(ws, name=name) for name in ("Вторая", "Третья"))
    with pytest.raises(Ambiguous, match=f"({second}|{third}).*({second}|{third})"):
        ws.resolve("Анна Ким", "lead")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"first_name": "Дарья", "last_name": "Фомина"}, "Заказ: Дарья Фомина"),
        (
            {"name": "Фомина Дарья", "first_name": "Дарья", "last_name": "Фомина"},
            "Заказ: Дарья Фомина",
        ),
        ({"name": "", "company_name": "Ромашка"}, "Заказ: Ромашка"),
        ({"name": "", "phones": "+79123456789"}, "Заказ: +79123456789"),
        ({"name": "Фомина Дарья"}, "Заказ: Фомина Дарья"),
        ({"name": "Кровля Фоминой", "last_name": "Фомина"}, "Кровля Фоминой"),
    ],
)
def test_a_deal_is_called_as_an_offer_may_call_it(
    ws: Workspace, given: dict[str, str], name: str
) -> None:
    """Not by who the client is."""
    lead = kit.add(ws, "lead", **given)
    done = leads.convert(ws, lead.id, leads.ConvertOptions())
    assert done.deal.get("name") == name
