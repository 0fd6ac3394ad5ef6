"""The block list: addresses, domains and phones of those from whom nothing is taken in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.addresses import read_email
from crmcli.model.values import fold

_DOMAIN = re.compile(r"(?:[^\W_](?:[^\W_]|-)*\.)+[^\W_](?:[^\W_]|-)*")


@dataclass(frozen=True, slots=True)
class Block:
    """One line of the block list: what is blocked, why, since when and by whom.

    `what` is an e-mail address, a domain with all below it, or a phone number in E.164.
    """

    what: str
    reason: str = ""
    on: date | None = None
    by: str = ""

    @property
    def kind(self) -> str:
        """What it is: email, domain or phone."""
        if "@" in self.what:
            return "email"
        return "phone" if self.what.startswith("+") else "domain"

    def __str__(self) -> str:
        return f"{self.what} ({self.reason})" if self.reason else self.what


def read_what(text: str, country: str) -> str:
    """What shall be blocked, as the list has it; ValueError if it is no address, domain or phone.

    `@example.ru` and `https://example.ru/` mean the domain.
    """
    word = re.sub(r"^https?://(www\.)?|/.*$", "", text.strip(), flags=re.IGNORECASE)
    if "@" in word.lstrip("@"):
        return fold(read_email(word))
    domain = fold(word.removeprefix("@"))
    if _DOMAIN.fullmatch(domain) and not re.fullmatch(r"[\d.]+", domain):
        return domain
    from crmcli.model.phones import parse_phones

    try:
        phones = parse_phones(text, country)
    except ValueError:
        phones = ()
    if len(phones) == 1 and phones[0].value.startswith("+"):
        return phones[0].value
    raise ValueError(tr("{!r} is not an e-mail address, domain or phone number", text))


class BlockList:
    """The blocks of a workspace, and the question whether one of them stops somebody."""

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self.blocks: dict[str, Block] = {block.what: block for block in blocks}

    def stops(self, emails: Sequence[str], phones: Sequence[str] = ()) -> Block | None:
        """The first block that one of these addresses or numbers (E.164) falls under; else None."""
        if not self.blocks:
            return None
        words = [word for email in emails for word in _words(fold(email))]
        return next((self.blocks[w] for w in (*words, *phones) if w in self.blocks), None)


def _words(email: str) -> list[str]:
    """An address, its domain, and every domain above that."""
    labels = email.rpartition("@")[2].split(".")
    return [email, *(".".join(labels[n:]) for n in range(len(labels) - 1))]
