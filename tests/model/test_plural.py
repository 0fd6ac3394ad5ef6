"""Counts with their nouns."""

from __future__ import annotations

import pytest

from crmcli.model.plural import counted


@pytest.mark.parametrize(
    ("count", "words", "told"),
    [
        (1, ("row",), "1 row"),
        (0, ("row",), "0 rows"),
        (100_000, ("row",), "100,000 rows"),
        (1, ("company", "companies"), "1 company"),
        (2, ("company", "companies"), "2 companies"),
    ],
)
def test_a_noun_follows_its_number(count: int, words: tuple[str, ...], told: str) -> None:
    assert counted(count, *words) == told
