"""Activities as reports ask for them, kept beside the events that tell of them, which are JSON."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.model.event import ACTIVITIES, AMENDMENTS, ANSWERS, EDITED, TOGETHER
from crmcli.store.index.derived import ACTOR_NOW, HAPPENED, KIND_NOW
from crmcli.store.index.tables import AMENDED, IS_AMENDED, IS_AMENDMENT

TABLE = """
CREATE TABLE act (num INTEGER PRIMARY KEY, id TEXT, record TEXT, kind TEXT, actor TEXT, at TEXT,
                  again INTEGER, amended INTEGER)
"""
"""`again` says that another record has told it already, `amended` that it was edited or removed since."""
_BY_PEOPLE = "instr(actor, ':') = 0"
OF_PEOPLE = "instr(act.actor, ':') = 0"
"""Whether a person did it, and no robot."""
IS_CURRENT = "act.amended = 0"
"""Whether an activity was not edited or removed since."""
IS_ANSWER = f"kind IN ({', '.join(map(repr, ANSWERS))})"
_IS_OURS = f"{IS_ANSWER} AND {_BY_PEOPLE} AND amended = 0"
_INDEXES = (
    "CREATE INDEX act_record ON act (record, at, again) WHERE amended = 0",
    "CREATE INDEX act_actor ON act (actor, kind, record, at) WHERE again = 0 AND amended = 0",
    "CREATE INDEX act_at ON act (at, actor, kind, record) WHERE again = 0 AND amended = 0",
    "CREATE INDEX act_odd ON act (at) WHERE length(at) != 20 AND again = 0 AND amended = 0",
    f"CREATE INDEX act_answer ON act (record, at, kind, actor, amended) WHERE {_IS_OURS}",
)
"""Each answers by itself for the reports that say the same: when a record was last heard of, who did what
with how many, what was done in a month (if all instants are written alike), and who answered first."""
_KINDS = ", ".join(repr(kind) for kind in (*ACTIVITIES, EDITED))
_SHARED = f"json_extract(event.data, '$.{TOGETHER}') IS NOT NULL"
_AGAIN = f"CASE WHEN json_valid(event.data) THEN {_SHARED} ELSE 0 END"
_ROWS = f"""
SELECT event.num, event.id, event.record, {KIND_NOW}, {ACTOR_NOW}, {HAPPENED}, {_AGAIN}, {IS_AMENDED}
FROM event WHERE
"""
_AMENDMENT = ", ".join(map(repr, AMENDMENTS))


def _same(amendment: str) -> str:
    """The activities of which an amendment tells: the first, and as it was edited before."""
    told = f"CASE WHEN json_valid({amendment}.data) THEN json_extract({amendment}.data, '$.activity') END"
    return (
        f"num IN (SELECT num FROM event WHERE id = {told}"
        f" UNION ALL SELECT num FROM event WHERE {IS_AMENDMENT} AND {AMENDED} = {told})"
    )


def statements() -> Iterator[str]:
    """What fills the table, and then keeps it equal to the events."""
    yield f"INSERT INTO act {_ROWS} event.kind IN ({_KINDS})"
    yield from _INDEXES
    yield (
        f"CREATE TRIGGER act_comes AFTER INSERT ON event WHEN NEW.kind IN ({_KINDS})"
        f" BEGIN INSERT INTO act {_ROWS} event.num = NEW.num; END"
    )
    yield (
        f"CREATE TRIGGER act_goes AFTER DELETE ON event WHEN OLD.kind IN ({_KINDS})"
        " BEGIN DELETE FROM act WHERE num = OLD.num; END"
    )
    yield (
        f"CREATE TRIGGER act_is_amended AFTER INSERT ON event WHEN NEW.kind IN ({_AMENDMENT})"
        f" BEGIN UPDATE act SET amended = 1 WHERE id < NEW.id AND {_same('NEW')}; END"
    )
    yield (
        f"CREATE TRIGGER act_was_amended AFTER DELETE ON event WHEN OLD.kind IN ({_AMENDMENT})"
        f" BEGIN UPDATE act SET amended = (SELECT {IS_AMENDED} FROM event WHERE event.num = act.num)"
        f" WHERE {_same('OLD')}; END"
    )
