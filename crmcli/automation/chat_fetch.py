"""What has come to the bot is asked for at each tick, and confirmed only once it is kept.

No place is remembered: what nobody has confirmed comes again, and is known by its key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from crmcli.automation.receive import Fetched, fetch, fetched
from crmcli.channels.incoming import Arrived, Receiver
from crmcli.channels.providers import BY, POSTED, provider_of
from crmcli.channels.providers.telegram import Telegram, key_of
from crmcli.channels.providers.telegram_api import Bot, PauseWanted
from crmcli.model.values import format_instant
from crmcli.workspace import Workspace, fetch_places

CHAT = "chat"
MOST_BATCHES = 50
"""So many hundreds of messages are taken in one tick."""


class Updates(Receiver):
    """The messages of a bot, a hundred at a time."""

    def __init__(self, ws: Workspace, bot: Bot) -> None:
        super().__init__(CHAT, ws.root, ws.settings)
        self.bot = bot
        self.last: int | None = None
        self.came = 0

    def fetch(self) -> Iterator[Arrived]:
        """The next hundred; by asking for them those before are confirmed."""
        found = self.bot.updates(self.last)
        self.came = len(found)
        for update in found:
            content = json.dumps(update, ensure_ascii=False).encode()
            facts = {BY: "telegram", POSTED: {"type": "application/json"}}
            yield Arrived(content, key_of(update), {**facts, "update": update.get("update_id")})

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """These are kept: they are confirmed by asking for what comes after."""
        self.last = max(int(one.facts["update"]) for one in arrived)


def fetch_chat(ws: Workspace) -> list[Fetched]:
    """Ask for all that has come; not before the pause is over that Telegram wanted."""
    rests_until = str(fetch_places.place_of(ws, CHAT).get("rests_until", ""))
    if rests_until > format_instant(ws.now):
        return []
    return fetched(ws, CHAT, partial(_taken, ws))


def _taken(ws: Workspace, place: dict[str, Any]) -> int:
    provider, count = provider_of(CHAT, ws.settings), 0
    assert isinstance(provider, Telegram)
    updates = Updates(ws, provider.bot)
    place.pop("rests_until", None)
    try:
        for _ in range(MOST_BATCHES):
            count += fetch(ws, [updates])
            if not updates.came or ws.dry_run:
                break
    except PauseWanted as error:
        place["rests_until"] = format_instant(ws.now + timedelta(seconds=error.seconds))
    return count
