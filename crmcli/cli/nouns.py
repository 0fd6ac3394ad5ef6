"""The group of commands of each noun: what every noun has, what its traits bring, its own verbs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from crmcli.cli.params import REF, ChangingVerb, Noun, Session, imported, option
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
    """Add the command that closes one record of a noun by a verb of sales (`module:function`)."""

    def callback(session: Session, /, ref: str, **given: str) -> Told:
        ws = session.workspace
        done = imported(f"crmcli.sales.{verb}")(ws, ws.resolve(ref, str(group.name)), **given)
        told: Told = imported("crmcli.present.changes:closed")(ws, done)
        return told

    name, params = verb.partition(":")[2], [REF, *options]
    if "staged" in ENTITIES[str(group.name)].traits:
        params.append(option("--note", "A note on it, for the timeline.", "TEXT"))
    group.add_command(ChangingVerb(name, params=params, callback=callback, help=about))
