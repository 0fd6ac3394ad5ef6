"""Our own people are told: by whom, of what, in how many messages, and when."""

from __future__ import annotations

import email
import email.policy
import json
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation.approval.gate import approval
from crmcli.store.safety import trust
from tests import kit
from tests.automation.conftest import Hook, House

TELL = "{id: tell, do: notify, with: {text: 'Новая: {{ deal.name }}'}}"


def settings(house: House, anna: str = "", **more: str) -> None:
    extra = "".join(f"{key}: {value}\n" for key, value in more.items())
    house.write(
        "settings.yaml",
        "company: {name: Чай, email: sales@chai.example}\nlanguage: en\nusers:\n"
        f"  anna: {{name: Анна, email: anna@chai.example{anna}}}\n"
        f"  boris: {{name: Борис, email: boris@chai.example}}\n{extra}",
    )


def deals(house: House, count: int, **fields: str) -> None:
    for number in range(count):
        house.add("deal", name=f"Чай {number}", **{"owner": "anna", **fields})


def subjects(house: House, to: str = "anna") -> list[str]:
    read = (
        email.message_from_bytes(text.encode(), policy=email.policy.default)
        for text in house.letters()
    )
    return sorted(str(one["Subject"]) for one in read if one["To"] == f"{to}@chai.example")


def bodies(house: House) -> str:
    read = (
        email.message_from_bytes(text.encode(), policy=email.policy.default)
        for text in house.letters()
    )
    return "\n".join(one.get_body().get_content() for one in read)  # type: ignore[union-attr]


def test_a_flood_becomes_one_message_and_each_thing_is_told_once(house: House) -> None:
    settings(house)
    house.rules(kit.robots(TELL))
    deals(house, 8)
    house.tick()
    assert subjects(house) == ["8 alerts"]
    assert [n for n in range(8) if f"Новая: Чай {n}" not in bodies(house)] == [], bodies(house)
    house.tick("1m")
    assert len(house.letters()) == 1
    deals(house, 2)
    house.tick("15m")
    assert subjects(house) == ["8 alerts", "Новая: Чай 0", "Новая: Чай 1"]


def test_no_secret_is_in_the_subject(house: House) -> None:
    settings(house)
    house.rules(kit.robots(TELL.replace("Новая: ", "https://hooks.example.com/x?token=t0psecret ")))
    deals(house, 1)
    house.tick()
    [said] = subjects(house)
    assert "hooks.example.com" in said
    assert "t0psecret" not in said + bodies(house)


def test_what_comes_after_the_digest_waits_for_the_next(house: House) -> None:
    settings(house, ", alerts: {most: 2 per 10m}")
    house.rules(kit.robots(TELL))
    deals(house, 2)
    house.tick()
    deals(house, 2)
    house.tick("1m")
    assert subjects(house) == ["2 alerts", "Новая: Чай 0", "Новая: Чай 1"]
    for minute in range(3):
        deals(house, 1)
        house.tick("1m")
        assert len(house.letters()) == 3, minute
    house.tick("10m")
    assert len(house.letters()) in (4, 6)
    assert bodies(house).count("Новая: Чай") >= 7


def test_quiet_times_hold_it_until_work_begins(house: House) -> None:
    settings(house, ", alerts: {quiet: yes}")
    house.rules(kit.robots(TELL))
    house.wait("1d")
    house.wait("10h")  # ten in the evening
    deals(house, 2)
    house.tick()
    house.tick("6h")
    assert house.letters() == []
    house.tick("5h")  # nine in the morning
    assert subjects(house) == ["Новая: Чай 0", "Новая: Чай 1"]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("", []),
        (", alerts: {about: [lead.created]}", ["New lead: Кровля"]),
        (", alerts: {about: [lead.created, mail.in], by: [mail]}", ["New lead: Кровля", "New letter: x@y.ru, Цена"]),
        (", alerts: {about: [mail.in], by: [none]}", []),
    ],
)  # fmt: skip
def test_one_hears_of_what_one_asked_for(house: House, wish: str, told: list[str]) -> None:
    settings(house, wish)
    house.user = "boris"
    lead = house.add("lead", name="Кровля", owner="anna")
    house.add("lead", name="Чужая", owner="boris")
    with house.ws.change("test", actor="crm") as change:
        change.note("mail.in", lead.id, {"from": "x@y.ru", "subject": "Цена"})
        change.note("mail.in", lead.id, {"from": "robot@y.ru", "automatic": "yes"})
    house.tick()
    house.tick("1h")
    assert subjects(house) == told
    assert subjects(house, "boris") == []


