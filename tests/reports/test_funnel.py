"""The funnel's arithmetic: who reached what, who was lost where, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.model.event import Event
from crmcli.model.periods import ALWAYS, Period
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.stays import Dates
from crmcli.present.expanded import EXPANDED, expanded
from crmcli.sales import stages
from crmcli.sales.history import undo as undoing
from crmcli.store.timeline import csv_lines
from crmcli.workspace import Workspace
from tests import kit
from tests.reports.told import Told, read_funnel, told

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOW = START + timedelta(days=30)
SALES = Pipeline(
    "sales",
    "Продажи",
    "deal",
    (
        Stage("new", "Новая"),
        Stage("talks", "Переговоры"),
        Stage("paper", "Договор"),
        Stage("won", "Успех", "won"),
        Stage("lost", "Отказ", "lost"),
        Stage("spam", "Спам", "lost"),
    ),
)
LEADS = Pipeline(
    "leads",
    "Лиды",
    "lead",
    (
        Stage("new", "Новый"),
        Stage("converted", "Качественный", "won"),
        Stage("junk", "Мусор", "lost"),
    ),
)


SERVICE = Pipeline(
    "service", "Сервис", "deal", (Stage("first", "Первая"), Stage("won", "Да", "won"), Stage("lost", "Нет", "lost"))
)  # fmt: skip


def _declared(pipeline: Pipeline) -> str:
    return "".join(
        f"    - {{id: {stage.id}, name: {stage.name}, kind: {stage.kind}}}\n"
        for stage in pipeline.stages
    )


class Story:
    """Events as they come, one deal after another."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.dates: dict[str, Dates] = {}

    def add(self, record: str, day: float, kind: str, **data: Any) -> None:
        at = START + timedelta(days=day)
        self.dates.setdefault(record, Dates(at.timestamp()))
        self.events.append(Event(f"e{len(self.events):016}", at, "anna", kind, record, data=data))

    def deal(self, letter: str, *steps: tuple[float, str], pipeline: str = "sales") -> str:
        """A deal created on the first step's day, entering each further stage on its day."""
        record = f"deal-{letter * 8}"
        for n, (day, stage) in enumerate(steps):
            kind = "stage.entered" if n else "deal.created"
            came = {"from": steps[n - 1][1]} if n else {}
            self.add(record, day, kind, stage=stage, pipeline=pipeline, **came)
        return record

    def tell(
        self, shown: Pipeline = SALES, period: Period = ALWAYS, home: str = "sales"
    ) -> tuple[Told, Mapping[str, Any]]:
        """The funnel of a workspace in which that has happened."""
        with TemporaryDirectory() as folder:
            ws = self.workspace(Path(folder) / "ws", home)
            found = read_funnel(ws, shown, period)
            return found, {row.stage: row for row in found.rows}

    def workspace(self, root: Path, home: str) -> Workspace:
        deals = sorted((SALES, SERVICE), key=lambda one: one.id != home)
        text = f"leads:\n  stages:\n{_declared(LEADS)}deals:\n" + "".join(
            f"  - id: {one.id}\n    name: {one.name}\n    stages:\n{_declared(one)}"
            for one in deals
        )
        kit.workspace(root, text, "language: ru\ntime_zone: UTC\n")
        for record, dates in self.dates.items():
            self._write(root, record, dates)
        path = "data/timeline/2026-11/story.csv"
        ordered = sorted(self.events, key=lambda event: event.id)
        kit.write(root, path, csv_lines.lines(ordered, csv_lines.tail(root, path)).decode())
        return kit.opened(root, now=NOW)

    def _write(self, root: Path, record: str, dates: Dates) -> None:
        entity, _, letters = record.partition("-")
        own = [
            event.data for event in self.events if event.record == record and "stage" in event.data
        ]
        lines = [f"id: {record}", "name: Кровля"]
        if entity == "deal":
            lines.append(
                f"pipeline: {next((d['pipeline'] for d in own[::-1] if 'pipeline' in d), 'sales')}"
            )
        lines.append(f"stage: {own[-1]['stage'] if own else 'new'}")
        for name, seconds in (("closed_at", dates.closed), ("created_at", dates.created)):
            if seconds is not None:
                lines.append(f"{name}: '{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}'")
        kit.write(root, f"data/{entity}s/{letters[0]}/{record}.yaml", "\n".join(lines) + "\n")


