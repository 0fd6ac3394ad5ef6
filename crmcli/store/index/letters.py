"""Letters as reports ask for them: a row each that left, kept beside the events that tell of it."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.model.entities import ENTITIES
from crmcli.model.event import BOUNCED, CLICKED, EDITED, OPENED, PREFERENCES, STARTED
from crmcli.store.index.columns import Columns, noun_of
from crmcli.store.index.derived import ACTOR_NOW, KIND_NOW
from crmcli.store.index.rows_of_reports import Cell, Source

TABLES = (
    """
    CREATE TABLE post (num INTEGER PRIMARY KEY, letter TEXT, what TEXT, record TEXT, actor TEXT, at INTEGER,
        cause TEXT, template TEXT, topic TEXT, mailbox TEXT, opens INTEGER, linked INTEGER, refuses INTEGER)
    """,
    """
    CREATE TABLE letter (letter TEXT PRIMARY KEY, record TEXT, actor TEXT, at TEXT, cause TEXT,
        template TEXT, topic TEXT, mailbox TEXT, opens INTEGER, linked INTEGER, hard INTEGER, soft INTEGER,
        opened INTEGER, clicked INTEGER, refused INTEGER, hours REAL) WITHOUT ROWID
    """,
)
"""A row an event that tells of a letter, by its Message-ID: `what` is sent, or refused by the mail server
while it was told of it, or what came back. And of these a row a letter."""
_LEFT = Cell("what IN ('sent', 'refused')").sql
_KINDS = ", ".join(
    map(repr, ("mail.out", "mail.in", BOUNCED, OPENED, CLICKED, PREFERENCES, EDITED))
)
_OF_THE_WHOLE = ("owner", "source")
"""The fields that letters have whatever record they are about."""


def _said(name: str) -> str:
    return f"json_extract(event.data, '$.{name}')"


_KIND = KIND_NOW.strip()
_LETTER = f"""
CASE WHEN json_valid(event.data)
     THEN CASE {_KIND} WHEN 'mail.out' THEN {_said("message_id")} ELSE {_said("letter")} END END
"""
_WHAT = f"""
CASE {_KIND} WHEN 'mail.out' THEN 'sent'
     WHEN 'mail.in' THEN iif({_said("automatic")} IS NULL, 'answer', 'automatic')
     WHEN '{BOUNCED}' THEN CASE WHEN ifnull({_said("bounce")}, '') != 'hard' THEN 'soft'
                                WHEN {_said("intake")} IS NULL THEN 'refused' ELSE 'hard' END
     WHEN '{OPENED}' THEN iif({_said("doubtful")} IS NULL, 'opened', 'doubtful')
     WHEN '{CLICKED}' THEN 'clicked' ELSE 'wish' END
