"""All that is kept of a person, gathered: for the archive that he may ask for."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.event import Event
from crmcli.model.values import format_instant, safe_name
from crmcli.sales.consent.block_list import blocklist
from crmcli.sales.privacy import page
from crmcli.sales.privacy.spelled import texts_in
from crmcli.sales.privacy.traces import MENTION, Trace, files_named, traces
from crmcli.sales.privacy.whose import Person, person
from crmcli.workspace import Workspace

LONGEST_NAME = 80


@dataclass
class Gathered:
    """What an archive has: the pieces of data by heading, and files by their names in it."""

    who: Person
    told: dict[str, Any]
    files: dict[str, bytes]
    missing: list[str]


def gather(ws: Workspace, ref: str) -> Gathered:
    """Everything of a person: records, events, messages as they came, files, blocks, mentions."""
    who = person(ws, ref)
    found = traces(ws, who)
    files, missing = dict[str, bytes](), list[str]()
    there = (record_id for record_id in sorted(who.his) if _is_there(ws, record_id))
    records: list[dict[str, Any]] = [dict(ws.stored(i, merged=True).raw) for i in there]
    for raw in records:
        for item in raw.get("files") or ():
            _take(ws, files, missing, str(item["file"]), str(item["name"]))
    for trace in found:
        for number, sha in enumerate(files_named(trace.event) if trace.what != MENTION else ()):
            name = f"{trace.event.kind}-{trace.event.id}{f'-{number}' if number else ''}"
            _take(ws, files, missing, sha, name + _ending(trace.event))
            _take_parts(ws, files, trace.event, sha)
    told = {
        "person": {"id": who.id, "name": who.name, "as_of": format_instant(ws.now)},
        "known_by": _known_by(who),
        "records": records,
        "consents": [c for raw in records for c in _consents(raw)],
        "timeline": [_event(trace) for trace in found if trace.what != MENTION],
        "mentions": [_mention(who, trace) for trace in found if trace.what == MENTION],
        "block_list": _blocks(ws, who),
        "files": sorted(files),
        "shared_with_others": who.shared,
    }
    return Gathered(who, told, files, missing)


def archive(ws: Workspace, gathered: Gathered) -> bytes:
    """It as a zip: a page to read, the same as JSON, and the files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in contents(ws, gathered).items():
            packed.writestr(zipfile.ZipInfo(name, ws.now.timetuple()[:6]), data)
    return content.getvalue()


def contents(ws: Workspace, gathered: Gathered) -> Mapping[str, bytes]:
    """The files of the archive by name."""
    data = json.dumps(gathered.told, ensure_ascii=False, indent=1, default=str)
    return {
        "index.html": page.page(ws, gathered.told).encode(),
        "data.json": data.encode(),
        **{f"files/{name}": content for name, content in sorted(gathered.files.items())},
    }


def _is_there(ws: Workspace, record_id: str) -> bool:
    return ws.exists(record_id) or bool(ws.merged_into(record_id))


def _take(ws: Workspace, files: dict[str, bytes], missing: list[str], sha: str, name: str) -> None:
    """Put a stored file into the archive, once, under a name that says what it is."""
    try:
        content = ws.attached(sha)
    except CrmError as damaged:
        missing.append(damaged.message)
        return
    if content in files.values():
        return
    files[f"{sha[:8]}-{safe_name(name)[-LONGEST_NAME:] or 'file'}"] = content


def _take_parts(ws: Workspace, files: dict[str, bytes], event: Event, sha: str) -> None:
    """The files that a letter carries, each for itself too."""
    from crmcli.channels import incoming_mail

    if _ending(event) != ".eml":
        return
    with suppress(CrmError):  # what cannot be read stands there as it came
        for part in incoming_mail.read(ws.attached(sha)).attachments:
            files[f"{sha[:8]}-{safe_name(part.name)[-LONGEST_NAME:]}"] = part.content


def _ending(event: Event) -> str:
    is_mail = event.kind.startswith("mail.") or event.data.get("channel") == "mail"
    return ".eml" if is_mail else ".txt"


def _known_by(who: Person) -> dict[str, list[str]]:
    names = [" ".join(filter(None, parts)) for parts in who.identity.names]
    known = who.identity
    return {
        "names": names,
        "emails": [*known.emails],
        "phones": [*known.phones],
        "others": [*known.others],
    }


def _consents(raw: Mapping[str, Any]) -> list[Any]:
    refused = [{"channel": one, "refused": True} for one in raw.get("do_not") or ()]
    return [*(raw.get("consents") or ()), *refused]


def _event(trace: Trace) -> dict[str, Any]:
    event = trace.event
    at = format_instant(event.at)
    return {
        "id": event.id,
        "at": at,
        "kind": event.kind,
        "record": event.record,
        "data": event.data,
    }


def _mention(who: Person, trace: Trace) -> dict[str, Any]:
    """Where others' records name him: the words around, not what else stands there."""
    event, spelled = trace.event, who.spelled
    words = [part for text in texts_in(event.data) for part in spelled.around(text)]
    return {
        "at": format_instant(event.at),
        "kind": event.kind,
        "record": event.record,
        "words": words,
    }


def _blocks(ws: Workspace, who: Person) -> list[dict[str, str]]:
    found = blocklist(ws)
    known = (*who.identity.emails, *who.identity.phones, *who.shared)
    blocks = [found.blocks[what] for what in known if what in found.blocks]
    return [{"what": b.what, "reason": b.reason, "on": str(b.on or "")} for b in blocks]


def file_name(who: Person) -> str:
    """What the archive is called."""
    return tr("privacy-{}.zip", who.id)
