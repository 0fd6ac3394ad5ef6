"""What templates can ask of the names they see: the shapes of the values, known before there is one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

from crmcli.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text, a number, a date: it has no fields. `link` is the noun whose id it is, if it is one."""

    link: str = ""


Shape: TypeAlias = "Leaf | Mapping[str, Shape] | list[Shape] | None"
"""A leaf, a map by its keys, a list by what its items are; None where nobody can tell."""

Shapes: TypeAlias = Mapping[str, Shape]
"""The names that a template sees."""


def of_names(names: Collection[str]) -> Shapes:
    """Names of which nothing more is known."""
    return names if isinstance(names, Mapping) else dict.fromkeys(names)


def of_value(value: object) -> Shape:
    """The shape of a value, whose lists have an item each."""
    if isinstance(value, Mapping):
        return {str(key): of_value(part) for key, part in value.items()}
    if isinstance(value, list):
        return [of_value(value[0])] if value else None
    return Leaf()


def either(one: Shape, other: Shape) -> Shape:
    """What may be asked of a value that is one or the other."""
    if one == other:
        return one
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        shared = {key: either(one[key], other[key]) for key in one.keys() & other.keys()}
        return {**one, **other, **shared}
    return None


def item_of(shape: Shape) -> Shape:
    """What a loop over it gives."""
    return shape[0] if isinstance(shape, list) and shape else None
