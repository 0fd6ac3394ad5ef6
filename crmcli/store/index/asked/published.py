"""The views that SQL of people may read: their names and columns stay, whatever becomes of the tables.

A view is a SELECT over those tables, or rows that somebody else has. What a user may not see the views do not
have either, since they stand on what `sight` leaves of the tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from crmcli.errors import Refused
from crmcli.model.entities import ENTITIES, having
from crmcli.model.event import EDITED
from crmcli.model.kinds import Field
from crmcli.model.schema import SCORED
from crmcli.model.sql_views import Filling, Shown, View
from crmcli.store.index import derived
from crmcli.store.index.columns import Columns, noun_of
from crmcli.store.policy.reading import quoted


def hollow(view: View) -> str:
    """The statement that makes a view of that name with those columns, in which nothing stands."""
    cells = ", ".join(f"NULL AS {named(column.name)}" for column in view.columns)
    return f"CREATE TEMP VIEW {view.name} AS SELECT {cells}"


def made(view: View, columns: Columns) -> str:
    """The statement that makes the view, or the table for its rows."""
    if not view.source:
        names = ", ".join(named(column.name) for column in view.columns)
        return f"CREATE TEMP TABLE {view.name} ({names})"
    cells = (
        f"{column.sql or _score(columns, view.nouns[0])} AS {named(column.name)}"
        for column in view.columns
    )
    return f"CREATE TEMP VIEW {view.name} AS SELECT {', '.join(cells)} FROM {view.source}"


def _score(columns: Columns, entity: str) -> str:
    """The score of a record: worked out where it may be asked for alone; absent where nothing was learned."""
    try:
        return derived.expression(SCORED, columns, entity, "r")
    except Refused:
        return "NULL"


def named(name: str) -> str:
    """A name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


def views(columns: Columns) -> dict[str, View]:
    """All views by name."""
    found = [_of_entity(columns, entity) for entity in ENTITIES]
    found += [_lists(columns), _EVENTS, _ACTIVITIES, _STAYS]
    return {view.name: view for view in (*found, *_FILLED)}


def publish(
    connection: sqlite3.Connection, columns: Columns, wanted: Iterable[View], filling: Filling
) -> None:
    """Make these views in a connection, and fill those that are filled."""
    for view in wanted:
        connection.execute(made(view, columns))
        if not view.source:
            marks = ", ".join("?" * len(view.columns))
            rows = filling[view.name]() if view.name in filling else ()
            connection.executemany(f"INSERT INTO temp.{view.name} VALUES ({marks})", rows)


# --- records -------------------------------------------------------------------------------------


def _of_entity(columns: Columns, entity: str) -> View:
    """The records of a noun: a column for each field, by the name that it has in files."""
    found: dict[str, Shown] = {}
    fields = columns.schema.askable(entity)
    names = {field.name.lower() for field in fields}
    for field in fields:
        for shown in _columns_of(columns, entity, field):
            beside = shown.name.lower() in names and shown.name != field.name
            if not beside and shown.name.lower() not in found:  # SQL takes A and a for one
                found[shown.name.lower()] = shown
    noun = ENTITIES[entity]
    return View(noun.plural, noun.about, tuple(found.values()), f"{entity} AS r", (entity,))


def _columns_of(columns: Columns, entity: str, field: Field) -> Iterator[Shown]:
    if field is SCORED:
        yield Shown(field.name, "", field.label)
        return
    if field.derived:
        yield Shown(field.name, derived.expression(field, columns, entity, "r"), field.label)
        return
    column = columns.columns(entity).get(field.name)
    cell = f"r.{column.name}" if column else ""
    if column and column.cents:
        cents = f"r.{column.cents}"
        yield Shown(field.name, f"{cents} / 100.0", field.label)
        yield Shown(f"{field.name}_cents", cents, field.label)
    elif column and column.type == "INTEGER":
        yield Shown(field.name, f"CASE {cell} WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END", field.label)
    elif column and (column.type != "TEXT" or field.kind.is_time or _is_id(field)):
        yield Shown(field.name, cell, field.label)
    else:
        yield Shown(field.name, _as_written(field.name, cell), field.label)


def _is_id(field: Field) -> bool:
    return field.name == "id" or field.kind.is_link


def _as_written(name: str, cell: str) -> str:
    """A field as its file has it, lists and maps as JSON; the record is looked up only where there is one."""
    key = quoted(f'$."{name}"')
    text = f"(SELECT json_extract(d.doc, {key}) FROM doc AS d WHERE d.num = r.num)"
    return f"iif({cell} IS NULL, NULL, {text})" if cell else text


