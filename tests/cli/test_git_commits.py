"""Automatic commits: what crm changed and nothing else, whatever state git is in."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.cli.calling import command_line
from crmcli.sales import after_change
from tests import kit
from tests.kit import NOW, Run
from torture.copies import copied

Crm = Callable[..., Run]
GIT = shutil.which("git") or ""


def git(folder: Path, *args: str) -> str:
    who = ("-c", "user.name=Анна", "-c", "user.email=anna@example.ru")
    done = subprocess.run(
        [GIT, *who, *args], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def subjects(folder: Path) -> list[str]:
    return git(folder, "log", "--format=%s").splitlines()


def body(folder: Path) -> str:
    return git(folder, "log", "-1", "--format=%b")


def committed(folder: Path) -> set[str]:
    """The files of the last commit, records by their entity, the timeline as such."""
    return set(git(folder, "show", "--format=", "--name-only", "--no-renames").splitlines())


def dirt(folder: Path) -> str:
    return git(folder, "status", "--porcelain")


def write_more(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def begin(folder: Path, when: str) -> None:
    write_more(folder / "settings.yaml", f"\ngit: {{commit: {when}}}\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "begin")


def lead_file(lead: str) -> str:
    return f"data/leads/{lead[5]}/{lead}.yaml"


@pytest.fixture
def each(folder: Path) -> Path:
    """The workspace in a repository, each command to be committed."""
    begin(folder, "each")
    return folder


@pytest.fixture
def lead(each: Path, crm: Crm) -> str:
    return crm("lead", "add", "--name", "Павел", "--phone", "8 900 000-00-01").out.strip()


def test_each_command_is_one_commit(each: Path, crm: Crm, lead: str) -> None:
    assert subjects(each)[0] == "crm lead add --name Павел --phone '8 900 000-00-01'"
    assert body(each) == f"Records:\n- {lead}"
    run = crm("lead", "move", lead, "working", "-q", "-C", str(each))
    assert (run.code, run.err) == (0, "")
    assert subjects(each)[0] == f"crm lead move {lead} working"
    files = committed(each)
    assert lead_file(lead) in files
    assert {path.split("/")[1] for path in files} == {"leads", "timeline"}
    crm("undo")
    assert subjects(each)[0] == "crm undo"
    crm("lead", "rm", lead, "--yes")
    assert subjects(each)[0] == f"crm lead rm {lead}"
    assert not dirt(each)
    assert len(subjects(each)) == 5


def test_what_changes_nothing_makes_no_commit(each: Path, crm: Crm, lead: str) -> None:
    before = subjects(each)
    crm("lead", "list")
    crm("lead", "edit", lead, "--name", "Павел")
    crm("lead", "move", lead, "working", "--dry-run")
    assert crm("lead", "move", lead, "нет такой").code != 0
    assert subjects(each) == before


def test_a_tick_names_the_records_it_acted_upon(each: Path, crm: Crm, lead: str) -> None:
    assert crm("tick").err == ""
    assert subjects(each)[0].startswith("crm tick: ")
    assert f"- {lead}" in body(each)
    assert not dirt(each)
    crm("lead", "add", "--name", "Вера", "--tick")
    assert subjects(each)[0].startswith("crm tick: ")
    assert subjects(each)[1] == "crm lead add --name Вера --tick"


def test_an_import_is_one_commit(each: Path, crm: Crm, tmp_path: Path) -> None:
    rows = "".join(f"Иван {n},+7900100{n:04}\n" for n in range(60))
    (tmp_path / "leads.csv").write_text("name,phone\n" + rows, encoding="utf-8")
    assert crm("import", "leads", str(tmp_path / "leads.csv")).code == 0
    assert len(subjects(each)) == 2
    assert len([path for path in committed(each) if path.startswith("data/leads/")]) == 60
    assert "- and 40 more" in body(each)
    assert not dirt(each)


def test_whatever_door_a_change_comes_through(each: Path) -> None:
    ws = kit.opened(each)
    said: list[str] = []
    kit.lead(ws, name="Павел")
    after_change.follow(ws, said.append, lambda: bool(kit.lead(ws, name="Вера")))
    assert subjects(each)[:2] == ["crm tick: 1 record", "crm lead add"]
    assert not dirt(each)
    assert said == []


def test_never_touches_no_git(folder: Path, crm: Crm) -> None:
    begin(folder, "never")
    crm("lead", "add", "--name", "Павел", "--tick")
    assert subjects(folder) == ["begin"]
    assert not (folder / ".crm/commits").exists()
    code = (
        "import sys, atexit, os\n"
        "os._exit = lambda code: None\n"
        "from crmcli.cli.main import main\n"
        "sys.argv = ['crm', 'lead', 'add', '--name', 'Вера']\n"
        "main()\n"
        "print([m for m in sys.modules if m.endswith(('git_commits', 'calling', 'git.commands'))])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr


def test_tick_mode_commits_at_the_end_of_a_tick(folder: Path, crm: Crm) -> None:
    begin(folder, "tick")
    lead = crm("lead", "add", "--name", "Павел", "--email", "p@a.ru").out.strip()
    crm("lead", "move", lead, "working")
    assert subjects(folder) == ["begin"]
    crm("tick")
    assert len(subjects(folder)) == 2
    said = body(folder)
    assert f"- crm lead move {lead} working" in said
    assert "- crm lead add --name Павел --email p@a.ru" in said
    assert not dirt(folder)
    crm("tick")
    assert len(subjects(folder)) == 2


def test_foreign_changes_stay_where_they_are(each: Path, crm: Crm, lead: str) -> None:
    (each / "README").write_text("наш отдел\n", encoding="utf-8")
    git(each, "add", "README")
    write_more(each / "pipelines.yaml", "# правка\n")
    (each / "notes.txt").write_text("черновик\n", encoding="utf-8")
    before = dirt(each)
    assert crm("lead", "move", lead, "working").err == ""
    assert subjects(each)[0] == f"crm lead move {lead} working"
    assert dirt(each) == before
    assert "A  README" in before


def test_a_hand_edit_in_the_same_file_is_committed_with_it(each: Path, crm: Crm, lead: str) -> None:
    path = each / lead_file(lead)
    path.write_text(path.read_text("utf-8").replace("Павел", "Павел Ильич"), "utf-8")
    run = crm("lead", "move", lead, "working")
    assert (run.code, run.err) == (0, "")
    assert "Павел Ильич" in git(each, "show", f"HEAD:{lead_file(lead)}")
    assert not dirt(each)


def test_what_git_was_not_given_before_comes_along(folder: Path, crm: Crm) -> None:
    begin(folder, "never")
    lead = crm("lead", "add", "--name", "Павел", "--email", "p@a.ru").out.strip()
    settings = folder / "settings.yaml"
    settings.write_text(settings.read_text("utf-8").replace("never}", "each}"), "utf-8")
    assert crm("lead", "move", lead, "working").err == ""
    assert {lead_file(lead)} < committed(folder)


def test_a_hand_edit_elsewhere_stays_out(each: Path, crm: Crm, lead: str) -> None:
    other = crm("lead", "add", "--name", "Вера").out.strip()
    path = each / lead_file(other)
    path.write_text(path.read_text("utf-8").replace("Вера", "Вера П."), "utf-8")
    assert crm("lead", "move", lead, "working").err == ""
    assert dirt(each) == f"M {lead_file(other)}"


def merging(folder: Path) -> Callable[[], None]:
    for branch, text in (("side", "сбоку"), ("main", "у нас")):
        git(folder, "checkout", "-q", *(("-b",) if branch == "side" else ()), branch)
        (folder / "notes.txt").write_text(text, "utf-8")
        git(folder, "add", "notes.txt")
        git(folder, "commit", "-qm", branch)
    with pytest.raises(subprocess.CalledProcessError):
        git(folder, "merge", "side")
    return lambda: print(git(folder, "merge", "--abort"))


def detached(folder: Path) -> Callable[[], None]:
    git(folder, "checkout", "-q", "--detach")
    return lambda: print(git(folder, "checkout", "-q", "main"))


def bisecting(folder: Path) -> Callable[[], None]:
    git(folder, "bisect", "start")
    return lambda: print(git(folder, "bisect", "reset"))


def locked(folder: Path) -> Callable[[], None]:
    (folder / ".git/index.lock").touch()
    return (folder / ".git/index.lock").unlink


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (merging, "a merge is under way"),
        (detached, "HEAD is detached"),
        (bisecting, "a bisect is under way"),
        (locked, "another git is at work"),
    ],
)
def test_git_that_is_busy_gets_it_later(
    each: Path, crm: Crm, lead: str, trouble: Callable[[Path], Callable[[], None]], words: str
) -> None:
    over = trouble(each)
    before = git(each, "rev-parse", "HEAD")
    run = crm("lead", "move", lead, "working")
    assert run.code == 0
    assert words in run.err
    assert run.err.count("\n") == 1
    assert "working" in (each / lead_file(lead)).read_text("utf-8")
    assert git(each, "rev-parse", "HEAD") == before
    warned = crm("check")
    assert warned.code == 0
    assert "not committed to git yet" in warned.err
    over()
    assert crm("lead", "edit", lead, "--comment", "перезвонить").err == ""
    assert f"Since the last commit:\n- crm lead move {lead} working" in body(each)
    assert not dirt(each)


def rebasing(folder: Path) -> None:
    with contextlib.suppress(AssertionError):
        merging(folder)
    git(folder, "merge", "--abort")
    with pytest.raises(subprocess.CalledProcessError):
        git(folder, "rebase", "side")


def test_what_git_throws_away_is_told_and_not_said_to_be_committed(
    each: Path, crm: Crm, lead: str
) -> None:
    rebasing(each)
    assert "whose --abort would throw away" in crm("lead", "move", lead, "working").err
    git(each, "rebase", "--abort")
    assert "working" not in (each / lead_file(lead)).read_text("utf-8")
    run = crm("lead", "add", "--name", "Вера")
    assert "not in the files any more, as after git rebase --abort" in run.err
    assert f": crm lead move {lead} working\n" in run.err
    assert "lead move" not in body(each)
    assert crm("lead", "move", lead, "working").err == ""
    assert not dirt(each)


def test_a_new_record_outlives_the_abort_that_takes_its_history(each: Path, crm: Crm) -> None:
    rebasing(each)
    lead = crm("lead", "add", "--name", "Павел").out.strip()
    crm("lead", "edit", lead, "--comment", "звонил")
    git(each, "rebase", "--abort")
    other = crm("lead", "add", "--name", "Вера")
    assert lead_file(lead) in committed(each)
    assert not dirt(each)
    assert other.code == 0


@pytest.mark.skipif(
    not os.access("/dev/shm", os.W_OK) or not os.path.ismount("/dev/shm"),
    reason="there is no other file system in /dev/shm",
)
def test_outside_git_on_a_disk_of_its_own(folder: Path, crm: Crm) -> None:
    """git says more there: that it stops at the border of the file system."""
    write_more(folder / "settings.yaml", "\ngit: {commit: each}\n")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as disk:
        there = copied(folder, f"{disk}/ws")
        assert "in no git repository" in crm("lead", "add", "--name", "Павел", "-C", there).err
        assert crm("lead", "add", "--name", "Вера", "-C", there).err == ""


def test_damaged_notes_are_told_with_the_way_out(each: Path, crm: Crm, lead: str) -> None:
    (each / ".crm/commits/pending").write_text("мусор\n", "utf-8")
    run = crm("lead", "move", lead, "working")
    assert (run.code, run.err.count("\n")) == (0, 1)
    assert ":1 is damaged (remove .crm/commits/claimed-" in run.err


def test_a_kill_before_git_is_caught_up(each: Path, crm: Crm, lead: str, tmp_path: Path) -> None:
    murderer = tmp_path / "bin/git"
    murderer.parent.mkdir()
    murderer.write_text("#!/bin/sh\nkill -9 $PPID\n", "utf-8")
    murderer.chmod(0o755)
    path = f"{murderer.parent}{os.pathsep}{os.environ['PATH']}"
    assert crm("lead", "move", lead, "working", PATH=path).code == -9
    assert "working" in (each / lead_file(lead)).read_text("utf-8")
    assert len(subjects(each)) == 2
    other = crm("lead", "add", "--name", "Вера").out.strip()
    assert {lead_file(lead), lead_file(other)} < committed(each)
    assert f"- crm lead move {lead} working" in body(each)
    assert not dirt(each)


def killed_after_committing(tmp_path: Path) -> str:
    """A PATH on which git kills whoever let it commit, as soon as it has."""
    murderer = tmp_path / "bin/git"
    murderer.parent.mkdir()
    murderer.write_text(
        f'#!/bin/sh\n{GIT} "$@" || exit\ncase "$*" in *--only*) kill -9 $PPID;; esac\n', "utf-8"
    )
    murderer.chmod(0o755)
    return f"{murderer.parent}{os.pathsep}{os.environ['PATH']}"


def test_a_kill_after_git_commits_nothing_twice(
    each: Path, crm: Crm, lead: str, tmp_path: Path
) -> None:
    path = killed_after_committing(tmp_path)
    assert crm("lead", "move", lead, "working", PATH=path).code == -9
    assert subjects(each)[0] == f"crm lead move {lead} working"
    assert crm("tick").err == ""
    assert len(subjects(each)) in (3, 4)  # the tick may have had its own
    assert "lead move" not in body(each)
    assert not list((each / ".crm/commits").glob("claimed-*"))


def test_what_a_killed_command_committed_is_not_named_again(
    each: Path, crm: Crm, lead: str, tmp_path: Path
) -> None:
    path = killed_after_committing(tmp_path)
    assert crm("lead", "move", lead, "working", PATH=path).code == -9
    assert crm("lead", "edit", lead, "--comment", "перезвонить").err == ""
    assert body(each) == ""
    assert not dirt(each)


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_file_that_grew_while_git_read_it_twice(
    each: Path, crm: Crm, lead: str, tmp_path: Path, is_killed: bool
) -> None:
    """`commit --only` reads for the index first, for the commit then; another crm wrote between."""
    timeline = next(path for path in committed(each) if "/timeline/" in path)
    late = tmp_path / "bin/git"
    late.parent.mkdir()
    before = git(each, "rev-parse", f"HEAD:{timeline}")
    late.write_text(
        f'#!/bin/sh\n{GIT} "$@" || exit\ncase "$*" in *--only*)\n'
        f"{GIT} update-index --cacheinfo 100644,{before},{timeline}\n"
        f"{'kill -9 $PPID' if is_killed else ''};; esac\n",
        "utf-8",
    )
    late.chmod(0o755)
    path = f"{late.parent}{os.pathsep}{os.environ['PATH']}"
    assert crm("lead", "move", lead, "working", PATH=path).code == (-9 if is_killed else 0)
    if is_killed:
        assert dirt(each) == f"MM {timeline}"
        (each / "settings.yaml").write_text(
            (each / "settings.yaml").read_text("utf-8").replace("each}", "tick}"), "utf-8"
        )
        git(each, "commit", "-qm", "реже", "--only", "settings.yaml")
        assert crm("tick", "-C", str(each)).err == ""
    assert not dirt(each)


@pytest.mark.skipif(not shutil.which("flock"), reason="flock(1) is not installed")
def test_the_lock_is_free_while_git_works(each: Path, crm: Crm, lead: str, tmp_path: Path) -> None:
    witness = tmp_path / "bin/git"
    witness.parent.mkdir()
    log = tmp_path / "seen"
    witness.write_text(
        f"#!/bin/sh\nflock -n {each}/.crm/lock true && echo free >> {log} || echo held >> {log}\n"
        f'exec {GIT} "$@"\n',
        "utf-8",
    )
    witness.chmod(0o755)
    path = f"{witness.parent}{os.pathsep}{os.environ['PATH']}"
    assert crm("lead", "move", lead, "working", PATH=path).code == 0
    assert set(log.read_text().split()) == {"free"}


def test_six_commands_at_once(each: Path, crm: Crm) -> None:
    command = [sys.executable, "-m", "crmcli", "lead", "add", "--name"]
    environ = {**os.environ, "CRM_NOW": NOW.isoformat()}
    running = [
        subprocess.Popen([*command, f"Иван {n}"], cwd=each, env=environ, stdout=subprocess.DEVNULL)
        for n in range(6)
    ]
    assert [process.wait(60) for process in running] == [0] * 6
    assert not dirt(each)
    told = git(each, "log", "--format=%B")
    assert all(f"crm lead add --name 'Иван {n}'" in told for n in range(6))
    assert not list((each / ".crm/commits").glob("[cp]*"))


def test_a_workspace_within_a_bigger_repository(folder: Path, crm: Crm) -> None:
    top = folder.parent
    (top / "код.txt").write_text("не наше\n", "utf-8")
    write_more(folder / "settings.yaml", "\ngit: {commit: each}\n")
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-qm", "begin")
    (top / "код.txt").write_text("правка\n", "utf-8")
    lead = crm("lead", "add", "--name", "Павел").out.strip()
    assert f"ws/{lead_file(lead)}" in committed(top)
    assert subjects(top)[0] == "crm lead add --name Павел"
    assert len(dirt(top).splitlines()) == 1


def test_outside_git_it_says_so_once(folder: Path, crm: Crm) -> None:
    write_more(folder / "settings.yaml", "\ngit: {commit: each}\n")
    run = crm("lead", "add", "--name", "Павел")
    assert run.code == 0
    assert run.err.count("\n") == 1
    assert "git init" in run.err
    assert crm("lead", "add", "--name", "Вера").err == ""
    assert crm("tick").err == ""
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "begin")
    assert crm("lead", "add", "--name", "Пётр").err == ""
    assert subjects(folder)[0] == "crm lead add --name Пётр"


def test_a_data_folder_that_git_ignores(each: Path, crm: Crm) -> None:
    write_more(each / ".gitignore", "data/\n")
    run = crm("lead", "add", "--name", "Павел")
    assert run.code == 0
    assert ".gitignore leaves out data/" in run.err
    assert crm("lead", "add", "--name", "Вера").err == ""
    assert subjects(each) == ["begin"]


def test_hooks_signatures_and_editors_have_no_part(each: Path, crm: Crm, lead: str) -> None:
    for name in ("pre-commit", "commit-msg", "post-commit", "prepare-commit-msg"):
        hook = each / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ntouch hook-ran\nexit 1\n", "utf-8")
        hook.chmod(0o755)
    for key, value in {
        "commit.gpgSign": "true", "gpg.program": "false", "core.editor": "false",
        "core.pager": "false", "commit.cleanup": "strip", "commit.verbose": "true",
    }.items():  # fmt: skip
        git(each, "config", key, value)
    assert crm("lead", "move", lead, "working").err == ""
    assert subjects(each)[0] == f"crm lead move {lead} working"
    assert not (each / "hook-ran").exists()


def test_made_and_gone_between_two_commits(folder: Path, crm: Crm) -> None:
    begin(folder, "tick")
    lead = crm("lead", "add", "--name", "Павел").out.strip()
    crm("lead", "rm", lead, "--yes")
    assert crm("tick").err == ""
    assert {path.split("/")[1] for path in committed(folder)} == {"timeline"}
    assert not dirt(folder)


def test_who_acts_is_named_where_git_knows_nobody(each: Path, crm: Crm) -> None:
    settings = each / "settings.yaml"
    users = "users:\n  anna: {name: Анна Орлова, email: anna@example.ru}\n"
    settings.write_text(settings.read_text("utf-8").replace("users:\n", users), "utf-8")
    run = crm("lead", "add", "--name", "Павел", "--as", "anna")
    assert run.code == 0, run.err
    assert git(each, "log", "-1", "--format=%an <%ae>") == "Анна Орлова <anna@example.ru>"
    git(each, "config", "user.name", "Борис")
    git(each, "config", "user.email", "boris@example.ru")
    crm("lead", "add", "--name", "Вера", "--as", "anna")
    assert git(each, "log", "-1", "--format=%an %s") == "Борис crm lead add --name Вера --as anna"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lead", "move", "7k3", "working"], "crm lead move 7k3 working"),
        (["-C", "/srv/crm", "--json", "lead", "add", "--yes"], "crm lead add"),
        (["-C/srv/crm", "--format=csv", "lead", "rm", "--as=anna"], "crm lead rm --as=anna"),
        (["lead", "add", "--comment", "ж" * 90], f"crm lead add --comment {'ж' * 39}…"),
        (["lead", "add", "--comment", "раз\nдва"], "crm lead add --comment 'раз два'"),
        (["lead", "edit", "7k3", "--set", "password=x1"], "crm lead edit 7k3 --set 'password=***'"),
        (["x", "--api-key", "k1", "a"], "crm x --api-key *** a"),
        (["x", "--token=k1"], "crm x '--token=***'"),
        (["x", "https://anna:p1@host/"], "crm x 'https://***@host/'"),
    ],
)
def test_how_a_command_line_is_told(words: list[str], told: str) -> None:
    assert command_line(words).replace("'", "") == told.replace("'", "")
