from __future__ import annotations

import email
import email.policy
import json
from typing import Any

import pytest

from crmcli.automation.actions.work import Work
from crmcli.automation.config_checks import look_through
from crmcli.automation.ledger import job_key


def stage(*robots: str) -> str:
    lines = "\n".join(f"          - {robot}" for robot in robots)
    return f"""
    stages:
      - id: new
        name: Новая
        robots:
{lines}
      - {{id: talks, name: Переговоры, requires: [amount]}}
    """


@pytest.fixture
def deal(house: Any) -> Any:
    """A deal of a contact with an address, owned by Anna."""
    contact = house.add("contact", name="Ольга Чайкина", emails="olga@kafe.example")
    made = house.add("deal", name="Чай для кафе", contacts=contact.id, owner="anna")
    write = house.rules

    def rules(deals: str = "", leads: str = "") -> None:
        """Write the rules and let the deal come anew: robots leave alone who stood there before."""
        write(deals, leads)
        ws = house.ws
        with ws.change("enter again") as change:
            record = change.get(made.id)
            robots = ws.robots_of(record)
            facts = {"stage": record.get("stage"), "pipeline": "sales", "robots": robots}
            change.note("stage.entered", made.id, facts)

    house.rules = rules
    return made


def test_a_task_has_an_id_that_follows_from_its_job(house: Any, deal: Any) -> None:
    house.rules(
        stage(
            '{id: call, do: task, with: {title: "Позвонить", owner: boris, comment: "по {{ deal.name }}"}}'
        )
    )
    house.tick()
    [entry] = house.events("stage.entered")
    [task] = house.tasks()
    key = job_key("call", deal.id, entry.id)
    assert task.id == Work(house.ws, None, None, "", "task", {}, key, {}).new_id("task")  # type: ignore[arg-type]  # it writes nothing
    assert (task.owner, task.comment, task.due) == ("boris", "по Чай для кафе", None)


@pytest.mark.parametrize(
    ("due", "at"),
    [("2d", "2026-11-25T09:00"), ("90m", "2026-11-23T10:30"),
     ("'{{ deal.close_by }}'", "2026-12-01T15:00"), ("'{{ today }} 18:00'", "2026-11-23T15:00")],
)  # fmt: skip
def test_a_task_is_due_after_a_time_or_on_a_day(house: Any, deal: Any, due: str, at: str) -> None:
    house.edit(deal.id, close_by="2026-12-01")
    house.rules(stage(f"{{id: call, do: task, with: {{title: Позвонить, due: {due}}}}}"))
    house.tick()
    [task] = house.tasks()
    assert task.due is not None
    assert task.due.isoformat()[:10] == at[:10]
    if "close_by" not in due:
        assert task.due.isoformat()[:16] == at


def test_set_changes_fields_and_adds_to_lists(house: Any, deal: Any) -> None:
    house.edit(deal.id, tags="старый")
    house.rules(stage(
        '{id: mark, do: set, with: {amount: "1 500,50", comment: "от {{ contact.name }}", tags: +vip}}',
        "{id: clean, do: set, with: {tags: -старый}, wait: previous}",
    ))  # fmt: skip
    house.tick()
    after = house.get(deal.id)
    assert (str(after.amount), after.comment, after.tags) == (
        "1500.50",
        "от Ольга Чайкина",
        ("vip",),
    )
    changes = [e for e in house.events("field.changed") if e.actor == "robot:mark"]
    assert set(changes[0].data["changes"]) == {"amount", "currency", "comment", "tags"}


def test_move_goes_through_the_same_door_as_people(house: Any, deal: Any) -> None:
    house.edit(deal.id, amount="100")
    house.rules(stage("{id: on, do: move, with: {stage: talks}}"))
    house.tick()
    assert house.get(deal.id).stage == "talks"
    entry = house.events("stage.entered")[-1]
    assert (entry.actor, entry.data["by"], entry.depth) == ("robot:on", "robot", 1)


