"""The filters that templates may use, each of them counted against the limits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

from jinja2 import pass_eval_context
from jinja2.exceptions import TemplateRuntimeError
from jinja2.filters import FILTERS
from jinja2.nodes import EvalContext
from jinja2.runtime import markup_join, str_join

from crmcli.language import tr
from crmcli.render.limits import MAX_OUTPUT, built, limited, printed, spend
from crmcli.render.style import Style

_TEXT_FILTERS = (
    "capitalize", "e", "escape", "forceescape", "lower", "string", "striptags", "title", "trim",
    "truncate", "upper", "urlencode", "wordcount",
)  # fmt: skip
_OTHER_FILTERS = (
    "abs", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last",
    "length", "list", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select",
    "selectattr", "sort", "sum", "tojson", "unique",
)  # fmt: skip
# No template can write a name with a space: only the sandbox's guard puts these there.
EACH, CONCAT, BUILT = "each item", "join texts", "built value"


def closed_list(style: Style) -> dict[str, Callable[..., Any]]:
    """All filters by name: Jinja's harmless ones, those of the style, and the guard's own."""
    kept = {name: _counted(FILTERS[name]) for name in _OTHER_FILTERS}
    texts = {name: _counted(FILTERS[name], text_only=True) for name in _TEXT_FILTERS}
    ours: dict[str, Callable[..., Any]] = {"replace": _replace, "join": _join, "indent": _indent}
    own = {name: _counted(of) for name, of in {**style.filters, **ours}.items()}
    return {**kept, **texts, **own, EACH: _each, CONCAT: _concat, BUILT: built}


def _counted(of: Callable[..., Any], *, text_only: bool = False) -> Callable[..., Any]:
    """A filter within the limits; with `text_only` it takes only what can be printed."""
    place = 1 if hasattr(of, "jinja_pass_arg") else 0

    @functools.wraps(of)
    def counted(*args: Any, **kwargs: Any) -> Any:
        spend()
        for argument in (*args[place + 1 :], *kwargs.values()):
            _check_argument(argument)
        if text_only:
            args = (*args[:place], printed(args[place]), *args[place + 1 :])
        result = limited(of(*args, **kwargs))
        if isinstance(result, str):
            spend(len(result))
        return result

    return counted


def _check_argument(argument: Any) -> None:
    if isinstance(argument, int | float) and abs(argument) > 10_000:
        raise TemplateRuntimeError(tr("{} is too large for a filter", argument))
    if isinstance(argument, list | tuple | dict) and argument:
        raise TemplateRuntimeError("a filter does not take a list")


def _each(items: Iterable[Any], weight: int) -> Iterator[Any]:
    for item in items:
        spend(weight)
        yield item


@pass_eval_context
def _concat(context: EvalContext, parts: Sequence[Any]) -> str:
    join = markup_join if context.autoescape else str_join
    return cast("str", limited(join([printed(part) for part in parts])))


def _replace(text: object, old: str, new: str) -> str:
    source = str(printed(text))
    if not old:
        raise TemplateRuntimeError("replace: the text to be replaced is empty")
    if len(source) + source.count(old) * len(new) > MAX_OUTPUT:
        raise TemplateRuntimeError("makes a text of more than 1 MB")
    return source.replace(old, new)


@pass_eval_context
def _join(context: EvalContext, items: Iterable[Any], between: str = "", key: str = "") -> str:
    parts: list[Any] = []
    for item in items:
        parts += [printed(between)] if parts else []
        parts.append(printed(item[key] if key else item))
    return (markup_join if context.autoescape else str_join)(parts)


def _indent(text: object, width: int = 4, first: bool = False) -> str:
    margin = " " * min(width, 40)
    lines = str(printed(text)).split("\n")
    shifted = [margin + line if line else line for line in lines]
    return "\n".join(shifted if first else [lines[0], *shifted[1:]])
