"""do: comment, a note on the record's timeline."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.sales import activities


def run(work: Work) -> Effect:
    """Write the note."""
    text = work.text("text")
    activities.log_in(work.change, work.target, "note", text)
    return Effect("done", words=text)
