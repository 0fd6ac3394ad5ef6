"""Quiet hours and days: when nothing goes to clients that no person sent."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.automation import person_mail
from crmcli.automation.person_mail import PersonMail
from crmcli.automation.simulate import rehearse
from crmcli.errors import InvalidData
from crmcli.model.phone_zones import zone_of_number
from crmcli.model.settings import Calendar, Quiet
from crmcli.model.work_time import after_quiet
from tests import kit
from tests.automation.conftest import SETTINGS

MOSCOW = ZoneInfo("Europe/Moscow")
NIGHT = Quiet((time(21), time(9)))
HELLO = kit.robots(
    "{id: hello, do: email, with: {template: mail/hi.j2}}",
    "{id: call, do: task, with: {title: Позвонить}, wait: previous}",
)


@pytest.mark.parametrize(
    ("quiet", "moment", "leaves"),
    [
        (NIGHT, "2026-11-23 12:00", "2026-11-23 12:00"),
        (NIGHT, "2026-11-23 21:00", "2026-11-24 09:00"),
        (NIGHT, "2026-11-24 08:59", "2026-11-24 09:00"),
        (NIGHT, "2026-11-24 09:00", "2026-11-24 09:00"),
        (Quiet((time(13), time(14))), "2026-11-23 13:30", "2026-11-23 14:00"),
        (Quiet((time(13), time(14))), "2026-11-23 14:00", "2026-11-23 14:00"),
        (Quiet((time(18), time(0))), "2026-11-23 19:00", "2026-11-24 00:00"),
        (Quiet(days=(5, 6)), "2026-11-28 12:00", "2026-11-30 00:00"),
        (Quiet((time(21), time(9)), (5, 6)), "2026-11-27 22:00", "2026-11-30 09:00"),
        (Quiet(holidays=True), "2026-12-31 12:00", "2027-01-02 00:00"),
        (Quiet(), "2026-11-28 03:00", "2026-11-28 03:00"),
    ],
)
def test_when_a_message_leaves(quiet: Quiet, moment: str, leaves: str) -> None:
    holidays = frozenset(datetime(2026, 12, 31).date() + timedelta(days=n) for n in range(2))
    begin = datetime.fromisoformat(moment).replace(tzinfo=MOSCOW)
    end = after_quiet(begin, quiet, Calendar(holidays=holidays), MOSCOW)
    assert f"{end.astimezone(MOSCOW):%Y-%m-%d %H:%M}" == leaves


@given(
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    hours=st.tuples(st.times(), st.times()).filter(lambda two: two[0] != two[1]),
    days=st.sets(st.integers(0, 6), max_size=6),
    zone=st.sampled_from(
        ["Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
    ),
)
def test_what_leaves_leaves_outside_of_it_and_as_soon_as_can_be(
    moment: datetime, hours: tuple[time, time], days: set[int], zone: str
) -> None:
    quiet = Quiet(hours, tuple(sorted(days)))
    end = after_quiet(moment, quiet, Calendar(), ZoneInfo(zone))
    assert end >= moment
    assert after_quiet(end, quiet, Calendar(), ZoneInfo(zone)) == end
    assert end.astimezone(ZoneInfo(zone)).weekday() not in days


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+74232212121", "Asia/Vladivostok"),
        ("+74951234567", "Europe/Moscow"),
        ("+79161234567", ""),  # a mobile number may be anywhere in Russia
        ("+78001234567", ""),
        ("+77012345678", "Asia/Almaty"),
        ("+375291234567", "Europe/Moscow"),
        ("+12125550123", "America/New_York"),
        ("+4930123456", "Europe/Berlin"),
        ("112", ""),
        ("", ""),
    ],
)
def test_the_zone_that_a_number_tells(number: str, zone: str) -> None:
    assert zone_of_number(number) == zone


@pytest.fixture
def quiet(house: Any) -> Any:
    """A house that is quiet from 21 to 9; it is 23:00 of Monday in Moscow."""
    house.template("hi", "Subject: Здравствуйте\n\nДобрый день!\n")
    house.rules(HELLO)
    fields = "fields: {contact: {zone: {type: text}}}\n"
    rule = "automation: {quiet_hours: '21:00-09:00', quiet_days: [sun], zone_field: zone}\n"
    house.write("settings.yaml", SETTINGS + fields + rule)
    house.now += timedelta(hours=11)
    return house


def client(house: Any, **fields: str) -> Any:
    who = house.add("contact", name="Ольга", emails="olga@kafe.example", **fields)
    return house.add("deal", name="Чай", contacts=who.id, owner="anna")


def test_a_message_waits_for_the_morning_and_the_chain_with_it(quiet: Any) -> None:
    deal = client(quiet)
    assert quiet.tick().failures == []
    assert quiet.letters() == []
    [job] = quiet.jobs()
    assert (job.state, job.reason) == (
        "queued",
        "quiet time for the client, until 2026-11-24 09:00",
    )
    for _ in range(3):
        quiet.tick("2h")
    assert [e.kind for e in quiet.events(record=deal.id)][-2:] == ["job.queued", "job.deferred"]
    assert quiet.titles() == []
    quiet.tick("4h")
    assert len(quiet.letters()) == 1
    assert quiet.titles() == ["Позвонить"]


@pytest.mark.parametrize(
    ("fields", "leaves"),
    [
        ({"phones": "+74232212121"}, True),  # six in the morning in Vladivostok: not yet at first
        ({"zone": "America/New_York"}, True),
        ({"phones": "+74232212121", "zone": "Europe/Moscow"}, False),
        ({"zone": "Nowhere"}, False),
        ({}, False),
    ],
)
def test_the_clients_clock_counts(quiet: Any, fields: dict[str, str], leaves: bool) -> None:
    client(quiet, **fields)
    quiet.tick()
    quiet.tick("4h")
    assert bool(quiet.letters()) == leaves


def test_who_refuses_while_a_message_waits_gets_none(quiet: Any) -> None:
    deal = client(quiet)
    quiet.tick()
    quiet.edit(deal.contacts[0], do_not="mail")
    quiet.tick("12h")
    assert quiet.letters() == []
    assert [job.state for job in quiet.jobs() if job.robot == "hello"] == ["skipped"]


def test_our_own_people_and_what_a_person_sends_are_not_held_back(quiet: Any) -> None:
    quiet.rules(kit.robots("{id: told, do: notify, with: {text: Ночь}}"))
    deal = client(quiet)
    quiet.tick()
    person_mail.send(quiet.ws, deal.id, PersonMail("mail/hi.j2"))
    assert len(quiet.letters()) == 2


def test_the_rehearsal_says_when_it_leaves(quiet: Any) -> None:
    client(quiet)
    lines = rehearse(quiet.ws, quiet.now + timedelta(days=1))
    to = "to Ольга <olga@kafe.example>"
    waits = "quiet time for the client, until 2026-11-24 09:00"
    assert [(line.at.strftime("%d %H:%M"), line.what) for line in lines] == [
        ("23 20:00", f"email: «Здравствуйте» {to}; {waits}"),
        ("24 06:00", f"deliver email {to}"),
        ("24 06:00", "task: «Позвонить»"),
    ]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("quiet_hours: '21-09'", "'21-09' is not of the form 21:00-09:00"),
        ("quiet_hours: '09:00-09:00'", "'09:00-09:00' is the whole day"),
        ("quiet_hours: '25:00-09:00'", "is not of the form"),
        ("quiet_days: [satt]", "'satt' is not allowed"),
        ("quiet_days: [mon, tue, wed, thu, fri, sat, sun]", "no day is left"),
        ("zone_field: zona", "no field 'zona' is declared"),
    ],
)
def test_what_is_no_quiet_time_is_told(house: Any, rule: str, fault: str) -> None:
    house.write("settings.yaml", SETTINGS + f"automation: {{{rule}}}\n")
    with pytest.raises(InvalidData) as caught:
        _ = house.ws.settings
    assert fault in "\n".join(problem.message for problem in caught.value.problems)
