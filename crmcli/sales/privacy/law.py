"""What the law keeps of a person whose data are erased, and for how long."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from crmcli.errors import CrmError
from crmcli.model.settings import KEPT_ABROAD, KEPT_IN_RUSSIA
from crmcli.model.values import parse_instant
from crmcli.store import layout
from crmcli.workspace import Workspace

WAYS = ("law", "nothing")
_WHO = ("name", "first_name", "middle_name", "last_name", "address")
_REACHED = ("phones", "emails")
"""Who consented is known by these; a paper does without."""


class Locked(NamedTuple):
    """A paper that is kept apart: of which record, which kind, until when, and its file."""

    record: str
    kind: str
    until: str
    content: bytes

    @property
    def path(self) -> str:
        """Where it stands, from the root."""
        return layout.locked_path(self.until, self.record)


def years(ws: Workspace) -> Mapping[str, int]:
    """For how many years which kind of paper is kept: as settings.yaml says, else as usual in the country."""
    usual = KEPT_IN_RUSSIA if ws.settings.phone_country == "RU" else KEPT_ABROAD
    return {**usual, **ws.settings.privacy_keep}


def kept(ws: Workspace, ids: list[str], client: Mapping[str, Any], way: str) -> Iterator[Locked]:
    """Of these records, those of which something is kept, each as it is to be locked away."""
    for record_id in ids if way == WAYS[0] else ():
        raw = dict(ws.stored(record_id).raw)
        kind, day = _paper(record_id, raw)
        if kind:
            last = _later(day or ws.today, years(ws)[kind])
            if last > ws.today:
                yield Locked(
                    record_id, kind, last.isoformat(), _content(ws, raw, client, kind, last)
                )


def _paper(record_id: str, raw: Mapping[str, Any]) -> tuple[str, date | None]:
    """What kind of paper a record is, and from which day its years count; "" if the law wants none of it."""
    entity = record_id.partition("-")[0]
    status = str(raw.get("status", "draft"))
    if entity == "invoice" and status != "draft":
        return "invoices", _day(raw.get("date"))
    if entity == "offer" and status == "accepted":
        return "offers", _day(raw.get("date"))
    if raw.get("consents"):
        told = [one.get("withdrawn_at") or one.get("at") for one in raw["consents"]]
        return "consents", max(filter(None, map(_day, told)), default=None)
    return "", None


def _day(value: Any) -> date | None:
    if not value:
        return None
    text = str(value)
    return parse_instant(text).date() if "T" in text else date.fromisoformat(text)


def _later(day: date, count: int) -> date:
    """The last day of the year, so many years after: as such terms are counted."""
    return date(day.year + count, 12, 31) if count else day


def _content(
    ws: Workspace, raw: Mapping[str, Any], client: Mapping[str, Any], kind: str, until: date
) -> bytes:
    """The paper with the name and address that belong to it, and its files."""
    shown = {"consents": raw["consents"]} if kind == "consents" else raw
    names = (*_WHO, *(_REACHED if kind == "consents" else ()))
    who = {name: client[name] for name in names if client.get(name)}
    papers = []
    for item in raw.get("files") or () if kind != "consents" else ():
        try:
            content = ws.attached(str(item["file"]))
        except CrmError:
            continue
        papers.append({**item, "content": base64.b64encode(content).decode()})
    told = {"kind": kind, "until": until, "record": shown, "client": who, "files": papers}
    return json.dumps(told, ensure_ascii=False, indent=1, default=str).encode() + b"\n"


def locked(ws: Workspace) -> Iterator[tuple[str, str, str]]:
    """What is kept now: of which record, until when, where."""
    for path in sorted((ws.root / layout.LOCKED).glob("*/*.json")):
        yield path.stem, path.parent.name, path.relative_to(ws.root).as_posix()


def over(ws: Workspace) -> list[str]:
    """The papers whose time is over, by their paths."""
    return [path for _, until, path in locked(ws) if until < ws.today.isoformat()]
