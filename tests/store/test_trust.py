"""What a user approves: kept outside every workspace, whole, for him alone."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from crmcli.store.safety import trust


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_folder_is_trusted_until_that_is_taken_back(tmp_path: Path) -> None:
    assert not trust.is_folder_trusted(tmp_path)
    assert trust.trust_folder(tmp_path)
    assert not trust.trust_folder(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    assert trust.is_folder_trusted(tmp_path / "link")  # by the real path
    assert not trust.is_folder_trusted(tmp_path / "state")  # not what lies in it
    assert list(trust.trusted_folders()) == [str(tmp_path)]
    assert trust.untrust_folder(tmp_path)
    assert not trust.untrust_folder(tmp_path)
    assert not trust.is_folder_trusted(tmp_path)


def test_it_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    trust.trust_folder(tmp_path)
    assert stat.S_IMODE(trust.home().stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in trust.home().iterdir()} == {0o600}
    assert trust.home() == tmp_path / "state/crm"


@pytest.mark.parametrize("given", ["", "relative/state"])
def test_without_a_state_folder_it_is_in_the_home(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", given)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert trust.home() == tmp_path / ".local/state/crm"


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[1]", "[" * 100_000, '{"folders": 3}', "\0", '{"folders": ["/"]}']
)
def test_a_damaged_file_trusts_nothing_and_says_so(text: str, tmp_path: Path) -> None:
    trust.trust_folder(tmp_path)
    (trust.home() / trust.FILE).write_text(text)
    with pytest.raises(trust.TrustUnreadable, match="damaged"):
        trust.is_folder_trusted(tmp_path)
    trust.trust_folder(tmp_path / "state")
    assert list(trust.trusted_folders()) == [str(tmp_path / "state")]


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_what_others_can_write_is_nobodys_word(mode: int, tmp_path: Path) -> None:
    trust.trust_folder(tmp_path)
    (trust.home() / trust.FILE).chmod(mode)
    problem = trust.problem()
    assert problem is not None
    assert "by others" in problem.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_word_of_another_user_does_not_count(tmp_path: Path) -> None:
    trust.trust_folder(tmp_path)
    os.chown(trust.home() / trust.FILE, 4321, 4321)
    with pytest.raises(trust.TrustUnreadable, match="by others"):
        trust.is_folder_trusted(tmp_path)


def test_a_link_or_a_pipe_in_its_place_is_not_followed(tmp_path: Path) -> None:
    trust.trust_folder(tmp_path)
    path = trust.home() / trust.FILE
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(trust.TrustUnreadable, match="cannot be read"):
        trust.is_folder_trusted(tmp_path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(trust.TrustUnreadable):
        trust.is_folder_trusted(tmp_path)


def _trust(number: int) -> bool:
    return trust.trust_folder(Path(f"/srv/{number}"))


def test_several_at_once_lose_nothing() -> None:
    with ProcessPoolExecutor(4) as pool:
        assert all(pool.map(_trust, range(40)))
    assert len(trust.trusted_folders()) == 40
