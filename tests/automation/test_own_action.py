"""An action is its row in model.actions and its file in automation.actions, and that is all."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from crmcli.automation import actions
from crmcli.automation.approval.acts import acts_of
from crmcli.automation.config_checks import look_through
from crmcli.automation.explain import explain
from crmcli.automation.simulate import rehearse
from crmcli.model.action import Action, Param
from crmcli.model.actions import ACTIONS, leaves
from crmcli.present.automation import plan
from crmcli.store.config.schemas import schema_files

FILE = """
from crmcli.automation.actions.work import Effect
from crmcli.sales import activities

def run(work):
    text = work.text("say")
    activities.log_in(work.change, work.target, "call.out", text)
    return Effect("done", words=f"call and say {text}")

def announced(params):
    return f"calls and says {params['say']}"
"""
RULES = """
    stages:
      - {id: new, name: Новая, robots: [{id: hi, do: phone, with: {say: "Привет, {{ deal.name }}"}}]}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Провал, kind: lost}
    """


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Action:
    """An action that phones somebody, declared as CONTRIBUTING.md says."""
    folder = tmp_path / "actions"
    folder.mkdir()
    (folder / "phone.py").write_text(FILE, encoding="utf-8")
    monkeypatch.setattr(actions, "__path__", [*actions.__path__, str(folder)])
    monkeypatch.delitem(sys.modules, "crmcli.automation.actions.phone", raising=False)
    text = Param("say", "text", "What to say.", required=True)
    monkeypatch.setitem(ACTIONS, "phone", Action("A call.", (text,), once=True))
    return ACTIONS["phone"]


def test_the_rules_are_checked(house: Any, phone: Action) -> None:
    house.rules(RULES)
    assert look_through(house.root, house.now).faults == ()
    house.rules(RULES.replace("say:", "sai:"))
    assert [problem.message for problem in house.ws.faults_of_rules()] == [
        "unknown key 'sai'",
        "'say' is missing",
    ]
    house.rules(RULES.replace("deal.name", "deal.nam"))
    assert "no field 'deal.nam'" in str(look_through(house.root, house.now).faults)


def test_editors_know_it(phone: Action) -> None:
    validator = jsonschema.Draft7Validator(
        json.loads(schema_files()["schema/pipelines.schema.json"])
    )

    def accepts(text: str) -> bool:
        leads = "leads: {stages: [{id: a, name: a}, {id: b, name: b, kind: won}, {id: c, name: c, kind: lost}]}\n"
        return validator.is_valid(yaml.safe_load(f"{leads}deals:\n- id: sales\n  name: s\n{text}"))

    assert accepts(RULES.replace("\n    ", "\n  "))
    assert not accepts(RULES.replace("\n    ", "\n  ").replace("say:", "sai:"))


def test_it_is_foreseen_explained_and_done(house: Any, phone: Action) -> None:
    house.rules(RULES)
    deal = house.add("deal", name="Чай")
    [line] = rehearse(house.ws, house.now + timedelta(days=1))
    assert (line.who, line.what) == ("robot hi", "phone: call and say Привет, Чай")
    found = plan(rehearse(house.ws, house.now))
    assert [row["what"] for row in found.rows] == ["phone: call and say Привет, Чай"]
    assert [(one.robot, one.action, one.state) for one in explain(house.ws, deal.id)] == [
        ("hi", "phone", "due")
    ]
    house.tick()
    [call] = [event for event in house.events() if event.kind == "call.out"]
    assert (call.record, call.data["text"]) == (deal.id, "Привет, Чай")
    before = len(house.events())
    house.tick()
    assert len(house.events()) == before


def test_one_that_leaves_the_machine_waits_for_approval(
    house: Any, phone: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert acts_of(lambda path: RULES_FILE if path == "pipelines.yaml" else None) == []
    monkeypatch.setitem(ACTIONS, "phone", Action("A call.", phone.params, leaves="phone"))
    [act] = acts_of(lambda path: RULES_FILE if path == "pipelines.yaml" else None)
    assert str(act) == "sales/new/hi calls and says Привет, {{ deal.name }}"


RULES_FILE = f"deals:\n  - id: sales\n    name: s{RULES}".encode()


@pytest.mark.parametrize("name", list(ACTIONS))
def test_every_action_has_its_file(name: str) -> None:
    from crmcli.automation.actions.work import module_of

    module = module_of(name)
    assert callable(module.run)
    assert callable(getattr(module, "announced", None)) is leaves(name)
