"""What the ends of leads and deals teach: tables of scores, learned from all closed records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import BadValues, Record
from crmcli.model.finished import finished
from crmcli.model.listed import did_you_mean
from crmcli.model.pipeline import Pipeline
from crmcli.model.scoring.features import Feature, features
from crmcli.model.scoring.learning import (
    LEAST_OF_EACH,
    LEAST_RECORDS,
    Ended,
    learned,
    told_at_end,
    trial,
)
from crmcli.model.scoring.tables import Table
from crmcli.model.values import fold
from crmcli.workspace import Workspace


class TooFew(Refused):
    """Too few records have ended to learn anything from them."""


class Training(NamedTuple):
    """The tables of an entity, the pipelines with too few closed records, each told in a line, and the
    fields that were left out because they seem to be filled in at the end."""

    tables: Sequence[Table]
    too_few: Sequence[str]
    left_out: Sequence[str]


def train(
    ws: Workspace,
    entity: str,
    without: Collection[str] = (),
    taken: Collection[str] = (),
    each: Callable[[], object] = lambda: None,
) -> Training:
    """Learn from the closed leads, or the closed deals of each pipeline that has enough; the others are
    taken together. Fields `without` which to learn, and those `taken` whatever they look like, by name.

    All records count, whoever asks: it is the house that learns. `each` is called for every closed one.
    TooFew if there are not enough.
    """
    known = _features(ws, entity, without, taken)
    ended = _ended(ws, entity, known, each)
    tables: list[Table] = []
    too_few: list[str] = []
    left_out: dict[str, None] = {}
    rest: list[Ended] = []
    pipelines = ws.outline.of(entity)
    for pipeline in pipelines:
        records = ended[pipeline.key]
        if not _are_enough(records) and len(pipelines) > 1:
            rest += records
            too_few.append(_told(entity, records, pipeline))
            continue
        tables += _table(ws, entity, pipeline.key, records, known, taken, left_out)
    if _are_enough(rest):
        tables += _table(ws, entity, "", rest, known, taken, left_out)
    if not tables:
        every = [one for records in ended.values() for one in records]
        raise TooFew(_told(entity, every), "try again when more of them have ended")
    return Training(tables, too_few, list(left_out))


def _features(
    ws: Workspace, entity: str, without: Collection[str], taken: Collection[str]
) -> list[Feature]:
    known = list(features(ws.schema, entity))
    words = {word for one in known for word in (one.name, one.field.name)}
    for name in (*without, *taken):
        if name not in words:
            hint = did_you_mean(name, words, tr("one of {}", ", ".join(sorted(words))))
            raise BadUsage(tr("no score can be made of {!r}", name), hint)
    return [one for one in known if not {one.name, one.field.name} & set(without)]


def _ended(
    ws: Workspace, entity: str, known: Sequence[Feature], each: Callable[[], object]
) -> Mapping[str, list[Ended]]:
    """The closed records by pipeline, each as it was before it ended: what was filled in with the end, or
    later, would give it away."""
    from crmcli.model.conditions.tree import Condition

    pipelines = ws.outline.of(entity)
    found: dict[str, list[Ended]] = {pipeline.key: [] for pipeline in pipelines}
    kinds = {(fold(p.key), fold(s.id)): (p.key, s.kind) for p in pipelines for s in p.stages}
    first, house = pipelines[0].key, ws.house
    tree = finished(ws.outline, entity)
    before = house.before_ends(entity)
    currency = ws.settings.currency
    for raw in house.rows(entity, Condition("", tree) if tree else None):
        each()
        place = (fold(str(raw.get("pipeline") or first)), fold(str(raw.get("stage") or "")))
        own, kind = kinds.get(place, ("", ""))
        if kind not in ("won", "lost"):
            continue
        record_id = str(raw["id"])
        try:
            record: Record = ws.schema.read(entity, {**raw, **before.get(record_id, {})})
        except BadValues:
            continue  # what cannot be read is told by crm check
        keys = tuple(one.key(record, ws.zone, currency) for one in known)
        found[own].append(Ended(record_id, kind == "won", keys))
    return found


def _are_enough(records: Sequence[Ended]) -> bool:
    won = sum(one.won for one in records)
    return len(records) >= LEAST_RECORDS and min(won, len(records) - won) >= LEAST_OF_EACH


def _told(entity: str, records: Sequence[Ended], pipeline: Pipeline | None = None) -> str:
    """How many closed records there are, and how many it takes."""
    won = sum(one.won for one in records)
    name = tr(ENTITIES[entity].plural)
    where = f"{name} ({pipeline.name})" if pipeline and pipeline.key else name
    facts = (where, len(records), won, len(records) - won, LEAST_RECORDS, LEAST_OF_EACH)
    if entity == "lead":
        return tr("{}: {} closed, {} converted, {} junk; a score needs {}, {} of each", *facts)
    return tr("{}: {} closed, {} won, {} lost; a score needs {}, {} of each", *facts)


def _table(
    ws: Workspace,
    entity: str,
    pipeline: str,
    records: Sequence[Ended],
    known: Sequence[Feature],
    taken: Collection[str],
    left_out: dict[str, None],
) -> Iterator[Table]:
    """One table; what seems to be told at the end alone is left out, and named."""
    if not _are_enough(records):
        return
    odd = [f for f in told_at_end(records, known) if not {f.name, f.field.name} & set(taken)]
    left_out.update(dict.fromkeys(one.name for one in odd))
    places = [n for n, one in enumerate(known) if one not in odd]
    kept = [known[n] for n in places]
    rows = [Ended(one.id, one.won, [one.keys[n] for n in places]) for one in records]
    currency = ws.settings.currency
    taught, tested = learned(rows, kept, currency), trial(rows, kept, currency)
    won = sum(one.won for one in rows)
    yield Table(entity, pipeline, ws.now, len(rows), won, taught.start, taught.terms, tested)
