"""Scores: what closed records teach, how right it is, and that a score means the same everywhere."""

from __future__ import annotations

import json
import math
import random
import re
import shlex
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.cli.helping import GUIDES
from crmcli.dataclass import replace
from crmcli.errors import BadUsage, InvalidData
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.scoring.features import AT_END, WEEKDAYS, Feature, features
from crmcli.model.scoring.grouping import grouped
from crmcli.model.scoring.learning import Ended, learned, told_at_end, trial
from crmcli.model.scoring.scorer import Scorer, shares
from crmcli.model.scoring.tables import ABSENT, OTHER, Group, Table, Tenth, Term, Trial, score_of
from crmcli.model.scoring.trials import judged
from crmcli.model.values import Phone
from crmcli.reports.score_training import train
from crmcli.sales.deals import lose_in, win_in
from crmcli.sales.settings import fields, scores
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW, Run
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
    return kit.opened(copied(base, tmp_path / "base"))


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


# -- what is learned -----------------------------------------------------------------------------------


def _ended(seed: int, number: int, effect: float) -> list[Ended]:
    rng = random.Random(seed)
    found = []
    for n in range(number):
        key = rng.choice(["web", "call", None])
        good = rng.random() < 1 / (
            1 + math.exp(-(effect if key == "web" else -effect if key else 0))
        )
        found.append(Ended(f"lead-{n:08}", good, [key, rng.choice(["anna", "boris"])]))
    return found


def _two(ws: Workspace) -> list[Feature]:
    known = {one.name: one for one in features(ws.schema, "lead")}
    return [known["source"], known["owner"]]


def test_the_odds_are_those_of_the_counts(shared: Workspace) -> None:
    records = _ended(3, 3000, 1.2)
    taught = learned(records, _two(shared), "RUB")
    [term] = taught.terms  # the owner has nothing to do with it
    assert term.feature == "source"
    for group in term.groups:
        own = [r.won for r in records if r.keys[0] == (group.value or None)]
        assert (group.of, group.won) == (len(own), sum(own))
        true = {"web": math.exp(1.2), "call": math.exp(-1.2)}.get(group.value, 1.0)
        assert float(group.odds * taught.start) == pytest.approx(true, rel=0.25)


def test_what_is_said_twice_counts_once(shared: Workspace) -> None:
    records = [Ended(one.id, one.won, [one.keys[0]] * 2) for one in _ended(4, 3000, 1.2)]
    known = {one.name: one for one in features(shared.schema, "lead")}
    taught = learned(records, [known["source"], known["utm.source"]], "RUB")
    odds = math.prod(float(term.named["web"].odds) for term in taught.terms)
    assert odds * float(taught.start) == pytest.approx(math.exp(1.2), rel=0.25)


@pytest.mark.parametrize(("effect", "is_better"), [(0.0, False), (1.0, True)])
def test_records_kept_apart_say_how_right_it_is(
    shared: Workspace, effect: float, is_better: bool
) -> None:
    records = _ended(5, 1500, effect)
    told = trial(records, _two(shared), "RUB")
    assert told.is_better is is_better
    assert (told.of, told.won) == (1500, sum(one.won for one in records))
    assert sum(tenth.of for tenth in told.tenths) == 1500
    assert sum(tenth.won for tenth in told.tenths) == told.won
    if is_better:  # what is scored 60 to 69 is won about so often
        for tenth in told.tenths:
            assert tenth.of < 60 or abs(100 * tenth.won / tenth.of - tenth.low - 5) < 15


def test_a_pair_is_told_apart_as_often_as_pairs_say() -> None:
    rng = random.Random(2)
    told = [(rng.randrange(-20, 20), 50, rng.random() < 0.4) for _ in range(120)]
    pairs = [(a > b) + (a == b) / 2 for a, _, won in told if won for b, _, lost in told if not lost]
    assert judged(told).auc == pytest.approx(sum(pairs) / len(pairs), abs=0.001)


def test_small_groups_go_into_others_and_none_is_smaller_than_five(shared: Workspace) -> None:
    for entity in ("lead", "deal"):
        for table in (shared.scores or {})[entity]:
            assert min(group.of for term in table.terms for group in term.groups) >= 5
    [source, _] = _two(shared)
    term = grouped(source, ["web"] * 20 + ["call"] * 6 + ["fair"] * 3 + [None] * 2, "RUB")
    assert term is not None
    assert [(g.value, g.what) for g in term.groups] == [("web", ""), ("call", ""), ("", OTHER)]
    term = grouped(
        source, ["web"] * 20 + ["call"] * 6 + ["fair"] * 3, "RUB"
    )  # three would tell of three
    assert term is not None
    assert [(g.value, g.what) for g in term.groups] == [("web", ""), ("", OTHER)]


