"""channels: {mail: {most: 30 per minute}}: what is above it waits for the next tick."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from crmcli.automation import person_mail
from crmcli.automation.channel_pace import ChannelPace
from crmcli.automation.explain import explain
from crmcli.automation.person_mail import PersonMail
from crmcli.automation.simulate import rehearse
from crmcli.automation.waiting import waiting
from crmcli.errors import InvalidData
from crmcli.present import automation
from tests import kit
from tests.automation.conftest import House
from tests.automation.test_channel_messages import TAKES, channel, taken
from tests.kit import begin, save

DOES = {
    "mail": "do: email, with: {template: mail/hi.j2}",
    **{do: f"do: {do}, with: {{text: Привет}}" for do in ("sms", "chat", "call")},
}
FIVE = 5


def paced(house: House, name: str = "mail", most: str = "2 per minute", text: str = TAKES) -> None:
    """Let so much leave by a channel, by which each of five deals is written to."""
    runs = "" if name == "mail" else "run: send, "
    channel(house, f"{name}: {{{runs}most: {most}}}", text)
    house.template("hi", "Subject: Привет\n\nДобрый день!\n")
    house.rules(kit.robots(f"{{id: hello, {DOES[name]}}}"))
    for n in range(FIVE):
        reached = {"phones": f"+7916000000{n}", "emails": f"o{n}@kafe.example"}
        client = house.add("contact", name=f"Ольга {n}", **reached)
        house.add("deal", name=f"Чай {n}", contacts=client.id, owner="anna")


def left(house: House) -> int:
    return len(house.events("job.done"))


@pytest.mark.parametrize(
    ("name", "most", "short", "whole"),
    kit.some(
        [
            ("mail", "2 per minute", timedelta(seconds=59), timedelta(minutes=1)),
            ("sms", "2 per hour", timedelta(minutes=59), timedelta(hours=1)),
            ("chat", "2 per 10m", timedelta(minutes=9), timedelta(minutes=10)),
            ("call", "2 в день", timedelta(hours=23), timedelta(days=1)),
            ("mail", "2/w", timedelta(days=6), timedelta(weeks=1)),
        ],
        2,
    ),
)
def test_so_many_leave_and_the_others_later(
    house: House, name: str, most: str, short: timedelta, whole: timedelta
) -> None:
    paced(house, name, most)
    begun, found = house.now, []
    for moment in (begun, begun + short, begun + whole, begun + whole + short, begun + 2 * whole):
        house.now = moment
        house.tick()
        found.append(left(house))
    assert found == [2, 2, 4, 4, FIVE]
    letters = house.letters() if name == "mail" else taken(house)
    assert len(letters) == FIVE


def test_a_tick_that_starts_a_moment_earlier_in_its_minute_loses_nothing(house: House) -> None:
    paced(house)
    house.now += timedelta(seconds=2)
    house.tick()
    house.now += timedelta(seconds=58)
    house.tick()
    assert left(house) == 4


def test_it_is_told_once_with_how_many_wait(house: House) -> None:
    paced(house)
    told = "mail: the limit of 2 per 1m is reached"
    assert house.tick().failures == [f"{told}; waiting for the next tick: 3"]
    assert house.tick("1m").failures == []
    queued = [job for job in house.jobs() if job.state == "queued"]
    assert [row["reason"] for row in automation.jobs(house.ws, queued, "").rows] == [told]
    assert house.tick("1m").failures == []
    assert left(house) == FIVE


@pytest.mark.parametrize("is_queued", [False, True])
def test_a_dry_run_tells_what_waits_and_when_it_leaves(house: House, is_queued: bool) -> None:
    paced(house)
    if is_queued:
        channel(
            house, "sms: {run: send}, mail: {deliver: 'smtp://127.0.0.1:9', most: 2 per minute}"
        )
        house.tick()
        channel(house, "mail: {most: 2 per minute}")
        house.wait("2h")
    begun, minute = house.now, timedelta(minutes=1)
    told = [line for line in rehearse(house.ws, begun) if line.action == "email"]
    waits = [line for line in told if "mail: the limit of 2 per 1m is reached" in line.what]
    assert (len(told), len(waits), {line.at for line in told}) == (FIVE, FIVE - 2, {begun})
    ahead = rehearse(house.ws, begun + timedelta(hours=1))
    leaves = [
        line.at - begun for line in ahead if line.action == "email" if "limit" not in line.what
    ]
    assert leaves == [0 * minute, 0 * minute, minute, minute, 2 * minute]
    for n in (2, 4, FIVE):  # and so it comes
        house.tick()
        assert left(house) == n
        house.wait("1m")


def test_a_dry_run_knows_what_left_just_now_and_lets_people_pass(house: House) -> None:
    paced(house, most="2 per hour")
    deals = [one.id for one in house.ws.select("deal")]
    for deal in deals[:2]:
        person_mail.send(house.ws, deal, PersonMail("mail/hi.j2"))
    house.wait("10m")
    ahead = rehearse(house.ws, house.now + timedelta(hours=1))
    leaves = [
        line.at - house.now for line in ahead if line.action == "email" if "limit" not in line.what
    ]
    assert leaves == [timedelta(minutes=50)] * 2


def test_explain_tells_it_before_and_after_it_is_queued(house: House) -> None:
    paced(house)
    person_mail.send(house.ws, house.ws.select("deal")[0].id, PersonMail("mail/hi.j2"))
    person_mail.send(house.ws, house.ws.select("deal")[1].id, PersonMail("mail/hi.j2"))
    told = "mail: the limit of 2 per 1m is reached"
    for queued in (False, True):
        if queued:
            house.tick()
        [line] = explain(house.ws, house.ws.select("deal")[4].id)
        assert (line.state, told in line.why) == ("queued" if queued else "due", True)
        assert told in waiting(house.ws, house.ws.select("deal")[4].id)[0].why
    house.wait("1m")
    [line] = explain(house.ws, house.ws.select("deal")[4].id)
    assert told not in line.why


def test_what_a_person_sends_leaves_at_once_and_counts(house: House) -> None:
    paced(house, most="2 per d")
    deals = [one.id for one in house.ws.select("deal")]
    person_mail.send(house.ws, deals[0], PersonMail("mail/hi.j2"))
    house.tick()
    assert left(house) == 2
    person_mail.send(house.ws, deals[1], PersonMail("mail/hi.j2"))
    assert left(house) == 3
    house.tick("1d")
    assert left(house) == 5


def test_nor_does_it_wait_for_the_limit_when_it_is_tried_again(house: House) -> None:
    paced(house, most="1 per d")
    channel(house, "mail: {deliver: 'smtp://127.0.0.1:9', most: 1 per d}")
    deal = next(iter(house.ws.select("deal"))).id
    person_mail.send(house.ws, deal, PersonMail("mail/hi.j2"))
    assert house.state("user:anna") == "failed"
    channel(house, "mail: {most: 1 per d}")
    house.tick()
    assert (left(house), house.state("user:anna")) == (1, "failed")
    house.tick("5m")
    assert (left(house), house.state("user:anna")) == (2, "done")


def test_what_was_not_taken_does_not_count(house: House) -> None:
    paced(house)
    channel(house, "mail: {deliver: 'smtp://127.0.0.1:9', most: 4 per d}")
    house.tick()
    assert [job.state for job in house.jobs()].count("failed") == 3  # then the channel is let rest
    channel(house, "mail: {most: 4 per d}")
    house.tick("5m")
    assert left(house) == 4


def test_a_tick_that_is_killed_in_the_middle_lets_no_more_out(house: House) -> None:
    kills = "import os, signal\nif len(open('taken').readlines()) == 2:\n    os.kill(os.getppid(), signal.SIGKILL)"
    paced(house, "sms", "3 per hour", f"{TAKES.rpartition('json.dump')[0]}\n{kills}")
    code = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from crmcli.workspace import Workspace; from crmcli.automation.tick import tick\n"
        "tick(Workspace.open(Path(sys.argv[1]), user='anna', now=datetime.fromisoformat(sys.argv[2])))"
    )
    words = [sys.executable, "-c", code, str(house.root), house.now.isoformat()]
    assert subprocess.run(words, check=False, timeout=60).returncode == -9
    assert (left(house), len(house.events("job.started")), len(taken(house))) == (1, 2, 2)
    house.tick("10m")
    assert len(taken(house)) == 3
    house.tick("1h")
    assert len(taken(house)) == FIVE


def test_what_left_in_another_clone_counts(house: House, clone: Any) -> None:
    paced(house, most="2 per d")
    begin(house.root)
    house.tick()
    save(house.root, "two letters")
    other = clone()
    assert ChannelPace(other.ws).is_reached("mail")
    other.now += timedelta(days=1)
    assert not ChannelPace(other.ws).is_reached("mail")


@pytest.mark.parametrize(
    "declared",
    ["mail: {most: 2}", "sms: {run: send, most: 0 per d}", "webhook: {most: 2 per d}"],
)
def test_what_is_no_limit_is_told(house: House, declared: str) -> None:
    channel(house, declared)
    with pytest.raises(InvalidData) as caught:
        _ = house.ws.settings
    [problem] = caught.value.problems
    assert "most" in problem.message


def test_a_provider_may_have_one_too(house: House) -> None:
    channel(house, "chat: {provider: telegram, token: 'env:BOT', most: 20 per minute}")
    assert house.ws.settings.most_by["chat"].count == 20
    assert "most" not in house.ws.settings.channels["chat"]
