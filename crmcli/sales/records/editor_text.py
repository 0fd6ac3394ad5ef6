"""A record as text in an editor, and the text back as a record, checked like what is typed as options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias, cast

from crmcli.errors import Ambiguous, BadUsage, NotFound, Refused
from crmcli.language import tr
from crmcli.model.fields import BadValues, Record
from crmcli.model.kinds import UTM_KEYS, Field, InputContext, Maps
from crmcli.model.unmasking import changed, with_stars, without_aliases
from crmcli.model.values import Raw, Value
from crmcli.sales.records.edit import as_it_stands, shows_masks, still_whole
from crmcli.sales.records.given_values import read_value
from crmcli.store.yaml import codec
from crmcli.workspace import Workspace

_Reader: TypeAlias = "Callable[[Sequence[str]], Value]"
HERE = "the edited text"


def to_text(ws: Workspace, record: Record) -> str:
    """The record as its file has it, with stars in its texts where they are masked: YAML writes a tab as \\t,
    behind which no number would be seen."""
    raw = ws.schema.write(record)
    return codec.dump(raw if ws.trail is None else changed(raw, ws.trail.starred))


def from_text(
    ws: Workspace,
    before: Record,
    data: bytes,
    *,
    keep_unknown: bool = False,
    inputs: InputContext | None = None,
) -> Record:
    """The record that an edited text means; InvalidData with the lines of faults, or Refused.

    A key that is no field is a fault, unless it stood there before or is to be kept.
    """
    if shows_masks(ws):
        data = without_aliases(data.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )
    raw = codec.load(data, HERE)
    if shows_masks(ws):
        raw = {n: as_it_stands(ws, before, n, with_stars(value)) for n, value in raw.items()}
    if raw.get("id") != before.id:
        raise Refused("the id of a record cannot be changed", tr("restore id: {}", before.id))
    old = ws.schema.write(before)
    strange = ws.schema.undeclared(before.entity, {} if keep_unknown else raw)
    faults = [(key, _no_field(ws, before.entity, key)) for key in strange if key not in old]
    for field in ws.schema.fields(before.entity):
        given, had = raw.get(field.name, ""), old.get(field.name, "")
        if given == had:
            continue
        _check_editable(field, before)
        try:
            raw[field.name] = _read(
                partial(read_value, ws, field, inputs=inputs), field, given, had
            )
        except (BadUsage, NotFound, Ambiguous) as error:
            hint = f" ({error.hint})" if error.hint else ""
            faults.append((field.name, error.message.removeprefix(f"{field.name}: ") + hint))
    try:
        if faults:
            raise BadValues(faults)
        after = ws.schema.read(before.entity, raw)
        _check_bounds(ws, before, after)
    except BadValues as error:
        refusal = codec.unreadable(HERE, data, error)
        refusal.hint = ""  # the text is no file of the workspace
        raise refusal from None
    return still_whole(ws, before, after)


def _no_field(ws: Workspace, entity: str, key: str) -> str:
    near = ws.schema.nearest(entity, key)
    way = tr("did you mean {!r}?", near) if near else f"crm field add {entity} {key}"
    return f"{tr('this is not a field')} ({way}; {tr('--keep-unknown keeps it')})"


def _check_editable(field: Field, record: Record) -> None:
    if field.system:
        raise Refused(tr("{} is set by crm", field.name), "restore what was there")
    if field.kind.is_moved:
        raise Refused(tr("{} cannot be edited", field.name), tr("use crm {} move", record.entity))


def _check_bounds(ws: Workspace, before: Record, after: Record) -> None:
    for field in ws.schema.fields(after.entity):
        try:
            field.kind.check(after.get(field.name), before.get(field.name))
        except BadUsage as error:
            raise BadValues([(field.name, error.message)]) from None


def _read(read: _Reader, field: Field, given: Raw, had: Raw) -> Raw:
    """A changed value in its canonical form, read as if it was typed; items that stood stay."""
    if isinstance(given, str):
        return field.kind.dump(read([given])) if given else ""
    if isinstance(given, list):
        stood = had if isinstance(had, list) else []
        items: list[Raw] = []
        for item in given:
            items += [item] if item in stood else _items(read, field, item)
        return items
    strange = sorted(set(given) - set(UTM_KEYS)) if field.kind.is_spread else []
    if strange:
        raise BadUsage(tr("no field utm_{}", strange[0]), tr("one of {}", ", ".join(UTM_KEYS)))
    return given


def _items(read: _Reader, field: Field, item: Raw) -> list[Raw]:
    if isinstance(item, str):
        return cast("list[Raw]", field.kind.dump(read([item])) or [])
    kind = field.kind
    main = kind.main if isinstance(kind, Maps) and kind.is_typed_by_main else ""
    text = item.get(main) if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(text, str):
        return [item]  # the schema says what is wrong with it, or that it is right
    found = cast("list[dict[str, Any]]", kind.dump(read([text])) or [])
    more = {key: value for key, value in item.items() if key != main}
    return [{**one, **more} for one in found]
