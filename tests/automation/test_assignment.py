"""Who gets what comes in by itself, and who waits for a first answer."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.errors import InvalidData
from crmcli.model.fields import Record
from crmcli.sales import activities, add
from crmcli.sales.intake.taking import new_lead
from crmcli.sales.today import today
from tests import kit
from tests.automation.conftest import SETTINGS, House

USERS = """
users:
  anna: {name: Анна, email: a@example.com}
  boris: {name: Борис, absences: [2026-12-01]}
  clara: {name: Клара, hours: 14:00-20:00}
"""


def settings(house: House, more: str) -> None:
    house.write("settings.yaml", f"{USERS}{more}")


def comes(house: House, **given: str) -> Record:
    """Somebody who comes in by a channel."""
    values = {name: [text] for name, text in {"name": "Чай", **given}.items()}
    ws = house.ws
    with ws.change("intake take", actor="crm") as change:
        return new_lead(change, ws, values)


def owners(house: House, count: int) -> list[str]:
    return [str(comes(house).get("owner")) for _ in range(count)]


def test_the_first_rule_that_holds_decides(house: House) -> None:
    settings(house, """
assignment:
  - {when: 'amount > 100000', to: Борис}
  - {when: address ~ казань or source_detail ~ выставка, to: clara}
  - {to: a@example.com}
""")  # fmt: skip
    assert comes(house, amount="200000", address="Казань").get("owner") == "boris"
    assert comes(house, address="г. Казань").get("owner") == "clara"
    assert comes(house).get("owner") == "anna"
    assert comes(house, owner="boris").get("owner") == "boris"


def test_without_a_rule_that_holds_all_is_as_before(house: House) -> None:
    settings(house, "assignment: [{when: amount > 5, to: boris}]\n")
    assert comes(house).get("owner") == house.ws.user


def test_turns_go_round_and_rules_for_the_same_people_share_them(house: House) -> None:
    settings(house, """
assignment:
  - {when: amount > 5, to: [anna, boris]}
  - {to: [anna, boris]}
""")  # fmt: skip
    assert owners(house, 3) == ["anna", "boris", "anna"]
    assert comes(house, amount="10").get("owner") == "boris"
    assert len(house.events("turn.taken")) == 4


def test_the_least_busy_one(house: House) -> None:
    settings(house, "assignment: [{to: [anna, boris], by: least_busy}]\n")
    house.add("deal", name="Чай", owner="anna")
    assert owners(house, 3) == ["boris", "anna", "boris"]
    assert house.events("turn.taken") == []


def test_who_is_away_is_passed_over_and_where_all_are_the_deputy_stands_in(house: House) -> None:
    settings(house, "assignment: [{to: [anna, boris]}]\n")
    house.wait("8d")
    assert owners(house, 2) == ["anna", "anna"]
    deputy = USERS.replace("2026-12-01]}", "2026-12-01], deputy: clara}")
    house.write("settings.yaml", f"{deputy}assignment: [{{to: boris}}]\n")
    assert owners(house, 1) == ["clara"]


def test_those_at_work_now_before_the_others(house: House) -> None:
    settings(
        house, "assignment: [{to: [clara, anna], by: working}]\n"
    )  # it is noon, Clara begins at two
    assert owners(house, 2) == ["anna", "anna"]
    house.wait("7h")
    assert owners(house, 2) == ["clara", "clara"]
    house.wait("5h")  # midnight: nobody works
    assert owners(house, 2) == ["anna", "clara"]


def test_crm_lead_add_asks_the_rules_where_it_is_told_to(house: House) -> None:
    settings(house, "assignment: [{to: boris}]\n")
    given = {"name": ["Чай"]}
    assert add.add(house.ws, "lead", given).record.get("owner") == house.ws.user
    assert add.add(house.ws, "lead", given, assign=True).record.get("owner") == "boris"
    named = {**given, "owner": ["clara"]}
    assert add.add(house.ws, "lead", named, assign=True).record.get("owner") == "clara"


def test_where_no_leads_are_kept_the_deal_is_given(house: House) -> None:
    settings(house, "leads: off\nassignment: [{to: [anna, boris]}]\n")
    found = [comes(house, phones=f"8 916 000-00-0{n}") for n in range(2)]
    assert [(one.entity, one.get("owner")) for one in found] == [
        ("deal", "anna"),
        ("deal", "boris"),
    ]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{to: nobody}", "nobody"),
        ("{when: colour = red, to: anna}", "colour"),
        ("{when: amount >, to: anna}", "when"),
        ("{when: source = mars, to: anna}", "mars"),
        ("{to: anna, by: dice}", "dice"),
        ("{to: [], by: turn}", "nobody"),
        ("{when: amount > 5}", "'to'"),
    ],
)
def test_what_is_wrong_in_a_rule_is_told_with_its_line(house: House, rule: str, told: str) -> None:
    settings(house, f"directories: {{sources: {{web: Сайт}}}}\nassignment:\n  - {rule}\n")
    with pytest.raises(InvalidData) as refused:
        _ = house.ws.settings
    [problem] = refused.value.problems
    assert (problem.path, problem.line) == ("settings.yaml", 7)
    assert told in str(problem)


# -- the first answer -----------------------------------------------------------------------------

LATE = kit.pipelines(leads="""
stages:
  - id: new
    name: Новый
    robots: [{id: late, do: task, with: {title: Ответить}, on: record.unanswered}]
