"""crm completion, and what the shell then completes: records, stages, users, views, values, fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from crmcli.cli.options import option_name
from crmcli.cli.params import Verb
from crmcli.cli.session import Session
from crmcli.errors import CrmError
from crmcli.model.conditions.tree import Text
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import Field
from crmcli.model.schema import has_activities

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

MOST = 30
"""Records that are offered."""
_RECORDS = ("ref", "refs", "others", "at_record")
_FIELDS = ("columns", "sort")
_PLACES = ("STAGE", "PIPELINE", "[PIPELINE]", "PIPELINE/STAGE")
SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_CRM_COMPLETE"


@click.command(cls=Verb)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(session: Session, shell: str) -> None:
    """Print a script for the shell, which then completes commands, options, records, stages, users, views
    and files. Put the line of the example into ~/.bashrc; for fish, write the script to
    ~/.config/fish/completions/crm.fish.

    Example: eval "$(crm completion bash)"
    """
    made = get_completion_class(shell)
    assert made is not None
    root = click.get_current_context().find_root().command
    session.out.content([made(root, {}, "crm", VARIABLE).source().encode()])


def values(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What may stand there, of the workspace in which we are; nothing where none can be read."""
    words = [] if ctx.parent is None else [str(ctx.parent.info_name)]
    entity = next((word for word in words if word in ENTITIES), "")
    try:
        ws = ctx.ensure_object(Session).workspace
        found = list(_of(ws, ctx, entity, param, incomplete))
        last = ctx.command.params[1] if param.nargs == -1 and len(ctx.command.params) > 1 else None
        if isinstance(last, click.Argument):  # the word behind the many may be this one
            found += _of(ws, ctx, entity, last, incomplete)
    except CrmError:  # nobody can be told between two keys; the command itself will say it
        return []
    return [CompletionItem(value, help=label or None) for value, label in found]


def _of(
    ws: Workspace, ctx: click.Context, entity: str, param: click.Parameter, incomplete: str
) -> Iterator[tuple[str, str]]:
    name = str(param.name).removeprefix("field_")
    field = _field(ws, entity, name)
    if param.metavar in _PLACES:
        yield from _places(ws, ctx, str(param.metavar), incomplete)
    elif name in _RECORDS or param.metavar == "REF":
        yield from _records(ws, [entity] if entity else [*ENTITIES], incomplete)
    elif name in ("stage", "pipeline"):
        yield from _places(ws, ctx, name.upper(), incomplete, entity)
    elif param.metavar == "USER" or name == "owner":
        users = {user.id: user.name for user in ws.settings.users.values()}
        yield from _beginning({"me": "", **users}, incomplete)
    elif name == "view":
        views = ws.views.get(entity, ()) if entity else ()
        yield from _beginning({view.id: view.name for view in views}, incomplete)
    elif name in _FIELDS and entity:
        known = {f.name: f.label for f in ws.schema.askable(entity)}
        start, comma, last = incomplete.rpartition(",")
        yield from ((start + comma + key, label) for key, label in _beginning(known, last))
    elif field is not None and field.entities:
        yield from _records(ws, field.entities, incomplete)
    elif field is not None:
        listed = ws.settings.directories.get(field.directory, {})
        yield from _beginning({**dict.fromkeys(field.choices, ""), **listed}, incomplete)


def _places(
    ws: Workspace, ctx: click.Context, what: str, incomplete: str, entity: str = ""
) -> Iterator[tuple[str, str]]:
    """Stages and pipelines: of an entity if one is given, else stages of the pipeline that the line names,
    or of that which is meant where it names none."""
    known = [p for p in ws.pipelines if p.entity == entity or not entity]
    if what == "PIPELINE/STAGE":
        found = {f"{p.id}/{s.id}": s.name for p in known if p.key for s in p.stages}
    elif what == "STAGE":
        named = ws.pipelines.find(str(ctx.params.get("pipeline") or ""))
        chosen = [named] if named else known if entity else [ws.pipelines.deals[0]]
        found = {s.id: s.name for p in chosen for s in p.stages}
    else:
        found = {p.id: p.name for p in known}
    yield from _beginning(found, incomplete)


def _field(ws: Workspace, entity: str, name: str) -> Field | None:
    fields = ws.schema.fields(entity) if entity else ()
    return next((f for f in fields if name in (f.name, option_name(f).replace("-", "_"))), None)


def _beginning(words: Mapping[str, str], incomplete: str) -> Iterator[tuple[str, str]]:
    return ((word, label) for word, label in words.items() if word.startswith(incomplete))


def _records(ws: Workspace, entities: Iterable[str], incomplete: str) -> Iterator[tuple[str, str]]:
    """Ids with names: of records whose id begins so, or in whose name that stands."""
    for entity in entities:
        asked = (
            f"id ~ {Text(incomplete)} or name ~ {Text(incomplete)}"
            if incomplete
            else "id is not empty"
        )
        if not incomplete and not has_activities(entity):
            continue
        for row in ws.rows(entity, ws.condition(asked, entity), ["-created_at"], MOST):
            yield str(row["id"]), str(row.get("name", ""))
