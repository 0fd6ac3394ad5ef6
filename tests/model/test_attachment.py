"""Names under which an attached file can be written anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.model.values import Attachment, safe_name

SHA = "a" * 64


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Договор №1.pdf", "Договор №1.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Документы\\смета.xlsx", "смета.xlsx"),
        ("план\n\x1b[2J.png", "план[2J.png"),
        (".bashrc", "bashrc"),
        ("..", ""),
        ("й.txt", "й.txt"),  # as a Mac writes it: two letters
        ("ж" * 300 + ".pdf", "ж" * 98 + ".pdf"),
    ],
)
def test_a_name_has_no_path_and_no_controls(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text())
def test_a_safe_name_is_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert len(safe.encode()) < 255
    assert not set(safe) & set("/\\\n\0")


@pytest.mark.parametrize(("name", "file"), [("../x", SHA), ("x\ny", SHA), ("x", "a" * 63)])
def test_what_is_no_attachment(name: str, file: str) -> None:
    with pytest.raises(ValueError, match=r"is not a valid file name|is not the sha256"):
        Attachment(name, file)
