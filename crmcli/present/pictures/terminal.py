"""Figures drawn with letters: bars, columns over time, funnels, stacked bars, in so many cells of width."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from crmcli.language import tr
from crmcli.model.figures import Figures
from crmcli.present.cells import Locale
from crmcli.present.pictures.panels import (
    ARROWS,
    COLORS,
    Change,
    Panel,
    nothing,
    numbers_told,
    panels_of,
)
from crmcli.present.text_width import cut, fold, pad, width

Paint: TypeAlias = Callable[[str, str], str]
"""A text in a colour, '#rrggbb'."""
LEAST = 40
"""Cells: what is narrower is drawn as if it were that wide."""
_LEAST_BAR, _TALL = 6, 7


class Signs(NamedTuple):
    """What a picture is made of: parts of a cell from the left and from below, from none to all of it; half
    a cell from the right and from above; what tells parts of a bar apart; the way down a funnel."""

    along: str = " ▏▎▍▌▋▊▉█"
    upward: str = " ▁▂▃▄▅▆▇█"
    half_left: str = "▐"
    half_down: str = "▀"
    parts: str = "█▓▒░▚▞·"
    down: str = "↓"
    axis: str = "│"


BLOCKS = Signs()
_IN_ASCII = str.maketrans("…–·▲▼\N{NO-BREAK SPACE}", "~-/+- ")
PLAIN = Signs(" #", " .:-=+*#", "#", "#", "#=-+o.x", "v", "|")


def drawn(
    figures: Figures, locale: Locale, wide: int, *, plain: bool = False, paint: Paint | None = None
) -> str:
    """The picture of figures in lines of at most `wide` cells; "" where there is only a table to show.
    Without a dimension it is their numbers in lines.

    `plain` keeps to ASCII, for what cannot show blocks; `paint` colours a text.
    """
    wide = max(wide, LEAST)
    canvas = _Canvas(wide, PLAIN if plain else BLOCKS, paint or (lambda text, _: text))
    blocks = ["\n".join(canvas.panel(panel)) for panel in panels_of(figures, locale)]
    text = "\n\n".join(blocks)
    if not (figures.rows and figures.dimensions):
        words = numbers_told(figures, locale) if figures.rows else [nothing(figures)]
        text = "\n".join(line for one in words for line in fold(one, wide))
    return text.translate(_IN_ASCII) if plain else text


def sparkline(
    values: Sequence[float | None], reach: tuple[float, float], signs: Signs = BLOCKS
) -> str:
    """A cell for each value, as high as it is between two ends; an empty one where there is none."""
    low, high = reach
    rise = (len(signs.upward) - 2) / (high - low)
    return "".join(" " if v is None else signs.upward[1 + round((v - low) * rise)] for v in values)


class _Canvas(NamedTuple):
    wide: int
    signs: Signs
    paint: Paint

    def panel(self, panel: Panel) -> Iterator[str]:
        """The lines of one picture, its name first; of what was before only the change is told."""
        panel = panel._replace(series=tuple(one._replace(before=()) for one in panel.series))
        yield cut(panel.name, self.wide)
        if panel.picture == "line":
            side = max(width(text) for one in panel.series for text in one.texts)
            is_tall = len(panel.series) == 1 and len(panel.labels) + side + 2 <= self.wide
            yield from self._columns(panel) if is_tall else self._sparklines(panel)
        else:
            yield from self._bars(panel)
        if panel.more:
            yield cut(tr("and {} more in the table", panel.more), self.wide)

    # -- bars ------------------------------------------------------------------------------

    def _bars(self, panel: Panel) -> Iterator[str]:
        texts, changes = self._beside(panel)
        label = min(max(map(width, panel.labels)), self.wide * 2 // 5)
        value, moved = max(map(width, texts)), max(map(width, changes), default=0)
        room = self.wide - label - 1 - (value + 1 if value else 0)
        if moved and room - moved - 1 >= _LEAST_BAR:
            room -= moved + 1
        else:
            changes = []
        label = min(label, label + room - _LEAST_BAR)
        room = max(room, _LEAST_BAR)
        for n, name in enumerate(panel.labels):
            line = [pad(cut(name, label), label), self._bar(panel, n, room)]
            line += [pad(texts[n], value, right=True)] if value else []
            line += [changes[n]] if changes else []
            yield " ".join(line).rstrip()
            if panel.steps and panel.steps[n]:
                sign = f"{self.signs.down} " if n + 1 < len(panel.labels) else ""
                below = sign + panel.steps[n]
                indent = label + 1 if label + 1 + width(below) <= self.wide else 2
                yield " " * indent + cut(below, self.wide - indent)
        if panel.picture == "stacked":
            yield from self._legend(panel)

    def _beside(self, panel: Panel) -> tuple[list[str], list[str]]:
        """What stands to the right of each bar: its value, or the values of its parts if they have room; and
        how it changed."""
        columns = zip(*(one.texts for one in panel.series), strict=True)
        texts = [" + ".join(filter(None, column)) for column in columns]
        is_wide = max(map(width, texts)) > self.wide // 3
        if len(panel.series) > 3 or (len(panel.series) > 1 and is_wide):
            texts = [""] * len(texts)
        return texts, [self._change(one) for one in panel.changes]

    def _change(self, change: Change | None) -> str:
        if change is None:
            return ""
        if self.signs is PLAIN:
            return ("=", "+", "-")[change.sign] + change.size
        return f"{ARROWS[change.sign]} {change.size}".rstrip()

    def _bar(self, panel: Panel, n: int, room: int) -> str:
        low, high = panel.reach
        below = min(max(round(room * -low / (high - low)), 1), room - 1) if low < 0 else 0
        axis = self.signs.axis if below else ""
        scale = min(
            (room - below - len(axis)) / high if high > 0 else room,
            below / -low if low < 0 else room,
        )
        parts, end, cells = "", 0.0, 0
        for number, one in enumerate(panel.series):
            end += max(one.values[n] or 0.0, 0.0) * scale
            if len(panel.series) == 1:
                part = self._along(end)
            else:
                part = self.signs.parts[number % len(self.signs.parts)] * (round(end) - cells)
                cells = round(end)
            parts += self.paint(part, _color(number)) if part else ""
            cells = cells if len(panel.series) > 1 else len(part)
        minus = -min(panel.series[0].values[n] or 0.0, 0.0) * scale
        halves = round(minus * 2)
        left = self.signs.half_left * (halves % 2) + self.signs.along[-1] * (halves // 2)
        left = " " * (below - len(left)) + (self.paint(left, COLORS[1]) if left else "")
        return left + axis + parts + " " * (room - below - len(axis) - cells)

    def _along(self, length: float) -> str:
        """A bar of so many cells; the smallest part of one where there is anything."""
        steps = len(self.signs.along) - 1
        units = max(round(length * steps), 1 if length > 0 else 0)
        return self.signs.along[-1] * (units // steps) + self.signs.along[units % steps].strip()

    def _legend(self, panel: Panel) -> Iterator[str]:
        """Which part of a bar is of what."""
        signs, line = self.signs.parts, ""
        for number, one in enumerate(panel.series):
            part = f"{signs[number % len(signs)]} {cut(one.name, LEAST - 2)}"
            if line and width(line) + 2 + width(part) > self.wide:
                yield line
                line = ""
            line = f"{line}  {part}" if line else part
        yield line

    # -- over time -------------------------------------------------------------------------

    def _columns(self, panel: Panel) -> Iterator[str]:
        """Columns that stand, or below zero hang, on a line."""
        [one] = panel.series
        low, high = panel.reach
        tall = _TALL
        below = min(max(round(tall * -low / (high - low)), 1), tall - 1) if low < 0 else 0
        scale = min((tall - below) / high if high > 0 else tall, below / -low if low < 0 else tall)
        known = [(v, t) for v, t in zip(one.values, one.texts, strict=True) if v is not None]
        ends = {tall - 1: max(known)[1], 0: min(known)[1] if low < 0 else "0"}
        side = max(map(width, ends.values()))
        each = max(1, min(6, (self.wide - side - 2) // len(one.values)))
        for row in range(tall - 1, -1, -1):
            cells = [self._upward(value, row - below, scale) for value in one.values]
            line = "".join(pad(c * max(1, each - 1), each) for c in cells).rstrip()
            end = pad(ends.get(row, ""), side, right=True)
            yield f"{end} {self.signs.axis}" + (self.paint(line, COLORS[0]) if line else "")
        yield " " * (side + 2) + self._under(panel.labels, each, self.wide - side - 2)

    def _upward(self, value: float | None, row: int, scale: float) -> str:
        """The cell of a column in a row; rows below zero are negative."""
        if value is None:
            return " "
        full = self.signs.upward[-1]
        if row < 0:
            halves = round(-value * scale * 2) - 2 * (-row - 1)
            return " " if halves <= 0 else full if halves > 1 else self.signs.half_down
        steps = len(self.signs.upward) - 1
        units = max(round(value * scale * steps), 1 if value > 0 else 0) - row * steps
        return self.signs.upward[max(0, min(units, steps))]

    def _under(self, labels: Sequence[str], each: int, room: int) -> str:
        """As many of the labels as have room below their columns; the last one always."""
        last = cut(labels[-1], room)
        at_last = max(0, min((len(labels) - 1) * each, room - width(last)))
        line = ""
        for n, label in enumerate(labels[:-1]):
            if n * each >= width(line) + (1 if line else 0) and n * each + width(label) < at_last:
                line = pad(line, n * each) + label
        return (pad(line, at_last) + last).rstrip()

    def _sparklines(self, panel: Panel) -> Iterator[str]:
        """A line of small columns for each series, gone on below where it is longer than there is room."""
        name = min(max(width(one.name) for one in panel.series), self.wide // 3)
        most = [max(((v, t) for v, t in zip(s.values, s.texts, strict=True) if v is not None),
                    default=(0, ""))[1] for s in panel.series]  # fmt: skip
        value = max(map(width, most))
        room = self.wide - name - value - 2
        for start in range(0, len(panel.labels), room):
            part = panel.labels[start : start + room]
            yield cut(f"{' ' * (name + 1 if name else 0)}{part[0]} – {part[-1]}", self.wide)
            for number, one in enumerate(panel.series):
                line = sparkline(one.values[start : start + room], panel.reach, self.signs)
                line = self.paint(pad(line, min(room, len(panel.labels))), _color(number))
                words = [pad(cut(one.name, name), name)] if name else []
                yield " ".join([*words, line, pad(most[number], value, right=True)])


def _color(number: int) -> str:
    return COLORS[number % len(COLORS)]
