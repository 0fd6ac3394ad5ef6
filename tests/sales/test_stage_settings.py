"""Stages by command: the file, the records that stand in them, and all that names them."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from pathlib import Path

import pytest

from crmcli.automation.tick import tick
from crmcli.errors import CrmError
from crmcli.sales import stages as moving
from crmcli.sales.checks.check import problems
from crmcli.sales.history import undo
from crmcli.sales.settings import pipelines, stages
from crmcli.workspace import Workspace
from tests import kit
from tests.reports.told import read_funnel

ROBOTS = """
leads:
  stages:
    - {id: new, name: Новый}
    - {id: converted, name: Качественный, kind: won}
    - {id: junk, name: Некачественный, kind: lost}
deals:
  - id: sales
    name: Продажи
    stages:
      - id: request
        name: Запрос
        robots:
          - {id: next, do: move, with: {stage: offer}, after: 30d}
      # ждёт ответа
      - id: offer
        name: 'Предложение'
        color: '#2fc6f6'   # голубой
        robots:
          - {id: ask, do: task, with: {title: "Спросить: offer"}}
          - {id: chase, do: task, with: {title: "Ещё раз"}, after: 3d, when: stage = "Предложение"}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Отказ, kind: lost}
    schedules:
      - id: late
        cron: '0 9 * * *'
        do: task
        with: {title: "Просрочено"}
        where: close_by < today and stage in (request, offer)
  - id: service
    name: Сервис
    stages:
      - {id: start, name: Начало}
      - {id: fine, name: Готово, kind: won}
      - {id: bad, name: Срыв, kind: lost}
"""
VIEWS = """\
deals:
  - {id: mine, where: stage = offer}   # мои
tasks:
  - {id: of, where: about.stage != Предложение}
"""


@pytest.fixture
def deals(folder: Path) -> Path:
    """The small workspace with robots and views that name a stage."""
    (folder / "pipelines.yaml").write_text(ROBOTS, encoding="utf-8")
    (folder / "views.yaml").write_text(VIEWS, encoding="utf-8")
    return folder


def text(root: Path, name: str = "pipelines.yaml") -> str:
    return (root / name).read_text(encoding="utf-8")


def waiting(ws: Workspace) -> list[str]:
    return [str(row["name"]) for row in kit.all_of(ws, "task")]


def test_a_new_id_is_carried_into_all_that_names_it(deals: Path) -> None:
    ws = kit.opened(deals)
    record = kit.deal(ws, stage="offer").id
    other = kit.deal(ws, stage="request").id
    done = stages.rename(ws, ws.pipelines.deals[0], "offer", "КП отправлено", "proposal")
    assert done.records == 1
    expected = (
        ROBOTS.replace("id: offer", "id: proposal")
        .replace("'Предложение'", "'КП отправлено'")
        .replace("stage: offer", "stage: proposal")
        .replace('when: stage = "Предложение"', 'when: stage = "КП отправлено"')
        .replace("(request, offer)", "(request, proposal)")
    )
    assert text(deals) == expected
    assert text(deals, "views.yaml") == VIEWS.replace("= offer", "= proposal").replace(
        "!= Предложение", '!= "КП отправлено"'
    )
    ws = kit.opened(deals)
    assert [ws.get(i).get("stage") for i in (record, other)] == ["proposal", "request"]
    assert not problems(ws)


def test_a_new_id_is_no_move(deals: Path) -> None:
    """What robots did is done, what waits goes on waiting, with one rename, two, and taken back."""
    ws = kit.opened(deals)
    record = kit.deal(ws, stage="offer").id
    tick(ws)
    assert waiting(ws) == ["Спросить: offer"]
    for old, new in (("offer", "proposal"), ("proposal", "quote")):
        stages.rename(ws, ws.pipelines.deals[0], old, new_id=new)
    tick(kit.opened(deals, now=kit.NOW + timedelta(days=1)))
    assert waiting(kit.opened(deals)) == ["Спросить: offer"]
    later = kit.opened(deals, now=kit.NOW + timedelta(days=2))
    undo.undo(later)
    assert later.get(record).get("stage") == "proposal"
    tick(kit.opened(deals, now=kit.NOW + timedelta(days=2, hours=1)))
    assert len(waiting(kit.opened(deals))) == 1
    tick(kit.opened(deals, now=kit.NOW + timedelta(days=3, hours=1)))
    assert waiting(kit.opened(deals)) == ["Ещё раз", "Спросить: offer"]
    entries = kit.opened(deals).events(record=record, kinds=("stage.entered",))
    assert not entries


def test_a_file_dropped_in_keeps_its_robots_as_well(deals: Path) -> None:
    ws = kit.opened(deals)
    made = f"id: deal-abcd2345\nname: Из файла\npipeline: sales\nstage: offer\ncreated_at: {kit.NOW:%Y-%m-%dT%H:%M:%SZ}\n"
    kit.write(deals, kit.record_path("deal-abcd2345"), made)
    tick(ws)
    tick(kit.opened(deals))
    before = waiting(kit.opened(deals))
    ws = kit.opened(deals)
    stages.rename(ws, ws.pipelines.deals[0], "offer", new_id="proposal")
    tick(kit.opened(deals, now=kit.NOW + timedelta(hours=1)))
    assert waiting(kit.opened(deals)) == before


def test_the_funnel_knows_a_renamed_stage(deals: Path) -> None:
    ws = kit.opened(deals)
    ids = [kit.deal(ws, stage="offer").id for _ in range(3)]
    moving.move(ws, ids[0], "won")

    def reached() -> list[int]:
        again = kit.opened(deals)
        return [row.reached for row in read_funnel(again, again.pipelines.deals[0]).rows]

    before = reached()
    stages.rename(ws, ws.pipelines.deals[0], "offer", new_id="proposal")
    assert reached() == before
    undo.undo(kit.opened(deals))
    assert reached() == before


SHARED = """\
leads:
  stages:
    - {id: new, name: Новый}
    - {id: converted, name: Качественный, kind: won}
    - {id: junk, name: Некачественный, kind: lost}
