"""What measures of reports are called, where nobody has named them, and reports as reports.yaml has them."""

from __future__ import annotations

from crmcli.language import tr
from crmcli.model.entities import plurals
from crmcli.model.report import ANY_TIME, Measure, Report
from crmcli.model.reports import REPORTS
from crmcli.model.values import Raw
from crmcli.model.words import in_words

_DAYS = ("days", "age", "stood")


def name_of_measure(measure: Measure) -> str:
    """What programs call it: `count`, `sum_amount`, `median_days_won`, `share_won`."""
    words = [measure.how, measure.of, measure.when, measure.part]
    return "_".join(word for word in words if word).replace(".", "_").lower()


def label_of_measure(measure: Measure, source: str, field: str) -> str:
    """The head of its column, of the label of its field or part: `Deals`, `Won`, `Amount, average`."""
    when = _label_of_flag(source, measure.when) if measure.when else ""
    if measure.how == "count":
        return when or (tr(source.capitalize()) if source in plurals() else in_words("number"))
    named = field or (in_words(measure.of) if measure.of else "")
    parts = [named, in_words(measure.how) if measure.how != "sum" else "", when]
    first, *others = [part for part in parts if part]
    return ", ".join([first, *map(_small, others)])


def _small(word: str) -> str:
    return word if word[1:].isdecimal() else word[:1].lower() + word[1:]


def _label_of_flag(source: str, flag: str) -> str:
    """What is counted by a yes or no, as the reports that come with crm call it."""
    known = {
        measure.source or report.source: measure.label
        for report in REPORTS
        for measure in report.measures
        if measure.when == flag and measure.how == "count" and measure.label
    }
    return tr(known[source]) if source in known else in_words(flag).capitalize()


def declaration(report: Report) -> dict[str, Raw]:
    """A report as reports.yaml has it."""
    found: dict[str, Raw] = {
        "title": tr(report.title),
        "about": tr(report.about),
        "of": report.source,
    }
    found["pipeline"] = report.pipeline
    found["measures"] = [_measure(one) for one in report.measures]
    found |= {"by": [*report.by], "always": [*report.always]}
    for key in ("where", "order", "picture", "period"):
        found[key] = str(getattr(report, key))
    found["limit"] = str(report.limit or "")
    return {key: value for key, value in found.items() if value}


def _follows(measure: Measure) -> bool:
    """Whether the unit follows from what is measured."""
    if measure.unit == "days":
        return measure.of in _DAYS
    return measure.unit in ("sums", "hours") or bool(measure.part)


def _measure(measure: Measure) -> Raw:
    usual = Measure("", unit=measure.unit if _follows(measure) else "count")
    found: dict[str, Raw] = {"name": measure.name, "label": tr(measure.label)}
    for key in ("how", "source", "of", "when", "where", "part", "over", "unit", "people"):
        if getattr(measure, key) != getattr(usual, key):
            found[key] = str(getattr(measure, key))
    if measure.at and not measure.is_reckoned:
        found["at"] = "now" if measure.at == ANY_TIME else measure.at
    if not measure.shown:
        found["shown"] = "no"
    if measure.is_of_open:
        found["open_only"] = "yes"
    return {key: value for key, value in found.items() if value}
