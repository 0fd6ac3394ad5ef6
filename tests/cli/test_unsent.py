"""Messages that have not left: in the lists of their channel, on the timeline and in what is to be done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]
LATER = "2026-11-23T09:30:00+00:00"
NOT_SET_UP = """\
language: en
users: {anna: {name: Anna, email: anna@chai.example}, boris: {name: Boris}}
channels:
  mail: {deliver: 'smtp://localhost:1', from: us@chai.example}
  sms: {provider: smsc, password: env:NOT_SET, token: env:NOT_SET}
  chat: {provider: telegram, token: env:NOT_SET}
"""
SET_UP = """\
language: en
channels: {mail: {deliver: 'maildir:outbox'}, sms: {run: take}, chat: {run: take}}
"""


class Way(NamedTuple):
    """How a channel is asked: what sends, what lists, what shows the last one; what it says to whom."""

    send: tuple[str, ...]
    listed: tuple[str, ...]
    shown: tuple[str, ...]
    text: str
    to: str


WAYS = {
    "sms": Way(
        ("sms", "send", "REF", "We come at ten"), ("sms", "list", "REF"), ("sms", "show", "REF"),
        "We come at ten", "+79161234567",
    ),
    "chat": Way(
        ("chat", "send", "REF", "Yes, at ten"), ("chat", "show", "REF"), ("chat", "show", "REF"),
        "Yes, at ten", "telegram:77",
    ),
    "mail": Way(
        ("mail", "send", "REF", "--template", "hi"), ("mail", "list", "REF"), ("mail", "show", "REF"),
        "Tea today", "olga@x.example",
    ),
}  # fmt: skip


def rows(run: Run) -> list[dict[str, Any]]:
    assert run.code == 0, run.err
    found: list[dict[str, Any]] = json.loads(run.out)
    return found if isinstance(found, list) else [found]


@pytest.fixture
def olga(folder: Path) -> str:
    kit.write(folder, "settings.yaml", NOT_SET_UP)
    kit.write(folder, "templates/mail/hi.j2", "Subject: Tea today\n\nTea today\n")
    kit.write(folder, "robots.d/take", "#!/bin/sh\ncat >/dev/null\n").chmod(0o755)
    known = kit.contact(
        kit.opened(folder),
        name="Olga",
        phones=["+79161234567"],
        emails=["olga@x.example"],
        handles=["telegram:77"],
    )
    return known.id


@pytest.mark.parametrize("channel", WAYS)
def test_it_is_seen_until_it_has_left(crm: Crm, folder: Path, olga: str, channel: str) -> None:
    way = WAYS[channel]

    def asked(words: tuple[str, ...], *more: str, **environ: str) -> Run:
        return crm(*(olga if word == "REF" else word for word in words), *more, **environ)

    assert asked(way.send, "--as", "anna").code == 0
    for found in (rows(asked(way.listed, "--json")), rows(asked(way.shown, "--json"))):
        [one] = found
        assert (one["kind"], one["record"]) == ("job.failed", olga)
        assert way.text in (one.get("text", "").strip(), one.get("subject"))
    if channel != "chat":
        [shown] = rows(crm(channel, "show", one["id"][:12], "--json"))
        assert (shown["id"], bool(shown["why"])) == (one["id"], True)
        assert [one["id"] for one in rows(crm(channel, "list", "--json"))] == [one["id"]]
    assert "failed" in asked(way.listed).out
    for words in (("timeline", olga), ("show", olga)):
        [line] = [line for line in crm(*words).out.splitlines() if "queued" in line]
        assert way.text in line
        assert way.to in line
    [due] = [one for one in rows(crm("today", "--as", "anna", "--json")) if one["part"] == "unsent"]
    assert (way.to in due["to"], due["text"], due["state"]) == (True, way.text, "failed")
    assert "Messages that have not left: 1" in crm("today", "--as", "anna").out
    kit.write(folder, "settings.yaml", SET_UP)
    assert crm("tick", CRM_NOW=LATER) == (0, "", "")
    [left] = rows(asked(way.listed, "--json"))
    assert left["kind"] == {"chat": "message"}.get(channel, channel) + ".out"
    assert not [one for one in rows(crm("today", "--json")) if one["part"] == "unsent"]


def test_only_whose_it_is_and_of_robots_only_what_fails(crm: Crm, folder: Path, olga: str) -> None:
    rule = "{id: hi, do: sms, with: {text: Hello}}"
    kit.write(folder, "pipelines.yaml", kit.pipelines(kit.robots(rule)))
    kit.deal(kit.opened(folder), contact=olga, owner="boris")

    def unsent(user: str) -> list[dict[str, Any]]:
        found = rows(crm("today", "--as", user, "--json", CRM_NOW=LATER))
        return [one for one in found if one["part"] == "unsent"]

    without = [line for line in NOT_SET_UP.splitlines() if "sms:" not in line]
    kit.write(folder, "settings.yaml", "\n".join(without))
    crm("tick")  # nobody takes SMS: it waits, which is no fault of its own
    assert [one["kind"] for one in rows(crm("sms", "list", "--json"))] == ["job.queued"]
    assert unsent("boris") == []
    kit.write(folder, "settings.yaml", NOT_SET_UP)
    crm("tick", CRM_NOW=LATER)
    assert [one["text"] for one in unsent("boris")] == ["Hello"]
    assert unsent("anna") == []
    key = rows(crm("jobs", "list", "--json"))[0]["id"]
    assert crm("jobs", "cancel", key, "--as", "anna").code == 0
    assert rows(crm("sms", "list", "--json")) == []
    assert unsent("boris") == []
