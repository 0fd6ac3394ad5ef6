"""What is wrong with a query, in our words: with the nearest name, or the place of what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from crmcli.errors import BadUsage, CrmError, Refused
from crmcli.language import tr
from crmcli.model.listed import did_you_mean
from crmcli.model.sql_views import View
from crmcli.store.index.asked.functions import ALLOWED

_WORD = re.compile(r"\w+")
_MOST_TRIED = 200
"""Places at which an error is sought."""


class Named(NamedTuple):
    """A query and the views that there are: what somebody may have meant."""

    text: str
    views: Mapping[str, View]

    @property
    def mentioned(self) -> list[View]:
        """The views whose names stand anywhere in it: those that it reads, and maybe others."""
        words = {word.lower() for word in _WORD.findall(self.text)}
        return [view for name, view in self.views.items() if name in words]

    @property
    def columns(self) -> list[str]:
        """The columns of the views that it names, of all if it names none."""
        views = self.mentioned or self.views.values()
        return [column.name for view in views for column in view.columns]


def said(error: Exception, query: Named, told: Callable[[str], str] = lambda _: "") -> CrmError:
    """The refusal of a query for an error of SQLite. `told` is what SQLite says of another text."""
    if isinstance(error, MemoryError):
        return Refused("the query needs too much memory", "narrow it with WHERE, or add LIMIT")
    message = str(error)
    found = _SAID.fullmatch(message)
    if found and found.lastgroup:
        return _SENTENCES[found.lastgroup](found[found.lastgroup], query, message, told)
    return BadUsage(tr("the query fails: {}", message), "see crm help sql")


def _no_view(name: str, query: Named, *_: object) -> CrmError:
    schema, bare = name.rpartition(".")[::2]
    hint = did_you_mean(bare, query.views, tr("there are {}", ", ".join(query.views)))
    if schema and bare.lower() in query.views:
        hint = tr("write {}, without the schema", bare)
    return BadUsage(tr("there is no view {!r}", name), hint)


def _no_column(name: str, query: Named, *_: object) -> CrmError:
    hint = did_you_mean(name.rpartition(".")[2], query.columns, "crm sql --views lists the columns")
    return BadUsage(tr("there is no column {!r}", name), hint)


def _ambiguous(name: str, *_: object) -> CrmError:
    return BadUsage(
        tr("several views have a column {!r}", name), tr("say of which, like deals.{}", name)
    )


def _no_function(name: str, *_: object) -> CrmError:
    return BadUsage(
        tr("there is no function {}", name), did_you_mean(name, ALLOWED, "see crm help sql")
    )


def _arguments(name: str, *_: object) -> CrmError:
    told = tr("the function {} takes another number of values", name)
    return BadUsage(told, "see crm help sql")


def _syntax(token: str, query: Named, message: str, told: Callable[[str], str]) -> CrmError:
    where = _place(query.text, token, message, told)
    sentence = tr("cannot read the query at {!r}", token[:40])
    if where >= 0:
        before = query.text[:where]
        line, column = before.count("\n") + 1, where - before.rfind("\n")
        sentence = tr("line {}, column {}: cannot read {!r}", line, column, token[:40])
    return BadUsage(sentence, "see crm help sql")


def _place(text: str, token: str, message: str, told: Callable[[str], str]) -> int:
    """Where an error begins: the first place of that token up to which the text has that error; -1 if it is
    not found."""
    start = -1
    for _ in range(_MOST_TRIED):
        start = text.find(token, start + 1)
        if start < 0 or told(text[: start + len(token)]) == message:
            return start
    return -1


def _plainly(message: str, hint: str) -> Callable[..., CrmError]:
    return lambda *_: BadUsage(message, hint)


_SAID = re.compile(
    r"no such table: (?P<view>.*)"
    r"|no such column: (?P<column>.*)"
    r"|ambiguous column name: (?P<ambiguous>.*)"
    r"|no such function: (?P<function>.*)"
    r"|wrong number of arguments to function (?P<arguments>.*)\(\)"
    r'|near "(?P<near>.*)": syntax error'
    r'|unrecognized token: "(?P<token>.*)"'
    r"|(?P<incomplete>incomplete input)"
    r"|(?P<several>You can only execute one statement at a time\.)"
    r"|(?P<nameless>Binding \d+ has no name.*)"
    r"|(?P<aggregate>misuse of (?:aggregate|window).*|aggregate functions are not allowed.*)"
    r"|(?P<long>string or blob too big)"
    r"|(?P<overflow>integer overflow)"
    r"|(?P<json>malformed JSON|JSON cannot.*)"
    r"|(?P<large>(?:Expression tree|too many|parser stack|query string is too|at most \d+ tables).*)",
    re.DOTALL,
)
"""What SQLite says."""
_SENTENCES: Mapping[str, Callable[..., CrmError]] = {
    "view": _no_view,
    "column": _no_column,
    "ambiguous": _ambiguous,
    "function": _no_function,
    "arguments": _arguments,
    "near": _syntax,
    "token": _syntax,
    "incomplete": _plainly("the query ends before it is complete", "see crm help sql"),
    "several": _plainly("there is more than one statement", "leave one of them, without its ;"),
    "nameless": _plainly("a parameter has no name", "write :NAME, and --param NAME=VALUE"),
    "aggregate": _plainly(
        "an aggregate like sum() cannot stand there", "use HAVING, or a subquery"
    ),
    "long": _plainly("a text of the query became too long", "cut it with substr()"),
    "overflow": _plainly("a sum became too large", "use total() instead of sum()"),
    "json": _plainly("what should be JSON is none", "ask json_valid() first"),
    "large": _plainly("the query is too large", "make it shorter, or several"),
}