def test_a_refused_move_is_tried_again_and_then_given_up(house: Any, deal: Any) -> None:
    house.rules(stage("{id: on, do: move, with: {stage: talks}}"))
    [failure] = house.tick().said
    assert "without amount" in failure
    assert house.state("on") == "failed"
    assert house.tick("1m").effects in (0, 1)
    for _ in range(100):
        house.wait("1h")
        result = house.tick()
        if result.failures:
            break
    assert house.state("on") == "dead"
    assert house.get(deal.id).stage == "new"
    [notice] = house.events("notice")
    assert notice.data["to"] == "anna"
    assert "without amount" in notice.data["text"]


def test_a_refused_move_succeeds_once_the_field_is_there(house: Any, deal: Any) -> None:
    house.rules(stage("{id: on, do: move, with: {stage: talks}}"))
    house.tick()
    house.edit(deal.id, amount="5")
    house.tick("2m")
    assert house.get(deal.id).stage == "talks"


def test_comment_is_a_note(house: Any, deal: Any) -> None:
    house.rules(stage('{id: say, do: comment, with: {text: "Источник: {{ deal.source }}."}}'))
    house.tick()
    [note] = house.events("note")
    assert (note.record, note.actor, note.data["text"]) == (deal.id, "robot:say", "Источник: .")


def test_notify_tells_the_owner_on_the_timeline_and_by_mail(house: Any, deal: Any) -> None:
    house.rules(stage('{id: tell, do: notify, with: {text: "Новая: {{ deal.name }}"}}'))
    house.tick()
    [notice] = house.events("notice")
    assert notice.data == {"to": "anna", "text": "Новая: Чай для кафе"}
    [letter] = house.letters()
    read = email.message_from_bytes(letter.encode(), policy=email.policy.default)
    assert (read["To"], read["Subject"]) == ("anna@chai.example", "Новая: Чай для кафе")
    assert deal.id in read.get_body().get_content()
    assert house.events("mail.out") == []  # an employee is no client
    assert sorted(job.state for job in house.jobs()) == ["done", "done"]


def test_notify_others_and_those_without_mail(house: Any, deal: Any) -> None:
    house.rules(stage('{id: tell, do: notify, with: {text: Смотрите, to: "boris, owner"}}'))
    house.tick()
    assert [e.data["to"] for e in house.events("notice")] == ["boris", "anna"]
    assert len(house.letters()) == 1


def test_a_letter_goes_to_the_client_and_onto_the_timeline(house: Any, deal: Any) -> None:
    house.template("hi", "Subject: О «{{ deal.name }}»\n\nДобрый день, {{ contact.name }}!\n")
    house.rules(stage("{id: hello, do: email, with: {template: mail/hi.j2}}"))
    assert house.tick().failures == []
    [letter] = house.letters()
    read = email.message_from_bytes(letter.encode(), policy=email.policy.default)
    assert read["To"] == "Ольга Чайкина <olga@kafe.example>"
    assert read["Subject"] == "О «Чай для кафе»"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read.get_body().get_content() == "Добрый день, Ольга Чайкина!\n"
    [sent] = house.events("mail.out")
    assert sent.data["message_id"] == read["Message-ID"]
    assert sent.data["subject"] == "О «Чай для кафе»"
    assert sent.data["text"] == "Добрый день, Ольга Чайкина!\n"
    kept = house.root / "data/files" / sent.data["file"][:2] / sent.data["file"]
    assert kept.read_text("utf-8") == letter
    assert [e.kind for e in house.events(record=deal.id)][-4:] == ["job.queued", "job.started", "job.done", "mail.out"]  # fmt: skip
    house.tick("1d")
    assert len(house.letters()) == 1


def test_without_an_address_the_robot_does_not_run(house: Any) -> None:
    house.template("hello", "Subject: Добрый день!\n\nЭто мы.\n")
    house.rules(stage(
        "{id: hello, do: email, with: {template: mail/hello.j2}}",
        "{id: call, do: task, with: {title: Позвонить}, wait: previous}",
    ))  # fmt: skip
    house.add("deal", name="Без адреса")
    house.tick()
    assert house.state("hello") == "skipped"
    assert house.titles() == ["Позвонить"]


def test_a_template_with_an_unknown_name_is_a_failure_that_says_where(
    house: Any, deal: Any
) -> None:
    house.template("bad", "Subject: Привет\n\n{{ deal.nmae }}\n")
    house.rules(stage("{id: hello, do: email, with: {template: mail/bad.j2}}"))
    house.tick()
    [job] = house.jobs()
    assert job.state == "failed"
    assert "templates/mail/bad.j2, line 3" in job.reason
    assert "nmae" in job.reason


