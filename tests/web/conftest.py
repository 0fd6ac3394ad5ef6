"""The application speaks the language of its workspace; afterwards English is spoken again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crmcli import language


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    before = language.spoken()
    yield
    language.speak(before)
