"""Looking through settings, pipelines and templates: what is wrong, and what is merely odd."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from crmcli.channels.base import sender_class
from crmcli.channels.own import BadProgram, checked, executable
from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model.action_texts import texts_of
from crmcli.model.actions import ACTIONS, channel_of
from crmcli.model.automation import Robot, Schedule, Trigger
from crmcli.model.conditions.where import leaves
from crmcli.model.listed import nearest
from crmcli.model.made_rings import made_rings, started_rings
from crmcli.model.named_by_robots import strange_words
from crmcli.model.pipeline import SEQUENCES, Pipeline, Pipelines, RobotSequence, Stage, self_calling
from crmcli.model.schema import SCORED, Schema
from crmcli.model.settings import Settings
from crmcli.model.trigger_events import CALLED, EVENTS
from crmcli.render import Renderer
from crmcli.render.shapes import Shapes
from crmcli.sales.documents import templates
from crmcli.sales.template_names import every_shape, shapes_for
from crmcli.store import layout
from crmcli.store.config.pipelines import load_pipelines
from crmcli.store.config.settings import load_settings

T = TypeVar("T")
Act = Robot | Schedule


@dataclass(frozen=True, slots=True)
class Soundness:
    """What was found: `faults` keep the configuration from working, `oddities` may be meant so."""

    faults: tuple[Problem, ...]
    oddities: tuple[Problem, ...] = ()
    pipelines: Pipelines | None = None


def look_through(start: Path | None, now: datetime) -> Soundness:
    """Look through the configuration of the workspace around a folder, with all faults at once."""
    root = layout.find_root(start or Path.cwd())
    faults: list[Problem] = []
    settings = _loaded(lambda: load_settings(root), Settings(), faults)
    schema = Schema(settings.fields)
    pipelines = _loaded(lambda: load_pipelines(root, schema, settings), None, faults)
    if pipelines is None:
        return Soundness(tuple(faults))
    renderer = Renderer(root / "templates", topics=settings.directories.get("topics", {}))
    oddities: list[Problem] = []
    oddities += what_is_missing(pipelines, settings, root)
    for pipeline in pipelines:
        oddities += _oddities(pipeline)
    oddities += _made_in_rings(pipelines)
    oddities += _nobody_stands_in(pipelines, settings)
    oddities += _hook_oddities(root)
    for sequence in pipelines.sequences.values():
        oddities += _odd_robots(sequence)
    faults += faults_of_rules(pipelines, settings, renderer, now)
    faults += templates.faults(renderer, schema, renderer.paths())
    return Soundness(tuple(dict.fromkeys(faults)), tuple(oddities), pipelines)


def faults_of_rules(
    pipelines: Pipelines, settings: Settings, renderer: Renderer, now: datetime
) -> Iterator[Problem]:
    """What is wrong with rules whose file can be read: in their templates, of what they name."""
    zone = ZoneInfo(settings.time_zone)
    robots = {act.id: None for act, _, _ in pipelines.acts() if isinstance(act, Robot)}
    every = every_shape(Schema(settings.fields))
    for act, entity, _ in pipelines.acts():
        known = {**shapes_for(entity, every), "robots": robots}
        yield from _template_faults(act, entity, known, renderer)
        if isinstance(act, Schedule):
            yield from _cron_faults(act, zone, now)
    yield from _strange_faults(pipelines, settings)


def _loaded(load: Callable[[], T], otherwise: T, faults: list[Problem]) -> T:
    try:
        return load()
    except InvalidData as error:
        faults += error.problems
        return otherwise


def what_is_missing(pipelines: Pipelines, settings: Settings, root: Path) -> Iterator[Problem]:
    """What rules need outside of pipelines.yaml and is not there yet: programs, channels, scores."""
    is_scored = (root / layout.SCORES).exists()
    for act, _, _ in pipelines.acts():
        yield from () if is_scored else _score_oddities(act, settings)
        yield from _program_oddities(act, root)
        yield from _channel_oddities(act, root, settings)


def _score_oddities(act: Act, settings: Settings) -> Iterator[Problem]:
    """A condition on scores where none were learned, which never holds."""
    asked = (act.where,) if isinstance(act, Schedule) else (act.when, *(e.when for e in act.exits))
    own = {field.name for fields in settings.fields.values() for field in fields}
    paths = {leaf.path[-1] for condition in asked if condition for leaf in leaves(condition.tree)}
    if SCORED.name in paths - own:
        told = tr("{} asks for scores, and there are none yet", _called(act))
        yield _problem(act.line, told, "learn them: crm score train")


def _program_oddities(act: Act, root: Path) -> Iterator[Problem]:
    """A program of an own robot that is not there yet, or cannot be run."""
    try:
        if act.do == "own":
            executable(root, str(act.params["run"]))
    except BadProgram as error:
        yield _problem(act.line, error.message, error.hint)


def _channel_oddities(act: Act, root: Path, settings: Settings) -> Iterator[Problem]:
    """A message that would wait, for the channel by which it leaves is not set up."""
    if missing := sender_class(channel_of(act.do)).missing(root, settings):
        yield _problem(act.line, tr("{} waits: {}", _called(act), missing))


def _hook_oddities(root: Path) -> Iterator[Problem]:
    """Hooks that cannot be run, and files in their folder that look like a slip for one."""
    folder = root / layout.HOOKS_FOLDER
    for name in sorted(os.listdir(folder) if folder.is_dir() else ()):
        path = layout.hook_path(name)
        try:
            if name in layout.HOOKS:
                checked(root, path)
            elif "." not in name and (near := nearest(name, layout.HOOKS)):
                hint = tr("rename it to {}", near)
                yield Problem(path, 0, "this is not the name of a hook", hint)
        except BadProgram as error:
            yield Problem(path, 0, error.message, error.hint)


def _cron_faults(schedule: Schedule, zone: ZoneInfo, now: datetime) -> Iterator[Problem]:
    from crmcli.automation.cron_slots import next_slot

    if next_slot(schedule.cron, zone, now.astimezone(UTC)) is None:
        words = tr("schedule {!r}: {!r} never occurs", schedule.id, schedule.cron)
        yield _problem(schedule.line, words, "no month has such a day")


def _template_faults(act: Act, entity: str, known: Shapes, renderer: Renderer) -> Iterator[Problem]:
    once = isinstance(act, Schedule) and act.once
    if once:
        item = [known[entity]]
        known = {"records": item, **{name: known[name] for name in ("us", "now", "today")}}
    action = ACTIONS[act.do]
    for key in {*action.of_kind("template")} & act.params.keys():
        yield from renderer.validate(str(act.params[key]), known)
    for key, value in act.params.items():
        for text in texts_of(value) if action.is_template(key) else ():
            for problem in renderer.validate_inline(text, layout.PIPELINES, known):
                message = f"{_called(act)}, {key}: {problem.message}"
                yield _problem(act.line, message, problem.hint)


def _strange_faults(pipelines: Pipelines, settings: Settings) -> Iterator[Problem]:
    """Users and entries of directories that robots name and settings.yaml does not."""
    for strange in strange_words(pipelines, Schema(settings.fields), settings):
        told = tr("{}: no user {!r}") if strange.of_users else tr("{}: {!r} is not declared")
        known = ", ".join(strange.known)
        hint = tr("users: {}", known) if strange.of_users else tr("there are {}", known)
        yield _problem(strange.act.line, told.format(_called(strange.act), strange.word), hint)


def _oddities(pipeline: Pipeline) -> Iterator[Problem]:
    for ring in pipeline.loops(at_once=False):
        if ring not in pipeline.loops(at_once=True):
            way = " -> ".join((*ring, ring[0]))
            stage = pipeline.stage(ring[0])
            line = stage.line if stage else pipeline.line
            yield _problem(line, tr("robots may move a record in a loop: {}", way))
    for number, stage in enumerate(pipeline.stages):
        yield from _odd_robots(stage)
        for robot in stage.robots:
            if robot.moves_to.removeprefix(f"{pipeline.id}/") == stage.id:
                yield _problem(robot.line, tr("{} moves to its own stage", _called(robot)))
        yield from _odd_triggers(stage, number, pipeline)


def _made_in_rings(pipelines: Pipelines) -> Iterator[Problem]:
    """Rings of robots that make records, and of those that start sequences."""
    lines = {f"{SEQUENCES}/{name}": own.line for name, own in pipelines.sequences.items()}
    lines |= {f"{one.id}/{stage.id}": stage.line for one in pipelines for stage in one.stages}
    told = [(tr("robots may make records in a loop: {}"), ring) for ring in made_rings(pipelines)]
    starts = tr("robots may start sequences in a loop: {}")
    for words, ring in [*told, *((starts, ring) for ring in started_rings(pipelines))]:
        place = "/".join(ring[0].split("/")[:2])  # which a robot that an event starts has before it
        yield _problem(lines[place], words.format(" -> ".join((*ring, ring[0]))))


def _nobody_stands_in(pipelines: Pipelines, settings: Settings) -> Iterator[Problem]:
    """Robots that give work to a deputy whom an owner who may be away does not have."""
    known = settings.presences
    away = [user for user, own in known.items() if (own.absences or own.days) and not own.deputy]
    if away or not any(own.deputy for own in known.values()):
        for act, _, _ in pipelines.acts():
            if isinstance(act, Robot) and act.absent == "reassign":
                none = tr("no user has a deputy")
                who = tr("{} has no deputy", ", ".join(away)) if away else none
                told = tr("{}: {}, so it goes to the owner in spite of absences", _called(act), who)
                yield _problem(act.line, told, "users: {anna: {deputy: boris}} in settings.yaml")


def _odd_robots(place: Stage | RobotSequence) -> Iterator[Problem]:
    for ring in self_calling(place.robots):
        way = " -> ".join((*ring, ring[0]))
        yield _problem(place.line, tr("robots start each other in a loop: {}", way))
    for number, robot in enumerate(place.robots):
        yield from _odd_event(robot)
        if number == 0 and robot.timing.wait_previous:
            words = tr("{} waits for the robot above, but it is the first", _called(robot))
            yield _problem(robot.line, words)


def _odd_triggers(stage: Stage, number: int, pipeline: Pipeline) -> Iterator[Problem]:
    for trigger in stage.triggers:
        if number == 0 and not trigger.back:
            words = tr("trigger {!r} never fires: no stage comes before {!r}", trigger.on, stage.id)
            hint = "put it in the stage that it moves to, or add back: yes"
            yield _problem(trigger.line, words, hint)
        if trigger.on.startswith(("offer.", "invoice.", "credit.")) and pipeline.entity == "lead":
            words = tr("trigger {!r} never fires: leads have no offers or invoices", trigger.on)
            yield _problem(trigger.line, words)
        yield from _odd_event(trigger)


def _odd_event(rule: Robot | Trigger) -> Iterator[Problem]:
    """What only a program or a channel raises, and codes that look like an event."""
    on = rule.on
    if on in EVENTS and (channel := EVENTS[on].channel):
        told = "{!r} is raised only by crm trigger fire, or by {}, which is not set up"
        yield _problem(rule.line, tr(told, on, tr(channel)))
    names = {re.sub(r"\W", "", name): name for name in (*EVENTS, *CALLED)}
    near = names.get(re.sub(r"[\W_]", "", on)) if on and on not in EVENTS else None
    if near:
        words = tr("{!r} is read as a code of crm trigger fire", on)
        hint = tr("did you mean the event {}?", CALLED.get(near, near))
        yield _problem(rule.line, words, hint)


def _called(act: Act) -> str:
    return tr("robot {!r}" if isinstance(act, Robot) else "schedule {!r}", act.id)


def _problem(line: int, message: str, hint: str = "") -> Problem:
    return Problem(layout.PIPELINES, line, message, hint)
