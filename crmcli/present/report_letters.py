"""Reports as letters: HTML with pictures and tables, the same in plain words, and a sheet beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, tostring

from crmcli import language
from crmcli.automation.report_letters import MadeReport, Wanted
from crmcli.channels.message import AttachedFile, named_file
from crmcli.dataclass import replace
from crmcli.formats.csv import csv_line
from crmcli.formats.xlsx import NotInstalled
from crmcli.language import spoken, together, tr
from crmcli.model.figures import Figures
from crmcli.model.reports import DASHBOARD
from crmcli.model.values import safe_name
from crmcli.present import dashboard
from crmcli.present.cells import Column, Listing, Locale, plain, shown
from crmcli.present.figures import BEFORE, listing, name_of, seen, told, with_words
from crmcli.present.pictures.files import made as made_file
from crmcli.present.pictures.page import section
from crmcli.present.pictures.panels import head, panels_of, when
from crmcli.present.pictures.svg import tag
from crmcli.present.text_width import cut, one_line
from crmcli.present.told import left_out
from crmcli.render import MailText
from crmcli.reports import engine
from crmcli.reports.asking import in_pipeline, period_named
from crmcli.sales.exports.sheet_rows import guard
from crmcli.workspace.own_reports import report_named
from crmcli.workspace.pipelines import pipeline_named

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

MOST_OF_A_TITLE = 100
REFUSED = r'[/\\:*?<>|"]'
"""What some system takes in no name of a file."""
MOST_UNBROKEN = 10
"""Letters of a head or a day that no line parts."""
_INK, _MUTED, _LINE = "#1b1f24", "#57606a", "#d5dae0"
_CELL = f"padding:6px 10px;border-bottom:1px solid {_LINE};vertical-align:top"
_STYLES = {
    "h1": "font-size:22px;line-height:1.3;margin:0 0 4px",
    "h2": "font-size:17px;line-height:1.3;margin:28px 0 2px",
    "p": f"margin:0 0 6px;color:{_MUTED}",
    "img": "display:block;width:100%;max-width:560px;height:auto;margin:10px 0;border:0",
    "table": "border-collapse:collapse;font-size:14px;margin:8px 0",
    "th": f"{_CELL};text-align:left;font-weight:600",
    "td": f"{_CELL};text-align:right;white-space:nowrap",
    "small": f"display:block;color:{_MUTED};font-size:12px",
    "span": "display:block",
    "dl": "margin:8px 0",
    "dt": f"color:{_MUTED};font-size:13px",
    "dd": "margin:0 0 10px;font-size:18px;font-weight:600",
    "div": "display:inline-block;vertical-align:top;min-width:150px;margin-right:16px",
    "div.scroll": "overflow-x:auto",
    "th.number": f"{_CELL};text-align:right;font-weight:600",
    "ul": f"color:{_MUTED};font-size:13px;padding-left:18px",
}
"""How a letter looks: mail programs know no style sheets, so each element has its own."""


def made(ws: Workspace, wanted: Wanted) -> MadeReport:
    """The letter of some reports as the workspace's user sees them, in the language of the workspace."""
    return copy_context().run(_made, ws, wanted)


def _made(ws: Workspace, wanted: Wanted) -> MadeReport:
    language.speak(ws.settings.language)
    wanted.check()
    locale = Locale.of(ws)
    found = [one for name in wanted.reports for one in _sections(ws, name, wanted)]
    if ws.trail is not None:
        found = [with_words(one, ws.trail.masked) for one in found]
    title = _title(wanted, found)
    pictures = _pictures(found, locale, ws) if wanted.has_picture else {}
    sheets = _sheets(found, title, wanted)
    notes = [tr("As of {}", locale.instant(ws.now)), *_unread(ws)]
    parts = ["\n".join(_in_words(figures, locale)) for figures in found]
    above = [title, "\n".join(notes)] if len(found) > 1 else []
    below = [] if above else ["\n".join(notes)]
    text = "\n\n".join([*above, *parts, *below])
    html = _html(title, notes, found, pictures, locale)
    mail = MailText(subject=title, text=f"{text}\n", html=html)
    return MadeReport(mail, (*pictures.values(), *sheets))


# --- what is asked ------------------------------------------------------------------------------


def _sections(ws: Workspace, name: str, wanted: Wanted) -> Iterator[Figures]:
    """One report, or the reports of the dashboard, as people see them."""
    if name == DASHBOARD:
        period = period_named(ws, wanted.period or dashboard.PERIOD, wanted.at)
        found = dashboard.sections(ws, period, compare=wanted.compare, pipeline=wanted.pipeline)
        yield from (figures for _, figures in found)
        return
    report = report_named(ws, name)
    period = period_named(ws, wanted.period or report.period, wanted.at)
    limit = None if report.always else wanted.limit  # a funnel has all its stages
    request = engine.Request(wanted.by, period, wanted.where, wanted.compare, limit=limit)
    request = in_pipeline(ws, report, request, wanted.pipeline)
    figures = seen(told(engine.Reading(ws, report, request), wanted.currency.upper()))
    if request.pipeline and (wanted.pipeline or len(ws.pipelines.deals) > 1):
        name = pipeline_named(ws, request.pipeline).name
        figures = replace(figures, title=f"{tr(figures.title)}: {name}")
    yield figures


