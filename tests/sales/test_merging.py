"""Merging: what a plan comes to, that nothing is lost, and that all who linked to one link to the other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import BadUsage, NotFound
from crmcli.model.fields import Record
from crmcli.sales import activities, leads, stages
from crmcli.sales.checks import check, fix
from crmcli.sales.history import undo
from crmcli.sales.history.story import absorbed, story_of
from crmcli.sales.leads import ConvertOptions
from crmcli.sales.merging import merge as merging
from crmcli.sales.merging import unmerge
from crmcli.sales.records import remove
from crmcli.store.disk.transaction import FileChanged
from crmcli.store.layout import record_path
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW

FIELDS = """
  contact:
    shoe: {type: number}
    about: {type: note}
    friend: {type: link, to: contact}
    skills: {type: choices, choices: [крыши, окна, двери]}
"""


@pytest.fixture
def ws(folder: Path) -> Workspace:
    """The small workspace with custom fields of contacts."""
    with (folder / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write(FIELDS)
    return kit.opened(folder)


def items(record: Record, name: str) -> Any:
    """The items of a list field."""
    return record.get(name)


def merge(ws: Workspace, survivor: str, *others: str, **takes: str) -> Record:
    merging.merge(ws, merging.plan(ws, survivor, others, takes))
    return ws.get(survivor)


def text_of(ws: Workspace, record_id: str) -> str:
    return (ws.root / record_path(record_id)).read_text(encoding="utf-8")


# --- what a plan comes to -------------------------------------------------------------------------


def test_what_the_survivor_has_stands_and_what_it_lacks_comes(ws: Workspace) -> None:
    one = kit.contact(ws, position="директор", source="web").id
    two = kit.contact(ws, position="бухгалтер", address="Казань", shoe="42").id
    plan = merging.plan(ws, one, [two])
    after = plan.result
    assert (after.get("position"), after.get("address")) == ("директор", "Казань")
    assert str(after.get("shoe")) == "42"
    assert plan.conflicts == ("position",)
    (choice,) = [c for c in plan.choices if c.name == "position"]
    assert choice == ("position", ("директор", "бухгалтер"), "директор", one)
    assert ws.get(one).get("address") == ""  # a plan writes nothing


def test_a_field_is_taken_of_the_other(ws: Workspace) -> None:
    one = kit.contact(ws, position="директор").id
    two, three = kit.contact(ws, position="бухгалтер").id, kit.contact(ws, position="юрист").id
    plan = merging.plan(ws, one, [two, three], {"position": three})
    assert plan.result.get("position") == "юрист"
    assert "position" not in plan.conflicts
    assert next(c.of for c in plan.choices if c.name == "position") == three


@pytest.mark.parametrize("name", ["phones", "created_at", "nothing", "address"])
def test_what_cannot_be_taken(ws: Workspace, name: str) -> None:
    one, two = (
        kit.contact(ws, phones="8 912 345-67-89").id,
        kit.contact(ws, phones="8 912 345-67-80").id,
    )
    with pytest.raises(BadUsage):
        merging.plan(ws, one, [two], {name: two})
    with pytest.raises(BadUsage):
        merging.plan(ws, one, [two], {"position": one})


def test_lists_are_united_without_repeats(ws: Workspace) -> None:
    one = kit.contact(ws, phones="моб. 8 912 345-67-89", emails="anna@example.ru", tags=["vip", "юг"],
                  urls="romashka.ru", skills=["окна"]).id  # fmt: skip
    two = kit.contact(ws, phones=["+7 912 345 67 89", "+7 912 345-67-89 доб. 12", "8 495 111-22-33"],
                  emails=["Anna@Example.ru", "a@mail.ru"], tags=["VIP", "север"],
                  urls="https://romashka.ru/", skills=["двери", "окна"]).id  # fmt: skip
    after = merge(ws, one, two)
    assert [(p.value, p.ext, p.type) for p in items(after, "phones")] == [
        ("+79123456789", "", "mobile"), ("+79123456789", "12", "work"), ("+74951112233", "", "work"),
    ]  # fmt: skip
    assert [str(e) for e in items(after, "emails")] == ["anna@example.ru", "a@mail.ru"]
    assert after.get("tags") == ("vip", "север", "юг")
    assert len(items(after, "urls")) == 1
    assert after.get("skills") == ("двери", "окна")


def test_both_comments_are_kept(ws: Workspace) -> None:
    one = kit.contact(ws, comment="Звонить утром", about="рыбак").id
    two = kit.contact(ws, comment="Любит скидки\nи чай", about="охотник").id
    after = merge(ws, one, two)
    assert after.get("comment") == "Звонить утром\n\nЛюбит скидки\nи чай"
    assert after.get("about") == "рыбак\n\nохотник"
    three = kit.contact(ws, comment="любит скидки и чай").id
    assert merge(ws, one, three).get("comment") == after.get("comment")


def test_roles_in_companies(ws: Workspace) -> None:
    first, second, third = (kit.company(ws, name).id for name in ("Ромашка", "Лютик", "Василёк"))
    one = kit.contact(ws, companies=[f"{first}: директор", second]).id
    two = kit.contact(ws, companies=[f"{first}: бухгалтер", f"{second}: юрист", third]).id
    after = merge(ws, one, two)
    links = [(link.company, link.role) for link in items(after, "companies")]
    assert links == [(first, "директор"), (second, "юрист"), (first, "бухгалтер"), (third, "")]


def test_the_earlier_beginning_and_the_own_source(ws: Workspace) -> None:
    old = kit.contact(ws, source="call", source_detail="Ирина", utm_medium="tv").id
    ws.now = NOW + timedelta(days=3)
    new = kit.contact(ws, source="web").id
    after = merge(ws, new, old)
    assert after.get("created_at") == NOW
    assert (after.get("source"), after.get("source_detail")) == ("web", "")
    assert after.get("utm") == {}


def test_an_amount_brings_its_currency(ws: Workspace) -> None:
    one = kit.deal(ws, currency="EUR").id
    two = kit.deal(ws, amount="100", currency="USD").id
    after = merge(ws, one, two)
    assert (str(after.get("amount")), after.get("currency")) == ("100", "USD")
    three = kit.deal(ws, amount="100", currency="EUR").id
    assert merging.plan(ws, one, [three]).conflicts == ("amount",)
    took = merging.plan(ws, one, [three], {"amount": three}).result
    assert took.get("currency") == "EUR"


def test_the_survivor_stays_where_it_stands(ws: Workspace) -> None:
    one, two = kit.deal(ws, amount="100").id, kit.deal(ws).id
    stages.move(ws, one, "offer")
    assert merge(ws, two, one).get("stage") == "request"


def test_a_name_made_of_its_parts_follows_them(ws: Workspace) -> None:
    one = kit.contact(ws, first_name="Анна").id
    two = kit.contact(ws, first_name="Анна", last_name="Ковалёва").id
    assert merge(ws, one, two).get("name") == "Анна Ковалёва"


def test_a_taken_name_takes_its_parts(ws: Workspace) -> None:
    one = kit.contact(ws, first_name="Аня").id
    two = kit.contact(ws, first_name="Анна", last_name="Ковалёва").id
    after = merge(ws, one, two, name=two)
    assert (after.get("name"), after.get("first_name")) == ("Анна Ковалёва", "Анна")


def test_keys_that_nobody_declared_come_along(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    for record_id, more in ((one, "a: 1\n"), (two, "a: 2\nb: 3\n")):
        path = ws.root / record_path(record_id)
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    plan = merging.plan(ws, one, [two])
    assert plan.result.unknown == {"a": "1", "b": "3"}
    assert plan.conflicts == ("a",)


# --- who linked to it -----------------------------------------------------------------------------


def test_every_link_is_turned(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    task = kit.task(ws, name="Позвонить", about=two).id
    offer_deal = kit.deal(ws, contacts=two).id
    both = kit.deal(ws, name="Окна", contacts=[two, one]).id
    lead = kit.lead(ws, name="Лид", contact=two).id
    friend = kit.contact(ws, friend=two).id
    offer = kit.offer(ws, name="КП-1", deal=offer_deal, contact=two).id
    done = merging.merge(ws, merging.plan(ws, one, [two]))
    assert {after.id for _, after in done.moved} == {task, offer_deal, both, lead, friend, offer}
    assert ws.get(task).get("about") == one
    assert ws.get(offer_deal).get("contacts") == (one,)
    assert ws.get(both).get("contacts") == (one,)
    assert ws.get(lead).get("contact") == one
    assert ws.get(friend).get("friend") == one
    assert ws.get(offer).get("contact") == one
    assert check.problems(ws) == []


def test_a_link_that_was_made_meanwhile_is_turned_too(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    plan = merging.plan(ws, one, [two])
    assert merging.relations(ws, [two]) == []
    sale = kit.deal(kit.opened(ws.root, user="boris", clone="22222222"), contacts=two).id
    merging.merge(ws, plan)
    assert ws.get(sale).get("contacts") == (one,)


def test_links_among_them_go(ws: Workspace) -> None:
    one = kit.contact(ws).id
    two = kit.contact(ws, friend=one).id
    three = kit.contact(ws, friend=two).id
    kit.edit(ws, one, friend=three)
    after = merge(ws, one, two, three)
    assert after.get("friend") == ""
    assert not any(i in text_of(ws, one) for i in (two, three))


def test_what_a_lead_became_is_turned(ws: Workspace) -> None:
    lead = kit.lead(ws, name="Пётр", phones="8 912 345-67-89").id
    made = leads.convert(ws, lead, ConvertOptions(("contact",))).ids["contact"]
    one = kit.contact(ws).id
    merge(ws, one, made)
    assert ws.get(lead).get("converted") == {"contact": one}
    kinds = [e.kind for e in story_of(ws, ws.get(one))]
    assert "lead.converted" in kinds
    assert kinds.count("contact.merged") == 1
    assert check.problems(ws) == []


def test_companies(ws: Workspace) -> None:
    one, two = kit.company(ws).id, kit.company(ws, "ООО Ромашка").id
    director = kit.contact(ws, companies=[f"{two}: директор", one]).id
    sale = kit.deal(ws, company=two).id
    merge(ws, one, two)
    (link,) = items(ws.get(director), "companies")
    assert (link.company, link.role) == (one, "директор")
    assert ws.get(sale).get("company") == one


def test_its_story_shows_under_the_survivor(ws: Workspace) -> None:
    one, two, three = kit.contact(ws).id, kit.contact(ws).id, kit.contact(ws).id
    activities.log(ws, three, "note", "давно")
    merge(ws, two, three)
    merge(ws, one, two)
    story = story_of(ws, ws.get(one))
    assert [e.data.get("text") for e in story if e.kind == "note"] == ["давно"]
    assert absorbed(ws, one) == [two, three]


# --- what is left of it ---------------------------------------------------------------------------


def test_the_old_id_leads_to_the_survivor(ws: Workspace) -> None:
    one, two, three = (
        kit.contact(ws).id,
        kit.contact(ws, name="Боря").id,
        kit.contact(ws, name="Вера").id,
    )
    merge(ws, two, three)
    merge(ws, one, two)
    assert text_of(ws, three) == f"id: {three}\nmerged_into: {two}\n"
    assert ws.resolve(three, "contact") == one
    assert ws.resolve(three[8:14]) == one
    assert f"{three} was merged into {one}" in ws.notes
    assert not ws.exists(three)
    with pytest.raises(NotFound, match="was merged into"):
        ws.get(two)
    ws.look_again()
    assert [r.id for r in ws.select("contact")] == [one]
    assert ws.search("Вера") == []
    assert Workspace.open(ws.root, now=NOW).resolve(two) == one


def test_a_condition_on_the_old_id_speaks_of_the_survivor(ws: Workspace) -> None:
    one, two = kit.company(ws).id, kit.company(ws).id
    sale, other = kit.deal(ws, company=one).id, kit.deal(ws).id
    merge(ws, one, two)
    ws.look_again()
    for text, found in (
        (f"company = {two}", [sale]), (f"company in ({two})", [sale]), (f"company != {two}", [other]),
        (f"company = {two.upper()}", [sale]),
    ):  # fmt: skip
        assert [r.id for r in ws.select("deal", ws.condition(text, "deal"))] == found, text
    assert [r.id for r in ws.select("company", ws.condition(f"id = {two}", "company"))] == [one]
    person = kit.contact(ws, companies=one).id
    ws.look_again()
    there = ws.condition(f"companies has {two}", "contact")
    assert [r.id for r in ws.select("contact", there)] == [person]


def test_a_talk_of_it_is_found_under_the_survivor(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    activities.log(ws, two, "note", "обещал перезвонить")
    merge(ws, one, two)
    ws.look_again()
    assert [hit.id for hit in ws.search("перезвонить")] == [one]


def test_removing_the_survivor_removes_the_tombstones(ws: Workspace) -> None:
    one, two, three = kit.contact(ws).id, kit.contact(ws).id, kit.contact(ws).id
    merge(ws, two, three)
    merge(ws, one, two)
    before = kit.records_of(ws.root)
    remove.remove(ws, one)
    assert kit.records_of(ws.root) == {}
    undo.undo(ws)
    assert kit.records_of(ws.root) == before
    undo.redo(ws)
    assert kit.records_of(ws.root) == {}
    undo.undo(ws)
    unmerge.unmerge(ws, two)
    unmerge.unmerge(ws, three)
    assert {i for i in (one, two, three) if ws.exists(i)} == {one, two, three}


# --- what is refused ------------------------------------------------------------------------------


def test_refusals(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    task = kit.task(ws, name="Позвонить").id
    before = kit.records_of(ws.root)
    for ids in (
        [one, one],
        [one, two, two],
        [one, two, one],
        [one, kit.company(ws).id],
        [task, task],
    ):
        with pytest.raises(merging.NotMergeable):
            merging.plan(ws, ids[0], ids[1:])
    with pytest.raises(NotFound):
        merging.plan(ws, one, ["contact-22222222"])
    merge(ws, one, two)
    for ids in ([one, two], [two, one]):
        with pytest.raises(merging.NotMergeable, match="already merged"):
            merging.plan(ws, ids[0], ids[1:])
    assert len(kit.records_of(ws.root)) == len(before) + 1


def test_a_converted_lead_stays(ws: Workspace) -> None:
    one, two = (kit.lead(ws, name="Лид").id for _ in range(2))
    leads.convert(ws, two, ConvertOptions(("deal",)))
    with pytest.raises(merging.NotMergeable) as refusal:
        merging.plan(ws, one, [two])
    assert refusal.value.hint == f"crm lead merge {two} {one}"
    merge(ws, two, one)
    assert ws.get(two).get("converted_at") == NOW


def test_a_plan_that_is_old(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    plan = merging.plan(ws, one, [two])
    kit.edit(ws, two, position="юрист")
    before = kit.records_of(ws.root)
    with pytest.raises(FileChanged):
        merging.merge(ws, plan)
    assert kit.records_of(ws.root) == before


def test_a_dry_run_writes_nothing(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    before = kit.records_of(ws.root)
    ws.dry_run = True
    merging.merge(ws, merging.plan(ws, one, [two]))
    assert kit.records_of(ws.root) == before


# --- what check tells -----------------------------------------------------------------------------


def test_check_turns_a_link_that_was_written_by_hand(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    sale = kit.deal(ws, contacts=one).id
    merge(ws, one, two)
    path = ws.root / record_path(sale)
    path.write_text(path.read_text(encoding="utf-8").replace(one, two), encoding="utf-8")
    ws.look_again()
    (problem,) = check.problems(ws)
    assert problem.message == f"contacts links to {two}, which was merged into {one}"
    told = list(fix.fix_all(ws, lambda _: False))
    assert len(told) == 1
    assert ws.get(sale).get("contacts") == (one,)
    ws.look_again()
    assert check.problems(ws) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("merged_into: contact-22222222\n", "which does not exist"),
        ("merged_into: deal-22222222\n", "is not the id of another contact"),
        ("merged_into: {id}\n", "merged into itself"),
        ("name: Анна\nmerged_into: {other}\n", "still has name"),
        ("merged_into:\n  - x\n", "is not the id of another contact"),
    ],
)
def test_check_tells_of_a_tombstone_that_is_wrong(ws: Workspace, text: str, said: str) -> None:
    one, other = kit.contact(ws).id, kit.contact(ws).id
    path = ws.root / record_path(one)
    path.write_text(f"id: {one}\n" + text.format(id=one, other=other), encoding="utf-8")
    ws.look_again()
    problems = check.problems(ws)
    assert len(problems) == 1, problems
    assert said in problems[0].message
    assert problems[0].line == (3 if "name" in text else 2)


def test_check_tells_of_a_circle_and_unmerge_opens_it(ws: Workspace) -> None:
    one, two = kit.contact(ws, name="Анна").id, kit.contact(ws, name="Анна").id
    first, second = text_of(ws, one), text_of(ws, two)
    merge(kit.opened(ws.root, user="boris", clone="22222222"), one, two)
    stone = text_of(ws, two)
    (ws.root / record_path(two)).write_text(second, encoding="utf-8")
    ws.look_again()
    merge(ws, two, one)
    (ws.root / record_path(two)).write_text(stone, encoding="utf-8")
    ws.look_again()
    found = check.problems(ws)
    assert len(found) == 2
    assert all("was merged into it in turn" in problem.message for problem in found)
    with pytest.raises(NotFound, match="merged into each other"):
        ws.resolve(one)
    unmerge.unmerge(ws, one)
    assert text_of(ws, one) == first
    assert ws.resolve(two) == one
    ws.look_again()
    assert check.problems(ws) == []


def test_an_edit_of_its_own_is_not_possible(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    merge(ws, one, two)
    with pytest.raises(NotFound, match="was merged into"):
        kit.edit(ws, two, position="юрист")
