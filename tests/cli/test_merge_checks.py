"""What two clones did that git joins without a word, and that cannot all be true: `check` tells each, and the
command that it names decides it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]


class Clones:
    """Two clones of one workspace, and the crm and git that are run in them."""

    def __init__(self, crm: Crm, base: Path) -> None:
        self._crm = crm
        self.a = base / "a"
        self.b = base / "b"
        assert crm("init", str(self.a), "--lang", "en", cwd=base).code == 0

    def git(self, clone: Path, *args: str, check: bool = True) -> str:
        names = (
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "-c",
            "commit.gpgSign=false",
        )
        run = subprocess.run(
            ["git", "-C", str(clone), *names, *args], capture_output=True, text=True, check=check
        )
        return run.stdout

    def crm(self, clone: Path, *args: str) -> str:
        run = self._crm("-C", str(clone), *args, cwd=clone)
        assert run.code == 0, (args, run.err)
        return run.out.strip()

    def save(self, clone: Path) -> None:
        self.git(clone, "add", "-A")
        self.git(clone, "commit", "-qm", "x", "--allow-empty")

    def part(self) -> None:
        """Now there are two."""
        self.save(self.a)
        self.git(self.a, "clone", "-q", str(self.a), str(self.b))

    def join(self, *how: str, take: str = "--ours") -> None:
        """Merge b into a; where both changed a file, one side's is taken."""
        self.save(self.a)
        self.save(self.b)
        self.git(self.a, "fetch", "-q", str(self.b), "HEAD")
        self.git(self.a, "merge", "-q", "--no-edit", *how, "FETCH_HEAD", check=False)
        for path in self.git(self.a, "diff", "--name-only", "--diff-filter=U", "-z").split("\0"):
            if path:
                self.git(self.a, "checkout", take, "--", path, check=False)
                self.git(self.a, "add", "--", path)
        self.save(self.a)
        assert self.git(self.a, "status", "--porcelain", "--untracked-files=no") == ""

    def problems(self, clone: Path) -> list[str]:
        run = self._crm("-C", str(clone), "check", cwd=clone)
        assert run.code in (0, 6), run.err
        return run.out.splitlines()

    def way_out(self, clone: Path, *says: str, choice: int = 0) -> str:
        """Follow the way out of the only problem, as it stands in its hint, till nothing is wrong."""
        found = self.problems(clone)
        assert len(found) >= 1
        for words in says:
            assert words in "\n".join(found), found
        for _ in range(4):
            if not found:
                return ""
            hint = found[0][found[0].rindex(" (") + 2 : -1]
            command = re.findall(
                r"(?:^|[;,:] (?:or )?|or keep it: )((?:crm|git) [^;,]*?)(?= notes| takes|;|,|$)",
                hint,
            )[choice]
            words = shlex.split(command)
            if words[0] == "git":
                self.git(clone, *words[1:])
            else:
                run = self._crm(*words[1:], cwd=clone)
                assert run.code in (0, 6), (command, run.err)
            found = self.problems(clone)
        raise AssertionError(found)


@pytest.fixture
def clones(crm: Crm, tmp_path: Path) -> Clones:
    base = tmp_path / "two"
    base.mkdir()
    return Clones(crm, base)


def test_two_documents_of_one_number(clones: Clones) -> None:
    deal = clones.crm(clones.a, "deal", "add", "--name", "D", "--amount", "100")
    clones.part()
    one = clones.crm(clones.a, "offer", "draft", "--deal", deal)
    other = clones.crm(clones.b, "offer", "draft", "--deal", deal)
    _call(clones.b, other, "Q-2026-0001")  # crm itself gives another
    clones.join()
    found = clones.problems(clones.a)
    assert len(found) == 1
    assert one in found[0]
    assert other in found[0]
    clones.way_out(clones.a, "2026-0001", "2026-0002")
    names = clones.crm(clones.a, "offer", "list", "--format", "csv", "--columns", "name").split()
    assert sorted(names[1:]) == ["Q-2026-0001", "Q-2026-0002"]


