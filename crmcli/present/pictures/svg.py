"""Panels as SVG as wide as its place: lengths in per cent, letters in pixels; and elements of HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from crmcli.language import tr
from crmcli.present.pictures.panels import ARROWS, COLORS, Panel
from crmcli.present.text_width import cut, one_line, width

MOST_AT_ONCE = 20
"""Bars in one drawing: more would not go on a page of paper in one piece."""
_NARROW, _WIDE = 40, 88
"""Letters in a line on a telephone and on paper."""
_TOP, _PLOT, _DOTS = 20, 150, 62


def tag(name: str, /, *content: Element | str | None, **given: object) -> Element:
    """An element with its text and elements; `_` stands for the hyphen of an attribute's name."""
    named = {key.rstrip("_").replace("_", "-"): one_line(str(v)) for key, v in given.items()}
    made, last = Element(name, named), None
    for part in content:
        if isinstance(part, Element):
            made.append(part)
            last = part
        elif part and last is not None:
            last.tail = (last.tail or "") + one_line(part)
        elif part:
            made.text = (made.text or "") + one_line(part)
    return made


def svgs(panel: Panel, title: str) -> Iterator[Element]:
    """The drawings of a panel, from above to below."""
    if panel.picture == "line":
        yield _svg(f"{title}: {panel.name}", _TOP + _PLOT + 26, list(_lines(panel)))
        return
    for start in range(0, len(panel.labels), MOST_AT_ONCE):
        numbers = range(start, min(start + MOST_AT_ONCE, len(panel.labels)))
        tall = 58 if any(panel.steps) else 42
        parts = [part for n in numbers for part in _bar(panel, n, (n - start) * tall)]
        name = f"{title}: {panel.name}"
        name += f" ({numbers[0] + 1}–{numbers[-1] + 1})" if panel.labels[MOST_AT_ONCE:] else ""
        yield _svg(name, len(numbers) * tall, parts)


def legend(panel: Panel, before: str) -> Element | None:
    """What each colour is of; None where there is one alone."""
    names = [(_color(n), one.name) for n, one in enumerate(panel.series) if one.name]
    if any(one.before for one in panel.series):
        names.append(("before", before))
    items = [
        tag("li", _svg("", 12, [tag("rect", width=12, height=12, class_=color)], wide="12"), name)
        for color, name in names
    ]
    return tag("ul", *items, class_="legend") if items else None


def _svg(title: str, height: float, parts: Sequence[Element], wide: str = "100%") -> Element:
    if not title:
        return tag("svg", *parts, width=wide, height=height, aria_hidden="true")
    told = tag("desc", tr("The same numbers stand in the table below."))
    shown = {"role": "img", "aria_label": title}
    return tag("svg", tag("title", title), told, *parts, width=wide, height=height, **shown)


def _color(number: int) -> str:
    return f"s{number % len(COLORS)}"


def _percent(value: float) -> str:
    return f"{value:.2f}%"


# -- bars -----------------------------------------------------------------------------------


def _bar(panel: Panel, n: int, y: int) -> Iterator[Element]:
    """A label, the value at the other end of its line, the bar below, and what is said of the next."""
    label, first = panel.labels[n], panel.series[0]
    texts = [f"{one.name} {one.texts[n]}".strip() for one in panel.series if one.texts[n]]
    change = panel.changes[n] if panel.changes else None
    size = first.texts[n] if len(panel.series) == 1 else ""
    moved = f" {ARROWS[change.sign]} {change.size}".rstrip() if change else ""
    told = tag("title", f"{label}: {', '.join(texts)}" + (f", {change.words}" if change else ""))
    rects = [*_rects(panel, n, y + 20)]
    yield tag("g", told, tag("rect", y=y, width="100%", height=40, class_="clear"), *rects)
    yield from _label(label, y + 14, width(size + moved))
    yield tag("text", size, tag("tspan", moved, class_="muted"), x="100%", y=y + 14, class_="end")
    if panel.steps and panel.steps[n]:
        down = "↓ " if n + 1 < len(panel.labels) else ""
        yield tag("text", down + panel.steps[n], x="50%", y=y + 50, class_="step")


def _label(label: str, y: int, beside: int) -> Iterator[Element]:
    """The label; where it has no room, one for paper and one for a telephone."""
    wide, narrow = cut(label, _WIDE - beside), cut(label, _NARROW - beside)
    if wide == narrow:
        yield tag("text", label, x=0, y=y)
        return
    yield tag("text", wide, x=0, y=y, class_="wide")
    yield tag("text", narrow, x=0, y=y, class_="narrow")


