"""Who may work where the person of an import row does: people of the same mail domain and a like name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from crmcli.matching.first_names import full_forms
from crmcli.matching.likeness import IS_PERSON
from crmcli.matching.mail_domains import work_domain
from crmcli.matching.words import skeleton
from crmcli.model.values import fold
from crmcli.sales.imports.draft import Draft
from crmcli.workspace import Workspace

MOST = 20
"""People of one domain that are looked at; where more work, a part of a name says little."""

_PARTS = ("last_name", "first_name")

Words: TypeAlias = frozenset[str]
Person: TypeAlias = tuple[str, str | Words]
"""An id and a folded name, or its words."""


class Colleagues:
    """The people of an entity by the domain of their e-mail; they are read once, when first asked for."""

    def __init__(self, ws: Workspace, entity: str) -> None:
        self._ws = ws
        self._entity = entity
        self._at: dict[str, list[Person]] | None = None
        self._made: dict[str, list[Person]] = {}

    def look_again(self) -> None:
        """Others have written meanwhile."""
        self._at = None

    def remember(self, record_id: str, draft: Draft, keys: Sequence[str]) -> None:
        """A row became this record; `keys` are those of its name."""
        domains = _domains(_addresses(draft))
        if domains:
            _add(self._made, (record_id, _words_of(draft, keys)), domains)

    def of(self, draft: Draft, keys: Sequence[str], *, is_empty: bool) -> list[str]:
        """The ids of those who share a domain and a word of their name with a row."""
        domains = _domains(_addresses(draft))
        if not domains:
            return []
        there = {} if is_empty else self._there()
        found = (
            who for at in (self._made, there) for domain in domains for who in at.get(domain, ())
        )
        people = dict(found)
        if not people or len(people) > MOST:
            return []
        mine = _words_of(draft, keys)
        return [i for i, name in people.items() if _are_alike(mine, _words(name))]

    def _there(self) -> dict[str, list[Person]]:
        if self._at is None:
            self._at = {}
            for _, record_id, (emails, name) in self._ws.facts(self._entity, ["emails", "name"]):
                for first in name[:1]:
                    _add(self._at, (record_id, str(first)), _domains(map(str, emails)))
        return self._at


def _add(at: dict[str, list[Person]], who: Person, domains: Iterable[str]) -> None:
    for domain in domains:
        there = at.setdefault(domain, [])
        if len(there) <= MOST:
            there.append(who)


def _addresses(draft: Draft) -> Iterable[str]:
    emails = draft.values.get("emails", ())
    items = emails if isinstance(emails, list) else [emails]
    return (str(item["value"] if isinstance(item, dict) else item) for item in items)


def _name(draft: Draft) -> str:
    parts = [str(draft.values[name]) for name in _PARTS if draft.values.get(name)]
    return fold(" ".join(parts) or str(draft.values.get("name", "")))


def _domains(addresses: Iterable[str]) -> set[str]:
    return {domain for address in addresses if (domain := work_domain(fold(address)))}


def _words_of(draft: Draft, keys: Sequence[str]) -> Words:
    """The words of a row's name, as they stand in its keys; a name of one word has none."""
    found = {word for key in keys for word in key.removeprefix(IS_PERSON).split()}
    return frozenset(found) or _words(_name(draft))


def _are_alike(one: Words, other: Words) -> bool:
    """Whether two names have more in common than a first name, if both have more."""
    shared = one & other
    is_short = 1 in (len(one), len(other))
    return bool(shared) and (is_short or not all(map(full_forms, shared)))


@lru_cache(maxsize=65_536)
def _words(name: str | Words) -> Words:
    """The words of a name, first names in full, so that Саша meets Александр."""
    if not isinstance(name, str):
        return name
    bones = map(skeleton, re.findall(r"[^\W\d_]{2,}", name))
    return frozenset(one for word in bones for one in full_forms(word) or (word,))
