"""Numbers with their noun, as messages have them."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`; `many` where an s is not enough: `counted(2, "company", "companies")`."""
    word = one if count == 1 else many or f"{one}s"
    return f"{count:,} {word}"
