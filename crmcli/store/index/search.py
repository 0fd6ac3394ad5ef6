"""Full-text search: parts of words in any order, phones however they are written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from crmcli.model.entities import ENTITIES
from crmcli.model.event import EDITED
from crmcli.model.schema import Schema
from crmcli.model.spelling import plain, searchable
from crmcli.model.values import Raw, entity_of, fold
from crmcli.store.index import texts
from crmcli.store.index.answers import Hit
from crmcli.store.index.columns import Columns
from crmcli.store.index.documents import document
from crmcli.store.index.linked import linked, links_of
from crmcli.store.index.questions import Word, read_question
from crmcli.store.index.tables import IS_AMENDED, SAID, text_of

_WEIGHTS = "10.0, 5.0, 5.0, 5.0, 1.0"
_RANKED = 8
"""The first so many words decide which of the records found comes first."""
_WIDTH = 80
"""Characters of an excerpt."""
_ROUND_WORDS = '«»„“”()-".,'


def search(
    connection: sqlite3.Connection, columns: Columns, text: str, entities: Sequence[str], limit: int
) -> list[Hit]:
    """The records that hold all words, the best first; then those that link to a client with some of
    them in its name; then those in whose talks and messages they are."""
    question = read_question(text, columns.country)
    if not question.words:
        return []
    hits: dict[str, Hit] = {}
    for words in filter(None, (question.dialled, question.words)):
        for num, record_id in _records(connection, columns, words, question.typed, entities, limit):
            if record_id not in hits:
                doc = document(connection, num)
                hits[record_id] = _hit(columns.schema, record_id, doc, words)
    if len(hits) < limit:
        among = (_among(entities), entities)
        for num, record_id in linked(connection, columns, question.words, among, limit):
            if record_id not in hits:
                hits[record_id] = _linked_hit(connection, columns, num, record_id, question.words)
    if len(hits) < limit:
        for record_id, kind, data in _events(connection, question.words, entities, limit):
            hits.setdefault(record_id, Hit(record_id, kind, _said(data, question.words)))
    return list(hits.values())[:limit]


# -- records by their own texts ---------------------------------------------------------------


def _records(
    connection: sqlite3.Connection,
    columns: Columns,
    words: Sequence[Word],
    typed: Sequence[str],
    entities: Sequence[str],
    limit: int,
) -> list[tuple[int, str]]:
    """Numbers and ids; in whose names most words begin comes first, then by whole words, then by the
    index's own rank."""
    found = texts.having(words, is_scanned=columns.is_scanned)
    name = "name"
    for mark in _ROUND_WORDS:
        name = f"replace({name}, '{mark}', ' ')"
    ranked = typed[:_RANKED]
    table = found.table
    score = f"bm25(text, {_WEIGHTS})" if table == "text" and not columns.is_narrow else "0"
    best = [
        " + ".join(f"(instr({where}) = 0)" for _ in ranked)
        for where in ("name, ' ' || ?", "name, ' ' || ? || ' '", "own, ?")
    ]
    rows = connection.execute(
        f"WITH found AS MATERIALIZED (SELECT {found.num} AS num, name AS own,"
        f" ' ' || {name} || ' ' AS name, {score} AS score FROM {table} WHERE {found.where})"
        f" SELECT doc.num, doc.id FROM found JOIN doc ON doc.num = found.num WHERE {_among(entities)}"
        f" ORDER BY {', '.join(best)}, score, doc.id LIMIT ?",
        [*found.parameters, *entities, *ranked, *ranked, *ranked, limit],
    )
    return rows.fetchall()


