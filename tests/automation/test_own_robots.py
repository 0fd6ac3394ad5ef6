"""Robots of one's own: programs under robots.d/ that get JSON and answer with JSON."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import crmcli
from crmcli.automation import robot_trial
from crmcli.automation.approval.gate import approval, approve
from crmcli.automation.config_checks import look_through
from crmcli.automation.explain import explain
from crmcli.automation.jobs import JobIsOver, finish, listed
from crmcli.automation.past_workspace import is_automatic
from crmcli.automation.replay import replay
from crmcli.automation.simulate import rehearse
from crmcli.channels import own
from crmcli.errors import BadUsage
from crmcli.model.event import KINDS
from crmcli.model.words import in_words
from crmcli.present.automation import trial_row, trial_text
from crmcli.workspace.audit import kept
from tests import kit
from tests.automation.conftest import House
from tests.forks import forks
from tests.kit import save

RULES = kit.robots(
    "{id: score, do: own, with: {run: score, data: {who: '{{ deal.name }}', list: [1, два]}}}",
    "{id: tell, do: comment, with: {text: 'балл {{ robots.score.points }}'}, wait: previous}",
)
SCORE = """
import json, sys
given = json.load(sys.stdin)
json.dump({"values": {"points": len(given["data"]["who"]), "known": True, "gone": None}}, sys.stdout)
"""


def program(house: House, text: str, name: str = "score", mode: int = 0o755) -> Path:
    """An executable that runs this Python."""
    path = house.root / "robots.d" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{text}\n", "utf-8")
    path.chmod(mode)
    return path


def ready(house: House, text: str = SCORE) -> str:
    program(house, text)
    house.rules(RULES)
    return house.add("deal", name="Чай").id


def test_what_it_gives_back_is_for_the_robots_below(house: House) -> None:
    deal = ready(house)
    assert house.tick().failures == []
    assert house.state("score") == house.state("tell") == "done"
    [done] = [e for e in house.events("job.done") if e.data["robot"] == "score"]
    assert done.data["values"] == {"points": "3", "known": "true"}
    [note] = house.events("note", deal)
    assert note.data["text"] == "балл 3"


def test_before_it_has_run_its_values_are_told_as_unknown(house: House) -> None:
    deal = ready(house)
    unknown = "балл (unknown until it runs)"
    assert [line.what for line in rehearse(house.ws, house.now)] == [
        "own: robots.d/score",
        f"comment: {unknown}",
    ]
    assert robot_trial.run(house.ws, "tell", deal).done.effect == unknown
    house.rules(RULES.replace("do: comment, with: {text: 'балл ", "do: set, with: {amount: '"))
    [_, line] = [line.what for line in rehearse(house.ws, house.now)]
    assert "(unknown until it runs)" in line
    assert robot_trial.run(house.ws, "score", deal).queued is not None


def test_what_it_gave_back_earlier_is_known_in_a_trial_and_a_replay(house: House) -> None:
    begin, deal = house.now, ready(house)
    house.rules(RULES.replace("wait: previous", "wait: previous, after: 1d"))
    house.tick()
    assert [line.what for line in rehearse(house.ws, house.now + timedelta(days=2))] == [
        "comment: балл 3"
    ]
    assert robot_trial.run(house.ws, "tell", deal).done.effect == "балл 3"
    house.tick("1d")
    found = replay(house.ws, begin, house.now)
    assert found.before == found.after == {("robot:score", "own"): 1, ("robot:tell", "comment"): 1}
    assert found.differences == []


def test_what_it_gets(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    told = house.root / "told.json"
    deal = ready(
        house,
        "import json, os, sys\n"
        f"json.dump({{'in': json.load(sys.stdin), 'env': dict(os.environ), 'at': os.getcwd()}}, open({str(told)!r}, 'w'))",
    )
    house.tick()
    got = json.loads(told.read_text("utf-8"))
    assert got["in"]["deal"]["id"] == deal
    assert got["in"]["data"] == {"who": "Чай", "list": ["1", "два"]}
    assert got["in"]["robot"] == "score"
    assert got["env"]["CRM_KEY"] == got["in"]["key"]
    assert set(got["env"]) <= {
        "PATH",
        "HOME",
        "LANG",
        "CRM_KEY",
        "CRM_USER",
        "CRM_WORKSPACE",
        "LC_CTYPE",
    }
    assert got["at"] == str(house.root)


@pytest.mark.parametrize(
    ("text", "state", "reason"),
    [
        ("", "done", ""),
        ("print('{}')", "done", ""),
        ("print('{\"values\": {}}')", "done", ""),
        ("raise SystemExit(3)", "skipped", "score had nothing to do"),
        ("import sys; sys.exit(print('не сегодня') or 3)", "skipped", "не сегодня"),
        ("raise SystemExit(75)", "failed", "exited with 75"),
        ("raise SystemExit('нет сети')", "dead", "exited with 1: нет сети"),
        ("import os; os.kill(os.getpid(), 9)", "dead", "exited with -9"),
        ("print('hello')", "dead", "did not answer with JSON"),
        ("print('[1]')", "dead", "must be an object"),
        ("print('{\"values\": {\"a\": {\"b\": 1}}}')", "dead", "a value is a text"),
        ("print('{\"values\": ' + str(dict.fromkeys(map(str, range(60)), 1)).replace(chr(39), chr(34)) + '}')",
         "dead", "at most 50"),
        ("print('[' * 60000)", "dead", "is nested too deeply"),
        (r"print('{\"values\": {\"v\": \"\\ud83d\"}}')", "dead", "half a character"),
        (r"print('{\"values\": {\"\\udfff\": 1}}')", "dead", "half a character"),
        (r"print('{\"values\": {\"v\": \"\\ud83d\\ude00\"}}')", "done", ""),
        ("print('x' * 70000)", "dead", "more than 64 KB"),
    ],
)  # fmt: skip
def test_how_it_may_end(house: House, text: str, state: str, reason: str) -> None:
    ready(house, text)
    house.tick()
    [job] = [job for job in house.jobs() if job.robot == "score"]
    assert job.state == state
    assert reason in job.reason


def test_it_must_end_in_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "SECONDS", 0.5)
    ready(house, "import time; time.sleep(60)")
    house.tick()
    [job] = [job for job in house.jobs() if job.robot == "score"]
    assert (job.state, "did not finish in 0.5 s" in job.reason) == ("failed", True)


def test_the_key_is_the_same_each_time(house: House) -> None:
    told = house.root / "told"
    ready(
        house,
        f"import os, sys; print(os.environ['CRM_KEY'], file=open({str(told)!r}, 'a')); sys.exit(75)",
    )
    house.tick()
    program(house, f"import os; print(os.environ['CRM_KEY'], file=open({str(told)!r}, 'a'))")
    house.tick("1h")
    keys = told.read_text().split()
    assert (len(keys), len(set(keys))) == (2, 1)
    assert house.state("score") == "done"


@pytest.mark.parametrize("bad", ["gone", "folder", "mode", "link"])
def test_a_program_that_cannot_be_run(house: House, bad: str) -> None:
    path = program(house, SCORE)
    if bad == "mode":
        path.chmod(0o644)
    else:
        path.unlink()
    if bad == "folder":
        path.mkdir()
    if bad == "link":
        path.symlink_to("/bin/true")
    house.rules(RULES)
    house.add("deal", name="Чай")
    house.tick()
    [job] = [job for job in house.jobs() if job.robot == "score"]
    assert (job.state, "robots.d/score" in job.reason) == ("failed", True)
    if bad != "mode":
        return
    path.chmod(0o755)
    house.tick("1h")
    assert house.state("score") == "done"


@pytest.mark.parametrize("name", ["../evil", "/bin/true", "a b", ".hidden", "{{ deal.name }}", ""])
def test_what_is_no_name_of_a_program(house: House, name: str) -> None:
    house.rules(RULES.replace("run: score", f"run: {json.dumps(name)}"))
    assert look_through(house.root, house.now).faults != ()


def test_what_was_pulled_waits(house: House, clone: Any) -> None:
    ready(house)
    other = clone()
    other.add("deal", name="Кофе")
    assert [act.place for act in approval(other.ws).unapproved] == [
        "sales/new/score",
        "robots.d/score",
    ]
    other.tick()
    assert not other.events("job.done")
    approve(other.ws, approval(other.ws).unapproved)
    other.tick("5m")
    assert "job.done" in other.kinds()


def test_a_program_that_changes_by_a_pull_waits_again(house: House, clone: Any) -> None:
    house.rules(RULES)
    program(house, "raise SystemExit(75)")
    other = clone()
    approve(other.ws, approval(other.ws).unapproved)
    other.add("deal", name="Кофе")
    other.tick()
    assert other.state("score") == "failed"
    told = other.root / "evil"
    program(house, f"open({str(told)!r}, 'w')")
    save(house.root, "evil")
    kit.git(other.root, "pull", "-q", "--rebase", "--autostash")
    other.tick("3h")
    assert not told.exists()
    assert other.state("score") == "failed"
    assert [act.place for act in approval(other.ws).unapproved] != []


def test_of_a_robot_that_is_gone_nothing_runs(house: House) -> None:
    told = house.root / "told"
    ready(house, "raise SystemExit(75)")
    house.tick()
    program(house, f"open({str(told)!r}, 'w')")
    house.rules()
    house.tick("3h")
    assert not told.exists()


def test_ones_own_change_of_a_program_needs_no_word(house: House) -> None:
    ready(house, "raise SystemExit(75)")
    house.tick()
    program(house, SCORE)
    assert approval(house.ws).unapproved == ()
    house.tick("3h")
    assert house.state("score") == "done"
    assert os.access(house.root / "robots.d/score", os.X_OK)


LATER = RULES.replace("run: score,", "run: score, wait: yes,")


def test_what_it_would_get_is_shown(house: House) -> None:
    program(house, "")
    house.rules(RULES)
    deal = house.add("deal", name="Чай").id
    trial = robot_trial.run(house.ws, "score", deal)
    assert trial_row(house.ws, trial)["message"]["program"] == "robots.d/score"
    assert "robots.d/score < {" in trial_text(house.ws, trial)
    assert '"name": "Чай"' in trial_text(house.ws, trial)


def test_a_program_that_is_not_there_is_told_of(house: House) -> None:
    house.rules(RULES)
    found = look_through(house.root, house.now)
    [odd] = found.oddities
    assert (found.faults, odd.message.split(":")[0]) == ((), "robots.d/score cannot be run")
    program(house, "", mode=0o644)
    [odd] = look_through(house.root, house.now).oddities
    assert (odd.path, odd.hint) == ("pipelines.yaml", "chmod +x robots.d/score")
    program(house, "")
    assert look_through(house.root, house.now).oddities == ()


def test_an_answer_that_comes_later(house: House) -> None:
    program(house, "")
    house.rules(LATER)
    deal = house.add("deal", name="Чай").id
    house.tick()
    house.tick("5m")
    assert house.state("score") == "awaiting"
    assert {line.robot: line.state for line in explain(house.ws, deal)} == {
        "score": "awaiting",
        "tell": "waiting_for_previous",
    }
    assert "job.awaiting" in KINDS
    assert in_words("awaiting") == "awaits an answer"
    [job] = listed(house.ws)
    for bad in ("[]", "hello", '{"values": []}', '{"values": {"a": {}}}'):
        with pytest.raises(BadUsage, match="is not an answer"):
            finish(house.ws, job.key, bad)
    finish(house.ws, job.key[:6], '{"values": {"points": 7.5}}')
    with pytest.raises(JobIsOver):
        finish(house.ws, job.key)
    house.tick("5m")
    assert house.state("score") == house.state("tell") == "done"
    assert [note.data["text"] for note in house.events("note", deal)] == ["балл 7.5"]


def test_an_answer_that_says_it_failed(house: House) -> None:
    program(house, "")
    house.rules(LATER)
    house.add("deal", name="Чай")
    house.tick()
    [job] = listed(house.ws)
    finish(house.ws, job.key, failed="отказали")
    house.tick("5m")
    assert house.state("score") == "dead"
    assert "tell" not in {job.robot for job in house.jobs()}


def test_a_web_hook_waits_as_well(house: House, hook: Any) -> None:
    address = f"127.0.0.1:{hook.port}"
    house.write("settings.yaml", f"channels: {{webhook: {{allow: ['{address}']}}}}\n")
    house.rules(
        kit.robots(
            f"{{id: sign, do: webhook, with: {{url: 'http://{address}/x', wait: yes}}}}",
            "{id: tell, do: comment, with: {text: готово}, wait: previous}",
        )
    )
    house.add("deal", name="Чай")
    house.tick()
    assert house.state("sign") == "awaiting"
    [job] = listed(house.ws)
    finish(house.ws, job.key)
    house.tick("5m")
    assert house.state("tell") == "done"
    assert len(hook.calls) == 1


CALLS = """
import subprocess, sys
sys.stdin.read()
def crm(*words):
    done = subprocess.run([sys.executable, "-m", "crmcli", *words], capture_output=True, text=True,
                          env={**__import__("os").environ, "PYTHONPATH": PLACE})
    return " ".join(f"{done.returncode} {done.stdout} {done.stderr}".split())
