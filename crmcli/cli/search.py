"""crm search: records by any words in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.options import listed
from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, plurals
from crmcli.model.values import entity_of
from crmcli.present.cells import Column, Listing

if TYPE_CHECKING:
    from crmcli.workspace import Workspace


@click.command(
    cls=Verb,
    params=[
        click.Argument(("text",), nargs=-1, required=True, metavar="TEXT..."),
        option("--in within", "Only in these, e.g. leads,contacts.", "A,B"),
        option("--limit", "Maximum number of records.", "N", default=20, at_least=1),
    ],
)
def search(session: Session, text: tuple[str, ...], within: str, limit: int) -> Listing:
    """Find records by any words in them, by parts of words, phones and e-mails.

    Example: crm search smith --in companies,deals
    """
    ws = session.workspace
    rows = [
        {
            "entity": entity_of(hit.id),
            "id": hit.id,
            "name": str(ws.get(hit.id).get("name")),
            "field": hit.field,
            "excerpt": hit.excerpt,
        }
        for hit in ws.search(" ".join(text), _entities(within), limit)
    ]
    unreadable(session)
    return Listing(rows, _columns(ws), "no records found")


def _columns(ws: Workspace) -> list[Column]:
    fields = {f"{e}/{f.name}": tr(f.label) or f.name for e in ENTITIES for f in ws.schema.fields(e)}
    return [
        Column("entity", "What", "word"), Column("id", "Id", keep=True), Column("name", "Name"),
        Column("field", "Field", labels=fields, within="entity"), Column("excerpt", "Excerpt"),
    ]  # fmt: skip


def _entities(within: str) -> tuple[str, ...]:
    """The entities that `--in` names, in the singular or the plural."""
    words = {word: entity for entity, row in ENTITIES.items() for word in (entity, row.plural)}
    wanted = listed(within)
    for word in wanted:
        if word not in words:
            known = tr("any of {}", ", ".join(plurals()))
            raise BadUsage(tr("cannot search in {!r}", word), known)
    return tuple(words[word] for word in wanted)
