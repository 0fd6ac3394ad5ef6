"""What commands print, on a terminal, into a pipe and into trouble."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from crmcli.cli.output import Output
from crmcli.cli.table import fit, in_blocks, lay_out, with_short_ids
from crmcli.errors import BadUsage, InvalidData, OutputFailed, Problem, Refused
from crmcli.present.cells import Column, Locale, as_raw, plain, shown
from crmcli.present.text_width import clean, cut, fold, one_line, pad, width
from crmcli.render.style import Style

MOSCOW = ZoneInfo("Europe/Moscow")
RU = Locale("ru", MOSCOW, "RUB")
EN = Locale("en", MOSCOW, "USD")
DEALS: list[dict[str, Any]] = [
    {
        "id": "deal-7k3qf2m9",
        "name": "Окна для ООО «Ромашка»",
        "stage": "new",
        "amount": "1234567.50",
        "currency": "RUB",
        "tags": ["vip", "опт"],
        "created_at": "2026-11-23T06:00:00Z",
    },
    {"id": "deal-8a4rg3n0", "name": "Двери", "stage": "won", "amount": "900", "currency": "RUB"},
    {"id": "deal-9b5sh4p1", "name": "Без суммы", "stage": "new"},
]
COLUMNS = [
    Column("id", keep=True),
    Column("name"),
    Column("stage", labels={"new": "Новая", "won": "Успех"}),
    Column("amount", kind="money"),
    Column("created_at", kind="datetime"),
]


def printer(form: str = "", **more: Any) -> Output:
    out = Output(form, color=False, **more)
    out.locale = Locale("ru", MOSCOW, "RUB")
    return out


def in_terminal(
    code: str, *, columns: int = 80, rows: int = 24, typed: str = "", **environ: Any
) -> str:
    """What a program prints whose stdin, stdout and stderr are a terminal of that size."""
    leader, follower = pty.openpty()
    size = subprocess.run(
        ["stty", "cols", str(columns), "rows", str(rows), "-echo"], stdin=follower, check=True
    )
    assert size.returncode == 0
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "COLORTERM")}
    env |= {"TERM": "xterm-256color", "PAGER": "cat", **environ}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=follower, stdout=follower, stderr=follower, env=env
    )
    os.close(follower)
    os.write(leader, typed.encode())
    seen = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:
            break  # the terminal is gone with its last program
        if not chunk:
            break
        seen += chunk
    process.wait()
    os.close(leader)
    return seen.decode().replace("\r\n", "\n")


# -- money and cells -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "text"),
    [
        (RU, "1234567.50", "RUB", "1 234 567,50 ₽"),
        (RU, "900", "RUB", "900 ₽"),
        (RU, "-1500.5", "USD", "-1 500,50 $"),
        (RU, "10", "", "10 ₽"),
        (RU, "10", "CHF", "10 CHF"),
        (EN, "1234567.50", "USD", "$1,234,567.50"),
        (EN, "-12.30", "EUR", "-€12.30"),
        (EN, "5", "RUB", "RUB 5"),
        (EN, "1000", "CHF", "CHF 1,000"),
        (EN, "999999999999999", "", "$999,999,999,999,999"),
    ],
)
def test_money_as_people_read_it(locale: Locale, amount: str, currency: str, text: str) -> None:
    assert locale.money(Decimal(amount), currency).replace("\u00a0", " ") == text


@pytest.mark.parametrize("locale", [RU, EN])
@pytest.mark.parametrize("currency", ["RUB", "USD", "CHF", "BYN"])
@pytest.mark.parametrize("amount", ["-1234567.89", "0.10"])
def test_amounts_look_as_they_do_in_letters(locale: Locale, currency: str, amount: str) -> None:
    style = Style(locale.language, locale.currency, MOSCOW)
    assert locale.money(Decimal(amount), currency) == style.money(amount, currency)


def test_money_is_held_together_by_no_break_spaces() -> None:
    assert RU.money(Decimal(1234), "RUB") == "1\u00a0234\u00a0₽"


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("phones", [{"value": "+79123456789", "ext": "12", "type": "work"}], "+7 912 345-67-89 ext. 12"),
        ("emails", [{"value": "a@b.ru"}, {"value": "c@d.ru"}], "a@b.ru, c@d.ru"),
        ("companies", [{"company": "company-7k3qf2m9", "role": "директор"}],
         "company-7k3qf2m9 (директор)"),
        ("companies", [{"company": "company-1"}, {"company": "company-2", "role": "закупки"}],
         "Ромашка, company-2 (закупки)"),
        ("lines", [{"name": "Окно", "quantity": "2", "price": "100"}], "Окно × 2"),
        ("utm", {"source": "ya", "medium": "cpc"}, "source=ya, medium=cpc"),
        ("datetime", "2026-11-23T22:30:00Z", "2026-11-24 01:30"),
        ("datetime", "soon", "soon"),
        ("date", "2026-11-23", "2026-11-23"),
        ("percent", 12.345, "12,3%"),
        ("percent", float("nan"), ""),
        ("days", 3.26, "3,3d"),
        ("number", "12000.5", "12 000,5"),
        ("sums", {"RUB": Decimal(1500), "USD": Decimal("2.50")}, "1 500 ₽, 2,50 $"),
        ("money", "not a number", "not a number"),
        ("bool", "yes", "yes"),
        ("text", None, ""),
    ],
)  # fmt: skip
def test_a_cell_as_people_read_it(kind: str, value: object, text: str) -> None:
    cell = shown(Column("x", kind=kind, labels={"company-1": "Ромашка"}), {"x": value}, RU)
    assert cell.replace("\u00a0", " ") == text


def test_raw_form_of_plain_values_is_text() -> None:
    assert as_raw({"n": 3, "sum": Decimal("1.50"), "list": [1, True], "none": None}) == {
        "n": "3", "sum": "1.50", "list": ["1", "yes"],
    }  # fmt: skip
    assert plain(0.1 + 0.2) == "0.3"


# -- tables ----------------------------------------------------------------------------------


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    printer().records(DEALS, COLUMNS)
    lines = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    assert lines == [
        "id             name                    stage          amount  created_at",
        "deal-7k3qf2m9  Окна для ООО «Ромашка»  Новая  1 234 567,50 ₽  2026-11-23 09:00",
        "deal-8a4rg3n0  Двери                   Успех           900 ₽",
        "deal-9b5sh4p1  Без суммы               Новая",
    ]


def test_empty_table_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    printer().records([], COLUMNS)
    assert capsys.readouterr().out == ""


def test_a_table_in_a_pipe_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    printer().records([{"name": "Я" * 500}], [Column("name")])
    assert "Я" * 500 in capsys.readouterr().out


def test_a_table_fits_its_width_and_keeps_ids_and_sums(capsys: pytest.CaptureFixture[str]) -> None:
    printer(width=50).records(DEALS, COLUMNS[:4])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(wcswidth, lines)) <= 50
    assert lines[1].startswith("7k3qf2m9  ")
    assert "1\u00a0234\u00a0567,50\u00a0₽" in lines[1]
    assert "…" in lines[1]


def test_a_whole_column_goes_on_below(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "place": "mail",
        "what": "runs `rm -rf /srv/everything` for its password",
        "state": "waits",
    }
    columns = [Column("place", keep=True), Column("what", whole=True), Column("state", keep=True)]
    printer(width=34).records([row, {**row, "what": "sends"}], columns)
    assert capsys.readouterr().out.splitlines() == [
        "place  what                  state",
        "mail   runs `rm -rf          waits",
        "       /srv/everything` for",
        "       its password",
        "mail   sends                 waits",
    ]


@given(st.text(max_size=60), st.integers(2, 20))
def test_a_folded_text_fits_and_lacks_nothing(text: str, room: int) -> None:
    line = one_line(text)
    lines = fold(line, room)
    assert all(width(part) <= room for part in lines)
    assert "".join(lines).replace(" ", "") == "".join(line.split())


def test_columns_without_room_are_named_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    printer(width=40).records(DEALS, COLUMNS)
    told = capsys.readouterr()
    assert max(map(wcswidth, told.out.splitlines())) <= 40
    assert "created_at" in told.err
    assert "40 wide" in told.err


def test_escape_sequences_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[31mкрасный\x1b[0m\x1b]0;title\x07 \u202eоб\x9bратно\x00\nдальше\tтаб"
    printer().records([{"name": evil}], [Column("name")])
    assert capsys.readouterr().out.splitlines()[1] == "красный обратно дальше таб"
    printer().one({"name": evil}, [Column("name", "Имя")])
    assert "\x1b" not in capsys.readouterr().out


def test_a_card_shows_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [Column("name", "Name"), Column("tags", "Tags", "tags"), Column("comment", "Comment")]
    printer().one({"name": "Анна", "tags": [], "comment": "раз\nдва"}, columns)
    assert capsys.readouterr().out == "Name:    Анна\nComment: раз\n         два\n"


def test_wide_and_combining_characters_are_measured() -> None:
    assert width("漢字") == 4
    assert width("й") == 1
    assert width("Ёлка №5 — 10 ₽") == 14
    assert width("👨‍👩‍👧") == 2
    assert cut("漢字漢字", 5) == "漢字…"
    assert cut("漢字漢字", 4) == "漢…"
    assert pad("漢", 4) == "漢  "
    assert pad("漢", 4, right=True) == "  漢"
    assert cut("а", 0) == ""


@given(st.text(max_size=40), st.integers(0, 20))
def test_a_cut_text_always_fits(text: str, room: int) -> None:
    line = one_line(text)
    assert "\n" not in line
    assert "\x1b" not in line
    assert width(cut(line, room)) <= room
    assert clean(line) == line


@given(
    st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=1, max_size=10),
    st.integers(1, 200),
)
def test_columns_always_fit(columns: list[tuple[int, bool]], room: int) -> None:
    kinds = [Column(str(n), kind="text" if soft else "date") for n, (_, soft) in enumerate(columns)]
    widths = fit(kinds, [n for n, _ in columns], room)
    assert sum(widths.values()) + 2 * (len(widths) - 1) <= room
    assert all(0 < got <= max(1, columns[n][0]) for n, got in widths.items())
    if len(widths) > 1:
        assert all(columns[n][1] or got == columns[n][0] for n, got in widths.items())


def test_what_stays_whatever_has_no_room() -> None:
    columns = [
        Column("name"),
        Column("phones", kind="phones"),
        Column("owner"),
        Column("id", keep=True),
    ]
    assert fit(columns, [30, 17, 20, 13], 80) == {0: 24, 1: 17, 2: 20, 3: 13}
    assert fit(columns, [30, 17, 20, 13], 60) == {0: 26, 1: 17, 3: 13}
    assert fit(columns, [30, 17, 20, 13], 32) == {0: 17, 3: 13}
    assert fit(columns, [30, 17, 20, 13], 60, {2}) == {0: 26, 1: 17, 3: 13}
    assert fit(columns, [30, 17, 20, 13], 70, {1}) == {
        0: 30,
        2: 20,
        3: 13,
    }  # empty: nothing is lost
    assert fit(columns, [30, 17, 20, 13], 90, {1}) == {0: 30, 1: 17, 2: 20, 3: 13}


def test_a_spare_column_goes_first_and_ids_are_shortened_before() -> None:
    columns = [
        Column("at", kind="datetime"),
        Column("name"),
        Column("who", spare=True),
        Column("id", keep=True),
    ]
    rows = [
        ["2026-11-23 12:00", "Анна Константинопольская", "anna@example.com", "lead-7k3qf2m9"],
        ["2026-11-23 12:01", "Борис", "boris@example.com", ""],
    ]
    wide, lost = lay_out(columns, rows, 100)
    assert lost == []
    assert wide[1].endswith("lead-7k3qf2m9")
    lines, lost = lay_out(columns, rows, 72)
    assert lost == []
    assert lines[1].endswith("  7k3qf2m9")
    lines, lost = lay_out(columns, rows, 46)
    assert lost == [2]
    assert lines[1] == "2026-11-23 12:00  Анна Константиноп…  7k3qf2m9"


def test_events_are_told_apart_by_the_shortest_beginning_that_does() -> None:
    def ids(*given: str) -> list[str]:
        return [row[0] for row in with_short_ids([[one] for one in given])]

    assert ids("e1m8gn966g54qdbyt", "e1m8gn99482052x31") == ["e1m8gn966g54", "e1m8gn994820"]
    assert ids("e1m8gn966g54qdbyt", "e1m8gn966g54qdbyv", "") == [
        "e1m8gn966g54qdbyt",
        "e1m8gn966g54qdbyv",
        "",
    ]
    assert ids("e1m8gn966g54qdbyt", "Анна") == ["e1m8gn966g54qdbyt", "Анна"]
    assert ids("", "") == ["", ""]


def test_heads_of_several_lines_have_a_rule_that_parts_them() -> None:
    columns = [Column("who"), Column("a", "Too long", "count"), Column("b", "In stage", "count")]
    wide, _ = in_blocks(columns, [["Anna", "1", "2"]], 60, None, 1)
    narrow, lost = in_blocks(columns, [["Anna", "1", "2"]], 20, None, 1)
    assert (len(wide), lost) == (2, [])
    assert narrow == [
        "       Too     In",
        "who   long  stage",
        "----  ----  -----",
        "Anna     1      2",
    ]


def test_a_reason_that_has_no_column_stands_below_its_row() -> None:
    columns = [Column("at", kind="datetime"), Column("why", whole=True), Column("id", keep=True)]
    lines, lost = lay_out(columns, [["2026-11-23 12:00", "it is no letter", "a" * 20]], 42)
    assert lost == []
    assert lines[2:] == ["2026-11-23 12:00  " + "a" * 20, "    it is no letter"]


# -- machine formats -------------------------------------------------------------------------


def test_json_has_whole_rows_under_the_names_of_the_files(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printer("json").records(DEALS, COLUMNS)
    assert json.loads(capsys.readouterr().out) == DEALS
    printer("json").records([], COLUMNS)
    assert capsys.readouterr().out == "[]\n"
    printer("json").records(DEALS, COLUMNS[:1], all_fields=False)
    assert json.loads(capsys.readouterr().out)[0] == {"id": "deal-7k3qf2m9"}


def test_json_of_plain_values(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"n": 2, "share": 0.5, "sum": Decimal("1.50"), "none": None, "by": {"RUB": Decimal(1)}}
    printer("json").one(row, [])
    assert json.loads(capsys.readouterr().out) == {
        "n": 2, "share": 0.5, "sum": 1.5, "none": None, "by": {"RUB": 1},
    }  # fmt: skip


def test_json_hides_no_control_character_from_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printer("json").records([{"name": "a\x1b\x9bb"}], [])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x9b" not in out
    assert json.loads(out) == [{"name": "a\x1b\x9bb"}]


def test_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    printer("jsonl").records(DEALS, COLUMNS)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == DEALS


def test_csv_has_the_columns_and_plain_decimals(capsys: pytest.CaptureFixture[str]) -> None:
    row = {**DEALS[0], "name": 'ООО "Ромашка",\nМосква'}
    printer("csv").records([row], COLUMNS)
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [
        ["id", "name", "stage", "amount", "created_at"],
        ["deal-7k3qf2m9", 'ООО "Ромашка",\nМосква', "new", "1234567.50", "2026-11-23T06:00:00Z"],
    ]


def test_csv_of_nothing_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    printer("csv").records([], COLUMNS[:2])
    assert capsys.readouterr().out == "id,name\n"


def test_tsv_keeps_one_row_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    printer("tsv").records([{"id": "a", "name": "x\ty\nz\\"}], [Column("id"), Column("name")])
    assert capsys.readouterr().out == "id\tname\na\tx\\ty\\nz\\\\\n"


def test_ids(capsys: pytest.CaptureFixture[str]) -> None:
    printer("ids").records(DEALS, COLUMNS[1:], all_fields=False)
    assert capsys.readouterr().out == "deal-7k3qf2m9\ndeal-8a4rg3n0\ndeal-9b5sh4p1\n"
    with pytest.raises(BadUsage, match="these rows have no id"):
        printer("ids").records([{"stage": "new"}], COLUMNS)


def test_yaml_is_a_list_of_records(capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    rows: list[dict[str, Any]] = [
        {"id": "lead-1", "n": 2, "comment": "раз\n\nдва", "tags": ["a", "b"]},
        {"id": "no"},
    ]
    printer("yaml").records(rows, [])
    loaded = yaml.load(capsys.readouterr().out, yaml.CBaseLoader)
    assert loaded == [
        {"id": "lead-1", "n": "2", "comment": "раз\n\nдва", "tags": ["a", "b"]},
        {"id": "no"},
    ]
    printer("yaml").records([], [])
    assert capsys.readouterr().out == "[]\n"


# -- what happened ---------------------------------------------------------------------------


def test_created_prints_the_id_alone(capsys: pytest.CaptureFixture[str]) -> None:
    printer(quiet=True).created("lead-7k3qf2m9")
    assert capsys.readouterr().out == "lead-7k3qf2m9\n"
    printer("json").created("lead-7k3qf2m9")
    assert json.loads(capsys.readouterr().out) == {"id": "lead-7k3qf2m9"}


def test_changed_is_one_line_or_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    printer().changed("Moved lead-7k3qf2m9 to «В работе».")
    assert capsys.readouterr().out == "Moved lead-7k3qf2m9 to «В работе».\n"
    printer(quiet=True).changed("Moved.")
    assert capsys.readouterr().out == ""
    printer("json").changed("Moved.", {"id": "lead-7k3qf2m9"})
    assert json.loads(capsys.readouterr().out) == {"id": "lead-7k3qf2m9"}
    printer("json").changed("Moved.")
    assert json.loads(capsys.readouterr().out) == {"changed": "Moved."}
    printer("ids").changed("Moved.", {"id": "lead-7k3qf2m9"})
    assert capsys.readouterr().out == "lead-7k3qf2m9\n"


def test_talk_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet, verbose, heard in [(False, False, "a\n"), (False, True, "a\nb\n"), (True, True, "")]:
        out = printer(quiet=quiet, verbose=verbose)
        out.note("a")
        out.detail("b")
        told = capsys.readouterr()
        assert (told.out, told.err) == ("", heard)


def test_an_error_says_what_and_how_to_mend_it(capsys: pytest.CaptureFixture[str]) -> None:
    printer(quiet=True).error(Refused("lead-7k3 is converted already", "see crm lead show"))
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "crm: error: lead-7k3 is converted already\nhint: see crm lead show\n"


def test_an_error_lists_problems(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("pipelines.yaml", n, "no won stage") for n in range(1, 31)]
    printer().error(InvalidData("pipelines.yaml is wrong", problems=problems))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == "  pipelines.yaml:1: no won stage"
    assert lines[-1] == "  … and 10 more, see crm check"
    assert len(lines) == 22


def test_an_error_is_json_where_the_output_is(capsys: pytest.CaptureFixture[str]) -> None:
    printer("json").error(
        InvalidData("deal.yaml:3: a tab", "use spaces", [Problem("deal.yaml", 3, "a tab")])
    )
    told = capsys.readouterr()
    assert told.out == ""
    assert json.loads(told.err) == {
        "error": {
            "name": "InvalidData",
            "message": "deal.yaml:3: a tab",
            "hint": "use spaces",
            "exit_code": 6,
            "problems": [{"path": "deal.yaml", "line": 3, "message": "a tab", "hint": ""}],
        }
    }


def test_no_progress_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with printer().progress("importing") as progress:
        progress._next = 0.0
        progress.advance(10)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")


# -- streams that are no plain pipe ----------------------------------------------------------

PRINT = """
from crmcli.cli.output import Output
from crmcli.present.cells import Column
out = Output()
rows = [{"id": f"deal-{n}", "name": "Очень длинное имя сделки " * 5, "stage": "new"} for n in range(%d)]
stage = Column("stage", "Этап", labels={"new": "Новая"}, colors={"new": "#39a8ef"})
out.records(rows, [Column("id", keep=True), stage, Column("name")])
out.flush()
"""


def test_a_full_disk_is_an_error_with_an_exit_code() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    code = (
        "import os, sys\nfrom crmcli.errors import CrmError\ntry:\n"
        + "".join(f"    {line}\n" for line in (PRINT % 3).strip().splitlines())
        + "except CrmError as error:\n    print(error, file=sys.stderr)\n    os._exit(error.exit_code)\n"
    )
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == OutputFailed.exit_code == 5
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_in_a_narrow_encoding_is_not_fatal() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT % 1],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert b"deal-0" in done.stdout


def test_colours_and_cuts_on_a_terminal() -> None:
    seen = in_terminal(PRINT % 2, columns=50, COLORTERM="truecolor")
    assert "\x1b[38;2;57;168;239mНовая\x1b[0m" in seen
    assert "…" in seen
    lines = [line for line in clean(seen).splitlines() if line]
    assert len(lines) == 3
    assert max(map(width, lines)) <= 50
    assert "\x1b[38;5;75mНовая" in in_terminal(PRINT % 2)  # the nearest of 256


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(environ: dict[str, str]) -> None:
    assert "\x1b" not in in_terminal(PRINT % 2, columns=80, rows=24, **environ)


def test_columns_in_the_environment_set_the_width() -> None:
    seen = in_terminal(PRINT % 1, columns=80, COLUMNS="40", NO_COLOR="1")
    assert 30 < max(map(width, seen.splitlines())) <= 40


def test_the_pager_comes_only_for_what_is_longer_than_the_screen(tmp_path: Path) -> None:
    log = tmp_path / "paged"
    pager = tmp_path / "pager"
    pager.write_text(f'#!/bin/sh\necho "LESS=$LESS" > {log}\ncat\n')
    pager.chmod(0o755)
    in_terminal(PRINT % 5, PAGER=str(pager))
    assert not log.exists()
    seen = in_terminal(PRINT % 50, PAGER=str(pager), LESS="FRX")
    assert log.read_text() == "LESS=FRX\n"
    assert "deal-49" in seen


def test_a_missing_pager_is_no_obstacle() -> None:
    assert "deal-49" in in_terminal(PRINT % 50, PAGER="/no/such/pager")


def test_a_pager_that_is_left_early_is_no_error() -> None:
    seen = in_terminal(PRINT % 20000, PAGER="head -n 2")
    assert "Traceback" not in seen
    assert "deal-0" in seen


def test_progress_shows_after_a_while_and_is_wiped() -> None:
    code = """
