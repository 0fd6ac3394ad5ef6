"""Merges taken apart: the folder is byte for byte as before, and what came since is kept and named."""

from __future__ import annotations

import random
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.errors import Ambiguous, NotFound, Refused
from crmcli.sales import leads, stages
from crmcli.sales.checks import check
from crmcli.sales.history import past, undo
from crmcli.sales.leads import ConvertOptions
from crmcli.sales.merging import unmerge
from crmcli.sales.records import edit, remove
from crmcli.sales.settings import directories, fields
from crmcli.store.layout import record_path
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import NOW
from tests.sales.conftest import PIPELINES, SETTINGS
from tests.sales.test_merging import FIELDS, items, merge, text_of
from torture.copies import copied

ODD = (
    "# правил руками\nid: {id}\nname:   'Боря'\nтелефон: x\nphones: ['+79123456789']\nz: 1\na: 2\n"
)


@pytest.fixture
def ws(folder: Path) -> Workspace:
    """The small workspace with custom fields of contacts."""
    with (folder / "settings.yaml").open("a", encoding="utf-8") as text:
        text.write(FIELDS)
    return kit.opened(folder)


def by_hand(ws: Workspace, record_id: str, text: str) -> None:
    (ws.root / record_path(record_id)).write_text(text.format(id=record_id), encoding="utf-8")
    ws.look_again()


# --- as before ------------------------------------------------------------------------------------


def test_all_is_as_before(ws: Workspace) -> None:
    firm = kit.company(ws).id
    one = kit.contact(ws, phones="8 912 345-67-89", companies=firm).id
    two = kit.contact(ws, name="Боря", phones="8 912 345-67-80", comment="вечером", friend=one).id
    kit.deal(ws, contacts=two)
    kit.deal(ws, name="Окна", contacts=[one, two])
    before = kit.records_of(ws.root)
    merge(ws, one, two, name=two)
    assert kit.records_of(ws.root) != before
    done = unmerge.unmerge(ws, two)
    assert kit.records_of(ws.root) == before
    assert (done.kept, done.stays) == ((), ())
    assert (done.restored.id, done.survivor) == (two, one)


@pytest.mark.parametrize("how", ["unmerge", "undo", "again"])
def test_what_was_written_by_hand_comes_back_as_it_was(ws: Workspace, how: str) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    sale = kit.deal(ws, contacts=two).id
    by_hand(ws, one, ODD)
    by_hand(ws, two, ODD + "b: 3\nemails:\n- value: b@example.ru\n  type: work\n")
    by_hand(
        ws,
        sale,
        "id: {id}\nname: Кровля\ncontacts: [" + two + "]\npipeline: sales\nstage: request\n",
    )
    before = kit.records_of(ws.root)
    merge(ws, one, two)
    after = kit.records_of(ws.root)
    if how == "unmerge":
        unmerge.unmerge(ws, two)
    else:
        undo.undo(ws)
    if how == "again":
        undo.redo(ws)
        assert {**after, record_path(two): b""} == {
            **kit.records_of(ws.root),
            record_path(two): b"",
        }
        unmerge.unmerge(ws, two)
    assert kit.records_of(ws.root) == before


