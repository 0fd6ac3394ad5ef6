"""Runs crm with one fault put into it: `python -m torture.seeded FAULT [crm arguments]`.

Each fault is a line that somebody could have forgotten. The product knows nothing of them: they are
put into this process alone, before the command runs.
"""

from __future__ import annotations

import fcntl
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.automation import clock_changes, heard_events, schedule_progress
from crmcli.automation.approval import gate
from crmcli.channels import connection, http_exchange, smtp
from crmcli.store.disk import applying, files, targets, transaction
from crmcli.store.disk.applying import Applying
from crmcli.store.disk.commit_record import SUFFIX, TXN, Append, CommitRecord, Put
from crmcli.store.git import commands, safe_call
from crmcli.store.layout import CLONE_ID, STATE
from crmcli.store.records import change
from crmcli.store.safety import locks


class Fault(NamedTuple):
    """A fault: what is unrecorded, which part must find it, on which command."""

    words: str
    part: str
    scene: str
    seed: Callable[[], None]


class _Os:
    """The module os for one room of the store, with one function that does nothing."""

    def __init__(self, **instead: Callable[..., Any]) -> None:
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        return self._instead.get(name) or getattr(os, name)


def _patch(where: Any, name: str, what: object) -> None:
    getattr(where, name)  # a fault that nobody calls would be found by nobody
    setattr(where, name, what)


def _unsynced(chosen: Callable[[str], bool]) -> None:
    write = files.write_file

    def written(path: Path | str, data: bytes, *, durable: bool = True, **more: Any) -> None:
        write(path, data, durable=durable and not chosen(str(path)), **more)

    _patch(files, "write_file", written)


def staged_file() -> None:
    """Staged files are not synced."""
    _unsynced(lambda path: TXN in path and not path.endswith(".tmp"))


def record_file() -> None:
    """The commit record is not synced."""
    _unsynced(lambda path: path.endswith(".tmp"))


def _no_folder_sync(chosen: Callable[[Path, str], bool]) -> None:
    sync = files.fsync_dir

    def synced(path: Path) -> None:
        if not chosen(path, sys._getframe(1).f_code.co_name):
            sync(path)

    _patch(files, "fsync_dir", synced)


def commit_point() -> None:
    """The folder of the commit record is not synced after it got its name."""
    _no_folder_sync(lambda path, caller: caller == "publish")


def after_unlink() -> None:
    """The folder of the commit record is not synced after it was removed."""
    _no_folder_sync(lambda path, caller: caller == "run")


def target_folders() -> None:
    """The folders of the records are not synced."""
    _no_folder_sync(lambda path, caller: caller == "_sync")


def new_folders() -> None:
    """The folder above a new folder is not synced."""
    _no_folder_sync(lambda path, caller: caller == "make_folders")


def whole_sync() -> None:
    """A change of many files is not synced."""
    _patch(files, "sync_all", lambda path: None)


def append_sync() -> None:
    """The timeline is not synced."""
    _patch(applying, "os", _Os(fsync=lambda fd: None))


def own_letters() -> None:
    """The letters of this clone are not synced."""
    _unsynced(lambda path: CLONE_ID in path)


def own_letters_folder() -> None:
    """The folder of this clone's letters is not synced after they got their name."""
    _no_folder_sync(lambda path, caller: path.name == STATE and caller == "write_over")


def no_record() -> None:
    """There is no commit record."""

    def publish(stage: Any, record: CommitRecord) -> None:
        stage._published = True
        (stage.txn / record.name).touch()

    _patch(transaction._Stage, "publish", publish)
    _patch(transaction, "recover", _sweep)
    _patch(change, "recover", _sweep)


def record_without_rename() -> None:
    """The commit record is written under its own name at once."""

    def publish(stage: Any, record: CommitRecord) -> None:
        files.write_file(stage.txn / record.name, record.encode())
        files.fsync_dir(stage.txn)
        stage._published = True

    _patch(transaction._Stage, "publish", publish)


def in_place() -> None:
    """Records are written in their place, not renamed into it."""

    def put(applying: Applying, what: Put) -> None:
        target, staged = applying._target(what.path), applying.txn / what.staged
        if staged.exists():
            applying._make_room(what.path)
            data = staged.read_bytes()
            staged.unlink()
            with open(target, "wb", buffering=0) as file:
                file.write(data)
                os.fsync(file.fileno())

    _patch(Applying, "_put", put)


