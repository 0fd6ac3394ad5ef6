"""gammu-smsd: a modem, or a telephone on a cable; what leaves and comes in lies in folders as files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.channels.base import Queued
from crmcli.channels.incoming import Arrived
from crmcli.channels.outcome import Failed, Outcome, Sending, taken_sms
from crmcli.channels.providers.fetching import Fetching
from crmcli.errors import ServiceFailed
from crmcli.language import tr
from crmcli.model.sms_length import ROOM
from crmcli.model.values import format_instant

SETTLED = 2.0
"""Seconds for which nobody has written to a file before it is read."""
LATE = 60.0
"""The same where the last part is full, so that another may follow, or empty."""
LARGEST = 64 * 1024
_IN = re.compile(r"IN(\d{8}_\d{6})_(\d+)_(.*)_(\d{2,3})\.txt")
_OURS = re.compile(r"OUT.*_crm([0-9a-f]{24})\.txt")
_FULL = {each for _, each in ROOM.values()}


class SpoolFailed(ServiceFailed):
    """A spool folder that cannot be read."""


class _Part(NamedTuple):
    """A part of a message."""

    number: int
    path: Path


class Gammu(Fetching):
    """The spool folders of one gammu-smsd (service = files)."""

    def prepared(self, message: Queued, given: Mapping[str, Any], now: datetime) -> Sending:
        """It is put into outbox, whole or not at all."""
        mark = hashlib.sha256(message.key.encode()).hexdigest()[:24]
        name = f"OUTC{now:%Y%m%d_%H%M%S}_00_{given['to']}_crm{mark}.txt"
        return partial(_put, Path(self.told("outbox")), name, str(given["text"]), _key(mark))

    def fetch(self) -> Iterator[Arrived]:
        """The messages in inbox, their parts joined, and those of ours that gammu could not send."""
        yield from self._inbox()
        folder = self.told("errors")
        for path in _files(Path(folder)) if folder else ():
            if found := _OURS.fullmatch(path.name):
                name, why = _key(found[1]), tr("gammu could not send it")
                given = {"id": name, "status": "failed", "why": why}
                yield _arrived(given, f"{name}:failed", [path])

    def acknowledge(self, arrived: Sequence[Arrived]) -> None:
        """The files of what is kept go."""
        for one in arrived:
            for name in one.facts["files"]:
                Path(name).unlink(missing_ok=True)

    def _inbox(self) -> Iterator[Arrived]:
        groups: dict[tuple[str, str, str], list[_Part]] = {}
        for path in _files(Path(self.told("inbox"))):
            if found := _IN.fullmatch(path.name):
                parts = groups.setdefault((found[1], found[2], found[3]), [])
                parts.append(_Part(int(found[4]), path))
        for (moment, serial, number), parts in sorted(groups.items()):
            parts.sort()
            text = self._joined(parts)
            if text is not None:
                at = _moment(moment)
                if at is None or not _is_text(number):
                    told = tr("{}: the name says no time or no sender", _shown(parts[0].path))
                    self.troubles.append(told)
                    continue
                given = {"from": number, "text": text, "at": format_instant(at)}
                key = f"sms:gammu:in:{moment}_{serial}_{number}"
                yield _arrived(given, key, [part.path for part in parts])

    def _joined(self, parts: Sequence[_Part]) -> str | None:
        """The text of a message; None where it is not whole, or may still be written."""
        try:
            age = time.time() - max(part.path.stat().st_mtime for part in parts)
            if age < SETTLED:
                return None
            if max(part.path.stat().st_size for part in parts) > LARGEST:
                self.troubles.append(tr("{}: larger than an SMS can be", parts[0].path))
                return None
            texts = [_read(part.path) for part in parts]
        except OSError as error:
            self.troubles.append(f"{parts[0].path}: {error.strerror or error}")
            return None
        except ValueError:
            texts = []
        if not texts or [part.number for part in parts] != [*range(len(parts))]:
            self.troubles.append(tr("{}: it is cut in half, or a part is missing", parts[0].path))
            return None
        if len(texts[-1]) in _FULL | {0} and age < LATE:
            return None
        return "".join(texts)


PROVIDER = Gammu


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d_%H%M%S").astimezone()
    except (ValueError, OverflowError):
        return None


def _shown(path: Path) -> str:
    """The path as a text that can be written, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def _is_text(text: str) -> bool:
    """Whether a part of a file's name is text, and not bytes of another encoding."""
    return text.encode("utf-8", "replace").decode() == text


def _key(mark: str) -> str:
    return f"gammu:{mark}"


def _arrived(given: Mapping[str, str], key: str, files: Sequence[Path]) -> Arrived:
    content = json.dumps(given, ensure_ascii=False).encode()
    return Arrived(content, key, {"files": [str(path) for path in files]})


def _files(folder: Path) -> list[Path]:
    """The files of a spool folder by their names, which begin with the time."""
    try:
        found = (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
        return sorted(found)
    except OSError as error:
        raise SpoolFailed(f"{folder}: {error.strerror or error}") from None


def _read(path: Path) -> str:
    """The text of a file, UTF-16 where it says so, which may be empty; ValueError where it is no text."""
    with path.open("rb") as file:
        content = file.read(LARGEST)
    wide = {b"\xfe\xff": "utf-16-be", b"\xff\xfe": "utf-16-le"}.get(content[:2])
    text = content[2:].decode(wide) if wide else content.decode("utf-8")
    return text.rstrip("\0")


def _put(folder: Path, name: str, text: str, key: str) -> Outcome:
    draft = folder / f".{name}"
    try:
        with draft.open("wb") as file:
            file.write(b"" if text.isascii() else b"\xfe\xff")
            file.write(text.encode("ascii" if text.isascii() else "utf-16-be"))
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / name)
    except OSError as error:
        return Failed(f"{folder}: {error.strerror or error}")
    return taken_sms(key, name)
