"""crm robots recipe: the shelf of ready rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from crmcli.automation import recipes
from crmcli.automation.rule_places import Home
from crmcli.cli import terminal
from crmcli.cli.params import ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.model.actions import channel_of
from crmcli.model.durations import parse_duration
from crmcli.model.pipeline import LEADS
from crmcli.model.recipe import Block, Recipe
from crmcli.present.cells import Column, Listing
from crmcli.present.text_width import fold
from crmcli.present.told import Told
from crmcli.sales.records.stage_lookup import find_stage
from crmcli.workspace.pipelines import pipeline_named
from crmcli.workspace.rule_keys import written

recipe = Noun("recipe", help="Ready robots with their templates: list, show, add.")
NAME = click.Argument(("name",), metavar="NAME")
MESSAGES = {"mail", "sms", "chat", "call"}
PLACES = {"initial": "first stage", "open": "open stages", "won": "stage of success"}
COLUMNS = [
    Column("name", "Name", keep=True), Column("entity", "Record", "word"),
    Column("stage", "Stage", whole=True), Column("about", "What it does", whole=True),
]  # fmt: skip


@recipe.command("list")
def list_(session: Session) -> Listing:
    """List the recipes.

    Example: crm robots recipe list
    """
    rows = [
        {"name": one.name, "entity": one.entity, "about": one.about,
         "stage": ", ".join(dict.fromkeys(block.stage for block in one.blocks))}
        for one in session.workspace.recipes
    ]  # fmt: skip
    words = {row["stage"]: ", ".join(map(_place, row["stage"].split(", "))) for row in rows}
    return Listing(rows, [c.named(words) if c.name == "stage" else c for c in COLUMNS])


def _place(stage: str) -> str:
    """The stages that a recipe means, in words; one that it names by its id."""
    return tr(PLACES.get(stage, stage))


@recipe.command(params=[NAME])
def show(session: Session, name: str) -> None:
    """Show what a recipe writes, and commands by which it can be tried.

    Example: crm robots recipe show welcome
    """
    found = recipes.find(session.workspace, name)
    if session.out.is_table:
        session.out.text("\n".join(_text(found)))
    else:
        blocks = [
            {"stage": b.stage, "robots": b.robots, "triggers": b.triggers} for b in found.blocks
        ]
        row = {"name": found.name, "entity": found.entity, "about": found.about, "rules": blocks,
               "fields": found.fields, "templates": found.templates, "try": found.example}  # fmt: skip
        session.out.one(row, COLUMNS)


def _text(found: Recipe) -> Iterator[str]:
    yield from fold(found.about, terminal.columns())
    for block in found.blocks:
        for kind, rules in (("robots", block.robots), ("triggers", block.triggers)):
            yield from ("", f"{_place(block.stage)}, {kind}:") if rules else ()
            yield from (written(rule) for rule in rules)
    for entity, fields in found.fields.items():
        yield from ("", f"settings.yaml, fields, {entity}:")
        yield from (written({name: field}) for name, field in fields.items())
    for name, text in found.templates.items():
        yield from ("", f"templates/{name}:", text.rstrip())
    yield from ("", tr("To try it:"))
    for step in found.example:
        command = step.replace("{stage}", found.blocks[0].stage)
        is_typed = command.startswith("crm ")
        yield f"  {command if is_typed else tr('{} later: crm tick', parse_duration(step).words)}"


@recipe.command(
    cls=ChangingVerb,
    params=[
        NAME,
        option("--pipeline", "Pipeline. [default: leads, or the first one of deals]", "ID"),
        option("--stage", "All its rules into this stage.", "STAGE"),
    ],
)
def add(session: Session, name: str, pipeline: str, stage: str) -> Told:
    """Write the robots and triggers of a recipe, and the templates and fields that they need.

    What is there already stays as it is. What has to be set up yet, such as mail, is told.

    Example: crm robots recipe add welcome

    Example: crm robots recipe add no-answer --pipeline sales --stage offer
    """
    ws = session.workspace
    found = recipes.find(ws, name)
    chosen = pipeline_named(ws, pipeline or (LEADS if found.entity == "lead" else ""))
    places = recipes.homes(found, chosen, find_stage(chosen, stage) if stage else None)
    done = recipes.add(ws, found, places)
    where = ", ".join(dict.fromkeys(str(home) for home, _ in places))
    text = tr("Added recipe {}: {}", found.name, where)
    missing = [tr(line) for line in recipes.missing(ws, found)]
    notes = [tr("written too: {}", path) for path in done.files if path != "pipelines.yaml"]
    notes += _also_written(places)
    row = {"recipe": found.name, "stages": [str(home) for home, _ in places],
           "files": list(done.files), "missing": missing, "difference": done.difference}  # fmt: skip
    said = f"{text}.\n{done.difference}" if ws.dry_run else f"{text}."
    return Told(said, row, [*notes, *missing])


def _also_written(places: Sequence[tuple[Home, Block]]) -> Iterator[str]:
    """The robots that write to the client in the same stage: with those of a recipe, a second message."""
    for home, block in places:
        ways = {channel_of(str(rule["do"])) for rule in block.robots} & MESSAGES
        for robot in home.stage.robots:
            if channel_of(robot.do) in ways:
                where = f"{home.stage.id}/{robot.id} --pipeline {home.pipeline.id}"
                yield tr(
                    "{} has robot {} too, which writes to the client: crm robots rm {}",
                    home,
                    robot.id,
                    where,
                )
