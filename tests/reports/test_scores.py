"""Scores: what closed records teach, how right it is, and that a score means the same everywhere."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.scoring.features import WEEKDAYS, Feature, features
from crmcli.model.scoring.scorer import Scorer, shares
from crmcli.model.scoring.tables import ABSENT, OTHER, Group, Table, Tenth, Term, Trial, score_of
from crmcli.model.values import Phone
from crmcli.reports.score_training import train
from crmcli.sales.settings import scores
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW
from torture.copies import copied

SETTINGS = """
currency: RUB
time_zone: Europe/Moscow
users: {anna: {name: Анна}, boris: {name: Борис}}
fields:
  deal:
    city: {type: text, label: City}
    urgent: {type: bool, label: Urgent}
    area: {type: number, label: Area}
    verdict: {type: choice, label: Verdict, choices: [dear, slow, fine]}
"""
PIPELINES = kit.pipelines() + (
    "  - id: small\n    name: Мелкие\n    stages:\n      - {id: new, name: Новая}\n"
    "      - {id: won, name: Успех, kind: won}\n      - {id: lost, name: Провал, kind: lost}\n"
)
SOURCES = {"web": -0.8, "partner": 1.6, "call": 0.0}


def fill(ws: Workspace, number: int, rng: random.Random, *, closed: float = 0.8) -> None:
    """Leads and deals whose ends follow from source, owner and phone, and from nothing else."""
    with ws.change("fill") as change:
        for _ in range(number):
            for entity in ("lead", "deal"):
                change.add(_made(ws, entity, rng, closed))


def _made(ws: Workspace, entity: str, rng: random.Random, closed: float) -> Record:
    source, owner = rng.choice([*SOURCES]), rng.choice(["anna", "boris"])
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(400_000))
    likely = SOURCES[source] + (0.7 if owner == "anna" else -0.5)
    phone = rng.random() < 0.6
    if entity == "lead":
        likely += 1 if phone else -1
    won, shut = rng.random() < 1 / (1 + math.exp(-likely)), rng.random() < closed
    facts: dict[str, Any] = {
        "id": ws.new_id(entity), "name": "Кровля", "source": source, "owner": owner, "created_at": at,
        "amount": Decimal(rng.choice([0, 500, 20000, 300000])) if rng.random() < 0.8 else None,
        "currency": rng.choice(["RUB", "RUB", "USD", ""]),
        "utm": {"source": rng.choice(["google", "yandex"])} if rng.random() < 0.5 else {},
        "closed_at": at + timedelta(days=3) if shut else None,
    }  # fmt: skip
    if entity == "lead":
        stage = ("converted" if won else "junk") if shut else "new"
        phones = (Phone("+79161234567"),) if phone else ()
        return Lead(stage=stage, phones=phones, **facts)
    custom = {"city": rng.choice(["Москва", "Тула", ""]), "urgent": rng.choice([True, False, None])}
    custom |= {"area": rng.choice([None, Decimal(rng.randrange(200))]), "verdict": ""}
    stage = ("won" if won else "lost") if shut else "new"
    return Deal(pipeline="sales", stage=stage, custom=custom, **facts)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = kit.workspace(tmp_path_factory.mktemp("scores") / "ws", PIPELINES, SETTINGS)
    ws = kit.opened(root)
    fill(ws, 400, random.Random(7))
    found = [table for entity in ("lead", "deal") for table in train(ws, entity).tables]
    scores.save(ws, ["lead", "deal"], found)
    return root


@pytest.fixture
def ws(base: Path, tmp_path: Path) -> Workspace:
    return kit.opened(copied(base, tmp_path / "ws"))


@pytest.fixture(scope="module")
def shared(base: Path) -> Workspace:
    """The same for what only reads."""
    return kit.opened(base)


# -- one score, however it is asked ------------------------------------------------------------------


def _groups(feature: Feature) -> st.SearchStrategy[list[Group]]:
    odds = st.decimals("0.05", "20", places=2)
    if feature.is_banded:
        edges = st.lists(st.integers(-5, 400_000), min_size=1, max_size=4, unique=True).map(sorted)
        return st.tuples(edges, st.lists(odds, min_size=7, max_size=7)).map(_bands)
    words = ["yes", "no"] if feature.is_yes_no else [*WEEKDAYS] if feature.part == "weekday" else [
        "web", "partner", "anna", "google", "москва", "o'neill", "rub", "sales"]  # fmt: skip
    named = st.lists(st.sampled_from(words), min_size=1, max_size=4, unique=True)
    return st.tuples(named, st.lists(odds, min_size=7, max_size=7), st.booleans()).map(
        lambda told: [
            *(Group(word, odds=o) for word, o in zip(told[0], told[1], strict=False)),
            *([Group(what=ABSENT, odds=told[1][5]), Group(what=OTHER, odds=told[1][6])] * told[2]),
        ]
    )


def _bands(told: tuple[list[int], list[Decimal]]) -> list[Group]:
    edges = [None, *map(Decimal, told[0]), None]
    found = [
        Group(low=a, high=b, odds=o) for a, b, o in zip(edges, edges[1:], told[1], strict=False)
    ]
    return [*found, Group(what=ABSENT, odds=told[1][5]), Group(what=OTHER, odds=told[1][6])]


NO_TRIAL = Trial(0, 0, 0.5, Tenth(0, 0, 0), ())


@settings(max_examples=60, deadline=None)
@given(data=st.data(), entity=st.sampled_from(["lead", "deal"]), hidden=st.booleans())
def test_the_index_and_python_come_to_the_same(
    shared: Workspace, data: st.DataObject, entity: str, hidden: bool
) -> None:
    known = list(features(shared.schema, entity))
    chosen = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=6, unique=True))
    terms = [Term(one.name, data.draw(_groups(one)), "RUB") for one in chosen]
    terms.append(Term("gone", [Group("x", odds=Decimal(3))]))
    pipeline = data.draw(st.sampled_from(["", "sales", "small"])) if entity == "deal" else ""
    table = Table(entity, pipeline, NOW, 100, 50, Decimal("0.7"), terms, NO_TRIAL)
    first = "sales" if entity == "deal" else ""
    places = {(entity, chosen[0].field.name)} if hidden else set[tuple[str, str]]()
    scorer = shared._scorers[entity] = Scorer([table], shared.schema, places, shared.zone, first)
    records = list(shared.select(entity))[:60]
    told = shared.derived(entity, ["score"], [one.id for one in records])
    for record in records:
        by_python = shared.env.derive(record, "score")
        assert told[record.id]["score"] == ("" if by_python is None else str(by_python))
        if found := scorer.explained(record):
            assert found.begin + sum(adds for _, adds in found.lines) == found.score == by_python
    del shared._scorers[entity]


@given(
    st.integers(-8000, 8000), st.lists(st.integers(-4000, 4000), min_size=1, max_size=12)
)  # fmt: skip
def test_what_fields_add_adds_up_to_the_tenth(start: int, effects: list[int]) -> None:
    begin, end = score_of(start) or 0, score_of(start + sum(effects)) or 0
    told = shares(begin, end, start, effects)
    if any(effects) or begin == end:
        assert begin + sum(told) == end
    assert 0 <= min(begin, end) <= max(begin, end) <= 100
