"""The tree of commands, walked: every command with its words."""

from __future__ import annotations

from collections.abc import Iterator

import click

from crmcli.cli.root import crm


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, those made when they are called too."""
    yield from _below(crm, (), click.Context(crm))


def _below(
    command: click.Command, words: tuple[str, ...], ctx: click.Context
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield words, command
        return
    for name in command.list_commands(ctx):
        child = command.get_command(ctx, name)
        assert child is not None
        yield from _below(child, (*words, name), click.Context(child, ctx, info_name=name))
