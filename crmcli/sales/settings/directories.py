"""Directories: lists of allowed values, and the records that use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field
from crmcli.model.listed import allowed_hint, read_listed
from crmcli.model.settings import DIRECTORIES
from crmcli.model.values import Raw, fold
from crmcli.sales.settings.fields import Reshaped
from crmcli.sales.settings.reshape import (
    Reshaping,
    SettingsEdit,
    Tree,
    Word,
    below,
    raw_settings,
    reshape,
    reshaping,
)
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition


class ValueInUse(Refused):
    """Records have a value that is to go."""


def users_of(ws: Workspace, name: str) -> Iterator[tuple[str, Field]]:
    """The fields whose values come from a directory, with their entities."""
    for entity in ENTITIES:
        for field in ws.schema.fields(entity):
            if field.directory == name:
                yield entity, field


def names(ws: Workspace) -> list[str]:
    """Every directory: those of built-in fields, declared or not, and your own."""
    return list(dict.fromkeys((*DIRECTORIES, *ws.settings.directories)))


def values_of(ws: Workspace, name: str) -> Mapping[str, str]:
    """The labels of a directory by id, none if any value is allowed; NotFound lists them all."""
    known = names(ws)
    if name not in known:
        raise NotFound(tr("no directory {!r}", name), allowed_hint(name, known, tr("directories")))
    return ws.settings.directories.get(name, {})


def counts(ws: Workspace, name: str) -> dict[str, int]:
    """How many records have each value of a directory."""
    return {
        value: sum(
            ws.count(entity, _having(ws, entity, field, value))
            for entity, field in users_of(ws, name)
        )
        for value in values_of(ws, name)
    }


def find(ws: Workspace, name: str, ref: str) -> str:
    """The id of a value by its id or label; BadUsage with the nearest and the allowed ones."""
    try:
        return read_listed(ref, values_of(ws, name), name)
    except ValueError as error:
        raise BadUsage(str(error), tr("see crm directory show {}", name)) from None


def add(ws: Workspace, name: str, value: str, label: str = "") -> Reshaped:
    """Add a value. In a directory that allowed any value so far, it is the first and only one."""
    known = values_of(ws, name)
    _check_new(known, name, value, label)
    edit = partial(_add_to, name=name, labels={value: label or value})
    with reshaping(ws, "directory add", SettingsEdit(edit)) as done:
        if not known:
            _check_unlisted(ws, name, value, done)
    return Reshaped(0, done.rewritten)


def add_all(ws: Workspace, wanted: Mapping[str, Mapping[str, str]]) -> None:
    """Add values with their labels to several directories, which have some, in one transaction."""
    for name, labels in wanted.items():
        for value, label in labels.items():
            _check_new(values_of(ws, name), name, value, label)

    def edit(tree: Tree) -> None:
        for name, labels in wanted.items():
            _add_to(tree, name, labels)

    reshape(ws, "directory add", SettingsEdit(edit))


def _add_to(tree: Tree, name: str, labels: Mapping[str, str]) -> None:
    directories = below(tree, "directories")
    now = directories.get(name) or {}
    if isinstance(now, list) and all(value == label for value, label in labels.items()):
        now.extend(labels)
    else:
        directories[name] = {**_as_map(now), **labels}


def rename(ws: Workspace, name: str, ref: str, new: str = "", label: str = "") -> Reshaped:
    """Give a value another id, another label or both; records and conditions follow, in one change."""
    old = find(ws, name, ref)
    new = new or old
    if new == old and not label:
        raise BadUsage("nothing to change", "pass a new id, --label or both")
    others = {key: text for key, text in values_of(ws, name).items() if key != old}
    _check_new(others, name, new, label)

    def edit(tree: Tree) -> None:
        directories = below(tree, "directories")
        now = directories[name]
        if isinstance(now, list) and label in ("", new):
            directories[name] = [new if item == old else item for item in now]
            return
        inner = _as_map(now)
        if label:
            inner[new if new in inner else old] = label
        directories[name] = {new if key == old else key: text for key, text in inner.items()}

    is_map = isinstance(below(raw_settings(ws), "directories").get(name), dict)
    place = ("directories", name, old)
    key = (place, new) if is_map and new != old else None
    renamed = (*place, new) if new != old else ()
    fields = [field.name for _, field in users_of(ws, name)]
    word = Word(old, new, fields) if new != old else None
    with reshaping(ws, "directory rename", SettingsEdit(edit, key, word, renamed)) as done:
        count = _carry(ws, name, old, new, done) if new != old else 0
    return Reshaped(count, done.rewritten)


def remove(ws: Workspace, name: str, ref: str, replacement: str = "") -> Reshaped:
    """Take a value away; refused while records have it, unless they get another instead."""
    old = find(ws, name, ref)
    new = find(ws, name, replacement) if replacement else ""
    if new == old:
        raise BadUsage(tr("{} cannot replace itself", old), "use another value")

    def edit(tree: Tree) -> None:
        directories = below(tree, "directories")
        now = directories[name]
        if isinstance(now, list):
            directories[name] = [item for item in now if item != old]
        elif isinstance(now, dict):
            del now[old]

    if len(values_of(ws, name)) == 1:
        raise Refused(tr("{} is the only value of {}", old, name), "add another first")
    fields = [field.name for _, field in users_of(ws, name)]
    word = Word(old, new, fields) if new else None
    renamed = ("directories", name, old, new) if new else ()
    with reshaping(ws, "directory rm", SettingsEdit(edit, None, word, renamed)) as done:
        if new:
            count = _carry(ws, name, old, new, done)
        else:
            count = 0
            _check_unused(ws, name, old, done)
    return Reshaped(count, done.rewritten)


def remove_unused(ws: Workspace, wanted: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Take away those of some values that no record has, in one transaction; which they were. A directory
    keeps one value at the least. Refused if the configuration names one."""
    gone: dict[str, list[str]] = {}
    for name, values in wanted.items():
        used = counts(ws, name) if name in names(ws) else {}
        unused = [value for value in values if used.get(value) == 0]
        if unused and len(unused) < len(values_of(ws, name)):
            gone[name] = unused

    def edit(tree: Tree) -> None:
        for name, values in gone.items():
            directories = below(tree, "directories")
            now = directories[name]
            if isinstance(now, list):
                directories[name] = [item for item in now if item not in values]
            elif isinstance(now, dict):
                directories[name] = {value: now[value] for value in now if value not in values}

    if gone:
        with reshaping(ws, "directory rm", SettingsEdit(edit)) as done:
            for name, values in gone.items():
                for value in values:
                    _check_unused(ws, name, value, done)
    return gone


