"""The folder itself: what of it is no record, what of it nobody's change has left, and what mends that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model.values import Raw
from crmcli.store import layout
from crmcli.store.disk import file_systems, files, targets
from crmcli.store.disk.recovery import leftovers, recover, strays
from crmcli.store.git import commands, tracked
from crmcli.store.index import base, snapshots
from crmcli.store.index.documents import IndexDamaged as IndexDamaged
from crmcli.store.records import stray_files, uncommitted
from crmcli.store.safety import locks, state, trust
from crmcli.store.timeline import chain, csv_lines
from crmcli.store.yaml import codec
from crmcli.workspace import Workspace, spool

_RUBBISH = ("clone-id.", "index.db.new")
"""Beginnings of names in .crm/ that only a killed command leaves behind."""
_SWEPT = "the next change removes it"


class Fixed(NamedTuple):
    """What was fixed, or would be."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


# --- what is wrong ----------------------------------------------------------------------------------


def strange_files(ws: Workspace) -> Iterator[Problem]:
    """Files and folders where crm looks for none, or that are not what they must be."""
    yield from stray_files.closed_templates(ws.root)
    yield from () if ws.only_reads else (*leftovers(ws.root), *spool.damaged(ws))
    yield from stray_files.strange_places(ws.root)
    yield from stray_files.attachments(ws.root)


def is_blocked(ws: Workspace) -> bool:
    """Whether a file stands for one of the folders, so that nothing can be read."""
    return stray_files.is_blocked(ws.root)


def own_state(ws: Workspace) -> list[Problem]:
    """What in .crm/ is not as it should be: it is not ours, or the next command mends it by itself.

    Ask before anything else is read: a damaged index is thrown away.
    """
    why = ws.why_foreign
    if why:
        return [Problem(layout.STATE, 0, why, state.BY_FIX)]
    if ws.only_reads:
        return []
    with locks.shared(ws.root):  # what stands there while somebody writes is his
        left = strays(ws.root)
    found = [
        Problem(path, 0, "left by a killed command, never saved", _SWEPT, passing=True)
        for path in left
    ]
    if not base.is_sound(ws.root):
        base.discard(ws.root)  # not every command would meet what is torn
        said = "the index was damaged: it is built anew from the files"
        found.append(Problem(layout.INDEX, 0, said, passing=True))
    return found


def timeline(ws: Workspace) -> Iterator[Problem]:
    """What cannot be read, records among it, and what is wrong with the timeline, a problem a line."""
    unreadable = ws.problems()
    yield from unreadable
    bad = chain.by_file(unreadable)
    told = {(problem.path, problem.line) for problem in unreadable}
    for problem in chain.problems(ws.root, bad):
        if (problem.path, problem.line) not in told:
            told.add((problem.path, problem.line))
            yield problem
    is_fixed = ws.only_reads or ws.stands_far_off()
    growing = "" if is_fixed else layout.timeline_path(ws.now, ws.clone)
    yield from chain.line_ends(ws.root, bad, growing)


def surroundings(ws: Workspace) -> Iterator[Problem]:
    """Warnings: a file system whose locks cannot be trusted, changes that git did not get."""
    kind = file_systems.untrusted_kind(ws.root)
    if kind:
        forced = file_systems.is_forced(any_disk=ws.settings.any_disk)
        fate = "changes are made anyway, as configured" if forced else "nothing is changed there"
        yield Problem(
            ".",
            0,
            tr("the workspace is on {}, where locks are not reliable: {}", kind, fate),
            "move it to a local disk, and let git bring it to other machines",
        )
    if ws.settings.commit == "each" and not ws.only_reads and uncommitted.is_any(ws.root):
        yield Problem(
            layout.SETTINGS,
            0,
            "some changes are not committed to git yet",
            "the next change says why",
        )


def where_is(ws: Workspace, path: str) -> str:
    """The command that brings a file back out of git, from whatever branch or stash; "" if none has it."""
    commit = commands.commit_with(ws.root, path)
    return f"git checkout {commit} -- {path}" if commit else ""


def committed_file(ws: Workspace, revision: str, path: str) -> bytes | None:
    """A file as a commit has it; None where git has no such commit, or it no such file."""
    return None if revision.startswith("-") else commands.blob(ws.root, revision, path)


