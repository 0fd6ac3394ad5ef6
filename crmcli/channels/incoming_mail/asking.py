"""What a letter asks of who reads it: to send it no more mail, or to look at the letter of somebody else."""

from __future__ import annotations

import re
from functools import cache

from crmcli.channels.incoming_mail.facts import IncomingMail, Person
from crmcli.channels.incoming_mail.headers import people
from crmcli.words import joined

_LONGEST = 200
"""A letter that asks for no more mail says little else."""


@cache
def _words(name: str) -> re.Pattern[str]:
    return re.compile(joined("mail_asking")[name], re.IGNORECASE)


def wants_no_more(mail: IncomingMail) -> bool:
    """Whether somebody asks to get no more mail, and says nothing else."""
    written = mail.written.strip()
    said = written or mail.subject.strip()
    return len(said) <= _LONGEST and not mail.automatic and bool(_words("no_more").search(said))


def forwarded_from(mail: IncomingMail) -> Person | None:
    """Whose letter is sent on, where the subject and a head in the text say so."""
    head = _head(mail.text) if _words("forward").match(mail.subject) else None
    found = people(head["who"]) if head else []
    return next((one for one in found if one.address), None)


def without_forward(text: str) -> str:
    """The letter that is sent on, without its head."""
    head = _head(text)
    after = text[head.end() :] if head else text
    lines = after.strip("\n").splitlines()
    while lines and re.match(r"\s*>?\s*[*\w .-]{2,20}:\*?\s", lines[0]):
        lines.pop(0)
    return "\n".join(lines).strip()


def _head(text: str) -> re.Match[str] | None:
    return re.search(
        rf"^[>\s*]*(?:{_words('from').pattern})\s*:\*?\s*(?P<who>[^\n]*@[^\n]*)$", text, re.M | re.I
    )
