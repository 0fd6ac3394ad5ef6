"""The reports of one's own, as reports.yaml declares them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.model.listed import did_you_mean
from crmcli.model.periods import read_period
from crmcli.model.report import Report
from crmcli.model.report_words import declaration
from crmcli.model.reports import BY_NAME
from crmcli.model.values import Raw
from crmcli.store.layout import REPORTS
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.store.config.reports import Ground


def own_reports(ws: Workspace, only: str = "") -> Mapping[str, Report]:
    """The reports by name, or that of one name alone; InvalidData with every fault."""
    if not ws.has_file(REPORTS):
        return {}
    from crmcli.store.config.reports import load_reports

    return load_reports(ws.root, _ground(ws), only=only)


def _ground(ws: Workspace) -> Ground:
    """What reports are checked against."""
    from crmcli.store.config.report_rows import Rows
    from crmcli.store.config.reports import Ground

    anybody = ws.person or next(iter(ws.settings.users), "")
    return Ground(
        Rows(ws.schema, ws.settings.phone_country),
        partial(ws.condition, user=anybody),
        lambda text: read_period(text, ws.now, ws.zone, ws.inputs.date_order),
        {pipeline.id: pipeline.entity for pipeline in ws.pipelines},
    )


def check_request(ws: Workspace, name: str, asked: Mapping[str, Raw]) -> None:
    """InvalidData with all that a report cannot be asked for: by what it is split, its condition, its period,
    its pipeline, as reports.yaml has them; NotFound for no report."""
    from crmcli.store.config.reports import load_reports
    from crmcli.store.yaml.codec import dump

    told = dump({"reports": {"asked": {**declaration(report_named(ws, name)), **asked}}})
    load_reports(ws.root, _ground(ws), told.encode())


def report_named(ws: Workspace, name: str) -> Report:
    """A report that comes with crm, or one's own; NotFound for neither."""
    if name in BY_NAME:
        return BY_NAME[name]
    own = own_reports(ws, only=name)
    if name not in own:
        names = [*BY_NAME, *own_reports(ws)]
        hint = did_you_mean(name, names, tr("crm report list shows them"))
        raise NotFound(tr("no report {!r}", name), hint)
    return own[name]
