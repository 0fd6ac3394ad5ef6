"""What becomes of jobs whose rule has changed since: of a robot that is gone they are called off."""

from __future__ import annotations

from crmcli.automation.job_failures import jobs_here
from crmcli.automation.ledger import AWAITING, Job
from crmcli.automation.outbox import cancel
from crmcli.language import tr
from crmcli.model.automation import Robot
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace

GONE = "its robot is no longer in pipelines.yaml"
TOGETHER = 100
"""How many are called off in one change."""


def cancel_undeclared(ws: Workspace) -> list[str]:
    """Call off what robots have begun that are declared nowhere any more, wherever they stood, and tell it in
    a line for each."""
    known = {(one.entity, one.act.id) for one in ws.pipelines.acts() if isinstance(one.act, Robot)}
    left = [job for job in jobs_here(ws).values() if _is_open(job)]
    lost = [job for job in left if (entity_of(job.record), job.robot) not in known]
    for start in range(0, len(lost), TOGETHER):
        cancel(ws, lost[start : start + TOGETHER], tr(GONE))
    return [
        tr("{}: {} of {} is cancelled: {}", j.record, j.action, j.robot, tr(GONE)) for j in lost
    ]


def _is_open(job: Job) -> bool:
    """Whether it is a robot's, is not over, and nobody is at it now."""
    is_robots = bool(entity_of(job.record)) and ":" not in job.robot and not job.is_of_crm
    return is_robots and job.state in ("queued", "failed", AWAITING)


def form_of(robot: Robot, job: Job | None) -> str:
    """What is to be said of the rule by which a job was planned; "" if it is the present one."""
    is_earlier = job is not None and job.rule not in ("", robot.digest)
    return tr("planned by an earlier form of this rule") if is_earlier else ""
