"""The page of pictures: what stands in it, and how Chromium shows it on paper, a telephone and in the dark."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from crmcli.language import speak
from crmcli.model.figures import Figures
from crmcli.present.cells import Locale
from crmcli.present.pictures.page import page
from tests.present.pictures.samples import EVERY, LONG, MONEY, figures, row, rub
from torture.browsing import chromium, missing
from torture.score import Score, table

AT = datetime(2026, 11, 28, 9, tzinfo=UTC)
SOME = ("numbers", "funnel", "sources", "amounts", "month compared", "stacked few", "lines", "none")
NUMBER = re.compile(r"-?[\d\xa0,.]*\d")


class Read(HTMLParser):
    """The texts of a page by where they stand, and the names of its elements and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.path: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.path.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.path.pop() == tag

    def handle_data(self, text: str) -> None:
        self.texts.append(("/".join(self.path), text))

    def within(self, tag: str, *, but: str = "-") -> list[str]:
        return [
            text
            for path, text in self.texts
            if f"/{tag}/" in f"{path}/" and f"/{but}/" not in f"{path}/"
        ]


def read(*sections: Figures, language: str = "ru", title: str = "Отчёт") -> Read:
    speak(language)
    return Read(page(sections, title, Locale(language, currency="RUB"), AT))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", EVERY)
def test_every_number_of_a_picture_stands_in_its_table(name: str, language: str) -> None:
    found = read(EVERY[name], language=language)
    drawn, told = found.within("svg", but="desc"), found.within("table")
    told += [attrs["title"] for _, attrs in found.tags if "title" in attrs]
    cells, words = set(told), " ".join(told)
    for text in drawn:
        for label in filter(None, re.split(r"[:;]|, ", text)):
            numbers = NUMBER.findall(label)
            assert (
                label in cells
                or "…" in label
                or all(n.strip(",.") in words or n == "0" for n in numbers)
            ), label
    every = "".join(text for _, text in found.texts)
    assert "None" not in every
    assert not re.search(r"\bnan\b", every, re.IGNORECASE)


def test_the_page_is_whole_and_asks_nobody() -> None:
    found = read(*EVERY.values())
    assert found.path == []
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in found.tags}
    assert not [attrs for _, attrs in found.tags if {"src", "href", "style", "onload"} & set(attrs)]
    assert "url(" not in "".join(found.within("style"))
    [rule] = [
        a["content"] for _, a in found.tags if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert rule == "default-src 'none'; style-src 'unsafe-inline'"
    pictures = [attrs for tag, attrs in found.tags if tag == "svg" and attrs.get("role")]
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in pictures)
    assert len(found.within("table")) > 1000


def test_what_people_typed_is_text() -> None:
    nasty = "</style></title><script>alert(1)</script>\" onload='x' \x1b[31m\x00\u202eevil & co"
    rows = [row(nasty, {"amounts": rub(1)}), row(LONG, {"amounts": rub(2)})]
    found = read(figures(nasty, rows, MONEY, title=nasty, notes=(nasty,)), title=nasty)
    assert "script" not in {tag for tag, _ in found.tags}
    shown = [text for text in found.within("tbody") if "script" in text]
    assert shown == ["</style></title><script>alert(1)</script>\" onload='x' evil & co"]


def test_against_the_period_before() -> None:
    found = read(EVERY["sources"], EVERY["numbers"])
    texts = " | ".join(found.within("body"))
    assert "в сравнении с 2026-10-01 – 2026-10-31" in texts
    assert "▲ 30 |" in texts  # in a table
    assert "▼ 64 |" in texts
    assert "▲ на 3,3\xa0п.\xa0п. больше" in texts  # 33.3 % against 30
    assert "▼ 53\xa0087\xa0₽ |" in texts
    assert "= без изменений" in texts
    assert "▲ на 1\xa0200\xa0$ больше" in texts  # nothing before: no share of nothing


def test_of_nothing_there_is_a_sentence() -> None:
    assert "Показывать нечего: 2026-11-01 – 2026-11-30." in read(EVERY["none"]).within("section")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for language in ("en", "ru"):
        speak(language)
        made[language] = tmp_path_factory.mktemp("pages") / f"{language}.html"
        text = page(
            [EVERY[name] for name in SOME], "Всё сразу", Locale(language, currency="RUB"), AT
        )
        made[language].write_text(text, encoding="utf-8")
    return made


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing() or "Chromium")
def test_in_chromium(pages: dict[str, Path], tmp_path: Path) -> None:
    """No sideways scroll, no request but for the page, nothing that axe complains of, in light and dark."""
    score = Score("pages of pictures")
    wanted = os.environ.get("CRM_PICTURES")
    with chromium(score, Path(wanted) if wanted else None) as chrome:
        for language, scheme, width in (
            ("ru", "light", 375),
            ("en", "dark", 794),
            ("ru", "light", 1280),
        ):
            more: dict[str, Any] = {"color_scheme": scheme}
            visit = chrome.visit(
                f"{language}-{scheme}-{width}", width=width, language=language, **more
            )
            score.ran()
            visit.go(pages[language].as_uri())
            assert visit.page.evaluate("document.documentElement.scrollWidth") == width
            for found in chrome.violations(visit.page) if width < 1000 else ():
                visit.wrong(found)
            assert visit.page.evaluate(OUTSIDE) == []
            assert visit.page.evaluate(HOLES) == []
            assert visit.asked == [pages[language].as_uri()]
            visit.close()
    assert score.is_good, table([score])


HOLES = """() => {
  const boxes = [...document.querySelectorAll('section:not(:has(.tiles))')].map(s => {
    const {left, top} = s.getBoundingClientRect();
    return {left, top, end: s.lastElementChild.getBoundingClientRect().bottom};
  });
  return boxes.flatMap(b => {
    const below = boxes.filter(o => Math.abs(o.left - b.left) < 9 && o.top > b.top).map(o => o.top);
    return below.length ? [Math.min(...below) - b.end] : [];
  }).filter(gap => gap > 60);
}"""
"""Places in a column where nothing stands between two reports."""
OUTSIDE = """() => [...document.querySelectorAll('svg[role=img]')].flatMap(one => {
  const box = one.getBoundingClientRect();
  return [...one.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()])
    .filter(([, r]) => r.width && (r.left < box.left - 1 || r.right > box.right + 1 || r.bottom > box.bottom + 1))
    .map(([text]) => text);
})"""