def test_a_condition_is_asked_after_the_wait_on_what_is_then(house: Any, deal: Any) -> None:
    house.rules(stage(
        "{id: chase, do: task, with: {title: Напомнить}, after: 2d, when: amount > 100}",
        "{id: then, do: task, with: {title: Потом}, wait: previous}",
    ))  # fmt: skip
    house.tick()
    other = house.add("deal", name="Мелкая")
    house.tick("1d")
    house.edit(deal.id, amount="500")
    house.tick("2d")
    assert sorted((t.name, t.about) for t in house.tasks()) == sorted(
        [("Напомнить", deal.id), ("Потом", deal.id), ("Потом", other.id)]
    )
    [skipped] = house.events("job.skipped")
    assert (skipped.record, skipped.data["reason"]) == (
        other.id,
        "condition not met: amount > 100 [no: empty]",
    )


def test_a_webhook_tells_the_record_with_the_jobs_key(house: Any, deal: Any, hook: Any) -> None:
    house.write("settings.yaml", f"channels: {{webhook: {{allow: ['127.0.0.1:{hook.port}']}}}}\n")
    house.rules(
        stage(f"{{id: tell, do: webhook, with: {{url: 'http://127.0.0.1:{hook.port}/new'}}}}")
    )
    house.tick()
    [call] = hook.calls
    assert call.path == "/new"
    assert json.loads(call.body)["deal"]["name"] == "Чай для кафе"
    [job] = house.jobs()
    assert (job.state, call.headers["Idempotency-Key"]) == ("done", job.key)


def test_a_webhook_with_a_body_of_its_own(house: Any, deal: Any, hook: Any) -> None:
    house.write("settings.yaml", f"channels: {{webhook: {{allow: ['127.0.0.1:{hook.port}']}}}}\n")
    body = '{text: "{{ deal.name }}", list: [1, "{{ deal.id }}"]}'
    house.rules(stage(
        f"{{id: tell, do: webhook, with: {{url: 'http://127.0.0.1:{hook.port}/', body: {body},"
        ' headers: {X-Deal: "{{ deal.id }}"}}}'
    ))  # fmt: skip
    house.tick()
    [call] = hook.calls
    assert json.loads(call.body) == {"text": "Чай для кафе", "list": ["1", deal.id]}
    assert call.headers["X-Deal"] == deal.id


def test_a_webhook_that_is_down_comes_later_with_the_same_words(
    house: Any, deal: Any, hook: Any
) -> None:
    house.write("settings.yaml", f"channels: {{webhook: {{allow: ['127.0.0.1:{hook.port}']}}}}\n")
    house.rules(stage(f"{{id: tell, do: webhook, with: {{url: 'http://127.0.0.1:{hook.port}/'}}}}"))
    hook.status = 503
    assert house.tick().failures == []
    assert house.state("tell") == "failed"
    house.edit(deal.id, name="Переименована")
    hook.status = 200
    house.tick("2m")
    first, second = hook.calls
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert house.state("tell") == "done"


def test_a_webhook_that_is_refused_is_given_up_at_once(house: Any, deal: Any, hook: Any) -> None:
    house.write("settings.yaml", f"channels: {{webhook: {{allow: ['127.0.0.1:{hook.port}']}}}}\n")
    house.rules(stage(f"{{id: tell, do: webhook, with: {{url: 'http://127.0.0.1:{hook.port}/'}}}}"))
    hook.status = 410
    [failure] = house.tick().failures
    assert "answered 410" in failure
    assert house.state("tell") == "dead"


def test_a_task_for_the_owner_in_so_many_words(house: Any, deal: Any) -> None:
    house.rules(stage('{id: call, do: task, with: {title: "Позвонить", owner: owner}}'))
    house.tick()
    [task] = house.tasks()
    assert task.owner == house.get(deal.id).owner == "anna"


def test_a_notice_to_nobody_says_why(house: Any, deal: Any) -> None:
    house.rules(stage("{id: tell, do: notify, with: {text: А, to: '{{ deal.comment }}'}}"))
    house.tick()
    [job] = [job for job in house.jobs() if job.robot == "tell"]
    assert (job.state, job.reason) == ("skipped", "nobody to notify: 'to' is empty")