def as_committed(ws: Workspace) -> Iterator[tuple[str, dict[str, Raw]]]:
    """The records that have changed since git's last commit, as they were then; none if git cannot tell."""
    try:
        found = [*commands.as_committed(ws.root, layout.DATA)]
    except commands.GitFailed:
        return
    for path, data in found:
        record_id = layout.id_of_path(path)
        try:
            if record_id:
                yield record_id, codec.load(data, path)
        except InvalidData:
            continue  # it was broken then


def is_tracked(ws: Workspace) -> bool:
    """Whether the folder is part of a git repository."""
    return tracked.index_of(ws.root) is not None


def place_in_git(ws: Workspace, path: str) -> str:
    """A path of the workspace from the top of its repository."""
    found = tracked.index_of(ws.root)
    return os.path.relpath(os.path.realpath(ws.root / path), found[0]) if found else path


def has_stash(ws: Workspace) -> bool:
    """Whether git keeps changes that somebody has put aside."""
    return bool(commands.answer(ws.root, "stash", "list"))


# --- what mends it ----------------------------------------------------------------------------------


def fix_state(ws: Workspace) -> Iterator[Fixed]:
    """What stands in .crm/ and belongs to no change, or all of it where it is not ours."""
    yield from _foreign_state(ws)
    if ws.only_reads:
        return
    left = strays(ws.root)
    if left and not ws.dry_run:
        with locks.exclusive(ws.root, "check", any_disk=ws.settings.any_disk):
            recover(ws.root)
    yield from (Fixed(path, "removed what a killed command left") for path in left)
    folder = ws.root / layout.STATE
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    for name in names:
        if name.startswith(_RUBBISH):
            if not ws.dry_run:
                with files.os_errors("remove {}/{}", layout.STATE, name):
                    (folder / name).unlink(missing_ok=True)
            yield Fixed(f"{layout.STATE}/{name}", "removed what a killed command left")
    if not base.is_sound(ws.root):
        discard_index(ws)
        yield Fixed(layout.INDEX, "removed the damaged index; the next command rebuilds it")


def _foreign_state(ws: Workspace) -> Iterator[Fixed]:
    trust.refuse_stranger(ws.root)
    why = ws.why_foreign
    if not why:
        return
    was_tracked = state.is_tracked(ws.root)
    place = f"{layout.STATE}/aside" if ws.dry_run else state.set_aside(ws.root)
    what = tr("it {}; set aside in {}", why, place)
    if was_tracked:
        what += tr(", and taken out of git (git rm -r --cached {}): commit that", layout.STATE)
    yield Fixed(layout.STATE, what)
    ws.only_reads = ws.dry_run
    ws.look_again()


def discard_index(ws: Workspace) -> None:
    """Let the index be built anew by whoever reads next, and snapshots of it be no more."""
    if not ws.dry_run:
        base.discard(ws.root)
        snapshots.discard(ws.root)
    ws.look_again()


def fix_timeline(ws: Workspace) -> Iterator[Fixed]:
    """Timeline files with strange line ends, or with a line that stands there twice to the letter."""
    bad = chain.by_file(ws.problems())
    found = [*chain.problems(ws.root, bad), *chain.line_ends(ws.root, bad)]
    for path in dict.fromkeys(p.path for p in found if p.hint == chain.BY_FIX):
        if not targets.is_journal(path):
            continue  # under a strange name, which is told: nobody but crm's own files is mended
        with ws.change("check --fix") as change:
            content = files.read_bytes(ws.root / path)
            is_whole = csv_lines.read_file(ws.root / path).end == len(content)
            new, what = chain.mended(content, is_whole=is_whole)
            if new != content:
                change.fix(path, new)
        if what:
            yield Fixed(path, "; ".join(what))


def fix_places(ws: Workspace) -> Iterator[Fixed]:
    """Files of records that stand elsewhere than where crm looks for them."""
    for found in stray_files.misplaced(ws.root):
        with ws.change("check --fix") as change:
            content = files.read_bytes(ws.root / found.path)
            change.fix(found.path, None)
            if not found.twin:
                change.fix(found.target, content)
        what = tr("removed: the same is in {}", found.target)
        yield Fixed(found.path, what if found.twin else tr("moved to {}", found.target))
