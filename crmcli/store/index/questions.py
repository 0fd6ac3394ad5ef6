"""What somebody searches for: the words, each in its spellings, and the numbers that may be phones."""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

from crmcli.model.spelling import plain, spellings
from crmcli.model.values import fold
from crmcli.store.index.query import bindable
from crmcli.words import rows

SHORTEST = 3  # the trigram index knows nothing shorter
_PHONE_DIGITS = 5  # fewer are found in phones too, but as a word like any other
_FULL_DIGITS = 7
_DIALLED_FIRST = "0189"
"""Before the number of a town, or of another country."""
_NATIONAL = 11  # digits of a Russian or American number as it is dialled
_NUMBER = re.compile(r"[\d()+.\-/]*\d[\d()+.\-/]*")
_ROUND_WORDS = "\"'`´«»‹›“”„‘’()[]{}<>,;:!?…"

_SMALL = frozenset(word for _, said in rows("small_words") for word in said.split())
"""Words that stand between others: a record need not have them."""


class Word(NamedTuple):
    """One thing that must stand in a record: in one of its spellings, or these digits in a phone."""

    spellings: tuple[str, ...]
    digits: tuple[str, ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether the trigram index does not know it."""
        return not self.digits and any(len(text) < SHORTEST for text in self.spellings)

    def as_said(self) -> Word:
        """The same where no phone numbers stand."""
        return Word(self.spellings or self.digits)

    def letters_in(self, text: str) -> int:
        """How many letters of it stand in a text as the index has it."""
        return max((len(spelling) for spelling in self.spellings if spelling in text), default=0)

    def digits_in(self, number: str) -> int:
        """How many of its digits stand in a phone number; as a short word, at its beginning."""
        parts = [digits for digits in self.digits if digits in number]
        short = (s for s in self.spellings if s.isdecimal())
        return max(map(len, [*parts, *(s for s in short if number.startswith(s))]), default=0)


class Question(NamedTuple):
    """What must be there: as words, and (if some may be dialled) with each number as one.

    `typed` are all words, the small ones too: the more of them a name has, the earlier it comes.
    """

    words: list[Word]
    dialled: list[Word]
    typed: list[str]


def read_question(text: str, country: str) -> Question:
    """Take apart what was typed."""
    tokens = str(bindable(fold(text))).split()
    tokens = [word for token in tokens if (word := _bare(token))]
    needed = tokens if len(tokens) < 2 else [t for t in tokens if not _is_passed_over(t)] or tokens
    words: list[Word] = []
    dialled: list[Word] = []
    for is_number, run in groupby(needed, _is_number):
        parts = list(run)
        found = [word for part in parts for word in _words(part, country, is_number=is_number)]
        number = _number(parts, country) if is_number else None
        is_typed_apart = number and len(_digits("".join(parts))) >= _FULL_DIGITS and len(parts) > 1
        words += [Word((plain(" ".join(parts)),))] if is_typed_apart else found
        dialled += [number] if number else found
    if whole := _whole_number(text, country):
        dialled = [whole]
    return Question(
        list(dict.fromkeys(words)),
        [] if dialled == words else list(dict.fromkeys(dialled)),
        list(dict.fromkeys(map(plain, tokens))),
    )


def _is_number(token: str) -> bool:
    return bool(_NUMBER.fullmatch(plain(token)))


def _is_passed_over(token: str) -> bool:
    """Whether a record need not have a word: a small one, a legal form (`ООО Ромашка`)."""
    from crmcli.matching.firms import is_form

    return token in _SMALL or is_form(token)


def _bare(token: str) -> str:
    """A word without the marks around it."""
    return token if _is_number(token) else token.strip(_ROUND_WORDS).rstrip(".")


def _words(token: str, country: str, *, is_number: bool) -> list[Word]:
    """A word, or those that a dash joins; a number also as it may begin a phone."""
    if not is_number:
        parts = plain(token).split("-")
        is_joined = "@" not in token and all(len(part) >= SHORTEST for part in parts)
        return [Word(spellings(part)) for part in (token.split("-") if is_joined else [token])]
    digits = _digits(token)
    if len(digits) < SHORTEST:
        return [Word((digits,))]
    begun = "" if plain(token)[0] == "+" else _begun(digits, country)
    return [Word((plain(token),), tuple({d: 0 for d in (begun, digits) if d not in ("", token)}))]


def _number(parts: list[str], country: str) -> Word | None:
    """Numbers in a row as one that is dialled; None if they are too few digits."""
    text = plain(" ".join(parts))
    text = text.replace("(0)", "") if text[0] == "+" else text
    digits = _digits(text)
    if len(digits) < _PHONE_DIGITS:
        return None
    if text[0] == "+" or digits[0] not in _DIALLED_FIRST:
        return Word((), (digits,))
    begun = _begun(digits, country)
    is_told = len(begun) == len(digits) == _NATIONAL
    whole = "" if is_told or len(digits) < _FULL_DIGITS else _key(text, country)
    return Word((), tuple(dict.fromkeys(filter(None, (whole, begun)))) or (digits,))


def _key(text: str, country: str) -> str:
    from crmcli.model.phones import key

    return key(text, country)


def _begun(digits: str, country: str) -> str:
    """What stands in the index for a number that is typed as within its country."""
    if digits[0] not in _DIALLED_FIRST:
        return ""
    from crmcli.model.phones import begun

    found = begun(digits, country)
    return found if len(found) >= SHORTEST else ""


def _whole_number(text: str, country: str) -> Word | None:
    """All that was typed as one number with words for it: `тел. 8 495 123-45-67 доб. 12`."""
    if len(_digits(text)) < _FULL_DIGITS or not any(map(str.isalpha, text)):
        return None
    from crmcli.model.phones import parse_phones

    try:
        [phone, *_] = parse_phones(text, country)
    except ValueError:
        return None
    return Word((), (_digits(phone.value),))


def _digits(text: str) -> str:
    return "".join(re.findall(r"\d", text))