from crmcli.cli import terminal
from crmcli.cli.output import Output
terminal.FIRST_AFTER = 0.05
import time
with Output().progress("reading") as progress:
    for _ in range(200):
        time.sleep(0.002)
        progress.advance()
print("done")
"""
    started = time.monotonic()
    seen = in_terminal(code)
    assert time.monotonic() - started < 20
    assert "\r\x1b[Kreading: " in seen
    assert seen.endswith("\r\x1b[Kdone\n")


# -- through the program ---------------------------------------------------------------------


def streamed(folder: Path, command: str) -> tuple[int, str]:
    """The exit code and stderr of `crm …` at the head of a shell's pipeline."""
    environ = {
        **os.environ,
        "CRM": f"{sys.executable} -m crmcli",
        "CRM_NOW": "2026-11-23T09:00:00Z",
    }
    environ.pop("PYTHONUNBUFFERED", None)
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        cwd=folder, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_a_full_disk_behind_stdout_does_not_undo_or_hide_what_was_saved(folder: Path) -> None:
    code, told = streamed(folder, "$CRM lead add --name Анна > /dev/full")
    assert code == 0, told  # whoever tried again would have two
    assert "cannot be written" in told
    assert "saved" in told
    assert len(list(folder.glob("data/leads/*/*.yaml"))) == 1


