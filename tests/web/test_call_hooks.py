"""What Mango, Twilio and any other exchange tell of calls, signed as each of them documents it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from tests.kit import NOW, Run, contact, write
from tests.web.hook_site import SECRET, Site, settings

FORM = "application/x-www-form-urlencoded"
Made = Callable[[str], Site]
AT = int(NOW.timestamp()) - 300


@pytest.fixture
def made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    monkeypatch.setenv("CALL_SECRET", SECRET)
    sites: list[Site] = []

    def make(provider: str) -> Site:
        sites.append(Site(folder, provider))
        return sites[-1]

    yield make
    for site in sites:
        site.writer.stop()


MANGO = "{provider: mango, key: vpbx1, secret: env:CALL_SECRET}"


def mango(site: Site, kind: str, *, key: str = "vpbx1", salt: str = SECRET, **told: Any) -> int:
    said = json.dumps(told, separators=(",", ":"))
    sign = hashlib.sha256((key + said + salt).encode()).hexdigest()
    body = urlencode({"vpbx_api_key": key, "sign": sign, "json": said})
    return site.client.post(f"/hooks/call/events/{kind}", data=body, content_type=FORM).status_code


def summary(entry: str = "E1", way: int = 1, talk: int = AT + 5, **more: Any) -> dict[str, Any]:
    ends = {"from": {"number": "79161234567"}, "to": {"extension": "101", "number": "sip:a@x"}}
    if way == 2:
        ends = {"from": {"extension": "101"}, "to": {"number": "79161234567"}}
    return {
        "entry_id": entry, "call_direction": way, **ends, "line_number": "74950000001",
        "create_time": AT, "talk_time": talk, "end_time": AT + 65,
        "entry_result": int(bool(talk)), "disconnect_reason": 1110, **more,
    }  # fmt: skip


def test_mango_tells_of_one_call_many_times(made: Made) -> None:
    site = made(MANGO)
    state = {"entry_id": "E1", "call_id": "C1", "timestamp": AT, "from": {"number": "79161234567"}}
    record = {"entry_id": "E1", "recording_id": "R1", "timestamp": AT, "user_id": 1}
    for _ in range(2):
        assert mango(site, "call", **state, seq=1, call_state="Appeared") == 200
        assert mango(site, "call", **state, seq=2, call_state="Connected") == 200
        assert mango(site, "recording", **record, recording_state="Started", seq=1) == 200
        assert mango(site, "summary", **summary()) == 200
        assert mango(site, "record/added", **record) == 200
    [(kind, lead, said)] = site.timeline()
    assert (kind, said["duration"], said["line"]) == ("call.in", 60, "74950000001")
    assert said["recording"].endswith("/recording/issa/R1/play")
    assert site.ws().get(lead).get("owner") == "anna"
    assert len(site.kept()) == 5


def test_mango_missed_out_and_inner_calls(made: Made) -> None:
    site = made(MANGO)
    known = contact(site.ws(), name="Мария", phones=["8 (916) 123-45-67"])
    for entry, way, talk in (("E1", 1, 0), ("E2", 2, AT + 5), ("E3", 0, AT + 5)):
        assert mango(site, "summary", **summary(entry, way, talk)) == 200
    assert [(k, r) for k, r, _ in site.timeline()] == [
        ("call.missed", known.id), ("call.out", known.id)]  # fmt: skip


def test_mango_signatures_that_are_wrong_or_old(made: Made) -> None:
    site = made(MANGO)
    assert mango(site, "summary", salt="other", **summary()) == 403
    assert mango(site, "summary", key="other", **summary()) == 403
    assert mango(site, "call", entry_id="E1", timestamp=AT - 3 * 86400, call_state="x") == 403
    assert mango(site, "call", entry_id="E1", timestamp=AT + 86400) == 403
    assert mango(site, "summary", **summary(end_time="soon")) == 400
    assert site.client.post("/hooks/call/events/summary", data="json=[]&sign=").status_code == 403
    assert site.client.post("/hooks/call", data=b"\xff\xfe").status_code == 400
    assert site.kept() == []


TWILIO = (
    "{provider: twilio, account: AC1, secret: env:CALL_SECRET, from: '+12025550100', dial: '101'}"
)


def twilio(
    site: Site, *, secret: str = SECRET, hashes: str = "", url: str = "", **said: str
) -> Any:
    url = url or "http://localhost/hooks/call"
    signature = RequestValidator(secret).compute_signature(url, said, hashes or None)
    headers = {"X-Twilio-Signature": signature}
    if hashes:
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key=k1,algorithm={hashes}"
    return site.client.post("/hooks/call", data=urlencode(said), headers=headers, content_type=FORM)


CALL = {"CallSid": "CA1", "From": "+79161234567", "To": "+12025550100", "Direction": "inbound"}


def test_twilio_rings_is_put_through_ends_and_is_recorded(made: Made) -> None:
    site = made(TWILIO)
    rings = twilio(site, **CALL, CallStatus="ringing")
    assert rings.text == (
        '<Response><Dial action="http://localhost/hooks/call">101</Dial></Response>'
    )
    end = {**CALL, "CallStatus": "completed", "CallDuration": "42",
           "Timestamp": format_datetime(NOW - timedelta(minutes=2))}  # fmt: skip
    record = {"CallSid": "CA1", "RecordingSid": "RE1", "RecordingStatus": "completed",
              "RecordingUrl": "https://api.twilio.com/R/RE1"}  # fmt: skip
    for one in (record, end, end, record):
        assert twilio(site, **one).text == "<Response/>"
    assert twilio(site, hashes="HMAC_SHA256", **{**end, "CallSid": "CA2"}).status_code == 200
    site.timeline()
    first, second = sorted(site.timeline(), key=lambda one: str(one[2]["message_id"]))
    assert (first[0], first[2]["duration"]) == ("call.in", 42)
    assert first[2]["at"] == "2026-11-23T08:57:18Z"
    assert first[2]["recording"] == "https://api.twilio.com/R/RE1"
    assert second[1] == first[1]  # the lead is known by now


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({**CALL, "CallStatus": "no-answer"}, "call.missed"),
        ({**CALL, "CallStatus": "in-progress", "DialCallStatus": "no-answer"}, "call.missed"),
        ({**CALL, "CallStatus": "in-progress", "DialCallStatus": "completed"}, "call.in"),
        ({"CallSid": "CA1", "From": "+12025550100", "To": "+79161234567",
          "Direction": "outbound-dial", "CallStatus": "busy"}, "call.out"),
        ({"CallSid": "CA1", "From": "+12025550100", "To": "+79160000002",
          "Direction": "outbound-api", "CallStatus": "completed"}, ""),
        ({**CALL, "From": "Anonymous", "CallStatus": "completed"}, ""),
    ],
)  # fmt: skip
def test_what_twilio_says_of_a_call(made: Made, said: dict[str, str], kind: str) -> None:
    site = made(TWILIO)
    assert twilio(site, **said).status_code == 200
    assert [k for k, _, _ in site.timeline()] == ([kind] if kind else [])


def test_twilio_signatures_that_are_wrong_or_old(made: Made) -> None:
    site = made(TWILIO)
    end = {**CALL, "CallStatus": "completed"}
    assert twilio(site, secret="other", **end).status_code == 403
    assert twilio(site, url="https://localhost/hooks/call", **end).status_code == 403
    assert twilio(site, url="http://localhost:80/hooks/call", **end).status_code == 200
    old = {**end, "CallSid": "CA3", "Timestamp": format_datetime(NOW - timedelta(days=2))}
    assert twilio(site, **old).status_code == 403
    assert site.client.post("/hooks/call", data="CallSid=CA4").status_code == 403
    assert len(site.kept()) == 1


def test_twilio_behind_a_proxy_signs_its_own_address(made: Made) -> None:
    site = made(TWILIO.replace("{", "{hook: 'https://crm.example.com/hooks/call', "))
    end = {**CALL, "CallStatus": "completed"}
    assert twilio(site, **end).status_code == 403
    assert twilio(site, url="https://crm.example.com/hooks/call", **end).status_code == 200


ANY = """
    provider: json
    secret: env:CALL_SECRET
    signature: {header: X-Sign, hash: sha256, prefix: 'sha256=', of: '{timestamp}.{body}', timestamp: X-When}
    fields:
      {id: call.uuid, direction: call.kind, from: 'call.legs[0].tel', to: 'call.legs[1].tel', agent: call.ext,
       duration: call.sec, status: call.result, at: call.begin, recording: call.audio, event: event}
    values:
      direction: {inbound: in, outbound: out}
      status: {NOANSWER: missed}
      event: {ring: skip, saved: adds}
