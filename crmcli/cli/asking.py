"""Questions to people at a terminal: what is told with them is masked as everything else that leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crmcli.cli import terminal
from crmcli.cli.masking import masked_text
from crmcli.cli.table import message_lines
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present.text_width import fold

if TYPE_CHECKING:
    from crmcli.cli.output import Output
T = TypeVar("T")
_YES, _NO = ("y", "yes", "д", "да"), ("", "n", "no", "н", "нет")


def tell(text: str, *, ends_line: bool = True) -> None:
    """Say what a question is about, as it stands but for masks."""
    click.echo(_seen(text), nl=ends_line, err=True)


def chosen(word: str, among: click.ParamType[Any], usual: object) -> object:
    """One of the values of a type, as people say it; nothing said is `usual`."""
    return click.prompt(_seen(word), type=among, default=usual, err=True)


def agrees(question: str) -> bool:
    """Whether the answer is yes, in any language; no answer is no, and what is neither is asked again."""
    choice = f" [{tr('y/N')}]"
    room = terminal.columns() - len(f"{choice}: ")
    asked = "\n".join(message_lines(_seen(question), room)) + choice
    while True:
        text = click.prompt(asked, "", show_default=False, err=True)
        if (said := text.strip().lower()) in _YES:
            return True
        if said in _NO:
            return False
        tell(tr("answer y or n"))


def prompted(word: str, read: Callable[[str], T], usual: str | None = None) -> T:
    """What people say to a question, read; asked again while it is BadUsage. Nothing said is `usual`."""
    while True:
        text = str(click.prompt(_seen(word), usual, show_default=bool(usual), err=True))
        try:
            return read(text)
        except BadUsage as error:
            tell("\n".join(fold(_seen(tr(error.message)), terminal.columns())))


def _seen(text: str) -> str:
    """A text as the one who sits there may see it; what was to be shown before it is."""
    context = click.get_current_context(silent=True)
    out: Output | None = getattr(context.find_root().obj, "out", None) if context else None
    if out is None:
        return text
    out.clear_the_way()
    return masked_text(text, out.masked)
