"""do: comment, a note on the record's timeline."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.automation.actions.work import Effect, Work, told
from crmcli.model.event import Event
from crmcli.sales import activities
from crmcli.workspace import Change


def run(work: Work) -> Effect:
    """Write the note."""
    activities.log_in(work.change, work.target, "note", work.text("text"))
    return Effect("done")


def words(change: Change, events: Sequence[Event]) -> str:
    """The note."""
    return told(events, "text")
