"""crm chat: who waits, what was said, an answer by hand, robots that keep quiet meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bot_api import TOKEN, BotApi
from tests.kit import Run

Crm = Callable[..., Run]
RULES = """
leads:
  stages:
    - id: new
      name: New
      robots: [{id: hi, do: chat, with: {text: Hello}, after: 1h}]
    - {id: converted, name: Good, kind: won}
    - {id: junk, name: Junk, kind: lost}
deals: [{id: sales, name: Sales, stages: [{id: new, name: New}, {id: won, name: Won, kind: won}, {id: lost, name: Lost, kind: lost}]}]
"""


@pytest.fixture
def bot(folder: Path, api: BotApi, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOT", TOKEN)
    here = f"127.0.0.1:{api.port}"
    (folder / "pipelines.yaml").write_text(RULES, "utf-8")
    (folder / "settings.yaml").write_text(
        f"language: en\nchannels: {{webhook: {{allow: ['{here}']}}, chat: {{provider: telegram,"
        f" token: env:BOT, fetch: yes, api: 'http://{here}'}}}}\n",
        "utf-8",
    )
    return folder


def rows(crm: Crm, *command: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(crm("chat", *command, "--json").out)
    return found


def test_a_person_answers_and_robots_keep_quiet(crm: Crm, bot: Path, api: BotApi) -> None:
    other = {"id": 78, "is_bot": False, "first_name": "Boris"}
    api.comes(text="How much?")
    api.comes(text="Hi", **{"from": other, "chat": {"id": 78, "type": "private"}})
    assert crm("tick") == (0, "", "")
    first, second = rows(crm, "list")
    assert (first["name"], first["text"], second["text"]) == ("Анна Котова", "How much?", "Hi")
    assert first["waits_since"]
    told = crm("chat", "send", first["id"], "100 a kilo")
    assert (told.code, api.sent[-1]["text"], api.sent[-1]["chat_id"]) == (0, "100 a kilo", 77)
    waits, answered = rows(crm, "list")
    assert (waits["id"], answered["waits_since"], answered["taken"] != "") == (
        second["id"],
        "",
        True,
    )
    said = [(one["who"], one["text"]) for one in rows(crm, "show", first["id"])]
    assert said[0] == ("Анна Котова", "How much?")
    assert said[1][1] == "100 a kilo"
    assert (
        crm("chat", "take", second["id"]).out.strip() == "Robots keep quiet in the chat of Boris."
    )
    assert crm("chat", "release", second["id"]).code == 0
    assert rows(crm, "list")[0]["taken"] == ""


def test_a_dry_run_sends_nothing_and_who_never_wrote_is_said(
    crm: Crm, bot: Path, api: BotApi
) -> None:
    lead = crm("lead", "add", "--name", "Anna").out.strip()
    told = crm("chat", "send", lead, "Hello")
    assert (told.code, "has never written in a chat" in told.err) == (1, True)
    assert crm("chat", "take", lead).code == 1
    api.comes(text="How much?")
    crm("tick")
    [one] = rows(crm, "list")
    assert crm("chat", "send", one["id"], "100", "--dry-run").code == 0
    assert crm("chat", "send", one["id"], " ").code == 2
    assert api.sent == []


def test_a_client_who_blocked_the_bot_is_said(crm: Crm, bot: Path, api: BotApi) -> None:
    api.comes(text="How much?")
    crm("tick")
    [one] = rows(crm, "list")
    api.fails["sendMessage"] = [(403, "Forbidden: bot was blocked by the user", {})]
    told = crm("chat", "send", one["id"], "100")
    assert "blocked by the user" in told.out + told.err
    assert rows(crm, "list")[0]["waits_since"]


BAD = {
    "no JSON": ("Hello", "it is no JSON object"),
    "no chat": ('{"text": "Hello"}', "in which chat"),
    "nothing": ('{"chat": "5"}', "says nothing"),
    "a list": ('{"chat": "5", "text": ["Hello"]}', "is no text"),
    "a name that is none": ('{"network": "telegram", "chat": "a/b c", "text": "x"}', "nobody's name"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_one_line_and_no_lead(crm: Crm, bot: Path, api: BotApi, what: str) -> None:
    content, why = BAD[what]
    told = crm("intake", "receive", "chat", stdin=content)
    assert why in told.out + told.err
    assert "Traceback" not in told.err
    assert crm("lead", "list", "--ids").out == ""


def test_any_messenger_comes_as_json(crm: Crm, bot: Path, api: BotApi) -> None:
    message = {"network": "vk", "chat": 5512, "name": "Olga Belova", "text": "a@b.ru"}
    for _ in range(2):
        assert crm("intake", "receive", "chat", stdin=json.dumps(message)).code == 0
    [lead] = json.loads(crm("lead", "list", "--json", "--columns", "name,handles,emails").out)
    assert (lead["name"], lead["handles"]) == ("Olga Belova", ["vk:5512"])
    assert lead["emails"][0]["value"] == "a@b.ru"


def test_a_chat_without_a_number_is_answered_too(crm: Crm, folder: Path) -> None:
    first = '{"network": "viber", "chat": "c7-Ab", "from": "ann", "text": "Hi"}'
    assert crm("intake", "receive", "chat", stdin=first).code == 0
    [found] = rows(crm, "list")
    told = crm("chat", "send", found["id"], "Hello", CRM_LANG="en")
    assert (told.code, "crm help chat" in told.err) == (0, True), told
    assert "viber:c7-Ab" in crm("jobs", "list", "--json").out