def test_nothing_gives_a_funnel_of_noughts() -> None:
    found, rows = Story().tell()
    assert found.cohort == 0
    assert list(rows) == ["new", "talks", "paper", "won", "lost", "spam"]
    assert rows["new"].reached == 0
    assert rows["new"].to_next is None
    assert rows["won"].overall is None
    assert rows["new"].median_days is None


def test_a_cohort() -> None:
    story = Story()
    story.deal("a", (0, "new"), (1, "talks"), (3, "paper"), (7, "won"))
    story.deal("b", (0, "new"), (2, "talks"), (4, "lost"))
    story.deal("c", (0, "new"), (20, "talks"))
    story.deal("d", (0, "new"))
    found, rows = story.tell()
    assert found.cohort == 4
    assert [rows[s].reached for s in rows] == [4, 3, 1, 1, 1, 0]
    assert [rows[s].moved_on for s in ("new", "talks", "paper")] == [3, 1, 1]
    assert [rows[s].to_next for s in ("new", "talks", "paper")] == [75.0, 33.3, 100.0]
    assert [rows[s].overall for s in rows] == [100.0, 75.0, 25.0, 25.0, 25.0, 0.0]
    assert [rows[s].lost for s in ("new", "talks", "paper")] == [0, 1, 0]
    assert [rows[s].open for s in ("new", "talks", "paper")] == [1, 1, 0]


def test_going_to_lost_is_no_step_ahead() -> None:
    story = Story()
    story.deal("a", (0, "new"), (1, "lost"))
    _, rows = story.tell()
    assert rows["new"].moved_on == 0
    assert rows["new"].to_next == 0.0
    assert rows["new"].lost == 1
    assert rows["talks"].reached == 0
    assert rows["lost"].reached == 1


def test_a_skipped_stage_was_reached() -> None:
    story = Story()
    story.deal("a", (0, "new"), (1, "paper"))
    story.deal("b", (0, "paper"))
    _, rows = story.tell()
    assert [rows[s].reached for s in ("new", "talks", "paper", "won")] == [2, 2, 2, 0]
    assert rows["talks"].to_next == 100.0
    assert rows["talks"].median_days is None  # nobody stood there


def test_won_at_once() -> None:
    story = Story()
    story.deal("a", (0, "won"))
    story.deal("b", (0, "spam"))
    _, rows = story.tell()
    assert [rows[s].reached for s in ("new", "talks", "paper", "won", "spam")] == [1, 1, 1, 1, 1]
    assert rows["new"].lost == 0  # nobody knows that it ever stood there


def test_a_step_back_keeps_what_was_reached() -> None:
    story = Story()
    story.deal("a", (0, "new"), (1, "paper"), (2, "new"))
    _, rows = story.tell()
    assert [rows[s].reached for s in ("new", "talks", "paper")] == [1, 1, 1]
    assert (rows["paper"].open, rows["new"].open) == (1, 0)
    assert (rows["new"].waiting, rows["paper"].waiting) == (1, 0)


def test_a_reopened_deal_is_not_won_and_not_lost() -> None:
    story = Story()
    story.deal("a", (0, "new"), (1, "talks"), (2, "won"), (3, "talks"))
    story.deal("b", (0, "new"), (1, "lost"), (5, "new"), (6, "paper"))
    found, rows = story.tell()
    assert found.reopened == 2
    assert rows["won"].reached == 0
    assert rows["lost"].reached == 0
    assert [rows[s].reached for s in ("new", "talks", "paper")] == [2, 2, 1]
    assert sum(row.lost or 0 for row in rows.values()) == 0


def test_time_in_a_stage_is_told_for_ended_stays_and_apart_for_those_that_go_on() -> None:
    story = Story()
    for n, letter in enumerate("abcdefghjk"):  # stays of 1 to 10 days
        story.deal(letter, (0, "new"), (n + 1, "talks"))
    story.deal("m", (10, "new"))
    _, rows = story.tell()
    assert rows["new"].median_days == 5.5
    assert rows["new"].p90_days == 9.1
    assert rows["new"].waiting == 1
    assert rows["new"].waiting_days == 20.0
    assert rows["talks"].median_days is None
    assert rows["talks"].waiting == 10
    assert rows["won"].median_days is None


