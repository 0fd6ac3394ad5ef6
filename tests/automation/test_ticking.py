from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from typing import Any

import pytest

STAGES = """
      - {id: talks, name: Переговоры}
"""


def new(robots: str, more: str = STAGES) -> str:
    return f"    stages:\n      - id: new\n        name: Новая\n        robots:\n{robots}{more}"


CALL = new(
    '          - {id: call, do: task, with: {title: "Позвонить: {{ deal.name }}", due: 1h}}\n'
)
CHAIN = new("""
          - {id: one, do: task, with: {title: Раз}, after: 1h}
          - {id: two, do: task, with: {title: Два}, after: 2h, wait: previous}
          - {id: three, do: task, with: {title: Три}}
""")


def move(house: Any, record_id: str, stage: str, **more: Any) -> None:
    from crmcli.sales import stages

    stages.move(house.ws, record_id, stage, **more)


def test_a_robot_makes_a_task_once(house: Any) -> None:
    house.rules(CALL)
    deal = house.add("deal", name="Чай для кафе")
    assert house.tick().effects == 1
    assert house.tick().said == []
    assert house.tick("2d").said == []
    [task] = house.tasks()
    assert (task.name, task.about, task.owner) == ("Позвонить: Чай для кафе", deal.id, "anna")
    assert (task.due - task.created_at).total_seconds() == 3600
    [done] = house.events("job.done")
    created, task_made = house.events("deal.created")[0], house.events("task.created")[0]
    assert (done.actor, done.cause, done.depth) == ("robot:call", created.id, 1)
    assert (task_made.actor, task_made.cause) == ("robot:call", created.id)


def test_a_chain_acts_in_its_time(house: Any) -> None:
    house.rules(CHAIN)
    house.add("deal", name="Чай")
    house.tick()
    assert house.titles() == ["Три"]
    house.tick("61m")
    assert house.titles() == ["Раз", "Три"]
    house.tick("119m")
    assert house.titles() == ["Раз", "Три"]
    house.tick("1m")
    assert house.titles() == ["Два", "Раз", "Три"]


def test_after_an_outage_a_chain_goes_on_from_when_its_steps_were_done(house: Any) -> None:
    house.rules(CHAIN)
    house.add("deal", name="Чай")
    house.tick("3d")
    assert house.titles() == ["Раз", "Три"]
    house.tick("2h")
    assert house.titles() == ["Два", "Раз", "Три"]


def test_leaving_the_stage_calls_off_what_waits_and_coming_back_begins_anew(house: Any) -> None:
    house.rules(CHAIN)
    deal = house.add("deal", name="Чай")
    house.tick()
    move(house, deal.id, "talks")
    house.tick("1d")
    assert house.titles() == ["Три"]
    move(house, deal.id, "new")
    house.tick()
    assert house.titles() == ["Три", "Три"]
    house.tick("1h")
    assert house.titles() == ["Раз", "Три", "Три"]


def test_leads_have_robots_too(house: Any) -> None:
    house.rules(
        leads="""
        stages:
          - id: new
            name: Новый
            robots: [{id: call, do: task, with: {title: "{{ lead.name }}"}}]
          - {id: done, name: Успех, kind: won}
          - {id: junk, name: Брак, kind: lost}
    """
    )
    house.add("lead", name="Заявка с сайта")
    house.tick()
    assert house.titles() == ["Заявка с сайта"]


def test_an_edited_date_takes_its_robot_along(house: Any) -> None:
    house.rules(
        new("""
          - {id: remind, do: task, with: {title: Напомнить}, before: {field: close_by, by: 3d}}
""")
    )
    deal = house.add("deal", name="Чай", close_by="2026-12-10")
    house.tick()
    house.edit(deal.id, close_by="2026-12-20")
    house.tick("15d")
    assert house.titles() == []
    house.edit(deal.id, close_by="2026-12-10")
    house.tick()
    assert house.titles() == ["Напомнить"]


def test_rules_that_are_edited_count_at_once(house: Any) -> None:
    house.rules(CHAIN)
    house.add("deal", name="Чай")
    house.tick()
    house.rules(CHAIN.replace("after: 1h", "after: 30m").replace("title: Раз", "title: Новое"))
    house.tick("30m")
    assert house.titles() == ["Новое", "Три"]
    house.rules(CHAIN.replace("{id: two,", "{id: two, enabled: no,"))
    house.tick("2d")
    assert house.titles() == ["Новое", "Три"]
    house.rules(CHAIN)
    house.tick()
    assert house.titles() == ["Два", "Новое", "Три"]