"""
_SAID_AT = (
    f"CASE WHEN {_said('at')} GLOB '[12][0-9][0-9][0-9]-*' THEN strftime('%s', {_said('at')}) END"
)
_AT = f"CAST(ifnull({_SAID_AT}, strftime('%s', event.at)) AS INTEGER)"
"""In seconds; where it says when it was, and that cannot be read, when it was written down."""
_REFUSES = f"ifnull({_said('refuses')}, '')"
_ROWS = f"""
INSERT INTO post SELECT * FROM (
SELECT event.num, {_LETTER} AS letter, {_WHAT}, event.record, {ACTOR_NOW}, {_AT}, event.cause,
       {_said("template")}, {_said("topic")}, lower({_said("from")}), {_said("opens")}, {_said("linked")},
       instr({_REFUSES}, '"mail"') OR instr({_REFUSES}, '"topic:')
FROM event WHERE json_valid(event.data) AND {{which}}) WHERE letter IS NOT NULL
"""


_SETTLED = f"""
INSERT INTO letter SELECT * FROM (
SELECT letter, max(iif({_LEFT}, record, NULL)) AS record, max(iif({_LEFT}, actor, NULL)),
       strftime('%Y-%m-%dT%H:%M:%SZ', min(iif({_LEFT}, at, NULL)), 'unixepoch'), max(begun), max(template),
       max(topic), max(iif({_LEFT}, mailbox, NULL)), max(opens), max(linked),
       max(what = 'hard') OR NOT max(what = 'sent'), max(what = 'soft'), max(what IN ('opened', 'clicked')),
       max(what = 'clicked'), max(refuses AND what != ''),
       max((min(iif(what = 'answer', at, NULL)) - min(iif({_LEFT}, at, NULL))) / 3600.0, 0)
FROM (SELECT post.letter, iif(act.amended, '', post.what) AS what, iif(post.{_LEFT}, post.cause, '') AS begun,
             post.record, post.actor, post.at, post.template, post.topic, post.mailbox, post.opens,
             post.linked, post.refuses
      FROM post LEFT JOIN act ON act.num = post.num WHERE {{which}})
GROUP BY letter) WHERE record IS NOT NULL
"""
"""Each letter that left once, also where it was edited since, or two clones had the same."""


def statements() -> Iterator[str]:
    """What fills the tables, and then keeps them equal to the events."""
    yield _ROWS.format(which=f"event.kind IN ({_KINDS})")
    yield _SETTLED.format(which="1")
    yield "CREATE INDEX post_letter ON post (letter)"
    yield (
        f"CREATE TRIGGER post_comes AFTER INSERT ON event WHEN NEW.kind IN ({_KINDS})"
        f" BEGIN {_ROWS.format(which='event.num = NEW.num')}; END"
    )
    yield (
        f"CREATE TRIGGER post_goes AFTER DELETE ON event WHEN OLD.kind IN ({_KINDS})"
        " BEGIN DELETE FROM post WHERE num = OLD.num; END"
    )
    for name, happens, which in (
        ("comes", "INSERT ON post", "= NEW.letter"),
        ("goes", "DELETE ON post", "= OLD.letter"),
        ("is_amended", "INSERT ON act WHEN NEW.amended", "IN (SELECT letter FROM post WHERE num = NEW.num)"),
        ("was_amended", "UPDATE OF amended ON act", "IN (SELECT letter FROM post WHERE num = NEW.num)"),
    ):  # fmt: skip
        yield (
            f"CREATE TRIGGER letter_{name} AFTER {happens} BEGIN DELETE FROM letter WHERE letter {which};"
            f" {_SETTLED.format(which=f'post.letter {which}')}; END"
        )


_RECORD = Cell("ifnull(gone.survivor, letter.record)").sql
_SEQUENCE = f"""
(SELECT json_extract(b.data, '$.sequence') FROM event AS b
 WHERE b.id = letter.cause AND b.kind = '{STARTED}' AND json_valid(b.data))
"""


def source(entity: str, columns: Columns) -> Source:
    """Letters that left. Those written down by hand have no Message-ID: nothing can be known of them."""
    machine = "instr(letter.actor, ':') > 0"
    delivered = Cell("NOT letter.hard").sql
    answered = "letter.hours IS NOT NULL"
    pipeline = columns.columns(entity).get("pipeline")
    flags = {
        "delivered": delivered,
        "bounced": "letter.hard",
        "delayed": f"letter.soft AND {delivered}",
        "tracked": f"letter.opens IS NOT NULL AND {delivered}",
        "opened": f"letter.opens IS NOT NULL AND letter.opened AND {delivered}",
        "linked": f"letter.linked IS NOT NULL AND {delivered}",
        "clicked": f"letter.linked IS NOT NULL AND letter.clicked AND {delivered}",
        "traced": f"{answered} OR letter.mailbox IS NOT NULL AND {delivered}",
        "answered": answered,
        "unsubscribed": "letter.refused",
    }
    return Source(
        entity,
        "letter LEFT JOIN merged AS gone ON gone.id = letter.record",
        _RECORD,
        "at",
        {
            "at": Cell("letter.at", "instant"),
            **{name: Cell(f"letter.{name}") for name in ("template", "topic", "mailbox")},
            "kind": Cell(f"CASE WHEN {machine} THEN 'robot' ELSE 'person' END", "word"),
            "robot": Cell(f"CASE WHEN {machine} THEN replace(letter.actor, 'robot:', '') END"),
            "person": Cell(f"CASE WHEN NOT {machine} THEN letter.actor END", "user"),
            "sequence": Cell(_SEQUENCE),
            "entity": Cell(noun_of(_RECORD), "word"),
            **{name: _of_record(name, columns) for name in _OF_THE_WHOLE},
            **{name: Cell(sql, "flag") for name, sql in flags.items()},
            "hours": Cell("letter.hours", "number"),
        },
        pipeline=f"{entity}.{pipeline.name}" if pipeline else f"iif({entity}.id IS NULL, '', 'leads')",
        link=f" LEFT JOIN {entity} ON {entity}.id = {_RECORD}",
        is_loose=True,
    )  # fmt: skip


def _of_record(name: str, columns: Columns) -> Cell:
    """A field of the record that a letter is about, of whichever noun that is."""
    cases = [
        f"WHEN '{noun}' THEN (SELECT o.{own[name].name} FROM {noun} AS o WHERE o.id = {_RECORD})"
        for noun in ENTITIES
        if name in (own := columns.columns(noun))
    ]
    kind = "user" if name == "owner" else "text"
    return Cell(f"CASE {noun_of(_RECORD)} {' '.join(cases)} END", kind)
