"""What rows of reports are made of: their columns, their tables, the stages that pipelines.yaml declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crmcli.dataclass import dataclass, field

DECLARED = """
CREATE TEMP TABLE declared (entity TEXT, pipeline TEXT, stage TEXT, position INTEGER,
    kind TEXT, rank INTEGER, chance DOUBLE, max_days INTEGER,
    PRIMARY KEY (stage, pipeline, entity)) WITHOUT ROWID
"""
"""The stages of pipelines.yaml; `rank` is how far an open stage is on the way to the won one. What differs
most stands first in the key: each row of a report looks its stage up."""
NOW = "unixepoch(now())"

Stages = Sequence[tuple[str, str, str, int, str, "int | None", "float | None", "int | None"]]


class Cell(NamedTuple):
    """What a row has beside the fields of its record: SQL, the kind of its values (a `moment` is in whole
    seconds, `money` in cents), and what must be `ready` for it. With `is_numbered` a snapshot numbers its
    values, because reports count each once."""

    sql: str
    kind: str = "text"
    ready: tuple[str, ...] = ()
    is_numbered: bool = False

    @property
    def is_time(self) -> bool:
        """Whether it has months and years."""
        return self.kind in ("date", "datetime", "due", "happened", "instant", "moment")


class Spread(NamedTuple):
    """How few rows become many, each several times: what stands there before, by which column rows are alike,
    and the table over which they are spread, which is called so and has that column too."""

    tables: str
    by: str
    over: str
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """Rows by the tables that they come from; `entity` is whose records stand in them under the table's own
    name ("" where there are none), `record` the id of the record, `at` the instant by which a row is of
    a period, `pipeline` where it stands.

    `link` adds the record's own table where something of it is asked. `ready` are tables that are made once
    for all questions of a report, by name, of which `needs` are asked always. `parts` stand in cells that
    look at the clock, and do not themselves: a snapshot has them ready. With `is_loose` there are rows of
    other records too, beside which nothing stands. `numbers` are, of some values, the whole numbers that
    stand for them in a snapshot. With `is_timely` an index finds rows by their instant.
    """

    entity: str
    tables: str
    record: str
    at: str
    cells: Mapping[str, Cell] = field(default_factory=dict)
    pipeline: str = ""
    currency: str = ""
    where: str = "1"
    link: str = ""
    ready: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    parts: Mapping[str, Cell] = field(default_factory=dict)
    joins: Mapping[str, str] = field(default_factory=dict)
    spread: Spread | None = None
    is_loose: bool = False
    numbers: Mapping[str, str] = field(default_factory=dict)
    is_timely: bool = False


class Beside(NamedTuple):
    """What rows have besides: cells, the parts of these that need no clock, tables made ready, joins."""

    cells: Mapping[str, Cell] = {}
    parts: Mapping[str, Cell] = {}
    ready: Mapping[str, str] = {}
    joins: Mapping[str, str] = {}


KIND = Cell("ifnull(declared.kind, 'open')").sql
IS_OPEN = f"{KIND} = 'open'"


def chance_of(column: Mapping[str, str]) -> str:
    """How likely a record is won, by itself or else by its stage."""
    return f"ifnull({column.get('probability', 'NULL')}, ifnull(declared.chance, 0))"


def weighed(column: Mapping[str, str], chance: str) -> Cell:
    """Its amount, so much of it as is likely."""
    return Cell(f"CAST(round({column['amount']}_cents * {chance} / 100.0) AS INTEGER)", "money")


def place(entity: str, pipeline: str, stage: str, name: str = "declared") -> str:
    """What a stage is by pipelines.yaml, for a JOIN."""
    return (
        f"temp.declared AS {name} ON {name}.entity = '{entity}' AND {name}.pipeline = {pipeline}"
        f" AND {name}.stage = {stage}"
    )
