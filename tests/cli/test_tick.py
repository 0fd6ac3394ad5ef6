from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import kit

Crm = Callable[..., Any]
STAGES = kit.pipelines("""
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: "Позвонить: {{ deal.name }}"}}
          - {id: chase, do: task, with: {title: Напомнить}, after: 2d}
          - {id: hook, do: webhook, with: {url: 'http://127.0.0.1:9/'}, after: 1d}
      - {id: paid, name: Оплачено, triggers: [{on: paid}]}
    schedules: [{id: morning, cron: '0 9 * * *', do: notify, with: {text: Доброе утро}}]
""")
LATER = {"CRM_NOW": "2026-11-24T09:00:00Z"}


@pytest.fixture
def deal(folder: Path, crm: Crm) -> str:
    (folder / "pipelines.yaml").write_text(STAGES, "utf-8")
    return str(crm("deal", "add", "--name", "Чай").out.strip())


def rows(result: Any) -> list[dict[str, Any]]:
    assert result.code == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def test_a_tick_says_nothing_and_does_its_work_once(crm: Crm, deal: str) -> None:
    assert crm("tick") == (0, "", "")
    assert crm("tick") == (0, "", "")
    assert [task["name"] for task in rows(crm("task", "list", "--json"))] == ["Позвонить: Чай"]


def test_with_v_it_tells(crm: Crm, deal: str) -> None:
    told = crm("tick", "-v")
    assert told.code == 0
    assert told.out == ""
    assert f"{deal}: robot call, task: done" in told.err


def test_what_failed_for_good_is_one_line_on_stderr(crm: Crm, deal: str) -> None:
    crm("tick")
    told = crm("tick", **LATER)
    assert (told.code, told.out) == (0, "")
    [line] = told.err.splitlines()
    assert line.startswith(
        f"{deal}: robot hook, webhook: dead (127.0.0.1:9 is on a port other than 80 or 443"
    )
    assert crm("tick", **LATER).err == ""


def test_a_dry_run_shows_and_writes_nothing(crm: Crm, deal: str, folder: Path) -> None:
    plan = rows(crm("tick", "--dry-run", "--until", "2026-11-25", "--json"))
    assert [(line["at"], line["record"], line["who"]) for line in plan] == [
        ("2026-11-23T09:00:00Z", deal, "robot call"),
        ("2026-11-24T06:00:00Z", "", "schedule:sales/morning"),
        ("2026-11-24T09:00:00Z", deal, "robot hook"),
        ("2026-11-25T06:00:00Z", "", "schedule:sales/morning"),
        ("2026-11-25T09:00:00Z", deal, "robot chase"),
    ]
    assert rows(crm("task", "list", "--json")) == []
    shown = crm("tick", "-n")
    assert "Позвонить: Чай" in shown.out
    assert "Напомнить" not in shown.out


def test_until_is_for_rehearsals_and_has_to_be_a_date(crm: Crm, deal: str) -> None:
    assert crm("tick", "--until", "+7d").code == 2
    assert crm("tick", "-n", "--until", "никогда").code == 2
    assert crm("tick", "-n", "--until", "+7d").code == 0


def test_tick_after_another_verb(crm: Crm, deal: str) -> None:
    crm("deal", "add", "--name", "Кофе", "--tick")
    assert sorted(task["name"] for task in rows(crm("task", "list", "--json"))) == [
        "Позвонить: Кофе", "Позвонить: Чай",
    ]  # fmt: skip


def test_broken_rules_stop_the_tick_with_their_place(crm: Crm, deal: str, folder: Path) -> None:
    (folder / "pipelines.yaml").write_text(STAGES.replace("do: task", "do: tusk"), "utf-8")
    told = crm("tick")
    assert told.code == 6
    assert "pipelines.yaml:14" in told.err
    assert "did you mean 'task'" in told.err


def test_robots_are_listed_wait_and_are_explained(crm: Crm, deal: str) -> None:
    listed = rows(crm("robots", "list", "--json"))
    assert [(row["robot"], row["stage"]) for row in listed] == [
        ("call", "new"), ("chase", "new"), ("hook", "new"), ("paid", "paid"), ("morning", ""),
    ]  # fmt: skip
    assert listed[-1]["next"] == "2026-11-24T06:00:00Z"
    crm("tick")
    waiting = rows(crm("robots", "waiting", "--json"))
    assert [(row["robot"], row["due_at"]) for row in waiting] == [
        ("hook", "2026-11-24T09:00:00Z"), ("chase", "2026-11-25T09:00:00Z"),
    ]  # fmt: skip
    table = crm("robots", "waiting").out
    assert "2026-11-24 12:00" in table
    assert "after 2d" in table
    explained = rows(crm("robots", "explain", deal, "--json"))
    told = [row["state"] for row in explained if row["kind"] == "robot"]
    assert told == ["done", "waiting", "waiting"]
    assert crm("robots", "explain", "zzz").code == 3


