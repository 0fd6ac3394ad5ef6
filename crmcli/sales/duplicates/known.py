"""Known records that a new one may duplicate, by phone, e-mail, INN and name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.matching.likeness import looked_up
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.kinds.contact_points import HIDDEN
from crmcli.model.kinds.identities import is_bare
from crmcli.model.values import CompanyLink, fold
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.matching.verdict import Verdict

_LOOK_UPS = ("phone", "email", "inn", "handle", "external", "site", "workplace")
_SHARED = ("site", "workplace", "likeness")
"""What others may have as well: who is found by that counts only if it is surely, or likely, the same."""

MOST_TOLD = 3
"""Known records that are named."""

_MOST_OF_A_NAME = 5  # records; a name that more have says little
_MOST_OF_A_KEY = 20  # records of a phone or an address that are looked at; it is an office's then


class AlreadyKnown(Refused):
    """A record that was to be added, or to become so, is there already."""


class Known(NamedTuple):
    """A record that may be the same as a new one, why, and what is said of the two."""

    record: Record
    reasons: tuple[str, ...]
    verdict: Verdict

    @property
    def surely(self) -> bool:
        """Whether what agrees is enough to say that it is the same."""
        return self.verdict == "same"

    def __str__(self) -> str:
        return f"{self.record.id} {self.record.get('name')} ({', '.join(self.reasons)})"


def known_to(
    ws: Workspace, record: Record, among: Sequence[str] = (), *, as_left: bool = False
) -> Iterator[Known]:
    """The records that may be this one, the most certain first; only look-ups, whatever the size."""
    found: dict[str, str] = {}
    entities = among or ENTITIES[record.entity].known_among
    for kind, text in _keys(ws, record):
        ids = ws.lookup(kind, text, entities, as_left=as_left)
        for record_id in ids[:_MOST_OF_A_KEY]:
            found.setdefault(record_id, kind)
    for key in _names(record) if record.entity in entities else ():
        ids = ws.lookup("likeness", key, [record.entity], as_left=as_left)
        if len(ids) <= _MOST_OF_A_NAME:
            found = {**dict.fromkeys(ids, "likeness"), **found}
    found.pop(record.id, None)
    if found:  # nobody, as a rule: what follows need not even be loaded
        others = [other for one in found if (other := standing(ws, one)) is not None]
        yield from _judged(ws, record, others, entities, found)


def _judged(
    ws: Workspace,
    record: Record,
    others: Collection[Record],
    entities: Sequence[str],
    found: Mapping[str, str] | None = None,
) -> Iterator[Known]:
    """Those of the others that may be this record, those that surely are first; `found` by what."""
    from crmcli.matching.profiles import profiles_of
    from crmcli.matching.verdict import shares_own, verdicts
    from crmcli.sales.duplicates.reasons import reasons

    mine, *theirs = profiles_of(ws.schema, [record, *others])
    by = found or {}
    known = []
    for other, profile, verdict in zip(others, theirs, verdicts(mine, theirs), strict=True):
        if verdict in ("same", "likely") or (
            verdict == "doubt" and (by.get(other.id) not in _SHARED or shares_own(mine, profile))
        ):
            why = reasons(ws, record, other, (mine, profile))
            known.append(Known(other, tuple(why[:3]) or (tr("same name"),), verdict))
    yield from sorted(known, key=lambda k: (not k.surely, entities.index(k.record.entity)))


def check_known(sure: Sequence[Known], hint: str = "") -> None:
    """AlreadyKnown where there is anybody."""
    if sure:
        said = tr("already known: {}", "; ".join(map(str, sure[:5])))
        raise AlreadyKnown(said, hint or "leave out --on-duplicate to do it anyway")


def known_after(ws: Workspace, before: Record, after: Record) -> list[Known]:
    """Whom an edited record may be now, if the edit touched what says who it is."""
    if "client" not in ENTITIES[after.entity].traits:
        return []
    from crmcli.matching.profiles import profiles_of
    from crmcli.sales.duplicates.marks import denied, pair_of

    was, now = profiles_of(ws.schema, [before, after])
    if was == now:
        return []
    found = list(known_to(ws, after, [after.entity], as_left=True))
    apart = denied(ws) if found else frozenset()
    return [known for known in found if pair_of(after.id, known.record.id) not in apart]


def look_for_known(ws: Workspace, policy: str, before: Record, after: Record) -> None:
    """Say whom an edited record may be now; `fail` refuses one that surely is somebody else's."""
    if policy == "create" or after == before:
        return
    found = known_after(ws, before, after)
    if policy == "fail":
        check_known([known for known in found if known.surely])
    elif found:
        ws.notes.append(tr("may already be known: {}", "; ".join(map(str, found[:MOST_TOLD]))))