# -- nothing that is known only at the end --------------------------------------------------------------


def test_no_score_looks_at_what_says_the_end(shared: Workspace) -> None:
    for entity in ("lead", "deal"):
        names = {one.field.name for one in features(shared.schema, entity)}
        assert not names & AT_END
        assert {"source", "owner", "amount", "created_at", "utm"} <= names
        kinds = {one.field.kind.listed_in for one in features(shared.schema, entity)}
        assert "stages" not in kinds


def test_what_was_filled_in_with_the_end_counts_as_it_stood_before(
    tmp_path: Path,
) -> None:
    root = kit.workspace(tmp_path / "ws", PIPELINES, SETTINGS)
    ws = kit.opened(root, now=NOW - timedelta(days=40))
    rng, ids = random.Random(1), []
    with ws.change("fill") as change:
        for _ in range(140):
            deal = _made(ws, "deal", rng, 0)
            ids.append(deal.id)
            change.add(deal)
    later = kit.opened(root, now=NOW - timedelta(days=30))
    with later.change("end") as change:
        for number, record_id in enumerate(ids):
            good = number % 2 == 0
            deal = change.get(record_id)
            told = {**deal.custom, "verdict": "fine" if good else "dear"}
            change.save(replace(deal, custom=told, amount=Decimal(9 if good else 7)))
            win_in(change, later, record_id) if good else lose_in(
                change, later, record_id, reason="Дорого"
            )
    after = kit.opened(root)
    with after.change("later") as change:
        for record_id in ids[::2]:
            change.save(replace(change.get(record_id), source="referral"))
    found = train(kit.opened(root), "deal")
    [table] = found.tables
    assert (table.of, table.won) == (140, 70)
    told = {term.feature: term for term in table.terms}
    assert not {"verdict"} & set(told)
    assert not any("referral" in term.named for term in told.values())
    # ends came by turns: nothing that stood before tells them, and what came with them would tell all
    assert (table.trial.auc or 0.5) < 0.8


def test_a_field_that_only_one_end_has_is_left_out_and_named(ws: Workspace) -> None:
    with ws.change("hand") as change:  # an import, or a hand: nobody saw when it was filled in
        for deal in ws.select("deal", ws.condition("stage = lost", "deal")):
            content = change.get(deal.id)
            change.save(replace(content, custom={**content.custom, "verdict": "dear"}))
    for deal in ws.select("deal", ws.condition("stage = lost", "deal")):
        path = kit.file_of(ws, deal.id)
        path.write_text(path.read_text("utf-8"), "utf-8")
    shutil.rmtree(ws.root / "data/timeline")
    again = kit.opened(ws.root)
    found = train(again, "deal")
    assert found.left_out == ["verdict"]
    assert all(term.feature != "verdict" for table in found.tables for term in table.terms)
    [table] = train(again, "deal", taken=["verdict"]).tables
    assert "verdict" in {term.feature for term in table.terms}
    assert "source" not in {
        t.feature for t in train(again, "deal", without=["source"]).tables[0].terms
    }
    with pytest.raises(BadUsage, match="no score can be made of 'sourse'") as refused:
        train(again, "deal", without=["sourse"])
    assert refused.value.hint == "did you mean 'source'?"


def test_what_only_one_end_is_filled_with_is_told_of_fields_of_ours_too(shared: Workspace) -> None:
    known = {one.name: one for one in features(shared.schema, "lead")}
    chosen = [known["contact.filled"], known["phones.filled"]]
    rows = [Ended(f"lead-{n:08}", n % 3 == 0, ["no", "no"]) for n in range(300)]
    rows = [replace(one, keys=["yes" if one.won else "no", "yes" if n % 2 else "no"])
            for n, one in enumerate(rows)]  # fmt: skip
    assert [one.name for one in told_at_end(rows, chosen)] == ["contact.filled"]


# -- on the command line ---------------------------------------------------------------------------------


@pytest.fixture
def run(ws: Workspace, crm: Callable[..., Run]) -> Callable[..., Run]:
    """The real program in the base."""
    return partial(crm, cwd=ws.root, CRM_USER="anna", CRM_LANG="en")


