"""crm robots add, edit, move, rm, enable, disable and crm trigger add, rm: rules of pipelines.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from crmcli.automation import rule_edits, sequences
from crmcli.automation.rule_edits import RuleChange, Spot
from crmcli.automation.rule_places import Home, Place, SequenceHome
from crmcli.cli.options import PIPELINE
from crmcli.cli.params import ChangingVerb, complete, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import counted, tr
from crmcli.model.actions import ACTIONS
from crmcli.model.automation import Robot
from crmcli.model.values import Raw
from crmcli.present.told import Told
from crmcli.sales.records.stage_lookup import find_stage
from crmcli.workspace import Workspace
from crmcli.workspace.pipelines import pipeline_named
from crmcli.workspace.rule_keys import RuleKey, robot_keys, trigger_keys, with_params

NAME = click.Argument(("ref",), metavar="[STAGE/]ROBOT", shell_complete=complete)
STAGE = option("--stage", "Stage.", "STAGE")
SEQUENCE = option("--sequence", "A sequence in place of a stage.", "NAME")
TO = option("--to --stage", "Another stage, or sequence.", "STAGE")
SPOT = [
    option("--above", "Above this robot of the stage.", "ROBOT"),
    option("--below", "Below this robot of the stage.", "ROBOT"),
]
WITH = option(
    "--with pairs", "What it needs for that; see crm help robots.", "KEY=VALUE", multiple=True
)


def _options(keys: Iterable[RuleKey]) -> list[click.Parameter]:
    """An option for each key that a rule may have, as its declaration says."""
    found: list[click.Parameter] = []
    for key in keys:
        name, words = f"--{key.name.replace('_', '-')} key_{key.name}", key.words
        if key.flag:
            found.append(option(name, key.shape.doc, is_flag=True))
        else:
            metavar = "|".join(map(str, words)) or key.name.upper()
            found.append(option(name, key.shape.doc, metavar))
    return found


def _facts(keys: Iterable[RuleKey], given: Mapping[str, Any]) -> dict[str, Raw]:
    """The keys of a rule that were given, as pipelines.yaml has them."""
    found: dict[str, Raw] = {}
    for key in keys:
        said = given[f"key_{key.name}"]
        if said:
            found[key.name] = key.flag if said is True else key.typed(str(said))
    return found


DO = option("--do", "What it does.", among=tuple(ACTIONS))
KEYS = _options(robot_keys())


@click.command(
    cls=ChangingVerb,
    params=[
        PIPELINE,
        STAGE,
        SEQUENCE,
        option("--id", "Its id; made of what it does if left out.", "ID"),
        DO,
        WITH,
        *KEYS,
        *SPOT,
    ],
)
def add(
    session: Session, /, pipeline: str, stage: str, sequence: str, do: str | None, **given: Any
) -> Told:
    """Add a robot to a stage or a sequence of pipelines.yaml.

    Each key that a robot may have there is an option; a date takes more of its keys behind it, as in
    --before close_by,by=3d,time=10:00. On a terminal, without --do, you are asked step by step.

    Example: crm robots add --stage offer --do task --with title='Call again' --after 2d --wait

    Example: crm robots add --pipeline leads --stage new --do notify --with text='Not called' --after 4h

    Example: crm robots add --stage offer --do own --with run=score --when 'amount > 100000'
    """
    ws = session.workspace
    home: Place
    if not do:
        if sequence:
            raise BadUsage("--sequence needs --do", "what it shall do: see crm help robots")
        from crmcli.cli.robot_questions import asked

        home, rule = asked(session, pipeline, stage)
    else:
        home = _in_sequence(ws, sequence) if sequence else _home(ws, pipeline, stage)
        rule = {"id": given["id"] or rule_edits.new_id(home, do), "do": do}
        if pairs := with_params(do, given["pairs"]):
            rule["with"] = pairs
        rule |= _facts(robot_keys(), given)
    spot = Spot(given["above"], given["below"])
    done = rule_edits.add(ws, home, rule, spot)
    text = tr("Added robot {} to {}", rule["id"], home)
    if rule.get("wait") and (above := rule_edits.above(ws, home, str(rule["id"]))):
        text += tr("; it waits for {}", above)
    return _told(ws, text, done, home, str(rule["id"]))


@click.command(
    cls=ChangingVerb,
    params=[
        NAME,
        PIPELINE,
        SEQUENCE,
        option("--id", "Another id.", "ID"),
        DO,
        WITH,
        *KEYS,
        option("--unset", "Take this away: after, when, with.due.", "KEY", multiple=True),
    ],
)
def edit(
    session: Session, /, ref: str, pipeline: str, sequence: str, unset: Sequence[str], **given: Any
) -> Told:
    """Change a robot of pipelines.yaml.

    What is given comes in the place of what was there; of --with only the keys that are named.

    Example: crm robots edit offer/ask --after 3d --with title='Call again' --unset workdays
    """
    ws = session.workspace
    home, robot = _robot(ws, pipeline, ref, sequence)
    do = given["do"] or robot.do
    facts: dict[str, Raw] = {key: given[key] for key in ("id", "do") if given[key]}
    if pairs := with_params(do, given["pairs"]):
        facts["with"] = pairs
    done = rule_edits.change(ws, home, robot, {**facts, **_facts(robot_keys(), given)}, unset)
    return _told(
        ws, tr("Changed robot {} of {}", robot.id, home), done, home, str(given["id"] or robot.id)
    )


@click.command(cls=ChangingVerb, params=[NAME, PIPELINE, SEQUENCE, TO, *SPOT])
def move(
    session: Session, ref: str, pipeline: str, sequence: str, to: str, above: str, below: str
) -> Told:
    """Change a robot's place in its stage, or put it into another stage.

    Example: crm robots move offer/chase --above ask
    """
    ws = session.workspace
    home, robot = _robot(ws, pipeline, ref, sequence)
    there = home
    if to:
        in_stage = isinstance(home, Home)
        there = _home(ws, home.owner[0], to) if in_stage else _in_sequence(ws, to)
    done = rule_edits.move(ws, home, robot, there, Spot(above, below))
    order = ", ".join(one.id for one in there.now(ws))
    return _told(ws, tr("Moved robot {}; {}: {}", robot.id, there, order), done, there, robot.id)


@click.command(cls=ChangingVerb, params=[NAME, PIPELINE, SEQUENCE])
def rm(session: Session, ref: str, pipeline: str, sequence: str) -> Told:
    """Remove a robot; what it has queued is cancelled.

    Example: crm robots rm offer/chase
    """
    ws = session.workspace
    home, robot = _robot(ws, pipeline, ref, sequence)
    done = rule_edits.remove(ws, home, robot)
    text = tr("Removed robot {} from {}", robot.id, home)
    if done.waiting:
        text += tr("; cancelled for {}", counted(done.waiting, "record"))
    return _told(ws, text, done, home, robot.id)


@click.command(cls=ChangingVerb, params=[NAME, PIPELINE, SEQUENCE])
def enable(session: Session, ref: str, pipeline: str, sequence: str) -> Told:
    """Let a robot act again that was paused.

    Example: crm robots enable offer/chase
    """
    ws = session.workspace
    home, robot = _robot(ws, pipeline, ref, sequence)
    if robot.enabled:
        return Told(tr("Robot {} of {} is not paused.", robot.id, home))
    done = rule_edits.change(ws, home, robot, {}, ["enabled"])
    return _told(ws, tr("Enabled robot {} of {}", robot.id, home), done, home, robot.id)


@click.command(cls=ChangingVerb, params=[NAME, PIPELINE, SEQUENCE])
def disable(session: Session, ref: str, pipeline: str, sequence: str) -> Told:
    """Pause a robot: it stays in pipelines.yaml and does nothing.

    Example: crm robots disable offer/chase
    """
    ws = session.workspace
    home, robot = _robot(ws, pipeline, ref, sequence)
    if not robot.enabled:
        return Told(tr("Robot {} of {} is paused already.", robot.id, home))
    done = rule_edits.change(ws, home, robot, {"enabled": "no"})
    return _told(ws, tr("Paused robot {} of {}", robot.id, home), done, home, robot.id)


ON = click.Argument(("on",), metavar="EVENT")


@click.command("add", cls=ChangingVerb, params=[ON, PIPELINE, STAGE, *_options(trigger_keys())])
def add_trigger(session: Session, /, on: str, pipeline: str, stage: str, **given: Any) -> Told:
    """Add a trigger to a stage of pipelines.yaml: the event moves a record there.

    Example: crm trigger add meeting --stage offer

    Example: crm trigger add mail.in --stage invoice --subject paid --when 'amount > 0'
    """
    ws = session.workspace
    home = _home(ws, pipeline, stage)
    done = rule_edits.add_trigger(ws, home, {"on": on, **_facts(trigger_keys(), given)})
    return _told(ws, tr("Added trigger {} to {}", on, home), done, home, on)


@click.command("rm", cls=ChangingVerb, params=[ON, PIPELINE, STAGE])
def rm_trigger(session: Session, on: str, pipeline: str, stage: str) -> Told:
    """Remove the triggers of an event from a stage.

    Example: crm trigger rm offer.sent --stage offer
    """
    ws = session.workspace
    home = _home(ws, pipeline, stage)
    done = rule_edits.remove_trigger(ws, home, on)
    return _told(ws, tr("Removed trigger {} from {}", on, home), done, home, on)


def _home(ws: Workspace, pipeline: str, stage: str) -> Home:
    chosen = pipeline_named(ws, pipeline)
    if not stage:
        known = ", ".join(one.id for one in chosen.stages)
        raise BadUsage("no stage is given", tr("--stage, one of {}", known))
    return Home(chosen, find_stage(chosen, stage))


def _in_sequence(ws: Workspace, name: str) -> SequenceHome:
    return SequenceHome(sequences.named(ws, name))


def _robot(ws: Workspace, pipeline: str, ref: str, sequence: str) -> tuple[Place, Robot]:
    if sequence:
        home = _in_sequence(ws, sequence)
        return home, rule_edits.robot_of(home, ref)
    chosen = pipeline_named(ws, pipeline)
    stage, robot = rule_edits.find_robot(chosen, ref)
    return Home(chosen, stage), robot


def _told(ws: Workspace, text: str, done: RuleChange, home: Place, rule: str) -> Told:
    """What was done; of a dry run also the difference that it would make."""
    row = {"pipeline": home.owner[0], "stage": home.owner[1], "rule": rule,
           "waiting": done.waiting, "difference": done.difference}  # fmt: skip
    return Told(f"{text}.\n{done.difference}" if ws.dry_run else f"{text}.", row)
