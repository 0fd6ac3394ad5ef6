"""Adding a recipe: its rules, and the templates and fields that they need, in one change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from crmcli.automation.rule_edits import RuleChange, difference
from crmcli.automation.rule_places import ROBOTS, TRIGGERS, Home
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.action_texts import plain_words
from crmcli.model.actions import ACTIONS, HEAD, NEW_OWNERS, PREVIOUS
from crmcli.model.listed import allowed_hint
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.sales.settings.reshape import SettingsEdit, Tree, below, reshape
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.recipe import Block, Recipe


def find(ws: Workspace, name: str) -> Recipe:
    """The recipe of that name."""
    known = {recipe.name: recipe for recipe in ws.recipes}
    if name not in known:
        raise NotFound(tr("no recipe {!r}", name), allowed_hint(name, known, tr("there are")))
    return known[name]


def homes(
    recipe: Recipe, pipeline: Pipeline, stage: Stage | None = None
) -> list[tuple[Home, Block]]:
    """Where the rules of a recipe come to stand: in one stage if that is said, else where each is meant."""
    if pipeline.entity != recipe.entity:
        told = tr("{} is for a {}, and {} is not", recipe.name, tr(recipe.entity), pipeline.id)
        raise BadUsage(told, "name another --pipeline, or none")
    found = []
    for block in recipe.blocks:
        stages = [stage] if stage else block.stages(pipeline)
        if not stages:
            told = "{} is meant for a stage {!r}, which {} has not"
            told = tr(told, recipe.name, block.stage, pipeline.id)
            raise BadUsage(told, tr("--stage, one of {}", ", ".join(s.id for s in pipeline.stages)))
        found += [(Home(pipeline, one), block) for one in stages]
    return found


def add(ws: Workspace, recipe: Recipe, places: list[tuple[Home, Block]]) -> RuleChange:
    """Write the rules, and those templates and fields that are not there yet."""
    for home, block in places:
        home.check_new(block.robots)

    def edit(tree: Tree) -> None:
        for home, block in places:
            for kind, rules in ((ROBOTS, block.robots), (TRIGGERS, block.triggers)):
                if rules:
                    home.rules(tree, kind).extend(rules)

    def declare(tree: Tree) -> None:
        for entity, fields in recipe.fields.items():
            declared = below(tree, "fields", entity)
            for name, field in fields.items():
                declared.setdefault(name, field)

    paths = {f"templates/{name}": text.encode() for name, text in recipe.templates.items()}
    new = {path: text for path, text in paths.items() if not ws.file(path)}
    wanted = SettingsEdit(edit=declare if recipe.fields else None, pipelines=edit, files=new)
    done = reshape(ws, "robots recipe", wanted)
    return RuleChange(difference(done), files=done.rewritten)


def missing(ws: Workspace, recipe: Recipe) -> Iterator[str]:
    """What has to be set up before its robots do what they are for."""
    settings, users = ws.settings, ws.settings.users.values()
    leaving = {ACTIONS[str(robot["do"])].leaves for robot in recipe.robots}
    if "mail" in leaving and settings.mail.deliver.startswith("maildir:"):
        yield "mail is not set up: messages stay in a folder; see channels: in settings.yaml"
    named = {
        word
        for robot in recipe.robots
        for key in ACTIONS[str(robot["do"])].of_kind("user", "users")
        for word in plain_words(cast("Tree", robot.get("with", {})).get(key, ""))
    }
    if named & {*NEW_OWNERS} - {PREVIOUS} and len(users) < 2:
        yield "there are no users to take turns: add them under users: in settings.yaml"
    if HEAD in named and not any(user.head for user in users):
        yield "no user has a head: write users: {anna: {head: boris}} in settings.yaml"
