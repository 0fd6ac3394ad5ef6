"""Undo of changes to files other than records: settings.yaml, the block list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.workspace import Change, Workspace

REWRITTEN = "file.changed"


class FileReversal:
    """The files of some changes as they were before these, within an open change."""

    def __init__(self, ws: Workspace, change: Change) -> None:
        self._ws = ws
        self._change = change
        self._texts: dict[str, str] = {}

    def stuck(self, events: Iterable[Event]) -> list[str]:
        """The files that these events wrote and that say something else by now."""
        wrote: dict[str, str] = {}
        for event in events:
            if event.kind == REWRITTEN:
                wrote[str(event.data["file"])] = str(event.data["to"])
        return [path for path, text in wrote.items() if self._now(path) != text]

    def reverse(self, event: Event) -> None:
        """Let a file be as it was before an event; what did not exist is empty."""
        self._texts[str(event.data["file"])] = str(event.data.get("from", ""))

    def _now(self, path: str) -> str:
        """The digest of a file as it is here so far."""
        return self._texts[path] if path in self._texts else self._change.digest_of(path)

    def write(self) -> list[str]:
        """Write the files into the open change; their paths."""
        texts = (
            (path, self._ws.attached(text) if text else b"") for path, text in self._texts.items()
        )
        return [path for path, data in texts if self._change.rewrite(path, data, restored=True)]
