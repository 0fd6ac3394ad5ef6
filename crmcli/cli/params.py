"""Shared pieces of every command: the global options, parameters, the command classes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli import powers
from crmcli.cli.session import FORMATS, Session
from crmcli.cli.terminal import printable
from crmcli.language import tr

if TYPE_CHECKING:  # a light command must not pay for what it does not use
    from click.shell_completion import CompletionItem


SENTENCE = 500
"""Letters: more than any first sentence of help has."""


def _complete_folder(*_: object) -> list[CompletionItem]:
    """As click.Path does, which would have the catalogue read for its name."""
    from click.shell_completion import CompletionItem

    return [CompletionItem("", type="dir")]


def _common(names: str, to: str, told: str, value: object = None, **more: Any) -> click.Option:
    """An option that sets an attribute of the session to what is given, or as a flag to `value`."""

    def remember(ctx: click.Context, _param: click.Parameter, given: Any) -> None:
        if given is not None and given is not False:
            setattr(ctx.ensure_object(Session), to, given if value is None else value)

    is_flag = value is not None
    more |= {"expose_value": False, "callback": remember, "is_flag": is_flag}
    return click.Option(names.split(), help=told, **more)


@cache
def common_options(*, changes: bool = False) -> tuple[click.Option, ...]:
    """The options that every command takes, also after its own; those of one that `changes` records."""
    if changes:
        told = "Show what would change without changing it."
        return (
            *common_options(),
            _common("-n --dry-run", "dry_run", told, True),
            _common("--tick", "tick", "Run crm tick once afterwards.", True),
        )
    folder: dict[str, Any] = {"metavar": "DIR", "shell_complete": _complete_folder}
    return (
        _common("-C --workspace", "folder", "Workspace folder.", **folder),
        _common(
            "--as as_user", "user", "Act as this user.", metavar="USER", shell_complete=complete
        ),
        _common(
            "--remote",
            "remote",
            "Work in the workspace of another machine: ssh://USER@HOST[:PORT][/NAME].",
            metavar="URL",
        ),
        _common("--format format_", "format", "Output format.", type=click.Choice(FORMATS)),
        _common("--json json_", "format", "Short for --format json.", "json"),
        _common("--csv csv_", "format", "Short for --format csv.", "csv"),
        _common("--ids ids_", "format", "Short for --format ids.", "ids"),
        _common("-q --quiet", "quiet", "Print only errors and data.", True),
        _common("-v --verbose", "verbose", "Print more on stderr.", True),
        _common("--no-color", "color", "No colours.", False),
        _common("--yes", "yes", "Do not ask for confirmation.", True),
    )


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What the shell offers for a parameter, as `completing` knows it."""
    found: list[CompletionItem] = imported("crmcli.cli.completing:values")(ctx, param, incomplete)
    return found


_MOST = 2**62
"""What is more than this means all, and would be too much for SQLite."""


class WholeNumber(click.IntRange):
    """A whole number within bounds, refused in the words of people instead of click's."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of a text."""
        self.name = tr("whole number")
        with suppress(ValueError):
            if self.max is None and self.min is not None and int(value) < self.min:
                self.fail(tr("{} is less than {}.", value, self.min), param, ctx)
        return min(int(super().convert(value, param, ctx)), _MOST)

    def _describe_range(self) -> str:
        """The bounds as people say them; click's own word for none above is left, for help drops it."""
        if self.min is None or self.max is None:
            return super()._describe_range()
        return tr("{} to {}", self.min, self.max)


def option(
    names: str,
    told: str,
    metavar: str | None = None,
    *,
    at_least: int | None = None,
    at_most: int | None = None,
    among: Sequence[str] = (),
    **more: Any,
) -> click.Option:
    """An option by its names, its help and how its value is called: a text ("" where it is not given), a
    number that is `at_least` so large and `at_most` so, or one `among` some words."""
    if at_least is not None:
        more["type"] = WholeNumber(min=at_least, max=at_most)
    elif among:
        more["type"] = click.Choice(among)
    elif not {"is_flag", "multiple", "type", "required"} & set(more):
        more = {"default": "", "show_default": False, **more}
    if "type" not in more and not more.get("is_flag"):
        more["shell_complete"] = complete
    shown = more.get("default") not in (None, "") and not more.get("is_flag")
    return click.Option(
        names.split(), help=told, metavar=metavar, **{"show_default": shown, **more}
    )


