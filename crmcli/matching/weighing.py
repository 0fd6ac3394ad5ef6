"""How likely two profiles are one record: what agrees and what speaks against it, weighed in bits.

A sign weighs the more, the fewer records share it: the weight of a word is the logarithm of how rare it
is in this base. What two strangers may share by chance, in a base of this size, is `need`: where
all signs together reach it, the odds are even, and each bit more doubles them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import log2

from crmcli.matching.firms import compare_firms
from crmcli.matching.first_names import full_forms, is_patronymic
from crmcli.matching.mail_domains import is_shared
from crmcli.matching.people import ANY, FIRST, LAST, MIDDLE, Comparison, Match, Word, compare
from crmcli.matching.profiles import Profile

LEAST_SIZE = 3000
"""Chance is reckoned as in a base of at least so many: a small one does not know which names are common."""

IMPOSSIBLE = -60.0
_PRIOR = 3.3  # one record in twenty has a double
_COMMON_FIRST, _COMMON_LAST = 0.015, 0.003
_LASTS = """
    иванов смирнов кузнецов попов васильев петров соколов михаилов новиков федоров морозов волков
    алексеев лебедев семенов егоров павлов козлов степанов николаев орлов андреев макаров никитин
    захаров заицев соловев борисов яковлев григорев романов воробев сергеев кузмин фролов
    александров дмитриев королев гусев киселев илин махимов поляков сорокин виноградов ковалев белов
    медведев антонов тарасов жуков баранов филипов комаров давидов беляев герасимов богданов осипов
    сидоров матвеев титов марков миронов крилов куликов карпов власов мелников денисов гаврилов
    тихонов казаков афанасев данилов савелев тимофеев фомин чернов абрамов мартинов ефимов федотов
    щербаков назаров калинин исаев чернишев биков маслов родионов коновалов лазарев воронин климов
