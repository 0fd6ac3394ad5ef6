"""crm help: a command's help, or a topic."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import Session, Verb
from crmcli.errors import NotFound

TOPICS = {"conditions": "crmcli.model.conditions.where:GUIDE"}


@click.command(
    "help",
    cls=Verb,
    help="Help on a command, or on a topic: conditions.\n\nExample: crm help conditions",
)
@click.argument("words", nargs=-1, metavar="[COMMAND|TOPIC]...")
@click.pass_context
def help_(ctx: click.Context, words: Sequence[str]) -> None:
    """Help on a command or a topic."""
    out = ctx.ensure_object(Session).out
    if len(words) == 1 and words[0] in TOPICS:
        out.prose(topic(words[0]))
        return
    root = ctx.find_root()
    command, context = root.command, root
    for word in words:
        child = command.get_command(context, word) if isinstance(command, click.Group) else None
        if child is None:
            known = f"commands: see crm --help; topics: {', '.join(TOPICS)}"
            raise NotFound(f"there is no help on {' '.join(words)!r}", known)
        context = click.Context(child, info_name=word, parent=context)
        command = child
    out.prose(command.get_help(context))


def topic(name: str) -> str:
    """The text of a topic; it stands beside the code that it tells of."""
    import importlib

    module, _, attribute = TOPICS[name].partition(":")
    return str(getattr(importlib.import_module(module), attribute))
