"""Commands at random, by seed: words of the tree, ids, values of all sorts, and what breaks quotations."""

from __future__ import annotations

import random
import shlex
from collections.abc import Iterator, Sequence

from tests.gate.tree import commands

VALUES = (
    "", " ", "-", "--", "---", "=", "0", "-1", "99999999999999999999", "1e9", "NaN", "today", "2026-02-30", "*", "%", "x" * 300,
    "\u202eabc", "\u0000", "\ufeff", "é", "e\u0301", "\U0001f600", "名前", "'", '"', "\\", "\\'", "$(id)", "`id`", "a=b", "=b",
    "amount > ", "(", "name ~ '", "((((((((((", "stage = new", "owner = anna", "id is not empty", "+7 916 123-45-01", "a@b.c",
    "{{ x }}", "{0}", "%s", "../x", "/etc/passwd", "C:\\x", "won", "lost", "new", "sales", "leads", "json", "jsonl", "ids", "yaml",
    "\t", "\x1b[31m", "\r", "a\nb", "\ud800", "null", "true", "[]", "{}", "<b>", "; rm -rf /", "1.5", "1,5", "10%", "RUB",
)  # fmt: skip
BREAKERS = (
    "'",
    '"',
    "\\",
    "\n",
    "\0",
    "\u2028",
    "  ",
    "\t",
    ";",
    "|",
    "&",
    ">",
    "<",
    "#",
    "~",
    "!",
)


class Maker:
    """Makes lines; the same ones for the same seed."""

    def __init__(self, seed: int, ids: Sequence[str]) -> None:
        self._random = random.Random(seed)
        self._ids = [*ids, *(one[: one.index("-") + 4] for one in ids)]
        tree = [*commands()]
        self._commands = [" ".join(words) for words, _ in tree]
        self._options = {
            " ".join(words): [
                name for param in command.params for name in param.opts if name.startswith("-")
            ]
            for words, command in tree
        }
        self._all = sorted({name for names in self._options.values() for name in names})
        self._common = [
            "--json",
            "--format",
            "-q",
            "-v",
            "--yes",
            "-n",
            "--dry-run",
            "-h",
            "-C",
            "--as",
            "--tick",
        ]

    def lines(self, count: int) -> Iterator[str]:
        """So many of them."""
        for _ in range(count):
            yield self._line()

    def _line(self) -> str:
        pick = self._random
        command = pick.choice(self._commands)
        words = command.split()
        for _ in range(pick.choice((0, 1, 1, 2, 3, 5))):
            words.append(self._word(command))
        if pick.random() < 0.2:
            words.insert(pick.randrange(len(words) + 1), self._word(command))
        if pick.random() < 0.7:
            words.append("--dry-run")
        line = shlex.join(words)
        if pick.random() < 0.15:
            at = pick.randrange(len(line) + 1)
            line = line[:at] + pick.choice(BREAKERS) + line[at:]
        if pick.random() < 0.03:
            line = line[: pick.randrange(len(line) + 1)]
        return line

    def _word(self, command: str) -> str:
        pick = self._random
        kind = pick.random()
        if kind < 0.35:
            return pick.choice(self._options[command] or self._common)
        if kind < 0.45:
            return pick.choice(self._common)
        if kind < 0.5:
            return pick.choice(self._all)
        if kind < 0.6:
            return f"{pick.choice(self._all)}={pick.choice(VALUES)}"
        if kind < 0.8:
            return pick.choice(self._ids)
        return pick.choice(VALUES)