def test_the_way_to_lost_ends_a_stay_and_a_second_entry_begins_a_new_one() -> None:
    story = Story()
    story.deal("a", (0, "new"), (2, "lost"), (5, "new"), (9, "talks"))
    _, rows = story.tell()
    assert rows["new"].median_days == 3.0  # stays of 2 and 4 days


def test_entering_the_stage_where_it_stands_is_no_new_stay() -> None:
    story = Story()
    story.deal("a", (0, "new"), (3, "new"), (8, "talks"))
    _, rows = story.tell()
    assert rows["new"].median_days == 8.0


def test_a_period_takes_those_that_came_in_it_whatever_became_of_them() -> None:
    story = Story()
    story.deal("a", (0, "new"), (9, "won"))
    story.deal("b", (5, "new"), (6, "talks"))
    story.deal("c", (10, "new"))
    period = Period(date(2026, 11, 7), date(2026, 11, 11))
    found, rows = story.tell(period=period)
    assert found.cohort == 1
    assert rows["talks"].reached == 1
    found, rows = story.tell(period=Period(last=date(2026, 11, 6)))
    assert found.cohort == 1
    assert rows["won"].reached == 1


def test_only_records_that_are_there_and_fit() -> None:
    story = Story()
    gone = story.deal("a", (0, "new"))
    back = story.deal("b", (0, "new"), (1, "talks"))
    story.add(gone, 2, "deal.removed")
    story.add(back, 2, "deal.removed")
    story.add(back, 3, "deal.created", stage="talks", pipeline="sales")
    del story.dates[gone]
    found, rows = story.tell()
    assert (found.cohort, rows["talks"].reached) == (1, 1)
    assert rows["talks"].waiting_days == 29.0


def came_in(story: Story, record: str, stage: str, created: float, **more: Any) -> None:
    """An import on day 20 of a record that was created, and perhaps closed, before."""
    closed = more.pop("closed", None)
    days = [START + timedelta(days=d) for d in (created, closed or 0)]
    story.dates[record] = Dates(days[0].timestamp(), days[1].timestamp() if closed else None)
    story.add(record, 20, "deal.created", stage=stage, pipeline="sales", **more)


def test_imported_deals_count_from_their_creation_and_in_stages_that_are_known() -> None:
    story = Story()
    came_in(story, "deal-aaaaaaaa", "talks", 2)
    came_in(story, "deal-bbbbbbbb", "won", 3, closed=8)
    came_in(story, "deal-cccccccc", "lost", 4, closed=9)
    stood = {
        s: f"2026-11-{day:02}T09:00:00Z" for s, day in (("new", 7), ("paper", 12), ("lost", 15))
    }
    came_in(story, "deal-dddddddd", "lost", 5, closed=13, stood=stood)
    found, rows = story.tell()
    assert found.cohort == 4
    assert [rows[s].reached for s in rows] == [3, 3, 2, 1, 2, 0]
    assert rows["talks"].waiting_days == 28.0
    assert (rows["new"].median_days, rows["paper"].median_days) == (5.0, 3.0)
    assert rows["paper"].lost == 1
    found, rows = story.tell(period=Period(date(2026, 11, 6), date(2026, 11, 6)))
    assert (found.cohort, rows["new"].reached, rows["lost"].reached) == (1, 0, 1)


def test_deals_of_other_pipelines_count_from_their_entry_and_until_they_leave() -> None:
    story = Story()
    guest = story.deal("a", (0, "first"), pipeline="service")
    story.add(guest, 4, "stage.entered", stage="talks", pipeline="sales", **{"from": "first"})
    left = story.deal("b", (0, "new"), (2, "talks"))
    story.add(left, 5, "stage.entered", stage="first", pipeline="service", **{"from": "talks"})
    story.deal("c", (0, "first"), pipeline="service")
    found, rows = story.tell(period=Period(START.date()))
    assert found.cohort == 2
    assert rows["talks"].reached == 2
    assert rows["talks"].moved_away == 1
    assert rows["talks"].open == 1
    assert rows["talks"].median_days == 3.0
    found, _ = story.tell(period=Period(date(2026, 11, 3)))
    assert found.cohort == 1


