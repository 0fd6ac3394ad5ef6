"""crm jobs: what robots did and could not do; retry, cancel, say how one ended."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, Noun, Session, Verb
from crmcli.cli.printing import tell
from crmcli.language import tr
from crmcli.model.entities import having

jobs = Noun("jobs", help="What robots did and could not do; retry, cancel, resolve.")


@jobs.command("list", cls=Verb)
@click.option(
    "--state", "states", multiple=True, help="queued, failed, dead, unknown, done, … or all."
)
@click.option("--for", "ref", metavar="REF", default="", help="Only jobs of this record.")
@click.pass_obj
def list_(session: Session, states: Sequence[str], ref: str) -> None:
    """List jobs that are open or need a person; --state selects others, or all.

    Example: crm jobs list --state unknown
    """
    from crmcli.automation import jobs as book
    from crmcli.automation.ledger import OPEN, STATES, TROUBLED
    from crmcli.present import automation

    ws = session.workspace
    wanted = [part.strip() for state in states for part in state.split(",")]
    found = STATES if "all" in wanted else tuple(wanted) or (*OPEN, *TROUBLED)
    record = ws.resolve(ref, *having("staged")) if ref else ""
    listed = book.listed(ws, found, record)
    session.out.records(*automation.jobs(listed))
    if not listed:
        session.out.note("no such jobs" if wanted else "no open jobs, and none needs a person")


@jobs.command(cls=ChangingVerb)
@click.argument("key")
@click.pass_obj
def retry(session: Session, key: str) -> None:
    """Retry a job at the next tick, with a fresh count of attempts.

    Example: crm jobs retry 3f9a
    """
    from crmcli.automation import jobs as book
    from crmcli.present.automation import job_name

    job = book.retry(session.workspace, key)
    tell(session, tr("Will be retried at the next tick: {}.", job_name(job)))


@jobs.command(cls=ChangingVerb)
@click.argument("key")
@click.pass_obj
def cancel(session: Session, key: str) -> None:
    """Cancel a job that is not done, or a waiting robot.

    Example: crm jobs cancel 3f9a
    """
    from crmcli.automation import jobs as book
    from crmcli.present.automation import job_name

    job = book.cancel(session.workspace, key)
    tell(session, tr("Cancelled: {}.", job_name(job)))


@jobs.command(cls=ChangingVerb)
@click.argument("key")
@click.argument("how", metavar="sent|failed|retry")
@click.pass_obj
def resolve(session: Session, key: str, how: str) -> None:
    """Say what became of a message that may have been sent: sent, failed, or retry to send it again.

    Example: crm jobs resolve 3f9a sent
    """
    from crmcli.automation import jobs as book
    from crmcli.present.automation import job_name

    job = book.resolve(session.workspace, key, how)
    tell(session, tr("Resolved as {}: {}.", how, job_name(job)))
