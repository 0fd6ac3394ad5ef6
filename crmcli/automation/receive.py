"""What has come in from outside since the last pass: moves by hand, and messages of the receivers."""

from __future__ import annotations

from collections.abc import Iterable

from crmcli.automation import hand_edits
from crmcli.automation.hand_edits import Received
from crmcli.channels.base import Incoming, Receiver
from crmcli.workspace import Workspace


def receive(ws: Workspace, receivers: Iterable[Receiver] = ()) -> Received:
    """Write down what has come in. No channel receives yet, so a tick hands in no receivers."""
    received = hand_edits.receive(ws, ws.agenda.dirty())
    for receiver in receivers:
        for message in receiver.fetch():
            if _write_down(ws, message):
                received.messages.append(message.id)
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
