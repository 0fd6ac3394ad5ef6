"""The command line as a commit's message tells it: without what is of no concern, nothing secret."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from crmcli.model.redaction import HIDDEN, redacted

LONGEST = 40
"""Letters of one word."""
_ALONE = ("-q", "--quiet", "-v", "--verbose", "--no-color", "--yes", "--json", "--csv", "--ids")
_WITH_VALUE = ("-C", "--workspace", "--format")
_SECRET = re.compile(r"passw|secret|token|api_?-?key|парол|секрет", re.IGNORECASE)


def command_line(words: Sequence[str]) -> str:
    """One line: `crm lead move lead-7k3qf2m9 working`, long values cut, secrets hidden."""
    return " ".join(["crm", *(_quoted(word) for word in _told(words))])


def _told(words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word in _ALONE or (equals and name in _WITH_VALUE):
            continue
        if word in _WITH_VALUE:
            next(rest, "")
        elif not word.startswith("-C") or word.startswith("--"):
            yield f"{name}={HIDDEN}" if value and _SECRET.search(name) else word
            if not equals and word.startswith("-") and _SECRET.search(word) and next(rest, ""):
                yield HIDDEN


def _quoted(word: str) -> str:
    text = redacted(word)
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    plain = re.fullmatch(r"[\w@%+=:,./…*-]+", text)
    return text if plain else shlex.quote(text)
