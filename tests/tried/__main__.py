"""Write docs/tried.md from the tables."""

from __future__ import annotations

from tests.tried import PAGE, page

PAGE.write_text(page(), encoding="utf-8")