@pytest.mark.parametrize("noun", ["offer", "invoice"])
def test_two_that_were_sent_with_one_number(crm: Crm, clones: Clones, noun: str) -> None:
    deal = clones.crm(clones.a, "deal", "add", "--name", "D", "--amount", "100")
    verb = "draft" if noun == "offer" else "add"
    first, other = (clones.crm(clones.a, noun, verb, "--deal", deal) for _ in "12")
    number = json.loads(clones.crm(clones.a, noun, "show", first, "--json"))["name"]
    for ref in (first, other):
        _call(clones.a, ref, number, status="sent")
    clones.way_out(clones.a, "has the same number")
    called = {
        ref: json.loads(clones.crm(clones.a, noun, "show", ref, "--json"))["name"]
        for ref in (first, other)
    }
    kept, changed = sorted(called, key=lambda ref: called[ref] != number)
    run = crm("-C", str(clones.a), noun, "edit", changed, "--name", "X-1")
    assert "was sent: 'Number' stays" in run.err
    run = crm("-C", str(clones.a), noun, "edit", changed, "--name", number)
    assert f"{kept} has the number" in run.err


def _call(clone: Path, ref: str, number: str, **more: str) -> None:
    """Give a document a number with an editor."""
    path = next(clone.rglob(f"{ref}.yaml"))
    text = path.read_text(encoding="utf-8")
    for name, value in {"name": number, **more}.items():
        text = re.sub(rf"(?m)^{name}: .*$", f"{name}: {value}", text)
    path.write_text(text, encoding="utf-8")


def test_three_documents_of_one_number_get_two_new_ones(clones: Clones) -> None:
    deal = clones.crm(clones.a, "deal", "add", "--name", "D", "--amount", "100")
    clones.part()
    clones.crm(clones.a, "offer", "draft", "--deal", deal)
    other = clones.crm(clones.b, "offer", "draft", "--deal", deal)
    _call(clones.b, other, "Q-2026-0001")
    clones.join()
    third = clones.crm(clones.a, "offer", "draft", "--deal", deal)
    _call(clones.a, third, "Q-2026-0001")
    assert len(clones.problems(clones.a)) == 2
    clones.way_out(clones.a)


@pytest.mark.parametrize("take", ["--ours", "--theirs"])
def test_a_lead_converted_on_both_sides(clones: Clones, take: str) -> None:
    lead = clones.crm(
        clones.a, "lead", "add", "--name", "Anna", "--phone", "+79160000001", "--company-name", "R"
    )
    clones.part()
    clones.crm(clones.a, "lead", "convert", lead)
    clones.crm(clones.b, "lead", "convert", lead)
    clones.join(take=take)
    found = clones.problems(clones.a)
    assert sorted(line.partition("/")[2].partition("/")[0] for line in found) == [
        "companies",
        "contacts",
        "deals",
    ]
    clones.way_out(clones.a, "was converted 2 times")
    for noun in ("deal", "contact", "company"):
        assert len(clones.crm(clones.a, noun, "list", "--ids").split()) == 1, noun


def test_a_lead_converted_twice_in_turn_is_no_fault(clones: Clones) -> None:
    lead = clones.crm(clones.a, "lead", "add", "--name", "Anna", "--phone", "+79160000001")
    clones.crm(clones.a, "lead", "convert", lead)
    clones.crm(clones.a, "undo")
    clones.crm(clones.a, "lead", "convert", lead)
    assert clones.problems(clones.a) == []


@pytest.mark.parametrize(
    ("noun", "choice"),
    kit.some(
        [(noun, n) for n in (0, 1) for noun in ("lead", "contact", "company", "deal", "task")], 5
    ),
)
def test_a_record_removed_here_and_edited_there(clones: Clones, noun: str, choice: int) -> None:
    words = (noun, "add", "X") if noun == "task" else (noun, "add", "--name", "X")
    record = clones.crm(clones.a, *words)
    clones.part()
    clones.crm(clones.a, noun, "rm", record, "--yes")
    clones.crm(clones.b, noun, "edit", record, "--set", "comment=new")
    clones.join(take="--theirs")
    clones.way_out(clones.a, record, "removed on one side", choice=choice)
    left = clones.crm(clones.a, noun, "list", "--ids").split()
    assert left == ([] if choice == 0 else [record])


@pytest.mark.parametrize("noun", kit.some(["lead", "contact", "company", "deal"], 2))
def test_a_record_merged_here_and_edited_there(clones: Clones, noun: str) -> None:
    one = clones.crm(clones.a, noun, "add", "--name", "One")
    other = clones.crm(clones.a, noun, "add", "--name", "Other")
    clones.part()
    clones.crm(clones.a, noun, "merge", one, other)
    clones.crm(clones.b, noun, "edit", other, "--set", "comment=new")
    clones.join(take="--theirs")
    clones.way_out(clones.a, other, f"merged into {one}")
    assert clones.crm(clones.a, noun, "list", "--ids").split() == [one]
    assert "new" in clones.crm(clones.a, noun, "show", one)


