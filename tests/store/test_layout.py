"""Paths, ids and the way up to the workspace."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from crmcli.errors import NotFound
from crmcli.model.entities import ENTITIES
from crmcli.model.values import entity_of
from crmcli.store import layout

SHA = "ab" * 32


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "Продажи"
    (root / "data").mkdir(parents=True)
    (root / "pipelines.yaml").write_text("leads: {}\n")
    return root


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_path_of_a_record_and_back(entity: str) -> None:
    record_id = layout.new_id(entity)
    path = layout.record_path(record_id)
    assert entity_of(record_id) == entity
    assert layout.id_of_path(path) == record_id


def test_where_things_stand() -> None:
    assert layout.record_path("company-7k3qf2m9") == "data/companies/7/company-7k3qf2m9.yaml"
    assert layout.file_path(SHA) == f"data/files/ab/{SHA}"
    moscow = timezone(timedelta(hours=3))
    at = datetime(2026, 12, 1, 1, 30, tzinfo=moscow)  # still November in UTC
    assert layout.timeline_path(at, "7k3qf2m9") == "data/timeline/2026-11/7k3qf2m9.csv"


@pytest.mark.parametrize("text", ["", "7k3", "lead-", "../../etc/passwd", "lead-../../x", "lead-7k3qf2mu", "lead-7K3QF2M9", "user-7k3qf2m9"])  # fmt: skip
def test_no_path_is_made_of_anything_but_an_id(text: str) -> None:
    with pytest.raises(NotFound):
        layout.record_path(text)
    with pytest.raises(NotFound):
        layout.file_path(text)


@pytest.mark.parametrize(
    "path",
    [
        "data/leads/8/lead-7k3qf2m9.yaml",
        "data/deals/7/lead-7k3qf2m9.yaml",
        "data/leads/7/lead-7k3qf2m9.yaml~",
        "data/leads/7/.lead-7k3qf2m9.yaml",
        "data/leads/7/lead-7k3qf2m9.yaml.orig",
        "data/leads/lead-7k3qf2m9.yaml",
        "data/leads/u/lead-u7k3qf2m.yaml",
        "data/timeline/2026-11/7k3qf2m9.csv",
    ],
)
def test_other_files_are_no_records(path: str) -> None:
    assert layout.id_of_path(path) == ""


def test_ids_are_random() -> None:
    assert len({layout.new_id("deal") for _ in range(2000)}) == 2000


def test_the_workspace_is_found_from_any_folder_below(root: Path) -> None:
    below = root / "data" / "leads" / "7"
    below.mkdir(parents=True)
    assert layout.find_root(below) == root
    assert layout.find_root(root) == root


def test_settings_stand_for_data_in_a_workspace_without_records(root: Path) -> None:
    (root / "data").rmdir()
    with pytest.raises(layout.NoWorkspace) as caught:
        layout.find_root(root)
    assert "crm init" in caught.value.hint
    (root / "settings.yaml").touch()
    assert layout.find_root(root) == root


def test_a_workspace_that_lost_its_pipelines_is_told_so(root: Path) -> None:
    (root / "settings.yaml").touch()
    (root / "pipelines.yaml").unlink()
    with pytest.raises(layout.NoWorkspace) as caught:
        layout.find_root(root / "data")
    assert caught.value.message == f"pipelines.yaml is missing in {root}"
    assert "git checkout" in caught.value.hint


def test_a_relative_start_is_taken_from_the_current_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root / "data")
    assert layout.find_root(Path()) == root


def test_ids_by_prefix_read_one_shard(root: Path) -> None:
    for record_id in ("lead-7k3qf2m9", "lead-7k3zzzzz", "lead-7abcdefg", "lead-0k3qf2m9"):
        path = root / layout.record_path(record_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (root / "data/leads/7/lead-7k3qf2m9.yaml~").touch()
    (root / "data/leads/7/lead-7k3.yaml").touch()
    assert layout.ids_with_prefix(root, "lead", "7k3") == ["lead-7k3qf2m9", "lead-7k3zzzzz"]
    assert layout.ids_with_prefix(root, "lead", "lead-7K3Q") == ["lead-7k3qf2m9"]
    assert layout.ids_with_prefix(root, "lead", "OK3") == ["lead-0k3qf2m9"]
    assert layout.ids_with_prefix(root, "lead", "7k3qf2m9x") == []
    assert layout.ids_with_prefix(root, "deal", "7k3") == []
    for prefix in ("", "lead-", "../", "deal-7k3", "ё"):
        assert layout.ids_with_prefix(root, "lead", prefix) == []
