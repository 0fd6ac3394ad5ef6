"""The pages as people meet them, in Chromium: a form by keyboard, the widget on another site, a letter's link.

A little of `python -m torture browser`, which judges them all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from torture.browser import browser
from torture.browsing import missing
from torture.score import table


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing() or "Chromium")
def test_people_at_the_pages(tmp_path: Path) -> None:
    score = browser(tmp_path, quick=True)
    assert score.is_good, table([score])