def test_what_was_merged_and_taken_apart_is_no_fault(clones: Clones) -> None:
    one = clones.crm(clones.a, "contact", "add", "--name", "One")
    other = clones.crm(clones.a, "contact", "add", "--name", "Other")
    clones.crm(clones.a, "contact", "merge", one, other)
    clones.crm(clones.a, "undo")
    assert clones.problems(clones.a) == []
    clones.crm(clones.a, "contact", "merge", one, other)
    clones.crm(clones.a, "contact", "unmerge", other)
    assert clones.problems(clones.a) == []
    clones.crm(clones.a, "contact", "rm", other, "--yes")
    clones.crm(clones.a, "undo")
    assert clones.problems(clones.a) == []


def test_an_offer_accepted_here_and_declined_there(clones: Clones) -> None:
    deal = clones.crm(clones.a, "deal", "add", "--name", "D", "--amount", "100")
    offer = clones.crm(clones.a, "offer", "draft", "--deal", deal)
    clones.part()
    clones.crm(clones.a, "offer", "accept", offer)
    clones.crm(clones.b, "offer", "decline", offer)
    clones.join()
    clones.way_out(clones.a, offer, "declined")
    assert "accepted" in clones.crm(clones.a, "offer", "show", offer)


def test_a_record_whose_event_was_put_aside(clones: Clones) -> None:
    clones.crm(clones.a, "lead", "add", "--name", "First")
    clones.save(clones.a)
    lead = clones.crm(clones.a, "lead", "add", "--name", "Second")
    clones.git(clones.a, "stash")  # the timeline's line goes, the new file stays
    assert lead in clones.crm(clones.a, "lead", "list", "--ids")
    clones.way_out(clones.a, lead, "git stash pop")
    assert "lead created" in clones.crm(clones.a, "timeline", lead)


def test_a_record_whose_event_is_lost_can_be_noted(clones: Clones) -> None:
    clones.crm(clones.a, "lead", "add", "--name", "First")
    clones.save(clones.a)
    lead = clones.crm(clones.a, "lead", "add", "--name", "Second")
    clones.git(clones.a, "checkout", "--", "data/timeline")
    clones.way_out(clones.a, lead, "not on the timeline")
    assert "lead created" in clones.crm(clones.a, "timeline", lead)
    assert clones.crm(clones.a, "tick") == ""
    assert (
        clones.crm(clones.a, "task", "list", "--ids", "-w", f"about = {lead}") == ""
    )  # no robot of its stage has woken


def test_an_event_whose_record_stands_in_another_commit(clones: Clones) -> None:
    clones.crm(clones.a, "lead", "add", "--name", "First")
    clones.part()
    lead = clones.crm(clones.b, "lead", "add", "--name", "Second")
    clones.save(clones.b)
    clones.git(clones.a, "fetch", "-q", str(clones.b), "HEAD:refs/heads/other")
    clones.git(clones.a, "checkout", "other", "--", "data/timeline")
    clones.way_out(clones.a, lead, "git checkout", "the file is missing")
    assert lead in clones.crm(clones.a, "lead", "list", "--ids")


@pytest.mark.parametrize("is_known", [True, False])
def test_an_event_of_a_record_that_was_never_here(clones: Clones, is_known: bool) -> None:
    clones.part()
    lead = clones.crm(clones.b, "lead", "add", "--name", "Second")
    clones.save(clones.b)
    month = next((clones.b / "data/timeline").iterdir())
    clones.crm(clones.b, "lead", "edit", lead, "--set", "comment=new")
    lines = next(month.iterdir()).read_text().splitlines(keepends=True)
    other = clones.a / "data/timeline" / month.name / next(month.iterdir()).name
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_text("".join([lines[0], lines[-1]]))
    if is_known:
        clones.git(clones.a, "fetch", "-q", str(clones.b), "HEAD:refs/heads/other")
    found = [line for line in clones.problems(clones.a) if lead in line]
    assert len(found) == 1, found
    assert "no file and no creation" in found[0]
    assert ("git checkout" in found[0]) == is_known


def test_a_stage_taken_away_there_and_entered_here(clones: Clones) -> None:
    lead = clones.crm(clones.a, "lead", "add", "--name", "First", "--phone", "+79160000001")
    clones.part()
    clones.crm(clones.a, "lead", "move", lead, "working")
    text = (clones.b / "pipelines.yaml").read_text()
    old, new = "id: working\n      name: Working", "id: other\n      name: Other"
    assert old in text
    (clones.b / "pipelines.yaml").write_text(text.replace(old, new, 1))
    clones.join()
    found = "\n".join(clones.problems(clones.a))
    assert lead in found
    assert "does not have" in found
