"""The sandbox in which templates run: plain data, a closed list of what can be asked of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from types import CodeType
from typing import Any, NamedTuple, TypeVar, cast

from jinja2 import meta, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import Environment, TemplateModule
from jinja2.exceptions import (
    SecurityError,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.loaders import FunctionLoader
from jinja2.runtime import (
    BlockReference,
    Context,
    LoopContext,
    Macro,
    StrictUndefined,
    TemplateReference,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace, missing
from jinja2.visitor import NodeTransformer

from crmcli.language import tr
from crmcli.render.endless import endless, loads
from crmcli.render.filters import BUILT, CONCAT, EACH, closed_list
from crmcli.render.limits import built, limit_repeat, limited, printed, spend
from crmcli.render.style import Style

METHODS: tuple[tuple[type, frozenset[str]], ...] = (
    (Mapping, frozenset({"items", "keys", "values", "get"})),
    (str, frozenset({"upper", "lower", "title", "strip", "split", "startswith", "endswith"})),
    (datetime, frozenset({"year", "month", "day", "hour", "minute"})),
    (date, frozenset({"year", "month", "day"})),
)
"""What a template may ask of plain data; none of it can grow what it is asked of."""

_INTERNAL = (LoopContext, Namespace, Macro, Cycler, Joiner, TemplateReference, BlockReference,
            TemplateModule)  # fmt: skip


_K = TypeVar("_K")
_V = TypeVar("_V")


class UnknownName(UndefinedError):
    """A template asks for a name or a field that is not there."""

    def __init__(self, message: str | None, name: str, inside: object) -> None:
        super().__init__(message)
        self.name = name
        self.inside = inside


class Missing(StrictUndefined):
    """A name that is not there; any use of it but `is defined` and `default` refuses to render."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        if exc is UndefinedError:
            told = functools.partial(UnknownName, name=str(name), inside=obj)
            exc = cast("type[TemplateRuntimeError]", told)
        super().__init__(hint, obj, name, exc)


class _Asking(CodeGenerator):
    """Writes the code of a template, and notes on the way which names it asks for and does not set."""

    def __init__(self, environment: Environment, name: str | None, filename: str | None) -> None:
        super().__init__(environment, name, filename)
        self.asked: set[str] = set()

    def enter_frame(self, frame: Frame) -> None:
        """As `meta.find_undeclared_variables` does, for which all code would be written once more."""
        super().enter_frame(frame)
        loads = frame.symbols.loads.values()
        self.asked |= {str(name) for action, name in loads if action == "resolve"}


class Compiled(NamedTuple):
    """The code of a text, and the names that it asks for."""

    code: CodeType
    asked: frozenset[str]


class Tree(NamedTuple):
    """A text as it is written, and what is asked of it each time: its names, the templates that it loads,
    those that it loads come what may with their lines, and whether it comes to an end."""

    root: nodes.Template
    names: tuple[nodes.Name, ...]
    others: tuple[str | None, ...]
    certain: Mapping[str, int]
    ends: bool


