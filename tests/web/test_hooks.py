"""What providers call: checked as they document it, kept before it is answered, one call however often it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from crmcli.automation.approval import gate
from crmcli.web import known_secrets
from tests.kit import contact
from tests.web.hook_site import SECRET, Site


@pytest.fixture
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("CALL_SECRET", SECRET)
    made = Site(folder, "{provider: zadarma, key: k1, secret: env:CALL_SECRET}")
    yield made
    made.writer.stop()


FIELDS = {
    "NOTIFY_START": "caller_id called_did call_start",
    "NOTIFY_INTERNAL": "caller_id called_did call_start",
    "NOTIFY_ANSWER": "caller_id destination call_start",
    "NOTIFY_END": "caller_id called_did call_start",
    "NOTIFY_OUT_START": "internal destination call_start",
    "NOTIFY_OUT_END": "internal destination call_start",
    "NOTIFY_RECORD": "pbx_call_id call_id_with_rec",
}


def zadarma(site: Site, secret: str = SECRET, signature: str = "", **said: str) -> Any:
    """A notice as Zadarma sends it: a form, and base64 of the hexadecimal HMAC-SHA1 of some of its fields."""
    signed = "".join(said.get(name, "") for name in FIELDS[said["event"]].split())
    made = hmac.new(secret.encode(), signed.encode(), hashlib.sha1).hexdigest()
    headers = {"Signature": signature or base64.b64encode(made.encode()).decode()}
    return site.client.post(
        "/hooks/call", data=urlencode(said), headers=headers,
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip


CALL = {"caller_id": "79161234567", "called_did": "74950000001", "call_start": "2026-11-23 11:00:00",
        "pbx_call_id": "in_1"}  # fmt: skip
END = {**CALL, "event": "NOTIFY_END", "internal": "101", "duration": "65", "disposition": "answered",
       "is_recorded": "1", "call_id_with_rec": "1700000000.17"}  # fmt: skip


def test_the_notices_of_one_call_are_one_call(site: Site) -> None:
    record = {"event": "NOTIFY_RECORD", "pbx_call_id": "in_1", "call_id_with_rec": "1700000000.17"}
    told = [
        {"event": "NOTIFY_START", **CALL},
        {"event": "NOTIFY_INTERNAL", **CALL, "internal": "101"},
        {"event": "NOTIFY_ANSWER", **CALL, "destination": "101", "internal": "101"},
        record,  # before the end, as may be
        END,
    ]
    for one in [*told, *told]:
        assert zadarma(site, **one).status_code == 200
    [(kind, lead, said)] = site.timeline()
    assert kind == "call.in"
    assert said["number"] == "79161234567"
    assert (said["duration"], said["user"]) == (65, "anna")
    assert said["at"] == "2026-11-23T08:00:00Z"
    assert site.timeline()[0][2]["recording_id"] == "1700000000.17"
    made = site.ws().get(lead)
    assert made.get("owner") == "anna"
    assert len(site.kept()) == len(told)  # each as it came
    assert len(site.ws().select("lead")) == 1


def test_a_missed_call_an_outgoing_one_and_one_between_extensions(site: Site) -> None:
    known = contact(site.ws(), name="Мария", phones=["8 (916) 123-45-67"])
    missed = {**END, "internal": "", "duration": "0", "disposition": "no answer"}
    out = {"event": "NOTIFY_OUT_END", "pbx_call_id": "out_1", "caller_id": "74950000001",
           "internal": "102", "destination": "+7 916 123 45 67", "call_start": "2026-11-23 11:30:00",
           "duration": "10", "disposition": "answered"}  # fmt: skip
    inner = {**out, "pbx_call_id": "out_2", "destination": "101"}
    hidden = {**END, "pbx_call_id": "in_2", "caller_id": "anonymous"}
    for one in (missed, out, inner, hidden):
        assert zadarma(site, **one).status_code == 200
    assert [(k, r) for k, r, _ in site.timeline()] == [
        ("call.missed", known.id), ("call.out", known.id)]  # fmt: skip
    assert site.timeline()[1][2]["user"] == "boris"
    assert site.ws().select("lead") == ()


def test_what_was_signed_long_ago_makes_nothing(site: Site) -> None:
    old = {**END, "call_start": "2026-11-20 11:00:00"}
    assert zadarma(site, **old).status_code == 403
    assert zadarma(site, **{**END, "call_start": "yesterday"}).status_code == 400
    assert zadarma(site, **{**END, "duration": "x"}).status_code == 200  # kept: a person may look
    assert site.timeline() == []
    [one] = site.kept()
    assert (one.state, "x" in one.why) == ("unreadable", True)


@pytest.mark.parametrize("wrong", ["AAAA", "", "x" * 5000])
def test_what_is_not_signed_makes_nothing(
    site: Site, wrong: str, capfd: pytest.CaptureFixture[str]
) -> None:
    refused = zadarma(site, secret="other", signature=wrong, **END)
    assert refused.status_code == 403
    assert why(capfd) == "the signature is not that of Zadarma"
    assert site.timeline() == []
    assert site.kept() == []


def test_the_address_is_confirmed_by_an_echo_that_is_no_page(site: Site) -> None:
    assert site.client.get("/hooks/call?zd_echo=abc123").text == "abc123"
    assert site.client.get("/hooks/call?zd_echo=%3Cscript%3E").status_code == 400
    assert site.client.get("/hooks/sms?zd_echo=abc").status_code == 404
    assert site.client.post("/hooks/%2e%2e").status_code == 404


def test_a_secret_that_is_not_there_refuses_and_loses_nothing_that_was_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALL_SECRET")
    assert zadarma(site, **END).status_code == 400
    monkeypatch.setenv("CALL_SECRET", SECRET)
    assert zadarma(site, **END).status_code == 200
    assert len(site.timeline()) == 1


def test_settings_that_nobody_approved_are_not_used(
    site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # also where they were used before
        gate.revoke(site.ws())
        assert zadarma(site, **END).status_code == 503
        assert why(capfd) == "waiting for crm trust"
        gate.approve(site.ws(), gate.approval(site.ws()).unapproved)
        assert zadarma(site, **END).status_code == 200


def why(capfd: pytest.CaptureFixture[str]) -> str:
    """What the log says of the last answer."""
    return str(json.loads(capfd.readouterr().err.splitlines()[-1])["why"])


@pytest.mark.parametrize(
    "said",
    [
        {"event": "NOTIFY_END", "call_start": "+7 916 123-45-67" * 3000},
        {"event": "+7 916 123-45-67" * 3000},
    ],
)
def test_the_log_says_nothing_of_what_was_sent(
    site: Site, said: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    signed = FIELDS.get(said["event"], "").split()
    made = hmac.new(
        SECRET.encode(), "".join(said.get(n, "") for n in signed).encode(), hashlib.sha1
    )
    headers = {"Signature": base64.b64encode(made.hexdigest().encode()).decode()}
    assert site.client.post("/hooks/call", data=said, headers=headers).status_code in (400, 403)
    told = capfd.readouterr().err
    assert len(told) < 400
    assert "916" not in told.partition('"why"')[2]


@pytest.mark.parametrize("channel", ["call", "sms"])
def test_what_has_no_key_is_known_by_its_content(
    folder: Path, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    made = Site(folder, "{provider: json, token: env:TOKEN}", channel)
    for number in (1, 2, 3, 2):
        said = {"from": f"+7916000000{number}", "text": "Да"}
        assert made.client.post(f"/hooks/{channel}?token={SECRET}", json=said).status_code == 200
    assert len(made.kept()) == 3
    made.writer.stop()


def test_a_program_that_prints_the_secret_runs_once_a_minute(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, prints = tmp_path / "runs", tmp_path / "prints"
    prints.write_text(f"#!/bin/sh\necho x >> {runs}\n[ -e {tmp_path}/no ] || echo {SECRET}\n")
    prints.chmod(0o700)
    made = Site(folder, f"{{provider: zadarma, key: k1, secret: 'cmd:{prints}'}}")
    (tmp_path / "no").touch()
    with ThreadPoolExecutor(8) as many:  # each with what the program did not say
        assert {*many.map(lambda _: zadarma(made, **END).status_code, range(16))} == {400}
    assert len(runs.read_text().split()) == 1
    (tmp_path / "no").unlink()
    monkeypatch.setattr(known_secrets, "KNOWN_FOR", 0.0)
    assert zadarma(made, **END).status_code == 200
    monkeypatch.setattr(known_secrets, "KNOWN_FOR", 60.0)
    assert [zadarma(made, secret="other", **END).status_code for _ in range(5)] == [403] * 5
    assert len(runs.read_text().split()) == 2
    made.writer.stop()
