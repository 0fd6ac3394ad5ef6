"""What belongs to a person: which records are his own, which others name him, what he is known by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.values import entity_of, fold
from crmcli.sales.history.story import absorbed
from crmcli.sales.privacy.spelled import Identity, Spelled, texts_in
from crmcli.sales.records.links import referring_to
from crmcli.store import layout
from crmcli.workspace import Workspace

PEOPLE = ("contact", "lead")
DOCUMENTS = ("offer", "invoice")
_OTHERS = ("handles", "urls", "external", "address")


@dataclass
class Person:
    """A person as the base knows him.

    `own` are his contact and leads, `merged` what went into those. `alone` are the deals and documents of
    which he is the only client; `about` are tasks for all of these. `shared` are the numbers and addresses
    that others have too, which stay theirs.
    """

    id: str
    name: str
    own: list[str]
    merged: list[str]
    alone: list[str]
    about: list[str]
    identity: Identity
    shared: list[str] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)
    """Other clients that have a number or an address of his, and are not linked to him."""
    shared_last: list[str] = field(default_factory=list)
    shared_given: list[tuple[str, str]] = field(default_factory=list)
    """Last names, and first with middle names, that somebody else has too."""

    @property
    def his(self) -> set[str]:
        """All records of which he alone is the client."""
        return {*self.own, *self.merged, *self.alone, *self.about}

    @property
    def spelled(self) -> Spelled:
        """How texts name him."""
        return Spelled(self.identity, shared_last=self.shared_last, shared_given=self.shared_given)


def person(ws: Workspace, ref: str) -> Person:
    """The person that a reference means, with what is his; BadUsage if that is no contact or lead."""
    record = ws.find(ref, *PEOPLE) if entity_of(ref) not in DOCUMENTS else ws.find(ref)
    if record.entity not in PEOPLE:
        raise BadUsage(tr("{} is not a person", record.id), "name a contact or a lead")
    own = _own(ws, record)
    merged = [one for record_id in own for one in absorbed(ws, record_id)]
    merged += [i for record_id in own for i, _ in ws.merged(record_id) if i not in merged]
    alone = _alone(ws, {*own, *merged})
    near = (r.id for r in referring_to(ws, [*own, *merged, *alone]) if r.entity == "task")
    found = Person(
        record.id,
        str(record.get("name")),
        own,
        merged,
        alone,
        list(near),
        _identity(ws, own, merged),
    )
    _set_apart(ws, found)
    return found


def _own(ws: Workspace, record: Record) -> list[str]:
    """A contact with the leads that are of the same person, and the other way round."""
    found, look = list[str](), [record]
    while look:
        one = look.pop()
        if one.id in found:
            continue
        found.append(one.id)
        ids = [str(one.get("contact")) if one.entity == "lead" else str(one.get("lead"))]
        ids += [dict(getattr(one, "converted", None) or {}).get("contact", "")]
        look += [
            ws.get(ws.heir(i)) for i in ids if entity_of(i) in PEOPLE and ws.exists(ws.heir(i))
        ]
        look += [r for r in referring_to(ws, [one.id]) if r.entity in PEOPLE]
    return found


def _alone(ws: Workspace, own: set[str]) -> list[str]:
    """Deals and documents that have no other client than this one."""
    found: list[str] = []
    referring = list(referring_to(ws, sorted(own)))
    for deal in (r for r in referring if r.entity == "deal"):
        clients = {*deal.get("contacts")}  # type: ignore[misc]
        if not deal.get("company") and clients <= own:
            found.append(deal.id)
    for paper in (*referring, *referring_to(ws, list(found))):
        others = str(paper.get("contact")) not in {"", *own} if paper.entity in DOCUMENTS else True
        if not others and not paper.get("company") and paper.id not in found:
            found.append(paper.id)
    return found


def _identity(ws: Workspace, own: list[str], merged: list[str]) -> Identity:
    """What the person is known by now, and was before."""
    identity = Identity()
    for record_id in (*own, *merged):
        stored = _raw(ws, record_id)
        _learn(identity, stored)
        for event in ws.events(record=record_id):
            for raw in _states(event):
                _learn(identity, raw)
            if event.kind.endswith(".in"):
                _learn_sender(ws, identity, event)
    return identity


def _raw(ws: Workspace, record_id: str) -> Mapping[str, Any]:
    is_there = ws.has_file(layout.record_path(record_id))
    return ws.stored(record_id, merged=True).raw if is_there else {}


def _states(event: Event) -> Iterator[Mapping[str, Any]]:
    """What an event says that a record held, before or after."""
    changes = event.data.get("changes")
    if isinstance(changes, dict):
        for side in (0, 1):
            yield {n: pair[side] for n, pair in changes.items() if isinstance(pair, list | tuple)}
    if isinstance(event.data.get("record"), dict):
        yield event.data["record"]


def _learn(identity: Identity, raw: Mapping[str, Any]) -> None:
    name = {n: str(raw.get(n) or "") for n in ("first_name", "middle_name", "last_name", "name")}
    identity.add_name(name["first_name"], name["middle_name"], name["last_name"])
    if not name["last_name"] and not name["first_name"]:
        words = name["name"].split()
        if len(words) in (2, 3) and all(word.isalpha() and word[0].isupper() for word in words):
            _learn_words(identity, words)
    for field_name, known in (("emails", identity.emails), ("phones", identity.phones)):
        for item in raw.get(field_name) or ():
            value = item.get("value", "") if isinstance(item, dict) else item
            known[str(value)] = None
    for field_name in _OTHERS:
        told = [*texts_in(raw.get(field_name) or ())]
        names = [text.partition(":")[2] for text in told if field_name == "handles"]
        identity.others |= dict.fromkeys([*told, *names])
    identity.emails.pop("", None), identity.phones.pop("", None)


def _learn_words(identity: Identity, words: list[str]) -> None:
    """A name that nobody has taken apart: both orders are his."""
    from crmcli.matching.first_names import is_first_name, is_patronymic

    last = [w for w in words if not is_first_name(w.casefold()) and not is_patronymic(w.casefold())]
    if len(last) == 1:
        others = [word for word in words if word != last[0]]
        identity.add_name(others[0], others[1] if len(others) > 1 else "", last[0])


def _learn_sender(ws: Workspace, identity: Identity, event: Event) -> None:
    """The address or number from which he wrote or called."""
    for name in ("from", "phone", "number", "address"):
        said = event.data.get(name)
        if isinstance(said, str) and "@" in said:
            from crmcli.model.addresses import email_in

            identity.emails[email_in(said) or said] = None
        elif isinstance(said, str) and said.lstrip("+").isdecimal():
            identity.phones[said] = None


def _set_apart(ws: Workspace, found: Person) -> None:
    """Leave to others what they have too: a common number, a common last name."""
    mine = {*found.own, *found.merged}
    users = ws.settings.users.values()
    ours = {fold(str(getattr(u, "email", ""))) for u in users} | {
        str(getattr(u, "phone", "")) for u in users
    }
    ours |= {fold(ws.settings.us.email), ws.settings.us.phone}
    for kind, known in (("email", found.identity.emails), ("phone", found.identity.phones)):
        for value in list(known):
            holders = ws.lookup(kind, _key(ws, kind, value), ("lead", "contact", "company"))
            others = [one for one in holders if one not in mine]
            if others or fold(value) in ours:
                found.shared.append(value)
                found.alike += [
                    i for i in others if entity_of(i) in PEOPLE and i not in found.alike
                ]
                del known[value]
    for name in list(found.identity.names):
        first, middle, last = name
        if _is_called(ws, mine, users, first_name=first, last_name=last):
            found.identity.names.remove(name)
            found.shared.append(" ".join(filter(None, name)))
        elif middle and _is_called(ws, mine, users, first_name=first, middle_name=middle):
            found.shared_given.append((first, middle))
        if _is_common(ws, last, mine, users):
            found.shared_last.append(last)


def _is_called(ws: Workspace, mine: set[str], users: Any, **parts: str) -> bool:
    """Whether somebody else has these parts of a name."""
    if any(all(fold(part) in fold(str(user.name)) for part in parts.values()) for user in users):
        return True
    asked = " and ".join(f'{name} = "{_bare(part)}"' for name, part in parts.items() if part)
    return any(
        str(raw["id"]) not in mine
        for entity in PEOPLE
        for raw in ws.rows(entity, ws.condition(asked, entity))
    )


def _bare(text: str) -> str:
    """A name as it may stand in a condition."""
    return text.replace('"', "").replace("\\", "")


def _key(ws: Workspace, kind: str, value: str) -> str:
    from crmcli.model.phones import key

    return key(value, ws.settings.phone_country) if kind == "phone" else fold(value)


def _is_common(ws: Workspace, last: str, mine: set[str], users: Any) -> bool:
    """Whether somebody else is called so, or nearly."""
    stem = _bare(fold(last))[: max(3, len(last) - 2)]
    if any(stem in fold(str(getattr(user, "name", ""))) for user in users):
        return True
    for entity in ("contact", "lead", "company"):
        condition = ws.condition(f'name ~ "{stem}"', entity)
        if any(str(raw["id"]) not in mine for raw in ws.rows(entity, condition)):
            return True
    return False
