"""Phones and e-mails that people give back masked, as they stand in the field that these were shown from.

A mask is known by its place where nothing else changed, else by what it looks like. Where several look
alike, they are told by their order or by the words before them, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from crmcli.model.addresses import NO_LOCAL
from crmcli.model.mails_in_text import LONGEST_LOCAL
from crmcli.model.masked_lines import BETWEEN, broken_numbers
from crmcli.model.masked_places import (
    AS_MASKED,
    MAIL,
    NUMBER,
    Leaf,
    Mask,
    Masks,
    Shown,
    compared,
    digits_and_stars,
    each_text,
    keys_in,
    masked_mails,
    numbers_in,
)
from crmcli.model.masking import SHORTEST, STAR, plain_digits
from crmcli.model.torn_masks import left_of_masks

_MARK = "\ue000"
"""In place of the stars of a mask."""
_LONG_MASK = re.compile(r"\d+\*{5}\d\d")
"""The digits and stars of a masked number that is long enough to go on in the next line."""
_WHOLE = re.compile(r"\d{3,}\*{5}")
_NEAR = re.compile(rf"[\d{_MARK}\r\n{BETWEEN}]*")
_LOCAL = re.compile(rf"[^{NO_LOCAL}@]+")
_FIRST_STAR = re.compile(r"^([ ]*(?:- )*(?:[^\s:]+: +)?)\*(?=[\d*])", re.MULTILINE)


class Unclear(ValueError):
    """A mask of which nobody can say what it hides: several look like it, or none in its field."""

    def __init__(self, mask: str, *, is_alike: bool) -> None:
        super().__init__(mask)
        self.mask, self.is_alike = mask, is_alike


def unmasked(given: Any, stored: Any, rest: Any = ()) -> Any:
    """What people give back for a field, with what is masked in it as it stands there; Unclear.

    `rest` are the other fields of the record, whose masks have no business here.
    """
    if not has_masks(given):
        return given
    marked = changed(given, _marked)
    if _fits_whole(marked, stored):
        return stored
    is_text = isinstance(given, str) and isinstance(stored, str)
    if is_text:
        for edited in (_shortened, _changed_in_one_place):
            if (found := edited(marked, stored)) is not None:
                return found
    if over_lines := next(_masks_over_lines(given), None):
        raise Unclear(over_lines, is_alike=False)
    return _rebuilt(given, iter(_restored(given, stored, rest, is_list=not is_text)))


def has_masks(given: Any) -> bool:
    """Whether something in a value may be masked."""
    return any(STAR in text or MAIL[0] in text for _, text in each_text(given))


def without_aliases(text: str) -> str:
    """A text of YAML in which no value begins with the star of a mask."""
    return text if _MARK in text else _FIRST_STAR.sub(rf"\1{_MARK}", text)


def with_stars(raw: Any) -> Any:
    """What was read from such a text, with the stars again."""
    return changed(raw, lambda text: text.replace(_MARK, STAR))


def changed(raw: Any, change: Callable[[str], str]) -> Any:
    """A value with each of its texts changed."""
    return _rebuilt(raw, (change(text) for _, text in each_text(raw)))


def _rebuilt(raw: Any, texts: Iterator[str]) -> Any:
    """The same value with other texts."""
    if isinstance(raw, str):
        return next(texts)
    if isinstance(raw, Mapping):
        return {name: _rebuilt(value, texts) for name, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [_rebuilt(value, texts) for value in raw]
    return raw


def _marked(text: str) -> str:
    """A text in which digits that are hidden are no stars of anybody's own: 2*3."""
    made = NUMBER.sub(
        lambda found: (
            found[0].replace(STAR, _MARK) if AS_MASKED.search(compared(found[0])) else found[0]
        ),
        text,
    )
    places = {n for start, end in _long_masks(text) for n in range(start, end) if text[n] == STAR}
    if places:
        made = "".join(_MARK if n in places else letter for n, letter in enumerate(made))
    return made


def _long_masks(text: str) -> Iterator[tuple[int, int]]:
    """From where to where masks stand that go on in the next line."""
    for start, end, _ in (
        broken_numbers(plain_digits(text.replace(STAR, "0"))) if STAR in text else ()
    ):
        if _LONG_MASK.fullmatch(digits_and_stars(text[start:end])):
            yield start, end


