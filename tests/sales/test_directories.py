from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.sales.history import undo
from crmcli.sales.settings import directories
from crmcli.sales.settings.directories import ValueInUse
from crmcli.sales.settings.reshape import StillNamed
from crmcli.workspace import Workspace
from tests import kit


def source(ws: Workspace, record: Any) -> str:
    return str(kit.opened(ws.root).get(record.id).get("source"))


def test_a_value_is_added_and_known_by_its_label(ws: Workspace) -> None:
    directories.add(ws, "sources", "tg", "Телеграм")
    assert kit.lead(ws, source="телеграм").get("source") == "tg"
    assert list(ws.settings.directories["sources"]) == ["web", "call", "tg"]
    for again_ in (("tg", ""), ("x", "Телеграм"), ("сайт", "")):
        with pytest.raises(BadUsage, match="already has"):
            directories.add(ws, "sources", *again_)
    with pytest.raises(NotFound, match="no directory 'source'"):
        directories.add(ws, "source", "x")
    with pytest.raises(BadUsage, match="cannot be a value"):
        directories.add(ws, "sources", "a,b")


def test_a_rename_carries_records_of_every_kind_and_conditions(ws: Workspace) -> None:
    pipelines = ws.root / "pipelines.yaml"
    text = pipelines.read_text("utf-8").replace(
        "{id: new, name: Новый, kind: open}",
        "{id: new, name: Новый, kind: open, robots: [{id: r, do: set, with: {source: web},"
        " when: source = web}]}",
    )
    pipelines.write_text(text, "utf-8")
    ws = kit.opened(ws.root)
    one, other = kit.lead(ws, source="web"), kit.lead(ws, source="call")
    contact = kit.contact(ws, name="web", source="web")
    done = directories.rename(ws, "sources", "Сайт", "site")
    assert (done.records, set(done.files)) == (2, {"settings.yaml", "pipelines.yaml"})
    assert [source(ws, r) for r in (one, other, contact)] == ["site", "call", "site"]
    assert kit.opened(ws.root).get(contact.id).get("name") == "web"
    assert "with: {source: site}, when: source = site" in pipelines.read_text("utf-8")
    assert kit.opened(ws.root).settings.directories["sources"] == {"site": "Сайт", "call": "Звонок"}
    undo.undo(kit.opened(ws.root))
    assert source(ws, one) == "web"
    assert pipelines.read_text("utf-8") == text


def test_a_label_alone(ws: Workspace) -> None:
    one = kit.lead(ws, source="web")
    done = directories.rename(ws, "sources", "web", label="Наш сайт")
    assert (done.records, source(ws, one)) == (0, "web")
    assert kit.opened(ws.root).settings.directories["sources"]["web"] == "Наш сайт"
    with pytest.raises(BadUsage, match="nothing to change"):
        directories.rename(ws, "sources", "web")


def test_a_value_in_use_stays_or_is_replaced(ws: Workspace) -> None:
    one = kit.lead(ws, source="web")
    with pytest.raises(ValueInUse, match=f"1 record has web: {one.id}"):
        directories.remove(ws, "sources", "web")
    with pytest.raises(BadUsage, match="is not one of sources"):
        directories.remove(ws, "sources", "web", "радио")
    assert directories.remove(ws, "sources", "web", "Звонок").records == 1
    assert source(ws, one) == "call"
    with pytest.raises(Refused, match="the only value"):
        directories.remove(ws, "sources", "call")


def test_a_value_of_which_a_condition_speaks_stays(ws: Workspace) -> None:
    (ws.root / "views.yaml").write_text("leads:\n  - {id: v, where: source = web}\n", "utf-8")
    with pytest.raises(StillNamed, match=r"views.yaml mentions it in line 2"):
        directories.remove(kit.opened(ws.root), "sources", "web")


def test_a_directory_without_a_list_is_not_narrowed_by_the_way(ws: Workspace) -> None:
    kit.company(ws, name="Ромашка", industry="Цветы")
    with pytest.raises(ValueInUse, match="industries allowed any value"):
        directories.add(ws, "industries", "it")
    directories.add(ws, "company_types", "client", "Клиент")
    assert kit.opened(ws.root).settings.directories["company_types"] == {"client": "Клиент"}


def test_a_directory_written_as_a_list(ws: Workspace) -> None:
    settings = ws.root / "settings.yaml"
    text = settings.read_text("utf-8").replace("{web: Сайт, call: Звонок}", "[сайт, звонок]")
    settings.write_text(text, "utf-8")
    ws = kit.opened(ws.root)
    one = kit.lead(ws, source="сайт")
    directories.add(ws, "sources", "радио")
    directories.rename(ws, "sources", "сайт", "site")
    assert source(ws, one) == "site"
    directories.add(ws, "sources", "tg", "Телеграм")
    assert "sources: {site: site, " in settings.read_text("utf-8")
    assert list(kit.opened(ws.root).settings.directories["sources"]) == [
        "site",
        "звонок",
        "радио",
        "tg",
    ]


def test_the_command_line(crm: Callable[..., Any], folder: Path) -> None:
    crm("lead", "add", "--name", "x", "--source", "web")
    assert '{"id": "web", "label": "Сайт", "records": 1}' in crm(
        "directory", "show", "sources", "--format", "jsonl"
    ).out.replace("\n", "")
    assert "lead.source" in crm("directory", "list", "--csv").out
    refused = crm("lead", "add", "--name", "x", "--source", "сйт")
    assert refused.code == 2
    assert "did you mean 'Сайт'? allowed: web (Сайт), call (Звонок)" in refused.err
    assert crm("directory", "rename", "sources", "web", "site", "-n").out.startswith("dry run:")
    assert crm("directory", "rename", "sources", "web", "site").code == 0
    assert crm("directory", "rm", "sources", "site").code == 1
    assert crm("directory", "rm", "sources", "site", "--replace-with", "call").code == 0
    assert crm("lead", "list", "--where", "source = call", "--ids").out.strip()