def test_jobs_are_listed_and_decided_upon(crm: Crm, deal: str) -> None:
    crm("tick")
    assert rows(crm("jobs", "list", "--json")) == []
    [done] = rows(crm("jobs", "list", "--state", "all", "--json"))
    assert (done["robot"], done["state"]) == ("call", "done")
    crm("tick", **LATER)
    [dead] = rows(crm("jobs", "list", "--json"))
    assert dead["state"] == "dead"
    refused = crm("jobs", "cancel", done["key"])
    assert refused.code == 1
    assert "is done" in refused.err
    again = crm("jobs", "retry", dead["key"][:10])
    assert again.code == 0
    assert "Will be retried at the next tick" in again.out
    assert crm("tick", **LATER).err.count("\n") == 1
    assert crm("jobs", "resolve", dead["key"], "sent").code == 0
    assert rows(crm("jobs", "list", "--json")) == []
    assert crm("jobs", "retry", "zzz").code == 3
    assert crm("jobs", "list", "--state", "lazy").code == 2
    shown = json.loads(crm("jobs", "show", dead["key"][:6], "--json").out)
    assert shown["key"] == dead["key"]
    assert [step["state"] for step in shown["steps"]][-1] == "resolved"
    assert crm("jobs", "show", "zzz").code == 3
    both = crm("jobs", "retry", dead["key"], "zzz")
    assert (both.code, "no job 'zzz'" in both.err) == (1, True)


def test_dry_runs_of_decisions_write_nothing(crm: Crm, deal: str) -> None:
    crm("tick")
    crm("tick", **LATER)
    [dead] = rows(crm("jobs", "list", "--json"))
    assert "dry run: " in crm("jobs", "retry", dead["key"], "-n").out
    [still] = rows(crm("jobs", "list", "--json"))
    assert still["state"] == "dead"


def test_a_code_is_fired_and_heard(crm: Crm, deal: str) -> None:
    fired = crm("trigger", "fire", "paid", "--on", "Чай")
    assert fired.code == 0
    assert "Fired paid" in fired.out
    crm("tick")
    assert json.loads(crm("deal", "show", deal, "--json").out)["stage"] == "paid"
    lonely = crm("trigger", "fire", "nobody", "--on", deal)
    assert (lonely.code, "waits for 'nobody'" in lonely.err) == (3, True)
    assert crm("trigger", "fire", "Плохой код", "--on", deal).code == 2
    assert crm("trigger", "fire", "paid", "--on", "zzz").code == 3


def test_who_was_notified_is_named_in_words(crm: Crm, folder: Path) -> None:
    (folder / "settings.yaml").write_text(
        "users: {anna: {name: Анна}, boris: {name: Борис}}", "utf-8"
    )
    robot = "{id: tell, do: notify, with: {text: Новая, to: [anna, boris]}}"
    old = "{id: chase, do: task, with: {title: Напомнить}, after: 2d}"
    (folder / "pipelines.yaml").write_text(STAGES.replace(old, robot), "utf-8")
    deal = crm("deal", "add", "--name", "Чай", "--as", "anna").out.strip()
    crm("tick")  # which needs nobody in particular
    [line] = [s for s in crm("timeline", deal).out.splitlines() if s.endswith("anna, boris")]
    assert "done" in line


def test_an_instant_that_changed_is_told_by_the_clock_on_the_wall(
    crm: Crm, deal: str, folder: Path
) -> None:
    with (folder / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write("\nfields: {deal: {meets_at: {type: datetime}}}\n")
    text = (folder / "settings.yaml").read_text("utf-8").replace("\nfields:\n", "\n", 1)
    (folder / "settings.yaml").write_text(text, "utf-8")
    assert crm("deal", "edit", deal, "--set", "meets_at=2026-12-01 15:00").code == 0
    assert "meets_at (empty) → 2026-12-01 15:00" in crm("timeline", deal).out


def test_explain_says_when_a_stage_is_not_declared(crm: Crm, deal: str, folder: Path) -> None:
    (folder / "pipelines.yaml").write_text(
        STAGES.replace("id: new\n        name: Новая", "id: old\n        name: Старая"), "utf-8"
    )
    told = crm("robots", "explain", deal)
    assert told.code == 0
    assert "is in stage 'new', which pipeline 'sales' does not have" in told.err


def test_no_robots_are_told(crm: Crm, folder: Path) -> None:
    bare = (
        STAGES.split("        robots:")[0]
        + "\n      - {id: won, name: Успех, kind: won}\n      - {id: lost, name: Провал, kind: lost}\n"
    )
    (folder / "pipelines.yaml").write_text(bare, "utf-8")
    assert "no robots or schedules" in crm("robots", "list").err


@pytest.mark.parametrize(
    "command",
    ["pipeline list", "pipeline show sales", "robots explain Чай", "jobs list --state all",
     "tick -n --until +7d", "search Чай", "report funnel", "report leads"],
)  # fmt: skip
def test_every_heading_begins_with_a_capital(crm: Crm, deal: str, command: str) -> None:
    crm("lead", "add", "--name", "Кофе")
    crm("tick")
    lines = [line for line in crm(*command.split()).out.splitlines() if "  " in line]
    assert lines[0].split()
    assert all(
        word.strip()[0].isupper() or word == "%" for word in re.split(r"  +", lines[0].strip())
    )
