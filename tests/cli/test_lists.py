"""Lists as people read them: what is open, whose it is, what fits, and what is no longer declared."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.workspace import Workspace
from tests.kit import Run, company, contact, deal, lead, replace, task

Crm = Callable[..., Run]

USERS = "users:\n  anna: {name: Анна Орлова}\n  pavel: {name: Павел Ким}\n"


def names(run: Run) -> list[str]:
    assert run.code == 0, run.err
    return sorted(line.split()[0] for line in run.out.splitlines()[1:])


def test_a_table_shows_what_is_open_and_says_what_it_leaves_out(crm: Crm, ws: Workspace) -> None:
    deal(ws, name="Живая")
    deal(ws, name="Выигранная", stage="shipped")
    deal(ws, name="Проигранная", stage="lost", lost_reason="price")
    shown = crm("deal", "list")
    assert names(shown) == ["Живая"]
    assert "2 (--all, --closed)" in shown.err
    assert len(names(crm("deal", "list", "--all"))) == 3
    assert names(crm("deal", "list", "--closed")) == ["Выигранная", "Проигранная"]
    assert crm("deal", "list", "--all", "--closed").code == 2


@pytest.mark.parametrize(
    "asked",
    [
        ("--stage", "shipped"),
        ("--where", "closed_at is not empty"),
        ("--where", "stage = shipped"),
        ("--lost-reason", "price"),
        ("--where", "lost_reason is not empty and amount is empty"),
    ],
)
def test_who_asks_for_an_end_is_shown_it(crm: Crm, ws: Workspace, asked: tuple[str, str]) -> None:
    deal(ws, name="Живая")
    deal(ws, name="Выигранная", stage="shipped")
    deal(ws, name="Проигранная", stage="lost", lost_reason="price")
    assert "Живая" not in names(crm("deal", "list", *asked))
    assert len(names(crm("deal", "list", *asked))) >= 1


def test_programs_get_every_record_unless_they_ask(crm: Crm, ws: Workspace) -> None:
    deal(ws, name="Живая")
    deal(ws, name="Выигранная", stage="shipped")
    for form in ("json", "csv", "tsv", "yaml", "ids", "jsonl"):
        run = crm("deal", "list", "--format", form)
        assert (run.out.count("deal-"), run.err) == (2, "")
        assert crm("deal", "list", "--format", form, "--open").out.count("deal-") == 1


def test_tasks_that_are_done_are_left_out(crm: Crm, ws: Workspace) -> None:
    task(ws, name="Позвонить")
    done = task(ws, name="Написать")
    assert crm("task", "done", done.id).code == 0
    assert names(crm("task", "list")) == ["Позвонить"]
    assert names(crm("task", "list", "--closed")) == ["Написать"]
    assert len(names(crm("task", "list", "--where", "done_at is not empty"))) == 1


def test_several_values_between_commas(crm: Crm, ws: Workspace) -> None:
    for name, stage in (("А", "new"), ("Б", "working"), ("В", "processed")):
        lead(ws, name=name, stage=stage, phones="+79161234567")
    assert names(crm("lead", "list", "--stage", "new,working")) == ["А", "Б"]
    assert names(crm("lead", "list", "--stage", "В работе, processed")) == ["Б", "В"]
    assert names(crm("lead", "list", "--stage", "new", "--stage", "processed")) == ["А", "В"]
    wrong = crm("lead", "list", "--stage", "new,werking")
    assert (wrong.code, "werking" in wrong.err, "'new,werking'" in wrong.err) == (2, True, False)


def test_a_company_with_a_comma_in_its_name_is_one(crm: Crm, ws: Workspace) -> None:
    one = company(ws, "Hill, Sons and Co")
    other = company(ws, "Ромашка")
    deal(ws, name="А", company=one.id)
    deal(ws, name="Б", company=other.id)
    assert names(crm("deal", "list", "--company", "Hill, Sons and Co")) == ["А"]
    assert names(crm("deal", "list", "--company", f"Ромашка,{one.id}")) == ["А", "Б"]


def test_mine(crm: Crm, folder: Path) -> None:
    replace(folder / "settings.yaml", "users:\n", USERS)
    crm("deal", "add", "--name", "А", "--owner", "anna", CRM_USER="anna")
    crm("deal", "add", "--name", "Б", "--owner", "pavel", CRM_USER="anna")
    assert names(crm("deal", "list", "--mine", CRM_USER="anna")) == ["А"]
    assert crm("deal", "list", "--mine", CRM_USER="").code == 2


def test_who_works_alone_is_me_too(crm: Crm) -> None:
    assert crm("deal", "add", "--name", "А").code == 0
    crm("deal", "add", "--name", "Б", "--owner", "pavel")
    assert names(crm("deal", "list", "--mine")) == ["А"]
    assert names(crm("deal", "list", "--where", "owner = me or owner = nobody")) == ["А"]
    assert names(crm("deal", "list", "--owner", "pavel")) == ["Б"]


def test_a_name_of_a_lead_and_its_won_deal_means_the_deal(crm: Crm, ws: Workspace) -> None:
    lead(ws, name="Забор", phones=["+79123456789"])
    assert crm("lead", "convert", "Забор", "--deal").code == 0
    done = json.loads(crm("deal", "win", "Забор", "--json").out)
    assert json.loads(crm("show", "Забор", "--json").out)["id"] == done["id"]
    assert crm("lead", "show", "Забор").code == 0


@pytest.mark.parametrize("words", ["Самоваров", "льга самовар", "kirpich.example", "Забор 3"])
def test_whoever_names_no_record_hears_which_are_near(crm: Crm, ws: Workspace, words: str) -> None:
    known = lead(
        ws,
        name="Забор 3D 120 м",
        first_name="Ольга",
        last_name="Самоварова",
        emails=["o@kirpich.example.ru"],
    )
    run = crm("lead", "show", words, CRM_LANG="en")
    assert run.code == 3
    assert f"hint: perhaps {known.id} Забор 3D 120 м" in run.err


@pytest.mark.parametrize("words", ["Самоварова", '"', "lead-00000000", "' OR 1", "*", "(", "NEAR"])
def test_where_nothing_is_near_a_search_is_named(crm: Crm, words: str) -> None:
    run = crm("lead", "show", words, CRM_LANG="en")
    assert run.code == 3
    assert "hint: try crm search" in run.err


def test_a_name_means_the_living_record(crm: Crm, ws: Workspace) -> None:
    old = lead(ws, name="Баня у озера", phones="+79161234567")
    assert crm("lead", "convert", old.id).code == 0
    shown = crm("show", "Баня у озера", "--json")
    assert json.loads(shown.out)["id"].startswith("deal-")
    assert old.id in shown.err
    assert json.loads(crm("show", "89161234567", "--json").out)["id"].startswith("contact-")
    assert json.loads(crm("lead", "show", "Баня у озера", "--json").out)["id"] == old.id


def test_of_two_deals_of_a_name_the_open_one_is_meant(crm: Crm, ws: Workspace) -> None:
    deal(ws, name="Склад", stage="shipped")
    living = deal(ws, name="Склад")
    assert json.loads(crm("show", "склад", "--json").out)["id"] == living.id
    deal(ws, name="Склад")
    assert crm("show", "склад").code == 3  # two are open


def test_phones_are_shown_as_they_are_dialled_and_kept_as_they_are(crm: Crm, ws: Workspace) -> None:
    one = contact(ws, name="Анна", phones=["+79161234567", "+74951234567", "+442079460123"])
    card = crm("contact", "show", one.id).out
    assert "8 (916) 123-45-67, 8 (495) 123-45-67, +44 20 7946 0123" in card
    assert "8 (916) 123-45-67" in crm("contact", "list").out
    assert '"+79161234567"' in crm("contact", "show", one.id, "--json").out
    assert "+79161234567" in crm("contact", "list", "--csv").out
    assert json.loads(crm("show", "8 (495) 123-45-67", "--json").out)["id"] == one.id


def test_columns_by_the_names_that_people_have_for_them(crm: Crm, ws: Workspace) -> None:
    lead(ws, name="А", phones="+79161234567", emails="a@b.ru", amount="1000")
    heads = crm("lead", "list", "--csv", "--columns", "phone,email,Amount,First-Name").out
    assert heads.splitlines()[0] == "phones,emails,amount,first_name"
    assert crm("lead", "list", "--columns", "fone").code == 2


def test_people_see_who_it_is_first_and_the_id_last(crm: Crm, ws: Workspace) -> None:
    lead(ws, name="Навес", phones="+79161234567", amount="1000", source="web")
    [heads, row] = crm("lead", "list").out.splitlines()
    assert heads.split()[:2] == ["Name", "Phones"]
    assert row.split()[-1].startswith("lead-")
    assert crm("lead", "list", "--csv").out.startswith("id,name,")


@pytest.mark.parametrize(
    ("amount", "number"),
    [("1000", 1000), ("1000.50", 1000.5), ("0.01", 0.01), ("9999999999999.99", 9999999999999.99)],
)
def test_amounts_are_json_numbers(crm: Crm, ws: Workspace, amount: str, number: float) -> None:
    one = deal(ws, amount=amount)
    for args in (("deal", "show", one.id, "--json"), ("deal", "list", "--format", "jsonl")):
        assert json.loads(crm(*args).out)["amount"] == number
    assert f",{amount}," in crm("deal", "list", "--csv").out


def test_what_is_no_longer_declared_is_still_found(crm: Crm, folder: Path) -> None:
    settings, pipelines = folder / "settings.yaml", folder / "pipelines.yaml"
    replace(settings, "users:\n", USERS)
    replace(settings, "    web: ", "    fair: Ярмарка\n    web: ")
    crm("lead", "add", "--name", "А", "--owner", "pavel", "--source", "fair", CRM_USER="anna")
    crm("lead", "add", "--name", "Б", "--owner", "anna", CRM_USER="anna")
    replace(settings, "  pavel: {name: Павел Ким}\n", "")
    replace(settings, "    fair: Ярмарка\n", "")
    replace(pipelines, "    - id: new\n", "    - id: fresh\n")
    assert names(crm("lead", "list", "--owner", "pavel")) == ["А"]
    assert names(crm("lead", "list", "--source", "fair,web")) == ["А"]
    assert names(crm("lead", "list", "--stage", "new")) == ["А", "Б"]
    assert names(crm("lead", "list", "--where", "owner in (anna, pavel) and stage != fresh")) == [
        "А",
        "Б",
    ]
    assert crm("deal", "list", "--owner", "pavel").code == 0  # known from the leads
    assert crm("lead", "list", "--owner", "nobody").code == 2
    today = crm("today", "--all").out
    for way_on in (
        "crm lead bulk --where 'owner = \"pavel\"' --set owner=OWNER",
        "crm lead bulk --where 'source = \"fair\"' --set source=SOURCE",
        "crm lead move --where 'stage = \"new\"' STAGE",
    ):
        assert way_on in today
    told = crm("check")
    assert (told.code, "'fair'" in told.out, "'pavel'" in told.out) == (6, True, True)
    moved = crm("lead", "bulk", "--where", 'owner = "pavel"', "--set", "owner=anna")
    assert moved.code == 0
    assert crm("lead", "list", "--owner", "pavel").code == 2


@pytest.mark.parametrize(
    ("kind", "has", "way_on"),
    [
        ("choice", "=", "--where 'roof = \"Мансарда\"' --set roof=ROOF"),
        (
            "choices",
            "has",
            "--where 'roof has \"мансарда\"' --remove 'roof=мансарда' --add roof=ROOF",
        ),
    ],
)
def test_a_choice_that_was_taken_out_is_still_found(
    crm: Crm, folder: Path, kind: str, has: str, way_on: str
) -> None:
    choices = "choices: [Плоская, Мансарда"
    roof = f"fields:\n  deal:\n    roof: {{type: {kind}, {choices}]}}\n"
    replace(folder / "settings.yaml", "fields:\n", roof)
    crm("deal", "add", "--name", "А", "--set", "roof=Мансарда")
    crm("deal", "add", "--name", "Б", "--set", "roof=плоская")
    replace(folder / "settings.yaml", ", Мансарда]", "]")
    assert names(crm("deal", "list", "--where", f"roof {has} мансарда")) == ["А"]
    assert names(crm("deal", "list", "--where", "roof in (Мансарда, Плоская)")) == ["А", "Б"]
    slip = crm("deal", "list", "--where", f"roof {has} мансорда")
    assert (slip.code, "Плоская" in slip.err) == (2, True)
    assert way_on in crm("check").out
    assert way_on in crm("today", "--all").out
    moved = crm(*shlex.split(f"deal bulk {way_on.replace('ROOF', 'Плоская')}"))
    assert (moved.code, crm("check").code) == (0, 0)


def test_a_robot_that_names_who_left_says_so_at_once(crm: Crm, folder: Path) -> None:
    replace(folder / "settings.yaml", "users:\n", USERS)
    robot = "- {id: x, do: task, with: {title: А, owner: pavel}, after: 2d}\n        - id: call\n"
    replace(folder / "pipelines.yaml", "- id: call\n", robot)
    assert "pavel" not in crm("lead", "add", "--name", "А").err
    replace(folder / "settings.yaml", "  pavel: {name: Павел Ким}\n", "")
    assert "pavel" in crm("lead", "add", "--name", "Б").err
    assert "pavel" in crm("tick").err
    assert "pavel" in crm("check").out


def test_who_is_named_and_not_there_is_added_with_it(crm: Crm) -> None:
    refused = crm("deal", "add", "--name", "Крыша", "--company", "Новая фирма")
    assert (refused.code, "--create" in refused.err) == (3, True)
    assert json.loads(crm("company", "list", "--json").out) == []
    people = ("--contact", "Ира Лис <ira@lis.ru>", "--contact", "+7 916 123-45-67")
    done = crm("deal", "add", "--name", "Крыша", "--company", "Новая фирма", *people, "--create")
    assert done.code == 0, done.err
    made = json.loads(crm("contact", "list", "--json", "--sort", "name").out)
    assert {(c["name"], bool(c.get("emails")), bool(c.get("phones"))) for c in made} == {
        ("Ира Лис", True, False),
        ("+79161234567", False, True),
    }
    assert [(c.get("first_name"), c.get("last_name")) for c in made if c["name"] == "Ира Лис"] == [
        ("Ира", "Лис")
    ]
    again = crm("deal", "add", "--name", "Забор", "--company", "новая фирма", "--create")
    assert again.code == 0
    assert len(json.loads(crm("company", "list", "--json").out)) == 1
    assert crm("undo", "--yes").code == 0
    assert crm("undo", "--yes").code == 0  # the deal, the company and both people
    assert json.loads(crm("contact", "list", "--json").out) == []


def test_nothing_is_added_where_the_record_is_refused(crm: Crm) -> None:
    assert crm("deal", "add", "--company", "Новая фирма", "--create").code == 1
    assert json.loads(crm("company", "list", "--json").out) == []


def test_a_field_that_is_not_declared_names_the_command_that_declares_it(crm: Crm) -> None:
    assert "crm field add deal roof" in crm("deal", "add", "--name", "А", "--set", "roof=1").err
