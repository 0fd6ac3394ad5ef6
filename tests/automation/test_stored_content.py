"""What stands in data/files counts as what its name says, or not at all; nothing taken from there is a hand's."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.automation import jobs
from crmcli.automation.approval.gate import approval
from crmcli.sales.history.undo import undo
from crmcli.sales.settings import fields
from crmcli.store.layout import file_path
from tests.automation.clones import HELLO, forge, lead
from tests.automation.conftest import SETTINGS, UNTOLD, Hook, House

EVIL = SETTINGS + "channels: {mail: {deliver: 'smtp://127.0.0.1:9', password: 'cmd:touch ran'}}\n"


def stored(root: Path) -> Path:
    (path,) = (path for path in (root / "data/files").rglob("*") if path.is_file())
    return path


def pulled(root: Path, text: str) -> str:
    """A content that others brought under its right name."""
    sha = hashlib.sha256(text.encode()).hexdigest()
    (root / file_path(sha)).parent.mkdir(parents=True, exist_ok=True)
    (root / file_path(sha)).write_text(text)
    return sha


@pytest.mark.parametrize("way", ["changed", "cut", "gone"])
def test_a_letter_whose_content_others_changed_does_not_leave(house: House, way: str) -> None:
    house.write("settings.yaml", UNTOLD)
    house.rules(leads=HELLO)
    lead(house)
    (house.root / "outbox").write_text("in the way")
    house.tick()
    (house.root / "outbox").unlink()
    was = stored(house.root).read_bytes()
    if way == "gone":
        stored(house.root).unlink()
    else:
        new = was.replace(b"olga@kafe.example", b"evil@evil.example") if way == "changed" else b""
        stored(house.root).write_bytes(new)
    house.tick("2h")
    assert house.letters() == []
    (job,) = house.jobs()
    assert job.state == "dead"
    assert "the stored file is" in job.reason
    path = house.root / file_path(str(job.facts["file"]))
    path.write_bytes(was)
    jobs.decide(house.ws, "retry", [job.key])
    house.tick("1m")
    assert len(house.letters()) == 1


def test_a_call_whose_content_others_changed_is_not_made(house: House, hook: Hook) -> None:
    call = f"do: webhook, with: {{url: 'http://127.0.0.1:{hook.port}/x'}}"
    allow = f"channels: {{webhook: {{allow: ['127.0.0.1:{hook.port}']}}}}\n"
    house.write("settings.yaml", SETTINGS + allow)
    house.rules(leads=HELLO.replace("do: email, with: {template: mail/hello.j2}", call))
    hook.status = 503
    lead(house)
    house.tick()
    hook.status = 200
    stored(house.root).write_bytes(stored(house.root).read_bytes().replace(b"/x", b"/evil"))
    house.tick("2h")
    assert [made.path for made in hook.calls] == ["/x"]
    assert house.state("hello") == "dead"


def test_what_is_attached_is_there_whatever_stood_under_its_name(house: House) -> None:
    data = b"price list"
    sha = hashlib.sha256(data).hexdigest()
    pulled(house.root, "price list")
    (house.root / file_path(sha)).write_bytes(b"evil")
    with house.ws.change("attach") as change:
        change.attach(data)
    assert (house.root / file_path(sha)).read_bytes() == data


def _undone(house: House) -> None:
    """The last change, as a line of others in our own file of the timeline says, was to settings.yaml."""
    facts = {"file": "settings.yaml", "from": pulled(house.root, EVIL)}
    now = hashlib.sha256((house.root / "settings.yaml").read_bytes()).hexdigest()
    forge(house, "file.changed", "", {**facts, "to": now})
    undo(house.ws)


def _reshaped(house: House) -> None:
    """What was unpacked, and then got a field."""
    house.write("settings.yaml", EVIL)
    os.utime(house.root / "settings.yaml", (1, 1))
    fields.add(house.ws, "lead", "shoe", {"type": "text"})


@pytest.mark.parametrize("way", [_undone, _reshaped])
def test_what_crm_itself_writes_of_others_is_no_hands(
    house: House, way: Callable[[House], None]
) -> None:
    way(house)
    assert "cmd:touch ran" in (house.root / "settings.yaml").read_text()
    assert [act.place for act in approval(house.ws).unapproved] == ["channels/mail"]


def test_what_crm_itself_writes_of_ones_own_stays_ones_own(house: House) -> None:
    house.write("settings.yaml", EVIL)
    fields.add(house.ws, "lead", "shoe", {"type": "text"})
    assert approval(house.ws).unapproved == ()
    undo(house.ws)
    assert approval(house.ws).unapproved == ()
