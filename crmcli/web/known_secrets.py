"""Secrets that a program prints, known for a minute: whoever calls here must not make it run each time."""

from __future__ import annotations

import threading
import time

from crmcli.channels import secrets
from crmcli.channels.secrets import NoSecret

PROGRAM = "cmd:"
KNOWN_FOR = 60.0
"""Seconds."""


class KnownSecrets:
    """What programs have printed, or why there is nothing; one runs at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, str | NoSecret]] = {}

    def read(self, reference: str) -> str:
        """The secret that a reference stands for; NoSecret."""
        if not reference.startswith(PROGRAM):
            return secrets.read(reference)
        known = self._known.get(reference)
        # Only who is first waits for a program; while it runs anew, what it said before goes on to count.
        if self._is_old(reference) and self._lock.acquire(blocking=known is None):
            try:
                if self._is_old(reference):
                    said = _printed(reference)
                    self._known[reference] = time.monotonic(), said
            finally:
                self._lock.release()
        found = self._known[reference][1]
        if isinstance(found, NoSecret):
            raise NoSecret(found.message, found.hint)
        return found

    def _is_old(self, reference: str) -> bool:
        at, _ = self._known.get(reference, (float("-inf"), ""))
        return time.monotonic() - at >= KNOWN_FOR


def _printed(reference: str) -> str | NoSecret:
    try:
        return secrets.read(reference)
    except NoSecret as error:
        return error
