from __future__ import annotations

import json
import re
from copy import deepcopy
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

import crmcli
from crmcli.errors import InvalidData, Problem
from crmcli.model.durations import Duration
from crmcli.model.pipeline import Pipelines
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.store.config.pipelines import load_pipelines
from crmcli.store.config.schemas import schema_files
from crmcli.store.config.settings import load_settings

STAGES = """
    - {id: new, name: Новый}
    - {id: working, name: В работе}
    - {id: won, name: Успех, kind: won}
    - {id: lost, name: Провал, kind: lost}"""
GOOD = f"""\
leads:
  stages:{STAGES}
deals:
  - id: sales
    name: Продажи
    stages:{STAGES.replace("    - ", "      - ")}
"""


def with_lead_stage(text: str) -> str:
    """A good file whose leads have one more stage, in line 7."""
    lines = GOOD.splitlines()
    lines[6:6] = [f"    {line}" for line in text.strip("\n").splitlines()]
    return "\n".join(lines) + "\n"


def robot(text: str) -> str:
    return with_lead_stage(f"- id: extra\n  name: Ещё\n  robots:\n    - {{id: r, {text}}}")


def trigger(text: str) -> str:
    return with_lead_stage(f"- id: extra\n  name: Ещё\n  triggers:\n    - {{{text}}}")


def stage(text: str) -> str:
    return with_lead_stage(f"- {{id: extra, name: Ещё, {text}}}")


def schedule(text: str) -> str:
    return f"{GOOD}    schedules:\n      - {{id: s, {text}}}\n"


def settings_of(root: Path, text: str) -> Settings:
    (root / "settings.yaml").write_text(text, encoding="utf-8")
    return load_settings(root)


def pipelines_of(root: Path, text: str, settings: Settings | None = None) -> Pipelines:
    (root / "pipelines.yaml").write_text(text, encoding="utf-8")
    (root / "templates" / "mail").mkdir(parents=True, exist_ok=True)
    (root / "templates" / "mail" / "hello.j2").write_text("Subject: a\n\nb\n", encoding="utf-8")
    settings = settings or Settings()
    return load_pipelines(root, Schema(settings.fields), settings)


def faults(root: Path, text: str, settings: Settings | None = None) -> tuple[Problem, ...]:
    with pytest.raises(InvalidData) as caught:
        pipelines_of(root, text, settings)
    assert caught.value.problems
    return caught.value.problems


class Core(yaml.SafeLoader):
    """YAML 1.2, as editors read it: `on` and `yes` are words, dates and times are texts."""


Core.yaml_implicit_resolvers = {}
for tag, rule, first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", "~nN"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789."),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{rule})$"), list(first))
Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])


def schema_accepts(name: str, text: str) -> bool:
    schema = json.loads(schema_files()[f"schema/{name}.schema.json"])
    document = yaml.load(text, Loader=Core)
    return jsonschema.Draft7Validator(schema).is_valid(document)


# --- settings ----------------------------------------------------------------------------------


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings == Settings()
    assert (settings.currency, settings.time_zone, settings.phone_country) == (
        "RUB", "Europe/Moscow", "RU",
    )  # fmt: skip
    assert settings.mail.deliver == "maildir:outbox"


@pytest.mark.parametrize("text", ["", "# ничего\n\n  # и тут\n", "company:\nusers:\nfields:\n"])
def test_a_file_that_says_nothing_is_right(tmp_path: Path, text: str) -> None:
    assert settings_of(tmp_path, text) == Settings()


FULL = """\
company: {name: Ромашка, inn: "0077001230", phone: +7 495 000-00-10, email: a@romashka.example.ru}
language: en
currency: EUR
time_zone: Asia/Yekaterinburg
phone_country: BY
vat: {rate: 22, included: no}
users:
  anna: {name: Анна Орлова, email: anna@example.ru, phone: 8 900 000-00-01}
  boris:
directories:
  sources: {web: Сайт, call: Звонок}
  industries: [Строительство, Торговля]
  areas: {n: Север, s: Юг}
fields:
  lead:
    area: {type: number, label: Площадь, required: yes}
    район: {type: choice, directory: areas}
  deal:
    delivery: {type: choice, choices: [самовывоз, наша], default: наша}
    twin: {type: link, to: deal}
    mobile: {type: phone}
channels:
  mail: {deliver: "smtps://crm@mail.example.ru:465", from: "Отдел <a@b.ru>", password: "env:PASS"}
  webhook: {allow: ["10.0.0.5:8080"]}
numbering: {offer: "КП-{year}-{seq:04}"}
calendar:
  days: [mon, sat]
  hours: "10:00-19:30"
  holidays: [2027-01-01]
  workdays: [2027-01-02]
automation: {max_effects: 50}
git: {commit: tick}
storage: {any_disk: yes}
"""


