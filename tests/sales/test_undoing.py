"""Taking back: whatever was done is undone step by step, byte for byte, and what came since is kept."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.errors import NotFound
from crmcli.sales import activities, deals, imports, leads, stages, tasks
from crmcli.sales.history import undo
from crmcli.sales.imports import ImportOptions
from crmcli.sales.records import edit, remove
from crmcli.sales.records.edit import Edit
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW
from tests.sales.conftest import PIPELINES, SETTINGS

PHONE = "8 912 345-67-89"


def lead(ws: Workspace, **more: str) -> str:
    given = {"name": "Кровля", "phones": PHONE, "company_name": "Ромашка", **more}
    return kit.lead(ws, **given).id


# --- one by one -----------------------------------------------------------------------------------


def test_nothing_to_undo(ws: Workspace) -> None:
    with pytest.raises(undo.NothingToUndo):
        undo.undo(ws)


def test_a_new_record_goes_and_comes_again(ws: Workspace) -> None:
    lead_id = lead(ws)
    made = kit.records_of(ws.root)
    done = undo.undo(ws)
    assert [(b.id if b else "", a) for b, a in done.records] == [(lead_id, None)]
    assert kit.records_of(ws.root) == {}
    undo.redo(ws)
    assert kit.records_of(ws.root) == made
    with pytest.raises(undo.NothingToUndo):
        undo.redo(ws)


def test_the_next_undo_goes_further_back(ws: Workspace) -> None:
    lead_id = lead(ws)
    kit.edit(ws, lead_id, amount="100")
    kit.edit(ws, lead_id, amount="200")
    undo.undo(ws)
    assert str(ws.get(lead_id).get("amount")) == "100"
    undo.undo(ws)
    assert ws.get(lead_id).get("amount") is None
    undo.undo(ws)
    assert not ws.exists(lead_id)


def test_several_at_once_are_one_change(ws: Workspace) -> None:
    empty = kit.records_of(ws.root)
    lead_id = lead(ws)
    kit.edit(ws, lead_id, amount="100")
    leads.convert(ws, lead_id, leads.ConvertOptions())
    full = kit.records_of(ws.root)
    undo.undo(ws, 3)
    assert kit.records_of(ws.root) == empty
    undo.redo(ws)
    assert kit.records_of(ws.root) == full


def test_an_undo_of_a_redo_and_so_on(ws: Workspace) -> None:
    lead_id = lead(ws)
    kit.edit(ws, lead_id, amount="100")
    for _ in range(3):
        undo.undo(ws)
        assert ws.get(lead_id).get("amount") is None
        undo.redo(ws)
        assert str(ws.get(lead_id).get("amount")) == "100"
    undo.undo(ws, 2)
    assert not ws.exists(lead_id)


def test_two_commands_in_one_second_are_two_changes(ws: Workspace) -> None:
    first, second = lead(ws), lead(ws, name="Навес", phones="8 912 345-67-90")
    undo.undo(ws)
    assert ws.exists(first)
    assert not ws.exists(second)


def test_a_bulk_edit_is_one_change(ws: Workspace) -> None:
    ids = [lead(ws, name=f"Лид {n}", phones=f"8 912 345-67-{n:02}") for n in range(5)]
    edit.bulk(ws, "lead", ws.condition("name ~ лид", "lead"), kit.put(owner="boris"))
    done = undo.undo(ws)
    assert len(done.records) == 5
    assert {ws.get(i).get("owner") for i in ids} == {"anna"}


def test_a_removal_with_its_links_comes_back(ws: Workspace) -> None:
    company = kit.company(ws, name="Ромашка").id
    kit.contact(ws, name="Анна", companies=f"{company}: директор")
    before = kit.records_of(ws.root)
    remove.remove(ws, company, unlink=True)
    undo.undo(ws)
    assert kit.records_of(ws.root) == before


def test_unknown_keys_come_back(ws: Workspace) -> None:
    lead_id = lead(ws)
    path = next((ws.root / "data/leads").glob("*/*.yaml"))
    path.write_text(path.read_text(encoding="utf-8") + "own:\n  - a\n  - b\n", encoding="utf-8")
    before = kit.records_of(ws.root)
    remove.remove(ws, lead_id)
    undo.undo(ws)
    assert kit.records_of(ws.root) == before


def test_a_conversion_goes_whole(ws: Workspace) -> None:
    lead_id = lead(ws, amount="100")
    task = kit.task(ws, name="Позвонить", about=lead_id).id
    before = kit.records_of(ws.root)
    plan = leads.convert(ws, lead_id, leads.ConvertOptions())
    assert ws.get(task).get("about") == plan.ids["deal"]
    undo.undo(ws)
    assert kit.records_of(ws.root) == before


def test_a_finished_task_is_open_again(ws: Workspace) -> None:
    lead_id = lead(ws)
    task = kit.task(ws, name="Позвонить", about=lead_id).id
    tasks.finish(ws, task)
    undo.undo(ws)
    assert ws.get(task).get("done_at") is None
    assert [e.kind for e in ws.events(record=lead_id)][-2:] == ["task.done", "task.reopened"]


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    ws = kit.opened(folder)
    lead(ws)
    before = kit.records_of(folder)
    events = len(ws.events())
    done = undo.undo(Workspace.open(folder, user="anna", now=NOW, dry_run=True))
    assert len(done.records) == 1
    ws.look_again()
    assert (kit.records_of(folder), len(ws.events())) == (before, events)


# --- what came since ------------------------------------------------------------------------------


def test_a_field_that_was_changed_since_is_kept(ws: Workspace) -> None:
    lead_id = lead(ws)
    kit.edit(ws, lead_id, amount="100", comment="старое")
    kit.edit(kit.opened(ws.root, user="boris", clone="22222222"), lead_id, amount="300")
    done = undo.undo(ws)
    assert str(ws.get(lead_id).get("amount")) == "300"
    assert ws.get(lead_id).get("comment") == ""
    assert [(k.record, k.field) for k in done.kept] == [(lead_id, "amount")]


def test_a_hand_edit_of_the_field_is_kept(ws: Workspace) -> None:
    lead_id = lead(ws)
    kit.edit(ws, lead_id, amount="100")
    path = next((ws.root / "data/leads").glob("*/*.yaml"))
    path.write_text(path.read_text(encoding="utf-8").replace("'100'", "'777'").replace(
        "amount: 100", "amount: 777"), encoding="utf-8")  # fmt: skip
    done = undo.undo(ws)
    assert str(ws.get(lead_id).get("amount")) == "777"
    assert [k.field for k in done.kept] == ["amount"]


def test_a_new_record_that_was_edited_since_is_kept(ws: Workspace) -> None:
    lead_id = lead(ws)
    kit.edit(kit.opened(ws.root, user="boris", clone="22222222"), lead_id, amount="300")
    done = undo.undo(ws)
    assert ws.exists(lead_id)
    assert [k.record for k in done.kept] == [lead_id]


def test_a_new_record_to_which_others_link_is_kept(ws: Workspace) -> None:
    company = kit.company(ws, name="Ромашка").id
    other = kit.opened(ws.root, user="boris", clone="22222222")
    deal = kit.deal(other, name="Сделка", company=company).id
    done = undo.undo(ws)
    assert ws.exists(company)
    assert done.kept == [(company, "", f"{deal} links to it")]


def test_a_conversion_is_not_taken_back_by_halves(ws: Workspace) -> None:
    lead_id = lead(ws)
    plan = leads.convert(ws, lead_id, leads.ConvertOptions())
    kit.edit(kit.opened(ws.root, user="boris", clone="22222222"), plan.ids["deal"], amount="300")
    before = kit.records_of(ws.root)
    done = undo.undo(ws)
    assert kit.records_of(ws.root) == before
    assert not done.records
    assert {k.record for k in done.kept} == {lead_id, *plan.ids.values()}


def test_a_record_removed_since_is_named(ws: Workspace) -> None:
    lead_id = lead(ws)
    kit.edit(ws, lead_id, amount="100")
    remove.remove(kit.opened(ws.root, user="boris", clone="22222222"), lead_id)
    done = undo.undo(ws)
    assert done.kept == [(lead_id, "", "it was removed since")]


def test_only_this_clone(ws: Workspace) -> None:
    mine = lead(ws)
    theirs = lead(
        kit.opened(ws.root, user="boris", clone="22222222"), name="Чужой", phones="8 912 345-67-90"
    )
    undo.undo(ws)
    assert not ws.exists(mine)
    assert ws.exists(theirs)
    with pytest.raises(undo.NothingToUndo):
        undo.undo(ws)


def test_a_call_is_taken_back_and_said(ws: Workspace) -> None:
    lead_id = lead(ws)
    activities.log(ws, lead_id, "call.in", "спросили цену")
    done = undo.undo(ws)
    assert not done.records
    assert done.stays == [f"{lead_id}: “call in” is taken back"]
    undo.undo(ws)
    assert not ws.exists(lead_id)


# --- robots ---------------------------------------------------------------------------------------


def test_robots_that_have_acted_do_not_act_again(folder: Path) -> None:
    text = PIPELINES.replace(
        "{id: new, name: Новый, kind: open}",
        "{id: new, name: Новый, kind: open, robots: [{id: call, do: task, with: {title: Звонок}},"
        " {id: late, do: task, with: {title: Поздно}, after: 2d}]}",
    )
    (folder / "pipelines.yaml").write_text(text, encoding="utf-8")
    from crmcli.automation import tick

    ws = kit.opened(folder)
    lead_id = lead(ws)
    tick.tick(ws)
    assert len(ws.select("task")) == 1
    stages.move(ws, lead_id, "working")
    undo.undo(ws)
    _, entry = ws.timeline.entries([lead_id])[lead_id]
    assert entry is not None
    assert (entry.data["stage"], entry.data["robots"]) == ("new", ["late"])
    ws.look_again()
    tick.tick(ws)
    ws.look_again()
    assert len(ws.select("task")) == 1
    done = undo.undo(ws, whose="robots'")
    assert [before.entity for before, _ in done.records if before] == ["task"]


# --- imports --------------------------------------------------------------------------------------


def bring(ws: Workspace, rows: int) -> str:
    lines = [f"Лид {n};+7 912 {n:03}-00-00;Фирма {n % 3}" for n in range(rows)]
    text = "Name;Phone;Company name\n" + "\n".join(lines) + "\n"
    from crmcli.formats.csv import read_table

    source = read_table(text.encode(), "a.csv")
    found = imports.import_records(ws, "lead", source, "a.csv", ImportOptions(), lambda _: None)
    return str(found.batch)


def test_an_import_goes_by_its_batch(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmcli.sales.imports.run.CHUNK", 10)
    batch = bring(ws, 35)
    edited = ws.select("lead")[17].id
    kit.edit(ws, edited, amount="5")
    lead(ws, name="Другой", phones="+7 912 999-99-99")
    ws.look_again()
    done = undo.undo_batch(ws, batch)
    gone = Counter(old.entity for old, _ in done.records if old)
    assert gone == {"lead": 34, "company": 2}  # of the three that the rows had named
    kept = ws.get(edited)
    assert [k.record for k in done.kept] == [edited, kept.get("company")]
    ws.look_again()
    assert {r.get("name") for r in ws.select("lead")} == {"Другой", kept.get("name")}
    with pytest.raises(undo.NothingToUndo):
        undo.undo_batch(ws, batch)
    with pytest.raises(NotFound):
        undo.undo_batch(ws, "batch-00000000")
    undo.redo(ws)
    ws.look_again()
    assert ws.count("lead") == 36


def test_an_import_is_one_change(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crmcli.sales.imports.run.CHUNK", 10)
    lead_id = lead(ws)
    before = kit.records_of(ws.root)
    bring(ws, 35)
    full = kit.records_of(ws.root)
    undo.undo(ws)
    assert kit.records_of(ws.root) == before
    undo.redo(ws)
    assert kit.records_of(ws.root) == full
    undo.undo(ws)
    assert kit.records_of(ws.root) == before
    undo.undo(ws)
    assert not ws.exists(lead_id)


# --- any verbs, all taken back --------------------------------------------------------------------


def _verbs() -> dict[str, Callable[[Workspace, random.Random], object]]:
    def some(ws: Workspace, entity: str, dice: random.Random) -> str:
        ws.look_again()
        return dice.choice(sorted(r.id for r in ws.select(entity)))

    return {
        "lead": lambda ws, d: lead(
            ws, name=f"Лид {d.random()}", phones=f"+7912{d.randrange(10**7):07}"
        ),
        "deal": lambda ws, d: kit.deal(ws, name="Сделка", amount="10,50"),
        "task": lambda ws, d: kit.task(ws, name="Звонок", about=some(ws, "lead", d)),
        "edit": lambda ws, d: kit.edit(
            ws, some(ws, "lead", d), amount=str(d.randrange(99)), tags=d.choice("абв")
        ),
        "more": lambda ws, d: edit.edit(
            ws,
            some(ws, "lead", d),
            Edit({"utm_source": ["google"]}, {"phones": ["+7 912 000-00-01 доб. 5"]}, {}),
        ),
        "clear": lambda ws, d: edit.edit(
            ws, some(ws, "lead", d), Edit({}, {}, {}, ("amount", "comment"))
        ),
        "move": lambda ws, d: stages.move(ws, some(ws, "lead", d), "working"),
        "junk": lambda ws, d: leads.junk(ws, some(ws, "lead", d), "wrong"),
        "convert": lambda ws, d: leads.convert(ws, some(ws, "lead", d), leads.ConvertOptions()),
        "win": lambda ws, d: deals.win(ws, some(ws, "deal", d)),
        "done": lambda ws, d: tasks.finish(ws, some(ws, "task", d)),
        "reopen": lambda ws, d: tasks.reopen(ws, some(ws, "task", d)),
        "rm": lambda ws, d: remove.remove(ws, some(ws, "lead", d), unlink=True),
        "bulk": lambda ws, d: edit.bulk(
            ws, "lead", ws.condition("name ~ лид", "lead"), kit.put(comment=str(d.random()))
        ),
        "note": lambda ws, d: activities.log(ws, some(ws, "lead", d), "note", "заметка"),
    }


@settings(max_examples=10, deadline=None)
@given(st.lists(st.sampled_from(sorted(_verbs())), min_size=3, max_size=12), st.integers())
def test_whatever_was_done_is_undone_step_by_step(names: list[str], seed: int) -> None:
    from crmcli.errors import CrmError

    root = Path(tempfile.mkdtemp())
    try:
        (root / "data").mkdir()
        (root / "pipelines.yaml").write_text(PIPELINES, encoding="utf-8")
        (root / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
        ws = kit.opened(root)
        dice, states = random.Random(seed), [kit.records_of(root)]
        for name in ["lead", "deal", *names]:
            size = len(ws.events())
            try:
                _verbs()[name](ws, dice)
            except (CrmError, IndexError):
                continue  # refused: that is no change
            ws.look_again()
            if len(ws.events()) > size:
                states.append(kit.records_of(root))
        steps = list(states)
        while len(states) > 1:
            states.pop()
            done = undo.undo(ws)
            assert done.kept == []
            assert kit.records_of(root) == states[-1]
        with pytest.raises(undo.NothingToUndo):
            undo.undo(ws)
        for state in steps[1:]:
            undo.redo(ws)
            assert kit.records_of(root) == state
    finally:
        shutil.rmtree(root)


def test_triggers_do_not_hear_what_was_taken_back(folder: Path) -> None:
    text = PIPELINES.replace(
        "kind: open, requires: [phone|email]}",
        "kind: open, requires: [phone|email], triggers: [{on: call.in}]}",
    )
    (folder / "pipelines.yaml").write_text(text, encoding="utf-8")
    from crmcli.automation import tick

    ws = kit.opened(folder)
    lead_id = lead(ws)
    activities.log(ws, lead_id, "call.in", "ошибка")
    undo.undo(ws)
    ws.look_again()
    tick.tick(ws)
    assert ws.get(lead_id).get("stage") == "new"
    activities.log(ws, lead_id, "call.in", "звонок")
    undo.undo(ws)
    undo.redo(ws)
    ws.look_again()
    tick.tick(ws)
    assert ws.get(lead_id).get("stage") == "working"
