"""Records as YAML: what is written is canonical, reads back the same everywhere, and damage is named."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmcli.errors import InvalidData
from crmcli.model.values import Raw
from crmcli.store.yaml import codec
from crmcli.store.yaml.canonical import MAX_BYTES, is_safe, read_canonical

TIMES = int(os.environ.get("TORTURE_TIMES", "1"))
"""`make torture` looks at many times as many examples."""
LEAD: dict[str, Raw] = {
    "id": "lead-7k3qf2m9",
    "stage": "working",
    "name": "Иванов Пётр",
    "company_name": "ООО «Ромашка»",
    "phones": [
        {"value": "+79161234567", "type": "mobile"},
        {"value": "+74951234567", "ext": "007", "type": "work"},
    ],
    "emails": [{"value": "petr@example.ru", "type": "work"}],
    "amount": "1200.50",
    "utm": {"source": "yandex", "campaign": "Осень: скидки"},
    "tags": ["vip", "no", "горячий"],
    "comment": "Звонил, просил перезвонить.\n\n  - завтра\nСказал: «да» # точно",
    "created_at": "2026-11-23T09:00:00Z",
}
LEAD_FILE = """\
id: lead-7k3qf2m9
stage: working
name: Иванов Пётр
company_name: ООО «Ромашка»
phones:
  - value: '+79161234567'
    type: mobile
  - value: '+74951234567'
    ext: '007'
    type: work
emails:
  - value: petr@example.ru
    type: work
amount: '1200.50'
utm:
  source: yandex
  campaign: 'Осень: скидки'
tags:
  - vip
  - 'no'
  - горячий
comment: |-
  Звонил, просил перезвонить.

    - завтра
  Сказал: «да» # точно
