"""crm trigger: tell the triggers that something happened outside."""

from __future__ import annotations

import click

from crmcli.cli.params import ChangingVerb, Noun, Session
from crmcli.cli.printing import tell
from crmcli.language import tr

trigger = Noun("trigger", help="Fire a trigger of pipelines.yaml by its code.")


@trigger.command(cls=ChangingVerb)
@click.argument("code")
@click.option("--on", "ref", required=True, metavar="REF", help="Record.")
@click.pass_obj
def fire(session: Session, code: str, ref: str) -> None:
    """Tell the triggers that something happened to a record.

    Those with `on: CODE` see it at the next tick. For a contact or a company it counts for the open deal
    with the latest activity, or else for the lead.

    Example: crm trigger fire paid --on 7k3
    """
    from crmcli.sales import activities

    ws = session.workspace
    record = ws.find(ref)
    activities.fire(ws, record.id, code)
    tell(session, tr("Fired {} on {} {}.", code, record.id, record.get("name")))
    if not any(
        rule.on == code for line in ws.pipelines for stage in line.stages for rule in stage.triggers
    ):
        session.out.note(tr("no trigger in pipelines.yaml waits for {!r}", code))