def test_too_late_is_written_down_and_not_done(house: Any) -> None:
    house.rules(
        new("""
          - {id: call, do: task, with: {title: Позвонить}, after: 1h, max_late: 1d}
          - {id: next, do: task, with: {title: Дальше}, wait: previous}
""")
    )
    house.add("deal", name="Чай")
    house.tick("3d")
    assert house.state("call") == "missed"
    assert house.titles() == ["Дальше"]


def test_a_hand_edit_is_an_entry(house: Any) -> None:
    house.rules(CALL)
    deal = house.add("deal", name="Чай")
    house.tick()
    [path] = (house.root / "data/deals").glob("*/*.yaml")
    path.write_text(path.read_text("utf-8").replace("stage: new", "stage: talks"), "utf-8")
    assert house.tick("1h").said == [f"{deal.id}: moved by hand"]
    entry = house.events("stage.entered")[-1]
    assert entry.data == {
        "stage": "talks", "from": "new", "by": "edit", "pipeline": "sales", "robots": []
    }  # fmt: skip
    path.write_text(path.read_text("utf-8").replace("stage: talks", "stage: new"), "utf-8")
    house.tick("1h")
    assert len(house.tasks()) == 2
    assert house.tick("1h").said == []


def test_a_file_that_was_dropped_in_is_an_entry(house: Any) -> None:
    house.rules(CALL)
    path = house.root / "data/deals/7/deal-7k3qf2m9.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        "id: deal-7k3qf2m9\nname: Из другой папки\npipeline: sales\nstage: new\n", "utf-8"
    )
    house.tick()
    assert house.titles() == ["Позвонить: Из другой папки"]


def test_imported_records_have_sleeping_robots_until_they_move(house: Any) -> None:
    house.rules(CALL)
    ws = house.ws
    from crmcli.sales.records import given_values
    from crmcli.sales.records.new_record import build

    deal = build(ws, "deal", given_values.read_values(ws, "deal", {"name": ["Чай"]}))
    with ws.change("import") as change:
        change.add(deal, {"robots": False})
    house.tick("1d")
    assert house.titles() == []
    move(house, deal.id, "talks")
    move(house, deal.id, "new")
    house.tick()
    assert len(house.tasks()) == 1


def test_what_robots_move_is_seen_in_the_same_tick(house: Any) -> None:
    house.rules(
        new(
            "          - {id: on, do: move, with: {stage: talks}}\n",
            """
      - id: talks
        name: Переговоры
        robots: [{id: call, do: task, with: {title: Позвонить}}]
""",
        )
    )
    house.add("deal", name="Чай")
    house.tick()
    assert house.titles() == ["Позвонить"]


RING = """
    stages:
      - id: new
        name: Новая
        robots: [{id: there, do: move, with: {stage: talks}, AFTER}]
      - id: talks
        name: Переговоры
        robots: [{id: back, do: move, with: {stage: new}, AFTER}]
"""


def test_robots_that_chase_each_other_are_stopped_by_the_depth(house: Any) -> None:
    house.rules(RING.replace("AFTER", "when: name ~ чай"))
    house.add("deal", name="Чай")
    [failure] = house.tick().failures
    assert "loop" in failure
    assert len(house.events("stage.entered")) == 10
    [stopped] = house.events("automation.stopped")
    assert stopped.data["robot"] in ("there", "back")
    for _ in range(3):
        assert house.tick("1d").said == []
    assert len(house.events("stage.entered")) == 10


def test_a_robot_and_a_person_that_chase_each_other_are_stopped_after_twenty(house: Any) -> None:
    house.rules(RING.replace("AFTER", "after: 1m").replace("id: back, do: move, with: {stage: new}",
                                                          "id: back, do: comment, with: {text: я}"))  # fmt: skip
    deal = house.add("deal", name="Чай")
    for _ in range(25):
        house.tick("1m")
        if house.get(deal.id).stage == "talks":
            move(house, deal.id, "new")
    assert len([e for e in house.events("job.done") if e.data["robot"] == "there"]) == 20
    [stopped] = house.events("automation.stopped")
    assert "20 times" in stopped.data["reason"]


