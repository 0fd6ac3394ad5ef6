"""Looking at records within one tick: what is due for each now, and when it is due next."""

from __future__ import annotations

from crmcli.automation import outbox
from crmcli.automation.approval.gate import Gate
from crmcli.automation.due_records import Turn
from crmcli.automation.job_failures import Attempt, fail, job_of, note_fixed
from crmcli.automation.ledger import CRM, OwnStep
from crmcli.automation.record_plan import RecordPlan, plan_for, sleepers
from crmcli.automation.robots import Step, next_at
from crmcli.automation.tick_result import TickResult
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.model.values import format_instant
from crmcli.workspace import Change, Workspace


class RecordLooks:
    """Looks at records and settles when they are due next. What is `taken` already is not due again in this
    tick; `unreceived` are the records whose edits by hand met an error, in this pass."""

    gate: Gate
    """What may leave the machine, looked at anew in each pass."""

    def __init__(self, ws: Workspace, result: TickResult) -> None:
        self._ws = ws
        self._result = result
        self.taken: set[str] = set()
        self.unreceived: dict[str, Exception] = {}
        self.sharing: Change | None = None
        """The open change in which many act, if one is."""
        self._settled: list[tuple[str, str | None, str]] = []

    def look_at_changed(self) -> None:
        """Put into the agenda when each record is due that changed since it was thought over."""
        changed = self._ws.agenda.dirty()
        asleep = sleepers(self._ws, [one for one in changed if one not in self.unreceived])
        self._settled = [(record_id, None, "") for record_id in asleep]
        for record_id in changed:
            if record_id not in asleep:
                self.look(record_id)
        self.settle()

    def settle(self) -> None:
        """Write into the agenda what was found."""
        self._ws.agenda.settle_all(self._settled)
        self._settled.clear()

    def mark(self) -> tuple[set[str], int]:
        """How far it came, to go back there."""
        return set(self.taken), len(self._settled)

    def go_back(self, mark: tuple[set[str], int]) -> None:
        """Forget what was taken and settled since, in a change that is not written."""
        self.taken, settled = mark
        self._settled[settled:], self.sharing = [], None

    def look(self, record_id: str) -> Turn | None:
        """Look at a record and settle when it is due next; its turn if that is now."""
        attempt = Attempt(record_id, OwnStep.LOOK)
        try:
            if record_id in self.unreceived:
                raise self.unreceived[record_id]
            return self._turn(record_id, attempt)
        except (NotFound, InvalidData, Forbidden):
            if self.sharing:
                raise
            # It is gone, or broken (`crm check` tells where): once fixed, it is looked at again.
            if not self._ws.exists(record_id):
                outbox.call_off(self._ws, record_id)
            self._settled.append((record_id, None, ""))
        except Exception as error:
            if self.sharing:
                raise
            self._look_later(record_id, attempt, error)
        return None

    def _look_later(self, record_id: str, attempt: Attempt, error: Exception) -> None:
        told = fail(self._ws, attempt, error)
        if told is not None:
            self._result.told(told)
        job = job_of(self._ws, attempt)
        again = job.retry_at if job else None
        self._settled.append((record_id, format_instant(again) if again else None, ""))

    def _turn(self, record_id: str, attempt: Attempt) -> Turn | None:
        plan = plan_for(self._ws, record_id, self.sharing)
        job = plan.jobs.get(attempt.key)
        if job is not None and job.state in ("failed", "dead") and not self.sharing:
            with self._ws.change("tick", actor=CRM) as change:
                note_fixed(change, attempt)
        step = self.next_step(plan)
        due_at = (step.due_at or self._ws.now) if step else None
        moment = due_at or next_at(plan.steps, self._ws.now)
        at = format_instant(moment) if moment else None
        self._settled.append((record_id, at, plan.waits))
        return Turn(due_at, record_id, plan, step) if due_at and step else None

    def next_step(self, plan: RecordPlan) -> Step | None:
        """The first step that is due, may happen and was not taken in this tick: nothing is tried twice in
        a row."""
        left = [step for step in plan.due() if step.key not in self.taken]
        free = [step for step in left if not self.gate.why_not_step(plan, step)]  # notes the rest
        return free[0] if free else None
