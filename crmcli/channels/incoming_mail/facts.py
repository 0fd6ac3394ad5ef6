"""What a message that came in says, as values."""

from __future__ import annotations

from datetime import datetime

from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData

Span = tuple[int, int]
"""Where a piece of a text begins and ends."""


class NoMessage(InvalidData):
    """There is none at all: nothing, or nothing but blanks."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in a header: the name that people see ("" if none), and the address, its domain in
    lower case ("" where what stands there is none)."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message. Its name is safe as that of a file; `is_inline` is said of one that is
    shown within the text."""

    name: str
    type: str
    content: bytes
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Bounce:
    """Mail that could not be delivered: to whom (() if it is not said), `kind` "hard" where the address is
    dead and "soft" where it may work another time, the status (5.1.1, "" if unsaid), what the server said,
    and the Message-ID of the letter that came back."""

    addresses: tuple[str, ...]
    kind: str
    status: str = ""
    diagnostic: str = ""
    original_id: str = ""


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """A message that came in, read whole; ids keep their angle brackets, what is not there is empty.

    `answers` are the ids of the messages that this one answers, the nearest first. `quoted` and `signature`
    are places in `text` that may be folded away. `envelope_to` are the addresses to which it was delivered,
    as servers noted. `automatic` tells why nobody wrote it by hand. `is_cut`: there was more than is read.
    """

    message_id: str
    answers: tuple[str, ...]
    sender: Person
    reply_to: tuple[Person, ...]
    to: tuple[Person, ...]
    date: datetime | None
    subject: str
    text: str
    quoted: tuple[Span, ...] = ()
    signature: Span | None = None
    attachments: tuple[Attachment, ...] = ()
    envelope_to: tuple[str, ...] = ()
    automatic: str = ""
    bounce: Bounce | None = None
    is_cut: bool = False

    @property
    def written(self) -> str:
        """What its author wrote: the text without what is quoted and without the signature."""
        return without(self.text, (*self.quoted, *((self.signature,) if self.signature else ())))

    @property
    def unquoted(self) -> str:
        """The text without what is quoted."""
        return without(self.text, self.quoted)


def without(text: str, spans: tuple[Span, ...]) -> str:
    """A text without some of its pieces, and without blank lines where they were."""
    kept, end = [], 0
    for start, stop in sorted(spans):
        kept.append(text[end:start].strip("\n"))
        end = stop
    kept.append(text[end:].strip("\n"))
    return "\n\n".join(piece for piece in kept if piece.strip()).strip()
