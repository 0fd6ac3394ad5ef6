"""crm tag: the tags of all records."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.options import listed
from crmcli.cli.params import ChangingVerb, Noun
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, NotFound
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.sales.records import tags

tag = Noun("tag", help="The tags of all records.")


@tag.command("list")
def list_(session: Session) -> Listing:
    """List the tags and how many records have each.

    Example: crm tag list
    """
    ws = session.workspace
    plurals = {entity: ENTITIES[entity].plural for entity in tags.tagged(ws)}
    rows = [
        {"tag": name, "records": by.total(), **{plurals[e]: by[e] for e in plurals}}
        for name, by in tags.count(ws).items()
    ]
    counts = [Column(p, p.capitalize(), "count") for p in plurals.values()]
    columns = [Column("tag", "Tag", keep=True), Column("records", "Records", "count"), *counts]
    return Listing(rows, columns, "no tags")


@tag.command(cls=ChangingVerb)
@click.argument("names", metavar="TAG[,TAG]")
@click.argument("refs", nargs=-1, required=True, metavar="REF...")
def add(session: Session, names: str, refs: Sequence[str]) -> Told:
    """Give tags to records of any kind.

    Example: crm tag add vip,dealer 7k3 9mq
    """
    ws = session.workspace
    given = listed(names)
    if not given:
        raise BadUsage("which tag?", "crm tag list")
    try:
        ids = _ids(session, refs)
    except NotFound as error:
        hint = tr("{}; the tags come first, then the records", error.hint)
        raise NotFound(error.message, hint) from None
    done = tags.add(ws, given, ids)
    return Told(
        tr("Tagged {}: {}.", counted(done, "record"), ", ".join(given)),
        {"tags": given, "records": done},
    )


@tag.command(cls=ChangingVerb)
@click.argument("name", metavar="TAG")
@click.argument("refs", nargs=-1, metavar="[REF]...")
def rm(session: Session, name: str, refs: Sequence[str]) -> Told:
    """Take a tag from records, from all if none are named.

    Example: crm tag rm vip 7k3
    """
    done = tags.remove(session.workspace, name, _ids(session, refs))
    text = tr("Removed the tag {} from {}.", name, counted(done, "record"))
    return Told(text, {"tag": name, "records": done})


@tag.command(cls=ChangingVerb)
@click.argument("name", metavar="TAG")
@click.argument("new", metavar="NEW")
def rename(session: Session, name: str, new: str) -> Told:
    """Rename a tag in all records.

    Conditions of robots and views that name it are listed, not changed.

    Example: crm tag rename vip key-account
    """
    ws = session.workspace
    done = tags.rename(ws, name, new)
    text = tr("Renamed the tag {} to {} in {}.", name, new, counted(done, "record"))
    notes = [tr("{} may still name the tag {}", place, name) for place in tags.named_at(ws, name)]
    return Told(text, {"tag": new, "records": done}, notes)


def _ids(session: Session, refs: Sequence[str]) -> list[str]:
    ws = session.workspace
    return list(dict.fromkeys(ws.resolve(ref, *tags.tagged(ws)) for ref in refs))
