"""A copy of each letter that left by SMTP goes into the folder of sent mail, where the settings name one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crmcli.channels import secrets
from crmcli.channels.imap import Session, sent_box
from crmcli.channels.message import fingerprint_of
from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.event import Event
from crmcli.workspace import Workspace, fetch_places

_AT_FIRST = timedelta(days=1)
"""So far back go the copies of a folder that is new in the settings."""


def copy_sent(ws: Workspace) -> list[str]:
    """Copy what left since the last copy; what went wrong, where it is news. What fails is tried again at the
    next tick: a letter that is there already is known by its Message-ID."""
    url, is_by_smtp = ws.settings.mail.sent, ws.settings.mail.deliver.startswith("smtp")
    if not url or not is_by_smtp or ws.dry_run:
        return []
    name = f"sent {url}"
    place, told, troubles = fetch_places.place_of(ws, name), list[str](), list[str]()
    left = _not_copied(ws, place)
    if not left:
        return []
    try:
        told = _copied(ws, url, left, place)
    except CrmError as error:
        troubles = [error.message]
    before = fetch_places.keep(ws, name, place, troubles)
    news = [one for one in (*told, *troubles) if one not in before]
    return [tr("no copies of sent mail are kept: {}", one) for one in news]


def _not_copied(ws: Workspace, place: dict[str, Any]) -> list[Event]:
    """The letters that left from here and were not copied yet; what was fetched is in some folder already."""
    after = str(place.get("after", ""))
    found = ws.events(kinds=("mail.out",), after=after, clone=ws.clone)
    since = ws.now - _AT_FIRST
    new = [one for one in found if after or one.at >= since]
    return [one for one in new if one.data.get("file") and not one.data.get("intake")]


def _copied(ws: Workspace, url: str, left: list[Event], place: dict[str, Any]) -> list[str]:
    to, told = sent_box(url), list[str]()
    secret = secrets.read(ws.settings.mail.fetch_password.replace("{user}", to.user))
    session = Session(to, secret)
    try:
        for event in left:
            try:
                content = ws.attached(str(event.data["file"]))
            except CrmError as damaged:  # it is lost for good: the letters behind it need not wait
                told.append(damaged.message)
            else:
                session.add_once(content, fingerprint_of(event.data.get("message_id")), event.at)
            place["after"] = event.id
    finally:
        session.close()
    return told
