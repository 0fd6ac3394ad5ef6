"""Pictures in the terminal: they fit, are to scale, and say what the figures say."""

from __future__ import annotations

from itertools import pairwise

import pytest

from crmcli.language import speak
from crmcli.present.cells import Locale
from crmcli.present.pictures.panels import panels_of
from crmcli.present.pictures.terminal import drawn
from crmcli.present.text_width import width
from tests.present.pictures.samples import EVERY

EIGHTHS = {sign: n / 8 for n, sign in enumerate(" ▏▎▍▌▋▊▉█")} | {"▐": 0.5}
BARRED = [
    name
    for name, one in EVERY.items()
    if {panel.picture for panel in panels_of(one, Locale())} & {"bars", "funnel"}
    and name != "only noughts"
]


@pytest.fixture(params=["en", "ru"])
def locale(request: pytest.FixtureRequest) -> Locale:
    speak(request.param)
    return Locale(request.param, currency="RUB")


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("wide", [40, 57, 80, 120])
def test_every_picture_fits(locale: Locale, wide: int, *, plain: bool) -> None:
    for name, figures in EVERY.items():
        text = drawn(figures, locale, wide, plain=plain)
        lines = text.split("\n")
        assert max(map(width, lines)) <= wide, name
        assert "None" not in text, name
        assert "nan" not in text.lower(), name
        if plain:
            assert not set(text) & set("█▓▒░▏▎▍▌▋▊▉▐▀▁▂▃▄▅▆▇│↓▲▼…·–"), name


@pytest.mark.parametrize("name", BARRED)
@pytest.mark.parametrize("wide", [40, 80, 120])
def test_bars_are_to_scale_and_beside_their_numbers(locale: Locale, name: str, wide: int) -> None:
    text = drawn(EVERY[name], locale, wide)
    panels = panels_of(EVERY[name], locale)
    assert len(panels) == text.count("\n\n") + 1
    for panel, block in zip(panels, text.split("\n\n"), strict=True):
        [one] = panel.series
        lines = [line for line in block.split("\n")[1:] if "↓" not in line]
        found = []
        for value, words, line in zip(one.values, one.texts, lines, strict=False):
            assert words in line
            found.append((abs(value or 0), sum(EIGHTHS.get(sign, 0.0) for sign in line)))
        greatest, longest = max(found)
        halves = any(value and value < 0 for value in one.values)
        for value, cells in found:
            assert cells == pytest.approx(value / greatest * longest, abs=0.3 if halves else 0.126)
            assert (cells > 0) == (value > 0)


def test_parts_of_a_bar_are_to_scale(locale: Locale) -> None:
    for name in ("stacked", "stacked sums", "stacked few"):
        for panel, block in zip(
            panels_of(EVERY[name], locale),
            drawn(EVERY[name], locale, 120).split("\n\n"),
            strict=True,
        ):
            sums = [
                sum(v or 0 for v in column)
                for column in zip(*(s.values for s in panel.series), strict=True)
            ]
            lines = block.split("\n")[1 : len(sums) + 1]
            cells = [
                [line.count(sign) for sign in "█▓▒░▚▞·"[: len(panel.series)]] for line in lines
            ]
            scale = max(map(sum, cells)) / max(sums)
            for n, row in enumerate(cells):
                for count, one in zip(row, panel.series, strict=True):
                    assert count == pytest.approx((one.values[n] or 0) * scale, abs=1.01)
            assert all(one.name in block for one in panel.series)


def test_currencies_stand_apart(locale: Locale) -> None:
    text = drawn(EVERY["amounts"], locale, 80)
    blocks = text.split("\n\n")
    assert [block.split("\n")[0][-3:] for block in blocks] == ["RUB", "USD", "EUR"]
    assert "Вера" not in text  # who has no amount is no bar of nought
    before, after = blocks[0].split("\n")[2].split("│")  # a loss hangs to the left
    assert set(before) & set("▐█")
    assert not set(after) & set("▐█")
    assert "│" not in blocks[2]


def test_what_is_lost_stands_beside_the_funnel(locale: Locale) -> None:
    way, lost = drawn(EVERY["funnel"], locale, 80).split("\n\n")
    assert "Отказ" not in way
    assert lost.split("\n")[0] == ("Lost" if locale.language == "en" else "Проиграно")
    assert "Отказ" in lost
    assert "Не звонить" not in lost  # nobody came there


def test_a_year_of_days_goes_on_below(locale: Locale) -> None:
    lines = drawn(EVERY["year"], locale, 80).split("\n")[1:]
    heads, sparks = lines[::2], lines[1::2]
    ends = [line.split(" – ") for line in heads]
    assert (ends[0][0], ends[-1][1]) == ("2026-01-01", "2026-12-31")
    assert all(one[1] < next_[0] for one, next_ in pairwise(ends))
    assert sum(len(line.rsplit(" ", 1)[0].rstrip()) for line in sparks) == 365
    assert sparks[0][3] == " "  # the day of which nothing is known


def test_what_there_is_nothing_to_draw_of(locale: Locale) -> None:
    assert "2026-11-01 – 2026-11-30" in drawn(EVERY["none"], locale, 80)
    for name in ("table alone", "no number"):
        assert drawn(EVERY[name], locale, 80) == ""


def test_colours_are_the_doors(locale: Locale) -> None:
    seen = []

    def paint(text: str, color: str) -> str:
        seen.append(color)
        return f"<{text}>"

    bare = drawn(EVERY["sources"], locale, 80)
    text = drawn(EVERY["sources"], locale, 80, paint=paint)
    assert set(seen) == {"#1f6fb2"}
    assert "▲" in text
    assert bare.count("█") == text.count("█")
