"""E-mail addresses that stand in a running text: where each may begin and end."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from itertools import islice

from crmcli.model.addresses import NO_LOCAL

_LOCAL = re.compile(r"[\w.+%'-]+")
"""Of what most addresses are before the @."""
_WIDE_LOCAL = re.compile(rf"[^{NO_LOCAL}@]+")
"""Of what they may be."""
_NO_LOCAL = frozenset(' \t\n\r\\<>()[],;:"@')
"""What stands before most of them."""
_LOCAL_ASCII = f"{string.ascii_letters}{string.digits}_.+%'-"
"""The letters of these that are ASCII."""
LONGEST_LOCAL = 254
"""Letters before the @: as long as a whole address may be, RFC 5321 has 64."""
LONGEST_DOMAIN = 256
"""Letters from the @ on, by RFC 5321."""
_MOST_CUTS = 12
"""So many first parts of a domain may be where it ends."""
_ESCAPES = {"u": 5, "x": 3}
"""Letters of \\u2014 and \\xa0 behind the stroke."""
_SIGNS = "'.+%-_"
"""What may stand before an address and is no part of it."""
DOMAIN = re.compile(r"@[\w-]+(?:\.[\w-]+)+")
_CUT = re.compile(r"(?<=[^\W_])[-_.]")
"""Before what no longer belongs to a domain: `vera@romashka.example.Then`, `_vera@romashka.example_`."""


def mails_in(text: str) -> Iterator[tuple[list[int], list[int]]]:
    """Where what may be an address begins, and where it ends, both with the longest first: all that stands
    there, what follows a quote or a sign, and in a JSON text what follows a \\n."""
    after, cuts = 0, [0]
    for domain in DOMAIN.finditer(text):
        at = domain.start()
        before = text[max(after, at - LONGEST_LOCAL) : at]
        local = _local(before)
        after = at + 1
        start = at - len(local)
        starts = [start] if local else []
        if len(before) > len(local) and text[start - 1] not in _NO_LOCAL:
            starts[:0] = _wide_starts(text, before, start, at)
        if starts:
            end = min(domain.end(), at + LONGEST_DOMAIN)
            for n in {starts[0], start}:
                if n and text[n - 1] == "\\":
                    starts += [n + 1, min(n + _ESCAPES.get(text[n], 1), at)]
            if start < cuts[0]:  # right behind another
                starts += [n for cut in cuts for n in (cut, cut + 1) if start < n < at]
            starts += [_after_signs(text, n) for n in starts if text[n] in _SIGNS]
            ends = domain_ends(text, at, end)
            yield starts, ends
            cuts = ends


def domain_ends(text: str, at: int, end: int) -> list[int]:
    """Where a domain may end that follows an @, the longest first."""
    if text[(dot := text.index(".", at) + 1) : end].isalpha():
        return [end]
    found = islice(_CUT.finditer(text, dot, end), _MOST_CUTS)
    return [end, *[cut.start() for cut in found][::-1]]


def _wide_starts(text: str, before: str, start: int, at: int) -> list[int]:
    """Where an address begins that has other signs: =, /, !, # and all that one may have."""
    wide = _WIDE_LOCAL.match(before[::-1])
    if not wide:
        return []
    first = at - wide.end()
    signs = [n for n in range(first + 1, start + 1) if not text[n - 1].isalnum()]
    return [n for n in dict.fromkeys([first, *signs[-_MOST_CUTS:]]) if n < start]


def _after_signs(text: str, start: int) -> int:
    while text[start] in _SIGNS:
        start += 1
    return start


def _local(before: str) -> str:
    """What stands right before an @ as part of an address."""
    rest = before.rstrip(_LOCAL_ASCII)
    if rest and not rest[-1].isascii():  # a letter, it may be
        found = _LOCAL.match(before[::-1])
        return found[0][::-1] if found else ""
    return before[len(rest) :]
