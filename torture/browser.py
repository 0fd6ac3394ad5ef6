"""People at the pages of `crm serve`, in Chromium: forms, the widget on other sites, the link of a letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torture.browser_house import House
from torture.browser_letters import Letters
from torture.browsing import Chromium, Visit, chromium, missing
from torture.score import Score

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page

LANGUAGES = ("ru", "en")
WIDTHS = (360, 1280)
REFUSED = "422"
"""What a browser's console says of a page that shows what is wrong."""


@dataclass
class Scenes:
    """The scenes in one language: all pages open first, are filled in by turns, and then the leads judged."""

    house: House
    chrome: Chromium
    wanted: list[tuple[Visit, str, dict[str, Any]]] = field(default_factory=list)
    unwanted: list[tuple[Visit, str]] = field(default_factory=list)

    def visit(self, name: str, width: int, **more: Any) -> Visit:
        """A new page of this language."""
        name = f"{self.house.language}-{width}-{name}"
        return self.chrome.visit(name, width=width, language=self.house.language, **more)

    def expect(self, visit: Visit, phone: str, **facts: Any) -> None:
        """A lead with that number has to come of it, and its submission to say so much."""
        self.wanted.append((visit, phone, facts))

    # Forms

    def by_keyboard(self, width: int, *, script: bool = True) -> Callable[[], None]:
        """Somebody comes from a site by a marked link, and never touches the mouse."""
        visit = self.visit("form" if script else "form without script", width, script=script)
        visit.go(self.house.sites.at("/"))
        visit.tab_to("A")
        with visit.page.expect_navigation():
            visit.page.keyboard.press("Enter")
        visit.go_on()

        def fill() -> None:
            phone = self.house.phone()
            self._fill(visit, visit.page, phone)
            self.expect(visit, phone, utm={"source": "yandex", "campaign": "осень"},
                        referrer=self.house.sites.at("/"))  # fmt: skip
            visit.close(may_say=REFUSED)

        return fill

    def _fill(self, visit: Visit, where: Page | Frame, phone: str) -> None:
        """Fill in the form: wrongly, and then rightly."""
        words, keys = self.house.words, visit.page.keyboard
        visit.look("1 empty", where)
        visit.tab_to("name", where)
        visit.type(words.name)
        visit.tab_to("phone", where)
        visit.type("12")
        visit.tab_to("email", where)
        visit.type(f"{phone[1:]}@kafe.example")
        visit.tab_to("source", where)
        keys.press("ArrowDown")
        visit.read()
        visit.tab_to("submit", where)
        self._send(where, lambda: keys.press("Enter"))
        self._is_told(visit, where)
        visit.look("2 wrong", where)
        visit.type(phone)
        visit.tab_to("_consent", where)
        keys.press("Space")
        visit.tab_to("submit", where)
        self._send(where, lambda: keys.press("Enter"))
        visit.look("3 thanks", where)
        visit.says(words.thanks, where)

    def _send(self, where: Page | Frame, act: Callable[[], None]) -> None:
        frame = getattr(where, "main_frame", where)
        with frame.page.expect_event("framenavigated", lambda one: one == frame):
            act()
        frame.wait_for_load_state("load")

    def _is_told(self, visit: Visit, where: Page | Frame) -> None:
        """What is wrong stands right below its field, in words; there the focus is, and nothing was lost."""
        words = self.house.words
        visit.says(words.wrong, where)
        visit.says(words.agree, where)
        now = where.evaluate("() => document.activeElement.id")
        if now != "phone":
            visit.wrong(f"the focus is at {now or 'nothing'}, not at the phone that is wrong")
        for name in ("phone", "_consent"):
            below = where.locator(f"#{name}").bounding_box()
            text = where.locator(f"#{name}-wrong").bounding_box()
            if not (below and text and 0 <= text["y"] - below["y"] - below["height"] < 90):
                visit.wrong(f"what is wrong with {name} is not told beside it: {below}, {text}")
            told = where.locator(f"#{name}").get_attribute("aria-describedby") or ""
            if f"{name}-wrong" not in told.split():
                visit.wrong(f"a screen reader is not told what is wrong with {name}")
        if where.locator("#name").input_value() != words.name:
            visit.wrong("what was filled in is lost")

    def led_on(self, width: int, *, widget: bool = False) -> Callable[[], None]:
        """A form that leads to a page of the shop instead of thanks, by itself or in the shop's page."""
        visit = self.visit("redirected widget" if widget else "redirect", width)
        visit.go(self.house.sites.at("/ask") if widget else f"{self.house.ours}/f/ask")

        def fill() -> None:
            where = visit.page.frames[-1]
            where.locator("[name=email]").wait_for()
            visit.look("1 empty", where)
            visit.read()
            address = f"{visit.name}@led.example".replace(" ", "-")
            where.locator("[name=email]").fill(address)
            where.get_by_role("button").click()
            visit.page.wait_for_url(self.house.sites.at("/thanks"))
            self.expect(visit, address)
            visit.close()

        return fill

    # The widget

    def widget(self, width: int, *, dark: bool = False) -> Callable[[], None]:
        """The form in a page of the shop, which is another origin."""
        page = self.house.sites.at(f"/widget?{'dark&' if dark else ''}utm_source=shop")
        visit = self.visit("widget", width, color_scheme="dark" if dark else "light").go(page)
        visit.page.frame_locator("iframe").locator("#name").wait_for()

        def fill() -> None:
            phone = self.house.phone()
            frame = visit.page.frames[1]
            self._fill(visit, frame, phone)
            high = frame.evaluate("() => document.documentElement.scrollHeight - innerHeight")
            if high > 1:
                visit.wrong(f"{high} px of the form hide in its frame")
            self.expect(visit, phone, utm={"source": "shop"}, page=page)
            visit.close(may_say=REFUSED)

        return fill

    def foreign(self, width: int) -> Callable[[], None]:
        """A site that may not show the form tries to, and to send it."""
        sites, phone = self.house.sites, self.house.phone()
        visit = self.visit("foreign", width).go(sites.at("/widget", "bad"))
        visit.page.wait_for_timeout(300)
        if not any("origins" in line for line in visit.said):
            visit.wrong(f"who keeps the site is not told why there is no form: {visit.said}")
        visit.look("1 widget", is_ours=False)
        if [one for one in visit.page.frames[1:] if one.locator("form").count()]:
            visit.wrong("the form is shown on a site that may not")
        visit.said.clear()
        visit.go(sites.at("/form", "bad"))

        def send() -> None:
            visit.page.locator("[name=phone]").fill(phone)
            visit.page.get_by_role("button").click()
            visit.page.wait_for_url(f"{self.house.ours}/f/callback")
            visit.says(self.house.words.foreign)
            visit.look("2 told")
            visit.close(may_say="403")
            self.unwanted.append((visit, phone))

        return send

    # Leads

    def judge(self) -> list[str]:
        """Whatever was sent is a lead, once, and knows from where it came; the numbers of those found."""
        ticked = self.house.crm("tick")
        rows, found = self.house.served.rows("lead", "list"), []
        for visit, reach in self.unwanted:
            if any(reach in _reaches(one) for one in rows):
                visit.wrong("a lead came from a site that may not send any")
        for visit, reach, facts in self.wanted:
            self.chrome.score.ran()
            mine = [one for one in rows if reach in _reaches(one)]
            if len(mine) != 1:
                kind = "doubled" if mine else "lost"
                self.chrome.score.fault(
                    kind, f"{visit.name}: {reach} is {len(mine)} leads; {ticked.err}"
                )
                continue
            told = self.house.served.rows("timeline", mine[0]["id"], "--kind", "form.submitted")
            has = {**(told[0].get("data") or told[0] if told else {}), "utm": mine[0].get("utm")}
            for key, value in facts.items():
                if has.get(key) != value:
                    visit.wrong(f"{key} of its lead is {has.get(key)!r}, not {value!r}")
            if reach.startswith("+"):
                self._is_whole(visit, mine[0])
                found.append(reach)
        return found

    def _is_whole(self, visit: Visit, lead: dict[str, Any]) -> None:
        consents = {one["channel"] for one in lead.get("consents", ())}
        if lead["name"] != self.house.words.name or consents != {"mail", "personal_data"}:
            visit.wrong(f"its lead is not what was filled in: {lead}")


