"""Letters that stand queued on the timeline and were not queued here, or have left, do not leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crmcli.automation.approval.gate import approval, approve, queued_elsewhere
from crmcli.model.event import Event
from tests.automation.clones import HELLO, NONE, forge, lead
from tests.automation.conftest import UNTOLD, House
from tests.kit import begin, save


def test_a_letter_queued_in_another_clone_waits(house: House, clone: Any) -> None:
    house.rules(leads=HELLO)
    house.write(
        "settings.yaml", "channels: {mail: {deliver: 'smtp://127.0.0.1:9', from: a@chai.example}}\n"
    )
    begin(house.root)
    lead(house)
    house.tick()  # queued, and no server took it
    save(house.root, "a letter in the queue")
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    (line,) = other.tick("1d").failures
    assert "queued in another clone" in line
    assert not [e for e in other.events("job.started") if e.at == other.now]
    approve(other.ws, queued_elsewhere(other.ws))
    other.tick("1d")
    assert [e for e in other.events("job.started") if e.at == other.now]


CALL = "do: webhook, with: {url: 'http://127.0.0.1:9/x'}"


def test_a_call_queued_here_runs_no_command_that_others_wrote_beside_it(house: House) -> None:
    house.write("settings.yaml", UNTOLD)
    house.rules(leads=HELLO.replace("do: email, with: {template: mail/hello.j2}", CALL))
    lead(house)
    house.tick()
    (queued,) = house.events("job.queued")
    secret = f"cmd:touch {house.root}/ran"
    forge(house, "job.queued", queued.record, {**queued.data, "secret": secret})
    failures = house.tick("3h").failures
    assert not (house.root / "ran").exists()
    assert any("running `touch" in line for line in failures)


REVIVED: dict[str, Callable[[Event], tuple[str, dict[str, Any]]]] = {
    "queued again": lambda queued: ("job.queued", dict(queued.data)),
    "resolved": lambda queued: ("job.resolved", {"key": queued.data["key"], "as": "retry"}),
    "failed": lambda queued: ("job.failed", {"key": queued.data["key"]}),
    "claimed by a dead one": lambda queued: (
        "job.started", {"key": queued.data["key"], "by": "maildir"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", REVIVED)
def test_no_line_of_others_makes_a_letter_leave_again(house: House, way: str) -> None:
    house.rules(leads=HELLO)
    lead(house)
    house.tick()
    (queued,) = house.events("job.queued")
    for path in (house.root / "outbox/new").glob("*"):
        path.unlink()
    kind, data = REVIVED[way](queued)
    forge(house, kind, queued.record, data)
    (line,) = house.tick("1h").failures
    assert "that ended here before" in line
    assert house.letters() == []
    approve(house.ws, queued_elsewhere(house.ws))
    house.tick("1h")
    assert len(house.letters()) == 1
    for path in (house.root / "outbox/new").glob("*"):
        path.unlink()
    forge(house, kind, queued.record, data)  # the word was for once
    house.tick("1h")
    assert house.letters() == []


def test_a_person_here_may_try_again(house: House) -> None:
    from crmcli.automation import jobs

    house.rules(leads=HELLO)
    lead(house)
    (house.root / "outbox").write_text("in the way")
    house.tick()
    (queued,) = house.events("job.queued")
    jobs.decide(house.ws, "cancel", [str(queued.data["key"])])
    (house.root / "outbox").unlink()
    jobs.decide(house.ws, "retry", [str(queued.data["key"])])
    assert house.tick("1m").failures == []
    assert len(house.letters()) == 1


@pytest.mark.parametrize("claims", ["abc", None, [], 1e308, True])
def test_a_forged_number_of_claims_stops_nobody(house: House, claims: object) -> None:
    house.rules(leads=HELLO)
    lead(house)
    house.tick()
    (queued,) = house.events("job.queued")
    forge(house, "job.done", queued.record, {"key": queued.data["key"], "claims": claims})
    house.add("lead", name="Кофе", emails="ivan@kafe.example")
    result = house.tick("1m")
    assert (result.failures, result.bugs) == ([], {})
    assert len(house.letters()) == 2


def test_no_slot_that_a_cron_line_does_not_have_is_run(house: House) -> None:
    weekly = "schedules:\n  - {id: late, cron: '0 9 * * mon', do: email, with: {template: mail/hello.j2}}\n"
    house.rules(leads=NONE + weekly)
    lead(house)
    house.tick()
    (begun,) = house.events("schedule.started")
    forge(house, "schedule.started", "", {**begun.data, "slot": "2026-11-23T08:59"})
    house.tick("1m")
    assert house.letters() == []
