"""One line of a vCard: its name, parameters and value, and the escapes of values."""

from __future__ import annotations

import re

from crmcli.dataclass import dataclass

STRUCTURED = ("N", "ADR", "ORG", "GENDER", "CLIENTPIDMAP")
"""Properties whose value is parts with semicolons between them."""

KEPT_FILE = "crm-file:"
"""How the value of a kept line begins whose content is a file in data/files."""


@dataclass(frozen=True, slots=True)
class CardLine:
    """One property: its group, name, parameters and its value in the escapes of vCard 3.0.

    `content` are the bytes of a picture, a sound or a key; the value is empty then.
    """

    name: str
    value: str
    params: tuple[tuple[str, str], ...] = ()
    group: str = ""
    content: bytes = b""

    @property
    def types(self) -> frozenset[str]:
        """What the TYPE parameters say, in small letters."""
        said = ",".join(value for key, value in self.params if key == "TYPE")
        return frozenset(word.strip().lower() for word in said.split(",") if word.strip())

    @property
    def parts(self) -> list[str]:
        """The parts of a structured value, as text; several values of one part stand side by side."""
        between = ", " if self.name == "ADR" else " "
        return [
            between.join(text.strip() for text in map(unescape, cut(part, ",")))
            for part in cut(self.value, ";")
        ]

    @property
    def text(self) -> str:
        """The value as text."""
        return unescape(self.value)

    def param(self, key: str) -> str:
        """The value of a parameter, "" if there is none."""
        return next((value for name, value in self.params if name == key), "")

    def __str__(self) -> str:
        head = f"{self.group}." if self.group else ""
        params = "".join(f";{key}={_quoted(value)}" for key, value in self.params)
        return f"{head}{self.name}{params}:{self.value}"


def cut(value: str, at: str) -> list[str]:
    """The pieces of an escaped value between separators that are not escaped."""
    return re.findall(rf"(?:^|(?<={at}))((?:\\.|[^\\{at}]|\\$)*)", value, re.DOTALL) or [""]


def escape(text: str, lists: str = ",") -> str:
    r"""Text as a value has it: `\n`, `\;`, `\\`, and `\,` unless commas part values there."""
    text = text.replace("\\", "\\\\").replace(";", "\\;")
    text = text.replace(",", "\\,") if lists else text
    return re.sub("\r\n?|\n", r"\\n", text)


def unescape(value: str) -> str:
    """The text that a value stands for."""
    return re.sub(
        r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value, flags=re.DOTALL
    ).replace("\r", "")


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search("[:;]", value) else value


def folded(line: str) -> str:
    """At most 75 bytes a line, no letter torn apart."""
    pieces: list[str] = []
    piece, room = "", 75
    for letter in line:
        size = len(letter.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", 74
        piece += letter
        room -= size
    return "\r\n ".join([*pieces, piece]) + "\r\n"
