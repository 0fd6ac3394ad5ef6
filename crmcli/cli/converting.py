"""What closing and `crm lead convert` ask for on a terminal: a reason, the pipeline, who is known, what is
missing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from crmcli.cli import asking
from crmcli.cli.options import read_pairs
from crmcli.cli.session import Session
from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.sales.duplicates.ways import ASK, MAKES_ALL

if TYPE_CHECKING:
    from crmcli.sales.duplicates.known import Known
    from crmcli.sales.leads import Conversion, ConvertOptions
    from crmcli.sales.many import Many
    from crmcli.sales.records.required import MissingFields
    from crmcli.workspace import Workspace

T = TypeVar("T")
EXAMPLE = "--set deal.amount=1000"
CLIENTS = ("company", "contact")
"""Who is asked for first: their open deals after that."""


def values_of(pairs: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """`ENTITY.FIELD=VALUE` texts by entity and field."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, texts in read_pairs(pairs, EXAMPLE).items():
        entity, dot, field = name.partition(".")
        if not dot:
            raise BadUsage(tr("{!r} names no entity", name), f"e.g. {EXAMPLE}")
        found.setdefault(entity, {})[field] = texts
    return found


def with_reason(session: Session, entity: str, act: Callable[[str], Many[T]]) -> Many[T]:
    """What an act on records gives; a reason without which none may be lost is asked for on a terminal."""
    from crmcli.sales.records.stage_lookup import ReasonMissing, reason_field

    asks = not (session.yes or session.dry_run) and sys.stdin.isatty()
    try:
        done = act("")
        if done.done or not any(isinstance(one.error, ReasonMissing) for one in done.refused):
            return done
    except ReasonMissing:
        if not asks:
            raise
    if not asks:
        return done
    ws = session.workspace
    field = ws.schema.field(entity, reason_field(entity))
    for value, label in ws.settings.directories[field.directory].items():
        asking.tell(f"  {value}  {label}")
    return act(_value(ws, entity, field.name, listed=True))


def completed(session: Session, lead_id: str, wanted: ConvertOptions) -> ConvertOptions:
    """The options with what people at a terminal say to what they left open; as they are elsewhere."""
    asks = wanted.on_duplicate == ASK
    wanted = replace(wanted, on_duplicate=MAKES_ALL[0]) if asks else wanted
    if not _asks(session):
        return wanted
    ws, said = session.workspace, wanted
    plan, wanted = _asked_for_missing(ws, lead_id, wanted)
    if "deal" in plan.made and not _has_pipeline(ws, wanted):
        wanted = replace(wanted, pipeline=_pipeline(ws))
        plan, wanted = _asked_for_missing(ws, lead_id, wanted)
    if asks and plan.known:
        plan, wanted = _asked_whether(ws, lead_id, plan, wanted, CLIENTS, said)
        _, wanted = _asked_whether(ws, lead_id, plan, wanted, ("deal",), said)
        wanted = replace(wanted, on_duplicate=MAKES_ALL[-1])
    return wanted


def _asks(session: Session) -> bool:
    return not (session.yes or session.dry_run) and sys.stdin.isatty()


def pairs_for(session: Session, error: MissingFields) -> list[str]:
    """What people at a terminal say to what is missing, as `--set` has it; raises it again elsewhere."""
    names = [name.split(" or ")[0] for name in error.fields]
    if not _asks(session) or not all("." in name for name in names):
        raise error
    asking.tell(tr("{}:", tr(error.message)))
    parts = [(name, *name.split(".")) for name in names]
    return [f"{name}={_value(session.workspace, of, field)}" for name, of, field in parts]


def _asked_whether(
    ws: Workspace,
    lead_id: str,
    plan: Conversion,
    wanted: ConvertOptions,
    entities: Sequence[str],
    said: ConvertOptions,
) -> tuple[Conversion, ConvertOptions]:
    """The same with those of some entities who are to be used; of deals, those of the clients so far. What
    was asked for a new one is not for them: of those goes what was `said` before."""
    use = _use(plan, entities)
    if not use:
        return plan, wanted
    given = {e: values for e, values in wanted.given.items() if e not in use}
    given |= {e: values for e, values in said.given.items() if e in use}
    pipeline = "" if "deal" in use else wanted.pipeline
    wanted = replace(wanted, use={**wanted.use, **use}, given=given, pipeline=pipeline)
    return _asked_for_missing(ws, lead_id, wanted)


def _has_pipeline(ws: Workspace, wanted: ConvertOptions) -> bool:
    """Whether there is nothing to choose, or it is chosen."""
    said = wanted.pipeline or wanted.given.get("deal", {}).get("pipeline")
    return bool(said) or len(ws.pipelines.deals) == 1


def _pipeline(ws: Workspace) -> str:
    known = ws.pipelines.deals
    for pipeline in known:
        asking.tell(f"  {pipeline.id}  {pipeline.name}")
    names = click.Choice([pipeline.id for pipeline in known])
    return str(asking.chosen(tr("pipeline"), names, known[0].id))


def _use(plan: Conversion, entities: Sequence[str]) -> Mapping[str, str]:
    """Which of those who are known are to be used, by entity; a deal only of a client that is used."""
    by_entity: dict[str, list[Known]] = {}
    used = {one.id for one in plan.used.values()}
    for entity, known in plan.known:
        of = {*getattr(known.record, "contacts", ()), getattr(known.record, "company", "")}
        if entity not in entities or (entity == "deal" and not of & used):
            continue
        by_entity.setdefault(entity, []).append(known)
    chosen = ((entity, _chosen(entity, found)) for entity, found in by_entity.items())
    return {entity: known.record.id for entity, known in chosen if known}


def _chosen(entity: str, found: Sequence[Known]) -> Known | None:
    asking.tell(tr("{}: there may be one already", tr(entity)))
    for number, known in enumerate(found, 1):
        asking.tell(f"  {number}  {known}")
    asking.tell(tr("  0  create a new one"))
    usual = 1 if found[0].surely and entity in CLIENTS else 0
    picked = asking.chosen(tr("which one"), click.IntRange(0, len(found)), usual)
    return found[picked - 1] if isinstance(picked, int) and picked else None


def _asked_for_missing(
    ws: Workspace, lead_id: str, wanted: ConvertOptions
) -> tuple[Conversion, ConvertOptions]:
    """A conversion that lacks nothing, and the options with the values for it."""
    from crmcli.sales import leads
    from crmcli.sales.records.required import MissingFields

    while True:
        try:
            return leads.preview(ws, lead_id, wanted), wanted
        except MissingFields as error:
            asking.tell(tr("{}:", tr(error.message)))
            names = [name.split(" or ")[0] for name in error.fields]
        for name in names:
            entity, _, field = name.partition(".")
            texts = {field: [_value(ws, entity, field)]}
            given = {**wanted.given, entity: {**wanted.given.get(entity, {}), **texts}}
            wanted = replace(wanted, given=given)


def _value(ws: Workspace, entity: str, name: str, *, listed: bool = False) -> str:
    """A value that the field can have, as people type it; the values are `listed` already."""
    from crmcli.sales.records.given_values import field_named, read_value

    field = field_named(ws, entity, name)
    known = ws.settings.directories.get(field.directory, {}) or dict.fromkeys(field.choices)
    among = f" ({', '.join(known)})" if known and not listed else ""
    word = f"{tr(entity)}: {field.word}{among}"

    def typed(text: str) -> str:
        read_value(ws, field, [text])
        return text

    return asking.prompted(word, typed)
