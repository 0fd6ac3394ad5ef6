"""Advertising audiences: who is in them, by the timeline, and their hashes in data/audiences/.

The timeline says which clients were added and taken; the file of an audience is made of that by `crm tick`,
so that who refuses, is blocked or is removed leaves it, and no address stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import NamedTuple

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.audience import EMAIL, KINDS, PHONE, PLATFORMS, STORED, hashed
from crmcli.model.fields import Record
from crmcli.model.listed import allowed_hint
from crmcli.model.local_times import local_day
from crmcli.model.values import entity_of, fold
from crmcli.sales.consent.block_list import blocklist
from crmcli.sales.consent.permission import HOLDERS, addresses_of
from crmcli.sales.tables import table_text
from crmcli.sales.template_names import linked
from crmcli.store import layout
from crmcli.workspace import Change, Workspace
from crmcli.workspace.tick_times import ends
from crmcli.workspace.undone import dead

ADDED, TAKEN = CHANGES = ("audience.added", "audience.taken")
NONE_YET = "no audiences: robots fill them, see crm help robots"
HEADER = ("client", "kind", "sha256", "google", "until")
"""Of data/audiences/NAME.csv: an address or number of a client a line, hashed as Yandex and Meta want it and
as Google does; the last day on which it stands there, empty for ever."""
_SETTLED = timedelta(minutes=1)


class Entry(NamedTuple):
    """An address or number in an audience; `until` is the last day, "" for ever."""

    client: str
    kind: str
    value: str
    until: str


@dataclass(frozen=True, slots=True)
class Audience:
    """An audience as it is listed: how many clients, e-mails and numbers go out, how many clients are left
    out, for they refuse, are blocked or have none of both."""

    name: str
    clients: int
    emails: int
    phones: int
    left_out: int


def clients_of(ws: Workspace, record: Record) -> list[Record]:
    """The clients about whom a record is: itself, or its contacts, or else its company."""
    people = [linked(ws, one) for one in getattr(record, "contacts", ())]
    for found in ([record], people, [linked(ws, str(getattr(record, "company", "")))]):
        able = [one for one in found if one is not None and addresses_of(one)]
        if able:
            return able
    return []


def change(
    change: Change, ws: Workspace, record_id: str, kind: str, name: str, clients: Sequence[str],
    days: int,
) -> None:  # fmt: skip
    """Note within an open change that clients were added, for so many days if that is not 0, or taken."""
    until = (ws.today + timedelta(days=days)).isoformat() if days else ""
    facts = {"audience": name, "clients": list(clients), **({"until": until} if until else {})}
    change.note(kind, record_id, facts)


def welcome(ws: Workspace, client: Record) -> bool:
    """Whether a client may be shown to a platform: refuses nothing and is not blocked."""
    return not client.get("do_not") and blocklist(ws).stops(addresses_of(client)) is None


def members(ws: Workspace) -> dict[str, dict[str, str]]:
    """Every audience that there ever was, with the clients who are in it as they are called now, and until
    when."""
    events = ws.events(kinds=CHANGES)
    is_dead, merged = (dead(ws), dict(ws.merged())) if events else (None, {})
    found: dict[str, dict[str, str]] = {}
    for event in events:
        name, clients = str(event.data.get("audience", "")), event.data.get("clients")
        if not re.fullmatch(layout.PROGRAM, name) or not isinstance(clients, list):
            continue  # lines come by hand and git
        inside = found.setdefault(name, {})
        for client in clients if is_dead and not is_dead(event) else ():
            now = _called_now(ws, merged, str(client))
            inside.pop(now, None)
            if event.kind == ADDED:
                inside[now] = str(event.data.get("until", ""))
    today = ws.today.isoformat()
    return {
        name: {client: until for client, until in inside.items() if not until or until >= today}
        for name, inside in sorted(found.items())
    }


def _called_now(ws: Workspace, merged: Mapping[str, str], client: str) -> str:
    """The id of a client who was merged or converted since."""
    lead = linked(ws, client) if entity_of(client) == "lead" else None
    client = dict(getattr(lead, "converted", {})).get("contact", "") or client
    seen: set[str] = set()
    while client in merged and client not in seen:
        seen.add(client)
        client = merged[client]
    return client


def entries(ws: Workspace, inside: dict[str, str]) -> Iterator[Entry]:
    """The addresses and numbers of clients who are here, each once; none that anybody refuses."""
    closed, blocks = _refused(ws), blocklist(ws)
    seen: set[str] = set()
    for row in ws.rows_of(sorted(inside)):
        client = str(row["id"])
        record = ws.schema.read(entity_of(client), row)
        for value in addresses_of(record) if not record.get("do_not") else ():
            kind, word = EMAIL if "@" in value else PHONE, fold(value)
            is_sound = kind == EMAIL or value.startswith("+")
            is_out = not is_sound or word in closed or word in seen
            if not is_out and blocks.stops([value]) is None:
                seen.add(word)
                yield Entry(client, kind, value, inside[client])


def _refused(ws: Workspace) -> set[str]:
    """Every address and number of anybody who refuses anything."""
    return {
        fold(value)
        for entity in HOLDERS
        for record in ws.select(entity, ws.condition("do_not is not empty", entity))
        for value in addresses_of(record)
    }


def renew(ws: Workspace) -> None:
    """Write the files of all audiences as they are now, if anything happened since the last tick."""
    if not ws.events(kinds=(ADDED,), limit=1) or not _is_due(ws):
        return
    texts = {layout.audience_path(name): _text(ws, inside) for name, inside in members(ws).items()}
    texts = {path: text for path, text in texts.items() if ws.file(path) != text}
    if texts:
        with ws.change("tick", actor="crm") as written:
            for path, text in texts.items():
                written.fix(path, text)


def _is_due(ws: Workspace) -> bool:
    past = ends(ws)
    [newest] = ws.events(limit=1, newest_first=True)
    is_new_day = not past or local_day(past[-1], ws.zone) != ws.today
    return is_new_day or newest.at + _SETTLED > past[-1]


def _text(ws: Workspace, inside: dict[str, str]) -> bytes:
    rows = []
    for one in entries(ws, inside):
        hashes = (hashed(platform, one.kind, one.value) for platform in STORED)
        rows.append((one.client, one.kind, *hashes, one.until))
    return table_text(HEADER, rows)


def listed(ws: Workspace) -> list[Audience]:
    """Every audience, as it would go out now."""
    return [_counted(ws, name, inside) for name, inside in members(ws).items()]


def _counted(ws: Workspace, name: str, inside: dict[str, str]) -> Audience:
    found = list(entries(ws, inside))
    clients = len({one.client for one in found})
    emails, phones = ([one.kind for one in found].count(kind) for kind in KINDS)
    return Audience(name, clients, emails, phones, len(inside) - clients)


def exported(ws: Workspace, name: str, of: str, only: str = "") -> list[tuple[str, ...]]:
    """An audience as a platform takes it, its header first. NotFound for no such audience, BadUsage for a
    platform that takes lists of one kind where none is named."""
    every, platform = members(ws), PLATFORMS[of]
    if name not in every:
        hint = allowed_hint(name, [*every], tr("there are")) if every else NONE_YET
        raise NotFound(tr("no audience {!r}", name), hint)
    kinds = [kind for kind in platform.columns if only in ("", kind)]
    if platform.has_one_kind and len(kinds) > 1:
        raise BadUsage(tr("{} takes lists of one kind", of), "--only phone or --only email")
    by_client: dict[str, dict[str, list[str]]] = {}
    for one in entries(ws, every[name]):
        by_kind = by_client.setdefault(one.client, {kind: [] for kind in KINDS})
        by_kind[one.kind].append(hashed(platform, one.kind, one.value))
    rows = [tuple(platform.columns[kind] for kind in kinds)]
    for by_kind in by_client.values():
        rows += zip_longest(*(by_kind[kind] for kind in kinds), fillvalue="")
    return rows
