"""Files of a record: stored once by content, kept through conversion, merge and undo."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli.errors import BadUsage, NotFound
from crmcli.sales import leads
from crmcli.sales.checks import check
from crmcli.sales.history import undo
from crmcli.sales.leads import ConvertOptions
from crmcli.sales.records import attachments
from crmcli.sales.records.attachments import AlreadyAttached, New
from crmcli.store import layout
from crmcli.store.records.stored import FileDamaged
from crmcli.workspace import Workspace
from tests import kit

CONTRACT = New("Договор.pdf", b"%PDF-1.7 \xd0\x94")
PLAN = New("План.png", b"\x89PNG")


@pytest.fixture
def lead(ws: Workspace) -> str:
    return kit.lead(ws, name="Кровля", phones="8 912 345-67-89").id


def stored(ws: Workspace) -> list[Path]:
    return [path for path in (ws.root / "data/files").rglob("*") if path.is_file()]


def test_what_was_attached_comes_back(ws: Workspace, lead: str) -> None:
    attachments.attach(ws, lead, [CONTRACT, PLAN])
    record = ws.get(lead)
    assert [found.name for found in attachments.of(record)] == ["Договор.pdf", "План.png"]
    found = attachments.named(record, "догов")
    assert ws.attached(found.file) == CONTRACT.content
    assert attachments.size(ws, found) == len(CONTRACT.content)
    assert attachments.named(record, found.file[:6]) == found


def test_the_same_content_is_stored_once(ws: Workspace, lead: str) -> None:
    other = kit.contact(ws, last_name="Ёлкин").id
    attachments.attach(ws, lead, [CONTRACT])
    attachments.attach(ws, other, [New("копия.pdf", CONTRACT.content)])
    assert len(stored(ws)) == 1
    events = len(ws.events())
    attachments.attach(ws, lead, [CONTRACT])
    assert len(ws.events()) == events


def test_another_file_of_that_name(ws: Workspace, lead: str) -> None:
    attachments.attach(ws, lead, [CONTRACT])
    with pytest.raises(AlreadyAttached):
        attachments.attach(ws, lead, [New(CONTRACT.name, b"new")])
    assert len(stored(ws)) == 1
    attachments.attach(ws, lead, [New(CONTRACT.name, b"new")], instead=True)
    assert ws.attached(attachments.named(ws.get(lead)).file) == b"new"


def test_which_file_is_meant(ws: Workspace, lead: str) -> None:
    with pytest.raises(NotFound, match="has no files"):
        attachments.named(ws.get(lead))
    attachments.attach(ws, lead, [CONTRACT, New("Договор-2.pdf", b"2")])
    with pytest.raises(NotFound, match="there are several"):
        attachments.named(ws.get(lead))
    with pytest.raises(NotFound, match="beginning of several"):
        attachments.named(ws.get(lead), "Дог")
    with pytest.raises(NotFound, match="has no file"):
        attachments.named(ws.get(lead), "Счёт")
    assert attachments.named(ws.get(lead), "Договор.pdf").name == "Договор.pdf"


def test_taken_off_and_undone(ws: Workspace, lead: str) -> None:
    attachments.attach(ws, lead, [CONTRACT])
    attachments.detach(ws, lead, "Договор")
    assert attachments.of(ws.get(lead)) == ()
    undo.undo(ws)
    assert ws.attached(attachments.named(ws.get(lead)).file) == CONTRACT.content
    undo.undo(ws)
    assert attachments.of(ws.get(lead)) == ()


def test_a_damaged_file_is_not_handed_out(ws: Workspace, lead: str) -> None:
    attachments.attach(ws, lead, [CONTRACT])
    found = attachments.named(ws.get(lead))
    path = ws.root / layout.file_path(found.file)
    path.write_bytes(b"other")
    with pytest.raises(FileDamaged, match="no longer what was attached"):
        ws.attached(found.file)
    assert any(problem.path == layout.file_path(found.file) for problem in check.problems(ws))
    path.unlink()
    with pytest.raises(FileDamaged, match="missing"):
        ws.attached(found.file)
    assert attachments.size(ws, found) is None


def test_a_conversion_carries_files_over(ws: Workspace, lead: str) -> None:
    deal = kit.deal(ws, name="Кровля").id
    attachments.attach(ws, deal, [New(CONTRACT.name, b"another")])
    attachments.attach(ws, lead, [CONTRACT])
    done = leads.convert(ws, lead, ConvertOptions(make=("contact",), use={"deal": deal}))
    assert attachments.of(ws.get(done.ids["contact"])) == attachments.of(ws.get(lead))
    assert len(attachments.of(ws.get(deal))) == 2


def test_found_by_their_names(ws: Workspace, lead: str) -> None:
    attachments.attach(ws, lead, [CONTRACT])
    for where in ('files has "договор.pdf"', 'files ~ "догов"', "files is not empty"):
        assert [r.id for r in ws.select("lead", ws.condition(where, "lead"))] == [lead], where
    assert [hit.id for hit in ws.search("договор")] == [lead]


def test_files_from_outside(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "смета.csv"
    path.write_bytes(b"1;2")
    assert attachments.read(path) == New("смета.csv", b"1;2")
    assert attachments.read(path, "Смета 2.csv").name == "Смета 2.csv"
    with pytest.raises(BadUsage, match="is not a valid file name"):
        attachments.read(path, "..")
    with path.open("ab") as file:
        file.truncate(attachments.LARGEST + 1)
    with pytest.raises(BadUsage, match="larger than 50 MB"):
        attachments.read(path)
