"""The application as a provider sees it, and what the workspace has of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from crmcli.automation.receive import take_up
from crmcli.sales.activities import Wanted, find
from crmcli.sales.intake import kept
from crmcli.web import app as web
from crmcli.web.opening import Opening
from crmcli.web.writer import Writer
from crmcli.workspace import Workspace
from tests.kit import NOW, opened, write

SETTINGS = """
phone_country: RU
language: ru
users:
  anna: {name: Анна, extensions: [101]}
  boris: {name: Борис, phone: '+7 916 000-00-02', extensions: ['102']}
channels:
  webhook: {allow: ['127.0.0.1:PORT']}
  CHANNEL: PROVIDER
"""
SECRET = "s3cr3t"


def settings(provider: str, port: int = 1, channel: str = "call") -> str:
    """The settings with a provider of calls, or of another channel."""
    text = SETTINGS.replace("PROVIDER", provider).replace("PORT", str(port))
    return text.replace("CHANNEL", channel)


class Site:
    """The application, as a provider sees it."""

    def __init__(self, folder: Path, provider: str, channel: str = "call") -> None:
        self.folder, self.channel = folder, channel
        write(folder, "settings.yaml", settings(provider, channel=channel))
        self.opened = Opening(folder, "anna", NOW)
        self.writer = Writer(self.opened)
        self.writer.start()
        self.client = web.create_app(self.opened, self.writer).test_client()

    def ws(self) -> Workspace:
        return opened(self.folder)

    def kept(self) -> list[kept.Kept]:
        for _ in range(1000):
            if not self.writer.waiting:
                break
            time.sleep(0.01)
        return kept.listed(self.ws(), ("waiting", "unreadable", "taken", "dropped"))

    def timeline(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What the timeline says of what came by the channel once all is taken up: kind, record, data."""
        self.writer.stop()
        take_up(self.ws())
        ws = self.ws()
        return [(e.kind, e.record, dict(e.data)) for e in find(ws, Wanted(kinds=(self.channel,)))]
