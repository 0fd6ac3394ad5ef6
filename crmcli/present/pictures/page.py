"""A page of HTML that stands alone: pictures with their tables, for a screen, a telephone and paper.

It is built of elements, so that nothing in it is read as HTML that was not meant so, and its own rule keeps
it from the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

from crmcli.language import spoken, tr
from crmcli.model.figures import FigureRow, Figures, Shown
from crmcli.present.cells import Locale
from crmcli.present.pictures.panels import (
    ARROWS,
    COLORS,
    COLORS_ON_DARK,
    currencies,
    days,
    nothing,
    panels_of,
    texts_of,
    when,
)
from crmcli.present.pictures.svg import legend, svgs, tag

_NOTHING, _OWN = "none", "unsafe-inline"
_RULE = f"default-src {_NOTHING!r}; style-src {_OWN!r}"
"""What the browser may fetch and run: nothing but the style that stands in the page."""


def page(sections: Sequence[Figures], title: str, locale: Locale, at: datetime) -> str:
    """One self-contained page of several reports."""
    name = tr(title)
    head = tag(
        "head", tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_RULE),
        tag("meta", name="viewport", content="width=device-width,initial-scale=1"),
        tag("title", name), tag("style", _style()),
    )  # fmt: skip
    top = tag("header", tag("h1", name), tag("p", tr("As of {}", locale.instant(at))))
    parts = [tag("section", *section(one, locale)) for one in sections]
    if len(sections) == 1 and tr(sections[0].title) == name:
        parts[0].remove(parts[0][0])  # the page is called so already
    body = tag("body", top, tag("main", *parts))
    whole = tag("html", head, body, lang=spoken())
    text: str = tostring(whole, encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{text}\n"


def _style() -> str:
    """The style of the page, with the colours of series."""
    on_light, on_dark = (
        " ".join(f"--s{n}: {color};" for n, color in enumerate(colors))
        for colors in (COLORS, COLORS_ON_DARK)
    )
    rules = (f".s{n} {{ fill: var(--s{n}); stroke: var(--s{n}); }}" for n in range(len(COLORS)))
    text = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    text = text.replace("SERIES_ON_LIGHT", on_light).replace("SERIES_ON_DARK", on_dark)
    return text.replace("SERIES", " ".join(rules))


def section(
    figures: Figures, locale: Locale, picture: Sequence[Element] | None = None
) -> Iterator[Element]:
    """A report with its heading, its pictures (or another in their place) and its table."""
    title = tr(figures.title)
    yield tag("h2", title)
    before = days(figures.compared) if figures.compared else ""
    yield tag("p", when(figures))
    if before:
        yield tag("p", tr("against {}", before))
    if not figures.rows:
        yield tag("p", nothing(figures))
    elif not figures.dimensions:
        yield tag("dl", *_tiles(figures, locale), class_="tiles")
    else:
        yield from _drawings(figures, locale, before) if picture is None else picture
        table = _table(figures, locale)
        yield tag("div", table, class_="scroll", tabindex=0, role="group", aria_label=title)
    if figures.notes:
        yield tag("ul", *(tag("li", tr(note)) for note in figures.notes), class_="notes")


def _drawings(figures: Figures, locale: Locale, before: str) -> Iterator[Element]:
    for panel in panels_of(figures, locale):
        shown = [*svgs(panel, tr(figures.title)), *filter(None, [legend(panel, before)])]
        caption = f"{panel.name} ({tr('and {} more in the table', panel.more)})"
        caption = caption if panel.more else panel.name
        yield tag("figure", tag("figcaption", caption), *shown)


def _tiles(figures: Figures, locale: Locale) -> Iterator[Element]:
    """The numbers of a report without dimensions, each by itself."""
    for one in figures.measures:
        codes = currencies(figures, one) if one.unit == "sums" else [""]
        texts = [*_texts(figures, one, codes, figures.rows[0], locale)] or [tag("span", "–")]
        yield tag("div", tag("dt", tr(one.label) or one.name), tag("dd", *texts, class_=one.unit))


def _table(figures: Figures, locale: Locale) -> Element:
    heads = [
        tag("th", tr(one.label) or one.name, scope="col") for one in figures.dimensions
    ] + [
        tag("th", tr(one.label) or one.name, scope="col", class_="number")
        for one in figures.measures
    ]  # fmt: skip
    codes = [currencies(figures, one) if one.unit == "sums" else [""] for one in figures.measures]

    def cells(row: FigureRow) -> Iterator[Element]:
        for one, some in zip(figures.measures, codes, strict=True):
            yield tag("td", *_texts(figures, one, some, row, locale), class_="number")

    rows = [tag("tr", *_names(row.words), *cells(row)) for row in figures.rows]
    parts = [tag("thead", tag("tr", *heads)), tag("tbody", *rows)]
    if figures.total:
        name = tag("th", tr("Total"), scope="row", colspan=len(figures.dimensions))
        parts.append(tag("tfoot", tag("tr", name, *cells(figures.total))))
    return tag("table", *parts)


def _names(words: Sequence[str]) -> list[Element]:
    return [tag("th", word or tr("(none)"), scope="row") for word in words]


def _texts(
    figures: Figures, measure: Shown, codes: Sequence[str], row: FigureRow, locale: Locale
) -> Iterator[Element]:
    """A measure as it stands in a place: its amounts below one another, and how each changed; in a table,
    where there are many of them, by how much alone."""
    for text, moved in texts_of(figures, measure, codes, row, locale):
        yield tag("span", text)
        if moved:
            words = moved.size if figures.dimensions else moved.words
            yield tag("small", f"{ARROWS[moved.sign]} {words}".rstrip(), title=moved.words)
