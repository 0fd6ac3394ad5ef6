"""What of figures is drawn, before anybody draws it: one measure, a panel for each currency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import NamedTuple

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.figures import FigureRow, Figures, Number, Picture, Shown
from crmcli.model.periods import Period
from crmcli.present.cells import Locale, as_decimal, shown_as
from crmcli.present.text_width import one_line

MOST_BARS, MOST_PARTS = 40, 6
"""More rows than that are left to the table, more parts of a bar are drawn as one."""
MOST_PERIODS = 14
"""More days, weeks or months than that are a line, not bars."""
COLORS = ("#1f6fb2", "#c2410c", "#15803d", "#7e22ce", "#0e7490", "#b91c1c", "#6b7280")
"""Of series, in turn; the last is of what is left. Each can be told from white and from black."""
COLORS_ON_DARK = ("#5aa9e6", "#f59e5b", "#5fc27e", "#c69cf4", "#4cc9d8", "#f38b8b", "#a3abb5")
ARROWS = {1: "▲", -1: "▼", 0: "="}
_ADDED = ("count", "number", "sums")
"""Units of which parts make up a whole."""


class Change(NamedTuple):
    """A value against that of the period compared with: more (1), less (-1) or the same, and by how much."""

    sign: int
    size: str
    words: str


class Series(NamedTuple):
    """A line, or the parts of one colour: what it is of, and a value for each label of its panel."""

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    before: tuple[float | None, ...] = ()


class Panel(NamedTuple):
    """One picture. Of each label `changes` tell against before, `steps` of a funnel of the way to the next;
    `more` are the rows, or lines, that found no room."""

    name: str
    picture: Picture
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    changes: tuple[Change | None, ...] = ()
    steps: tuple[str, ...] = ()
    more: int = 0

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where its values go, zero within; of stacked ones their sums."""
        ends = [0.0]
        if self.picture == "stacked":
            columns = zip(*(one.values for one in self.series), strict=True)
            ends += [sum(value or 0.0 for value in column) for column in columns]
        else:
            ends += [v for one in self.series for v in (*one.values, *one.before) if v is not None]
        return min(ends), max(ends) if max(ends) > min(ends) else min(ends) + 1


def panels_of(figures: Figures, locale: Locale) -> list[Panel]:
    """The pictures of a report; none where it is a table alone, has no dimension or nothing to draw."""
    if not figures.rows or not figures.dimensions or not figures.measures:
        return []
    first, picture = figures.measure, figures.picture
    is_split = len(figures.dimensions) > 1
    if is_split and picture in ("funnel", "bars"):
        picture = "stacked"
    if picture == "bars" and figures.dimensions[0].step and len(figures.rows) > MOST_PERIODS:
        picture = "line"
    if picture == "stacked" and not (is_split and _is_whole(figures, first)):
        picture = "bars"
    if picture == "none":
        return []
    codes = currencies(figures, first) if first.unit == "sums" else [""]
    codes.sort(key=lambda code: code != locale.currency)
    found = [_panel(figures, first, code, picture, locale) for code in codes]
    if picture == "funnel":
        found += [_lost(figures, first, code, locale) for code in codes]
    return [panel for panel in found if any(v is not None for s in panel.series for v in s.values)]


def currencies(figures: Figures, measure: Shown) -> list[str]:
    """The currencies that a measure of sums has, in the order in which they are met."""
    rows = [*figures.rows, *filter(None, [figures.total])]
    values = [had.get(measure.name) for row in rows for had in (row.values, row.before)]
    return list(dict.fromkeys(code for v in values if isinstance(v, Mapping) for code in v))


def value_of(values: Mapping[str, Number], measure: Shown, code: str = "") -> Decimal | None:
    """A measure as one number, in a currency if it is of sums; None for what is absent or no number."""
    value = values.get(measure.name)
    if measure.unit == "sums":
        value = value.get(code) if isinstance(value, Mapping) else None
    number = as_decimal(value)
    return number if number is not None and number.is_finite() else None


