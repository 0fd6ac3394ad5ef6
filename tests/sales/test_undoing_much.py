"""Taking back much, and what a hand has written since: nothing is lost, in memory that does not grow."""

from __future__ import annotations

import pytest

from crmcli.errors import NotFound
from crmcli.model.fields import Record
from crmcli.sales.history import past as history
from crmcli.sales.history import undo
from crmcli.sales.records import edit, packed, remove
from crmcli.sales.records.edit import Edit
from crmcli.store.records import drafts
from crmcli.workspace import Workspace
from tests import kit


def lead(ws: Workspace, name: str = "Кровля") -> str:
    given = {"name": [name], "phones": ["8 912 345-67-89"], "company_name": ["Ромашка"]}
    return kit.lead(ws, **given).id


def by_hand(ws: Workspace, record_id: str, old: str, new: str) -> None:
    path = kit.file_of(ws, record_id)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    ws.look_again()


# --- what a hand has written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [("company_name: Ромашка", "company_name: Лютик"), ("created_at", "own: заметка\ncreated_at")],
)
def test_a_record_that_was_edited_by_hand_is_kept(ws: Workspace, old: str, new: str) -> None:
    lead_id = lead(ws)
    by_hand(ws, lead_id, old, new)
    before = kit.records_of(ws.root)
    done = undo.undo(ws)
    assert kit.records_of(ws.root) == before
    assert done.kept == [(lead_id, "", "it was edited by hand since it was made")]
    assert not done.records


def test_a_hand_edit_before_an_edit_is_seen_too(ws: Workspace) -> None:
    lead_id = lead(ws)
    by_hand(ws, lead_id, "company_name: Ромашка", "company_name: Лютик")
    kit.edit(ws, lead_id, amount="100")
    done = undo.undo(ws, 2)
    assert ws.get(lead_id).get("amount") is None
    assert ws.get(lead_id).get("company_name") == "Лютик"
    assert [k.record for k in done.kept] == [lead_id]


def test_other_words_for_the_same_are_no_edit(ws: Workspace) -> None:
    lead_id = lead(ws)
    by_hand(ws, lead_id, "company_name: Ромашка", "company_name:   'Ромашка'")
    undo.undo(ws)
    assert not ws.exists(lead_id)


def test_what_came_back_and_was_edited_by_hand_is_kept(ws: Workspace) -> None:
    lead_id = lead(ws)
    remove.remove(ws, lead_id)
    undo.undo(ws)
    by_hand(ws, lead_id, "company_name: Ромашка", "company_name: Лютик")
    done = undo.redo(ws)
    assert ws.get(lead_id).get("company_name") == "Лютик"
    assert [k.record for k in done.kept] == [lead_id]


def test_an_event_of_an_older_version_says_nothing_of_it(ws: Workspace) -> None:
    lead_id = lead(ws)
    journal = next((ws.root / "data/timeline").glob("*/*.csv"))
    text = journal.read_text(encoding="utf-8")
    start = text.index(',""sum""')
    journal.write_text(text[:start] + text[text.index("}", start) :], encoding="utf-8")
    ws.look_again()
    undo.undo(ws)
    assert not ws.exists(lead_id)


# --- an event that stands there twice -------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", [False, True])
def test_an_event_that_stands_twice_counts_once(ws: Workspace, elsewhere: bool) -> None:
    lead_id = lead(ws)
    kit.edit(ws, lead_id, amount="100")
    kit.edit(ws, lead_id, amount="200")
    events = ws.events()
    journal = next((ws.root / "data/timeline").glob("*/*.csv"))
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    if elsewhere:
        (journal.parent / "22222222.csv").write_text("".join(lines), encoding="utf-8")
    else:
        journal.write_text("".join([*lines, *lines[2:]]), encoding="utf-8")
    ws.look_again()
    assert ws.events() == events
    past = list(history.changes_of(ws))
    if not elsewhere:
        assert [len([*change.each()]) for change in past] == [1, 1, 1]
    undo.undo_at(ws, events[2].id)
    assert str(ws.get(lead_id).get("amount")) == "100"
    undo.undo_at(ws, events[1].id)
    assert ws.get(lead_id).get("amount") is None


