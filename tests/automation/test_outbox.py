from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from crmcli.automation import jobs, outbox
from crmcli.automation.ledger import enter, jobs_of
from crmcli.channels.message import AttachedFile, Message, from_bytes, to_bytes
from crmcli.model.values import format_instant
from tests import kit
from tests.automation.conftest import UNTOLD

HELLO = kit.robots(
    "{id: hello, do: email, with: {template: mail/hi.j2}}",
    "{id: call, do: task, with: {title: Позвонить}, wait: previous}",
)


@pytest.fixture
def deal(house: Any) -> Any:
    house.template("hi", "Subject: О «{{ deal.name }}»\n\nДобрый день!\n.\nточка\n")
    house.rules(HELLO)
    contact = house.add("contact", name="Ольга Чайкина", emails="olga@kafe.example")
    return house.add("deal", name="Чай для кафе", contacts=contact.id, owner="anna")


def job(house: Any) -> Any:
    return next(j for j in house.jobs() if j.robot == "hello")


def test_a_letter_leaves_by_smtp(house: Any, deal: Any, post: Any) -> None:
    assert house.tick().failures == []
    [letter] = post.letters
    assert b"To: " in letter
    assert b"olga@kafe.example" in letter
    assert job(house).state == "done"
    assert house.titles() == ["Позвонить"]
    house.tick("1h")
    assert len(post.letters) == 1


def test_a_letter_that_is_put_off_comes_again_and_the_chain_waits(
    house: Any, deal: Any, post: Any
) -> None:
    post.mode = "later"
    assert house.tick().failures == []
    assert job(house).state == "failed"
    assert "451" in job(house).reason
    assert house.titles() == []
    assert house.tick("10m").failures == []
    assert job(house).attempts == 2
    post.mode = "take"
    house.tick("30m")
    assert job(house).state == "done"
    assert len(post.letters) == 1
    assert house.titles() == ["Позвонить"]


def test_a_letter_that_is_put_off_for_days_is_given_up_with_a_notice(
    house: Any, deal: Any, post: Any
) -> None:
    post.mode = "later"
    failures: list[str] = []
    for _ in range(100):
        failures += house.tick("1h").failures
    assert len(failures) == 1
    assert job(house).state == "dead"
    assert job(house).attempts <= 8
    [notice] = house.events("notice")
    assert "was not sent" in notice.data["text"]
    assert house.titles() == []


def test_a_letter_that_is_refused_is_dead_at_once(house: Any, deal: Any, post: Any) -> None:
    post.mode = "refuse"
    [failure] = house.tick().failures
    assert "550" in failure
    assert job(house).state == "dead"
    assert house.tick("1d").failures == []
    assert post.connections == 1


def test_silence_after_the_dot_is_unknown_and_never_sent_again_unasked(
    house: Any, deal: Any, post: Any
) -> None:
    post.mode = "vanish"
    [failure] = house.tick().failures
    assert "unknown" in failure
    post.mode = "take"
    for _ in range(3):
        assert house.tick("1d").failures == []
    assert len(post.letters) == 1
    assert job(house).state == "unknown"
    assert house.titles() == []
    jobs.decide(house.ws, "resolve", [job(house).key[:8]], how="sent")
    house.tick()
    assert job(house).state == "done"
    assert house.titles() == ["Позвонить"]
    assert len(post.letters) == 1


def test_a_person_may_have_it_sent_again_under_the_same_message_id(
    house: Any, deal: Any, post: Any
) -> None:
    post.mode = "vanish"
    house.tick()
    post.mode = "take"
    jobs.decide(house.ws, "resolve", [job(house).key], how="retry")
    house.tick()
    first, second = post.letters
    assert first == second
    assert job(house).state == "done"


def test_a_server_that_is_down_is_asked_thrice_and_left_alone(
    house: Any, deal: Any, post: Any
) -> None:
    for n in range(6):
        house.add("deal", name=f"Сделка {n}", contacts=deal.contacts[0])
    post.mode = "later"
    house.tick()
    assert post.connections == 3
    post.mode = "take"
    house.tick("10m")
    assert len(post.letters) == 7


def claimed(house: Any, starts: int = 1, **claim: Any) -> str:
    """A letter in the queue whose sender died after so many starts; its key."""
    ws = house.ws
    [waiting] = [step for step in _steps(house) if step.robot.id == "hello"]
    key = str(waiting.key)
    message = Message(
        key, "sales@chai.example", ("olga@kafe.example",), "О чае", "Добрый день!\n", ws.now
    )
    deal_id = ws.rows("deal")[0]["id"]
    with ws.change("tick", actor="robot:hello") as change:
        sha = change.attach(to_bytes(message, wire=False))
        enter(change, "queued", deal_id, key, "hello", "email", to="olga@kafe.example", file=sha)
        for _ in range(starts):
            facts = {
                "lease_until": format_instant(ws.now + outbox.LEASE),
                "clone": ws.clone,
                **claim,
            }
            enter(change, "started", deal_id, key, "hello", "email", **facts)
    return key


