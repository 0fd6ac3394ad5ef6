"""Typed records as files: every YAML reader sees the same texts, and a change touches its own lines only."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field
from crmcli.model.kinds import kind_of
from crmcli.model.schema import Schema
from crmcli.model.values import Raw, format_decimal, format_instant, safe_name
from crmcli.store.yaml import codec
from tests.store.test_codec import NASTY, TIMES, records, shaped, texts

CUSTOM = Schema(
    {
        entity: tuple(
            Field(f"own_{kind}", kind_of(kind), custom=True)
            for kind in ("text", "note", "number", "money", "date", "datetime", "bool", "choices")
        )
        for entity in ENTITIES
    }
)

numbers = st.decimals(-(10**9), 10**9, places=2).map(format_decimal)
short = texts.filter(lambda text: len(text) < 60)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "phones": st.lists(
        st.fixed_dictionaries(
            {"value": short, "type": st.sampled_from(["work", "mobile"])}, optional={"ext": short}
        ),
        max_size=3,
    ),
    "emails": st.lists(
        st.fixed_dictionaries({"value": short, "type": st.sampled_from(["work", "home"])}),
        max_size=3,
    ),
    "companies": st.lists(
        st.fixed_dictionaries({"company": short}, optional={"role": short}), max_size=3
    ),
    "lines": st.lists(
        st.fixed_dictionaries(
            {"name": short, "quantity": numbers, "price": numbers}, optional={"unit": short}
        ),
        max_size=3,
    ),
    "accounts": st.lists(
        st.fixed_dictionaries({"account": short}, optional={"bic": short, "bank": short}),
        max_size=3,
    ),
    "files": st.lists(
        st.fixed_dictionaries(
            {
                "name": short.map(safe_name).filter(lambda name: name == safe_name(name)),
                "file": st.text("0123456789abcdef", min_size=64, max_size=64),
            }
        ),
        max_size=3,
    ),
    "consents": st.lists(
        st.fixed_dictionaries(
            {"channel": st.sampled_from(["mail", "sms"])}, optional={"text": short}
        ),
        max_size=3,
    ),
    "checklist": st.lists(
        st.fixed_dictionaries({"text": short}, optional={"done": st.just("yes")}), max_size=3
    ),
    **dict.fromkeys(
        ("links", "urls", "handles", "tags", "choices", "users"),
        st.lists(short, max_size=4, unique=True),
    ),
    "payments": st.lists(
        st.fixed_dictionaries(
            {"at": st.dates().map(lambda day: day.isoformat()), "amount": numbers},
            optional={"reference": short.filter(bool)},
        ),
        max_size=3,
    ),
    "external": st.dictionaries(st.sampled_from(["hubspot", "1c"]), short.filter(bool)),
    **dict.fromkeys(
        ("utm", "converted"), st.dictionaries(st.sampled_from(["source", "метка", "no"]), short)
    ),
    **dict.fromkeys(("number", "money"), numbers),
    "chance": st.decimals(0, 100, places=2).map(format_decimal),
    "birthday": st.just("--02-29"),
    "date": st.dates().map(lambda day: day.isoformat()),
    **dict.fromkeys(
        ("datetime", "happened"),
        st.datetimes(timezones=st.timezones() | st.none())
        .filter(lambda moment: 2 < moment.year < 9998)
        .map(format_instant),
    ),
    "length": st.sampled_from(["15m", "2h", "31d"]),
    "bool": st.sampled_from(["yes", "no"]),
}


def is_known(kind: str) -> bool:
    """Whether there are values of that kind here; a kind that is not named above must be a text."""
    try:
        return kind in KINDS or kind_of(kind).parse(" 'x") == " 'x"
    except ValueError:
        return False


def fields_of(entity: str) -> list[Field]:
    return [
        field for field in CUSTOM.fields(entity) if field.name != "id" and is_known(field.kind.name)
    ]


def of_kind(kind: str) -> st.SearchStrategy[Any]:
    return KINDS.get(kind, texts)


def raw_records() -> st.SearchStrategy[dict[str, Raw]]:
    def of(entity: str) -> st.SearchStrategy[dict[str, Raw]]:
        known = {field.name: of_kind(field.kind.name) for field in fields_of(entity)}
        strange = st.dictionaries(st.sampled_from(["no", "из 1С", "a: b", "<<"]), short, max_size=2)
        one = st.fixed_dictionaries({"id": st.just(f"{entity}-7k3qf2m9")}, optional=known)
        return st.builds(lambda raw, more: {**raw, **more}, one, strange)

    return st.sampled_from(sorted(ENTITIES)).flatmap(of)


def file_of(raw: dict[str, Raw]) -> str:
    """The file of a record as a verb writes it."""
    return codec.dump(CUSTOM.write(CUSTOM.read(str(raw["id"]).partition("-")[0], raw)))


def spans(text: str) -> dict[str, list[str]]:
    """The lines of each field of a file, by its key as it stands there."""
    found: dict[str, list[str]] = {}
    key = ""
    for line in text.splitlines(keepends=True):
        if line.strip() and not line.startswith(" "):
            key = line.partition(": ")[0].rstrip("\n").removesuffix(":")
            found[key] = []
        found[key].append(line)
    return found


def items(lines: list[str]) -> list[list[str]]:
    """The lines of each item of a list, its key left out."""
    found: list[list[str]] = []
    for line in lines[1:]:
        if line.startswith("  - "):
            found.append([])
        found[-1].append(line)
    return found


def other_readers(text: str) -> list[Any]:
    """What PyYAML's safe loaders and YAML 1.2 and 1.1 readers see, every scalar typed by themselves."""
    old = YAML(typ="safe", pure=True)
    old.version = (1, 1)
    return [
        yaml.load(text, Loader=yaml.CSafeLoader),
        yaml.safe_load(text),
        YAML(typ="safe", pure=True).load(text),
        old.load(text),
    ]


