"""What clients write of themselves in a chat, an SMS or a letter: where it is certain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from crmcli.channels.incoming import Incoming
from crmcli.dataclass import replace
from crmcli.sales.intake.scrap import name_said, read_scrap
from crmcli.sales.intake.scrap_parts import WORDS, Part, clause_of, form_parts

WRITTEN = ("message.in", "sms.in")
"""What people type in a few words."""
LETTER = "mail.in"
_TAKEN = ("phones", "emails")
_MARK = "/"
"""Begins what is said to a bot and not to people."""
_MINE = re.compile(rf"(?<!\w)(?:{WORDS['mine']})(?!\w)", re.IGNORECASE)
_ANOTHERS = re.compile(rf"(?<!\w)(?:{WORDS['of another']})(?!\w)", re.IGNORECASE)
_OF_LEAD = ("name", "first_name", "last_name", "company_name")


def with_what_it_says(incoming: Incoming, country: str) -> Incoming:
    """The same with the phones and addresses of its text among the values of the lead. By them nobody is
    found: they may be somebody else's."""
    if incoming.kind == LETTER and incoming.lead:
        more = _in_letter("\n".join(incoming.lead.get("comment", ())), incoming.lead, country)
        return replace(incoming, lead={**incoming.lead, **more}) if more else incoming
    text = str(incoming.told.get("text", ""))
    if incoming.kind not in WRITTEN or not incoming.lead or not text or text.startswith(_MARK):
        return incoming
    found = read_scrap(text, country).values
    told = [name for name in _TAKEN if found.get(name)]
    more = {name: [*incoming.lead.get(name, ()), *found[name]] for name in told}
    return replace(incoming, lead={**incoming.lead, **more}) if more else incoming


def _in_letter(
    text: str, lead: Mapping[str, Sequence[str]], country: str
) -> dict[str, Sequence[str]]:
    """What a letter says beside its signature: the number at which its author is to be called, before the
    others, the budget, and the name where no header has one."""
    parts = form_parts(text, country)
    mine = [value for part in _own(text, parts) for _, value in part.values]
    sums = [part for part in parts if part.field == "amount"]
    said = [part.values[0][1] for part in sums if not text[part.start : part.start + 1].isdecimal()]
    more: dict[str, Sequence[str]] = {}
    if mine:
        has = [*lead.get("phones", ())]
        more["phones"] = [*mine, *(one for one in has if _digits(one) not in map(_digits, mine))]
    if said and "amount" not in lead and text[sums[0].start].isalpha():
        more["amount"] = said
    if not any(name in lead for name in _OF_LEAD):
        more |= {name: [value] for name, value in name_said(text, country).items()}
    return more


def _own(text: str, parts: Sequence[Part]) -> list[Part]:
    """The numbers that are the author's: the only one, or those of which it is said."""
    phones = [part for part in parts if part.field == "phones"]
    before = {
        part.start: text[max(end, clause_of(text, part)[0] - 40) : part.start].rpartition("\n\n")[2]
        for part, end in zip(phones, [0, *(one.end for one in phones)], strict=False)
    }
    own = [part for part in phones if _MINE.search(before[part.start])]
    alone = [part for part in phones if not _ANOTHERS.search(before[part.start])]
    return own or (alone if len(phones) == 1 else [])


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)[-9:]
