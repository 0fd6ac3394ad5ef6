"""The index is equal to the folder, whoever changed it and however; and it is never needed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmcli
from crmcli.errors import BadUsage
from crmcli.model.fields import Field
from crmcli.model.kinds import kind_of
from crmcli.model.schema import Schema
from crmcli.model.values import Raw
from crmcli.store import layout
from crmcli.store.disk.files import UnsafePath
from crmcli.store.index import Index, IndexBusy, Total
from crmcli.store.index.arrived import SETTLE
from crmcli.store.index.folder import is_racy
from crmcli.store.index.tables import IS_MESSAGE, MESSAGE_ID
from tests.store.index_folder import NOW, Folder

LEAD = "lead-7k3qf2m9"
FILE = "data/leads/7/lead-7k3qf2m9.yaml"
JOURNAL = "data/timeline/2026-11/aaaaaaaa.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    made.index.close()


def lead(record_id: str = LEAD, **fields: Raw) -> dict[str, Raw]:
    return {"id": record_id, "name": "Анна", "stage": "new", **fields}


def names(index: Index, entity: str = "lead") -> list[str]:
    return sorted(str(raw.get("name", "")) for raw in index.select(entity))


def database(folder: Folder) -> Path:
    return folder.root / ".crm/index.db"


def age(path: Path, seconds: float = 60) -> None:
    """Let a file look as if it had been written a while ago; its ctime stays."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def past_the_tick() -> None:
    """Let the clock leave the moment in which the files were written."""
    time.sleep(0.03)


# -- what it holds ---------------------------------------------------------------------------


def test_records_come_back_as_they_stand_in_the_file(folder: Folder) -> None:
    raw = lead(
        phones=[{"value": "+79161234567", "ext": "007", "type": "mobile"}],
        amount="1200.50",
        utm={"source": "яндекс"},
        comment="Звонил.\nПросил «да»\n",
        незнакомое=["a", {"b": "no"}],
    )
    folder.write(raw)

    assert folder.fresh().select("lead") == [raw]
    assert folder.fresh().count("lead") == 1
    assert folder.fresh().select("deal") == []


def test_an_empty_folder_has_an_empty_index(folder: Folder) -> None:
    assert folder.fresh().select("contact") == []
    assert folder.index.problems() == []
    assert folder.index.search("анна") == []


def test_a_read_builds_the_index_by_itself(folder: Folder) -> None:
    folder.write(lead())

    assert names(folder.index) == ["Анна"]
    assert database(folder).exists()


def test_nothing_is_written_where_nothing_changed(folder: Folder) -> None:
    folder.write(lead())
    folder.log("aaaaaaaa", ("lead.created", LEAD, {"stage": "new"}))
    past_the_tick()
    folder.fresh().refresh()  # the stamps of a moment ago are settled
    folder.index.close()
    before = database(folder).stat()

    folder.again().close()

    after = database(folder).stat()
    assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)


# -- freshness -------------------------------------------------------------------------------


def test_an_edit_of_the_same_size_is_seen(folder: Folder) -> None:
    path = folder.write(lead(), settled=False)
    assert names(folder.fresh()) == ["Анна"]

    path.write_text(path.read_text().replace("Анна", "Инна"))

    assert names(folder.fresh()) == ["Инна"]


def test_only_some_entities_are_looked_at_where_only_they_are_asked_for(folder: Folder) -> None:
    deal = {"id": "deal-00000001", "name": "Кровля", "contacts": ["contact-00000001"]}
    folder.write(lead())
    path = folder.write(deal)
    folder.fresh()
    folder.write({**lead(), "name": "Инна"})
    folder.write({**deal, "name": "Забор"})
    folder.write({**deal, "id": "deal-00000002", "name": "Дом"})

    folder.index.refresh(["deal", "task"])

    deals = [raw["name"] for raw in folder.index.select("deal", order=["id"])]
    assert (deals, names(folder.index)) == (["Забор", "Дом"], ["Анна"])
    path.unlink()
    folder.index.refresh(["lead"])
    assert names(folder.index) == ["Инна"]
    assert len(folder.index.select("deal")) == 2
    assert (len(folder.fresh().select("deal")), names(folder.index)) == (1, ["Инна"])


@pytest.mark.parametrize("wait", [0, 0.03])
def test_an_edit_whose_time_is_put_back_is_seen(folder: Folder, wait: float) -> None:
    path = folder.write(lead())
    past_the_tick()
    folder.fresh().refresh()
    old = path.stat()
    time.sleep(wait)

    path.write_text(path.read_text().replace("Анна", "Инна"))
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))

    assert path.stat().st_mtime_ns == old.st_mtime_ns
    assert path.stat().st_size == old.st_size
    assert names(folder.fresh()) == ["Инна"]


def test_edits_in_the_same_tick_as_the_indexing_are_seen(folder: Folder) -> None:
    """Many in a row, so that some fall into one tick of a coarse clock."""
    path = folder.write(lead(), settled=False)
    for number in range(30):
        wanted = f"Имя{number:03}"
        path.write_text(f"id: {LEAD}\nname: {wanted}\n")
        assert names(folder.fresh()) == [wanted]


def test_a_file_whose_stamp_decides_nothing_is_read_again(folder: Folder) -> None:
    """As on a system whose clock did not tick between indexing and edit: all three numbers equal."""
    folder.write(lead("lead-00000001"))
    folder.fresh()
    for _ in range(100):  # a busy machine may not come to indexing within the tick at once
        path = folder.write(lead(), settled=False)
        folder.fresh()
        with sqlite3.connect(database(folder)) as connection:
            found = connection.execute(
                "SELECT racy FROM file WHERE CAST(name AS TEXT) LIKE '%7k3qf2m9%'"
            )
            is_racy = found.fetchall() == [(1,)]
        if is_racy:
            break
    assert is_racy
    path.write_text(path.read_text().replace("Анна", "Инна"))
    status = path.stat()
    with sqlite3.connect(database(folder)) as connection:
        connection.execute(
            "UPDATE file SET mtime = ?, ctime = ? WHERE CAST(name AS TEXT) LIKE '%7k3qf2m9%'",
            (status.st_mtime_ns, status.st_ctime_ns),
        )
    connection.close()

    assert names(folder.fresh()) == ["Анна", "Инна"]


