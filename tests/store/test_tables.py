"""CSV as people have it: encodings, delimiters, quotes, rows that are broken."""

from __future__ import annotations

import csv
import io
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.errors import BadUsage, Conflict
from crmcli.formats.csv import CELL_LIMIT, Table, csv_line, find_delimiter, read_table
from crmcli.formats.encodings import TableUnreadable
from crmcli.formats.jsonl import read_json_lines
from crmcli.store.disk.new_file import NewFile


def table(text: str | bytes, encoding: str = "", delimiter: str = "") -> Table:
    content = text.encode() if isinstance(text, str) else text
    return read_table(content, "база.csv", encoding, delimiter)


def cells(text: str | bytes, encoding: str = "", delimiter: str = "") -> list[tuple[str, ...]]:
    rows = list(table(text, encoding, delimiter).rows())
    assert [row.fault for row in rows] == [""] * len(rows)
    return [row.cells for row in rows]


# -- encodings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "codec", "told"),
    [
        (b"", "utf-8", ""),
        (b"\xef\xbb\xbf", "utf-8", ""),
        (b"\xff\xfe", "utf-16-le", ""),
        (b"\xfe\xff", "utf-16-be", ""),
        (b"", "cp1251", ""),
        (b"", "koi8-r", "koi8-r"),
        (b"", "cp866", "cp866"),
        (b"", "utf-16-le", "utf-16"),
        (b"", "mac-cyrillic", "mac-cyrillic"),
    ],
)
def test_russian_text_in_every_encoding(mark: bytes, codec: str, told: str) -> None:
    text = "Имя;Город\nЖанна Ёлкина;Орёл\n"
    assert cells(mark + text.encode(codec), told) == [("Жанна Ёлкина", "Орёл")]
    assert table(mark + text.encode(codec), told).header == ("Имя", "Город")


def test_what_is_not_utf8_is_windows_1251_even_when_short() -> None:
    found = table("имя\nИван\n".encode("cp1251"))
    assert (found.encoding, next(found.rows()).cells) == ("cp1251", ("Иван",))


def test_one_broken_byte_does_not_turn_a_utf8_file_into_another_encoding() -> None:
    good = "имя,город\nАнна,Москва\nИв\udcffан,Казань\nОльга,Пермь\n"
    rows = list(table(good.encode("utf-8", "surrogateescape")).rows())
    assert [row.cells[-1] for row in rows] == ["Москва", "Казань", "Пермь"]
    assert [row.fault for row in rows] == ["", "is in another encoding", ""]
    assert (rows[1].line, bool(rows[1].source)) == (3, True)


