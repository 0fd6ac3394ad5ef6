"""Robots and schedules in pipelines.yaml: what may stand there, and reading it."""

from __future__ import annotations

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.action_texts import listed_words
from crmcli.model.actions import ACTIONS
from crmcli.model.automation import Robot, Schedule
from crmcli.model.cron import check_cron
from crmcli.model.split import SPLIT_RULE, read_split
from crmcli.store.config import shapes
from crmcli.store.config.action_params import check_once, read_params
from crmcli.store.config.conditions import EXIT, GOAL, condition
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.frame import Frame
from crmcli.store.config.lengths import lasting
from crmcli.store.config.param_kinds import anything
from crmcli.store.config.robot_times import AGAIN, TIMES, again_of, one_time_rules, timing_of
from crmcli.store.config.triggers import FILTER, ON, filter_rules, filters_of


def read_robot(place: Cursor, frame: Frame) -> Robot:
    """A robot of a stage."""
    got = ROBOT.read(place, frame)
    if got["do"] and ACTIONS[got["do"]].by_clock:
        told = tr("{!r} is for schedules alone", got["do"])
        place.at("do").fault(told, "put it under schedules:")
    return Robot(
        id=got["id"],
        do=got["do"],
        params=read_params(place, got["do"], frame),
        when=got["when"],
        timing=timing_of(place, got),
        exits=tuple(filter(None, (got["goal"], got["exit_when"]))),
        once=got["once"],
        again=again_of(place, got),
        split=got["split"],
        absent=got["absent"],
        on_error=got["on_error"],
        enabled=got["enabled"],
        on=got["on"],
        filters=filters_of(place, got),
        line=place.line,
    )


def _not_by_clock() -> dict[str, object]:
    """The rule that a robot does nothing that is for schedules alone."""
    by_clock = [name for name, action in ACTIONS.items() if action.by_clock]
    return {"properties": {"do": {"not": {"enum": by_clock}}}}


def read_schedule(place: Cursor, frame: Frame) -> Schedule:
    """A schedule of a pipeline."""
    got = SCHEDULE.read(place, frame)
    del got["with"]
    got["once"] = got["once"] or (bool(got["do"]) and ACTIONS[got["do"]].by_clock)
    if got["once"] and got["do"]:
        check_once(place, got["do"])
    params = read_params(place, got["do"], frame)
    if "plan" in (listed_words(params.get("report")) if got["do"] == "report" else ()):
        for key in ("compare", "where"):
            if params.get(key):  # else no time of it would send any of its reports
                told = tr("the report plan takes no {!r}", key)
                place.at("with").at(key).fault(
                    told, "leave it out, or mail plan by another schedule"
                )
    return Schedule(**got, params=params, line=place.line)


DO = shapes.needed(shapes.word("What it does.", ACTIONS))
WITH = shapes.Shape("What the action needs; its keys depend on do.", anything, dict)
ACTIONS_RULE = {"$ref": "#/definitions/actions"}
ROBOT = shapes.keys(
    "Acts for a record that stands in this stage.",
    {
        "id": shapes.identifier("Unique within its stage."),
        "do": DO,
        "with": WITH,
        "when": condition(
            "Only if this holds at the moment of acting, e.g. source = web and emails is not empty."
        ),
        **TIMES,
        "wait": shapes.word("Wait until the robot above has finished.", ("previous",)),
        "goal": GOAL,
        "exit_when": EXIT,
        "once": shapes.word(
            "How far it is remembered that it acted: visit, this stay in the stage; record, every stay; ever,"
            " every record of the client, too. visit if absent.",
            ("visit", "record", "ever"), "visit",
        ),
        "again": AGAIN,
        "split": shapes.parsed(
            "Only for a part of the records, the same in every clone: 30% or 30-100% of them; a/b is group a"
            " of the groups a and b, of equal size. Other names of groups part them independently.",
            read_split, None, "a part like 30%, 30-100% or a/b", pattern=rf"^({SPLIT_RULE})$",
        ),
        "absent": shapes.word(
            "While the record's owner is not there (users: absences, days, hours in settings.yaml): wait for"
            " the owner's working time, reassign what it makes to the deputy, or drop it; acts as ever if"
            " absent.",
            ("wait", "reassign", "drop"),
        ),
        "workdays": shapes.yes_no("Count company working time only."),
        "if_past": shapes.word(
            "What to do when the moment had passed when the robot came; if absent, messages to clients skip"
            " it, all else runs.",
            ("run", "skip"),
        ),
        "max_late": lasting("Do not act later than this after its time."),
        "on_error": shapes.word(
            "Whether the robots that wait for this one go on when it fails; stop if absent.",
            ("stop", "continue"), "stop",
        ),
        "enabled": shapes.yes_no("no pauses the robot.", True),
        "on": replace(
            ON,
            doc="The event that starts it, each time, while the record stands here; entering the stage if"
            " absent.",
        ),
        **FILTER,
    },
    also=lambda: [*filter_rules(), ACTIONS_RULE, *one_time_rules(), _not_by_clock()],
)  # fmt: skip
SCHEDULE = shapes.keys(
    "Something done by the clock.",
    {
        "id": shapes.identifier("Unique within its pipeline."),
        "cron": shapes.needed(
            shapes.parsed(
                "When: minute, hour, day, month, day of the week, in the company's time zone, e.g."
                " '0 9 * * mon-fri'.",
                check_cron, "", "minute hour day month weekday, in quotes: '0 9 * * mon-fri'",
                pattern=r"^\s*[0-9A-Za-z*,/-]+(\s+[0-9A-Za-z*,/-]+){4}\s*$",
                patternErrorMessage="five fields: minute hour day month weekday",
            )
        ),
        "do": DO,
        "with": WITH,
        "where": condition("For which records of this pipeline."),
        "once": shapes.yes_no(
            "Act once for the whole selection (templates see records) instead of per record; not where"
            " nothing fits where."
        ),
        "catch_up": shapes.word(
            "What to do with slots missed while the computer was off; one if absent.",
            ("one", "all", "none"), "one",
        ),
        "max_late": lasting("A slot later than this is missed."),
    },
    also=lambda: [ACTIONS_RULE],
)  # fmt: skip
