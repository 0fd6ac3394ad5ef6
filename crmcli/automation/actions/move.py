"""do: move, to another stage of the same pipeline."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.automation.actions.work import Effect, Work, told
from crmcli.model.event import Event
from crmcli.sales import stages
from crmcli.workspace import Change


def run(work: Work) -> Effect:
    """Move it as a person would, also one that is closed."""
    moved = stages.move_in(
        work.change, work.ws, work.the_record, work.text("stage"), reason=work.text("reason"),
        reopen=True, data={"by": "robot"},
    )  # fmt: skip
    return Effect("done", {"stage": moved.stage.id, "from": moved.origin})


def words(change: Change, events: Sequence[Event]) -> str:
    """Where to."""
    stage = told(events, "stage")
    return f"to {stage}" if stage else "no change"
