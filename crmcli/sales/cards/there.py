"""A card as it lies on the server."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.dataclass import dataclass
from crmcli.formats.card_source import SourceLine
from crmcli.formats.vcard_lines import CardLine


@dataclass(frozen=True, slots=True)
class ThereCard:
    """A card as it is on the server."""

    path: str
    etag: str
    source: Sequence[SourceLine]

    @property
    def lines(self) -> list[CardLine]:
        """Its properties."""
        return [one.line for one in self.source]

    def said(self, name: str) -> str:
        """The text of a property, "" if it has none."""
        return next((line.text.strip() for line in self.lines if line.name == name), "")

    @property
    def is_of_person(self) -> bool:
        """Whether it is no group and no firm."""
        kind = self.said("KIND") or self.said("X-ADDRESSBOOKSERVER-KIND")
        return kind.lower() in ("", "individual") and self.said("X-ABSHOWAS").upper() != "COMPANY"