created_at: '2026-11-23T09:00:00Z'
"""

NASTY = [
    "", " ", "no", "No", "NO", "yes", "on", "off", "y", "N", "true", "False", "null", "Null", "~", "none",
    "007", "010", "0x1F", "0o17", "1_000", "1e3", "1.5", ".5", "-1", "+79161234567", "12:30", "12:30:45",
    "2026-11-23", "2026-11-23T09:00:00Z", "2024-02-30", ".inf", "-.inf", ".nan", "NaN", "=", "<<", "!", "!!str x",
    "&a", "*a", "a: b", "a:b", "a:", ":a", ": a", "a #b", "a#b", "#a", "- a", "-a", "-", "? a", "?", "| a", "> a",
    "'a'", '"a"', "it's", 'say "x"', "[a]", "{a: b}", "a, b", "%a", "@a", "`a`", "a\\b", "---", "...", "--- a",
    " a", "a ", "  a  ", "a  b", "\ta", "a\tb", "a\t", "a\nb", "a\nb\n", "a\n\nb", "\na", "a\n\n", "\n", "\n\n", " \n ",
    "a \nb", "a\n b", " a\nb", "  a\n b\n", "a\n\tb", "\ta\nb", "a\tc\nb", "a\n \nb", "a\r\nb", "a\rb", "\x00", "\x07", "\x1b[31m",
    "\x7f", "\x85", "a\x85b", "\xa0", "\xa0a", "a\u2028b", "a\u2029b\nc", "\ufeff", "a\ufeff", "\ufffe", "\u202eabc", "\u200b",
    "👩\u200d👧", "🙂\n🙂", "Ёлка", "ООО «Ромашка»", "№ 5", "10 шт.", "100%", "a" * 2000, "слово " * 500 + "конец",
    "# a\nb", "--- \nb", "---\nb", "...\nb", "a: b\nc: d", "- a\n- b", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x", "a\n# b\n",
    "²", "Ⅷ", "٣", "ª", "1 234,56 ₽", "https://example.ru/?q=1#a", "a::b", "a :b", "x: ", "C:\\Users", "a\n" * 50 + "b",
]  # fmt: skip

texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text("аб я:#-'\"|>\n\t ?,[]{}0", max_size=12),
)
keys = st.one_of(
    st.sampled_from(
        ["id", "name", "телефон", "phones", "no", "007", "a b", "a: b", "'", "\n", "", "<<"]
    ),
    texts,
).filter(lambda key: len(key) <= 128)
values: st.SearchStrategy[Any] = st.recursive(
    texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
records = st.dictionaries(keys, values, max_size=4)
shaped = st.dictionaries(
    st.sampled_from(["id", "name", "phones", "tags", "utm", "comment"]),
    texts
    | st.lists(texts, min_size=1, max_size=3)
    | st.dictionaries(st.sampled_from(["value", "ext", "тип"]), texts, min_size=1)
    | st.lists(
        st.dictionaries(st.sampled_from(["value", "ext", "type"]), texts, min_size=1),
        min_size=1,
        max_size=2,
    ),
    min_size=1,
)


def full(text: str) -> dict[str, Raw]:
    """What libyaml reads, without the fast reader."""
    return codec._Reader(text, "x.yaml").read(empty_allowed=False)


def test_a_record_is_written_in_canonical_form() -> None:
    assert codec.dump(LEAD) == LEAD_FILE


def test_a_canonical_record_comes_back_byte_for_byte_by_the_fast_reader() -> None:
    assert read_canonical(LEAD_FILE) == LEAD
    assert codec.load(LEAD_FILE.encode(), "x") == LEAD
    assert codec.dump(codec.load(LEAD_FILE.encode(), "x")) == LEAD_FILE
    assert list(codec.load(LEAD_FILE.encode(), "x")) == list(LEAD)


@pytest.mark.parametrize("text", NASTY)
def test_a_hard_text_survives_every_reader(text: str) -> None:
    raw: dict[str, Raw] = {"a": text, "b": [text, {"c": text}], "d": {"e": text}}
    dumped = codec.dump(raw)
    assert codec.load(dumped.encode(), "x") == raw
    assert full(dumped) == raw
    assert yaml.load(dumped, Loader=yaml.CSafeLoader) == raw
    assert yaml.safe_load(dumped) == raw
    assert is_safe(dumped.replace("\t", " "))


@given(records | shaped)
@settings(max_examples=400 * TIMES, deadline=None)
@example({"a": {}, "b": []})
@example({})
def test_what_is_dumped_reads_back_as_the_same_strings(raw: dict[str, Raw]) -> None:
    dumped = codec.dump(raw)
    assert codec.load(dumped.encode(), "x") == raw
    assert full(dumped) == raw
    assert yaml.load(dumped, Loader=yaml.CSafeLoader) == raw
    assert codec.dump(codec.load(dumped.encode(), "x")) == dumped


@given(shaped, st.data())
@settings(max_examples=600 * TIMES, deadline=None)
def test_the_fast_reader_reads_nothing_otherwise_than_the_full_one(
    raw: dict[str, Raw], data: st.DataObject
) -> None:
    text = codec.dump(raw)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 3))
        put = data.draw(st.sampled_from(["", "\n", " ", "  ", "\n  ", "a", "a: ", "- ", "'", '"', "#", ": ", "|", "\t"]))  # fmt: skip
        text = text[:at] + put + text[at + cut :]
    fast = read_canonical(text)
    if fast is not None:
        assert full(text) == fast
        assert list(full(text)) == list(fast)


@given(st.text("ab:# -'\n|", max_size=30))
@settings(max_examples=1500 * TIMES, deadline=None)
@example("a: |\n  b\n     \n")
@example("a:\n  - b: c\n    d: e\n  - f\n")
@example("a: b\n\n")
@example("a: b\na: c\n")
@example("a:\nb: c\n")
@example("a:\n  b\n")
@example("a:\n  - b\nc:\n  d: e\n")
def test_the_fast_reader_on_any_text(text: str) -> None:
    fast = read_canonical(text)
    if fast is not None:
        assert full(text) == fast


def test_most_records_are_read_by_the_fast_reader() -> None:
    hand_edited = "id: lead-7k3qf2m9\nphones:\n  - value: +79161234567\namount: 1200\ndue: 2026-11-23\nok: no\n"
    assert read_canonical(hand_edited) == {
        "id": "lead-7k3qf2m9",
        "phones": [{"value": "+79161234567"}],
        "amount": "1200",
        "due": "2026-11-23",
        "ok": "no",
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("phone: +79161234567", {"phone": "+79161234567"}),
        ("a: 007\nb: no\nc: 12:30\nd: 2026-11-23\ne: ~\nf: 1e3",
         {"a": "007", "b": "no", "c": "12:30", "d": "2026-11-23", "e": "~", "f": "1e3"}),
        ("a:\nb: x", {"a": "", "b": "x"}),
        ("tags: [vip, 'no', 12]\nutm: {source: web}", {"tags": ["vip", "no", "12"], "utm": {"source": "web"}}),
        ("# comment\na: b  # more\n\nc: >\n  d\n  e\n", {"a": "b", "c": "d e\n"}),
        ("tags:\n- a\n- b\n", {"tags": ["a", "b"]}),
        ("a: b\r\nc: |\r\n  d\r\n  e\r\n", {"a": "b", "c": "d\ne\n"}),
        ("\ufeffa: b\n", {"a": "b"}),
        ("---\na: b\n...\n", {"a": "b"}),
        ('"<<": a', {"<<": "a"}),
        ('a: "Ёж\\n\\u0451"', {"a": "Ёж\nё"}),
    ],
)  # fmt: skip
def test_what_people_write_by_hand(written: str, read: dict[str, Raw]) -> None:
    assert codec.load(written.encode(), "x") == read


PATH = "data/leads/7/lead-7k3qf2m9.yaml"


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"", 0, "empty"),
        (b"\n# nothing\n\n", 0, "empty"),
        (b"a: b\n\x00\x00\x00", 2, "NUL"),
        (b"\x00" * 500, 1, "NUL"),
        ("имя: Пётр".encode("cp1251"), 1, "not UTF-8"),
        ("a: b\nимя: Пётр".encode("cp1251"), 2, "not UTF-8"),
        ("a: б".encode("utf-16"), 1, ""),
        (b"a: b\n\tc: d\n", 2, "tab"),
        (b"a:\n  b: c\n\td: e\n", 3, "tab"),
        (b"a:\n\t- b\n", 2, "tab"),
        (b"a: b\nc: d\na: e\n", 3, "'a' is here again, after line 1"),
        (b"p:\n  - v: 1\n    v: 2\n", 3, "'v' is here again, after line 2"),
        (b"a: &x b\n", 1, "anchors"),
        (b"a: b\nc: &x\n  d: e\n", 2, "anchors"),
        (b"a: b\nc: *x\n", 2, "aliases"),
        (b"a: !!str b\n", 1, "tags"),
        (b"a: !secret b\n", 1, "tags"),
        (b"a: !!python/object:os.system b\n", 1, "tags"),
        (b"a: b\n<<: {c: d}\n", 2, "merge keys"),
        (b"a: b\n<<<<<<< HEAD\nc: d\n=======\nc: e\n>>>>>>> x\n", 2, "merge conflict"),
        (b"a: |\n  b\n<<<<<<< HEAD\n  c\n", 3, "merge conflict"),
        (b"a: b\n---\nc: d\n", 2, "second document"),
        (b"- a\n- b\n", 1, "does not begin with"),
        (b"Ivanov\n", 1, "does not begin with"),
        (b"? [a]\n: b\n", 1, "where a key must"),
        (b"a: b: c\n", 1, "': ' too many"),
        (b"a: b\nc\nd: e\n", 3, "key without"),
        (b"a: 'b\nc: d\n", 1, "quote is not closed"),
        (b"a:\n  - {b: c, color: #ff8800}\n  - {b: d}\n", 2, "#ff8800 without quotes is a comment"),
        (b"a:\n  - {color: #f80, b: c}\n  - {b: d}\n", 2, "#f80 without quotes is a comment"),
        (b"a: {b: c,\n  color: #FF8800, d: e,\n  f: g}\n", 2, "#FF8800 without quotes is a"),
        (b"a: {b: 'x, color: #ff8800}'\nc: d\n", 2, "is not closed"),
        (b"a: [b\nc: d\n", 2, ""),
        (b"a: [b, c: \n", 1, "is not closed"),
        (b"a: @b\n", 1, "cannot begin with '@'"),
        (b"a: b\n   c: d\n", 2, "': ' too many"),
        (b"a: \x07b\n", 1, "control character"),
        (b'a: "\\q"\n', 1, "means nothing"),
        (b"a: " + b"[" * 30, 1, "nested deeper"),
        (b"a: b\n" + b"x" * 200 + b": c\n", 2, "longer than 128"),
        (b"a: " + b"x" * MAX_BYTES, 0, "1 MB"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_line(data: bytes, line: int, words: str) -> None:
    with pytest.raises(codec.RecordUnreadable) as caught:
        codec.load(data, PATH)
    (problem,) = caught.value.problems
    assert (problem.path, problem.line) == (PATH, line)
    assert words in problem.message
    assert problem.hint or words in (
        "does not begin with",
        "where a key must",
        "nested deeper",
        "longer than 128",
    )
    assert caught.value.message.startswith(PATH)
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 6


def test_a_hostile_file_costs_no_more_than_its_size() -> None:
    half = MAX_BYTES // 2 - 10
    for data in (
        b"a: " + b"[" * half,
        b"a: " + b"{" * half,
        b"- " * half,
        b"? " * half,
        b"a: " + b"[a, " * (half // 4),
        b"a: '" + b"'" * half,
        b"a: |\n" + b"\n" * half + b" x: ",
        b" a:\n" * (half // 4),
        b"a: " + b"x " * half + b":",
        b"a: " + b"x:" * half + b"\t",
        b"a:\n" + b"  - '" * (half // 5),
        ("a: |-\n" + "  b\n" * (half // 4) + "\t").encode(),
    ):
        start = time.perf_counter()
        with contextlib.suppress(codec.RecordUnreadable):
            codec.load(data[:MAX_BYTES], "x")
        assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"id": "lead-7k3qf2m9", "name": "a\ud800b"}, "half a character"),
        ({"id": "lead-7k3qf2m9", "\udfff": "a"}, "half a character"),
        ({"id": "lead-7k3qf2m9", "comment": "ё" * 600_000}, "1 MB"),
        ({"id": "lead-7k3qf2m9", "k" * 200: "a"}, "longer than 128"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(raw: dict[str, Raw], words: str) -> None:
    with pytest.raises(codec.Unwritable, match=words) as caught:
        codec.dump(raw)
    assert "lead-7k3qf2m9" in caught.value.message
    assert caught.value.hint or words == "longer than 128"


def nested(levels: int) -> dict[str, Raw]:
    value: Raw = "a"
    for _ in range(levels - 1):
        value = [value]
    return {"a": value}


def test_depth_is_limited_alike_in_both_directions() -> None:
    deep = nested(20)
    assert codec.load(codec.dump(deep).encode(), "x") == deep
    with pytest.raises(codec.Unwritable, match="nested deeper"):
        codec.dump(nested(21))
    flow = b"a: " + b"[" * 19 + b"a" + b"]" * 19
    assert codec.load(flow, "x") == deep
    with pytest.raises(codec.RecordUnreadable, match="nested deeper"):
        codec.load(b"a: [" + flow[3:] + b"]", "x")


PIPELINES = """\
# stages
leads:
  stages:
    - {id: new, name: Новый}
    - id: working
      robots:
        - id: call
          with: {title: "Позвонить: {{ lead.name }}"}
