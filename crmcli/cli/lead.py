"""crm lead."""

from __future__ import annotations

import click

from crmcli.cli.nouns import noun
from crmcli.cli.params import ChangingVerb, Session
from crmcli.cli.printing import say

lead = noun("lead")


@lead.command(
    cls=ChangingVerb,
    help="Close a lead as junk.\n\nExample: crm lead junk 7k3 --reason wrong_number",
)
@click.argument("ref")
@click.option("--reason", default="", help="Reason: one of junk_reasons.")
@click.pass_obj
def junk(session: Session, ref: str, reason: str) -> None:
    """Close a lead as junk."""
    from crmcli.present.changes import moved
    from crmcli.sales import leads

    ws = session.workspace
    say(session, moved(ws, leads.junk(ws, ws.resolve(ref, "lead"), reason)))


@lead.command(
    cls=ChangingVerb,
    short_help="Convert a lead into a contact, a company, a deal.",
    help="Convert a lead into a contact, a company and a deal, or any of them.\n\n"
    "Without options: a contact, a deal, and a company if the lead names one.\n\n"
    "Example: crm lead convert 7k3 --contact --deal --pipeline sales",
)
@click.argument("ref")
@click.option("--contact", is_flag=True, help="Create a contact.")
@click.option("--company", is_flag=True, help="Create a company.")
@click.option("--deal", is_flag=True, help="Create a deal.")
@click.option("--pipeline", default="", metavar="ID", help="Pipeline of the deal.")
@click.option("--use-contact", default="", metavar="REF", help="Fill in this contact instead.")
@click.option("--use-company", default="", metavar="REF", help="Fill in this company instead.")
@click.option("--use-deal", default="", metavar="REF", help="Fill in this deal instead.")
@click.pass_obj
def convert(
    session: Session,
    ref: str,
    contact: bool,
    company: bool,
    deal: bool,
    pipeline: str,
    use_contact: str,
    use_company: str,
    use_deal: str,
) -> None:
    """Convert a lead."""
    from crmcli.present.changes import converted
    from crmcli.sales import leads

    ws = session.workspace
    asked = {"contact": contact, "company": company, "deal": deal}
    used = {"contact": use_contact, "company": use_company, "deal": use_deal}
    wanted = leads.ConvertOptions(
        make=tuple(entity for entity, yes in asked.items() if yes),
        use={entity: ws.resolve(r, entity) for entity, r in used.items() if r},
        pipeline=pipeline,
    )
    say(session, converted(ws, leads.convert(ws, ws.resolve(ref, "lead"), wanted)))