def _lists(columns: Columns) -> View:
    """The items of all lists, and the parts of all maps."""
    places, mains = [], {}
    for entity in ENTITIES:
        for field in columns.schema.fields(entity):
            if field.is_many or field.kind.is_map:
                places.append(f"({quoted(entity)}, {quoted(field.name)})")
                mains[field.name] = quoted(f'$."{getattr(field.kind, "main", "value")}"')
    cases = " ".join(f"WHEN {quoted(name)} THEN {main}" for name, main in mains.items())
    noun = noun_of("d.id")
    items = (
        "json_each(CASE WHEN f.type IN ('array', 'object') THEN f.value"
        " ELSE json_array(f.value) END) AS i"
    )
    source = (
        f"doc AS d, json_each(d.doc) AS f, {items}"
        f" WHERE ({noun}, f.key) IN (VALUES {', '.join(places)})"
    )
    value = (
        f"CASE i.type WHEN 'object' THEN json_extract(i.value, CASE f.key {cases} END)"
        " ELSE i.value END"
    )
    item = "CASE WHEN i.type = 'object' THEN i.value ELSE json_quote(i.value) END"
    told = (
        Shown("entity", noun, "What kind of record, like lead"),
        Shown("id", "d.id", "Id"),
        Shown("field", "f.key", "Field"),
        Shown("key", "i.key", "Position, from 0, or the key within a map"),
        Shown("value", value, "Value"),
        Shown("item", item, "The whole item as JSON"),
    )
    about = "Items of lists and maps: tags, phones, emails, lines, utm"
    return View("lists", about, told, source, tuple(ENTITIES))


# --- the timeline --------------------------------------------------------------------------------

_DATA = (
    "CASE WHEN json_valid(event.data) THEN event.data END"  # what Python takes for JSON may be none
)


def _of_data(key: str) -> str:
    return f"CASE WHEN json_valid(event.data) THEN json_extract(event.data, '$.{key}') END"


def _instant(seconds: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {seconds}, 'unixepoch')"


_ID_NOW = f"CASE event.kind WHEN {quoted(EDITED)} THEN {_of_data('activity')} ELSE event.id END"


_EVENTS = View(
    "events",
    "What happened, as the timeline has it",
    (
        Shown("id", "event.id", "Id"),
        Shown("at", "event.at", "When"),
        Shown("actor", "event.actor", "Who"),
        Shown("kind", "event.kind", "What, like stage.entered"),
        Shown("record", "event.record", "The id of the record"),
        Shown("cause", "event.cause", "The id of the event that led to it"),
        Shown("data", _DATA, "Details as JSON"),
    ),
    "event",
    tuple(ENTITIES),
)
_ACTIVITIES = View(
    "activities",
    "Calls, meetings, letters, messages and notes, as they are now",
    (
        Shown("id", _ID_NOW, "Id"),
        Shown("at", derived.HAPPENED.strip(), "When it was"),
        Shown("actor", derived.ACTOR_NOW, "Who"),
        Shown("kind", derived.KIND_NOW, "What, like call.in"),
        Shown("record", "event.record", "The id of the record"),
        Shown("subject", _of_data("subject"), "Subject"),
        Shown("text", _of_data("text"), "Text"),
        Shown("data", _DATA, "Details as JSON"),
    ),
    f"event WHERE {derived.IS_CURRENT}",
    tuple(ENTITIES),
)
_UNTIL = "ifnull(s.left, CAST (strftime('%s', now()) AS INTEGER))"
STAYS = "stays"
_STAYS = View(
    STAYS,
    "How long leads and deals stood in each stage",
    (
        Shown("entity", noun_of("s.record"), "lead or deal"),
        Shown("record", "s.record", "The id of the record"),
        Shown("position", "s.n + 1", "Position, from 1"),
        Shown("pipeline", "s.pipeline", "Pipeline"),
        Shown("stage", "s.stage", "Stage"),
        Shown("entered_at", _instant("s.entered"), "From when on"),
        Shown("left_at", _instant("s.left"), "Until when; empty where it stands now"),
        Shown(
            "days",
            f"max({_UNTIL} - s.entered, 0) / 86400.0",
            "Days, until now where it stands now",
        ),
    ),
    "stay AS s WHERE (s.stage != '')",
    tuple(having("staged")),
)


# --- what does not stand in the index --------------------------------------------------------------


def _filled(name: str, about: str, /, **labels: str) -> View:
    return View(name, about, tuple(Shown(key, "", label) for key, label in labels.items()))


_FILLED = (
    _filled(
        "stages", "Stages of all pipelines", entity="lead or deal", pipeline="Pipeline", id="Id",
        name="Name", kind="open, won or lost", position="Position, from 1",
        probability="Probability, %", max_days="Days after which it is overdue",
    ),
    _filled("users", "Who works here", id="Id", name="Name"),
    _filled(
        "rates", "What other currencies are worth from a day on", date="Day", currency="Currency",
        rate="In the currency of the workspace",
    ),
)  # fmt: skip
