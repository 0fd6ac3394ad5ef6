"""What in the text of a letter is quoted, and what is its signature: places that may be folded away.

Only what is certain is found. Lines with `>` are quoted, with the line above them that says who wrote it.
Where a program marks nothing (Outlook, Mail.ru and others put the answer above and leave the rest as it is),
such a line or its block of headers begins what is quoted to the end, if there is an answer above. What is
sent on is no quote.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from crmcli.channels.incoming_mail.facts import Span
from crmcli.channels.incoming_mail.html_text import Marked
from crmcli.words import joined

_MOST_LINES = 20_000
_LONGEST_LINE = 300
_LONGEST_NAME = 120
_SIGNATURE_LINES = 15
_DATE = r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[-./]\d{1,2}[-./]\d{1,2}"
_TIME = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_SIGN = re.compile(r"(?:--|—|––|-- |__|_{5,}|-{2,40}|—{2,}) ?")
_RULE = re.compile(r"[-_=*]{5,}")
_INITIALS = re.compile(r"[A-ZÄÖÜА-ЯЁ][A-ZÄÖÜА-ЯЁa-zа-яё]{0,2}>+(?:\s|$)")
_WORD = r"[^\s<>\"(),:;\[\]@]{1,200}"
_ADDRESS = re.compile(rf"{_WORD}@{_WORD}")


def is_arrow(text: str) -> bool:
    """Whether a line is marked as quoted: by >, or as The Bat! does by the initials of who wrote it, АБ>."""
    return text[:1] == ">" or _INITIALS.match(text) is not None


class _Line(NamedTuple):
    start: int
    end: int
    text: str


class _Patterns:
    """The words of the table as patterns, made once."""

    def __init__(self) -> None:
        words = joined("mail_quotes")

        def pattern(text: str) -> re.Pattern[str]:
            return re.compile(text, re.IGNORECASE)

        day, month = words["day"], words["month"]
        date = rf"(?:{_DATE}|\b\d{{1,2}}\.? (?:{month})\b|\b(?:{month})\.? \d{{1,2}}\b)"
        self.date = pattern(date)
        self.verb = pattern(rf"(?<![^\W_])(?:{words['verb']})(?![^\W_])")
        self.begin = pattern(
            rf"-* ?(?:(?:{words['begin']})\b|(?:{day})[.,]*\s|{date}|.{{0,{_LONGEST_NAME}}}[<\[(\"]?\S+@"
            rf"|.{{2,{_LONGEST_NAME}}}\b(?:{words['verb']}))"
        )
        self.dated = pattern(rf"[\s*\"(]*(?:(?:{words['begin']})\s+)?(?:(?:{day})[.,]*\s|{date})")
        self.named = pattern(rf"[^@:]{{0,{_LONGEST_NAME}}}?<[^<>\s]*@[^<>]*>")
        self.source = pattern(rf"[*_]*(?:{words['from']})[*_]*\s*:[*_]*\s*(\S.*)")
        self.sent = pattern(rf"[*_]*(?:{words['sent']})[*_]*\s*:[*_]*\s*\S")
        self.rest = pattern(rf"[*_]*(?:{words['rest']})[*_]*\s*:")
        self.original = pattern(rf"[-_=*\s>]*(?:{words['original']})[-_=*\s:]*")
        self.forwarded = pattern(rf"[-_=*\s>]*(?:{words['forwarded']})[-_=*\s:]*")
        self.sent_on = pattern(rf"(?:(?:re|aw|на|отв)\s*:\s*)*(?:{words['sent_on']})\s*:")
        self.device = pattern(rf"[-—_*\s]*(?:{words['device']})[.!\s]*")
        self.leave = pattern(
            rf"[-—*\s]*(?:{words['leave']})\s*[,.!;)]*(?P<name>[^.?!:]{{0,60}})[.!]?"
        )
        self.below = pattern(rf"(?:{words['below']})[\s:.,]")


@cache
def _patterns() -> _Patterns:
    return _Patterns()


def fold(marked: Marked, subject: str) -> tuple[tuple[Span, ...], Span | None]:
    """What is quoted in a text, and its signature."""
    lines = list(_lines(marked.text))
    found = _Quotes(marked, lines, bool(_patterns().sent_on.match(subject))).spans()
    quoted = _merged(found, marked.text)
    return quoted, _signature(marked, lines, quoted)


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for line in text.split("\n")[:_MOST_LINES]:
        yield _Line(start, start + len(line), line.strip())
        start += len(line) + 1


def _merged(spans: list[Span], text: str) -> tuple[Span, ...]:
    """The spans in order, those between which nothing stands made one, without blanks at their ends."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and not text[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    tidy = []
    for start, end in found:
        piece = text[start:end]
        tidy.append((start + len(piece) - len(piece.lstrip("\n")), start + len(piece.rstrip())))
    return tuple(span for span in tidy if span[0] < span[1])


