"""Each event is heard once, whatever git makes of the timeline's files."""

from __future__ import annotations

import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation.heard_events import HeardEvents
from crmcli.model.event import Event
from crmcli.model.schema import Schema
from crmcli.store import layout
from crmcli.store.index import Index
from crmcli.store.timeline import csv_lines
from crmcli.store.timeline.event_ids import EventIds
from tests import kit

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OURS, OTHERS = "mmmmmmmm", ("aaaaaaaa", "zzzzzzzz")
KINDS = ("call.in", "note", "signal", "contact.created", "job.done", "stage.entered")


class Story:
    """A folder with a timeline under git, and what was heard by whose word."""

    def __init__(self, root: Path, seed: int = 0) -> None:
        self.root = root
        self.dice = random.Random(seed)
        self.now = START
        self.is_telling = True  # name each event of which something came
        self.heard: dict[str, set[str]] = {}
        (root / "data/timeline").mkdir(parents=True)
        for args in (("init", "-qb", "main"), ("config", "user.name", "t"),
                     ("config", "user.email", "t@t"), ("config", "core.autocrlf", "false")):  # fmt: skip
            self.git(*args)
        for name, line in (
            ("attributes", "data/timeline/** merge=union -text"),
            ("exclude", ".crm/"),
        ):
            (root / ".git/info" / name).write_text(f"{line}\n")  # no step can take these back
        self.commit()

    def git(self, *args: str) -> bool:
        done = subprocess.run(("git", *args), cwd=self.root, capture_output=True, check=False)
        return not done.returncode

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", "step", "--allow-empty")

    @property
    def index(self) -> Index:
        """Another command's index."""
        index = Index(self.root, Schema())
        index.refresh()
        return index

    def write(self, clone: str, *kinds: str, data: Any = None) -> list[str]:
        """Append events as a command of that clone does."""
        path = layout.timeline_path(self.now, clone)
        tail = csv_lines.tail(self.root, path)
        ids = EventIds(self.now, max(tail.last_id, Index(self.root, Schema()).newest_id()))
        made = [Event(ids.next(), self.now, "anna", kind, "lead-7k3qf2m9", data=data or {}) for kind in kinds]  # fmt: skip
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        with (self.root / path).open("ab") as file:
            file.write(csv_lines.lines(made, tail))
        return [event.id for event in made]

    def hearing(self) -> HeardEvents:
        file = layout.timeline_file(self.now, OURS)
        return self.index.tree(lambda tree: HeardEvents(tree, file))

    def tick(self, *, every: float = 1.0) -> list[str]:
        """Hear what there is, and write it down after some of the events and the last."""
        notes = self.hearing()
        found = [unheard.event.id for unheard in notes.events]
        batch: list[str] = []
        for unheard in notes.events:
            notes.hear(unheard)
            batch.append(unheard.event.id)
            if self.dice.random() < every or unheard is notes.events[-1]:
                told = {"moved": [{"event": name} for name in batch]} if self.is_telling else {}
                [written] = self.write(OURS, "triggers.read", data={**notes.facts(), **told})
                notes.wrote(written)
                self.heard[written] = set(batch)
                batch = []
        return found

    def expected(self) -> set[str]:
        """What stands there and is not heard by any word that stands there."""
        there = {event.id: event for event in self.index.events()}
        known = {name for word in there for name in self.heard.get(word, ())}
        wanted = ("call.in", "note", "signal", "stage.entered")
        return {name for name, event in there.items() if event.kind in wanted} - known

    def files(self) -> list[Path]:
        return sorted(self.root.glob("data/timeline/*/*.csv"))


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path / "ws")


def test_nothing_is_heard_twice(story: Story) -> None:
    told = story.write(OURS, "call.in", "contact.created", "note")
    assert story.tick() == [told[0], told[2]]
    assert story.tick() == []
    late = story.write(OTHERS[0], "signal")
    assert story.tick() == late
    assert story.tick() == []


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_branch_that_comes_with_older_ids_is_heard(story: Story, ours_first: bool) -> None:
    story.write(OURS, "call.in")
    story.tick()
    story.commit()
    story.git("checkout", "-qb", "side")
    told = story.write(OURS, "call.in", "note")
    story.commit()
    story.git("checkout", "-q", "main")
    story.now += timedelta(hours=1)
    here = story.write(OURS, "signal")
    assert story.tick() == here
    story.commit()
    if not ours_first:
        story.git("branch", "-m", "side", "other")
        story.git("checkout", "-q", "other")
    assert story.git("merge", "-q", "side" if ours_first else "main", "-m", "m")
    lines = story.files()[0].read_text().splitlines()
    above = [n for n, line in enumerate(lines) if line[:17] in (told[0], here[0])]
    assert (lines[above[0]][:17] == here[0]) is ours_first
    assert story.tick() == told
    assert story.tick() == []


def test_the_first_of_a_month_names_all_and_the_next_what_is_new(story: Story) -> None:
    for clone in OTHERS:
        story.write(clone, "call.in")
    story.tick(every=0)
    new = story.write(OTHERS[0], "note")
    story.tick()
    words = story.index.events(kinds=("triggers.read",))
    whole, more = (word.data for word in words)
    assert set(whole["heads"]) == {f"2026-11/{name}" for name in OTHERS}
    assert (more["heads"], more["since"]) == ({f"2026-11/{OTHERS[0]}": new}, words[0].id)
    story.now += timedelta(days=30)
    story.write(OTHERS[0], "call.in")
    story.tick()
    [*_, last] = story.index.events(kinds=("triggers.read",))
    assert "since" not in last.data
    assert story.tick() == []


