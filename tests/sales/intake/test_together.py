"""Many that came in are taken up in few transactions, and come to what they come to one by one."""

from __future__ import annotations

import os
from pathlib import Path

from crmcli.automation.receive import take_up
from crmcli.model.event import COMMAND
from crmcli.sales import forms
from crmcli.sales.intake import kept
from tests.kit import opened, write

FORMS = """
forms:
  callback:
    title: Обратный звонок
    fields: [{name: name}, {name: phone}, {name: email}, {name: comment}]
    consent: {text: Согласен}
"""
SENT = [
    *(f"name=Гость {n}&phone=%2B7916000{n:04}&_consent=yes" for n in range(40)),
    "name=Опять&phone=8 916 000-00-39&comment=ещё раз",  # in the same spelling of nobody, at once
    "name=Анна&email=anna@kafe.example, anna@dom.example",
    "name=Анна&email=anna@dom.example&comment=я снова",
    "name=Пётр&phone=8 917 000-00-00",
]


def _keep(folder: Path) -> None:
    write(folder, "forms.yaml", FORMS)
    ws = opened(folder)
    form = forms.form_named(ws, "callback")
    kept.keep(ws, "form", [
        forms.arrived(ws, form, text.encode(), f"t{number}") for number, text in enumerate(SENT)
    ])  # fmt: skip


def test_many_share_transactions_and_who_comes_twice_is_known(folder: Path) -> None:
    _keep(folder)
    done = take_up(opened(folder))
    assert [one.is_new for one in done] == [True] * 40 + [False, True, False, True]
    assert done[40].record is not None
    assert done[40].record.get("name") == "Гость 39"
    assert done[42].record == done[41].record
    ws = opened(folder)
    assert len(ws.select("lead")) == 42
    began = [event for event in ws.events() if event.data.get(COMMAND) == "intake take"]
    assert len(began) < 5  # transactions; one for each would be 44
    causes = {e.cause for e in ws.events(kinds=("lead.created",))}
    assert causes == {one.kept.id for one in done if one.is_new}  # each is told of its own cause
    assert take_up(opened(folder)) == []


def test_one_that_is_refused_keeps_none_of_the_others(folder: Path) -> None:
    _keep(folder)
    ws = opened(folder)
    broken = kept.waiting(ws)[3]
    path = next((folder / "data/files").glob(f"*/{broken.file}"))
    path.write_bytes(b"somebody else's")
    done = take_up(ws)
    assert [one.kept.id for one in done if one.failed] == [broken.id]
    assert len(opened(folder).select("lead")) == 41


def test_who_is_least_busy_is_asked_for_each(folder: Path) -> None:
    write(folder, "settings.yaml", (
        "users: {anna: {name: Анна}, boris: {name: Борис}}\n"
        "assignment: [{to: [anna, boris], by: least_busy}]\n"
    ))  # fmt: skip
    _keep(folder)
    take_up(opened(folder))
    owners = [str(lead.get("owner")) for lead in opened(folder).select("lead")]
    assert abs(owners.count("anna") - owners.count("boris")) <= 1


def test_an_index_that_is_looked_at_again_leaves_no_file_open(folder: Path) -> None:
    ws = opened(folder)

    def held() -> int:
        return len(os.listdir("/proc/self/fd"))

    ws.select("lead")
    before = held()
    for _ in range(5):
        ws.look_again()
        ws.select("lead")
    assert held() == before