class _Quotes:
    def __init__(self, marked: Marked, lines: list[_Line], is_sent_on: bool) -> None:
        self.marked, self.lines, self.is_sent_on = marked, lines, is_sent_on
        self.cites = _merged([(a, b) for kind, a, b in marked.marks if kind == "cite"], marked.text)
        self.has_arrows = sum(is_arrow(line.text) for line in lines) > 1
        self.blocks = [(a, b) for kind, a, b in marked.marks if kind == "block"]
        forwards = (line.start for line in lines if self.is_forward(line))
        self.forward = next(forwards, len(marked.text) + 1)

    def is_forward(self, line: _Line) -> bool:
        return bool(_patterns().forwarded.fullmatch(line.text)) and not is_arrow(line.text)

    def spans(self) -> list[Span]:
        """Everything that is quoted; what stands below the line of one sent on is left as it is."""
        found = [] if self.is_sent_on else [span for span in self.cites if span[0] < self.forward]
        place = 0
        while place < len(self.lines) and self.lines[place].start < self.forward:
            span, following = self.at(place)
            place = max(following, place + 1)  # what begins above a line leads back to it else
            found += [span] if span else []
        return found

    def at(self, place: int) -> tuple[Span | None, int]:
        """What is quoted from a line on, and the line at which to go on."""
        line = self.lines[place]
        if not self.is_sent_on and _within(line.start, self.cites):
            return None, place + 1
        if is_arrow(line.text):
            return self.arrows(place, place)
        if (last := self.attribution(place)) is not None:
            return self.below(place, last)
        if not self.is_sent_on and self.is_block(place):
            return self.to_end(place)
        return None, place + 1

    def arrows(self, first: int, place: int) -> tuple[Span | None, int]:
        """The lines with `>` from one on, blank lines between them included."""
        last = place
        for number in range(place, len(self.lines)):
            text = self.lines[number].text
            if is_arrow(text):
                last = number
            elif text:
                break
        count = sum(is_arrow(line.text) for line in self.lines[place : last + 1])
        if first == place and count == 1 and not self.has_arrows:
            return None, last + 1  # > 5 pieces
        return (self.lines[first].start, self.lines[last].end), last + 1

    def below(self, first: int, last: int) -> tuple[Span | None, int]:
        """What stands below the line that says who wrote it: what is marked, else all if it is certain."""
        start, after = self.lines[self.with_heads(first)].start, last + 1
        is_certain = self.is_certain(first, last)
        while after < len(self.lines) and not self.lines[after].text:
            after += 1
        if after >= len(self.lines):
            return ((start, self.lines[last].end) if is_certain else None), after
        if is_arrow(self.lines[after].text):
            return self.arrows(first, after)
        line = self.lines[after]
        spans = (*self.cites, *self.blocks)
        ends = [b for a, b in spans if start <= a <= line.end and b > line.start]
        if ends:
            beyond = (n for n, one in enumerate(self.lines) if one.start >= ends[0])
            return (start, ends[0]), next(beyond, len(self.lines))
        return self.to_end(self.with_heads(first)) if is_certain else (None, last + 1)

    def with_heads(self, place: int) -> int:
        """The first of the lines above with headers of the letter, below a line, as Yandex has them."""
        first = place
        while first and _patterns().rest.match(self.lines[first - 1].text):
            first -= 1
        return first - 1 if first and _RULE.fullmatch(self.lines[first - 1].text) else place

    def to_end(self, place: int) -> tuple[Span | None, int]:
        """All from a line on, if an answer stands above it."""
        start = self.lines[place].start
        above = self.marked.text[:start]
        if not above.strip() and not self.is_block(place):
            return None, place + 1
        return (start, min(len(self.marked.text), self.forward - 1)), len(self.lines)

    def attribution(self, place: int) -> int | None:
        """The last line of those that say who wrote what stands below; None if they do not."""
        first = self.lines[place].text[: _LONGEST_LINE + 1]
        if not 0 < len(first) <= _LONGEST_LINE or not _patterns().begin.match(first):
            return None
        said = ""
        for number in range(place, min(place + 4, len(self.lines))):
            text = self.lines[number].text
            said = f"{said} {text}".strip()
            if not text or len(said) > _LONGEST_LINE:
                return None
            if text.endswith((":", "---")) and self.says_who(said):
                return number
        return None

    def says_who(self, said: str) -> bool:
        known = _patterns()
        has_verb, has_date = bool(known.verb.search(said)), bool(known.date.search(said))
        has_address = bool(_ADDRESS.search(said))
        if has_verb:
            return has_date or has_address or len(said.split()) <= 6
        is_dated = has_date and bool(known.dated.match(said) or known.named.match(said))
        is_from = bool(_TIME.search(said) and re.search(r"\b(?:от|from|von)\b", said))
        return is_dated and (has_address or is_from)

    def is_certain(self, first: int, last: int) -> bool:
        said = " ".join(line.text for line in self.lines[first : last + 1])
        known = _patterns()
        has_who = bool(known.verb.search(said) or _ADDRESS.search(said))
        return has_who and bool(known.date.search(said))

    def is_block(self, place: int) -> bool:
        """Whether the headers of another letter stand here, perhaps below a line."""
        known, text = _patterns(), self.lines[place].text
        following = [line.text for line in self.lines[place + 1 : place + 8] if line.text]
        if known.original.fullmatch(text) and re.match(r"[-_=*]{2,}", text):
            return True
        if known.original.fullmatch(text) or (_RULE.fullmatch(text) and len(text) > 9):
            is_from = bool(following) and bool(known.source.match(following[0]))
            return is_from and self.is_head(following)
        return self.is_head([text, *following])

    def is_head(self, texts: list[str]) -> bool:
        known = _patterns()
        heads: list[str] = []
        for text in texts:
            if not (known.source.match(text) or known.sent.match(text) or known.rest.match(text)):
                if heads and len(text) < _LONGEST_LINE and _ADDRESS.search(text):
                    continue  # a header in several lines
                break
            heads.append(text)
        is_first = any(known.source.match(text) for text in heads[:2])
        has_sent = any(known.sent.match(text) for text in heads)
        has_rest = any(known.rest.match(text) for text in heads)
        return is_first and has_sent and (has_rest or bool(_ADDRESS.search(" ".join(heads[:2]))))


