"""Templates that can come to no end: they include themselves, or a macro calls itself, come what may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from jinja2 import nodes

from crmcli.errors import Problem
from crmcli.language import tr

MOST_TURNS = 1_000_000
_N = TypeVar("_N", bound=nodes.Node)


def certain(node: nodes.Node, kind: type[_N]) -> Iterator[_N]:
    """The nodes of a kind that are reached whatever the values are: not in a branch, a loop, a macro."""
    if isinstance(node, kind):
        yield node
    if isinstance(node, nodes.If | nodes.CondExpr | nodes.For | nodes.And | nodes.Or):
        return
    for part in node.iter_child_nodes():
        if not isinstance(part, nodes.Macro):
            yield from certain(part, kind)


def endless(tree: nodes.Template, shown: str) -> Iterator[Problem]:
    """Macros that call each other for ever, and loops within loops that nobody lives to see the end of."""
    calls: dict[str, dict[str, int]] = {}
    for macro in tree.find_all(nodes.Macro):
        called = [call for part in macro.body for call in certain(part, nodes.Call)]
        calls[macro.name] = {
            call.node.name: call.lineno for call in called if isinstance(call.node, nodes.Name)
        }
    for name, line in ((name, line) for of in calls.values() for name, line in of.items()):
        if _returns(name, calls):
            told = tr("macro {!r} calls itself without end", name)
            yield Problem(shown, line, told, "let an if end it")
    for loop in tree.find_all(nodes.For):
        inner = [1, *(_turns(part) for part in loop.find_all(nodes.For) if part is not loop)]
        if _turns(loop) * max(inner) > MOST_TURNS:
            yield Problem(shown, loop.lineno, tr("loops more than {:,} times", MOST_TURNS))


def _returns(name: str, calls: dict[str, dict[str, int]]) -> bool:
    """Whether a macro comes back to itself."""
    seen: set[str] = set()
    waiting = [*calls.get(name, ())]
    while waiting:
        other = waiting.pop()
        if other == name:
            return True
        if other not in seen:
            seen.add(other)
            waiting += calls.get(other, ())
    return False


def _turns(loop: nodes.For) -> int:
    """How often a loop over range(5, 1000) turns; 1 where that is not written there."""
    match loop.iter:
        case nodes.Call(node=nodes.Name(name="range"), args=[*args]):
            values = [part.value for part in args if isinstance(part, nodes.Const)]
            if len(values) == len(args) and all(isinstance(value, int) for value in values):
                return len(range(*values))
    return 1


def loads(tree: nodes.Template) -> Iterator[tuple[str, int]]:
    """The templates that this one certainly loads, with their lines."""
    for node in certain(tree, nodes.Stmt):
        match node:
            case (
                nodes.Include(template=nodes.Const(value=str() as path))
                | nodes.Extends(template=nodes.Const(value=str() as path))
                | nodes.Import(template=nodes.Const(value=str() as path))
                | nodes.FromImport(template=nodes.Const(value=str() as path))
            ):
                yield path, node.lineno
