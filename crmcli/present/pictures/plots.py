"""Figures as a PNG, by matplotlib (the [plots] extra): for letters and slides, where no page can be."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.formats.xlsx import NotInstalled
from crmcli.language import tr
from crmcli.model.figures import Figures
from crmcli.present.cells import Locale
from crmcli.present.figures import rows_told
from crmcli.present.pictures.panels import (
    ARROWS,
    COLORS,
    Panel,
    head,
    nothing,
    numbers_told,
    panels_of,
)
from crmcli.present.text_width import cut, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

INSTALL = "pip install 'crmcli[plots]'"
MOST_PANELS = 30
"""More pictures in one file are no picture any more."""
_INK, _MUTED, _GRID, _MINUS, _BEFORE = "#1b1f24", "#57606a", "#d5dae0", "#b4232a", "#8b95a1"
_WIDE, _NARROW, _DPI = 8.0, 5.0, 192
_MOST_COLORS = 64
_STYLE: dict[str, Any] = {
    "font.size": 9, "text.parse_math": False, "text.color": _INK,
    "axes.edgecolor": _GRID, "xtick.color": _MUTED, "ytick.color": _INK,
}  # fmt: skip


class _Part(NamedTuple):
    """A place in the picture: a heading, what is drawn below it or said in words, its height in inches."""

    title: str
    panel: Panel | None
    words: str
    high: float


def png(sections: Sequence[Figures], title: str, locale: Locale, at: datetime) -> bytes:
    """One picture of several reports, twice as sharp as a page; NotInstalled without the extra. Without a
    title it goes into a letter, which has the headings: it is narrow, so that a telephone can show it."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine
    except ImportError:
        raise NotInstalled("the package that draws pictures is not installed", INSTALL) from None
    logging.getLogger("matplotlib").setLevel(logging.CRITICAL)
    parts = [part for one in sections for part in _parts(one, locale)][:MOST_PANELS]
    parts = parts if title else [part._replace(title="") for part in parts]
    out = io.BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # its own style, and the font that has Cyrillic, whatever is at home here
        mpl.rcParams.update(_STYLE)
        warnings.simplefilter("ignore")  # a letter that the font lacks is drawn as a box
        highs = [0.75 if title else 0.01, *(part.high for part in parts)]
        size = (_WIDE if title else _NARROW, sum(highs))
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.12))
        top, *places = figure.subfigures(len(highs), 1, squeeze=False, height_ratios=highs)[:, 0]
        if title:
            top.text(0.02, 0.6, one_line(tr(title)), fontsize=14, weight="bold", va="bottom")
            top.text(0.02, 0.5, tr("As of {}", locale.instant(at)), color=_MUTED, va="top")
        for place, part in zip(places, parts, strict=True):
            _draw(place, part, 4 if title else 2)
        figure.savefig(out, format="png", dpi=_DPI, metadata={"Software": None})
    return out.getvalue() if title else _small(out)


