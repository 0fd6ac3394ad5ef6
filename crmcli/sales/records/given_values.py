"""Values as people give them, read by the kind of their field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from crmcli.errors import BadUsage
from crmcli.model.fields import MAP_KINDS, UTM_KEYS, Field, parse_value
from crmcli.model.listed import did_you_mean
from crmcli.model.values import CompanyLink, Raw, Value, fold
from crmcli.sales.records.line_text import read_line
from crmcli.workspace import Workspace

Given = Mapping[str, Sequence[str]]
"""Values as people write them: field name -> one text, or several for a list."""


def field_named(ws: Workspace, entity: str, name: str) -> Field:
    """A field that people may write; BadUsage with the nearest name if there is none."""
    try:
        field = ws.schema.field(entity, name)
    except KeyError:
        names = [f.name for f in ws.schema.fields(entity) if not f.system]
        hint = did_you_mean(name, names, "declare it in settings.yaml under fields")
        raise BadUsage(f"a {entity} has no field {name!r}", hint) from None
    if field.system:
        raise BadUsage(f"{name} is written by crm itself", "use the verb that changes it")
    return field


def read_values(ws: Workspace, entity: str, given: Given) -> dict[str, Value]:
    """Type what people wrote for fields of an entity; BadUsage names the field that does not fit.

    `utm_source` and its kin go into the one field `utm`.
    """
    values: dict[str, Value] = {}
    for name, texts in given.items():
        if name.startswith("utm_") and name[4:] in UTM_KEYS:
            utm = cast("Mapping[str, str]", values.get("utm", {}))
            values["utm"] = {**utm, name[4:]: texts[-1]}
            continue
        field = field_named(ws, entity, name)
        values[name] = read_value(ws, field, texts)
        if field.kind == "money" and "currency" not in given and texts:
            code = _currency_in(texts[-1])
            if code:
                values["currency"] = code
    return values


def _currency_in(text: str) -> str:
    """The currency that an amount names itself: USD of `$100`, "" of `100`."""
    from crmcli.model.amounts import read_money

    return read_money(text)[1] if text else ""


def read_value(ws: Workspace, field: Field, texts: Sequence[str]) -> Value:
    """Type the texts that people wrote for one field; links may be any reference."""
    if field.kind == "companies":
        return joined((), tuple(_company_link(ws, text) for text in texts if text))
    if field.kind in ("link", "links"):
        ids = tuple(dict.fromkeys(ws.resolve(text, *field.entities) for text in texts if text))
        return ids if field.kind == "links" else (ids[-1] if ids else "")
    if field.kind == "lines":
        return tuple(read_line(text, ws.settings.vat_rate, "") for text in texts if text)
    if field.kind in MAP_KINDS:
        raise BadUsage(f"{field.name} is set by its parts", "e.g. --set utm_source=google")
    from crmcli.model.inputs import read_input

    raws: list[Raw] = []
    try:
        for text in texts:
            raw = read_input(field, text, ws.inputs) if text else ""
            raws += raw if isinstance(raw, list) else [raw] if raw else []
        if field.is_many:
            return parse_value(field.kind, raws)
        return parse_value(field.kind, raws[-1] if raws else "")
    except ValueError as error:
        raise BadUsage(f"{field.name}: {error}") from None


def _company_link(ws: Workspace, text: str) -> CompanyLink:
    """A company by any reference, with the role behind a colon: `Ромашка: директор`."""
    from crmcli.errors import NotFound

    try:
        return CompanyLink(ws.resolve(text, "company"))
    except NotFound:
        ref, colon, role = text.rpartition(":")
        if not colon:
            raise
        return CompanyLink(ws.resolve(ref.strip(), "company"), role.strip())


def joined(now: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list with what is new to it; a company that is named again gets its new role."""
    items = list(now)
    for item in new:
        places = [n for n, had in enumerate(items) if bare(had) == bare(item)]
        if not places or not isinstance(item, CompanyLink):
            items += [] if item in items else [item]
        elif item.role:
            items[places[0]] = item
    return tuple(items)


def bare(item: object) -> str:
    """A list item without its type or role, as `--remove` names it."""
    return fold(str(getattr(item, "company", None) or getattr(item, "value", None) or item))
