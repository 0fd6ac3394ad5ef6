"""Every form of docs/tried.md comes out as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import kit
from tests.tried import PAGE, Tried, chapters, page

FORMS = [(tried, form) for tried in chapters() for form in tried.forms]


@pytest.mark.parametrize(
    ("tried", "form"),
    kit.some(FORMS, 3),
    ids=[f"{t.kind}: {f!r}" for t, f in kit.some(FORMS, 3)],
)
def test_it_comes_out_as_the_page_says(tried: Tried, form: str, tmp_path: Path) -> None:
    assert tried.comes_out(form, tmp_path) == tried.forms[form]


def test_the_page_is_true() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run `make docs`"
