"""`@dataclass` as in dataclasses, at less cost where a class is only imported.

Python's own compiles six functions for each class, which is most of the time that a light command takes.
Here `__init__` is compiled when the first of the class is made; the others are the same for all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, fields
from dataclasses import field as field
from functools import cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
else:

    def replace(one, /, **values):
        """Python's, quicker; what has no slots and no `__post_init__` is copied without its `__init__`."""
        cls = type(one)
        names = cls.__dataclass_fields__
        if "__slots__" in cls.__dict__ or hasattr(cls, "__post_init__"):
            return cls(**{name: getattr(one, name) for name in names} | values)
        if not names.keys() >= values.keys():
            return dataclasses.replace(one, **values)
        new, had = object.__new__(cls), one.__dict__
        new.__dict__.update({name: had[name] for name in names}, **values)
        return new

    def dataclass(cls=None, *, frozen=False, slots=False, kw_only=False):
        """Python's; of its parameters those that we use."""
        if cls is None:
            return partial(dataclass, frozen=frozen, slots=slots, kw_only=kw_only)
        own = dict(cls.__dict__)
        bare = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
        cls = bare(cls)

        def first_init(self, *args, **values):
            cls.__init__ = _written_init(cls, frozen=frozen)
            cls.__init__(self, *args, **values)

        cls.__init__ = first_init
        for name, method in (_OF_FROZEN if frozen else _OF_ALL).items():
            if own.get(name) is None:
                setattr(cls, name, method)
        return cls


def _written_init(cls: Any, *, frozen: bool) -> Callable[..., None]:
    """The `__init__` of a class, compiled."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": MISSING}
    given: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    for one in fields(cls):
        name = value = one.name
        words = name
        if one.default is not MISSING:
            known[f"_default_{name}"] = one.default
            words += f"=_default_{name}"
        elif one.default_factory is not MISSING:
            known[f"_make_{name}"] = one.default_factory
            words += "=_MISSING"
            value = f"_make_{name}() if {name} is _MISSING else {name}"
        (named if one.kw_only else given).append(words)
        lines.append(f" _set(self, {name!r}, {value})" if frozen else f" self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    params = ", ".join(["self", *given, *(["*", *named] if named else [])])
    exec("\n".join([f"def __init__({params}):", *(lines or [" pass"])]), known)
    written: Callable[..., None] = known["__init__"]
    written.__qualname__ = f"{cls.__qualname__}.__init__"
    return written


@cache
def _compared(cls: Any) -> Callable[[Any], Any]:
    names = [one.name for one in fields(cls) if one.compare]
    return attrgetter(*names) if names else lambda _: ()


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    values = _compared(self.__class__)
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(_compared(self.__class__)(self))


def _repr(self: Any) -> str:
    shown = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse(_self: Any, name: str, _value: object = None) -> None:
    raise FrozenInstanceError(name)


def _setstate(self: Any, state: Any) -> None:
    """What copy and pickle ask for, by which `_refuse` would be met."""
    for values in state if isinstance(state, tuple) else (state,):
        for name, value in (values or {}).items():
            object.__setattr__(self, name, value)


_OF_ALL = {"__eq__": _eq, "__repr__": _repr, "__hash__": None}
_OF_FROZEN = _OF_ALL | {
    "__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse, "__setstate__": _setstate,
}  # fmt: skip
