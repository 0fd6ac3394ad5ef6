"""The reader of the condition language: text in, tree out."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple, NoReturn

from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.amounts import has_factor
from crmcli.model.conditions.tree import (
    MOMENT_BEGUN,
    NUMBER,
    OPERATORS,
    RESERVED,
    WORD,
    And,
    BadCondition,
    Compare,
    Condition,
    Empty,
    In,
    Literal,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
)
from crmcli.model.dates import is_phrase
from crmcli.model.durations import parse_duration
from crmcli.model.offsets import refuse_doubtful

MAX_DEPTH = 50
MAX_LENGTH = 100_000

_TOKEN = re.compile(
    rf"""\s*(?: (?P<word>{WORD})
      | '(?P<single>(?:[^']|'')*)' | "(?P<double>(?:[^"]|"")*)"
      | (?P<foreign>==|=~|=>|=<|!~|<>|&&|\|\||!(?!=))
      | (?P<sign>!=|>=|<=|[=<>~(),]) )""",
    re.VERBOSE,
)
_NAME = re.compile(r"[^\W\d][\w-]*(\.[^\W\d][\w-]*)*")
_MOMENT = re.compile(r"(today|now)(?:([+-])([0-9]{1,5}[^\W\d]+))?", re.IGNORECASE)
_DIGITS = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_GROUP = re.compile(r"[0-9]{2,}(\.[0-9]+|(-[0-9]{2,})*)")
_INSTEAD = {"==": "=", "=~": "~", "=>": ">=", "=<": "<=", "<>": "!=", "&&": "and", "||": "or",
            "!": "not", "!~": "not FIELD ~ VALUE", "like": "~", "contains": "~"}  # fmt: skip

FORM = "a condition is FIELD OPERATOR VALUE, for instance amount > 1000"


def parse(text: str) -> Condition:
    """Read a condition; BadCondition names the position and what was expected there."""
    if len(text) > MAX_LENGTH:
        raise BadCondition(tr("the condition is longer than {} characters", MAX_LENGTH))
    parser = _Parser(_tokens(text))
    tree = parser.either()
    parser.finish()
    return Condition(text, tree)


def bracketed(text: str) -> str:
    """A condition in brackets, to stand beside others; BadCondition tells of it as it was typed."""
    parse(text)
    return f"({text})"


class _Token(NamedTuple):
    kind: str  # word, text, sign, end
    text: str
    at: int

    def __str__(self) -> str:
        return repr(self.text) if self.kind != "end" else tr("the end")


def _tokens(text: str) -> list[_Token]:
    tokens = []
    place = 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if not match or match.lastgroup is None:
            _refuse_character(text, place)
        kind, found = match.lastgroup, match[match.lastgroup]
        at = match.start(kind) + 1
        if kind == "foreign":
            raise BadCondition(
                tr("{!r} at position {} is not an operator", found, at),
                tr("write {} instead", _INSTEAD[found]),
                at,
            )
        if kind in ("single", "double"):
            quote = "'" if kind == "single" else '"'
            tokens.append(_Token("text", found.replace(quote * 2, quote), at - 1))
        else:
            tokens.append(_Token(kind, found, at))
        place = match.end()
    return [*tokens, _Token("end", "", end + 1)]


def _refuse_character(text: str, place: int) -> NoReturn:
    at = place + len(text[place:]) - len(text[place:].lstrip()) + 1
    found = text[at - 1]
    if found in "'\"":
        raise BadCondition(
            tr("the quote opened at position {} is never closed", at),
            "double a quote inside the text: 'O''Brien'",
            at,
        )
    raise BadCondition(
        tr("unexpected {!r} at position {}", found, at), "put such text in quotes", at
    )


class _Parser:
    """Reads tokens by recursive descent: or, and, not, comparison, from loose to tight."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = self._terms = self._words = 0

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += token.kind != "end"
        return token

    def _accept(self, kind: str, text: str) -> bool:
        found = self._token.kind == kind and self._token.text.lower() == text
        if found:
            self._take()
        return found

    def _refuse(self, expected: str, hint: str = "") -> NoReturn:
        at = self._token.at
        message = tr("expected {} at position {}, found {}", tr(expected), at, self._token)
        raise BadCondition(message, hint, at)

    def finish(self) -> None:
        """Refuse anything that follows the condition."""
        if self._token.kind in ("word", "text"):
            self._refuse("'and' or 'or'", "put text of several words in quotes")
        if self._token.kind != "end":
            self._refuse("the end")

    def either(self) -> Node:
        """Parts joined by `or`."""
        parts = [self._both()]
        while self._accept("word", "or"):
            parts.append(self._both())
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def _both(self) -> Node:
        parts = [self._negated()]
        while self._accept("word", "and"):
            parts.append(self._negated())
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def _negated(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadCondition(tr("the condition is nested more than {} deep", MAX_DEPTH))
        if self._accept("word", "not"):
            node: Node = Not(self._negated())
        elif self._accept("sign", "("):
            node = self.either()
            if not self._accept("sign", ")"):
                self._refuse("')'")
        else:
            node = self._comparison()
        self._depth -= 1
        return node

    def _comparison(self) -> Node:
        self._terms += 1
        if self._terms > limits.TERMS:
            raise BadCondition(tr("the condition has more than {:,} comparisons", limits.TERMS))
        path = self._path()
        if self._token.kind == "sign" and self._token.text in OPERATORS:
            return Compare(path, self._take().text, self._value(alone=True))
        if self._accept("word", "has"):
            return Compare(path, "has", self._value())
        if self._accept("word", "in"):
            return In(path, self._values())
        if self._accept("word", "is"):
            return self._emptiness(path)
        if not self._accept("word", "not"):
            instead = _INSTEAD.get(self._token.text.lower(), "")
            hint = (
                tr("write {} instead", instead)
                if instead
                else tr("one of {}, in, is empty", " ".join(OPERATORS))
            )
            self._refuse(tr("an operator after {!r}", ".".join(path)), hint)
        if not self._accept("word", "in"):
            self._refuse("'in'", "put not before the field: not name ~ x")
        return Not(In(path, self._values()))

    def _emptiness(self, path: tuple[str, ...]) -> Node:
        negated = self._accept("word", "not")
        if not self._accept("word", "empty"):
            self._refuse("'empty'", "write FIELD is empty, FIELD is not empty or FIELD = VALUE")
        return Not(Empty(path)) if negated else Empty(path)

    def _path(self) -> tuple[str, ...]:
        token = self._token
        name = unicodedata.normalize("NFC", token.text)
        if token.kind == "text":  # a label of several words
            name, fits = re.sub(r"[^\w.]+", "_", name).strip("_"), True
        else:
            fits = token.kind == "word" and token.text.lower() not in RESERVED
        if not fits or not _NAME.fullmatch(name):
            self._refuse("a field", FORM)
        self._take()
        return tuple(name.split("."))

    def _values(self) -> tuple[Literal, ...]:
        hint = "write the values like this: owner in (anna, boris)"
        if not self._accept("sign", "("):
            self._refuse("'('", hint)
        values = [self._value()]
        while self._accept("sign", ","):
            values.append(self._value())
        if not self._accept("sign", ")"):
            self._refuse("',' or ')'", hint)
        return tuple(values)

    def _value(self, *, alone: bool = False) -> Literal:
        self._words += 1
        if self._words > limits.WORDS:
            raise BadCondition(tr("the condition has more than {:,} values", limits.WORDS))
        token = self._token
        if token.kind == "text":
            return Text(self._take().text)
        if token.kind != "word":
            self._refuse("a value", FORM)
        if token.text.lower() in RESERVED:
            self._refuse(tr("a value"), tr('put the word in quotes: "{}"', token.text))
        if phrase := self._phrase() or self._grouped(alone=alone):
            return Text(phrase)
        self._take()
        if NUMBER.fullmatch(token.text):
            return Number(Decimal(token.text))
        return self._moment(token) if MOMENT_BEGUN.fullmatch(token.text) else Text(token.text)

    def _phrase(self) -> str:
        """Words without quotes that name a time together, as `last month`; "" if they do not."""
        for end in range(self._next + 4, self._next + 1, -1):
            words = self._tokens[self._next : end]
            text = " ".join(token.text for token in words)
            if all(token.kind == "word" for token in words) and is_phrase(text):
                self._next += len(words)
                return text
        return ""

    def _grouped(self, *, alone: bool) -> str:
        """Digits in groups: `50 000`, `2 mln`, `8 916 123-45-67`, outside of a list `50,000`; or ""."""
        token, end = self._token, self._next + 1
        text = token.text if _DIGITS.fullmatch(token.text) else ""
        while text and (token := self._tokens[end]).kind != "end":
            after = self._tokens[end + 1] if alone and token.text == "," else token
            is_close = token.at == self._tokens[end - 1].at + len(self._tokens[end - 1].text)
            if token.kind == "word" and (
                _GROUP.fullmatch(token.text) or has_factor(f"1 {token.text}")
            ):
                text, end = f"{text} {token.text}", end + 1
            elif is_close and after.at == token.at + 1 and _DIGITS.fullmatch(after.text):
                text, end = f"{text},{after.text}", end + 2
            else:
                break
        if end == self._next + 1:
            return ""
        self._next = end
        return text

    def _moment(self, token: _Token) -> Moment:
        """`today` and what follows it; white space may stand round the sign."""
        text = token.text
        base = text.lower().rstrip("+-")
        if text.lower() == base and self._token.kind == "word" and self._token.text[0] in "+-":
            text += self._take().text
        if text[-1] in "+-" and self._token.kind == "word":
            text += self._take().text
        match = _MOMENT.fullmatch(text)
        if match is None:
            raise BadCondition(
                tr("expected a time like 7d, 2h or 1mo in {!r} at position {}", text, token.at),
                "for instance today+7d or now-2h",
                token.at,
            )
        try:
            offset = parse_duration(match[3]) if match[3] else None
            if match[3] and match[1].lower() == "today":
                refuse_doubtful(match[3])
        except ValueError as error:
            raise BadCondition(str(error), "for instance today+7d or now-2h", token.at) from None
        return Moment(match[1].lower(), -1 if match[2] == "-" else 1, offset)
