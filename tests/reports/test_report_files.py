"""Reports drawn by the real program: on a terminal above their table, and as files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.workspace import Workspace
from tests import kit
from tests.tui.screen import running

Crm = Callable[..., Any]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def sold(ws: Workspace, folder: Path) -> Path:
    for n, source in enumerate(("web", "web", "web", "call")):
        kit.lead(ws, name=f"Лид {n}", source=source, amount="1000.50")
    return folder


def test_a_picture_stands_above_the_table_of_a_terminal_alone(sold: Path, crm: Crm) -> None:
    assert "█" not in crm("report", "leads").out
    with running(sold, "report", "leads", wide=60) as screen:
        screen.until("Total", "Amount")
        bars = [line for line in screen.lines if "█" in line]
        assert [line.count("█") for line in bars] == [
            pytest.approx(bars[0].count("█") * n, abs=1) for n in (1, 1 / 3)
        ]
        assert screen.find("█")[1] < screen.find("Total")[1]
        assert "1f6fb2" in screen.colors()
    with running(
        sold, "report", "leads", wide=60, environ={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    ) as screen:
        screen.until("###", "Total")
        assert "\\u" not in screen.text.split("Total")[0].replace("\\u0", "")


@pytest.mark.parametrize(
    ("kind", "way"), [("html", "flag"), ("html", "ending"), ("png", "ending"), ("xlsx", "flag")]
)
def test_as_a_file(crm: Crm, sold: Path, kind: str, way: str) -> None:
    given = [f"--{kind}", "-o", "отчёт"] if way == "flag" else ["-o", "отчёт." + kind]
    for _ in range(2 if kind == "html" else 1):  # of each morning's, one takes the place of another
        done = crm("report", "leads", "--compare", "previous", "--period", "month", *given)
        assert (done.code, done.out) == (0, ""), done.err
    content = (sold / given[-1]).read_bytes()
    begins = {"html": b"<!DOCTYPE html>", "png": PNG, "xlsx": b"PK"}
    assert content.startswith(begins[kind])
    if kind == "html":
        assert "3\xa0001,50\xa0₽" in content.decode()
    if kind == "xlsx":
        import python_calamine

        [sheet] = python_calamine.CalamineWorkbook.from_object(io.BytesIO(content)).sheet_names
        assert sheet == "Leads"


def test_a_page_names_no_option_for_the_rows_that_are_left_out(crm: Crm, sold: Path) -> None:
    page = crm("report", "leads", "--limit", "1", "--html", CRM_LANG="en").out
    assert "1 of 2 rows" in page
    assert "--limit" not in page
    assert (
        "1 of 2 rows; all of them: --limit 2"
        in crm("report", "leads", "--limit", "1", CRM_LANG="en").err
    )


def test_to_stdout(crm: Crm, sold: Path) -> None:
    for given in (["--html"], ["--html", "-o", "-"], ["-o", "-.html"]):
        done = crm("report", "funnel", "--pipeline", "leads", *given)
        assert done.code == 0
        assert done.out.startswith("<!DOCTYPE html>")
        assert done.out.endswith("</html>\n")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--html", "--png"], "one kind of file"),
        (["--html", "-o", "x.png"], "one kind of file"),
        (["-o", "x.csv"], "x.csv does not say"),
        (["-o", "-"], "- does not say"),
        (["--png", "--drill", "1,leads"], "--drill"),
        (["--html", "-o", "nowhere/x.html"], "nowhere"),
    ],
)
def test_what_is_no_file_is_told_in_one_line(
    crm: Crm, sold: Path, given: list[str], words: str
) -> None:
    done = crm("report", "leads", *given, CRM_LANG="en")
    assert done.code != 0
    assert done.out == ""
    assert words in done.err.splitlines()[0]
    assert not [*sold.glob("x.*")]


def test_a_full_device_is_told_and_stays_one(crm: Crm, sold: Path, tmp_path: Path) -> None:
    link = tmp_path / "out.html"
    link.symlink_to("/dev/full")
    done = crm("report", "leads", "-o", str(link), CRM_LANG="en")
    assert (done.code, "the disk is full" in done.err) == (5, True), done.err
    assert link.is_char_device()


def test_of_nothing_there_is_a_page_too(crm: Crm, sold: Path) -> None:
    done = crm("report", "leads", "--period", "2020-01", "--html", CRM_LANG="en")
    assert "Nothing to report for 2020-01-01 – 2020-01-31." in done.out


def test_programs_get_no_picture(crm: Crm, sold: Path) -> None:
    assert json.loads(crm("report", "leads", "--json").out)[0]["leads"] == 3
