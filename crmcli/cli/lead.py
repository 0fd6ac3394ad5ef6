"""crm lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.nouns import closing, noun
from crmcli.cli.params import ChangingVerb, Session, option
from crmcli.sales.duplicates.ways import WAYS, told

if TYPE_CHECKING:
    from crmcli.present.told import Told

lead = noun("lead")
MADE = ("contact", "company", "deal")
closing(
    lead,
    "leads:junk",
    "Close a lead as junk.\n\nExample: crm lead junk 7k3 --reason wrong_number",
    option("--reason", "Reason: one of junk_reasons."),
)


@lead.command(
    cls=ChangingVerb,
    params=[
        *(option(f"--{entity}", f"Create a {entity}.", is_flag=True) for entity in MADE),
        option("--pipeline", "Pipeline of the deal.", "ID"),
        option("--on-duplicate", told(), default="warn", among=tuple(WAYS)),
        *(option(f"--use-{e}", f"Fill in this {e} instead.", "REF") for e in MADE),
    ],
)
@click.argument("ref")
def convert(
    session: Session, /, ref: str, pipeline: str, on_duplicate: str, **given: str | bool
) -> Told:
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
        on_duplicate=on_duplicate,
    )
    return converted(ws, leads.convert(ws, ws.resolve(ref, "lead"), wanted))
