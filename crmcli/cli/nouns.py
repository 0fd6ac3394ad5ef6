"""The group of commands of each noun: what every noun has, what its traits bring, its own verbs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec

import click

from crmcli.cli.params import Noun, imported
from crmcli.model.entities import ENTITIES, Trait

_OF_ALL = {
    "add": "crmcli.cli.records:add_command",
    "list": "crmcli.cli.records:list_command",
    "show": "crmcli.cli.showing:show_command",
    "edit": "crmcli.cli.records:edit_command",
    "rm": "crmcli.cli.records:rm_command",
    "bulk": "crmcli.cli.records:bulk_command",
}
_OF_TRAIT: Mapping[Trait, Mapping[str, str]] = {
    "staged": {"move": "crmcli.cli.moving:move_command"},
    "client": {"consent": "crmcli.cli.consent:consent_command"},
    "mergeable": {
        "merge": "crmcli.cli.merging:merge_command",
        "unmerge": "crmcli.cli.merging:unmerge_command",
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
    makers = {
        name: partial(_made, path, entity) for name, path in paths.items() if name not in without
    }
    return Noun(entity, help=row.about, makers=makers)


def _made(path: str, entity: str) -> click.Command:
    command: click.Command = imported(path)(entity)
    return command
