"""do: stop_sequence, the robots of a sequence end for the record."""

from __future__ import annotations

from crmcli.automation import sequences
from crmcli.automation.actions.work import Effect, Work


def run(work: Work) -> Effect:
    """End it, or all that are under way."""
    name = work.text("sequence")
    done = sequences.stop_in(work.change, work.ws, work.the_record.id, name)
    if not done.moved:
        return Effect("skipped", {"reason": done.why})
    return Effect("done", words=done.sequence)
