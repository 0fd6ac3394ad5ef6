"""Somebody who works in a workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmcli.dataclass import dataclass
from crmcli.errors import Ambiguous, BadUsage
from crmcli.language import tr
from crmcli.model.listed import allowed_hint
from crmcli.model.values import fold


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

    aliases: tuple[str, ...] = ()
    """Other addresses whose letters are for this user: those of who left."""

    def __str__(self) -> str:
        return self.name or self.id

    @property
    def addresses(self) -> tuple[str, ...]:
        """The e-mail addresses of this user, each folded."""
        return tuple(fold(one) for one in (self.email, *self.aliases) if one)


def names_of(users: Mapping[str, User]) -> dict[str, tuple[str, ...]]:
    """By each folded word that means users, whom it means: an id before an e-mail or a whole name, that
    before a part of a name. A word for several means none of them."""
    found: dict[str, tuple[str, ...]] = {}
    for tier in zip(*map(_tiers, users.values()), strict=True) if users else ():
        here: dict[str, list[str]] = {}
        for user, words in zip(users, tier, strict=True):
            for word in words - found.keys():
                here.setdefault(word, []).append(user)
        found |= {word: tuple(ids) for word, ids in here.items()}
    return found


def _tiers(user: User) -> Iterator[set[str]]:
    yield {fold(user.id)}
    yield {*user.addresses, fold(user.name)} - {""}
    yield set(fold(user.name).split())


def find_user(users: Mapping[str, User], ref: str) -> str:
    """The id of the user whom a word means; BadUsage if it means nobody, Ambiguous if it means several."""
    if ref in users:
        return ref
    known = names_of(users)
    found = known.get(fold(ref), ())
    if not found:
        raise BadUsage(tr("no user {!r}", ref), allowed_hint(ref, known, tr("users"), users))
    if len(found) > 1:
        shown = ", ".join(f"{one} ({users[one].name})" for one in found)
        raise Ambiguous(tr("{!r} may be several users: {}", ref, shown), "use the id")
    return found[0]
