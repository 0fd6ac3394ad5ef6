"""Letting robots act within one tick, in the order in which they are due: alone, or many in one change."""

from __future__ import annotations

from crmcli.automation.acts_left import ActsLeft
from crmcli.automation.due_records import DueRecords, Turn
from crmcli.automation.job_failures import raise_general
from crmcli.automation.ledger import CRM, Done
from crmcli.automation.record_looks import RecordLooks
from crmcli.automation.record_plan import RecordPlan, nothing_was_due, plan_for
from crmcli.automation.robot_runs import can_share, take, take_shared
from crmcli.automation.robots import Step
from crmcli.automation.tick_result import TickResult
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.model.event import Event
from crmcli.workspace import Workspace
from crmcli.workspace.undone import dead

TOGETHER = 100
"""How many acts share a transaction at most: the lock is held for all of them."""


class RobotTurns:
    """Gives robots their turns, as long as acts are `left`; `looks` say whose turn it is."""

    def __init__(
        self, ws: Workspace, result: TickResult, looks: RecordLooks, left: ActsLeft
    ) -> None:
        self._ws = ws
        self._result = result
        self._looks = looks
        self._left = left

    def begin(self) -> None:
        """Begin a pass."""
        self._is_dead = dead(self._ws)

    def act(self) -> int:
        """Let robots act in the order in which they are due; how many did."""
        self._looks.look_at_changed()
        queue = DueRecords(self._ws, self._looks.look)
        acted = singly = 0
        while (turn := queue.take()) is not None:
            if not self._left.count():
                self._left.stop()
                break
            if not singly and self._can_share(turn):
                did, failed = self._act_together(queue, turn)
                acted += did
                singly = failed  # which of them fails is found by taking each alone
                continue
            singly = max(singly - 1, 0)
            acted += self._act_alone(queue, turn)
        self._looks.settle()
        return acted

    def _act_alone(self, queue: DueRecords, turn: Turn) -> int:
        """Let one robot act in a change of its own; how many did."""
        self._ws.read_clock()
        did = self._take(turn.plan, turn.step)
        queue.again(turn.record)
        return int(did)

    def _take(self, plan: RecordPlan, step: Step) -> bool:
        self._looks.taken.add(step.key)
        done = take(self._ws, plan, step)
        if done is not None:
            self._result.acted(done)
        return done is not None

    def _act_together(self, queue: DueRecords, first: Turn) -> tuple[int, int]:
        """Let the robots that come next act in one change, as long as each is about its record alone: how
        many did, and how many there were where one of them failed and nothing was written."""
        self._ws.read_clock()
        looks, mark = self._looks, self._looks.mark()
        met, done = list[str](), list[Done]()
        turn: Turn | None = first
        try:
            with self._ws.change("tick", actor=CRM) as looks.sharing:
                while (
                    turn and len(met) < min(TOGETHER, self._left.count()) and self._can_share(turn)
                ):
                    met.append(turn.record)
                    looks.taken.add(turn.step.key)
                    told = take_shared(self._ws, looks.sharing, turn.plan, turn.step)
                    done += [told] if told else []
                    queue.again(turn.record)
                    turn = queue.take()
        except Exception as error:
            raise_general(error)
            looks.go_back(mark)
            for record_id in dict.fromkeys([*met, *([turn.record] if turn else [])]):
                queue.again(record_id)
            return 0, len(met)
        finally:
            looks.sharing = None
        if turn:
            queue.put_back(turn)
        for told in done:
            self._result.acted(told)
        return len(done), 0

    def _can_share(self, turn: Turn) -> bool:
        """Whether what a record has to do next may stand in one change with what others do."""
        return can_share(self._ws, turn.plan, turn.step)

    def act_before(self, record_id: str, event: Event) -> None:
        """Let the robots of a record act that were due before an event, in the order in which they were."""
        if nothing_was_due(self._ws, event):
            return
        try:
            while True:
                plan = plan_for(self._ws, record_id, before=event)
                if plan.visit is None or self._is_dead(plan.visit.entry):
                    return
                step = self._looks.next_step(plan)
                if step is None:
                    return
                self._take(plan, step)
        except (NotFound, InvalidData, Forbidden):
            return  # it is gone, or broken, which `crm check` tells
        except Exception as error:
            self._result.met(raise_general(error), record_id)
