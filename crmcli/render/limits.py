"""The limits of one rendering: time, characters written, sizes of what a template makes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Undefined

from crmcli.language import tr
from crmcli.render.style import bare

MAX_OUTPUT = 1024 * 1024
MAX_WORK = 16 * MAX_OUTPUT
MAX_ITEMS = 100_000
MAX_NUMBER = Decimal(10) ** 30
SECONDS = 2.0


class _Budget:
    """What one rendering may spend: two seconds, and characters written anywhere on the way."""

    def __init__(self) -> None:
        self.deadline = time.monotonic() + SECONDS
        self.characters = 0


_budget: ContextVar[_Budget] = ContextVar("budget")


@contextmanager
def budget() -> Iterator[None]:
    """Let templates be compiled and rendered within limits inside this block."""
    token = _budget.set(_Budget())
    try:
        yield
    finally:
        _budget.reset(token)


def spend(characters: int = 0) -> None:
    """Count characters and look at the clock; TemplateRuntimeError when either is used up."""
    left = _budget.get()
    left.characters += characters
    if left.characters > MAX_WORK:
        raise TemplateRuntimeError("makes too much text: a template may write at most 1 MB")
    if time.monotonic() > left.deadline:
        raise TemplateRuntimeError(tr("takes more than {:g} seconds", SECONDS))


def printed(value: Any) -> Any:
    """What `{{ … }}` writes for a value: plain values as files have them, no lists, no objects."""
    if isinstance(value, Undefined):
        return str(value)  # refuses
    text = bare(value)
    if text is None:
        raise TemplateRuntimeError(
            tr("a value of type {} cannot be written as text", type(value).__name__)
            + (": join it, |join(', ')" if isinstance(value, list | tuple) else "")
        )
    spend(len(text))
    return text


def limited(value: Any) -> Any:
    """The value, if it is not too large to go on with."""
    if isinstance(value, str) and len(value) > MAX_OUTPUT:
        raise TemplateRuntimeError("makes a text of more than 1 MB")
    if isinstance(value, list | tuple) and len(value) > MAX_ITEMS:
        raise TemplateRuntimeError(tr("makes a list of more than {} items", MAX_ITEMS))
    if isinstance(value, int | Decimal) and abs(Decimal(value)) > MAX_NUMBER:
        raise TemplateRuntimeError("makes a number of more than 30 digits")
    return value


def built(value: Any) -> Any:
    """A list or map made by the template itself; refused if parts used twice make it huge."""
    if not isinstance(value, list | tuple | dict):
        return value
    left, stack = MAX_ITEMS, [value]
    while stack:
        part = stack.pop()
        items = part.values() if isinstance(part, dict) else part
        left -= len(part)
        if left < 0:
            raise TemplateRuntimeError(tr("makes a list of more than {} items", MAX_ITEMS))
        stack += [item for item in items if isinstance(item, list | tuple | dict)]
    return value


def limit_repeat(value: Any, times: Any) -> None:
    """Refuse a text or list repeated so often that it would be too large."""
    if isinstance(value, str | list | tuple) and isinstance(times, int):
        most = MAX_OUTPUT if isinstance(value, str) else MAX_ITEMS
        if len(value) * times > most:
            raise TemplateRuntimeError("repeats a text or a list too many times")