"""


def test_a_configuration_file_keeps_the_line_of_every_value() -> None:
    marked = codec.load_marked(PIPELINES.encode(), "pipelines.yaml")
    assert marked.value["leads"] == {
        "stages": [
            {"id": "new", "name": "Новый"},
            {
                "id": "working",
                "robots": [{"id": "call", "with": {"title": "Позвонить: {{ lead.name }}"}}],
            },
        ]
    }
    assert marked.lines[()] == 1
    assert marked.lines[("leads",)] == 2
    assert marked.lines[("leads", "stages", 0, "name")] == 4
    assert marked.lines[("leads", "stages", 1)] == 5
    assert marked.lines[("leads", "stages", 1, "robots", 0, "with", "title")] == 8


@pytest.mark.parametrize("data", [b"", b"# company: {name: x}\n", b"\n\n"])
def test_an_empty_configuration_file_is_an_empty_map(data: bytes) -> None:
    assert codec.load_marked(data, "settings.yaml").value == {}


def test_a_configuration_file_is_refused_like_a_record() -> None:
    for data, words in ((b"a: &x 1", "anchors"), (b"a: 1\na: 2", "again"), (b"- a", "does not begin"),
                        (b"a: \x00", "NUL"), (b"\ta: b", "tab")):  # fmt: skip
        with pytest.raises(InvalidData, match=words):
            codec.load_marked(data, "settings.yaml")