"""
_COMMON_LASTS = frozenset(_LASTS.split())
_AGAINST = {FIRST: -30.0, MIDDLE: -20.0, LAST: -12.0, ANY: -16.0}
_MARRIED = -5.0
_CONTRADICTORY = -9.0
_TITLE_AGAINST = -1.0
_INITIAL = 3.0
_BIRTHDAY, _NEW_YEAR, _OTHER_BIRTHDAY = 12.0, 3.0, -8.0
_OTHER_PHONES, _OTHER_BOXES, _ELSEWHERE = -2.0, -2.0, -1.0  # both have some, and none in common
_GENDER = -1.0  # each word of a name tells again whether it is a man's
_HANDLE = 6.0  # of an account, or an id of another system: nobody shares them
_FEW = 4  # records that share a phone or a mailbox; more are an office


class Scale:
    """Weighs pairs of profiles, knowing how common everything is among all of them."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._words: Counter[str] = Counter()
        self._holders: Counter[str] = Counter()
        self._firms: Counter[str] = Counter()
        self._most: dict[str, float] = {}
        count = 0
        for profile in profiles:
            count += 1
            self._words.update({word.bones for word in profile.person})
            self._words.update(set(profile.firm.bones))
            self._holders.update({*profile.phones, *profile.boxes, *profile.places})
            if profile.firm.bones:
                self._firms[firm_key(profile)] += 1
        self.size = max(count, LEAST_SIZE)
        self._is_small = count < LEAST_SIZE
        self.need = log2(self.size) + _PRIOR

    # -- how rare things are ----------------------------------------------------------------------

    def word(self, word: Word) -> float:
        """The bits of a word of a person's name."""
        if word.is_initial:
            return _INITIAL
        return self._bits(word, self._words[word.bones])

    def _bits(self, word: Word, count: int) -> float:
        share = count / self.size
        if not self._is_small:
            return -log2(max(share, 2 / self.size))
        if full_forms(word.bones) or is_patronymic(word.text):
            share = max(share, _COMMON_FIRST)
        elif word.bones.removesuffix("а") in _COMMON_LASTS:
            share = max(share, _COMMON_LAST)
        return -log2(max(share, 2 / self.size))

    def bones(self, bones: str) -> float:
        """The bits of a word of a firm's name."""
        return -log2(max(self._words[bones], 2) / self.size)

    def most(self, profile: Profile) -> float:
        """What a person's name can weigh at most."""
        found = self._most.get(profile.id)
        if found is None:
            found = self._most[profile.id] = sum(self.word(word) for word in profile.person)
        return found

    def holders(self, key: str) -> int:
        """How many records have this phone, mailbox or place."""
        return self._holders[key]

    # -- weighing ---------------------------------------------------------------------------------

    def weigh(self, one: Profile, other: Profile, least: float = IMPOSSIBLE) -> float:
        """The logarithm of the odds that two are one record; IMPOSSIBLE if it cannot reach `least`."""
        if one.is_firm:
            return self._companies(one, other) - self.need
        rest = self._touch(one, other) + self._birthdays(one, other) - self.need
        if not (one.person and other.person) and _have_other_boxes(one, other):
            rest += _OTHER_BOXES  # a number of several, as far as is known
        if rest + min(self.most(one), self.most(other)) < least:
            return IMPOSSIBLE  # however well the names agree, and they are dear to compare
        return rest + self._names(one, other)

    def has_own(self, one: Profile, other: Profile) -> bool:
        """Whether they share what hardly two have: a phone, a mailbox, a number of a register."""
        numbers = ((one.inn, other.inn), (one.ogrn, other.ogrn))
        if any(mine and mine == theirs for mine, theirs in numbers):
            return True
        if _common(one.handles, other.handles) or _common(one.external, other.external):
            return True
        keys = _common(one.phones, other.phones)
        keys += [box for box in _common(one.boxes, other.boxes) if not is_shared(box)]
        return any(self.holders(key) <= _FEW for key in keys)

    def _names(self, one: Profile, other: Profile) -> float:
        found = compare(one.person, other.person)
        weight = sum(self._match(match) for match in found.matches)
        weight += _GENDER * max(len(found.matches) - 1, 0)
        if one.is_titled and not (one.is_placed and other.is_placed):
            return min(weight, self.need - 2.0) + _TITLE_AGAINST * len(found.against)
        return weight + contradiction(found)

    def _match(self, match: Match) -> float:
        mine, theirs = self.word(match.one), self.word(match.other)
        if match.how == "same":
            return mine
        if match.how == "short":
            both = self._words[match.one.bones] + self._words[match.other.bones]
            return 0.9 * self._bits(match.one, both)
        if match.how == "initial":
            return _INITIAL
        often = min(self._words[match.one.bones], self._words[match.other.bones])
        return min(mine, theirs) - (3.0 if often < _FEW else 6.0)

    def contradict(self, one: Profile, other: Profile) -> bool:
        """Whether two records cannot be one, whatever they share."""
        if one.is_firm:
            return self._companies(one, other) < _CONTRADICTORY
        if one.is_titled and not (one.is_placed and other.is_placed):
            return False
        return contradicts(compare(one.person, other.person))

    def _touch(self, one: Profile, other: Profile) -> float:
        """What the phones, mailboxes, companies and domains in common weigh, all together.

        They come together, so the best counts, and a second one but a little.
        """
        bonus = 3.0 if one.is_titled else 0.0
        found = [self._own(phone, 2.0 + bonus, 1.5) for phone in _common(one.phones, other.phones)]
        found += [
            self.place(box) if is_shared(box) else self._own(box, 4.0 + bonus, 1.0)
            for box in _common(one.boxes, other.boxes)
        ]
        if one.contact and one.contact == other.contact:
            found.append(self.need + 1.0)
        if _common(one.handles, other.handles) or _common(one.external, other.external):
            found.append(self.need + _HANDLE)
        strong = sum(weight > self.need - 2 for weight in found)
        places = [self.place(place) for place in _common(one.places, other.places)]
        weight = max([*found, *places], default=0.0) + (3.0 if strong > 1 else 0.0)
        if not found:
            weight += _OTHER_PHONES * bool(one.phones and other.phones)
            weight += _OTHER_BOXES * _have_other_boxes(one, other)
        if not places and one.places and other.places:
            weight += _ELSEWHERE
        return weight

    def _own(self, key: str, most: float, less: float) -> float:
        """A phone or mailbox that hardly two people have in common; of many it is an office's."""
        holders = max(self.holders(key), 2)
        if holders > _FEW:
            return self.place(key)
        return self.need + most - less * (holders - 2)

    def place(self, key: str) -> float:
        """Where colleagues meet: it weighs the more, the fewer there are."""
        return min(log2(self.size / max(self.holders(key), 2)), self.need - 3.0)

    def _birthdays(self, one: Profile, other: Profile) -> float:
        if not (one.birthday and other.birthday):
            return 0.0
        has_years = "--" not in (one.birthday[:2], other.birthday[:2])
        if one.birthday[0 if has_years else -5 :] != other.birthday[0 if has_years else -5 :]:
            return _OTHER_BIRTHDAY
        is_often = not has_years or one.birthday.endswith("-01-01")
        return _NEW_YEAR if is_often else _BIRTHDAY

    def _companies(self, one: Profile, other: Profile) -> float:
        """Numbers of the registers decide; else the name, and what else agrees."""
        weight = 0.0
        if one.inn and other.inn:
            branches = one.kpp and other.kpp and one.kpp != other.kpp
            if one.inn != other.inn or branches:
                return IMPOSSIBLE
            weight = self.need + 10.0
        if one.ogrn and other.ogrn:
            if one.ogrn != other.ogrn:
                return IMPOSSIBLE
            weight = self.need + 8.0
        return weight + self._firm_names(one, other) + self._addresses(one, other)

    def _firm_names(self, one: Profile, other: Profile) -> float:
        if not (one.firm.bones and other.firm.bones):
            return 0.0
        found = compare_firms(one.firm, other.firm)
        both = found.only_one and found.only_other
        weight = 0.0
        if one.firm.form and other.firm.form and one.firm.form != other.firm.form:
            weight = -7.0
        if not (found.only_one or found.only_other):
            if found.slips:
                return weight + self.need + (1.0 if found.same else -0.5)
            holders = max(self._firms[firm_key(one)], self._firms[firm_key(other)], 2)
            longer = 1.0 if len(one.firm.bones) > 1 else 0.0
            return weight + self.need + 2.0 + longer - 0.75 * (holders - 2)
        if both:
            return weight + (-14.0 if _has_number(found.only_one + found.only_other) else -9.0)
        if _has_number(found.only_one + found.only_other):
            weight -= 4.0
        return weight + 0.6 * min(self.need, sum(map(self.bones, found.same)))

    def _addresses(self, one: Profile, other: Profile) -> float:
        found = [self._own(phone, 1.0, 1.5) for phone in _common(one.phones, other.phones)]
        found += [self._own(box, 3.0, 1.5) for box in _common(one.boxes, other.boxes)]
        found += [self._own(place, -2.0, 1.5) for place in _common(one.places, other.places)]
        if _common(one.handles, other.handles) or _common(one.external, other.external):
            found.append(self.need + _HANDLE)
        return max(found, default=0.0) + (2.0 if len(found) > 1 else 0.0)


