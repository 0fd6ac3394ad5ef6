"""Why two records look like one, in plain words and in the spelling that the records have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from crmcli.language import tr
from crmcli.matching.firms import compare_firms, read_firm
from crmcli.matching.mail_domains import mailbox
from crmcli.matching.people import Comparison, Word, compare
from crmcli.matching.profiles import Profile
from crmcli.matching.site_hosts import PAGE
from crmcli.matching.words import is_latin, typed_otherwise
from crmcli.model.fields import Record
from crmcli.model.phone_format import spaced
from crmcli.model.phones import key as phone_key
from crmcli.model.values import entity_of, fold
from crmcli.workspace import Workspace


def reasons(
    ws: Workspace, one: Record, other: Record, profiles: tuple[Profile, Profile]
) -> list[str]:
    """What agrees in two records, the weightiest first, then in what they differ only by spelling."""
    found = list(_numbers(one, other))
    found += _phones(ws, one, other)
    found += _emails(ws, one, other)
    found += _accounts(profiles)
    if profiles[0].birthday and profiles[0].birthday == profiles[1].birthday:
        found.append(tr("same birthday {}", one.get("birthday")))
    if profiles[0].contact and profiles[0].contact == profiles[1].contact:
        found.append(tr("same contact {}", profiles[0].contact))
    found += _names(one, other, profiles)
    found += _places(ws, one, other, profiles)
    return found


def _numbers(one: Record, other: Record) -> Iterator[str]:
    for name, label in (("inn", "INN"), ("ogrn", "OGRN")):
        if getattr(one, name, "") and getattr(one, name) == getattr(other, name, ""):
            yield tr("same {} {}", label, getattr(one, name))


def _phones(ws: Workspace, one: Record, other: Record) -> Iterator[str]:
    country = ws.settings.phone_country
    mine, theirs = (
        {phone_key(value, country): value for value in reversed(_values(ws, record, "phone"))}
        for record in (one, other)
    )
    for key in [key for key in mine if key and key in theirs]:
        written = [value for value in (mine[key], theirs[key]) if not value.startswith("+")]
        more = tr(", written {}", written[0]) if written else ""
        yield tr("same phone {}{}", spaced(f"+{key}"), more)


def _emails(ws: Workspace, one: Record, other: Record) -> Iterator[str]:
    mine, theirs = (
        {mailbox(fold(value)): value for value in reversed(_values(ws, record, "email"))}
        for record in (one, other)
    )
    for box in [box for box in mine if box in theirs]:
        if fold(mine[box]) == fold(theirs[box]):
            yield tr("same e-mail {}", mine[box])
        else:
            yield tr("same mailbox: {} = {}", mine[box], theirs[box])


def _accounts(profiles: tuple[Profile, Profile]) -> Iterator[str]:
    """Ids of other systems, handles, pages on hosts of many."""
    for key in (key for key in profiles[0].external if key in profiles[1].external):
        yield tr("same id {}", key)
    for key in (key for key in profiles[0].handles if key in profiles[1].handles):
        yield (
            tr("same handle {}", key)
            if not key.startswith(PAGE)
            else tr("same page {}", key[len(PAGE) :])
        )


def _values(ws: Workspace, record: Record, look_up: str) -> list[str]:
    """What stands in the fields that are found by a look-up, those of one's own too."""
    names = (f.name for f in ws.schema.fields(record.entity) if f.kind.found_by == look_up)
    lists = (cast("Sequence[object]", record.get(name)) for name in names)
    return [str(getattr(item, "value", item)) for items in lists for item in items]


def _places(
    ws: Workspace, one: Record, other: Record, profiles: tuple[Profile, Profile]
) -> Iterator[str]:
    for place in (place for place in profiles[0].places if place in profiles[1].places):
        if entity_of(place):
            name = ws.get(place).get("name") if ws.exists(place) else place
            yield tr("same company {}", name)
        elif place.startswith("@"):
            yield tr("same domain {}", place[1:])
    if profiles[0].is_titled and profiles[1].is_titled:
        yield from _firms(str(one.get("company_name")), str(other.get("company_name")))


