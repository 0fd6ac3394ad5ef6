"""A channel is its file in channels/ and its row in model/channels; nothing else knows it by name."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import crmcli.automation.actions
import crmcli.channels
from crmcli.automation import jobs, robot_trial
from crmcli.automation.approval.gate import approval, approve, queued_elsewhere
from crmcli.automation.job_failures import jobs_here
from crmcli.automation.simulate import rehearse
from crmcli.automation.unrecorded_sends import unrecorded
from crmcli.model.action import Action, Param
from crmcli.model.actions import ACTIONS
from crmcli.model.channels import CHANNELS, Channel
from crmcli.present import automation
from tests.automation.conftest import UNTOLD, House

SENDER = '''
    """SMS, as far as a file goes that stands for a phone."""

    import os
    from pathlib import Path

    from crmcli.channels.base import Prepared, Sender
    from crmcli.channels.outcome import Failed, Sent


    class Pager(Sender):
        noun = "an SMS"
        event = "sms.out"

        @property
        def transport(self):
            return "phone"

        def prepared(self, message, now):
            text = message.content.decode()
            return Prepared(lambda: self._send(message, text), {"text": text, "to": message.facts["to"]})

        def _send(self, message, text):
            phone = Path(self.settings.channels["pager"]["phone"])
            mode = (phone / "mode").read_text()
            if mode == "off":
                return Failed("the phone is off", again=True)
            with (phone / "sent").open("a") as sent:
                sent.write(f"{message.facts['to']}: {text}\\n")
            if mode == "break":
                raise RuntimeError("the phone broke")
            if mode == "die":
                os._exit(9)
            return Sent("phone")

        @classmethod
        def shown(cls, message):
            return {"text": message.content.decode()}

        @classmethod
        def to_approve(cls, declared):
            return f"SMS leave by {declared['phone']}"


    SENDER = Pager
'''
ACTION = """
    from crmcli.automation.actions.work import Effect


    def run(work):
        facts = {"to": work.text("to"), "file": work.change.attach(work.text("text").encode())}
        return Effect("queued", facts, f"to {facts['to']}")


    def announced(params):
        return f"sends an SMS to {params.get('to')}"
"""
RULES = """
    stages:
      - id: new
        name: Новая
        robots: [{id: hello, do: pager, with: {text: 'О «{{ deal.name }}»', to: '+79161234567'}}]
"""


@pytest.fixture
def phone(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that stands for a phone, and a workspace whose robot sends by it."""
    for package, text in ((crmcli.channels, SENDER), (crmcli.automation.actions, ACTION)):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / "pager.py").write_text(textwrap.dedent(text))
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    monkeypatch.setitem(CHANNELS, "pager", Channel("Pagers.", {"phone": "A folder."}))
    params = (Param("text", "text", "What to say.", required=True), Param("to", "text", "A phone."))
    monkeypatch.setitem(ACTIONS, "pager", Action("A page.", params, leaves="pager"))
    place = tmp_path / "phone"
    place.mkdir()
    (place / "mode").write_text("on")
    house.write("settings.yaml", UNTOLD + f"channels: {{pager: {{phone: '{place}'}}}}\n")
    house.rules(RULES)
    yield place
    for package in (crmcli.channels, crmcli.automation.actions):
        sys.modules.pop(f"{package.__name__}.pager", None)
        package.__dict__.pop("pager", None)


def sent(phone: Path) -> list[str]:
    return (phone / "sent").read_text("utf-8").splitlines() if (phone / "sent").exists() else []


def state(house: House) -> str:
    [job] = [one for one in jobs_here(house.ws).values() if one.action == "pager"]
    return job.state


def test_a_channel_of_ones_own_delivers_once(house: House, phone: Path) -> None:
    deal = house.add("deal", name="Чай")
    [line] = [line for line in rehearse(house.ws, house.now) if line.record == deal.id]
    assert line.what == "pager: to +79161234567"
    assert sent(phone) == []
    assert house.tick().failures == []
    house.tick("1h")
    assert sent(phone) == ["+79161234567: О «Чай»"]
    [told] = house.events("sms.out", deal.id)
    assert told.data["text"] == "О «Чай»"
    [started] = house.events("job.started")
    assert started.data["by"] == "phone"
    [job] = jobs.listed(house.ws, ("done",))
    assert (job.action, job.facts["to"]) == ("pager", "+79161234567")


def test_a_trial_shows_what_would_leave(house: House, phone: Path) -> None:
    deal = house.add("deal", name="Чай")
    trial = robot_trial.run(house.ws, "hello", deal.id)
    assert automation.trial_row(house.ws, trial)["message"] == {"text": "О «Чай»"}
    assert automation.trial_text(house.ws, trial).endswith("О «Чай»")
    assert sent(phone) == []


def test_it_is_tried_again_and_rests_after_some_failures(house: House, phone: Path) -> None:
    for n in range(5):
        house.add("deal", name=f"Чай {n}")
    (phone / "mode").write_text("off")
    house.tick()
    assert len(house.events("job.failed")) == 3
    (phone / "mode").write_text("on")
    house.tick("10m")
    assert len(sent(phone)) == 5


def test_a_bug_while_it_sends_leaves_open_whether_it_left(house: House, phone: Path) -> None:
    house.add("deal", name="Чай")
    (phone / "mode").write_text("break")
    house.tick()
    assert state(house) == "unknown"
    (phone / "mode").write_text("on")
    house.tick("1d")
    assert len(sent(phone)) == 1
    [job] = jobs.listed(house.ws, ("unknown",))
    jobs.decide(house.ws, "resolve", [job.key], how="retry")
    house.tick("1m")
    assert len(sent(phone)) == 2


def test_a_sender_that_died_is_not_repeated(house: House, phone: Path) -> None:
    import os

    house.add("deal", name="Чай")
    (phone / "mode").write_text("die")
    child = os.fork()
    if not child:
        house.tick()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    (phone / "mode").write_text("on")
    assert any("unknown" in line for line in house.tick("1m").failures)
    assert state(house) == "unknown"
    assert len(sent(phone)) == 1
    assert unrecorded(house.ws) == []


def test_what_came_from_elsewhere_waits_for_approval(house: House, phone: Path, clone: Any) -> None:
    (phone / "mode").write_text("off")
    house.add("deal", name="Чай")
    house.tick()
    other = clone()
    (phone / "mode").write_text("on")
    assert [str(act) for act in approval(other.ws).unapproved] == [
        "sales/new/hello sends an SMS to +79161234567",
        f"channels/pager SMS leave by {phone}",
    ]
    [queued] = queued_elsewhere(other.ws)
    assert "an SMS to +79161234567, queued in another clone" in str(queued)
    other.tick("1h")
    assert sent(phone) == []
    approve(other.ws, queued_elsewhere(other.ws))
    other.tick("1h")
    assert sent(phone) == []
    approve(other.ws, approval(other.ws).unapproved)
    other.tick("1h")
    assert sent(phone) == ["+79161234567: О «Чай»"]


def test_what_only_a_newer_crm_can_send_does_not_leave(
    house: House, phone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (phone / "mode").write_text("off")
    house.add("deal", name="Чай")
    house.tick()
    (phone / "mode").write_text("on")
    monkeypatch.delitem(CHANNELS, "pager")
    house.write("settings.yaml", UNTOLD)
    house.tick("10m")
    [job] = jobs_here(house.ws).values()
    assert job.state == "failed"
    assert "no channel" in job.reason
    assert sent(phone) == []
