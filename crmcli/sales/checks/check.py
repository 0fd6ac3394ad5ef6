"""What is wrong in a workspace: configuration, unreadable files, dangling links, the timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from crmcli.errors import Forbidden, InvalidData, Problem
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.sales.checks import merge_checks
from crmcli.sales.checks.record_checks import RecordCheck
from crmcli.sales.consent.block_list import blocklist
from crmcli.sales.imports.mapping import presets_of
from crmcli.sales.privacy import again
from crmcli.sales.products import products
from crmcli.sales.rates import rates
from crmcli.sales.records import tombstones
from crmcli.sales.undeclared import told, undeclared
from crmcli.store import layout
from crmcli.workspace import Workspace, storage
from crmcli.workspace.approving import rights_wait
from crmcli.workspace.own_reports import own_reports
from crmcli.workspace.plans import read_plans
from crmcli.workspace.storage import has_stash

if TYPE_CHECKING:
    from datetime import datetime


def problems(ws: Workspace) -> list[Problem]:
    """Everything that a person should fix, by file and line."""
    found: list[Problem] = []
    bad: set[str] = set()
    for path, read in (
        (layout.PIPELINES, ws.faults_of_rules),
        (layout.ACCESS, lambda: ws.read_access(thorough=True)),
        (layout.VIEWS, lambda: ws.views),
        (layout.FORMS, lambda: ws.forms),
        (layout.SCORES, lambda: ws.scores),
        (layout.REPORTS, lambda: own_reports(ws)),
        (layout.PLANS, lambda: read_plans(ws)),
        (layout.BLOCKLIST, lambda: blocklist(ws)),
        (layout.PRODUCTS, lambda: products(ws)),
        (layout.RATES, lambda: rates(ws)),
    ):
        try:
            read()
            continue
        except InvalidData as error:
            found += error.problems
        except Forbidden as error:
            said = error.message.replace(f"{ws.root}/", "")
            found.append(Problem(path, 0, said, error.hint))
        bad.add(path)
    if layout.PIPELINES not in bad:
        found += ws.pipelines.excused
    if not ws.has_file(layout.SETTINGS):
        hint = tr("restore it: git checkout {}", layout.SETTINGS)
        found.append(Problem(layout.SETTINGS, 0, "the file is missing: defaults apply", hint))
    if rights_wait(ws.root):
        said = "not the version that was approved: at the gate the old rights hold"
        found.append(Problem(layout.ACCESS, 0, said, "look at it: crm gate approve"))
    found += _gone_from_scores(ws) if layout.SCORES not in bad else ()
    found += presets_of(ws).problems
    found += storage.strange_files(ws)
    if storage.is_blocked(ws):
        return list(dict.fromkeys(found))
    found += storage.timeline(ws)
    found += _erased(ws)
    found += _of_records(ws, found, staged=layout.PIPELINES not in bad)
    return list(dict.fromkeys(found))


def _gone_from_scores(ws: Workspace) -> Iterator[Problem]:
    """Fields that scores speak of and that are there no more."""
    for entity in ws.scores or ():
        scorer = ws.scorer(entity)
        for table in scorer.tables if scorer else ():
            for term in table.terms:
                if scorer and scorer.feature(entity, term)[0] is None:
                    said = tr("no field {!r} any more: it adds nothing to scores", term.feature)
                    yield Problem(layout.SCORES, term.line, said, "crm score train", passing=True)


def _erased(ws: Workspace) -> Iterator[Problem]:
    """What was erased and is here again, beside lines of the timeline, which are told as such."""
    for path in again.returned(ws):
        place = path if path.startswith(layout.DATA) else layout.TIMELINE
        said = tr("what was erased is here again: {}", path)
        yield Problem(place, 0, said, "crm check --fix, or the next crm tick, erases it again")


def _of_records(ws: Workspace, found: Iterable[Problem], *, staged: bool) -> Iterator[Problem]:
    check = RecordCheck(ws, staged=staged)
    for entity in ENTITIES:
        for raw in ws.rows(entity):
            yield from check.of_record(entity, raw)
    for one in undeclared(ws) if staged else ():
        if one.field.directory or one.field.choices:  # an owner or a stage is told of each record
            yield Problem(layout.SETTINGS, 0, told(one), one.way_on)
    yield from tombstones.problems(ws)
    yield from check.of_index()
    yield from check.of_keys()
    months = {p.path.split("/")[2] for p in found if p.path.startswith(f"{layout.TIMELINE}/")}
    yield from _unborn(ws, check.unborn, months)
    yield from _vanished(ws)
    yield from merge_checks.problems(ws)
    yield from merge_checks.bookings(ws) if staged else ()


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
        said = tr("{} created this month but not on the timeline: {}", who, ", ".join(ids[:3]))
        back = (
            "git stash pop, if it is there" if has_stash(ws) else "restore the lost file from git"
        )
        hint = tr("{}; or note them on the timeline: {}", back, merge_checks.BY_FIX)
        yield Problem(f"{layout.TIMELINE}/{month}", 0, said + (" …" if ids[3:] else ""), hint)


def _vanished(ws: Workspace) -> Iterator[Problem]:
    """Records that were made, and whose files are gone though nobody removed them with crm."""
    paths = map(layout.record_path, ws.births.vanished())
    gone = [path for path in paths if not ws.has_file(path)]
    ways = merge_checks.ways_back(ws, gone)
    for path in gone:
        said = "the file is missing: the record was never removed"
        back = ways.get(path, f"git checkout {path}")
        hint = tr("{}, or run crm check --fix to note that it was deleted", back)
        yield Problem(path, 0, said, hint)
