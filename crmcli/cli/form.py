"""crm form: forms of a site, what is sent by them, and their quarantine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, Refused
from crmcli.language import counted, tr
from crmcli.present import forms as present
from crmcli.present import intake as of_intake
from crmcli.present.cells import Listing
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.sales.intake.kept import Kept

form = Noun("form", help="Forms of a site: list, show, check, submit, quarantine.")
NAME = click.Argument(("name",))
REFS = click.Argument(("refs",), nargs=-1, metavar="ID…")


@form.command("list")
def list_(session: Session) -> Listing:
    """List the forms that forms.yaml declares.

    Example: crm form list
    """
    return present.forms(session.workspace.forms)


@form.command(params=[NAME])
def show(session: Session, name: str) -> list[Listing]:
    """Show a form: what it asks for, and what is made of it.

    Example: crm form show callback
    """
    from crmcli.sales.forms import form_named

    return present.form(form_named(session.workspace, name))


@form.command()
def check(session: Session) -> Told:
    """Check forms.yaml; every fault with its line, exit code 6.

    Example: crm form check
    """
    found = session.workspace.forms.forms
    return Told(tr("{} in order.", counted(len(found), "form")), {"forms": [*found]})


@form.command(cls=ChangingVerb, params=[NAME])
def submit(session: Session, name: str) -> Told:
    """Take in a filled-in form from stdin, urlencoded or as JSON, and print the id of its record.

    Consent, where the form asks for it, is _consent=on.

    For scripts and CGI. What is not as the form asks for is refused by field, and nothing is kept. The same
    within five minutes counts once.

    Example: echo 'phone=%2B79161234567&_consent=on' | crm form submit callback
    """
    from crmcli.channels.incoming.form import LARGEST
    from crmcli.sales.forms import form_named, submit
    from crmcli.sales.records.input_files import read_stream

    ws = session.workspace
    content = read_stream(sys.stdin.buffer, tr("the form on stdin"), LARGEST)
    page = os.environ.get("HTTP_REFERER", "")
    done = submit(ws, form_named(ws, name), content, {"page": page} if page else {})
    told = of_intake.taken(ws, done)
    return Told(done.record.id if done.record else told.text, told.row, details=[told.text])


@form.group(cls=Noun)
def quarantine() -> None:
    """What came by forms and looks like a flood or a machine: list, accept, drop."""


@quarantine.command("list")
def list_quarantine(session: Session) -> Listing:
    """List what waits in quarantine, and why.

    Example: crm form quarantine list
    """
    from crmcli.sales.forms import quarantined

    return present.quarantine(session.workspace, quarantined(session.workspace))


ALL = option("--all every", "All of them.", is_flag=True)


@quarantine.command(cls=ChangingVerb, params=[REFS, ALL])
def accept(session: Session, refs: Sequence[str], every: bool) -> list[Told]:
    """Take up what waits in quarantine, as if nothing had been wrong with it.

    Example: crm form quarantine accept --all
    """
    from crmcli.sales.intake.taking import take

    ws = session.workspace
    with ws.series():
        return [of_intake.taken(ws, take(ws, one)) for one in _chosen(session, refs, every=every)]


@quarantine.command(cls=ChangingVerb, params=[REFS, ALL])
def drop(session: Session, refs: Sequence[str], every: bool) -> list[Told]:
    """Throw away what waits in quarantine: nothing comes of it.

    Example: crm form quarantine drop --all
    """
    from crmcli.sales.intake import kept

    ws = session.workspace
    chosen = _chosen(session, refs, every=every)
    if every and chosen:
        session.confirm(tr("throw away {}?", counted(len(chosen), "filled-in form")))
    told = []
    with ws.series():
        for one in chosen:
            kept.drop(ws, one)
            told.append(Told(tr("Dropped: {}.", one.id), {"id": one.id}))
    return told


def _chosen(session: Session, refs: Sequence[str], *, every: bool) -> Sequence[Kept]:
    """Those that are named, each in quarantine; or all."""
    from crmcli.sales.forms import quarantined
    from crmcli.sales.intake import kept

    ws = session.workspace
    if bool(refs) == every:
        raise BadUsage("which of them?", "give their ids, or --all")
    found = quarantined(ws) if every else [kept.named(ws, ref) for ref in refs]
    for one in found:
        if one.state != "quarantined":
            raise Refused(tr("{} is not in quarantine: {}", one.id, tr(one.state)))
    return found
