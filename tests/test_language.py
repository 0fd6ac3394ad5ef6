"""The language spoken: which, counts with their nouns, values in texts."""

from __future__ import annotations

import ast
import gettext
import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages import Catalog

import crmcli
from crmcli import language
from crmcli.language import CATALOGUES, DOMAIN, counted, tr
from tests.kit import Run


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
    language.prefer("")
    said = counted(count, "record")
    monkeypatch.setenv("CRM_LANG", "en")
    language.prefer("")
    assert said == told
    assert gettext.gettext("Show this message and exit.") == "Show this message and exit."


def test_values_are_filled_in_as_they_are() -> None:
    assert tr("{} and {!r}", "{name}", "it's") == '{name} and "it\'s"'
    assert (
        tr("no {braces} are filled in without values") == "no {braces} are filled in without values"
    )


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    """What `make messages` runs."""
    path = Path(crmcli.__file__).parents[1] / "docs/messages.py"
    spec = importlib.util.spec_from_file_location("messages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ids(catalog: Catalog) -> set[str | tuple[str, ...]]:
    return {m.id if isinstance(m.id, str) else tuple(m.id) for m in catalog if m.id}


def test_the_catalogue_has_every_message_and_no_other(messages: ModuleType) -> None:
    known, renewed = messages.known("ru"), messages.renewed("ru")
    assert ids(known) == ids(renewed), "run `make messages`, and translate what is new"
    assert len(ids(known)) > 1500


def test_every_message_is_translated_with_the_same_values(messages: ModuleType) -> None:
    assert messages.faults(messages.known("ru")) == []


def test_a_missing_translation_and_a_lost_value_are_found(messages: ModuleType) -> None:
    catalog = Catalog("ru")
    catalog.add("nothing to undo")
    catalog.add("no {} matches {!r}", "не найдено: {}")
    catalog.add("{} of {}", "{1} из {0}")
    catalog.add(("row", "rows"), ("строка", "", "строк"))
    assert messages.faults(catalog) == ["nothing to undo", "no {} matches {!r}", "('row', 'rows')"]


def test_a_hint_that_gives_an_example_says_so_in_russian(messages: ModuleType) -> None:
    hints = [m for m in messages.known("ru") if isinstance(m.id, str) and m.id.startswith("like")]
    assert [m.id for m in hints if not str(m.string).startswith("например")] == []
    assert len(hints) > 30


def test_gettext_reads_what_the_catalogue_says(messages: ModuleType) -> None:
    compiled = gettext.translation(DOMAIN, CATALOGUES, ["ru"])
    for message in messages.known("ru"):
        if isinstance(message.id, str) and message.id:
            assert compiled.gettext(message.id) == message.string, "run `make messages`"


IN_ROW = re.compile(r"(?<![-\w./{])[a-z]{2,},? [a-z]{2,},? [a-z]{2,}(?![-\w./=(])")
"""Three words in a row, which make a sentence."""
NO_SENTENCE = re.compile(
    r"[<\\\n]|SELECT|FROM|WHERE|JOIN| AS |NULL|is (not )?empty| in \(| has |^\0?crm |\.$"
)
"""Markup, questions to the index, conditions, commands; and help, which is looked up by paragraph."""


def test_no_text_with_values_is_told_past_the_catalogue() -> None:
    """A text with values is made by `tr`, which can say it in Russian; in an error be it ever so short."""
    for path in sorted(Path(crmcli.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                said = _said_in(node)
                is_told = IN_ROW.search(said) and not NO_SENTENCE.search(said)
                assert not is_told, f"{path}:{node.lineno}: use tr()"
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                for given in node.exc.args:
                    assert not _has_words(given), f"{path}:{given.lineno}: use tr()"


def test_no_text_for_the_catalogue_stands_behind_a_name(messages: ModuleType) -> None:
    """What a name may be that `tr` is given is in the catalogue too, be it ever so short."""
    known = {text if isinstance(text, str) else text[0] for text in messages.texts()}
    for path in sorted(Path(crmcli.__file__).parent.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                missing = {*_behind_names(function)} - known
                assert not missing, f"{path}:{function.lineno}: give it to tr() itself"


def _behind_names(function: ast.FunctionDef) -> Iterator[str]:
    """The texts that a name is set to, one or the other, that `tr` is given."""
    calls = [one for one in ast.walk(function) if isinstance(one, ast.Call) and one.args]
    given = [one.args[0] for one in calls if getattr(one.func, "id", "") == "tr"]
    names = {one.id for one in given if isinstance(one, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and names & {
            getattr(one, "id", "") for one in node.targets
        }:
            either = node.value
            ends = [either.body, either.orelse] if isinstance(either, ast.IfExp) else [either]
            found = [str(one.value) for one in ends if isinstance(one, ast.Constant)]
            yield from (text for text in found if " " in text)


def _said_in(node: ast.JoinedStr) -> str:
    return "\0".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))


def _has_words(node: ast.expr) -> bool:
    if not isinstance(node, ast.JoinedStr):
        return False
    words = [
        word for word in re.split(r"[\s\0]+", _said_in(node)) if word.isalpha() and word.islower()
    ]
    return len(words) > 1 and words[0] not in ("crm", "git", "chmod", "export")


def test_a_hint_is_collected_where_it_begins_with_a_command(messages: ModuleType) -> None:
    assert all(
        map(messages._is_prose, ("crm gate list shows them", "crm user role USER ROLE makes it"))
    )
    typed = (
        "crm gate list",
        "crm jobs list --state dead",
        "pip install 'crmcli[pdf]'",
        "crm init DIR",
    )
    assert not any(map(messages._is_prose, typed))
