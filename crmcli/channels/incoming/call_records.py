"""Lists of calls (CDR) as CSV: of Asterisk and FreePBX, of Mango, Zadarma, Twilio, by their headers."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from crmcli import words
from crmcli.channels.incoming import Arrived, Unreadable
from crmcli.dataclass import replace
from crmcli.errors import CrmError
from crmcli.formats.csv import read_table
from crmcli.language import tr
from crmcli.model.settings import Settings

MASTER = ("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp",
          "lastdata", "start", "answer", "end", "duration", "billsec", "disposition", "amaflags",
          "uniqueid", "userfield")  # fmt: skip
"""The columns of Asterisk's Master.csv, which has no header."""
MANGO = ("records", "start", "finish", "answer", "from_extension", "from_number", "to_extension",
         "to_number", "disconnect_reason", "line_number", "location", "entry_id")  # fmt: skip
"""The columns of the statistics of Mango's API, which have none either."""
OWNED = ("zadarma", "mango", "twilio")
_CHANNEL = re.compile(r"(?:PJSIP|SIP|IAX2|SCCP|Local)/(\d{2,6})[-@]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):(\d\d)")
_SECONDS = re.compile(r"\d:\d\d:\d\d")
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_FORMS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S",
          "%d.%m.%y %H:%M:%S", "%Y/%m/%d %H:%M:%S")  # fmt: skip


def calls_of(content: bytes, settings: Settings) -> list[Arrived]:
    """The calls of a list, each once with the row that tells most of it; Unreadable if it is none."""
    best: dict[str, tuple[tuple[bool, int], Arrived]] = {}
    rows = Counter[str]()
    of_list = {"list": hashlib.sha256(content).hexdigest()[:12]}
    for number, (header, row) in enumerate(_rows(content)):
        read = _Row(header, row, settings)
        found = read.call()
        key = str(found.pop("key")) or ""
        whole = {**found, "row": dict(zip(header, row, strict=False))}
        told = json.dumps(whole, ensure_ascii=False)
        content_key = key or _key_of_row(told, rows)
        rank = (found["status"] == "answered", _number(found["duration"]))
        name = key or f"row {number}"
        if name not in best or rank > best[name][0]:
            best[name] = rank, Arrived(told.encode(), content_key, read.clock())
    if not best:
        raise Unreadable("the list has no calls", "")
    lengths = {rank[1] for rank, _ in best.values() if rank[1]}
    if lengths and not any(length % 60 for length in lengths):
        of_list["rounded"] = "yes"
    return [replace(arrived, facts={**arrived.facts, **of_list}) for _, arrived in best.values()]


def _key_of_row(told: str, rows: Counter[str]) -> str:
    """The key of a call without an id: its content, and for another one just alike which that is."""
    rows[told] += 1
    digest = hashlib.sha256(told.encode()).hexdigest()
    return f"sha256:{digest}" + (f":{rows[told]}" if rows[told] > 1 else "")


def _rows(content: bytes) -> Iterator[tuple[Sequence[str], Sequence[str]]]:
    """The rows, each with what its columns are called."""
    try:
        table = read_table(content, tr("the list of calls"))
    except CrmError as error:
        raise Unreadable(error.message, error.hint) from None
    first = table.header
    header: Sequence[str] = [one.strip().casefold() for one in first]
    is_bare = False
    if len(first) >= len(MASTER) - 2 and _DATE.fullmatch(first[9]) and first[12].isdecimal():
        header, is_bare = MASTER, True
    elif len(first) >= len(MANGO) - 1 and first[1].isdecimal() and first[2].isdecimal():
        header, is_bare = MANGO, True
    names = set(header)
    if not (_columns("from") & names and _columns("to") & names):
        hint = "its header needs a caller and a called number, as from and to"
        raise Unreadable("it is no list of calls", hint)
    if is_bare:
        yield header, first
    for row in table.rows():
        cells = [str(cell or "") for cell in row.cells]
        if any(map(str.strip, cells)):
            yield header, cells