def test_a_tick_does_so_much_and_no_more(house: Any) -> None:
    house.rules(CALL)
    house.write("settings.yaml", "automation: {max_effects: 3}\n")
    for n in range(5):
        house.add("deal", name=f"Сделка {n}")
    result = house.tick()
    assert (result.effects, result.limited, len(house.tasks())) == (3, True, 3)
    assert "stopped after 3 actions" in result.failures[-1]
    assert house.tick().limited is False
    assert len(house.tasks()) == 5


def test_a_second_tick_leaves_at_once(house: Any) -> None:
    house.rules(CALL)
    house.add("deal", name="Чай")
    (house.root / ".crm").mkdir(exist_ok=True)
    fd = os.open(house.root / ".crm/tick.lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        assert house.tick().busy is True
        assert house.tasks() == []
    finally:
        os.close(fd)
    assert house.tick().busy is False
    assert len(house.tasks()) == 1


def test_a_broken_record_holds_up_nobody(house: Any) -> None:
    house.rules(CALL)
    first, _ = house.add("deal", name="Один"), house.add("deal", name="Два")
    [path] = (house.root / "data/deals").glob(f"*/{first.id}.yaml")
    text = path.read_text("utf-8")
    path.write_text(text + "name: ещё раз\n", "utf-8")
    house.tick()
    assert house.titles() == ["Позвонить: Два"]
    path.write_text(text, "utf-8")
    house.tick()
    assert house.titles() == ["Позвонить: Два", "Позвонить: Один"]


def test_a_removed_record_is_let_go(house: Any) -> None:
    house.rules(CHAIN)
    deal = house.add("deal", name="Чай")
    house.tick()
    from crmcli.sales.records import remove

    for task in house.tasks():
        remove.remove(house.ws, task.id)
    remove.remove(house.ws, deal.id)
    assert house.tick("1h").said == []
    assert house.titles() == []


def test_a_stage_that_is_gone_has_no_robots(house: Any) -> None:
    house.rules(CALL)
    house.add("deal", name="Чай")
    house.rules()
    [path] = (house.root / "data/deals").glob("*/*.yaml")
    path.write_text(path.read_text("utf-8").replace("stage: new", "stage: old"), "utf-8")
    assert house.tick().failures == []
    assert house.tick().said == []


def test_nothing_due_reads_no_record(house: Any) -> None:
    """The agenda of the index decides; a thousand records at rest cost one look at the folder."""
    house.rules(CHAIN)
    for n in range(5):
        house.add("deal", name=f"Сделка {n}")
    house.tick()
    house.tick()
    ws = house.ws
    assert ws.agenda.dirty() == []
    assert len(ws.agenda.due("2026-11-23T10:00:00Z")) == 5
    assert ws.agenda.due("2026-11-23T09:59:59Z") == []


def test_in_order_of_their_time(house: Any) -> None:
    house.rules(
        new("""
          - {id: late, do: comment, with: {text: "{{ deal.name }} поздно"}, after: 2h}
          - {id: soon, do: comment, with: {text: "{{ deal.name }} скоро"}, after: 1h}
""")
    )
    house.add("deal", name="А")
    house.wait("30m")
    house.add("deal", name="Б")
    house.tick("1d")
    assert [e.data["text"] for e in house.events("note")] == [
        "А скоро",
        "Б скоро",
        "А поздно",
        "Б поздно",
    ]


@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_a_move_that_comes_by_git_wakes_the_robots(house: Any, how: str) -> None:
    def git(*args: str) -> None:
        who = [
            "-c",
            "user.name=Анна",
            "-c",
            "user.email=a@example.ru",
            "-c",
            "init.defaultBranch=main",
        ]
        subprocess.run(["git", *who, *args], cwd=house.root, check=True, capture_output=True)

    house.rules(CALL.replace("id: new\n        name: Новая\n        robots", "id: start\n        name: Начало\n      - id: new\n        name: Новая\n        robots"))  # fmt: skip
    house.write(".gitignore", ".crm/\n")
    deal = house.add("deal", name="Чай")
    git("init"), git("add", "."), git("commit", "-m", "all")
    house.tick()
    assert house.titles() == []
    git("checkout", "-b", "other")
    [path] = (house.root / "data/deals").glob(f"*/{deal.id}.yaml")
    path.write_text(path.read_text("utf-8").replace("stage: start", "stage: new"), "utf-8")
    git("commit", "-am", "moved")
    git("checkout", "main")
    house.write("readme.txt", "x")
    git("add", "."), git("commit", "-m", "meanwhile")
    git(how, "other")
    house.tick("1h")
    assert house.titles() == ["Позвонить: Чай"]


def test_a_stage_that_was_written_by_its_name_is_that_stage(house: Any) -> None:
    house.rules(CALL)
    house.add("deal", name="Чай")
    house.tick()
    [path] = (house.root / "data/deals").glob("*/*.yaml")
    path.write_text(path.read_text("utf-8").replace("stage: new", "stage: переговоры"), "utf-8")
    house.tick("1h")
    assert house.events("stage.entered")[-1].data["stage"] == "talks"
    assert "stage: talks\n" in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace("stage: talks", "stage: Новая"), "utf-8")
    house.tick("1h")
    assert len(house.tasks()) == 2
    entries = len(house.events("stage.entered"))
    path.write_text(path.read_text("utf-8").replace("stage: new", "stage: Новая"), "utf-8")
    house.tick("1h")  # where it stands already
    assert "stage: new\n" in path.read_text("utf-8")
    assert len(house.events("stage.entered")) == entries
    assert house.tick("1h").said == []


