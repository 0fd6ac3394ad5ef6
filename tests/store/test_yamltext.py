from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmcli.model.values import Raw
from crmcli.store.yaml.codec import load_marked
from crmcli.store.yaml.text_edit import edited, with_key
from crmcli.store.yaml.text_lines import CannotEdit

TEXT = """\
# Всё о компании
company:
  name: Скат   # коротко
  bank: |
    Р/с 1

    # это не примечание

directories:
  sources:   # откуда
    web: Сайт
    # звонок бывает чаще
    call: 'Звонок'

  tags: [a, "b, c"]   # в строку
fields:
  lead:
  deal:
    area: {type: number, label: "Площадь, м²"}   # кровли
    delivery: {type: choice, choices: [сам, наша]}
# конец
"""


def change(path: tuple[str, ...], value: Any, text: str = TEXT) -> str:
    tree = deepcopy(load_marked(text.encode(), "settings.yaml").value)
    inner: Any = tree
    for step in path[:-1]:
        inner = inner[step]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return edited(text.encode(), "settings.yaml", tree).decode()


def lines(text: str, old: str = TEXT) -> tuple[list[str], list[str]]:
    """The lines that went, and those that came."""
    before, after = old.split("\n"), text.split("\n")
    return [x for x in before if x not in after], [x for x in after if x not in before]


@pytest.mark.parametrize(
    ("path", "value", "gone", "came"),
    [
        (("fields", "deal", "x"), {"type": "text"}, [], ["    x: {type: text}"]),
        (("fields", "lead"), {"x": {"type": "text"}}, [], ["    x: {type: text}"]),
        (("fields", "company"), {"y": {"type": "date"}}, [], ["  company:", "    y: {type: date}"]),
        (("directories", "sources", "tg"), "Телега: да", [], ["    tg: 'Телега: да'"]),
        (("directories", "sources", "call"), None, ["    call: 'Звонок'"], []),
        (
            ("directories", "sources", "web"), "# Сайт", ["    web: Сайт"], ['    web: "# Сайт"'],
        ),
        (
            ("directories", "tags"), ["a"], ['  tags: [a, "b, c"]   # в строку'],
            ["  tags: [a]   # в строку"],
        ),
        (("company", "name"), "Скат 2", ["  name: Скат   # коротко"], ["  name: Скат 2   # коротко"]),
        (("git",), {"commit": "each"}, [], ["git:", "  commit: each"]),
        (("company", "bank"), None, ["  bank: |", "    Р/с 1", "    # это не примечание"], []),
    ],
)  # fmt: skip
def test_only_what_is_meant_changes(
    path: tuple[str, ...], value: Raw, gone: list[str], came: list[str]
) -> None:
    assert lines(change(path, value)) == (gone, came)


def test_a_key_is_renamed_where_it_stands() -> None:
    text = with_key(TEXT.encode(), "s", ("fields", "deal", "area"), "площадь").decode()
    assert lines(text)[1] == ['    площадь: {type: number, label: "Площадь, м²"}   # кровли']
    assert list(load_marked(text.encode(), "s").value["fields"]["deal"]) == ["площадь", "delivery"]  # type: ignore[index,call-overload]  # a map of maps


@pytest.mark.parametrize("text", ["", "# ничего\n", "currency: RUB", "currency: RUB\r\n", "\ufeffcurrency: RUB\n"])  # fmt: skip
def test_a_file_of_little_takes_more(text: str) -> None:
    tree: dict[str, Raw] = {
        **load_marked(text.encode(), "s").value,
        "fields": {"lead": {"x": {"type": "text"}}},
    }
    after = edited(text.encode(), "s", tree)
    assert load_marked(after, "s").value == tree
    assert after.decode().startswith(text.rstrip("\r\n"))


def test_what_cannot_be_kept_is_refused() -> None:
    with pytest.raises(CannotEdit, match="as a whole"):
        change(("company", "bank"), "Р/с 2")
    text = "a:\n  b: [1,   # лучший\n    2]\n"
    with pytest.raises(CannotEdit, match="there are comments"):
        change(("a", "b"), ["2", "3"], text)
    with pytest.raises(CannotEdit, match="change its order"):
        change(("a",), ["3", "1"], "a:\n  - 1\n  - 2\n  - 3\n")


