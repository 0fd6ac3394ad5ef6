"""do: complete_tasks, the open tasks that the record got in a stage are done."""

from __future__ import annotations

from crmcli.automation.actions.work import Effect, Work
from crmcli.model.event import ENTRIES, Event
from crmcli.sales import tasks


def run(work: Work) -> Effect:
    """Finish them as a person would."""
    stage, ws = work.text("stage") or str(work.the_record.get("stage")), work.ws
    entries = [event for event in ws.events(record=work.target) if event.kind in ENTRIES]
    condition = ws.condition(f"about = {work.target} and done_at is empty", "task")
    found = [task.id for task in ws.select("task", condition)]
    found = [task_id for task_id in found if _stage_of(work, task_id, entries) == stage]
    done = [tasks.mark_in(ws, work.change, task_id, ws.now)[0].name for task_id in found]
    if not done:
        return Effect("skipped", {"reason": "there are no open tasks of the stage"})
    return Effect("done", {"tasks": done}, ", ".join(done))


def _stage_of(work: Work, task_id: str, entries: list[Event]) -> str:
    """The stage in which the record stood when a task was made; "" for one of another pipeline."""
    made = work.ws.events(record=task_id, kinds=("task.created",), limit=1)
    before = [event for event in entries if not made or event.id < made[0].id]
    if not before:
        return ""
    pipeline = getattr(work.the_record, "pipeline", "")
    is_here = before[-1].data.get("pipeline", pipeline) == pipeline
    return str(before[-1].data.get("stage")) if is_here else ""
