"""The board in a real terminal: driven by keys and by the mouse, beside other commands."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.workspace import Workspace
from tests.kit import Run, contact, deal, lead, opened, replace
from tests.tui.screen import running

Crm = Callable[..., Run]


@pytest.fixture
def sold(ws: Workspace, folder: Path) -> Path:
    """Three deals of a contact in the first stage."""
    anna = contact(ws, name="Анна Ким").id
    for name, amount in (("Окна", "1000.50"), ("Двери", "500"), ("Кровля", "2000")):
        deal(ws, name=name, amount=amount, owner="anna", contacts=anna)
    return folder


def stages(folder: Path) -> dict[str, str]:
    """Where each deal stands."""
    return {str(one.get("name")): str(one.get("stage")) for one in opened(folder).select("deal")}


def test_cards_are_shown_and_moved_by_keys_and_the_move_undone(sold: Path) -> None:
    first = opened(sold).pipelines.deals[0].stages
    with running(sold, "board") as screen:
        screen.until("Окна", "1 000,50 ₽", "3 500,50 ₽")
        screen.type(">").until("$ crm deal move deal-", "Moved")
        assert sorted(stages(sold).values()) == sorted([first[0].id] * 2 + [first[1].id])
        screen.type("u").until("$ crm undo --event", "→")
        assert [*stages(sold).values()] == [first[0].id] * 3
        screen.type("q").pump(1)


def test_a_card_is_dragged_to_another_stage(sold: Path) -> None:
    second = opened(sold).pipelines.deals[0].stages[1]
    with running(sold, "board", wide=160) as screen:
        screen.until("Двери", second.name[:12])
        x, y = screen.find(second.name[:12])
        screen.drag("Двери", x + 2, y + 6)
        screen.until("$ crm deal move deal-", "Moved")
        assert stages(sold) == {"Окна": "request", "Двери": second.id, "Кровля": "request"}


def test_several_marked_cards_are_lost_with_a_reason_in_one_transaction(sold: Path) -> None:
    with running(sold, "board") as screen:
        screen.until("Окна")
        screen.type("  ").until("2 marked")
        screen.type("x").until("1 ", "without a reason")
        screen.type("1").until("--reason", "2 moved to")
        assert sum(stage == "lost" for stage in stages(sold).values()) >= 1


def test_a_refused_move_asks_for_what_is_missing(ws: Workspace, folder: Path) -> None:
    deal(ws, name="Окна")
    with running(folder, "board") as screen:
        screen.until("Окна").type(">").until("without amount, contacts")
        assert stages(folder) == {"Окна": "request"}
        screen.fill_in("700", "Анна Ким").until("--set 'contacts=Анна Ким' --create", "Moved")
        assert stages(folder) == {"Окна": "offer"}
        screen.type("u").until("$ crm undo --event", "→")
        assert stages(folder) == {"Окна": "request"}
    assert opened(folder).count("contact") == 0


def test_a_refused_move_that_is_left_changes_nothing(ws: Workspace, folder: Path) -> None:
    deal(ws, name="Окна")
    with running(folder, "board") as screen:
        screen.until("Окна").type(">").until("without amount, contacts")
        screen.type("\x1b").until("Окна", "without amount, contacts")
    assert stages(folder) == {"Окна": "request"}


def test_the_filter_narrows_while_one_types(sold: Path) -> None:
    with running(sold, "board") as screen:
        screen.until("Окна").type("/кровля").until("1 record", gone="Окна")
        screen.type("\x1b").until("3 records", "Окна")
        screen.type("/amount > 900\r").until("2 records", gone="Двери")


def test_what_others_change_appears_and_the_place_is_kept(sold: Path, crm: Crm) -> None:
    with running(sold, "board") as screen:
        screen.until("Окна").type("j").pump(0.3)
        assert crm("deal", "add", "--name", "Забор").code == 0
        screen.until("Забор", "4 records")
        path = next(sold.glob("data/deals/*/*.yaml"))
        with path.open("a", encoding="utf-8") as file:  # written in its place, as some editors do
            file.write("x_note: anything\n")
        name = path.read_text("utf-8").split("name: ")[1].split("\n")[0].strip("'\"")
        path.write_text(path.read_text("utf-8").replace(f"name: {name}", "name: Ворота"), "utf-8")
        screen.until("Ворота", gone=name)


def test_it_never_waits_for_the_lock(sold: Path) -> None:
    other = opened(sold)
    with running(sold, "board") as screen:
        screen.until("Окна")
        with other.change("deal edit"):
            screen.type(">").until("…")
            screen.type("?").until("go to another card")  # the screen answers all the same
            screen.type("?").pump(0.2)
        screen.until("Moved")


def test_leads_are_converted_and_junk(ws: Workspace, folder: Path) -> None:
    lead(ws, name="Анна", phones="+79161234567")
    with running(folder, "board", "--pipeline", "leads") as screen:
        screen.until("Анна").type("v")
        screen.until("$ crm lead convert lead-", "Converted")
    assert opened(folder).count("deal") == 1


def test_a_conversion_asks_for_what_is_missing(ws: Workspace, folder: Path) -> None:
    lead(ws, name="Анна", phones="+79161234567")
    declared = "- id: request\n"
    required = declared + "        requires: [comment]\n"
    replace(folder / "pipelines.yaml", declared, required)
    with running(folder, "board", "--pipeline", "leads") as screen:
        screen.until("Анна").type("v").until("deal.comment")
        screen.fill_in("60").until("--set deal.comment=60", "Converted")
    assert opened(folder).count("deal") == 1


@pytest.mark.parametrize(("wide", "tall"), [(80, 24), (200, 60), (40, 12), (20, 6)])
def test_it_fits_any_terminal(sold: Path, wide: int, tall: int) -> None:
    with running(sold, "board", wide=wide, tall=tall) as screen:
        screen.until("Поступил")
        screen.type("lljkG?").pump(0.5)
        screen.type("qq").pump(0.5)


def test_joined_pictures_do_not_push_what_stands_beside_them(ws: Workspace, folder: Path) -> None:
    deal(ws, name="👩\u200d👩\u200d👧 ❤\ufe0f 株式会社の屋根工事プロジェクト")
    with running(folder, "board") as screen:
        assert "\u200d" not in screen.until("👩").text


def test_without_colours_none_is_drawn(sold: Path) -> None:
    with running(sold, "board", environ={"NO_COLOR": "1"}) as screen:
        screen.until("Окна")
        assert screen.colors() == {"default"}
    with running(sold, "board") as screen:
        screen.until("Окна")
        assert len(screen.colors()) > 2


def test_it_is_printed_where_it_is_asked_for_or_nothing_can_be_drawn(sold: Path) -> None:
    for args, environ in ((("--print",), {}), (("--cards", "1"), {}), ((), {"TERM": "dumb"})):
        with running(sold, "board", *args, environ=environ) as screen:
            screen.until("──")
            assert b"\x1b[?1049h" not in screen.written


def test_a_call_and_a_task_are_added(sold: Path, crm: Crm) -> None:
    with running(sold, "board") as screen:
        screen.until("Окна").type("c").until("Call to")
        screen.fill_in("договорились").until("$ crm log call deal-")
        screen.type("t").until("Task for")
        screen.fill_in("Позвонить", "tomorrow").until("$ crm task add", "Added")
    assert "Позвонить" in crm("task", "list").out
    assert "договорились" in crm("activity", "list").out


def test_a_record_is_added_set_and_shown(sold: Path) -> None:
    with running(sold, "board") as screen:
        screen.until("Окна").type("a").until("New deal")
        screen.fill_in("Забор", "700", "", "").until("$ crm deal add", "Added")
        screen.type("=").until("Set a field")
        screen.fill_in("amount=7").until("$ crm deal edit")
        screen.type("\r").until("$ crm deal show", "Stage")
        screen.type("\x1b").until("Забор")


def test_no_key_is_lost_however_fast_they_are_typed(sold: Path, crm: Crm) -> None:
    with running(sold, "board") as screen:
        screen.until("Окна").type("jaЗабор\r700\r\r\r").until("$ crm deal add", "Added")
        screen.type("gctalked\rn/x\r").until("$ crm log note deal-", "/x")
        screen.type("?qp1").until("Лиды")
    assert "700" in crm("--csv", "deal", "list", "--where", "name = Забор").out
    assert "talked" in crm("activity", "list").out


@pytest.mark.parametrize("gone", ["- id: request\n", "- id: sales\n"])
def test_cards_whose_stage_or_pipeline_is_gone_are_told_with_their_way_home(
    sold: Path, crm: Crm, gone: str
) -> None:
    with running(sold, "board", wide=80, tall=24) as screen:
        screen.until("Окна")
        for old, new in ((gone, gone[:-1] + "-2\n"), ("(request,", "(request-2,")):
            if "request" in gone or old == gone:
                replace(sold / "pipelines.yaml", old, new)
        said = "3 deals in sales/request, which is not declared"
        screen.until(said, "$ crm deal move --where").settled()
        told = " ".join(" ".join(screen.lines).partition("$ crm ")[2].split())
        assert crm(*shlex.split(told.partition(" ? help")[0])).code == 0
        screen.until("3 records", gone="not declared")


def test_the_editor_gets_the_terminal_and_the_board_comes_back(sold: Path) -> None:
    editor = "sed -i s/Окна/Ставни/"
    with running(sold, "board", "--where", "name = Окна", environ={"EDITOR": editor}) as screen:
        screen.until("Окна").type("e").until("$ crm deal edit deal-", "0 records")
    assert "Ставни" in stages(sold)


def test_marked_cards_are_moved_by_one_command(sold: Path) -> None:
    with running(sold, "board", wide=160) as screen:
        screen.until("Окна").type("  ").until("2 marked")
        screen.type(">").until("2 moved to", " offer")
        screen.type("u").until("$ crm undo --event", "→")
    assert [*stages(sold).values()] == ["request"] * 3


def test_a_broken_file_is_told_and_the_cards_stay(sold: Path) -> None:
    with running(sold, "board", "--where", "name = Окна") as screen:
        screen.until("Окна")
        (sold / "pipelines.yaml").write_text("deals: 1\n", encoding="utf-8")
        screen.until("pipelines.yaml")  # told, and the cards stay
        assert "Окна" in screen.text
