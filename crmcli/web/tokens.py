"""What a page carries to say when it was made, signed so that nobody makes one up; each can be used once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import NamedTuple

LASTS = 24 * 3600
"""Seconds for which a page can be sent."""
QUICKEST = 3
"""Seconds in which nobody fills in a form."""


class Token(NamedTuple):
    """A token as it came back: its name, and how many seconds ago its page was made."""

    name: str
    age: float


class Tokens:
    """Makes and checks tokens by a key of this run: a page of an earlier one is shown anew."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

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

    def _sign(self, form: str, body: str) -> str:
        return hmac.new(self._key, f"{form} {body}".encode(), hashlib.sha256).hexdigest()[:32]
