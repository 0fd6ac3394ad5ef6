"""Editing: one record by fields or as text, or all that fit a condition."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model import document_rules
from crmcli.model.deal import Deal
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.kinds import Field, InputContext, merge_lists, without_items
from crmcli.model.masked_places import compared, each_text, numbers_in
from crmcli.model.masking import typed_contacts
from crmcli.model.offer import Offer
from crmcli.model.task import Task
from crmcli.model.unmasking import Unclear, changed, has_masks, unmasked
from crmcli.model.values import Attachment, Raw, Value, entity_of, fold
from crmcli.sales.bookings import check_free, take_along
from crmcli.sales.rates import in_new_currency
from crmcli.sales.records import defaults
from crmcli.sales.records.given_values import Given, field_named, of_booking, read_raws, read_values
from crmcli.sales.records.new_links import linking, told
from crmcli.sales.records.packed import Pairs
from crmcli.sales.records.required import require
from crmcli.sales.records.versions import kept_or_next
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition

_Given = TypeVar("_Given")
_APART = re.compile(r"[,;\n]")
Look: TypeAlias = Callable[[Record, Record], None]
"""Looks at a record before and after it is edited, and raises if it must not become so."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit asks for: fields to set, list items to add and remove, fields to empty."""

    put: Given
    more: Given
    less: Given
    unset: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.put or self.more or self.less or self.unset)


def edited(ws: Workspace, record: Record, edit: Edit, inputs: InputContext | None = None) -> Record:
    """The record as an edit leaves it, checked but not written."""
    _check_shown(ws, record, edit)
    if isinstance(record, Task) and record.length:
        inputs = of_booking(ws, inputs)
    put, more, less = (
        {name: as_it_stands(ws, record, name, texts) for name, texts in given.items()}
        for given in (edit.put, edit.more, edit.less)
    )
    values = read_values(ws, record.entity, put, inputs)
    if "utm" in values:
        old = cast("Mapping[str, str]", record.get("utm"))
        values["utm"] = {
            k: v for k, v in {**old, **cast("Mapping[str, str]", values["utm"])}.items() if v
        }
    for name, texts in more.items():
        field, now = _list_now(ws, record, name, values)
        new = read_raws(ws, field, texts, inputs)
        joined = merge_lists(field.kind, now, new, ws.inputs.country, newer=True)
        values[field.name] = field.kind.parse(joined)
    for name, texts in less.items():
        field, now = _list_now(ws, record, name, values)
        if ws.trail is not None:
            ws.trail.named_in(texts)
            if typed_contacts(field.kind.found_by, texts):
                ws.trail.check_removing(record)
        gone = _gone(ws, field, now, texts)
        values[field.name] = field.kind.parse(
            without_items(field.kind, now, gone, ws.inputs.country)
        )
    for name in edit.unset:
        field = field_named(ws, record.entity, name)
        values[field.name] = field.kind.empty
    for name in ("stage", "pipeline"):
        if name in values and values[name] != record.get(name):
            raise Refused(tr("{} cannot be edited", name), tr("use crm {} move", record.entity))
    after = defaults.follow_name(record, record.with_values(values))
    return still_whole(ws, record, after)


def _check_shown(ws: Workspace, record: Record, edit: Edit) -> None:
    """Forbidden where a field is to be changed that is hidden from the user, whatever stands there."""
    words = (*edit.put, *edit.more, *edit.less, *edit.unset)
    fields = (ws.schema.named(record.entity, word) for word in words)
    if names := [field.name for field in fields if field]:
        ws.check_shown(record.entity, *names)


def shows_masks(ws: Workspace) -> bool:
    """Whether phones and e-mails may be shown masked to who is acting."""
    return ws.trail is not None and ws.trail.is_limited


def as_it_stands(ws: Workspace, record: Record, name: str, given: _Given) -> _Given:
    """What people give back for a field, with the phones and e-mails that were shown to them masked as they
    are; BadUsage where several look alike."""
    if ws.trail is None or not shows_masks(ws):
        return given
    field = ws.schema.named(record.entity, name)
    texts = map(str, given if isinstance(given, list | tuple) else [given])
    if field and typed_contacts(field.kind.found_by, texts):
        ws.trail.typed_for(record.id)
    attached = record.get("files")
    for one in attached if isinstance(attached, tuple) else ():
        if isinstance(one, Attachment):
            given = changed(given, methodcaller("replace", ws.trail.signed(one.file), one.file))
    if not has_masks(given):
        return given
    raw = dict(ws.schema.write(record))
    stored, back = raw.pop(field.name if field else name, ""), cast("Any", given)
    label = tr(field.label) if field else name
    if isinstance(stored, str) and not isinstance(given, str):
        return cast("_Given", [given_back(ws, record.id, label, t, stored, raw) for t in back])
    return cast("_Given", given_back(ws, record.id, label, back, stored, raw))


def given_back(
    ws: Workspace, record_id: str, label: str, given: Any, stored: Any, rest: Any = ()
) -> Any:
    """What somebody gives back for a value, with what was masked in it; BadUsage where nobody can say what a
    mask hides, or where it hides less than one that was shown: the same words for each that is wrong, for
    else the answer would tell digits."""
    if ws.trail is None or not shows_masks(ws) or not has_masks(given):
        return given
    veiled = partial(ws.trail.veiled, place=ws)
    entity = entity_of(record_id)
    is_hidden = not ws.hidden_of(entity).isdisjoint(ws.schema.contacts(entity))
    may_reveal = "client" in ENTITIES[entity].traits and not is_hidden
    way = tr("write it whole, or crm reveal {}", record_id) if may_reveal else "write it whole"
    try:
        found = unmasked(given, stored, rest)
    except Unclear as error:
        if error.is_alike and any(
            _is_in(error.mask, veiled(text)) for _, text in each_text(stored)
        ):
            alike = (
                "two addresses look like {}" if "@" in error.mask else "two numbers look like {}"
            )
            raise BadUsage(tr(alike, error.mask), way) from None
        found = None
    pairs = zip(each_text(given), each_text(found), strict=False)
    if found is None or not all(
        text == now or _alike(veiled(text), veiled(now)) for (_, text), (_, now) in pairs
    ):
        text = next(text for _, text in each_text(given) if has_masks(text))
        raise BadUsage(tr("{}: {!r} is masked, give it back as it is shown", label, text), way)
    return found