REF = click.Argument(("ref",), shell_complete=complete)
ALL_OR_NOTHING = option("--all-or-nothing", "Change none if one is refused.", is_flag=True)
LAST_OF: list[click.Parameter] = [
    click.Argument(("ref",), required=False, default="", metavar="[REF]"),
    option("--limit", "Only the last N.", "N", type=WholeNumber(min=1), default=50),
]
"""The last ones of a record, or of all: what lists of messages take."""
REFS = click.Argument(("refs",), nargs=-1, required=True, metavar="REF...", shell_complete=complete)
SOME_REFS = click.Argument(("refs",), nargs=-1, metavar="REF...", shell_complete=complete)
"""Or none, where --where may say which."""


class _Literate(click.Command):
    """Takes no word that is no UTF-8, except where a file is named; its help is a page of ours."""

    common = False
    """Whether it takes the common options."""
    changes = False
    """Whether it also takes those of a command that changes records."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own parameters, the help option, and the common options that it has none like."""
        params = super().get_params(ctx)
        if not self.common:
            return params
        taken = {name for param in self.params for name in param.opts}
        common = common_options(changes=self.changes)
        return [*params, *(option for option in common if not taken & set(option.opts))]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option that shows the page of help, a screen at a time where it is long."""
        names = self.get_help_option_names(ctx)
        return _help_option(*names) if names and self.add_help_option else None

    def get_help(self, ctx: click.Context) -> str:
        """The help in the language spoken, with what the output's encoding cannot express escaped."""
        from crmcli.cli.pages import help_page

        ctx.ensure_object(Session).speak()
        return printable(help_page(self, ctx), sys.stdout)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look at the words before any of them is used."""
        try:
            "".join(args).encode()
        except UnicodeEncodeError:
            from crmcli.cli import strangewords

            strangewords.refuse(self, ctx, args)
        given = list(args)
        look = _look_by_gate if ctx.ensure_object(Session).gate else _look_at_nothing
        try:
            look(self, ctx, args)
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not error.option_name[1:2].isdecimal():
                raise
        ctx.ignore_unknown_options = (
            True  # a number below zero is a value: the command says why not
        )
        look(self, ctx, given)
        return super().parse_args(ctx, given)


def _look_at_nothing(*_: object) -> None:
    """Who sits at this machine may name what is there."""


def _look_by_gate(command: click.Command, ctx: click.Context, args: list[str]) -> None:
    from crmcli.cli import gate_grammar

    gate_grammar.look(command, ctx, args)


@cache
def _help_option(*names: str) -> click.Option:
    return click.Option(
        names, is_flag=True, is_eager=True, expose_value=False, callback=_show_help,
        help="Show this message and exit.",
    )  # fmt: skip


def _show_help(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from crmcli.cli import terminal

        text = ctx.get_help()
        if not terminal.page(text.split("\n")):
            sys.stdout.write(text + "\n")
        ctx.exit()


class Verb(_Literate):
    """A command that also takes the global options after its own, and is called with the session."""

    common = True

    def invoke(self, ctx: click.Context) -> Any:
        """Call it; what it gives back is printed by the run of the program."""
        assert self.callback is not None
        session, group = ctx.ensure_object(Session), ctx.parent and ctx.parent.command
        session.command = ctx.command_path.partition(" ")[2]
        powers.ask(session, session.command)
        given = ctx.invoke(self.callback, session, **ctx.params)
        if isinstance(group, Noun) and group.remark:
            told = imported(group.remark)(session.workspace)
            session.workspace.notes += [told] if told else []
        return given


class ChangingVerb(Verb):
    """A command that changes records: it also takes --dry-run and --tick."""

    changes = True


def imported(path: str) -> Any:
    """What stands at `module:attribute`."""
    import importlib

    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


class Noun(_Literate, click.Group):
    """A group of commands; `@group.command()` makes a Verb, `cls=ChangingVerb` one that writes.

    Those in `makers` are made when they are called: they, or what makes them for the noun, stand at
    `module:name`.
    """

    command_class = Verb
    remark = ""
    """What says of a workspace (`module:function`) something that all these commands tell."""

    def __init__(self, *args: Any, makers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.makers = makers or {}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with the whole first sentence of its help."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section(tr("Commands")):
            formatter.write_dl(
                [(n, tr(command.get_short_help_str(SENTENCE))) for n, command in found if command]
            )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, those not made yet among them."""
        return sorted({*self.commands, *self.makers})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Make the command if nobody has, and return it."""
        if name in self.makers and name not in self.commands:
            made = imported(self.makers[name])
            self.add_command(made if isinstance(made, click.Command) else made(self.name))
        return super().get_command(ctx, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; where there is none, name the nearest, also of those not made yet."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            name, known = error.command_name, self.list_commands(ctx)
            raise click.exceptions.NoSuchCommand(name, possibilities=known, ctx=ctx) from None
