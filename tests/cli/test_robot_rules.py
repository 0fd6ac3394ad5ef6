"""crm robots add, edit, move, rm, enable, disable and crm trigger add, rm: what becomes of pipelines.yaml."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.model.actions import ACTIONS
from crmcli.store.yaml.codec import load_marked
from crmcli.workspace.rule_keys import robot_keys, trigger_keys
from tests import kit
from tests.forks import forks
from tests.kit import Run

Crm = Callable[..., Run]


def rules(folder: Path, stage: str, kind: str = "robots") -> list[dict[str, Any]]:
    tree: Any = load_marked((folder / "pipelines.yaml").read_bytes(), "p").value
    pipelines = [tree["leads"], *tree["deals"]]
    [found] = [one for line in pipelines for one in line["stages"] if one["id"] == stage]
    return list(found.get(kind, []))


def text(folder: Path) -> str:
    return (folder / "pipelines.yaml").read_text("utf-8")


SMTP = "deliver: smtp://127.0.0.1:1\n    from: sales@example.com"


def typed(folder: Path, args: list[str], answers: list[str], **environ: str) -> str:
    """What is said where people type these answers, each on a line."""
    keyboard, terminal = os.openpty()
    os.write(keyboard, "".join(f"{one}\n" for one in answers).encode())
    env = {**os.environ, "PYTHONUTF8": "1", **environ}
    run = forks().run(args, stdin=terminal, cwd=folder, environ=env)
    os.close(terminal)
    os.close(keyboard)
    return (run.stdout + run.stderr).decode()


def test_a_robot_comes_into_its_stage_and_all_else_stays(crm: Crm, folder: Path) -> None:
    before = text(folder)
    done = crm(
        "robots", "add", "--pipeline", "sales", "--stage", "offer", "--id", "call", "--do", "task",
        "--with", "title=Перезвонить", "--after", "2d", "--wait",
    )  # fmt: skip
    assert (done.code, done.out) == (
        0,
        "Added robot call to sales/offer; it waits for overdue.\n",
    ), done.err
    new = (
        "          - id: call\n            do: task\n            with: {title: Перезвонить}\n"
        "            after: 2d\n            wait: previous\n"
    )
    assert text(folder).replace(new, "") == before
    assert rules(folder, "offer")[-1]["id"] == "call"
    assert crm("pipeline", "check").code == 0
    assert crm("undo", "--yes").code == 0
    assert text(folder) == before


def test_the_first_robot_of_a_stage_stands_above_its_triggers(crm: Crm, folder: Path) -> None:
    assert crm("trigger", "add", "offer.declined", "--stage", "lost").code == 0
    added = crm("robots", "add", "--stage", "lost", "--do", "comment", "--with", "text=Жаль")
    assert added.code == 0, added.err
    assert (
        "        robots:\n          - id: comment\n            do: comment\n"
        "            with: {text: Жаль}\n        triggers:\n          - on: offer.declined\n"
    ) in text(folder)
    assert crm("robots", "rm", "lost/comment").code == 0
    assert crm("trigger", "rm", "offer.declined", "--stage", "lost").code == 0
    assert not rules(folder, "lost")
    assert "- on: offer.declined" not in text(folder)


SAID = {
    "when": ("amount > 5", "amount > 5"),
    "after": ("1d 10:00", "1d 10:00"),
    "at": ("close_by,time=10:00", {"field": "close_by", "time": "10:00"}),
    "before": ("close_by by=3d", {"field": "close_by", "by": "3d"}),
    "wait": (True, "previous"),
    "goal": ("when=amount > 5, go_to=overdue", {"when": "amount > 5", "go_to": "overdue"}),
    "exit_when": ("source = web", "source = web"),
    "once": ("record", "record"),
    "again": ("after 30d", "after 30d"),
    "split": ("30%", "30%"),
    "absent": ("wait", "wait"),
    "workdays": (True, "yes"),
    "if_past": ("run", "run"),
    "max_late": ("5d", "5d"),
    "on_error": ("continue", "continue"),
    "on": ("note", "note"),
    "fields": ("amount", "amount"),
    "from": ("5", "5"),
    "to": ("6", "6"),
    "subject": ("счёт", "счёт"),
    "text": ("согласны", "согласны"),
    "form": ("order", "order"),
    "link": ("/price", "/price"),
    "number": ("+74950000000", "+74950000000"),
    "for": ("14d", "14d"),
    "value": ("5000", "5000"),
    "back": (True, "yes"),
    "on_closed": (True, "yes"),
    "choose": ("all", "all"),
}
WITH_EVENT = {
    "fields": "field.changed", "from": "field.changed", "to": "field.changed", "subject": "mail.in", "text": "mail.in",
    "form": "form.submitted", "link": "mail.clicked", "number": "call.in", "for": "record.idle",
    "value": "paid",
}  # fmt: skip


@pytest.mark.parametrize("name", kit.some([key.name for key in robot_keys()], 3))
def test_each_key_of_a_robot_is_an_option(crm: Crm, folder: Path, name: str) -> None:
    said, wanted = SAID[name]
    option = f"--{name.replace('_', '-')}"
    more = ["--on", WITH_EVENT[name]] if name in WITH_EVENT else []
    args = ["--do", "comment", "--with", "text=x", "--above", "overdue", *more, option]
    done = crm("robots", "add", "--stage", "offer", *args, *([] if said is True else [str(said)]))
    assert done.code == 0 or name == "goal", done.err
    if name != "goal":
        assert rules(folder, "offer")[2][name] == wanted
        assert crm("robots", "edit", "comment", "--unset", name).code == (2 if name == "for" else 0)


def test_a_goal_goes_on_at_a_robot_below(crm: Crm, folder: Path) -> None:
    goal, wanted = SAID["goal"]
    done = crm("robots", "edit", "offer/ask", "--goal", str(goal).replace("overdue", "chase"))
    assert done.code == 0, done.err
    assert rules(folder, "offer")[0]["goal"] == {**wanted, "go_to": "chase"}  # type: ignore[dict-item]


@pytest.mark.parametrize("name", [key.name for key in trigger_keys()])
def test_each_key_of_a_trigger_is_an_option(crm: Crm, folder: Path, name: str) -> None:
    said, wanted = SAID[name]
    option = [f"--{name.replace('_', '-')}", *([] if said is True else [str(said)])]
    done = crm("trigger", "add", WITH_EVENT.get(name, "note"), "--stage", "offer", *option)
    assert done.code == 0, done.err
    assert rules(folder, "offer", "triggers")[-1][name] == wanted


@pytest.mark.parametrize(
    ("do", "pairs", "wanted"),
    [
        ("task", ["title={{ deal.name }}: a=b", "due=1d"], {"title": "{{ deal.name }}: a=b", "due": "1d"}),
        ("notify", ["text=[sic]", "to=[owner, head]"], {"text": "[sic]", "to": ["owner", "head"]}),
        ("notify", ["text=x", "to=owner", "to=head"], {"text": "x", "to": ["owner", "head"]}),
        ("set", ["amount=5", "append.tags=vip"], {"amount": "5", "append": {"tags": "vip"}}),
        ("set", ["unset=[close_by]"], {"unset": ["close_by"]}),
        ("create", ["entity=task", "set.name=Позвонить"], {"entity": "task", "set": {"name": "Позвонить"}}),
        ("webhook", ["url=https://example.com/a=b", "body={id: '{{ deal.id }}'}", "headers.X-Key=1"],
         {"url": "https://example.com/a=b", "body": {"id": "{{ deal.id }}"}, "headers": {"X-Key": "1"}}),
        ("webhook", ["url=https://example.com", "body={{ deal.name }}"],
         {"url": "https://example.com", "body": "{{ deal.name }}"}),
        ("own", ["run=score", "wait=yes"], {"run": "score", "wait": "yes"}),
        ("block", ["what=8 912 345-67-89, example.com"], {"what": "8 912 345-67-89, example.com"}),
        ("unblock", ["what={{ contact.email }}"], {"what": "{{ contact.email }}"}),
        ("comment", ["text={{ robots.ask.score }}"], {"text": "{{ robots.ask.score }}"}),
    ],
)  # fmt: skip
def test_what_an_action_needs_is_read_by_its_kind(
    crm: Crm, folder: Path, do: str, pairs: list[str], wanted: dict[str, Any]
) -> None:
    given = [word for pair in pairs for word in ("--with", pair)]
    done = crm("robots", "add", "--stage", "lost", "--do", do, *given)
    assert done.code == 0, done.err
    assert rules(folder, "lost")[-1]["with"] == wanted


def test_an_edit_changes_what_is_named_and_leaves_the_rest_as_it_is_written(
    crm: Crm, folder: Path
) -> None:
    before = text(folder)
    done = crm("robots", "edit", "offer/ask", "--with", "due=3d", "--before", "close_by,by=2d")
    assert done.out == "Changed robot ask of sales/offer.\n", done.err
    old = '"Узнать, что решили: {{ deal.name }}", due: 1d}\n            after: 3d\n            workdays: yes\n'
    assert old in before
    new = old.replace("due: 1d", "due: 3d").replace("            after: 3d\n", "")
    new += "            before: {field: close_by, by: 2d}\n"
    assert text(folder) == before.replace(old, new)
    assert crm("robots", "edit", "offer/ask", "--do", "comment", "--with", "text=x").code == 0
    assert rules(folder, "offer")[0]["with"] == {"text": "x"}
    assert crm("robots", "edit", "offer/ask", "--id", "say", "--unset", "workdays").code == 0
    assert rules(folder, "offer")[0]["id"] == "say"
    assert "workdays" not in rules(folder, "offer")[0]


def test_of_values_within_values_an_edit_changes_what_it_names(crm: Crm, folder: Path) -> None:
    one = ("--do", "set", "--with", "append.tags=vip", "--with", "append.comment=x")
    assert crm("robots", "add", "--stage", "lost", *one).code == 0
    assert crm("robots", "edit", "lost/set", "--with", "append.tags=gold").code == 0
    assert rules(folder, "lost")[0]["with"] == {"append": {"tags": "gold", "comment": "x"}}


def test_a_robot_takes_its_comment_along(crm: Crm, folder: Path) -> None:
    comment = "# За день до срока сделки; дату поправили — робот подвинется.\n"
    assert crm("robots", "move", "remind", "--to", "paid", "--above", "ship").code == 0
    assert [one["id"] for one in rules(folder, "paid")] == ["remind", "ship", "thanks"]
    assert [one["id"] for one in rules(folder, "invoice")] == ["bill"]
    kept = f"        robots:\n          {comment}          - id: remind\n            do: notify\n"
    assert kept in text(folder)
    assert crm("robots", "move", "remind", "--to", "lost").code == 0
    assert kept in text(folder)
    assert crm("robots", "move", "remind", "--to", "paid").code == 0
    assert "robots: []" not in text(folder)  # it was the only one of lost
    done = crm("robots", "move", "offer/overdue", "--above", "ask")
    assert done.out == "Moved robot overdue; sales/offer: overdue, ask, chase.\n"


def test_a_pause_is_one_line(crm: Crm, folder: Path) -> None:
    before = text(folder)
    assert crm("robots", "disable", "offer/chase").out == "Paused robot chase of sales/offer.\n"
    assert text(folder).replace("            enabled: no\n", "") == before
    assert "is paused already" in crm("robots", "disable", "offer/chase").out
    assert crm("robots", "enable", "offer/chase").code == 0
    assert text(folder) == before
    assert "is not paused" in crm("robots", "enable", "offer/chase").out


def test_a_dry_run_shows_the_difference_and_writes_nothing(crm: Crm, folder: Path) -> None:
    before = text(folder)
    for args in (
        ("robots", "add", "--stage", "lost", "--do", "comment", "--with", "text=x"),
        ("robots", "edit", "offer/ask", "--after", "9d"),
        ("robots", "move", "offer/ask", "--to", "paid"),
        ("robots", "rm", "offer/ask"),
        ("trigger", "add", "note", "--stage", "offer"),
    ):
        done = crm(*args, "-n")
        assert done.code == 0, done.err
        assert "--- pipelines.yaml\n+++ pipelines.yaml\n@@" in done.out
        assert json.loads(crm(*args, "-n", "--json").out)["difference"]
    assert text(folder) == before


def test_what_a_robot_was_to_do_goes_with_it(crm: Crm, folder: Path) -> None:
    kit.replace(folder / "settings.yaml", "deliver: maildir:outbox", SMTP)
    args = ("--name", "Анна", "--email", "anna@example.com", "--source", "web")
    added = crm("lead", "add", *args)
    assert added.code == 0, added.err
    lead = added.out.strip()
    stays = crm("lead", "add", "--name", "Пётр", "--email", "petr@example.com").out.strip()
    same = ("--pipeline", "leads", "--stage", "working", "--id", "hello", "--do", "email")
    assert crm("robots", "add", *same, "--with", "template=mail/hello.j2").code == 0
    assert crm("lead", "move", stays, "working").code == 0
    later = "2026-11-23T09:20:00+00:00"
    assert crm("tick", CRM_NOW=later).code in (0, 1)
    jobs = json.loads(crm("jobs", "list", "--json").out)
    assert sorted((one["robot"], one["record"]) for one in jobs) == sorted(
        [("hello", lead), ("hello", stays)]
    )
    done = crm("robots", "rm", "new/hello", "--pipeline", "leads", CRM_NOW=later)
    assert done.out == "Removed robot hello from leads/new; cancelled for 1 record.\n", done.err
    assert [one["record"] for one in json.loads(crm("jobs", "list", "--json").out)] == [stays]
    [job] = json.loads(crm("jobs", "list", "--state", "cancelled", "--json").out)
    assert (job["robot"], job["record"]) == ("hello", lead)
    more = crm("robots", "rm", "new/overdue", "--pipeline", "leads")
    assert "cancelled for 1 record" in more.out
    assert "cancelled" not in crm("robots", "rm", "offer/ask").out


def test_a_fault_that_was_there_before_stands_in_no_ones_way(crm: Crm, folder: Path) -> None:
    kit.append(folder, "templates/mail/hello.j2", "{{ lead.nope }}\n")
    assert "nope" in crm("pipeline", "check").out
    done = crm("robots", "disable", "offer/chase")
    assert done.code == 0, done.err


def test_a_robot_that_i_write_by_command_needs_no_approval(crm: Crm, folder: Path) -> None:
    args = ("--do", "webhook", "--with", "url=https://example.com/hook")
    assert crm("robots", "add", "--stage", "request", *args).code == 0
    rows = json.loads(crm("trust", "--list", "--json").out)
    assert [one["state"] for one in rows if one["place"] == "sales/request/webhook"] == ["approved"]
    assert "waiting for approval" in crm("trust").out


@pytest.mark.parametrize(
    ("args", "says"),
    kit.some([
        ("add --do task --with title=x", "no stage is given"),
        ("add --stage offer", "what the robot does is not given"),
        ("add --stage nowhere --do task --with title=x", "has no stage 'nowhere'"),
        ("add --stage offer --pipeline x --do task --with title=x", "no pipeline 'x'"),
        ("add --stage offer --do taks", "taks"),
        ("add --stage offer --do task", "'with' is missing: task needs title"),
        ("add --stage offer --do task --with due=1d", "'title' is missing"),
        ("add --stage offer --do task --with title=x --with titel=y", "did you mean 'title'"),
        ("add --stage offer --do task --with title", "is not KEY=VALUE"),
        ("add --stage offer --do task --with =x", "is not KEY=VALUE"),
        ("add --stage offer --do task --with title=x --with title=y", "title is given twice"),
        ("add --stage offer --do task --with title=x --id ask", "sales/offer already has a robot 'ask'"),
        ("add --stage offer --do task --with title=x --id Ask!", "is not an id"),
        ("add --stage offer --do task --with title=x --after soon", "'soon'"),
        ("add --stage offer --do task --with title=x --after 2d --at close_by", "cannot be combined"),
        ("add --stage offer --do task --with title=x --at nodate", "has no date field 'nodate'"),
        ("add --stage offer --do task --with title=x --before close_by", "'by' is missing"),
        ("add --stage offer --do task --with title=x --when amuont>5", "did you mean 'amount'"),
        ("add --stage offer --do task --with title=x --once twice", "'twice' is not allowed for 'once'"),
        ("add --stage offer --do task --with title=x --above nobody", "no robot 'nobody'"),
        ("add --stage offer --do task --with title=x --above ask --below ask", "exclude each other"),
        ("add --stage offer --do task --with title=x --on mail.inn", "did you mean 'mail.in'"),
        ("add --stage offer --do task --with title={{deal.nmae}}", "nmae"),
        ("add --stage offer --do task --with title={{deal.name", "title"),
        ("add --stage offer --do notify --with text=x --with to=[owner", "is not a list or map"),
        ("add --stage offer --do email --with template=mail/none.j2", "no template templates/mail/none.j2"),
        ("add --stage offer --do convert", "acts on a lead"),
        ("add --stage offer --do move --with stage=nowhere", "no stage 'nowhere' here"),
        ("add --stage offer --do set --with stage=paid", "set cannot move a record"),
        ("add --stage offer --do webhook --with url=ftp://x", "is not an address"),
        ("add --stage offer --do webhook --with url=https://x.example --with secret=hunter2",
         "does not belong in this file"),
        ("add --stage offer --do block --with what=foo", "'foo' is not an e-mail address, domain or phone"),
        ("add --stage offer --do unblock --with what=a@example.com,123", "'123' is not an e-mail address"),
        ("add --stage offer --do email --with template=mail/offer.j2 --with to=anna", "'anna' is not an e-mail"),
        ("add --stage offer --do comment --with text={{robots.nobody.x}}", "no field 'robots.nobody'"),
        ("add --stage offer --do comment --with text={{robots.remnd.x}}", "did you mean 'remind'"),
        ("edit offer/ask", "nothing to change"),
        ("edit nobody --after 2d", "has no robot 'nobody'"),
        ("edit overdue --after 2d --pipeline leads", "several robots are called 'overdue'"),
        ("edit offer/ask --unset split", "there is no split to take away"),
        ("edit offer/ask --unset with.title", "'title' is missing"),
        ("edit offer/ask --unset do", "'do' is missing"),
        ("edit offer/ask --do email", "'with' is missing: email needs template"),
        ("edit offer/ask --id chase", "'chase' is there twice"),
        ("move offer/ask", "no new place is given"),
        ("move offer/ask --to nowhere", "has no stage 'nowhere'"),
        ("move offer/ask --above bill", "no robot 'bill' in that stage"),
        ("move offer/overdue --to request --above nobody", "no robot 'nobody' in that stage"),
        ("rm nobody", "has no robot 'nobody'"),
        ("rm nowhere/ask", "has no robot 'nowhere/ask'"),
    ], 2),
)  # fmt: skip
def test_bad_input_is_refused_with_the_words_of_pipeline_check(
    crm: Crm, folder: Path, args: str, says: str
) -> None:
    before = text(folder)
    done = crm("robots", *args.split())
    assert done.code in (2, 3, 4, 6)
    assert says in done.err
    assert text(folder) == before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("add note", "no stage is given"),
        ("add note.taken --stage offer", "no event 'note.taken'"),
        ("add note --stage offer --number 5", "does not go with on: note"),
        ("add record.idle --stage offer", "'for' is missing"),
        ("rm note --stage offer", "has no trigger 'note'"),
    ],
)
def test_a_wrong_trigger_is_refused(crm: Crm, folder: Path, args: str, says: str) -> None:
    before = text(folder)
    done = crm("trigger", *args.split())
    assert done.code != 0
    assert says in done.err
    assert text(folder) == before


def answered(do: str, **said: list[str]) -> list[str]:
    """What is typed for each parameter of an action, nothing for those that are not named."""
    return [line for param in ACTIONS[do].params for line in said.get(param.name, [""])]


def test_on_a_terminal_it_asks_step_by_step_and_again_where_an_answer_is_wrong(
    folder: Path,
) -> None:
    answers = [
        "nowhere", "sales", "offer", "taks", "task", *answered("task", title=["", "Позвонить"], due=["никогда", "2d"]),
        "3d", "y", "amuont > 5", "amount > 5", "call", "y",
    ]  # fmt: skip
    said = typed(folder, ["robots", "add"], answers, CRM_LANG="ru")
    assert "'nowhere' — нет в этом списке" in said
    assert "нет поля «amuont»" in said
    assert "- id: call\n  do: task\n  with: {title: Позвонить, due: 2d}" in said
    assert "Добавлен робот call на стадию sales/offer; ждёт, пока закончит overdue." in said
    assert rules(folder, "offer")[-1] == {
        "id": "call", "do": "task", "with": {"title": "Позвонить", "due": "2d"},
        "after": "3d", "wait": "previous", "when": "amount > 5",
    }  # fmt: skip


def test_what_is_shown_of_a_choice_names_it_too_and_a_known_stage_asks_for_no_pipeline(
    folder: Path,
) -> None:
    answers = [
        "ЗАМЕТКА В ЛЕНТЕ ЗАПИСИ.",
        *answered("comment", text=["Чай"]),
        "",
        "n",
        "",
        "",
        "y",
    ]
    said = typed(folder, ["robots", "add", "--stage", "offer"], answers, CRM_LANG="ru")
    assert "воронка" not in said
    assert rules(folder, "offer")[-1] == {"id": "comment", "do": "comment", "with": {"text": "Чай"}}
    by_name = [
        "Продажи",
        "Товар отгружен",
        "comment",
        *answered("comment", text=["Чай"]),
        "",
        "n",
        "",
        "",
        "y",
    ]
    typed(folder, ["robots", "add"], by_name, CRM_LANG="ru")
    assert rules(folder, "shipped")[-1]["id"] == "comment"


@pytest.mark.parametrize("stage", ["offer", "OFFER", "Коммерческое предложение"])
def test_a_robot_is_found_below_its_stage_by_id_or_name(crm: Crm, stage: str) -> None:
    done = crm("robots", "disable", f"{stage}/chase")
    assert done.code == 0, done.err
    moved = crm("robots", "move", f"{stage}/chase", "--stage", "paid")
    assert moved.code == 0, moved.err


def test_a_template_that_does_not_fit_is_named(crm: Crm) -> None:
    done = crm(
        "robots", "add", "--stage", "offer", "--do", "email", "--with", "template=mail/hello.j2"
    )
    assert "templates/mail/hello.j2" in done.err


def test_without_a_yes_nothing_is_written(folder: Path) -> None:
    before = text(folder)
    answers = ["comment", *answered("comment", text=["Привет"]), "", "n", "", "", "n"]
    said = typed(folder, ["robots", "add", "--stage", "offer", "--pipeline", "sales"], answers)
    assert "- id: comment" in said
    assert text(folder) == before


@pytest.mark.parametrize(
    ("robot", "told"),
    [
        (("own", "run=score"), "robots.d/score cannot be run"),
        (("own", "run=plain"), "robots.d/plain is not an executable file"),
        (("own", "run=ready"), ""),
        (("sms", "text=x"), "SMS are not set up"),
    ],
)
def test_what_a_new_robot_needs_and_is_not_there_yet_is_told(
    crm: Crm, folder: Path, robot: tuple[str, str], told: str
) -> None:
    for name, mode in (("plain", 0o644), ("ready", 0o755)):
        kit.write(folder, f"robots.d/{name}", "#!/bin/sh\n").chmod(mode)
    do, given = robot
    for more in (("-n",), ()):
        done = crm("robots", "add", "--stage", "offer", "--do", do, "--with", given, *more)
        assert done.code == 0
        assert told in done.err if told else not done.err
    again = crm("robots", "add", "--stage", "offer", "--do", "comment", "--with", "text=x")
    assert not again.err  # of what was there before nothing is said again


SEQUENCES = """
sequences:
  # What new clients hear.
  welcome:
    for: deal
    robots:
      - {id: first, do: comment, with: {text: Раз}}   # at once
      - {id: second, do: comment, with: {text: Два}, after: 2d, wait: previous}
  later: {for: deal, robots: []}
