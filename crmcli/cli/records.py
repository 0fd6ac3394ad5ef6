"""The commands that every noun has (add, list, show, edit, rm, bulk), made from the entity's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.fieldwork import given_options, read_given, read_pairs
from crmcli.cli.filters import filter_options, filtered
from crmcli.cli.params import ChangingVerb, Session, Verb, option
from crmcli.cli.printing import (
    notes,
    print_records,
    say_changes,
    tell,
    unreadable,
)
from crmcli.errors import BadUsage
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import has_field
from crmcli.model.view import View
from crmcli.present.columns import columns_of

if TYPE_CHECKING:
    from crmcli.sales.records.edit import Edit


def add_command(entity: str) -> click.Command:
    """`crm NOUN add`: prints the new id alone."""

    def callback(**options: Any) -> None:
        session = click.get_current_context().ensure_object(Session)
        from crmcli.present.changes import known
        from crmcli.present.records import raw_row
        from crmcli.sales import add

        anyway = bool(options.pop("anyway", False))
        policy = options.pop("on_duplicate", "warn")
        given = read_given(entity, options)
        done = add.add(session.workspace, entity, given, policy, anyway=anyway)
        if session.dry_run and done.is_new:
            row = raw_row(session.workspace, done.record)
            tell(session, tr("Added {} {}.", done.record.id, done.record.get("name")), row)
        else:
            session.out.created(done.record.id)
        if line := known(done):
            session.out.note(line)
        notes(session)

    row = ENTITIES[entity]
    return ChangingVerb(
        "add",
        params=[*given_options(entity), *_of_clients(entity)],
        callback=callback,
        short_help=f"Add {row.one}; prints its id.",
        help=f"Add {row.one} and print its id.\n\nExample: crm {entity} add {row.example}",
    )


def _of_clients(entity: str) -> list[click.Parameter]:
    """What is asked where somebody new may be known already, or kept out."""
    if "client" not in ENTITIES[entity].traits:
        return []
    return [
        option("--anyway", "Even if an e-mail or phone is on the block list.", is_flag=True),
        option(
            "--on-duplicate",
            "If the phone, e-mail or INN is known: add and warn, refuse, or use or link to the known record.",
            type=click.Choice(("warn", "fail", "link")),
            default="warn",
            show_default=True,
        ),
    ]


def list_command(entity: str) -> click.Command:
    """`crm NOUN list`: filters, condition, order, columns, limit, every format."""
    plural = ENTITIES[entity].plural

    @click.option(
        "--where", "-w", default="", metavar="EXPR", help="A condition, e.g. 'amount > 100000'."
    )
    @click.option(
        "--sort", multiple=True, metavar="FIELD", help="Sort by this field; -FIELD for descending."
    )
    @click.option(
        "--limit", type=click.IntRange(min=0), metavar="N", help="Maximum number of records."
    )
    @click.option("--columns", default="", metavar="A,B", help="Columns to print.")
    @click.option("--view", default="", metavar="NAME", help="A saved view of views.yaml.")
    @click.pass_obj
    def callback(
        session: Session,
        /,
        where: str,
        sort: Sequence[str],
        limit: int | None,
        columns: str,
        view: str,
        **filters: Sequence[str],
    ) -> None:
        ws = session.workspace
        saved = ws.view(entity, view) if view else View("", entity)
        condition = filtered(ws, entity, where, filters, saved)
        names = [c.strip() for c in columns.split(",") if c.strip()] or saved.columns
        asked = [part for name in sort for part in name.split(",")] or saved.sort
        order = asked or ENTITIES[entity].sort
        most = saved.limit if limit is None else limit
        rows = ws.rows(entity, condition, order, most)
        chosen = columns_of(ws, entity, names)
        print_records(session, entity, rows, chosen, all_fields=not names)
        unreadable(session)

    return Verb(
        "list",
        params=[*filter_options(entity), *getattr(callback, "__click_params__", [])[::-1]],
        callback=callback,
        help=f"List {plural}.\n\nExample: crm {entity} list --where 'name ~ \"ромаш\"' --limit 20",
        short_help=f"List {plural}.",
    )


def edit_command(entity: str) -> click.Command:
    """`crm NOUN edit`: by options, or the file itself in $EDITOR."""
    one = ENTITIES[entity].one

    def callback(
        ref: str, more: Sequence[str], less: Sequence[str], unset: Sequence[str], **options: Any
    ) -> None:
        session = click.get_current_context().ensure_object(Session)
        from crmcli.sales.records import edit

        ws = session.workspace
        wanted = _edit(entity, options, more, less, unset)
        record_id = ws.resolve(ref, entity)
        if wanted.is_empty:
            from crmcli.cli.editing import edit_as_text

            edit_as_text(session, record_id)
            return
        before, after = edit.edit(ws, record_id, wanted)
        say_changes(session, [(before, after)])

    params: list[click.Parameter] = [click.Argument(("ref",))]
    return ChangingVerb(
        "edit",
        params=[*params, *given_options(entity, editing=True), *_list_options(entity)],
        callback=callback,
        short_help=f"Change {one}; without options in $EDITOR.",
        help=f"Edit {one}. Without options its file opens in $EDITOR and is checked before it is "
        "saved.\n\nA list option (--phone, --tag …) replaces the list; --add and --remove change it.\n\n"
        f"Example: crm {entity} edit 7k3 --add tags=vip --set comment=…",
    )


def _list_options(entity: str) -> list[click.Parameter]:
    return [
        option("--add more", "Add to a list field.", "FIELD=VALUE", multiple=True),
        option("--remove less", "Remove from a list field.", "FIELD=VALUE", multiple=True),
        option("--unset", "Clear a field.", "FIELD", multiple=True),
        *(
            option(f"--{word}-tag", f"Short for --{word} tags=TAG.", "TAG", multiple=True)
            for word in ("add", "remove")
            if has_field(entity, "tags")
        ),
    ]


def _edit(
    entity: str,
    options: Mapping[str, Any],
    more: Sequence[str],
    less: Sequence[str],
    unset: Sequence[str],
) -> Edit:
    from crmcli.sales.records.edit import Edit

    given = dict(options)
    more = [*more, *(f"tags={tag}" for tag in given.pop("add_tag", ()))]
    less = [*less, *(f"tags={tag}" for tag in given.pop("remove_tag", ()))]
    return Edit(read_given(entity, given), read_pairs(more), read_pairs(less), tuple(unset))


def rm_command(entity: str) -> click.Command:
    """`crm NOUN rm`: asks on a terminal; the text of the record stays on the timeline."""
    plural = ENTITIES[entity].plural

    @click.argument("refs", nargs=-1, required=True, metavar="REF...")
    @click.option("--unlink", is_flag=True, help="Remove the links of other records to it.")
    @click.pass_obj
    def callback(session: Session, refs: Sequence[str], unlink: bool) -> None:
        from crmcli.present.records import raw_row
        from crmcli.sales.records import remove

        ws = session.workspace
        ids = list(dict.fromkeys(ws.resolve(ref, entity) for ref in refs))
        session.confirm(tr("remove {}?", ", ".join(ids)))
        for record in remove.remove(ws, *ids, unlink=unlink):
            row = raw_row(ws, record)
            tell(session, tr("Removed {} {}.", record.id, record.get("name")), row)
        notes(session)

    return ChangingVerb(
        "rm",
        params=getattr(callback, "__click_params__", [])[::-1],
        callback=callback,
        help=f"Remove {plural}. Their text stays on the timeline.",
        short_help=f"Remove {ENTITIES[entity].one}.",
    )


def bulk_command(entity: str) -> click.Command:
    """`crm NOUN bulk`: the same edit for all that fit a condition, in one transaction."""
    plural = ENTITIES[entity].plural

    def callback(
        where: str, more: Sequence[str], less: Sequence[str], unset: Sequence[str], **options: Any
    ) -> None:
        session = click.get_current_context().ensure_object(Session)
        from crmcli.sales.records import edit

        wanted = _edit(entity, options, more, less, unset)
        if wanted.is_empty:
            raise BadUsage("nothing to change", "add --set FIELD=VALUE, --add, --remove or --unset")
        ws = session.workspace
        changed = edit.bulk(ws, entity, ws.condition(where, entity), wanted)
        say_changes(session, changed)
        count = counted(len(changed), entity, plural)
        session.out.note(f"{'would change' if ws.dry_run else 'changed'} {count}")
        unreadable(session)

    return ChangingVerb(
        "bulk",
        params=[
            option("--where -w", "Records to change.", "EXPR", required=True),
            *given_options(entity, editing=True),
            *_list_options(entity),
        ],
        callback=callback,
        short_help=f"Change all {plural} that match a condition.",
        help=f"Change all {plural} that match a condition, in one transaction.\n\nExample: crm "
        f"{entity} bulk --where 'owner = anna' --set owner=boris --dry-run",
    )
