"""crm stage: the stages of a pipeline, as pipelines.yaml declares them."""

from __future__ import annotations

from typing import Any

import click

from crmcli.cli.options import PIPELINE, listed
from crmcli.cli.params import ChangingVerb, Noun, Verb, complete, option
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.model.pipeline import STAGE_KINDS
from crmcli.present.cells import Column, Listing
from crmcli.present.changes import reshaped
from crmcli.present.pipelines import stage_columns, stage_row
from crmcli.present.told import Told
from crmcli.sales.settings import stages
from crmcli.sales.settings.colors import read_color
from crmcli.store.layout import PIPELINES
from crmcli.workspace.pipelines import pipeline_named

stage = Noun("stage", help="Stages of a pipeline: list, add, rename, move, set, rm.")
STAGE = click.Argument(("ref",), metavar="STAGE", shell_complete=complete)
AFTER = option("--after", "Behind this stage.", "STAGE")
BEFORE = option("--before", "Before this stage.", "STAGE")
FACTS = [
    option("--color", "Colour: #rrggbb or a name, like green.", "COLOR"),
    option("--max-days", "Overdue after so many days.", "N"),
    option("--probability", "How likely it ends won, per cent.", "N"),
    option("--requires", "Fields that a record must have; phone|email is one of the two.", "A,B"),
]
KEYS = ("color", "max_days", "probability", "requires")


@stage.command("list", cls=Verb, params=[PIPELINE])
def list_(session: Session, pipeline: str) -> Listing:
    """List the stages of a pipeline and how many records stand in each.

    Example: crm stage list --pipeline leads
    """
    ws = session.workspace
    chosen = pipeline_named(ws, pipeline)
    counts = stages.counts(ws, chosen)
    rows = [{**stage_row(one), "records": counts.get(one.id, 0)} for one in chosen.stages]
    return Listing(rows, [*stage_columns(chosen), Column("records", "Records", "count")])


@stage.command(
    cls=ChangingVerb,
    params=[
        click.Argument(("name",)),
        PIPELINE,
        option("--id", "Its id; made of the name if left out.", "ID"),
        AFTER,
        BEFORE,
        option("--kind", "Work in progress or lost.", among=STAGE_KINDS, default="open"),
        *FACTS,
    ],
)
def add(session: Session, /, name: str, pipeline: str, kind: str, **given: Any) -> Told:
    """Add a stage.

    Without --after and --before it comes behind the last open stage.

    Example: crm stage add Contract --after offer --color '#f7d325' --requires amount
    """
    ws = session.workspace
    chosen = pipeline_named(ws, pipeline)
    facts = {**({} if kind == "open" else {"kind": kind}), **_facts(given)}
    where = {key: given[key] for key in ("after", "before")}
    stage_id, done = stages.add(ws, chosen, name, facts, stage_id=given["id"], **where)
    text = tr("Added stage {} ({}) to {}", name, stage_id, chosen.id)
    return reshaped(ws, text, done, {"pipeline": chosen.id, "stage": stage_id}, PIPELINES)


@stage.command(
    cls=ChangingVerb,
    params=[
        STAGE,
        click.Argument(("name",), default="", metavar="[NAME]"),
        option("--id", "Another id too.", "ID"),
        PIPELINE,
    ],
)
def rename(session: Session, /, ref: str, name: str, pipeline: str, **given: str) -> Told:
    """Change a stage's name, its id or both.

    Records, robots, triggers, conditions and views that name it are changed too, in one transaction.

    Example: crm stage rename offer 'Offer sent' --id proposal
    """
    ws = session.workspace
    chosen = pipeline_named(ws, pipeline)
    done = stages.rename(ws, chosen, ref, name, given["id"])
    text = tr("Renamed {} to {}", ref, " ".join(filter(None, (name, given["id"]))))
    row = {"pipeline": chosen.id, "stage": given["id"] or ref}
    return reshaped(ws, text, done, row, PIPELINES)


@stage.command(cls=ChangingVerb, params=[STAGE, AFTER, BEFORE, PIPELINE])
def move(session: Session, ref: str, after: str, before: str, pipeline: str) -> Told:
    """Change a stage's place in the order.

    Example: crm stage move invoice --before offer
    """
    ws = session.workspace
    chosen = pipeline_named(ws, pipeline)
    done = stages.move(ws, chosen, ref, after, before)
    order = " → ".join(one.id for one in pipeline_named(ws, chosen.id).stages)
    text = tr("Moved stage {}: {}", ref, order)
    return reshaped(ws, text, done, {"pipeline": chosen.id, "stage": ref}, PIPELINES)


@stage.command(
    "set",
    cls=ChangingVerb,
    params=[
        STAGE,
        *FACTS,
        option("--unset", "Take this away.", among=KEYS, multiple=True),
        PIPELINE,
    ],
)
def set_(session: Session, /, ref: str, pipeline: str, unset: Any, **given: Any) -> Told:
    """Change a stage's colour, days, probability, what it requires.

    Example: crm stage set offer --max-days 5 --probability 40 --requires amount,contact
    """
    ws = session.workspace
    chosen = pipeline_named(ws, pipeline)
    done = stages.change(ws, chosen, ref, _facts(given), tuple(unset))
    text = tr("Changed stage {} of {}", ref, chosen.id)
    return reshaped(ws, text, done, {"pipeline": chosen.id, "stage": ref}, PIPELINES)


@stage.command(
    cls=ChangingVerb,
    params=[STAGE, option("--move-to", "Where its records go.", "STAGE"), PIPELINE],
)
def rm(session: Session, ref: str, move_to: str, pipeline: str) -> Told:
    """Remove a stage with its robots and triggers; refused while records stand there.

    With --move-to its records go to another stage, by the rules of that, and what waited is cancelled.

    Example: crm stage rm contract --move-to request
    """
    ws = session.workspace
    chosen = pipeline_named(ws, pipeline)
    done = stages.remove(ws, chosen, ref, move_to)
    text = tr("Removed stage {} from {}", ref, chosen.id)
    return reshaped(ws, text, done, {"pipeline": chosen.id, "stage": ref}, PIPELINES)


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    """The keys of pipelines.yaml that were given."""
    facts = {key: given[key].strip() for key in KEYS if given[key].strip()}
    if "color" in facts:
        facts["color"] = read_color(facts["color"])
    if "requires" in facts:
        facts["requires"] = listed(facts["requires"])
    return facts
