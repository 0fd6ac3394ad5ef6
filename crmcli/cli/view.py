"""crm view: saved lists."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.options import listed
from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.view import View
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.sales.settings import views

COLUMNS = [
    Column("id", "View", keep=True), Column("entity", "Of", "word"), Column("name", "Label"),
    Column("where", "Condition", whole=True), Column("sort", "Sort by"),
    Column("columns", "Columns", whole=True),
    Column("limit", "Limit", "number"),
]  # fmt: skip

view = Noun("view", help="Saved lists: a condition, an order and columns under a name.")
NAME = click.Argument(("name",))
OF = click.Argument(("of",), metavar="NOUN")


@view.command(
    cls=ChangingVerb,
    params=[
        NAME,
        OF,
        option("--where -w", "Records that match this condition.", "EXPR"),
        option("--sort", "Sort by this field; -FIELD for descending.", "FIELD", multiple=True),
        option("--columns", "Columns to print.", "A,B"),
        option("--limit", "Maximum number of records.", "N", at_least=1),
        option("--label", "Label for people."),
    ],
)
def save(
    session: Session,
    name: str,
    of: str,
    where: str,
    sort: Sequence[str],
    columns: str,
    limit: int | None,
    label: str,
) -> Told:
    """Save a list under a name, for --view of lists and the board.

    One of that name is replaced.

    Example: crm view save big deals --where 'amount > 100000' --sort=-amount --columns name,amount
    """
    entity = views.entity_named(of)
    order = tuple(part for words in sort for part in listed(words))
    wanted = View(name, entity, label, where, order, tuple(listed(columns)), limit)
    is_new = views.save(session.workspace, wanted)
    said = tr("Saved view {}: crm {} list --view {}", name, entity, name)
    return Told(said, {"id": name, "entity": entity, "new": is_new})


@view.command("list")
def list_(session: Session) -> Listing:
    """List saved views.

    Example: crm view list
    """
    known = [one for of in ENTITIES for one in session.workspace.views.get(of, ())]
    names = [column.name for column in COLUMNS]
    return Listing.of(known, COLUMNS, *names, empty="no saved views yet: crm view save …")


@view.command(cls=ChangingVerb, params=[NAME, OF])
def rm(session: Session, name: str, of: str) -> Told:
    """Remove a saved view.

    Example: crm view rm big deals
    """
    gone = views.remove(session.workspace, views.entity_named(of), name)
    return Told(tr("Removed view {}.", gone.id))
