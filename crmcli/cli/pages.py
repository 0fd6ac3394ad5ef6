"""Pages of help: the options of the command first, the common ones by name, examples to be copied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from inspect import cleandoc

import click

from crmcli.cli import terminal
from crmcli.language import tr
from crmcli.present.text_width import fold, width

WIDEST = 100
LABELS = 30
"""The widest that a column of options or commands becomes."""
EXAMPLE = "Example: "
_WORDS = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
"""The words of a command line, quoted ones in one piece."""
_ANY_NUMBER = re.compile(r"  ?\[x>=\d\]|; x>=\d")
"""What click says of a number that only has to be large enough."""


class Page(click.HelpFormatter):
    """Lays out help as click does, but breaks lines only between words."""

    def __init__(self) -> None:
        super().__init__(width=min(terminal.columns(), WIDEST))

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The usage line, what has no room further in."""
        args = args.replace("[OPTIONS]", tr("[OPTIONS]"))
        args = args.replace("[COMMAND] [ARGS]...", tr("[COMMAND] [ARGS]..."))
        args = args.replace("COMMAND [ARGS]...", tr("COMMAND [ARGS]..."))
        head, *rest = fold(f"{tr('Usage:')} {prog} {args}", self.width)
        self.write("\n".join([head, *(f"    {line}" for line in rest)]) + "\n")

    def write_text(self, text: str) -> None:
        """Paragraphs."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(text.split("\n\n")):
            self.write("\n" if number else "")
            for line in fold(paragraph, self.width - self.current_indent):
                self.write(f"{indent}{line}\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = LABELS, col_spacing: int = 2
    ) -> None:
        """Labels and what they mean, side by side; a long label has a line of its own."""
        rows, indent = list(rows), " " * self.current_indent
        room = min(max(width(label) for label, _ in rows), col_max) + col_spacing
        for label, text in rows:
            first, *rest = fold(text, max(self.width - self.current_indent - room, 10))
            gap = room - width(label)
            below = f"\n{indent}{' ' * room}"
            self.write(f"{indent}{label}{' ' * gap if gap >= col_spacing else below}{first}")
            self.write("".join(f"{below}{line}" for line in rest) + "\n")

    def write_example(self, command: str) -> None:
        r"""A command as it is typed; where it is too long it goes on after a `\`."""
        self.write("".join(f"{line}\n" for line in typed(command, self.width)))


def own_options(command: click.Command) -> list[click.Option]:
    """The options of a command that not every command has."""
    return [param for param in command.params if isinstance(param, click.Option)]


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a help text."""
    return [" ".join(part.split()) for part in cleandoc(text).split("\n\n") if part]


def help_page(command: click.Command, ctx: click.Context) -> str:
    """Usage, what it does, its own options or commands, examples, and where the other options are."""
    page = Page()
    command.format_usage(ctx, page)
    told = paragraphs(command.help or "")
    examples = [p.removeprefix(EXAMPLE) for p in told if p.startswith(EXAMPLE)]
    page.write_paragraph()
    page.write_text("\n\n".join(tr(p) for p in told if not p.startswith(EXAMPLE)))
    _write_options(page, tr("Options"), own_options(command), ctx)
    if isinstance(command, click.Group):
        command.format_commands(ctx, page)
    if examples:
        with page.section(tr("Examples") if len(examples) > 1 else tr("Example")):
            for example in examples:
                page.write_example(tr(example))
    for text in filter(None, (command.epilog, tr("Options of every command: crm help options"))):
        page.write_paragraph()
        page.write_text(tr(text))
    return page.getvalue().rstrip("\n")


def typed(command: str, room: int) -> Iterator[str]:
    r"""The lines of a command as it is typed; where it is too long it goes on after a `\`."""
    line = "  "
    for word in _WORDS.findall(command):
        if line.strip() and width(f"{line}{word} \\") > room:
            yield f"{line}\\"
            line = "      "
        line += f"{word} "
    yield line.rstrip()


def folded(text: str, room: int) -> str:
    """Paragraphs in lines; of what is indented only commands that are too long."""

    def lines(part: str) -> Iterator[str]:
        for line in part.split("\n"):
            is_long = line.startswith("  crm ") and " # " not in line and width(line) > room
            yield from typed(line, room) if is_long else [line]

    parts = text.rstrip("\n").split("\n\n")
    return "\n\n".join("\n".join(lines(p) if p.startswith(" ") else fold(p, room)) for p in parts)


def options_page(
    ctx: click.Context, every: Sequence[click.Option], changing: Sequence[click.Option]
) -> str:
    """The options that `every` command takes, and the others of those that are `changing` records."""
    page = Page()
    page.write_text(tr("Every command takes these, before its name or after it."))
    shows_help = ctx.command.get_help_option(ctx)
    _write_options(page, tr("Options"), [*every, *([shows_help] if shows_help else [])], ctx)
    others = [option for option in changing if option not in every]
    _write_options(page, tr("Options of what changes records"), others, ctx)
    return page.getvalue().rstrip("\n")


def _write_options(
    page: Page, title: str, options: Sequence[click.Option], ctx: click.Context
) -> None:
    rows = list(_records(options, ctx))
    if rows:
        with page.section(title):
            page.write_dl(rows)


def _records(options: Sequence[click.Option], ctx: click.Context) -> Iterator[tuple[str, str]]:
    """Labels and texts; many words to choose from stand in the text."""
    for option in options:
        record = option.get_help_record(ctx)
        if record is None:
            continue
        (label, text), said = record, option.help or ""
        told = tr(said)
        if isinstance(option.type, click.Choice) and width(label) > LABELS:
            label = label.replace(option.make_metavar(ctx), "WORD")
            told += " " + tr("One of {}.", ", ".join(map(str, option.type.choices)))
        more = _ANY_NUMBER.sub("", text.removeprefix(said))
        yield label, told + more.replace("[required", f"[{tr('required')}")
