"""crm pipeline: what is declared, and what is wrong with it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.present.text_width import width
from tests.cli.test_output import in_terminal
from tests.kit import Run

Crm = Callable[..., Run]


def rewrite(folder: Path, old: str, new: str, name: str = "pipelines.yaml") -> int:
    """Change one place of a file; the line in which it stands."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_list_counts_what_is_declared(crm: Crm) -> None:
    rows = json.loads(crm("pipeline", "list", "--json").out)
    assert [row["id"] for row in rows] == ["leads", "sales"]
    assert rows[0] == {
        "id": "leads", "name": "Лиды", "entity": "lead", "stages": 5, "robots": 7, "triggers": 2,
        "schedules": 0,
    }  # fmt: skip
    table = crm("pipeline", "list").out.splitlines()
    assert "Продажи" in table[2]


def test_show_has_the_stages_with_all_that_hangs_on_them(crm: Crm) -> None:
    told = json.loads(crm("pipeline", "show", "sales", "--json").out)
    assert (told["id"], told["initial"]) == ("sales", "request")
    assert [s["id"] for s in told["stages"] if s["kind"] == "won"] == ["shipped"]
    offer = told["stages"][1]
    assert offer["requires"] == ["amount", "contacts"]
    assert [r["acts"] for r in offer["robots"]] == [
        "after 3d, in working time", "2d after the robot above", "after 10d",
    ]  # fmt: skip
    assert [t["on"] for t in offer["triggers"]] == ["offer.sent"]
    assert told["schedules"][0]["cron"] == "0 9 * * mon-fri"


def test_show_is_readable(crm: Crm) -> None:
    out = crm("pipeline", "show", "Лиды").out
    for words in ("Не обработан", "phones|emails", "Robots", "after 10m", "Triggers", "mail.in"):
        assert words in out
    assert "Продажи" not in out
    assert "Продажи" in crm("pipeline", "show").out


def test_show_as_csv_is_a_list_of_stages(crm: Crm) -> None:
    rows = list(csv.DictReader(io.StringIO(crm("pipeline", "show", "--csv").out.lstrip("\ufeff"))))
    assert len(rows) == 12
    assert "leads" in rows[0].values()


def test_an_unknown_pipeline_is_not_found(crm: Crm) -> None:
    run = crm("pipeline", "show", "marketing")
    assert run.code == 3
    assert "leads, sales" in run.err


def test_check_of_a_new_workspace_is_one_line(crm: Crm) -> None:
    run = crm("pipeline", "check")
    assert (run.code, run.out) == (0, "")
    assert run.err == ("all is well: 2 pipelines, 12 stages, 17 robots, 6 triggers, 1 schedule\n")


def test_check_names_every_fault_of_both_files(crm: Crm, folder: Path) -> None:
    first = rewrite(folder, "do: email", "do: emial")
    second = rewrite(folder, "kind: won", "kind: vvon")
    third = rewrite(folder, "currency: RUB", "currency: рубли", "settings.yaml")
    run = crm("pipeline", "check")
    assert run.code == 6
    lines = run.out.splitlines()
    assert any(line.startswith(f"settings.yaml:{third}: ") for line in lines)
    assert any(line.startswith(f"pipelines.yaml:{first}: 'emial'") for line in lines)
    assert any(line.startswith(f"pipelines.yaml:{second}: 'vvon'") for line in lines)
    assert "did you mean 'email'?" in run.out


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("'0 9 * * mon-fri'", "'0 9 31 2 *'", "never occurs"),
        ("Вышел срок сделки {{ deal.name }}", "Вышел срок {{ deal.name", "schedule 'late', text"),
        ("Позвонить: {{ lead.name }}", "Позвонить: {{ led.name }}", "no name 'led'"),
        ("Позвонить: {{ lead.name }}", "Позвонить: {{ lead.name | mony }}", "mony"),
    ],
)
def test_check_looks_deeper_than_loading_does(
    crm: Crm, folder: Path, old: str, new: str, says: str
) -> None:
    rewrite(folder, old, new)
    assert crm("pipeline", "list").code == 0
    run = crm("pipeline", "check")
    assert run.code == 6
    assert says in run.out
    assert run.out.startswith("pipelines.yaml:")


def test_check_reads_the_templates_of_letters(crm: Crm, folder: Path) -> None:
    line = rewrite(
        folder,
        "{{ us.name }}\n{%- if us.site",
        "{{ us.name }\n{%- if us.site",
        "templates/mail/hello.j2",
    )
    run = crm("pipeline", "check")
    assert run.code == 6
    assert f"templates/mail/hello.j2:{line}" in run.out


def test_check_reads_templates_that_no_robot_uses(crm: Crm, folder: Path) -> None:
    (folder / "templates" / "mail" / "new.j2").write_text("Subject: А\n\n{% if %}\n", "utf-8")
    run = crm("pipeline", "check")
    assert run.code == 6
    assert run.out.startswith("templates/mail/new.j2:3: ")