# --- much -----------------------------------------------------------------------------------------


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is put away from some number on is put away from a few on."""
    monkeypatch.setattr(drafts, "MOST", 3)
    monkeypatch.setattr(packed, "BLOCK", 4)
    monkeypatch.setattr(history, "PAGE", 5)


@pytest.mark.usefixtures("tight")
def test_a_bulk_edit_and_back_and_forth(ws: Workspace) -> None:
    ids = {lead(ws, f"Лид {n}") for n in range(23)}
    before = kit.records_of(ws.root)
    condition = ws.condition("name ~ лид", "lead")
    changed = edit.bulk(ws, "lead", condition, kit.put(owner="boris", comment="«да»\nнет"))
    assert {old.id for old, _ in changed} == ids
    assert [(o.get("owner"), n.get("comment")) for o, n in changed] == [("anna", "«да»\nнет")] * 23
    after = kit.records_of(ws.root)
    for _ in range(2):
        done = undo.undo(ws)
        assert (len(done.records), done.kept) == (23, [])
        assert kit.records_of(ws.root) == before
        undo.redo(ws)
        assert kit.records_of(ws.root) == after


@pytest.mark.usefixtures("tight")
def test_one_of_many_that_was_edited_since_is_kept(ws: Workspace) -> None:
    ids = sorted(lead(ws, f"Лид {n}") for n in range(12))
    edit.bulk(ws, "lead", ws.condition("name ~ лид", "lead"), kit.put(comment="все"))
    by_hand(ws, ids[3], "comment: все", "comment: один")
    done = undo.undo(ws)
    assert [(k.record, k.field) for k in done.kept] == [(ids[3], "comment")]
    assert [ws.get(i).get("comment") for i in ids] == ["", "", "", "один", *[""] * 8]


@pytest.mark.usefixtures("tight")
def test_a_large_change_is_refused_whole(ws: Workspace) -> None:
    ids = sorted(lead(ws, f"Лид {n}") for n in range(9))
    before = kit.records_of(ws.root)

    def change_all_and_one_more() -> None:
        with ws.change("edit") as change:
            for lead_id in [*ids, "lead-00000000"]:
                change.save(edit.edited(ws, change.get(lead_id), kit.put(comment="да")))

    with pytest.raises(NotFound):
        change_all_and_one_more()
    assert kit.records_of(ws.root) == before


@pytest.mark.usefixtures("tight")
def test_what_was_put_away_is_taken_out_as_it_was_left(ws: Workspace) -> None:
    ids = sorted(lead(ws, f"Лид {n}") for n in range(9))

    def with_comment(record: Record, text: str) -> Record:
        return edit.edited(ws, record, kit.put(comment=text))

    with ws.change("edit") as change:
        for text in ("раз", "два"):
            for lead_id in ids:
                change.save(with_comment(change.get(lead_id), text))
        change.remove(ids[0])
        change.save(edit.edited(ws, change.get(ids[1]), Edit({}, {}, {}, ("comment",))))
        assert {after and after.id for _, after in change.records} == {None, *ids[1:]}
    assert not ws.exists(ids[0])
    assert [ws.get(i).get("comment") for i in ids[1:]] == ["", *["два"] * 7]


# --- with no index --------------------------------------------------------------------------------


def test_where_there_is_no_index_an_undo_looks_at_what_may_link(ws: Workspace) -> None:
    other = kit.contact(ws, name=["Борис"], emails=["b@x.ru"]).id
    linked = kit.contact(ws, name=["Анна"]).id
    alone = kit.contact(ws, name=["Инна"]).id
    kit.deal(ws, contacts=[linked])
    made = {e.record: e.id for e in ws.events(kinds=("contact.created",))}

    for record_id in (linked, alone):
        for path in (ws.root / ".crm").glob("index.db*"):
            path.unlink()
        ws.look_again()
        undo.undo_at(ws, made[record_id])

    assert [ws.exists(record_id) for record_id in (other, linked, alone)] == [True, True, False]
    assert ws.lookup("email", "b@x.ru", ["contact"], as_left=True) == [other]
    opened = kit.opened(ws.root)
    assert opened.lookup("email", "b@x.ru", ["contact"], as_left=True) == [other]