USERS = """
    - {id: one, do: task, with: {title: Раз, owner: "{{ 'boris' if deal.amount else [deal.owner, 'boris'] | first }}"}}
    - {id: two, do: set, with: {owner: "{{ {'a': 'anna', 'b': 'boris'}['b'] }}"}}
    - {id: three, do: notify, with: {text: Два, to: "boris, {{ ['anna', 'boris'] | join(', ') }}"}}
    - {id: four, do: notify, with: {text: Три, to: "{% if deal.amount %}anna, boris{% else %}boris, owner{% endif %}"}}
    - {id: five, do: notify, with: {text: Пять, to: ["{{ 'anna,boris' }}", owner]}}
"""


def test_a_comma_inside_a_template_parts_nothing(house: Any, deal: Any) -> None:
    house.rules(stage(*(line.strip("- ") for line in USERS.strip().split("\n"))))
    assert look_through(house.root, house.now).faults == ()
    house.tick()
    assert [task.owner for task in house.tasks()] == ["anna"]
    assert house.get(deal.id).owner == "boris"
    told = [(e.data["text"], e.data["to"]) for e in house.events("notice")]
    assert told == [
        ("Два", "boris"), ("Два", "anna"), ("Три", "boris"), ("Пять", "anna"), ("Пять", "boris"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("to", "who"),
    [("anna, dasha", "dasha"), ("'{{ deal.owner }}, dasha'", "dasha"), ("[anna, dasha]", "dasha")],
)
def test_a_user_who_is_named_beside_a_template_must_be_there(house: Any, to: str, who: str) -> None:
    house.rules(stage(f'{{id: tell, do: notify, with: {{text: А, to: "{to.strip(chr(39))}"}}}}')
                if to[0] != "[" else stage(f"{{id: tell, do: notify, with: {{text: А, to: {to}}}}}"))  # fmt: skip
    assert [p.message for p in look_through(house.root, house.now).faults] == [
        f"robot 'tell': no user {who!r}"
    ]


def test_a_letter_to_several_addresses_of_a_list(house: Any, deal: Any) -> None:
    house.template("both", "Subject: А\n\nБ\n")
    to = "[a@chai.example, '{{ contact.email }}']"
    house.rules(stage(f"{{id: hello, do: email, with: {{template: mail/both.j2, to: {to}}}}}"))
    house.tick()
    [letter] = house.letters()
    assert email.message_from_string(letter)["To"] == "a@chai.example, olga@kafe.example"


@pytest.mark.parametrize(
    ("now", "due", "at"),
    [
        ("fri 15", "1d", "mon 15"), ("fri 15", "4h", "mon 10"), ("fri 15", "'+2 дня'", "tue 15"),
        ("fri 15", "1w", "fri 15"), ("fri 15", "'{{ today }} 12:00'", "fri 12"),
        ("fri 15", "завтра в 12:00", "mon 12"), ("sat 12", "2h", "mon 11"), ("wed 12", "2d", "fri 12"),
        ("fri 15", "tomorrow at 3:00 pm", "mon 15"),
    ],
)  # fmt: skip
def test_a_deadline_keeps_to_working_time_where_the_robot_does(
    house: Any, deal: Any, now: str, due: str, at: str
) -> None:
    day, hour = now.split()
    days = {"wed": 25, "fri": 27, "sat": 28}
    house.now = house.now.replace(day=days[day], hour=int(hour) - 3)
    timing = "workdays: yes, after: 0m" if day != "sat" else "workdays: yes"
    with_ = f"with: {{title: А, due: {due}}}"
    house.rules(stage(f"{{id: call, do: task, {timing}, {with_}}}"))
    house.tick()
    if day == "sat":
        house.now = house.now.replace(day=30, hour=6)
        house.tick()
    [task] = house.tasks()
    local = task.due.astimezone(house.ws.zone)
    assert local.strftime("%a %-H").lower() == at


def test_without_workdays_a_deadline_is_a_day_as_any_other(house: Any, deal: Any) -> None:
    house.now = house.now.replace(day=27)
    house.rules(stage("{id: call, do: task, with: {title: А, due: 1d}}"))
    house.tick()
    [task] = house.tasks()
    assert task.due.day == 28
