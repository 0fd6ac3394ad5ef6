"""crm robots, jobs and trigger: what robots wait for and did, and telling the triggers of something."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli import terminal
from crmcli.cli.options import pipeline_named
from crmcli.cli.params import ALL_OR_NOTHING, ChangingVerb, Noun, Session, complete, option
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.entities import having
from crmcli.present import automation
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.automation.sequences import Turned
    from crmcli.model.pipeline import Pipeline
    from crmcli.present.cells import Listing
    from crmcli.workspace import Change, Workspace

MOST_RULES = 1 << 20
"""Bytes of a file of rules."""
OF_SEQUENCE = [
    click.Argument(("refs",), nargs=-1, metavar="REF...", shell_complete=complete),
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
jobs = Noun("jobs", help="What robots did and could not do; retry, cancel, resolve.")
_WHERE = "Only jobs that match a condition."
_MANY = [
    click.Argument(("keys",), nargs=-1, metavar="KEY…"),
    option("--where -w", _WHERE, "EXPR"),
]
trigger = Noun(
    "trigger",
    help="Triggers of pipelines.yaml: add, rm; fire one by its code.",
    makers={verb: f"{_RULES}:{verb}_trigger" for verb in ("add", "rm")},
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
    lines = to_come.waiting(ws, _held(ws, ref), limit + 1 if limit else None)
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
    from crmcli.sales.records.input_files import read_file

    ws = session.workspace
    begin = moment_of(ws, since, "--since", start=True)
    end = moment_of(ws, until, "--until") if until else ws.now
    if begin > end:
        raise BadUsage("--since is after --until")
    rules = ws.read_pipelines(read_file(new, MOST_RULES)[1]) if new else None
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
    from crmcli.sales.records.input_files import read_file

    ws = session.workspace
    rules = ws.read_pipelines(read_file(new, MOST_RULES)[1]) if new else ws.pipelines
    is_committed = revision or not new
    old = committed_rules(ws, revision or "HEAD") if is_committed else ws.pipelines
    found = rules_diff(ws, old, rules)
    if exit_code and any(one.differs for one in found):
        session.exit_code = 1
    return automation.rules_diff(found, ws.zone)


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
    from crmcli.present.records import raw_row
    from crmcli.sales.many import Chosen, each

    ws = session.workspace
    if bool(refs) == bool(where):
        told = "--where and REF exclude each other" if refs else "no REF is given"
        way = tr("crm robots {0} REF… SEQUENCE, or crm robots {0} --where EXPR SEQUENCE", verb)
        raise BadUsage(told, way)
    entity = named(ws, name).entity
    condition = ws.condition(where, entity) if where else None
    chosen = Chosen(entity, [ws.resolve(ref, entity) for ref in refs], condition)
    command = f"robots {verb}"
    done = each(ws, command, chosen, lambda change, i: act(change, ws, i, name), whole=whole)

    def line(ws: Workspace, one: Turned) -> Told:
        about = (name, one.record.id, one.record.get("name"))
        text = words[0] if one.moved else words[1]
        return Told(text.format(*about, tr(one.why)), raw_row(ws, one.record))

    return each_told(session, chosen, done, line)


def _held(ws: Workspace, ref: str) -> str:
    """The id of a record that robots may act on; "" where none is named."""
    return ws.resolve(ref, *having("staged")) if ref else ""


def _why_none(ws: Workspace, ref: str) -> str:
    from crmcli.workspace import UnknownStage

    try:
        ws.stage_of(ws.find(ref, *having("staged")))
    except UnknownStage as unknown:
        return unknown.message
    return "its stage has no robots"


@jobs.command("list")
@click.option(
    "--state", "states", multiple=True, help="queued, failed, dead, unknown, done, … or all."
)
@click.option("--for", "ref", metavar="REF", default="", help="Only jobs of this record.")
@click.option("--where", "-w", metavar="EXPR", default="", help=_WHERE)
def list_jobs(session: Session, states: Sequence[str], ref: str, where: str) -> Listing:
    """List jobs that are open or need a person; --state selects others, or all.

    A condition knows robot, action, state, record, pipeline, stage (where the record stands), due, age (in
    days, or 2h, 1w), reason and to; and fields of the record, as in record.owner.

    Example: crm jobs list --state unknown

    Example: crm jobs list --where 'action = email and stage = offer and age > 2d'
    """
    from crmcli.automation.jobs import listed
    from crmcli.automation.ledger import STATES

    ws = session.workspace
    wanted = [part.strip() for state in states for part in state.split(",")]
    found = STATES if "all" in wanted else tuple(wanted)
    none = "no such jobs" if wanted or where else "no open jobs, and none needs a person"
    return automation.jobs(ws, listed(ws, found, _held(ws, ref), where), none)


@jobs.command()
@click.argument("key")
def show(session: Session, key: str) -> None:
    """Show a job with each line that the ledger has of it.

    Example: crm jobs show 3f9a
    """
    from crmcli.automation.job_choice import find

    ws, out = session.workspace, session.out
    job = find(ws, key)
    steps = automation.job_steps(ws.in_right_time(ws.timeline.job_events([job.key])))
    [row], columns, _ = automation.jobs(ws, [job], "")
    row = {**row, "rule": job.rule, "steps": list(steps.rows)}
    out.one(row, [*columns, automation.RULE])
    out.section("Steps", *steps)


@jobs.command(cls=ChangingVerb, params=_MANY)
def retry(session: Session, keys: Sequence[str], where: str) -> list[Told]:
    """Retry jobs at the next tick, with a fresh count of attempts.

    Example: crm jobs retry 3f9a

    Example: crm jobs retry --where 'robot = offer and state = dead'
    """
    return _decided(
        session, "retry", tr("Will be retried at the next tick: {}.", "{}"), keys, where
    )


@jobs.command(cls=ChangingVerb, params=_MANY)
def cancel(session: Session, keys: Sequence[str], where: str) -> list[Told]:
    """Cancel jobs that are not done, or waiting robots.

    Example: crm jobs cancel 3f9a

    Example: crm jobs cancel --where 'robot = call and record.owner = boris' --dry-run
    """
    return _decided(session, "cancel", tr("Cancelled: {}.", "{}"), keys, where)


@jobs.command(
    cls=ChangingVerb, params=[*_MANY, click.Argument(("how",), metavar="sent|failed|retry")]
)
def resolve(session: Session, keys: Sequence[str], how: str, where: str) -> list[Told]:
    """Say what became of messages that may have been sent: sent, failed, or retry to send them again.

    Example: crm jobs resolve 3f9a sent

    Example: crm jobs resolve --where 'action = email and age > 1d' sent
    """
    told = tr("Resolved as {}: {}.", how, "{}")
    return _decided(session, "resolve", told, keys, where, how)


def _decided(
    session: Session, verb: str, words: str, keys: Sequence[str], where: str, how: str = ""
) -> list[Told]:
    """Decide about jobs by their keys or by a condition; what is refused does not stop the others."""
    from crmcli.automation.jobs import decide
    from crmcli.cli.printing import each_told

    if bool(keys) == bool(where):
        told = "--where and KEY exclude each other" if keys else "no KEY is given"
        raise BadUsage(told, tr("crm jobs {0} KEY…, or crm jobs {0} --where EXPR", verb))
    chosen, done = decide(session.workspace, verb, keys, where, how)
    return each_told(
        session, chosen, done, lambda _, job: Told(words.format(automation.job_name(job)))
    )


@jobs.command(cls=ChangingVerb)
@click.argument("key")
@click.argument("answer", required=False, default="", metavar="[JSON]")
@click.option("--failed", metavar="WHY", default="", help="It failed.")
def finish(session: Session, key: str, answer: str, failed: str) -> Told:
    """Bring the answer of a job that waits for one; the robots below it go on at the next tick.

    JSON is {"values": {…}}, for those robots; - reads it from standard input.

    Example: crm jobs finish 3f9a --json '{"values": {"signed": "yes"}}'
    """
    from crmcli.automation import jobs as book

    answer = sys.stdin.read() if answer == "-" else answer
    job = book.finish(session.workspace, key, answer, failed)
    return Told(tr("Finished: {}.", automation.job_name(job)))


@trigger.command(cls=ChangingVerb)
@click.argument("code")
@click.option("--on", "ref", required=True, metavar="REF", help="Record.")
@click.option(
    "--id", "call_id", default="", help="An id of the call, told once: a second call does nothing."
)
@click.option(
    "--with", "told", metavar="NAME=VALUE", multiple=True, help="What filters of triggers look at."
)
def fire(session: Session, code: str, ref: str, call_id: str, told: Sequence[str]) -> Told:
    """Tell the triggers that something happened to a record.

    CODE is a word of your own, or an event that no channel raises yet, such as form.submitted. Triggers and
    robots with `on: CODE` see it at the next tick. For a contact or a company it counts for the open deal
    with the latest activity, or else for the lead. A code that no trigger waits for is refused, exit code 3.

    Example: crm trigger fire paid --on 7k3

    Example: crm trigger fire paid --on 7k3 --id payment-4711

    Example: crm trigger fire form.submitted --on 7k3 --with form=order
    """
    from crmcli.sales import activities

    ws = session.workspace
    record = ws.find(ref)
    fired = activities.fire(ws, record.id, code, call_id, _told(told))
    about = (code, record.id, record.get("name"))
    if not fired:
        return Told(tr("Already fired {} on {} {} with this id: nothing done.", *about))
    return Told(tr("Fired {} on {} {}.", *about))


@trigger.command(cls=ChangingVerb)
@click.argument("deal", required=False, default="")
@click.option("--event", metavar="ID", default="", help="The event, where several ask.")
def answer(session: Session, deal: str, event: str) -> list[Told] | Listing:
    """Say which deal an event meant, for triggers with choose: ask; without DEAL, list what is asked.

    The deal moves as if the client had no other, the others are passed over; both stand on the timeline.

    Example: crm trigger answer

    Example: crm trigger answer 7k3 --event e1m8
    """
    from crmcli.automation import trigger_answers as answers
    from crmcli.present.changes import moved

    ws = session.workspace
    if not deal:
        asked = [(one, answers.names(ws, one.deals)) for one in answers.questions(ws)]
        return automation.questions(asked)
    deal_id = ws.resolve(deal, "deal")
    done = answers.answer(ws, deal_id, event)
    told = Told(tr("Answered: {} was meant.", deal_id))
    return [told] if done is None else [told, moved(ws, done)]


def _told(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in given:
        name, is_pair, value = text.partition("=")
        if not is_pair:
            raise BadUsage(tr("{!r} is not NAME=VALUE", text), "write --with form=order")
        found[name.strip()] = value.strip()
    return found
