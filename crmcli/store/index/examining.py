"""Reads the files of records that may have changed and puts what they say into the index."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import BadValues
from crmcli.model.merged import MERGED_INTO, fault_of, survivor_in
from crmcli.model.values import Raw, entity_of
from crmcli.store import layout
from crmcli.store.index import folder
from crmcli.store.index.folder import Look
from crmcli.store.index.freshness import Changes, Known, Suspect, may_differ
from crmcli.store.index.rows import Reader
from crmcli.store.index.writing import Rows
from crmcli.store.yaml import codec
from crmcli.store.yaml.canonical import MAX_BYTES

_ENTITY = {row.plural: row.name for row in ENTITIES.values()}


class Examiner:
    """Reads files that may have changed and hands on what they say."""

    def __init__(self, root: Path, reader: Reader, rows: Rows) -> None:
        self._root = root
        self._reader = reader
        self._rows = rows

    def take(self, found: Iterable[Changes]) -> None:
        """Bring the index up to what was found; the caller holds a transaction."""
        self.take_in(found)
        self._rows.flush()

    def take_in(self, found: Iterable[Changes]) -> None:
        """As `take`, but the last rows are left for the caller to flush."""
        for changes in found:
            self._take(changes, whole=True)

    def take_files(self, paths: Iterable[str]) -> None:
        """Bring the index up to just these files; their folders are looked at by the next refresh."""
        by_folder: dict[str, list[bytes]] = {}
        for path in dict.fromkeys(paths):
            shard, _, name = path.rpartition("/")
            by_folder.setdefault(shard, []).append(name.encode())
        for shard, names in by_folder.items():
            changes = self._changes_of(shard, names)
            if changes.suspects or changes.gone:
                self._take(changes, whole=False)
        self._rows.flush()

    def _changes_of(self, shard: str, names: list[bytes]) -> Changes:
        """Which of these files may have changed since the index knew them."""
        changes = Changes(time.time_ns(), Look(shard, b"", b""), [], {})
        with folder.opened(self._root, shard) as fd:
            for name in names:
                known = self._rows.known(shard, name)
                stamp = folder.stamp(fd, name)
                if stamp and may_differ(known, stamp):
                    changes.suspects.append(Suspect(name, stamp, known))
                elif known and not stamp:
                    changes.gone[name] = known
        return changes

    def _take(self, changes: Changes, *, whole: bool) -> None:
        for name, old in changes.gone.items():
            self._remove(changes.seen.path, name, old)
        settled = self._examine_all(changes)
        self._rows.look(changes.seen, settled and whole)

    def _examine_all(self, changes: Changes) -> bool:
        """Read all suspects; whether the look at their folder is worth remembering."""
        settled = True
        if changes.suspects:
            with folder.opened(self._root, changes.seen.path) as fd:
                for suspect in changes.suspects:
                    settled &= self._examine(fd, changes, suspect)
        return settled

    def _examine(self, fd: int, changes: Changes, suspect: Suspect) -> bool:
        """Read one file if need be; False if the next refresh has to read it again."""
        name, stamp, known = suspect
        shard = changes.seen.path
        path = _path(shard, name)
        record_id = layout.id_of_path(path)
        try:
            data, problem, lasting = _read(fd, path, record_id, suspect)
        except FileNotFoundError:
            if known:
                self._remove(shard, name, known)
            return False
        racy = not lasting or bool(record_id and folder.is_racy(stamp, changes.at))
        digest = folder.digest(problem.message.encode() if problem else data)
        num = known.num if known else self._rows.new_number()
        if known is None or known[1:] != (stamp, digest, racy):
            self._rows.file(num, shard, name, stamp, digest, racy)
        if known is None or known.digest != digest:
            if known:
                self._rows.forget(_entity_of(shard), num, path)
            if problem:
                self._rows.problems([problem])
            else:
                self._interpret(num, path, record_id, data)
        return not racy

    def _interpret(self, num: int, path: str, record_id: str, data: bytes) -> None:
        """A record's content: a row for a good one, its problems for another."""
        entity = entity_of(record_id)
        try:
            raw = codec.load(data, path)
            if raw.get("id") != record_id:
                inside = (
                    tr("the id in the file is {!r}", raw["id"])
                    if "id" in raw
                    else "the file has no id"
                )
                message = tr("{}, the file's name says {}", inside, record_id)
                line = codec.load_marked(data, path).lines.get(("id",), 1)
                self._rows.problems([Problem(path, line, message, "make them equal")])
                return
            if MERGED_INTO in raw:
                self._take_merged(num, path, raw, data)
                return
            row = self._reader.read(entity, raw)
        except InvalidData as error:
            self._rows.problems(error.problems)
        except BadValues as error:
            lines = codec.load_marked(data, path).lines
            self._rows.problems(
                Problem(path, lines.get((name,), 0), f"{name}: {why}") for name, why in error.faults
            )
        else:
            self._rows.record(entity, num, raw, row)
            if row.strange:
                self._tell_mistyped(entity, path, raw, data)

    def _tell_mistyped(self, entity: str, path: str, raw: Mapping[str, Raw], data: bytes) -> None:
        """The keys that look like a field's name: its value stands there and counts for nothing."""
        near = self._reader.schema.mistyped(entity, raw)
        lines = codec.load_marked(data, path).lines if near else {}
        self._rows.problems(
            Problem(
                path,
                lines.get((key,), 0),
                tr("no field {!r}", key),
                tr("did you mean {!r}?", name),
                readable=True,
            )
            for key, name in near.items()
        )

    def _take_merged(self, num: int, path: str, raw: Mapping[str, Raw], data: bytes) -> None:
        """What is left of a record that was merged: no row, so that no list or search has it."""
        message, hint = fault_of(raw)
        if message:
            line = codec.load_marked(data, path).lines.get((MERGED_INTO,), 0)
            self._rows.problems([Problem(path, line, message, hint)])
        self._rows.merged(num, str(raw["id"]), survivor_in(raw))

    def _remove(self, shard: str, name: bytes, known: Known) -> None:
        self._rows.forget(_entity_of(shard), known.num, _path(shard, name))
        self._rows.remove(known.num)


_STRANGER = "this is not a record file, or it is in the wrong folder"
_STRANGER_HINT = "records are like data/leads/7/lead-7k3qf2m9.yaml; move other files elsewhere"
_CLOSED_HINT = "check who owns it and its rights"
_LARGE_HINT = "keep long texts as attached files"


def _read(
    fd: int, path: str, record_id: str, suspect: Suspect
) -> tuple[bytes, Problem | None, bool]:
    """What a file holds, or why that cannot be said; and whether that lasts until it is changed."""
    if suspect.name == folder.ITSELF:
        return b"", Problem(path, 0, "the folder cannot be read", _CLOSED_HINT), False
    if not record_id:
        return b"", Problem(path, 0, _STRANGER, _STRANGER_HINT), True
    if suspect.stamp[0] > MAX_BYTES:
        return b"", Problem(path, 0, "the file is larger than 1 MB", _LARGE_HINT), True
    try:
        return folder.read(fd, suspect.name), None, True
    except folder.Unreadable as error:
        return b"", Problem(path, 0, error.reason, error.hint), error.lasting


def _path(shard: str, name: bytes) -> str:
    """The path of a file as it is shown; bytes that are no text are spelled out."""
    if name == folder.ITSELF:
        return shard
    return f"{shard}/{name.decode('utf-8', 'backslashreplace')}"


def _entity_of(path: str) -> str:
    """The entity whose records stand in a folder: `data/leads/7`, `data/leads`."""
    return _ENTITY[path.split("/")[1]]
