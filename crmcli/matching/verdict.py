"""The verdict on two records that have something in common: one, likely one, another, or not to be said.

Adding, editing, importing, converting and `crm dupes` ask here, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from crmcli.matching.firms import compare_firms
from crmcli.matching.people import compare
from crmcli.matching.profiles import Profile
from crmcli.matching.weighing import Scale, contradicts, score_of

Verdict: TypeAlias = Literal["same", "likely", "doubt", "other"]
"""`same` and `likely` are what `crm dupes` shows; `likely` rests on a name alone, which others may have."""

LEAST = 60
"""The score from which two are taken for one, unless somebody asks for others."""


def verdicts(one: Profile, others: Sequence[Profile]) -> list[Verdict]:
    """What each of the others is to one record; they are all that share something with it."""
    scale = Scale([one, *others])
    return [_verdict(scale, one, other) for other in others]


def _verdict(scale: Scale, one: Profile, other: Profile) -> Verdict:
    if are_strangers(one, other):
        return "other"
    if score_of(scale.weigh(one, other)) < LEAST:
        return "doubt"
    return "same" if shares_own(one, other) or _is_enough(one, other) else "likely"


def shares_own(one: Profile, other: Profile) -> bool:
    """Whether both have a phone, a mailbox, a number of a register, an account or an id."""
    numbers = [(one.inn, other.inn), (one.ogrn, other.ogrn), (one.contact, other.contact)]
    lists = [(one.phones, other.phones), (one.boxes, other.boxes)]
    lists += [(one.handles, other.handles), (one.external, other.external)]
    return any(mine and mine == theirs for mine, theirs in numbers) or any(
        {*mine} & {*theirs} for mine, theirs in lists
    )


def _is_enough(one: Profile, other: Profile) -> bool:
    """Whether a name that is no title says who it is, together with a company, a domain or a site."""
    is_named = one.is_firm or all(who.person and who.is_placed for who in (one, other))
    return is_named and bool({*one.places} & {*other.places})


def are_strangers(one: Profile, other: Profile) -> bool:
    """Whether names, numbers of registers or ids say that these are two, whatever else they share.

    What stands in no known place of a name, as in the titles of leads, says nothing.
    """
    numbers = [(one.inn, other.inn), (one.ogrn, other.ogrn)]
    if any(mine and theirs and mine != theirs for mine, theirs in numbers):
        return True
    if _are_numbered_apart(one.external, other.external):
        return True
    if one.is_firm or other.is_firm:
        agree = any(mine and mine == theirs for mine, theirs in numbers)
        return not agree and _are_other_firms(one, other)
    if not (one.person and other.person and one.is_placed and other.is_placed):
        return False
    return contradicts(compare(one.person, other.person))


def _are_numbered_apart(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether another system knows both, under ids of which none is the same."""
    mine, theirs = ({key.partition(":")[0]: key for key in keys} for keys in (one, other))
    return bool(mine.keys() & theirs.keys()) and not set(one) & set(other)


def _are_other_firms(one: Profile, other: Profile) -> bool:
    found = compare_firms(one.firm, other.firm)
    return bool(found.only_one and found.only_other)
