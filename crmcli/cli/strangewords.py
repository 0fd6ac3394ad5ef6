"""Words of the command line that are not UTF-8: legal in the name of a file, in nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

import click

from crmcli.errors import BadUsage
from crmcli.language import tr

LONGEST = 60
"""Letters of such a word that are shown."""


def refuse(command: click.Command, ctx: click.Context, args: Sequence[str]) -> None:
    """BadUsage that names the first value that is not UTF-8, unless it names a file."""
    try:
        given, rest, _ = command.make_parser(ctx).parse_args(list(args))
    except click.UsageError:
        given, rest = {}, list(args)
    for param in command.get_params(ctx):
        if isinstance(param.type, click.Path | click.File) or "--workspace" in param.opts:
            continue
        for word in _flat(given.get(param.name or "")):
            _check(word, _called(param))
    if isinstance(command, click.Group):
        rest = rest[:1]  # the others are the subcommand's
    taken = {word for value in given.values() for word in _flat(value)}
    for word in rest:
        if word not in taken:
            _check(word, "the word")


def refuse_environment(names: Iterable[str]) -> None:
    """BadUsage that names the first of these variables that is not UTF-8."""
    for name in names:
        _check(os.environ.get(name, ""), name)


def _check(word: str, name: str) -> None:
    try:
        word.encode()
    except UnicodeEncodeError:
        text = os.fsencode(word).decode("utf-8", "replace")
        shown = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        hint = "check the terminal's encoding, or convert it: iconv -f cp1251 -t utf-8"
        raise BadUsage(tr("{} {!r} is not UTF-8", name, shown), hint) from None


def _flat(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)


def _called(param: click.Parameter) -> str:
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return param.human_readable_name.upper().strip("[].")
