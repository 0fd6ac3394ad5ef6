"""Full-text search: parts of words in any order, phones however they are written."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crmcli.model.schema import Schema
from crmcli.model.values import Raw, entity_of, fold
from crmcli.store.index.answers import Hit
from crmcli.store.index.documents import document
from crmcli.store.index.fulltext import TEXTS, wake
from crmcli.store.index.query import bindable
from crmcli.store.index.tables import SAID, text_of

_SHORTEST = 3  # the trigram index knows nothing shorter
_WEIGHTS = "10.0, 5.0, 5.0, 5.0, 1.0"
_PHONE = re.compile(r"[\d\s()+.\-]+")
_PHONE_DIGITS = 5  # fewer are found in phones too, but as a word like any other
_NATIONAL = 11  # digits of a Russian number that begins with 8
_RANKED = 8
"""The first so many words decide which of the records found comes first."""
_BEFORE_WORDS = '«„“(-"'
_WIDTH = 80
"""Characters of an excerpt."""


class _Wanted(NamedTuple):
    """What is searched: words as the index knows them, and the digits if the whole may be a phone."""

    words: list[str]
    phone: str


def search(
    connection: sqlite3.Connection, schema: Schema, text: str, entities: Sequence[str], limit: int
) -> list[Hit]:
    """The records that hold all words, the best first; then those in whose talks and letters they are."""
    wanted = _wanted(text)
    if not wanted.words:
        return []
    wake(connection)
    hits: dict[str, Hit] = {}
    for num, record_id in _records(connection, wanted, entities, limit):
        if record_id not in hits:
            hits[record_id] = _hit(schema, record_id, document(connection, num), wanted)
    if len(hits) < limit:
        for record_id, kind, data in _events(connection, wanted, entities, limit):
            hits.setdefault(record_id, Hit(record_id, kind, _said(data, wanted)))
    return list(hits.values())[:limit]


def _wanted(text: str) -> _Wanted:
    folded = str(bindable(fold(text)))
    digits = _digits(folded) if _PHONE.fullmatch(folded) else ""
    if len(digits) == _NATIONAL and digits[0] == "8":
        digits = digits[1:]  # 8 916… stands in the index as 7916…
    elif _NATIONAL > len(digits) > _SHORTEST and digits[0] == "8":
        digits = f"7{digits[1:]}"  # its beginning
    return _Wanted(folded.split(), digits.removeprefix("00"))


def _digits(text: str) -> str:
    return "".join(re.findall(r"\d", text))


def _records(
    connection: sqlite3.Connection, wanted: _Wanted, entities: Sequence[str], limit: int
) -> list[tuple[int, str]]:
    """Numbers and ids of the records found; those whose phone it is come first."""
    found: list[tuple[int, str]] = []
    if len(wanted.phone) >= _PHONE_DIGITS:
        terms = _where("text", [f'phones : "{wanted.phone}"'], [])
        found = _matching(connection, terms, (), entities, limit)
    terms = _where("text", *_terms(wanted.words, phones=True))
    return found + _matching(connection, terms, wanted.words[:_RANKED], entities, limit)


def _events(
    connection: sqlite3.Connection, wanted: _Wanted, entities: Sequence[str], limit: int
) -> list[tuple[str, str, str]]:
    """Records with the kind and data of their newest event in which the words stand."""
    matches, short = _terms(wanted.words, phones=False)
    terms, parameters = _where("said", matches, short)
    rows = connection.execute(
        "SELECT doc.id, event.kind, event.data FROM said"
        " JOIN event ON event.num = said.rowid"
        " LEFT JOIN merged ON merged.id = event.record"
        " JOIN doc ON doc.id = ifnull(merged.survivor, event.record)"
        f" WHERE {terms} AND {_among(entities)} ORDER BY event.id DESC LIMIT ?",
        [*parameters, *entities, limit],
    )
    return rows.fetchall()


def _terms(words: list[str], *, phones: bool) -> tuple[list[str], list[str]]:
    """What the trigram index is asked, and the words that are too short for it."""
    matches, short = [], []
    for word in words:
        quoted = word.replace('"', '""')
        digits = _digits(word) if phones and _PHONE.fullmatch(word) else ""
        if len(word) < _SHORTEST:
            short.append(digits or word)
        elif _NATIONAL > len(digits) > _SHORTEST and word[0] == "8":
            matches.append(f'("{quoted}" OR phones : "7{digits[1:]}")')
        elif len(digits) >= _SHORTEST and digits != word:
            matches.append(f'("{quoted}" OR phones : "{digits}")')
        else:
            matches.append(f'"{quoted}"')
    return matches, short


def _where(table: str, matches: list[str], short: list[str]) -> tuple[str, list[str]]:
    columns = TEXTS if table == "text" else ("text",)
    whole = " || ' ' || ".join(f"{table}.{column}" for column in columns)
    terms = [f"{table} MATCH ?"] if matches else []
    terms += [f"instr({whole}, ?) > 0" for _ in short]
    return " AND ".join(terms), [*([" AND ".join(matches)] if matches else []), *short]


def _matching(
    connection: sqlite3.Connection,
    terms: tuple[str, list[str]],
    words: Sequence[str],
    entities: Sequence[str],
    limit: int,
) -> list[tuple[int, str]]:
    """Numbers and ids; in whose names most of the words begin comes first, then by the index's own rank."""
    condition, parameters = terms
    name = "' ' || text.name"
    for mark in _BEFORE_WORDS:
        name = f"replace({name}, '{mark}', ' ')"
    begins = [f"(instr({name}, ' ' || ?) = 0)" for _ in words]
    inside = ["(instr(text.name, ?) = 0)" for _ in words]
    best = [" + ".join(begins), " + ".join(inside)] if words else []
    if "MATCH" in condition:
        best.append(f"bm25(text, {_WEIGHTS})")
    rows = connection.execute(
        "SELECT doc.num, doc.id FROM text JOIN doc ON doc.num = text.rowid"
        f" WHERE {condition} AND {_among(entities)} ORDER BY {', '.join([*best, 'doc.num'])} LIMIT ?",
        [*parameters, *entities, *words, *words, limit],
    )
    return rows.fetchall()


