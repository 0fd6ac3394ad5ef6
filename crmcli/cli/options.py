"""Options that commands share or that follow from an entity's fields, and what they were given as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from crmcli.cli.params import complete, option
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.conditions.grammar import bracketed
from crmcli.model.conditions.tree import BadCondition, Condition, Text
from crmcli.model.entities import ENTITIES, having
from crmcli.model.kinds import UTM_KEYS, Field
from crmcli.model.schema import own_fields

if TYPE_CHECKING:
    from crmcli.model.view import View
    from crmcli.sales.many import Chosen
    from crmcli.workspace import Workspace

WHERE = option("--where -w", "Only records that match a condition.", "EXPR")
PIPELINE = option(
    "--pipeline", "Pipeline; `leads` for leads. [default: the first one of deals]", "ID"
)
DAY = "write a date as 2026-11-23"
OWN = "own"
"""The currency of the workspace, where none is named."""
CURRENCY = option(
    "--currency",
    "Sums in one currency by today's rates (crm rate), that of the workspace if none is named.",
    "[CODE]",
    is_flag=False,
    flag_value=OWN,
    default="",
)


ARGUMENT = "argument"
HELP = {
    "about": "What it is about",
    "do_not": "How not to reach them",
    "unwanted": "Topics not to write about",
}
"""Where the label says too little beside an option."""


def option_name(field: Field) -> str:
    """The option of a field: `first_name` is --first-name, of `phones`, which takes several, --phone."""
    name = field.name
    if field.is_many:
        name = f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")
    return name.replace("_", "-")


def given_options(entity: str, *, editing: bool = False) -> list[click.Parameter]:
    """An option for each field that people write, --utm and --set; a word alone is the `argument`."""
    params: list[click.Parameter] = []
    fields = own_fields(entity)
    for field in fields:
        moves = editing and field.name in ("stage", "pipeline")
        if field.system or field.kind.is_spread or moves:
            continue
        if field.name == ENTITIES[entity].argument and not editing:
            word = f"[{field.label.upper()}]"
            params.append(click.Argument((ARGUMENT,), metavar=word, required=False))
        flags = [f"--{option_name(field)}"]
        if field.name == "about":
            flags.append("--for")
        names, told = (*flags, f"field_{field.name}"), _help(field)
        many, metavar = field.is_many, field.kind.metavar
        params.append(
            click.Option(names, multiple=many, metavar=metavar, help=told, shell_complete=complete)
        )
    if any(field.kind.is_spread for field in fields):
        told = "UTM mark: source, medium, campaign, content or term."
        params.append(option("--utm", told, "KEY=VALUE", multiple=True))
    told = "Set any field, custom ones too."
    return [*params, option("--set put", told, "FIELD=VALUE", multiple=True)]


def _help(field: Field) -> str:
    text = HELP.get(field.name, field.label)
    if field.is_many:
        text += "; may be repeated"
    if field.kind.is_phone:
        text += "; mobile:+7… gives a type"
    if field.choices:
        text += f": {', '.join(field.choices)}"
    return text + "."


def read_given(entity: str, options: Mapping[str, Any]) -> dict[str, list[str]]:
    """The options of a command as values by field name; only those that were given."""
    given: dict[str, list[str]] = {}
    for name, value in options.items():
        if value is None or value == () or name in ("put", "utm"):
            continue
        field = name.removeprefix("field_")
        if name == ARGUMENT:
            field = ENTITIES[entity].argument
            if options.get(f"field_{field}") is not None:
                raise BadUsage(
                    tr("{} is given twice", field), tr("once, with --{} or without", field)
                )
        given[field] = list(value) if isinstance(value, tuple) else [str(value)]
    for key, values in read_pairs(options.get("utm") or (), "--utm source=yandex").items():
        name = key.removeprefix("utm_")
        if name not in UTM_KEYS:
            raise BadUsage(tr("no field utm_{}", name), tr("--utm takes {}", ", ".join(UTM_KEYS)))
        given.setdefault(f"utm_{name}", []).extend(values)
    return {**given, **read_pairs(options.get("put") or ())}


def read_pairs(
    pairs: Sequence[str], example: str = "--set comment='звонить после 15'"
) -> dict[str, list[str]]:
    """`FIELD=VALUE` texts by field; BadUsage for one without the sign."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise BadUsage(tr("{!r} is not FIELD=VALUE", pair), f"e.g. {example}")
        found.setdefault(name.strip().replace("-", "_"), []).append(value)
    return found


def text_given(text: str) -> str:
    """A text that is given as an argument, `-` as the one on stdin; BadUsage unless it is UTF-8."""
    if text == "-":
        import sys

        from crmcli.cli.terminal import say_that_it_reads
        from crmcli.sales.records.input_files import LARGEST_TEXT, read_stream

        say_that_it_reads()
        data = read_stream(sys.stdin.buffer, "the text on stdin", LARGEST_TEXT)
        text = data.decode(sys.stdin.encoding, "surrogateescape")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadUsage("the text is not UTF-8", "convert it, e.g. with iconv -f cp1251") from None
    return text.strip()


def check_chosen(refs: Sequence[str], where: str, way: str) -> None:
    """BadUsage unless either records are named or a condition is given; `way` says how it is written."""
    if bool(refs) == bool(where):
        told = "--where and REF exclude each other" if refs else "no REF is given"
        raise BadUsage(told, way)