def test_a_stage_that_is_no_longer_declared_is_open_and_no_step() -> None:
    story = Story()
    story.deal("a", (0, "new"), (1, "trial"))
    story.deal("b", (0, "trial"), (1, "talks"))
    _, rows = story.tell()
    assert rows["new"].reached == 2
    assert rows["new"].open == 1
    assert rows["talks"].reached == 1


def test_events_out_of_order_and_of_other_records_do_no_harm() -> None:
    story = Story()
    story.deal("a", (0, "new"), (1, "talks"), (2, "won"))
    story.add("lead-aaaaaaaa", 0, "lead.created", stage="new")
    story.add("deal-aaaaaaaa", 1, "note", text="позвонить")
    story.events.reverse()
    found, rows = story.tell()
    assert found.cohort == 1
    assert rows["won"].reached == 1


def test_leads_have_no_pipeline_in_their_events() -> None:
    story = Story()
    story.add("lead-aaaaaaaa", 0, "lead.created", stage="new")
    story.add("lead-aaaaaaaa", 1, "stage.entered", stage="converted", **{"from": "new"})
    story.add("lead-bbbbbbbb", 0, "lead.created", stage="new")
    story.add("lead-bbbbbbbb", 0, "stage.entered", stage="junk", **{"from": "new"})
    found, _ = story.tell(LEADS)
    assert [(row.stage, row.reached) for row in found.rows] == [
        ("new", 2), ("converted", 1), ("junk", 1),
    ]  # fmt: skip


def test_a_deal_whose_events_name_no_pipeline_is_at_home() -> None:
    story = Story()
    story.add("deal-aaaaaaaa", 0, "deal.created", stage="new")
    story.add("deal-aaaaaaaa", 1, "stage.entered", stage="talks")
    assert story.tell(home="sales")[0].cohort == 1
    assert story.tell(home="service")[0].cohort == 0


WAYS = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["new", "talks", "paper", "won", "lost", "spam", "trial"]),
                  st.sampled_from(["sales", "service"])),
        min_size=1, max_size=8,
    ),
    max_size=8,
)  # fmt: skip


@given(WAYS)
@settings(max_examples=60, deadline=None)
def test_every_record_is_somewhere_and_a_funnel_never_widens(
    ways: list[list[tuple[str, str]]],
) -> None:
    story = Story()
    for n, way in enumerate(ways):
        for day, (stage, pipeline) in enumerate(way):
            kind = "stage.entered" if day else "deal.created"
            story.add(f"deal-{n:08}", day, kind, stage=stage, pipeline=pipeline)
    found, rows = story.tell()
    assert found.cohort == sum(any(p == "sales" for _, p in way) for way in ways)
    steps = [row for row in found.rows if row.stage not in ("lost", "spam")]
    came = [way for way in ways if any(p == "sales" for _, p in way)]
    ends = {"won", "lost", "spam"}
    unknown = [
        way for way in came
        if {s for s, p in way if p == "sales"} <= ends and way[-1] != ("won", "sales")
    ]  # fmt: skip
    assert steps[0].reached == found.cohort - len(unknown)
    for row, following in pairwise(steps):
        assert row.moved_on == following.reached <= row.reached
        assert row.reached == (row.moved_on or 0) + (row.lost or 0) + (row.open or 0) + (
            row.moved_away or 0
        )
    lost = sum(row.lost or 0 for row in steps)
    lost += sum(way[-1][1] == "sales" for way in unknown)
    assert lost == rows["lost"].reached + rows["spam"].reached
    assert rows["won"].reached == sum(way[-1] == ("won", "sales") for way in ways)


