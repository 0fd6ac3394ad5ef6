"""Records, templates and lines of the timeline that are broken in many ways: they stop nobody else."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crmcli.automation import explain, simulate, waiting
from crmcli.automation.tick import tick
from crmcli.sales import activities
from tests import kit

DEALS = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: "{{ deal.name }} {{ deal.amount }} {{ deal.close_by }}"}}
          - {id: remind, do: comment, with: {text: "{{ deal.created_at }}"}, before: {field: close_by, by: 3d}}
          - {id: open, do: comment, with: {text: я}, at: {field: close_by}, workdays: true}
          - {id: late, do: comment, with: {text: я}, after: 9000d}
          - {id: rich, do: set, with: {tags: +vip}, when: amount > 100 and close_by < today+7d}
          - {id: said, do: email, with: {template: mail/hello.j2, to: "x@y.example"}}
      - {id: talks, name: Переговоры, triggers: [{on: call.in, when: amount > 5}]}
"""
LEADS = """
    stages:
      - id: new
        name: Новый
        robots: [{id: ring, do: task, with: {title: "{{ lead.name }} {{ contact.name }}"}}]
      - {id: working, name: В работе, triggers: [{on: call.in}]}
"""
KEYS = ("stage", "pipeline", "created_at", "close_by", "amount", "owner", "contacts", "company", "name",
        "contact", "converted", "merged_into", "id", "tags", "probability", "strange")  # fmt: skip
VALUES = (None, "''", "[]", "{}", "[a, b]", "{a: b}", "nosuch", "9999-12-31", "9999-12-31T23:59:59Z",
          "0001-01-01", "0001-01-01T00:00:00Z", "9" * 60, "1e999999", "NaN", '"\\0"', "lead-7k3qf2m9")  # fmt: skip


def number(n: int) -> str:
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    return "".join(letters[n >> 5 * place & 31] for place in range(8))


def drop_in(house: Any, record_id: str, text: str) -> None:
    path = house.root / f"data/{record_id[:4]}s/{record_id[5]}/{record_id}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("entity", ["deal", "lead"])
def test_broken_records_stop_nobody_else(house: Any, entity: str) -> None:
    house.rules(DEALS, LEADS)
    whole = (
        "id: {id}\nname: Плохая\nstage: new\namount: '500'\ncurrency: RUB\nclose_by: 2026-11-24\n"
    )
    whole += "pipeline: sales\n" if entity == "deal" else ""
    whole += "created_at: 2026-11-20T09:00:00Z\n"
    for n, (key, value) in enumerate(product(KEYS, VALUES)):
        record_id = f"{entity}-{number(n)}"
        text = re.sub(rf"(?m)^{key}:.*\n", "", whole).format(id=record_id)
        drop_in(house, record_id, text + (f"{key}: {value}\n" if value is not None else ""))
    for n, text in enumerate(["", "[]", "a", "id: [", "\0", "\udcff", "a: " * 500, "x: y\n" * 900]):
        drop_in(house, f"{entity}-{number(5000 + n)}", text)
    for one, other in (("pppppppp", "qqqqqqqq"), ("qqqqqqqq", "pppppppp")):  # a circle
        drop_in(house, f"{entity}-{one}", f"id: {entity}-{one}\nmerged_into: {entity}-{other}\n")
    good = [house.add(entity, name=f"Хорошая {n}") for n in range(3)]
    result = house.tick()
    assert result.bugs == {}
    assert {f"Хорошая {n}" for n in range(3)} <= {title[:9] for title in house.titles()}
    for _ in range(4):
        assert house.tick("3d").bugs == {}
    assert house.tick("1d").said == []
    for record in good:
        assert explain.explain(house.ws, record.id)
    waiting.waiting(house.ws)
    simulate.rehearse(house.ws, datetime(2027, 1, 1, tzinfo=UTC))


