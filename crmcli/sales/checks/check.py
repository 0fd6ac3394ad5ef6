"""What is wrong in a workspace: configuration, unreadable files, dangling links, the timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from crmcli.errors import InvalidData, Problem
from crmcli.language import counted
from crmcli.model.entities import ENTITIES
from crmcli.sales.checks import merge_checks
from crmcli.sales.checks.record_checks import Inquest
from crmcli.sales.consent.block_list import blocklist
from crmcli.sales.imports.mapping import presets_of
from crmcli.sales.records import tombstones
from crmcli.store import layout
from crmcli.store.disk import files, targets
from crmcli.store.disk.recovery import leftovers, strays
from crmcli.store.index import base
from crmcli.store.records import stray_files
from crmcli.store.safety import locks, state
from crmcli.store.timeline import chain
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from datetime import datetime

_SWEPT = "the next change removes it"


def problems(ws: Workspace) -> list[Problem]:
    """Everything that a person should mend, by file and line."""
    found: list[Problem] = []
    bad: set[str] = set()
    for path, read in (
        (layout.PIPELINES, lambda: ws.pipelines),
        ("views.yaml", lambda: ws.views),
        (targets.BLOCKLIST, lambda: blocklist(ws)),
    ):
        try:
            read()
            continue
        except InvalidData as error:
            found += error.problems
        except files.PermissionDenied as error:
            said = error.message.replace(f"{ws.root}/", "")
            found.append(Problem(path, 0, said, error.hint))
        bad.add(path)
    if not (ws.root / layout.SETTINGS).exists():
        hint = f"bring it back: git checkout {layout.SETTINGS}"
        found.append(Problem(layout.SETTINGS, 0, "the file is missing, so the defaults hold", hint))
    found += stray_files.closed_templates(ws.root)
    found += presets_of(ws).problems
    found += [] if ws.only_reads else leftovers(ws.root)
    places = list(stray_files.strange_places(ws.root))
    found += places
    found += stray_files.attachments(ws.root)
    if any(not (ws.root / place.path).is_dir() and place.path.count("/") == 1 for place in places):
        return list(dict.fromkeys(found))  # nothing can be read while a file stands for a folder
    found += _of_timeline(ws)
    found += _of_records(ws, found, staged=layout.PIPELINES not in bad)
    return list(dict.fromkeys(found))


def own_state(ws: Workspace) -> list[Problem]:
    """What in .crm/ is not as it should be: it is not ours, or the next command mends it by itself.

    Ask before anything else is read: a damaged index is thrown away.
    """
    why = state.why_foreign(ws.root)
    if why:
        return [Problem(layout.STATE, 0, why, state.BY_FIX)]
    if ws.only_reads:
        return []
    with locks.shared(ws.root):  # what stands there while somebody writes is his
        left = strays(ws.root)
    found = [
        Problem(path, 0, "a killed command has left this, and never saved it", _SWEPT, passing=True)
        for path in left
    ]
    if not base.is_sound(ws.root):
        base.discard(ws.root)  # not every command would meet what is torn
        said = "the index was damaged: it is built anew from the files"
        found.append(Problem(base.PATH, 0, said, passing=True))
    return found


def _of_timeline(ws: Workspace) -> Iterator[Problem]:
    """What cannot be read, records among it, and what is wrong with the timeline, a problem a line."""
    unreadable = ws.problems()
    yield from unreadable
    bad = chain.by_file(unreadable)
    told = {(problem.path, problem.line) for problem in unreadable}
    for problem in chain.problems(ws.root, bad):
        if (problem.path, problem.line) not in told:
            told.add((problem.path, problem.line))
            yield problem
    growing = "" if ws.only_reads else layout.timeline_path(ws.now, ws.clone)
    yield from chain.line_ends(ws.root, bad, growing)


def _of_records(ws: Workspace, found: Iterable[Problem], *, staged: bool) -> Iterator[Problem]:
    inquest = Inquest(ws, staged=staged)
    for entity in ENTITIES:
        for raw in ws.rows(entity):
            yield from inquest.of_record(entity, raw)
    yield from tombstones.problems(ws)
    yield from inquest.of_index()
    months = {p.path.split("/")[2] for p in found if p.path.startswith(f"{layout.TIMELINE}/")}
    yield from _unborn(ws, inquest.unborn, months)
    yield from _vanished(ws)
    yield from merge_checks.problems(ws)


def _unborn(
    ws: Workspace, made: Iterable[tuple[str, datetime]], told: set[str]
) -> Iterator[Problem]:
    """Months of which the timeline has lost the beginnings of records, one problem each."""
    months: defaultdict[str, list[str]] = defaultdict(list)
    for record_id, at in made:
        months[f"{at:%Y-%m}"].append(record_id)
    for month, ids in sorted(months.items()):
        if month in told:
            continue
        who = counted(len(ids), "record was", "records were")
        said = f"{who} made in this month and the timeline does not know it: {', '.join(ids[:3])}"
        back = (
            "git stash pop, if that has them"
            if merge_checks.has_stash(ws)
            else "bring a lost file back from git"
        )
        hint = f"{back}; or {merge_checks.BY_FIX} notes that they are there"
        yield Problem(f"{layout.TIMELINE}/{month}", 0, said + (" …" if ids[3:] else ""), hint)


def _vanished(ws: Workspace) -> Iterator[Problem]:
    """Records that were made, and whose files are gone though nobody removed them with crm."""
    paths = map(layout.record_path, ws.births.vanished())
    gone = [path for path in paths if not files.is_there(ws.root / path)]
    ways = merge_checks.ways_back(ws, gone)
    for path in gone:
        said = "the file is missing: the record was made and never removed"
        back = ways.get(path, f"git checkout {path}")
        hint = f"{back}, or let crm check --fix note that it was deleted on purpose"
        yield Problem(path, 0, said, hint)
