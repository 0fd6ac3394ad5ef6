from __future__ import annotations

import copy
import gc
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crmcli.automation.replay import Difference, replay
from crmcli.sales import activities, stages, tasks
from crmcli.sales.consent import block_list
from tests import kit
from tests.automation.conftest import SETTINGS, START, House
from tests.automation.test_simulate import contents
from tests.forks import forks
from torture.copies import copied

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: "Позвонить: {{ deal.name }}"}}
          - {id: price, do: set, with: {amount: "700"}, after: 1d}
          - {id: small, do: comment, with: {text: Мелкая}, after: 2d, when: amount < 1000}
          - {id: on, do: move, with: {stage: talks}, wait: previous, after: 3d}
      - id: talks
        name: Переговоры
        triggers: [{on: mail.in}]
        robots:
          - {id: letter, do: email, with: {template: mail/hi.j2, to: olga@kafe.example}, after: 2h}
          - {id: remind, do: task, with: {title: Напомнить}, wait: previous, after: 1d}
          - {id: tidy, do: complete_tasks, with: {stage: talks}, wait: previous, after: 2d}
      - {id: sent, name: Отправлено, triggers: [{on: task.done, when: amount > 0}]}
"""


def lived(house: Any, hours: int, acts: dict[int, Callable[[], object]]) -> None:
    """Live through some hours, a tick each half an hour; at some of them somebody does something."""
    for hour in range(hours):
        if hour in acts:
            acts[hour]()
        house.tick()
        house.wait("30m")
        house.tick()
        house.wait("30m")


@pytest.fixture
def past(_past: House, tmp_path: Path) -> Any:
    """A house of which some days were lived through."""
    house = copy.copy(_past)
    house.root = copied(_past.root, tmp_path / "past")
    return house


@pytest.fixture(scope="module")
def _past(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Lived through once; each test gets a copy."""
    house: Any = House(tmp_path_factory.mktemp("past") / "ws")
    house.template("hi", "Subject: О чае\n\nДобрый день!\n")
    house.rules(RULES)
    early = house.add("deal", name="Раньше")
    house.tick()
    house.wait("5h")
    house.begin = house.now
    deals = {name: house.add("deal", name=name) for name in ("Чай", "Кофе", "Вода", "Мёд")}
    ids = {name: deal.id for name, deal in deals.items()} | {"Раньше": early.id}
    house.ids = ids

    def finish() -> None:
        [task] = [t for t in house.tasks() if t.about == ids["Мёд"] and t.done_at is None][:1]
        tasks.finish(house.ws, task.id)

    lived(
        house,
        24 * 6,
        {
            6: lambda: activities.log(house.ws, ids["Чай"], "mail.in", "пишет"),
            30: lambda: house.edit(ids["Кофе"], amount="5000"),
            40: lambda: stages.move(house.ws, ids["Вода"], "talks"),
            60: lambda: stages.move(house.ws, ids["Вода"], "new"),
            70: finish,
            80: lambda: stages.move(house.ws, ids["Чай"], "won"),
        },
    )
    gc.collect()  # an index that is closed later would take its files away while they are copied
    return house


def played(house: Any, rules: str = "", since: datetime | None = None) -> list[Difference]:
    ws, new = house.ws, None
    if rules:
        kept = (house.root / "pipelines.yaml").read_bytes()
        house.rules(rules)
        data = (house.root / "pipelines.yaml").read_bytes()
        (house.root / "pipelines.yaml").write_bytes(kept)
        new = ws.read_pipelines(data)
    return list(replay(ws, since or house.begin, house.now, new).differences)


def told(house: Any, differences: list[Difference]) -> list[tuple[str, str, str, str, str]]:
    names = {record_id: name for name, record_id in house.ids.items()}
    return [
        (
            one.kind,
            names[one.of.record],
            one.of.who,
            *(f"{d.at:%d %H:%M} {d.to}".strip() if d else "" for d in (one.before, one.after)),
        )
        for one in differences
    ]


@pytest.mark.parametrize("since", ["begin", "start", "middle"])
def test_what_was_lived_through_is_decided_the_same_again(past: Any, since: str) -> None:
    moment = {"begin": past.begin, "start": START, "middle": past.begin + timedelta(hours=50)}
    before = contents(past)
    found = replay(past.ws, moment[since], past.now)
    assert told(past, list(found.differences)) == []
    assert found.before == found.after
    assert len(found.after) >= 5
    assert contents(past) == before