def test_nobody_is_told_of_what_one_did_oneself_and_all_of_what_nobody_owns(house: House) -> None:
    settings(house, ", alerts: {about: [lead.created]}")
    house.add("lead", name="Сама", owner="anna")
    with house.ws.change("test", actor="crm") as change:
        change.note("lead.created", "", {})
    house.tick()
    assert len(subjects(house)) == 1


def test_time_is_watched_for_whoever_wants_to_hear_of_it(house: House) -> None:
    settings(house, ", alerts: {about: [task.overdue]}")
    house.add("task", name="Позвонить", owner="anna", due="2026-11-23 15:00")
    house.add("task", name="Чужая", owner="boris", due="2026-11-23 15:00")
    house.tick()
    assert house.letters() == []
    house.tick("5h")
    assert subjects(house) == ["Overdue task: Позвонить"]


def test_that_a_message_could_not_be_sent_is_told_as_well(house: House) -> None:
    settings(house, channels="{sms: {run: send}}")
    program = house.root / "robots.d/send"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "{\\"failed\\": \\"no money\\"}"\nexit 1\n', "utf-8")
    program.chmod(0o755)
    house.rules(kit.robots("{id: hello, do: sms, with: {text: Привет}}"))
    client = house.add("contact", name="Ольга", phones=["+79161234567"])
    house.add("deal", name="Чай", contacts=client.id, owner="anna")
    for _ in range(12):
        house.tick("1d")
    assert [text for text in subjects(house) if "sms to +79161234567" in text]


def test_whatever_apprise_knows(house: House, hook: Hook, monkeypatch: Any) -> None:
    monkeypatch.setenv("ANNA_PHONE", f"json://127.0.0.1:{hook.port}/anna")
    settings(house, ", alerts: {by: [env:ANNA_PHONE, mail]}")
    house.rules(kit.robots(TELL))
    deals(house, 1)
    hook.status = 500
    house.tick()
    assert subjects(house) == ["Новая: Чай 0"]
    hook.status = 200
    house.tick("1h")
    assert not [job.reason for job in house.jobs() if job.state != "done"]
    said = json.loads(hook.calls[-1].body)
    assert (said["title"], "Чай 0 (deal-" in said["message"]) == ("Новая: Чай 0", True)
    asked = len(hook.calls)
    house.tick("1d")
    assert len(hook.calls) == asked
    assert house.events("message.out") == []


def test_an_address_that_cannot_be_told_is_said(house: House, monkeypatch: Any) -> None:
    monkeypatch.setenv("ANNA_PHONE", "geheim-and-nothing-else")
    settings(house, ", alerts: {by: [env:ANNA_PHONE]}")
    house.rules(kit.robots(TELL))
    deals(house, 1)
    house.tick()
    [job] = [job for job in house.jobs() if job.action == "alert"]
    assert (job.state, job.reason) == ("dead", "apprise does not know the address")
    assert b"geheim" not in b"".join(p.read_bytes() for p in _files(house.root / "data"))


def test_who_is_not_told_that_way_any_more_gets_nothing(
    house: House, hook: Hook, monkeypatch: Any
) -> None:
    monkeypatch.setenv("ANNA_PHONE", f"json://127.0.0.1:{hook.port}/anna")
    settings(house, ", alerts: {by: [env:ANNA_PHONE]}")
    house.rules(kit.robots(TELL))
    hook.status = 500
    deals(house, 1)
    house.tick()
    asked = len(hook.calls)
    settings(house)
    house.tick("1h")
    assert (len(hook.calls), house.state("alert:anna")) == (asked, "dead")


def test_ways_that_came_from_elsewhere_wait_for_approval(house: House, tmp_path: Path) -> None:
    command = f"cmd:touch {tmp_path}/ran"
    settings(house, f", alerts: {{by: ['{command}']}}")
    house.rules(kit.robots(TELL))
    deals(house, 1)
    seen = {act.declared: act.name for act in approval(house.ws).acts}
    with trust.changed("acts") as folders:  # as after a pull of somebody else's settings
        folders[str(house.root.resolve())] = {"foreign": seen}
    house.tick()
    assert not (tmp_path / "ran").exists()
    assert "users" in {act.place for act in approval(house.ws).unapproved}


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]
