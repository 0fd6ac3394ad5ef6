"""When robots are due that go by dates: after them, each year, those of linked records, at a time of day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crmcli.automation.robot_times import Dated
from crmcli.automation.robots import key_of
from crmcli.automation.visits import Visit
from tests import kit
from tests.automation.test_robots import DEAL, ENTRY, due_local, look, robot, told
from tests.automation.test_ticking import move


@pytest.mark.parametrize(
    ("timing", "moment"),
    [  # entered on Monday 23 November 2026 at noon; close_by is Monday the 30th
        ({"at": "close_by", "after": "3d"}, "2026-12-03 00:00"),
        ({"at": "close_by", "after": "3d", "time": "10:00"}, "2026-12-03 10:00"),
        ({"at": "close_by", "after": "2h", "time": "10:00"}, "2026-11-30 12:00"),
        ({"at": "close_by", "after": "1mo"}, "2026-12-30 00:00"),
        ({"at": "close_by", "after": "3mo"}, "2027-02-28 00:00"),
        ({"at": "close_by", "after": "5d", "workdays": True}, "2026-12-07 09:00"),
        ({"after": "1d", "time": "10:00"}, "2026-11-24 10:00"),
        ({"after": "1d", "time": "18:00"}, "2026-11-24 18:00"),
        ({"after": "5d", "time": "10:00", "workdays": True}, "2026-11-30 10:00"),
        ({"after": "4d", "time": "20:00"}, "2026-11-27 20:00"),
        ({"after": "1w", "time": "09:30"}, "2026-11-30 09:30"),
        ({"after": "1mo", "time": "09:30"}, "2026-12-23 09:30"),
        ({"after": "2h", "time": "13:00"}, "2026-11-24 13:00"),
        ({"after": "2h", "time": "15:00"}, "2026-11-23 15:00"),
        ({"time": "10:00"}, "2026-11-24 10:00"),
        ({"time": "15:00"}, "2026-11-23 15:00"),
        ({"after": "1mo"}, "2026-12-23 12:00"),
        ({"after": "1q"}, "2027-02-23 12:00"),
        ({"after": "1y"}, "2027-11-23 12:00"),
        ({"before": "close_by", "by": "1mo", "every": "y"}, "2027-10-30 00:00"),
        ({"at": "close_by", "every": "y", "time": "10:00"}, "2026-11-30 10:00"),
        ({"at": "close_by", "every": "mo", "time": "10:00"}, "2026-11-30 10:00"),
    ],
)  # fmt: skip
def test_when_it_is_due(timing: dict[str, Any], moment: str) -> None:
    [step] = look([robot("r", **timing)])
    assert (step.state, due_local(step)) == ("waiting", moment)


@pytest.mark.parametrize(
    ("born", "timing", "moment"),
    [
        ("1985-11-23", {}, "2026-11-23 00:00"),  # that is today, and the day is not over
        ("1985-11-22", {}, "2027-11-22 00:00"),
        ("1985-11-23", {"time": "10:00"}, "2027-11-23 10:00"),
        ("1985-11-23", {"time": "15:00"}, "2026-11-23 15:00"),
        ("2000-02-29", {"time": "10:00"}, "2027-02-28 10:00"),
        ("1999-02-28", {}, "2027-02-28 00:00"),
        ("2030-03-01", {}, "2030-03-01 00:00"),
        ("0004-02-29", {}, "2027-02-28 00:00"),
        ("1985-12-01", {"before": True, "by": "3d"}, "2026-11-28 00:00"),
        ("1985-11-24", {"before": True, "by": "3d"}, "2027-11-21 00:00"),
        ("1985-01-01", {"before": True, "by": "1w", "time": "09:00"}, "2026-12-25 09:00"),
        ("1985-11-20", {"after": "1w"}, "2026-11-27 00:00"),
        ("1985-10-20", {"after": "2mo"}, "2026-12-20 00:00"),
        ("2026-01-31", {"every": "mo"}, "2026-11-30 00:00"),
        ("2026-01-15", {"every": "q"}, "2027-01-15 00:00"),
    ],
)  # fmt: skip
def test_a_date_that_comes_back(born: str, timing: dict[str, Any], moment: str) -> None:
    deal = DEAL.with_values({"close_by": date.fromisoformat(born)})
    where = {"before" if timing.pop("before", False) else "at": "close_by", "every": "y"}
    [step] = look([robot("r", **{**where, **timing})], deal=deal)
    assert due_local(step) == moment


def test_a_leap_day_is_kept_in_leap_years() -> None:
    deal = DEAL.with_values({"close_by": date(2000, 2, 29)})
    yearly = robot("r", at="close_by", every="y")
    [step] = look([yearly], deal=deal, minutes=460 * 24 * 60)
    assert due_local(step) == "2027-02-28 00:00"  # what came meanwhile, once
    [step] = look([yearly], deal=deal, minutes=465 * 24 * 60)
    assert step.state == "due"


BIRTHDAY = """
    - {id: cheers, do: task, at: {field: contacts.birthday, every: year, time: '10:00'}, with: {title: "{{ today.year }}"}}
