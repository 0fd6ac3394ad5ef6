"""crm init: a workspace where there was none, and nothing of what was there is lost."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.sales.init.create import AlreadyAWorkspace, FolderInUse, create_workspace
from crmcli.sales.init.place import place_of
from crmcli.workspace import Workspace
from tests.kit import NOW, Run

Crm = Callable[..., Run]
MADE = {
    ".gitattributes", ".gitignore", "pipelines.yaml", "settings.yaml",
    "schema/access.schema.json", "schema/scores.schema.json", "schema/forms.schema.json", "schema/pipelines.schema.json",
    "schema/preset.schema.json", "schema/settings.schema.json", "schema/reports.schema.json", "schema/plans.schema.json",
    "schema/views.schema.json",
    "templates/mail/hello.j2", "templates/mail/offer.j2", "templates/mail/paid.j2",
}  # fmt: skip


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder, capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout.strip()


def committed(folder: Path) -> set[str]:
    return set(git(folder, "ls-tree", "-r", "--name-only", "HEAD").splitlines())


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """An empty folder."""
    place = tmp_path / "Отдел продаж"
    place.mkdir()
    return place


def test_a_new_folder_becomes_a_workspace(crm: Crm, tmp_path: Path) -> None:
    run = crm("init", "Продажи", "--lang", "ru", cwd=tmp_path)
    root = tmp_path / "Продажи"
    assert (run.code, run.out) == (0, f"Created a workspace in {root}.\n")
    assert "crm pipeline check" in run.err
    assert "crm tick --install" in run.err
    assert "cd Продажи" in run.err
    assert {str(p.relative_to(root)) for p in root.rglob("*")} >= MADE
    ws = Workspace.open(root, now=NOW)
    assert [p.id for p in ws.pipelines] == ["leads", "sales"]
    assert crm("lead", "add", "--phone", "8 900 000-00-01", cwd=root).code == 0


def test_the_first_commit_has_just_the_new_files(here: Path) -> None:
    (here / "чужое.txt").write_text("не наше", encoding="utf-8")
    founding = create_workspace(here)
    assert founding.notes == ()
    assert committed(here) == set(founding.made) >= MADE
    assert git(here, "log", "--format=%an <%ae>") == "crm <crm@localhost>"
    assert "чужое" in git(here, "-c", "core.quotePath=no", "status", "--short")


def test_a_name_that_git_knows_is_used(here: Path) -> None:
    git(here, "config", "--global", "user.name", "Анна Орлова")
    git(here, "config", "--global", "user.email", "anna@example.ru")
    try:
        create_workspace(here)
    finally:
        git(here, "config", "--global", "--remove-section", "user")
    assert git(here, "log", "--format=%an <%ae>") == "Анна Орлова <anna@example.ru>"


def test_an_existing_repository_keeps_its_hooks_and_its_index(here: Path) -> None:
    git(here, "init", "-q")
    hook = here / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hooked\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    (here / "план.txt").write_text("не готово", encoding="utf-8")
    git(here, "add", "план.txt")
    founding = create_workspace(here)
    assert founding.notes == ()
    assert committed(here) == set(founding.made)
    assert not (here / "hooked").exists()
    assert git(here, "-c", "core.quotePath=no", "status", "--short") == "A  план.txt"


def test_inside_another_repository_nothing_is_committed(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    founding = create_workspace(tmp_path / "crm")
    assert "belongs to the git repository" in founding.notes[0]
    assert not (tmp_path / "crm" / ".git").exists()
    assert git(tmp_path, "status", "--short") == "?? crm/"


def test_a_folder_that_the_other_repository_ignores_gets_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("/crm/\n", encoding="utf-8")
    founding = create_workspace(tmp_path / "crm")
    assert founding.notes == ()
    assert committed(tmp_path / "crm") == set(founding.made)


def test_a_variable_of_a_calling_git_leads_nowhere(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert create_workspace(here).notes == ()
    monkeypatch.undo()
    assert committed(here) >= MADE


def test_without_git_it_says_so_and_goes_on(crm: Crm, tmp_path: Path) -> None:
    nothing = tmp_path / "bin"
    nothing.mkdir()
    run = crm("init", "new", cwd=tmp_path, PATH=str(nothing))
    assert run.code == 0
    assert "git is not installed" in run.err
    assert (tmp_path / "new" / "pipelines.yaml").exists()


def test_a_git_that_fails_is_only_noted(here: Path) -> None:
    (here / ".gitignore").write_text("*\n", encoding="utf-8")
    git(here, "init", "-q")
    notes = create_workspace(here).notes
    assert any(note.startswith("nothing is committed: git add") for note in notes)
    assert (here / "settings.yaml").exists()


def test_no_git_makes_no_repository(crm: Crm, tmp_path: Path) -> None:
    assert crm("init", "new", "--no-git", cwd=tmp_path).code == 0
    assert not (tmp_path / "new" / ".git").exists()


def test_a_workspace_is_not_made_twice(crm: Crm, folder: Path) -> None:
    (folder / "settings.yaml").write_text("currency: EUR\n", encoding="utf-8")
    run = crm("init")
    assert run.code == 1
    assert "is already a workspace" in run.err
    assert (folder / "settings.yaml").read_text(encoding="utf-8") == "currency: EUR\n"
    with pytest.raises(AlreadyAWorkspace):
        create_workspace(folder, demo=True)


def test_what_is_there_stays(crm: Crm, here: Path) -> None:
    kept = {
        "settings.yaml": "currency: EUR\n", "templates/mail/hello.j2": "Subject: Моё\n\nМоё\n",
        ".gitignore": "*.tmp\n", "README.md": "наше\n",
    }  # fmt: skip
    for name, text in kept.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text, encoding="utf-8")
    run = crm("init", cwd=here)
    assert run.code == 0
    assert {name: (here / name).read_text(encoding="utf-8") for name in kept} == kept
    assert "settings.yaml already exists and is left as it is" in run.err
    assert "add to .gitignore: .crm/ and outbox/" in run.err
    assert committed(here) == {*MADE, *templates(here)} - set(kept)
    assert Workspace.open(here, now=NOW).settings.currency == "EUR"


def templates(folder: Path) -> set[str]:
    """All templates that come with the starter."""
    found_files = (folder / "templates").rglob("*.j2")
    return {str(path.relative_to(folder)) for path in found_files}


def test_a_start_that_was_cut_short_can_be_repeated(here: Path) -> None:
    create_workspace(here, use_git=False)
    (here / "pipelines.yaml").unlink()  # it is written last
    founding = create_workspace(here)
    assert founding.made == ("pipelines.yaml",)
    assert Workspace.open(here, now=NOW).pipelines.leads.initial.id == "new"


def test_a_dangling_link_is_something_that_is_there(here: Path) -> None:
    (here / "settings.yaml").symlink_to(here / "nowhere.yaml")
    founding = create_workspace(here, use_git=False)
    assert "settings.yaml" in founding.kept
    assert not (here / "nowhere.yaml").exists()


def test_the_english_starter(crm: Crm, tmp_path: Path) -> None:
    assert crm("init", "new", "--lang", "en", cwd=tmp_path).code == 0
    ws = Workspace.open(tmp_path / "new", now=NOW)
    assert [stage.name for stage in ws.pipelines.leads.stages][-2:] == ["Qualified", "Junk"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("init", "new", "--lang", "de"), "ru"),
        (("init", "new", "--lang", "en", "--demo"), "is in Russian"),
        (("init", "файл"), "is not a folder"),
    ],
)
def test_wrong_calls_are_refused(
    crm: Crm, tmp_path: Path, args: tuple[str, ...], says: str
) -> None:
    (tmp_path / "файл").write_text("", encoding="utf-8")
    run = crm(*args, cwd=tmp_path)
    assert run.code == 2
    assert says in run.err
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_a_clear_refusal(crm: Crm, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "new").mkdir(mode=0o500)
    run = crm("init", "new", cwd=tmp_path)
    assert run.code == 4
    assert "Traceback" not in run.err


def test_json_names_what_was_made(crm: Crm, tmp_path: Path) -> None:
    run = crm("init", "new", "--no-git", "--json", "-q", cwd=tmp_path)
    told = json.loads(run.out)
    assert told["root"] == str(tmp_path / "new")
    assert set(told["made"]) >= MADE
    assert told["kept"] == []
    assert run.err == ""


def test_the_folder_may_be_named_globally(crm: Crm, tmp_path: Path) -> None:
    assert crm("-C", str(tmp_path / "new"), "init", "--no-git").code == 0
    assert (tmp_path / "new" / "pipelines.yaml").exists()


def test_the_demo_wants_a_folder_of_its_own(here: Path) -> None:
    (here / "settings.yaml").write_text("currency: EUR\n", encoding="utf-8")
    with pytest.raises(FolderInUse):
        create_workspace(here, demo=True)
    assert [p.name for p in here.iterdir()] == ["settings.yaml"]


def test_the_demo_is_committed_whole(crm: Crm, tmp_path: Path) -> None:
    run = crm("init", "new", "--demo", cwd=tmp_path)
    assert run.code == 0, run.err
    assert "crm tick" in run.err
    root = tmp_path / "new"
    assert git(root, "status", "--short") == ""
    assert len([path for path in committed(root) if path.startswith("data/leads/")]) == 12
    assert crm("deal", "list", "--ids", cwd=root).out.count("deal-") == 8


@pytest.mark.parametrize(
    ("language", "environ", "place"),
    [
        ("en", {"LANG": "de_DE.UTF-8", "TZ": "Etc/UTC"}, ("DE", "EUR", "Europe/Berlin")),
        ("en", {"LANG": "en_US.UTF-8", "TZ": "UTC"}, ("US", "USD", "America/New_York")),
        ("en", {"LANG": "en_US", "TZ": "America/Denver"}, ("US", "USD", "America/Denver")),
        ("en", {"LC_ALL": "pl_PL", "LANG": "en_US", "TZ": "UTC"}, ("PL", "PLN", "Europe/Warsaw")),
        ("en", {"LANG": "C.UTF-8", "TZ": "Europe/Paris"}, ("FR", "EUR", "Europe/Paris")),
        ("en", {"LANG": "C", "TZ": "UTC"}, ("GB", "GBP", "Europe/London")),
        ("en", {"LANG": "xx_YY", "TZ": "Nowhere/Land"}, ("GB", "GBP", "Europe/London")),
        ("ru", {"LANG": "ru_KZ.UTF-8", "TZ": "UTC"}, ("KZ", "KZT", "Asia/Almaty")),
        ("ru", {"LANG": "en_US.UTF-8", "TZ": "UTC"}, ("RU", "RUB", "Europe/Moscow")),
        ("ru", {"LANG": "ru_RU", "TZ": "Asia/Omsk"}, ("RU", "RUB", "Asia/Omsk")),
    ],
)
def test_a_workspace_is_where_locale_and_time_zone_say(
    language: str, environ: dict[str, str], place: tuple[str, str, str]
) -> None:
    assert place_of(language, environ) == place


def test_settings_name_the_place_and_are_read(here: Path) -> None:
    place = place_of("en", {"LANG": "cs_CZ", "TZ": "UTC"})
    create_workspace(here, language="en", use_git=False, place=place)
    found = Workspace.open(here, user="").settings
    assert (found.phone_country, found.currency, found.time_zone) == place