def _is_in(mask: str, shown: str) -> bool:
    """Whether a mask stands in what was shown, however its number is spaced."""
    digits = compared(mask)
    return mask in shown or any(digits == compared(shown[a:b]) for a, b in numbers_in(shown))


def _alike(given: str, found: str) -> bool:
    """Whether two texts look the same where all is masked, however their numbers are spaced."""
    return given == found or _looks(given) == _looks(found)


def _looks(text: str) -> list[tuple[list[str], str]]:
    """The letters of each part of a list, and its digits and stars."""
    return [([*filter(str.isalpha, part)], compared(part)) for part in _APART.split(text)]


def still_whole(ws: Workspace, before: Record, after: Record) -> Record:
    """The edited record with its name and currency filled in; refused if it lost a required field."""
    complete = defaults.complete(ws, after)
    names = {f.name for f in ws.schema.fields(after.entity)} & {"currency"}
    if before.get("name"):
        names.add("name")
        defaults.check_minimum(complete)
    after = after.with_values({n: complete.get(n) for n in names if not after.get(n)})
    after = defaults.with_terms(ws, after)
    after = in_new_currency(ws, before, after)
    if isinstance(before, Deal) and isinstance(after, Deal):
        after = after.following(before)
        if after.amount != before.amount:
            defaults.check_amount(after)
    if isinstance(after, Offer):
        after = after.filled(lambda record_id: None)
    document_rules.check(after, ws.settings.vat_rates, before)
    needed = [f for f in ws.schema.fields(after.entity) if f.required]
    require(ws, after, [f.name for f in needed if before.get(f.name) != f.kind.empty])
    return after


def _list_now(
    ws: Workspace, record: Record, name: str, values: Mapping[str, Value]
) -> tuple[Field, list[Raw]]:
    field = field_named(ws, record.entity, name)
    if not field.is_many:
        raise BadUsage(tr("{} holds one value, not a list", name), tr("use --set {}=…", name))
    return field, field.kind.items(field.kind.dump(values.get(field.name, record.get(field.name))))


def _gone(ws: Workspace, field: Field, now: Sequence[Raw], texts: Sequence[str]) -> list[Raw]:
    """What `--remove` names: items as they stand, even broken ones, or in any other spelling."""
    gone: list[Raw] = []
    for text in texts:
        standing = [item for item in now if fold(text) in map(fold, field.kind.spellings(item))]
        gone += standing or read_raws(ws, field, [text])
    return gone


def edit_in(change: Change, ws: Workspace, record_id: str, edit: Edit) -> Record:
    """Edit a record within an open change; returns it as it is then."""
    before = change.get(record_id)
    _, record = kept_or_next(change, ws, before, edited(ws, before, edit))
    check_free(ws, change, before, record)
    change.save(record)
    take_along(ws, change, before, record)
    return record


def edit(
    ws: Workspace,
    record_id: str,
    wanted: Edit,
    look: Look = lambda before, after: None,
    *,
    create: bool = False,
) -> tuple[Record, Record]:
    """Edit a record; returns it before and after, which `look` may refuse.

    With `create`, contacts and companies that it names and that are not there are added with it.
    """
    linked: list[Record] = []
    with ws.change(f"{record_id.split('-')[0]} edit") as change:
        before = change.get(record_id)
        after = edited(ws, before, wanted, linking(ws, linked, create=create))
        before, after = kept_or_next(change, ws, before, after)
        _save(change, ws, after, linked)
        look(before, after)
    return before, after


def _save(change: Change, ws: Workspace, record: Record, linked: Sequence[Record]) -> None:
    for one in linked:
        change.add(one)
    before = change.get(record.id)
    check_free(ws, change, before, record)
    change.save(record)
    take_along(ws, change, before, record)
    ws.notes += told(linked)


def take_text(
    ws: Workspace,
    record_id: str,
    digest: str,
    record: Record,
    look: Look = lambda before, after: None,
    linked: Sequence[Record] = (),
) -> tuple[Record, Record]:
    """Take a record that was edited as text, with those to add that it links to; before and after it.
    FileChanged if its file changed meanwhile."""
    with ws.change(f"{record.entity} edit") as change:
        before = change.get(record_id)
        change.expect(record_id, digest)
        before, record = kept_or_next(change, ws, before, defaults.follow_name(before, record))
        _save(change, ws, record, linked)
        look(before, record)
    return before, record


def bulk(ws: Workspace, entity: str, condition: Condition, wanted: Edit) -> Pairs[Record]:
    """Edit every record that fits a condition, in one transaction; before and after of each changed."""
    from crmcli.model.conditions.holds import holds

    changed: Pairs[Record] = Pairs(ws.schema)
    with ws.change(f"{entity} bulk") as change:
        ws.look_again()  # under the lock, so that nothing slips in between
        condition = ws.asked(entity, condition)
        for found in ws.select(entity, condition):
            before = change.get(found.id)
            if not holds(condition, before, ws.env):
                continue
            after = edit_in(change, ws, found.id, wanted)
            if after != before:
                changed.append((before, after))
    return changed
