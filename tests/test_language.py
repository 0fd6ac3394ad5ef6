"""The language spoken: which, counts with their nouns, values in texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.language import counted, tr
from tests.conftest import Run


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


@pytest.mark.parametrize(
    ("wish", "workspace", "system", "spoken"),
    [
        ("", "ru", "en_US.UTF-8", "ru"),
        ("en", "ru", "ru_RU.UTF-8", "en"),
        ("ru_RU.UTF-8", "en", "C", "ru"),
        ("", "", "ru_RU.UTF-8", "ru"),
        ("", "", "C.UTF-8", "en"),
        ("", "", "de_DE.UTF-8", "en"),
        ("xx", "ru", "", "ru"),
    ],
)
def test_the_wish_comes_before_the_workspace_and_that_before_the_system(
    crm: Callable[..., Run], folder: Path, wish: str, workspace: str, system: str, spoken: str
) -> None:
    settings = folder / "settings.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("language: ru", f"language: {workspace or 'en'}"), "utf-8")
    cwd = folder if workspace else folder.parent
    done = crm("lead", "show", "nobody", cwd=cwd, CRM_LANG=wish, LANG=system)
    assert done.code == 3
    assert done.err.startswith({"ru": "crm: ошибка:", "en": "crm: error:"}[spoken])


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "1 запись"), (2, "2 записи"), (5, "5 записей"), (11, "11 записей"), (21, "21 запись"),
     (112, "112 записей"), (100_000, "100\u00a0000 записей")],
)  # fmt: skip
def test_russian_nouns_have_three_forms(
    count: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_LANG", "ru")
    assert counted(count, "record") == told


def test_values_are_filled_in_as_they_are() -> None:
    assert tr("{} and {!r}", "{name}", "it's") == '{name} and "it\'s"'
    assert (
        tr("no {braces} are filled in without values") == "no {braces} are filled in without values"
    )
