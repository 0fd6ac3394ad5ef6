"""A user leaves: all goes on to another at once, the doors close, and crm undo takes it back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.errors import Forbidden
from crmcli.sales.settings import feeds, leaving
from crmcli.sales.stages import move
from crmcli.web.opening import Opening
from crmcli.workspace.acting import NoRights
from tests import kit
from tests.rights.conftest import SETTINGS, Base
from tests.tui.screen import running

Crm = Callable[..., kit.Run]
RULES = """
stages:
  - id: new
    name: Новая
    robots:
      - {id: ask, do: task, with: {title: Позвонить, owner: olga}}   # hers
      - id: turn
        do: owner
        with:
          to: round_robin
          among: [anna, Ольга Чайкина]
        after: 1d
      - {id: put, do: set, with: {owner: olga, comment: olga}, after: 2d}
  - id: talks
    name: Переговоры
    triggers:
      - {on: owner.changed}
schedules:
  - {id: tell, cron: '0 9 * * 1', do: notify, with: {to: 'olga, boris', text: Привет}, where: owner = olga}
"""
HERS = """olga:
    name: Ольга Чайкина  # the elder
    email: olga@chai.example
    phone: +7 916 000-00-00
    extensions: [101, 102]
    telegram: 777
    head: root"""
FILES = ("settings.yaml", "access.yaml", "pipelines.yaml", "forms.yaml")


@pytest.fixture
def held(base: Base) -> Base:
    """The base, in which olga has all that one can have."""
    settings = SETTINGS.replace("olga: {name: Ольга Чайкина}", HERS)
    settings = settings.replace(
        "ivan: {name: Иван Гора}", "ivan: {name: Иван Гора, head: olga, deputy: olga}"
    )
    rules = "assignment:\n  - {when: source = web, to: [olga, boris]}\n  - to: olga\n"
    kit.write(base.root, "settings.yaml", settings + rules)
    kit.write(base.root, "pipelines.yaml", kit.pipelines(RULES))
    form = (
        "forms:\n  site:\n    title: A\n    owner: olga  # for now\n    fields: [{name: phone}]\n"
    )
    kit.write(base.root, "forms.yaml", form)
    return base


def texts(base: Base) -> dict[str, str]:
    return {name: (base.root / name).read_text() for name in FILES}


def records(base: Base) -> dict[str, bytes]:
    found = kit.records_of(base.root)
    return {path: text for path, text in found.items() if not path.startswith("data/audit/")}


def owners(base: Base) -> dict[str, str]:
    ws = base.open("root")
    return {name: str(ws.get(record.id).get("owner")) for name, record in base.records.items()}


def test_all_goes_on_in_one_transaction_and_comes_back(crm: Crm, held: Base) -> None:
    acts = {"cwd": held.root, "CRM_USER": "root"}
    assert crm("tick", **acts).code == 0
    before, whose, data = texts(held), owners(held), records(held)
    dry = crm("user", "off", "Чайкина", "--give-to", "Петрова", "--dry-run", "--json", **acts)
    assert (texts(held), records(held)) == (before, data)
    done = crm("user", "off", "Чайкина", "--give-to", "Петрова", "--yes", "--json", **acts)
    assert json.loads(dry.out) == json.loads(done.out)
    now = texts(held)
    for name, lost in (
        ("settings.yaml", ("+7 916 000-00-00", "777", "[olga", "head: olga", "deputy: olga")),
        ("pipelines.yaml", ("owner: olga,", "Ольга Чайкина]", "'olga")),
        ("forms.yaml", ("olga",)), ("access.yaml", ("head: olga",)),
    ):  # fmt: skip
        assert not [one for one in lost if one in now[name]], now[name]
    assert "# the elder" in now["settings.yaml"] and "# hers" in now["pipelines.yaml"]  # noqa: PT018
    assert "comment: olga" in now["pipelines.yaml"]  # a text, not a user
    anna = held.open("root").settings.users["anna"]
    assert (anna.aliases, anna.extensions) == (("olga@chai.example",), ("101", "102"))
    assert owners(held) == {name: "anna" if who == "olga" else who for name, who in whose.items()}
    assert crm("check", **acts).code == 0
    assert crm("tick", **acts).code == 0
    deal = held.records["deal olga"].id
    assert held.open("root").get(deal).get("stage") == "new"  # owner.changed was not heard
    assert held.open("anna").get(deal)
    assert crm("deal", "list", cwd=held.root, CRM_USER="olga").code == 4
    assert crm("undo", "--yes", **acts).code == 0
    assert (texts(held), owners(held)) == (before, whose)
    assert crm("deal", "list", cwd=held.root, CRM_USER="olga").code == 0


def test_what_is_closed_stays_unless_it_is_wanted(held: Base) -> None:
    deal = held.records["deal olga"].id
    move(held.open("root"), deal, "won")
    done = leaving.put_off(held.open("root"), "olga", "anna")
    assert (done.stays, held.open("root").get(deal).get("owner")) == ({"deal": 1}, "olga")
    named = [line_of(held, words) for words in ("comment: olga", "where: owner = olga")]
    assert done.named == [f"pipelines.yaml:{line}" for line in named]
    again = leaving.put_off(held.open("root"), "olga", "boris", "amount > 5", finished=True)
    assert (dict(again.records), held.open("root").get(deal).get("owner")) == ({"deal": 1}, "boris")


def line_of(base: Base, words: str) -> int:
    rows = (base.root / "pipelines.yaml").read_text().split("\n")
    return next(n for n, row in enumerate(rows, 1) if words in row)


def test_records_may_go_to_several(held: Base) -> None:
    first = leaving.put_off(held.open("root"), "olga", "anna", "name ~ Сделка")
    assert set(first.records) == {"deal"}
    rest = leaving.put_off(held.open("root"), "olga", "boris")
    assert "deal" not in rest.records
    assert set(owners(held).values()) == {"", "anna", "boris", "ivan", "root"}


WRONG = [
    ("root", "anna", ""), ("olga", "olga", ""), ("olga", "ivan2", ""), ("olga", "anna", "flavour = tea"),
    ("olga", "", "amount > 5"),
]  # fmt: skip


@pytest.mark.parametrize(("user", "heir", "where"), WRONG)
def test_what_cannot_be_meant_is_refused(
    crm: Crm, held: Base, user: str, heir: str, where: str
) -> None:
    before = texts(held)
    run = crm(
        "user", "off", user, *(["--give-to", heir] if heir else []), *(["--where", where] if where else []),
        "--yes", cwd=held.root, CRM_USER="root",
    )  # fmt: skip
    assert run.code in (1, 2)
    assert len(run.err.splitlines()) == 2
    assert texts(held) == before


def test_who_may_not_change_rights_puts_nobody_off(held: Base) -> None:
    before, data = texts(held), records(held)
    for user in ("boris", "anna", "ivan"):
        with pytest.raises(Forbidden):
            leaving.put_off(held.open(user), "olga", "anna")
    assert (texts(held), records(held)) == (before, data)


def test_without_rights_all_others_keep_theirs(crm: Crm, tmp_path: Path) -> None:
    root = kit.workspace(tmp_path / "team", kit.pipelines(), SETTINGS)
    acts = {"cwd": root, "CRM_USER": "root"}
    assert crm("user", "off", "olga", "--yes", **acts).code == 0
    assert crm("lead", "list", cwd=root, CRM_USER="olga").code == 4
    assert crm("lead", "add", "--name", "А", cwd=root, CRM_USER="anna").code == 0
    assert crm("user", "on", "olga", **acts).code == 0
    assert crm("user", "on", "olga", **acts).code == 1


def test_open_doors_close_at_once(held: Base) -> None:
    token = feeds.give(held.open("root"), "olga")
    ws, watch = held.open("olga"), held.open("olga").watch()
    seen = watch()
    assert feeds.holder(held.open("root"), token)
    kit.append(
        held.root, "access.yaml", "off: [olga]\n"
    )  # by hand, which takes nothing out of settings.yaml
    assert watch() != seen
    with pytest.raises(NoRights):
        held.open(ws.user)
    assert feeds.holder(held.open("root"), token) is None


def test_an_open_board_is_left_at_once(base: Base) -> None:
    with running(base.root, "board", environ={"CRM_USER": "anna"}) as screen:
        screen.until("Сделка anna")
        started = time.monotonic()
        leaving.put_off(base.open("root"), "anna", "boris")
        screen.until("crm: error: 'anna' has no rights here")
        assert b"\x1b[?1049l" in screen.written  # the terminal as it was before the board
        assert time.monotonic() - started < 10  # a second or two, on a machine that is not busy


def test_a_server_goes_on_when_who_started_it_leaves(held: Base) -> None:
    serve = Opening(held.root, "olga", kit.NOW)
    assert set(serve().forms.forms) == {"site"}
    leaving.put_off(held.open("root"), "olga", "anna")
    assert serve().forms.forms["site"].owner == "anna"
    assert serve().count("deal") == 5