def test_many_records_at_once_are_looked_at_alike(house: Any) -> None:
    """Beyond a couple of hundred the index is asked for all of them together."""
    from crmcli.sales.records import given_values
    from crmcli.sales.records.new_record import build

    house.rules(CALL)
    ws = house.ws
    with ws.change("import") as change:
        for n in range(260):
            values = given_values.read_values(ws, "deal", {"name": [f"{n}"], "stage": ["talks"]})
            change.add(build(ws, "deal", values))
        asleep = build(ws, "deal", given_values.read_values(ws, "deal", {"name": ["Спит"]}))
        change.add(asleep, {"robots": False})
    awake, strayed = (
        house.add("deal", name="Бодрствует"),
        house.add("deal", name="Ушла", stage="talks"),
    )
    [path] = (house.root / "data/deals").glob(f"*/{strayed.id}.yaml")
    path.write_text(path.read_text("utf-8").replace("stage: talks", "stage: new"), "utf-8")
    house.tick()
    assert sorted(task.about for task in house.tasks()) == sorted([awake.id, strayed.id])
    assert house.ws.agenda.dirty() == []


def test_the_same_rules_have_the_same_signature_in_every_process(house: Any) -> None:
    """Else each tick would look at every record again."""
    house.write(
        "settings.yaml",
        """
        calendar: {holidays: [2026-12-31, 2027-01-01, 2027-01-02], workdays: [2026-12-26, 2026-12-27]}
    """,
    )
    program = (
        "import sys; from pathlib import Path; from crmcli.workspace import Workspace;"
        "from crmcli.automation.tick import signature;"
        "print(signature(Workspace.open(Path(sys.argv[1]))))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program, str(house.root)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, check=True,
        ).stdout
        for seed in "123"
    }  # fmt: skip
    assert len(told) == 1
    house.write("settings.yaml", "calendar: {holidays: [2026-12-31]}\n")
    from crmcli.automation.tick import signature

    assert signature(house.ws).encode() not in told.pop()


def test_a_robot_added_later_leaves_alone_who_stood_there_before(house: Any) -> None:
    """A letter that is thought of today must not go to everybody who has been here for months."""
    house.rules(CALL)
    old = house.add("deal", name="Старая")
    house.tick()
    late = "          - {id: late, do: task, with: {title: Поздно}}\n"
    house.rules(new("          - {id: call, do: task, with: {title: Звонок}}\n" + late))
    fresh = house.add("deal", name="Новая")
    house.tick("1h")
    assert {t.about for t in house.tasks() if t.name == "Поздно"} == {fresh.id}
    from crmcli.automation.explain import explain

    [told] = [line for line in explain(house.ws, old.id) if line.robot == "late"]
    assert (told.state, told.why) == (
        "never",
        "added after the record entered this stage: acts when it enters again",
    )


def test_it_leaves_the_stays_of_reports_ready(house: Any) -> None:
    house.rules()
    deal = house.add("deal", name="Окна")
    births = house.ws.house.births
    assert births.unsettled("deal") == [deal.id]
    house.tick()
    assert house.ws.house.births.unsettled("deal") == []
