"""What was answered is in its file before: whatever becomes of the server, the tick makes leads of it, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from crmcli.channels.incoming import Arrived
from crmcli.errors import Refused
from crmcli.sales.intake import accepted, kept
from crmcli.web.opening import Opening
from crmcli.web.writer import TryLater, Writer
from crmcli.workspace import Change, spool
from tests.kit import NOW, Run, opened

TEXT = st.text(max_size=20)
ARRIVED = st.builds(
    Arrived, st.binary(max_size=50), TEXT, st.dictionaries(TEXT, st.one_of(TEXT, st.lists(TEXT)))
)


def post(number: int) -> Arrived:
    facts = {"form": "callback", "fields": {"phone": ["phones", "Телефон"]}}
    return Arrived(f"phone=%2B7916000{number:04}".encode(), f"form:callback:t{number}", facts)


def left_by_a_killed(folder: Path, count: int) -> Path:
    """The file of a server that answered so many, and wrote down none."""
    writer = Writer(Opening(folder, "", NOW))
    for number in range(count):
        writer.keep(post(number))
    [file] = (folder / spool.FOLDER).iterdir()
    assert [*spool.left(opened(folder))] == []  # it is at it still
    writer._spool.end()
    return file


@given(ARRIVED, TEXT)
def test_a_line_says_what_arrived(one: Arrived, channel: str) -> None:
    text = accepted.line(channel, one)
    assert b"\n" not in text
    assert accepted.arrived(text) == (channel, one)


def test_the_tick_writes_down_what_a_killed_server_left(folder: Path, crm: Run) -> None:
    file = left_by_a_killed(folder, 3)
    dry = crm("tick", "-n")
    assert (dry.code, file.exists()) == (0, True)
    copy = file.read_bytes()
    assert crm("tick").code == 0
    file.write_bytes(copy)  # killed before it was removed
    assert crm("tick").code == 0
    assert not file.exists()
    assert len(opened(folder).select("lead")) == 3
    assert crm("check").code == 0


def test_the_next_server_takes_it_over(folder: Path) -> None:
    left_by_a_killed(folder, 2)
    writer = Writer(Opening(folder, "", NOW))
    writer.start()
    writer.keep(post(1))  # the same once more
    writer.keep(post(7))
    writer.stop()
    assert len(kept.listed(opened(folder), ("waiting", "taken"))) == 3
    assert not [*(folder / spool.FOLDER).iterdir()]


def test_many_at_once_each_stand_there_once(folder: Path) -> None:
    writer = Writer(Opening(folder, "", NOW))
    with ThreadPoolExecutor(16) as many:
        for _ in many.map(lambda number: writer.keep(post(number)), range(400)):
            pass
    assert writer.waiting == 400
    writer.start()
    writer.stop()
    assert writer.waiting == 0
    found = kept.listed(opened(folder), ("waiting", "taken"))
    assert {one.key for one in found} == {post(number).key for number in range(400)}
    assert len(found) == 400


def test_what_cannot_be_written_is_said_to_each_and_the_next_is_kept(folder: Path) -> None:
    (folder / ".crm").mkdir(exist_ok=True)
    (folder / spool.FOLDER).write_text("in the way")
    writer = Writer(Opening(folder, "", NOW))
    with ThreadPoolExecutor(4) as many:
        told = [*many.map(lambda number: said(writer, number), range(8))]
    assert all(told)
    (folder / spool.FOLDER).unlink()
    assert said(writer, 1) == ""


def said(writer: Writer, number: int) -> str:
    try:
        writer.keep(post(number))
    except TryLater as error:
        return str(error)
    return ""


def test_of_a_torn_file_everything_that_was_whole_is_written_down(folder: Path) -> None:
    file = left_by_a_killed(folder, 3)
    whole = file.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    for length in (0, 5, ends[0] - 1, ends[0], ends[1] + 20, ends[2]):
        for tail in (b"", b"\0" * 9):
            file.write_bytes(whole[:length] + tail)
            [found] = spool.left(opened(folder))
            assert len([*found.lines()]) == sum(end <= length + (not tail) for end in ends)
            found.remove()
            assert not [*file.parent.iterdir()]


def test_a_line_that_was_changed_makes_nothing_and_is_kept_aside(folder: Path, crm: Run) -> None:
    file = left_by_a_killed(folder, 3)
    lines = file.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b"callback", b"cashback")
    file.write_bytes(b"\n".join(lines))
    assert crm("tick").code == 0
    assert len(opened(folder).select("lead")) == 2
    assert [one.name for one in file.parent.iterdir()] == [f"{file.name}.damaged"]
    assert f"{file.name}.damaged: crm serve accepted this" in crm("check").out


def test_what_a_hook_refuses_waits_and_is_in_nobodys_way(folder: Path) -> None:
    file = left_by_a_killed(folder, 3)
    refuses = ["t1"]

    def before(change: Change) -> None:
        if any(word in str(event.data) for event in change.events for word in refuses):
            raise Refused("not him")

    hooks = SimpleNamespace(before=before, committed=lambda: None, after=lambda: None)
    ws = opened(folder)
    ws.hooks = hooks
    assert [str(why) for why in accepted.write_down_left(ws)] == ["not him"]
    assert len(kept.listed(ws, ("waiting",))) == 2
    assert file.exists()
    refuses.clear()
    assert accepted.write_down_left(ws) == []
    assert len(kept.listed(ws, ("waiting",))) == 3
    assert not file.exists()


def test_what_is_refused_again_and_again_lets_others_pass(folder: Path) -> None:
    def before(change: Change) -> None:
        if any("t1" in str(event.data) for event in change.events):
            raise Refused("not him")

    ws = opened(folder)
    ws.hooks = SimpleNamespace(before=before, committed=lambda: None, after=lambda: None)
    writer = Writer(lambda: ws)
    for number in (1, 2, 3):
        writer.keep(post(number))
        file = writer._spool.closed()
        assert file
        assert writer._is_down(file) == (number != 1)
    assert len(kept.listed(ws, ("waiting",))) == 2
    assert writer.waiting == 1
    again = writer._spool.closed()
    assert again
    assert b"t1" in again.path.read_bytes()


def test_an_error_of_our_own_over_one_costs_that_one_alone(folder: Path) -> None:
    file = left_by_a_killed(folder, 3)

    def before(change: Change) -> None:
        if any("t1" in str(event.data) for event in change.events):
            raise ZeroDivisionError

    ws = opened(folder)
    ws.hooks = SimpleNamespace(before=before, committed=lambda: None, after=lambda: None)
    assert "ZeroDivisionError" in str(accepted.write_down_left(ws)[0])
    assert len(kept.listed(ws, ("waiting",))) == 2
    assert file.exists()
