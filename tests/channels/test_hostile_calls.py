"""Whatever an exchange, or whoever pretends to be one, tells: it is read or refused in one line, never a crash."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from crmcli.channels.incoming import Arrived, Incoming, receiver
from crmcli.channels.providers import Posted, provider_class
from crmcli.errors import CrmError
from crmcli.model.settings import Settings
from crmcli.model.user import User
from tests.kit import NOW

ODD = [
    "", "0", "²", "-1", "9" * 5000, "1e999", "nan", "\x00", "\ud800", "0001-01-01 00:00:00", "9999-12-31 23:59:59",
    "Mon, 01 Jan 0001 00:00:00 +0000", "99999999999", "+7 916 123-45-67", "anonymous", "sip:101@x",
    "completed", "ringing", "answered", "NOTIFY_END", "NOTIFY_OUT_END", "NOTIFY_RECORD", "in", "out",
    "💥" * 50, "[" * 5000, '{"a":1}',
]  # fmt: skip
VALUES = st.sampled_from(ODD) | st.text(max_size=20)
ANY = st.recursive(
    VALUES | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(VALUES, below, max_size=3),
    max_leaves=6,
)
FIELDS = {
    "zadarma": "event caller_id called_did destination internal duration disposition call_start"
    " pbx_call_id call_id_with_rec",
    "mango": "entry_id call_direction from to line_number create_time talk_time end_time timestamp"
    " entry_result recording_id recording_state seq call_id",
    "twilio": "CallSid From To Direction CallStatus CallDuration DialCallStatus DialCallDuration"
    " RecordingSid RecordingUrl RecordingStatus Timestamp",
    "json": "id direction from to agent duration status at recording text",
}
SETTINGS = Settings(users={"anna": User("anna", extensions=("101",))})
DECLARED = {
    "key": "k", "token": "", "dial": "101",
    "values": {"direction": {"incoming": "in"}, "status": {"x": "skip", "y": "adds"}},
}  # fmt: skip


def told(name: str, drawn: dict[str, Any]) -> bytes:
    """What a provider posts, with these values at its fields."""
    if name == "json":
        return json.dumps(drawn).encode()
    if name == "mango":
        return urlencode({"vpbx_api_key": "k", "sign": "s", "json": json.dumps(drawn)}).encode()
    return urlencode({k: str(v) for k, v in drawn.items()}, errors="replace").encode()


@pytest.mark.parametrize("name", FIELDS)
@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_notice_is_read_or_refused(name: str, data: st.DataObject) -> None:
    keys = FIELDS[name].split()
    value = ANY if name in ("mango", "json") else VALUES
    drawn = data.draw(st.dictionaries(st.sampled_from(keys), value))
    rest = data.draw(st.sampled_from(["", "events/summary", "events/record/added", "x"]))
    headers = {"signature": data.draw(st.text(max_size=9)), "x-twilio-signature": "é"}
    posted = Posted(told(name, drawn), url="http://x:99999/?a=1", rest=rest, headers=headers)
    provider = provider_class(name)("call", SETTINGS, DECLARED)
    for ask in (
        lambda: provider.check(posted, NOW),
        lambda: provider.greeting(posted),
        lambda: provider.answer(posted),
        lambda: _is_sound(provider.arrived(posted)[0].key),
    ):
        with suppress(CrmError):
            ask()
    with suppress(CrmError):
        said = provider.read(posted)
        _is_sound(json.dumps([said.told, said.lead, said.adds_to], ensure_ascii=False))


def _is_sound(text: str) -> None:
    text.encode()  # half a character could not be written


@examples(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.lists(st.lists(VALUES, max_size=20), max_size=4))
def test_a_list_is_read_or_refused(given: Any) -> None:
    content = given
    if isinstance(given, list):
        header = "from;to;start;duration;status;id\n"
        content = (header + "\n".join(";".join(row) for row in given)).encode("utf-8", "replace")
    calls = receiver("call", Path(), SETTINGS)
    with suppress(CrmError):
        for one in calls.parts(Arrived(content)):
            with suppress(CrmError):
                assert isinstance(calls.read(one), Incoming)


def test_a_notice_is_not_older_than_a_day() -> None:
    from crmcli.channels.providers import OLDEST, BadSignature, check_age

    check_age(NOW - OLDEST + timedelta(seconds=1), NOW)
    check_age(NOW + timedelta(minutes=10), NOW)
    for moment in (NOW - OLDEST, NOW + timedelta(hours=1)):
        with pytest.raises(BadSignature):
            check_age(moment, NOW)
