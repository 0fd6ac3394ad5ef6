"""reports.yaml, reports of one's own: what may stand in it, and reading it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast, get_args

from crmcli.dataclass import dataclass, replace
from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.action_texts import listed_words
from crmcli.model.figures import MOST_DIMENSIONS, Picture, Unit, dimension, split_too_often
from crmcli.model.listed import allowed_hint
from crmcli.model.periods import FORMS
from crmcli.model.report import ANY_TIME, RECKONED, How, Measure, Report
from crmcli.model.report_words import label_of_measure, name_of_measure
from crmcli.model.reports import BY_NAME, VERBS
from crmcli.store.config import shapes
from crmcli.store.config.cursor import ID_HINT, ID_RULE, Cursor, read_marked, unique
from crmcli.store.config.report_rows import Rows
from crmcli.store.index import sources
from crmcli.store.layout import REPORTS

MOST_REPORTS, MOST_MEASURES = 200, 40
HOWS = get_args(How)
COUNTED = ("count", "records")
NOW = "now"
"""How the file says ANY_TIME."""
NAME_RULE = r"[a-z][a-z0-9_]{0,59}"
_OF_FIELDS = "|".join(how for how in HOWS if how not in (*COUNTED, *RECKONED))
_SHORT_RULE = rf"({'|'.join(COUNTED)})( \S+)?|({_OF_FIELDS}) \S+( \S+)?"
_SHORT_HINT = "like count, count won, sum amount, median days won; or name: …, how: …"


@dataclass(frozen=True)
class Ground:
    """What reports are checked against: the rows that there are, conditions, periods, and which pipelines
    there are, each with whose it is."""

    rows: Rows
    condition: Callable[..., object]
    period: Callable[[str], object]
    pipelines: Mapping[str, str]


def load_reports(
    root: Path, ground: Ground, data: bytes | None = None, only: str = ""
) -> Mapping[str, Report]:
    """The reports that reports.yaml declares, or would if it held `data`; InvalidData names every fault.

    With `only` the others are not looked into: they may be of what this user does not see.
    """
    top = read_marked(root, REPORTS, data)
    if top is None:
        return {}
    got = SHAPE.read(top, None)
    found = {}
    for place in top.at("reports").entries():
        if only not in ("", place.name):
            continue
        if isinstance(place.value, dict):
            found[place.name] = _Reading(place, got["reports"][place.name], ground).report()
        else:
            place.fault("a report has keys with values", "write of: deals, measures: [count]")
    top.findings.settle()
    return found


class _Reading:
    """One report of the file, as it is checked."""

    def __init__(self, place: Cursor, got: Mapping[str, Any], ground: Ground) -> None:
        self._place, self._got, self._ground = place, got, ground
        self._of = str(got["of"])
        self._entity = ground.pipelines.get(got["pipeline"], "")

    def report(self) -> Report:
        """The report; what is wrong with it is noted."""
        place, got = self._place, self._got
        if place.name in BY_NAME or place.name in VERBS:
            said = tr("crm report {} is there already", place.name)
            place.fault(said, tr("call it otherwise, e.g. my-{}", place.name))
        if got["pipeline"] and not self._entity:
            known = allowed_hint(got["pipeline"], self._ground.pipelines)
            place.at("pipeline").fault(tr("no pipeline {!r}", got["pipeline"]), known)
        measures = self._measures() if self._of else []
        self._check_order(measures)
        for key in ("by", "always"):
            self._check_dimensions(key, measures)
        self._check_condition(place.at("where"), {self._of, *(m.source for m in measures)} - {""})
        self._check(place.at("period"), self._ground.period)
        own = {key: got[key] for key in ("title", "about", "by", "always", "where", "order", "picture",
               "period", "pipeline", "limit")}  # fmt: skip
        return Report(place.name, source=self._of, measures=tuple(measures), **own)

    # --- measures ---------------------------------------------------------------------------------

    def _measures(self) -> list[Measure]:
        places = [at for at in self._place.at("measures").items() if at.is_present]
        given = [*zip(places, self._got["measures"], strict=False)]
        plain = [self._measure(at, one, ()) for at, one in given if one["how"] not in RECKONED]
        rest = iter(plain)
        found = [
            self._measure(at, one, plain) if one["how"] in RECKONED else next(rest)
            for at, one in given
        ]
        unique(((m.name, at) for m, at in zip(found, places, strict=False)), "measure")
        return found

    def _measure(self, at: Cursor, given: Mapping[str, Any], plain: Sequence[Measure]) -> Measure:
        """One measure with what follows from the rest: its name, its label, its unit."""
        how, source = given["how"], given["source"] or self._of
        own = {
            key: given[key] for key in ("source", "of", "when", "where", "part", "over", "people")
        }
        moment = given["at"] or (self._got["at"] if source == self._of else "")
        unit: Unit = "count"
        if how in RECKONED:
            unit = self._of_others(at, given, plain)
        else:
            own["of"], unit = self._column(at, given, source)
            if given["when"]:
                at_when = at.at("when") if isinstance(at.value, dict) else at
                self._noted(
                    at_when, lambda: self._ground.rows.flag(source, self._entity, given["when"])
                )
            if moment and moment != NOW:
                place = at.at("at") if given["at"] else self._place.at("at")
                self._noted(place, lambda: self._ground.rows.instant(source, self._entity, moment))
            self._check_condition(at.at("where"), {source})
        made = Measure(
            "", "", how, at=ANY_TIME if moment == NOW else moment, unit=given["unit"] or unit,
            shown=given["shown"], is_of_open=given["open_only"], **own,
        )  # fmt: skip
        made = replace(made, name=given["name"] or name_of_measure(made))
        if given["label"] or not made.shown:
            return replace(made, label=given["label"])
        label = self._ground.rows.label(source, self._entity, made.of) if made.of else ""
        label = next((one.label for one in plain if one.name == made.part), label)
        return replace(made, label=label_of_measure(made, source, label))

    def _column(self, at: Cursor, given: Mapping[str, Any], source: str) -> tuple[str, Unit]:
        """The column that is measured, by its name, and of what it is."""
        how, of = given["how"], given["of"]
        place = at.at("of") if isinstance(at.value, dict) and at.at("of").is_present else at
        if how in COUNTED:
            if of:
                place.fault(tr("{} is of rows, not of {!r}", how, of), "leave out of:")
            return "", "count"
        if not of:
            place.fault(tr("{} of what?", how), "write of: and a field")
            return "", "number"
        rows = self._ground.rows
        if how == "distinct":
            return self._noted(place, lambda: rows.column(source, self._entity, of)) or of, "count"
        if how in ("first", "last"):
            return self._noted(place, lambda: rows.instant(source, self._entity, of)) or of, "date"
        found = self._noted(place, lambda: rows.number(source, self._entity, of))
        return found or (of, "number")

    def _of_others(self, at: Cursor, given: Mapping[str, Any], plain: Sequence[Measure]) -> Unit:
        """Of what a share or a ratio is, of measures that are none themselves."""
        known = {one.name: one for one in plain}
        for key in ("part", "over"):
            name = given[key]
            if not name:
                at.fault(tr("{!r} is missing", key), tr("write {}: …", key))
            elif name not in known:
                at.at(key).fault(
                    tr("no measure {!r} that is counted", name), allowed_hint(name, known)
                )
        sums = [
            key
            for key in ("part", "over")
            if given[key] in known and known[given[key]].unit == "sums"
        ]
        if given["how"] != "ratio" or "over" in sums:
            for key in sums:
                at.at(key).fault(
                    "amounts in several currencies make no share", "name a count or a number"
                )
            return "percent" if given["how"] != "ratio" else "number"
        return "sums" if sums else "number"

    # --- the rest ---------------------------------------------------------------------------------

    def _check_order(self, measures: Sequence[Measure]) -> None:
        name, known = str(self._got["order"]).removeprefix("-"), [one.name for one in measures]
        if name and name not in known:
            self._place.at("order").fault(tr("no measure {!r}", name), allowed_hint(name, known))

    def _check_dimensions(self, key: str, measures: Sequence[Measure]) -> None:
        """Each dimension is there in all the rows of which something is measured."""
        of = dict.fromkeys(m.source or self._of for m in measures if m.how not in RECKONED)
        for name in self._got[key]:
            for source in of:
                wanted = dimension(name)
                ask = self._ground.rows.instant if wanted.step else self._ground.rows.column
                asked = partial(ask, source, self._entity, wanted.name)
                if wanted.name and not self._noted(self._place.at(key), asked):
                    break

    def _check_condition(self, place: Cursor, of: Iterable[str]) -> None:
        for source in sorted(of) if place.is_present else ():
            entity = self._ground.rows.entity(source, self._entity) or self._entity or "deal"
            self._check(place, partial(self._ground.condition, entity=entity))

    def _check(self, place: Cursor, check: Callable[[str], object]) -> None:
        if place.is_present:
            self._noted(place, lambda: check(place.text()))

    def _noted(self, place: Cursor, ask: Callable[[], Any]) -> Any:
        """What is asked; a refusal is noted at the place."""
        try:
            return ask()
        except CrmError as error:
            place.fault(f"{place.name!r}: {tr(error.message)}", error.hint)
        except ValueError as error:
            place.fault(f"{place.name!r}: {error}", FORMS)
        return None


def _read_measure(place: Cursor, ground: object) -> dict[str, Any]:
    """A measure with keys, or in short: `count won`, `sum amount`."""
    if isinstance(place.value, dict):
        return cast("dict[str, Any]", MEASURE.read(place, ground))
    text = " ".join(place.text().split())
    given = {**MEASURE.nothing, "how": "count"}
    if not re.fullmatch(_SHORT_RULE, text):
        word = text.partition(" ")[0]
        hint = _SHORT_HINT if word in ("", *HOWS) else allowed_hint(word, HOWS)
        place.fault(tr("{!r} is no measure", text), hint)
        return given
    how, *rest = text.split()
    of = "" if how in COUNTED else rest.pop(0)
    return {**given, "how": how, "of": of, "when": rest[0] if rest else ""}


def _several(doc: str) -> shapes.Shape:
    """Names as a list, or with commas between."""

    def read(place: Cursor, _: object) -> tuple[str, ...]:
        if isinstance(place.value, str):
            names = listed_words(place.value)
        else:
            names = [text for text, _ in place.texts()]
        if place.is_present and place.value != [] and not names:
            place.fault(tr("{}: {!r} names no field", place.name, place.value), "like owner, month")
        if len(names) > MOST_DIMENSIONS:
            place.fault(split_too_often(len(names)), "remove some")
        return tuple(names)

    either = [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    return shapes.Shape(doc, read, lambda: {"anyOf": either}, ())


_SHORT = {"type": "string", "pattern": f"^({_SHORT_RULE})$"}
_NAME_HINT = "small latin letters, digits and _, a letter first"
_WHERE = "A condition on records, e.g. amount > 100000 and tags has vip."
MEASURE = shapes.keys(
    "A column of the report.",
    {
        "name": shapes.matching("How programs call it.", NAME_RULE, "a name", _NAME_HINT),
        "label": shapes.text("The head of its column."),
        "how": shapes.word(
            "count (of rows), records (in them), distinct (values of a field), first, last (day of a date),"
            " sum, average, median, p90 (of a field); share, ratio, of_all (of other measures).",
            HOWS, "count",
        ),
        "source": shapes.word("Of other rows than those of the report.", sources.names()),
        "of": shapes.text("The field that is summed or averaged, e.g. amount, days."),
        "when": shapes.text("Which rows count: a yes or no of theirs, e.g. won, lost, open, closed."),
        "where": shapes.text(_WHERE),
        "at": shapes.text("The moment by which a row is of the period, e.g. ended_at; now if it is of none."),
        "part": shapes.text("Of a share, ratio or of_all: the measure that is the part."),
        "over": shapes.text("The measure by which it is divided; of_all takes that of all rows."),
        "unit": shapes.word("Of what it is, if not what follows from the field.", get_args(Unit)),
        "shown": shapes.yes_no("Whether it is a column; no for one that others need.", default=True),
        "people": shapes.word("Who sees it: all, some (where it says anything), none (only programs).",
                              ("all", "some", "none"), "all"),
        "open_only": shapes.yes_no("Whether it means something of open stages alone."),
    },
)  # fmt: skip
REPORT = shapes.keys(
    "A report: crm report NAME.",
    {
        "title": shapes.text("Its heading."),
        "about": shapes.text("A sentence about it, for crm report list."),
        "of": shapes.needed(
            shapes.word("Of which rows it is: records of a kind, stays in stages, stages reached, …",
                        sources.names())
        ),
        "pipeline": shapes.text("Of one pipeline alone; of stays and the like, whose they are."),
        "measures": shapes.needed(
            shapes.listed(
                "Its columns, e.g. [count, sum amount, median days won].",
                shapes.Shape("", _read_measure, lambda: {"anyOf": [_SHORT, MEASURE.schema(required=True)]}),
                (MOST_MEASURES, "a report"),
            )
        ),
        "at": shapes.text("The moment by which rows are of the period, if not when they were added."),
        "by": _several("What it is split by, e.g. owner, [company.city, month], close_by.month."),
        "always": _several("What it is split by besides, whatever is asked for."),
        "where": shapes.text(_WHERE),
        "order": shapes.text("By which measure rows stand, e.g. -count for the greatest first."),
        "picture": shapes.word("How it is drawn.", get_args(Picture), "bars"),
        "period": shapes.text("Of which period it tells, if none is asked for, e.g. month."),
        "limit": shapes.whole("How many rows it has at most, if no other number is asked for.", 1, 10**6),
    },
)  # fmt: skip
SHAPE = shapes.keys(
    "Reports of one's own.",
    {
        "reports": shapes.mapped(
            "The reports, by their names.", ID_RULE, ("cannot be the name of a report", ID_HINT), REPORT,
            (MOST_REPORTS, "a list of reports"),
        ),
    },
)  # fmt: skip