def _rects(panel: Panel, n: int, y: int) -> Iterator[Element]:
    """The parts of a bar, from zero on; below it, thin, what was before."""
    low, high = panel.reach
    per = 100 / (high - low)
    at = -low * per
    for number, one in enumerate(panel.series):
        value = one.values[n] or 0.0
        start = at + min(value, 0) * per
        if panel.picture == "funnel":
            start = (100 - value * per) / 2
        if value:
            color = "minus" if value < 0 else _color(number)
            yield _rect(start, abs(value) * per, y, 13, color)
        if one.before and (had := one.before[n]):
            left = (100 - had * per) / 2 if panel.picture == "funnel" else at + min(had, 0) * per
            yield _rect(left, abs(had) * per, y + 14, 3, "before")
        if panel.picture == "stacked":
            at += value * per
    if low < 0:
        yield tag("rect", x=_percent(at), y=y - 2, width=1, height=20, class_="axis")


def _rect(start: float, length: float, y: int, height: int, color: str) -> Element:
    return tag("rect", x=_percent(start), y=y, width=_percent(length), height=height, class_=color)


# -- over time ------------------------------------------------------------------------------


def _lines(panel: Panel) -> Iterator[Element]:
    """How high is how much, a line for each series, and for each label a place to point at."""
    low, high = panel.reach
    heights = [
        tuple(None if v is None else _TOP + _PLOT * (high - v) / (high - low) for v in values)
        for one in panel.series
        for values in (one.before, one.values)
    ]
    yield from _scale(panel)
    colors = [color for n in range(len(panel.series)) for color in ("before", _color(n))]
    lines, dots = [], []
    for values, color in zip(heights, colors, strict=True):
        for run in _runs(values):
            place = " ".join(f"{_x(n, panel) * 10:.1f},{y:.1f}" for n, y in run)
            lines.append(tag("polyline", points=place, class_=f"line {color}"))
            if color != "before" and (len(panel.labels) <= _DOTS or len(run) == 1):
                dots += [_dot(_x(n, panel), y, color) for n, y in run]
    box = {"viewBox": f"0 0 1000 {_TOP + _PLOT}", "preserveAspectRatio": "none"}
    yield tag("svg", *lines, width="100%", height=_TOP + _PLOT, **box)
    yield from dots
    yield from _places(panel)


def _x(n: int, panel: Panel) -> float:
    return 2 + 96 * n / (len(panel.labels) - 1) if panel.labels[1:] else 50.0


def _dot(x: float, y: float, color: str) -> Element:
    return tag("circle", cx=_percent(x), cy=f"{y:.1f}", r=2.5, class_=color)


def _runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """What follows one another without a gap."""
    run: list[tuple[int, float]] = []
    for n, value in enumerate((*values, None)):
        if value is not None:
            run.append((n, value))
        elif run:
            yield run
            run = []


def _scale(panel: Panel) -> Iterator[Element]:
    """Lines at zero, at the greatest value and at one below zero, with their numbers."""
    low, high = panel.reach
    known = [
        (v, t)
        for one in panel.series
        for v, t in zip(one.values, one.texts, strict=True)
        if v is not None
    ]
    for value, text in {(0.0, "0"), max(known), min(known) if low < 0 else (0.0, "0")}:
        y = _TOP + _PLOT * (high - value) / (high - low)
        yield tag("rect", x=0, y=f"{y:.1f}", width="100%", height=1, class_="grid")
        yield tag("text", text, x=0, y=f"{y - 4:.1f}", class_="muted")


def _places(panel: Panel) -> Iterator[Element]:
    """What is said where one points, and the labels that have room below: on a telephone the outer two."""
    last = len(panel.labels) - 1
    each = 96 / max(last, 1)
    for n, label in enumerate(panel.labels):
        texts = ", ".join(f"{one.name} {one.texts[n]}".strip() for one in panel.series)
        left = _percent(max(_x(n, panel) - each / 2, 0))
        room = {"x": left, "width": _percent(each), "height": _TOP + _PLOT, "class_": "clear"}
        yield tag("rect", tag("title", f"{label}: {texts}"), **room)
    between = range(0, last, max(1, -(-last // 5)))[1:]
    inner = [n for n in between if last - n >= last / 7]
    sides = {0: "start", last: "end"} if last else {0: "middle"}
    for n, side in {**sides, **dict.fromkeys(inner, "inner")}.items():
        x = {"start": 0.0, "end": 100.0}.get(side, _x(n, panel))
        text = cut(panel.labels[n], 14)
        yield tag("text", text, x=_percent(x), y=_TOP + _PLOT + 18, class_=f"{side} muted")