def _reaches(lead: dict[str, Any]) -> list[str]:
    return [one["value"] for key in ("phones", "emails") for one in lead.get(key, ())]


def _play(house: House, chrome: Chromium, *, quick: bool) -> None:
    """All scenes of a language; a person who reads one page holds up none of the others."""
    scenes = Scenes(house, chrome)
    narrow, wide = WIDTHS
    opened = [scenes.by_keyboard(narrow), scenes.widget(wide)]
    if not quick:
        opened += [
            scenes.by_keyboard(wide),
            scenes.by_keyboard(wide, script=False),
            scenes.by_keyboard(narrow, script=False),
        ]
        opened += [scenes.widget(narrow, dark=True), scenes.led_on(narrow)]
        opened += [scenes.led_on(wide, widget=True)]
    opened.append(scenes.foreign(narrow))
    for act in opened:
        act()
    found = scenes.judge()
    if len(found) > 1:
        Letters(house, chrome, WIDTHS).play(found, quick=quick)


def browser(folder: Path, pictures: Path | None = None, *, quick: bool = False) -> Score:
    """Everything that people do with the pages, in both languages, narrow and wide."""
    score = Score("browser")
    if why := missing():
        score.remark(why)
        return score.stop()
    with chromium(score, pictures) as chrome:
        for language in LANGUAGES[: 1 if quick else 2]:
            house = House(folder / language, language)
            try:
                _play(house, chrome, quick=quick)
            finally:
                house.close()
    return score.stop()
