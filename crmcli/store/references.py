"""From what people type to the id of a record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.model.values import ID_LETTERS, entity_of, fold
from crmcli.store import layout

if TYPE_CHECKING:
    from crmcli.store.index import Index


def by_id(root: Path, ref: str, entities: Sequence[str]) -> list[str]:
    """The ids that begin with `ref` (with or without the entity's word), looking at no record."""
    text = ref.strip().lower()
    if entity_of(text):
        exists = (root / layout.record_path(text)).exists()
        return [text] if entity_of(text) in entities and exists else []
    word, dash, rest = text.partition("-")
    if dash and word in entities:
        text, entities = rest, (word,)
    if not text or len(text) > 8 or any(letter not in ID_LETTERS for letter in text):
        return []
    return sorted(
        record_id for entity in entities for record_id in layout.ids_with_prefix(root, entity, text)
    )


def may_be_a_name(ref: str) -> bool:
    """Whether a beginning of an id could as well be somebody's name: `anna` has no digit."""
    return ref.strip().isalpha()


def by_content(index: Index, ref: str, entities: Sequence[str], country: str) -> list[str]:
    """The records that have `ref` as e-mail, phone, INN, web site or exact name, in that order."""
    text = ref.strip()
    if "@" in text:
        found = index.lookup("email", text.casefold(), entities)
        if found:
            return found
    if sum(c.isdigit() for c in text) >= 5 and re.fullmatch(r"[\d\s()+.,\-xX#добextвнур]+", text):
        from crmcli.model.phones import key

        found = index.lookup("phone", key(text, country), entities)
        if found:
            return found
    if text.isdigit() and len(text) in (10, 12):
        found = index.lookup("inn", text, entities)
        if found:
            return found
    if "." in text and " " not in text:
        found = index.lookup("site", text, entities)
        if found:
            return found
    return index.lookup("name", fold(text), entities)
