"""crm lead."""

from __future__ import annotations

import click

from crmcli.cli.nouns import noun
from crmcli.cli.params import ChangingVerb, Session, option
from crmcli.cli.printing import say

lead = noun("lead")
MADE = ("contact", "company", "deal")


@lead.command(cls=ChangingVerb)
@click.argument("ref")
@click.option("--reason", default="", help="Reason: one of junk_reasons.")
@click.pass_obj
def junk(session: Session, ref: str, reason: str) -> None:
    """Close a lead as junk.

    Example: crm lead junk 7k3 --reason wrong_number
    """
    from crmcli.present.changes import moved
    from crmcli.sales import leads

    ws = session.workspace
    say(session, moved(ws, leads.junk(ws, ws.resolve(ref, "lead"), reason)))


@lead.command(
    cls=ChangingVerb,
    params=[
        *(option(f"--{entity}", f"Create a {entity}.", is_flag=True) for entity in MADE),
        option("--pipeline", "Pipeline of the deal.", "ID"),
        *(option(f"--use-{e}", f"Fill in this {e} instead.", "REF") for e in MADE),
    ],
)
@click.argument("ref")
@click.pass_obj
def convert(session: Session, /, ref: str, pipeline: str, **given: str | bool) -> None:
    """Convert a lead into a contact, a company and a deal, or any of them.

    Without options: a contact, a deal, and a company if the lead names one.

    Example: crm lead convert 7k3 --contact --deal --pipeline sales
    """
    from crmcli.present.changes import converted
    from crmcli.sales import leads

    ws = session.workspace
    wanted = leads.ConvertOptions(
        make=tuple(entity for entity in MADE if given[entity]),
        use={e: ws.resolve(str(r), e) for e in MADE if (r := given[f"use_{e}"])},
        pipeline=pipeline,
    )
    say(session, converted(ws, leads.convert(ws, ws.resolve(ref, "lead"), wanted)))