def test_check_knows_the_users(crm: Crm, folder: Path) -> None:
    rewrite(folder, "users:\n", "users:\n  anna: {name: Анна}\n", "settings.yaml")
    rewrite(folder, "due: 1h}", "due: 1h, owner: ana}")
    run = crm("pipeline", "check")
    assert run.code == 6
    assert "no user 'ana'" in run.out
    rewrite(folder, "owner: ana}", "owner: owner}")
    assert crm("pipeline", "check").code == 0
    rewrite(
        folder,
        "      robots:\n",
        "      robots:\n        - {id: x, do: set, with: {owner: owner}}\n",
    )
    assert "no user 'owner'" in crm("pipeline", "check").out


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("      color: '#39a8ef'\n      max_days: 1\n",
         "      color: '#39a8ef'\n      triggers: [{on: call.in}]\n", "never fires"),
        ("        - on: mail.in ", "        - on: mailin ", "did you mean the event mail.in?"),
        ("        - id: needs\n", ("        - id: first\n          do: comment\n          wait: previous\n"
         "          with: {text: А}\n        - id: needs\n"), "but it is the first"),
        ("          do: task\n          with: {title: \"Решить", ("          do: move\n          with: {stage: processed}\n"
         "          #\"Решить"), "moves to its own stage"),
    ],
)  # fmt: skip
def test_oddities_are_warnings(crm: Crm, folder: Path, old: str, new: str, says: str) -> None:
    rewrite(folder, old, new)
    run = crm("pipeline", "check")
    assert run.code == 0, run.out
    assert "warning: pipelines.yaml:" in run.err
    assert says in run.err


def test_a_slow_ring_is_a_warning(crm: Crm, folder: Path) -> None:
    robot = (
        "        - id: ring\n          do: move\n          with: {stage: %s}\n          after: 1d\n"
    )
    rewrite(folder, "        - id: needs\n", robot % "processed" + "        - id: needs\n")
    rewrite(folder, "        - id: decide\n", robot % "working" + "        - id: decide\n")
    run = crm("pipeline", "check")
    assert run.code == 0
    assert "working -> processed -> working" in run.err


def test_check_as_json_has_every_problem(crm: Crm, folder: Path) -> None:
    line = rewrite(folder, "do: email", "do: emial")
    run = crm("pipeline", "check", "--json")
    assert run.code == 6
    (row,) = json.loads(run.out)
    assert (row["path"], row["line"], row["severity"]) == ("pipelines.yaml", line, "error")


def test_a_wrong_rule_keeps_nobody_from_working_and_is_told(crm: Crm, folder: Path) -> None:
    lead = crm("lead", "add", "--name", "Печь", "--phone", "89161234567").out.strip()
    line = rewrite(folder, "do: email", "do: emial")
    for command in (
        ("lead", "list", "--where", "stage = new"), ("lead", "add", "--name", "Баня"), ("board",),
        ("lead", "move", lead, "working"), ("lead", "show", lead), ("today",), ("pipeline", "show"),
        ("robots", "list"), ("robots", "explain", lead), ("lead", "convert", lead), ("undo",),
        ("report", "funnel"), ("timeline", lead), ("lead", "bulk", "--where", "stage = new", "--add-tag", "x"),
    ):  # fmt: skip
        run = crm(*command)
        assert run.code == 0, run.err
        assert run.err.count("pipelines.yaml: 1 rule is wrong, see crm check") == 1, command
    run = crm("check")
    assert (run.code, run.err.count("rule is wrong")) == (6, 0)
    assert run.out.count(f"pipelines.yaml:{line}: 'emial' is not allowed for 'do'") == 1
    for command in (("tick", "--dry-run"), ("tick",)):
        run = crm(*command)
        assert (run.code, run.err.count("1 rule is wrong")) == (6, 1)
        assert f"pipelines.yaml:{line}: 'emial'" in run.err
    run = crm("field", "add", "lead", "area", "--type", "text")
    assert run.code == 6
    assert f"pipelines.yaml:{line}" in run.err


def test_what_is_wrong_with_the_stages_stops_the_work(crm: Crm, folder: Path) -> None:
    line = rewrite(folder, "kind: won", "kind: wun")
    run = crm("lead", "list", "--where", "stage = new")
    assert run.code == 6
    assert f"pipelines.yaml:{line}" in run.err


def test_check_knows_the_fields_that_templates_ask_for(crm: Crm, folder: Path) -> None:
    path = folder / "pipelines.yaml"
    text = path.read_text(encoding="utf-8").replace("{{ lead.name }}", "{{ lead.nme }}", 1)
    path.write_text(text, encoding="utf-8")
    run = crm("pipeline", "check")
    assert run.code == 6
    assert "no field 'lead.nme'" in run.out + run.err
    assert "name" in run.out + run.err
    for odd in ("{{ lead.items() }}", "{{ 1 if lead.nme is defined else 2 }}", "{{ lead.phone }}"):
        path.write_text(text.replace("{{ lead.nme }}", odd), encoding="utf-8")
        assert crm("pipeline", "check").code == 0, odd


def test_a_colour_without_quotes_is_told_and_keeps_nobody_from_working(
    crm: Crm, folder: Path
) -> None:
    line = rewrite(folder, "color: '#2fc6f6'", "color: #ff8800")
    run = crm("pipeline", "check")
    assert run.code == 6
    assert f"pipelines.yaml:{line}: #ff8800 without quotes is a comment, not a colour" in run.out
    assert "color: '#ff8800'" in run.out
    assert crm("lead", "add", "--name", "Анна").code == 0


@pytest.mark.parametrize("args", [("pipeline", "show"), ("template", "list")])
def test_rules_and_templates_are_never_cut(folder: Path, args: tuple[str, ...]) -> None:
    run = (
        "import sys; sys.argv = ['crm', '-C', {!r}, *{}]; from crmcli.cli.main import main; main()"
    )
    shown = in_terminal(run.format(str(folder), [*args]), NO_COLOR="1")
    assert "…" not in shown
    assert max(map(width, shown.splitlines())) <= 80