def test_keys_that_nobody_declared_keep_their_order(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    for record_id in (one, two):
        path = ws.root / record_path(record_id)
        path.write_text(path.read_text(encoding="utf-8") + "b: 1\na: 2\n", encoding="utf-8")
    before = kit.records_of(ws.root)
    merge(ws, one, two)
    unmerge.unmerge(ws, two)
    assert kit.records_of(ws.root) == before


def test_undo_and_redo(ws: Workspace) -> None:
    one, two, three = (
        kit.contact(ws).id,
        kit.contact(ws, name="Боря", address="Казань").id,
        kit.contact(ws).id,
    )
    kit.deal(ws, contacts=two)
    before = kit.records_of(ws.root)
    merge(ws, one, two, three)
    merged = kit.records_of(ws.root)
    undo.undo(ws)
    assert kit.records_of(ws.root) == before
    undo.redo(ws)
    assert kit.records_of(ws.root) == merged
    with pytest.raises(Refused, match="were merged together") as refusal:
        unmerge.unmerge(ws, two)
    event = refusal.value.hint.split()[3]
    undo.undo_at(ws, event)
    assert kit.records_of(ws.root) == before


def test_an_unmerge_is_undone(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws, address="Казань").id
    before = kit.records_of(ws.root)
    merge(ws, one, two)
    merged = kit.records_of(ws.root)
    unmerge.unmerge(ws, two)
    undo.undo(ws)
    assert kit.records_of(ws.root) == merged
    unmerge.unmerge(ws, two)
    assert kit.records_of(ws.root) == before
    merge(ws, two, one)
    unmerge.unmerge(ws, one)
    assert kit.records_of(ws.root) == before


def test_one_of_two_comes_out(ws: Workspace) -> None:
    one = kit.contact(ws).id
    two = kit.contact(ws, phones="8 912 345-67-89").id
    three = kit.contact(ws, phones="8 495 111-22-33").id
    first, second = kit.deal(ws, contacts=two).id, kit.deal(ws, contacts=three).id
    before = kit.records_of(ws.root)
    merge(ws, one, two, three)
    with pytest.raises(Ambiguous):
        unmerge.find_merged(ws, one, "contact")
    unmerge.unmerge(ws, two)
    assert [str(p) for p in items(ws.get(one), "phones")] == ["+74951112233"]
    assert ws.get(first).get("contacts") == (two,)
    assert ws.get(second).get("contacts") == (one,)
    assert unmerge.find_merged(ws, one, "contact") == three
    unmerge.unmerge(ws, three)
    assert kit.records_of(ws.root) == before


def test_a_chain_is_taken_apart_from_its_end(ws: Workspace) -> None:
    one, two, three = kit.contact(ws).id, kit.contact(ws).id, kit.contact(ws).id
    before = kit.records_of(ws.root)
    merge(ws, two, three)
    merge(ws, one, two)
    with pytest.raises(Refused, match="was merged into"):
        unmerge.unmerge(ws, three)
    unmerge.unmerge(ws, two)
    unmerge.unmerge(ws, three)
    assert kit.records_of(ws.root) == before


# --- what came since ------------------------------------------------------------------------------


def test_what_was_edited_since_is_kept(ws: Workspace) -> None:
    one = kit.contact(ws, phones="8 912 345-67-89", tags=["юг"]).id
    two = kit.contact(
        ws, phones="8 495 111-22-33", address="Казань", position="юрист", tags=["vip"]
    ).id
    merge(ws, one, two)
    kit.edit(ws, one, position="директор", comment="новое")
    edit.edit(ws, one, edit.Edit({}, {"phones": ["8 912 345-67-80"], "tags": ["ё"]}, {}))
    done = unmerge.unmerge(ws, two)
    after = ws.get(one)
    assert [str(p) for p in items(after, "phones")] == ["+79123456789", "+79123456780"]
    assert after.get("tags") == ("юг", "ё")
    assert (after.get("address"), after.get("position")) == ("", "директор")
    assert after.get("comment") == "новое"
    assert [(k.record, k.field) for k in done.kept] == [(one, "position")]
    assert ws.get(two).get("position") == "юрист"


def test_what_was_linked_since_stays_and_is_named(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    own, his = kit.deal(ws, contacts=one).id, kit.deal(ws, contacts=two).id
    other = kit.deal(ws).id
    merge(ws, one, two)
    ws.now = NOW + timedelta(hours=1)
    new = kit.deal(ws, contacts=one).id
    kit.edit(ws, other, contacts=one)
    kit.edit(ws, own, comment="…")
    third = kit.contact(ws, name="Вера").id
    edit.edit(ws, his, edit.Edit({}, {"contacts": [third]}, {}))
    done = unmerge.unmerge(ws, two)
    assert set(done.stays) == {new, other}
    assert ws.get(new).get("contacts") == (one,)
    assert ws.get(his).get("contacts") == (two, third)
    assert done.kept == ()


def test_a_link_that_was_taken_elsewhere_since_stays_there(ws: Workspace) -> None:
    one, two, third = kit.contact(ws).id, kit.contact(ws).id, kit.contact(ws, name="Вера").id
    sale = kit.deal(ws, contacts=two).id
    merge(ws, one, two)
    kit.edit(ws, sale, contacts=third)
    done = unmerge.unmerge(ws, two)
    assert ws.get(sale).get("contacts") == (third,)
    assert [(k.record, k.field) for k in done.kept] == [(sale, "contacts")]


def test_what_was_removed_since_is_named(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    sale = kit.deal(ws, contacts=two).id
    merge(ws, one, two)
    remove.remove(ws, sale)
    done = unmerge.unmerge(ws, two)
    assert [k.record for k in done.kept] == [sale]


def test_nothing_to_take_apart(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    with pytest.raises(unmerge.NotMerged):
        unmerge.find_merged(ws, one, "contact")
    with pytest.raises(unmerge.NotMerged):
        unmerge.unmerge(ws, one)
    by_hand(ws, two, "id: {id}\nmerged_into: " + one + "\n")
    with pytest.raises(NotFound, match="timeline does not say"):
        unmerge.unmerge(ws, two)


# --- the past -------------------------------------------------------------------------------------


def test_the_past_shows_both(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws, name="Боря", address="Казань").id
    ws.now = NOW + timedelta(hours=2)
    merge(ws, one, two)
    then, since = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    assert past.as_of(ws, two, then).get("name") == "Боря"
    assert past.as_of(ws, two, since).id == one
    assert past.as_of(ws, one, then).get("address") == ""
    ws.now = NOW + timedelta(hours=4)
    unmerge.unmerge(ws, two)
    assert past.as_of(ws, two, since).id == one
    assert past.as_of(ws, two, NOW + timedelta(hours=5)).id == two


def test_a_lead_leaves_the_funnel_and_comes_back(ws: Workspace) -> None:
    from tests.reports.told import read_funnel

    one, two = (kit.lead(ws, name="Лид").id for _ in range(2))

    def waiting() -> int | None:
        ws.look_again()
        return read_funnel(ws, ws.pipelines.leads).rows[0].waiting

    assert waiting() == 2
    merge(ws, one, two)
    assert waiting() == 1
    unmerge.unmerge(ws, two)
    assert waiting() == 2


def test_a_move_and_a_merge_undone_together(ws: Workspace) -> None:
    one, two = kit.deal(ws, amount="1").id, kit.deal(ws, amount="2").id
    before = kit.records_of(ws.root)
    stages.move(ws, two, "offer")
    merge(ws, one, two)
    undo.undo(ws, 2)
    assert kit.records_of(ws.root) == before
    kinds = [e.kind for e in ws.events(record=two)]
    assert kinds[-2:] == ["deal.unmerged", "stage.entered"]


# --- whatever it was ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("apart") / "ws"
    (root / "data").mkdir(parents=True)
    (root / "pipelines.yaml").write_text(PIPELINES, encoding="utf-8")
    (root / "settings.yaml").write_text(SETTINGS + FIELDS, encoding="utf-8")
    return root


def some(chance: random.Random, ws: Workspace, people: list[str], firms: list[str]) -> str:
    """A contact with some of everything."""
    lead = ""
    if chance.random() < 0.3:
        made = kit.lead(ws, name="Лид", phones="8 912 345-67-8" + str(chance.randrange(10)))
        lead = leads.convert(ws, made.id, ConvertOptions(("contact", "deal"))).ids["contact"]
    values: dict[str, list[str]] = {}
    for name, choices in {
        "position": ["директор", "юрист", "Юрист"], "address": ["Казань", "Тверь\nдом 2"],
        "comment": ["утром", "вечером: да", "утром\nи вечером"], "shoe": ["42", "41.5"],
        "source": ["web", "call"], "source_detail": ["баннер"], "about": ["рыбак", "# нет"],
    }.items():  # fmt: skip
        if chance.random() < 0.5:
            values[name] = [chance.choice(choices)]
    for name, choices in {
        "phones": ["8 912 345-67-89", "+79123456789 доб. 3", "8 495 111-22-33"],
        "emails": ["a@example.ru", "A@example.ru", "b@mail.ru"], "tags": ["vip", "Vip", "юг"],
        "urls": ["romashka.ru", "https://romashka.ru"], "skills": ["крыши", "окна"],
        "companies": [f"{firm}: {role}" for firm in firms for role in ("директор", "юрист")] + firms,
    }.items():  # fmt: skip
        values[name] = chance.sample(choices, chance.randrange(len(choices) + 1))
    if people and chance.random() < 0.5:
        values["friend"] = [chance.choice(people)]
    if lead:
        edit.edit(ws, lead, edit.Edit(values, {}, {}))
        return lead
    return kit.contact(ws, name=chance.choice(["Анна", "Боря"]), **values).id


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_a_merge_and_an_unmerge_leave_all_as_before(template: Path, seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        ws = kit.opened(copied(template, f"{folder}/ws"))
        firms = [kit.company(ws, name).id for name in ("Ромашка", "Лютик")]
        people: list[str] = []
        for _ in range(4):
            people.append(some(chance, ws, people, firms))
        for _ in range(3):
            deal_ids = chance.sample(people, chance.randrange(1, 4))
            kit.deal(ws, name="Окна", contacts=deal_ids)
            kit.task(ws, name="Дело", about=chance.choice(people))
        states = [kit.records_of(ws.root)]
        done: list[str] = []
        left = list(people)
        for _ in range(chance.randrange(1, 4)):
            chance.shuffle(left)
            merge(ws, left[0], left[1])
            done.append(left.pop(1))
            states.append(kit.records_of(ws.root))
            ws.look_again()
            assert check.problems(ws) == []
        for merged in reversed(done):
            assert kit.records_of(ws.root) == states.pop()
            if chance.random() < 0.5:
                undo.undo_at(ws, ws.events(record=merged, kinds=("contact.merged",))[-1].id)
            else:
                unmerge.unmerge(ws, merged)
        assert kit.records_of(ws.root) == states.pop()


# --- two clones -----------------------------------------------------------------------------------


class Clones:
    """Two clones of one workspace, joined by git."""

    def __init__(self, ws: Workspace, there: Path) -> None:
        self.here, self.there = ws.root, there
        (ws.root / ".gitignore").write_text(".crm/\n", encoding="utf-8")
        self.git(ws.root, "init", "-qb", "main")
        self.commit(ws.root)
        self.git(ws.root, "clone", "-q", str(ws.root), str(there))

    def git(self, root: Path, *args: str) -> int:
        names = ("-c", "user.name=a", "-c", "user.email=a@example.ru")
        command = ["git", "-C", str(root), *names, *args]
        return subprocess.run(command, check=False, capture_output=True).returncode

    def commit(self, root: Path) -> None:
        assert self.git(root, "add", "-A") == 0
        assert self.git(root, "commit", "-qm", "x") == 0

    def other(self) -> Workspace:
        return Workspace.open(self.there, user="boris", now=NOW)

    def join(self) -> int:
        """Commit both and bring theirs here; the exit code of git."""
        self.commit(self.here)
        self.commit(self.there)
        return self.git(
            self.here, "pull", "-q", "--no-rebase", "--no-edit", str(self.there), "main"
        )


def test_two_clones_merge_one_record_into_two_others(ws: Workspace, tmp_path: Path) -> None:
    one, two, three = kit.contact(ws).id, kit.contact(ws).id, kit.contact(ws).id
    clones = Clones(ws, tmp_path / "there")
    merge(ws, one, three)
    merge(clones.other(), two, three)
    assert clones.join() != 0
    ws.look_again()
    (problem,) = check.problems(ws)
    assert (problem.path, problem.message) == (record_path(three), "unresolved merge conflict")


def test_two_clones_merge_two_into_each_other(ws: Workspace, tmp_path: Path) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    clones = Clones(ws, tmp_path / "there")
    merge(ws, one, two)
    merge(clones.other(), two, one)
    assert clones.join() == 0
    ws.look_again()
    assert [p.path for p in check.problems(ws)] == sorted(map(record_path, (one, two)))


def test_a_clone_links_to_what_the_other_merges(ws: Workspace, tmp_path: Path) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    clones = Clones(ws, tmp_path / "there")
    merge(ws, one, two)
    sale = kit.deal(clones.other(), contacts=two).id
    assert clones.join() == 0
    ws.look_again()
    (problem,) = check.problems(ws)
    assert problem.path == record_path(sale)
    assert problem.hint == f"crm check --fix points it to {one}"


def test_a_clone_edits_what_the_other_merges(ws: Workspace, tmp_path: Path) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws).id
    clones = Clones(ws, tmp_path / "there")
    merge(ws, one, two)
    kit.edit(clones.other(), two, position="юрист")
    assert clones.join() != 0
    ws.look_again()
    assert [p.message for p in check.problems(ws)] == ["unresolved merge conflict"]


# --- fields and values renamed since ----------------------------------------------------------------


def test_fields_and_values_renamed_since_come_back_under_their_new_names(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws, shoe="41", source="web").id
    three = kit.contact(ws, name="Вера", friend=two).id
    before = {i: text_of(ws, i) for i in (one, two)}
    merge(ws, one, two)
    assert ws.get(one).get("shoe") == 41
    fields.rename(ws, "contact", "shoe", "size")
    fields.rename(ws, "contact", "size", "foot")
    fields.rename(ws, "contact", "friend", "pal")
    directories.rename(ws, "sources", "web", "site")
    ws = kit.opened(ws.root)
    done = unmerge.unmerge(ws, two)
    assert done.kept == ()
    assert text_of(ws, one) == before[one]
    renamed = before[two].replace("shoe:", "foot:").replace("source: web", "source: site")
    assert text_of(ws, two) == renamed
    assert ws.get(three).get("pal") == two


def test_a_rename_that_was_taken_back_changes_nothing(ws: Workspace) -> None:
    one, two = kit.contact(ws).id, kit.contact(ws, shoe="41").id
    before = kit.records_of(ws.root)
    merge(ws, one, two)
    fields.rename(ws, "contact", "shoe", "size")
    undo.undo(kit.opened(ws.root))
    ws = kit.opened(ws.root)
    unmerge.unmerge(ws, two)
    assert {
        path: text for path, text in kit.records_of(ws.root).items() if path in before
    } == before
