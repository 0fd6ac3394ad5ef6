"""What a page carries to say when it was made, signed so that nobody makes one up; each can be used once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from typing import NamedTuple

from crmcli.errors import Conflict

LASTS = 24 * 3600
"""Seconds for which a page can be sent."""
QUICKEST = 3
"""Seconds in which nobody fills in a form."""


MOST_KNOWN = 100_000
"""So many that were used are known; a page that is older than all of them is shown anew."""


class UsedBefore(Conflict):
    """The page came before with something else, or is too old."""


class Token(NamedTuple):
    """A token as it came back: its name, and how many seconds ago its page was made."""

    name: str
    age: float


class Tokens:
    """Makes and checks tokens by a key of this run: a page of an earlier one is shown anew."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._used: dict[str, tuple[bytes, float]] = {}
        self._known_since = 0.0

    def new(self, form: str, now: float) -> str:
        """A token for a page of a form that is made now."""
        body = f"{int(now * 1000):x}.{secrets.token_urlsafe(12)}"
        return f"{body}.{self._sign(form, body)}"

    def read(self, form: str, text: str, now: float) -> Token | None:
        """What a token says; None if it is not ours, or too old."""
        body, _, sign = text.rpartition(".")
        at, _, name = body.partition(".")
        if not hmac.compare_digest(sign.encode(), self._sign(form, body).encode()):
            return None
        age = now - int(at, 16) / 1000
        return Token(name, age) if age < LASTS else None

    def use(self, token: Token, content: bytes, now: float) -> None:
        """Note that a token comes with this content; UsedBefore if it came with another, or may have."""
        told = hashlib.sha256(content).digest()
        with self._lock:
            if now - token.age < self._known_since:
                raise UsedBefore("the page is too old", "load it anew")
            before, _ = self._used.setdefault(token.name, (told, now))
            if len(self._used) > MOST_KNOWN:
                _, self._known_since = self._used.pop(next(iter(self._used)))
        if before != told:
            raise UsedBefore("the page was sent before", "load it anew")

    def _sign(self, form: str, body: str) -> str:
        return hmac.new(self._key, f"{form} {body}".encode(), hashlib.sha256).hexdigest()[:32]
