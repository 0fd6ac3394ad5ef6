"""The address book at each tick: what went wrong, and how many cards ask, each said once."""

from __future__ import annotations

from crmcli.errors import CrmError
from crmcli.language import counted, tr
from crmcli.sales.cards.sync import sync
from crmcli.sales.cards.whose import Answers
from crmcli.workspace import Workspace, mail_places

SECONDS = 30.0
"""For so long mail and robots wait for it; the rest is for the next tick."""


def sync_cards(ws: Workspace) -> list[str]:
    """Bring both sides together; what a person should know of it that was not said before."""
    url = str(ws.settings.channels["cards"].get("url", ""))
    before = mail_places.read(ws).get(url, {})
    try:
        sync(ws, Answers(), seconds=SECONDS)
    except CrmError as error:
        if before.get("trouble") == error.message:
            return []
        place = {**mail_places.read(ws).get(url, {}), "trouble": error.message}
        mail_places.write(ws, {**mail_places.read(ws), url: place})
        return [tr("the address book is not synced: {}", error.message)]
    asked = mail_places.read(ws).get(url, {}).get("asked") or []
    if set(asked) <= set(before.get("asked") or []):
        return []
    return [
        tr(
            "{} in the address book may be known contacts: crm contact sync",
            counted(len(asked), "card"),
        )
    ]