def _masks_over_lines(given: Any) -> Iterator[str]:
    """The masks that go on in the next line, and are no whole ones in their last."""
    found = (text[start:end] for _, text in each_text(given) for start, end in _long_masks(text))
    return (one for one in found if not _WHOLE.match(digits_and_stars(one.split("\n")[-1])))


def _fits_whole(given: Any, stored: Any) -> bool:
    """Whether a value is the stored one, of which some is masked."""
    if isinstance(given, str) and isinstance(stored, str):
        return _fits(given, stored)
    if isinstance(given, Mapping) and isinstance(stored, Mapping):
        return given.keys() == stored.keys() and all(
            _fits_whole(value, stored[name]) for name, value in given.items()
        )
    if isinstance(given, list | tuple) and isinstance(stored, list | tuple):
        return len(given) == len(stored) and all(map(_fits_whole, given, stored))
    return bool(given == stored)


def _fits(given: str, stored: str) -> bool:
    """Whether a text is the stored one, of which some is masked."""
    if given == stored:
        return True
    at = 0
    first, *parts = given.split(MAIL)
    if not _same(first, stored[: len(first)]):
        return False
    at = len(first)
    for part in parts:
        end = stored.find("@", at, at + LONGEST_LOCAL)
        if end < 0 or len(stored[at:end].split()) > 1:
            return False
        at = end + 1 + len(part)
        if not _same(part, stored[end + 1 : at]):
            return False
    return at == len(stored)


def _same(given: str, stored: str) -> bool:
    if given == stored or _MARK not in given or len(given) != len(stored):
        return given == stored
    return all(
        one == other or (one == _MARK and (other.isdecimal() or other == STAR))
        for one, other in zip(given, stored, strict=True)
    )


def _shortened(given: str, stored: str) -> str | None:
    """The stored text without what stood in one place, where that is all that changed; else None. Unclear
    where it may have been something else that looks alike."""
    kept, parts = _parts(given), _parts(stored)
    less = len(parts) - len(kept)
    if less <= 0:
        return None
    start = _alike(kept, parts)
    end = len(kept) - _alike(kept[::-1], parts[::-1])
    if start < end:
        return None
    for n in range(end, start):
        if parts[n] != parts[n + less]:
            raise Unclear(_mask_at(given, sum(map(len, kept[:n]))), is_alike=True)
    return "".join(parts[:start] + parts[start + less :])


def _changed_in_one_place(given: str, stored: str) -> str | None:
    """The stored text with something new in one place, in which no mask stands, where that is all that
    changed; else None, also where a number went that may have been one of those that are masked."""
    kept, parts = _parts(given), _parts(stored)
    start = _alike(kept, parts)
    end = min(_alike(kept[::-1], parts[::-1]), len(kept) - start, len(parts) - start)
    new, gone = ("".join(each[start : len(each) - end]) for each in (kept, parts))
    count = sum(map(str.isdecimal, gone))
    if _MARK in new or MAIL in new or count >= SHORTEST or "@" in gone or (STAR in new and count):
        return None
    before, behind = "".join(kept[:start]), "".join(kept[len(kept) - end :])
    if _is_torn(before[::-1], new[:1] + gone[:1]) or _is_torn(behind, new[-1:] + gone[-1:]):
        return None
    return "".join([*parts[:start], new, *parts[len(parts) - end :]])


def _is_torn(beside: str, ends: str) -> bool:
    """Whether a change ends within a masked number: it begins with digits that touch digits of one."""
    near = _NEAR.match(beside)
    touches = beside[:1].isdecimal() or beside[:1] == _MARK
    return bool(
        near and touches and _MARK in near[0] and any(c.isdecimal() or c == STAR for c in ends)
    )


def _parts(text: str) -> list[str]:
    """The letters of a text; what stands before an @ is one."""
    made: list[str] = []
    done = 0
    for found in re.finditer("…?@", text):
        before = text[max(done, found.start() - LONGEST_LOCAL) : found.start()]
        local = _LOCAL.match(before[::-1])
        start = found.start() - (local.end() if local else 0)
        made += text[done:start]
        made.append(text[start : found.end()])
        done = found.end()
    return [*made, *text[done:]]


def _alike(given: Sequence[str], stored: Sequence[str]) -> int:
    """How many first parts are those that are stored."""
    pairs = zip(given, stored, strict=False)
    return next(
        (n for n, pair in enumerate(pairs) if not _fits(*pair)), min(len(given), len(stored))
    )