def test_a_full_disk_behind_a_list_is_an_error(folder: Path) -> None:
    code, told = streamed(folder, "$CRM lead list --json > /dev/full")
    assert (code, "cannot be written" in told, "saved" in told) == (5, True, False)


def test_a_full_disk_behind_stderr_changes_no_exit_code(folder: Path) -> None:
    code, told = streamed(folder, "$CRM lead add --name Анна -v --tick 2> /dev/full")
    assert (code, told) == (0, "")
    assert streamed(folder, "$CRM lead show нет 2> /dev/full")[0] == 3
    assert streamed(folder, "$CRM lead add --name Борис --tick > /dev/full 2>&1")[0] == 0
    assert len(list(folder.glob("data/leads/*/*.yaml"))) == 2


def test_what_follows_a_change_follows_though_it_cannot_be_told(folder: Path) -> None:
    code, told = streamed(folder, "$CRM lead add --name Анна --tick > /dev/full")
    assert (code, "the change itself is saved" in told) == (0, True)
    assert len(list(folder.glob("data/leads/*/*.yaml"))) == 1
    assert (folder / ".crm/tick.lock").exists()


def test_a_reader_that_leaves_early_is_no_error(folder: Path) -> None:
    code, told = streamed(folder, "for n in $(seq 3); do $CRM lead add --name Анна; done | true")
    assert (code, told) == (0, "")
    code, told = streamed(folder, "$CRM lead list --json | sleep 0")
    assert (code, told) == (141, "")
    assert len(list(folder.glob("data/leads/*/*.yaml"))) == 3


