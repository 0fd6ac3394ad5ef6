"""How right forecasts were, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import counted, tr
from crmcli.model.figures import Figures
from crmcli.model.values import fold
from crmcli.present.cells import Listing, Locale, shown_as
from crmcli.present.columns import for_people as as_people_read
from crmcli.present.doubts import without_past
from crmcli.present.figures import label_of
from crmcli.present.one_currency import in_one_currency
from crmcli.present.report_cells import row_named
from crmcli.reports.accuracy import WAYS, Trial, off_on_average, with_errors

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

_NAMES = {"weighted": "By the odds of stages", "by_past": "By the past"}


def told(ws: Workspace, trial: Trial, currency: str = "") -> Figures:
    """The figures with what they come to in sentences; in one currency if one is named."""
    found = trial.figures
    by = tuple(one._replace(label=label_of(ws, "deal", one)) for one in found.dimensions)
    found = replace(found, dimensions=by)
    found = with_errors(in_one_currency(ws, found, currency) if currency else found)
    return replace(found, notes=tuple(_sentences(found, trial, Locale.of(ws))))


def _sentences(found: Figures, trial: Trial, locale: Locale) -> Iterator[str]:
    total = found.total.values if found.total else {}
    won = total.get("won_amounts")
    for way, error in WAYS.items():
        mean, bias = off_on_average(found, way), total.get(error)
        if mean is not None and isinstance(bias, float):
            size = _percent(abs(bias), locale)
            words = "{}: off by {} on average, in all {} more than was won"
            if bias < 0:
                words = "{}: off by {} on average, in all {} less than was won"
            yield tr(words, tr(_NAMES[way]), _percent(mean, locale), size)
    codes = {code for one in total.values() if isinstance(one, Mapping) for code in one}
    if len(codes) > 1:
        yield tr("amounts in several currencies are not compared: --currency puts them into one")
    elif not won and (number := total.get("won")):
        deals = counted(int(str(number)), "deal")
        yield tr("{} won, without an amount that you may see: nothing can be compared", deals)
    elif not won:
        yield tr("nothing was won in this time, so that nothing can be compared")
    if trial.without_stage:
        deals = counted(trial.without_stage, "deal")
        yield tr("{}: nothing tells in which stage they stood; no forecast counts them", deals)
    if trial.without_past:
        yield without_past(trial.without_past)


def _percent(value: float, locale: Locale) -> str:
    return shown_as("percent", Decimal(str(value)), locale)


def behind(ws: Workspace, trial: Trial, figures: Figures, cell: str) -> Listing:
    """The deals behind a cell; BadUsage for a row or a column that there is not."""
    first, _, last = cell.rpartition(",")
    row = row_named(figures, first)
    if row is None:
        known = ", ".join(row.keys[0] for row in figures.rows)
        raise BadUsage(tr("no row {!r}", first.strip()), tr("there are {}", known))
    columns = {"won_amounts": "won", "from_open": "from_open", **dict.fromkeys(WAYS, "open")}
    heads = {fold(one.label): one.name for one in figures.measures if one.name in columns}
    wanted = heads.get(fold(last.strip()), last.strip())
    name = columns.get(wanted, wanted)
    if name not in ("won", "open", "from_open"):
        known = ", ".join(one.label for one in figures.measures if one.name in columns)
        raise BadUsage(tr("no column {!r}", last.strip()), tr("there are {}", known))
    keys = row.keys or [key for key, _ in trial.behind]
    places = [place for place in trial.behind if place[1] == name and place[0] in keys]
    ids = dict.fromkeys(one for place in places for one in trial.behind[place])
    rows = [dict(raw) for raw in ws.rows_of([*ids])]
    return Listing(rows, as_people_read(ws, "deal", (), rows), "no records")
