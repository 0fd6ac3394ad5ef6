"""Telegram calls /hooks/chat: by its secret token alone, once, and the same as when it is asked at the tick."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmcli.sales.intake import kept
from tests.bot_api import TOKEN, said
from tests.kit import all_of, write
from tests.web.hook_site import SECRET, Site, settings

CHAT = "  chat: {provider: telegram, token: env:BOT, secret: env:CHAT_SECRET}\n"


@pytest.fixture
def site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("CHAT_SECRET", SECRET)
    monkeypatch.setenv("BOT", TOKEN)
    made = Site(folder, "{}")
    write(folder, "settings.yaml", settings("{}").rstrip("\n") + "\n" + CHAT)
    yield made
    made.writer.stop()


def call(site: Site, update: object, token: str = SECRET) -> Any:
    headers = {"X-Telegram-Bot-Api-Secret-Token": token} if token else {}
    data = update if isinstance(update, str) else json.dumps(update)
    return site.client.post(
        "/hooks/chat", data=data, headers=headers, content_type="application/json"
    )


def test_a_message_is_kept_once_however_often_it_is_told(site: Site) -> None:
    update = {"update_id": 7, "message": said(3, text="Сколько стоит чай?")}
    assert [call(site, update).status_code for _ in range(3)] == [200] * 3
    site.timeline()  # takes it up
    [event] = site.ws().events(kinds=("message.in",))
    assert (event.kind, event.data["text"], event.data["chat"]) == (
        "message.in",
        "Сколько стоит чай?",
        "telegram:77",
    )
    assert [one["name"] for one in all_of(site.ws(), "lead")] == ["Анна Котова"]
    assert [one.key for one in site.kept()] == ["telegram:77:3"]


@pytest.mark.parametrize("token", ["", "wrong", SECRET[:-1]])
def test_what_has_not_the_token_is_refused_and_makes_nothing(site: Site, token: str) -> None:
    assert call(site, {"update_id": 7, "message": said(3, text="x")}, token).status_code == 403
    assert site.kept() == []


@pytest.mark.parametrize("body", ["", "[]", "{}", "{", '{"update_id": "x"}'])
def test_what_is_no_update_is_answered_400_and_makes_nothing(site: Site, body: str) -> None:
    assert call(site, body).status_code == 400
    assert kept.listed(site.ws(), ("waiting", "taken")) == []


def test_an_update_of_another_kind_is_kept_and_makes_nothing(site: Site) -> None:
    assert call(site, {"update_id": 8, "my_chat_member": {"chat": {"id": 77}}}).status_code == 200
    site.timeline()
    assert [one.state for one in site.kept()] == ["taken"]
    assert all_of(site.ws(), "lead") == []


@pytest.mark.parametrize("text", ["Сколько стоит чай?", "/id"])
@pytest.mark.parametrize("leads", ["yes", "no"])
def test_a_new_chat_is_answered_whoever_takes_its_message_up(
    site: Site, text: str, leads: str
) -> None:
    asks = CHAT.replace("}", ", ask_phone: Номер}") + f"leads: {leads}\n"
    write(site.folder, "settings.yaml", settings("{}").rstrip("\n") + "\n" + asks)
    assert call(site, {"update_id": 7, "message": said(3, text=text)}).status_code == 200
    assert are_taken(site, 1)  # by the writer of the site, not by a tick
    [job] = site.ws().events(kinds=("job.queued",))
    told = json.loads(site.ws().attached(job.data["file"]))
    asked = text != "/id"
    assert (told["to"], told["text"]) == (
        "telegram:77", "Пожалуйста, пришлите ваш номер телефона." if asked else "77")  # fmt: skip
    assert (told.get("ask_phone", ""), bool(job.record)) == ("Номер" if asked else "", asked)
    call(site, {"update_id": 8, "message": said(4, text=text)})
    assert are_taken(site, 2)
    site.timeline()  # the tick answers nothing once more
    assert len(site.ws().events(kinds=("job.queued",))) == (1 if asked else 2)


def are_taken(site: Site, count: int) -> bool:
    """Whether so many are taken up, soon."""
    until = time.monotonic() + 10
    while [one.state for one in site.kept()] != ["taken"] * count:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