def _mask_at(given: str, at: int) -> str:
    """What is masked at a place, as it is written."""
    text = given.replace(_MARK, STAR)
    spans = [*numbers_in(text)]
    spans += [(start, ends[0]) for start, ends in masked_mails(text)]
    return next((text[start:end] for start, end in spans if start <= at < end), text[at : at + 1])


def _restored(given: Any, stored: Any, rest: Any, *, is_list: bool) -> list[str]:
    """The texts of a value with its masks replaced."""
    leaves = [*each_text(given)]
    masks = Masks(leaves)
    known = masks.shown_in(stored)
    chosen = masks.chosen(known)
    by_form: dict[str, list[Mask]] = {}
    for mask in chosen:
        by_form.setdefault(mask.form, []).append(mask)
    values: dict[Mask, str] = {}
    for form, alike in by_form.items():
        if form in known:
            values |= _values(alike, known[form], leaves, is_list=is_list)
    made = _with_values(leaves, values)
    lost = [mask for mask in chosen if mask not in values]
    if lost and masks.shown_in(rest).keys() & {mask.form for mask in lost}:
        raise Unclear(_written(lost[0], leaves), is_alike=False)
    if torn := left_of_masks(made, stored):
        raise Unclear(_written(lost[0], leaves) if lost else torn, is_alike=False)
    return made


def _written(mask: Mask, leaves: Sequence[Leaf]) -> str:
    return leaves[mask.leaf][1][mask.start : mask.end]


def _with_values(leaves: Sequence[Leaf], values: Mapping[Mask, str]) -> list[str]:
    parts: list[list[str]] = [[] for _ in leaves]
    ends = [0] * len(leaves)
    for mask in sorted(values):
        if mask.start >= ends[mask.leaf]:
            parts[mask.leaf] += leaves[mask.leaf][1][ends[mask.leaf] : mask.start], values[mask]
            ends[mask.leaf] = mask.end
    return ["".join([*made, leaves[n][1][ends[n] :]]) for n, made in enumerate(parts)]


def _values(
    masks: Sequence[Mask], shown: Sequence[Shown], leaves: Sequence[Leaf], *, is_list: bool
) -> dict[Mask, str]:
    """What masks hide that look alike; Unclear."""
    if len({one.key for one in shown}) > 1:  # those that are given whole were not masked
        keys = {one.key for one in shown}
        whole = {key for _, text in leaves for key in keys_in(text, keys)}
        shown = [one for one in shown if one.key not in whole] or shown
    texts = [_written(one, leaves) for one in masks]
    if len({one.key for one in shown}) == 1:
        spelled = {one.look: one for one in reversed(shown)}
        found: Sequence[Shown] = [spelled.get(text, shown[0]) for text in texts]
    else:
        found = _in_order(masks, shown, is_list=is_list) or _by_label(masks, shown, is_list=is_list)
    if not found:
        raise Unclear(texts[0], is_alike=True)
    pairs = zip(masks, texts, found, strict=True)
    return {mask: one.value if is_list else _filled(text, one) for mask, text, one in pairs}


def _filled(text: str, shown: Shown) -> str:
    """A number as it is written in a text, with the digits that it hides."""
    if MAIL in text or text == shown.look:
        return shown.value
    made, digits = list(text), list(digits_and_stars(shown.value))
    for n in reversed([n for n, one in enumerate(text) if one == STAR or one.isdecimal()]):
        digit = digits.pop() if digits else STAR
        made[n] = digit if made[n] == STAR else made[n]
    return "".join(made)


def _in_order(masks: Sequence[Mask], shown: Sequence[Shown], *, is_list: bool) -> Sequence[Shown]:
    """As many as there were, of which one at most is called otherwise."""
    if len(masks) != len(shown):
        return []
    pairs = zip(masks, shown, strict=True)
    other = [1 for a, b in pairs if a.label != b.label and (a.label or not is_list)]
    return shown if len(other) <= 1 else []


def _by_label(masks: Sequence[Mask], shown: Sequence[Shown], *, is_list: bool) -> Sequence[Shown]:
    """Each is called as one of them was, and no other."""
    labels = [one.label for one in masks]
    if not all(labels) or len({*labels}) < len(labels):
        return []
    if len(masks) != len(shown) and not is_list:
        return []
    named: dict[str, dict[str, Shown]] = {}
    for one in shown:
        named.setdefault(one.label, {}).setdefault(one.key, one)
    found = [[*named.get(label, {}).values()] for label in labels]
    return [ones[0] for ones in found] if all(len(ones) == 1 for ones in found) else []