def test_values_of_every_kind_are_tried() -> None:
    kinds = {field.kind.name for entity in ENTITIES for field in CUSTOM.fields(entity)}
    assert [kind for kind in sorted(kinds) if not is_known(kind)] == []


@pytest.mark.parametrize("text", NASTY)
def test_a_hard_text_is_the_same_text_in_yaml_1_2(text: str) -> None:
    raw: dict[str, Raw] = {"a": text, "b": [text, {"c": text}], "d": {"e": text}, "no": text}
    assert other_readers(codec.dump(raw)) == [raw] * 4


@given(records | shaped)
@settings(max_examples=60 * TIMES, deadline=None)
def test_every_reader_sees_the_same_texts(raw: dict[str, Raw]) -> None:
    assert other_readers(codec.dump(raw)) == [raw] * 4


@given(raw_records())
@settings(max_examples=80 * TIMES, deadline=None)
def test_a_record_that_nobody_changes_stays_byte_for_byte(raw: dict[str, Raw]) -> None:
    written = file_of(raw)
    read = codec.load(written.encode(), "x")
    assert file_of(read) == written
    entity = str(raw["id"]).partition("-")[0]
    assert CUSTOM.read(entity, read) == CUSTOM.read(entity, raw)
    assert yaml.load(written, Loader=yaml.CSafeLoader) == read


@given(raw_records(), st.data())
@settings(max_examples=120 * TIMES, deadline=None)
def test_a_changed_field_changes_its_own_lines_only(
    raw: dict[str, Raw], data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from(fields_of(str(raw["id"]).partition("-")[0])))
    before = spans(file_of(raw))
    after = spans(file_of({**raw, field.name: data.draw(of_kind(field.kind.name))}))
    gone, come = before.pop(field.name, []), after.pop(field.name, [])
    assert list(before.items()) == list(after.items())
    if not (field.is_many or field.kind.is_map):
        for lines in (gone, come):
            assert len(lines) < 2 or lines[0].split(": ")[1].startswith("|")


@given(raw_records(), st.data())
@settings(max_examples=80 * TIMES, deadline=None)
def test_a_changed_item_of_a_list_changes_its_own_lines_only(
    raw: dict[str, Raw], data: st.DataObject
) -> None:
    entity = str(raw["id"]).partition("-")[0]
    field = data.draw(
        st.sampled_from([f for f in fields_of(entity) if f.is_many and f.name != "external"])
    )
    old = list(raw.get(field.name) or [])
    one = data.draw(of_kind(field.kind.name).filter(lambda made: made and made[0] not in old))[0]
    before = items(spans(file_of({**raw, field.name: old})).get(field.name, []))
    after = items(spans(file_of({**raw, field.name: [*old, one]}))[field.name])
    added = next((n for n, item in enumerate(before) if after[n] != item), len(before))
    assert before == after[:added] + after[added + 1 :]
    if field.kind.name in ("tags", "choices", "links", "urls") and "\n" not in str(one):
        assert len(after[added]) == 1
    if old and field.kind.name not in ("tags", "choices", "users"):  # those are sorted
        place = data.draw(st.integers(0, len(old) - 1))
        other = items(spans(file_of({**raw, field.name: replaced(old, place, one)}))[field.name])
        assert replaced(before, place, other[place]) == other


def replaced(values: list[Any], place: int, value: Any) -> list[Any]:
    return [*values[:place], value, *values[place + 1 :]]
