from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from torture.copies import in_memory


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory, as `make torture` has it."""
    with tempfile.TemporaryDirectory(
        prefix="crm-torture-", dir=in_memory(), ignore_cleanup_errors=True
    ) as name:
        yield Path(name)