def test_training_writes_a_file_that_says_the_same_again(
    ws: Workspace, run: Callable[..., Run]
) -> None:
    path = ws.root / "scores.yaml"
    path.unlink()
    dry = run("score", "train", "-n")
    assert dry.code == 0, dry.err
    assert "dry run: leads: learned on 2026-11-23" in dry.out
    assert not path.exists()
    first = run("score", "train")
    assert first.code == 0, first.err
    assert re.search(
        r"deals \(Продажи\): learned on .* from (\d+) closed, \d+ of them won", first.out
    )
    assert "of the tenth with the highest scores" in first.err
    assert "deals (Мелкие): 0 closed, 0 won, 0 lost; a score needs 100, 20 of each" in first.err
    text = path.read_bytes()
    assert run("check").code == 0, run("check").out
    assert run("score", "train", "deals").code == 0  # the leads keep theirs
    assert path.read_bytes() == text


def test_a_score_is_a_column_an_order_and_a_condition(
    ws: Workspace, run: Callable[..., Run]
) -> None:
    rows = json.loads(run("lead", "list", "--all", "--columns", "id,score", "--json").out)
    assert {type(row["score"]) for row in rows} == {int}
    high = {row["id"] for row in rows if row["score"] > 70}
    assert 0 < len(high) < len(rows)
    asked = run("lead", "list", "--all", "--where", "score > 70", "--ids").out.split()
    assert set(asked) == high
    ordered = json.loads(
        run("lead", "list", "--all", "--sort=-score", "--columns", "score", "--json").out
    )
    assert [row["score"] for row in ordered] == sorted((r["score"] for r in rows), reverse=True)
    assert f"Score, %: {rows[0]['score']}" in re.sub(
        r" +", " ", run("lead", "show", rows[0]["id"]).out
    )
    for line in (GUIDES / "en/scores.txt").read_text("utf-8").split("\n"):
        if line.startswith("  crm "):
            example = line.replace("7k3", rows[0]["id"])
            assert run(*shlex.split(example)[1:]).code == 0, line


def test_what_explains_a_score_adds_up_to_it(ws: Workspace, run: Callable[..., Run]) -> None:
    for entity in ("lead", "deal"):
        [record, *_] = ws.select(entity)
        rows = json.loads(run("score", "explain", record.id, "--json").out)
        *parts, total = [Decimal(str(row["adds"])) for row in rows]
        assert sum(parts) == total == ws.env.derive(record, "score")
        sizes = [abs(one) for one in parts[1:]]
        assert sizes == sorted(sizes, reverse=True)
        for row in rows[1:-1]:
            if row["feature"] == "source":
                where = f"source = {record.get('source')} and closed_at is not empty"
                assert row["of"] == len(ws.select(entity, ws.condition(where, entity)))


def test_without_a_file_and_with_too_few_it_is_one_line(
    tmp_path: Path, crm: Callable[..., Run]
) -> None:
    root = kit.workspace(tmp_path / "ws2", PIPELINES, SETTINGS)
    fill(kit.opened(root), 30, random.Random(3))
    run = partial(crm, cwd=root, CRM_USER="anna", CRM_LANG="en")
    record = run("lead", "list", "--ids", "--limit", "1").out.strip()
    for command in (
        ["lead", "list", "--columns", "id,score"], ["lead", "list", "--where", "score > 70"],
        ["deal", "list", "--sort=-score"], ["report", "sources", "--by", "score"],
        ["lead", "list", "--limit", "0", "--columns", "score"], ["export", "leads", "--columns", "id,score"],
        ["task", "list", "--sort=about.score"], ["task", "list", "--where", "about.score > 7"],
        ["score", "list"], ["score", "explain", record],
    ):  # fmt: skip
        done = run(*command)
        assert (done.code, done.out) == (1, ""), command
        assert (
            done.err == "crm: error: there are no scores yet\nhint: learn them: crm score train\n"
        )
    assert run("lead", "show", record).code == 0
    done = run("score", "train", "leads")
    assert done.code == 1
    assert re.fullmatch(
        r"crm: error: leads: \d\d closed, \d+ converted, \d+ junk; a score needs 100, 20 of each\n"
        r"hint: try again when more of them have ended\n",
        done.err,
    )
    assert not (root / "scores.yaml").exists()