SECOND = 1_000_000_000
AT = 1_763_888_400 * SECOND + 123


@pytest.mark.parametrize(
    ("mtime", "ctime", "racy"),
    [
        (AT - 60 * SECOND, AT - 60 * SECOND, False),
        (AT - 60 * SECOND, AT - 9_000_000, True),
        (AT - 60 * SECOND, AT - 11_000_000, False),
        (AT - 9_000_000, AT - 60 * SECOND, True),
        (AT + 3600 * SECOND, AT - 60 * SECOND, False),
        (AT - 60 * SECOND, AT + 3600 * SECOND, True),  # the clock was put back
        (AT - 60 * SECOND, AT - 123 - SECOND, True),  # a file system that counts whole seconds
        (AT - 123 - SECOND, AT - SECOND, True),
        (AT - 60 * SECOND, AT - 123 - 3 * SECOND, False),
    ],
)
def test_a_stamp_decides_nothing_within_a_tick_of_the_clock(
    mtime: int, ctime: int, racy: bool
) -> None:
    assert is_racy((100, mtime, ctime), AT) == racy


def test_an_older_copy_put_in_place_is_seen(folder: Folder, tmp_path: Path) -> None:
    path = folder.write(lead(name="Инна"))
    backup = tmp_path / "backup.yaml"
    shutil.copy2(path, backup)
    age(backup, 86400)
    folder.write(lead())
    assert names(folder.fresh()) == ["Анна"]

    subprocess.run(["cp", "-p", backup, path], check=True)

    assert names(folder.fresh()) == ["Инна"]


def test_a_checkout_of_an_older_version_is_seen(folder: Folder) -> None:
    def git(*args: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.ru", *args],
            cwd=folder.root, check=True, capture_output=True,
        )  # fmt: skip

    git("init", "-q")
    (folder.root / ".gitignore").write_text(".crm/\n")
    folder.write(lead(name="Инна"), settled=False)
    folder.write(lead("lead-00000001", name="Лишняя"))
    folder.log("aaaaaaaa", ("lead.created", LEAD, {"stage": "new"}))
    git("add", ".")
    git("commit", "-qm", "one")
    folder.write(lead(), settled=False)
    folder.path("lead-00000001").unlink()
    folder.write(lead("lead-00000002", name="Новая"))
    folder.log("aaaaaaaa", ("stage.entered", LEAD, {"stage": "working"}))
    git("add", ".")
    git("commit", "-qm", "two")
    assert names(folder.fresh()) == ["Анна", "Новая"]
    assert folder.index.entries([LEAD])[LEAD][1].data == {"stage": "working"}

    git("checkout", "-q", "HEAD~1")

    assert names(folder.fresh()) == ["Инна", "Лишняя"]
    assert folder.index.entries([LEAD])[LEAD][1].data == {"stage": "new"}
    git("checkout", "-q", "-")
    assert names(folder.fresh()) == ["Анна", "Новая"]
    assert [e.kind for e in folder.index.events(LEAD)] == ["lead.created", "stage.entered"]


def test_files_that_come_and_go_are_seen(folder: Folder) -> None:
    first = folder.write(lead())
    assert names(folder.fresh()) == ["Анна"]

    folder.write(lead("lead-7zzzzzzz", name="Борис"))
    folder.write(lead("lead-00000001", name="Вера"))
    assert names(folder.fresh()) == ["Анна", "Борис", "Вера"]

    first.unlink()
    shutil.rmtree(folder.root / "data/leads/0")
    assert names(folder.fresh()) == ["Борис"]
    assert folder.index.search("Анна") == []

    shutil.rmtree(folder.root / "data/leads")
    assert names(folder.fresh()) == []


def test_a_folder_that_goes_right_after_it_came_is_missed(folder: Folder) -> None:
    folder.write(lead(), settled=False)
    assert names(folder.fresh()) == ["Анна"]

    shutil.rmtree(folder.root / "data/leads/7")

    assert names(folder.fresh()) == []


def test_a_new_id_in_the_place_of_another_is_seen(folder: Folder) -> None:
    """mv other.yaml lead.yaml keeps size, mtime and inode of the other file."""
    path = folder.write(lead())
    other = folder.write(lead("lead-7zzzzzzz", name="Инна"))
    past_the_tick()
    folder.fresh().refresh()
    other.write_text(other.read_text().replace("lead-7zzzzzzz", LEAD))
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))

    other.rename(path)

    assert names(folder.fresh()) == ["Инна"]


def test_a_folder_with_new_times_is_checked_by_content_and_not_indexed_anew(folder: Folder) -> None:
    path = folder.write(lead())
    folder.fresh().close()
    with sqlite3.connect(folder.root / ".crm/index.db") as connection:
        connection.execute("UPDATE doc SET doc = replace(doc, 'Анна', 'из индекса')")
    connection.close()
    os.utime(path)

    folder.index.refresh()

    assert names(folder.index) == ["из индекса"]


NUMBERS = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("write"), NUMBERS, st.sampled_from(["Анна", "Инна", "Алёна"])),
    st.tuples(st.just("break"), NUMBERS, st.sampled_from(["amount: много", "\tx: 1", "id: other"])),
    st.tuples(st.just("restamp"), NUMBERS, st.just("")),
    st.tuples(st.just("remove"), NUMBERS, st.just("")),
    st.tuples(st.just("swap"), NUMBERS, st.just("")),
    st.tuples(st.just("clear"), NUMBERS, st.just("")),
    st.tuples(st.just("log"), NUMBERS, st.sampled_from(["звонил", "писал"])),
    st.tuples(st.just("rewrite"), NUMBERS, st.just("")),
    st.tuples(st.sampled_from(["refresh", "touch", "other", "begin"]), NUMBERS, st.just("")),
)