def test_everything_that_can_be_said_is_read(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, FULL)
    assert settings.us.name == "Ромашка"
    assert settings.us.phone == "+7 495 000-00-10"
    assert (settings.language, settings.currency) == ("en", "EUR")
    assert (settings.vat_rate, settings.vat_included) == (Decimal(22), False)
    assert settings.users["anna"].email == "anna@example.ru"
    assert settings.users["boris"].name == ""
    assert settings.directories["sources"] == {"web": "Сайт", "call": "Звонок"}
    assert next(iter(settings.directories["industries"].items())) == ("Строительство",) * 2
    area, district = settings.fields["lead"]
    assert (area.name, area.kind.name, area.label, area.required, area.custom) == (
        "area", "number", "Площадь", True, True,
    )  # fmt: skip
    assert district.directory == "areas"
    delivery, twin, mobile = settings.fields["deal"]
    assert (delivery.choices, delivery.default) == (("самовывоз", "наша"), "наша")
    assert twin.entities == ("deal",)
    assert mobile.kind.name == "phones"
    assert settings.mail.password == "env:PASS"
    assert settings.webhook.allow == ("10.0.0.5:8080",)
    assert settings.numbering["offer"] == "КП-{year}-{seq:04}"
    calendar = settings.calendar
    assert (calendar.days, calendar.opens, calendar.closes) == ((0, 5), time(10), time(19, 30))
    assert not calendar.is_open(date(2027, 1, 1))
    assert calendar.is_open(date(2027, 1, 2))
    assert settings.max_effects == 50
    assert (settings.commit, settings.any_disk) == ("tick", True)