deals:
  - id: sales
    name: Продажи
    stages:
      - {id: start, name: Запрос}
      - {id: offer, name: Смета А}
      - {id: q, name: КП}
      - {id: deal, name: Договор}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Отказ, kind: lost}
  - id: service
    name: Сервис
    stages:
      - id: start
        name: Заявка
        robots:
          - {id: up, do: move, with: {stage: offer}, after: 1d, when: stage = offer or stage = КП}
      - {id: offer, name: Смета Б}
      - {id: kp, name: КП}
      - {id: work, name: Работы}
      - {id: won, name: Готово, kind: won}
      - {id: lost, name: Срыв, kind: lost}
"""


def _conditions() -> list[str]:
    """Conditions that name stages in many ways, most of which several pipelines have."""
    stage = ["= offer", "!= offer", '= "КП"', "!= кп", "in (offer, start)", 'in ("Работы", deal)', "= won",
             "in (КП, start)", "= Договор", "is not empty"]  # fmt: skip
    which = ["= sales", "= Сервис", "!= sales", "in (sales, service)", "is not empty"]
    rng = random.Random(7)
    alone = [f"stage {one}" for one in stage]
    both = [f"stage {s} and pipeline {p}" for s in stage for p in which]
    joined = [
        f"pipeline {rng.choice(which)} and ({rng.choice(alone)} or not {rng.choice(alone)})"
        for _ in range(40)
    ]
    either = [f"{rng.choice(both)} or {rng.choice(alone)}" for _ in range(40)]
    russian = [one.replace("stage", "стадия").replace("pipeline", "воронка") for one in both]
    return [*alone, *kit.some([*both, *joined, *either, *russian], 3)]


@pytest.mark.parametrize(
    ("pipeline", "ref", "name", "new_id"),
    kit.some(
        [
            (0, "offer", "", "proposal"),
            (1, "offer", "", "proposal"),
            (0, "offer", "Предложение", "proposal"),
            (0, "q", "Предложение", ""),
            (0, "q", "Предложение", "start-2"),
            (1, "kp", "Сметка", ""),
            (0, "offer", "", "kp"),
            (0, "deal", "Смета Б", ""),
            (0, "deal", "Работы", ""),
            (1, "work", "Дело", ""),
            (1, "kp", "Offer!", "q"),
            (0, "won", "Ура", "hurra"),
            (0, "start", "Offer!", "work"),
        ],
        3,
    ),
)
def test_views_select_the_same_after_a_rename_whatever_other_pipelines_call_theirs(
    folder: Path, pipeline: int, ref: str, name: str, new_id: str
) -> None:
    """Each condition selects the records that it did, unless a line is told that it does not."""
    (folder / "pipelines.yaml").write_text(SHARED, encoding="utf-8")
    conditions = _conditions()
    rows = "".join(f"  - {{id: v{n}, where: '{text}'}}\n" for n, text in enumerate(conditions))
    (folder / "views.yaml").write_text("deals:\n" + rows, encoding="utf-8")
    ws = kit.opened(folder)
    for line in ws.pipelines.deals:
        for stage in line.stages:
            reason = {"lost_reason": "price"} if stage.kind == "lost" else {}
            kit.deal(ws, pipeline=line.id, stage=stage.id, **reason)
    [first] = [p for p in (folder / "data/deals").glob("*/*.yaml") if _stands(p, "sales", "offer")]
    first.write_text(first.read_text("utf-8").replace("pipeline: sales\n", ""), "utf-8")

    def selected() -> list[set[str]]:
        again = kit.opened(folder)
        views = {view.id: view for view in again.views["deal"]}
        return [
            {row.id for row in again.select("deal", again.condition(views[f"v{n}"].where, "deal"))}
            for n in range(len(conditions))
        ]

    before = selected()
    ws = kit.opened(folder)
    stages.rename(ws, ws.pipelines.deals[pipeline], ref, name, new_id)
    told = {int(n) - 2 for note in ws.notes for n in re.findall(r"views.yaml:(\d+) means", note)}
    assert not told or new_id in ("kp", "work", "q") or name == "Работы"
    for n, (was, now) in enumerate(zip(before, selected(), strict=True)):
        if n not in told:
            assert was == now, (conditions[n], text(folder, "views.yaml").split("\n")[n + 1])
    robot = kit.opened(folder).pipelines.deals[1].stages[0].robots[0]
    assert robot.moves_to == (new_id if (pipeline, ref) == (1, "offer") else "offer")
    assert not problems(kit.opened(folder))
    undo.undo(kit.opened(folder))
    assert text(folder) == SHARED
    assert selected() == before


def _stands(path: Path, pipeline: str, stage: str) -> bool:
    text = path.read_text("utf-8")
    return f"pipeline: {pipeline}\n" in text and f"stage: {stage}\n" in text


def test_a_shared_stage_goes_where_nothing_means_it_alone(deals: Path) -> None:
    """What another pipeline's stage is called too is no reason to keep it, save where ours alone is meant."""
    kit.replace(deals / "pipelines.yaml", "{id: start, name: Начало}", "{id: offer, name: Начало}")
    for old in ("stage: offer", "(request, offer)"):
        kit.replace(deals / "pipelines.yaml", old, old.replace("offer", "won"))
    ws = kit.opened(deals)
    (deals / "views.yaml").write_text(VIEWS.split("tasks")[0], "utf-8")
    stages.remove(ws, ws.pipelines.deals[0], "offer")
    undo.undo(kit.opened(deals))
    mine = VIEWS.split("tasks")[0].replace("stage = offer", "stage = offer and pipeline = Продажи")
    (deals / "views.yaml").write_text(mine, "utf-8")
    ws = kit.opened(deals)
    with pytest.raises(CrmError, match=r"views\.yaml mentions 'offer' in line 2"):
        stages.remove(ws, ws.pipelines.deals[0], "offer")
    stages.remove(ws, ws.pipelines.deals[0], "offer", "request")
    assert text(deals, "views.yaml") == mine.replace("stage = offer", "stage = request")