def blind_append() -> None:
    """Lines are appended without a look at what already exists."""

    def missing(fd: int, append: Append) -> tuple[int, bytes]:
        return os.fstat(fd).st_size, append.text.encode()

    _patch(applying, "_what_is_missing", missing)


def no_append() -> None:
    """Recovery forgets the lines that were to be appended."""
    append = Applying._append

    def appended(applying: Applying, what: Append) -> None:
        if not applying.again:
            append(applying, what)

    _patch(Applying, "_append", appended)


def no_delete() -> None:
    """Recovery forgets the files that were to be removed."""
    delete = Applying._delete

    def deleted(applying: Applying, what: Any) -> None:
        if not applying.again:
            delete(applying, what)

    _patch(Applying, "_delete", deleted)


def _sweep(root: Path) -> list[str]:
    for name in os.listdir(root / TXN) if (root / TXN).exists() else []:
        (root / TXN / name).unlink()
    return []


def no_recovery() -> None:
    """What a killed command left is swept away, not finished."""
    _patch(transaction, "recover", _sweep)
    _patch(change, "recover", _sweep)


def record_stays() -> None:
    """The commit record is not removed."""
    unlink = Path.unlink

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        if not path.name.endswith(SUFFIX):
            unlink(path, missing_ok=missing_ok)

    _patch(Path, "unlink", unlinked)


def applied_first() -> None:
    """Records are changed before the commit record is there."""

    def publish(stage: Any, record: CommitRecord) -> None:
        for put in record.puts:
            early = stage.txn / f"{put.staged}.early"
            early.write_bytes((stage.txn / put.staged).read_bytes())
            early.rename(stage.root / put.path)
        _publish(stage, record)

    _publish = transaction._Stage.publish
    _patch(transaction._Stage, "publish", publish)


def _unlocked(chosen: int) -> None:
    take = locks._take

    def taken(fd: int, how: int, *args: Any, **more: Any) -> None:
        if how != chosen:
            take(fd, how, *args, **more)

    _patch(locks, "_take", taken)


def no_lock() -> None:
    """Who writes does not wait for the lock."""
    _unlocked(fcntl.LOCK_EX)


def no_reader_lock() -> None:
    """Who reads takes no lock."""
    _unlocked(fcntl.LOCK_SH)


def blind_recovery() -> None:
    """Recovery overwrites what somebody made of a record meanwhile."""

    def put(applying: Applying, what: Put) -> None:
        staged = applying.txn / what.staged
        if staged.exists():
            staged.rename(applying._target(what.path))

    _patch(Applying, "_put", put)


def no_digests() -> None:
    """A record that somebody changed meanwhile is overwritten."""
    _patch(transaction.Transaction, "_check_digests", lambda _: None)


def blind_clock() -> None:
    """A clock that was wrong is not noticed."""
    _patch(clock_changes, "notice", lambda ws: [])


def newest_slot() -> None:
    """A schedule goes on where it came last, by whatever clock."""
    _patch(schedule_progress, "_farthest", lambda events, cron, now: events[0] if events else None)


def no_allow_list() -> None:
    """Recovery writes wherever a commit record says."""
    for name in ("may_put", "may_append", "may_delete"):
        _patch(targets, name, lambda path: True)


def armed_git() -> None:
    """git runs the filters that the folder's configuration names."""
    _patch(commands, "_disarmed", lambda root: {})


def any_repository() -> None:
    """A commit goes into whatever repository .git leads to."""
    _patch(safe_call, "why_outside", lambda *_: "")


def greatest_id() -> None:
    """Nothing is heard whose id is smaller than that of something heard before."""
    find = heard_events.HeardEvents._find

    def found(notes: Any, is_whole: bool) -> Any:
        last = max((name for name in notes._heard._heads if name), default="")
        return [unheard for unheard in find(notes, is_whole) if unheard.event.id > last]

    _patch(heard_events.HeardEvents, "_find", found)


def forgetful() -> None:
    """What left this machine is not asked for when the timeline has forgotten it."""
    _patch(gate, "unrecorded", lambda ws: [])


