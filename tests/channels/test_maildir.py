"""Delivery into a Maildir: whole letters only, and never two for one key."""

from __future__ import annotations

import mailbox
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from crmcli.channels import maildir
from crmcli.channels.outcome import Failed, Sent

LETTER = b"From: a@b.ru\nTo: c@d.ru\nSubject: hello\n\ntext\n"


def letters(folder: Path) -> list[Path]:
    return [*(folder / "new").iterdir(), *(folder / "cur").iterdir()]


def test_a_letter_is_put_where_mail_programs_look(tmp_path: Path) -> None:
    outcome = maildir.deliver(LETTER, tmp_path / "outbox", "key")
    assert isinstance(outcome, Sent)
    box = mailbox.Maildir(tmp_path / "outbox", create=False)
    assert [message["Subject"] for message in box] == ["hello"]
    assert outcome.ref == f"outbox/new/{letters(tmp_path / 'outbox')[0].name}"
    assert not list((tmp_path / "outbox" / "tmp").iterdir())


def test_the_same_key_is_delivered_once(tmp_path: Path) -> None:
    first, again, other, last = (maildir.deliver(LETTER, tmp_path / "o", key) for key in "aaba")
    assert len(letters(tmp_path / "o")) == 2
    assert first == again == last != other


@pytest.mark.parametrize("flags", ["", ":2,", ":2,S", ":2,FRS"])
def test_a_letter_that_was_read_is_not_delivered_again(tmp_path: Path, flags: str) -> None:
    folder = tmp_path / "o"
    maildir.deliver(LETTER, folder, "key")
    (letter,) = (folder / "new").iterdir()
    letter.rename(folder / "cur" / (letter.name + flags))
    outcome = maildir.deliver(LETTER, folder, "key")
    assert isinstance(outcome, Sent)
    assert "/cur/" in outcome.ref
    assert len(letters(folder)) == 1


def test_many_at_once_deliver_one(tmp_path: Path) -> None:
    threads = [
        threading.Thread(target=maildir.deliver, args=(LETTER, tmp_path / "o", "key"))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(letters(tmp_path / "o")) == 1


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert isinstance(maildir.deliver(LETTER, tmp_path / "o", "key"), Sent)
    assert letters(tmp_path / "o")[0].read_bytes() == LETTER


def test_a_folder_that_cannot_be_made() -> None:
    outcome = maildir.deliver(LETTER, Path("/proc/outbox"), "key")
    assert isinstance(outcome, Failed)
    assert outcome.again


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("")
    outcome = maildir.deliver(LETTER, tmp_path / "o", "key")
    assert isinstance(outcome, Failed)
    assert outcome.again
    assert str(tmp_path / "o") in outcome.reason


SCRIPT = """
import sys
from pathlib import Path
from crmcli.channels import maildir
maildir.deliver(b"From: a@b.ru\\n\\ntext\\n" * 1000, Path(sys.argv[1]), "key")
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "call", ["openat", "pwrite64", "fsync", "link,linkat", "unlink,unlinkat", "mkdir,mkdirat"]
)
def test_killed_at_any_call_it_leaves_none_or_a_whole_one(tmp_path: Path, call: str) -> None:
    folder = tmp_path / "o"
    for when in range(1, 5):
        names = call.split(",")
        trace = ["strace", "-f", "-qq", "-o", "/dev/null"]
        for name in names:
            trace += ["-e", f"inject={name}:signal=KILL:when={when}"]
        only = (
            ["-P", str(folder), "-P", str(folder / "new"), "-P", str(folder / "tmp")]
            if call == "openat"
            else []
        )
        subprocess.run(
            [*trace, *only, sys.executable, "-c", SCRIPT, str(folder)],
            check=False,
            capture_output=True,
        )
        if (folder / "new").is_dir() and (folder / "cur").is_dir():
            assert all(len(p.read_bytes()) == 19 * 1000 for p in letters(folder))
            assert len(letters(folder)) <= 1
    subprocess.run([sys.executable, "-c", SCRIPT, str(folder)], check=True)
    assert len(letters(folder)) == 1
