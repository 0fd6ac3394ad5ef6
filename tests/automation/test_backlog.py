"""A backlog is worked off in time that grows with it, and not with its square."""

from __future__ import annotations

import cProfile
import pstats
from typing import Any

import pytest

from crmcli.store.index.pending import Plan
from tests import kit

RULES = kit.robots(
    '{id: call, do: comment, with: {text: "{{ deal.name }}"}, after: 1h}',
    "{id: hello, do: email, with: {template: mail/about.j2, to: x@y.example}, after: 2h}",
)


def fill(house: Any, count: int, most: int) -> None:
    house.rules(RULES)
    house.template("about", "Subject: О «{{ deal.name }}»\n\nЗдравствуйте!\n")
    house.write(
        "settings.yaml",
        f"automation: {{max_effects: {most}}}\ncompany: {{name: Чай, email: a@b.example}}\n",
    )
    folder = house.root / "data/deals/0"
    folder.mkdir(parents=True)
    for n in range(count):
        record_id = f"deal-0{n:07}"
        text = f"id: {record_id}\nname: Сделка {n}\npipeline: sales\nstage: new\n"
        made = "created_at: 2026-11-20T09:00:00Z\n"
        (folder / f"{record_id}.yaml").write_text(text + made, "utf-8")


def work_off(house: Any) -> tuple[int, dict[str, int]]:
    """Tick until nothing is left: the acts, and how often some functions were called."""
    profile, acts = cProfile.Profile(), 0
    while True:
        result = profile.runcall(house.tick, "1m")
        acts += result.effects
        if not result.limited:
            break
    calls: dict[str, int] = {}
    for (_, _, name), (_, count, *_) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        calls[name] = calls.get(name, 0) + count
    return acts, calls


def test_the_work_for_an_act_is_the_same_in_a_large_backlog(tmp_path: Any) -> None:
    from tests.automation.conftest import House

    names = ("plan_for", "_after", "read_record")
    counts = []
    for number, size in enumerate((10, 40)):
        one = House(tmp_path / f"one{number}")
        fill(one, size, 4)
        acts, calls = work_off(one)
        assert acts == 2 * size
        assert len(one.letters()) == size
        counts.append({name: calls[name] / acts for name in names})
    assert counts[1] == pytest.approx(counts[0], rel=0.1)


def test_a_limited_tick_goes_on_in_the_order_of_time(house: Any) -> None:
    fill(house, 5, 3)
    folder = house.root / "data/deals/0"
    for n in range(5):
        path = folder / f"deal-0{n:07}.yaml"
        path.write_text(path.read_text("utf-8").replace("-20T09", f"-20T{19 - n}"), "utf-8")
    house.tick()
    done = [event.record for event in house.events("job.done") if event.data["robot"] == "call"]
    assert done == [f"deal-0{n:07}" for n in (4, 3)]  # the third act is the letter of the first
    assert [job.record for job in house.jobs() if job.robot == "hello"] == ["deal-00000004"]


def test_a_mail_server_that_is_down_is_asked_thrice_and_holds_up_nothing(
    house: Any, hook: Any, post: Any
) -> None:
    robots = RULES.replace(
        "      - {id: call",
        f"      - {{id: told, do: webhook, with: {{url: 'http://127.0.0.1:{hook.port}/a'}}}}\n"
        "      - {id: call",
    )
    settings = (house.root / "settings.yaml").read_text("utf-8")
    fill(house, 8, 1000)
    house.rules(robots)
    house.write(
        "settings.yaml",
        settings.replace("{mail:", f"{{webhook: {{allow: ['127.0.0.1:{hook.port}']}}, mail:"),
    )
    post.mode = "later"
    house.tick()
    assert len(hook.calls) == 8
    assert [job.state for job in house.jobs()].count("failed") == 3
    post.mode = "take"
    house.tick("2h")
    assert len(post.letters) == 8


def test_a_job_that_is_written_of_while_it_is_planned_stays_to_be_looked_at(house: Any) -> None:
    fill(house, 1, 100)
    house.tick()
    ws = house.ws
    assert ws.agenda.touched_jobs() == []
    with ws.change("x") as change:
        change.note("job.queued", "deal-00000000", {"key": "k", "file": "x"})
    [(mark, key)] = ws.agenda.touched_jobs()
    with ws.change("x") as change:
        change.note("job.failed", "deal-00000000", {"key": "k"})
    ws.agenda.plan_jobs([Plan(mark, None)])
    [(later, same)] = ws.agenda.touched_jobs()
    assert (same, later > mark) == (key, True)
    ws.agenda.plan_jobs([Plan(later, "2026-11-23T10:00:00Z", "mail")])
    assert ws.agenda.ready_jobs("2026-11-23T09:59:59Z") == []
    assert ws.agenda.ready_jobs("2026-11-23T10:00:00Z") == [("2026-11-23T10:00:00Z", "k")]
    assert ws.agenda.ready_jobs("2026-11-23T10:00:00Z", resting=["mail"]) == []
