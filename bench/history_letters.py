"""Letters of robots and people, and what became of each: it came back, was opened, clicked, answered."""

from __future__ import annotations

import random
from typing import Any

from history_files import event_id, stamp
from history_past import HOUR, Past
from history_world import DAY, OWNERS, ROBOTS, TEXTS

TEMPLATES = ("mail/hello.j2", "mail/offer.j2", "mail/News.j2")
MAILBOXES = ("sales@example.ru", "Info@example.ru")
MEAN = 1.5
_HEARD = 0.5
"""The share of letters whose reader does something with them."""


def letters(past: Past, record: str, begun: int, end: int, mean: float = MEAN) -> None:
    """The letters about a record between two moments. Their chance is their own, so that the rest of a base
    is the same with and without them."""
    chance = random.Random(record)
    for _ in range(min(int(chance.expovariate(1 / mean)), 1000)):
        at = begun + 2 + int(max(end - begun, HOUR) * chance.random())
        if at + HOUR < past.now:
            _Letter(past, chance, record, at).live()


class _Letter:
    """One letter: its data as events tell them, and who wrote it."""

    def __init__(self, past: Past, chance: random.Random, record: str, at: int) -> None:
        self._past, self._chance, self._record, self._at = past, chance, record, at
        self._id = f"<{chance.getrandbits(128):032x}@example.ru>"
        by_robot = chance.random() < 0.6
        self._robot = chance.choice(ROBOTS) if by_robot else ""
        self._who = f"robot:{self._robot}" if by_robot else chance.choice(OWNERS)
        self._data: dict[str, Any] = {
            "text": chance.choice(TEXTS) * chance.randrange(1, 4),
            "subject": "Предложение",
            "to": "client@example.ru",
            "message_id": self._id,
            "from": chance.choice(MAILBOXES),
        }
        if by_robot or chance.random() < 0.5:
            template = chance.choice(TEMPLATES)
            is_old = at < past.at_share(0.2)  # what crm did not write down yet
            news = {"topic": "news"} if template == TEMPLATES[2] else {}
            opens = {"opens": True} if chance.random() < 0.6 else {}
            linked = {"linked": True} if chance.random() < 0.5 else {}
            self._can = {*opens, *linked}
            self._data |= {} if is_old else {"template": template, **news, **opens, **linked}
        else:
            self._can = set()

    def live(self) -> None:
        """It leaves, or is refused while it does; then its reader acts."""
        cause = self._sequence() if self._robot and self._chance.random() < 0.4 else 0
        draw = self._chance.random()
        if draw < 0.03:
            self._refused(cause)
            return
        data = dict(self._data)
        if not self._robot and draw < 0.1:
            data["at"] = stamp(self._at - 60)
        number = self._note(self._at, self._who, "mail.out", data, cause)
        if 0.1 < draw < 0.12:  # a clone had it too
            self._note(self._at + 90, self._who, "mail.out", data, cause)
        elif 0.12 < draw < 0.13:
            self._note(self._at + HOUR, "anna", "activity.deleted", {"activity": event_id(number)})
        elif 0.13 < draw < 0.14:
            now = {"activity": event_id(number), "kind": "mail.out", "actor": self._who, **data}
            now |= {"text": TEXTS[0], "at": stamp(self._at)}
            self._note(self._at + HOUR, "anna", "activity.edited", now)
        if draw > 0.93:
            told = {"address": "client@example.ru", "bounce": "hard" if draw > 0.96 else "soft"}
            self._comes("mail.bounced", told, HOUR)
        if draw < 0.96 and self._chance.random() < _HEARD:
            self._read()

    def _read(self) -> None:
        chance = self._chance
        self._look()
        if chance.random() < 0.1:
            self._comes("mail.in", {"text": "Я в отпуске", "automatic": "auto-reply"}, 600)
        if chance.random() < 0.4:
            for _ in range(chance.randrange(1, 3)):
                self._comes("mail.in", {"text": chance.choice(TEXTS)}, 2 * DAY)
        if chance.random() < 0.15:
            no = chance.choice((["mail"], ["topic:news"], ["sms"], ["sms", "mail"]))
            is_told = chance.random() < 0.5
            data = {"address": "client@example.ru"} if is_told else {"text": "Не пишите мне"}
            self._comes("preferences.set" if is_told else "mail.in", {**data, "refuses": no}, DAY)

    def _look(self) -> None:
        chance = self._chance
        if "opens" in self._can:
            if chance.random() < 0.3:
                self._comes("mail.opened", {"doubtful": "yes"}, 60)
            if chance.random() < 0.7:
                for _ in range(chance.randrange(1, 4)):
                    self._comes("mail.opened", {}, DAY)
        if "linked" in self._can and chance.random() < 0.5:
            for number in range(chance.randrange(1, 3)):
                self._comes("mail.clicked", {"link": f"https://example.ru/{number}"}, DAY)

    def _comes(self, kind: str, data: dict[str, Any], within: int) -> None:
        """Word of it: kept as it came, then told. Some older events do not name the letter."""
        at = self._at + 10 + int(self._chance.random() * within)
        if at >= self._past.now:
            return
        key = f"{kind}:{self._chance.getrandbits(64):016x}"
        is_old = self._chance.random() < 0.1
        kept = self._number(at)
        first = {"channel": "mail", "message_id": key}
        self._past.journal.note(kept, at, "crm", "intake.kept", "", first)
        told = {**data, "message_id": key, "intake": event_id(kept)}
        told |= {} if is_old else {"letter": self._id}
        self._past.journal.note(kept + 1, at, "crm", kind, self._record, told, kept)
        taken = {"intake": event_id(kept)}
        self._past.journal.note(kept + 2, at, "crm", "intake.taken", self._record, taken)

    def _refused(self, cause: int) -> None:
        about = ("subject", "from", "template", "topic")
        told = {name: self._data[name] for name in about if name in self._data}
        told |= {"letter": self._id, "address": "client@example.ru", "bounce": "hard"}
        self._note(self._at, self._who, "mail.bounced", told, cause)

    def _sequence(self) -> int:
        """The start of a sequence, which led to it."""
        data = {"sequence": self._chance.choice(("warm-up", "Return")), "robots": [*ROBOTS]}
        return self._note(self._at - 1, "anna", "sequence.started", data)

    def _number(self, at: int) -> int:
        return (at * 1000 << 35) | self._chance.getrandbits(32)

    def _note(self, at: int, who: str, kind: str, data: dict[str, Any], cause: int = 0) -> int:
        number = self._number(at)
        self._past.journal.note(number, at, who, kind, self._record, data, cause)
        return number
