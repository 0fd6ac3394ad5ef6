"""Lines of any length: one that is too long is told and passed over, and costs no memory."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmcli.model.event import Event
from crmcli.store.disk import line_reader
from crmcli.store.timeline import chain, csv_lines
from crmcli.store.timeline.csv_lines import LONGEST, Tail
from crmcli.store.timeline.event_ids import EventIds
from tests.store.index_folder import Folder

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
NEW = Tail(0, "", "")


def event(text: str = "", second: int = 0) -> Event:
    ids = EventIds(AT.replace(second=second))
    return Event(ids.next(), AT, "anna", "note", "lead-7k3qf2m9", data={"text": text})


@pytest.mark.parametrize("size", [1, 7, 20])
def test_pieces_are_whole_lines_and_miss_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(line_reader, "PIECE", size)
    path = tmp_path / "a.csv"
    lines = ["раз", "", "x" * 40, "два", "y" * 21, "z" * 20, "конец"]
    path.write_text("\n".join(lines), encoding="utf-8")
    with line_reader.opened(path) as fd:
        found = list(line_reader.pieces(fd, 0, 20))
        ends = [line_reader.line_start(fd, piece.end - 1) for piece in found if piece.data is None]
    content = path.read_bytes()
    assert [p.start for p in found] == [0, *(p.end for p in found[:-1])]
    assert found[-1].end == len(content)
    assert all(p.data in (None, content[p.start : p.end]) for p in found)
    long = [p for p in found if p.data is None]
    assert [content[p.start : p.end] for p in long] == [b"x" * 40 + b"\n", b"y" * 21 + b"\n"]
    assert ends == [p.start for p in long]


def test_a_line_of_30_mb_is_passed_over(tmp_path: Path) -> None:
    one, two = event("до"), event("после", 1)
    good = csv_lines.lines([one], NEW)
    path = tmp_path / "a.csv"
    path.write_bytes(good + b"x" * 30_000_000 + b"\n")
    tail = csv_lines.tail(tmp_path, "a.csv")
    assert (tail.size, tail.last_id) == (path.stat().st_size, one.id)
    path.write_bytes(path.read_bytes() + csv_lines.lines([two], tail))
    chunk = csv_lines.read_file(path, name="a.csv")
    assert [(row.event, row.line) for row in chunk.rows] == [(one, 2), (two, 4)]
    [problem] = chunk.problems
    assert (problem.path, problem.line) == ("a.csv", 3)
    assert problem.message == "the line is longer than 10 MB"
    assert (chunk.end, chunk.next_line) == (path.stat().st_size, 5)
    assert list(chain.verify_chain(path, unreadable=frozenset({3}))) == []


def test_a_long_last_line_without_its_end_is_read_again_later(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = csv_lines.lines([event("до")], NEW)
    path.write_bytes(good + b"x" * (LONGEST + 1))
    chunk = csv_lines.read_file(path)
    assert (len(chunk.rows), chunk.end, chunk.next_line) == (1, len(good), 3)
    assert [p.line for p in chunk.problems] == [3]


def test_the_longest_that_crm_can_write_is_read(tmp_path: Path) -> None:
    quotes, odd = '"' * 1_000_000, "\x85" * 500_000
    written = Event(event().id, AT, "anna", "field.changed", "lead-7k3qf2m9", data={
        "changes": {"comment": [quotes, odd]}, "text": quotes
    })  # fmt: skip
    path = tmp_path / "a.csv"
    path.write_bytes(csv_lines.lines([written], NEW))
    assert path.stat().st_size > 8_000_000
    assert [row.event for row in csv_lines.read_file(path).rows] == [written]


def test_what_could_not_be_read_is_not_written() -> None:
    with pytest.raises(csv_lines.UnwritableEvent, match="too long"):
        csv_lines.lines([event("я" * (LONGEST // 2))], NEW)


def test_the_index_reads_what_stands_around_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    note = ("note", "lead-7k3qf2m9", {})
    [one] = folder.log("7k3qf2m9", note)
    path = next((tmp_path / "data/timeline").glob("*/*.csv"))
    path.write_bytes(path.read_bytes() + b"x" * (LONGEST + 5) + b"\n")
    [two] = folder.log("7k3qf2m9", note)
    index = folder.fresh()
    assert [event.id for event in index.events()] == [one, two]
    assert [p.line for p in index.problems()] == [3]