_MOST_KEPT = 500
_compiled: dict[tuple[Style, str, str | None, str | None], Compiled] = {}
_trees: dict[str, Tree] = {}
"""What this process has read, by the text itself: a check meets one template under several names, and a
server each of them again and again. It follows from the key alone."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 with plain data, a closed list of filters, and every loop, call and text counted."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(
        self, style: Style, read: Callable[[str], str], shown: Callable[[str], str]
    ) -> None:
        self._read, self._shown, self._style = read, shown, style
        super().__init__(
            undefined=Missing,
            autoescape=lambda name: name is not None and name.endswith(".html.j2"),
            loader=FunctionLoader(self._load),
            finalize=printed,
        )
        self._lengths: dict[str, int] = {}
        self.globals.pop("lipsum")
        self.filters = closed_list(style)
        self._callable = {id(value) for value in self.globals.values()}

    def compile(self, source: Any, *args: Any, **kwargs: Any) -> Any:
        """Compile a template with the guard's counting in it."""
        if isinstance(source, str) and not kwargs:
            return self.compiled(source, *args).code
        return super().compile(source, *args, **kwargs)

    def knows(self, source: str, name: str | None, filename: str | None) -> bool:
        """Whether it is compiled already."""
        return (self._style, source, name, filename) in _compiled

    def compiled(
        self, source: str, name: str | None = None, filename: str | None = None
    ) -> Compiled:
        """The code of a text and what it asks for; compiled once for one style and place."""
        key = (self._style, source, name, filename)
        if key not in _compiled:
            self._asked: frozenset[str] = frozenset()
            code = super().compile(
                _Guard().visit(self.parse(source, name, filename)), name, filename
            )
            _keep(_compiled, key, Compiled(code, self._asked))
        return _compiled[key]

    def tree(self, source: str) -> Tree:
        """The text as it is written: what is compiled has been changed by it."""
        if source not in _trees:
            root = self.parse(source)
            others = tuple(dict.fromkeys(meta.find_referenced_templates(root)))
            ends = not any(endless(root, ""))
            names = tuple(root.find_all(nodes.Name))
            _keep(_trees, source, Tree(root, names, others, dict(loads(root)), ends))
        return _trees[source]

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        writer = _Asking(self, name, filename)
        writer.visit(source)
        self._asked = frozenset(writer.asked)
        return cast("StringIO", writer.stream).getvalue()

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]]:
        source = self._read(name)
        self._lengths[name] = len(source)
        return source, self._shown(name), lambda: self._read(name) == source

    def get_template(self, name: Any, *args: Any, **kwargs: Any) -> Any:
        """A template that another one includes or extends; its length counts each time."""
        template = super().get_template(name, *args, **kwargs)
        spend(self._lengths.get(name, 0))
        return template

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A key of a map; a harmless method of text, map or date; a part of Jinja's own objects."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An item of a map, a list or a text."""
        if isinstance(obj, Mapping | Sequence | TemplateReference):
            return super().getitem(obj, argument)
        return self.undefined(obj=obj, name=argument)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may ask that of it: the list is closed."""
        for kind, allowed in METHODS:
            if isinstance(obj, kind):
                return attr in allowed
        if attr in getattr(obj, "_fields", ()):  # the pairs that groupby gives
            return True
        return isinstance(obj, _INTERNAL) and super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether a template may call it: Jinja's own objects, its globals, the methods above."""
        owner = getattr(obj, "__self__", None)
        methods = (names for kind, names in METHODS if isinstance(owner, kind))
        return (
            isinstance(obj, _INTERNAL)
            or isinstance(owner, LoopContext | Cycler)
            or id(obj) in self._callable
            or getattr(obj, "__name__", "") in next(methods, ())
        )

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805  # as in the base class: keyword arguments of templates must not clash
        """Call what may be called, and count it."""
        if isinstance(__obj, Missing):
            printed(__obj)  # refuses, naming it
        if not __self.is_safe_callable(__obj):
            raise SecurityError("only macros and the few methods of plain values can be called")
        spend()
        result = limited(super().call(__context, __obj, *args, **kwargs))
        if isinstance(result, str):
            spend(len(result))
        return built(result) if isinstance(result, dict) else result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate within limits; a float beside a Decimal is the number that was written."""
        for side in (left, right):
            if side is None or side == "":
                raise TemplateRuntimeError(
                    tr("cannot calculate with an empty value ({})", operator)
                )
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise SecurityError(tr("{} is not allowed here", operator))
        if operator == "*":
            limit_repeat(left, right)
            limit_repeat(right, left)
        if isinstance(left, Decimal) and isinstance(right, float):
            right = Decimal(str(right))
        elif isinstance(left, float) and isinstance(right, Decimal):
            left = Decimal(str(left))
        return built(limited(super().call_binop(context, operator, left, right)))


class _Guard(NodeTransformer):
    """Puts the counting into a parsed template: turns of loops, texts joined by `~`, lists."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802  # the visitor's naming
        """Count a turn, with the plain text that it writes."""
        self.generic_visit(node)
        weight = sum(len(text.data) for text in node.find_all(nodes.TemplateData))
        turns = cast("nodes.Expr", node.iter)
        node.iter = _filtered(turns, EACH, nodes.Const(weight, lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802  # the visitor's naming
        """Join texts within limits."""
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), CONCAT)

    def _visit_literal(self, node: nodes.Literal) -> nodes.Expr:
        self.generic_visit(node)
        plain = all(isinstance(part, nodes.Const) for part in node.iter_child_nodes())
        if plain or getattr(node, "ctx", "load") != "load":
            return node
        return _filtered(node, BUILT)

    visit_List = visit_Tuple = visit_Dict = _visit_literal  # noqa: N815  # the visitor's naming

    def visit_Name(self, node: nodes.Name) -> nodes.Name:  # noqa: N802  # the visitor's naming
        """Refuse the two names by which calls could nest without being counted."""
        if node.name in ("varargs", "kwargs"):
            raise TemplateSyntaxError(tr("{} is not allowed here", node.name), node.lineno)
        return node


def _keep(kept: dict[_K, _V], key: _K, value: _V) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = value


def _filtered(node: nodes.Expr, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)
