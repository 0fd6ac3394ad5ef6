"""Items given again through every door, and a kind of value of one's own, from its file to all that crm does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.model.values import Raw
from crmcli.sales.merging import merge as merging
from crmcli.sales.records import edit
from crmcli.sales.records.edit import Edit
from crmcli.workspace import Workspace
from tests import kit
from tests.kit import Run

AGAIN: list[tuple[str, str, str, Raw, Raw]] = [
    ("phones", "+79161234567", "mobile:8 916 123-45-67", [{"value": "+79161234567", "type": "mobile"}], [{"value": "+79161234567", "type": "work"}]),
    ("phones", "mobile:+79161234567", "8 916 123-45-67", [{"value": "+79161234567", "type": "mobile"}], [{"value": "+79161234567", "type": "mobile"}]),
    ("emails", "a@b.ru", "home:A@b.ru", [{"value": "a@b.ru", "type": "home"}], [{"value": "a@b.ru", "type": "work"}]),
    ("urls", "romashka.ru", "https://www.romashka.ru/", ["romashka.ru"], ["romashka.ru"]),
    ("tags", "vip", "VIP", ["vip"], ["vip"]),
    ("do_not", "mail", "mail", ["mail"], ["mail"]),
]  # fmt: skip


def raw(ws: Workspace, record_id: str, name: str) -> Raw:
    return ws.schema.write(ws.get(record_id))[name]


@pytest.mark.parametrize(("name", "stands", "again", "newer", "older"), AGAIN)
def test_an_item_given_again_changes_and_is_not_doubled(
    ws: Workspace, name: str, stands: str, again: str, newer: Raw, older: Raw
) -> None:
    more = Edit({}, {name: [again]}, {})
    one = kit.contact(ws, name="Анна", **{name: stands})
    edit.edit(ws, one.id, more)
    assert raw(ws, one.id, name) == newer
    two = kit.contact(ws, name="Борис", **{name: stands})
    edit.bulk(ws, "contact", ws.condition("name = Борис", "contact"), more)
    assert raw(ws, two.id, name) == newer
    three = kit.contact(ws, name="Вера", **{name: stands})
    four = kit.contact(ws, name="Вера", **{name: again})
    merging.merge(ws, merging.plan(ws, three.id, [four.id]))
    assert raw(ws, three.id, name) == older


def test_a_company_given_again_gets_the_new_role(ws: Workspace) -> None:
    firm = kit.company(ws, name="Ромашка").id
    one = kit.contact(ws, name="Анна", companies="Ромашка: юрист")
    edit.edit(ws, one.id, Edit({}, {"companies": ["Ромашка: директор"]}, {}))
    assert raw(ws, one.id, "companies") == [{"company": firm, "role": "директор"}]
    edit.edit(ws, one.id, Edit({}, {"companies": [firm]}, {}))
    assert raw(ws, one.id, "companies") == [{"company": firm, "role": "директор"}]


@pytest.mark.parametrize(("policy", "kind"), [("replace", "mobile"), ("merge", "work")])
def test_an_import_names_a_number_again(
    ws: Workspace, crm: Callable[..., Run], tmp_path: Path, policy: str, kind: str
) -> None:
    one = kit.contact(ws, name="Анна Котова", phones="+79161234567")
    file = tmp_path / "again.csv"
    file.write_text("name,phone_mobile\nАнна Котова,8 916 123-45-67\n", encoding="utf-8")
    done = crm("import", "contacts", str(file), "--on-duplicate", policy)
    assert done.code == 0, done.err
    assert raw(ws, one.id, "phones") == [{"value": "+79161234567", "type": kind}]


OWN = """
import sys
from crmcli.model import kinds
from crmcli.model.kinds.texts import Text

class Plate(Text):
    def read(self, field, text, ctx):
        plate = text.replace(" ", "").upper()
        if not plate.isalnum():
            raise ValueError(f"{text!r} is no number plate")
        return plate

kinds.KINDS["plate"] = Plate("plate", declared_as="plate", metavar="PLATE")
from crmcli.__main__ import main
sys.argv[0] = "crm"
main()
"""


def test_a_kind_of_ones_own_is_a_class_and_its_row(folder: Path, tmp_path: Path) -> None:
    acts = {**os.environ, "CRM_LANG": "en", "CRM_USER": "anna"}

    def crm(*args: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", OWN, *args], cwd=folder, env=acts,
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    crm("field", "add", "contact", "car", "--type", "plate")
    one = json.loads(crm("contact", "add", "--name", "Анна", "--set", "car=a 123 bc", "--json"))[
        "id"
    ]
    listed = json.loads(crm("contact", "list", "--where", "car = A123BC", "--json"))
    assert [(row["id"], row["car"]) for row in listed] == [(one, "A123BC")]
    exported = tmp_path / "contacts.csv"
    exported.write_text(crm("export", "contacts"), encoding="utf-8")
    assert "A123BC" in exported.read_text("utf-8")
    crm("contact", "edit", one, "--unset", "car")
    crm("import", "contacts", str(exported), "--on-duplicate", "replace")
    assert json.loads(crm("contact", "show", one, "--json"))["car"] == "A123BC"
    two = json.loads(crm("contact", "add", "--name", "Анна К", "--json"))["id"]
    crm("contact", "merge", two, one, "--yes")
    assert json.loads(crm("contact", "show", two, "--json"))["car"] == "A123BC"
    refused = subprocess.run(
        [sys.executable, "-c", OWN, "contact", "edit", two, "--set", "car=?"],
        cwd=folder, check=False, capture_output=True, text=True, env=acts,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "is no number plate" in refused.stderr