def test_a_stage_goes_with_its_robots_and_its_records_elsewhere(deals: Path) -> None:
    ws = kit.opened(deals)
    ids = [kit.deal(ws, stage="offer").id for _ in range(2)]
    tick(ws)
    ws = kit.opened(deals)
    done = stages.remove(ws, ws.pipelines.deals[0], "offer", "request")
    assert done.records == 2
    ws = kit.opened(deals)
    assert {ws.get(i).get("stage") for i in ids} == {"request"}
    assert "ждёт ответа" not in text(deals)
    assert "stage in (request)" in text(deals)
    tick(kit.opened(deals, now=kit.NOW + timedelta(days=4)))
    assert "Ещё раз" not in waiting(kit.opened(deals))


@pytest.mark.parametrize(
    ("ref", "after", "before", "order"),
    [
        ("request", "offer", "", "offer request won lost"),
        ("request", "", "won", "offer request won lost"),
        ("offer", "", "request", "offer request won lost"),
        ("lost", "request", "", "request lost offer won"),
        ("request", "lost", "", "offer won lost request"),
        ("offer", "request", "", "request offer won lost"),
        ("offer", "", "won", "request offer won lost"),
    ],
)
def test_a_stage_stands_where_it_was_put(
    deals: Path, ref: str, after: str, before: str, order: str
) -> None:
    ws = kit.opened(deals)
    stages.move(ws, ws.pipelines.deals[0], ref, after, before)
    assert order_of(deals) == order


