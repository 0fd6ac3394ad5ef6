"""Merging duplicates: the plan, and doing it; unmerge.py is the reverse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.merged import MERGEABLE, tombstone
from crmcli.model.values import Raw, entity_of
from crmcli.sales.merging.field_merge import check_takable, is_united, unite
from crmcli.sales.records.links import referring_to, relinked
from crmcli.workspace import Change, FileChanged, RecordMerged, Workspace

Takes = Mapping[str, str]
"""Field -> id of the merged record whose value shall stand."""


class NotMergeable(Refused):
    """These records cannot be made one."""


class Choice(NamedTuple):
    """A field of a plan: its raw value in each record and the result; `of` is whose, "" if all are kept."""

    name: str
    values: tuple[Raw, ...]
    result: Raw
    of: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge comes to; `steps` has the survivor after each of the others.

    `choices` are the fields that differ, `conflicts` those whose single values differ and are not taken.
    """

    survivor: Record
    others: tuple[Record, ...]
    takes: Takes
    steps: tuple[Record, ...]
    choices: tuple[Choice, ...]
    conflicts: tuple[str, ...]

    @property
    def result(self) -> Record:
        """The survivor as it will be."""
        return self.steps[-1]


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge that was made, and the records whose links were turned: before and after."""

    plan: Plan
    moved: tuple[tuple[Record, Record], ...]


def plan(
    ws: Workspace,
    survivor: str,
    others: Sequence[str],
    takes: Takes | None = None,
    *,
    read: Callable[[str], Record] | None = None,
) -> Plan:
    """Plan merging others into a record; NotMergeable, or BadUsage for a take that takes nothing."""
    _check_ids(survivor, others)
    ws.check_shown(entity_of(survivor))
    record, *found = [_read(ws, read or ws.get, record_id) for record_id in (survivor, *others)]
    taken = dict(takes or {})
    _check_takes(ws, record, found, taken)
    steps: list[Record] = []
    yielded: list[str] = []
    for other in found:
        _check_ends(record, other)
        mine = [name for name, record_id in taken.items() if record_id == other.id]
        union = unite(ws, steps[-1] if steps else record, other, mine, (survivor, *others))
        steps.append(union.record)
        yielded += union.yielded
    conflicts = tuple(dict.fromkeys(name for name in yielded if name not in taken))
    choices = tuple(_choices(ws, (record, *found), steps[-1], taken))
    return Plan(record, tuple(found), taken, tuple(steps), choices, conflicts)


def _read(ws: Workspace, read: Callable[[str], Record], record_id: str) -> Record:
    try:
        return read(record_id)
    except RecordMerged as error:
        said = tr("{} is already merged into {}", record_id, ws.merged_into(record_id))
        raise NotMergeable(said, error.hint) from None


def _check_ids(survivor: str, others: Sequence[str]) -> None:
    ids = (survivor, *others)
    entity = entity_of(survivor)
    strange = next((i for i in ids if entity_of(i) != entity), "")
    if strange:
        raise NotMergeable(
            tr("{} is not a {}, and {} is", strange, tr(entity), survivor), "merge one kind only"
        )
    if entity not in MERGEABLE:
        raise NotMergeable(
            tr("{} cannot be merged", tr(ENTITIES[entity].plural)),
            tr("merge takes {}", ", ".join(MERGEABLE)),
        )
    if not others:
        raise BadUsage(tr("nothing to merge into {}", survivor), tr("crm {} merge A B", entity))
    twice = next((i for i in ids if ids.count(i) > 1), "")
    if twice:
        raise NotMergeable(tr("{} is named twice", twice), "a record cannot be merged with itself")


def _check_takes(ws: Workspace, record: Record, others: Sequence[Record], takes: Takes) -> None:
    by_id = {other.id: other for other in others}
    for name, record_id in takes.items():
        if record_id not in by_id:
            raise BadUsage(
                tr("{} is not one of those merged into {}", record_id, record.id),
                tr("take from {}", " or ".join(by_id)),
            )
        check_takable(ws, record, by_id[record_id], name)


def _check_ends(record: Record, other: Record) -> None:
    """A lead that has become something outlives one that has not."""
    if getattr(other, "converted_at", None) and not getattr(record, "converted_at", None):
        raise NotMergeable(
            tr("{} is converted and {} is not: the converted one must stay", other.id, record.id),
            tr("crm {} merge {} {}", record.entity, other.id, record.id),
        )


def _choices(
    ws: Workspace, records: Sequence[Record], result: Record, takes: Takes
) -> Iterator[Choice]:
    """The fields in which the records differ, in their order."""
    unknown = sorted({name for record in records for name in record.unknown})
    fields = {field.name: field for field in ws.schema.fields(result.entity)}
    raws, after = [ws.schema.write(record) for record in records], ws.schema.write(result)
    for name in (*(n for n in fields if n not in ("id", "batch")), *unknown):
        values = tuple(raw.get(name, "") for raw in raws)
        if all(value in ("", values[0]) for value in values):
            continue
        stands = after.get(name, "")
        whose = [r.id for r, value in zip(records, values, strict=True) if value == stands]
        if takes.get(name) in whose:
            whose = [takes[name]]
        together = name in fields and is_united(fields[name])
        yield Choice(name, values, stands, "" if together or not whose else whose[0])


# --- merging --------------------------------------------------------------------------------------


def relations(ws: Workspace, ids: Sequence[str]) -> list[Record]:
    """The records that link to any of these, each once; leads that became one of them too."""
    found = {record.id: record for record in referring_to(ws, ids)}
    for part in ("contact", "company", "deal"):
        wanted = ", ".join(i for i in ids if entity_of(i) == part)
        if wanted:
            condition = ws.condition(f"converted.{part} in ({wanted})", "lead")
            found.update((record.id, record) for record in ws.select("lead", condition))
    return [found[i] for i in sorted(found) if i not in ids]


def merge(ws: Workspace, wanted: Plan) -> Merged:
    """Do what a plan says, in one transaction; FileChanged if it would come to something else now."""
    ids = [other.id for other in wanted.others]
    with ws.change(f"{wanted.survivor.entity} merge") as change:
        now = plan(ws, wanted.survivor.id, ids, wanted.takes, read=change.get)
        if now != wanted:
            raise FileChanged(
                "the records were changed by someone else meanwhile", "look at the plan again"
            )
        ws.look_again()
        before = {record.id: change.get(record.id) for record in relations(ws, ids)}
        for other, after in zip(now.others, now.steps, strict=True):
            _take_in(change, ws, other, after, [i for i in before if i not in (after.id, *ids)])
        after_all = {i: change.get(i) for i in before if i not in ids}
    moved = tuple((before[i], r) for i, r in after_all.items() if i != now.survivor.id)
    return Merged(now, tuple(pair for pair in moved if pair[0] != pair[1]))


def _take_in(
    change: Change, ws: Workspace, other: Record, after: Record, linking: Iterable[str]
) -> None:
    """One record goes into the survivor: its tombstone first, then the survivor, then the links."""
    kind = f"{after.entity}.merged"
    facts = {"merged": other.id, "into": after.id, "name": str(other.get("name"))}
    stone = ws.schema.read(other.entity, tombstone(other.id, after.id))
    change.save(stone, kind, _with_text(change, other.id, facts))
    told = _with_text(change, after.id, facts)
    if not change.save(after, kind, told):
        change.note(kind, after.id, facts)
    for record_id in linking:
        record = change.get(record_id)
        turned = relinked(ws, record, other.id, after.id)
        if turned != record:
            change.save(turned, kind, _with_text(change, record_id, facts))


def _with_text(change: Change, record_id: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    text = change.odd_text(record_id)
    return {**facts, "text": text} if text else dict(facts)
