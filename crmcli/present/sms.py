"""SMS as people read them, and how long they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crmcli.model.sms_length import cost, measured
from crmcli.present.cells import Column, Listing
from crmcli.present.documents import outcome
from crmcli.present.letters import message_row
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.automation.person_mail import Delivery
    from crmcli.automation.person_sms import PersonSms
    from crmcli.model.event import Event
    from crmcli.workspace import Workspace

COLUMNS = [
    Column("at", "When", "datetime", keep=True), Column("kind", "What", "word", keep=True),
    Column("name", "Record"), Column("text", "Text", whole=True, most=3),
    Column("number", "Number", "phone", spare=True),
    Column("id", "Id", keep=True),
]  # fmt: skip
WHOLE = [
    COLUMNS[-1], *COLUMNS[:3], Column("number", "Number", "phone"), Column("why", "Why"),
    Column("price", "Price", "price"),
    Column("of_provider", "Provider's id"),
]  # fmt: skip


def sms_table(ws: Workspace, found: Iterable[Event]) -> Listing:
    """SMS, one a line."""
    return Listing(
        [sms_row(ws, one) for one in found],
        COLUMNS,
        "no SMS yet: crm sms send REF TEXT sends one; how they come in: crm help sms",
    )


def sms_row(ws: Workspace, sms: Event) -> dict[str, Any]:
    """An SMS, or what became of one, as a row."""
    keys = ("number", "text", "why", "price", "message", "message_id")
    row = message_row(ws, sms) | {key: str(sms.data.get(key) or "") for key in keys}
    row["text"] = row["text"] or row["why"]
    row["of_provider"] = (
        row["message_id"].strip(":").rpartition(":")[2]
    )  # message_id is our own key
    return row | {"number": row["number"] or str(sms.data.get("to") or "")}


def sms_sent(sms: PersonSms, record_id: str, price: str, done: Delivery | None) -> Told:
    """What became of an SMS; None of one that only would be sent."""
    length = measured(sms.text)
    row: dict[str, object] = {
        "id": record_id, "to": sms.to, "text": sms.text, "alphabet": length.alphabet,
        "letters": length.units, "parts": length.parts, "left": length.left,
        **({"price": cost(length.parts, price)} if price else {}),
    }  # fmt: skip
    return outcome((sms.text, sms.to), row, done)
