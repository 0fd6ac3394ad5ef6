"""scores.yaml, the tables of scores: what may stand in it, and reading it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, having
from crmcli.model.listed import did_you_mean, nearest
from crmcli.model.schema import Schema
from crmcli.model.scoring.features import features
from crmcli.model.scoring.tables import ABSENT, OTHER, Group, Table, Tenth, Term, Trial
from crmcli.model.values import parse_decimal, parse_instant
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor, read_marked, unique
from crmcli.store.layout import SCORES

_MOST_TABLES, _MOST_FIELDS, _MOST_GROUPS, _MOST = 200, 200, 200, 999_999_999
_LEAST_ODDS, _MOST_ODDS = Decimal("0.000001"), Decimal(1_000_000)
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_ALIKE = 0.7


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a table is checked against."""

    schema: Schema
    entity: str = ""


def load_scores(
    root: Path, schema: Schema, data: bytes | None = None
) -> Mapping[str, tuple[Table, ...]] | None:
    """The tables of each entity, or what they would be if the file held `data`; None without a file.

    InvalidData names every fault. A field that is gone, and like none that there is, is none.
    """
    top = read_marked(root, SCORES, data)
    if top is None:
        return None
    got = SHAPE.read(top, None)
    found = {}
    for entity in having("staged"):
        plural = ENTITIES[entity].plural
        places = [place for place in top.at(plural).items() if place.is_present]
        ground = _Ground(schema, entity)
        tables = zip(places, got[plural], strict=False)
        found[entity] = tuple(_table(place, one, ground) for place, one in tables)
        unique(
            ((t.pipeline or "*", at) for t, at in zip(found[entity], places, strict=False)), "table"
        )
    top.findings.settle()
    return found


def _table(place: Cursor, got: Mapping[str, Any], ground: _Ground) -> Table:
    rows = [at for at in place.at("fields").items() if at.is_present]
    known = [one.name for one in features(ground.schema, ground.entity)]
    terms = tuple(_term(at, one, known) for at, one in zip(rows, got["fields"], strict=False))
    unique(((term.feature, at) for term, at in zip(terms, rows, strict=False)), "field")
    told = got["tested"]
    tenths = tuple(
        Tenth(*(one[key] or 0 for key in ("from", "of", "won"))) for one in told["tenths"]
    )
    top = Tenth(*(told["top"][key] or 0 for key in ("from", "of", "won")))
    trial = Trial(told["of"] or 0, told["won"] or 0, float(told["auc"] or 0.5), top, tenths)
    if (got["won"] or 0) > (got["of"] or 0):
        place.at("won").fault(tr("{} of {} cannot be won", got["won"], got["of"]))
    return Table(
        ground.entity, got["pipeline"], got["trained_at"] or _FIRST, got["of"] or 0, got["won"] or 0,
        got["start"] or Decimal(1), terms, trial,
    )  # fmt: skip


def _term(place: Cursor, got: Mapping[str, Any], known: list[str]) -> Term:
    name = got["field"]
    if name and name not in known and nearest(name, known, _ALIKE):
        said = tr("no score can be made of {!r}", name)
        place.at("field").fault(said, did_you_mean(name, known, "crm score train"))
    places = [at for at in place.at("values").items() if at.is_present]
    groups = [_group(at, one) for at, one in zip(places, got["values"], strict=False)]
    keys = (
        (f"{g.value}{g.what}{g.low}{g.high}", at) for g, at in zip(groups, places, strict=False)
    )
    unique(keys, "value")
    return Term(name, groups, got["currency"], place.line)


def _group(place: Cursor, got: Mapping[str, Any]) -> Group:
    ways = (
        bool(got["value"]),
        bool(got["is"]),
        got["from"] is not None or got["below"] is not None,
    )
    if sum(ways) != 1:
        place.fault(
            "a group is one of value, is, or from and below", "crm score train writes it anew"
        )
    if (got["won"] or 0) > (got["of"] or 0):
        place.at("won").fault(tr("{} of {} cannot be won", got["won"], got["of"]))
    return Group(
        got["value"], got["from"], got["below"], got["is"], got["won"] or 0, got["of"] or 0,
        got["odds"] or Decimal(1),
    )  # fmt: skip


def _odds(given: str) -> Decimal:
    odds = parse_decimal(given)
    if not _LEAST_ODDS <= odds <= _MOST_ODDS:
        raise ValueError(tr("{!r} are no odds, which are more than 0", given))
    return odds


def _share(given: str) -> Decimal:
    share = parse_decimal(given)
    if not 0 <= share <= 1:
        raise ValueError(tr("{!r} is not between 0 and 1", given))
    return share


def _number(doc: str, parse: Any = parse_decimal) -> shapes.Shape:
    return shapes.parsed(doc, parse, type=["number", "string"])


def _counts(won: str, of: str) -> dict[str, shapes.Shape]:
    return {"of": shapes.whole(of, 0, _MOST), "won": shapes.whole(won, 0, _MOST)}


GROUP = shapes.keys(
    "Records that are alike in the field.",
    {
        "value": shapes.text("Those with this value."),
        "is": shapes.word("Those without any, or with a value that no other group has.", (ABSENT, OTHER)),
        "from": _number("Those with at least so much."),
        "below": _number("Those with less."),
        **_counts("How many of them were won.", "How many there were."),
        "odds": shapes.needed(_number("How many times the odds of all they have.", _odds)),
    },
)  # fmt: skip
TENTH = shapes.keys(
    "Records with scores from one number on.",
    {"from": shapes.whole("The lowest score.", 0, 100), **_counts("Won.", "All.")},
)
TABLE = shapes.keys(
    "What was learned of the ends of leads, or of the deals of a pipeline.",
    {
        "pipeline": shapes.text("Of which deals; of those that have no table of their own if absent."),
        "trained_at": shapes.parsed("When.", parse_instant, _FIRST),
        **_counts("How many of them were won.", "How many closed records there were."),
        "start": shapes.needed(_number("The odds of a record of which nothing speaks.", _odds)),
        "tested": shapes.keys(
            "What it was worth for records that were kept apart.",
            {
                **_counts("How many of them were won.", "How many were scored."),
                "auc": _number(
                    "How often, of a won and a lost one, the won one scored higher: 0.5 is chance.", _share
                ),
                "top": TENTH,
                "tenths": shapes.listed("How many were won, by their scores.", TENTH, (11, "a test")),
            },
        ),
        "fields": shapes.listed(
            "The fields that say something.",
            shapes.keys(
                "A field, or a part of it, e.g. source, utm.source, phones.filled, created_at.hour.",
                {
                    "field": shapes.needed(shapes.text("Its name.")),
                    "currency": shapes.text("Of the bounds, if they are amounts."),
                    "values": shapes.needed(
                        shapes.listed("The groups of its values.", GROUP, (_MOST_GROUPS, "a field"))
                    ),
                },
            ),
            (_MOST_FIELDS, "a table"),
        ),
    },
)  # fmt: skip
SHAPE = shapes.keys(
    "How likely leads and deals end well: crm score train writes it.",
    {
        ENTITIES[entity].plural: shapes.listed(
            tr("Tables of {}.", ENTITIES[entity].plural), TABLE, (_MOST_TABLES, "a list of tables")
        )
        for entity in having("staged")
    },
)
