"""crm schema: what the JSON of a record holds."""

from __future__ import annotations

import click

from crmcli.cli.params import Verb
from crmcli.cli.session import Session
from crmcli.model.entities import ENTITIES, plurals


@click.command(cls=Verb)
@click.argument("entity", metavar="ENTITY", type=click.Choice((*ENTITIES, *plurals())))
def schema(session: Session, entity: str) -> None:
    """Print the JSON Schema of records, as show --json and list --json print them.

    What stands under "expanded" is there with show --expand.

    Example: crm schema deal
    """
    from crmcli.cli.formats import write_json
    from crmcli.present.record_schema import record_schema

    one = next(row.name for row in ENTITIES.values() if entity in (row.name, row.plural))
    session.out.text(write_json(record_schema(session.workspace, one), indent=2))