def _carry(ws: Workspace, name: str, old: str, new: str, done: Reshaping) -> int:
    """Give every record the new value where it has the old one; how many there were."""
    touched: set[str] = set()
    for entity, field in users_of(ws, name):
        for record_id in done.select(entity, _having(ws, entity, field, old)):
            record = done.change.get(record_id)
            value = field.kind.replaced(record.get(field.name), old, new)
            done.change.save(record.with_values({field.name: value}))
            touched.add(record_id)
    return len(touched)


def _check_unused(ws: Workspace, name: str, value: str, done: Reshaping) -> None:
    found = [
        record_id
        for entity, field in users_of(ws, name)
        for record_id in done.select(entity, _having(ws, entity, field, value))
    ]
    if found:
        shown = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        count = counted(len(found), "record has", "records have")
        raise ValueInUse(f"{count} {value}: {shown}", "replace it with --replace-with VALUE")


def _check_unlisted(ws: Workspace, name: str, value: str, done: Reshaping) -> None:
    """Refuse to make a list of one value while records have others that nobody listed."""
    for entity, field in users_of(ws, name):
        other = ws.condition(f"{field.name} is not empty", entity)
        for record_id in done.select(entity, other):
            found = done.change.get(record_id).get(field.name)
            if found not in (value, (value,)):
                raise ValueInUse(
                    tr("{} allowed any value, and {} has {!r}", name, record_id, found),
                    tr("write all values of {} into settings.yaml at once", name),
                )


def _check_new(known: Mapping[str, str], name: str, value: str, label: str) -> None:
    if value != value.strip() or not value or any(c in value for c in ",;\n"):
        raise BadUsage(tr("{!r} cannot be a value", value), "a word or two, without , and ;")
    for word in {value, label} - {""}:
        for other, text in known.items():
            if fold(word) in (fold(other), fold(text)):
                raise BadUsage(
                    tr("{} already has {!r}", name, word), tr("it is {} ({})", other, text)
                )


def _having(ws: Workspace, entity: str, field: Field, value: str) -> Condition:
    """Exactly that id, whatever the directory says of it by now."""
    from crmcli.model.conditions.tree import Compare, Condition, Text

    tree = Compare((field.name,), "has" if field.is_many else "=", Text(value))
    return Condition(f"{field.name} = {value}", tree)


def _as_map(now: Raw) -> dict[str, Raw]:
    """A directory as ids with labels, also where it is written as a list."""
    if isinstance(now, dict):
        return now
    items: Sequence[Raw] = now if isinstance(now, list) else ()
    return {str(item): str(item) for item in items}
