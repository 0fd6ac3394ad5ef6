"""A scrap of text about somebody, as it is copied from a chat or a letter: what it says, and the rest.

Only what is certain is taken; each word of the text is in a field or in the rest. What stands inside a
sentence is read and stays in the rest too, so that the rest can still be understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from crmcli.dataclass import dataclass, field, replace
from crmcli.sales.intake.scrap_names import Named, firm_of, is_greeting, name_of
from crmcli.sales.intake.scrap_parts import SEPARATOR, WORDS, Part, clause_of, form_parts
from crmcli.words import rows

LONGEST = 6_000
"""Letters that are read; what stands behind them is rest."""

MOST_PARTS = 30
"""Phones, addresses and the like: a text with more of them tells of many people, and nothing is taken."""

_REACHED_BY = ("phones", "emails", "handles", "urls")
_BEFORE_PART = re.compile(r"[\s,;:()<>–—-]*")
_SMALL = {word for _, words in rows("small_words") for word in words.split()}
_SMALL |= {*WORDS["sentence"].split("|")}
_OTHER = re.compile(rf"(?<!\w)(?:{WORDS['other']})\b", re.IGNORECASE)
_SURE = 3
_CUT = "\0"
_CUT_OUT = re.compile(rf"[(<\[{{\"'«]*({_CUT}(?:[\s,;:–—/|()<>-]*{_CUT})*)[)>\]}}\"'»]*")
_EDGES = " \t,;:|/•·–—-"


@dataclass(frozen=True, slots=True)
class Scrap:
    """What a text says: values by field, as people write them, and what is left of it."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    rest: str = ""

    @property
    def tells_how_to_reach(self) -> bool:
        """Whether it has a phone, an address, a handle or a site: else it may be no more than a title."""
        return any(name in self.values for name in _REACHED_BY)


def read_scrap(text: str, country: str) -> Scrap:
    """What a text says of one person or company; `country` is that of phones without one, "" for none."""
    size = len(text) if len(text) <= LONGEST else text.rfind(" ", 0, LONGEST) + 1
    read = text[:size].replace(_CUT, " ")
    parts = _of_one(read, form_parts(read, country))
    if len(parts) > MOST_PARTS:
        return Scrap({}, text.strip())
    names, firms = _clauses(read, parts)
    one_name, one_firm = _only(names), _only(firms)
    who = [part for part in (one_name, one_firm) if part]
    parts = sorted([*parts, *who], key=lambda part: part.start)
    values: dict[str, list[str]] = {}
    for part in parts:
        for name, value in part.values:
            if value not in values.setdefault(name, []):
                values[name].append(value)
    # of several people: who has which phone?
    if (names and not one_name) or (firms and not one_firm):
        return Scrap(values, text.strip())
    rest = _without(read, _to_cut(read, parts))
    return Scrap(values, f"{rest}\n{text[size:]}".strip())


def name_said(text: str, country: str) -> Mapping[str, str]:
    """The name that somebody says is their own; {} if nobody or several do."""
    named = _clauses(text[:LONGEST], form_parts(text[:LONGEST], country))[0]
    part = _only([one for one in named if one.rank == _SURE])
    return dict(part.values) if part else {}


def _of_one(text: str, parts: list[Part]) -> list[Part]:
    """The parts without what is of whoever recommended them: `referred by Mike 07700 …`."""
    left: list[Part] = []
    for part in parts:
        is_reached = part.field in ("phones", "emails")
        end = max((one.end for one in left), default=0)
        before = re.split(r"[\n;!?]", text[end : part.start])[-1]
        is_second = is_reached and any(one.field == part.field for one in left)
        if not (is_second and _OTHER.search(before)):
            left.append(part)
    return left