with open("told", "w") as told:
    print(crm("lead", "add", "--name", "Из программы"), file=told)
    print(crm("deal", "edit", "Чай", "--set", "comment=посчитано"), file=told)
    print(crm("deal", "list", "--where", "owner = me"), file=told)
    print(crm("user", "role", "boris", "administrator"), file=told)
    print(crm("login"), file=told)
    print(crm("--as", "boris", "task", "add", "Спросить"), file=told)
"""


def test_where_a_team_works_its_calls_of_crm_are_the_robot_s(house: House) -> None:
    deal = ready(house, CALLS.replace("PLACE", repr(str(Path(crmcli.__file__).parents[1]))))
    house.write("access.yaml", "users: {anna: [administrator], boris: [manager]}\n")
    environ = {**os.environ, "CRM_NOW": house.now.isoformat()}
    assert forks().run(["tick"], stdin=b"", cwd=house.root, environ=environ).returncode == 0
    added, edited, mine, role, login, task = (house.root / "told").read_text().splitlines()
    assert (added[:7], edited[:2], task[:2]) == ("0 lead-", "0 ", "0 ")
    assert mine[:2] == "2 "  # nothing is a program's own
    assert role[:2] == "4 "
    assert login.startswith("0 robot:score, ")
    lead = house.get(added[2:].strip().split()[0])
    assert (lead.owner, house.get(deal).comment) == ("", "посчитано")
    actors = {e.kind: e.actor for e in house.events() if e.kind in ("lead.created", "task.created")}
    assert actors == {"lead.created": "robot:score", "task.created": "boris"}
    [read] = [e for e in kept(house.ws, house.now - timedelta(days=1)) if "edit" in str(e.data)]
    assert read.actor == "robot:score"
    assert lead.id in {e.record for e in house.events() if not is_automatic(e)}  # a replay has it