def _title(wanted: Wanted, found: Sequence[Figures]) -> str:
    """What a letter is called: its report, or the first of several, and the period."""
    if wanted.reports[0] == DASHBOARD:
        name = tr("How sales stand")
        first = next(one for one in found if one.name not in ("today",))
    else:
        titles = list(dict.fromkeys(tr(figures.title) for figures in found))
        name = cut(one_line(together(titles)), MOST_OF_A_TITLE)
        first = next((one for one in found if not one.of_now), found[0])
    return f"{name}, {when(first)}"


def _unread(ws: Workspace) -> list[str]:
    """What the figures leave out because it cannot be read."""
    return [*left_out([problem for problem in ws.problems() if not problem.readable])]


# --- pictures and sheets ------------------------------------------------------------------------


def _pictures(found: Sequence[Figures], locale: Locale, ws: Workspace) -> dict[int, AttachedFile]:
    """A picture of each report that has one, by its place; none without the extra: crm check tells."""
    drawn: dict[int, AttachedFile] = {}
    for number, figures in enumerate(found):
        if panels_of(figures, locale):
            try:
                content = made_file("png", [figures], "", locale, ws.now)
            except NotInstalled:
                return {}
            name, cid = f"{figures.name}-{number + 1}.png", f"report{number + 1}@crm"
            drawn[number] = AttachedFile(name, "image/png", content, cid=cid)
    return drawn


def _sheets(found: Sequence[Figures], title: str, wanted: Wanted) -> list[AttachedFile]:
    """One workbook of all, or a CSV of each; none without the extra, as with pictures."""
    if wanted.sheet == "xlsx":
        with suppress(NotInstalled):
            return [
                named_file(
                    _file_name(title, "xlsx"), made_file("xlsx", found, "", Locale(), wanted.at)
                )
            ]
    if wanted.sheet == "csv":
        return [named_file(_file_name(head(one), "csv"), _csv(one)) for one in found]
    return []


def _file_name(title: str, ending: str) -> str:
    """A name that every system takes."""
    return f"{safe_name(re.sub(REFUSED, '-', title))}.{ending}"


def _csv(figures: Figures) -> bytes:
    """For a spreadsheet, which must take no name for a formula."""
    rows, columns, _ = listing(figures, {}, for_people=False)
    lines = [csv_line(column.name for column in columns)]
    lines += [
        csv_line(guard(plain(row.get(column.name)), excel=True) for column in columns)
        for row in rows
    ]
    return "".join(lines).encode()


# --- the two texts ------------------------------------------------------------------------------


def _html(
    title: str,
    notes: Sequence[str],
    found: Sequence[Figures],
    pictures: dict[int, AttachedFile],
    locale: Locale,
) -> str:
    """The letter as a page whose elements have their styles themselves."""
    above = [tag("h1", title)] if len(found) > 1 else []
    told = [tag("p", note) for note in notes]
    parts = [*above, *told] if above else []
    for number, figures in enumerate(found):
        picture = pictures.get(number)
        image = [tag("img", src=f"cid:{picture.cid}", alt=head(figures))] if picture else []
        parts += section(figures, locale, image)
    parts += [] if above else told
    style = (
        f"margin:0 auto;padding:16px;max-width:800px;background:#ffffff;color:{_INK};"
        "font:15px/1.45 -apple-system,'Segoe UI',Roboto,Arial,sans-serif"
    )
    body = tag("body", tag("div", *parts, style=style), style="margin:0;background:#ffffff")
    _dress(body)
    top = tag(
        "head", tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("meta", name="color-scheme", content="light"), tag("title", title),
    )  # fmt: skip
    text: str = tostring(tag("html", top, body, lang=spoken()), encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{text}\n"


def _dress(body: Element) -> None:
    """Give each element its style, and take away what only a browser reads."""
    for element in body.iter():
        name = f"{element.tag}.{element.attrib.pop('class', '')}"
        own = _STYLES.get(name) or _STYLES.get(str(element.tag))
        if own and "style" not in element.attrib:
            is_short = element.tag == "th" and len(element.text or "") <= MOST_UNBROKEN
            element.set("style", f"{own};white-space:nowrap" if is_short else own)
        for key in ("tabindex", "role", "aria-label"):
            element.attrib.pop(key, None)


def _in_words(figures: Figures, locale: Locale) -> Iterator[str]:
    """A report where letters are of different widths: a line for each row."""
    yield head(figures)
    rows, columns, empty = listing(figures, {}, for_people=True)
    names = [column for column in columns if column.name in map(name_of, figures.dimensions)]
    if not rows:
        yield tr(empty)
    for row in rows:
        name = " · ".join(filter(None, (shown(column, row, locale) for column in names)))
        cells = "; ".join(_cells(Listing([row], columns[len(names) :]), locale))
        yield f"{name}: {cells}" if name else cells
    yield from map(tr, figures.notes)


def _cells(one: Listing, locale: Locale) -> Iterator[str]:
    """The numbers of a row, each with its name, and what it was before."""
    [row] = one.rows
    columns = [column for column in one.columns if not column.name.endswith(BEFORE)]
    had = {column.name for column in one.columns}
    for column in columns:
        text = shown(column, row, locale)
        past = Column(column.name + BEFORE, kind=column.kind)
        before = shown(past, row, locale) if past.name in had else ""
        if text or before:
            beside = f" ({tr('before')} {before})" if before else ""
            yield f"{column.head} {text or '–'}{beside}"
