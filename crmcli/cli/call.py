"""crm call: start a call with a client."""

from __future__ import annotations

import click

from crmcli.cli.params import REF, ChangingVerb, option
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.present.told import Told


@click.command(
    cls=ChangingVerb,
    params=[
        REF,
        option("--number", "This number instead of the record's own.", "NUMBER"),
        option("--anyway", "Even who must not be called.", is_flag=True),
    ],
)
def call(session: Session, ref: str, number: str, anyway: bool) -> Told:
    """Call a client: the provider calls your extension first, then the client.

    Zadarma, Mango Office and Twilio can; your extension, or telephone, stands with your user in
    settings.yaml. What came of the call, their web hook tells. See crm help calls.

    Example: crm call 7k3
    """
    from crmcli.automation import person_call

    ws = session.workspace
    whom = person_call.wanted(ws, ref, number, anyway=anyway)
    row = {"number": whom.number, "name": whom.name}
    start = person_call.starting(ws, whom)
    if ws.dry_run:
        return Told(tr("Would call {} {}.", whom.number, whom.name), row)
    person_call.check(start())
    return Told(tr("Your phone rings, then that of {} {}.", whom.number, whom.name), row)