def test_a_map_in_braces_takes_more_and_keeps_its_comments_and_quotes() -> None:
    text = "directories:\n  sources: {web: 'Сайт',   # лучший\n    call: Звонок}\n"
    after = change(("directories", "sources", "tg"), "Телега", text)
    assert after == text.replace("Звонок}", "Звонок, tg: Телега}")


def test_lists_of_lines_lose_and_get_items() -> None:
    text = "a:\n  - 1   # один\n  - 2\n# дальше\nb: 1\n"
    assert change(("a",), ["2", "x: y", "3"], text) == (
        'a:\n  - 2\n  - "x: y"\n  - 3\n# дальше\nb: 1\n'
    )
    assert change(("a",), ["x: y", "2"], text) == 'a:\n  - "x: y"   # один\n  - 2\n# дальше\nb: 1\n'
    assert change(("a",), ["1", "7"], text) == "a:\n  - 1   # один\n  - 7\n# дальше\nb: 1\n"


def test_several_new_keys_come_in_their_order_behind_new_items() -> None:
    tree: dict[str, Raw] = {"b": ["0", "9"], "z": "1", "a": "2"}
    assert edited(b"b:\n  - 1\n", "s", tree).decode() == "b:\n  - 0\n  - 9\n\nz: 1\n\na: 2\n"


WORDS = st.text("абв yes01:#'\"{}[],-|>&*!% \\\n", min_size=1, max_size=8)
KEYS = st.text("abcя ", min_size=1, max_size=4).map(str.strip).filter(bool)
TREES: st.SearchStrategy[Any] = st.dictionaries(
    KEYS,
    st.recursive(
        WORDS,
        lambda inner: (
            st.dictionaries(KEYS, inner, min_size=1, max_size=3)
            | st.lists(WORDS, min_size=1, max_size=3)
        ),
        max_leaves=5,
    ),
    min_size=1,
    max_size=4,
)


def test_a_text_of_several_lines_in_a_list() -> None:
    text = "a:\n  - x\n  - |\n    eins\n    zwei\n  - y  # bleibt\n"
    wanted: dict[str, Raw] = {"a": ["x", ":", "y"]}
    assert edited(text.encode(), "s", wanted).decode() == 'a:\n  - x\n  - ":"\n  - y  # bleibt\n'


@settings(max_examples=150, deadline=None)
@given(TREES, TREES)
@example({"a": ["0", "0\n", "0"]}, {"a": ["0", ":", "0"]})
@example({"a": "0\n", "b": "1"}, {"a": ":"})
def test_it_says_what_was_meant_or_nothing(before: dict[str, Raw], after: dict[str, Raw]) -> None:
    from crmcli.store.yaml.canonical import dump

    text = dump(before)
    wanted = {**before, **after}
    try:
        assert load_marked(edited(text.encode(), "s", wanted), "s").value == wanted
    except CannotEdit:
        return


@pytest.mark.parametrize("end", ["\r", "\x85", "\u2028", "\u2029"])
def test_lines_with_other_ends_are_left_to_an_editor(end: str) -> None:
    """The parser counts those as lines too, so that its marks would point elsewhere."""
    text = f"currency: RUB{end}vat: '20'{end}"
    wanted: dict[str, Raw] = {"currency": "USD", "vat": "20"}
    with pytest.raises(CannotEdit, match="neither in LF nor in CR LF"):
        edited(text.encode(), "settings.yaml", wanted)


def test_what_moves_in_a_file_with_both_ends_keeps_its_own_lines() -> None:
    text = "a:\r\n- id: x\r\n  l:\n  - id: one\r\n    n: '1'\n  - id: two\r\n- id: y\r\n"
    wanted = cast("dict[str, Raw]", load_marked(text.encode(), "p").value)
    first, second = cast("list[dict[str, Any]]", wanted["a"])
    second["l"] = [first["l"].pop(0)]
    assert b"\r\r" not in edited(text.encode(), "pipelines.yaml", wanted)