@pytest.mark.parametrize("content", [b"PK\x03\x04\x14\0", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_workbook_is_named_as_one(content: bytes) -> None:
    with pytest.raises(TableUnreadable, match="Excel workbook"):
        table(content)


def test_an_unknown_encoding_or_delimiter_is_refused() -> None:
    for encoding in ("utf-9", "rot13", "zip"):
        with pytest.raises(BadUsage, match=encoding):
            table("a,b\n", encoding)
    with pytest.raises(BadUsage, match="not a delimiter"):
        table("a,b\n", delimiter="ab")


def test_a_told_encoding_that_cannot_be_is_refused() -> None:
    with pytest.raises(TableUnreadable, match="utf-16"):
        table(b"odd", "utf-16")


# -- delimiters and headers -----------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_outside_quotes(delimiter: str) -> None:
    others = "".join(d for d in ";,\t|" if d != delimiter) * 3
    header = csv_line([f'"a{others}b', "тел", "e-mail"], delimiter)
    assert find_delimiter(header) == delimiter
    assert cells(header + csv_line(["1", "2", "3"], delimiter)) == [("1", "2", "3")]


def test_a_file_of_one_column_needs_no_delimiter() -> None:
    assert cells("e-mail\nanna@example.ru\n") == [("anna@example.ru",)]


def test_a_told_delimiter_wins() -> None:
    assert cells("a;b,c\n1;2,3\n", delimiter=",") == [("1;2", "3")]
    assert cells("a b\tc\n1\t2\n", delimiter="tab") == [("1", "2")]


def test_excels_own_line_about_the_delimiter() -> None:
    found = table("sep=;\r\nимя;тел\r\nАнна;1,5\r\n")
    assert found.header == ("имя", "тел")
    assert [(row.line, row.cells) for row in found.rows()] == [(3, ("Анна", "1,5"))]


def test_a_trailing_delimiter_makes_no_column() -> None:
    found = table('"ID";"Имя";\r\n"1";"Анна";\r\n"2";"Борис"\r\n')
    assert found.header == ("ID", "Имя")
    assert [row.cells for row in found.rows()] == [("1", "Анна"), ("2", "Борис")]


def test_text_under_no_header_is_not_dropped() -> None:
    [row] = table("имя;тел;\nАнна;1;потерялось\n").rows()
    assert row.fault == "has 3 cells, the header has 2"
    assert row.source == "Анна;1;потерялось"


def test_repeated_and_nameless_headers_are_told_apart() -> None:
    assert table("Тел;Тел;;Тел\n").labels == ("Тел", "Тел (2)", "column 3", "Тел (3)")
    assert table("Тел;Тел (2);Тел\n").labels == ("Тел", "Тел (2)", "Тел (3)")


def test_header_names_are_cleaned_of_what_nobody_sees() -> None:
    assert table("\ufeff Имя \u00a0;\u200bТел\n".encode()).header == ("Имя", "Тел")


# -- rows -----------------------------------------------------------------------------------


def test_line_breaks_in_quotes_stay_and_lines_are_counted() -> None:
    text = 'имя;текст\r\nАнна;"раз\r\nдва ""три"";\n"\r\n\r\nБорис;\r\n'
    rows = [(row.line, row.cells) for row in table(text).rows()]
    assert rows == [(2, ("Анна", 'раз\r\nдва "три";\n')), (6, ("Борис", ""))]


def test_mixed_line_ends() -> None:
    assert cells("a,b\r1,2\r\n3,4\n5,6") == [("1", "2"), ("3", "4"), ("5", "6")]


def test_the_header_may_break_its_lines_too() -> None:
    found = table('"Полное\nимя";тел\nАнна;1\n')
    assert found.header == ("Полное\nимя", "тел")
    assert [(row.line, row.cells) for row in found.rows()] == [(3, ("Анна", "1"))]


def test_rows_with_too_many_or_too_few_cells_are_told_each() -> None:
    rows = list(table("a,b,c\n1,2,3\n1,2\n1,2,3,4\n7,8,9\n").rows())
    assert [(row.line, row.fault, row.is_short) for row in rows] == [
        (2, "", False),
        (3, "", True),
        (4, "has 4 cells, the header has 3", False),
        (5, "", False),
    ]
    assert rows[1].cells == ("1", "2", "")
    assert rows[2].cells == ("1", "2", "3", "4")


def test_a_quote_that_is_never_closed_costs_one_row() -> None:
    rows = list(table('a,b\n1,2\n3,"4\n5,6\n7,8\n').rows())
    assert [(row.line, row.cells) for row in rows] == [
        (2, ("1", "2")),
        (3, ()),
        (4, ("5", "6")),
        (5, ("7", "8")),
    ]
    assert (rows[1].fault, rows[1].source) == ("a quote is never closed", '3,"4')


def test_an_open_quote_does_not_swallow_quoted_rows_behind_it() -> None:
    text = '"a";"b"\n"1";"2\n"3";"4"\n"5";"6"\n'
    rows = list(table(text).rows())
    assert [row.cells for row in rows if not row.fault] == [("3", "4"), ("5", "6")]
    assert [row.line for row in rows if row.fault] == [2]


def test_an_open_quote_that_swallows_cells_is_found_by_their_number() -> None:
    rows = list(table('a;b\n"1;2\n3;4\n5;6"\n7;8\n').rows())
    assert [row.line for row in rows if row.fault] == [2]
    assert [row.cells for row in rows if not row.fault] == [("3", "4"), ("5", '6"'), ("7", "8")]


def test_quotes_that_are_not_doubled_are_told() -> None:
    rows = list(table('a;b\n"ООО "Ромашка"";1\nАО "Вектор";2\n').rows())
    assert "not doubled" in rows[0].fault
    assert rows[1].cells == ('АО "Вектор"', "2")


def test_blank_rows_are_blank() -> None:
    rows = list(table("a;b\n\n;\n  \n1;2\n").rows())
    assert [(row.is_blank, row.line) for row in rows] == [(True, 3), (True, 4), (False, 5)]


def test_nul_bytes_cost_their_row_or_the_file() -> None:
    rows = list(table(b"a,b\n1,2\n3,\x00\n5,6\n").rows())
    assert [row.fault for row in rows] == ["", "has a NUL byte", ""]
    with pytest.raises(TableUnreadable, match="NUL"):
        table(b"\x00\x00\x00,\x00\n")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_lost_its_mark(encoding: str) -> None:
    found = table("имя,тел\nАнна,1\n".encode(encoding))
    assert (found.encoding, [row.cells for row in found.rows()]) == (encoding, [("Анна", "1")])


@pytest.mark.parametrize("text", [b"", b"\n\r\n  \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_told(text: bytes) -> None:
    with pytest.raises(TableUnreadable, match=r"база\.csv is empty"):
        table(text)


def test_a_header_alone_is_a_table_without_rows() -> None:
    assert cells("имя;тел") == []


def test_a_header_with_an_open_quote_is_told() -> None:
    with pytest.raises(TableUnreadable, match=r"база\.csv:1: the header cannot be read"):
        table('"имя;тел\nАнна;1\n')


def test_a_cell_beyond_all_measure_costs_its_row() -> None:
    long = "я" * (CELL_LIMIT + 1)
    rows = list(table(f"a,b\n1,{long}\n3,4\n").rows())
    assert "longer than 1,000,000" in rows[0].fault
    assert rows[1].cells == ("3", "4")
    kept = "я" * 300_000
    assert cells(f"a,b\n1,{kept}\n") == [("1", kept)]


def test_rows_can_be_read_again() -> None:
    found = table("a,b\n1,2\n")
    assert list(found.rows()) == list(found.rows())


# -- writing --------------------------------------------------------------------------------

CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
NASTY = st.one_of(CELL, st.text(alphabet="\";,\r\n\t| '=+-@aЯ", max_size=12))


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(NASTY, min_size=3, max_size=3), max_size=5),
    delimiter=st.sampled_from(";,\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
)
def test_what_is_written_is_read_back(
    rows: list[list[str]], delimiter: str, end: str, bom: bool
) -> None:
    header = ["a", "b", "c"]
    text = "".join(csv_line(row, delimiter, end) for row in [header, *rows])
    found = table(("\ufeff" if bom else "") + text)
    read = [list(row.cells) for row in found.rows() if not row.is_blank]
    assert read == [row for row in rows if any(cell.strip() for cell in row)]
    assert found.delimiter == delimiter
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert [row for row in lines if row][1:] == rows  # other programs read the same


def test_a_row_of_one_empty_cell_is_still_a_row() -> None:
    assert csv_line([""]) == '""\n'


# -- JSON lines -----------------------------------------------------------------------------


def test_json_lines_have_all_keys_as_columns_and_text_in_cells() -> None:
    text = '{"name": "Анна", "age": 7, "vip": true}\n\n{"phones": ["+79161234567"], "sum": 1.50}\n'
    found = read_json_lines(text.encode(), "x.jsonl")
    assert found.labels == ("name", "age", "vip", "phones", "sum")
    assert [(row.line, row.cells) for row in found.rows()] == [
        (1, ("Анна", "7", "yes", "", "")),
        (3, ("", "", "", ["+79161234567"], "1.50")),
    ]


def test_a_broken_line_costs_itself() -> None:
    deep = '{"a": ' + "[" * 50 + "]" * 50 + "}"
    text = '{"a": "1"}\n{"a": \n[1]\n{"a": 1, "a": 2}\n{"a": "\\u0000"}\n' + deep + '\n{"a": "3"}\n'
    rows = list(read_json_lines(text.encode(), "x.jsonl").rows())
    assert [bool(row.fault) for row in rows] == [False, True, True, True, True, True, False]
    assert rows[2].fault == 'is not an object like {"name": "…"}'
    assert rows[1].source == '{"a":'


def test_no_object_at_all_is_no_table() -> None:
    with pytest.raises(TableUnreadable, match="not JSON lines"):
        read_json_lines(b"{broken\n", "x.jsonl")


# -- files outside the workspace -------------------------------------------------------------


def test_a_new_file_appears_whole_and_never_over_another(tmp_path: Path) -> None:
    (tmp_path / "rejects.csv").write_text("other")
    made = []
    for text in ("раз", "два"):
        new = NewFile(tmp_path / "rejects.csv")
        new.write(text)
        made.append(new.keep().name)
    assert made == ["rejects-2.csv", "rejects-3.csv"]
    assert (tmp_path / "rejects.csv").read_text() == "other"
    assert (tmp_path / "rejects-3.csv").read_text() == "два"
    unwanted = NewFile(tmp_path / "rejects.csv")
    unwanted.write("три")
    unwanted.discard()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_new_file_on_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3, limits[1]))  # the kernel then says EFBIG
    try:
        unwanted = NewFile(tmp_path / "rejects.csv")
        unwanted.write("слишком много")
        unwanted.discard()
        wanted = NewFile(tmp_path / "rejects.csv")
        wanted.write("слишком много")
        with pytest.raises(Conflict, match="disk is full"):
            wanted.keep()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_new_file(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="is a folder"):
        NewFile(tmp_path)
