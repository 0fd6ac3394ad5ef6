"""Checks of records: their links, stages, owners, phones and e-mails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from crmcli.errors import CrmError, InvalidData, NotFound, Problem
from crmcli.language import counted, tr
from crmcli.model import document_rules
from crmcli.model.currencies import CODES
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field, Record
from crmcli.model.invoice import Invoice
from crmcli.model.kinds import ContactPoints
from crmcli.model.schema import KEPT_CARD, has_field
from crmcli.model.values import Raw, entity_of
from crmcli.sales.history.past import REWRITTEN
from crmcli.sales.records.links import links_of
from crmcli.sales.records.tombstones import marked, successor
from crmcli.sales.undeclared import Undeclared
from crmcli.store import layout
from crmcli.store.yaml import codec
from crmcli.workspace import UnknownStage, Workspace

if TYPE_CHECKING:
    from datetime import datetime


_CACHE = 1 << 16


class _Found(NamedTuple):
    """A fault of a record: in which field, with which value in it, if it has several."""

    field: str
    value: str
    message: str
    hint: str


class RecordCheck:
    """Checks the records of a workspace.

    `unborn` are the records, with their creation times, whose creation is not on the timeline.
    """

    def __init__(self, ws: Workspace, *, staged: bool) -> None:
        self.ws = ws
        self.unborn: list[tuple[str, datetime]] = []
        self._staged = staged
        self._strangers = frozenset(ws.births.unborn())
        self._differs: list[str] = []
        self._undeclared: Counter[tuple[str, str]] = Counter()
        self._exists = lru_cache(_CACHE)(partial(is_there, ws))

    def of_record(self, entity: str, raw: Mapping[str, Raw]) -> Iterator[Problem]:
        """What is wrong with a record as the index has it, with the lines of its file."""
        record = self.ws.schema.read(entity, raw)
        path = layout.record_path(record.id)
        read = None
        for fault in self._faults(record):
            read = read or marked(self.ws, path)
            line = _line(read, fault.field, fault.value)
            yield Problem(path, line, fault.message, fault.hint)
        if record.unknown:  # the mistyped ones are told of the file
            told = self.ws.schema.mistyped(entity, raw)
            strange = (key for key in record.unknown if key not in (*told, KEPT_CARD))
            self._undeclared.update((entity, key) for key in strange)
        self.compare(raw)
        made = cast("datetime | None", record.get("created_at"))
        if made is not None and record.id in self._strangers:
            self.unborn.append((record.id, made))
        elif made is None and record.id not in self._strangers:
            said = "created_at is missing: the end of the file may be cut off"
            yield Problem(path, 0, said, tr("compare with git: git diff {}", path))

    def compare(self, raw: Mapping[str, Raw]) -> None:
        """Keep in mind a record of which the index says something else than its file."""
        record_id = str(raw["id"])
        if self._content(layout.record_path(record_id)) != raw:
            self._differs.append(record_id)

    def of_index(self) -> Iterator[Problem]:
        """Whether the index says what the files say: once more for those that seemed to differ."""
        if self._differs:
            self.ws.look_again()
        for record_id in self._differs:
            entity = entity_of(record_id)
            wanted = self.ws.condition(f"id = {record_id}", entity)
            known = list(self.ws.rows(entity, wanted))
            content = self._content(layout.record_path(record_id))
            if content is not None and known != [content]:
                said = tr("the index and the file of {} differ", record_id)
                yield Problem(layout.INDEX, 0, said, "rebuild it with crm check --fix")
                return

    def of_keys(self) -> Iterator[Problem]:
        """Keys that nobody declared, which are kept and count for nothing. They may be meant, but not where
        the field was taken away: somebody used it in another clone."""
        once = self._once_declared() if self._undeclared else {}
        for (entity, key), number in sorted(self._undeclared.items()):
            who = counted(number, entity, ENTITIES[entity].plural)
            hint = f"crm field add {entity} {key}"
            if field := once.get((entity, key)):
                said = tr("{!r} is not a field any more: {}", key, who)
                back = tr("to declare it again: {} --type {}", hint, field.kind.declared_as)
                yield Problem(layout.SETTINGS, 0, said, back)
            else:
                said = tr("{!r} is not a field: {}", key, who)
                yield Problem("", 0, said, hint, passing=True)

    def _once_declared(self) -> dict[tuple[str, str], Field]:
        """The fields of their own that the changes of settings.yaml know, as each stood last."""
        found: dict[tuple[str, str], Field] = {}
        for event in self.ws.events(kinds=(REWRITTEN,)):
            if event.data.get("file") == layout.SETTINGS and "from" in event.data:
                try:
                    settings = self.ws.read_settings(self.ws.attached(event.data["from"]))
                except (NotFound, InvalidData):
                    continue  # its text is lost
                for entity, fields in settings.fields.items():
                    found |= {(entity, field.name): field for field in fields}
        return found

    def _content(self, path: str) -> dict[str, Raw] | None:
        try:
            data = self.ws.file(path)
            return None if data is None else codec.load(data, path)
        except CrmError:
            return None  # which is told of the file itself

    def _faults(self, record: Record) -> Iterator[_Found]:
        yield from self._of_links(record)
        if has_field(record.entity, "converted"):
            yield from self._of_conversion(record)
        if self._staged and "staged" in ENTITIES[record.entity].traits:
            yield from self._of_stage(record)
        yield from self._of_owner(record)
        yield from unreadable_contacts(self.ws, record)
        for names, error in document_rules.faults(record, self.ws.settings.vat_rates):
            yield _Found(names[-1], "", error.message, error.hint or "correct the file by hand")
        currency = str(record.get("currency")) if has_field(record.entity, "currency") else ""
        if currency and currency not in CODES:
            said = tr("{!r} is not a currency that ISO 4217 knows", currency)
            yield _Found("currency", "", said, "correct the file by hand")
        if isinstance(record, Invoice):
            yield from _of_sums(record)

    def _of_links(self, record: Record) -> Iterator[_Found]:
        for name, target, allowed in links_of(self.ws, record):
            if not self._exists(target):
                survivor = successor(self.ws, target)
                fate = tr("was merged into {}", survivor) if survivor else "does not exist"
                turn = tr("points it to {}", survivor) if survivor else "removes the link"
                hint = f"crm check --fix {turn}"
                yield _Found(name, target, tr("{} links to {}, which {}", name, target, fate), hint)
            elif allowed and entity_of(target) not in allowed:
                said = tr("{} links to {}, which is not a {}", name, target, " or ".join(allowed))
                yield _Found(name, target, said, "unset the link")

    def _of_conversion(self, record: Record) -> Iterator[_Found]:
        """What a lead became; it may have been removed or merged since, which the timeline knows."""
        became = cast("Mapping[str, str]", record.get("converted"))
        for entity, target in became.items():
            if self._exists(target) and entity_of(target) == entity:
                continue
            if not entity_of(target) or not self._is_known_to_be_gone(target):
                said = tr("converted to the {} {!r}, which does not exist", tr(entity), target)
                yield _Found("converted", target, said, "see crm timeline and fix it by hand")

    def _is_known_to_be_gone(self, target: str) -> bool:
        kinds = [f"{entity_of(target)}.{word}" for word in ("removed", "merged")]
        return bool(self.ws.events(record=target, kinds=kinds, limit=1))

    def _of_stage(self, record: Record) -> Iterator[_Found]:
        try:
            self.ws.stage_of(record)
        except UnknownStage as error:
            field = "stage"
            try:
                self.ws.pipeline_of(record)
            except UnknownStage:
                field = "pipeline"
            yield _Found(field, "", error.message, error.hint)

    def _of_owner(self, record: Record) -> Iterator[_Found]:
        users = self.ws.settings.users
        owner = str(record.get("owner"))
        if users and owner and owner not in users:
            field = self.ws.schema.field(record.entity, "owner")
            way_on = Undeclared(record.entity, field, owner, 1).way_on
            hint = tr("users of settings.yaml: {}; {}", ", ".join(list(users)[:8]), way_on)
            yield _Found("owner", "", tr("the owner {!r} is not a user", owner), hint)


def is_there(ws: Workspace, record_id: str) -> bool:
    """Whether a record can be linked to, even if nobody may read its file just now."""
    try:
        return ws.exists(record_id)
    except CrmError:
        return True


def unreadable_contacts(ws: Workspace, record: Record) -> Iterator[_Found]:
    """Phones and e-mails that are none in any spelling."""
    for field in ws.schema.fields(record.entity):
        kind = field.kind
        if not isinstance(kind, ContactPoints):
            continue
        for item in cast("Any", record.get(field.name)):
            if not kind.is_known(item.value, ws.settings.phone_country):
                said = tr("{!r} is not {}", item.value, tr(kind.noun))
                hint = "move words to comment, or remove it" if kind.is_phone else "fix it"
                yield _Found(field.name, item.value, said, hint)


def _of_sums(invoice: Invoice) -> Iterator[_Found]:
    """What an invoice says that its lines and its payments do not: a hand edited it, or two clones did."""
    if invoice.amount is not None and invoice.amount != invoice.total:
        said = tr("the amount is {}, and its lines come to {}", invoice.amount, invoice.total)
        yield _Found("amount", "", said, "correct the file by hand; git diff shows what changed")
    if invoice.is_settled and invoice.left:
        said = tr("{} more was paid than it asks for", abs(invoice.left))
        yield _Found("payments", "", said, "take out of the file what came only once")


def _line(read: codec.Marked, field: str, value: str) -> int:
    """The line of a field in its file, or of that item of it which has the value."""
    raw = read.value.get(field)
    items: list[tuple[str | int, Raw]] = []
    if isinstance(raw, list):
        items = [*enumerate(raw)]
    elif isinstance(raw, dict):
        items = [*raw.items()]
    for key, item in items:
        if value and (item == value or (isinstance(item, dict) and value in item.values())):
            return read.lines.get((field, key), 0)
    return read.lines.get((field,), 0)
