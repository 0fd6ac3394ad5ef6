"""crm help: a command's help, or a topic."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

import crmcli
from crmcli.cli.pages import Page, folded, options_page
from crmcli.cli.params import Verb, common_options
from crmcli.cli.session import Session
from crmcli.cli.terminal import program, quoted
from crmcli.errors import Ambiguous, CrmError, NotFound
from crmcli.language import spoken, tr
from crmcli.present.text_width import fold


def topic(name: str, is_known: Callable[[str], bool] = lambda ref: False) -> str:
    """A short guide of the folder guides/, with this workspace and program in its examples.

    Its made-up lead and deal are added by an example of its own, unless they are known.
    """
    text = (GUIDES / spoken() / f"{name}.txt").read_text(encoding="utf-8")
    here = {"{crm}": program(), "{folder}": quoted(str(Path.cwd()))}
    if ACTIONS_MARK in text:
        here[ACTIONS_MARK] = action_lines()
    for mark, (ref, example) in made_up().items():
        is_here = mark in text and is_known(ref)
        here[f"  {mark}\n"] = "" if is_here else f"  {example}\n"
    for word, value in here.items():
        text = text.replace(word, value)
    return folded(text, Page().width)


def _is_known(session: Session, ref: str) -> bool:
    """Whether the workspace of this folder, if there is one, has a record of that name or e-mail."""
    try:
        session.workspace.resolve(ref)
    except Ambiguous:
        return True
    except CrmError:
        return False
    return True


def made_up() -> dict[str, tuple[str, str]]:
    """The records that guides are about, by their mark: what they are found by, and how they are added."""
    return {
        "{lead}": (
            "anna@example.com", tr("crm lead add --name Anna --email anna@example.com"),
        ),
        "{deal}": (tr("Roof of the hall"), tr("crm deal add --name 'Roof of the hall'")),
    }  # fmt: skip


def _tells(name: str, word: str) -> bool:
    """Whether the guide of a topic has a word, in any number: sequences, sequence."""
    stem = word.casefold().removesuffix("s") if len(word) > LEAST_LETTERS else word.casefold()
    return (
        name != OPTIONS and re.search(rf"\b{re.escape(stem)}", topic(name).casefold()) is not None
    )


LEAST_LETTERS = 3
"""Of a word that many are; a shorter one is looked for as it is."""
ACTIONS_MARK = "  {actions}"
"""Where a guide lists what robots can do."""


def action_lines() -> str:
    """What robots can do, an action a paragraph of lines: its name, what it is, what it is given."""
    from crmcli.model.actions import ACTIONS

    margin = max(map(len, ACTIONS)) + 4
    lines: list[str] = []
    for name, action in ACTIONS.items():
        given = [tr("FIELD: VALUE")] if action.sets_fields else []
        given += [p.name if p.required else f"[{p.name}]" for p in action.params]
        room = Page().width - margin
        told = [line for text in (tr(action.doc), " ".join(given)) for line in fold(text, room)]
        lines.append(f"  {name:<{margin - 2}}{told[0]}")
        lines += [f"{'':{margin}}{line}" for line in told[1:]]
    return "\n".join(lines)


GUIDES = Path(crmcli.__file__).parent / "guides"
OPTIONS = "options"
"""The topic that has no guide: the options that every command takes."""
TOPICS = (
    "robots", "triggers", "own", "mail", "forms", "calls", "sms", "chat", "alerts", "hooks", "views",
    "fields", "conditions", "reports", "scores", "templates", "cron", "files", "money", "dates", "calendar",
    "cards", "rights", "gate", "privacy", "sql", OPTIONS,
)  # fmt: skip


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
        is_guide = words[0] != OPTIONS
        if is_guide:
            session.out.prose(topic(words[0], partial(_is_known, session)))
        else:
            session.out.prose(options_page(context, common_options(), common_options(changes=True)))
        return
    context = context.find_root()
    command = context.command
    for word in words:
        child = command.get_command(context, word) if isinstance(command, click.Group) else None
        if child is None:
            told = [f"crm help {name}" for name in TOPICS if _tells(name, word)]
            known = tr("commands: see crm --help; topics: {}", ", ".join(TOPICS))
            if told:
                known = tr("read of it in {}", ", ".join(told))
            raise NotFound(tr("no help on {!r}", " ".join(words)), known)
        command, context = child, click.Context(child, info_name=word, parent=context)
    session.out.prose(command.get_help(context))
