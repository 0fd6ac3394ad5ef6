"""From what people type to the id of a record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.model.handles import handle_of_address
from crmcli.model.values import ID_LETTERS, entity_of, fold
from crmcli.store import layout

if TYPE_CHECKING:
    from crmcli.store.index import Index


_NAMES = ("name", "first_name", "middle_name", "last_name", "company_name", "legal_name")
"""The fields that say how somebody is called."""
_BETWEEN = re.compile(r"[^\w]+")
_MOST_OF_WORDS = 50
"""Records in which words are looked for; who has more namesakes gives an id."""


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
    """The records that have `ref` as e-mail, phone, INN, web site, id elsewhere, handle or exact name."""
    from crmcli.model.addresses import email_in

    text = ref.strip()
    keys = {
        "email": email_in(text).casefold() if "@" in text else "",
        "phone": _phone_key(text, country),
        "inn": text if text.isdecimal() and len(text) in (10, 12) else "",
        "site": text if "." in text and " " not in text else "",
        "external": fold(text) if ":" in text else "",
        "handle": text if text.startswith("@") or ":" in text or handle_of_address(text) else "",
        "name": fold(text),
    }
    tries = (index.lookup(kind, key, entities) for kind, key in keys.items() if key)
    return next(filter(None, tries), [])


def by_words(index: Index, ref: str, entities: Sequence[str]) -> list[str]:
    """The records in whose name, a person's or a firm's too, all the words of `ref` stand, whole."""
    from crmcli.model.spelling import plain

    words = set(plain(fold(ref)).split())
    if not any(word.isalpha() for word in words) or "@" in ref:
        return []
    hits = [hit.id for hit in index.search(ref, entities, _MOST_OF_WORDS)]
    found = []
    for raw in index.raws(hits):
        text = " ".join(str(raw.get(name, "")) for name in _NAMES)
        if words <= {*_BETWEEN.split(plain(fold(text)))}:
            found.append(str(raw["id"]))
    return found


def _phone_key(text: str, country: str) -> str:
    """The key of what may be a phone number, in any of the ways in which one is written; else ""."""
    if sum(c.isdecimal() for c in text) < 5:
        return ""
    from crmcli.model.phones import key, parse_phones

    if re.fullmatch(r"[\d\s()+.,-]+", text):
        return key(text, country)  # a number that is none: found by its digits, as it was kept
    try:
        return key(parse_phones(text, country)[0].value, country)
    except ValueError:
        return ""