@given(steps=st.lists(STEPS, min_size=3, max_size=14))
@settings(max_examples=60, deadline=None)
def test_whatever_happens_the_index_is_as_if_built_anew(steps: list[tuple[str, int, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name) / "ws")
        folder.root.mkdir()
        for step in steps:
            take_step(folder, *step)
        seen = everything_in(folder.fresh())
        folder.index.close()
        shutil.rmtree(folder.root / ".crm")
        assert seen == everything_in(folder.fresh())
        folder.index.close()


def take_step(folder: Folder, what: str, number: int, text: str) -> None:
    """Something that a person, a command or another command does to the folder."""
    record_id = f"lead-{number % 2}000000{number}"
    path = folder.path(record_id)
    journal = folder.root / layout.timeline_path(NOW, "aaaaaaaa")
    if what == "write":
        folder.write(
            lead(record_id, name=text, phones=[{"value": "8 916 123-45-67"}]), settled=False
        )
    elif what == "break":
        folder.write_text(path, f"id: {record_id}\n{text}\n", settled=False)
    elif what == "restamp" and path.exists():
        age(path)
    elif what == "remove":
        path.unlink(missing_ok=True)
    elif what == "swap" and path.exists():
        path.rename(path.with_name(path.name + "~"))
    elif what == "clear":
        shutil.rmtree(path.parent, ignore_errors=True)
    elif what == "log":
        folder.log("aaaaaaaa", ("note", record_id, {"text": text}))
    elif what == "rewrite" and journal.exists():
        lines = journal.read_text().splitlines(keepends=True)
        journal.write_text("".join([*lines[:1], *lines[2:]]))
    elif what == "refresh":
        folder.fresh()
    elif what == "touch":
        folder.index.touch([layout.record_path(record_id), JOURNAL])
    elif what == "other":
        folder.again().close()
    elif what == "begin":
        folder.index.close()
        shutil.rmtree(folder.root / ".crm", ignore_errors=True)
        folder.index.refresh_timeline(alone=True)


def everything_in(index: Index) -> object:
    """All that can be asked of an index of leads and notes."""
    return (
        sorted(index.select("lead"), key=str),
        index.problems(),
        index.events(),
        sorted(index.lookup("phone", "+79161234567", ("lead",))),
        *(
            sorted(map(str, index.search(word)))
            for word in ("нна", "алена", "звонил", "9161234567")
        ),
    )


# -- what cannot be read ---------------------------------------------------------------------


def test_a_broken_file_is_named_with_its_line_and_hides_nothing(folder: Folder) -> None:
    folder.write(lead())
    folder.write_text(folder.path("lead-00000001"), "id: lead-00000001\nname: а\n\tstage: new\n")
    folder.write_text(folder.path("lead-00000002"), "id: lead-00000002\nname: а\nname: б\n")
    folder.write_text(
        folder.path("lead-00000003"),
        "# руками\nid: lead-00000003\nname: а\namount: много\nphones:\n- value: '1'\n  type: дача\n",
    )
    folder.write_text(folder.path("lead-00000004"), "id: lead-0000000x\nname: а\n")
    folder.write_text(folder.path("lead-00000005"), "<<<<<<< HEAD\nid: lead-00000005\n")
    folder.write_text(folder.path("lead-00000006"), "")

    assert names(folder.fresh()) == ["Анна"]
    found = [(p.path[-6], p.line) for p in folder.index.problems()]
    assert found == [("1", 3), ("2", 3), ("3", 4), ("3", 5), ("4", 1), ("5", 1), ("6", 0)]
    amount, phones = folder.index.problems()[2:4]
    assert str(amount) == f"data/leads/0/lead-00000003.yaml:4: amount: {amount.message[8:]}"
    assert "дача" in phones.message
    assert "lead-0000000x" in folder.index.problems()[4].message


def test_a_mended_file_is_a_record_again(folder: Folder) -> None:
    path = folder.write_text(folder.path(LEAD), f"id: {LEAD}\namount: много\n")
    assert len(folder.fresh().problems()) == 1
    assert len(folder.again().problems()) == 1  # told again, not only the first time

    path.write_text(f"id: {LEAD}\namount: '10'\n")

    assert folder.fresh().problems() == []
    assert folder.index.count("lead") == 1
    path.write_text(f"id: {LEAD}\namount: опять\n")
    assert len(folder.fresh().problems()) == 1
    assert folder.index.count("lead") == 0


def test_strangers_among_the_records_are_named(folder: Folder) -> None:
    folder.write(lead())
    shard = folder.path(LEAD).parent
    (shard / "lead-7K3QF2M9.yaml").write_text("id: x\n")
    (shard / "lead-8k3qf2m9.yaml").write_text("id: lead-8k3qf2m9\n")
    (shard / "lead-7k3qf2m9.yaml~").write_text("old")
    (shard / "contact-7k3qf2m9.yaml").write_text("id: contact-7k3qf2m9\n")
    (shard / ".lead-7k3qf2m9.yaml.swp").write_text("an editor is at work")
    (shard / "folder").mkdir()
    (shard.parent / "notes.txt").write_text("note")
    (shard.parent / "77").mkdir()
    (shard / os.fsdecode(b"\xff.yaml")).write_text("no name")

    assert names(folder.fresh()) == ["Анна"]
    assert [p.path.removeprefix("data/leads/") for p in folder.index.problems()] == [
        "7/\\xff.yaml", "7/contact-7k3qf2m9.yaml", "7/folder", "7/lead-7K3QF2M9.yaml",
        "7/lead-7k3qf2m9.yaml~", "7/lead-8k3qf2m9.yaml", "77", "notes.txt",
    ]  # fmt: skip
    (shard.parent / "notes.txt").unlink()
    (shard / "lead-7k3qf2m9.yaml~").unlink()
    assert len(folder.fresh().problems()) == 6


def test_a_link_and_a_folder_in_the_place_of_a_record_are_not_followed(folder: Folder) -> None:
    outside = folder.root / "outside.yaml"
    outside.write_text(f"id: {LEAD}\nname: снаружи\n")
    path = folder.path(LEAD)
    path.parent.mkdir(parents=True)
    path.symlink_to(outside)
    folder.path("lead-7zzzzzzz").mkdir()
    os.mkfifo(folder.path("lead-7yyyyyyy"))
    (folder.root / "data/leads/8").symlink_to(path.parent)

    assert names(folder.fresh()) == []
    messages = [p.message for p in folder.index.problems()]
    assert len(messages) == 4
    assert "symbolic link" in messages[0]
    path.unlink()
    path.write_text(f"id: {LEAD}\nname: внутри\n")
    assert names(folder.fresh()) == ["внутри"]


AS_NOBODY = """
import os, sys, tempfile
from pathlib import Path
from crmcli.store.index import Index
from crmcli.model.schema import Schema
with tempfile.TemporaryDirectory() as name:  # loads all modules while we may
    warm = Index(Path(name), Schema())
    warm.refresh()
    warm.close()
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
index = Index(Path(sys.argv[1]), Schema())
index.refresh()
print([raw["name"] for raw in index.select("lead")], [p.message for p in index.problems()])
index.close()
"""


def as_nobody(root: Path) -> str:
    """What a user without rights sees, if we are the one who has them all."""
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(root)],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_in_the_place_of_a_folder_is_refused(folder: Folder) -> None:
    (folder.root / "data").mkdir()
    (folder.root / "data/leads").write_text("")

    with pytest.raises(UnsafePath) as refusal:
        folder.fresh()
    assert "data/leads" in refusal.value.message


