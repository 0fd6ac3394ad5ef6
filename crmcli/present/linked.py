"""Columns that lead through links: `company.name`, `contacts.phones`, `about.stage`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.conditions.paths import PathStep, in_our_words, routes, step_of
from crmcli.model.values import entity_of
from crmcli.present.cells import Column

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

Path = tuple[str, ...]


def column_at(ws: Workspace, entity: str, name: str) -> Column:
    """The column of a path; BadUsage where it leads nowhere."""
    path = in_our_words(tuple(name.split(".")), ws.schema, entity)
    way, name = routes(path, ws.schema, entity)[0], ".".join(path)
    label = ": ".join(tr(step.field.label) or step.field.name for step in way)
    owner, _, _ = name.rpartition(".")
    return Column(name, label, way[-1].field.kind.name, currency=f"{owner}.currency")


def with_linked(
    ws: Workspace,
    entity: str,
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[Column],
    row: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What makes of a raw record one with what stands at the ends of the columns' paths.

    A list where a path leads to several. `row` makes of a raw record what is printed.
    """
    names = [column.name for column in columns if "." in column.name]
    names += [column.currency for column in columns if "." in column.name and column.holds.is_money]
    if not names:
        return row
    paths = {name: tuple(name.split(".")) for name in names}
    known: dict[str, dict[str, Any]] = {}
    for path in paths.values():
        _learn(ws, rows, path, known)
    several = {name: _is_several(ws, entity, path) for name, path in paths.items()}
    kinds = {n: routes(path, ws.schema, entity)[0][-1].field.kind for n, path in paths.items()}

    def read(raw: dict[str, Any]) -> dict[str, Any]:
        found = {
            name: [kinds[name].number_in(value) for value in _at(ws, raw, path, known)]
            for name, path in paths.items()
        }
        return row(raw) | {n: v if several[n] else next(iter(v), "") for n, v in found.items()}

    return read


def _is_several(ws: Workspace, entity: str, path: Path) -> bool:
    ways = routes(path, ws.schema, entity)
    return any(step.field.is_many for way in ways for step in way)


def _learn(
    ws: Workspace, rows: Iterable[Mapping[str, Any]], path: Path, known: dict[str, dict[str, Any]]
) -> None:
    """Take in of the linked records what the rest of a path asks of them."""
    ids: dict[str, None] = {}
    for raw in rows:
        step, rest = _step(ws, raw, path)
        if step and rest:
            path_left = rest
            ids |= dict.fromkeys(_links(step, raw))
    if not ids:
        return
    found: list[dict[str, Any]] = []
    derived: dict[str, list[str]] = {}
    for record_id, raw in linked_rows(ws, [*ids]):
        step, _ = _step(ws, raw, path_left)
        if step:
            kept = known.setdefault(record_id, {"id": raw["id"]})
            kept[step.field.name] = raw.get(step.field.name, "")
            found.append(kept)
            if step.field.derived:
                derived.setdefault(step.entity, []).append(str(raw["id"]))
    for entity, own in derived.items():
        told = ws.derived(entity, path_left[:1], own)
        for kept in found:
            kept |= told.get(kept["id"], {})
    _learn(ws, found, path_left, known)


def linked_rows(ws: Workspace, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of some links, as their files have them, each with the id by which it is linked."""
    gone = dict.fromkeys(ids)
    for raw in ws.rows_of(ids):
        own = str(raw["id"])
        gone.pop(own, None)
        yield own, dict(raw)
    for record_id in gone:
        for raw in ws.rows_of([ws.heir(record_id)]):  # it was merged
            yield record_id, dict(raw)


def _at(
    ws: Workspace, raw: Mapping[str, Any], path: Path, known: Mapping[str, Mapping[str, Any]]
) -> list[Any]:
    """What stands at the end of a path."""
    step, rest = _step(ws, raw, path)
    if step is None:
        return []
    if rest:
        targets = [known[link] for link in _links(step, raw) if link in known]
        return [value for target in targets for value in _at(ws, target, rest, known)]
    value = _value(step, raw)
    return value if isinstance(value, list) else [value] if value else []


def _step(ws: Workspace, raw: Mapping[str, Any], path: Path) -> tuple[PathStep | None, Path]:
    return step_of(path, ws.schema, entity_of(raw["id"])) or (None, ())


def _value(step: PathStep, raw: Mapping[str, Any]) -> Any:
    value = raw.get(step.field.name, "")
    return value.get(step.key, "") if step.key and isinstance(value, dict) else value


def _links(step: PathStep, raw: Mapping[str, Any]) -> tuple[str, ...]:
    kind = step.field.kind
    return kind.linked(kind.parse(_value(step, raw)))
