"""The address book at each tick: what went wrong, and how many cards ask, each said once."""

from __future__ import annotations

from crmcli.errors import CrmError
from crmcli.language import counted, tr
from crmcli.sales.cards.sync import sync
from crmcli.sales.cards.whose import Answers
from crmcli.workspace import Workspace, fetch_places

SECONDS = 30.0
"""For so long mail and robots wait for it; the rest is for the next tick."""


def sync_cards(ws: Workspace) -> list[str]:
    """Bring both sides together; what a person should know of it that was not said before."""
    url = str(ws.settings.channels["cards"].get("url", ""))
    before = fetch_places.place_of(ws, url)
    try:
        sync(ws, Answers(), seconds=SECONDS)
    except CrmError as error:
        place, said = fetch_places.place_of(ws, url), error.message
        is_news = said not in fetch_places.keep(ws, url, place, [said])
        return [tr("the address book is not synced: {}", said)] if is_news else []
    asked = fetch_places.place_of(ws, url).get("asked") or []
    if set(asked) <= set(before.get("asked") or []):
        return []
    told, cards = "{} in the address book may be known contacts: crm contact sync", len(asked)
    return [tr(told, counted(cards, "card"))]
