"""Which record an import row repeats: by an id, or by a phone or the like if nothing contradicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from crmcli.matching.firms import read_firm
from crmcli.matching.likeness import IS_PERSON, looked_up
from crmcli.matching.mail_domains import work_domain
from crmcli.matching.profiles import profiles_of
from crmcli.matching.verdict import verdicts
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.kinds import kind_of
from crmcli.model.kinds.identities import UNNAMED
from crmcli.model.schema import has_field
from crmcli.model.values import fold
from crmcli.sales.imports.colleagues import Colleagues
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.linking import Key
from crmcli.workspace import Workspace

WORDS = {
    "phone": "phone", "email": "e-mail", "inn": "INN", "external": "id", "likeness": "name and company",
    "colleague": "mail domain and part of the name",
}  # fmt: skip
MOST_OF_A_NAME = 5
"""Records of one name that are looked at; one that more have says little."""

MOST = 20
"""Records of one phone or address that are looked at; it is an office's then."""


_OF_NAMES = ("likeness", "colleague")


class Repeated(NamedTuple):
    """The ids of the records that have something of a row, and what: it is `same` as these, may be those,
    is none of the `others`, whose names or numbers contradict, and is `likely` one of those whose name alone
    it has. `is_named` if an id says which."""

    same: dict[str, str]
    doubtful: dict[str, str]
    others: dict[str, str]
    likely: dict[str, str]
    is_named: bool = False


class Repeats:
    """Finds the records that a row repeats, among those of this import and in the index.

    A row with an id of ours repeats only that record: two exported contacts may share a phone.
    """

    def __init__(self, ws: Workspace, entity: str) -> None:
        self._ws = ws
        self._entity = entity
        client = "client" in ENTITIES[entity].traits
        self._knows_people = client and not has_field(entity, "legal_name")
        self._seen: dict[Key, list[str]] = {}
        self._made: set[str] = set()
        self._colleagues = Colleagues(ws, entity)
        self._names: dict[int, tuple[list[str], set[str]]] = {}  # of the row looked at last

    @cached_property
    def _is_empty(self) -> bool:
        """Whether nothing is here that this import has not made; asked under the lock."""
        return self._ws.count(self._entity) == 0

    def look_again(self) -> None:
        """Others have written meanwhile."""
        self.__dict__.pop("_is_empty", None)
        self._colleagues.look_again()

    def of(
        self,
        draft: Draft,
        keys: Sequence[Key],
        row: Callable[[], Record],
        get: Callable[[str], Record],
    ) -> Repeated:
        """The records that a row repeats; its own id alone if that is there, else that of its system."""
        if draft.id and (draft.id in self._made or self._ws.exists(draft.id)):
            return Repeated({draft.id: "id"}, {}, {}, {}, is_named=True)
        found = self._found(draft, keys)
        named = [i for i, key in found.items() if key[0] == "external" and _is_certain(key)]
        if named:
            return Repeated(dict.fromkeys(named, WORDS["external"]), {}, {}, {}, is_named=True)
        if not draft.id:
            for record_id, key in self._found_by_name(draft).items():
                found.setdefault(record_id, key)
            if self._knows_people:
                for record_id in self._colleagues.of(
                    draft, self._names_of(draft)[0], is_empty=self._is_empty
                ):
                    found.setdefault(record_id, ("colleague", ""))
        return self._judged(found, row(), get) if found else Repeated({}, {}, {}, {})

    def _found(self, draft: Draft, keys: Sequence[Key]) -> dict[str, Key]:
        """The records by which a row is known, each with the key that they share."""
        found: dict[str, Key] = {}
        for kind, text in keys:
            ids = [] if self._is_empty else self._ws.lookup(kind, text, [self._entity])
            ids = ids[:MOST]
            if draft.id:
                ids = [record_id for record_id in ids if record_id not in self._made]
            else:
                ids = [*self._seen.get((kind, text), ()), *ids]
            for record_id in ids:
                found.setdefault(record_id, (kind, text))
        return found

    def _found_by_name(self, draft: Draft) -> dict[str, Key]:
        """The records that have a row's name, however it is spelled, where it says a company too."""
        found: dict[str, Key] = {}
        names, places = self._names_of(draft)
        for name in names if places else ():
            ids = [] if self._is_empty else self._ws.lookup("likeness", name, [self._entity])
            ids += [i for place in places for i in self._seen.get((name, place), ())]
            if len(ids) <= MOST_OF_A_NAME:
                found.update(dict.fromkeys(ids, ("likeness", name)))
        return found

    def _judged(self, found: dict[str, Key], row: Record, get: Callable[[str], Record]) -> Repeated:
        records = [get(record_id) for record_id in found]
        mine, *others = profiles_of(self._ws.schema, [row, *records])
        said = verdicts(mine, others)
        groups: dict[str, dict[str, str]] = {"same": {}, "likely": {}, "doubt": {}, "other": {}}
        for record, verdict in zip(records, said, strict=True):
            key = found[record.id]
            if not _is_certain(key):
                if verdict == "other":
                    continue  # the same number of two files
                is_one = verdict in ("same", "likely") or _are_called_one(row, record)
                verdict = "same" if is_one else "doubt"
            if key[0] in _OF_NAMES and verdict in ("doubt", "other"):
                continue  # somebody else of that name
            if key[0] == "colleague":
                verdict = "likely"  # of whom it is told, and who is never used instead
            groups[verdict][record.id] = WORDS.get(key[0], key[0])
        is_named = any(found[record_id][0] == "external" for record_id in groups["same"])
        return Repeated(
            groups["same"], groups["doubt"], groups["other"], groups["likely"], is_named
        )

    def _names_of(self, draft: Draft) -> tuple[list[str], set[str]]:
        line = draft.row.line
        if line not in self._names:
            self._names = {line: _names_of(self._entity, draft)}
        return self._names[line]

    def remember(self, record_id: str, keys: Sequence[Key], draft: Draft) -> None:
        """A row became this record."""
        self._made.add(record_id)
        names, places = self._names_of(draft)
        if self._knows_people:
            self._colleagues.remember(record_id, draft, names)
        for key in (*keys, *((name, place) for name in names for place in places)):
            of_key = self._seen.setdefault(key, [])
            if len(of_key) < MOST:
                of_key.append(record_id)