class MadeEarlier:
    """Who was made earlier in the same work, by what they are known by: no index knows them yet."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._by: dict[tuple[str, str], list[Record]] = {}

    def add(self, ws: Workspace, records: Iterable[Record]) -> None:
        """Remember them."""
        for record in records:
            self.records.append(record)
            for key in _signs(ws, record):
                self._by.setdefault(key, []).append(record)

    def same_as(self, ws: Workspace, made: Mapping[str, Record]) -> Iterator[tuple[str, Known]]:
        """Of the contact and the company that are to be made: who is there, by entity. A firm of the
        same name is the same, unless something contradicts."""
        for entity, record in made.items():
            signs = _signs(ws, record) if self.records else []
            alike = [r for sign in signs for r in self._by.get(sign, ()) if r.entity == entity]
            found = {other.id: other for other in alike[:_MOST_OF_A_KEY]}
            for known in _judged(ws, record, found.values(), [entity]):
                if known.surely or (hasattr(record, "legal_name") and known.verdict == "likely"):
                    yield entity, known._replace(verdict="same")
                    break


def _signs(ws: Workspace, record: Record) -> list[tuple[str, str]]:
    """By what somebody is found: numbers, addresses, and the name; nothing, if it is no client."""
    if not ENTITIES[record.entity].known_among:
        return []
    return [*_keys(ws, record), *(("likeness", name) for name in _names(record))]


def known_of_made(
    ws: Workspace, made: Mapping[str, Record], *, as_left: bool = True
) -> Iterator[tuple[str, Known]]:
    """Of the contact and the company that a lead becomes: who was there already, by entity."""
    firms: list[str] = []
    for entity, record in sorted(made.items(), key=lambda pair: not hasattr(pair[1], "legal_name")):
        if ENTITIES[entity].known_among:
            found = list(known_to(ws, also_at(record, firms), [entity], as_left=as_left))
            firms += [known.record.id for known in found if known.record.entity == "company"]
            yield from ((entity, known) for known in found)


def also_at(record: Record, companies: Sequence[str]) -> Record:
    """A person as if linked to these companies too, as the record may be that is made of what is said."""
    if not hasattr(record, "companies"):
        return record
    return record.with_values({"companies": (*record.companies, *map(CompanyLink, companies))})


def _keys(ws: Workspace, record: Record) -> Iterator[tuple[str, str]]:
    """What is looked up; of a web site the host is a firm's sign alone."""
    is_firm = hasattr(record, "legal_name")
    for kind in _LOOK_UPS:
        for field in ws.schema.fields(record.entity):
            if field.kind.found_by != kind:
                continue
            for key in map(str, field.kind.keys(record.get(field.name))):
                hidden = key.removeprefix(HIDDEN) if key.startswith(HIDDEN) else ""
                if (
                    is_bare(key)
                    or is_bare(hidden)
                    or (hidden and ":" not in hidden and not is_firm)
                ):
                    continue
                yield ("handle", hidden) if ":" in hidden else (kind, key)


def _names(record: Record) -> list[str]:
    """By what its name is looked up."""

    def text(name: str) -> str:
        return fold(str(getattr(record, name, "") or ""))

    is_firm, is_titled = hasattr(record, "legal_name"), hasattr(record, "company_name")
    return looked_up(text, is_firm=is_firm, is_titled=is_titled)


def standing(ws: Workspace, record_id: str) -> Record | None:
    """A record that is there and in use: a lead that has ended is none."""
    try:
        record = ws.get(record_id)
        if "staged" in ENTITIES[record.entity].traits and ws.stage_of(record).kind != "open":
            return None
    except (NotFound, InvalidData):
        return None  # the index may be behind the folder; a broken file is told of by crm check
    return record
