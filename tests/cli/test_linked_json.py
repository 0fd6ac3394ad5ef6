"""JSON that needs no second call: columns through links, `show --expand`, the schema of both."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from crmcli.model.entities import ENTITIES
from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def deal_id(crm: Crm) -> str:
    """A deal of a company and two people, with a task; the company changed its name by a merge."""
    old = crm("company", "add", "--name", "Лютик").out.strip()
    firm = crm(
        "company", "add", "--name", "Ромашка", "--turnover", "500", "--owner", "anna"
    ).out.strip()
    crm("company", "merge", firm, old, "--yes")
    first = crm(
        "contact", "add", "--name", "Ян", "--phone", "+79161234567", "--company", firm
    ).out.strip()
    second = crm("contact", "add", "--name", "Анна").out.strip()
    made = crm(
        "deal", "add", "--name", "Кровля", "--company", old, "--amount", "1000.50",
        "--contact", first, "--contact", second,
    )  # fmt: skip
    crm("task", "add", "Позвонить", "--about", made.out.strip())
    return made.out.strip()


def rows(crm: Crm, *args: str) -> list[dict[str, Any]]:
    run = crm(*args, "--json")
    assert run.code == 0, run.err
    return list(json.loads(run.out))


@pytest.mark.usefixtures("deal_id")
def test_columns_lead_through_links(crm: Crm) -> None:
    columns = "name,company.name,company.turnover,contacts.name,contacts.companies.name"
    [row] = rows(crm, "deal", "list", "--columns", columns)
    assert row == {
        "name": "Кровля", "company.name": "Ромашка", "company.turnover": 500,
        "contacts.name": ["Ян", "Анна"], "contacts.companies.name": ["Ромашка"],
    }  # fmt: skip
    [task] = rows(
        crm, "task", "list", "--columns", "about.name,about.stage,about.company.name"
    )  # a contact has several
    assert list(task.values()) == ["Кровля", "request", ["Ромашка"]]
    run = crm("deal", "list", "--columns", "name,company.name,contacts.phones", "--csv")
    assert run.out.split("\n")[1] == "Кровля,Ромашка,+79161234567"


@pytest.mark.usefixtures("deal_id")
def test_people_read_the_words_at_the_end_of_a_path(crm: Crm) -> None:
    run = crm("task", "list", "--columns", "name,about.stage,about.amount,about.contacts.name")
    assert "Ян, Анна" in run.out
    assert " request " not in run.out


@pytest.mark.parametrize(
    ("path", "told"),
    [("company.nmae", "unknown field 'nmae'"), ("name.size", "is not a link"), ("compani.name", "unknown field 'compani'")],
)  # fmt: skip
def test_a_path_that_leads_nowhere(crm: Crm, path: str, told: str) -> None:
    run = crm("deal", "list", "--columns", path)
    assert (run.code, told in run.err) == (2, True)


def test_a_record_with_all_that_is_told_beside_it(crm: Crm, deal_id: str) -> None:
    run = crm("deal", "win", deal_id, CRM_NOW="2026-11-24T09:00:00Z")
    assert run.code == 0, run.err
    run = crm("deal", "show", deal_id, "--json", "--expand", CRM_NOW="2026-11-25T09:00:00Z")
    record = json.loads(run.out)
    beside = record["expanded"]
    assert [one["name"] for one in beside["links"]["contacts"]] == ["Ян", "Анна"]
    assert beside["links"]["company"]["name"] == "Ромашка"
    assert [stay["stage"] for stay in beside["stages"]] == ["request", "shipped"]
    assert beside["stages"][0]["left_at"] == beside["stages"][1]["entered_at"]
    assert (beside["stages"][1]["left_at"], beside["stages"][1]["seconds"]) == (None, 86400)
    assert beside["names"]["stage"] == beside["stages"][1]["name"]
    assert [task["name"] for task in beside["linked_from"]["tasks"]] == ["Позвонить"]
    company = json.loads(crm("show", "Ромашка", "--json", "--expand").out)
    assert company["expanded"]["totals"]["deals"] == {
        "count": 1, "won": {"count": 1, "amounts": {"RUB": 1000.5}},
    }  # fmt: skip
    plain = json.loads(crm("deal", "show", deal_id, "--json").out)
    more = ("expanded", "last_activity", "next_task")
    assert plain == {name: value for name, value in record.items() if name not in more}
    assert crm("show", deal_id, "--expand", "--at", "yesterday").code == 2


def test_each_record_is_as_its_schema_says(crm: Crm, deal_id: str) -> None:
    crm("lead", "add", "--name", "Заявка", "--tag", "vip", "--amount", "5", "--utm", "source=ya")
    crm("offer", "draft", "--deal", deal_id, "--line", "Окно;2;10;шт;22")
    crm("invoice", "add", "--deal", deal_id, "--line", "Окно;2;10;шт;22")
    crm("log", "call", deal_id, "Обсудили")
    crm("task", "add", "Перезвонить", "--about", deal_id, "--due", "завтра")
    for entity in ENTITIES:
        schema = json.loads(crm("schema", entity).out)
        jsonschema.Draft7Validator.check_schema(schema)
        known = schema["properties"]["expanded"]["properties"]
        found = crm(entity, "list", "--ids", "--where", "id is not empty").out.split()
        assert found, entity
        for record_id in found:
            run = crm("show", record_id, "--json", "--expand")
            assert run.code == 0, run.err
            record = json.loads(run.out)
            jsonschema.validate(record, schema)
            assert record["expanded"].keys() <= known.keys()
            assert record.keys() <= schema["properties"].keys()
        if entity == "deal":
            assert record.keys() >= {"last_activity", "next_task"}
        every = ",".join(name for name in schema["properties"] if name != "expanded")
        for columns in ((), ("--columns", every)):
            for record in rows(crm, entity, "list", *columns):
                jsonschema.validate(
                    record, schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
                )
                assert record.keys() <= schema["properties"].keys()


def test_a_list_from_some_record_on(crm: Crm) -> None:
    for name in "АБВГД":
        crm("lead", "add", "--name", name)
    listed = ("lead", "list", "--sort", "name", "--columns", "name")
    names = [row["name"] for row in rows(crm, *listed, "--limit", "2", "--offset", "2")]
    assert names == ["В", "Г"]
    assert [row["name"] for row in rows(crm, *listed, "--offset", "4")] == ["Д"]
    assert rows(crm, *listed, "--offset", "9") == []


def test_a_path_may_end_in_what_no_file_has(crm: Crm, deal_id: str) -> None:
    crm("log", "call", "Ромашка", "Обсудили")
    [row] = rows(crm, "deal", "list", "--columns", "name,company.last_activity,company.next_task")
    assert row["company.last_activity"].startswith("2026-11-23")
    assert row["company.next_task"] == ""
    crm("company", "add", "--name", "Äpfel")
    crm("company", "add", "--name", "Zoo")
    crm("deal", "add", "--name", "Б", "--company", "Zoo")
    crm("deal", "add", "--name", "А", "--company", "Äpfel")
    found = rows(crm, "deal", "list", "--sort", "company.name", "--columns", "company.name")
    assert [row["company.name"] for row in found] == ["Äpfel", "Zoo", "Ромашка"]
