"""What shows that a row of a sheet is no record: words of totals, looks of notes, numbers of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from crmcli.matching.firms import read_firm
from crmcli.words import joined

LONGEST = 80
"""Letters that the name of a total may have."""

_LISTS = joined("other_rows")
_WORDS = {name: re.escape(text).replace(r"\|", "|") for name, text in _LISTS.items()}
_RATE = r"\d+(?:[.,]\d+)?\s*%"
_TAX = (
    rf"(?:(?:{_WORDS['before']})\s+)?(?:{_RATE}\s*)?(?:{_WORDS['taxes']})"
    rf"(?:[\s(,@]*{_RATE}\)?)?"
)
_COUNT = r"\s*:\s*[\d\s.,]+|\s+(?:записей|строк|rows|records)\s*:?\s*\d+"
_MARKS = {
    "total": rf"(?:{_WORDS['sums']})(?:{_COUNT}|[\s,(]+{_TAX}\)?)?",
    "tax": _TAX,
    "average": rf"(?:{_WORDS['averages']})",
    "statistic": rf"(?:{_WORDS['statistics']})",
}
_KINDS = {kind: re.compile(rf"{mark}\s*[:.=]*") for kind, mark in _MARKS.items()}
_SUMS = tuple(_LISTS["sums"].split("|"))
_ENDS = tuple(_LISTS["ends"].split("|"))
_STARTS = {
    f"{word} "[:3]
    for name in ("sums", "taxes", "before", "averages", "statistics")
    for word in _LISTS[name].split("|")
}
_NOTE = re.compile(rf"\*|\d\)|[¹²³]|{_WORDS['notes']}")
_SIGNER = re.compile(rf"(?:{_WORDS['signers']})\b.*")
_SENTENCE = re.compile(r".*(?:[.!;:]|: .*|__.*|\d{4}.*)", re.S)
_VALUE = re.compile(r"\S+@\S+|https?:\S+|[^\W\d_]{0,3}[\d\s.,:+()/%-]*\d[\d\s.,:+()/%-]*\D{0,4}")
_WORDY = 5
"""Words from which on a text is rather a sentence than a name."""

_ORDINAL = re.compile(r"[(\[]?(?:гр\.\s*)?(\d{1,3})[a-zа-я]?[)\].]?(?:\s*[=(].*)?")
_LETTERS = ("а", "б", "в", "г", "a", "b", "c", "d")
_FIRST = ("1", "гр", *_LETTERS)


def label_of(cells: Sequence[object]) -> str:
    """The folded cell that names a summary, "" if none does."""
    for cell in cells:
        if isinstance(cell, str) and 2 < len(cell) <= LONGEST:
            text = cell.strip().casefold()
            is_rate = "%" in text and text[0].isdecimal()
            may_begin = text[:3] in _STARTS or text[:2] in _STARTS or is_rate
            if may_begin and (text.startswith(_SUMS) or kind_of(text)):
                return text
            if text.endswith(_ENDS):
                return text
    return ""


def kind_of(label: str) -> str:
    """What a bare word says: `total`, `tax`, `average`, `worked out`; "" of more words."""
    return next((kind for kind, mark in _KINDS.items() if mark.fullmatch(label)), "")


def may_be_note(cells: Sequence[object]) -> bool:
    """Whether so little stands in a row that it may be a note, where others have more."""
    filled = sum(map(bool, cells))
    return 0 < filled < 3 and filled < len(cells)


def is_note(cells: Sequence[object], *, is_apart: bool, is_below_total: bool) -> bool:
    """Whether the texts of a row below the table are a note, rather than a record of which little is known.

    One that `is_apart` has a blank line above it, or a row of totals, and less cells than all others.
    """
    texts = [text for cell in cells if (text := str(cell).strip())]
    first = texts[0].casefold()
    if any(_VALUE.fullmatch(text) for text in texts[1:]) and not first.endswith(":"):
        return False
    if _VALUE.fullmatch(first):
        return False
    if len(texts) > 1:
        return is_apart and (first.endswith(":") or bool(_SIGNER.fullmatch(first)))
    if _NOTE.match(first) or "___" in first:
        return is_apart or len(first.split()) > 1
    if is_below_total:
        return True
    is_firm = read_firm(texts[0]).form != ""
    return (
        is_apart
        and not is_firm
        and bool(_SENTENCE.fullmatch(first) or len(first.split()) >= _WORDY)
    )


def are_column_numbers(cells: Sequence[object]) -> bool:
    """Whether a row numbers the columns: 1, 2, 3 …, perhaps А, Б before them or formulas as `5=3*4`."""
    first = next((str(cell).strip() for cell in cells if cell), "")
    if not first.casefold().lstrip("([").startswith(_FIRST):
        return False
    texts = [text for cell in cells if (text := str(cell).strip().casefold())]
    while texts and texts[0] in _LETTERS:
        texts.pop(0)
    filled = sum(bool(str(cell).strip()) for cell in cells)
    if (
        filled < 3
        or filled < len(cells) - 1
        or len(texts) < 2
        or not texts[0].strip("([").startswith("1")
    ):
        return False
    found = [_ORDINAL.fullmatch(text) for text in texts]
    numbers = [int(match[1]) for match in found if match]
    steps = [after - before for before, after in pairwise(numbers)]
    return len(numbers) == len(texts) and numbers[0] == 1 and {*steps} <= {0, 1} and 1 in steps
