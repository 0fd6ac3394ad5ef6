"""crm search: records by any words in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.params import Session, Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.wanted import listed
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present.cells import Column

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
@click.pass_obj
def search(session: Session, text: tuple[str, ...], within: str, limit: int) -> None:
    """Find records by any words in them, by parts of words, phones and e-mails.

    Example: crm search smith --in companies,deals
    """
    from crmcli.model.values import entity_of

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
    if not rows:
        session.out.note("no records found")
    session.out.records(rows, _columns(ws))
    unreadable(session)


def _columns(ws: Workspace) -> list[Column]:
    from crmcli.model.entities import ENTITIES

    fields = {f"{e}/{f.name}": tr(f.label) or f.name for e in ENTITIES for f in ws.schema.fields(e)}
    return [
        Column("entity", "What", "word"), Column("id", "Id", keep=True), Column("name", "Name"),
        Column("field", "Field", labels=fields, within="entity"), Column("excerpt", "Excerpt"),
    ]  # fmt: skip


def _entities(within: str) -> tuple[str, ...]:
    """The entities that `--in` names, in the singular or the plural."""
    from crmcli.model.entities import ENTITIES, plurals

    words = {word: entity for entity, row in ENTITIES.items() for word in (entity, row.plural)}
    wanted = listed(within)
    for word in wanted:
        if word not in words:
            known = tr("any of {}", ", ".join(plurals()))
            raise BadUsage(tr("cannot search in {!r}", word), known)
    return tuple(words[word] for word in wanted)