def test_if_the_word_that_names_all_is_lost_the_past_is_not_heard_anew(story: Story) -> None:
    for clone in OTHERS:
        story.write(clone, *["call.in"] * 5)
    story.tick(every=0)
    story.write(OTHERS[0], "note")
    story.tick()
    [ours] = [path for path in story.files() if path.stem == OURS]
    header, _, last = ours.read_text().splitlines(keepends=True)
    ours.write_text(header + last)
    assert story.tick() == []
    new = story.write(OTHERS[1], "note")
    assert story.tick() == new
    assert story.tick() == []


def test_heads_that_a_hand_spoilt_stop_nothing(story: Story) -> None:
    spoilt: tuple[Any, ...] = (
        {"heads": 5}, {"heads": {"x": 5, "y": [5, "no", ".."]}}, {"since": 7},
        {"heads": {}, "since": "e0", "moved": [3]}, {},
    )  # fmt: skip
    for data in spoilt:
        story.write(OURS, "triggers.read", data=data)
    new = story.write(OTHERS[0], "note")
    assert story.tick()[-1] == new[0]
    assert story.tick() == []


@pytest.mark.parametrize("is_telling", [True, False])
@pytest.mark.parametrize("more", [0, 2])
def test_what_stood_before_a_picked_line_is_heard_when_it_comes(
    story: Story, more: int, is_telling: bool
) -> None:
    """A line that git picked without the one before it tells of itself and of what follows."""
    story.is_telling = is_telling
    story.write(OTHERS[0], "note")
    story.tick()
    told = story.write(OTHERS[0], "call.in", "signal", "note", *["note"] * more)
    [path] = [path for path in story.files() if path.stem == OTHERS[0]]
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    path.write_text("".join(lines[:2] + lines[4:]))
    assert story.tick() == told[2:]
    path.write_text(whole)
    assert story.tick() == told[:2]
    assert story.tick() == []
    last = story.write(OTHERS[0], "signal")
    assert story.tick() == last


@pytest.mark.parametrize("line", ["in the middle", "the heard one"])
def test_a_damaged_line_costs_only_itself(story: Story, line: str) -> None:
    told = story.write(OTHERS[0], *["call.in"] * 6)
    story.tick(every=0)
    [path] = [path for path in story.files() if path.stem == OTHERS[0]]
    lines = path.read_text().splitlines(keepends=True)
    spoilt = 3 if line == "in the middle" else 6
    lines[spoilt] = lines[spoilt][:20] + "\n"
    path.write_text("".join(lines))
    new = story.write(OTHERS[0], "note")
    heard = story.tick()
    assert heard == new
    assert len(told) == 6
    assert story.tick() == []


@pytest.mark.parametrize("seed", kit.some(range(12), 6))
def test_each_event_is_heard_once_whatever_git_does(seed: int, tmp_path: Path) -> None:
    story = Story(tmp_path / "ws", seed)
    branches = 1
    for _ in range(70):
        branches = _step(story, branches)
        wanted = story.expected()
        if story.dice.random() < 0.5:
            found = story.tick(every=story.dice.choice((0, 0.3, 1)))
            assert sorted(found) == sorted(wanted)
            assert story.tick() == []
            story.commit()
        if story.dice.random() < 0.1:
            for path in (story.root / ".crm").glob("index.db*"):
                path.unlink()
    assert story.heard


def _step(story: Story, branches: int) -> int:
    """Something that commands or git do."""
    dice = story.dice
    story.now += timedelta(seconds=dice.choice((1, 60, 86_400)))
    branch = dice.randrange(branches)
    step = dice.choice(("write", "write", "write", "branch", "checkout", "merge", "merge", "pick", "revert",
                        "reset", "rebase", "windows", "twice", "sort", "wrong clock"))  # fmt: skip
    if step in ("write", "wrong clock"):
        right, by = story.now, timedelta(days=dice.choice((-3650, -1, 1, 40, 3650)))
        story.now += by if step == "wrong clock" else timedelta()
        story.write(dice.choice((OURS, *OTHERS)), *dice.choices(KINDS, k=dice.randint(1, 4)))
        story.now = right
        story.commit()
    elif step == "branch":
        story.git("checkout", "-qb", f"b{branches}")
        return branches + 1
    elif step == "checkout":
        story.git("checkout", "-q", f"b{branch}" if branch else "main")
    elif step == "merge":
        if not story.git("merge", "-qm", "m", f"b{branch}" if branch else "main"):
            story.git("merge", "--abort")
    elif step == "rebase":
        if not story.git("rebase", "-q", f"b{branch}" if branch else "main"):
            story.git("rebase", "--abort")
    elif step == "pick":
        if not story.git("cherry-pick", f"b{branch}~{dice.randrange(4)}" if branch else "main"):
            story.git("cherry-pick", "--abort")
    elif step == "revert":
        if not story.git("revert", "--no-edit", f"HEAD~{dice.randrange(5)}"):
            story.git("revert", "--abort")
    elif step == "reset":
        story.git("reset", "-q", "--hard", f"HEAD~{dice.randrange(4)}")
    elif story.files():
        path = dice.choice(story.files())
        lines = path.read_bytes().splitlines()
        if step == "windows":
            path.write_bytes(b"\r\n".join(lines) + b"\r\n")
        elif step == "twice":
            some = dice.randrange(len(lines))
            path.write_bytes(b"\n".join([*lines, *lines[some : some + 3]]) + b"\n")
        elif step == "sort":
            path.write_bytes(b"\n".join([lines[0], *sorted(lines[1:])]) + b"\n")
        story.commit()
    return branches
