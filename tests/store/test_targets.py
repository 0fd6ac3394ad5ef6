"""The allow-list of a transaction, and commit records that somebody forged."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.store.disk import files, targets
from crmcli.store.disk.commit_record import QUARANTINE, TXN, Append, CommitRecord, Delete, Put
from crmcli.store.disk.recovery import CommitRecordDamaged, recover
from crmcli.store.disk.transaction import Transaction
from tests.kit import NOW
from torture.trees import SHAPES, TARGETS

ID = "00000000000000ff"
LEAD = "data/leads/7/lead-7k3qf2m9.yaml"
JOURNAL = "data/timeline/2026-11/7k3qf2m9.csv"
ATTACHMENT = f"data/files/ab/ab{'0' * 62}"
LOCKED = "data/locked/2031-12-31/invoice-7k3qf2m9.json"
TEMPLATES = ("templates/mail/hello.j2", "templates/Письма/Здравствуйте, Анна.html.j2")
PUT = (LEAD, ATTACHMENT, LOCKED, JOURNAL, "data/blocklist.csv", "settings.yaml", "pipelines.yaml", "views.yaml",
       "access.yaml", *TEMPLATES)  # fmt: skip
APPEND = (JOURNAL, ".crm/commits/pending", ".crm/sent")
DELETE = (
    LEAD,
    ATTACHMENT,
    LOCKED,
    "data/leads/lead-7k3qf2m9.yaml",
    "data/deals/x/Lead-7K3QF2M9.yaml",
    "access.yaml",
    "settings.yaml",
    "data/blocklist.csv",
    *TEMPLATES,
)
STRANGE = (*TARGETS, "data/timeline/2026-13/7k3qf2m9.csv", "data/timeline/2026-11/UPPER000.csv", f"{ATTACHMENT}0",
           "data/files/ac/ab" + "0" * 62, "data/locked/x.json", f"{LOCKED}0", "data/locked/2031-12-31/x.json", "templates/.hidden", "templates/a/../../x", "Settings.yaml",
           "templates/GIT~1", "templates/a\u202eb", "templates/" + "x" * 256, ".crm/sent/x",
           "data/leads/7/lead-7k3qf2m9.yaml\n", "data/leads/７/lead-７k3qf2m9.yaml")  # fmt: skip


def test_what_crm_writes_is_allowed() -> None:
    assert all(map(targets.may_put, PUT))
    assert all(map(targets.may_append, APPEND))
    assert all(map(targets.may_delete, DELETE))


def test_each_act_has_its_own_files() -> None:
    assert not any(map(targets.may_put, APPEND[1:]))
    assert not any(map(targets.may_append, (LEAD, "settings.yaml", ATTACHMENT)))
    assert not any(map(targets.may_delete, (JOURNAL, "pipelines.yaml", *APPEND)))


@pytest.mark.parametrize("path", STRANGE)
def test_nothing_else_is_written_nor_recovered(path: str, tmp_path: Path) -> None:
    plan = Transaction(tmp_path, "crm")
    acts: tuple[Callable[[], None], ...] = (
        lambda: plan.put(path, b"x", None),
        lambda: plan.append(path, b"x"),
        lambda: plan.delete(path, files.digest(b"x")),
    )
    for act in acts:
        with pytest.raises(files.UnsafePath):
            act()
    for record in (
        CommitRecord(ID, "", "", "", puts=(Put(path, f"{ID}.0", files.digest(b"x"), None),)),
        CommitRecord(ID, "", "", "", appends=(Append(path, 0, "x", files.digest(b"")[:16]),)),
        CommitRecord(ID, "", "", "", deletes=(Delete(path, files.digest(b"x")),)),
    ):
        (tmp_path / TXN).mkdir(parents=True, exist_ok=True)
        (tmp_path / TXN / f"{ID}.0").write_bytes(b"x")
        good = Append(JOURNAL, 0, "x\n", files.digest(b"")[:16])
        whole = record._replace(appends=(good, *record.appends))
        (tmp_path / TXN / record.name).write_bytes(whole.encode())
        with pytest.raises(CommitRecordDamaged, match="may not touch"):
            recover(tmp_path)
        assert os.listdir(tmp_path) == [".crm"]  # the good part of it is not done either
        assert record.name in os.listdir(tmp_path / QUARANTINE)


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "a newer version"])
def test_a_record_of_another_shape_is_damage(name: str, tmp_path: Path) -> None:
    body = SHAPES[name].replace("ID", ID).encode("utf-8", "surrogatepass")
    (tmp_path / TXN).mkdir(parents=True)
    (tmp_path / TXN / f"{ID}.commit").write_bytes(files.digest(body).encode() + b"\n" + body)
    with pytest.raises(CommitRecordDamaged, match="damaged"):
        recover(tmp_path)
    assert recover(tmp_path) == []
    assert os.listdir(tmp_path) == [".crm"]


def test_a_record_under_another_name_is_damage(tmp_path: Path) -> None:
    (tmp_path / TXN).mkdir(parents=True)
    record = CommitRecord(ID, "", "", "", appends=(Append(JOURNAL, 0, "x\n", "0" * 16),))
    (tmp_path / TXN / "0000000000000001.commit").write_bytes(record.encode())
    with pytest.raises(CommitRecordDamaged):
        recover(tmp_path)


def test_what_replaces_a_program_cannot_be_run(tmp_path: Path) -> None:
    place = tmp_path / "templates/mail/x.j2"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"old")
    place.chmod(0o6755)
    plan = Transaction(tmp_path, "crm")
    plan.put("templates/mail/x.j2", b"new", files.digest(b"old"))
    plan.commit()
    assert (place.read_bytes(), place.stat().st_mode & 0o7111) == (b"new", 0)


def test_a_maildir_in_the_workspace_does_not_lead_out(tmp_path: Path) -> None:
    from crmcli.channels.mail import deliver
    from crmcli.channels.message import Message
    from crmcli.model.settings import MailChannel

    outside = tmp_path / "outside"
    outside.mkdir()
    message = Message(
        key="k", sender="a@example.com", to=("b@example.com",), subject="x", text="y", date=NOW
    )
    for name in ("outbox", "outbox/new", "outbox/tmp", "outbox/cur"):
        root = tmp_path / name.replace("/", "-")
        (root / name).parent.mkdir(parents=True)
        (root / name).symlink_to(outside)
        with pytest.raises(files.UnsafePath):
            deliver(message, MailChannel("maildir:outbox"), root)
    assert list(outside.iterdir()) == []
