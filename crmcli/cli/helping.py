"""crm help: a command's help, or a topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from crmcli.cli.params import Session, Verb, common_options
from crmcli.errors import NotFound
from crmcli.language import tr


def conditions(_ctx: click.Context) -> str:
    """The condition language; its text stands beside the code that it tells of."""
    from crmcli.cli.pages import guide
    from crmcli.model.conditions.where import GUIDE

    return guide(GUIDE)


def options(ctx: click.Context) -> str:
    """The options that every command takes."""
    from crmcli.cli.pages import options_page

    return options_page(ctx, common_options(), common_options(changes=True))


TOPICS: dict[str, Callable[[click.Context], str]] = {"conditions": conditions, "options": options}


@click.command(
    "help",
    cls=Verb,
    help=f"Help on a command, or on a topic: {', '.join(TOPICS)}.\n\nExample: crm help lead add\n\n"
    "Example: crm help conditions",
)
@click.argument("words", nargs=-1, metavar="[COMMAND|TOPIC]...")
@click.pass_context
def help_(ctx: click.Context, words: Sequence[str]) -> None:
    """Help on a command or a topic."""
    out = ctx.ensure_object(Session).out
    if len(words) == 1 and words[0] in TOPICS:
        out.prose(TOPICS[words[0]](ctx))
        return
    root = ctx.find_root()
    command, context = root.command, root
    for word in words:
        child = command.get_command(context, word) if isinstance(command, click.Group) else None
        if child is None:
            known = tr("commands: see crm --help; topics: {}", ", ".join(TOPICS))
            raise NotFound(tr("no help on {!r}", " ".join(words)), known)
        context = click.Context(child, info_name=word, parent=context)
        command = child
    out.prose(command.get_help(context))