"""


def anything(site: Site, said: Any, *, age: int = 0, secret: str = SECRET) -> int:
    body = json.dumps(said)
    stamp = str(int(NOW.timestamp()) - age)
    made = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"X-Sign": f"sha256={made}", "X-When": stamp}
    return site.client.post("/hooks/call", data=body, headers=headers).status_code


def told(event: str, **call: Any) -> dict[str, Any]:
    legs = [{"tel": "+7 916 123-45-67"}, {"tel": "+7 495 000-00-01"}]
    return {"event": event, "call": {"uuid": "u1", "kind": "inbound", "legs": legs, **call}}


def test_any_exchange_by_a_mapping(made: Made) -> None:
    site = made(ANY)
    end = told("end", sec=12, ext=102, begin=AT, result="OK")
    for _ in range(2):
        for one in (told("ring"), end, told("saved", audio="https://pbx/u1.mp3")):
            assert anything(site, one) == 200
    missed = told("end", uuid="u2", result="NOANSWER", begin=AT + 60)
    assert anything(site, missed) == 200
    site.timeline()
    (kind, lead, said), (other, same, _) = site.timeline()
    assert (kind, other, same) == ("call.in", "call.missed", lead)
    assert (said["duration"], said["recording"], said["user"]) == (
        12,
        "https://pbx/u1.mp3",
        "boris",
    )
    assert site.ws().get(lead).get("owner") == "boris"


def test_any_exchange_wrong_old_and_strange(made: Made) -> None:
    site = made(ANY)
    end = told("end", sec=12)
    assert anything(site, end, secret="other") == 403
    assert anything(site, end, age=3600) == 403
    assert anything(site, end, age=-3600) == 403
    assert site.client.post("/hooks/call", data=json.dumps(end)).status_code == 403
    deep = "[" * 5000
    assert anything(site, {"call": deep, "event": "end"}) == 200  # signed: kept for a person
    assert site.timeline() == []
    assert [one.state for one in site.kept()] == ["unreadable"]


def test_what_could_not_be_read_is_tried_again_once_the_mapping_is_mended(
    made: Made, crm: Callable[..., Run]
) -> None:
    site = made(ANY.replace("inbound: in, ", ""))
    assert anything(site, told("end", sec=12)) == 200
    assert anything(site, told("end", uuid="u2", sec=12)) == 200
    assert site.timeline() == []
    first, second = site.kept()
    assert "inbound" in first.why
    write(site.folder, "settings.yaml", settings(ANY))
    assert crm("intake", "retry", first.id).code == 0
    assert crm("intake", "drop", second.id).code == 0
    assert [kind for kind, _, _ in site.timeline()] == ["call.in"]
    assert [one.state for one in site.kept()] == ["taken", "dropped"]
    assert crm("intake", "retry", first.id, second.id).code == 0  # what was dropped comes back
    assert [kind for kind, _, _ in site.timeline()] == ["call.in", "call.in"]
    assert [one.state for one in site.kept()] == ["taken", "taken"]


def test_a_shared_token_and_a_form(made: Made) -> None:
    site = made("{provider: json, token: 'env:CALL_SECRET', token_in: X-Token}")
    body = urlencode({"from": "8 916 123 45 67", "direction": "in", "id": "7", "duration": "5"})
    for token, status in (("", 403), ("wrong", 403), (SECRET, 200), (SECRET, 200)):
        found = site.client.post("/hooks/call", data=body, headers={"X-Token": token})
        assert found.status_code == status
    assert [kind for kind, _, _ in site.timeline()] == ["call.in"]


def test_nothing_by_which_to_tell_who_calls_is_refused(made: Made) -> None:
    site = made("{provider: json}")
    assert site.client.post("/hooks/call", data="from=89161234567").status_code == 400
    assert site.kept() == []