@pytest.fixture
def public(folder: Folder) -> Iterator[Folder]:
    """A folder that everybody may enter, whoever the tests are run by."""
    changed = []
    for parent in (folder.root, *folder.root.parents):
        if parent.stat().st_uid == os.geteuid() and not parent.stat().st_mode & 0o001:
            changed.append((parent, parent.stat().st_mode))
            parent.chmod(0o755)
    yield folder
    for parent, mode in changed:
        parent.chmod(mode & 0o7777)


def test_a_file_without_rights_is_a_problem_until_it_has_them(public: Folder) -> None:
    public.write(lead("lead-7zzzzzzz", name="Борис"))
    path = public.write(lead())
    state = public.root / ".crm"
    state.mkdir(mode=0o777)
    state.chmod(0o777)
    path.chmod(0o000)

    out = as_nobody(public.root)
    assert "['Борис'] ['the file cannot be read: Permission denied']" in out
    if os.geteuid() == 0:  # who may read it does not believe the other's problem
        assert names(public.fresh()) == ["Анна", "Борис"]
        assert public.index.problems() == []
        public.index.close()
    path.chmod(0o644)
    assert "['Анна', 'Борис'] []" in as_nobody(public.root)


def test_a_folder_that_cannot_be_written_is_read_all_the_same(public: Folder) -> None:
    public.write(lead())
    public.root.chmod(0o555)
    try:
        assert as_nobody(public.root) == "['Анна'] []\n"
        assert not (public.root / ".crm").exists()
    finally:
        public.root.chmod(0o755)
    public.fresh().close()
    for path in (public.root / ".crm", *(public.root / ".crm").iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    public.write(lead("lead-7zzzzzzz", name="Борис"))
    assert as_nobody(public.root) == "['Анна', 'Борис'] []\n"


# -- damage, versions, company ---------------------------------------------------------------


def overwrite(path: Path) -> None:
    path.write_bytes(b"this is no database" * 100)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 3 + 100])


