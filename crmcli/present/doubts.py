"""What a report knows less of than of the rest, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from crmcli.language import counted, together, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.figures import Figures, Number
from crmcli.model.forecast import LEAST_CLOSED
from crmcli.model.reports import PLAN

if TYPE_CHECKING:
    from crmcli.reports.engine import Reading


def doubts(reading: Reading, figures: Figures) -> Iterator[str]:
    """Of what a report knows less than of the rest."""
    yield from _expected(reading.total)
    rows = [*figures.rows, *([figures.total] if figures.total else [])]
    yield from _unknown_stages(reading, figures)
    if reading.elsewhere:
        left = [one for one in map(reading.named, reading.elsewhere) if not one.is_reckoned]
        nouns = {reading.entity_of(one.source or reading.report.source) for one in left}
        plural = [tr(ENTITIES[noun].plural) for noun in sorted(nouns)]
        yield tr("left out, for they stand in another pipeline: {}", together(plural))
    parts = [str(row.values["only"]) for row in rows if row.values.get("only")]
    if reading.report is PLAN and parts:
        only = ", ".join(sorted({one for part in parts for one in part.split(", ")}))
        yield tr(
            "plans are of {} alone: what is done and left is told of the same days, e.g. --by month",
            only,
        )
    if reading.report is PLAN and not any(r.values["plan"] or r.values["plan_count"] for r in rows):
        yield tr("no plan for this period: crm plan set PERIOD AMOUNT")


def _unknown_stages(reading: Reading, figures: Figures) -> Iterator[str]:
    """Of how many records of a funnel nothing tells in which stages they stood."""
    if isinstance(cohort := reading.total.get("cohort"), int) and reading.report.always:
        first = reading.pipelines[0].stages[0].id
        told = sum(int(str(r.values["reached"])) for r in figures.rows if r.place[-1] == first)
        if figures.measures[0].name == "reached" and 0 <= told < cohort:
            entity = reading.entity_of(reading.report.source)
            yield tr(
                "{}: nothing tells in which stages they stood; no stage but the last counts them",
                counted(cohort - told, entity, ENTITIES[entity].plural),
            )


def _expected(total: Mapping[str, Number]) -> Iterator[str]:
    """Of how many open deals a forecast knows less than of the others."""
    guessed, no_past = total.get("guessed"), total.get("no_past")
    if isinstance(guessed, int) and guessed:
        yield tr(
            "{} without a date to come: expected as deals were won before", counted(guessed, "deal")
        )
    if isinstance(no_past, int) and no_past:
        yield without_past(no_past)


def without_past(number: int) -> str:
    """That so many deals are weighed as pipelines.yaml says, for the past says too little."""
    told = tr("fewer than {} closed deals stood in the same stage", LEAST_CLOSED)
    deals = counted(number, "deal")
    return tr("{}: {}; by the past they are weighed as pipelines.yaml says", deals, told)
