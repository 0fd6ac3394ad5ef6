"""crm search: records by any words in them."""

from __future__ import annotations

import click

from crmcli.cli.params import Session, Verb
from crmcli.cli.printing import unreadable
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present.cells import Column


@click.command(
    cls=Verb,
    help="Find records by any words in them, by parts of words, phones and e-mails."
    "\n\nExample: crm search ромаш --in companies,deals",
)
@click.argument("text", nargs=-1, required=True, metavar="TEXT...")
@click.option("--in", "within", default="", metavar="A,B", help="Only among leads, contacts …")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, metavar="N", show_default=True,
    help="Maximum number of records.",
)  # fmt: skip
@click.pass_obj
def search(session: Session, text: tuple[str, ...], within: str, limit: int) -> None:
    """Search all records."""
    from crmcli.model.values import entity_of

    ws, out = session.workspace, session.out
    hits = ws.search(" ".join(text), _entities(within), limit)
    rows = [
        {
            "entity": entity_of(hit.id),
            "id": hit.id,
            "name": str(ws.get(hit.id).get("name")),
            "field": hit.field,
            "excerpt": hit.excerpt,
        }
        for hit in hits
    ]
    if not rows:
        out.note("no records found")
    columns = [
        Column("entity", "What"),
        Column("id", "Id", keep=True),
        Column("name", "Name"),
        Column("field", "Field"),
        Column("excerpt", "Excerpt"),
    ]
    out.records(rows, columns)
    unreadable(session)


def _entities(within: str) -> tuple[str, ...]:
    """The entities that `--in` names, in the singular or the plural."""
    from crmcli.model.entities import ENTITIES, plurals

    words = {word: entity for entity, row in ENTITIES.items() for word in (entity, row.plural)}
    wanted = [word.strip() for word in within.split(",") if word.strip()]
    for word in wanted:
        if word not in words:
            raise BadUsage(
                tr("cannot search in {!r}", word),
                tr("any of {}", ", ".join(plurals())),
            )
    return tuple(words[word] for word in wanted)
