"""`merge` and `unmerge`, which contacts, companies, leads and deals share."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.params import ChangingVerb, Session
from crmcli.cli.printing import say, unreadable
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.present.told import together

if TYPE_CHECKING:
    from crmcli.sales.merging.merge import Plan
    from crmcli.workspace import Workspace


def merge_command(entity: str) -> click.Command:
    """`crm NOUN merge`: shows what it comes to, asks on a terminal, does it."""
    plural = ENTITIES[entity].plural

    @click.argument("ref")
    @click.argument("others", nargs=-1, required=True, metavar="OTHER...")
    @click.option(
        "--take",
        multiple=True,
        metavar="FIELD[=OTHER]",
        help="Take the other's value; separate fields with commas.",
    )
    @click.pass_obj
    def callback(session: Session, ref: str, others: Sequence[str], take: Sequence[str]) -> None:
        from crmcli.present.merging import merged
        from crmcli.sales.merging import merge

        ws = session.workspace
        survivor = ws.named(ref, entity)
        ids = [ws.named(other, entity) for other in others]
        plan = merge.plan(ws, survivor, ids, _takes(ws, entity, take, ids))
        _show(session, plan)
        if sys.stdin.isatty() and not session.dry_run:
            links = len(merge.relations(ws, ids))
            more = tr(" and turn the links of {} records", links) if links else ""
            session.out.flush()
            session.confirm(tr("merge {} into {}{}?", together(ids), survivor, more))
        say(session, merged(ws, merge.merge(ws, plan)))
        unreadable(session)  # what cannot be read may link to what was merged

    return ChangingVerb(
        "merge",
        params=getattr(callback, "__click_params__", [])[::-1],
        callback=callback,
        short_help=f"Merge several {entity} records into one.",
        help=f"Merge {plural}: the first one stays, the others go into it. On a terminal it asks "
        "first.\n\nThe first one's values win; phones, e-mails, tags and other lists are "
        "combined, comments are joined. Links to the others then lead to the first one, and so "
        "do their ids. --take name,position takes the other's values; with several others, "
        f"--take name=7k3. crm {entity} unmerge undoes it.\n\nExample: crm {entity} merge 7k3 9mq "
        f"--take name -n",
    )


def unmerge_command(entity: str) -> click.Command:
    """`crm NOUN unmerge`: the reverse."""
    plural = ENTITIES[entity].plural

    @click.argument("ref")
    @click.pass_obj
    def callback(session: Session, ref: str) -> None:
        from crmcli.present.merging import unmerged
        from crmcli.sales.merging import unmerge

        ws = session.workspace
        say(session, unmerged(ws, unmerge.unmerge(ws, unmerge.find_merged(ws, ref, entity))))

    return ChangingVerb(
        "unmerge",
        params=getattr(callback, "__click_params__", [])[::-1],
        callback=callback,
        short_help="Undo a merge.",
        help=f"Undo a merge of {plural}: both are as they were. REF is the one that was merged, or the "
        "one that stayed if it is only one.\n\nWhat was edited since is kept and listed; what "
        "was linked since stays with the one that stayed.\n\n"
        f"Example: crm {entity} unmerge 9mq",
    )


def _takes(ws: Workspace, entity: str, texts: Sequence[str], ids: Sequence[str]) -> dict[str, str]:
    """Field -> the id of which it is taken, of `name,position` and `name=7k3`."""
    takes: dict[str, str] = {}
    for text in texts:
        names, _, ref = text.partition("=")
        if not ref and len(ids) > 1:
            raise BadUsage(
                tr("--take {}: of which of the {}?", text, len(ids)), tr("--take {}=OTHER", names)
            )
        record_id = ws.named(ref, entity) if ref else ids[0]
        for name in names.split(","):
            if name.strip():
                takes[name.strip()] = record_id
    return takes


def _show(session: Session, plan: Plan) -> None:
    """Print what differs, and what becomes of it; what yields is told on stderr."""
    from crmcli.present.merging import differences, title, yielding

    if not session.out.quiet:
        session.out.section(title(plan), *differences(plan))
    for line in yielding(plan):
        session.out.note(line)
