"""git steps back, and nothing that left this machine leaves a second time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.automation.outbox import deliver
from crmcli.automation.unrecorded_sends import accept, unrecorded
from crmcli.errors import InvalidData
from crmcli.sales.checks import check
from crmcli.store.timeline import sent
from crmcli.workspace import Workspace
from tests import kit
from tests.automation.clones import HELLO
from tests.automation.conftest import House
from tests.kit import begin, git, save

BACK: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "stash": (lambda root: git(root, "stash", "-q"), lambda root: git(root, "stash", "pop", "-q")),
    "stash -u": (
        lambda root: git(root, "stash", "-q", "-u"),
        lambda root: git(root, "stash", "pop", "-q"),
    ),
    "checkout of an older commit": (
        lambda root: (save(root, "sent"), git(root, "checkout", "-q", "HEAD~1")),
        lambda root: git(root, "checkout", "-q", "main"),
    ),
    "reset --hard": (
        lambda root: (save(root, "sent"), git(root, "reset", "-q", "--hard", "HEAD~1")),
        lambda root: git(root, "reset", "-q", "--hard", "ORIG_HEAD"),
    ),
    "bisect": (
        lambda root: (
            save(root, "sent"), save_empty(root), git(root, "bisect", "start", "HEAD", "HEAD~2"),
            git(root, "checkout", "-q", "HEAD~1"),
        ),
        lambda root: git(root, "bisect", "reset"),
    ),
    "rebase --onto": (
        lambda root: (
            save(root, "sent"), save_empty(root),
            git(root, "rebase", "-q", "--onto", "HEAD~2", "HEAD~1", "main"),
        ),
        lambda root: git(root, "reset", "-q", "--hard", "ORIG_HEAD"),
    ),
    "stash -a": (
        lambda root: git(root, "stash", "-q", "-a"),
        lambda root: (shutil.rmtree(root / ".crm"), git(root, "stash", "pop", "-q"), begin_anew(root)),
    ),
    "clean -x": (
        lambda root: (
            save(root, "sent"), git(root, "reset", "-q", "--hard", "HEAD~1"), git(root, "clean", "-qfdx"),
        ),
        lambda root: git(root, "reset", "-q", "--hard", "HEAD@{1}"),
    ),
    "checkout of the timeline": (
        lambda root: (save(root, "sent"), git(root, "checkout", "-q", "HEAD~1", "--", "data")),
        lambda root: git(root, "checkout", "-q", "HEAD", "--", "data"),
    ),
}  # fmt: skip


def begin_anew(root: Path) -> None:
    """As `crm check --fix` does for a state that git has written anew."""
    shutil.rmtree(root / ".crm")


def save_empty(root: Path) -> None:
    (root / "notes.txt").write_text("1")
    save(root, "more")


@pytest.fixture
def told(house: House) -> House:
    """A house in git whose lead has had its letter; the lead is committed, the letter is not."""
    house.rules(leads=HELLO)
    house.add("lead", name="Чай", emails="olga@kafe.example")
    begin(house.root)
    assert house.tick().failures == []
    assert len(house.letters()) == 1
    empty(house)
    return house


def empty(house: House) -> None:
    """Somebody reads the letters and takes them out, so that the Maildir cannot tell."""
    for path in (house.root / "outbox/new").glob("*"):
        path.unlink()


@pytest.mark.parametrize("way", kit.some([*BACK], 3))
def test_nothing_leaves_until_the_history_is_back(told: House, way: str) -> None:
    back, forth = BACK[way]
    back(told.root)
    (line,) = told.tick("5m").failures
    assert "the timeline no longer has 1 sent message" in line
    assert "crm tick --accept-history" in line
    assert told.tick("5m").failures == []  # said once
    assert told.letters() == []
    for kind in (told.root / "data").rglob("*.csv"):  # what the ticks meanwhile wrote is dropped
        if git(told.root, "status", "--porcelain", "--", str(kind)):
            git(told.root, "checkout", "-q", "--", str(kind))
    forth(told.root)
    assert told.tick("5m").failures == []
    assert told.letters() == []
    assert unrecorded(told.ws) == []
    told.add("lead", name="Кофе", emails="ivan@kafe.example")
    assert told.tick("5m").failures == []
    assert len(told.letters()) == 1


@pytest.mark.parametrize("way", kit.some([*BACK], 3))
def test_or_until_somebody_says_so(told: House, way: str) -> None:
    BACK[way][0](told.root)
    (claim,) = accept(told.ws)
    assert "olga@kafe.example" in claim.to
    assert accept(told.ws) == []
    assert told.tick("5m").failures == []
    assert told.tick("1d").failures == []
    assert told.letters() == []
    told.add("lead", name="Кофе", emails="ivan@kafe.example")
    assert told.tick("5m").failures == []
    assert len(told.letters()) == 1


def test_what_was_accepted_is_no_problem_though_the_record_is_gone(told: House) -> None:
    """The lead went with its letter; whoever accepted that need not say it again to `crm check`."""
    told.add("lead", name="Кофе", emails="ivan@kafe.example")
    assert told.tick("5m").failures == []
    git(told.root, "stash", "-q", "-u")
    assert len(accept(told.ws)) == 2
    assert list(check.problems(told.ws)) == []
    lead = next(event.record for event in told.ws.events(kinds=("job.done",))
                if not told.ws.exists(event.record))  # fmt: skip
    with told.ws.change("test") as change:
        change.note("note", lead, {"text": "Алло"})
    (problem,) = check.problems(told.ws)
    assert "no file and no creation" in problem.message


FORGED: dict[str, Callable[[Path, Path], object]] = {
    "a link": lambda path, outside: path.symlink_to(outside),
    "a link to nowhere": lambda path, outside: path.symlink_to(outside.with_name("nowhere")),
    "a pipe": lambda path, outside: os.mkfifo(path),
    "a folder": lambda path, outside: path.mkdir(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORGED)
def test_nothing_is_written_through_what_stands_in_place_of_gits_list(
    told: House, form: str, tmp_path: Path
) -> None:
    """Nothing leaves, and the tick says why; it goes on once that is taken away."""
    outside, path = tmp_path / "outside", told.root / ".git/crm-sent"
    outside.write_text("mine\n")
    path.unlink()
    FORGED[form](path, outside)
    told.add("lead", name="Кофе", emails="ivan@kafe.example")
    (line,) = told.tick("5m").failures
    assert "crm-sent" in line
    assert line.endswith("(replace it with the real file or folder)")
    assert told.letters() == []
    assert (outside.read_text(), (tmp_path / "nowhere").exists()) == ("mine\n", False)
    path.rmdir() if form == "a folder" else path.unlink()
    assert told.tick("5m").failures == []
    assert len(told.letters()) == 1
    assert path.is_file()


def test_a_message_that_cannot_be_noted_beside_has_failed_and_is_tried_again(told: House) -> None:
    path = told.root / ".git/crm-sent"
    outbox = told.root / "outbox"
    outbox.rename(told.root / "away")
    outbox.write_text("no Maildir")
    lead = told.add("lead", name="Кофе", emails="ivan@kafe.example").id
    assert told.tick("5m").failures == []
    (key,) = (str(event.data["key"]) for event in told.ws.events(lead, kinds=("job.queued",)))
    outbox.unlink()
    (told.root / "away").rename(outbox)
    path.unlink()
    path.mkdir()
    told.wait("1h")
    ended = deliver(told.ws, key)
    assert ended is not None
    assert (ended.word, "crm-sent" in ended.reason) == ("failed", True)
    path.rmdir()
    assert told.tick("1h").failures == []
    assert len(told.letters()) == 1


def test_meanwhile_robots_go_on_within_crm(told: House) -> None:
    told.rules(
        leads=HELLO.replace(
            "robots:\n", "robots:\n      - {id: call, do: task, with: {title: Звонок}}\n"
        )
    )
    git(told.root, "stash", "-q")
    told.rules(
        leads=HELLO.replace(
            "robots:\n", "robots:\n      - {id: call, do: task, with: {title: Звонок}}\n"
        )
    )
    told.add("lead", name="Кофе", emails="ivan@kafe.example")
    told.tick()
    assert told.titles() == ["Звонок"]
    assert told.letters() == []


def test_a_letter_that_is_tried_again_is_no_second_one(house: House) -> None:
    house.write(
        "settings.yaml", "channels: {mail: {deliver: 'smtp://127.0.0.1:9', from: a@chai.example}}\n"
    )
    house.user = ""
    house.rules(leads=HELLO)
    house.add("lead", name="Чай", emails="olga@kafe.example")
    for _ in range(3):
        assert house.tick("13h").failures == []
    assert len(house.events("job.started")) == 3
    known = sent.read(house.root)
    assert [claim.number for claim in known.claims.values()] == [3]


def test_a_damaged_list_lets_nothing_leave_and_stops_nothing_else(told: House) -> None:
    with (told.root / sent.PATH).open("ab") as file:
        file.write(b'{"claimed": \n')
    told.add("lead", name="Кофе", emails="ivan@kafe.example")
    (line,) = told.tick().failures
    assert f"{sent.PATH}:4 is damaged" in line
    assert told.letters() == []


def test_the_list_is_compared_once(told: House) -> None:
    told.tick()
    assert told.ws.timeline.sent_seen() == sent.size_of(told.root) > 0
    (told.root / ".crm/index.db").unlink()
    assert told.ws.timeline.sent_seen() == 0
    told.tick()
    assert told.ws.timeline.sent_seen() == sent.size_of(told.root)


def test_check_warns(told: House) -> None:
    from crmcli.automation.health import automation_problems

    git(told.root, "stash", "-q")
    assert any("no longer has" in problem.message for problem in automation_problems(told.ws))


def test_what_left_another_folder_is_not_missed_here(told: House, tmp_path: Path) -> None:
    from crmcli.automation.health import automation_problems

    git(told.root, "stash", "-q")
    copy = Path(shutil.copytree(told.root, tmp_path / "copy"))
    ws = Workspace.open(copy, now=told.ws.now, inspecting=True)
    assert not any("no longer has" in problem.message for problem in automation_problems(ws))


def test_a_claim_of_no_time_is_a_damaged_line(told: House) -> None:
    path = told.root / sent.PATH
    path.write_text(path.read_text().replace('"at": "2', '"at": "x'))
    with pytest.raises(InvalidData, match="is damaged"):
        sent.read(told.root)