def _signature(marked: Marked, lines: list[_Line], quoted: tuple[Span, ...]) -> Span | None:
    """The signature: as a program marks it, below `-- `, below words of leave, or what a telephone adds."""
    for kind, start, end in marked.marks:
        if kind == "signature" and not _within(start, quoted) and marked.text[start:end].strip():
            return _merged([(start, end)], marked.text)[0]
    known = _patterns()
    own = [line for line in lines if not _within(line.start, quoted)]
    found: _Line | None = None
    begin = next((place for place, line in enumerate(own) if line.text), len(own))
    for place, line in enumerate(own[begin + 1 :], begin + 1):
        if known.device.fullmatch(line.text) or _begins(line, own, place):
            found = line
            break
    if found is None:
        return None
    end = _end_of_signature(own[own.index(found) :], quoted)
    return _merged([(found.start, end)], marked.text)[0]


def _begins(line: _Line, own: list[_Line], place: int) -> bool:
    """Whether a line begins a signature, and what stands below it is short enough for one."""
    known = _patterns()
    match = known.leave.fullmatch(line.text)
    is_sign = bool(_SIGN.fullmatch(line.text))
    if not is_sign and (not match or len(match["name"].split()) > 4):
        return False
    below = own[place + 1 : place + _SIGNATURE_LINES * 10]
    rest = [one.text for one in below if one.text]
    if is_sign:
        return 0 < len(rest) <= _SIGNATURE_LINES * 2
    rest = rest[: next((n for n, text in enumerate(rest) if known.below.match(text)), len(rest))]
    return len(rest) <= _SIGNATURE_LINES and not any(text.endswith("?") for text in rest)


def _end_of_signature(lines: list[_Line], quoted: tuple[Span, ...]) -> int:
    """Where a signature ends: before a quote, or before a postscript."""
    end = lines[0].end
    stop = next((start for start, _ in quoted if start >= end), lines[-1].end + 1)
    for line in lines[1:]:
        if line.start > stop or _patterns().below.match(line.text):
            break
        end = line.end
    return end


def _within(place: int, spans: tuple[Span, ...]) -> bool:
    """Whether a place is in one of the spans, which stand in order."""
    before = bisect_right(spans, place, key=lambda span: span[0])
    return before > 0 and place < spans[before - 1][1]
