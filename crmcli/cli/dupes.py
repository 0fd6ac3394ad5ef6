"""crm dupes: records that are likely one and the same."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, Noun, WholeNumber, option
from crmcli.cli.printing import say, unreadable
from crmcli.cli.session import Session
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES, having
from crmcli.present.changes import marked
from crmcli.present.merging import group_table, remarks
from crmcli.present.told import Told
from crmcli.sales.duplicates import marks, searching
from crmcli.sales.duplicates.auto_merge import GroupMerge, merge_certain
from crmcli.sales.duplicates.searching import SEARCHED, Group, Search

dupes = Noun("dupes", help="Find likely duplicates.")


def _search_command(entity: str) -> click.Command:
    plural = ENTITIES[entity].plural

    def callback(
        session: Session,
        where: str,
        least: int,
        limit: int | None,
        marked_too: bool,
        auto_merge: bool,
    ) -> None:
        ws = session.workspace
        condition = ws.condition(where, entity) if where.strip() else None
        with session.out.progress(tr("compare {}", tr(plural))) as bar:
            found = searching.search(
                ws, entity, condition, least, marked_too=marked_too, each=bar.advance
            )
        groups = searching.read_groups(ws, found, limit)
        if auto_merge:
            _merge(session, found, groups)
            return
        session.out.records(*group_table(groups))
        for line in remarks(found, groups):
            session.out.note(line)
        unreadable(session)

    score = WholeNumber(1, 99)
    return ChangingVerb(
        plural,
        params=[
            option("--where -w", "Only groups with a record that matches.", "EXPR"),
            option(
                "--min least", "Minimum score; 50 is even odds.", "1-99", type=score, default=60
            ),
            option("--limit", "Maximum number of groups.", "N", at_least=0),
            option("--all marked_too", "Also pairs marked with crm dupes apart.", is_flag=True),
            option("--auto-merge", "Merge what is certain and has no conflicts.", is_flag=True),
        ],
        callback=callback,
        help=f"Show likely duplicates among {plural} in groups, the surest first.\n\nThe best record "
        "of a group comes first; each of the others has its score and the reasons.\n\n"
        f"Example: crm dupes {plural} --min 80",
    )


def _merge(session: Session, found: Search, groups: list[Group]) -> None:
    merged = left = 0

    def each(done: GroupMerge) -> None:
        nonlocal merged, left
        merged, left = merged + len(done.merged), left + len(done.left)
        if done.merged:
            row = {"id": done.survivor, "name": done.name, "merged": list(done.merged)}
            names = ", ".join(done.merged)
            say(session, Told(tr("Merged {} into {} {}.", names, done.survivor, done.name), row))
        for record_id, why in done.left:
            session.out.note(tr("not merged: {} and {}: {}", record_id, done.survivor, why))

    if groups:
        session.confirm(tr("merge what is certain in {}?", counted(len(groups), "group")))
    merge_certain(session.workspace, found, groups, each)
    told = "{} would be merged, {} left to you: crm {} merge A B"
    told = told if session.dry_run else "{} merged, {} left to you: crm {} merge A B"
    session.out.note(tr(told, merged, left, found.entity))


for _entity in having("client"):
    dupes.add_command(_search_command(_entity))


@dupes.command(cls=ChangingVerb)
@click.argument("refs", nargs=-1, required=True, metavar="REF REF...")
@click.option("--back", is_flag=True, help="Remove the mark.")
def apart(session: Session, refs: Sequence[str], back: bool) -> list[Told]:
    """Mark records as not duplicates of each other.

    They are not shown together again. The mark is on the timeline of each; crm undo or --back removes
    it.

    Example: crm dupes apart 7k3 9qf
    """
    ws = session.workspace
    ids = [ws.resolve(ref, *SEARCHED) for ref in refs]
    pairs = marks.deny(ws, ids, back=back)
    if not pairs:
        none = "nothing to change: no such mark" if back else "nothing to change: marked already"
        session.out.note(none)
    return [marked(one, other, apart=not back) for one, other in pairs]
