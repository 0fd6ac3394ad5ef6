"""crm schema: what the JSON of a record holds."""

from __future__ import annotations

import click

from crmcli.cli.params import Session, Verb
from crmcli.model.entities import ENTITIES


@click.command(cls=Verb)
@click.argument("entity", type=click.Choice(tuple(ENTITIES)))
def schema(session: Session, entity: str) -> None:
    """Print the JSON Schema of records, as show --json and list --json print them.

    What stands under "expanded" is there with show --expand.

    Example: crm schema deal
    """
    from crmcli.cli.formats import write_json
    from crmcli.present.record_schema import record_schema

    session.out.text(write_json(record_schema(session.workspace, entity), indent=2))