def _names(one: Record, other: Record, profiles: tuple[Profile, Profile]) -> Iterator[str]:
    mine, theirs = _called(one), _called(other)
    if profiles[0].is_firm or profiles[1].is_firm:
        if profiles[0].is_firm and profiles[1].is_firm:
            yield from _firms(mine, theirs)
        return
    found = compare(profiles[0].person, profiles[1].person)
    if not found.matches:
        return
    if mine == theirs:
        yield tr("same name")
        return
    yield from _spelling(mine, theirs) or _differences(
        found, profiles[0].person, profiles[1].person
    )


def _called(record: Record) -> str:
    """A record's name as a person would read it: the parts where there are any."""
    names = ("last_name", "first_name", "middle_name")
    last, *others = (str(getattr(record, name, "")) for name in names)
    return " ".join(filter(None, (last, *others))) if last else str(record.get("name"))


def _spelling(one: str, other: str) -> list[str]:
    """In what two names differ by their writing alone."""
    if fold(one) == fold(other):
        in_e = one.casefold() != other.casefold() and ("ё" in (one + other).casefold())
        return [tr("name differs in ё/е") if in_e else tr("same name")]
    for odd, plain in ((one, other), (other, one)):
        meant = typed_otherwise(fold(odd))
        if meant:
            as_plain = meant.title() if fold(plain) != meant else plain
            return [tr("typed in another keyboard layout: {} = {}", odd, as_plain)]
    return []


def _differences(
    found: Comparison, one: tuple[Word, ...], other: tuple[Word, ...]
) -> Iterator[str]:
    """How the words of two names go together where they are not spelled alike."""
    if all(match.how == "same" for match in found.matches):
        whole = len(found.matches) == len(one) == len(other)
        same = " ".join(match.one.text.title() for match in found.matches)
        yield tr("same name") if whole else tr("part of the name is the same: {}", same)
    latin = [m for m in found.matches if is_latin(m.one.text) != is_latin(m.other.text)]
    if latin:
        mine = " ".join(match.one.text.title() for match in latin)
        theirs = " ".join(match.other.text.title() for match in latin)
        yield tr("transliteration: {} = {}", mine, theirs)
    order = [one.index(match.one) for match in found.matches]
    places = [other.index(match.other) for match in found.matches]
    if [p for _, p in sorted(zip(order, places, strict=True))] != sorted(places):
        yield "words in another order"
    for match in found.matches:
        pair = f"{match.one.text.title()} = {match.other.text.title()}"
        if match.how == "short":
            yield tr("short for one name: {}", pair)
        elif match.how == "slip" and match not in latin:
            yield tr("one letter differs: {}", pair)
        elif match.how == "initial":
            yield tr("initial: {}", pair)
    if found.against:
        yield "the rest of the name differs"


def _firms(one: str, other: str) -> Iterator[str]:
    mine, theirs = read_firm(one), read_firm(other)
    found = compare_firms(mine, theirs)
    if not (found.same or found.slips):
        return
    if found.only_one and found.only_other:
        return
    if fold(one) == fold(other):
        yield from _spelling(one, other)
        return
    if found.only_one or found.only_other:
        yield tr("part of the name is the same: {}, {}", one, other)
        return
    spelled = _spelling(one, other)
    if spelled:
        yield from spelled
    elif found.slips:
        yield tr("one letter differs: {} = {}", one, other)
    elif mine.texts == theirs.texts:
        aside = mine.form != theirs.form
        yield (
            tr("legal form aside: {} = {}", one, other)
            if aside
            else tr("same name: {} = {}", one, other)
        )
    elif any(map(is_latin, mine.texts)) != any(map(is_latin, theirs.texts)):
        yield tr("transliteration: {} = {}", one, other)
    elif sorted(mine.bones) == sorted(theirs.bones):
        yield "words in another order"
    else:
        yield tr("same name, written differently: {} = {}", one, other)
