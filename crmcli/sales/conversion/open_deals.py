"""The open deals that the client of a new one has already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from crmcli.errors import Ambiguous
from crmcli.language import counted, tr
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.sales.duplicates.known import Known, standing
from crmcli.workspace import Workspace


def open_deals(
    ws: Workspace,
    made: Mapping[str, Record],
    clients: Sequence[str],
    earlier: Sequence[Record] = (),
    *,
    is_another: bool = False,
) -> Iterator[Known]:
    """Those of the clients, those of people first, the newest first, beside those made `earlier` in the same
    work. A deal of the company with somebody else only may be the one, as may all if it is said that it
    `is_another`."""
    if "deal" not in made or not clients:
        return
    links = {"contact": "contacts", "company": "company"}
    asked = " or ".join(f"{links[one.partition('-')[0]]} = {one}" for one in clients)
    found = [deal.id for deal in ws.select("deal", ws.condition(asked, "deal"), ["-created_at"])]
    deals = [*earlier, *filter(None, (standing(ws, deal_id) for deal_id in found))]
    has_person = "contact" in made or any(one.startswith("contact-") for one in clients)
    known = []
    for deal in cast("list[Deal]", deals):
        is_theirs = bool({*deal.contacts} & {*clients})
        if is_theirs or deal.company in clients:
            is_sure = not is_another and (is_theirs or not has_person)
            known.append(
                Known(deal, (tr("open deal of the client"),), "same" if is_sure else "doubt")
            )
    yield from sorted(known, key=lambda one: not one.surely)


def the_only(found: Sequence[Known]) -> Sequence[Known]:
    """The deal that surely is the one, if any; Ambiguous of several."""
    sure = [known for known in found if known.surely]
    if len(sure) > 1:
        shown = "; ".join(map(str, sure[:5]))
        said = tr("several {} match: {}", counted(len(sure), "deal", "deals"), shown)
        raise Ambiguous(
            said, "name one by crm lead convert --use-deal REF, or leave out --on-duplicate"
        )
    return sure
