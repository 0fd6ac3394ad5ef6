"""What crm exported is imported again: in the same workspace nothing changes, in an empty one all is there,
and nothing untrue is said of its columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmcli import language
from crmcli.model.entities import having
from crmcli.model.kinds import Field
from crmcli.present.cells import Locale
from crmcli.present.imports import summary
from crmcli.sales.exports.export import Layout, export
from crmcli.sales.imports.summary import Summary
from crmcli.workspace import Workspace
from tests import kit
from tests.sales.conftest import PIPELINES, SETTINGS

FORMS = {
    "csv": Layout(),
    "excel with labels": Layout(excel=True, labels=True),
    "excel with ids": Layout(excel=True),
    "xlsx": Layout(format="xlsx"),
    "jsonl": Layout(format="jsonl"),
}
VALUES: dict[str, object] = {
    "text": "Кровля 2", "note": "раз\nдва", "user": "anna", "currency": "RUB", "inn": "7707083893",
    "kpp": "773601001", "ogrn": "1027700132195", "vat_id": "DE136695976", "money": "1250.50",
    "number": "12.345", "chance": "40", "date": "2026-03-04", "birthday": "--04-12",
    "datetime": "2026-12-01T12:00:17Z",
    "happened": "2026-05-06T07:08:09Z", "bool": "yes", "url": "https://example.ru", "phone": "+79161234567",
    "email": "anna@x.ru", "tags": ["b2b", "vip"], "urls": ["https://example.ru"],
    "phones": [{"value": "+79161234567", "type": "mobile"}], "handles": ["telegram:anna"],
    "emails": [{"value": "anna@x.ru", "type": "work"}], "external": {"hubspot": "15"},
    "utm": {"source": "yandex", "odd": "x"},
    "accounts": [{"account": "40702810938000012345", "bic": "044525225"}],
    "consents": [{"channel": "mail", "at": "2026-05-06T07:08:09Z"}],
    "lines": [{"name": "Лист", "quantity": "2", "price": "10.50"}],
    "link": {"company": "company-7k3qf2m9", "contact": "contact-7k3qf2m9", "lead": "lead-7k3qf2m9", "deal": "deal-7k3qf2m9"},
    "length": "45m", "users": ["anna"], "checklist": [{"text": "Счёт; акт"}, {"text": "Звонок", "done": "yes"}],
    "links": ["contact-7k3qf2m9"], "companies": [{"company": "company-7k3qf2m9", "role": "директор"}],
    "files": [], "converted": {},
}  # fmt: skip


def value_of(field: Field) -> object:
    """A value that people may have given the field."""
    if field.directory:
        return {"sources": "web", "lost_reasons": "price", "junk_reasons": "wrong"}.get(
            field.directory
        )
    if field.choices:
        return [field.choices[0]] if field.is_many else field.choices[0]
    value = VALUES.get(field.kind.name)
    return (
        value.get(field.entities[0])
        if isinstance(value, dict) and field.kind.name == "link"
        else value
    )


def filled(ws: Workspace) -> None:
    """A record of each noun with all that it may have, and one with its name alone."""
    with ws.change("test") as change:
        for entity in having("importable"):
            raw = {f.name: value_of(f) for f in ws.schema.fields(entity)}
            raw |= {"id": f"{entity}-7k3qf2m9", "batch": "", "stage": "won", "pipeline": "sales"}
            raw["stage"] = {"lead": "junk", "deal": "won"}.get(entity, "")
            bare = {
                "id": f"{entity}-7k3qf2m8",
                "name": "Лютик",
                "stage": "new",
                "pipeline": "sales",
            }
            bare["stage"] = {"lead": "new", "deal": "request"}.get(entity, "")
            bare |= {"created_at": "2026-05-06T07:08:09Z", "owner": "boris"}
            for one in (raw, bare):
                known = {f.name for f in ws.schema.fields(entity)}
                kept = {name: value for name, value in one.items() if value and name in known}
                change.add(ws.schema.read(entity, kept))
    ws.look_again()


def workspace(root: Path, speech: str) -> Workspace:
    kit.workspace(root, PIPELINES, SETTINGS.replace("language: ru", f"language: {speech}"))
    ws = kit.opened(root)
    language.prefer(speech)
    return ws


def untrue(found: Summary, speech: str) -> list[str]:
    """What an import says of the columns of a file, all of which are our own."""
    told = {
        "unmapped": {n: c for n, c in found.unmapped.items() if c},
        "conflicts": found.conflicts, "doubts": found.doubts,
        "doubtful": [*found.doubtful], "foreign": found.foreign_ids, "rejected": found.rejected,
        "owners": found.unknown_owners, "values": found.unknown_values, "stages": found.unknown_stages,
        "guesses": [*found.wrong_guesses], "preset": found.preset, "made": {**found.made},
        "consent": found.about_consent, "reasons": [*found.examples.values()],
    }  # fmt: skip
    wrong = [f"{name}: {value}" for name, value in told.items() if value]
    return wrong and [*wrong, *summary(found, Locale(speech))]


@pytest.mark.parametrize(
    ("speech", "labels"), kit.some([("ru", "ru"), ("ru", "en"), ("en", "en")], 3)
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("entity", having("importable"))
def test_nothing_changes_and_nothing_untrue_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entity: str,
    form: str,
    speech: str,
    labels: str,
) -> None:
    monkeypatch.setenv("CRM_LANG", labels)
    ws = workspace(tmp_path / "ws", speech)
    filled(ws)
    before = kit.records_of(ws.root)
    data = b"".join(export(ws, entity, None, FORMS[form]))
    for policy in ("update", "replace", "merge"):
        found = kit.bring(ws, entity, data, f"x.{FORMS[form].format}", on_duplicate=policy)
        assert untrue(found, speech) == []
        assert (found.created, found.replaced, kit.records_of(ws.root) == before) == (0, 0, True)


@pytest.mark.parametrize(
    ("speech", "labels"), kit.some([("ru", "ru"), ("ru", "en"), ("en", "en")], 2)
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("entity", having("importable"))
def test_an_empty_workspace_gets_all_of_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    entity: str,
    form: str,
    speech: str,
    labels: str,
) -> None:
    monkeypatch.setenv("CRM_LANG", labels)
    ws = workspace(tmp_path / "ws", speech)
    filled(ws)
    data = b"".join(export(ws, entity, None, FORMS[form]))
    other = workspace(tmp_path / "other", speech)
    found = kit.bring(other, entity, data, f"x.{FORMS[form].format}")
    found.made = {}  # those to which it links
    assert (untrue(found, speech), found.created) == ([], 2)
    again = b"".join(export(other, entity, None, FORMS[form]))
    if FORMS[form].format != "xlsx":
        assert again.decode().splitlines() == data.decode().splitlines()
