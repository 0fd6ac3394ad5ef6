"""What robots and schedules name and nobody declares any more: users who left, entries of directories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from crmcli.model.action import Param
from crmcli.model.action_texts import plain_words
from crmcli.model.actions import ACTIONS
from crmcli.model.entities import having
from crmcli.model.user import names_of
from crmcli.model.values import fold

if TYPE_CHECKING:
    from crmcli.model.automation import Robot, Schedule
    from crmcli.model.pipeline import Pipelines
    from crmcli.model.schema import Schema
    from crmcli.model.settings import Settings


class Strange(NamedTuple):
    """A word in a parameter of a robot, and what might stand there."""

    act: Robot | Schedule
    word: str
    known: tuple[str, ...]
    of_users: bool


def strange_words(pipelines: Pipelines, schema: Schema, settings: Settings) -> Iterator[Strange]:
    """Every such word; nothing where settings.yaml lists no users, or not that directory."""
    fields = {
        entity: {field.name: field for field in schema.fields(entity)}
        for entity in having("staged")
    }
    for act, entity, _ in pipelines.acts():
        action = ACTIONS.get(act.do)
        if action is None:  # which is told already
            continue
        for param in action.params:
            yield from _of_param(act, param, settings)
        if not action.sets_fields:
            continue
        for key in act.params:
            field = fields[entity].get(key)
            if field is not None and field.kind.listed_in == "users":
                yield from _among(act, key, _people(settings))
            elif field is not None and not field.is_many:
                entries = _entries(settings, field.directory)
                yield from _among(act, key, entries, of_users=False)


def _of_param(act: Robot | Schedule, param: Param, settings: Settings) -> Iterator[Strange]:
    if param.kind in ("user", "users", "phone"):
        found = _among(act, param.name, _people(settings), *param.words)
        yield from (one for one in found if not _is_number(param, one.word))
    elif param.kind == "resources":
        yield from _among(act, param.name, _entries(settings, "resources"), of_users=False)


def _is_number(param: Param, word: str) -> bool:
    return param.kind == "phone" and word[:1] in "+(0123456789"


def _entries(settings: Settings, directory: str) -> dict[str, tuple[str, ...]]:
    return {one: (one, label) for one, label in settings.directories.get(directory, {}).items()}


def _people(settings: Settings) -> dict[str, tuple[str, ...]]:
    known = names_of(settings.users)
    return {one: tuple(w for w, ids in known.items() if ids == (one,)) for one in settings.users}


def _among(
    act: Robot | Schedule,
    key: str,
    known: Mapping[str, tuple[str, ...]],
    *more: str,
    of_users: bool = True,
) -> Iterator[Strange]:
    """The words of a parameter that are no id and no name of what is known."""
    words = {fold(word) for names in known.values() for word in names} | set(more)
    for word in plain_words(act.params.get(key, "")) if known else ():
        if fold(word) not in words:
            yield Strange(act, word, tuple(known), of_users)
