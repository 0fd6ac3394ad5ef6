"""Which fields a template asks for that are not there, found without running it.

The template is read as Jinja2's tree, with what is known of each name: through `set`, loops, `first`, one
value or another. Where nobody can tell what a value is, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import nodes

from crmcli.errors import Problem
from crmcli.language import tr
from crmcli.model.listed import allowed_hint
from crmcli.render.sandbox import METHODS
from crmcli.render.shapes import Leaf, Shape, Shapes, either, item_of

_SAME = ("list", "sort", "reverse", "unique", "select", "reject", "selectattr", "rejectattr")
"""Filters that give a list of the same items."""
_ONE = ("first", "last", "min", "max")
"""Filters that give one of the items."""
_BY_FIELD = ("map", "sort", "sum", "groupby", "unique", "min", "max", "selectattr", "rejectattr")
"""Filters that ask each item for a field."""
_PLAIN = {name for _, names in METHODS for name in names}

_Scope = dict[str, Shape]


class FieldChecks:
    """The problems of one template's tree."""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self.problems: list[Problem] = []

    def check(self, tree: nodes.Template, names: Shapes) -> None:
        """Look through the whole tree."""
        self._body(tree.body, dict(names))

    def _body(self, body: list[nodes.Node], scope: _Scope) -> None:
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: nodes.Node, scope: _Scope) -> None:
        match node:
            case nodes.For():
                inner = {**scope, "loop": None}
                self._bind(node.target, item_of(self._shape(node.iter, scope)), inner)
                self._shape(node.test, inner)
                self._body(node.body, inner)
                self._body(node.else_, dict(scope))
            case nodes.If():
                self._shape(node.test, scope)
                branches = [node.body, *(part.body for part in node.elif_), node.else_]
                for part in node.elif_:
                    self._shape(part.test, scope)
                self._merge([self._branch(body, scope) for body in branches], scope)
            case nodes.Assign():
                self._bind(node.target, self._shape(node.node, scope), scope)
            case _:
                self._block(node, scope)

    def _block(self, node: nodes.Node, scope: _Scope) -> None:
        """A statement whose names do not leave it."""
        match node:
            case nodes.AssignBlock():
                self._bind(node.target, Leaf(), scope)
                self._branch(node.body, scope)
            case nodes.With():
                inner = dict(scope)
                for target, value in zip(node.targets, node.values, strict=True):
                    self._bind(target, self._shape(value, scope), inner)
                self._body(node.body, inner)
            case nodes.Macro() | nodes.CallBlock():
                inner = {**scope, "caller": None, **dict.fromkeys(arg.name for arg in node.args)}
                for value in node.defaults:
                    self._shape(value, scope)
                self._shape(node.call if isinstance(node, nodes.CallBlock) else None, scope)
                self._body(node.body, inner)
            case (
                nodes.Block()
                | nodes.Scope()
                | nodes.FilterBlock()
                | nodes.ScopedEvalContextModifier()
            ):
                self._branch(node.body, scope)
            case _:
                self._others(node, scope)

    def _branch(self, body: list[nodes.Node], scope: _Scope) -> _Scope:
        inner = dict(scope)
        self._body(body, inner)
        return inner

    def _merge(self, branches: list[_Scope], scope: _Scope) -> None:
        """After an `if`, a name is what any of the branches has made of it."""
        for name in {name for branch in branches for name in branch}:
            shapes = [branch[name] for branch in branches if name in branch]
            merged = shapes[0]
            for shape in shapes[1:]:
                merged = either(merged, shape)
            scope[name] = merged

    def _bind(self, target: nodes.Node, shape: Shape, scope: _Scope) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = shape
        else:
            scope.update(dict.fromkeys(name.name for name in target.find_all(nodes.Name)))

    def _others(self, node: nodes.Node, scope: _Scope) -> None:
        for part in node.iter_child_nodes():
            if isinstance(part, nodes.Stmt):
                self._statement(part, scope)
            else:
                self._shape(part, scope)

    def _shape(self, node: nodes.Node | None, scope: _Scope) -> Shape:
        """What is known of an expression's value; what is asked in it is checked on the way."""
        match node:
            case nodes.Name():
                return scope.get(node.name)
            case nodes.Getattr():
                return self._field(node, self._shape(node.node, scope), node.attr)
            case nodes.Getitem():
                return self._item(node, scope)
            case nodes.Filter():
                return self._filtered(node, scope)
            case nodes.Test(name="defined" | "undefined", node=nodes.Getattr() as asked):
                self._shape(asked.node, scope)
            case nodes.CondExpr() | nodes.Or() | nodes.And():
                return self._choice(node, scope)
            case nodes.List() | nodes.Tuple() if node.items:
                shapes = [self._shape(item, scope) for item in node.items]
                return [shapes[0]] if all(shape == shapes[0] for shape in shapes) else None
            case nodes.Const() | nodes.TemplateData():
                return Leaf()
            case nodes.Node():
                self._others(node, scope)
        return None

    def _choice(self, node: nodes.CondExpr | nodes.BinExpr, scope: _Scope) -> Shape:
        """One value or another."""
        if not isinstance(node, nodes.CondExpr):
            return either(self._shape(node.left, scope), self._shape(node.right, scope))
        self._shape(node.test, scope)
        one = self._shape(node.expr1, scope)
        return either(one, self._shape(node.expr2, scope)) if node.expr2 else one

    def _item(self, node: nodes.Getitem, scope: _Scope) -> Shape:
        base = self._shape(node.node, scope)
        match node.arg:
            case nodes.Const(value=str() as key):
                return self._field(node, base, key)
            case nodes.Slice():
                self._others(node.arg, scope)
                return base
        self._shape(node.arg, scope)
        return item_of(base)

    def _filtered(self, node: nodes.Filter, scope: _Scope) -> Shape:
        base = self._shape(node.node, scope)
        for part in (*node.args, *(pair.value for pair in node.kwargs)):
            self._shape(part, scope)
        if node.name in _BY_FIELD:
            for field in _fields_named(node):
                self._field(node, item_of(base), field, holder=_spelled(node.node))
        if node.name in _SAME:
            return base
        return item_of(base) if node.name in _ONE else None

    def _field(self, node: nodes.Expr, base: Shape, name: str, holder: str = "") -> Shape:
        """What is known of a field; a problem if what is asked has none of that name."""
        if base is None:
            return None
        hint = ""
        if isinstance(base, Mapping):
            if name in base:
                return base[name]
            is_there, hint = hasattr(dict, name), allowed_hint(name, sorted(base), tr("known"))
        elif isinstance(base, list):
            is_there, hint = False, tr("it is a list: loop over it, or take |first")
        else:
            is_there = name in _PLAIN
            if base.link:
                hint = tr("it is the id of a record; write {}", f"{base.link}.{name}")
        if not is_there:
            whole = f"{holder or _spelled(getattr(node, 'node', None))}.{name}".lstrip(".")
            self.problems.append(
                Problem(self._shown, node.lineno, tr("no field {!r}", whole), hint)
            )
        return None


def _fields_named(node: nodes.Filter) -> Iterator[str]:
    """The fields that a filter asks each item for: `sum(attribute='price')`, `selectattr('price')`."""
    named = [pair.value for pair in node.kwargs if pair.key == "attribute"]
    takes_first = node.name in ("selectattr", "rejectattr", "groupby") and node.args
    for value in (*named, *(node.args[:1] if takes_first else ())):
        if isinstance(value, nodes.Const) and isinstance(value.value, str):
            yield value.value.partition(".")[0]


def _spelled(node: nodes.Node | None) -> str:
    """An expression as it is written, as far as it is names and dots."""
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Getattr):
        return f"{_spelled(node.node)}.{node.attr}"
    return ""
