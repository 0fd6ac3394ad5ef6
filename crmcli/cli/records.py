"""The commands that every noun has (add, list, show, edit, rm, bulk), made from the entity's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from crmcli.cli.file_names import ReadFile
from crmcli.cli.options import (
    MINE,
    filter_options,
    filtered,
    given_options,
    listed,
    read_given,
    read_pairs,
    state_options,
)
from crmcli.cli.params import REF, REFS, ChangingVerb, Verb, option
from crmcli.cli.printing import Answer, changes, unreadable
from crmcli.cli.session import Session
from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import counted, tr
from crmcli.model.conditions.grammar import bracketed
from crmcli.model.conditions.tree import And, Condition, Not
from crmcli.model.entities import ENTITIES, may_be_created
from crmcli.model.schema import has_field, own_fields
from crmcli.model.view import View
from crmcli.present.columns import columns_of, for_people, name_of, with_derived
from crmcli.present.linked import with_linked
from crmcli.present.told import Told
from crmcli.sales.duplicates.ways import OF_EDIT, WAYS, told

if TYPE_CHECKING:
    from crmcli.sales.records.edit import Edit


Rows: TypeAlias = Sequence[Mapping[str, Any]]


NO_STEP = "next_task is empty"
NO_NEXT_STEP = option("--no-next-step", "Only those without an open task.", is_flag=True)
STATES = ("everything", "closed", "open")
"""What `state_options` ask for."""


def add_command(entity: str) -> click.Command:
    """`crm NOUN add`: prints the new id alone."""

    def callback(session: Session, /, **options: Any) -> Answer:
        from crmcli.present.changes import known
        from crmcli.present.records import raw_row
        from crmcli.sales import add

        anyway = bool(options.pop("anyway", False))
        create = bool(options.pop("create", False))
        assign = bool(options.pop("assign", False))
        policy = options.pop("on_duplicate", "warn")
        given = read_given(entity, options)
        done = add.add(
            session.workspace, entity, given, policy, anyway=anyway, create=create, assign=assign
        )
        record, notes = done.record, list(filter(None, [known(done)]))
        if session.dry_run and done.is_new:
            row = raw_row(session.workspace, record)
            return Told(tr("Added {} {}.", record.id, record.get("name")), row, notes)
        session.out.created(record.id)
        session.workspace.notes[:0] = notes
        return None

    row = ENTITIES[entity]
    return ChangingVerb(
        "add",
        params=[*given_options(entity), *_creating(entity), *_of_clients(entity)],
        callback=callback,
        help=f"Add {row.one} and print its id.\n\nExample: crm {entity} add {row.example}",
    )


def _creating(entity: str) -> list[click.Parameter]:
    """--create, where a link may lead to somebody new."""
    fields = [f for f in own_fields(entity) if not f.system and may_be_created(f.entities)]
    told = "Also add the contacts and companies that are named and not there."
    return [option("--create", told, is_flag=True)] if fields else []


def _of_clients(entity: str) -> list[click.Parameter]:
    """What is asked where somebody new may be known already, or kept out."""
    if "client" not in ENTITIES[entity].traits:
        return []
    return [
        option("--anyway", "Even if an e-mail or phone is on the block list.", is_flag=True),
        option("--on-duplicate", told(), default="warn", among=tuple(WAYS)),
    ]


def list_command(entity: str) -> click.Command:
    """`crm NOUN list`: filters, condition, order, columns, limit, every format."""
    plural = ENTITIES[entity].plural

    def callback(
        session: Session,
        /,
        where: str,
        sort: Sequence[str],
        limit: int | None,
        offset: int,
        columns: str,
        view: str,
        mine: bool = False,
        no_next_step: bool = False,
        **given: Any,
    ) -> None:
        ws = session.workspace
        if no_next_step:
            where = f"{bracketed(where)} and {NO_STEP}" if where else NO_STEP
        saved = ws.view(entity, view) if view else View("", entity)
        states = {name: given.pop(name) for name in STATES if name in given}
        if sum(states.values()) > 1:
            raise BadUsage("--all, --closed and --open exclude each other")
        if given.pop("late", False):
            row = ENTITIES[entity]
            late = f"(status = {row.lapse[0]} or {row.late})"
            where = f"{bracketed(where)} and {late}" if where else late
        if mine:
            given["owner"] = (*given.get("owner", ()), "me")
        condition = filtered(ws, entity, where, given, saved)
        condition, hidden = _in_state(session, entity, condition, states, is_usual=not view)
        asked = tuple(part for name in sort for part in name.split(","))
        shown = replace(
            saved, columns=tuple(listed(columns)) or saved.columns, sort=asked or saved.sort,
            limit=saved.limit if limit is None else limit,
        )  # fmt: skip
        _print_rows(session, shown, condition, offset)
        if hidden:
            session.out.note(tr("closed and not shown: {} (--all, --closed)", hidden))
        unreadable(session)

    return Verb(
        "list",
        params=_list_params(entity),
        callback=callback,
        help=f"List {plural}.\n\nExample: crm {entity} list --where 'name ~ \"smith\"' --limit 20",
    )


def _list_params(entity: str) -> list[click.Parameter]:
    told = "A condition, e.g. 'amount > 100000'; see crm help conditions."
    return [
        *filter_options(entity),
        *([MINE] if has_field(entity, "owner") else []),
        *state_options(entity),
        *([NO_NEXT_STEP] if "staged" in ENTITIES[entity].traits else []),
        option("--where -w", told, "EXPR"),
        option("--sort", "Sort by this field; -FIELD for descending.", "FIELD", multiple=True),
        option("--limit", "Maximum number of records.", "N", at_least=0),
        option("--offset", "Leave out the first N records.", "N", default=0, at_least=0),
        option("--columns", "Columns to print; company.name follows a link.", "A,B"),
        option("--view", "A saved view of views.yaml.", "NAME"),
    ]


def _print_rows(session: Session, shown: View, condition: Condition | None, offset: int) -> None:
    """Print the records that fit a condition; people see names for stages, users and links."""
    ws, is_table = session.workspace, session.out.is_table
    entity, names = shown.entity, shown.columns
    order = shown.sort or ENTITIES[entity].sort
    found = ws.rows(entity, condition, order, shown.limit, offset=offset)
    chosen = columns_of(ws, entity, names)
    row = dict if is_table else ws.schema.numbered(entity)
    rows: Rows = found.read_as(with_linked(ws, entity, found, chosen, row))
    rows = with_derived(ws, entity, chosen, rows)
    chosen = for_people(ws, entity, names, rows) if is_table else chosen
    none = tr("no {}" if shown.limit != 0 else "--limit 0 shows no {}", tr(ENTITIES[entity].plural))
    session.out.records(rows, chosen, none, all_fields=not names)


def _in_state(
    session: Session,
    entity: str,
    condition: Condition | None,
    states: Mapping[str, bool],
    *,
    is_usual: bool,
) -> tuple[Condition | None, int]:
    """The condition for those in the states that were asked for; and how many it leaves out where people
    get those that are open, as `is_usual`, and nobody asked for it."""
    from crmcli.model.finished import asks_for_ends, finished

    closed, is_asked = states.get("closed", False), any(states.values())
    is_usual = is_usual and session.out.is_table and not is_asked
    if states.get("everything") or not (is_usual or is_asked):
        return condition, 0
    over = finished(session.workspace.outline, entity)
    if over is None or (is_usual and condition and asks_for_ends(condition, entity)):
        return condition, 0
    given = (condition.tree,) if condition else ()
    ended, living = (And((*given, state)) for state in (over, Not(over)))
    hidden = session.workspace.count(entity, Condition(str(ended), ended)) if is_usual else 0
    tree = ended if closed else living
    return Condition(str(tree), tree), hidden


def edit_command(entity: str) -> click.Command:
    """`crm NOUN edit`: by options, or the file itself in $EDITOR."""
    one = ENTITIES[entity].one

    def callback(
        session: Session,
        /,
        ref: str,
        keep_unknown: bool,
        is_printed: bool,
        source: str,
        create: bool = False,
        **options: Any,
    ) -> list[Told]:
        from crmcli.sales.duplicates.known import look_for_known
        from crmcli.sales.records import edit

        ws = session.workspace
        policy = options.pop("on_duplicate", "warn")
        wanted = _edit(entity, options)
        record_id = ws.resolve(ref, entity)
        if wanted.is_empty:
            from crmcli.cli.editing import as_text

            way = "print" if is_printed else source
            return as_text(session, record_id, way, keep_unknown=keep_unknown, create=create)
        look = partial(look_for_known, ws, policy)
        return changes(session, [edit.edit(ws, record_id, wanted, look, create=create)])

    lists = "Options of lists (--phone, --tag …) replace the whole list; --add and --remove change it.\n\n"
    tagged = " --add tags=vip" if has_field(entity, "tags") else ""
    return ChangingVerb(
        "edit",
        params=[
            REF,
            *given_options(entity, editing=True),
            *_list_options(entity),
            *_creating(entity),
            *_of_known(entity),
            *_of_editor(),
        ],
        callback=callback,
        help=f"Edit {one}; without options in $EDITOR, where its file is checked before it is saved.\n\n"
        f"{lists if tagged else ''}Example: crm {entity} edit 7k3{tagged} --comment 'Call after 3 pm'",
    )


def _of_editor() -> list[click.Parameter]:
    taken = "Take the edited text from a file; - is stdin."
    return [
        option("--keep-unknown", "In $EDITOR: keep keys that are no field.", is_flag=True),
        option("--print is_printed", "Print the text that an editor would get.", is_flag=True),
        option("--from source", taken, "FILE", type=ReadFile(), default=""),
    ]


def _of_known(entity: str) -> list[click.Parameter]:
    """What is asked where somebody may become one who is known already."""
    if "client" not in ENTITIES[entity].traits:
        return []
    return [option("--on-duplicate", told(OF_EDIT), default="warn", among=OF_EDIT)]


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


def _edit(entity: str, options: dict[str, Any]) -> Edit:
    from crmcli.sales.records.edit import Edit

    more = [*options.pop("more"), *(f"tags={tag}" for tag in options.pop("add_tag", ()))]
    less = [*options.pop("less"), *(f"tags={tag}" for tag in options.pop("remove_tag", ()))]
    unset = tuple(options.pop("unset"))
    return Edit(read_given(entity, options), read_pairs(more), read_pairs(less), unset)


def rm_command(entity: str) -> click.Command:
    """`crm NOUN rm`: asks on a terminal; the text of the record stays on the timeline."""
    plural = ENTITIES[entity].plural

    def callback(session: Session, refs: Sequence[str], unlink: bool) -> list[Told]:
        from crmcli.present.records import raw_row
        from crmcli.sales.records import remove

        ws = session.workspace
        ids = list(dict.fromkeys(ws.resolve(ref, entity) for ref in refs))
        names = (f"{one} {name_of(session.workspace, one)}".rstrip() for one in ids)
        session.confirm(tr("remove {}?", ", ".join(names)))
        return [
            Told(tr("Removed {} {}.", record.id, record.get("name")), raw_row(ws, record))
            for record in remove.remove(ws, *ids, unlink=unlink)
        ]

    return ChangingVerb(
        "rm",
        params=[
            REFS,
            option("--unlink", "Also remove the links of other records to them.", is_flag=True),
        ],
        callback=callback,
        help=f"Remove {plural}.\n\nTheir text stays on the timeline.\n\nExample: crm {entity} rm 7k3",
    )


def bulk_command(entity: str) -> click.Command:
    """`crm NOUN bulk`: the same edit for all that fit a condition, in one transaction."""
    plural = ENTITIES[entity].plural

    def callback(session: Session, /, where: str, **options: Any) -> list[Told]:
        from crmcli.sales.records import edit

        wanted = _edit(entity, options)
        if wanted.is_empty:
            raise BadUsage("nothing to change", "add --set FIELD=VALUE, --add, --remove or --unset")
        ws = session.workspace
        changed = edit.bulk(ws, entity, ws.condition(where, entity), wanted)
        unreadable(session)
        count = counted(len(changed), entity, plural)
        ws.notes.insert(0, tr("would change {}", count) if ws.dry_run else tr("changed {}", count))
        return changes(session, changed)

    return ChangingVerb(
        "bulk",
        params=[
            option("--where -w", "Records to change.", "EXPR", required=True),
            *given_options(entity, editing=True),
            *_list_options(entity),
        ],
        callback=callback,
        help=f"Change all {plural} that match a condition, in one transaction.\n\nExample: crm "
        f"{entity} bulk --where 'owner = anna' --set owner=boris --dry-run",
    )