def _events(
    connection: sqlite3.Connection, words: Sequence[Word], entities: Sequence[str], limit: int
) -> list[tuple[str, str, str]]:
    """Records with the kind and data of their newest event in which the words stand."""
    said = texts.having([word.as_said() for word in words], "said", ("text",))
    rows = connection.execute(
        f"SELECT doc.id, iif(event.kind = '{EDITED}', event.data ->> '$.kind', event.kind), event.data"
        f" FROM {said.table}"
        f" JOIN event ON event.num = {said.num}"
        " LEFT JOIN merged ON merged.id = event.record"
        " JOIN doc ON doc.id = ifnull(merged.survivor, event.record)"
        f" WHERE {said.where} AND {_among(entities)} AND NOT {IS_AMENDED} ORDER BY event.id DESC LIMIT ?",
        [*said.parameters, *entities, limit],
    )
    return rows.fetchall()


def _among(entities: Sequence[str]) -> str:
    if not entities:
        return "1"
    return f"substr(doc.id, 1, instr(doc.id, '-') - 1) IN ({', '.join('?' * len(entities))})"


# -- what is shown of them --------------------------------------------------------------------


def _hit(schema: Schema, record_id: str, doc: Mapping[str, Raw], words: Sequence[Word]) -> Hit:
    """The field in which most of what was asked for stands, the first of several."""
    best, most, text = "", 0, ""
    for field in schema.fields(entity_of(record_id)):
        if not text_of(field) or field.name not in doc:
            continue
        for value in _values(doc[field.name]):
            weight = _weight(value, words, phone=text_of(field) == "phones")
            if weight > most or not best:
                best, most, text = field.name, weight, value
    return Hit(record_id, best, excerpt(text, _spelled(words)))


def _linked_hit(
    connection: sqlite3.Connection,
    columns: Columns,
    num: int,
    record_id: str,
    words: Sequence[Word],
) -> Hit:
    """The link to the client in whose name most of what was asked for stands."""
    doc = document(connection, num)
    best = Hit(record_id, "", "")
    most = -1
    for field in links_of(columns.schema, entity_of(record_id)):
        for client in field.kind.linked(field.kind.parse(doc.get(field.name, ""))):
            name = _name(connection, client)
            weight = _weight(str(name), words, phone=False)
            if name and weight > most:
                best, most = Hit(record_id, field.name, excerpt(str(name), _spelled(words))), weight
    return best


def _name(connection: sqlite3.Connection, client: str) -> Raw:
    """What a client is called, or whoever it was merged into; "" of one that is not there."""
    if (entity := entity_of(client)) not in ENTITIES:
        return ""
    now = "ifnull((SELECT survivor FROM merged WHERE merged.id = :id), :id)"
    sql = f"SELECT num FROM {entity} WHERE id = {now}"  # that of `doc` would look through all of it
    row = connection.execute(sql, {"id": client}).fetchone()
    return document(connection, row[0]).get("name", "") if row else ""


def _values(raw: Raw) -> list[str]:
    """The texts of a value: of each item its first part, which is the number, the address or the name."""
    if isinstance(raw, str):
        return [raw]
    items = raw if isinstance(raw, list) else list(raw.values())[:1]
    return [text for item in items for text in _values(item)[:1]]


def _weight(value: str, words: Sequence[Word], *, phone: bool) -> int:
    """How many letters of the words stand in a text."""
    folded = fold(value)
    if phone:
        digits = "".join(filter(str.isdecimal, folded))
        return sum(word.digits_in(digits) for word in words)
    text = searchable(folded)
    return sum(word.letters_in(text) for word in words)


def _said(data: str, words: Sequence[Word]) -> str:
    """The place in a talk or message."""
    facts = json.loads(data)
    said = [text for name in SAID if isinstance(text := facts.get(name), str)]
    said.sort(key=lambda text: -_weight(text, words, phone=False))
    return excerpt(said[0], _spelled(words)) if said else ""


def _spelled(words: Sequence[Word]) -> list[str]:
    return [text for word in words for text in word.spellings]


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
    lowered = plain(line.casefold().replace("ё", "е"))
    if len(lowered) == len(line):
        return lowered.find(word)
    folded, places = "", []
    for place, letter in enumerate(line):
        piece = plain(fold(letter)) or " "
        folded += piece
        places += [place] * len(piece)
    found = folded.find(word)
    return places[found] if found >= 0 else -1
