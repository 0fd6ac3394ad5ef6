"""crm robots: which there are, what they wait for, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.params import Noun, Session
from crmcli.model.entities import having

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

robots = Noun("robots", help="What robots there are, what they wait for, and why.")


@robots.command("list")
@click.pass_obj
def list_(session: Session) -> None:
    """List the robots and schedules as they are declared."""
    from crmcli.present import automation

    table = automation.robots(session.workspace)
    session.out.records(*table)
    if not table.rows:
        session.out.note("no robots or schedules in pipelines.yaml")


@robots.command()
@click.argument("ref", required=False, default="")
@click.pass_obj
def waiting(session: Session, ref: str) -> None:
    """What robots will do, the earliest first.

    Example: crm robots waiting 7k3
    """
    from crmcli.automation import explain as explaining
    from crmcli.present import automation

    ws = session.workspace
    lines = explaining.waiting(ws, ws.resolve(ref, *having("staged")) if ref else "")
    session.out.records(*automation.outlook(lines, automation.WAITING))
    if not lines:
        session.out.note("no robot is waiting")


@robots.command()
@click.argument("ref")
@click.pass_obj
def explain(session: Session, ref: str) -> None:
    """What each robot of a record's stage does next and when, or why it does not.

    Robots of earlier stages that never ran because the record left are listed too.

    Example: crm robots explain 7k3
    """
    from crmcli.automation import explain as explaining
    from crmcli.present import automation

    lines = explaining.explain(session.workspace, ref)
    session.out.records(*automation.outlook(lines, automation.EXPLAINED))
    if not lines:
        session.out.note(_why_none(session.workspace, ref))


def _why_none(ws: Workspace, ref: str) -> str:
    from crmcli.workspace import UnknownStage

    try:
        ws.stage_of(ws.find(ref, *having("staged")))
    except UnknownStage as unknown:
        return unknown.message
    return "its stage has no robots"
