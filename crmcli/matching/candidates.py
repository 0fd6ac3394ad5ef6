"""Which pairs are worth weighing: those that share a key. All pairs would be too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from crmcli.matching.firms import firm_keys
from crmcli.matching.first_names import full_forms
from crmcli.matching.people import Word
from crmcli.matching.profiles import Profile
from crmcli.matching.weighing import Scale

MOST = 40
"""Records of one key that are all compared with each other; more are parted by their words."""

_SHIFT = 24  # bits for the number of a record: sixteen million
_MASK = (1 << _SHIFT) - 1


class Candidates:
    """The pairs that share a key, each once.

    `left_out` counts the records that share a key, and all their words, with too many others.
    """

    def __init__(self, profiles: Sequence[Profile], scale: Scale, least: float) -> None:
        self._profiles = profiles
        self._scale = scale
        self._least = least
        self.left_out = 0

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Pairs of places in the list of profiles, the smaller first."""
        seen: set[int] = set()
        for block in self._blocks():
            for one, other in combinations(block, 2):
                pair = one << _SHIFT | other
                if pair not in seen:
                    seen.add(pair)
                    yield one, other

    def _blocks(self) -> Iterator[list[int]]:
        """Records by key, which is kept as a number: a million texts would fill the memory."""
        packed = [
            (hash(key) & 0xFFFFFFFFFF) << _SHIFT | number
            for number, profile in enumerate(self._profiles)
            for key in self._keys(profile)
        ]
        packed.sort()
        block: list[int] = []
        last = -1
        for item in packed:
            if item >> _SHIFT != last:
                yield from self._cut(block)
                block, last = [], item >> _SHIFT
            if not block or block[-1] != item & _MASK:
                block.append(item & _MASK)
        yield from self._cut(block)

    def _cut(self, block: list[int]) -> Iterator[list[int]]:
        """A block that can be gone through pair by pair, or its parts by one more word in common."""
        if len(block) < 2:
            return
        if len(block) <= MOST:
            yield block
            return
        parts: dict[str, list[int]] = {}
        for number in block:
            for word in _main_words(self._profiles[number]):
                parts.setdefault(word, []).append(number)
        too_many = [part for part in parts.values() if len(part) > MOST]
        yield from (part for part in parts.values() if 1 < len(part) <= MOST)
        for part in too_many:
            yield from self._pairs_of_words(part)

    def _pairs_of_words(self, block: list[int]) -> Iterator[list[int]]:
        parts: dict[tuple[str, ...], list[int]] = {}
        for number in block:
            for two in combinations(sorted(_main_words(self._profiles[number])), 2):
                parts.setdefault(two, []).append(number)
        small = [part for part in parts.values() if len(part) <= MOST]
        yield from (part for part in small if len(part) > 1)
        self.left_out += len(block) - len({number for part in small for number in part})

    def _keys(self, profile: Profile) -> Iterator[str]:
        for phone in profile.phones:
            yield f"p{phone}"
        for box in profile.boxes:
            yield f"b{box}"
        yield from (f"h{handle}" for handle in (*profile.handles, *profile.external))
        for number in filter(None, (profile.inn, profile.ogrn, profile.contact)):
            yield f"n{number}"
        words = words_of(profile)
        for place in (*profile.places, profile.birthday):
            if place and self._is_enough(profile, place):
                yield from (f"{place} {word}" for word in words)
        if profile.is_firm:
            yield from self._firm_keys(profile)
        elif self._scale.most(profile) >= self._scale.need + self._least:
            yield from (f"w{one} {other}" for one, other in combinations(sorted(words), 2))

    def _is_enough(self, profile: Profile, place: str) -> bool:
        """Whether a place and a name may do together; a common name in a large firm never does."""
        if profile.is_firm or profile.is_titled or place == profile.birthday:
            return True
        return (
            self._scale.place(place) + self._scale.most(profile) >= self._scale.need + self._least
        )

    def _firm_keys(self, profile: Profile) -> Iterator[str]:
        if not profile.firm.bones:
            return
        yield from (f"f{key}" for key in firm_keys(profile.firm))
        yield from (f"d{place}" for place in profile.places)
        for word in set(profile.firm.bones):
            if len(profile.firm.bones) > 1 and self._scale.bones(word) >= self._scale.need - 6:
                yield f"w{word}"


def words_of(profile: Profile) -> set[str]:
    """The words by which a profile is found: first names in full, so that Саша meets Александр."""
    return {*_canonical(profile.person), *profile.firm.bones}


def _main_words(profile: Profile) -> set[str]:
    """One for each word of the name: a short first name is taken for one of what it may be short for."""
    return {min(full_forms(word.bones), default=word.bones) for word in profile.person} | {
        *profile.firm.bones
    }


def _canonical(person: Iterable[Word]) -> Iterator[str]:
    for word in person:
        if not word.is_initial:
            yield from full_forms(word.bones) or (word.bones,)
