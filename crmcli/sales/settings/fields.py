"""Custom fields: declaring, renaming and removing them, with the data that records have in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field
from crmcli.model.listed import did_you_mean
from crmcli.model.schema import is_taken
from crmcli.model.values import Raw
from crmcli.sales.settings.reshape import (
    SettingsEdit,
    Tree,
    Word,
    below,
    in_forms,
    reshape,
    reshaping,
)
from crmcli.workspace import Workspace


class FieldHoldsData(Refused):
    """Records have something in a field that is to go."""


@dataclass(frozen=True, slots=True)
class Reshaped:
    """A change of settings: how many records and which files it changed, where the old word is `left`."""

    records: int
    files: Sequence[str]
    left: Sequence[str] = ()


def declared(ws: Workspace, entity: str, name: str) -> Field:
    """A custom field; NotFound with the nearest name, BadUsage for a built-in one."""
    custom = {field.name: field for field in ws.schema.custom.get(entity, ())}
    if name in custom:
        return custom[name]
    if any(field.name == name for field in ws.schema.fields(entity)):
        raise BadUsage(
            tr("{} of a {} is built in", name, tr(entity)), "only custom fields can be changed"
        )
    known = (
        tr("fields: {}", ", ".join(custom)) if custom else tr("add one: crm field add {} …", entity)
    )
    hint = did_you_mean(name, custom, known)
    raise NotFound(tr("a {} has no custom field {!r}", tr(entity), name), hint)


def add(
    ws: Workspace, entity: str, name: str, facts: Mapping[str, Raw], values: Raw = ""
) -> Reshaped:
    """Declare a field by its keys in settings.yaml, with the `values` of a new directory; BadUsage."""
    _check_free(ws, entity, name)

    def edit(tree: Tree) -> None:
        below(tree, "fields", entity)[name] = dict(facts)
        if values:
            below(tree, "directories")[str(facts["directory"])] = values

    return Reshaped(0, reshape(ws, "field add", SettingsEdit(edit)).rewritten)


def _check_free(ws: Workspace, entity: str, name: str) -> None:
    if is_taken(entity, name) or any(f.name == name for f in ws.schema.fields(entity)):
        raise BadUsage(tr("a {} already has a field {!r}", tr(entity), name), "use another name")


def rename(ws: Workspace, entity: str, old: str, new: str) -> Reshaped:
    """Rename a field in settings.yaml, records and conditions, but not in templates: `left` names those."""
    field = declared(ws, entity, old)
    if new == old:
        return Reshaped(0, ())
    _check_free(ws, entity, new)
    holding = ws.condition(f"{old} is not empty", entity)
    place = ("fields", entity, old)

    def forms(tree: Tree) -> None:
        for form in in_forms(tree) if entity == "lead" else ():
            _rename_in(form, old, new)

    told = (*place, new)
    wanted = SettingsEdit(key=(place, new), word=Word(old, new), renamed=told, forms=forms)
    wanted.scores = partial(_rename_in_scores, entity, old, new)
    with reshaping(ws, "field rename", wanted) as done:
        ids = done.select(entity, holding)
        for record_id in ids:
            record = done.change.get(record_id)
            if record.get(new) != field.kind.empty:
                raise Refused(
                    tr("{} has both {} and {}, which is not declared", record_id, old, new),
                    tr("choose one in crm {} edit {}", entity, record_id),
                )
            raw = record.unknown[old]
            rest = {key: value for key, value in record.unknown.items() if key != old}
            renamed = record.with_values({new: field.kind.parse(raw)})
            done.change.save(replace(renamed, unknown=rest))
    return Reshaped(len(ids), done.rewritten, ws.mentions([f"{entity}.{old}"]))


def _rename_in_scores(entity: str, old: str, new: str, tree: Tree) -> None:
    """Let the tables of scores speak of a field by its new name."""
    tables = tree.get(ENTITIES[entity].plural)
    for table in tables if isinstance(tables, list) else ():
        terms = table.get("fields") if isinstance(table, dict) else ()
        for term in terms if isinstance(terms, list) else ():
            if isinstance(term, dict) and term.get("field") == old:
                term["field"] = new


def _rename_in(form: Tree, old: str, new: str) -> None:
    """Let a form ask for a field, or set it, by its new name."""
    fields = form.get("fields")
    for one in fields if isinstance(fields, list) else ():
        if isinstance(one, dict) and one.get("name") == old:
            one["name"] = new
    hidden = form.get("hidden")
    if isinstance(hidden, dict) and old in hidden:
        form["hidden"] = {new if name == old else name: said for name, said in hidden.items()}


def remove(ws: Workspace, entity: str, name: str, *, drop_data: bool = False) -> Reshaped:
    """Take a field out of settings.yaml; refused while records hold data, unless it is to go too."""
    directory = declared(ws, entity, name).directory
    holding = ws.condition(f"{name} is not empty", entity)

    def edit(tree: Tree) -> None:
        fields = below(tree, "fields", entity)
        del fields[name]
        if directory not in _used(ws, entity, name):
            cast("Tree", tree.get("directories") or {}).pop(directory, None)
        _prune(tree, "fields", entity)
        _prune(tree, "directories")

    with reshaping(ws, "field rm", SettingsEdit(edit)) as done:
        ids = done.select(entity, holding)
        if ids and not drop_data:
            shown = ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")
            count = counted(len(ids), "record holds", "records hold")
            raise FieldHoldsData(
                tr("{} a value in {}: {}", count, name, shown),
                tr("--drop-data removes it; crm field rename {} {} … keeps it", entity, name),
            )
        for record_id in ids:
            record = done.change.get(record_id)
            rest = {key: value for key, value in record.unknown.items() if key != name}
            done.change.save(replace(record, unknown=rest))
    return Reshaped(len(ids), done.rewritten, ws.mentions([f"{entity}.{name}"]))


def _used(ws: Workspace, entity: str, name: str) -> set[str]:
    """The directories that some field beside this one names."""
    return {
        field.directory
        for other in ENTITIES
        for field in ws.schema.fields(other)
        if (other, field.name) != (entity, name)
    }


def _prune(tree: Tree, *steps: str) -> None:
    """Take away maps that hold nothing any more, from the inside."""
    for depth in range(len(steps), 0, -1):
        inner = tree
        for step in steps[: depth - 1]:
            inner = cast("Tree", inner.get(step, {}))
        if inner.get(steps[depth - 1]) == {}:
            del inner[steps[depth - 1]]
