"""crm tick: run what is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.params import Verb, option
from crmcli.cli.printing import notes
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, CrmError, InvalidData, Problem
from crmcli.language import counted, tr
from crmcli.model.values import parse_instant
from crmcli.present.cells import Listing
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.automation.tick_result import TickResult

MOST_TOLD = 50
"""Of so many messages that git has forgotten each is named."""


@click.command(
    cls=Verb,
    params=[
        option("-n --dry-run", "Show what would happen without doing it.", is_flag=True),
        option("--until", "With --dry-run: show everything until then.", "DATE"),
        option("--summary", "With --dry-run: only how many of what on each day.", is_flag=True),
        option(
            "--accept-history",
            "Continue after git went back in time: messages sent from here that the timeline no longer "
            "has are noted as sent.",
            is_flag=True,
        ),
        option("--install", "Let cron run it: write the line of your crontab.", is_flag=True),
        option("--every", "With --install: how often; 5m if absent.", "TIME"),
        option("--uninstall", "Remove that line.", is_flag=True),
        option("--status", "Tell when it last ran, and who runs it.", is_flag=True),
        option(
            "--print form", "Print the cron line or the systemd timer.", among=("cron", "systemd")
        ),
    ],
)
def tick(
    session: Session, dry_run: bool, until: str, summary: bool, accept_history: bool, **upkeep: Any
) -> Listing | Told | None:
    """Run what is due: triggers, robots, schedules, messages.

    It prints nothing when all is well, so cron can run it every minute. What failed for good goes to
    stderr, one line each, with exit code 0; a bug in crm over one record does not stop the others, and
    exits with 70. A second tick at the same time exits at once.

    Example: crm tick --install --every 5m

    Example: crm tick --dry-run --until +7d

    Example: crm tick --dry-run --until +30d --summary
    """
    if told := _upkeep(session, dry_run=dry_run, **upkeep):
        return told
    if (until or summary) and not dry_run:
        name = "--until" if until else "--summary"
        raise BadUsage(tr("{} needs --dry-run", name), "only a dry run can look ahead")
    if accept_history:
        _accept_history(session, dry_run=dry_run)
    if not dry_run:
        run_once(session)
        return None
    from crmcli.automation.simulate import MOST_COUNTED, MOST_LINES, rehearse
    from crmcli.present import automation
    from crmcli.sales.history.past import moment_of

    ws = session.workspace
    faults = ws.faults_of_rules()
    end = moment_of(ws, until, "--until", past=False) if until else ws.now
    planned = rehearse(ws, end, MOST_COUNTED if summary else MOST_LINES)
    plan = automation.plan_by_day(planned, ws.zone) if summary else automation.plan(planned)
    _report_faults(session, faults, tr("fix the lines named, then run crm {}", "pipeline check"))
    return plan


def _upkeep(
    session: Session,
    *,
    install: bool,
    uninstall: bool,
    status: bool,
    form: str | None,
    every: str,
    dry_run: bool,
) -> Told | None:
    """What is asked of who calls crm tick; None where nothing is."""
    from crmcli.cli import cron

    if install + uninstall + status + bool(form) > 1:
        raise BadUsage("--install, --uninstall, --status and --print do not go together")
    if every and not (install or form):
        raise BadUsage("--every needs --install or --print")
    if form or (install and dry_run):
        return cron.printed(session, form or "cron", every)
    if install:
        return cron.install(session, every)
    if uninstall and not dry_run:
        return cron.uninstall(session)
    return cron.status(session) if status or uninstall else None


def _accept_history(session: Session, *, dry_run: bool) -> None:
    from crmcli.automation.unrecorded_sends import accept, unrecorded
    from crmcli.model.local_times import local_minute

    ws = session.workspace
    gone = unrecorded(ws) if dry_run else accept(ws)
    what = tr("would be noted as sent") if dry_run else tr("noted as sent")
    for claim in gone[:MOST_TOLD]:
        when = local_minute(parse_instant(claim.at), ws.zone)
        session.out.note(tr("{}: {} to {} on {}", what, claim.action, claim.to, when))
    if len(gone) > MOST_TOLD:
        session.out.note(tr("{}: {:,} more", what, len(gone) - MOST_TOLD))
    if not gone:
        session.out.note("the timeline has everything that was sent from here")


def run_once(session: Session) -> bool:
    """One tick, as `crm tick` and `--tick` after any verb do it; whether none was running already."""
    from crmcli.automation.tick import tick as run
    from crmcli.automation.tick_result import TickResult

    ws, out = session.workspace, session.out
    ws.reporter = _reports
    ws.look_again()
    ws.read_clock()
    if ws.only_reads:
        ws.notes.clear()  # the refusal says it
    result = TickResult()
    try:
        run(ws, result)
        session.has_ticked = not result.busy
    finally:
        for line in result.said:
            out.detail(line)
        if result.busy:
            out.detail("another tick is running")
        if result.elsewhere:
            told = tr("crm tick runs in the clone {}; nothing is run here", result.elsewhere)
            out.note(told)
        for line in result.failures:
            out.note(line)
        _report(session, result)
        notes(session)
    return session.has_ticked


def _reports(*asked: Any) -> Any:
    """Reports in words and pictures, for letters; imported where a schedule wants one."""
    from crmcli.present.report_letters import made

    return made(*asked)


def _report_faults(session: Session, faults: Sequence[Problem], hint: str) -> None:
    if faults:
        faulty = counted(len(faults), "rule is", "rules are")
        error = InvalidData(tr("pipelines.yaml: {} wrong", faulty), hint, faults)
        session.out.error(error)
        session.exit_code = error.exit_code


def _report(session: Session, result: TickResult) -> None:
    """Tell of what stopped nobody else: rules that are wrong, and crm's own errors, each kind once
    and with a report file."""
    hint = "the others ran; fix the lines named, then run crm pipeline check"
    _report_faults(session, result.faults, hint)
    if not result.bugs:
        return
    from crmcli.cli import bugs

    session.exit_code = bugs.EXIT
    for bug in result.bugs.values():
        path = bugs.write_report(bug.error, bug.met)
        session.out.error(CrmError(*bugs.told(bug.error, path, bug.met)))