def chosen_records(ws: Workspace, entity: str, refs: Sequence[str], where: str) -> Chosen:
    """The records that are named, or all that fit a condition."""
    from crmcli.sales.many import Chosen

    condition = ws.condition(where, entity) if where else None
    return Chosen(entity, [ws.resolve(ref, entity) for ref in refs], condition)


def staged_record(ws: Workspace, ref: str) -> str:
    """The id of a record that stands in a stage; "" where none is named."""
    return ws.resolve(ref, *having("staged")) if ref else ""


MINE = option("--mine", "Only yours.", is_flag=True)


def state_options(entity: str) -> list[click.Parameter]:
    """Which records are listed, of a noun whose records come to an end."""
    row = ENTITIES[entity]
    if not (row.finished or "staged" in row.traits):
        return []
    told = "Only those whose day has passed, whether crm tick has seen it or not."
    late = [option(f"--{row.lapse[0]} late", told, is_flag=True)] if row.lapse else []
    return [
        *late,
        option("--all everything", "Closed ones too.", is_flag=True),
        option("--closed", "Only closed ones.", is_flag=True),
        option(
            "--open",
            "Only open ones; so is a table, unless --where or --view says more.",
            is_flag=True,
        ),
    ]


def filter_options(entity: str) -> list[click.Parameter]:
    """A filter option for each field that holds one of few values; one given twice means either."""
    names = [option_name(field) for field in own_fields(entity) if _is_filter(field)]
    return [
        option(f"--{name}", f"Filter by {name.replace('-', ' ')}.", "VALUE", multiple=True)
        for name in names
    ]


def _is_filter(field: Field) -> bool:
    return not field.system and (field.kind.is_filter or bool(field.directory or field.entities))


def filtered(
    ws: Workspace,
    entity: str,
    where: str,
    filters: Mapping[str, Sequence[str]],
    view: View | None = None,
) -> Condition | None:
    """The condition that a view, the filter options and --where make together; None without any."""
    given = [text for text in (view.where if view else "", where) if text.strip()]
    parts = [bracketed(text) for text in given]
    for name, values in filters.items():
        if _holds_words(entity, name):
            parts += [_all_of(name, values)] if values else []
            continue
        every = [one for value in values for one in _each(ws, entity, name, value)]
        if every:
            parts.append(f"{name} in ({', '.join(str(Text(one)) for one in every)})")
    if not parts:
        return None
    if len(parts) == len(given) == 1:
        return ws.condition(given[0], entity)
    return ws.condition(" and ".join(parts), entity)


def _holds_words(entity: str, name: str) -> bool:
    """Whether an option names a list of words, of which a record may have several."""
    return any(
        field.is_many and not field.entities and option_name(field) == name
        for field in own_fields(entity)
    )


def _all_of(name: str, values: Sequence[str]) -> str:
    """The condition for one of the values; where that is several between commas, for all of these."""
    alternatives = [
        " and ".join(f"{name} = {Text(word)}" for word in listed(value) or [value])
        for value in values
    ]
    return "(" + " or ".join(f"({text})" for text in alternatives) + ")"


def _each(ws: Workspace, entity: str, name: str, text: str) -> list[str]:
    """The value that an option names, or several between commas, where the whole text is none."""
    try:
        value = _reference(ws, entity, name, text)
        ws.condition(f"{name} = {Text(value)}", entity)
    except (BadCondition, NotFound):
        several = listed(text)
        if len(several) < 2:
            raise
        return [one for part in several for one in _each(ws, entity, name, part)]
    return [value]


def _reference(ws: Workspace, entity: str, name: str, value: str) -> str:
    """The id of what an option names in any way; the value itself where it is no link."""
    for field in own_fields(entity):
        if value and option_name(field).replace("-", "_") == name and field.entities:
            return ws.resolve(value, *field.entities)
    return value


def day_given(ws: Workspace, text: str, *, is_end: bool = False) -> date | None:
    """A date as people write it (`23.11.2026`, `monday`, `-3d`, `last month`); None for "".

    Of several days the first one, or with `is_end` the last.
    """
    from crmcli.model.calendar_phrases import Days
    from crmcli.model.dates import read_when
    from crmcli.model.local_times import local_day

    if not text:
        return None
    try:
        when = read_when(text, ws.now, ws.zone, ws.inputs.date_order, past=True, day=True)
    except ValueError as error:
        raise BadUsage(str(error), DAY) from None
    if isinstance(when, Days):
        return when.last if is_end else when.first
    return local_day(when, ws.zone) if isinstance(when, datetime) else when


def filled(hint: str) -> Callable[[click.Context, click.Parameter, str], str]:
    """What looks at an option that may be left out: BadUsage where it is given without a word, as "$EMPTY"
    in a script gives it."""

    def look(ctx: click.Context, param: click.Parameter, given: str) -> str:
        source = ctx.get_parameter_source(str(param.name))
        if source == ParameterSource.COMMANDLINE and not given.strip():
            raise BadUsage(tr("{} is empty", param.opts[0]), hint)
        return given

    return look


def listed(text: str) -> list[str]:
    """The words of an option that takes several between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def currency_named(ws: Workspace, asked: str) -> str:
    """The code of the currency that is asked for, "" for none; BadUsage for one that there is not."""
    from crmcli.sales.products import check_currency

    code = ws.settings.currency if asked == OWN else asked.upper()
    if code:
        try:
            check_currency(code)
        except ValueError as error:
            raise BadUsage(str(error), "e.g. --currency RUB") from None
    return code