def blot(path: Path) -> None:
    """Zeros over everything but the first page, as after a power cut."""
    path.write_bytes(path.read_bytes()[:4096].ljust(path.stat().st_size, b"\0"))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def drop_table(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE doc")
    connection.close()


@pytest.mark.parametrize("damage", [overwrite, cut, blot, empty, drop_table])
@pytest.mark.parametrize("when", ["closed", "open"])
def test_a_damaged_index_is_built_anew(folder: Folder, damage, when: str) -> None:  # type: ignore[no-untyped-def]
    for number in range(40):
        folder.write(lead(f"lead-0000{number:04}", name=f"Имя {number:02}", comment="текст " * 50))
    folder.fresh()
    if when == "closed":
        folder.index.close()
    damage(database(folder))

    folder.write(lead())
    assert len(names(folder.fresh())) == 41
    assert folder.index.search("Имя 07")[0].id == "lead-00000007"
    assert len(names(folder.again())) == 41


@pytest.mark.parametrize(
    "change", ["UPDATE meta SET value = 'old' WHERE key = 'signature'", "DELETE FROM meta"]
)
def test_an_index_of_another_version_is_built_anew(folder: Folder, change: str) -> None:
    folder.write(lead())
    folder.fresh().close()
    with sqlite3.connect(database(folder)) as connection:
        connection.execute("DELETE FROM lead")
        connection.execute(change)
    connection.close()

    assert names(folder.fresh()) == ["Анна"]


def test_an_index_of_another_release_is_built_anew(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(lead())
    folder.fresh().close()
    before = database(folder).stat().st_ino
    monkeypatch.setattr("crmcli.store.index.columns.__version__", crmcli.__version__ + "1")

    assert names(folder.again()) == ["Анна"]
    assert database(folder).stat().st_ino != before


def test_custom_fields_that_change_are_noticed(folder: Folder) -> None:
    folder.write(lead(area="12"))
    folder.fresh().close()
    folder.schema = Schema({"lead": (Field("area", kind_of("number"), custom=True),)})
    folder.index = Index(folder.root, folder.schema)
    folder.index.refresh()

    assert folder.ids_of("lead", "area > 11") == [LEAD]
    folder.index.close()
    folder.schema = Schema({"lead": (Field("area", kind_of("bool"), custom=True),)})
    folder.index = Index(folder.root, folder.schema)
    folder.index.refresh()
    assert "area" in folder.index.problems()[0].message


def test_a_half_built_index_of_a_killed_command_is_no_harm(folder: Folder) -> None:
    folder.write(lead())
    state = folder.root / ".crm"
    state.mkdir()
    (state / "index.db.new").write_bytes(b"half")
    (state / "index.db-wal").write_bytes(b"of another")

    assert names(folder.fresh()) == ["Анна"]
    assert sorted(p.name for p in state.iterdir() if ".new" in p.name) == []


READER = """
import sys, time
from pathlib import Path
from crmcli.model.schema import Schema
from crmcli.store.index import Index
root, rounds = Path(sys.argv[1]), int(sys.argv[2])
for _ in range(rounds):
    index = Index(root, Schema())
    index.refresh()
    found = index.select("lead")
    assert len({raw["id"] for raw in found}) == len(found) >= 300, len(found)
    assert index.problems() == [], index.problems()
    hits = index.search("Имя", limit=1000)
    assert len(found) <= len(hits) <= len(index.select("lead")), "search"
    index.close()
"""


def test_readers_and_a_writer_at_once(folder: Folder) -> None:
    """Nobody sees half an index, whoever builds it, and at the end it is equal to the folder."""
    for number in range(300):
        folder.write(lead(f"lead-0000{number:04}", name=f"Имя {number}"))
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(folder.root), "6"], stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for number in range(60):
        path = folder.path(f"lead-1000{number:04}")
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = folder.root / "staged"
        staged.write_text(f"id: lead-1000{number:04}\nname: Имя\n")
        staged.rename(path)
        folder.index.touch([layout.record_path(f"lead-1000{number:04}")])
        time.sleep(0.01)
    for reader in readers:
        _, err = reader.communicate(timeout=120)
        assert reader.returncode == 0, err
    assert folder.fresh().count("lead") == 360
    assert len(folder.again().select("lead")) == 360


def test_who_waits_too_long_is_told_so(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write(lead())
    folder.fresh()
    monkeypatch.setattr("crmcli.store.index.base.PATIENCE", 0.05)
    other = sqlite3.connect(database(folder), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    folder.write(lead(name="Инна"))

    with pytest.raises(IndexBusy) as refusal:
        folder.again()
    assert refusal.value.exit_code == 5
    other.execute("ROLLBACK")
    other.close()
    assert names(folder.fresh()) == ["Инна"]


# -- after a commit --------------------------------------------------------------------------


def test_touch_takes_in_just_these_files(folder: Folder) -> None:
    path = folder.write(lead())
    folder.write(lead("lead-7zzzzzzz", name="Борис"))
    folder.fresh()
    folder.write(lead(name="Инна"), settled=False)
    folder.write(lead("lead-7zzzzzzz", name="другая рука"))
    folder.log("aaaaaaaa", ("stage.entered", LEAD, {"stage": "working"}))

    folder.index.touch([FILE, JOURNAL, "settings.yaml", "templates/mail/hello.j2"])

    assert names(folder.index) == ["Борис", "Инна"]
    assert [e.kind for e in folder.index.events(LEAD)] == ["stage.entered"]
    assert names(folder.fresh()) == ["Инна", "другая рука"]
    path.unlink()
    folder.index.touch([FILE])
    assert names(folder.index) == ["другая рука"]
    assert names(folder.fresh()) == ["другая рука"]


def test_touch_without_an_index_does_nothing(folder: Folder) -> None:
    folder.write(lead())

    folder.index.touch([FILE])

    assert not (folder.root / ".crm").exists()
    assert names(folder.index) == ["Анна"]


def test_touch_never_fails(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write(lead())
    folder.fresh()
    other = sqlite3.connect(database(folder), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    folder.write(lead(name="Инна"))
    begun = time.monotonic()

    folder.index.touch([FILE])

    assert time.monotonic() - begun < 2
    other.execute("ROLLBACK")
    other.close()
    assert names(folder.index) == ["Инна"]  # without being asked to
    overwrite(database(folder))
    fresh = Index(folder.root, folder.schema)
    fresh.touch([FILE])
    assert names(fresh) == ["Инна"]
    fresh.close()


def test_many_touched_files_are_left_to_the_next_read(folder: Folder) -> None:
    folder.fresh()
    paths = []
    for number in range(2100):
        path = folder.path(f"lead-0000{number:04}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"id: lead-0000{number:04}\nname: Анна\n")
        paths.append(path.relative_to(folder.root).as_posix())

    folder.index.touch(paths)

    assert folder.index.count("lead") == 2100


# -- sums ------------------------------------------------------------------------------------


def test_totals_are_exact_and_never_mix_currencies(folder: Folder) -> None:
    for number, (stage, amount, currency) in enumerate(
        [("new", "0.10", "RUB"), ("new", "0.20", "RUB"), ("new", "5", "EUR"), ("new", "", ""),
         ("Won", "1", "rub"), ("won", "2", "RUB"), ("", "", "")]
    ):  # fmt: skip
        folder.write(
            {"id": f"deal-0000000{number}", "stage": stage, "amount": amount, "currency": currency}
        )

    found = folder.fresh().totals("deal", ["stage"])

    assert found == [
        Total(("new",), 1, "EUR", Decimal(5)),
        Total(("new",), 2, "RUB", Decimal("0.30")),
        Total(("new",), 1, "", Decimal(0)),
        Total(("Won",), 2, "RUB", Decimal(3)),
        Total(("",), 1, "", Decimal(0)),
    ]


def test_totals_of_the_largest_amounts_do_not_overflow(folder: Folder) -> None:
    for number in range(200):
        folder.write(
            {"id": f"deal-00000{number:03}", "amount": "999999999999999", "currency": "RUB"}
        )
    folder.write({"id": "deal-00000999", "amount": "-0.01", "currency": "RUB"})

    (total,) = folder.fresh().totals("deal", [])

    assert total == Total((), 201, "RUB", Decimal("199999999999999799.99"))


def test_totals_by_several_fields_and_a_condition(folder: Folder) -> None:
    folder.write({"id": "lead-00000001", "source": "Выставка", "owner": "anna", "amount": "1"})
    folder.write({"id": "lead-00000002", "source": "выставка", "owner": "anna", "amount": "2"})
    folder.write({"id": "lead-00000003", "source": "Сайт", "owner": "boris", "amount": "4"})
    condition = folder.condition("lead", "amount < 4")

    found = folder.fresh().totals("lead", ["source", "owner"], condition, folder.env)

    assert found == [Total(("Выставка", "anna"), 2, "", Decimal(3))]
    assert folder.index.totals("task", ["owner"]) == []
    with pytest.raises(BadUsage):
        folder.index.totals("lead", ["tags"])


# -- look-ups --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["+79161234567", "8 (916) 123-45-67", "89161234567", "+7 916 123 45 67 доб. 12", "9161234567"],
)
@pytest.mark.parametrize("asked", ["+79161234567", "8(916)1234567", "79161234567"])
def test_a_phone_is_found_however_it_is_written(folder: Folder, written: str, asked: str) -> None:
    folder.write(lead(phones=[{"value": "+74950000000"}, {"value": written}]))
    folder.write({"id": "contact-00000001", "name": "Анна", "phones": [{"value": written}]})

    assert folder.fresh().lookup("phone", asked, ("lead", "contact")) == [LEAD, "contact-00000001"]
    assert folder.index.lookup("phone", asked, ("contact",)) == ["contact-00000001"]
    assert folder.index.lookup("phone", "+74950000001", ()) == []


def test_digits_of_another_country_are_not_taken_for_ours(folder: Folder) -> None:
    """+49 5123 4567 has the digits of a Moscow number without its 7."""
    folder.write(lead(phones=[{"value": "+4951234567"}]))
    folder.write(lead("lead-00000001", phones=[{"value": "+74951234567"}]))

    assert folder.fresh().lookup("phone", "4951234567", ("lead",)) == [LEAD]
    assert folder.index.lookup("phone", "495 123-45-67", ("lead",)) == ["lead-00000001"]


def test_look_ups_by_mail_inn_site_and_name(folder: Folder) -> None:
    folder.write(
        {"id": "company-00000001", "name": "Ёлка", "legal_name": "ООО «Ёлка и Ко»", "inn": "7701234567",
         "urls": ["https://www.Elka.ru/"], "emails": [{"value": "Info@elka.ru"}]}
    )  # fmt: skip
    index = folder.fresh()

    for kind, key in [
        ("email", "INFO@ELKA.RU"), ("inn", "7701234567"), ("site", "elka.ru"), ("site", "http://elka.ru"),
        ("name", "елка"), ("name", " ЁЛКА "), ("name", "ооо «елка и ко»"),
    ]:  # fmt: skip
        assert index.lookup(kind, key, ("company",)) == ["company-00000001"], (kind, key)
    for kind, key in [
        ("email", "info"),
        ("inn", ""),
        ("site", "elka.r"),
        ("name", "ел"),
        ("name", ""),
    ]:
        assert index.lookup(kind, key, ()) == [], (kind, key)
    with pytest.raises(BadUsage):
        index.lookup("colour", "red", ())


def test_custom_fields_are_looked_up_too(folder: Folder) -> None:
    folder.schema = Schema(
        {
            "deal": (
                Field("связной", kind_of("phones"), custom=True),
                Field("сайт", kind_of("url"), custom=True),
            )
        }
    )
    folder.index = Index(folder.root, folder.schema)
    folder.write({"id": "deal-00000001", "связной": "8 916 123-45-67", "сайт": "https://elka.ru"})

    assert folder.fresh().lookup("phone", "+79161234567", ("deal",)) == ["deal-00000001"]
    assert folder.index.lookup("site", "www.elka.ru", ("deal",)) == ["deal-00000001"]


# -- the timeline ----------------------------------------------------------------------------


def test_events_come_in_order_and_as_they_were_written(folder: Folder) -> None:
    made = folder.log(
        "aaaaaaaa",
        ("lead.created", LEAD, {"stage": "new"}),
        ("note", LEAD, {"text": 'Сказал: "да", потом\nнет'}),
        ("lead.created", "lead-00000001", {"stage": "new"}),
    )
    made += folder.log("bbbbbbbb", ("stage.entered", LEAD, {"stage": "working", "n": 1.5}))
    index = folder.fresh()

    assert [e.id for e in index.events()] == made
    assert [e.id for e in index.events(newest_first=True)] == made[::-1]
    assert [e.id for e in index.events(LEAD)] == [made[0], made[1], made[3]]
    assert [e.id for e in index.events(kinds=("note", "stage.entered"))] == [made[1], made[3]]
    assert [e.id for e in index.events(after=made[1])] == made[2:]
    assert [e.id for e in index.events(limit=2)] == made[:2]
    assert [e.id for e in index.events(clone="bbbbbbbb")] == made[3:]
    assert [e.id for e in index.events(LEAD, ("note",), made[0], clone="aaaaaaaa")] == [made[1]]
    assert index.events(clone="b") == []
    assert index.clones() == ["aaaaaaaa", "bbbbbbbb"]
    note = index.event(made[1])
    assert note is not None
    assert (note.at, note.actor, note.data) == (NOW, "anna", {"text": 'Сказал: "да", потом\nнет'})
    assert index.event("e0000000000000000") is None
    _, entry = index.entries([LEAD])[LEAD]
    assert entry is not None
    assert entry.data == {"stage": "working", "n": 1.5}
    assert index.entries(["lead-zzzzzzzz"]) == {}


def test_new_events_are_taken_in_without_the_records(folder: Folder) -> None:
    folder.write(lead())
    folder.log("aaaaaaaa", ("lead.created", LEAD, {}))
    folder.fresh()
    folder.write(lead(name="Инна"))
    folder.log("aaaaaaaa", ("note", LEAD, {"text": "раз"}))

    folder.index.refresh_timeline()

    assert [e.kind for e in folder.index.events()] == ["lead.created", "note"]
    assert names(folder.index) == ["Анна"]
    assert names(folder.fresh()) == ["Инна"]


def test_an_index_that_is_begun_with_the_timeline_is_not_taken_for_whole(folder: Folder) -> None:
    folder.write(lead())
    folder.write({"id": "deal-00000001", "name": "Кровля"})
    folder.log("aaaaaaaa", ("lead.created", LEAD, {}))
    assert not folder.index.is_whole()

    folder.index.refresh_timeline(alone=True)
    assert (len(folder.index.events()), names(folder.index)) == (1, [])
    folder.index.refresh(["deal"])
    assert (names(folder.index, "deal"), names(folder.index)) == (["Кровля"], [])
    other = Index(folder.root, folder.schema)
    assert not other.is_whole()

    other.refresh()
    assert (other.is_whole(), names(other), len(other.events())) == (True, ["Анна"], 1)
    assert folder.index.is_whole()
    other.close()


@pytest.mark.parametrize("thorough", [True, False])
def test_a_timeline_rewritten_by_a_merge_is_read_whole(folder: Folder, thorough: bool) -> None:
    folder.log("aaaaaaaa", *[("note", LEAD, {"text": f"слово{n}"}) for n in range(3)])
    path = folder.root / JOURNAL
    folder.fresh()
    lines = path.read_text().splitlines(keepends=True)
    folder.log("aaaaaaaa", ("note", LEAD, {"text": "последнее"}))
    path.write_text(
        "".join([lines[0], *lines[2:], *path.read_text().splitlines(keepends=True)[4:]])
    )

    folder.index.refresh() if thorough else folder.index.refresh_timeline()

    assert [e.data["text"] for e in folder.index.events()] == ["слово1", "слово2", "последнее"]
    assert folder.index.search("слово0") == []


@pytest.mark.parametrize("touched", [True, False])
def test_an_edit_above_an_append_is_found_by_the_next_refresh(
    folder: Folder, touched: bool
) -> None:
    folder.log("aaaaaaaa", ("note", LEAD, {"text": "раз"}), ("note", LEAD, {"text": "два"}))
    path = folder.root / JOURNAL
    past_the_tick()
    folder.fresh().refresh()
    path.write_text(path.read_text().replace("раз", "три"))
    folder.log("aaaaaaaa", ("note", LEAD, {"text": "новое"}))
    past_the_tick()

    if touched:
        folder.index.touch([JOURNAL])
        assert len(folder.index.events()) == 3

    assert [e.data["text"] for e in folder.fresh().events()] == ["три", "два", "новое"]


def test_a_timeline_line_that_is_broken_is_named_and_costs_only_itself(folder: Folder) -> None:
    folder.log("aaaaaaaa", *[("note", LEAD, {"text": f"{n}"}) for n in range(3)])
    path = folder.root / JOURNAL
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "<<<<<<< HEAD\n", *lines[2:]]))

    assert [e.data["text"] for e in folder.fresh().events()] == ["0", "1", "2"]
    (problem,) = folder.index.problems()
    assert (problem.path, problem.line) == (JOURNAL, 3)
    path.write_text("".join(lines))
    assert folder.fresh().problems() == []


def test_a_cut_off_last_line_is_read_when_it_is_whole(folder: Folder) -> None:
    folder.log("aaaaaaaa", *[("note", LEAD, {"text": f"{n}"}) for n in range(3)])
    path = folder.root / JOURNAL
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])

    assert len(folder.fresh().events()) == 2
    assert [p.line for p in folder.index.problems()] == [4]
    path.write_bytes(whole)
    assert len(folder.fresh().events()) == 3
    assert folder.index.problems() == []
    path.write_bytes(whole[:-1])  # an editor that does not end the last line
    assert len(folder.fresh().events()) == 3
    folder.ids = None
    path.write_bytes(whole)
    folder.log("aaaaaaaa", ("note", LEAD, {"text": "3"}))
    folder.index.refresh_timeline()
    assert [e.data["text"] for e in folder.index.events()] == ["0", "1", "2", "3"]


