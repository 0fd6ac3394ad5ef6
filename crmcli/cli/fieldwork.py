"""Options made from an entity's fields, and what they were given turned into values by field name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from crmcli.cli.params import option
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import UTM_KEYS, Field
from crmcli.model.schema import own_fields

Given = Mapping[str, Sequence[str]]

SINGULAR = {
    "phones": "phone", "emails": "email", "urls": "url", "tags": "tag", "companies": "company",
    "contacts": "contact", "lines": "line", "accounts": "account",
}  # fmt: skip


HELP = {"about": "What it is about", "do_not": "How not to reach them"}
"""Where the label says too little beside an option."""


def option_name(field: Field) -> str:
    """The option of a field: `first_name` is --first-name, `phones` is --phone."""
    return SINGULAR.get(field.name, field.name).replace("_", "-")


def given_options(entity: str, *, editing: bool = False) -> list[click.Parameter]:
    """An option for each field that people write, --utm and --set; a word alone is for `argument`."""
    params: list[click.Parameter] = []
    fields = own_fields(entity)
    for field in fields:
        moves = editing and field.name in ("stage", "pipeline")
        if field.system or field.kind.is_spread or moves:
            continue
        if field.name == ENTITIES[entity].argument and not editing:
            word = field.label.upper()
            params.append(click.Argument((field.name,), metavar=word, required=False))
            continue
        flags = [f"--{option_name(field)}"]
        if field.name == "about":
            flags.append("--for")
        names, told = (*flags, f"field_{field.name}"), _help(field)
        many, metavar = field.is_many, field.kind.metavar
        params.append(click.Option(names, multiple=many, metavar=metavar, help=told))
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
