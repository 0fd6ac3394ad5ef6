"""The timeline as CSV: one line an event, chained, and damage costs only the line it hits."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.model.event import Event
from crmcli.store.timeline import chain, csv_lines
from crmcli.store.timeline.csv_lines import HEADER, Tail
from crmcli.store.timeline.event_ids import EVENT_ID, EventIds

AT = datetime(2026, 11, 23, 9, 0, 1, tzinfo=UTC)
NEW = Tail(0, "", "")
PATH = "data/timeline/2026-11/7k3qf2m9.csv"


def event(number: int = 0, **fields: Any) -> Event:
    ids = EventIds(AT + timedelta(seconds=number))
    return Event(**{"id": ids.next(), "at": AT, "actor": "anna", "kind": "note", "record": "lead-7k3qf2m9", **fields})  # fmt: skip


EVENTS = [
    event(1, kind="lead.created", data={"stage": "new", "name": "Иванов, «Пётр»"}),
    event(2, kind="mail.in", cause="e1m83rm83k7ethf48", depth=2, data={"text": 'Строка "1"\nСтрока 2\r\n,;'}),
    event(3, actor="robot:hello"),
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)
    path.write_bytes(csv_lines.lines(EVENTS, NEW))
    return path


def read(path: Path) -> list[Event]:
    chunk = csv_lines.read_file(path)
    assert chunk.problems == []
    return [row.event for row in chunk.rows]


def messages(path: Path) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in csv_lines.read_file(path).problems]


def test_an_event_is_one_line() -> None:
    line = csv_lines.to_line(EVENTS[1], "0123456789abcdef")
    assert line == (
        f"{EVENTS[1].id},2026-11-23T09:00:01Z,anna,mail.in,lead-7k3qf2m9,e1m83rm83k7ethf48,2,"
        '"{""text"":""Строка \\""1\\""\\nСтрока 2\\r\\n,;""}",0123456789abcdef\n'
    )


def test_a_new_file_begins_with_the_header_and_reads_back(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert lines[0] == HEADER == "id,at,actor,kind,record,cause,depth,data,prev"
    assert len(lines) == 4
    assert read(file) == EVENTS
    rows = csv_lines.read_file(file).rows
    assert [row.line for row in rows] == [2, 3, 4]
    assert rows[2].data == "{}"
    assert [row.prev for row in rows] == [csv_lines.line_hash(line.encode()) for line in lines[:3]]
    assert chain.verify_chain(file) == []


def test_every_tool_that_knows_csv_reads_it(file: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["kind"] for row in rows] == ["lead.created", "mail.in", "note"]


def test_appending_goes_on_with_the_chain(file: Path, tmp_path: Path) -> None:
    tail = csv_lines.tail(tmp_path, PATH)
    assert tail == Tail(file.stat().st_size, csv_lines.line_hash(file.read_bytes().splitlines()[-1]), EVENTS[2].id)  # fmt: skip
    more = [event(4), event(5)]
    file.write_bytes(file.read_bytes() + csv_lines.lines(more, tail))
    assert read(file) == [*EVENTS, *more]
    assert chain.verify_chain(file) == []


def test_the_tail_of_a_missing_and_of_an_empty_file(tmp_path: Path) -> None:
    assert csv_lines.tail(tmp_path, PATH) == NEW
    (tmp_path / "empty.csv").touch()
    assert csv_lines.tail(tmp_path, "empty.csv") == NEW


def test_the_tail_of_a_file_whose_last_line_is_very_long(tmp_path: Path) -> None:
    long = event(2, data={"text": "ё" * 300_000})
    (tmp_path / "x.csv").write_bytes(csv_lines.lines([event(1), long], NEW))
    assert csv_lines.tail(tmp_path, "x.csv").last_id == long.id
    assert [row.event for row in csv_lines.read_file(tmp_path / "x.csv").rows][1] == long
    assert chain.verify_chain(tmp_path / "x.csv") == []


def test_reading_goes_on_where_it_stopped(file: Path, tmp_path: Path) -> None:
    first = csv_lines.read_file(file)
    tail = csv_lines.tail(tmp_path, PATH)
    more = event(4)
    file.write_bytes(file.read_bytes() + csv_lines.lines([more], tail) + b"broken\n")
    second = csv_lines.read_file(file, first.end, line=first.next_line, name=PATH)
    assert [row.event for row in second.rows] == [more]
    assert second.rows[0].line == 5
    assert [(p.path, p.line) for p in second.problems] == [(PATH, 6)]
    assert (second.end, second.next_line) == (file.stat().st_size, 7)
    third = csv_lines.read_file(file, second.end, line=second.next_line)
    assert third == csv_lines.Chunk([], [], second.end, 7)


def test_a_cut_off_last_line_is_told_and_read_again_later(file: Path) -> None:
    whole = file.read_bytes()
    for cut in range(len(whole.rsplit(b"\n", 2)[0]) + 2, len(whole) - 1):
        file.write_bytes(whole[:cut])
        chunk = csv_lines.read_file(file)
        assert [row.event for row in chunk.rows] == EVENTS[:2]
        assert [(p.line, p.message) for p in chunk.problems] == [(4, "the last line is cut off")]
        assert whole[: chunk.end].endswith(b"\n")
        assert chunk.next_line == 4
    file.write_bytes(whole)
    again = csv_lines.read_file(file, chunk.end, line=chunk.next_line)
    assert [row.event for row in again.rows] == EVENTS[2:]


def test_a_last_line_that_lacks_only_its_end_is_an_event(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    chunk = csv_lines.read_file(file)
    assert [row.event for row in chunk.rows] == EVENTS
    assert chunk.problems == []
    tail = csv_lines.tail(tmp_path, PATH)
    assert tail.hash == csv_lines.line_hash(whole.splitlines()[-1])
    file.write_bytes(whole[:-1] + b"\n" + csv_lines.lines([event(4)], tail))
    again = csv_lines.read_file(file, chunk.end, line=chunk.next_line)
    assert [(row.event, row.line) for row in again.rows] == [
        (event(4, id=again.rows[0].event.id), 5)
    ]
    assert chain.verify_chain(file) == []


def test_a_line_torn_in_the_middle_costs_only_itself(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    torn = lines[2][:120] + b"\n"
    assert torn.count(b'"') % 2 == 1
    file.write_bytes(lines[0] + lines[1] + torn + lines[3])
    assert [row.event for row in csv_lines.read_file(file).rows] == [EVENTS[0], EVENTS[2]]
    assert messages(file) == [(3, "the line is not CSV: a quote is not closed")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"a,b,c", "3 columns instead of 9"),
        (b"\0" * 80, "NUL bytes"),
        (b"e1m83rm83k7ethf48,\xcf\xf0,anna,note,x,,0,{},0123456789abcdef", "not UTF-8"),
        (b"<<<<<<< HEAD", "unresolved merge conflict"),
        (b"=======", "unresolved merge conflict"),
        (b"e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,note,x,,0,{a},0123456789abcdef", "not JSON"),
        (b"e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,note,x,,0,[],0123456789abcdef", "not a JSON object"),
        (b'e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,note,x,,0,"{""a"":""\\ud800""}",0123456789abcdef', "half a character"),
        (b"e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,note,x,,-1,{},0123456789abcdef", "depth"),
        (b"e1m83rm83k7ethf48,2026-11-23 09:00:01,anna,note,x,,0,{},0123456789abcdef", "time zone"),
        (b"e1m83rm83k7ethf48,yesterday,anna,note,x,,0,{},0123456789abcdef", "yesterday"),
        (b"E1,2026-11-23T09:00:01Z,anna,note,x,,0,{},0123456789abcdef", "not the id"),
        (b'e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,note,x,,0,"{""a"":NaN}",0123456789abcdef', "'NaN' is no number"),
        (b'e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,note,x,,0,"{""a"":-1e999}",0123456789abcdef', "is no number"),
        (b'e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,note,x,,0,"{""at"":""soon""}",0123456789abcdef', "'at' in data"),
        (b'e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,stage.entered,x,,0,"{""stage"":[1]}",0123456789abcdef', "'stage' in data"),
        (b'e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,deal.created,x,,0,"{""stood"":{""new"":7}}",0123456789abcdef', "'stood' in data"),
        (b'e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,field.changed,x,,0,"{""changes"":{""name"":""x""}}",0123456789abcdef', "'changes' in data"),
        (b'e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,change.undone,x,,0,"{""undone"":[7]}",0123456789abcdef', "'undone' in data"),
        (b"e1m83rm83k7ethf48,2026-11-23T09:00:01Z,anna,note,x,,0,{},012345", "not the hash"),
    ],
)  # fmt: skip
def test_a_damaged_line_is_named_and_the_others_are_read(
    file: Path, line: bytes, words: str
) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], line, b"\n", *lines[2:]]))
    assert [row.event for row in csv_lines.read_file(file).rows] == EVENTS
    ((number, message),) = messages(file)
    assert number == 3
    assert words in message


def test_a_repeated_header_and_blank_lines_are_passed_over(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], lines[0], b"\n", *lines[2:]]))
    assert read(file) == EVENTS


@pytest.mark.parametrize(("changed", "shown"), [(1, [1, 2]), (2, [3]), (3, [4])])
def test_the_chain_shows_where_a_line_was_changed(
    file: Path, changed: int, shown: list[int]
) -> None:
    text = file.read_text().splitlines(keepends=True)
    text[changed - 1] = text[changed - 1].replace(",", ", ", 1)
    file.write_text("".join(text))
    problems = chain.verify_chain(file, name=PATH)
    assert [(problem.path, problem.line) for problem in problems] == [(PATH, n) for n in shown]


def test_the_chain_shows_a_line_taken_out_put_in_or_moved(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    for changed in ([0, 2, 3], [0, 1, 3], [0, 1, 1, 2, 3], [0, 2, 1, 3], [1, 2, 3]):
        file.write_bytes(b"".join(lines[n] for n in changed))
        assert chain.verify_chain(file), changed
    file.write_bytes(b"".join(lines))
    assert not chain.verify_chain(file)


@pytest.mark.parametrize(
    "bad",
    [
        event(data={"a": "\ud800"}),
        event(data={"a": object()}),
        event(data={"a": float("nan")}),
        event(actor="anna\nboris"),
        event(record="a\u2028b"),
    ],
)
def test_an_event_that_fits_on_no_line_is_refused(bad: Event) -> None:
    with pytest.raises(csv_lines.UnwritableEvent, match=r"event note of"):
        csv_lines.lines([bad], NEW)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("аa\n\",", max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=8)


@given(
    st.lists(
        st.builds(
            event,
            st.integers(0, 1000),
            actor=words,
            record=words,
            depth=st.integers(0, 30),
            data=st.dictionaries(st.text("ая\u2028\x85\r\n", max_size=3), json_values, max_size=3),
        ),
        max_size=4,
    )
)
@settings(max_examples=200, deadline=None)
def test_whatever_happened_reads_back(tmp_path_factory: Any, events: list[Event]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    data = csv_lines.lines(events, NEW)
    path.write_bytes(data)
    assert read(path) == events
    assert chain.verify_chain(path) == []
    assert len(data.decode().splitlines()) == len(events) + 1


def test_ids_sort_by_time_even_when_the_clock_does_not() -> None:
    made: list[str] = []
    for seconds in (0, 0, 5, 3, -100, 6):
        ids = EventIds(AT + timedelta(seconds=seconds), made[-1] if made else "")
        made += [ids.next() for _ in range(50)]
    assert made == sorted(set(made))
    assert all(EVENT_ID.fullmatch(made_id) for made_id in made)
    assert made[250][:10] > made[199][:10]


def test_ids_of_two_clones_differ() -> None:
    assert len({EventIds(AT).next() for _ in range(500)}) == 500


def test_counting_on_stays_within_the_millisecond() -> None:
    ids = EventIds(AT)
    first = ids.next()
    for _ in range(20_000):
        last = ids.next()
    assert last[:10] == first[:10]
    assert last > first


def test_branches_of_one_clone_that_git_joined_are_a_sound_chain(tmp_path: Path) -> None:
    first, ours, theirs, last = (event(n) for n in range(4))
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)

    def more(base: bytes, *events: Event) -> bytes:
        path.write_bytes(base)
        return csv_lines.lines(list(events), csv_lines.tail(tmp_path, PATH))

    trunk = csv_lines.lines([first], NEW)
    joined = trunk + more(trunk, ours) + more(trunk, theirs)
    path.write_bytes(joined + more(joined, last))
    assert read(path) == [first, ours, theirs, last]
    assert chain.verify_chain(path) == []
    path.write_bytes(joined.replace(trunk.splitlines(keepends=True)[1], b""))
    assert [problem.line for problem in chain.verify_chain(path)] == [2, 3]


def test_two_branches_in_one_second_choose_different_ids() -> None:
    last = EventIds(AT).next()
    chosen = {EventIds(AT, last).next() for _ in range(50)}
    assert len(chosen) == 50
    assert min(chosen) > last


def test_data_that_is_nested_too_deeply_is_a_problem_of_its_line(tmp_path: Path) -> None:
    path = tmp_path / "deep.csv"
    deep = "[" * 50_000 + "]" * 50_000
    good = csv_lines.lines(EVENTS, NEW).decode()
    path.write_text(good + f"{EVENTS[0].id},2026-11-23T09:00:00Z,anna,note,,,0,{deep},{'0' * 16}\n")
    chunk = csv_lines.read_file(path)
    assert [row.event for row in chunk.rows] == EVENTS
    assert [problem.message for problem in chunk.problems] == ["data is nested too deeply"]
