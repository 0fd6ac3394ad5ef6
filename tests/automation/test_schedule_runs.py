from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmcli.automation import jobs, schedule_progress
from crmcli.automation.simulate import rehearse

STAGES = """
    stages:
      - {id: new, name: Новая}
      - {id: talks, name: Переговоры, requires: [amount]}
    schedules:
"""
DIGEST = (
    STAGES
    + """
      - {id: digest, cron: '0 9 * * mon-fri', do: notify, where: amount > 100, with: {text: "Сделка {{ deal.name }}"}}
"""
)


def notices(house: Any) -> list[str]:
    return [event.data["text"] for event in house.events("notice")]


def test_a_slot_acts_for_each_record_that_fits(house: Any) -> None:
    house.rules(DIGEST)
    for name, amount in (("А", "500"), ("Б", "50"), ("В", "900")):
        house.add("deal", name=name, amount=amount)
    closed = house.add("deal", name="Г", amount="900")
    from crmcli.sales import stages

    stages.move(house.ws, closed.id, "lost")
    house.tick()
    assert notices(house) == []
    house.tick("21h")  # Tuesday, nine in Moscow
    assert sorted(notices(house)) == ["Сделка А", "Сделка В"]
    assert house.tick("5m").said == []
    house.tick("1d")
    assert len(notices(house)) == 4


def test_the_slot_and_its_acts_are_one_change(house: Any) -> None:
    house.rules(DIGEST)
    house.add("deal", name="А", amount="500")
    house.tick()
    house.tick("21h")
    [ran] = house.events("schedule.ran")
    assert (ran.data["slot"], ran.data["ran"], ran.actor) == (
        "2026-11-24T09:00", 1, "schedule:sales/digest",
    )  # fmt: skip
    lines = [e.kind for e in house.ws.events()]
    assert lines.index("notice") < lines.index("job.done") < lines.index("schedule.ran")


def test_after_an_outage_it_runs_once(house: Any) -> None:
    house.rules(DIGEST)
    house.add("deal", name="А", amount="500")
    house.tick()
    house.tick("10d")
    assert notices(house) == ["Сделка А"]


def test_too_late_is_missed_and_visible(house: Any) -> None:
    house.rules(DIGEST)
    house.add("deal", name="А", amount="500")
    house.tick()  # Monday noon
    house.tick("6d")  # Sunday noon: the last slot was on Friday
    assert notices(house) == []
    [missed] = house.events("job.missed")
    assert missed.data["reason"] == "too late to run for 2026-11-27 09:00, and for 3 before it"
    assert house.tick("5m").said == []


def test_a_new_schedule_begins_to_count_when_it_is_first_seen(house: Any) -> None:
    house.rules(DIGEST)
    house.add("deal", name="А", amount="500")
    house.wait("22h")
    house.tick()  # an hour after nine
    assert notices(house) == []
    house.rules(DIGEST.replace("0 9 *", "30 9 *"))
    house.tick()  # half an hour after the new time, which it did not have then
    assert notices(house) == []
    house.tick("1d")
    assert notices(house) == ["Сделка А"]


def test_a_clock_set_back_repeats_nothing(house: Any) -> None:
    house.rules(DIGEST)
    house.add("deal", name="А", amount="500")
    house.tick()
    house.tick("21h")
    late = house.now
    house.now = late.replace(hour=5)
    house.tick()
    house.now = late
    house.tick()
    assert len(notices(house)) == 1


def test_once_is_one_letter_for_the_whole_selection(house: Any) -> None:
    house.template(
        "digest",
        "Subject: Сделок: {{ records|length }}\n\n{% for r in records %}{{ r.name }}: {{ r.amount|money }}\n{% endfor %}",
    )
    house.rules(
        STAGES
        + "      - {id: digest, cron: '0 9 * * *', do: email, once: yes, with: {template: mail/digest.j2, to: boss@chai.example}}\n"
    )
    for name in ("А", "Б"):
        house.add("deal", name=name, amount="500")
    house.tick()
    house.tick("21h")
    [letter] = house.letters()
    assert "To: boss@chai.example" in letter
    assert "А: 500,00" in letter
    assert "Б: 500,00" in letter
    house.tick("1h")
    assert len(house.letters()) == 1
    assert [job.state for job in house.jobs()] == ["done"]


def test_once_notifies_and_writes_to_the_employee(house: Any) -> None:
    house.rules(
        STAGES
        + "      - {id: digest, cron: '0 9 * * *', do: notify, once: yes, with: {text: 'Всего {{ records|length }}', to: anna}}\n"
    )
    house.add("deal", name="А")
    house.tick()
    house.tick("21h")
    assert notices(house) == ["Всего 1"]
    assert len(house.letters()) == 1


