"""crm lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.consent import consent_command
from crmcli.cli.merging import merge_command, unmerge_command
from crmcli.cli.moving import move_command, print_move
from crmcli.cli.params import Change, Session
from crmcli.cli.printing import notes, tell
from crmcli.cli.records import noun

if TYPE_CHECKING:
    from crmcli.sales.leads import Conversion

lead = noun("lead", "Leads: the first trace of somebody who may become a client.")
lead.add_command(move_command("lead"))
lead.add_command(consent_command("lead"))
lead.add_command(merge_command("lead"))
lead.add_command(unmerge_command("lead"))


@lead.command(
    cls=Change, help="End a lead as junk.\n\nExample: crm lead junk 7k3 --reason wrong_number"
)
@click.argument("ref")
@click.option("--reason", default="", help="Why: one of the directory junk_reasons.")
@click.pass_obj
def junk(session: Session, ref: str, reason: str) -> None:
    """End a lead as junk."""
    from crmcli.sales import leads

    ws = session.workspace
    print_move(session, leads.junk(ws, ws.resolve(ref, "lead"), reason))


@lead.command(
    cls=Change,
    help="Convert a lead into a contact, a company and a deal, or any of them.\n\n"
    "Without options: a contact, a deal, and a company if the lead names one.\n\n"
    "Example: crm lead convert 7k3 --contact --deal --pipeline sales",
)
@click.argument("ref")
@click.option("--contact", is_flag=True, help="Make a contact.")
@click.option("--company", is_flag=True, help="Make a company.")
@click.option("--deal", is_flag=True, help="Make a deal.")
@click.option("--pipeline", default="", metavar="ID", help="The deal's pipeline.")
@click.option("--use-contact", default="", metavar="REF", help="Fill up this contact instead.")
@click.option("--use-company", default="", metavar="REF", help="Fill up this company instead.")
@click.option("--use-deal", default="", metavar="REF", help="Fill up this deal instead.")
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
    from crmcli.sales import leads

    ws = session.workspace
    asked = {"contact": contact, "company": company, "deal": deal}
    used = {"contact": use_contact, "company": use_company, "deal": use_deal}
    wanted = leads.Wanted(
        make=tuple(entity for entity, yes in asked.items() if yes),
        use={entity: ws.resolve(r, entity) for entity, r in used.items() if r},
        pipeline=pipeline,
    )
    _print_conversion(session, leads.convert(ws, ws.resolve(ref, "lead"), wanted))


def _print_conversion(session: Session, done: Conversion) -> None:
    from crmcli.present.records import raw_row
    from crmcli.sales.consent.block_list import blocklist, stops

    ws = session.workspace
    parts = [f"new {e} {r.id} {r.get('name')}" for e, r in done.made.items()]
    parts += [f"{e} {r.id} {r.get('name')}" for e, r in done.used.items()]
    row = {
        "lead": done.lead.id,
        **done.ids,
        "made": {e: raw_row(ws, r) for e, r in done.made.items()},
        "unmapped": list(done.unmapped),
        "conflicts": list(done.conflicts),
    }
    tell(session, f"Converted {done.lead.id} to {', '.join(parts)}.", row)
    for name in done.unmapped:
        session.out.note(f"goes nowhere: {name} = {_text(_value(done.lead, name))}")
    for conflict in done.conflicts:
        session.out.note(f"kept as it was: {conflict}")
    block = stops(blocklist(ws), done.lead)
    if block is not None:
        session.out.note(f"{block} is on the block list")
    _say_known(session, done)
    if done.tasks:
        session.out.note(f"{len(done.tasks)} open task(s) go along")
    notes(session)


def _say_known(session: Session, done: Conversion) -> None:
    """Name the contact and the company that were there before and might have been used."""
    from crmcli.sales.duplicates.known import known_of_made

    first = "" if session.dry_run else "crm undo, then "
    for entity, known in known_of_made(session.workspace, done.made):
        use = f"{first}crm lead convert {done.lead.id} --use-{entity} {known.record.id}"
        session.out.note(f"may be known already: {known}: {use}")


def _text(value: object) -> str:
    return ", ".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def _value(lead_: object, name: str) -> object:
    from crmcli.model.lead import Lead

    assert isinstance(lead_, Lead)
    return lead_.unknown[name] if name in lead_.unknown else lead_.get(name)