def endless_patience() -> None:
    """Each byte of a server begins the time anew."""
    _patch(connection, "time_left", lambda until: 5.0)


def no_limit() -> None:
    """What a server says is kept, however much it is."""

    def line(made: connection.Connection, most: int) -> bytes:
        kept = io.BytesIO()
        while b"\n" not in (piece := made.read(1 << 16)):
            if not piece:
                raise connection.HungUp("the connection was closed")
            kept.write(piece)
        end, _, rest = piece.partition(b"\n")
        made.unread(rest)
        return (kept.getvalue() + end).removesuffix(b"\r")

    _patch(connection.Connection, "line", line)
    _patch(connection, "_PIECE", 1 << 16)
    for where in (smtp, http_exchange):
        _patch(where, "MOST_HEARD", 1 << 40)


def unasked() -> None:
    """What a server says before it was asked counts as its answer."""
    _patch(smtp._Conversation, "_listen", lambda talk, what: None)


def half_a_line() -> None:
    """A line that is broken off counts as a whole one."""
    line = connection.Connection.line

    def read(made: connection.Connection, most: int) -> bytes:
        try:
            return line(made, most)
        except connection.HungUp:
            rest = bytes(made._ahead)
            made._ahead.clear()
            if not rest:
                raise
            return rest

    _patch(connection.Connection, "line", read)


def silence_is_refusal() -> None:
    """No answer after the whole message counts as a refusal."""
    _patch(smtp, "Unknown", lambda reason: smtp.Failed(reason, again=True))


def final_announcement() -> None:
    """A status that only announces an answer counts as the answer."""
    status = http_exchange._Pinned._status

    def read(made: http_exchange._Pinned) -> int:
        first = made.line.line(http_exchange.LONGEST_LINE)
        made.line.unread(first + b"\r\n")
        return 200 if first.startswith(b"HTTP/1.1 1") else status(made)

    _patch(http_exchange._Pinned, "_status", read)


FAULTS: dict[str, Fault] = {
    seed.__name__: Fault((seed.__doc__ or "").rstrip("."), part, scene, seed)
    for seed, part, scene in (
        (staged_file, "disk", "edit"),
        (record_file, "disk", "edit"),
        (commit_point, "disk", "edit"),
        (after_unlink, "disk", "edit"),
        (target_folders, "disk", "edit"),
        (new_folders, "disk", "first add"),
        (whole_sync, "disk", "import many"),
        (append_sync, "disk", "call"),
        (own_letters, "disk", "first after clone"),
        (own_letters_folder, "disk", "first in an old state"),
        (no_record, "kills", "edit"),
        (record_without_rename, "kills", "edit"),
        (in_place, "kills", "edit"),
        (blind_append, "kills", "call"),
        (no_append, "kills", "edit"),
        (no_delete, "kills", "rm"),
        (no_recovery, "kills", "edit"),
        (record_stays, "kills", "edit"),
        (applied_first, "kills", "edit"),
        (no_lock, "turns", "writer_then_writer"),
        (no_reader_lock, "turns", "reader_then_writer"),
        (blind_recovery, "turns", "hand_then_recovery"),
        (no_digests, "turns", "editor_then_command"),
        (endless_patience, "servers", "EHLO: drips lines without end"),
        (no_limit, "servers", "hook: a line that never ends"),
        (unasked, "servers", "DATA: thanks before the text"),
        (half_a_line, "servers", "dot: a line broken off"),
        (silence_is_refusal, "servers", "dot: hangs up"),
        (final_announcement, "servers", "hook: 103 and no more"),
        (blind_clock, "clocks", "ahead"),
        (newest_slot, "clocks", "ahead"),
        (no_allow_list, "folders", "record: put '.git/hooks/post-commit'"),
        (armed_git, "folders", "config filter.x.clean"),
        (any_repository, "folders", "another repository by file"),
        (greatest_id, "gitsteps", "late_call"),
        (forgetful, "gitsteps", "letters_stashed"),
    )
}


def main() -> None:
    """Put the fault in, and run the command line."""
    FAULTS[sys.argv.pop(1)].seed()
    if sys.argv[1:] == ["--caller"]:
        from torture.caller import main as run
    else:
        from crmcli.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