"""


def steps(folder: Path, name: str = "welcome") -> list[dict[str, Any]]:
    tree: Any = load_marked((folder / "pipelines.yaml").read_bytes(), "p").value
    return list(tree["sequences"][name].get("robots", []))


def test_robots_of_a_sequence_by_command(crm: Crm, folder: Path) -> None:
    (folder / "pipelines.yaml").write_text(text(folder) + SEQUENCES, "utf-8")
    before = text(folder)
    of = ("--sequence", "welcome")
    told = crm(
        "robots", "add", *of, "--do", "comment", "--with", "text=Три", "--after", "1d", "--wait"
    )
    assert told.out == "Added robot comment to sequences/welcome; it waits for second.\n", told.err
    assert crm("robots", "edit", "second", *of, "--after", "3d").code == 0
    assert crm("robots", "disable", "first", *of).code == 0
    moved = crm("robots", "move", "comment", *of, "--above", "second")
    assert moved.out == "Moved robot comment; sequences/welcome: first, comment, second.\n"
    first, comment, second = steps(folder)
    assert (first["enabled"], comment["with"], second["after"]) == ("no", {"text": "Три"}, "3d")
    assert "# What new clients hear." in text(folder)
    assert "# at once" in text(folder)
    assert crm("robots", "enable", "first", *of).code == 0
    assert crm("robots", "move", "comment", *of, "--to", "later").code == 0
    assert [one["id"] for one in steps(folder, "later")] == ["comment"]
    assert crm("robots", "rm", "comment", "--sequence", "later").code == 0
    for _ in range(7):
        assert crm("undo", "--yes").code == 0
    assert text(folder) == before


def test_what_a_robot_of_a_sequence_has_to_do_goes_with_it(crm: Crm, folder: Path) -> None:
    (folder / "pipelines.yaml").write_text(text(folder) + SEQUENCES, "utf-8")
    deal = crm("deal", "add", "Чай").out.strip()
    assert crm("robots", "start", deal, "welcome").code == 0
    told = crm("robots", "rm", "second", "--sequence", "welcome")
    assert told.out == "Removed robot second from sequences/welcome; cancelled for 1 record.\n"


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("rm", "third", "--sequence", "welcome"), 3, "sequences/welcome has no robot 'third'"),
        (("rm", "first", "--sequence", "welcom"), 3, "no sequence 'welcom'"),
        (("add", "--sequence", "welcome"), 2, "--sequence needs --do"),
        (
            ("add", "--sequence", "welcome", "--id", "first", "--do", "comment", "--with", "text=x"),
            2, "change that: crm robots edit first --sequence welcome",
        ),
        (
            ("add", "--sequence", "welcome", "--do", "comment", "--with", "text=x", "--on", "mail.in"),
            2, "would not be valid",
        ),
    ],
)  # fmt: skip
def test_what_a_sequence_refuses(
    crm: Crm, folder: Path, args: tuple[str, ...], code: int, told: str
) -> None:
    (folder / "pipelines.yaml").write_text(text(folder) + SEQUENCES, "utf-8")
    done = crm("robots", *args)
    assert (done.code, told in done.err) == (code, True), done.err
