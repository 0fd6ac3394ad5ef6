"""do: move, to another stage, or to a stage of another pipeline."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.language import tr
from crmcli.sales import stages


def run(work: Work) -> Effect:
    """Move it as a person would, also one that is closed."""
    moved = stages.move_in(
        work.change, work.ws, work.the_record, work.text("stage"), pipeline=work.text("pipeline"),
        reason=work.text("reason"), reopen=True, data={"by": "robot"},
    )  # fmt: skip
    words = tr("to {}", moved.stage.id) if moved.moved else tr("no change")
    return Effect("done", {"stage": moved.stage.id, "from": moved.origin}, words)