def _small(picture: io.BytesIO) -> bytes:
    """The same in so few colours that it takes a third: letters are kept, and sent to many."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(picture).convert("RGB").quantize(_MOST_COLORS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _parts(figures: Figures, locale: Locale) -> Iterator[_Part]:
    """What is drawn of a report: its panels; of one without a picture its numbers, or that there are none."""
    title = f"{head(figures)} ({rows_told(figures, locale)})" if figures.of else head(figures)
    if not figures.rows or not figures.dimensions:
        lines = [*numbers_told(figures, locale)] if figures.rows else [nothing(figures)]
        yield _Part(title, None, "\n".join(lines), 0.4 + 0.17 * len(lines))
    for panel in panels_of(figures, locale):
        each = 0.5 if any(panel.steps) else 0.3
        high = 2.4 if panel.picture == "line" else 0.5 + each * len(panel.labels)
        yield _Part(title, panel, "", high + (0.4 if panel.series[0].name else 0))
        title = ""


def _draw(place: SubFigure, part: _Part, keys: int) -> None:
    """A heading and its picture; `keys` words of a legend have room beside one another."""
    panel = part.panel
    words = filter(None, [cut(part.title, 90), panel.name if panel else part.words])
    place.suptitle("\n".join(words), x=0.02, ha="left", fontsize=10, linespacing=1.4)
    if panel is None:
        return
    axes = place.subplots()
    axes.set_axis_off()
    is_line = panel.picture == "line"
    if is_line:
        _draw_lines(axes, panel, keys + 1)
    else:
        _draw_bars(axes, panel)
    if panel.series[0].name:
        below = (0, -0.1 if is_line else 0)
        upper_left = 2
        axes.legend(loc=upper_left, bbox_to_anchor=below, ncols=keys, frameon=False, fontsize=8)


def _draw_bars(axes: Axes, panel: Panel) -> None:
    low, high = panel.reach
    beside = axes.get_yaxis_transform()
    axes.set_xlim(low, high)
    axes.set_ylim(-len(panel.labels) + 0.4, 0.6)
    left, thick = [0.0] * len(panel.labels), 0.42 if panel.steps else 0.55
    for number, one in enumerate(panel.series):
        values = [value or 0.0 for value in one.values]
        if panel.picture == "funnel":
            left = [(high - value) / 2 for value in values]
        colors = [_MINUS if value < 0 else _color(number) for value in values]
        places = [-n for n in range(len(values))]
        axes.barh(places, values, thick, left, color=colors, label=cut(one.name, 30))
        if one.before:
            had = [value or 0.0 for value in one.before]
            starts = [(high - value) / 2 if panel.picture == "funnel" else 0.0 for value in had]
            axes.barh(
                [place - thick / 2 - 0.06 for place in places], had, 0.1, starts, color=_BEFORE
            )
        left = [*map(sum, zip(left, values, strict=True))]
    for n, label in enumerate(panel.labels):
        move = panel.changes[n] if panel.changes else None
        text = panel.series[0].texts[n] if len(panel.series) == 1 else ""
        text += f" {ARROWS[move.sign]} {move.size}".rstrip() if move else ""
        axes.text(-0.01, -n, cut(label, 34), transform=beside, ha="right", va="center")
        axes.text(1.01, -n, text, transform=beside, ha="left", va="center")
        if panel.steps:
            step: dict[str, Any] = {
                "ha": "center",
                "va": "center",
                "fontsize": 7.5,
                "color": _MUTED,
            }
            axes.text(0.5, -n - 0.56, panel.steps[n], transform=beside, **step)
    if low < 0:
        axes.axvline(0, color=_INK, linewidth=0.8)


def _draw_lines(axes: Axes, panel: Panel, marks: int) -> None:
    low, high = panel.reach
    last = len(panel.labels) - 1
    axes.set_ylim(low - (high - low) * 0.05, high * 1.05)
    axes.set_xlim(-0.02 * (last or 1), (last or 1) * 1.02)
    for number, one in enumerate(panel.series):
        for values, color, style in (
            (one.before, _BEFORE, "--"),
            (one.values, _color(number), "-"),
        ):
            points = [float("nan") if value is None else value for value in values]
            if points:
                label = cut(one.name, 30) if style == "-" else None
                mark = "o" if last < 62 and style == "-" else ""
                axes.plot(points, style, color=color, label=label, marker=mark, markersize=3)
    _draw_scale(axes, panel, marks)


def _draw_scale(axes: Axes, panel: Panel, marks: int) -> None:
    """Lines at zero and at the ends, with their numbers, and as many labels below as have room."""
    known = [
        (v, t)
        for one in panel.series
        for v, t in zip(one.values, one.texts, strict=True)
        if v is not None
    ]
    at_left, below = axes.get_yaxis_transform(), axes.get_xaxis_transform()
    for value, text in {max(known), (0.0, "0"), *([min(known)] if panel.reach[0] < 0 else [])}:
        axes.axhline(value, color=_GRID, linewidth=0.8, zorder=0)
        axes.text(-0.01, value, text, transform=at_left, ha="right", va="center")
    last = len(panel.labels) - 1
    inner = range(0, last, max(1, -(-last // marks)))[1:]
    for n in {
        0,
        last,
        *(n for n in inner if last - n >= last / (marks + 1) and n >= last / (marks + 1)),
    }:
        side = "center" if 0 < n < last else "right" if n else "left"
        label = cut(panel.labels[n], 14)
        axes.text(n, -0.03, label, transform=below, ha=side, va="top", color=_MUTED, fontsize=8)


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]
