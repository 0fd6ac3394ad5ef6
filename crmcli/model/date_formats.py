"""Forms of dates as people name them, `DD.MM.YYYY HH:mm` or `%d/%m/%y`, and dates read by one."""

from __future__ import annotations

import re
from datetime import datetime

from crmcli.language import tr

_LETTERS = str.maketrans("ДГЧдгчцСс", "DYhDYhhss")
_TOKENS = {
    "YYYY": "%Y", "YY": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "DD": "%d", "D": "%d",
    "HH": "%H", "H": "%H", "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "A": "%p",
}  # fmt: skip
_OTHERS = (("jj(?=.*aa)", "DD"), ("jjjj|aaaa|rrrr", "YYYY"), ("tt", "DD"))
"""Days and years of French, German, Spanish and Polish: `JJ/MM/AAAA`, `TT.MM.JJJJ`."""

_TOKEN = re.compile(r"y{4}|y{2}|m+|d{1,2}|h{1,2}|s{1,2}|am/pm|a\b", re.IGNORECASE)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\b")
_TOLD = ("%d", "%m|%b|%B", "%y|%Y")


def read_format(text: str) -> str:
    """The form of dates as `strptime` has it; ValueError if it does not say day, month and year."""
    form = text.strip()
    if "%" not in form:
        for theirs, ours in _OTHERS:
            form = re.sub(theirs, ours, form, flags=re.IGNORECASE)
        form = _TOKEN.sub(_directive, form.translate(_LETTERS).replace("М", "M").replace("м", "m"))
    if not all(re.search(part, form) for part in _TOLD):
        raise ValueError(tr("{!r} does not say where day, month and year stand", text))
    return form


def _directive(match: re.Match[str]) -> str:
    token, before = match[0], match.string[: match.start()]
    letter = token[0].lower()
    if letter == "m" and (
        re.search(r"h+\W?$", before, re.I) or re.match(r"\W?s", match.string[match.end() :], re.I)
    ):
        return "%M"
    if letter == "h":
        return "%I" if re.search(r"am/pm|\ba\b", match.string, re.I) else "%H"
    if letter == "a":
        return "%p"
    return _TOKENS.get(token.upper() if letter in "ymd" else token.lower(), token)


def as_iso(text: str, form: str) -> str:
    """A date, and a time where the form has one, as ISO writes it; ValueError if it has another form.

    What ISO writes already stays.
    """
    if _ISO.match(text.strip()):
        return text
    try:
        moment = datetime.strptime(" ".join(text.split()), form)  # noqa: DTZ007  # a local time
    except ValueError:
        raise ValueError(tr("{!r} is not of the form {}", text, form)) from None
    has_time = re.search("%[HI]", form)
    return moment.strftime("%Y-%m-%d %H:%M:%S" if has_time else "%Y-%m-%d")
