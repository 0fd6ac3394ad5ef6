"""The messages that have come in by the receivers since the last pass."""

from __future__ import annotations

from collections.abc import Iterable

from crmcli.channels.base import Incoming, Receiver
from crmcli.workspace import Workspace


def receive(ws: Workspace, receivers: Iterable[Receiver]) -> list[str]:
    """Write down what has come in; the ids of the messages that are new."""
    received: list[str] = []
    for receiver in receivers:
        for message in receiver.fetch():
            received += [message.id] if _write_down(ws, message) else []
            receiver.acknowledge(message)
    return received


def _write_down(ws: Workspace, message: Incoming) -> bool:
    """Note a message for the record whose message it answers; False if that was done before somebody
    could acknowledge it."""
    with ws.change("tick", actor="crm") as change:
        if any(event.kind == message.kind for event in ws.timeline.events_of_message(message.id)):
            return False
        answered = ws.timeline.events_of_message(message.answers) if message.answers else []
        record = next((event.record for event in reversed(answered)), "")
        change.note(message.kind, record, {**message.facts, "message_id": message.id})
    return True