TEMPLATES = (
    "{{ deal.nosuch }}", "{% for x in %}", "{{ 1/0 }}", "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{{ '%s' % deal }}", "{% include 'mail/itself.j2' %}", "{{ deal.name | nosuch }}", "{{ " * 50,
    "{% if " + "(" * 300 + "1" + ")" * 300 + " %}{% endif %}", "{{ deal.close_by + 1 }}", "{% block a %}",
    "{{ deal.name.format(1) }}", "{% set a.b = 1 %}", "{% extends 'x' %}{% extends 'y' %}", "{{ [1]*10**9 }}",
    "{% set x = namespace(a=1) %}{% set x.b.c = 1 %}", "{% from 'mail/x' import a %}", "{{ loop }}",
    "{% for a, (b, c) in [1] %}{% endfor %}", "{{ -'a' }}", "{{ not }}", "{% call x() %}{% endcall %}",
    "{{ {}[[]] }}", "{% raw %}", "{{ \"\\uD800\" }}", "{% block a %}{% endblock %}{% block a %}{% endblock %}",
    "{{ x.y.z() }}", "{% import 'mail/itself.j2' as a %}",
    "{{ deal.name[1:2:0] }}", "{% filter nosuch %}{% endfilter %}", "{% with a=b %}", "{% autoescape %}",
    "{{ deal.name | date('%') }}", "{{ 9**9**9 }}", "{% set deal.name = 1 %}", "{{ deal.name is nosuch }}",
)  # fmt: skip


def test_broken_templates_stop_nobody_else(house: Any) -> None:
    robots = ""
    for n, source in enumerate(TEMPLATES):
        house.template(f"t{n}", f"Subject: О деле\n\n{source}\n")
        where = f"template: mail/t{n}.j2, to: x@y.example"
        robots += f"          - {{id: r{n}, do: email, with: {{{where}}}}}\n"
    house.template("itself", "{% include 'mail/itself.j2' %}")
    robots += "          - {id: call, do: task, with: {title: Позвонить}}\n"
    house.rules(
        DEALS.split("          - {id: call", 1)[0]
        + robots
        + DEALS[DEALS.index("      - {id: talks") :]
    )
    house.add("deal", name="Чай")
    result = house.tick()
    assert result.bugs == {}
    assert house.titles() == ["Позвонить"]
    failed = {job.robot for job in house.jobs() if job.state == "failed"}
    assert len(failed) >= len(TEMPLATES) - 4
    assert all("bug" not in job.reason for job in house.jobs())


def test_an_unreadable_template_is_its_robots_failure(house: Any) -> None:
    house.rules(DEALS)
    house.add("deal", name="Чай", close_by="2026-12-10")
    (house.root / "templates/mail/hello.j2").write_bytes(b"Subject: \xff\n\nx")
    house.tick()
    assert house.state("said") == "failed"
    assert len(house.titles()) == 1


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("job.failed", '{"key": "abc", "retry_at": "nonsense", "attempt": []}'),
        ("job.failed", '{"key": ["abc"], "robot": {}}'),
        ("job.started", '{"key": "abc", "lease_until": 7, "pid": "x", "boot": 1}'),
        ("job.queued", '{"key": "abc", "robot": "r", "action": "email", "file": "../../x"}'),
        ("job.resolved", '{"key": "abc", "as": []}'),
        ("stage.entered", '{"stage": ["new"], "robots": "all", "pipeline": {}}'),
        ("stage.entered", '{"stage": "new", "robots": {"a": 1}, "changes": 7}'),
        ("schedule.started", '{"schedule": "schedule:sales/x", "until": [], "slot": {}}'),
        ("note", '{"text": {"a": 1}}'),
    ],
)
def test_strange_lines_of_the_timeline_stop_nobody_else(house: Any, kind: str, data: str) -> None:
    house.rules(DEALS)
    bad = house.add("deal", name="Плохая")
    house.add("deal", name="Хорошая")
    path = house.root / "data/timeline/2026-11/other.csv"
    quoted = data.replace('"', '""')
    lines = ["id,at,actor,kind,record,cause,depth,data,prev\n"]
    [own] = (house.root / "data/timeline").glob("*/*.csv")
    first = own.read_text("utf-8").split("\n")[0]
    if first.startswith("id,"):
        lines = [first + "\n"]
    lines.append(f'e1zzzzzzzzzzzzzzz,2026-11-23T09:00:00Z,x,{kind},{bad.id},,0,"{quoted}",\n')
    path.write_text("".join(lines), "utf-8")
    result = house.tick()
    assert result.bugs == {}
    assert any(title.startswith("Хорошая") for title in house.titles())
    assert house.tick("1d").bugs == {}


