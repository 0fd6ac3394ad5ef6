"""A call that a web hook told and a list tells again counts once; two that come close stay two."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crmcli.channels.incoming import Arrived
from crmcli.sales.activities import Wanted, find
from crmcli.sales.intake.taking import bring
from tests import kit
from tests.web.hook_site import settings

DAY = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)  # ten in Moscow
ANNA, BORIS, OURS = "+79161234567", "+79167654321", "74950000001"


class Call(NamedTuple):
    """A call as it was: when it began after ten, with whom, how long they spoke, which way."""

    after: float
    seconds: int
    number: str = ANNA
    way: str = "in"


def hook(call: Call, name: str = "", **more: Any) -> bytes:
    ends = (call.number, OURS) if call.way == "in" else (OURS, call.number)
    told = {"direction": call.way, "from": ends[0], "to": ends[1], "duration": call.seconds,
            "at": (DAY + timedelta(seconds=call.after)).isoformat(), "id": name, **more}  # fmt: skip
    return json.dumps({key: value for key, value in told.items() if value != ""}).encode()


def listed(
    calls: list[Call], form: str = "%Y-%m-%d %H:%M:%S", hours: int = 3, **more: str
) -> bytes:
    """The same as a list without ids tells it, in the time of Moscow."""
    lines = [",".join(["start,from,to,direction,status,seconds", *more])]
    for call in calls:
        at = (DAY + timedelta(hours=hours, seconds=call.after)).strftime(form)
        own = "8" + call.number[2:]
        ends = (own, OURS) if call.way == "in" else (OURS, own)
        status = "answered" if call.seconds else "no answer"
        lines.append(",".join([at, *ends, call.way, status, str(call.seconds), *more.values()]))
    return "\n".join(lines).encode()


@pytest.fixture
def root(folder: Path) -> Path:
    kit.write(folder, "settings.yaml", settings("{run: say}"))
    return folder


def told(root: Path, *contents: bytes) -> list[tuple[float, str, int, str]]:
    """The calls on the timeline once these came, one after the other: when after ten, kind, length, number."""
    for content in contents:
        [*done] = bring(kit.opened(root), "call", [Arrived(content)])
        assert all(one is None or one.record for one in done), done
    found = find(kit.opened(root), Wanted(kinds=("call",)))
    return sorted(
        (
            (event.happened_at - DAY).total_seconds(), event.kind,
            event.data.get("duration", 0), "+7" + event.data["number"][-10:],
        )
        for event in found
    )  # fmt: skip


MINUTES = "%d.%m.%Y %H:%M"
SAME = {
    "to the second": (Call(10, 60), Call(10, 60), {}),
    "clocks a little apart": (Call(10, 60), Call(16, 61), {}),
    "missed": (Call(10, 0), Call(12, 0), {}),
    "out": (Call(10, 60, way="out"), Call(11, 60, way="out"), {}),
    "nobody answered": (Call(10, 0, way="out"), Call(11, 0, way="out"), {}),
    "minutes cut off": (Call(50, 60), Call(50, 60), {"form": MINUTES}),
    "missed, in minutes": (Call(50, 0), Call(50, 0), {"form": MINUTES}),
    "minutes rounded up": (Call(50, 35), Call(60, 35), {"form": MINUTES}),
    "length rounded up": (Call(10, 35), Call(10, 60), {}),
    "dated by the answer": (Call(10, 90), Call(38, 90), {}),
    "another zone": (Call(10, 60), Call(10, 60), {"hours": 0}),
    "another zone, in minutes": (Call(10, 61), Call(10, 61), {"hours": 5, "form": MINUTES}),
}  # fmt: skip
OTHER = {
    "another number": (Call(10, 60), Call(10, 60, BORIS), {}),
    "the other way": (Call(10, 60), Call(10, 60, way="out"), {}),
    "answered at last": (Call(0, 0), Call(30, 60), {}),
    "missed, then again": (Call(0, 0), Call(40, 0), {}),
    "of another length": (Call(0, 20), Call(25, 30), {}),
    "of another length, in minutes": (Call(0, 20), Call(25, 30), {"form": MINUTES}),
    "the next minute": (Call(10, 0), Call(70, 0), {"form": MINUTES}),
    "as long, half an hour later": (Call(0, 60), Call(1800, 60), {}),
    "missed, an hour later": (Call(0, 0), Call(3600, 0), {}),
    "as short, an hour later": (Call(0, 5), Call(3600, 5), {}),
}  # fmt: skip


@pytest.mark.parametrize("pair", SAME)
@pytest.mark.parametrize("turned", [False, True])
def test_the_same_call_counts_once(root: Path, pair: str, turned: bool) -> None:
    one, other, more = SAME[pair]
    both = [hook(one, "a1"), listed([other], **more)]
    if turned and (more.get("hours", 3) != 3 or one.seconds - other.seconds < -2):
        both = both[:1]  # a list says its zone, and how it rounds, to nobody who comes later
    found = told(root, *(reversed(both) if turned else both))
    way = "call.out" if one.way == "out" else "call.in" if one.seconds else "call.missed"
    if turned and more.get("form") == MINUTES and len(both) > 1:
        found = [(one.after, *rest) for _, *rest in found]  # type: ignore[misc]
    assert found == [(one.after, way, one.seconds, ANNA)]
    assert told(root, *both) == told(root)  # nothing counts again


@pytest.mark.parametrize("pair", OTHER)
def test_another_call_stays_another(root: Path, pair: str) -> None:
    one, other, more = OTHER[pair]
    assert len(told(root, hook(one, "a1"), listed([other], **more))) == 2


def test_what_a_list_adds_completes_the_call(root: Path) -> None:
    brief = json.loads(hook(Call(10, 60), "a1"))
    del brief["duration"], brief["at"]
    link = "https://pbx.example/1.mp3"
    now = kit.NOW - timedelta(seconds=100)
    late = Call((now - DAY).total_seconds(), 60)
    assert (
        len(told(root, json.dumps(brief).encode(), listed([late], recording=link, agent="101")))
        == 1
    )
    [event] = find(kit.opened(root), Wanted(kinds=("call",)))
    assert (event.data["duration"], event.data["recording"], event.data["user"]) == (
        60,
        link,
        "anna",
    )
    assert event.happened_at == now
    [lead] = kit.opened(root).select("lead")
    assert event.record == lead.id


def test_a_recording_finds_the_call_that_a_list_had_told_first(root: Path) -> None:
    told(root, listed([Call(0, 60)]))
    end = ("event=NOTIFY_END&caller_id=79161234567&called_did=74950000001&internal=102&duration=60"
           "&call_start=2026-11-20+10:00:00&pbx_call_id=in_1&disposition=answered")  # fmt: skip
    record = "event=NOTIFY_RECORD&call_id_with_rec=rec1&pbx_call_id=in_1"
    for text, key in ((end, "call:zadarma:in_1"), (record, "call:zadarma:in_1:NOTIFY_RECORD:rec1")):
        bring(kit.opened(root), "call", [Arrived(text.encode(), key, {"provider": "zadarma"})])
    [event] = find(kit.opened(root), Wanted(kinds=("call",)))
    assert event.data["recording_id"] == "rec1"


@pytest.mark.parametrize("seed", [0, 5, 80, 86, 1, 2])
def test_any_calls_however_close_are_as_many_as_they_were(root: Path, seed: int) -> None:
    chance = random.Random(seed)
    calls, clock = [], {ANNA: 0.0, BORIS: 0.0}
    for _ in range(8):
        number = chance.choice([ANNA, BORIS])
        begun = clock[number] + chance.choice([3, 15, 20, 40, 300])
        seconds = chance.choice([0, 0, 12, 35, 60])
        calls.append(Call(begun, seconds, number))
        clock[number] = begun + max(seconds, 12)
    hooked = [one for one in calls if chance.random() < 0.7]
    hooks = [hook(one, f"id{n}") for n, one in enumerate(hooked)]
    form = chance.choice([MINUTES, "%Y-%m-%d %H:%M:%S"])
    found = told(root, *hooks, listed(chance.sample(calls, len(calls)), form))
    assert sorted((length, number) for _, _, length, number in found) == sorted(
        (one.seconds, one.number) for one in calls
    )
    again = told(root, *hooks, listed(calls, form, note="1"))  # the same of another list
    assert len(again) == len(calls)
