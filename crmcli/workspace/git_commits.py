"""Committing to git what crm changed, and nothing that is not named."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import CrmError
from crmcli.language import counted, tr
from crmcli.store import layout
from crmcli.store.disk import files, targets
from crmcli.store.git import commands
from crmcli.store.records import uncommitted
from crmcli.store.records.uncommitted import Entry
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


MOST_LISTED = 20
"""Lines of each kind in the body of a message."""
MOST_NAMED = 3
"""Files that a note on stderr names."""
LONGEST_SUBJECT = 100
_NO_REPOSITORY = (
    "nothing is committed: the workspace is in no git repository"
    " (git init && git add . && git commit -m begin; or git: {commit: never} in settings.yaml)"
)


class _Plan(NamedTuple):
    """What one commit takes in: the files, and the changes that git does not have.

    `lost` are the commands whose events are not in the timeline any more.
    """

    paths: list[str]
    entries: list[Entry]
    lost: list[str]


def commit_changes(ws: Workspace, *, is_unattended: bool = False) -> list[str]:
    """Commit what crm changed and git does not have yet; lines for the user on what did not go.

    Whatever git says, the changes stand, so nothing is raised: what was left is taken up by the
    next commit. The same complaint is not repeated to a run that nobody attends.
    """
    try:
        if not uncommitted.is_any(ws.root):
            return []
        with uncommitted.alone(ws.root, any_disk=ws.settings.any_disk) as alone:
            if alone is None:
                return [
                    "not committed yet: another crm is committing; the next change will include this"
                ]
            return _told(ws.root, _commit(ws), is_unattended=is_unattended)
    except CrmError as failure:
        return [tr("not committed yet: {}", _with_hint(failure))]


class _Outcome(NamedTuple):
    """What to say after a try: `lasting` will be the same each time, until somebody mends it."""

    said: str = ""
    lasting: bool = False


def _told(root: Path, outcome: _Outcome, *, is_unattended: bool) -> list[str]:
    remembered = outcome.said if outcome.lasting or is_unattended else ""
    is_news = uncommitted.is_news(root, remembered)
    return [outcome.said] if outcome.said and (is_news or not remembered) else []


def _commit(ws: Workspace) -> _Outcome:
    root = ws.root
    if not commands.is_installed():
        return _Outcome("not committed: git is not installed", lasting=True)
    is_committed = False
    try:
        obstacle = commands.obstacle(root)
        if obstacle is None:
            uncommitted.claim(root, any_disk=ws.settings.any_disk)
            uncommitted.settle(root)
            return _Outcome(_NO_REPOSITORY, lasting=True)
        if obstacle:
            said = tr("not committed yet: {}; the next change after that will be", tr(obstacle))
            return _Outcome(said)
        entries = uncommitted.claim(root, any_disk=ws.settings.any_disk)
        ignored = commands.ignored(root, _paths(entries))
        plan = _planned(root, entries, ignored)
        if plan.paths:
            with contextlib.suppress(commands.NothingToCommit):  # somebody else has, meanwhile
                commands.commit(root, plan.paths, _message(ws, plan), _acting(ws))
        is_committed = True
        commands.restage(root, set(_paths(entries)) - ignored)
    except commands.GitFailed as failure:
        state = (
            "committed, but git's index is not updated yet" if is_committed else "not committed yet"
        )
        return _Outcome(f"{tr(state)}: {_with_hint(failure)}")
    uncommitted.settle(root)
    if ignored:
        where = "data/" if all(path.startswith(layout.DATA) for path in ignored) else "some files"
        return _Outcome(tr("not committed: .gitignore leaves out {}", tr(where)), lasting=True)
    if plan.lost:
        said = (
            "not committed, for it is not in the files any more, as after git rebase --abort, reset"
            " --hard or checkout: {}"
        )
        return _Outcome(tr(said, _few(plan.lost)))
    return _Outcome()


def _with_hint(failure: CrmError) -> str:
    return tr(failure.message) + (f" ({tr(failure.hint)})" if failure.hint else "")


def _paths(entries: Iterable[Entry]) -> list[str]:
    return sorted({path for entry in entries for path in entry.paths})


def _planned(root: Path, entries: Sequence[Entry], ignored: set[str]) -> _Plan:
    """What is to be committed. git may have thrown a change away, and one that was cut off earlier may
    be committed already: the events on the timeline tell."""
    paths = [path for path in _paths(entries) if path not in ignored]
    known = commands.in_last_commit(root, paths)
    there = [path for path in paths if path in known or os.path.lexists(files.inside(root, path))]
    here, committed = set[bytes](), set[bytes]()
    for path in filter(targets.is_journal, _paths(entries)):
        with contextlib.suppress(files.Missing):
            here |= _ids(files.read_bytes(files.inside(root, path)))
        committed |= _ids(commands.blob(root, "HEAD", path) or b"")
    new: list[Entry] = []
    lost: list[str] = []
    for entry in entries:
        event = entry.event.encode()
        if event and event not in here and event not in committed:
            lost.append(entry.command)
        elif not entry.is_left or event not in committed:
            new.append(entry)
    return _Plan(there, new, list(dict.fromkeys(lost)))


def _ids(timeline: bytes) -> set[bytes]:
    return {line.partition(b",")[0] for line in timeline.splitlines()}


def _message(ws: Workspace, plan: _Plan) -> str:
    """The command line, then what else a reader of the history may look for."""
    calls = list(dict.fromkeys(entry.command for entry in plan.entries))
    call = ws.call or (calls or ["crm"])[-1]
    records = list(dict.fromkeys(record for entry in plan.entries for record in entry.records))
    subject = call
    if call.endswith(" tick"):
        subject += f": {counted(len(records), 'record')}"
    parts = [_shortened(subject)]
    if len(subject) > LONGEST_SUBJECT:
        parts.append(subject)
    others = [other for other in calls if other != call]
    if others:
        parts.append(_listed("Since the last commit:", others))
    if [record for record in records if record not in subject]:
        parts.append(_listed("Records:", records))
    return "\n\n".join(parts) + "\n"


def _shortened(subject: str) -> str:
    return subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 1] + "…"


def _listed(title: str, lines: Sequence[str]) -> str:
    shown = [f"- {line}" for line in lines[:MOST_LISTED]]
    more = len(lines) - MOST_LISTED
    return "\n".join([title, *shown, *([f"- and {more} more"] if more > 0 else [])])


def _few(paths: Sequence[str]) -> str:
    more = len(paths) - MOST_NAMED
    named = ", ".join(paths[:MOST_NAMED])
    return tr("{} and {} more", named, more) if more > 0 else named


def _acting(ws: Workspace) -> tuple[str, str]:
    """Who is named where git knows no name: the acting user."""
    user = ws.settings.users.get(ws.user)
    name = ws.owner_name(ws.user) or "crm"
    return name, (user.email if user else "") or f"{ws.user or 'crm'}@localhost"
