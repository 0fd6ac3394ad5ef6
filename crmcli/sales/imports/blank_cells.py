"""Cells that hold something and say nothing: a dash, `нет`, `n/a`, the errors of spreadsheets."""

from __future__ import annotations

import re

from crmcli.model.kinds import BOOL, Field
from crmcli.model.kinds.numbers import TRUTHS
from crmcli.model.values import fold
from crmcli.words import joined

_MARKS = re.compile(r"[-\u2010-\u2015\u2212_=.,…?*/\\|~;:'\"\s]+|\(-\)|\[\]|\{\}")
_WORDS = joined("blank_cells", " ")
_PHRASES = frozenset(map(fold, _WORDS["phrases"].split()))
_NO_DAYS = frozenset(_WORDS["days"].split())
_ANSWERS = frozenset(_WORDS["answers"].split())
"""Words that answer a question, or may be somebody's name, and elsewhere say nothing."""

_LONGEST = 24
_ZEROS = re.compile(r"[0\s().+-]*0[0\s().,+-]*")
_REACHED_BY = ("phone", "email", "site", "inn")


def says_nothing(spec: Field, part: str, text: str, *, may_answer: bool) -> bool:
    """Whether a cell of a field, or of a part of it, is as good as empty.

    Where the words of a question `may_answer`, no is an answer.
    """
    if len(text) > _LONGEST and text[0].isalnum():
        return False
    kind, folded = spec.kind, fold(text)
    if kind is BOOL and folded in TRUTHS:
        return False
    joined_up = folded.replace(" ", "_")
    if _MARKS.fullmatch(text) or joined_up in _PHRASES:
        return True
    if kind.is_time and joined_up in _NO_DAYS:
        return True
    if folded in _ANSWERS:
        return not may_answer
    if not _ZEROS.fullmatch(text):
        return False
    is_reach = kind.found_by in _REACHED_BY or part in _REACHED_BY or kind.is_digits
    return is_reach or kind.is_time or kind.is_link