WRONG = [
    (
        "- field: source",
        "- field: sourse",
        "no score can be made of 'sourse' (did you mean 'source'?)",
    ),
    ("    start:", "    strat:", "unknown key 'strat' (did you mean 'start'?"),
    ("odds: '", "odds: 'x", "is not a number"),
    ("odds: '", "odds: '-", "are no odds, which are more than 0"),
    (
        "- value: web",
        "- value: web\n            is: absent",
        "a group is one of value, is, or from and below",
    ),
    ("leads:", "laeds:", "unknown key 'laeds' (did you mean 'leads'?"),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_a_mistake_in_the_file_is_told_with_its_line(
    ws: Workspace, old: str, new: str, told: str
) -> None:
    text = (ws.root / "scores.yaml").read_text("utf-8")
    assert old in text
    changed = text.replace(old, new, 1)
    line = 1 + next(
        n
        for n, (a, b) in enumerate(zip(text.split("\n"), changed.split("\n"), strict=False))
        if a != b
    )
    (ws.root / "scores.yaml").write_text(changed, "utf-8")
    with pytest.raises(InvalidData) as refused:
        kit.opened(ws.root).rows("lead", ws.condition("score > 1", "lead"))
    assert any(f"scores.yaml:{n}: " in str(p) and told in str(p)
               for p in refused.value.problems for n in (line, line + 1, line - 1)), [
        str(p) for p in refused.value.problems]  # fmt: skip


def test_a_file_with_faults_hides_no_record(ws: Workspace, run: Callable[..., Run]) -> None:
    kit.replace(ws.root / "scores.yaml", "leads:", "laeds:")
    [lead, *_] = ws.select("lead")
    shown = run("lead", "show", lead.id)
    assert shown.code == 0
    assert "scores.yaml has 1 fault: see crm check" in shown.err
    assert run("lead", "list", "--all").code == 0
    asked = run("lead", "list", "--where", "score > 5")
    assert (asked.code, asked.out) == (6, "")
    assert "scores.yaml:3: unknown key 'laeds' (did you mean 'leads'?" in asked.err
    assert run("score", "train").code == 0  # it replaces what cannot be read
    assert run("check").code == 0


def test_pipelines_with_too_few_are_taken_together(tmp_path: Path) -> None:
    more = "  - id: tiny\n    name: Мини\n" + PIPELINES.partition("name: Мелкие\n")[2]
    root = kit.workspace(tmp_path / "ws", PIPELINES + more, SETTINGS)
    ws, rng = kit.opened(root), random.Random(11)
    with ws.change("fill") as change:
        for number in range(240):
            deal = _made(ws, "deal", rng, 1)
            own = "sales" if number < 120 else ["small", "tiny"][number % 2]
            change.add(replace(deal, pipeline=own))
    found = train(kit.opened(root), "deal")
    assert [(table.pipeline, table.of) for table in found.tables] == [("sales", 120), ("", 120)]
    assert [told[:14] for told in found.too_few] == ["deals (Мелкие)", "deals (Мини): "]
    scores.save(ws, ["deal"], found.tables)
    again = kit.opened(root)
    records = list(again.select("deal"))
    told = again.derived("deal", ["score"], [one.id for one in records])
    for one in records:
        assert told[one.id]["score"] == str(again.env.derive(one, "score"))


def test_a_field_that_is_gone_and_a_value_that_is_new_add_nothing(
    ws: Workspace, run: Callable[..., Run]
) -> None:
    lead = kit.lead(ws, source="web", owner="anna", phones="+7 916 123-45-67")
    path = ws.root / "scores.yaml"
    text = path.read_text("utf-8")
    before = kit.opened(ws.root).env.derive(lead, "score")
    path.write_text(text.replace("- value: web", "- value: fair", 1), "utf-8")
    assert _why(run, lead)["source"] == ("a value never seen: adds nothing", 0)
    without = kit.opened(ws.root).env.derive(lead, "score")
    assert without != before
    path.write_text(text.replace("- field: source", "- field: colour_of_roof", 1), "utf-8")
    assert _why(run, lead)["colour_of_roof"] == ("no such field any more: adds nothing", 0)
    assert kit.opened(ws.root).env.derive(lead, "score") == without
    checked = run("check")
    assert checked.code == 0
    assert "no field 'colour_of_roof' any more" in checked.err


def _why(run: Callable[..., Run], record: Record) -> dict[str, tuple[str, float]]:
    rows = json.loads(run("score", "explain", record.id, "--json").out)
    return {row["feature"]: (row["value"], row["adds"]) for row in rows}


def test_a_renamed_field_keeps_its_odds(ws: Workspace) -> None:
    kit.replace(ws.root / "scores.yaml", "deals:", "deals:\n  # looked at in autumn")
    text = (ws.root / "scores.yaml").read_text("utf-8")
    at = text.index("- field: source", text.index("deals:"))
    (ws.root / "scores.yaml").write_text(text[:at] + "- field: city" + text[at + 15 :], "utf-8")
    fields.rename(kit.opened(ws.root), "deal", "city", "town")
    [table] = (kit.opened(ws.root).scores or {})["deal"]
    assert "town" in {term.feature for term in table.terms}
    assert "# looked at in autumn" in (ws.root / "scores.yaml").read_text("utf-8")
