"""The settings choose how a letter leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmcli.channels.base import NoChannel
from crmcli.channels.mail import deliver
from crmcli.channels.message import Message
from crmcli.channels.outcome import Failed, Sent
from crmcli.channels.secrets import NoSecret
from crmcli.errors import CrmError
from crmcli.model.settings import MailChannel

LETTER = Message(
    "key", "a@b.ru", ("c@d.ru",), "Тема", "Текст\n", datetime(2026, 11, 23, tzinfo=UTC)
)


def test_into_a_folder_of_the_workspace(tmp_path: Path) -> None:
    assert isinstance(deliver(LETTER, MailChannel("maildir:outbox"), tmp_path), Sent)
    (letter,) = (tmp_path / "outbox" / "new").iterdir()
    assert "Текст" in letter.read_text(encoding="utf-8")


def test_into_a_folder_elsewhere(tmp_path: Path) -> None:
    deliver(LETTER, MailChannel(f"maildir:{tmp_path}/elsewhere"), tmp_path / "ws")
    assert len(list((tmp_path / "elsewhere" / "new").iterdir())) == 1


@pytest.mark.parametrize("where", ["../outbox", "link", "a/../../b", "~nobody-is-called-so/x"])
def test_not_out_of_the_workspace_by_a_back_door(tmp_path: Path, where: str) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "link").symlink_to(tmp_path)
    with pytest.raises(CrmError):
        deliver(LETTER, MailChannel(f"maildir:{where}"), tmp_path / "ws")


def test_to_a_server(tmp_path: Path) -> None:
    outcome = deliver(LETTER, MailChannel("smtp://127.0.0.1:1"), tmp_path)
    assert isinstance(outcome, Failed)
    assert outcome.again
    with pytest.raises(NoSecret):
        deliver(
            LETTER, MailChannel("smtp://u@127.0.0.1:1", password="env:NOT_SET_ANYWHERE"), tmp_path
        )


def test_no_other_way_is_known(tmp_path: Path) -> None:
    with pytest.raises(NoChannel):
        deliver(LETTER, MailChannel("pigeon:coop"), tmp_path)