class _Row:
    """A row, read by what its columns are called."""

    def __init__(self, header: Sequence[str], row: Sequence[str], settings: Settings) -> None:
        texts = zip(header, map(str.strip, row), strict=False)
        self.cells = {name: text for name, text in texts if text}
        self.settings = settings

    def _of(self, field: str) -> str:
        """The cell of a field: that of the first of its names that the row has."""
        return next((self.cells[name] for name in _names(field) if name in self.cells), "")

    def call(self) -> dict[str, str]:
        """The call, by the names that crm has for it."""
        seconds = _seconds(self._of("duration") or self._of("whole"))
        status = self._of("status").casefold()
        if "answer" in self.cells and not status:  # a moment: 0 where nobody answered
            answered, ended = _number(self.cells["answer"]), _number(self.cells.get("finish", ""))
            status = "answered" if answered else ""
            seconds = str(ended - answered if answered else 0)
        is_answered = status in _columns("answered") or (not status and seconds not in ("", "0"))
        way, client, agent, line = self._ends()
        return {
            "key": self._key(),
            "direction": way,
            "from" if way == "in" else "to": client,
            "to" if way == "in" else "from": line,
            "agent": agent,
            "duration": seconds if is_answered else "0",
            "status": "answered" if is_answered else status or "missed",
            "at": self._moment(),
            "recording": self._of("recording"),
        }

    def _ends(self) -> tuple[str, str, str, str]:
        """Which way it went, the client's number, the extension that took part, and the line."""
        source, target, line = self._of("from"), self._of("to"), self._of("line")
        from_agent = self.cells.get("from_extension") or _extension(self.cells.get("channel", ""))
        to_agent = self.cells.get("to_extension") or _extension(self.cells.get("dstchannel", ""))
        said = self._of("direction").casefold()
        way = next((one for one in ("in", "out", "internal") if said in _columns(one)), "")
        if not way:
            starts = bool(self.cells.get("from_extension")) or _is_short(source)
            ends = bool(self.cells.get("to_extension")) or _is_short(target)
            way = "internal" if starts and ends and not line else "out" if starts else "in"
        agent = self._of("agent")
        if way == "out":
            agent = agent or from_agent or (source if _is_short(source) else "")
            return way, target, agent, line or ("" if _is_short(source) else source)
        agent = agent or to_agent or (target if _is_short(target) else "")
        return way, source, agent, line or ("" if _is_short(target) else target)

    def _key(self) -> str:
        """By what the call is known, also where the exchange told of it by itself."""
        for provider in OWNED:
            if name := self._of(provider):
                return f"call:{provider}:{name}"
        return f"call:{name}" if (name := self._of("id")) else ""

    def clock(self) -> dict[str, bool]:
        """How exactly it is told when it was: in `minutes`, `zoneless`."""
        text = self._written()
        if text.isdecimal():
            return {}
        told = {"minutes": not _SECONDS.search(text), "zoneless": not _ZONE.search(text)}
        return {name: True for name, is_so in told.items() if is_so}

    def _written(self) -> str:
        return self._of("at") or " ".join(filter(None, [self._of("date"), self._of("time")]))

    def _moment(self) -> str:
        """When it was; a time without a zone is one of the company."""
        text = self._written()
        if text.isdecimal():
            return text
        zone = ZoneInfo(self.settings.time_zone)
        for form in ("", *_FORMS):
            try:
                whole = datetime.fromisoformat
                found = datetime.strptime(text, form).replace(tzinfo=zone) if form else whole(text)
            except ValueError:
                continue
            return (found if found.tzinfo else found.replace(tzinfo=zone)).isoformat()
        return text  # who reads it says what is wrong with it


@cache
def _names(field: str) -> tuple[str, ...]:
    """What a column is called, the best first, or the words that mean something."""
    return tuple(words.joined("call_records")[field].split("|"))


def _columns(field: str) -> set[str]:
    return {*_names(field)}


def _extension(channel: str) -> str:
    match = _CHANNEL.match(channel)
    return match[1] if match else ""


def _is_short(number: str) -> bool:
    return number.isdecimal() and len(number) <= 4


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else 0


def _seconds(text: str) -> str:
    """How long, in seconds, also from 1:02:03."""
    match = _CLOCK.fullmatch(text)
    if not match:
        return text.partition(".")[0] if text.replace(".", "", 1).isdecimal() else text
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return str(hours * 3600 + minutes * 60 + seconds)
