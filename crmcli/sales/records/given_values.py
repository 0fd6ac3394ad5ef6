"""Values as people give them, read by the kind of their field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.kinds import UTM_KEYS, Field, InputContext, merge_lists
from crmcli.model.listed import did_you_mean
from crmcli.model.masking import typed_contacts
from crmcli.model.values import Raw, Value
from crmcli.workspace import Workspace

Given = Mapping[str, Sequence[str]]
"""Values as people write them: field name -> one text, or several for a list."""


def field_named(ws: Workspace, entity: str, name: str) -> Field:
    """A field that people may write; BadUsage with the nearest name if there is none."""
    field = ws.schema.named(entity, name)
    if field is None:
        words = ws.schema.words(entity)
        near = did_you_mean(name, [word for word, own in words.items() if not own.system])
        declare = tr("to declare it: crm field add {} {}", entity, name)
        hint = f"{near} {declare}".lstrip()
        raise BadUsage(tr("a {} has no field {!r}", tr(entity), name), hint)
    if field.system:
        raise BadUsage(tr("{} is set by crm", name), "use the command that changes it")
    return field


def read_values(
    ws: Workspace, entity: str, given: Given, inputs: InputContext | None = None
) -> dict[str, Value]:
    """Type what people wrote; `utm_source` and the like go into `utm`. BadUsage names the field."""
    if any(given.get("length", ())):
        inputs = of_booking(ws, inputs)
    values: dict[str, Value] = {}
    with_sums: dict[str, Value] = {}
    for name, texts in given.items():
        if name.startswith("utm_") and name[4:] in UTM_KEYS:
            utm = cast("Mapping[str, str]", values.get("utm", {}))
            values["utm"] = {**utm, name[4:]: texts[-1]}
            continue
        field = field_named(ws, entity, name)
        values[field.name] = read_value(ws, field, texts, inputs)
        if field.kind.is_money and texts:
            from crmcli.model.amounts import currency_in

            code = currency_in(texts[-1])
            if code:
                with_sums["currency"] = code
    return with_sums | values


def of_booking(ws: Workspace, inputs: InputContext | None) -> InputContext:
    """The same for a task that keeps a time: its `due` is the beginning, on a day with the working hours."""
    return replace(inputs or ws.inputs, closes=ws.settings.calendar.opens)


def read_value(
    ws: Workspace, field: Field, texts: Sequence[str], inputs: InputContext | None = None
) -> Value:
    """Type the texts that people wrote for one field; links may be any reference."""
    raws = read_raws(ws, field, texts, inputs)
    if not field.is_many:
        return field.kind.parse(raws[-1] if raws else "")
    return field.kind.parse(merge_lists(field.kind, [], raws, ws.inputs.country, newer=True))


def read_raws(
    ws: Workspace, field: Field, texts: Sequence[str], inputs: InputContext | None = None
) -> list[Raw]:
    """The raw values, or items, that people wrote for one field; a type or role only where it is said."""
    if field.kind.is_map:
        raise BadUsage(tr("{} is set by its parts", field.name), "e.g. --set utm_source=google")
    if ws.trail is not None:
        ws.trail.named_in(typed_contacts(field.kind.found_by, texts))
    raws: list[Raw] = []
    try:
        for text in texts:
            raws += field.kind.items(field.read(text, inputs or ws.inputs))
    except ValueError as error:
        raise BadUsage(f"{field.name}: {error}") from None
    return raws