def _clauses(text: str, parts: Sequence[Part]) -> tuple[list[Named], list[Named]]:
    """The people and the companies that the clauses between the parts name."""
    names: list[Named] = []
    firms: list[Named] = []
    reached = [part for part in parts if part.field in _REACHED_BY]
    ends = [0, *(place for part in parts for place in (part.start, part.end)), len(text)]
    begun, greeted = True, False
    for begin, end in zip(ends[::2], ends[1::2], strict=True):
        for start, stop in _pieces(text, begin, end):
            piece, before = text[start:stop], text[max(0, start - 60) : start]
            if firm := firm_of(piece, before):
                firms.append(Named(1, _moved(firm, start)))
                begin_firm = max(firm.start, 0)
                piece = f"{piece[:begin_firm]}{' ' * (firm.end - begin_firm)}{piece[firm.end :]}"
            beside = begun or any(_touches(text, start, stop, part) for part in reached)
            if name := name_of(piece, before, beside=beside, greeted=greeted):
                names.append(Named(name.rank, _moved(name.part, start)))
            greeted = is_greeting(piece, whole=True)
            begun = begun and greeted
    return names, firms


def _pieces(text: str, begin: int, end: int) -> list[tuple[int, int]]:
    """The clauses of a stretch of text, those without a word left out."""
    found, start = [], begin
    for match in SEPARATOR.finditer(text, begin, end):
        found.append((start, match.start()))
        start = match.end()
    found.append((start, end))
    return [(one, two) for one, two in found if re.search(r"\w", text[one:two])]


def _moved(part: Part, by: int) -> Part:
    return replace(part, start=part.start + by, end=part.end + by)


def _touches(text: str, start: int, stop: int, part: Part) -> bool:
    """Whether nothing but signs and one end of a line stands between a clause and a part."""
    between = text[stop : part.start] if part.start >= stop else text[part.end : start]
    return bool(_BEFORE_PART.fullmatch(between)) and between.count("\n") < 2


def _only(found: Sequence[Named]) -> Part | None:
    """The surest one, if no other is as sure and says otherwise."""
    best = max((rank for rank, _ in found), default=0)
    surest = [part for rank, part in found if rank == best]
    return surest[0] if surest and len({part.values for part in surest}) == 1 else None


def _to_cut(text: str, parts: Sequence[Part]) -> list[Part]:
    """The parts that can be taken out: they stand at an edge of their clause, and no word leads to them."""
    cut: list[Part] = []
    for part in parts:  # from the left: at the beginning of a clause
        start, _ = clause_of(text, part)
        if not part.stays and not _word_in(text, start, part.start, cut):
            cut.append(part)
    for part in reversed(parts):  # from the right: at its end
        _, end = clause_of(text, part)
        if part.stays or part in cut or _word_in(text, part.end, end, cut):
            continue
        words = re.findall(r"\w+", text[clause_of(text, part)[0] : part.start])
        if words[-1].casefold() not in _SMALL:
            cut.append(part)
    return sorted(cut, key=lambda part: part.start)


def _word_in(text: str, start: int, end: int, cut: Sequence[Part]) -> bool:
    """Whether a word stands there that is not in one of the parts."""
    left = text[start:end]
    for part in cut:
        one, two = max(part.start - start, 0), max(part.end - start, 0)
        left = f"{left[:one]}{' ' * len(left[one:two])}{left[two:]}"
    return bool(re.search(r"\w", left))


def _without(text: str, cut: Sequence[Part]) -> str:
    """The text without the parts, and without the signs that stood between them and the rest."""
    for part in reversed(cut):
        text = f"{text[: part.start]}{_CUT}{text[part.end :]}"
    lines = (_line(line) if _CUT in line else line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line is not None)


def _line(line: str) -> str | None:
    """A line from which parts were cut; None if nothing is left of it."""
    line = _CUT_OUT.sub(lambda match: re.sub(r"[()<>]", "", match[1]), line)
    pieces = re.split(rf"((?:[{re.escape(_EDGES)}]*{_CUT}[{re.escape(_EDGES)}]*)+)", line)
    texts, joints = pieces[::2], pieces[1::2]
    kept = texts[0]
    for joint, text in zip(joints, texts[1:], strict=True):
        is_apart = any(sign in joint for sign in ",;|")
        is_close = not kept.strip() or not text or text[0] in ".!?"
        between = "" if is_close else ", " if is_apart else " "
        kept = f"{kept}{between}{text}"
    return kept.strip() if re.search(r"[^\W_]|[^\x00-\u02af\s]", kept) else None
