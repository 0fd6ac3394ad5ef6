"""crm robots: what there is, what they wait for, and what they would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli import terminal
from crmcli.cli.options import check_chosen, chosen_records, staged_record
from crmcli.cli.params import ALL_OR_NOTHING, SOME_REFS, ChangingVerb, Noun, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.entities import having
from crmcli.present import automation
from crmcli.present.cells import Listing
from crmcli.present.records import raw_row
from crmcli.present.told import Told
from crmcli.workspace.pipelines import pipeline_named

if TYPE_CHECKING:
    from crmcli.automation.sequences import Turned
    from crmcli.model.pipeline import Pipeline, Pipelines
    from crmcli.workspace import Change, Workspace

MOST_RULES = 1 << 20
"""Bytes of a file of rules."""
OF_SEQUENCE = [
    SOME_REFS,
    click.Argument(("name",), metavar="SEQUENCE"),
    option("--where -w", "For all that match this condition.", "EXPR"),
    ALL_OR_NOTHING,
]

_RULES = "crmcli.cli.robot_rules"
robots = Noun(
    "robots",
    help="What robots there are, what they wait for, and why; add, edit, move, rm.",
    makers={
        **{verb: f"{_RULES}:{verb}" for verb in ("add", "edit", "move", "rm", "enable", "disable")},
        "recipe": "crmcli.cli.robot_recipes:recipe",
    },
)


@robots.command(
    "list",
    params=[
        option("--pipeline", "Only this pipeline; `leads` for leads.", "ID"),
        option("--stage", "Only this stage.", "ID"),
    ],
)
def list_robots(session: Session, pipeline: str, stage: str) -> Listing | None:
    """Show the robots and triggers of each stage as they are written, and how many wait at each robot.

    A robot that hangs from the one above it (└) waits for that. What is disabled, or waits for crm trust, is
    told below it.

    Example: crm robots list --pipeline leads --stage new
    """
    from crmcli.automation.approval.gate import Gate
    from crmcli.automation.waiting_counts import waiting_counts
    from crmcli.cli.robot_drawing import RobotDrawing
    from crmcli.present.robot_list import RobotRows, listed

    ws, out = session.workspace, session.out
    known = [one for one in listed(ws) if pipeline in ("", one.id)]
    shown, only = _with_stage(known or [pipeline_named(ws, pipeline, NotFound)], stage)
    counts = waiting_counts(ws)
    if counts.changed:
        ws.notes.append("not counted anew since the last crm tick: what waits at each robot")
    rows = RobotRows(ws, counts, Gate(ws))
    listing = rows.listing(shown, only)
    if not out.is_table or not listing.rows:
        return listing
    drawing = RobotDrawing(rows, out.width or terminal.columns(), out)
    pages = [[*drawing.lines(one, only)] for one in shown]
    out.lines([line for page in pages for line in ([""] if page is not pages[0] else []) + page])
    return None


def _with_stage(pipelines: list[Pipeline], ref: str) -> tuple[list[Pipeline], str]:
    """The pipelines that have a stage, and its id; all of them where none is named."""
    if not ref:
        return pipelines, ""
    found = [(one, stage) for one in pipelines if (stage := one.named(ref))]
    if not found:
        known = dict.fromkeys(stage.id for one in pipelines for stage in one.stages)
        raise NotFound(tr("no stage {!r}", ref), tr("one of {}", ", ".join(known)))
    only = found[0][1].id
    return [one for one, stage in found if stage.id == only], only


@robots.command(
    params=[option("--limit", "At most so many; 0 for all.", "N", default=50, at_least=0)]
)
@click.argument("ref", required=False, default="")
def waiting(session: Session, ref: str, limit: int) -> Listing:
    """What robots will do, the earliest first.

    Example: crm robots waiting 7k3

    Example: crm robots waiting --limit 0
    """
    from crmcli.automation import waiting as to_come

    ws = session.workspace
    lines = to_come.waiting(ws, staged_record(ws, ref), limit + 1 if limit else None)
    if limit and len(lines) > limit:
        ws.notes.append(tr("only the first {}: --limit 0 shows all", limit))
        del lines[limit:]
    return automation.outlook(lines, automation.WAITING, "no robot is waiting")


@robots.command()
@click.argument("ref")
def explain(session: Session, ref: str) -> Listing:
    """What each robot and trigger of a record did or will do and when, or why it does not.

    The stages where the record stood come first, as they are declared now; each part of a condition stands
    with the value that it met.

    Example: crm robots explain 7k3
    """
    from crmcli.automation import explain as explaining

    lines = explaining.explain(session.workspace, ref)
    none = "" if lines else _why_none(session.workspace, ref)
    return automation.outlook(lines, automation.EXPLAINED, none)


@robots.command("test")
@click.argument("robot", metavar="[STAGE/]ROBOT")
@click.option("--for", "ref", required=True, metavar="REF", help="Record.")
def try_robot(session: Session, robot: str, ref: str) -> None:
    """Run one robot for a record without effect, and show what it would make or send.

    Whether its condition holds is shown too; nothing is written, and nothing leaves.

    Example: crm robots test hello --for 7k3
    """
    from crmcli.automation import robot_trial

    ws, out = session.workspace, session.out
    trial = robot_trial.run(ws, robot, ref)
    if out.is_table:
        out.text(automation.trial_text(ws, trial))
    else:
        out.one(automation.trial_row(ws, trial), [])


@robots.command(
    params=[
        option("--since", "From when.", "DATE", required=True),
        option("--until", "Until when.", "DATE", show_default="now"),
        option("--with new", "Other rules, in the form of pipelines.yaml.", "NEW.yaml"),
        option("--full", "Each decision that differs, not only how many.", is_flag=True),
    ]
)
def replay(session: Session, since: str, until: str, new: str, full: bool) -> Listing:
    """Play the past again: what robots and triggers would have done otherwise.

    What people and the outside did comes again at its time; robots and triggers decide anew, by the rules of
    NEW.yaml, and are compared with the same days played by the present rules. Without --with the present
    rules are compared with what happened, an hour of lateness left out. Nothing is written.

    Schedules count as they ran. Derived fields, and who has how much to do, are those of today.

    Example: crm robots replay --since 2026-01-01 --with new.yaml

    Example: crm robots replay --since -30d --full
    """
    from crmcli.automation.replay import replay as play_again
    from crmcli.sales.history.past import moment_of

    ws = session.workspace
    begin = moment_of(ws, since, "--since", start=True)
    end = moment_of(ws, until, "--until") if until else ws.now
    if begin > end:
        raise BadUsage("--since is after --until")
    rules = _rules_in(ws, new) if new else None
    found = play_again(ws, begin, min(end, ws.now), rules)
    return automation.differences(found) if full else automation.replayed(found, ws.zone)


@robots.command(
    params=[
        click.Argument(("new",), metavar="[NEW.yaml]", default=""),
        option("--from revision", "Compare with the rules of a commit.", "GIT-REV"),
        option("--exit-code", "End with 1 if anything would be otherwise.", is_flag=True),
    ]
)
def diff(session: Session, new: str, revision: str, exit_code: bool) -> Listing:
    """Show what other rules would make of what waits for robots, before they are taken.

    For each robot: how many records would stay as they are, move to another time, end, or start to wait.
    NEW.yaml is compared with pipelines.yaml; without it pipelines.yaml with that of --from, or of the last
    commit. Stages whose robots are the same are left out. Nothing is written.

    Example: crm robots diff new.yaml

    Example: crm robots diff --from HEAD~3 --exit-code
    """
    from crmcli.automation.rules_diff import committed_rules, rules_diff

    ws = session.workspace
    rules = _rules_in(ws, new) if new else ws.pipelines
    is_committed = revision or not new
    old = committed_rules(ws, revision or "HEAD") if is_committed else ws.pipelines
    found = rules_diff(ws, old, rules)
    if exit_code and any(one.differs for one in found):
        session.exit_code = 1
    return automation.rules_diff(found, ws.zone)


def _rules_in(ws: Workspace, path: str) -> Pipelines:
    """The rules of another file; what is wrong with them is told by its name."""
    from crmcli.sales.records.input_files import read_file

    name, data = read_file(path, MOST_RULES)
    return ws.read_pipelines(data, name=name)


@robots.command(cls=ChangingVerb)
def resume(session: Session) -> Told:
    """Let automation go on that paused because it had done too much within an hour.

    Example: crm robots resume
    """
    from crmcli.automation import breaker

    is_news = breaker.resume(session.workspace)
    return Told(tr("Automation goes on.") if is_news else tr("Automation is not paused."))


@robots.command(cls=ChangingVerb, params=OF_SEQUENCE)
def start(
    session: Session, refs: Sequence[str], name: str, where: str, all_or_nothing: bool
) -> list[Told]:
    """Start a sequence of pipelines.yaml for leads or deals; its robots act at the next ticks.

    The last word is the sequence. One that is under way is not started twice.

    Example: crm robots start 7k3 9mq welcome
    """
    from crmcli.automation.sequences import start_in

    words = tr("Started {} for {} {}."), tr("Not started, {} for {} {}: {}.")
    return _turn(session, "start", refs, name, where, start_in, words, whole=all_or_nothing)


@robots.command(cls=ChangingVerb, params=OF_SEQUENCE)
def stop(
    session: Session, refs: Sequence[str], name: str, where: str, all_or_nothing: bool
) -> list[Told]:
    """Stop a sequence for leads or deals: what it has not done yet is not done.

    Example: crm robots stop 7k3 welcome
    """
    from crmcli.automation.sequences import stop_in

    words = tr("Stopped {} for {} {}."), tr("Not stopped, {} for {} {}: {}.")
    return _turn(session, "stop", refs, name, where, stop_in, words, whole=all_or_nothing)


def _turn(
    session: Session,
    verb: str,
    refs: Sequence[str],
    name: str,
    where: str,
    act: Callable[[Change, Workspace, str, str], Turned],
    words: tuple[str, str],
    *,
    whole: bool,
) -> list[Told]:
    """Start or stop a sequence for many records; `words` for what was done, and what was not."""
    from crmcli.automation.sequences import named
    from crmcli.cli.printing import each_told
    from crmcli.sales.many import each

    ws, command = session.workspace, f"robots {verb}"
    way = tr("crm robots {0} REF… SEQUENCE, or crm robots {0} --where EXPR SEQUENCE", verb)
    check_chosen(refs, where, way)
    chosen = chosen_records(ws, named(ws, name).entity, refs, where)
    done = each(ws, command, chosen, lambda change, i: act(change, ws, i, name), whole=whole)

    def line(ws: Workspace, one: Turned) -> Told:
        about = (name, one.record.id, one.record.get("name"))
        text = words[0] if one.moved else words[1]
        return Told(text.format(*about, tr(one.why)), raw_row(ws, one.record))

    return each_told(session, chosen, done, line)


def _why_none(ws: Workspace, ref: str) -> str:
    from crmcli.workspace import UnknownStage

    try:
        ws.stage_of(ws.find(ref, *having("staged")))
    except UnknownStage as unknown:
        return unknown.message
    return "its stage has no robots"
