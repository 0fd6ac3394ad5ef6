"""Where the dotted paths of conditions lead: through links, from field to field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from crmcli.dataclass import dataclass, replace
from crmcli.language import tr
from crmcli.model.conditions.tree import BadCondition
from crmcli.model.kinds import Field
from crmcli.model.listed import did_you_mean
from crmcli.model.schema import SHORT, Schema


@dataclass(frozen=True, slots=True)
class PathStep:
    """One field on the way: of which entity, and for a map field under which key.

    With a key, `field` is that part of the map: a text of `utm`, a link of `converted`.
    """

    entity: str
    field: Field
    key: str = ""

    @property
    def targets(self) -> tuple[str, ...]:
        """The entities to which the step leads on; none if it is no link."""
        return self.field.entities


Route: TypeAlias = tuple[PathStep, ...]
"""One way along a path: every step but the last is a link."""


def routes(path: tuple[str, ...], schema: Schema, entity: str) -> tuple[Route, ...]:
    """The ways along a path; there are several where a link may lead to several entities.

    BadCondition if there is none. `about.stage` of a task has two: to a lead's stage, to a deal's.
    """
    step, rest = _step(path, schema, entity)
    if not rest:
        return ((step,),)
    if not step.targets:
        links = [f.name for f in schema.fields(entity) if f.entities]
        raise BadCondition(
            tr(
                "{!r} of {} is not a link, so it has no {!r}",
                path[0],
                tr(schema.plural(entity)),
                ".".join(path),
            ),
            tr("links are {}", ", ".join(links)),
        )
    found: list[Route] = []
    refusal: BadCondition | None = None
    for target in step.targets:
        try:
            found += [(step, *route) for route in routes(rest, schema, target)]
        except BadCondition as error:
            refusal = refusal or error
    if refusal and not found:
        raise refusal
    return tuple(found)


def step_of(
    path: tuple[str, ...], schema: Schema, entity: str
) -> tuple[PathStep, tuple[str, ...]] | None:
    """The first step of a path and what is left of it; None if the entity has no such field."""
    field = schema.named(entity, path[0])
    if field is None:
        return None
    if not field.kind.parts or len(path) == 1:
        return PathStep(entity, field), path[1:]
    key = path[1]
    part = field.kind.parts.get(key) or field
    return PathStep(entity, replace(part, name=field.name, label=key), key), path[2:]


def in_our_words(path: tuple[str, ...], schema: Schema, entity: str) -> tuple[str, ...]:
    """The path with the names of fields where people wrote their labels; BadCondition if it leads nowhere."""
    way = routes(path, schema, entity)[0]
    names = [name for step in way for name in (step.field.name, step.key) if name]
    return tuple(
        word if SHORT.get(word) == name else name for word, name in zip(path, names, strict=True)
    )


def _step(path: tuple[str, ...], schema: Schema, entity: str) -> tuple[PathStep, tuple[str, ...]]:
    found = step_of(path, schema, entity)
    if found is None:
        names = [field.name for field in schema.askable(entity)]
        plural = tr(schema.plural(entity))
        raise BadCondition(
            tr("unknown field {!r} for {}", path[0], plural),
            suggest(path[0], schema.words(entity), names),
        )
    step, rest = found
    keys = schema.field(entity, step.field.name).kind.parts if step.key else {}
    if step.key and step.key not in keys:
        raise BadCondition(
            tr("unknown part {!r} of {!r}", step.key, path[0]), suggest(step.key, keys)
        )
    return step, rest


def suggest(word: str, words: Iterable[str], shown: Iterable[str] = ()) -> str:
    """A hint that names the nearest of the allowed words, or all of them if none is near.

    `shown` is named instead of all where several words mean the same.
    """
    words = list(words)
    return did_you_mean(word, words, tr("there are {}", ", ".join(shown or words)) if words else "")
