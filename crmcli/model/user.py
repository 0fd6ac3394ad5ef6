"""Somebody who works in a workspace."""

from __future__ import annotations

from crmcli.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works here; `id` is what `owner` and `--as` say."""

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    telegram: str = ""
    """The number of the chat in which the bot of the company tells this user."""
    head: str = ""
    """The id of who leads this user; "" for whoever is led by nobody."""
    extensions: tuple[str, ...] = ()
    """The extensions of the telephone exchange that this user has."""
    feed: str = ""
    """The sha256 of the secret in the address of this user's calendar; "" if there is no such address."""

    def __str__(self) -> str:
        return self.name or self.id