def test_columns_left_out_are_named_by_their_heads(capsys: pytest.CaptureFixture[str]) -> None:
    columns = [
        Column("id", "Id", keep=True),
        Column("converted_amounts", "Converted amount", keep=True),
    ]
    Output(width=20).records([{"id": "a" * 15, "converted_amounts": "12345678"}], columns)
    assert "columns left out: Converted amount (" in capsys.readouterr().err
    heads = {"id": "Id", "vat": "VAT, %", "color": "Color"}
    columns = [Column(name, head, keep=True) for name, head in heads.items()]
    Output(width=12).records([dict.fromkeys(heads, "a" * 10)], columns)
    assert "columns left out: VAT, %; " in capsys.readouterr().err


@pytest.mark.parametrize("room", [34, 40, 52, 60, 80, 200])
def test_a_report_that_is_wider_than_the_terminal_loses_nothing(
    room: int, capsys: pytest.CaptureFixture[str]
) -> None:
    units = {
        "won": "count",
        "won_before": "count",
        "amounts": "sums",
        "rate": "percent",
        "days": "days",
    }
    columns = [
        Column("owner", "Owner"),
        *(Column(n, f"How {n} it is", u) for n, u in units.items()),
    ]
    money = {"EUR": Decimal("1234567.5"), "RUB": Decimal(7654321), "USD": Decimal(1)}
    row = {
        "owner": "Anna Longname",
        "won": 12345,
        "won_before": 54321,
        "amounts": money,
        "rate": 99,
    }
    row |= {"days": 7}
    lines = Output(width=room).table([row, {**row, "amounts": {}}], columns, 1)
    told = capsys.readouterr().err + "\n".join(lines)
    assert all(width(line) <= room for line in lines)
    bare = told.replace("\xa0", "").replace("\u202f", "")
    found = [one in bare for one in ("12,345", "54,321", "99%", "7d", "1,234,567.50", "7,654,321")]
    assert all(found), told
    assert not re.search("left out|…", told)
    blocks = "\n".join(lines).split("\n\n")
    assert all("Anna Longname" in one for one in blocks), "each block says of whom it tells"
    assert any("12,345" in one and "54,321" in one for one in blocks), "now and before side by side"
    assert (len(blocks) > 1) == (room < 60), told


def test_what_changed_is_told_without_a_broken_word(capsys: pytest.CaptureFixture[str]) -> None:
    Output(width=30).changed("Converted lead-x to new contact contact-5axy5q3e Anna Hill")
    assert max(map(len, capsys.readouterr().out.split("\n"))) <= 30


def test_a_text_that_has_no_room_beside_its_row_stands_below_it() -> None:
    columns = [
        Column("id", "Id", keep=True), Column("name", "Name", keep=True), Column("why", "Why", whole=True),
    ]  # fmt: skip
    rows = [["1" * 14, "n" * 10, "so that it can be read by people"], ["2" * 14, "m", ""]]
    lines, lost = lay_out(columns, rows, 40)
    assert (lines[1], lost) == ("    Why", [])
    assert lines[2:] == [
        f"{'1' * 14}  {'n' * 10}",
        "    so that it can be read by people",
        f"{'2' * 14}  m",
    ]
    beside, _ = lay_out(columns, rows, 50)
    assert beside[1] == f"{'1' * 14}  {'n' * 10}  so that it can be read"