def told(measure: Shown, value: Decimal | None, locale: Locale, code: str = "") -> str:
    """One number as people read it; "" where there is none."""
    if value is None:
        return ""
    if measure.unit == "sums":
        return locale.money(value, code)
    if measure.unit in ("count", "number"):
        return locale.number(value, 2)
    return shown_as(measure.unit, value, locale)


def told_in(measure: Shown, values: Mapping[str, Number], locale: Locale, code: str = "") -> str:
    """A measure of some as people read it, days too."""
    if measure.unit == "date":
        return str(values.get(measure.name) or "")
    return told(measure, value_of(values, measure, code), locale, code)


def change(measure: Shown, row: FigureRow, locale: Locale, code: str = "") -> Change | None:
    """How a row's measure stands against the period before; None where either is absent."""
    now, before = (value_of(values, measure, code) for values in (row.values, row.before))
    if measure.unit == "sums" and (now is None) != (before is None):
        now, before = now or Decimal(0), before or Decimal(0)
    if now is None or before is None:
        return None
    if now == before:
        return Change(0, "", tr("no change"))
    size = told(measure, abs(now - before), locale, code)
    if measure.unit == "percent":
        size = tr("{} points", locale.number(abs(now - before), 1))
    words = tr("{} more" if now > before else "{} less", size)
    if before > 0 and now >= 0 and measure.unit != "percent":
        share = shown_as("percent", round(abs(now - before) / before * 100), locale)
        words += f" ({share})"
    return Change(1 if now > before else -1, size, words)


def numbers_told(figures: Figures, locale: Locale) -> Iterator[str]:
    """The numbers of a report without dimensions, a line each, and how they changed."""
    [row] = figures.rows[:1]
    for one in figures.measures:
        codes = currencies(figures, one) if one.unit == "sums" else [""]
        for text, moved in [*texts_of(figures, one, codes, row, locale)] or [("–", None)]:
            beside = f"   {ARROWS[moved.sign]} {moved.words}" if moved else ""
            yield f"{one_line(tr(one.label) or one.name)}: {text}{beside}"


def texts_of(
    figures: Figures, measure: Shown, codes: Sequence[str], row: FigureRow, locale: Locale
) -> Iterator[tuple[str, Change | None]]:
    """A measure of a row as people read it, in each currency that it has: nought where it was more before."""
    for code in codes:
        moved = change(measure, row, locale, code) if figures.compared else None
        text = told_in(measure, row.values, locale, code)
        text = text or (told(measure, Decimal(0), locale, code) if moved else "")
        if text:
            yield text, moved


def words_of(row: FigureRow) -> str:
    """What people call a row."""
    return " · ".join(one_line(word) or tr("(none)") for word in row.words)


def days(period: Period) -> str:
    """A period as its first and last day."""
    return str(period).replace("..", " – ")


def when(figures: Figures) -> str:
    """Of which time figures are."""
    return tr("as of today") if figures.of_now else days(figures.period)


def head(figures: Figures) -> str:
    """What a report is of, its period and the one that it is compared with, in one line."""
    text = f"{one_line(tr(figures.title))}, {when(figures)}"
    return f"{text} {tr('against {}', days(figures.compared))}" if figures.compared else text


def nothing(figures: Figures) -> str:
    """The sentence about a report without rows."""
    if figures.of_now:
        return tr("Nothing to report.")
    return tr("Nothing to report for {}.", days(figures.period))


def _is_whole(figures: Figures, measure: Shown) -> bool:
    """Whether its values can be the parts of a bar: they add up, and none is below zero."""
    numbers = [
        value_of(row.values, measure, code)
        for row in figures.rows
        for code in (currencies(figures, measure) if measure.unit == "sums" else [""])
    ]
    return measure.unit in _ADDED and all(number is None or number >= 0 for number in numbers)