def contradiction(found: Comparison) -> float:
    """What the words of two people's names that do not go together weigh."""
    if found.against == (LAST,) and any(_is_of_a_woman(match.one) for match in found.matches):
        return _MARRIED
    return sum(_AGAINST[role] for role in found.against)


def contradicts(found: Comparison) -> bool:
    """Whether two people's names say that these are two."""
    return contradiction(found) < _CONTRADICTORY


def firm_key(profile: Profile) -> str:
    """A firm's name without its form, in whatever order."""
    return " ".join(sorted(profile.firm.bones))


def score_of(weight: float) -> int:
    """The weight as people read it: 0 to 100, 50 where the odds are even."""
    return round(100 / (1 + 2 ** -min(max(weight, -40.0), 40.0)))


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> list[str]:
    return [key for key in one if key in other]


def _is_of_a_woman(word: Word) -> bool:
    """Whether a first name or patronymic ends as those of women do; a few men's do as well."""
    return word.role in (FIRST, MIDDLE) and word.bones.endswith(("а", "я"))


def _own_boxes(profile: Profile) -> list[str]:
    return [box for box in profile.boxes if not is_shared(box)]


def _have_other_boxes(one: Profile, other: Profile) -> bool:
    mine, theirs = _own_boxes(one), _own_boxes(other)
    return bool(mine and theirs) and not set(mine) & set(theirs)


def _has_number(words: tuple[str, ...]) -> bool:
    return any(letter.isdecimal() for word in words for letter in word)