def test_a_timeline_file_that_is_none_hides_no_other(folder: Folder) -> None:
    folder.log("aaaaaaaa", ("note", LEAD, {"text": "раз"}))
    month = (folder.root / JOURNAL).parent
    (month / "bbbbbbbb.csv").mkdir()
    os.mkfifo(month / "cccccccc.csv")
    (month / "dddddddd.csv").symlink_to(folder.root / JOURNAL)
    (month / "notes.txt").write_text("not ours")
    (month.parent / "README.csv").write_text("not ours")

    assert [e.data["text"] for e in folder.fresh().events()] == ["раз"]
    assert [p.path[-12:-4] for p in folder.index.problems()] == ["bbbbbbbb", "cccccccc", "dddddddd"]
    (month / "bbbbbbbb.csv").rmdir()
    assert len(folder.fresh().problems()) == 2


def test_half_a_character_in_a_timeline_is_named(folder: Folder) -> None:
    folder.log("aaaaaaaa", ("note", LEAD, {"text": "цел"}), ("note", LEAD, {"text": "два"}))
    path = folder.root / JOURNAL
    path.write_text(path.read_text().replace("цел", "\\ud83d"))

    assert [e.data["text"] for e in folder.fresh().events()] == ["два"]
    assert [p.line for p in folder.index.problems()] == [2]


