"""A vCard file as rows: one for each card, a column for each field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass
from crmcli.formats.encodings import TableUnreadable
from crmcli.formats.rows import FileRow
from crmcli.formats.vcard import cards, read_cards
from crmcli.language import tr
from crmcli.model.values import Raw
from crmcli.sales.exports.vcard_records import KEPT, CardRead, is_of_company, read_card
from crmcli.sales.imports.mapping import Column, Target, Vocabulary

if TYPE_CHECKING:
    from crmcli.model.kinds import InputContext

_FIELDS = (
    "name", "legal_name", "salutation", "first_name", "middle_name", "last_name", "birthday", "position",
    "companies", "company_name", "phones", "emails", "urls", "address", "tags", "comment", "files",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cards:
    """A file of vCards; `for_entity` says what they are read as, by which rules for phones."""

    lines: Sequence[tuple[int, bytes]]
    encoding: str
    content: bytes
    entity: str = "contact"
    ctx: InputContext | None = None

    delimiter = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The fields that cards speak of, and the lines that no field holds."""
        return (*_FIELDS, KEPT)

    def columns(self, vocabulary: Vocabulary) -> tuple[Column, ...]:
        """Where each goes: a field of the same name, where the entity has one."""
        found = [Column(name, vocabulary.names.get(name)) for name in _FIELDS]
        return (*found, Column(KEPT, Target("unknown", KEPT)))

    def rows(self) -> Iterator[FileRow]:
        """Every card in order, those that cannot be read too."""
        assert self.ctx is not None
        for card in cards(self.lines, self.encoding):
            fault, found = card.fault, CardRead()
            if not fault and is_of_company(card) != (self.entity == "company"):
                fault = (
                    "is a company's card: crm import companies"
                    if self.entity != "company"
                    else "is a person's card: crm import contacts"
                )
            try:
                found = read_card(card, self.entity, self.ctx) if not fault else found
            except ValueError as error:
                fault = str(error)
            values: dict[str, Raw] = {
                **found.values,
                **({KEPT: [*found.kept]} if found.kept else {}),
            }
            cells = tuple(values.get(label, "") for label in self.labels)
            yield FileRow(card.line, cells, fault, card.source, found.files)


def open_cards(content: bytes, name: str, encoding: str = "") -> Cards:
    """The cards of a file; TableUnreadable for what is none."""
    lines, known = read_cards(content, name, encoding)
    if not any(line.strip() for _, line in lines):
        raise TableUnreadable(tr("{} is empty", name), "cards are needed: BEGIN:VCARD … END:VCARD")
    return Cards(lines, known, content)
