"""The group of commands of each noun: what every noun has, what its traits bring, its own verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.params import ALL_OR_NOTHING, REF, REFS, ChangingVerb, Noun, imported, option
from crmcli.cli.session import Session
from crmcli.model.entities import ENTITIES, Trait

if TYPE_CHECKING:
    from crmcli.present.told import Told

_OF_ALL = {
    "add": "crmcli.cli.records:add_command",
    "list": "crmcli.cli.records:list_command",
    "show": "crmcli.cli.showing:show_command",
    "edit": "crmcli.cli.records:edit_command",
    "rm": "crmcli.cli.records:rm_command",
    "bulk": "crmcli.cli.records:bulk_command",
}
_OF_TRAIT: Mapping[Trait, Mapping[str, str]] = {
    "staged": {"move": "crmcli.cli.traits:move_command"},
    "client": {"consent": "crmcli.cli.traits:consent_command"},
    "mergeable": {
        "merge": "crmcli.cli.traits:merge_command",
        "unmerge": "crmcli.cli.traits:unmerge_command",
    },
}


def door(entity: str) -> click.Command:
    """The commands of a noun: its own module in this folder if there is one, else those that follow
    from its row."""
    path = f"crmcli.cli.{entity}"
    group: click.Command = imported(f"{path}:{entity}") if find_spec(path) else noun(entity)
    return group


def noun(entity: str, *without: str) -> Noun:
    """A group with the shared commands, each made when it is called; `without` some of them."""
    row = ENTITIES[entity]
    paths = dict(_OF_ALL)
    for trait in row.traits:
        paths |= _OF_TRAIT.get(trait, {})
    makers = {name: path for name, path in paths.items() if name not in without}
    return Noun(entity, help=row.about, makers=makers)


def closing(group: Noun, verb: str, about: str, *options: click.Option) -> None:
    """Add the command that closes records of a noun by a verb of sales (`module:function`): where there are
    stages, several in one transaction, by the function that ends in `_in`."""
    entity, name = str(group.name), verb.partition(":")[2]

    def close(session: Session, /, ref: str, **given: str) -> Told:
        ws = session.workspace
        done = imported(f"crmcli.sales.{verb}")(ws, ws.resolve(ref, entity), **given)
        told: Told = imported("crmcli.present.changes:closed")(ws, done)
        return told

    def close_each(
        session: Session, /, refs: Sequence[str], all_or_nothing: bool, **given: str
    ) -> list[Told]:
        from crmcli.cli.printing import each_told

        ws, act = session.workspace, imported(f"crmcli.sales.{verb}_in")
        chosen = imported("crmcli.sales.many:Chosen")(entity, [ws.resolve(r, entity) for r in refs])

        def run(reason: str) -> Any:
            more = {**given, "reason": reason} if reason else given
            return imported("crmcli.sales.many:each")(
                ws, f"{entity} {name}", chosen, lambda change, i: act(change, ws, i, **more),
                whole=all_or_nothing,
            )  # fmt: skip

        done = imported("crmcli.cli.converting:with_reason")(session, entity, run)
        return each_told(session, chosen, done, imported("crmcli.present.changes:closed"))

    if "staged" in ENTITIES[entity].traits:
        note = option("--note", "A note on it, for the timeline.", "TEXT")
        params: list[click.Parameter] = [REFS, *options, note, ALL_OR_NOTHING]
        group.add_command(ChangingVerb(name, params=params, callback=close_each, help=about))
    else:
        group.add_command(ChangingVerb(name, params=[REF, *options], callback=close, help=about))