def _is_certain(key: Key) -> bool:
    """Whether it is known of which system an id is: files that number their rows do it alike, so that of
    those an id is believed where the name is the same."""
    return key[0] != "external" or not key[1].startswith(UNNAMED)


def _are_called_one(row: Record, record: Record) -> bool:
    return fold(str(row.get("name"))) == fold(str(record.get("name")))


def _names_of(entity: str, draft: Draft) -> tuple[list[str], set[str]]:
    """By what a row's name is found, and where those are who have it: companies, domains; of firms `firm`."""
    if "client" not in ENTITIES[entity].traits:
        return [], set()

    def text(name: str) -> str:
        return fold(str(draft.values.get(name, "")))

    is_firm, is_titled = has_field(entity, "legal_name"), has_field(entity, "company_name")
    if is_firm:
        return looked_up(text, is_firm=True, is_titled=False), {"firm"}
    named = [m.name or m.id for of in draft.links.values() for m in of if m.name or m.id]
    firms = [*named, text("company_name")]
    places = {" ".join(sorted(read_firm(firm).bones)) for firm in firms if firm}
    emails = kind_of("emails").items(draft.values.get("emails", []))
    domains = (work_domain(fold(str(e["value"]))) for e in emails if isinstance(e, dict))
    places |= {f"@{domain}" for domain in domains if domain}
    if not places:
        return [], places
    names = looked_up(text, is_firm=False, is_titled=is_titled)
    return [name for name in names if name.startswith(IS_PERSON)], places
