"""Readers of letters at the page to which their last line leads: channels, topics, one click, all of it."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from torture.browser_house import House
from torture.browsing import Chromium, Visit

NEWS = "news"
"""The topic of the template hi; that of plain is none."""


@dataclass(frozen=True)
class Reader:
    """Who got a letter: their record, and the page of the letter."""

    entity: str
    id: str
    address: str
    page: str


@dataclass
class Letters:
    """The scenes of readers in one language."""

    house: House
    chrome: Chromium
    widths: tuple[int, ...]

    def play(self, phones: list[str], *, quick: bool) -> None:
        """A robot wrote to those who had sent the form, a person to somebody else."""
        script = True
        for phone, width in zip(phones, self.widths[: 1 if quick else 2], strict=False):
            self._channels(phone, width, script=script)
            script = False
        if not quick:
            self._topic(phones[2], self.widths[0])
            self._everything(phones[3], self.widths[1])
        self._one_click(self.widths[0])

    def _visit(self, name: str, width: int, **more: Any) -> Visit:
        name = f"{self.house.language}-{width}-{name}"
        return self.chrome.visit(name, width=width, language=self.house.language, **more)

    def _reader(self, phone: str, visit: Visit) -> Reader:
        """Whoever sent the form with that number, and the letter that came of it."""
        lead, address = self.house.lead(phone), f"{phone[1:]}@kafe.example"
        return Reader("lead", str(lead.get("id", "")), address, self._page(address, visit))

    def _page(self, address: str, visit: Visit) -> str:
        sent = self.house.letters(address)
        page = self.house.page_of(sent[0]) if len(sent) == 1 else ""
        if not page:
            visit.wrong(f"{len(sent)} letters with a page came to {address}")
        elif _says(sent[0], "List-Unsubscribe") != f"<{page}>":
            visit.wrong(f"the header leads to {_says(sent[0], 'List-Unsubscribe')}, not to {page}")
        elif _says(sent[0], "List-Unsubscribe-Post") != "List-Unsubscribe=One-Click":
            visit.wrong("the letter does not say that one click is enough")
        return page

    def _channels(self, phone: str, width: int, *, script: bool) -> None:
        """E-mail and SMS are unticked, calls not."""
        visit = self._visit("channels", width, script=script)
        reader = self._reader(phone, visit)
        visit.go(reader.page).look("1 choice")
        for _ in range(2):
            visit.tab_to("channel")
            visit.page.keyboard.press("Space")
        self._save(visit)
        self._is_kept(visit, reader, {"mail", "sms"}, set())

    def _topic(self, phone: str, width: int) -> None:
        """One topic is unticked; letters without it still come."""
        visit = self._visit("topics", width)
        reader = self._reader(phone, visit)
        visit.go(reader.page).look("1 choice")
        visit.tab_to("topic")
        visit.page.keyboard.press("Space")
        self._save(visit)
        self._is_kept(visit, reader, set(), {NEWS})

    def _save(self, visit: Visit) -> None:
        visit.tab_to("submit")
        with visit.page.expect_navigation():
            visit.page.keyboard.press("Enter")
        visit.look("2 saved")
        visit.says(self.house.words.saved)

    def _everything(self, phone: str, width: int) -> None:
        """The button that ends all mail."""
        visit = self._visit("everything", width)
        reader = self._reader(phone, visit)
        visit.go(reader.page)
        with visit.page.expect_navigation():
            visit.page.get_by_role("button", name=self.house.words.everything).click()
        visit.look("1 saved")
        visit.says(self.house.words.saved)
        self._is_kept(visit, reader, {"mail"}, set())

    def _one_click(self, width: int) -> None:
        """What the button of a mail program does to a letter that a person sent; the page then says so."""
        visit, address = self._visit("one click", width), "one-click@kafe.example"
        added = self.house.crm(
            "contact", "add", "--name", self.house.words.name, "--email", address
        )
        sent = self.house.crm("mail", "send", added.out.strip(), "--template", "hi")
        if sent.code:
            visit.wrong(f"no letter left: {sent}")
        reader = Reader("contact", added.out.strip(), address, self._page(address, visit))
        request = urllib.request.Request(reader.page, data=b"List-Unsubscribe=One-Click")
        with urllib.request.urlopen(request, timeout=20) as answer:
            if answer.status != 200:
                visit.wrong(f"one click is answered by {answer.status}")
        visit.go(reader.page).look("1 after")
        self._is_kept(visit, reader, set(), {NEWS})

    def _is_kept(self, visit: Visit, reader: Reader, channels: set[str], topics: set[str]) -> None:
        """The choice stands on the record and its timeline, and what was refused comes no more."""
        visit.close()
        self.house.crm("tick")
        [kept] = self.house.served.rows(reader.entity, "list", "--where", f"id = {reader.id}")
        found = (set(kept.get("do_not", ())), set(kept.get("unwanted", ())))
        if found != (channels, topics):
            visit.wrong(f"refused are {(channels, topics)}, kept is {found}")
        consents = [one for one in kept.get("consents", ()) if one["channel"] == "mail"]
        if "mail" in channels and not (consents and consents[-1].get("withdrawn_at")):
            visit.wrong(f"the consent to letters is not taken back: {consents}")
        if not self.house.served.rows("timeline", reader.id, "--kind", "preferences.set"):
            visit.wrong("the timeline does not tell of the choice")
        self._is_heeded(visit, reader, "mail" in channels)

    def _is_heeded(self, visit: Visit, reader: Reader, is_all: bool) -> None:
        """Neither a person nor a robot writes what is not wanted; what is wanted still comes."""
        before = len(self.house.letters(reader.address))
        done = [self.house.crm("mail", "send", reader.id, "--template", "hi")]
        if reader.entity == "lead":
            self.house.crm("lead", "move", reader.id, "warm")
        done.append(self.house.crm("tick"))
        if done[0].code != 1 or len(self.house.letters(reader.address)) != before:
            visit.wrong(f"a letter left all the same: {done}")
        other = self.house.crm("mail", "send", reader.id, "--template", "plain")
        wanted = before if is_all else before + 1
        if other.code != int(is_all) or len(self.house.letters(reader.address)) != wanted:
            visit.wrong(
                f"without a topic {len(self.house.letters(reader.address))} letters: {other}"
            )


def _says(letter: EmailMessage, header: str) -> str:
    return str(letter[header] or "")
