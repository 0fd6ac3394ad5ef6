"""The secret address of a user's calendar: settings.yaml has its sha256 alone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import cast

from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.listed import allowed_hint
from crmcli.model.user import User
from crmcli.model.values import Raw
from crmcli.sales.settings.reshape import SettingsEdit, Tree, reshape
from crmcli.workspace import Workspace


def give(ws: Workspace, user: str) -> str:
    """Make a new secret for a user, and return it; an older one opens nothing from here on."""
    token = secrets.token_urlsafe(32)
    _write(ws, _known(ws, user), hashlib.sha256(token.encode()).hexdigest())
    return token


def revoke(ws: Workspace, user: str) -> None:
    """Take the address of a user's calendar away; NotFound if there is none."""
    known = _known(ws, user)
    if not ws.settings.users[known].feed:
        raise NotFound(tr("{} has no calendar address", known), tr("crm calendar feed {}", known))
    _write(ws, known, "")


def holder(ws: Workspace, token: str) -> User | None:
    """Whose calendar a secret opens; all are compared, so that how long it takes says nothing."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    found = [
        user
        for user in ws.settings.users.values()
        if hmac.compare_digest(digest, user.feed) and user.feed and user.id not in ws.gone
    ]
    return found[0] if found else None


def _known(ws: Workspace, user: str) -> str:
    users = ws.settings.users
    if not users:
        raise BadUsage("settings.yaml names no users", "write users: {anna: {name: Anna}}")
    if not user:
        raise BadUsage("name the user whose calendar it is", allowed_hint("", [*users]))
    return ws.user_id(user)


def _write(ws: Workspace, user: str, digest: str) -> None:
    def edit(tree: Tree) -> None:
        users = cast("dict[str, Raw]", tree["users"])
        facts = dict(cast("dict[str, Raw]", users.get(user) or {}))
        facts.pop("feed", None)
        users[user] = {**facts, "feed": digest} if digest else facts

    reshape(ws, "calendar feed", SettingsEdit(edit=edit))