""")  # fmt: skip


@pytest.fixture
def lead(house: House) -> Any:
    house.write("pipelines.yaml", LATE)
    house.write("settings.yaml", f"{SETTINGS}\nfirst_response: 15m\n")
    found = house.add("lead", name="Чай", owner="anna")
    house.tick()
    return found


def waiting(house: House) -> list[str]:
    return [str(row["id"]) for row in today(house.ws).waiting]


def test_who_is_not_answered_in_time_is_told_once(house: House, lead: Any) -> None:
    house.tick("14m")
    assert house.titles() == []
    house.tick("1m")
    assert house.titles() == ["Ответить"]
    [raised] = house.events("record.unanswered", lead.id)
    assert raised.data["for"] == "15m"
    house.tick("1d")
    assert house.titles() == ["Ответить"]


def test_only_working_time_counts(house: House, lead: Any) -> None:
    house.wait("355m")  # five minutes before the company closes
    late = house.add("lead", name="Кофе", owner="anna")
    house.tick("1h")
    assert house.events("record.unanswered", late.id) == []
    house.tick("855m")  # 09:10 of the next day
    assert len(house.events("record.unanswered", late.id)) == 1


@pytest.mark.parametrize(
    "kind", ["message.out", "mail.out", "sms.out", "call.out", "meeting", "call.in"]
)
def test_what_is_a_first_answer(house: House, lead: Any, kind: str) -> None:
    assert waiting(house) == [lead.id]
    activities.log(house.ws, lead.id, kind, "Добрый день")
    assert waiting(house) == []
    house.tick("1h")
    assert house.titles() == []


@pytest.mark.parametrize("kind", ["note", "message.in", "call.missed"])
def test_what_is_none(house: House, lead: Any, kind: str) -> None:
    activities.log(house.ws, lead.id, kind, "Где?")
    assert waiting(house) == [lead.id]


def test_a_robot_answers_nobody(house: House, lead: Any) -> None:
    with house.ws.change("tick", actor="robot:hello") as change:
        change.note("mail.out", lead.id, {"text": "Мы получили"})
    assert waiting(house) == [lead.id]


def test_who_waits_longest_comes_first_and_each_sees_their_own(house: House, lead: Any) -> None:
    house.wait("5m")
    other = house.add("lead", name="Кофе", owner="boris")
    assert waiting(house) == [lead.id, other.id]
    assert [row["id"] for row in today(house.ws, "boris").waiting] == [other.id]


def test_without_the_setting_nobody_waits(house: House) -> None:
    house.add("lead", name="Чай")
    assert waiting(house) == []