def broken_zone() -> bytes:
    """A time zone file by which no moment from December 2037 on can be told: a real fault to meet."""
    late = int(datetime(2037, 12, 1, tzinfo=UTC).timestamp())
    head = b"TZif" + b"\0" * 16 + struct.pack(">6l", 0, 0, 0, 1, 2, 4)
    types = struct.pack(">lbB", 0, 0, 0) + struct.pack(">lbB", 40 * 3600, 0, 0)
    return head + struct.pack(">l", late) + b"\1" + types + b"UTC\0"


FAR = kit.robots(
    '{id: remind, do: task, with: {title: "{{ deal.name }}"}, at: {field: close_by}}',
    '{id: call, do: task, with: {title: "Позвонить: {{ deal.name }}"}}',
)


class Zone(tzinfo):
    """A zone that fails over every moment from 2037 on."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta()

    def dst(self, moment: datetime | None) -> timedelta:
        return timedelta()

    def fromutc(self, moment: datetime) -> datetime:
        if moment.year >= 2037:
            raise RuntimeError("no such year")
        return moment


def broken_tick(house: Any, after: str = "") -> Any:
    house.wait(after)
    ws = house.ws
    ws.zone = ZoneInfo.from_file(io.BytesIO(broken_zone()))
    return tick(ws)


def test_a_bug_over_a_record_is_its_failed_job_and_is_tried_again(house: Any) -> None:
    house.rules(FAR)
    bad = [house.add("deal", name=f"Плохая {n}", close_by="2037-12-31") for n in range(3)]
    house.add("deal", name="Хорошая")
    result = broken_tick(house)
    assert house.titles() == ["Позвонить: Хорошая"]
    [bug] = result.bugs.values()
    assert sorted(bug.met) == sorted(deal.id for deal in bad)
    failed = [job for job in house.jobs() if job.robot == "crm"]
    assert {job.state for job in failed} == {"failed"}
    assert all("a bug in crm: " in job.reason for job in failed)
    assert broken_tick(house).bugs == {}  # its next try lies ahead
    assert len(broken_tick(house, "2m").bugs) == 1
    for _ in range(12):
        broken_tick(house, "1d")
    assert {job.state for job in house.jobs() if job.robot == "crm"} == {"dead"}
    assert broken_tick(house, "1d").said == []
    house.edit(bad[0].id, close_by="2036-12-31")
    broken_tick(house, "1m")
    states = {job.record: job.state for job in house.jobs() if job.robot == "crm"}
    assert states == {bad[0].id: "done", bad[1].id: "dead", bad[2].id: "dead"}
    assert house.titles() == ["Позвонить: Плохая 0", "Позвонить: Хорошая"]


def test_a_bug_ends_the_tick_with_70_and_one_report_a_kind(house: Any, tmp_path: Path) -> None:
    house.rules(FAR)
    zones, reports = tmp_path / "zones", tmp_path / "reports"
    (zones / "Europe").mkdir(parents=True)
    reports.mkdir()
    (zones / "Europe/Moscow").write_bytes(broken_zone())
    for n in range(5):
        house.add("deal", name=f"Плохая {n}", close_by="2037-12-31")
    house.add("deal", name="Хорошая")
    env = {**os.environ, "PYTHONTZPATH": str(zones), "TMPDIR": str(reports)}
    env["CRM_NOW"] = "2026-11-23T09:00:00Z"
    done = subprocess.run(
        [sys.executable, "-m", "crmcli", "-C", str(house.root), "tick"],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (70, "")
    assert "this is a bug in crm" in done.stderr
    assert "and 4 more" in done.stderr
    assert "Traceback" not in done.stderr
    [report] = reports.glob("crm-bug-*")
    assert "Traceback" in report.read_text("utf-8")
    assert house.titles() == ["Позвонить: Хорошая"]


def test_a_bug_over_one_record_of_a_schedule_is_its_own(house: Any) -> None:
    house.rules(
        """
        stages:
          - {id: new, name: Новая}
        schedules:
          - {id: daily, cron: '0 9 * * *', do: task, with: {title: "{{ deal.name }}"}}
        """
    )
    for n in range(5):
        deal = house.add("deal", name=f"Сделка {n}")
        if n in (1, 3):
            [path] = (house.root / "data/deals").glob(f"*/{deal.id}.yaml")
            path.write_text(path.read_text("utf-8") + "closed_at: 2037-12-31T00:00:00Z\n", "utf-8")

    def run(after: str) -> Any:
        house.wait(after)
        ws = house.ws
        ws.zone = Zone()
        return tick(ws)

    run("1m")
    result = run("1d")
    assert len(result.bugs) == 1
    assert [title[:8] for title in house.titles()] == ["Сделка 0", "Сделка 2", "Сделка 4"]
    assert [job.state for job in house.jobs()].count("dead") == 2
    assert run("1m").said == []
    assert len(house.events("schedule.ran")) == 1


RULES = (
    "{id: bad, do: comment, with: {text: x}, when: vanished > 5}",
    "{id: bad, do: set, with: {vanished: 5}}",
    "{id: bad, do: comment, with: {text: x}, before: {field: vanished, by: 1d}}",
    "{id: bad, do: comment, with: {text: x}, after: soon}",
    "{id: bad, do: email, with: {template: mail/vanished.j2}}",
    "{id: bad, do: move, with: {stage: vanished}}",
    "{id: bad, do: nothing}",
    "{id: bad}",
    "{do: comment, with: {text: x}}",
    "{id: good, do: comment, with: {text: x}}",
    "{id: bad, do: comment, with: [], when: source = vanished}",
    "[bad]",
    "bad",
)


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_stops_no_other(house: Any, rule: str) -> None:
    good = "      - {id: good, do: task, with: {title: Позвонить}}\n"
    head, tail = FAR.split("      - {id: remind", 1)[0], FAR[FAR.index("  - {id: talks") :]
    house.rules(head + good + tail)
    house.add("deal", name="Чай")
    house.rules(head + good + f"      - {rule}\n" + tail)
    result = house.tick()
    assert house.titles() == ["Позвонить"]
    assert result.bugs == {}
    assert len(result.faults) >= 1
    assert all(job.state in ("done", "failed") for job in house.jobs())
    house.rules(head + good + tail)
    assert house.tick("1m").faults == ()


def test_a_broken_trigger_or_schedule_stops_no_other_and_is_heard_when_mended(house: Any) -> None:
    def rules(when: str) -> None:
        house.rules(
            f"""
            stages:
              - {{id: new, name: Новая}}
              - {{id: talks, name: Переговоры, triggers: [{{on: call.in, when: {when}}}]}}
              - {{id: more, name: Ещё, triggers: [{{on: meeting}}]}}
            schedules:
              - {{id: bad, cron: '0 10 * * *', do: task, with: {{title: Раз}}, where: {when}}}
              - {{id: good, cron: '0 10 * * *', do: task, with: {{title: Два}}}}
            """
        )

    rules("name ~ ча")
    first, second = house.add("deal", name="Чай"), house.add("deal", name="Кофе")
    house.tick()
    rules("vanished > 1")
    activities.log(house.ws, first.id, "call.in", "алло")
    activities.log(house.ws, second.id, "meeting", "встреча")
    result = house.tick("1d")
    assert len(result.faults) == 2
    assert (house.get(first.id).stage, house.get(second.id).stage) == ("new", "more")
    assert house.titles() == ["Два", "Два"]
    assert {job.action for job in house.jobs() if job.state == "failed"} == {"hear", "plan"}
    rules("name ~ ча")
    house.tick("1h")
    assert house.get(first.id).stage == "talks"
    assert "Раз" in house.titles()
    assert not [job for job in house.jobs() if job.state == "failed"]


def test_the_tick_tells_of_broken_rules_at_its_end(house: Any) -> None:
    house.rules(FAR.replace("at: {field: close_by}", "at: {field: vanished}"))
    done = subprocess.run(
        [sys.executable, "-m", "crmcli", "-C", str(house.root), "tick"],
        env={**os.environ, "CRM_NOW": "2026-11-23T09:00:00Z"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 6
    assert "1 rule is wrong" in done.stderr
    assert "vanished" in done.stderr
