"""Chromium on the pages of `crm serve`: what each page must be, whoever looks at it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from torture.score import Score

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page

PATIENCE = 15_000
"""Milliseconds within which a page has to be there."""
OLD_ENOUGH = 3.2
"""Seconds after which a page is sent: what comes sooner is of a machine."""
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_INSTALL = "pip install 'crmcli[test]'"
_RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
_SHOWN = """() => {
  const one = document.activeElement, look = getComputedStyle(one);
  const ring = look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2;
  return { name: one.name || one.type || one.tagName, ring };
}"""
_TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('main *')]
    .filter(one => !one.closest('.trap') && one.getBoundingClientRect().right > wide + 1)
    .map(one => one.tagName + '#' + one.id);
  return out.join(' ') || (document.documentElement.scrollWidth > wide ? 'the page' : '');
}"""


def missing() -> str:
    """Why no browser can be driven here; "" if it can."""
    for module in ("playwright", "axe_playwright_python"):
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed: {_INSTALL}"
    return "" if program() else f"there is no {_PROGRAMS[0]}: apt install {_PROGRAMS[0]}"


def program() -> str:
    """Where the browser of this system is."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), "")


@dataclass
class Visit:
    """A page in a browser of its own, and what it said and asked for since it was opened."""

    page: Page
    chrome: Chromium
    name: str
    has_script: bool
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sent_back: list[int] = field(default_factory=list)
    loaded: float = 0.0

    def go(self, address: str) -> Visit:
        """Open an address."""
        self.page.goto(address)
        self.loaded = time.monotonic()
        return self

    def go_on(self) -> None:
        """A link has led to another page."""
        self.loaded = time.monotonic()

    def read(self) -> None:
        """Look at the page for as long as a person does before they send it."""
        time.sleep(max(0.0, self.loaded + OLD_ENOUGH - time.monotonic()))

    def type(self, text: str) -> None:
        """Type where the focus is, over what stands there."""
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def tab_to(self, name: str, where: Page | Frame | None = None) -> None:
        """Go on by the Tab key until that element has the focus; each one on the way shows that it has it."""
        for _ in range(20):
            self.page.keyboard.press("Tab")
            now = (where or self.page).evaluate(_SHOWN)
            if not now["ring"] and now["name"] not in ("BODY", "IFRAME", "A"):
                self.wrong(f"{now['name']} does not show that it has the focus")
            if now["name"] == name:
                return
        self.wrong(f"Tab never comes to {name}")

    def says(self, words: str, where: Page | Frame | None = None) -> None:
        """These words have to be seen."""
        text = (where or self.page).locator("body").inner_text()
        if words not in text:
            self.wrong(f"it does not say {words!r} but {text[:300]!r}")

    def wrong(self, words: str) -> None:
        """Note a fault of this page."""
        self.chrome.score.fault("other", f"{self.name}: {words}")

    def look(self, step: str, where: Page | Frame | None = None, *, is_ours: bool = True) -> None:
        """Judge the page as it is now, and take its picture."""
        self.chrome.score.ran()
        if wide := (where or self.page).evaluate(_TOO_WIDE):
            self.wrong(f"{step}: wider than the screen: {wide}")
        if self.has_script and is_ours:  # axe waits for promises, which nothing keeps without it
            for found in self.chrome.violations(where or self.page):
                self.wrong(f"{step}: axe: {found}")
        if self.chrome.pictures:
            to = self.chrome.pictures / f"{self.name}-{step}.png"
            if self.page.frames[1:]:  # of a frame only what is on the screen is drawn
                self.page.set_viewport_size({**self.page.viewport_size, "height": 1500})
                self.page.wait_for_timeout(200)
            self.page.screenshot(path=to, full_page=True, animations="disabled")

    def close(self, *, may_say: str = "\0") -> None:
        """Leave; a console that complained of anything else, or a request to a stranger, is a fault."""
        for line in self.said:
            if may_say not in line:
                self.wrong(f"the console says: {line}")
        for host in {urlsplit(url).hostname or "" for url in self.asked}:
            if host and host != "127.0.0.1" and not host.endswith(".localhost"):
                self.wrong(f"it asks {host}")
        self.page.context.close()


class Chromium:
    """The browser of this system, without a window."""

    def __init__(self, browser: Browser, score: Score, pictures: Path | None) -> None:
        self.browser, self.score, self.pictures = browser, score, pictures

    def visit(
        self,
        name: str,
        *,
        width: int = 1280,
        language: str = "ru",
        script: bool = True,
        **more: Any,
    ) -> Visit:
        """A new page, as somebody who was never there opens it."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 800 if width > 600 else 740},
            java_script_enabled=script, locale=language, has_touch=width < 600, **more,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        visit = Visit(page, self, name, script)
        page.on(
            "console",
            lambda said: (
                visit.said.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: visit.said.append(str(error)))
        page.on("request", lambda request: visit.asked.append(request.url))
        return visit

    def violations(self, where: Page | Frame) -> list[str]:
        """What axe-core finds on a page."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(where, options={"runOnly": _RULES, "resultTypes": ["violations"]})
        return [
            f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}"
            for one in found.response["violations"]
        ]


@contextmanager
def chromium(score: Score, pictures: Path | None) -> Iterator[Chromium]:
    """The browser, until its work is done."""
    from playwright.sync_api import sync_playwright

    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    # Its sandbox needs what root does not have, its memory what containers do not; it sees our pages alone.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program(), args=arguments)
        try:
            yield Chromium(browser, score, pictures)
        finally:
            browser.close()