@pytest.mark.parametrize(
    ("kind", "order"),
    [("open", "request offer x won lost"), ("lost", "request offer won lost x")],
)
def test_a_new_stage_stands_behind_its_like(deals: Path, kind: str, order: str) -> None:
    ws = kit.opened(deals)
    stages.add(ws, ws.pipelines.deals[0], "X", {"kind": kind})
    assert order_of(deals) == order


def order_of(root: Path) -> str:
    return " ".join(stage.id for stage in kit.opened(root).pipelines.deals[0].stages)


def test_a_lost_deal_keeps_when_it_was_closed(ws: Workspace) -> None:
    deal = kit.deal(ws, amount="100").id
    moving.move(ws, deal, "cheap", reason="price")  # closed at NOW
    later = kit.opened(ws.root, now=kit.NOW + timedelta(days=9))
    stages.remove(later, later.pipelines.deals[0], "cheap", "lost")
    moved = kit.opened(ws.root).get(deal)
    assert (moved.get("stage"), moved.get("closed_at"), moved.get("lost_reason")) == (
        "lost", kit.NOW, "price",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "stage_id"),
    [
        ("Договор", "dogovor"),
        ("2-й щит", "y-schit"),
        ("Client's OK!", "client-s-ok"),
        ("Объезд", "obezd"),
    ],
)
def test_an_id_is_made_of_a_name(name: str, stage_id: str) -> None:
    assert stages.id_from(name) == stage_id


def test_undo_gives_every_file_back(deals: Path) -> None:
    ws = kit.opened(deals)
    kit.deal(ws, stage="offer")

    def state() -> dict[str, object]:
        records = {p: data for p, data in kit.records_of(deals).items() if "deals" in p}
        return {**records, "p": text(deals), "v": text(deals, "views.yaml")}

    before = state()
    line = ws.pipelines.deals[0]
    acts = [
        lambda ws: stages.add(ws, line, "Договор", {"color": "#f7d325"}, after="offer"),
        lambda ws: stages.rename(ws, line, "offer", "КП", "proposal"),
        lambda ws: stages.move(ws, line, "offer", "", "request"),
        lambda ws: stages.change(ws, line, "offer", {"max_days": "5"}, ("color",)),
        lambda ws: stages.remove(ws, line, "offer", "request"),
    ]
    for act in acts:
        act(kit.opened(deals))
        assert text(deals) != before["p"]
        undo.undo(kit.opened(deals))
        assert state() == before


def test_who_has_ended_in_a_pipeline_that_goes_away_ends_in_the_other(deals: Path) -> None:
    """Also where a stage there has the same id and ends nothing."""
    kit.replace(deals / "pipelines.yaml", "id: fine,", "id: offer,")
    kit.replace(deals / "pipelines.yaml", "id: bad,", "id: lost,")
    ws = kit.opened(deals)
    ids = {name: kit.deal(ws, name=name, pipeline="service").id for name in ("offer", "lost")}
    for stage, deal in ids.items():
        moving.move(ws, deal, stage, reason="" if stage == "offer" else "price")
    pipelines.remove(ws, ws.pipelines.deals[1], "sales/request")
    ws = kit.opened(deals)
    assert [ws.get(ids[stage]).get("stage") for stage in ("offer", "lost")] == ["won", "lost"]


def test_records_that_may_not_stand_there_keep_the_stage(ws: Workspace) -> None:
    kit.deal(ws)
    before = text(ws.root)
    with pytest.raises(CrmError, match="amount"):
        stages.remove(ws, ws.pipelines.deals[0], "request", "offer")
    assert text(ws.root) == before