SETTINGS_FAULTS = [
    ("currenci: RUB\n", 1, "unknown key 'currenci'", "currency"),
    ("company: Ромашка\n", 1, "'company' must have keys with values", ""),
    ("company:\n  name: А\n  nam: Б\n", 3, "unknown key 'nam'", "name"),
    ("company: {email: нет}\n", 1, "is not an e-mail address", ""),
    ("language: de\n", 1, "'de' is not allowed", "ru, en"),
    ("currency: рубль\n", 1, "is not a currency; allowed: AED, ", ""),
    ("\n\ntime_zone: Europe/Moskow\n", 3, "is not a time zone, did you mean 'Europe/Moscow'", ""),
    ("time_zone: ../etc\n", 1, "is not a time zone", ""),
    ("phone_country: rus\n", 1, "is not a country code", ""),
    ("vat: {rate: 101}\n", 1, "is not a percentage", ""),
    ("vat: {rate: много}\n", 1, "is not a number", ""),
    ("vat: {included: maybe}\n", 1, "'maybe' is not allowed", "yes, no"),
    ("users:\n  Анна Орлова: {name: Анна}\n", 2, "cannot be a user's id", ""),
    ("users:\n  anna: {email: anna}\n", 2, "is not an e-mail", ""),
    ("directories: {sorces: [a]}\n", 1, "no field uses the directory 'sorces'", "sources"),
    ("directories: {sources: web}\n", 1, "must be a list of values", ""),
    ("directories:\n  sources: [a, b, a]\n", 2, "value 'a' is there twice", ""),
    ("fields: {leed: {a: {type: text}}}\n", 1, "unknown key 'leed'", "lead"),
    ("fields:\n  lead:\n    area: {label: А}\n", 3, "'type' is missing", ""),
    ("fields: {lead: {area: {type: numbr}}}\n", 1, "'numbr' is not allowed", "number"),
    ("fields: {lead: {name: {type: text}}}\n", 1, "lead already has a field 'name'", ""),
    ("fields: {deal: {today: {type: date}}}\n", 1, "already", ""),
    ("fields: {lead: {a b: {type: text}}}\n", 1, "cannot name a field", ""),
    ("fields: {lead: {c: {type: choice}}}\n", 1, "needs either choices or a directory", ""),
    ("fields: {lead: {c: {type: text, choices: [a]}}}\n", 1, "has no choices", ""),
    ("fields: {lead: {c: {type: choice, directory: colors}}}\n", 1, "no directory 'colors'", ""),
    ("fields: {lead: {c: {type: text, to: deal}}}\n", 1, "only a link", ""),
    ("fields: {lead: {c: {type: link, to: dealer}}}\n", 1, "'dealer' is not allowed", "deal"),
    ("fields: {lead: {c: {type: number, default: x}}}\n", 1, "not a number", ""),
    ("fields: {lead: {c: {type: choice, choices: [a], default: b}}}\n", 1, "is not one of the choices", ""),
    ("fields: {lead: {c: {type: text, directory: sources, default: x}}}\ndirectories: {sources: [a]}\n",
     1, "'x' is not one of sources", ""),
    ("fields: {lead: {c: {type: email, default: anna}}}\n", 1, "is not an e-mail address", ""),
    ("fields: {lead: {c: {type: date, default: soon}}}\n", 1, "'soon' is not a date", ""),
    ("company:\n  name: Скат\n  inn: 7707083894\n", 3, "INN 7707083894: the check digits are wrong", ""),
    ("company: {kpp: 1}\n", 1, "is not a KPP", ""),
    ("company:\n  accounts:\n    - {bic: 044525225}\n", 3, "'account' is missing", ""),
    ("company:\n  accounts:\n    - {account: 40702810838000012345, bic: 044525225}\n", 3,
     "does not fit BIC 044525225: the check digit is wrong", ""),
    ("company:\n  accounts:\n    - {account: 40702810938000012345, iban: 2}\n", 3, "unknown key 'iban'", "account"),
    ("channels: {mail: {deliver: outbox}}\n", 1, "'deliver' is not valid", "maildir"),
    ("channels: {mail: {deliver: 'smtp://u:secret@host'}}\n", 1, "may not contain a password", ""),
    ("channels: {mail: {from: Отдел продаж}}\n", 1, "is not a sender", ""),
    ("channels: {webhook: {allow: [10.0.0.5]}}\n", 1, "is not an address", ""),
    ("numbering: {offer: КП}\n", 1, "has no {seq}", ""),
    ("numbering: {offer: '{seq}-{day}'}\n", 1, "may hold only {year}", ""),
    ("numbering: {offer: '{seq:0999999999}'}\n", 1, "may hold only", ""),
    ("calendar: {days: [пн]}\n", 1, "'пн' is not allowed", "mon"),
    ("calendar: {hours: 9-18}\n", 1, "is not of the form 09:00-18:00", ""),
    ("calendar: {hours: '18:00-09:00'}\n", 1, "closes before it opens", ""),
    ("calendar: {holidays: [01.01.2027]}\n", 1, "is not a date", ""),
    ("calendar: {holidays: [2027-02-30]}\n", 1, "day is out of range", ""),
    ("calendar: {holidays: [2027-01-01], workdays: [2027-01-01]}\n", 1, "both", ""),
    ("automation: {max_effects: 0}\n", 1, "is not a whole number", ""),
    ("language: ru\ngit: {commit: eech}\n", 2, "'eech' is not allowed for 'commit'", "each"),
    ("git: {push: yes}\n", 1, "unknown key 'push'", "commit"),
    ("git: each\n", 1, "'git' must have keys with values", ""),
    ("storage: {any_disk: maybe}\n", 1, "'maybe' is not allowed", "yes"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message", "hint"), SETTINGS_FAULTS)
def test_each_fault_of_the_settings_has_its_line(
    tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    with pytest.raises(InvalidData) as caught:
        settings_of(tmp_path, text)
    (problem,) = caught.value.problems
    assert problem.path == "settings.yaml"
    assert problem.line == line
    assert message in problem.message
    assert hint in problem.hint
    assert caught.value.exit_code == 6


def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        settings_of(tmp_path, "channels: {mail: {password: hunter2}}\n")
    assert "hunter2" not in str(caught.value.problems) + caught.value.message
    assert "env:" in caught.value.problems[0].hint


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"settings\.yaml has 3 faults") as caught:
        settings_of(tmp_path, "language: xx\ncalendar: {hours: 9}\nvat: {rate: -1}\n")
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        settings_of(tmp_path, "language: ru\ncompany: {name: А\nlanguage: en\n")
    assert caught.value.problems[0].line >= 2


# --- pipelines ---------------------------------------------------------------------------------


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    pipelines = pipelines_of(tmp_path, GOOD)
    assert [p.id for p in pipelines] == ["leads", "sales"]
    assert pipelines.leads.entity == "lead"
    assert pipelines.leads.initial.id == "new"
    assert pipelines.leads.won.id == "won"
    assert pipelines.deals[0].name == "Продажи"
    assert pipelines.deals[0].stages[1].line == 12
    assert all(stage.kind == "open" for stage in pipelines.leads.stages[:2])


def test_everything_that_a_stage_can_say(tmp_path: Path) -> None:
    text = with_lead_stage("""
- id: meet
  name: Встреча
  color: '#39A8ef'
  max_days: 3
  probability: 30
  requires: [phone|email, name]
  robots:
    - id: call
      do: task
      with: {title: "Позвонить: {{ lead.name }}", due: 1h}
    - id: hello
      do: email
      with: {template: mail/hello.j2}
      after: 10m
      when: source = web and emails is not empty
    - id: chase
      do: comment
      with: {text: Ждём}
      after: 2d
      wait: previous
      workdays: yes
      on_error: continue
      max_late: 1d
    - id: birthday
      do: notify
      with: {text: День рождения}
      before: {field: birthday, by: 3d, time: '10:00'}
      if_past: skip
      enabled: no
  triggers:
    - {on: mail.in}
    - {on: field.changed, fields: [phone, amount], back: yes, on_closed: yes}
    - {on: paid, when: amount > 0}
""")
    meet = pipelines_of(tmp_path, text).leads.stages[-1]
    assert (meet.color, meet.max_days, meet.probability) == ("#39A8ef", 3, 30)
    assert meet.requires == (("phones", "emails"), ("name",))
    call, hello, chase, birthday = meet.robots
    assert call.params == {"title": "Позвонить: {{ lead.name }}", "due": "1h"}
    assert call.is_at_once
    assert str(call.timing) == "at once"
    assert hello.timing.after == Duration(10, "m")
    assert str(hello.when) == "source = web and emails is not empty"
    assert not hello.is_at_once
    assert chase.timing.wait_previous
    assert chase.timing.workdays
    assert (chase.on_error, chase.timing.max_late) == ("continue", Duration(1, "d"))
    assert str(chase.timing) == "2d after the robot above, in working time"
    assert (birthday.timing.before, birthday.timing.time) == ("birthday", "10:00")
    assert birthday.timing.by == Duration(3, "d")
    assert (birthday.timing.if_past, birthday.enabled) == ("skip", False)
    assert str(birthday.timing) == "3d before birthday at 10:00"
    mail, changed, paid = meet.triggers
    assert (mail.on, mail.back) == ("mail.in", False)
    assert changed.filters == {"fields": ("phones", "amount")}
    assert (changed.back, changed.on_closed) == (True, True)
    assert str(paid.when) == "amount > 0"


def test_several_pipelines_of_deals_with_schedules(tmp_path: Path) -> None:
    text = schedule(
        "cron: '0 9 * * MON-FRI', do: notify, once: yes, with: {text: Итоги},"
        " where: stage = 'В работе' and amount > 100000, catch_up: all, max_late: 2h"
    )
    text += (
        f"  - id: service\n    name: Сервис\n    stages:{STAGES.replace('    - ', '      - ')}\n"
    )
    pipelines = pipelines_of(tmp_path, text)
    assert [p.id for p in pipelines.deals] == ["sales", "service"]
    (found,) = pipelines.deals[0].schedules
    assert (found.cron, found.once, found.catch_up) == ("0 9 * * MON-FRI", True, "all")
    assert str(found.where) == "stage = 'В работе' and amount > 100000"


def test_conditions_call_stages_users_and_sources_by_name(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, "users: {anna: {name: Анна}}\ndirectories: {sources: {web: Сайт}}\n"
    )
    text = trigger("on: paid, when: owner = Анна and source = сайт and stage = 'в работе'")
    (found,) = pipelines_of(tmp_path, text, settings).leads.stages[-1].triggers
    assert "web" in str(found.when.tree) if found.when else False
    text = trigger("on: paid, when: source = сойт")
    (problem,) = faults(tmp_path, text, settings)
    assert "not a value of 'source'" in problem.message


def test_an_initial_stage_may_be_marked(tmp_path: Path) -> None:
    assert pipelines_of(tmp_path, stage("initial: yes")).leads.initial.id == "extra"
    assert pipelines_of(tmp_path, stage("initial: no")).leads.initial.id == "new"


def test_a_custom_field_may_be_required_and_timed_by(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "fields: {lead: {visit: {type: datetime}}}\n")
    text = with_lead_stage("""
- id: extra
  name: Замер
  requires: [visit]
  robots:
    - {id: r, do: notify, with: {text: Замер}, at: {field: visit}}
""")
    assert pipelines_of(tmp_path, text, settings).leads.stages[-1].requires == (("visit",),)
    assert len(faults(tmp_path, text)) == 2


LEAD_TASK = "do: task, with: {title: А}"

# text, line, what the message says, what the hint says, whether the JSON Schema sees it too
PIPELINE_FAULTS = [
    ("leads: []\n" + GOOD[GOOD.index("deals:"):], 1, "'leads' must have keys with values", "", True),
    (GOOD[: GOOD.index("deals:")], 1, "'deals' is missing", "", True),
    (GOOD[: GOOD.index("deals:")] + "deals: []\n", 7, "there is no deal pipeline", "", True),
    (GOOD.replace("deals:\n", "deal:\n"), 7, "unknown key 'deal'", "deals", True),
    (GOOD.replace("id: sales", "id: leads"), 8, "'leads' is the pipeline of leads", "", True),
    (GOOD.replace("id: sales\n", "id: Sales\n"), 8, "'Sales' is not an id", "small latin", True),
    (GOOD.replace("    name: Продажи\n", ""), 8, "'name' is missing", "", True),
    (GOOD.replace("id: working, name", "id: working, nam", 1), 4, "unknown key 'nam'", "name", True),
    (GOOD.replace("{id: working, name: В работе}", "working", 1), 4, "must have keys with values", "", True),
    (GOOD.replace("id: working", "id: new", 1), 4, "stage 'new' is there twice", "line 3", False),
    (GOOD.replace("id: working", "id: Работа", 1), 4, "'Работа' is not an id", "", True),
    (GOOD.replace(", kind: won", "", 1), 2, "no stage is of kind won", "kind: won", True),
    (GOOD.replace("kind: lost", "kind: won", 1), 6, "one won stage only", "line 5", True),
    (GOOD.replace(", kind: lost", "", 1), 2, "no stage is of kind lost", "", True),
    (GOOD.replace("kind: won", "kind: wonn", 1), 5, "'wonn' is not allowed", "did you mean 'won'", True),
    (GOOD.replace("Новый}", "Новый, kind: lost}", 1), 3, "the initial stage must be open", "", False),
    (GOOD.replace("Провал, ", "Провал, initial: yes, ", 1), 6, "must be open", "", False),
    (stage("initial: yes").replace("Новый}", "Новый, initial: yes}", 1), 7, "one initial stage only", "line 3", False),
    (stage("initial: maybe"), 7, "'maybe' is not allowed", "", True),
    (stage("color: red"), 7, "'red' is not a colour", "#39a8ef", True),
    (stage("color: '#39a8e'"), 7, "is not a colour", "", True),
    (stage("max_days: 0"), 7, "whole number from 1", "", True),
    (stage("max_days: скоро"), 7, "whole number from 1", "", True),
    (stage("probability: 101"), 7, "whole number from 0 to 100", "", True),
    (stage("requires: phone"), 7, "'requires' must be a list", "", True),
    (stage("requires: [phonee]"), 7, "a lead has no field 'phonee'", "phones", False),
    (stage("requires: [phone|close_by]"), 7, "no field 'close_by'", "", False),
    (stage("colour: '#39a8ef'"), 7, "unknown key 'colour'", "color", True),
    (stage("robots: {call: 1}"), 7, "'robots' must be a list", "", True),
    (robot("do: tsk"), 10, "'tsk' is not allowed for 'do'", "did you mean 'task'", True),
    (robot("with: {title: А}"), 10, "'do' is missing", "", True),
    (robot(f"{LEAD_TASK}, afterr: 1d"), 10, "unknown key 'afterr'", "after", True),
    (robot("do: task"), 10, "task needs title", "", True),
    (robot("do: task, with: А"), 10, "'with' must have keys with values", "", True),
    (robot("do: task, with: {due: 1h}"), 10, "'title' is missing", "", True),
    (robot("do: task, with: {titel: А, title: Б}"), 10, "unknown key 'titel'", "title", True),
    (robot("do: task, with: {title: А, due: скоро}"), 10, "'due'", "tomorrow", False),
    (robot("do: task, with: {title: [А, Б]}"), 10, "must be a single value", "", True),
    (robot("do: email, with: {template: mail/helo.j2}"), 10, "no template templates/mail/helo.j2", "mail/hello.j2", False),
    (robot("do: email, with: {template: ../settings.yaml}"), 10, "outside templates/", "", True),
    (robot("do: email, with: {template: /etc/passwd}"), 10, "outside templates/", "", True),
    (robot("do: move, with: {stage: workng}"), 10, "no stage 'workng' here", "working", False),
    (robot("do: set, with: {stage: working}"), 10, "set cannot move", "do: move", True),
    (robot("do: set, with: {created_at: now}"), 10, "cannot be set", "", True),
    (robot("do: set, with: {amont: 5}"), 10, "no field 'amont'", "amount", False),
    (robot("do: set"), 10, "set needs a field", "", True),
    (robot("do: webhook, with: {url: 'ftp://a.ru'}"), 10, "is not an address", "", True),
    (robot("do: webhook, with: {url: 'https://a.ru', secret: hunter2}"), 10, "does not belong in this file", "", True),
    (robot(f"{LEAD_TASK}, after: soon"), 10, "'soon' is not a time", "", True),
    (robot(f"{LEAD_TASK}, after: 1d, at: {{field: birthday}}"), 10, "after and at cannot be combined", "", True),
    (robot(f"{LEAD_TASK}, at: {{field: amount}}"), 10, "no date field 'amount'", "birthday", False),
    (robot(f"{LEAD_TASK}, at: birthday"), 10, "'at' must have keys with values", "", True),
    (robot(f"{LEAD_TASK}, before: {{field: birthday}}"), 10, "'by' is missing", "", True),
    (robot(f"{LEAD_TASK}, at: {{field: birthday, time: '25:00'}}"), 10, "not a time of day", "", True),
    (robot(f"{LEAD_TASK}, wait: next"), 10, "'next' is not allowed", "previous", True),
    (robot(f"{LEAD_TASK}, when: source ="), 10, "'when':", "", False),
    (robot(f"{LEAD_TASK}, when: sourc = web"), 10, "sourc", "source", False),
    (robot(f"{LEAD_TASK}, when: stage = wrking"), 10, "is not a value of 'stage'", "working", False),
    (robot(f"{LEAD_TASK}, if_past: later"), 10, "'later' is not allowed", "run, skip", True),
    (robot(f"{LEAD_TASK}, on_error: retry"), 10, "'retry' is not allowed", "stop, continue", True),
    (trigger("when: amount > 0"), 10, "'on' is missing", "", True),
    (trigger("on: mail.inn"), 10, "no event 'mail.inn'", "mail.in", True),
    (trigger("on: Оплата"), 10, "cannot be a code", "", True),
    (trigger("on: mail.in, fields: [name]"), 10, "'fields' does not go with on: mail.in", "", True),
    (trigger("on: field.changed, fields: [nam]"), 10, "no field 'nam'", "name", False),
    (robot(f"{LEAD_TASK}, after: 6000w"), 10, "more than a hundred years", "", False),
    (trigger("on: mail.in, bak: yes"), 10, "unknown key 'bak'", "back", True),
    (schedule("cron: '0 9 * *', do: notify, with: {text: А}"), 16, "has 4 fields", "", True),
    (schedule("cron: '0 0 9 * * *', do: notify, with: {text: А}"), 16, "has 6 fields", "", True),
    (schedule("cron: '@daily', do: notify, with: {text: А}"), 16, "has 1 fields", "", True),
    (schedule("cron: 'R 9 * * *', do: notify, with: {text: А}"), 16, "'r' is not valid as the minute", "", False),
    (schedule("cron: '61 9 * * *', do: notify, with: {text: А}"), 16, "'61' is not valid as the minute", "", False),
    (schedule("cron: '0 9 * * fri-mon', do: notify, with: {text: А}"), 16, "runs backwards", "", False),
    (schedule("do: notify, with: {text: А}"), 16, "'cron' is missing", "", True),
    (schedule("cron: '0 9 * * 1', do: move, once: yes, with: {stage: new}"), 16, "cannot run once", "", True),
    (schedule("cron: '0 9 * * 1', do: email, once: yes, with: {template: mail/hello.j2}"), 16, "needs 'to'", "", True),
    (schedule("cron: '0 9 * * 1', do: notify, with: {text: А}, catch_up: some"), 16, "'some' is not allowed", "one, all, none", True),
    (schedule("cron: '0 9 * * 1', do: notify, with: {text: А}, where: close_by <"), 16, "'where':", "", False),
    (schedule("cron: '0 9 * * 1', do: notify, with: {text: Добрый день, коллеги}"), 16, "unknown key 'коллеги'", "a comma needs quotes", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message", "hint", "seen"), PIPELINE_FAULTS)
def test_each_fault_of_the_pipelines_has_its_line(
    tmp_path: Path, text: str, line: int, message: str, hint: str, seen: bool
) -> None:
    found = [p for p in faults(tmp_path, text) if message in p.message]
    assert found, f"not among {faults(tmp_path, text)}"
    assert found[0].path == "pipelines.yaml"
    assert found[0].line == line
    assert hint in found[0].hint


GOOD_FILES = [
    GOOD,
    GOOD.replace("leads:\n", "leads:\n  name: Лиды\n  schedules:\n"),
    stage("initial: yes, color: '#AABBCC', max_days: 5, probability: 0, requires: [phone|email]"),
    with_lead_stage("- id: extra\n  name: Ещё\n  color:\n  max_days:\n  requires:\n  robots:"),
    robot(LEAD_TASK),
    robot("do: task, with: {title: 5, due: '{{ lead.birthday }}', owner: anna, comment: а}"),
    robot("do: set, with: {comment: Новый, tags: [vip, дом]}, after: 2w, workdays: yes"),
    robot("do: move, with: {stage: lost, reason: Не ответил}, after: 30d"),
    robot("do: move, with: {stage: lost, reason: Не ответил}, after: 30D"),
    robot("do: notify, with: {text: А, to: [anna, boris@example.ru]}, enabled: false"),
    robot("do: webhook, with: {url: 'https://example.com/x', secret: 'env:HOOK', headers: {a: b}}"),
    robot(f"{LEAD_TASK}, at: {{field: birthday, time: '09:30'}}, if_past: skip, wait: previous"),
    trigger("on: task.done, back: true, on_closed: no"),
    trigger("on: field.changed, fields: [source]"),
    trigger("on: оплата".replace("оплата", "paid-in_full")),
    schedule("cron: '*/5 8-18 1,15 jan-mar mon-sun', do: comment, with: {text: А}, max_late: 1h"),
    schedule("cron: '0 9 * * 1', do: email, once: yes, with: {template: mail/hello.j2, to: a@b.ru}"),
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD_FILES)
def test_schema_and_loader_accept_the_same(tmp_path: Path, text: str) -> None:
    pipelines_of(tmp_path, text)
    assert schema_accepts("pipelines", text)


@pytest.mark.parametrize(("text", "seen"), [(case[0], case[4]) for case in PIPELINE_FAULTS])
def test_schema_refuses_what_it_can_see(text: str, seen: bool) -> None:
    assert schema_accepts("pipelines", text) is not seen


CHECKED_BY_THE_LOADER_ALONE = (
    "time zone", "is there twice", "no field uses", "already", "no directory", "not a number",
    "is not one of the choices", "not one of sources", "is not an e-mail address", "check digit", "is not a KPP",
    "'soon'", "closes before", "day is out of range", "both",
)  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [(case[0], case[2]) for case in SETTINGS_FAULTS])
def test_the_schema_of_settings_refuses_what_it_can_see(text: str, message: str) -> None:
    unseen = any(words in message for words in CHECKED_BY_THE_LOADER_ALONE)
    if not unseen:
        assert not schema_accepts("settings", text)


@pytest.mark.parametrize("text", [FULL, "company:\nusers:\n", "channels:\n  mail:\n    deliver:\n"])
def test_schema_and_loader_accept_the_same_settings(tmp_path: Path, text: str) -> None:
    settings_of(tmp_path, text)
    assert schema_accepts("settings", text)


def test_two_robots_with_one_id(tmp_path: Path) -> None:
    text = with_lead_stage(
        f"- id: extra\n  name: Ещё\n  robots:\n    - {{id: r, {LEAD_TASK}}}\n    - {{id: r, {LEAD_TASK}}}"
    )
    (problem,) = faults(tmp_path, text)
    assert (problem.line, problem.message) == (11, "robot 'r' is there twice")
    assert problem.hint == "the first is in line 10"


def test_moves_that_never_end_are_an_error(tmp_path: Path) -> None:
    def ring(more: str) -> str:
        return GOOD.replace(
            "{id: new, name: Новый}",
            "{id: new, name: А, robots: [{id: m, do: move, with: {stage: working}}]}", 1,
        ).replace(
            "{id: working, name: В работе}",
            f"{{id: working, name: Б, robots: [{{id: m, do: move, with: {{stage: new}}{more}}}]}}", 1,
        )  # fmt: skip

    (problem,) = faults(tmp_path, ring(""))
    assert problem.line == 3
    assert "new -> working -> new" in problem.message
    assert faults(tmp_path, ring(", after: 0m"))
    for brake in (", after: 1d", ", when: amount > 5", ", enabled: no"):
        pipelines_of(tmp_path, ring(brake))


def test_every_fault_is_told_in_the_order_of_lines(tmp_path: Path) -> None:
    text = GOOD.replace("kind: won", "kind: wonn", 1).replace("kind: lost", "kindd: lost", 1)
    with pytest.raises(InvalidData, match=r"pipelines\.yaml has 4 faults") as caught:
        pipelines_of(tmp_path, text)
    assert [problem.line for problem in caught.value.problems] == [2, 2, 5, 6]


@pytest.mark.parametrize("text", ["", "# пусто\n", "leads: x\ndeals: y\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="declares no pipelines"):
        load_pipelines(tmp_path, Schema())


# --- whatever stands there ---------------------------------------------------------------------

STARTER = Path(crmcli.__file__).parent / "starter"
ODD = ("", "x", "-1", "0", "да", [], {}, ["a"], [[]], {"a": "b"}, [{}], {"id": ["x"]})


def places(node: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of a document."""
    below: list[tuple[str | int, object]] = []
    if isinstance(node, dict):
        below = [(str(key), value) for key, value in node.items()]
    elif isinstance(node, list):
        below = list(enumerate(node))
    return [path, *(place for key, value in below for place in places(value, (*path, key)))]


@examples(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), name=st.sampled_from(["demo/settings", "ru/pipelines"]))
def test_anything_anywhere_is_read_or_refused(
    tmp_path: Path, data: st.DataObject, name: str
) -> None:
    document = yaml.load((STARTER / f"{name}.yaml").read_text(encoding="utf-8"), Loader=Core)
    for _ in range(data.draw(st.integers(1, 3))):
        *above, last = data.draw(st.sampled_from(places(document)[1:]))
        node = document
        for step in above:
            node = node[step]
        node[last] = deepcopy(data.draw(st.sampled_from(ODD)))
    text = yaml.safe_dump(document, allow_unicode=True)
    try:
        if name == "ru/pipelines":
            pipelines_of(tmp_path, text)
        else:
            settings_of(tmp_path, text)
    except InvalidData as refused:
        found = refused.problems
    else:
        return
    assert found
    assert all(problem.line > 0 for problem in found)


def test_a_mail_server_needs_to_know_from_whom_letters_are(tmp_path: Path) -> None:
    mail = "channels:\n  mail:\n    deliver: smtp://mail.example.ru\n"
    with pytest.raises(InvalidData) as caught:
        settings_of(tmp_path, mail)
    [problem] = caught.value.problems
    assert (problem.line, "needs a From address" in problem.message) == (3, True)
    settings_of(tmp_path, mail + "    from: Продажи <sales@example.ru>\n")
    settings_of(tmp_path, "company: {email: sales@example.ru}\n" + mail)


def test_the_schemas_of_the_project_are_what_the_loaders_check() -> None:
    root = Path(crmcli.__file__).parents[1]
    for path, content in schema_files().items():
        assert (root / path).read_bytes() == content, "run make docs"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("settings", "automation: {max_effects: '50'}\nstorage: {any_disk: 'true'}\n"),
        ("settings", 'vat: {rate: "20", included: "no"}\n'),
        ("pipelines", GOOD.replace("name: Новый", "name: Новый, max_days: '3'")),
        ("views", "leads:\n  - {id: a, name: A, limit: '10'}\n"),
    ],
)  # fmt: skip
def test_what_stands_in_quotes_is_what_it_says(tmp_path: Path, name: str, text: str) -> None:
    if name == "settings":
        settings_of(tmp_path, text)
    elif name == "pipelines":
        assert "'3'" in text
        pipelines_of(tmp_path, text)
    assert schema_accepts(name, text)
