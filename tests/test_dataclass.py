"""crmcli.dataclass does what Python's own does; each case is asked of both."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from crmcli.dataclass import dataclass as ours

Maker = Callable[..., Any]
SHAPES: dict[str, dict[str, bool]] = {
    "plain": {},
    "frozen": {"frozen": True},
    "slots": {"frozen": True, "slots": True},
    "kw_only": {"frozen": True, "kw_only": True},
}


def classes(make: Maker, **shape: bool) -> tuple[Any, Any]:
    """A class of a shape and one below it, made by Python's `dataclass` or by ours."""

    @make(**shape)
    class Above:
        name: str
        tags: tuple[str, ...] = ()
        more: dict[str, str] = dataclasses.field(default_factory=dict, compare=False)
        hidden: int = dataclasses.field(default=0, repr=False)

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("a name")

    @make(**shape)
    class Below(Above):
        amount: int | None = None

    return Above, Below


def told(make: Maker, shape: dict[str, bool], work: Callable[[Any, Any], object]) -> object:
    """What some work with the classes gives, or how it fails."""
    try:
        return repr(work(*classes(make, **shape))).replace("'", '"')
    except Exception as error:
        return type(error)


CASES: dict[str, Callable[[Any, Any], object]] = {
    "repr": lambda a, b: (a(name="x"), b(name="x", tags=("y",), amount=2, hidden=3)),
    "by place": lambda a, b: b("x", ("y",), {}, 1, 2),
    "equal": lambda a, b: (a(name="x") == a(name="x"), a(name="x") == a(name="y"), a(name="x") == b(name="x")),
    "what is not compared": lambda a, _: a(name="x", more={"a": "b"}) == a(name="x"),
    "hash": lambda a, _: (hash(a(name="x")) == hash(a(name="x")), len({a(name="x"), a(name="x")})),
    "hash of none": lambda a, _: a.__hash__ is None,
    "too few": lambda a, _: a(),
    "too many": lambda a, _: a(name="x", other=1),
    "post init": lambda a, _: a(name=""),
    "each its own default": lambda a, _: a(name="x").more is a(name="x").more,
    "set": lambda a, _: setattr(a(name="x"), "name", "y"),
    "delete": lambda a, _: delattr(a(name="x"), "name"),
    "replace": lambda _, b: dataclasses.replace(b(name="x"), amount=5),
    "asdict": lambda _, b: dataclasses.asdict(b(name="x")),
    "copy": lambda _, b: copy.deepcopy(b(name="x", more={"a": "b"})).more,
    "fields": lambda _, b: [f.name for f in dataclasses.fields(b)],
    "slots": lambda a, _: hasattr(a(name="x"), "__dict__"),
    "match": lambda a, _: a.__match_args__,
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("work", CASES.values(), ids=CASES)
def test_it_is_as_pythons(work: Callable[[Any, Any], object], shape: dict[str, bool]) -> None:
    assert told(ours, shape, work) == told(dataclasses.dataclass, shape, work)


@ours(frozen=True, slots=True)
class Kept:
    """At module level, for pickle."""

    name: str
    many: tuple[int, ...] = ()


def test_it_is_pickled() -> None:
    assert pickle.loads(pickle.dumps(Kept("x", (1, 2)))) == Kept("x", (1, 2))
