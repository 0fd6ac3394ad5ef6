"""crm help: a command's help, or a topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

import crmcli
from crmcli.cli.pages import options_page
from crmcli.cli.params import Session, Verb, common_options
from crmcli.cli.terminal import program, quoted
from crmcli.errors import NotFound
from crmcli.language import spoken, tr


def conditions(_ctx: click.Context) -> str:
    """The condition language; its text stands beside the code that it tells of."""
    from crmcli.cli.pages import guide
    from crmcli.model.conditions.where import GUIDE

    return guide(GUIDE)


def options(ctx: click.Context) -> str:
    """The options that every command takes."""
    return options_page(ctx, common_options(), common_options(changes=True))


def topic(name: str, _ctx: click.Context) -> str:
    """A short guide of the folder guides/, with this workspace and program in its examples."""
    from crmcli.cli.pages import Page, folded

    text = (GUIDES / spoken() / f"{name}.txt").read_text(encoding="utf-8")
    here = {"{crm}": program(), "{folder}": quoted(str(Path.cwd()))}
    for word, value in here.items():
        text = text.replace(word, value)
    return folded(text, Page().width)


GUIDES = Path(crmcli.__file__).parent / "guides"
TOPICS: dict[str, Callable[[click.Context], str]] = {
    **{name: partial(topic, name) for name in ("robots", "triggers", "views", "fields")},
    "conditions": conditions,
    **{name: partial(topic, name) for name in ("templates", "cron", "files", "money", "dates")},
    "options": options,
}


@click.command(
    "help",
    cls=Verb,
    help=f"Help on a command, or on a topic: {', '.join(TOPICS)}.\n\nExample: crm help lead add\n\n"
    "Example: crm help conditions",
)
@click.argument("words", nargs=-1, metavar="[COMMAND|TOPIC]...")
def help_(session: Session, words: Sequence[str]) -> None:
    """Help on a command or a topic."""
    context = click.get_current_context()
    if len(words) == 1 and words[0] in TOPICS:
        session.out.prose(TOPICS[words[0]](context))
        return
    context = context.find_root()
    command = context.command
    for word in words:
        child = command.get_command(context, word) if isinstance(command, click.Group) else None
        if child is None:
            known = tr("commands: see crm --help; topics: {}", ", ".join(TOPICS))
            raise NotFound(tr("no help on {!r}", " ".join(words)), known)
        command, context = child, click.Context(child, info_name=word, parent=context)
    session.out.prose(command.get_help(context))