def _panel(figures: Figures, measure: Shown, code: str, picture: Picture, locale: Locale) -> Panel:
    name = one_line(tr(measure.label) or measure.name)
    name = f"{name}, {code}" if code else name
    if len(figures.dimensions) > 1 and picture in ("stacked", "line"):
        return _pivot(figures, measure, code, picture, locale)._replace(name=name)
    rows = list(figures.rows)
    if picture == "funnel":
        rows = [row for row in rows if row.keys[0] not in figures.aside]
    if picture == "bars" and not figures.dimensions[0].step:
        rows = [row for row in rows if value_of(row.values, measure, code) is not None]
    kept = rows if picture == "line" else rows[:MOST_BARS]
    return Panel(
        name, picture, tuple(map(words_of, kept)), (_series("", kept, measure, code, locale),),
        tuple(change(measure, row, locale, code) for row in kept) if figures.compared else (),
        tuple(_steps(figures, row, locale) for row in kept) if picture == "funnel" else (),
        len(rows) - len(kept),
    )  # fmt: skip


def _lost(figures: Figures, measure: Shown, code: str, locale: Locale) -> Panel:
    """The ends beside a funnel, where anything came to one."""
    rows = [row for row in figures.rows if row.keys[0] in figures.aside]
    rows = [row for row in rows if value_of(row.values, measure, code)]
    told_of = replace(figures, rows=tuple(rows), picture="bars")
    return _panel(told_of, measure, code, "bars", locale)._replace(name=tr("Lost"))


def _series(
    name: str, rows: Sequence[FigureRow | None], measure: Shown, code: str, locale: Locale
) -> Series:
    values = [row and value_of(row.values, measure, code) for row in rows]
    before = [row and value_of(row.before, measure, code) for row in rows]
    return Series(
        name, tuple(map(_float, values)),
        tuple(told(measure, value, locale, code) for value in values),
        tuple(map(_float, before)) if any(value is not None for value in before) else (),
    )  # fmt: skip


def _float(value: Decimal | None) -> float | None:
    number = None if value is None else float(value)
    return number if number is not None and isfinite(number) else None


def _steps(figures: Figures, row: FigureRow, locale: Locale) -> str:
    """Of a funnel's stage: the share that came to the next, and how many were lost here."""
    beside = {one.name: one for one in figures.measures[1:] if one.name in ("to_next", "lost")}
    texts = {name: told(one, value_of(row.values, one), locale) for name, one in beside.items()}
    next_, lost = texts.get("to_next"), texts.get("lost", "").removeprefix("0")
    parts = [tr("{} go on", next_) if next_ else "", tr("lost: {}", lost) if lost else ""]
    return " · ".join(filter(None, parts))


def _pivot(figures: Figures, measure: Shown, code: str, picture: Picture, locale: Locale) -> Panel:
    """A label for each value of the first dimension, a series for each of the second: the greatest of them,
    the others together. A third dimension is not drawn."""
    cells: dict[tuple[str, ...], FigureRow] = {}
    across: dict[str, str] = {}
    down: dict[str, str] = {}
    for row in figures.rows:
        cells.setdefault(row.keys[:2], row)
        down.setdefault(row.keys[0], one_line(row.words[0]) or tr("(none)"))
        across.setdefault(row.keys[1], one_line(row.words[1]) or tr("(none)"))
    labels = list(down) if picture == "line" else list(down)[:MOST_BARS]
    found = [
        _series(across[key], [cells.get((label, key)) for label in labels], measure, code, locale)
        for key in across
    ]
    weights = {id(one): sum(abs(value or 0) for value in one.values) for one in found}
    greatest = sorted(found, key=lambda one: -weights[id(one)])[:MOST_PARTS]
    kept = [one for one in found if one in greatest and weights[id(one)]]
    left = [one for one in found if one not in greatest and weights[id(one)]]
    if left and picture == "stacked":
        sums = [
            sum(v or 0.0 for v in column)
            for column in zip(*(one.values for one in left), strict=True)
        ]
        kept.append(Series(tr("others"), tuple(sums), ("",) * len(sums)))
    names = tuple(down[key] for key in labels)
    more = len(down) - len(labels) + (len(left) if picture == "line" else 0)
    return Panel("", picture, names, tuple(kept), more=more)