@pytest.mark.parametrize("wrong", [-4000, -1, 1, 4000])
def test_a_clock_that_was_wrong_makes_no_stay_absurd(ws: Workspace, wrong: int) -> None:
    """A lead that came at a wrong time, and one that moved at one."""

    def at(moment: datetime) -> Workspace:
        return Workspace.open(ws.root, now=moment)

    jump = timedelta(days=wrong)
    one = kit.lead(at(ws.now + jump), name="А", emails="a@b.example").id
    stages.move(at(ws.now + timedelta(hours=1)), one, "working")
    two = kit.lead(at(ws.now), name="Б", emails="b@b.example").id
    stages.move(at(ws.now + timedelta(hours=1) + jump), two, "working")
    later = at(ws.now + timedelta(hours=2))
    rows = {row.stage: row for row in read_funnel(later, later.pipelines.leads).rows}
    assert 0 <= (rows["new"].median_days or 0) <= 0.1 + max(0, -wrong)
    assert 0 <= (rows["working"].waiting_days or 0) <= 0.1


@given(st.lists(st.tuples(st.dates(date(2026, 9, 1), date(2026, 11, 20)), st.integers(0, 23),
                          st.sampled_from(["new", "working", "junk"])), max_size=6),
       st.dates(date(2026, 9, 1), date(2026, 11, 25)), st.integers(0, 40))  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_list_report_and_funnel_agree_on_who_came(
    tmp_path_factory: pytest.TempPathFactory,
    leads: list[tuple[date, int, str]],
    first: date,
    days: int,
) -> None:
    """Leads of a file, with their dates, and one that is made by hand and moved."""
    ws = kit.opened(
        kit.workspace(tmp_path_factory.mktemp("ws"), kit.pipelines(), "time_zone: Europe/Moscow\n")
    )
    rows = [f"Лид {n},{day} {hour:02}:30,{stage}" for n, (day, hour, stage) in enumerate(leads)]
    if rows:
        kit.bring(ws, "lead", "\n".join(["name,created_at,stage", *rows]) + "\n")
    stages.move(ws, kit.lead(ws, name="Своими руками").id, "working")
    later = kit.opened(ws.root)
    last = first + timedelta(days=days)
    until = last + timedelta(days=1)
    period = Period(first, last)
    condition = later.condition(f"created_at >= {first} and created_at < {until}", "lead")
    listed = later.count("lead", condition)
    assert listed == sum(first <= day <= last for day, _, _ in leads) + (
        first <= ws.now.date() <= last
    )
    assert sum(row.leads for row in told(later, "leads", ["stage"], period=period).rows) == listed
    assert read_funnel(later, later.pipelines.leads, period).cohort == listed


STEPS = st.tuples(st.integers(0, 2), st.sampled_from(["new", "talks", "won", "lost"]))


@given(st.lists(STEPS, max_size=4), st.lists(STEPS, min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_what_was_undone_counts_nowhere(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[int, str]],
    after: list[tuple[int, str]],
) -> None:
    """Moves on, back, to ends and out of them, then undone: the funnel and the stages of each deal are those of
    before; redone, those of after."""
    folder = tmp_path_factory.mktemp("undone") / "ws"
    ws = kit.opened(kit.workspace(folder, kit.pipelines(), "language: ru\ntime_zone: UTC\n"))
    ids = [kit.deal(ws, name=f"Кровля {n}").id for n in range(3)]

    def counted() -> tuple[Told, list[list[str]]]:
        ws.look_again()
        stays = [[s["stage"] for s in expanded(ws, ws.get(one))[EXPANDED]["stages"]] for one in ids]
        return read_funnel(ws, ws.pipelines.deals[0]), stays

    def go(steps: list[tuple[int, str]]) -> int:
        return sum(stages.move(ws, ids[n], to, reopen=True).moved for n, to in steps)

    go(before)
    was = counted()
    count = go(after)
    became = counted()
    for _ in range(count):
        undoing.undo(ws)
    assert counted() == was
    for _ in range(count):
        undoing.redo(ws)
    assert counted() == became


def test_who_had_gone_on_by_the_undo_has_gone_on(ws: Workspace) -> None:
    deal = kit.deal(ws, amount="100", contacts=kit.contact(ws).id).id
    stages.move(ws, deal, "offer")
    ws.look_again()
    moved = ws.events(record=deal)[-1].id
    stages.move(ws, deal, "invoice")
    ws.look_again()
    was = read_funnel(ws, ws.pipelines.deals[0])
    undoing.undo_at(ws, moved)
    ws.look_again()
    assert read_funnel(ws, ws.pipelines.deals[0]) == was