def test_one_refusal_does_not_spoil_the_others(house: Any) -> None:
    house.rules(STAGES + "      - {id: on, cron: '0 9 * * *', do: move, with: {stage: talks}}\n")
    poor, rich = house.add("deal", name="А"), house.add("deal", name="Б", amount="5")
    house.tick()
    [failure] = house.tick("21h").failures
    assert poor.id in failure
    assert [house.get(i.id).stage for i in (poor, rich)] == ["new", "talks"]
    house.tick("5m")
    assert len(house.events("job.dead")) == 1


def test_a_large_selection_takes_several_ticks_and_nobody_twice(house: Any) -> None:
    house.write("settings.yaml", "automation: {max_effects: 3}\n")
    house.rules(DIGEST.replace("notify", "comment"))
    for n in range(8):
        house.add("deal", name=f"{n}", amount="500")
    house.tick()
    counts = []
    house.wait("21h")
    for _ in range(4):
        house.tick("1m")
        counts.append(len(house.events("note")))
    assert counts == [3, 6, 8, 8]
    assert len({event.record for event in house.events("note")}) == 8
    assert len(house.events("schedule.ran")) == 1


def test_leads_have_schedules_of_their_own(house: Any) -> None:
    house.rules(
        leads="""
    stages:
      - {id: new, name: Новый}
      - {id: done, name: Успех, kind: won}
      - {id: junk, name: Брак, kind: lost}
    schedules: [{id: digest, cron: '0 9 * * *', do: task, with: {title: "{{ lead.name }}"}}]
    """
    )
    house.add("lead", name="Заявка"), house.add("deal", name="Сделка")
    house.tick()
    house.tick("21h")
    assert house.titles() == ["Заявка"]


def test_what_nobody_wants_to_catch_up_is_no_trouble(house: Any) -> None:
    house.rules(DIGEST.replace("notify,", "notify, catch_up: none,"))
    house.add("deal", name="А", amount="500")
    house.tick()
    assert house.tick("22h").failures == []  # an hour late
    assert notices(house) == []
    [job] = house.jobs()
    assert (job.state, job.reason) == ("skipped", "too late to run for 2026-11-24 09:00")


def test_a_letter_of_a_schedule_is_tried_again_however_many_slots_come_between(
    house: Any, post: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(schedule_progress, "_RECENT", 5)
    post.mode = "later"
    house.rules(
        STAGES
        + "      - {id: sum, cron: '0 9 * * *', do: email, once: yes, with: {template: mail/sum.j2, to: b@chai.example}}\n"
        + "      - {id: often, cron: '*/10 * * * *', do: comment, catch_up: all, with: {text: А}}\n"
    )
    house.template("sum", "Subject: Итог\n\nВсего {{ records|length }}\n")
    house.tick()
    house.tick("21h")
    assert [job.state for job in house.jobs()] == ["failed"]
    house.tick("2h")  # a dozen slots later
    post.mode = "take"
    house.tick("12h")
    assert len(post.letters) == 1
    assert [job.state for job in house.jobs()] == ["done"]


def test_a_letter_of_long_ago_leaves_when_a_person_wants_it(house: Any, post: Any) -> None:
    house.rules(
        STAGES
        + "      - {id: sum, cron: '0 9 * * *', do: email, once: yes, with: {template: mail/sum.j2, to: b@chai.example}}\n"
    )
    house.template("sum", "Subject: Итог\n\nВсего {{ records|length }}\n")
    post.mode = "refuse"
    house.tick()
    house.tick("21h")
    [dead] = house.jobs()
    house.rules()
    house.wait("20d")
    post.mode = "take"
    jobs.decide(house.ws, "retry", [dead.key])
    house.tick()
    assert len(post.letters) == 1


@pytest.mark.parametrize(("where", "acts"), [("amount > 1000", 0), ("amount > 1", 1), ("", 1)])
def test_once_for_what_its_condition_does_not_find_is_not_at_all(
    house: Any, where: str, acts: int
) -> None:
    where = f"where: {where}, " if where else ""
    house.rules(
        STAGES
        + f"      - {{id: sum, cron: '0 9 * * *', do: task, once: yes, {where}with: {{title: Итог}}}}\n"
    )
    house.add("deal", name="А", amount="500")
    house.tick()
    assert ("once" in rehearse(house.ws, house.now + timedelta(days=1))[0].what) is bool(acts)
    house.tick("21h")
    house.tick("1h")
    assert len(house.titles()) == acts
    assert len(house.events("schedule.ran")) == 1
