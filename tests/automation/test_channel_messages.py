"""SMS, chat messages and automatic calls: queued, then handed to a program or a web address, at most once."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer
from threading import Thread
from typing import Any

import pytest

from crmcli.automation import health, jobs, robot_trial
from crmcli.automation.approval.gate import approval
from crmcli.automation.config_checks import look_through
from crmcli.automation.explain import explain
from crmcli.automation.simulate import rehearse
from crmcli.channels import own, webhook
from crmcli.model import sent
from crmcli.model.values import format_instant
from crmcli.present import automation
from crmcli.sales.consent import block_list, permission
from tests import kit
from tests.automation.conftest import SETTINGS, Hook, House

SAYS = "with: {text: 'О «{{ deal.name }}»'}"
RULES = kit.robots(f"{{id: hello, do: sms, {SAYS}}}")
TAKES = """
import json, sys
given = json.load(sys.stdin)
print(json.dumps(given, ensure_ascii=False), file=open("taken", "a"))
json.dump({"values": {"id": 17}}, sys.stdout)
"""
CLIENT = "+79161234567"


def channel(
    house: House, declared: str = "sms: {run: send}", text: str = TAKES, **more: str
) -> None:
    path = house.root / "robots.d/send"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{text}\n", "utf-8")
    path.chmod(0o755)
    extra = "".join(f"{key}: {value}\n" for key, value in more.items())
    house.write("settings.yaml", SETTINGS + f"channels: {{{declared}}}\n{extra}")


def deal(house: House, *phones: str, **fields: str) -> Any:
    client = house.add("contact", name="Ольга", phones=[*(phones or [CLIENT])])
    return house.add("deal", name="Чай", contacts=client.id, owner="anna", **fields)


def taken(house: House) -> list[dict[str, Any]]:
    path = house.root / "taken"
    return (
        [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    )


@pytest.mark.parametrize(
    ("do", "kind"), [("sms", "sms.out"), ("chat", "message.out"), ("call", "call.out")]
)
def test_it_is_handed_to_a_program_once(house: House, do: str, kind: str) -> None:
    channel(house, f"{do}: {{run: send}}")
    house.rules(
        kit.robots(
            f"{{id: hello, do: {do}, {SAYS}}}",
            "{id: tell, do: comment, with: {text: 'номер {{ robots.hello.id }}'}, wait: previous}",
        )
    )
    record = deal(house, "8 916 123-45-67")
    assert house.tick().failures == []
    house.tick("1h")
    [given] = taken(house)
    key = given.pop("key")
    assert given == {
        "channel": do,
        "robot": "hello",
        "record": record.id,
        "name": "Чай",
        "to": CLIENT,
        "text": "О «Чай»",
    }
    [told] = house.events(kind, record.id)
    assert (told.data["text"], told.data["number"]) == ("О «Чай»", CLIENT)
    [job] = [job for job in house.jobs() if job.robot == "hello"]
    assert (job.state, job.key, job.facts["to"]) == ("done", key, CLIENT)
    assert [note.data["text"] for note in house.events("note", record.id)] == ["номер 17"]


def test_until_the_channel_is_set_up_it_waits_and_says_for_what(house: House) -> None:
    house.rules(RULES)
    record = deal(house)
    why = "SMS are not set up: channels: {sms: {provider: NAME}} in settings.yaml, see crm help sms"
    [planned] = [one for one in rehearse(house.ws, house.now) if one.record == record.id]
    assert planned.what.endswith(f"О «Чай»» to {CLIENT}; {why}")
    assert house.tick().failures == [why]
    assert house.tick("1d").failures == []  # it was said
    assert house.state("hello") == "queued"
    ws = house.ws
    [row] = automation.jobs(ws, jobs.listed(ws), "").rows
    assert (row["state"], row["reason"]) == ("queued", why)
    assert [(line.state, line.why) for line in explain(ws, record.id)] == [("queued", why)]
    assert f"messages wait: {why}" in [one.message for one in health.automation_problems(ws)]
    [odd] = look_through(house.root, house.now).oddities
    assert odd.message == f"robot 'hello' waits: {why}"
    before = len(house.events())
    house.tick("1d")
    assert len(house.events()) == before  # waiting costs no line
    channel(house)
    assert house.tick().failures == []
    assert [one["to"] for one in taken(house)] == [CLIENT]
    assert house.state("hello") == "done"
    assert look_through(house.root, house.now).oddities == ()


def test_a_program_that_is_not_there_is_waited_for(house: House) -> None:
    channel(house)
    (house.root / "robots.d/send").unlink()
    house.rules(RULES)
    deal(house)
    [failure] = house.tick().failures
    assert failure.startswith("robots.d/send cannot be run")
    channel(house)
    house.tick("1m")
    assert house.state("hello") == "done"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("raise SystemExit(3)", "skipped"),
        ("raise SystemExit(75)", "failed"),
        ("raise SystemExit('нет денег')", "dead"),
        ("print('ok')", "unknown"),
        ("print('x' * 70000)", "unknown"),
        ("import os; os.kill(os.getpid(), 9)", "unknown"),
        ("import time; time.sleep(60)", "unknown"),
    ],
)
def test_how_a_program_may_end(
    house: House, monkeypatch: pytest.MonkeyPatch, text: str, state: str
) -> None:
    monkeypatch.setattr(own, "SECONDS", 1.0)
    channel(house, text=text)
    house.rules(RULES)
    deal(house)
    house.tick()
    assert house.state("hello") == state
    house.tick("1d")
    assert house.state("hello") == state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "done"),
        (400, "dead"),
        (429, "failed"),
        (500, "unknown"),
        (502, "unknown"),
        (503, "failed"),
    ],
)
def test_it_is_posted_to_an_address(house: House, hook: Hook, status: int, state: str) -> None:
    hook.status = status
    at = f"127.0.0.1:{hook.port}"
    secret = house.root / "secret"
    secret.write_text("s3cret")
    secret.chmod(0o600)
    declared = f"sms: {{url: 'http://{at}/sms', secret: 'file:{secret}'}}"
    channel(house, f"{declared}, webhook: {{allow: ['{at}']}}")
    house.rules(RULES)
    deal(house)
    house.tick()
    assert house.state("hello") == state
    [call] = hook.calls
    assert json.loads(call.body)["to"] == CLIENT
    assert call.headers["webhook-signature"]
    house.tick("10m")
    assert len(hook.calls) == (2 if state == "failed" else 1)


def test_an_address_that_nobody_answers_is_tried_again(house: House) -> None:
    channel(house, "sms: {url: 'http://127.0.0.1:1/sms'}, webhook: {allow: ['127.0.0.1:1']}")
    house.rules(RULES)
    deal(house)
    house.tick()
    assert house.state("hello") == "failed"


@pytest.mark.parametrize(
    ("do", "phones", "to"),
    [
        ("sms", ["+7 495 123-45-67", "моб. +7 916 123-45-67"], CLIENT),
        ("chat", ["+79991112233", CLIENT], "+79991112233"),
        ("call", ["+7 495 123-45-67"], "+74951234567"),
        ("call", ["факс +7 495 123-45-67", CLIENT], CLIENT),
        ("sms", ["+7 495 123-45-67"], ""),
        ("sms", ["101"], ""),
    ],
)
def test_which_number_is_taken(house: House, do: str, phones: list[str], to: str) -> None:
    channel(house, f"{do}: {{run: send}}")
    house.rules(kit.robots(f"{{id: hello, do: {do}, {SAYS}}}"))
    deal(house, *phones)
    house.tick()
    assert [one["to"] for one in taken(house)] == ([to] if to else [])
    if not to:
        [job] = house.jobs()
        assert (job.state, job.reason) == ("skipped", "there is no phone number for it")


def test_to_a_number_or_one_of_us_by_a_template(house: House) -> None:
    channel(house)
    house.write(
        "settings.yaml",
        SETTINGS.replace("email: anna@chai.example", "phone: '8 (916) 000-00-01'")
        + "channels: {sms: {run: send}}\nautomation: {most_messages: 1 per week}\n",
    )
    (house.root / "templates/sms").mkdir()
    house.write("templates/sms/big.j2", "Крупная: {{ deal.name }}\n\n")
    says = "template: sms/big.j2"
    house.rules(
        kit.robots(
            f"{{id: hello, do: sms, with: {{{says}, to: owner}}}}",
            f"{{id: again, do: sms, with: {{{says}, to: Анна Петрова}}}}",
            f"{{id: other, do: sms, with: {{{says}, to: '8 495 000 00 02'}}}}",
            f"{{id: nobody, do: sms, with: {{{says}, to: boris}}}}",
        )
    )
    deal(house)
    assert house.tick().failures == []
    numbers = sorted(one["to"] for one in taken(house))
    assert numbers == [
        "+74950000002",
        "+79160000001",
        "+79160000001",
    ]  # a landline too, if it is named
    assert {one["text"] for one in taken(house)} == {"Крупная: Чай"}
    assert house.state("nobody") == "skipped"


def test_the_gate_asks_them_as_it_asks_mail(house: House) -> None:
    channel(house, "sms: {run: send}, call: {run: send}, chat: {run: send}")
    later = "after: 1h"
    house.rules(
        kit.robots(*(f"{{id: {do}, do: {do}, {SAYS}, {later}}}" for do in ("sms", "chat", "call")))
    )
    record = deal(house)
    permission.decide(house.ws, record.contacts[0], {"sms": False})
    house.tick("1h")
    house.tick("1h")
    assert [house.state(do) for do in ("sms", "chat", "call")] == ["skipped", "skipped", "done"]
    [reason] = {job.reason for job in house.jobs() if job.robot == "sms"}
    assert "must not be written to: do_not has sms" in reason


def queued(house: House, **settings: str) -> Any:
    """A message that waits for its channel, which is then set up with these settings."""
    house.rules(RULES)
    record = deal(house)
    house.tick()
    assert house.state("hello") == "queued"
    channel(house, **settings)
    return record


def test_who_refuses_meanwhile_gets_nothing(house: House) -> None:
    record = queued(house)
    permission.decide(house.ws, record.contacts[0], {"sms": False})
    house.tick("1h")
    assert (house.state("hello"), taken(house)) == ("skipped", [])


def test_nor_who_is_on_the_block_list_by_then(house: House) -> None:
    queued(house)
    block_list.add(house.ws, [CLIENT])
    house.tick("1h")
    assert (house.state("hello"), taken(house)) == ("skipped", [])


def test_it_waits_for_the_end_of_quiet_time_where_the_client_is(house: House) -> None:
    queued(house, automation="{quiet_hours: '10:00-13:00'}")
    house.tick()  # noon in Moscow
    [job] = house.jobs()
    assert (job.state, "quiet time" in job.reason, taken(house)) == ("queued", True, [])
    house.tick("1h")
    assert house.state("hello") == "done"


def test_too_late_is_not_said(house: House) -> None:
    house.rules(kit.robots(f"{{id: hello, do: sms, {SAYS}, max_late: 1d}}"))
    deal(house)
    house.tick()
    channel(house)
    house.tick("2d")
    assert (house.state("hello"), taken(house)) == ("missed", [])


def test_messages_of_every_channel_count_together(house: House) -> None:
    channel(house, "sms: {run: send}", automation="{most_messages: 1 per week}")
    house.template("hi", "Subject: Привет\n\nДобрый день!\n")
    house.rules(
        kit.robots("{id: mail, do: email, with: {template: mail/hi.j2}}", f"{{id: hello, do: sms, {SAYS}, after: 1h}}")
    )  # fmt: skip
    client = house.add("contact", name="Ольга", phones=CLIENT, emails="olga@kafe.example")
    house.add("deal", name="Чай", contacts=client.id, owner="anna")
    house.tick()
    house.tick("1h")
    assert (house.state("mail"), house.state("hello"), taken(house)) == ("done", "skipped", [])


def test_what_came_by_pull_hands_over_nothing_before_it_is_approved(
    house: House, clone: Any
) -> None:
    channel(house)
    house.rules(RULES)
    record = deal(house)
    other = clone()
    waiting = {act.place for act in approval(other.ws).unapproved}
    assert {"sales/new/hello", "channels/sms", "robots.d/send"} <= waiting
    other.tick()
    assert not other.events("job.queued", record.id)
    assert taken(other) == []


def test_what_a_channel_would_do_is_said(house: House) -> None:
    channel(house, "sms: {run: send}, call: {url: 'https://exchange.example/call?token=abc', secret: 'cmd:pass x'}")  # fmt: skip
    house.rules(RULES)
    said = [str(act) for act in approval(house.ws).acts]
    assert "channels/sms SMS go to robots.d/send" in said
    assert "robots.d/send may run" in said
    assert "sales/new/hello sends «О «{{ deal.name }}»» to the client (sms)" in said
    [calls] = [line for line in said if line.startswith("channels/call")]
    assert "running `pass x` for its secret" in calls
    assert "abc" not in calls


def test_a_trial_shows_the_text(house: House) -> None:
    house.rules(RULES)
    record = deal(house)
    trial = robot_trial.run(house.ws, "hello", record.id)
    assert f"To: {CLIENT}\n\nО «Чай»\n" in automation.trial_text(house.ws, trial)
    told = automation.trial_row(house.ws, trial)["message"]
    assert (told["to"], told["text"]) == (CLIENT, "О «Чай»")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{}", "it says nothing"),
        ("{to: '+79161234567'}", "it says nothing"),
        ("{text: да, template: sms/no.j2}", "both say the same thing"),
        ("{template: sms/no.j2}", "no template templates/sms/no.j2"),
        ("{text: да, to: '+7 12'}", "'+7 12'"),
        ("{text: да, to: veronika}", "no user 'veronika'"),
        ("{text: 'да {{ deal.nmae }}'}", "nmae"),
    ],
)
def test_what_is_wrong_is_told(house: House, given: str, told: str) -> None:
    house.rules(kit.robots(f"{{id: hello, do: sms, with: {given}}}"))
    faults = " ".join(one.message for one in look_through(house.root, house.now).faults)
    assert told in faults


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ("{run: ../send}", "the name of a program"),
        ("{run: send, url: 'https://a.example/'}", "both take the messages"),
        ("{url: 'https://me:pass@a.example/'}", "is not an address"),
        ("{url: 'ftp://a.example/'}", "is not an address"),
        ("{url: 'https://a.example/', secret: hunter2}", "does not belong in this file"),
        ("{phone: x}", "phone"),
    ],
)
def test_what_is_wrong_with_a_channel_is_told(house: House, declared: str, told: str) -> None:
    house.write("settings.yaml", SETTINGS + f"channels: {{sms: {declared}}}\n")
    faults = " ".join(one.message for one in look_through(house.root, house.now).faults)
    assert told in faults
    assert "pass@" not in faults
    assert "hunter2" not in faults


def test_who_dies_in_the_middle_leaves_it_unknown(house: House, tmp_path: Path) -> None:
    import os
    import signal
    import subprocess

    channel(house, text="import os, time; print(1, file=open('taken', 'a')); time.sleep(30)")
    house.rules(RULES)
    deal(house)
    code = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from crmcli.workspace import Workspace; from crmcli.automation.tick import tick\n"
        "tick(Workspace.open(Path(sys.argv[1]), user='anna', now=datetime.fromisoformat(sys.argv[2])))"
    )
    words = [sys.executable, "-c", code, str(house.root), house.now.isoformat()]
    with subprocess.Popen(words) as process:
        while not (house.root / "taken").exists() and process.poll() is None:
            pass
        os.kill(process.pid, signal.SIGKILL)
    house.tick("1h")
    assert house.state("hello") == "unknown"
    assert (house.root / "taken").read_text() == "1\n"


class Liar(BaseRequestHandler):
    """Takes a call, then hangs or hangs up without an answer, or answers what is none."""

    def handle(self) -> None:
        self.request.recv(65536)
        self.server.calls.append(1)
        if self.server.mode == "hang":
            time.sleep(1.5)
        elif self.server.mode == "lie":
            self.request.sendall(b"200 fine\r\n\r\n")


@pytest.mark.parametrize("mode", ["hang", "drop", "lie"])
def test_an_address_that_lies_leaves_it_unknown(
    house: House, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(webhook.post, "__defaults__", ((), 0.5))
    with TCPServer(("127.0.0.1", 0), Liar) as server:
        server.mode, server.calls = mode, []  # type: ignore[attr-defined]  # for its handler
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        at = f"127.0.0.1:{server.server_address[1]}"
        channel(house, f"sms: {{url: 'http://{at}/'}}, webhook: {{allow: ['{at}']}}")
        house.rules(RULES)
        deal(house)
        house.tick()
        house.tick("1d")
        server.shutdown()
        assert (house.state("hello"), len(server.calls)) == ("unknown", 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("once", "to"), [("", ""), ("once: yes, ", ", to: '+79160000009'")])
def test_a_schedule_hands_them_over_too(house: House, once: str, to: str) -> None:
    channel(house)
    text = "text: 'Записей: {{ records | length }}'" if once else "text: 'О «{{ deal.name }}»'"
    act = f"cron: '0 12 * * *', {once}where: 'stage = new', do: sms, with: {{{text}{to}}}"
    stages = "stages:\n  - {id: new, name: Новая}\n"
    house.rules(f"{stages}schedules:\n  - {{id: week, {act}}}\n")
    deal(house)
    house.tick()
    house.tick("1d")
    said = {"О «Чай»"} if not once else {"Записей: 1"}
    assert {one["text"] for one in taken(house)} == said


def test_a_backlog_that_waits_for_its_channel_is_not_read(house: House) -> None:
    house.rules(RULES)
    for _ in range(3):
        deal(house)
    house.tick()
    ws = house.ws
    assert ws.agenda.ready_channels(format_instant(house.now)) == ["sms"]
    assert ws.agenda.ready_jobs(format_instant(house.now), ("", ""), ["sms"]) == []
    channel(house)
    assert house.tick().failures == []
    assert len(taken(house)) == 3


def test_nobody_else_who_has_the_number_and_refuses_gets_it(house: House) -> None:
    queued(house)
    other = house.add("contact", name="Сестра", phones=CLIENT)
    permission.decide(house.ws, other.id, {"sms": False})
    house.tick("1h")
    assert (house.state("hello"), taken(house)) == ("skipped", [])


def test_what_was_queued_for_one_number_goes_to_no_other(house: House) -> None:
    deal_id = queued(house).id
    [job] = house.jobs()
    content = json.dumps({"to": "+79990000000", "text": "x"}).encode()
    with house.ws.change("tick") as change:
        facts = {**job.facts, "file": change.attach(content)}
        change.note_sent(sent.queued_line(job.key, facts))
        change.note("job.queued", deal_id, facts)
    house.tick("1m")
    assert (house.state("hello"), taken(house)) == ("dead", [])
