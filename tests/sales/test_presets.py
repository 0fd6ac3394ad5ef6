"""Import presets: those that come with crm, a workspace's own, and what is wrong with them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

import crmcli
from crmcli.errors import BadUsage, InvalidData
from crmcli.sales.checks.check import problems
from crmcli.sales.imports import ImportOptions, import_records, open_source
from crmcli.sales.imports.mapping import Target, Vocabulary, presets_of
from crmcli.sales.imports.summary import Summary
from crmcli.workspace import Workspace
from tests.kit import Run

Crm = Callable[..., Run]
PACKAGE = Path(crmcli.__file__).parent
SCHEMA = PACKAGE / "starter/common/schema/preset.schema.json"
OURS = """\
about: Our old base
marks: Клиент № | Звонить
columns:
  all:
    labelled: [Клиент №, 'Код | шифр']
    phone_mobile: Звонить | Звонить {n}
  lead:
    name: Кто | Что
stages:
  lead:
    waiting | working: ждёт
    lost: умер
sources:
  web: инет
"""


def put(ws: Workspace, text: str, name: str = "ours.yaml") -> Path:
    path = ws.root / "presets" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def load(ws: Workspace, text: str, preset: str = "") -> Summary:
    wanted = ImportOptions(preset=preset, rejects=ws.root.parent / "rejects.csv")
    return import_records(ws, "lead", open_source(text.encode(), "x.csv"), "x.csv", wanted)


def test_every_preset_that_comes_with_crm_is_sound_and_says_what_it_is(ws: Workspace) -> None:
    found = presets_of(ws)
    files = sorted(path.stem for path in (PACKAGE / "presets").glob("*.yaml"))
    assert sorted([*found.by_name, found.plain.name]) == files
    assert all(preset.about for preset in found.by_name.values())
    for preset in (*found.by_name.values(), found.plain):  # put in presets/, each would be taken
        if preset is not found.plain:
            put(ws, ws.preset_text(preset), f"{preset.name}.yaml")
    again = presets_of(ws)
    # Their stages and sources are many, for whoever may have them; ours must be declared here.
    assert [p for p in again.problems if "declared here" not in p.message] == []


OWN_IDS = {
    "lead": ("Lead ID", "ID лида", "Record ID - Lead"),
    "contact": ("Contact ID", "ID контакта", "Record ID - Contact"),
    "company": ("Account ID", "AccountId", "ID компании", "Record ID - Company"),
    "deal": ("Opportunity ID", "OpportunityId", "ID сделки", "Record ID - Deal"),
}


@pytest.mark.parametrize("entity", OWN_IDS)
def test_the_id_of_another_noun_never_names_the_row(ws: Workspace, entity: str) -> None:
    found = presets_of(ws)
    for preset in (found.plain, *found.by_name.values()):
        words = Vocabulary(ws.schema, entity, (preset, found.plain))
        for noun, headers in OWN_IDS.items():
            for header in headers:
                assert (words.find(header) == Target("id")) is (noun == entity), (preset, header)


def test_the_schema_accepts_every_preset_and_what_the_loader_does(ws: Workspace) -> None:
    schema = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))
    for path in (PACKAGE / "presets").glob("*.yaml"):
        schema.validate(yaml.safe_load(path.read_text("utf-8")))
    schema.validate(yaml.safe_load(OURS))
    put(ws, OURS)
    assert presets_of(ws).problems == []


BROKEN = [
    ("abaut: x\n", 1, "unknown key 'abaut'", "did you mean 'about'?"),
    ("columns:\n  leed:\n    name: x\n", 2, "unknown key 'leed'", "did you mean 'lead'?"),
    ("columns:\n  lead:\n    phnes: Tel\n", 3, "unknown key 'phnes'", "did you mean 'phones'?"),
    ("columns:\n  all:\n    phone_mobil: Tel\n", 3, "unknown key", "did you mean 'phone_mobile'?"),
    ("columns:\n  lead:\n    unknown: Tel\n", 3, "unknown key 'unknown'", ""),
    ("columns:\n  lead:\n    name: A | B\n    phones: B\n", 4, "'B' is under 'name' too", ""),
    ("stages:\n  contact:\n    new: x\n", 2, "unknown key 'contact'", "allowed: lead, deal"),
    ("columns: [a]\n", 1, "must have keys with values", ""),
]
UNDECLARED = [
    ("stages:\n  lead:\n    wrking: x\n", 3, "declared here: wrking", "did you mean 'working'?"),
    ("sources:\n  wb: x\n", 2, "declared here: wb", "did you mean 'web'?"),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), BROKEN + UNDECLARED)
def test_each_fault_has_its_line_and_the_nearest_word(
    ws: Workspace, text: str, line: int, message: str, hint: str
) -> None:
    put(ws, text)
    found = [p for p in presets_of(ws).problems if message in p.message]
    assert [(p.path, p.line) for p in found] == [("presets/ours.yaml", line)]
    assert hint in found[0].hint
    assert [p for p in problems(ws) if p.path == "presets/ours.yaml"] != []
    with pytest.raises(InvalidData):
        load(ws, "Имя\nАнна\n", "ours")


@pytest.mark.parametrize(("text", "is_seen"), [
    ("abaut: x", True), ("columns: {leed: {name: x}}", True), ("columns: [a]", True),
    ("stages: {contact: {new: x}}", True), ("columns: {lead: {name: {a: b}}}", True),
    ("columns: {lead: {our_own_field: x}}", False),
])  # fmt: skip
def test_the_schema_sees_what_settings_cannot_change(text: str, is_seen: bool) -> None:
    schema = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))
    assert schema.is_valid(yaml.safe_load(text)) is not is_seen


def test_only_yaml_files_of_the_folder_itself_are_read(ws: Workspace, tmp_path: Path) -> None:
    put(ws, OURS, "Ours.yaml")
    put(ws, OURS, "ours.yml")
    put(ws, OURS, "words.yaml")
    put(ws, "a: " + "x" * 1_000_001, "long.yaml")
    (tmp_path / "outside.yaml").write_text(OURS, "utf-8")
    (ws.root / "presets/link.yaml").symlink_to(tmp_path / "outside.yaml")
    (ws.root / "presets/folder.yaml").mkdir()
    os.mkfifo(ws.root / "presets/pipe.yaml")
    put(ws, "", ".hidden")
    found = presets_of(ws)
    assert [p.path for p in found.by_name.values() if p.path] == []
    names = [p.path.removeprefix("presets/") for p in found.problems]
    assert sorted(set(names)) == [
        "Ours.yaml", "folder.yaml", "link.yaml", "long.yaml", "ours.yml", "pipe.yaml", "words.yaml",
    ]  # fmt: skip
    load(ws, "Имя\nАнна\n")
    assert sum("left out: presets/" in note for note in ws.notes) == len(found.problems)


def test_the_folder_may_not_be_a_link(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/ours.yaml").write_text(OURS, "utf-8")
    (ws.root / "presets").symlink_to(tmp_path / "elsewhere")
    found = presets_of(ws)
    assert "ours" not in found.by_name
    assert "is a symbolic link" in found.problems[0].message


def test_a_preset_of_ones_own_is_recognised_and_reads_columns_stages_and_sources(
    ws: Workspace,
) -> None:
    put(ws, OURS)
    text = (
        "Клиент №,Кто,Звонить 2,Стадия,Источник,Код | шифр\n7,Печь,89161234567,Ждёт,Инет,Я\n"
        "8,Дом,89161234568,умер,,\n"
    )
    done = load(ws, text.replace("Звонить 2", "Звонить"))
    assert (done.preset, done.created) == ("ours", 2)
    records = [ws.schema.write(record) for record in ws.select("lead", order=["-name"])]
    assert [record["stage"] for record in records] == ["working", "junk"]
    assert records[0]["source"] == "web"
    assert records[0]["comment"] == "Клиент №: 7\nКод | шифр: Я"
    assert records[0]["phones"] == [{"value": "+79161234567", "type": "mobile"}]


def test_ones_own_preset_comes_before_that_of_the_same_name(ws: Workspace) -> None:
    put(ws, "columns:\n  lead:\n    name: Zzz\n", "hubspot.yaml")
    assert load(ws, "Zzz\nПечь\n", "HubSpot").created == 1
    hubspot = presets_of(ws).named("hubspot")
    assert (hubspot.path, [*hubspot.columns["lead"]]) == ("presets/hubspot.yaml", ["Zzz"])


def test_of_two_that_fit_alike_ones_own_is_taken(ws: Workspace) -> None:
    put(ws, ws.preset_text(presets_of(ws).named("google")), "mine.yaml")
    assert presets_of(ws).chosen("", ["Given Name", "Yomi Name"]).name == "mine"
    put(ws, "marks: A | B\n", "one.yaml")
    put(ws, "marks: A | B\n", "two.yaml")
    assert presets_of(ws).chosen("", ["A", "B"]).name == "none"


def test_an_unknown_preset_is_refused_with_the_nearest(ws: Workspace) -> None:
    with pytest.raises(BadUsage, match="no preset 'hubspt'") as refusal:
        load(ws, "Имя\nАнна\n", "hubspt")
    assert "did you mean 'hubspot'?" in refusal.value.hint


def test_the_commands_list_show_and_check(crm: Crm, folder: Path) -> None:
    (folder / "presets").mkdir()
    (folder / "presets/ours.yaml").write_text(OURS, "utf-8")
    rows = {row["name"]: row for row in json.loads(crm("import", "preset", "list", "--json").out)}
    assert rows["ours"]["file"] == "presets/ours.yaml"
    assert rows["ours"]["about"] == "Our old base"
    assert rows["hubspot"]["file"] == "comes with crm"
    assert crm("import", "preset", "show", "ours").out == OURS
    text = crm("import", "preset", "show", "bitrix24").out
    assert text == (PACKAGE / "presets/bitrix24.yaml").read_text("utf-8")
    assert crm("import", "preset", "check").code == 0
    (folder / "presets/ours.yaml").write_text("columns:\n  lead:\n    phnes: Tel\n", "utf-8")
    for command in (("import", "preset", "check"), ("check",)):
        run = crm(*command)
        assert run.code == 6
        assert "presets/ours.yaml:3: unknown key 'phnes' (did you mean 'phones'?" in run.out
    assert "left out" in crm("import", "preset", "list").err
