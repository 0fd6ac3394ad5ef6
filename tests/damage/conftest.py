"""One workspace for all damages, and a copy of it for each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.damage.base import Base, build
from torture.copies import copied


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """The workspace, made once."""
    return build(tmp_path_factory.mktemp("damage") / "ws")


@pytest.fixture
def base(_built: Base, tmp_path: Path) -> Base:
    """A copy of it."""
    return _built.at(copied(_built.root, tmp_path / "ws"))
