"""How headers are broken into lines: Python's own way loses or adds a space where Russian text is cut."""

from __future__ import annotations

from email.charset import BASE64, Charset
from email.header import Header
from email.policy import EmailPolicy
from typing import Any

_LINE = 76
"""What a line with encoded words may have (RFC 2047)."""


_ADDRESSES = "List-"
"""Headers of addresses, which mail programs read as they are; Python encodes a long one like words."""


class MailPolicy(EmailPolicy):
    """As Python writes messages, save for the subject and the names of people: encoded whole, spaces too."""

    def fold(self, name: str, value: Any) -> str:
        """A header as lines of text."""
        if hasattr(value, "addresses"):
            people = [self._person(name, one.display_name, one) for one in value.addresses]
            line = f"{name}: {', '.join(people)}"
            fits = len(line) <= _LINE and self.linesep not in line
            return (line if fits else f"{name}: {f',{self.linesep} '.join(people)}") + self.linesep
        if name == "Subject" and not value.isascii():
            return f"{name}: {self._encoded(name, value)}{self.linesep}"
        if name.startswith(_ADDRESSES) and value.isascii():
            return f"{name}: {value}{self.linesep}"
        text: str = super().fold(name, value)
        return text

    def fold_binary(self, name: str, value: Any) -> bytes:
        """A header as lines of bytes."""
        if hasattr(value, "addresses") or name == "Subject" or name.startswith(_ADDRESSES):
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)

    def _person(self, header: str, name: str, person: Any) -> str:
        if name.isascii():
            return str(person)
        words, address = self._encoded(header, name), f"<{person.addr_spec}>"
        last = words.rpartition(self.linesep)[2]
        is_long = len(f"{header}: {last} {address}") > _LINE
        return f"{words}{self.linesep if is_long else ''} {address}"

    def _encoded(self, header: str, text: str) -> str:
        utf8 = Charset("utf-8")
        utf8.header_encoding = BASE64  # whatever other packages of the process have set for all
        return Header(text, utf8, _LINE, header).encode(linesep=self.linesep)
