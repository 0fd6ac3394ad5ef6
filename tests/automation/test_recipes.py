"""The shelf of recipes: each is added to a new workspace in each language, and lived through until it acts."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from crmcli.model.actions import ACTIONS
from crmcli.model.durations import Duration
from crmcli.model.recipe import Recipe
from crmcli.model.settings import LANGUAGES
from crmcli.store.config.lengths import length
from crmcli.store.config.recipes import load_recipes
from tests import kit
from tests.kit import NOW, Run

Crm = Callable[..., Run]
EVERY = {(one.name, language): one for language in LANGUAGES for one in load_recipes(language)}
USERS = """
  anna: {name: Anna, email: anna@ours.example, head: boris}
  boris: {name: Boris, email: boris@ours.example}
"""
WANTED = {
    "welcome", "no-answer", "meeting-reminder", "invoice-overdue", "thank-you", "win-back", "birthday",
    "round-robin", "big-deal", "stale-deal",
}  # fmt: skip


@pytest.fixture
def root(
    crm: Crm, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A new workspace of a language, with two users, of whom Anna acts."""
    monkeypatch.setenv("CRM_USER", "anna")
    folder = tmp_path / "new"
    assert crm("init", str(folder), "--lang", request.param, "--no-git").code == 0
    kit.replace(folder / "settings.yaml", "\nusers:\n", f"\nusers:{USERS}")
    return folder


def passed(text: str) -> timedelta:
    lasting = length(text)
    assert isinstance(lasting, Duration)
    return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[lasting.unit]: lasting.count})


def test_the_shelf_has_what_was_asked_for_in_each_language() -> None:
    assert {name for name, _ in EVERY} >= WANTED
    for name, language in EVERY:
        other = EVERY[name, next(one for one in LANGUAGES if one != language)]
        assert EVERY[name, language].templates != other.templates or not other.templates
        assert len(EVERY[name, language].robots) == len(other.robots)


@pytest.mark.parametrize(("name", "root"), kit.some([*EVERY], 5), indirect=["root"])
def test_a_recipe_is_added_and_acts(
    crm: Crm, root: Path, name: str, request: pytest.FixtureRequest
) -> None:
    recipe: Recipe = EVERY[name, request.node.callspec.params["root"]]
    added = crm("robots", "recipe", "add", name, cwd=root)
    assert added.code == 0, added.err
    checked = crm("pipeline", "check", cwd=root)
    assert checked.code == 0, checked.err
    assert recipe.name not in checked.err
    [stage] = {
        block.stage for block in recipe.blocks if block.stage not in ("initial", "open", "won")
    } or {""}
    now = NOW
    for step in recipe.example:
        if step.startswith("crm "):
            args = shlex.split(step.replace("{stage}", stage))[1:]
            done = crm(*args, "--as", "anna", cwd=root, CRM_NOW=now.isoformat())
            assert done.code == 0, (step, done.err)
        else:
            now += passed(step)
            ticked = crm("tick", cwd=root, CRM_NOW=now.isoformat())
            assert ticked.code == 0, ticked.err
    jobs = json.loads(crm("jobs", "list", "--state", "all", "--json", cwd=root).out)
    acted = {one["robot"] for one in jobs if one["state"] == "done"}
    assert {str(robot["id"]) for robot in recipe.robots} <= acted, jobs


@pytest.mark.parametrize("root", LANGUAGES, indirect=True)
def test_what_is_missing_is_told(crm: Crm, root: Path) -> None:
    told = crm("robots", "recipe", "add", "welcome", cwd=root, CRM_LANG="en")
    assert "leads/new has robot hello too, which writes to the client" in told.err
    assert "mail is not set up" in told.err
    kit.replace(root / "settings.yaml", USERS.strip(), "anna: {name: Anna}")
    assert (
        "no user has a head"
        in crm("robots", "recipe", "add", "big-deal", cwd=root, CRM_LANG="en").err
    )
    turns = crm("robots", "recipe", "add", "round-robin", cwd=root, CRM_LANG="en")
    assert "no users to take turns" in turns.err