def test_an_event_in_two_files_counts_once_and_stays_while_one_is_left(folder: Folder) -> None:
    """As after a synchroniser made a second copy of a file."""
    folder.log("aaaaaaaa", *[("note", LEAD, {"text": f"слово{n}"}) for n in range(3)])
    path = folder.root / JOURNAL
    copy = path.with_name("aaaaaaaa (copy).csv")
    shutil.copy(path, copy)

    assert len(folder.fresh().events()) == 3
    copy.unlink()
    assert len(folder.fresh().events()) == 3
    shutil.copy(path, copy)
    assert len(folder.fresh().events()) == 3
    path.unlink()
    assert len(folder.fresh().events()) == 3
    assert len(folder.index.search("слово")) == 0  # its record does not exist
    copy.unlink()
    assert folder.fresh().events() == []


def test_jobs_are_found_by_key_and_by_record(folder: Folder) -> None:
    folder.log(
        "aaaaaaaa",
        ("job.queued", LEAD, {"key": "k1", "robot": "hello"}),
        ("job.queued", "deal-00000001", {"key": "k2"}),
        ("job.done", "", {"key": "k1"}),
        ("note", LEAD, {"key": "k1"}),
    )
    index = folder.fresh()

    assert [e.kind for e in index.job_events(["k1"])] == ["job.queued", "job.done"]
    assert [e.kind for e in index.job_events(record=LEAD)] == ["job.queued", "job.done"]
    assert len(index.job_events()) == 3
    assert index.job_events(["k3"]) == []


