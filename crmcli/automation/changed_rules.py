"""What becomes of jobs whose rule has changed since: of one that is gone they are called off."""

from __future__ import annotations

from crmcli.automation.job_failures import jobs_here
from crmcli.automation.ledger import AWAITING, SCHEDULE, Done, Job
from crmcli.automation.outbox import cancel
from crmcli.language import tr
from crmcli.model.automation import Robot
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace

GONE = "its robot is no longer in pipelines.yaml"
GONE_SCHEDULE = "its schedule is no longer in pipelines.yaml"
TOGETHER = 100
"""How many are called off in one change."""


def cancel_undeclared(ws: Workspace) -> list[str]:
    """Call off what robots have begun, and what schedules have queued, that are declared nowhere any more,
    wherever they stood, and tell it in a line for each."""
    acts = ws.pipelines.acts()
    known = {(one.entity if isinstance(one.act, Robot) else SCHEDULE, one.act.id) for one in acts}
    left = [job for job in jobs_here(ws).values() if _is_open(job)]
    told: list[str] = []
    for kind, gone in ((SCHEDULE, tr(GONE_SCHEDULE)), ("", tr(GONE))):
        lost = [j for j in left if (kind == SCHEDULE) == _is_scheduled(j) and _name(j) not in known]
        for start in range(0, len(lost), TOGETHER):
            cancel(ws, lost[start : start + TOGETHER], gone)
        done = (Done(job.record, job.robot, job.action, "cancelled", job.key, gone) for job in lost)
        told += map(str, done)
    return told


def _name(job: Job) -> tuple[str, str]:
    """By what a robot is known, within its noun, or a schedule, whatever its pipeline is called by now."""
    if _is_scheduled(job):
        return SCHEDULE, job.robot.rpartition("/")[2]
    return entity_of(job.record), job.robot


def _is_scheduled(job: Job) -> bool:
    return job.robot.startswith(SCHEDULE)


def _is_open(job: Job) -> bool:
    """Whether it is a robot's, or left by a schedule, is not over, and nobody is at it now; not what a person
    wanted tried again."""
    is_robots = bool(entity_of(job.record)) and ":" not in job.robot and not job.is_of_crm
    is_theirs = is_robots or (_is_scheduled(job) and job.is_outgoing)
    return is_theirs and job.depth > 0 and job.state in ("queued", "failed", AWAITING)


def form_of(robot: Robot, job: Job | None) -> str:
    """What is to be said of the rule by which a job was planned; "" if it is the present one."""
    is_earlier = job is not None and job.rule not in ("", robot.digest)
    return tr("planned by an earlier form of this rule") if is_earlier else ""
