"""Contacts as cards say them: what one says, one edited by a card, a new one of a card, and who it may be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.errors import CrmError
from crmcli.formats.vcard import Card
from crmcli.formats.vcard_lines import CardLine
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.model.schema import KEPT_CARD
from crmcli.sales.cards.facts import SCALARS, Fact, Merge, facts_of
from crmcli.sales.exports.vcard_fields import NAMES
from crmcli.sales.exports.vcard_records import card_of, read_card
from crmcli.sales.records.edit import Edit, edited
from crmcli.sales.records.new_links import linking
from crmcli.sales.records.new_record import build
from crmcli.workspace import Workspace

_LISTS = ("phones", "emails", "urls", "handles", "tags")
_USUAL = ("", "other", "work")


@dataclass(slots=True)
class Edited:
    """A contact as a card would have it, companies that are new with it, and what could not be taken."""

    record: Record
    made: list[Record] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Contacts:
    """The contacts of a workspace as lines of cards."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self._names: dict[str, str] = {}

    def lines(self, record: Record, *, with_kept: bool = False) -> list[CardLine]:
        """What a contact says; `with_kept` also what an import kept of its card."""
        raw = dict(self.ws.schema.write(record))
        if not with_kept:
            raw.pop(KEPT_CARD, None)
        return card_of(raw, "contact", self._name, self._file, self.ws.inputs)

    def digest(self, record: Record, ours: Sequence[str]) -> str:
        """What tells quickly that a contact, the names of its companies and what it said are as they were."""
        raw = self.ws.schema.write(record)
        links: Iterable[Any] = record.get("companies") or ()  # type: ignore[assignment]
        said = [raw, [*ours], [self._name(link.company) for link in links]]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]

    def facts(self, record: Record) -> dict[Fact, Any]:
        """The same as facts."""
        return facts_of(self.lines(record), self.ws.inputs)

    def _name(self, company: str) -> str:
        if company not in self._names:
            try:
                self._names[company] = str(self.ws.get(company).get("name"))
            except CrmError:
                return ""
        return self._names[company]

    def _file(self, sha: str) -> bytes:
        try:
            return self.ws.attached(sha)
        except CrmError:
            return b""

    # --- what a card says of one -----------------------------------------------------------------

    def edited(self, record: Record, merge: Merge) -> Edited:
        """The contact with what comes from its card; each fact for itself, so that one which does not fit
        keeps no other out."""
        done = Edited(record)
        for fact in merge.from_contact:
            self._take(done, fact, self._without(done.record, fact))
        facts = sorted(merge.to_contact.items(), key=lambda pair: pair[0][0] == "name")
        parts_differ = any(name in NAMES for name, _ in (*merge.to_card, *merge.from_card))
        for fact, value in facts:
            if fact[0] != "name" or not parts_differ:
                self._take(done, fact, self._with(done.record, fact, value))
        return done

    def _take(self, done: Edited, fact: Fact, edit: Edit) -> None:
        made: list[Record] = [*done.made]
        try:
            done.record = edited(self.ws, done.record, edit, linking(self.ws, made, create=True))
            done.made = made
            self._names.update((one.id, str(one.get("name"))) for one in made)
        except CrmError as error:
            said = tr("{} {!r} is left on the card: {}", fact[0], fact[1], error.message)
            done.refused.append(said)

    def _with(self, record: Record, fact: Fact, value: Any) -> Edit:
        name, text = fact
        if name == "address":
            return Edit({name: ["\n".join([*_lines(record, name), text])]}, {}, {})
        if name == "organisation":
            return Edit({}, {"companies": [text]}, {})
        if name in SCALARS:
            return Edit({name: [str(value)]}, {}, {})
        if isinstance(value, dict) and value.get("type") not in _USUAL:
            return Edit({}, {name: [f"{value['type']}:{text}"]}, {})
        return Edit({}, {name: [text]}, {})

    def _without(self, record: Record, fact: Fact) -> Edit:
        name, text = fact
        if name == "address":
            left = [line for line in _lines(record, name) if " ".join(line.split()) != text]
            return Edit({name: ["\n".join(left)]}, {}, {}) if left else Edit({}, {}, {}, [name])
        if name == "organisation":
            links: Iterable[Any] = record.get("companies") or ()  # type: ignore[assignment]
            ids = [link.company for link in links if self._name(link.company) == text]
            return Edit({}, {}, {"companies": ids})
        return Edit({}, {}, {name: [text]}) if name in _LISTS else Edit({}, {}, {}, [name])

    def new(self, lines: Sequence[CardLine]) -> Edited:
        """A contact of a card."""
        values, _ = read_card(Card(1, tuple(lines)), "contact", self.ws.inputs)
        facts = facts_of(lines, self.ws.inputs)
        name = str(values.get("name") or "") or next((text for _, text in facts), "")
        blank = build(self.ws, "contact", {"name": name})
        return self.edited(blank, Merge(facts))


def _lines(record: Record, name: str) -> list[str]:
    return [line for line in str(record.get(name) or "").split("\n") if line.strip()]