"""


@pytest.fixture
def cheers(house: Any) -> Any:
    house.rules(kit.robots(*(line.strip("- ") for line in BIRTHDAY.strip().split("\n"))))
    return house


def test_each_year_once(cheers: Any) -> None:
    ann = cheers.add("contact", name="Анна Ким", birthday="1990-12-01")
    cheers.add("deal", name="Чай", contacts=ann.id)
    for _ in range(3):
        cheers.tick("6d")
        cheers.tick("6d")
        cheers.tick("353d")
        cheers.tick("1h")
    assert cheers.titles() == ["2026", "2027", "2028"]


def test_a_linked_date_that_is_edited_takes_the_robot_along(cheers: Any) -> None:
    ann = cheers.add("contact", name="Анна Ким")
    cheers.add("deal", name="Чай", contacts=ann.id)
    assert cheers.tick().said == []
    cheers.edit(ann.id, birthday="1990-11-25")
    cheers.tick("1h")
    kit.replace(kit.file_of(cheers.ws, ann.id), "1990-11-25", "1990-11-26")
    cheers.tick("1h")
    cheers.tick("2d")  # the 25th
    assert cheers.titles() == []
    cheers.tick("1d")
    assert cheers.titles() == ["2026"]


def test_a_linked_date_written_down_too_late_waits_for_the_next_year(cheers: Any) -> None:
    ann = cheers.add("contact", name="Анна Ким")
    cheers.add("deal", name="Чай", contacts=ann.id)
    cheers.tick("20d")
    cheers.edit(ann.id, birthday="1990-12-01")
    cheers.tick("1h")
    assert cheers.titles() == []
    cheers.tick("360d")
    assert cheers.titles() == ["2027"]


def test_several_linked_people_each_have_their_day(cheers: Any) -> None:
    people = [
        cheers.add("contact", name=name, birthday=day).id
        for name, day in (("Анна Ким", "1990-12-01"), ("Олег Пак", "1980-12-05"), ("Ия Цой", "1970-12-05"))
    ]  # fmt: skip
    cheers.add("deal", name="Чай", contacts=people)
    cheers.tick()
    cheers.tick("9d")
    assert len(cheers.tasks()) == 1
    cheers.tick("4d")
    assert len(cheers.tasks()) == 3
    assert cheers.tick("10d").said == []


def test_a_birthday_without_its_year_comes_each_year(cheers: Any) -> None:
    people = [
        cheers.add("contact", name=name, birthday=day).id
        for name, day in (("Анна Ким", "--12-01"), ("Олег Пак", "29 февраля"), ("Ия Цой", "1970-12-05"))
    ]  # fmt: skip
    cheers.add("deal", name="Чай", contacts=people)
    cheers.tick()
    for days, count in (("9d", 1), ("4d", 2), ("88d", 3), ("277d", 5), ("366d", 8)):
        cheers.tick(days)
        assert len(cheers.tasks()) == count, days


def test_without_its_year_a_birthday_is_no_date_that_comes_once(house: Any) -> None:
    house.rules(kit.robots("{id: r, do: task, at: {field: contacts.birthday}, with: {title: А}}"))
    ann = house.add("contact", name="Анна Ким", birthday="24.11")
    house.add("deal", name="Чай", contacts=[ann.id])
    house.tick("2d")
    assert house.titles() == []


def test_the_letter_goes_to_whose_birthday_it_is(house: Any) -> None:
    house.template("hi", "Subject: С днём рождения\n\n{{ contact.name }}, ура!\n")
    with_ = "with: {template: mail/hi.j2}"
    house.rules(
        kit.robots(f"{{id: r, do: email, at: {{field: contacts.birthday, every: year}}, {with_}}}")
    )
    ann = house.add("contact", name="Анна Ким", emails="ann@kafe.example")
    oleg = house.add("contact", name="Олег Пак", emails="oleg@kafe.example", birthday="1990-11-24")
    house.add("deal", name="Чай", contacts=[ann.id, oleg.id])
    house.tick("2d")
    [letter] = house.letters()
    assert "oleg@kafe.example" in letter
    assert "Олег Пак, ура!" in letter


def test_a_date_of_the_company_of_a_lead_and_of_one_that_is_not_there(house: Any) -> None:
    house.write("settings.yaml", "fields: {company: {founded: {label: Основана, type: date}}}\n")
    robots = kit.robots(
        "{id: r, do: task, at: {field: company.founded, every: year}, with: {title: А}}"
    )
    house.rules(leads=robots)
    assert house.ws.faults_of_rules() == ()
    firm = house.add("company", name="Чайхона", founded="2010-11-24")
    house.add("lead", name="Заявка", company=firm.id)
    house.add("lead", name="Другая")
    house.tick("2d")
    assert house.titles() == ["А"]


@pytest.mark.parametrize(
    ("do", "acts"),
    [
        ("email, with: {template: mail/hi.j2}", 0),
        ("task, with: {title: А}", 1),
        ("notify, with: {text: А}", 1),
        ("email, if_past: run, with: {template: mail/hi.j2}", 1),
        ("task, if_past: skip, with: {title: А}", 0),
    ],
)
@pytest.mark.parametrize("day", ["2026-11-20", "2020-02-29"])
def test_no_letter_for_a_date_that_was_past_when_the_robot_came(
    house: Any, do: str, acts: int, day: str
) -> None:
    house.template("hi", "Subject: А\n\nБ\n")
    house.rules(kit.robots(f"{{id: r, at: {{field: close_by}}, do: {do}}}"))
    ann = house.add("contact", name="Анна Ким", emails="ann@kafe.example")
    house.add("deal", name="Чай", close_by=day, contacts=ann.id)
    house.tick()
    done = [job for job in house.jobs() if job.robot == "r" and job.state == "done"]
    assert len(done) == acts or ("notify" in do and len(done) == 2)  # and its letter


def test_a_letter_for_today_is_not_past(house: Any) -> None:
    house.template("hi", "Subject: А\n\nБ\n")
    house.rules(
        kit.robots("{id: r, at: {field: close_by}, do: email, with: {template: mail/hi.j2}}")
    )
    ann = house.add("contact", name="Анна Ким", emails="ann@kafe.example")
    house.add("deal", name="Чай", close_by="2026-11-23", contacts=ann.id)
    house.tick()
    assert len(house.letters()) == 1


def test_whom_a_yearly_robot_is_above_counts_from_what_it_did_last() -> None:
    deal = DEAL.with_values({"close_by": date(1990, 11, 24)})
    yearly, after = robot("y", at="close_by", every="y"), robot("z", after="1h", wait_previous=True)
    assert [s.state for s in look([yearly, after], deal=deal)] == [
        "waiting",
        "waiting_for_previous",
    ]
    key = key_of(yearly, deal, Visit(ENTRY), Dated(date(2026, 11, 24)))
    done = told(yearly, "done", 1440, key=key)
    one, two = look([yearly, after], done, deal=deal, minutes=1450)
    assert (one.state, due_local(one)) == ("waiting", "2027-11-24 00:00")
    assert due_local(two) == "2026-11-24 13:00"


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ("1d", "after 1d"), ("'1d 10:00'", "after 1d at 10:00"), ("1d at 9:30", "after 1d at 09:30"),
        ("tomorrow at 10:00", "after 1d at 10:00"), ("завтра в 10:00", "after 1d at 10:00"),
        ("2 недели", "after 2w"), ("1 месяц", "after 1mo"), ("3 months", "after 3mo"), ("1 год", "after 1y"),
        ("{by: 1d, time: '10:00'}", "after 1d at 10:00"), ("{time: '10:00'}", "next at 10:00"),
        ("{field: close_by, by: 3d}", "3d after close_by"),
        ("{field: close_by, by: 1mo, time: '09:00'}", "1mo after close_by at 09:00"),
        ("{field: contacts.birthday, by: 1d, every: year}", "1d after contacts.birthday, again every y"),
        ("{field: contact.birthday, by: 1 день, every: год}", "1d after contact.birthday, again every y"),
    ],
)  # fmt: skip
def test_after_as_people_write_it(house: Any, after: str, words: str) -> None:
    house.rules(kit.robots(f"{{id: r, do: task, after: {after}, with: {{title: А}}}}"))
    assert house.ws.faults_of_rules() == ()
    [robot] = house.ws.pipelines.deals[0].stages[0].robots
    assert str(robot.timing) == words


@pytest.mark.parametrize(
    ("timing", "fault"),
    [
        ("after: '1d 25:00'", "is not a time like"),
        ("after: soon", "is not a time like"),
        ("after: {field: close_by}", "'by' is missing"),
        ("after: {}", "'by' is missing"),
        ("after: {by: 1d, every: year}", "'every' goes with a field"),
        ("at: {field: close_by, every: day}", "is not a year, a quarter or a month"),
        ("at: {field: contacts.name}", "a contact has no date field 'name'"),
        ("at: {field: contacts.birthdya}", "unknown field 'birthdya' for contacts"),
        ("at: {field: name.birthday}", "is not a link"),
        ("at: {field: birthday}", "a deal has no date field 'birthday'"),
        ("after: {field: amount, by: 1d}", "a deal has no date field 'amount'"),
        ("after: {field: close_by, by: 1d}, at: {field: close_by}", "cannot be combined"),
    ],
)
def test_what_is_no_time_is_told(house: Any, timing: str, fault: str) -> None:
    house.rules(kit.robots(f"{{id: r, do: task, {timing}, with: {{title: А}}}}"))
    [problem] = house.ws.faults_of_rules()
    assert fault in problem.message


def test_leaving_calls_off_what_comes_back(cheers: Any) -> None:
    ann = cheers.add("contact", name="Анна Ким", birthday="1990-12-01")
    deal = cheers.add("deal", name="Чай", contacts=ann.id)
    cheers.tick()
    move(cheers, deal.id, "talks")
    cheers.tick("30d")
    assert cheers.titles() == []
