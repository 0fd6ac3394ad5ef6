"""Columns that say when a record came to a stage: `stage_at`, `stage_at.STAGE`, `Date entered "…"`."""

from __future__ import annotations

import re

from crmcli.model.values import fold

AT = "at"
"""The part of `stage` of a date of the stage that a row names; `at.STAGE` of any other."""

_STAGE = r"(?:(?:the )?(?:stage|phase|step|status)|стадию|стадии|этап|этапа|статус|статуса)"
_NAME = r"\s*[:.–—-]?\s*[\"'“„«‘]?(?P<stage>[^\"”“»’]+?)[\"'”“»’]?"
_FORMS = [
    re.compile(form + _NAME, re.IGNORECASE)
    for form in (
        (
            "(?:(?:first|last|latest) )?(?:(?:date|time|datetime|when) )?(?:first |last )?"
            rf"(?:entered|moved (?:in)?to|reached)(?: (?:on|at))?(?: {_STAGE})?"
        ),
        (
            "(?:дата|время|когда) (?:(?:первого|последнего) )?(?:входа|перехода|попадания|перевода"
            rf"|перешл[аио]|вош[её]л|вошл[аио])(?: (?:в|на))?(?: {_STAGE})?"
        ),
        rf"(?:вошл[аи]|вош[её]л|перешл[аи]|переш[её]л) (?:в|на)(?: {_STAGE})?",
        "(?:eingetreten|eintritt|wechsel) (?:in|zu)(?: (?:die )?phase)?",
        "(?:date d[’'])?(?:entrée|passage) (?:dans|en|à)(?: (?:l[’']étape|la phase))?",
    )
] + [
    re.compile(
        r"(?P<stage>.+?)\s*[-–—:,]?\s*(?:\(entered\)|(?:date )?entered(?: (?:at|on|date))?|entry date"
        "|дата (?:входа|перехода))",
        re.IGNORECASE,
    )
]
_CURRENT = re.compile(
    "(?:last |current )?(?:stage|phase) (?:(?:last )?(?:changed?|modified|moved|entered|updated?) )?"
    "(?:date|time|at|on)"
    "|(?:date|time) (?:of )?(?:last |the )?(?:stage|phase) (?:change|entered)|date entered (?:current )?stage"
    "|last stage change(?: date)?"
    "|(?:дата|время) (?:(?:последнего )?(?:изменения|смены) )?(?:текущей )?(?:стадии|этапа)"
    "|(?:дата|время) (?:входа|перехода|перевода) (?:в|на) (?:текущ(?:ую|ий) )?(?:стадию|этап)"
    "|phasenwechsel(?:datum)?|date de changement d[’']étape|data zmiany etapu|data da etapa"
)


def stage_dated(header: str) -> str | None:
    """The stage whose date a column has, "" for the one in which the record stands; None of other columns."""
    text = " ".join(header.replace("_", " ").split())
    if _CURRENT.fullmatch(fold(text)):
        return ""
    for form in _FORMS:
        if match := form.fullmatch(text):
            return match["stage"].strip()
    return None
