"""The kanban: how it is drawn at any width, and what stands on it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.cli.board import draw
from crmcli.cli.output import Output
from crmcli.model.pipeline import Stage
from crmcli.present.board import BoardCard, Lane
from crmcli.present.cells import Locale
from crmcli.present.text_width import width

Crm = Callable[..., Any]

NEW = Lane(
    Stage("new", "Новая", color="#39a8ef"),
    12,
    {"RUB": Decimal(4_550_000), "USD": Decimal("1200.50")},
    [
        BoardCard(
            "deal-7k3qf2m9",
            "Окна для ООО «Ромашка» в бизнес-центр на проспекте",
            "1 250 000 ₽",
            "Анна",
            "2d",
        ),
        BoardCard("deal-8a4rg3n0", "漢字の大きな取引", "", "", "12d > 3d", overdue=True),
    ],
)
TALKS = Lane(
    Stage("talks", "Переговоры с заказчиком о цене"),
    1,
    {"RUB": Decimal(10)},
    [BoardCard("deal-9b5sh4p1", "Двери", "10 ₽", "", "")],
)
WON = Lane(Stage("won", "Успех", "won"))


def printer(**more: Any) -> Output:
    out = Output(color=False, **more)
    out.locale = Locale("ru", ZoneInfo("Europe/Moscow"), "RUB")
    return out


def drawn(lanes: list[Lane], room: int) -> list[str]:
    return [line.replace("\u00a0", " ") for line in draw(lanes, room, printer())]


def test_a_board() -> None:
    assert drawn([NEW, TALKS, WON], 70) == [
        "Новая               12  Переговоры с заказч… 1  Успех                0",
        "           4 550 000 ₽                    10 ₽",
        "            1 200,50 $",
        "──────────────────────  ──────────────────────  ──────────────────────",
        "Окна для ООО «Ромашка»  Двери",
        "в бизнес-центр на про…  10 ₽",
        "1 250 000 ₽             deal-9b5sh4p1",
        "Анна                2d",
        "deal-7k3qf2m9",
        "",
        "漢字の大きな取引",
        "              12d > 3d",
        "deal-8a4rg3n0",
        "… 10 more",
    ]


def test_stages_wrap_into_bands_where_it_is_narrow() -> None:
    lines = drawn([NEW, TALKS, WON], 45)
    heads = [line for line in lines if line.startswith(("Новая", "Успех"))]
    assert "Переговоры" in heads[0]
    assert "Переговоры" not in heads[1]
    assert max(map(width, lines)) <= 45


@pytest.mark.parametrize("room", [18, 40, 80, 160, 400])
def test_no_line_is_wider_than_the_terminal(room: int) -> None:
    lines = drawn([NEW, TALKS, WON, NEW, TALKS], room)
    assert max(map(width, lines)) <= room


@given(
    st.lists(
        st.builds(
            Lane,
            st.builds(Stage, st.just("s"), st.text(max_size=30)),
            st.integers(0, 10**6),
            st.dictionaries(st.sampled_from(["RUB", "USD"]), st.decimals(0, 10**9, places=2)),
            st.lists(
                st.builds(BoardCard, st.just("deal-7k3qf2m9"), st.text("аб 漢e\u0301", max_size=60), st.text("1 ₽", max_size=20),
                          st.text("Аня ", max_size=30), st.text("3d>", max_size=8)),
                max_size=3,
            ),
        ),
        max_size=8,
    ),
    st.integers(18, 200),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_any_board_fits(lanes: list[Lane], room: int) -> None:
    assert all(width(line) <= room for line in drawn(lanes, room))


def test_columns_stay_aligned_whatever_the_letters() -> None:
    lines = drawn([NEW, TALKS], 44)
    rule = next(line for line in lines if line.startswith("─"))
    second = rule.index("─", rule.index(" "))
    door = next(line for line in lines if "Двери" in line)
    assert width(door[: door.index("Двери")]) == second


# -- through the program ---------------------------------------------------------------------


@pytest.fixture
def sold(crm: Crm, folder: Path) -> Path:
    """Three deals, one of them lost, in two currencies."""
    for name, amount, currency in [
        ("Окна", "1000.50", "RUB"), ("Двери", "500", "USD"), ("Кровля", "2000", "RUB"),
    ]:  # fmt: skip
        done = crm(
            "deal",
            "add",
            "--name",
            name,
            "--amount",
            amount,
            "--currency",
            currency,
            "--owner",
            "anna",
        )
        assert done.code == 0, done.err
    done = crm("deal", "lose", "Кровля", "--reason", "price")
    assert done.code == 0, done.err
    return folder


def test_counts_and_sums_per_currency(crm: Crm, sold: Path) -> None:
    done = crm("board", "--json")
    assert done.code == 0, done.err
    rows = json.loads(done.out)
    first, lost = rows[0], next(row for row in rows if row["kind"] == "lost")
    assert first["count"] == 2
    assert first["sums"] == {"RUB": 1000.5, "USD": 500}
    assert lost["count"] == 1
    assert sum(row["count"] for row in rows) == 3


def test_the_board_shows_cards(crm: Crm, sold: Path) -> None:
    done = crm("board", COLUMNS="160")
    assert done.code == 0, done.err
    assert "Окна" in done.out
    assert "1 000,50 ₽" in done.out.replace("\u00a0", " ")
    assert "500 $" in done.out.replace("\u00a0", " ")


def test_filters_narrow_the_board(crm: Crm, sold: Path) -> None:
    rows = json.loads(crm("board", "--json", "--where", "amount > 900 and currency = RUB").out)
    assert sum(row["count"] for row in rows) == 2
    rows = json.loads(crm("board", "--json", "--owner", "boris").out)
    assert sum(row["count"] for row in rows) == 0


def test_the_board_of_leads_in_csv(crm: Crm) -> None:
    assert crm("lead", "add", "--name", "Анна").code == 0
    done = crm("board", "--pipeline", "leads", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert rows[0]["count"] == "1"
    assert rows[0]["pipeline"] == "leads"


def test_an_overdue_record_is_marked(crm: Crm, folder: Path) -> None:
    text = (folder / "pipelines.yaml").read_text(encoding="utf-8")
    assert "max_days: 1" in text
    assert crm("lead", "add", "--name", "Долгий").code == 0
    soon = crm("board", "--pipeline", "leads", CRM_NOW="2026-11-24T08:00:00+00:00")
    late = crm("board", "--pipeline", "leads", CRM_NOW="2026-11-26T09:30:00+00:00")
    assert "23h" in soon.out
    assert "3d > 1d" in late.out


def test_a_stage_that_is_no_longer_declared_is_shown_all_the_same(crm: Crm, sold: Path) -> None:
    path = next(sold.glob("data/deals/*/*.yaml"))
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = ["stage: forgotten" if line.startswith("stage:") else line for line in lines]
    path.write_text("\n".join([*changed, ""]), encoding="utf-8")
    rows = json.loads(crm("board", "--json").out)
    assert rows[-1]["stage"] == "forgotten"
    assert sum(row["count"] for row in rows) == 3
    assert "? forgotten" in crm("board", COLUMNS="200").out


def test_an_unknown_pipeline_lists_those_there_are(crm: Crm) -> None:
    done = crm("board", "--pipeline", "nothing")
    assert done.code == 2
    assert "leads" in done.err
