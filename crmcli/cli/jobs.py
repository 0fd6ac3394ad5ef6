"""crm jobs: what robots did and could not do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from crmcli.cli.options import staged_record
from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present import automation
from crmcli.present.cells import Listing
from crmcli.present.told import Told

jobs = Noun("jobs", help="What robots did and could not do; retry, cancel, resolve, finish.")
WHERE = option("--where -w", "Only jobs that match a condition.", "EXPR")
MANY = [click.Argument(("keys",), nargs=-1, metavar="KEY…"), WHERE]


@jobs.command(
    "list",
    params=[
        option("--state states", "queued, failed, dead, unknown, done, … or all.", multiple=True),
        option("--for ref", "Only jobs of this record.", "REF"),
        WHERE,
    ],
)
def list_(session: Session, states: Sequence[str], ref: str, where: str) -> Listing:
    """List jobs that are open or need a person; --state selects others, or all.

    A condition knows robot, action, state, record, pipeline, stage (where the record stands), due, age (in
    days, or 2h, 1w), reason and to; and fields of the record, as in record.owner.

    Example: crm jobs list --state unknown

    Example: crm jobs list --where 'action = email and stage = offer and age > 2d'
    """
    from crmcli.automation.jobs import listed
    from crmcli.automation.ledger import STATES

    ws = session.workspace
    wanted = [part.strip() for state in states for part in state.split(",")]
    found = STATES if "all" in wanted else tuple(wanted)
    none = "no such jobs" if wanted or where else "no open jobs, and none needs a person"
    return automation.jobs(ws, listed(ws, found, staged_record(ws, ref), where), none)


@jobs.command()
@click.argument("key")
def show(session: Session, key: str) -> None:
    """Show a job with each line that the ledger has of it.

    Example: crm jobs show 3f9a
    """
    from crmcli.automation.job_choice import find

    ws, out = session.workspace, session.out
    job = find(ws, key)
    steps = automation.job_steps(ws.in_right_time(ws.timeline.job_events([job.key])))
    [row], columns, _ = automation.jobs(ws, [job], "")
    row = {**row, "rule": job.rule, "steps": list(steps.rows)}
    out.one(row, [automation.KEY, *columns[1:], automation.RULE])
    out.section("Steps", *steps)


@jobs.command(cls=ChangingVerb, params=MANY)
def retry(session: Session, keys: Sequence[str], where: str) -> list[Told]:
    """Retry jobs at the next tick, with a fresh count of attempts.

    Example: crm jobs retry 3f9a

    Example: crm jobs retry --where 'robot = offer and state = dead'
    """
    words = tr("Will be retried at the next tick: {}.", "{}")
    return _decided(session, "retry", words, keys, where)


@jobs.command(cls=ChangingVerb, params=MANY)
def cancel(session: Session, keys: Sequence[str], where: str) -> list[Told]:
    """Cancel jobs that are not done, or waiting robots.

    Example: crm jobs cancel 3f9a

    Example: crm jobs cancel --where 'robot = call and record.owner = me' --dry-run
    """
    return _decided(session, "cancel", tr("Cancelled: {}.", "{}"), keys, where)


@jobs.command(
    cls=ChangingVerb, params=[*MANY, click.Argument(("how",), metavar="sent|failed|retry")]
)
def resolve(session: Session, keys: Sequence[str], how: str, where: str) -> list[Told]:
    """Say what became of messages that may have been sent: sent, failed, or retry to send them again.

    Example: crm jobs resolve 3f9a sent

    Example: crm jobs resolve --where 'action = email and age > 1d' sent
    """
    told = tr("Resolved as {}: {}.", how, "{}")
    return _decided(session, "resolve", told, keys, where, how)


def _decided(
    session: Session, verb: str, words: str, keys: Sequence[str], where: str, how: str = ""
) -> list[Told]:
    """Decide about jobs by their keys or by a condition; what is refused does not stop the others."""
    from crmcli.automation.jobs import decide
    from crmcli.cli.printing import each_told

    if bool(keys) == bool(where):
        told = "--where and KEY exclude each other" if keys else "no KEY is given"
        raise BadUsage(told, tr("crm jobs {0} KEY…, or crm jobs {0} --where EXPR", verb))
    chosen, done = decide(session.workspace, verb, keys, where, how)
    return each_told(
        session, chosen, done, lambda _, job: Told(words.format(automation.job_name(job)))
    )


@jobs.command(cls=ChangingVerb)
@click.argument("key")
@click.argument("answer", required=False, default="", metavar="[JSON]")
@click.option("--failed", metavar="WHY", default="", help="It failed.")
def finish(session: Session, key: str, answer: str, failed: str) -> Told:
    """Bring the answer of a job that waits for one; the robots below it go on at the next tick.

    JSON is {"values": {…}}, for those robots; - reads it from standard input.

    Example: crm jobs finish 3f9a --json '{"values": {"signed": "yes"}}'
    """
    from crmcli.automation import jobs as book

    answer = sys.stdin.read() if answer == "-" else answer
    job = book.finish(session.workspace, key, answer, failed)
    return Told(tr("Finished: {}.", automation.job_name(job)))
