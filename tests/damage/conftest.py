"""One workspace for all damages, and a copy of it for each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.damage.base import Base, build


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """The workspace, made once."""
    return build(tmp_path_factory.mktemp("damage") / "ws")


@pytest.fixture
def base(_built: Base, tmp_path: Path) -> Base:
    """A copy of it."""
    return _built.at(Path(shutil.copytree(_built.root, tmp_path / "ws", copy_function=shutil.copy)))