# -- the agenda ------------------------------------------------------------------------------


def test_leads_and_deals_that_change_are_dirty_until_they_are_settled(folder: Folder) -> None:
    folder.write(lead())
    folder.write({"id": "deal-00000001", "stage": "new"})
    folder.write({"id": "contact-00000001", "name": "Анна"})
    index = folder.fresh()
    assert sorted(index.dirty()) == ["deal-00000001", LEAD]

    index.settle_all([(LEAD, "2026-11-24T09:00:00Z", "")])
    index.settle_all([("deal-00000001", None, "")])
    assert index.dirty() == []
    assert index.due("2026-11-24T08:59:59Z") == []
    assert [one for _, one in index.due("2026-11-24T09:00:00Z")] == [LEAD]

    folder.write(lead(stage="working"))
    assert folder.fresh().dirty() == [LEAD]
    index.settle_all([(LEAD, None, "")])
    assert index.due("9999") == []
    folder.log("aaaaaaaa", ("note", "deal-00000001", {}), ("note", "contact-00000001", {}))
    assert folder.fresh().dirty() == ["deal-00000001"]
    index.settle_all([("deal-00000001", None, "")])
    folder.log("aaaaaaaa", ("job.queued", "deal-00000001", {"key": "k"}))
    folder.fresh().dirty()
    index.settle_all([("deal-00000001", None, "")])
    folder.log("aaaaaaaa", ("job.done", "", {"key": "k"}))
    assert folder.fresh().dirty() == ["deal-00000001"]


def test_many_are_settled_at_once(folder: Folder) -> None:
    ids = [f"lead-0000000{n}" for n in range(5)]
    for record_id in ids:
        folder.write(lead(record_id))
    index = folder.fresh()
    index.dirty()

    index.settle_all((i, f"2026-11-2{i[-1]}T00:00:00Z" if i != ids[0] else None, "") for i in ids)

    assert index.dirty() == []
    assert [one for _, one in index.due("2026-11-23")] == ids[1:3]


def test_a_change_after_the_look_is_not_settled_with_it(folder: Folder) -> None:
    folder.write(lead())
    index = folder.fresh()
    assert index.dirty() == [LEAD]
    folder.write(lead(name="Инна"))
    other = folder.again()  # another command takes the change in

    index.settle_all([(LEAD, "2026-11-24T09:00:00Z", "")])

    assert other.dirty() == [LEAD]
    assert index.dirty() == [LEAD]
    index.settle_all([(LEAD, None, "")])
    assert other.dirty() == []
    other.close()


def test_a_removed_record_is_dirty_once_more(folder: Folder) -> None:
    path = folder.write(lead())
    index = folder.fresh()
    index.dirty()
    index.settle_all([(LEAD, "2026-11-24T09:00:00Z", "")])
    path.unlink()

    assert folder.fresh().dirty() == [LEAD]


def test_other_rules_make_everything_dirty(folder: Folder) -> None:
    folder.write(lead())
    index = folder.fresh()
    assert index.agenda_signature("one")
    index.dirty()
    index.settle_all([(LEAD, None, "")])
    assert not index.agenda_signature("one")
    assert index.dirty() == []

    assert index.agenda_signature("two")
    assert index.dirty() == [LEAD]


def test_a_timeline_that_could_not_be_opened_once_is_no_problem_for_ever(folder: Folder) -> None:
    folder.write(lead())
    folder.log("7k3qf2m9", ("note", LEAD, {}))
    [path] = folder.root.glob("data/timeline/*/*.csv")
    aside = path.rename(folder.root / "aside.csv")
    os.mkfifo(path)
    assert len(folder.fresh().problems()) == 1
    path.unlink()
    aside.rename(path)
    index = folder.fresh()
    assert index.problems() == []
    assert [event.kind for event in index.events()] == ["note"]


def test_what_was_touched_for_later_is_there_when_it_is_read(folder: Folder) -> None:
    folder.write(lead())
    assert names(folder.fresh()) == ["Анна"]
    folder.write(lead(name="Борис"))
    folder.index.touch([FILE], later=True)
    assert names(folder.index) == ["Борис"]
    folder.write(lead(name="Вера"))
    folder.index.touch([FILE], later=True)
    assert names(folder.again()) == ["Вера"]  # nor does it matter if it never is


def test_a_message_is_found_by_its_message_id(folder: Folder) -> None:
    one, other = "<one@crm.example>", "<other@kafe.example>"
    queued, sent, answer, *_ = folder.log(
        "aaaaaaaa",
        ("job.queued", LEAD, {"key": "k1", "message_id": one}),
        ("mail.out", LEAD, {"text": "Здравствуйте", "message_id": one}),
        ("mail.in", LEAD, {"text": "Да", "message_id": other}),
        ("note", LEAD, {"text": "о письме", "message_id": one}),
        ("mail.in", LEAD, {"text": "Нет", "message_id": "NaN"}),
    )
    journal = folder.root / JOURNAL
    journal.write_text(journal.read_text("utf-8").replace('""NaN""', "NaN"), "utf-8")
    index = folder.fresh()
    assert [event.id for event in index.events_of_message(one)] == [queued, sent]
    assert [event.id for event in index.events_of_message(other)] == [answer]
    assert index.events_of_message("<nobody@crm.example>") == []
    (later,) = folder.log("aaaaaaaa", ("mail.in", LEAD, {"text": "Ещё", "message_id": other}))
    assert [event.id for event in folder.again().events_of_message(other)] == [answer, later]
    database = sqlite3.connect(folder.root / ".crm/index.db")
    plan = database.execute(
        f"EXPLAIN QUERY PLAN SELECT id FROM event WHERE {MESSAGE_ID} = ? AND {IS_MESSAGE} ORDER BY id",
        (one,),
    ).fetchall()
    assert "USING INDEX event_message" in plan[0][-1]


def test_what_came_in_and_is_settled_is_found_by_its_index(folder: Folder) -> None:
    folder.fresh()
    database = sqlite3.connect(folder.root / ".crm/index.db")
    plan = [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {SETTLE}")]
    assert any("event_intake (<expr>=?" in step for step in plan), plan