def _among(entities: Sequence[str]) -> str:
    if not entities:
        return "1"
    return f"substr(doc.id, 1, instr(doc.id, '-') - 1) IN ({', '.join('?' * len(entities))})"


def _hit(schema: Schema, record_id: str, doc: Mapping[str, Raw], wanted: _Wanted) -> Hit:
    """The field in which most of what was asked for stands, the first of several."""
    best, most, text = "", 0, ""
    for field in schema.fields(entity_of(record_id)):
        if not text_of(field) or field.name not in doc:
            continue
        for value in _values(doc[field.name]):
            weight = _weight(value, wanted, phone=text_of(field) == "phones")
            if weight > most or not best:
                best, most, text = field.name, weight, value
    return Hit(record_id, best, excerpt(text, wanted.words))


def _values(raw: Raw) -> list[str]:
    """The texts of a value: of each item its first part, which is the number, the address or the name."""
    if isinstance(raw, str):
        return [raw]
    items = raw if isinstance(raw, list) else list(raw.values())[:1]
    return [text for item in items for text in _values(item)[:1]]


def _weight(value: str, wanted: _Wanted, *, phone: bool) -> int:
    """How many letters of the words stand in a text; more than all for the phone that was asked for."""
    folded = fold(value)
    if not phone:
        return sum(len(word) for word in wanted.words if word in folded)
    digits = _digits(folded)
    is_long = len(wanted.phone) >= _PHONE_DIGITS
    if wanted.phone and (wanted.phone in digits if is_long else digits.startswith(wanted.phone)):
        return sum(map(len, wanted.words)) + 1
    parts = [_digits(word) for word in wanted.words if _PHONE.fullmatch(word)]
    return sum(len(part) for part in parts if part in digits)


def _said(data: str, wanted: _Wanted) -> str:
    """The place in a talk or letter."""
    facts = json.loads(data)
    texts = [text for name in SAID if isinstance(text := facts.get(name), str)]
    texts.sort(key=lambda text: -_weight(text, wanted, phone=False))
    return excerpt(texts[0], wanted.words) if texts else ""


def excerpt(text: str, words: Sequence[str]) -> str:
    """A text on one line; of a long one the part round the first word that is in it."""
    line = " ".join(text.split())
    if len(line) <= _WIDTH:
        return line
    places = [place for word in words if (place := _find(line, word)) >= 0]
    place = min(places, default=0)
    start = max(0, min(place - _WIDTH // 4, len(line) - _WIDTH))
    if start:
        start = max(start, line.find(" ", start, place) + 1)
    end = start + _WIDTH
    if end < len(line):
        end = max(line.rfind(" ", place, end), start + _WIDTH // 2)
    return ("…" if start else "") + line[start:end].strip() + ("…" if end < len(line) else "")


def _find(line: str, word: str) -> int:
    """Where a folded word begins in a text that is not folded."""
    lowered = line.casefold().replace("ё", "е")
    if len(lowered) == len(line):
        return lowered.find(word)
    folded, places = "", []
    for place, letter in enumerate(line):
        piece = fold(letter) or " "
        folded += piece
        places += [place] * len(piece)
    found = folded.find(word)
    return places[found] if found >= 0 else -1
