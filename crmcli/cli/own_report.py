"""crm report with the reports of reports.yaml: listed, shown, checked, and run by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import click

from crmcli.cli.params import Noun, Verb, complete
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, CrmError, InvalidData
from crmcli.language import counted, tr
from crmcli.model.report_words import declaration
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told

ID_RULE = r"[a-z][a-z0-9_-]{0,39}"
NAME = click.Argument(("name",), metavar="REPORT", shell_complete=complete)
COLUMNS = [
    Column("name", "Report", keep=True),
    Column("about", "What it tells", whole=True),
    Column("by", "Split by", whole=True),
]


class Reports(Noun):
    """The reports: whatever is called like no other command may be one of reports.yaml.

    That is looked up when it runs, for only then it is known which folder is meant, and who asks. `shown` is
    what tells a report, `options` what all take.
    """

    shown: Callable[..., Any]
    options: Sequence[click.Option] = ()

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands; to who completes a line also the reports of one's own."""
        own = _names(ctx) if ctx.resilient_parsing else []
        return sorted({*super().list_commands(ctx), *own})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command, or the report of that name."""
        found = super().get_command(ctx, name)
        if found is not None or not re.fullmatch(ID_RULE, name):
            return found

        def run(session: Session, **asked: Any) -> Any:
            from crmcli.workspace.own_reports import report_named

            return self.shown(session, report_named(session.workspace, name), **asked)

        return Verb(
            name, params=list(self.options), help=tr("A report of reports.yaml."), callback=run,
            epilog="crm help reports",
        )  # fmt: skip


def _names(ctx: click.Context) -> list[str]:
    from crmcli.workspace.own_reports import own_reports

    try:
        return [*own_reports(ctx.ensure_object(Session).workspace)]
    except CrmError:  # nobody can be told between two keys; the command itself will say it
        return []


@click.command("list", cls=Verb)
def list_(session: Session) -> Listing:
    """List the reports, those of reports.yaml among them.

    Example: crm report list
    """
    from crmcli.cli.report_dashboard import dashboard
    from crmcli.model.reports import ACCURACY, BY_NAME, DASHBOARD
    from crmcli.workspace.own_reports import own_reports

    try:
        own = own_reports(session.workspace)
    except InvalidData as error:
        own = {}
        session.workspace.notes.append(tr("{}: crm report check", error.message))
    stands = " ".join(str(dashboard.help).partition("\n\n")[0].split())
    page = {"name": DASHBOARD, "about": tr(stands), "of": "", "by": [], "own": False}
    rows = [
        {
            "name": one.name,
            "about": tr(one.about or one.title),
            "of": one.source,
            "by": [*one.by, *one.always],
            "own": one.name in own,
        }
        for one in (*BY_NAME.values(), ACCURACY, *own.values())
    ]
    return Listing([page, *rows], COLUMNS)


@click.command(cls=Verb, params=[NAME])
def show(session: Session, name: str) -> None:
    """Print a report as reports.yaml has it, also one that comes with crm: to copy and change.

    Example: crm report show leads
    """
    from crmcli.model.reports import BY_NAME, DASHBOARD
    from crmcli.store.yaml.codec import dump
    from crmcli.workspace.own_reports import report_named

    if name in ("accuracy", DASHBOARD, "plan"):
        said = tr("{!r} is made in a way of its own, which reports.yaml has no words for", name)
        raise BadUsage(said, tr("take another: crm report list"))
    found = report_named(session.workspace, name)
    called = f"my-{name}" if name in BY_NAME else name
    row = declaration(found)
    if session.out.is_table:
        session.out.text(dump({"reports": {called: row}}))
    else:
        session.out.one({"name": called, **row}, [])


@click.command(cls=Verb)
def check(session: Session) -> Told:
    """Check reports.yaml; every fault with its line, exit code 6.

    Example: crm report check
    """
    from crmcli.workspace.own_reports import own_reports

    found = own_reports(session.workspace)
    return Told(tr("{} in order.", counted(len(found), "report")), {"reports": [*found]})