def _steps(house: Any) -> Any:
    from crmcli.automation.record_plan import plan_for

    return plan_for(house.ws, house.ws.rows("deal")[0]["id"]).steps


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_dead_senders_letter_goes_into_the_maildir_once(house: Any, deal: Any) -> None:
    key = claimed(house, by="maildir", pid=dead_pid(), boot=outbox.this_boot())
    house.tick()
    assert jobs_of(house.ws.events())[key].state == "done"
    assert len(house.letters()) == 1


def test_a_dead_senders_letter_by_smtp_is_unknown(house: Any, deal: Any, post: Any) -> None:
    key = claimed(house, by="smtp", pid=dead_pid(), boot=outbox.this_boot())
    [failure] = house.tick().failures
    assert "crm was stopped while sending" in failure
    assert jobs_of(house.ws.events())[key].state == "unknown"
    assert post.letters == []


def test_a_living_senders_letter_is_left_alone_until_its_lease_ends(
    house: Any, deal: Any, post: Any
) -> None:
    key = claimed(house, by="smtp", pid=os.getppid(), boot=outbox.this_boot())
    assert house.tick("9m").failures == []
    assert jobs_of(house.ws.events())[key].state == "started"
    house.tick("2m")
    assert jobs_of(house.ws.events())[key].state == "unknown"


def test_a_claim_of_another_machine_counts_until_its_lease_ends(house: Any, deal: Any) -> None:
    key = claimed(house, by="maildir", pid=dead_pid(), boot="another")
    house.tick("5m")
    assert jobs_of(house.ws.events())[key].state == "started"
    house.tick("6m")
    assert jobs_of(house.ws.events())[key].state == "done"


def test_a_letter_that_brings_down_every_sender_is_given_up(house: Any, deal: Any) -> None:
    house.write("settings.yaml", UNTOLD)
    key = claimed(house, starts=3, by="maildir", pid=dead_pid(), boot=outbox.this_boot())
    [failure] = house.tick().failures
    assert "started 3 times and never finished" in failure
    assert jobs_of(house.ws.events())[key].state == "dead"
    assert not [text for text in house.letters() if "To: olga@kafe" in text.partition("\n\n")[0]]


def test_wrong_settings_lose_no_letter(house: Any, deal: Any) -> None:
    house.write(
        "settings.yaml",
        "channels: {mail: {deliver: 'smtp://u@127.0.0.1:9', from: a@b.ru, password: 'env:NOT_SET'}}\n",
    )
    house.tick()
    assert job(house).state == "failed"
    assert "NOT_SET" in job(house).reason
    house.write("settings.yaml", "channels: {mail: {from: a@b.ru}}\n")
    house.tick("10m")
    assert job(house).state == "done"
    assert len(house.letters()) == 1


def test_a_letter_that_waits_still_leaves_after_the_record_moved_on(
    house: Any, deal: Any, post: Any
) -> None:
    from crmcli.sales import stages

    post.mode = "later"
    house.tick()
    stages.move(house.ws, deal.id, "talks")
    post.mode = "take"
    house.tick("10m")
    assert len(post.letters) == 1
    assert house.titles() == []


def test_what_is_kept_is_read_back_as_the_same_letter() -> None:
    from datetime import UTC, datetime

    message = Message(
        "key", "Чайный дом <sales@chai.example>", ("Ольга <olga@kafe.example>", "b@b.example"),
        "О «чае»: длинная тема, которая никак не помещается в одну строку заголовка письма",
        "Добрый день!\n\n.\n-- \nАнна\n", datetime(2026, 11, 23, 9, tzinfo=UTC), html="<p>Добрый день!</p>\n",
        reply_to="anna@chai.example", automatic=True,
        attachments=(AttachedFile("предложение.pdf", "application/pdf", b"%PDF\x00\xff"),
                     AttachedFile("notes.txt", "text/plain", "чай\n".encode())),
    )  # fmt: skip
    kept = to_bytes(message, wire=False)
    again = from_bytes(kept, "key")
    assert again == message
    assert to_bytes(again, wire=False) == kept
    assert to_bytes(again, wire=True) == to_bytes(message, wire=True)


def test_a_letter_of_a_record_that_was_removed_is_called_off(
    house: Any, deal: Any, post: Any
) -> None:
    from crmcli.sales.records import remove

    post.mode = "later"
    house.tick()
    remove.remove(house.ws, deal.id)
    post.mode = "take"
    house.tick("1h")
    assert job(house).state == "cancelled"
    assert post.letters == []
