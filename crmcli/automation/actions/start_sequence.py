"""do: start_sequence, the robots of a sequence begin for the record."""

from __future__ import annotations

from crmcli.automation import sequences
from crmcli.automation.actions.work import Effect, Work


def run(work: Work) -> Effect:
    """Start it, unless it is under way or may not come again."""
    name = work.text("sequence")
    done = sequences.start_in(work.change, work.ws, work.the_record.id, name)
    return Effect("done", words=name) if done.moved else Effect("skipped", {"reason": done.why})