def state(folder: Path) -> dict[str, bytes]:
    files = [*folder.glob("*.yaml"), *(p for p in folder.glob("templates/**/*") if p.is_file())]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_one_undo_takes_a_recipe_back_and_it_can_be_added_again(crm: Crm, folder: Path) -> None:
    before = state(folder)
    for _ in range(2):
        done = crm("robots", "recipe", "add", "meeting-reminder")
        assert done.code == 0, done.err
        after = state(folder)
        assert {*after} - {*before} == {MEETING}
        assert crm("undo", "--yes").code == 0
        assert state(folder) == before
        assert crm("pipeline", "check").code == 0
    assert crm("undo", "--redo", "--yes").code == 0
    assert state(folder) == after
    assert crm("undo", "--yes").code == 0
    assert state(folder) == before


MEETING = "templates/mail/recipe-meeting.j2"


@pytest.mark.parametrize("is_removed", [False, True])
def test_what_somebody_wrote_since_is_neither_removed_nor_written_over(
    crm: Crm, folder: Path, is_removed: bool
) -> None:
    crm("robots", "recipe", "add", "meeting-reminder")
    if is_removed:
        crm("undo", "--yes")
    before, own = state(folder), kit.write(folder, MEETING, "Subject: Свой\n\nТекст\n")
    told = crm("undo", *["--redo"] * is_removed, "--yes", CRM_LANG="en")
    assert MEETING in told.err
    assert "it was changed since, so the whole change is kept" in told.err
    assert state(folder) == {**before, MEETING: own.read_bytes()}


def test_what_is_there_already_stays(crm: Crm, folder: Path) -> None:
    own = kit.write(folder, "templates/mail/recipe-welcome.j2", "Subject: Свой\n\nТекст\n")
    assert crm("robots", "recipe", "add", "welcome").code == 0
    assert own.read_text("utf-8") == "Subject: Свой\n\nТекст\n"
    again = crm("robots", "recipe", "add", "welcome")
    assert again.code == 2
    assert "leads/new already has a robot 'welcome'" in again.err


def test_a_place_of_ones_own(crm: Crm, folder: Path) -> None:
    dry = crm("robots", "recipe", "add", "stale-deal", "--stage", "offer", "-n")
    assert dry.out.startswith(
        "dry run: Added recipe stale-deal: sales/offer.\n--- pipelines.yaml\n"
    )
    assert "stale-deal" not in (folder / "pipelines.yaml").read_text("utf-8")
    row = json.loads(crm("robots", "recipe", "add", "stale-deal", "--json").out)
    assert row["stages"] == ["sales/request", "sales/offer", "sales/invoice", "sales/paid"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("show nothing", "no recipe 'nothing'"),
        ("add welcom", "did you mean 'welcome'"),
        ("add welcome --pipeline sales", "welcome is for a lead"),
        ("add big-deal --pipeline leads", "big-deal is for a deal"),
        ("add big-deal --pipeline nowhere", "no pipeline 'nowhere'"),
        ("add big-deal --stage nowhere", "has no stage 'nowhere'"),
    ],
)
def test_bad_input_is_refused(crm: Crm, folder: Path, args: str, says: str) -> None:
    before = (folder / "pipelines.yaml").read_bytes()
    done = crm("robots", "recipe", *args.split())
    assert done.code != 0
    assert says in done.err
    assert (folder / "pipelines.yaml").read_bytes() == before


def test_a_stage_that_a_pipeline_does_not_have_is_asked_for(crm: Crm) -> None:
    assert crm("pipeline", "add", "Service").code == 0
    done = crm("robots", "recipe", "add", "no-answer", "--pipeline", "service")
    assert done.code == 2
    assert "a stage 'offer', which service has not" in done.err
    assert "--stage, one of new" in done.err


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_recipe_is_shown_as_it_would_be_written(crm: Crm, name: str) -> None:
    recipe = EVERY[name, "ru"]
    shown = crm("robots", "recipe", "show", name)
    assert shown.code == 0
    assert recipe.about in " ".join(shown.out.split())
    assert all(f"- id: {robot['id']}\n" in shown.out for robot in recipe.robots)
    assert all(str(robot["do"]) in ACTIONS for robot in recipe.robots)
    row = json.loads(crm("robots", "recipe", "show", name, "--json").out)
    assert row["templates"] == dict(recipe.templates)
    assert name in crm("robots", "recipe", "list").out