def test_a_stage_of_another_pipeline_is_another_one_though_it_is_called_alike(house: Any) -> None:
    robot = "{id: say, do: comment, with: {text: Сервис}}"
    more = f"""  - id: service
    name: Сервис
    stages:
      - {{id: new, name: Новая, robots: [{robot}]}}
      - {{id: won, name: Готово, kind: won}}
      - {{id: lost, name: Срыв, kind: lost}}
"""
    house.write("pipelines.yaml", kit.pipelines() + more)
    deal = house.add("deal", name="Чай")
    house.tick("1h")
    stages.move(house.ws, deal.id, "new", pipeline="service")
    house.tick("1m")
    found = replay(house.ws, START, house.now)
    assert found.before == found.after == {("robot:say", "comment"): 1}


def test_a_letter_that_was_refused_when_it_was_to_leave_was_not_sent(house: Any) -> None:
    house.template("hi", "Subject: О чае\n\nДобрый день!\n")
    house.write("settings.yaml", SETTINGS + "channels: {mail: {deliver: 'smtp://127.0.0.1:1'}}\n")
    to = "{template: mail/hi.j2, to: olga@kafe.example}"
    house.rules(kit.robots(f"{{id: letter, do: email, with: {to}}}"))
    house.add("deal", name="Чай")
    house.tick()
    assert replay(house.ws, START, house.now).before == {("robot:letter", "email"): 1}
    block_list.add(house.ws, ["olga@kafe.example"])
    house.tick("1d")
    assert house.state("letter") == "skipped"
    assert replay(house.ws, START, house.now).before == {}


def test_the_present_rules_against_themselves(past: Any) -> None:
    assert played(past, RULES) == []


def test_one_delay_is_changed(past: Any) -> None:
    """The letter of talks is sent after a day instead of two hours. Чай came there at 20:00 of the 23rd, and
    was won at 22:00 of the 26th, before the last robot of the longer chain. Вода came at 06:00 of the 25th
    and left at 02:00 of the 26th. Раньше and Кофе came by the robot of new, five days after they were made;
    at 14:00 of the 29th all ends."""
    to = "olga@kafe.example"
    assert told(past, played(past, RULES.replace("after: 2h", "after: 1d"))) == [
        ("otherwise", "Чай", "robot:letter", f"23 22:00 {to}", f"24 20:00 {to}"),
        ("fewer", "Вода", "robot:letter", f"25 08:00 {to}", ""),
        ("otherwise", "Чай", "robot:remind", "24 22:00", "25 20:00"),
        ("fewer", "Чай", "robot:tidy", "26 22:00", ""),
        ("otherwise", "Раньше", "robot:letter", f"28 11:00 {to}", f"29 09:00 {to}"),
        ("fewer", "Раньше", "robot:remind", "29 11:00", ""),
        ("otherwise", "Кофе", "robot:letter", f"28 16:00 {to}", f"29 14:00 {to}"),
    ]


def test_a_trigger_less_and_a_robot_that_asks_another_condition(past: Any) -> None:
    rules = RULES.replace("triggers: [{on: mail.in}]", "triggers: []").replace("< 1000", "< 100")
    found = told(past, played(past, rules))
    assert ("fewer", "Чай", "trigger:mail.in", "23 20:00 talks", "") in found
    assert {line[:3] for line in found if line[2] == "robot:small"} == {
        ("fewer", name, "robot:small") for name in ("Раньше", "Вода", "Мёд")
    }


def test_a_replay_is_the_same_twice_and_told_by_robot(past: Any) -> None:
    past.write("new.yaml", (past.root / "pipelines.yaml").read_text("utf-8").replace("2h", "1d"))
    ask = [
        "robots",
        "replay",
        "--since",
        "2026-11-23T14:00Z",
        "--with",
        str(past.root / "new.yaml"),
    ]

    def run(*args: str) -> Any:
        environ = {**os.environ, "CRM_NOW": past.now.isoformat(), "CRM_USER": "anna"}
        return forks().run(args, stdin=b"", cwd=past.root, environ=environ)

    full = run(*ask, "--full")
    assert full.returncode == 0
    assert run(*ask, "--full").stdout == full.stdout
    rows = json.loads(run(*ask, "--json").stdout)
    assert [(row["who"], row["fewer"], row["otherwise"]) for row in rows] == [
        ("robot:letter", 1, 3),
        ("robot:remind", 1, 1),
        ("robot:tidy", 1, 0),
    ]
    assert "2026-11-25 11:00 → –" in run(*ask).stdout.decode()

    bad = past.root / "bad.yaml"
    bad.write_text("deals: 1\n", "utf-8")
    for args, code in (
        (["--since", "2026-13-40"], 2),
        (["--since", "2026-11-25", "--until", "2026-11-24"], 2),
        (["--since", "2026-11-25", "--with", "nowhere.yaml"], 3),
        (["--since", "2026-11-25", "--with", str(bad)], 6),
    ):
        assert run("robots", "replay", *args).returncode == code, args
