"""crm check: problems in the files, each with its place; what has one right answer is fixed."""

from __future__ import annotations

import sys

import click

from crmcli.automation import report_checks
from crmcli.automation.config_checks import look_through
from crmcli.automation.health import automation_problems
from crmcli.cli import asking
from crmcli.cli.params import Verb
from crmcli.cli.printing import print_problems
from crmcli.cli.session import Session
from crmcli.errors import Problem
from crmcli.language import counted, tr
from crmcli.model.redaction import redacted
from crmcli.present.permission import ADVICE
from crmcli.sales.checks import secret_checks
from crmcli.sales.checks.check import problems
from crmcli.sales.checks.fix import Case, fix_all
from crmcli.sales.settings import people
from crmcli.workspace import git_lines
from crmcli.workspace.storage import own_state, surroundings


@click.command(cls=Verb)
@click.option("--fix", is_flag=True, help="Fix what has one right answer.")
@click.option("-n", "--dry-run", is_flag=True, help="With --fix: show what would be fixed.")
def check(session: Session, fix: bool, dry_run: bool) -> int:
    """Check configuration, records, timeline and attachments; exit 6 if there are problems.

    --fix fixes what has one right answer and says so: phones and e-mails written by hand; record files
    in the wrong folder or with capitals in their names; Windows line ends, byte order marks and
    duplicate lines in the timeline; a damaged index; what killed commands left in .crm/; lines that
    .gitattributes and .gitignore of an older workspace lack; a .crm/ that git tracks or that was made
    for another folder is moved aside. After asking, it removes links to records that do not exist (crm
    undo restores them), and notes on the timeline which records were deleted or added by hand.
    Everything else is only reported.

    A late crm tick, jobs that need a person, a disk without reliable locks, lines that .gitattributes
    lacks, passwords that cannot be had here (env:NAME that is not set, file:PATH, cmd:PROGRAM) and what
    the next command fixes by itself are warnings: they do not change the exit code.
    """
    session.dry_run, session.inspecting = dry_run, True
    ws = session.workspace
    ws.require("settings")
    if fix:
        _fix(session)
        ws.look_again()
        ws.is_settled = False  # it is not told yet whether all is well
    sound = look_through(ws.root, ws.now)
    rules = [*sound.faults, *report_checks.faults(ws, sound.pipelines)]
    found = [*own_state(ws), *rules, *problems(ws)]
    found = [_redacted(problem) for problem in dict.fromkeys(found)]
    found += secret_checks.problems(ws)
    warnings = [
        *(p for p in found if p.passing),
        *surroundings(ws),
        *git_lines.problems(ws),
        *automation_problems(ws),
        *report_checks.not_installed(ws, sound.pipelines),
    ]
    if session.out.is_table and people.has_rights(ws):
        session.out.note(ADVICE)
    if session.out.is_table:
        warnings = [w if w.passing else w._replace(path="") for w in warnings]
    found = [problem for problem in found if not problem.passing]
    return print_problems(session, found, warnings, "" if warnings else "no problems found")


def _redacted(problem: Problem) -> Problem:
    return problem._replace(message=redacted(problem.message), hint=redacted(problem.hint))


def _fix(session: Session) -> None:
    """Fix, and say each fix in one line; on stderr where stdout is for a machine."""
    unasked: list[Case] = []
    with session.workspace.series():
        for fixed in fix_all(session.workspace, lambda case: _may(session, case, unasked)):
            told = tr("would fix: {}", fixed) if session.dry_run else tr("fixed: {}", fixed)
            session.out.note(told)
    if unasked:
        wait = counted(len(unasked), "fix needs", "fixes need")
        session.out.note(tr("{} a yes: run this in a terminal, or add --yes", wait))


def _may(session: Session, case: Case, unasked: list[Case]) -> bool:
    if session.yes:
        return True
    if session.dry_run or not sys.stdin.isatty():
        unasked.append(case)
        return False
    return asking.agrees(tr(case.question))
