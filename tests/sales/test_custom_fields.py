from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import BadUsage, InvalidData, NotFound, Refused
from crmcli.sales.history import undo
from crmcli.sales.settings import fields
from crmcli.sales.settings.fields import FieldHoldsData
from crmcli.sales.settings.reshape import StillNamed
from crmcli.store.disk.transaction import FileChanged
from crmcli.store.yaml.codec import load
from crmcli.workspace import Workspace
from tests import kit

COMMENT = "# Площадь меряют на месте\n"


@pytest.fixture
def ws(folder: Path) -> Workspace:
    settings = folder / "settings.yaml"
    text = settings.read_text("utf-8").replace("  deal:\n", f"  deal:\n    {COMMENT}")
    settings.write_text(text, "utf-8")
    return kit.opened(folder)


def raw(ws: Workspace, record: Any) -> dict[str, Any]:
    path = next(ws.root.glob(f"data/*/*/{record.id}.yaml"))
    return load(path.read_bytes(), path.name)


def test_every_type_is_declared_and_used(ws: Workspace) -> None:
    for kind, text, kept in (
        ("text", " Имя ", "Имя"), ("number", "1 200,5", "1200.5"), ("money", "1 200,50 ₽", "1200.50"),
        ("date", "24.11.2026", "2026-11-24"), ("datetime", "2026-11-24 15:00", "2026-11-24T12:00:00Z"),
        ("bool", "да", "yes"), ("url", "example.ru", "example.ru"),
        ("phone", "8 916 123-45-67", [{"value": "+79161234567", "type": "work"}]),
        ("email", "A@Example.RU", [{"value": "A@example.ru", "type": "work"}]),
    ):  # fmt: skip
        fields.add(ws, "deal", f"my_{kind}", {"type": kind, "label": f"Моё: {kind}"})
        assert raw(ws, kit.deal(ws, **{f"my_{kind}": text}))[f"my_{kind}"] == kept
    fields.add(ws, "deal", "colors", {"type": "choices", "choices": ["красный", "синий"]})
    assert raw(ws, kit.deal(ws, colors="Синий, красный"))["colors"] == ["красный", "синий"]
    with pytest.raises(BadUsage, match="did you mean 'синий'"):
        kit.deal(ws, colors="синй")
    contact = kit.contact(ws, name="Анна Ковалёва")
    fields.add(ws, "deal", "agent", {"type": "link", "to": "contact"})
    assert raw(ws, kit.deal(ws, agent="анна ковалёва"))["agent"] == contact.id
    assert COMMENT in (ws.root / "settings.yaml").read_text("utf-8")


def test_a_default_is_given_to_new_records_only(ws: Workspace) -> None:
    before = kit.deal(ws)
    fields.add(ws, "deal", "call_on", {"type": "date", "default": "today+7d"})
    assert ws.get(before.id).get("call_on") is None
    assert raw(ws, kit.deal(ws))["call_on"] == "2026-11-30"
    assert raw(ws, kit.deal(ws, call_on="2026-12-01"))["call_on"] == "2026-12-01"
    assert "call_on" not in raw(ws, kit.deal(ws, call_on=""))


def test_a_new_directory_comes_with_its_field(ws: Workspace) -> None:
    facts = {"type": "choice", "directory": "offices"}
    fields.add(ws, "deal", "office", dict(facts), {"msk": "Москва", "spb": "Питер"})
    assert raw(ws, kit.deal(ws, office="москва"))["office"] == "msk"
    fields.remove(ws, "deal", "office", drop_data=True)
    assert "offices" not in (ws.root / "settings.yaml").read_text("utf-8")
    assert kit.opened(ws.root).settings.directories == ws.settings.directories


@pytest.mark.parametrize(
    ("name", "facts", "why"),
    [
        ("area", {"type": "number"}, "already has a field 'area'"),
        ("name", {"type": "text"}, "already has a field 'name'"),
        ("a b", {"type": "text"}, "cannot name a field"),
        ("today", {"type": "text"}, "already has a field 'today'"),
        ("And", {"type": "text"}, "already has a field 'And'"),
        ("merged_into", {"type": "text"}, "already has a field 'merged_into'"),
        ("files", {"type": "text"}, "already has a field 'files'"),
        ("utm_source", {"type": "text"}, "already has a field 'utm_source'"),
        ("vcard", {"type": "text"}, "already has a field 'vcard'"),
        ("x", {"type": "choice"}, "needs either choices or a directory"),
        ("x", {"type": "number", "choices": ["1"]}, "has no choices"),
        ("x", {"type": "number", "default": "много"}, "'много' is not a number"),
        ("x", {"type": "text", "directory": "sources", "default": "Радио"}, "is not one of sources"),
        ("x", {"type": "text", "directory": "nowhere"}, "no directory 'nowhere'"),
        ("x", {"type": "text", "to": "deal"}, "only a link points to something"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_changes_nothing(
    ws: Workspace, name: str, facts: dict[str, Any], why: str
) -> None:
    before = (ws.root / "settings.yaml").read_bytes()
    with pytest.raises(BadUsage, match=why):
        fields.add(ws, "deal", name, facts)
    assert (ws.root / "settings.yaml").read_bytes() == before
    assert kit.deal(ws, area="5").get("area")


def test_a_rename_carries_records_conditions_and_views(ws: Workspace) -> None:
    pipelines = ws.root / "pipelines.yaml"
    text = pipelines.read_text("utf-8")
    text = text.replace("requires: [amount]}", "requires: [amount, area]}   # area: площадь")
    text = text.replace(
        "{id: request, name: Запрос, kind: open, probability: 10}",
        """id: request
        name: Запрос
        kind: open
        robots:
          - {id: big, do: set, with: {area: '5'}, when: area > 100}""",
    )
    pipelines.write_text(text, "utf-8")
    (ws.root / "views.yaml").write_text(
        "deals:\n  - {id: big, where: area > 5, columns: [name, area]}\n", "utf-8"
    )
    template = ws.root / "templates" / "mail" / "hello.j2"
    template.parent.mkdir(parents=True)
    template.write_text("Subject: x\n\n{{ deal.area }} {{ lead.area }}\n", "utf-8")
    ws = kit.opened(ws.root)
    lead = kit.lead(ws, name="Заявка", area="7")
    both = kit.deal(ws, area="50", roof="гнутая")
    none = kit.deal(ws)
    done = fields.rename(ws, "deal", "area", "square")
    assert (done.records, done.left) == (1, ["templates/mail/hello.j2:3"])
    assert set(done.files) == {"settings.yaml", "pipelines.yaml", "views.yaml"}
    assert list(raw(ws, both))[-2:] == ["square", "roof"]
    assert raw(ws, both)["square"] == "50"
    assert "square" not in raw(ws, none)
    assert raw(ws, lead)["area"] == "7"
    after = pipelines.read_text("utf-8")
    assert "requires: [amount, square]}   # area: площадь" in after
    assert "with: {square: '5'}, when: square > 100}" in after
    assert (
        kit.opened(ws.root).count("deal", kit.opened(ws.root).condition("square > 5", "deal")) == 1
    )


@pytest.mark.parametrize(
    "robot",
    ["do: task, with: {title: 'area {{ deal.name }}'}", "do: set, with: {tags: area}"],
)
def test_a_rename_that_cannot_be_told_apart_names_the_places(ws: Workspace, robot: str) -> None:
    pipelines = ws.root / "pipelines.yaml"
    before = pipelines.read_text("utf-8").replace(
        "requires: [amount]",
        f"robots: [{{id: r, {robot}, when: area > 1}}]",
    )
    pipelines.write_text(before, "utf-8")
    one = kit.deal(kit.opened(ws.root), area="5")
    with pytest.raises(StillNamed, match=r"pipelines.yaml mentions it in line \d+") as caught:
        fields.rename(kit.opened(ws.root), "deal", "area", "square")
    assert caught.value.problems
    assert pipelines.read_text("utf-8") == before
    assert raw(ws, one)["area"] == "5"


@pytest.mark.parametrize("name", ["merged_into", "id", "name", "utm_source"])
def test_a_name_that_means_something_is_no_new_name(ws: Workspace, name: str) -> None:
    one = kit.deal(ws, area="5")
    with pytest.raises(BadUsage, match=f"a deal already has a field '{name}'"):
        fields.rename(ws, "deal", "area", name)
    assert raw(ws, one)["area"] == "5"


def test_a_hand_that_declares_such_a_name_is_told_the_line(ws: Workspace) -> None:
    settings = ws.root / "settings.yaml"
    text = settings.read_text("utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if row.strip() == COMMENT.strip())
    settings.write_text(text.replace(COMMENT, "merged_into: {type: text}\n"), "utf-8")
    with pytest.raises(InvalidData) as caught:
        kit.opened(ws.root)
    assert (caught.value.problems[0].line, caught.value.problems[0].message) == (
        line,
        "a deal already has a field 'merged_into'",
    )


def test_a_rename_is_undone_and_done_again_with_its_files(ws: Workspace) -> None:
    settings = ws.root / "settings.yaml"
    before = settings.read_bytes()
    one, two = kit.deal(ws, area="5"), kit.deal(ws, area="7")
    fields.rename(ws, "deal", "area", "square")
    done = undo.undo(kit.opened(ws.root))
    assert (len(done.records), done.files) == (2, ["settings.yaml"])
    assert settings.read_bytes() == before
    assert [raw(ws, r)["area"] for r in (one, two)] == ["5", "7"]
    undo.redo(kit.opened(ws.root))
    assert raw(ws, one)["square"] == "5"
    assert b"square" in settings.read_bytes()


def test_what_a_hand_wrote_under_the_new_name_is_not_overwritten(ws: Workspace) -> None:
    one = kit.deal(ws, area="5")
    path = next(ws.root.glob(f"data/*/*/{one.id}.yaml"))
    path.write_text(path.read_text("utf-8") + "square: '9'\n", "utf-8")
    with pytest.raises(Refused, match=f"{one.id} has both area and square"):
        fields.rename(kit.opened(ws.root), "deal", "area", "square")
    assert (raw(ws, one)["area"], raw(ws, one)["square"]) == ("5", "9")
    assert b"square" not in (ws.root / "settings.yaml").read_bytes()


def test_settings_that_changed_since_keep_all_of_it(ws: Workspace) -> None:
    one = kit.deal(ws, area="5")
    fields.rename(ws, "deal", "area", "square")
    with (ws.root / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write("# рукой\n")
    done = undo.undo(kit.opened(ws.root))
    assert [(k.record, k.field) for k in done.kept] == [("", "settings.yaml")]
    assert raw(ws, one)["square"] == "5"


def test_a_field_with_data_goes_only_when_told(ws: Workspace) -> None:
    one = kit.deal(ws, area="5")
    with pytest.raises(FieldHoldsData, match=f"1 record holds a value in area: {one.id}"):
        fields.remove(ws, "deal", "area")
    assert ws.schema.field("deal", "area")
    fields.remove(ws, "deal", "area", drop_data=True)
    assert "area" not in raw(ws, one)
    undo.undo(kit.opened(ws.root))
    assert raw(ws, one)["area"] == "5"
    fields.remove(kit.opened(ws.root), "lead", "secret")
    with pytest.raises(NotFound, match="no custom field 'secret'"):
        fields.remove(kit.opened(ws.root), "lead", "secret")
    with pytest.raises(BadUsage, match="built in"):
        fields.rename(kit.opened(ws.root), "lead", "name", "title")


def test_a_file_that_somebody_saves_meanwhile_is_not_overwritten(ws: Workspace) -> None:
    from crmcli.sales.settings.reshape import SettingsEdit, reshaping

    settings = ws.root / "settings.yaml"

    def edit(tree: dict[str, Any]) -> None:
        settings.write_text(settings.read_text("utf-8") + "# рукой\n", "utf-8")
        tree["currency"] = "USD"

    with pytest.raises(FileChanged), reshaping(ws, "field add", SettingsEdit(edit)):
        pass
    assert ws.settings.currency == "RUB"
    assert settings.read_text("utf-8").endswith("# рукой\n")


def test_faults_that_are_there_already_are_told_first(ws: Workspace) -> None:
    (ws.root / "pipelines.yaml").write_text("leads: {}\n", "utf-8")
    with pytest.raises(InvalidData, match=r"pipelines.yaml has"):
        fields.add(kit.opened(ws.root), "deal", "x", {"type": "text"})


def test_the_command_line(crm: Callable[..., Any], folder: Path) -> None:
    assert crm("field", "add", "deal", "height", "--type", "number", "--dry-run").code == 0
    assert "height" not in (folder / "settings.yaml").read_text("utf-8")
    assert crm("field", "add", "deal", "height", "--type", "number", "--label", "Высота").code == 0
    listed = crm("field", "list", "deal", "--json").out
    assert '"name": "height"' in listed
    assert "Высота" in listed
    assert crm("deal", "add", "--name", "Кровля", "--set", "height=3").code == 0
    renamed = crm("field", "rename", "deal", "height", "tall")
    assert renamed.out == "Renamed deal.height to tall, records changed: 1.\n"
    assert "tall" in crm("deal", "list", "--columns", "id,tall", "--csv").out
    refused = crm("field", "rm", "deal", "tall")
    assert (refused.code, "--drop-data" in refused.err) == (1, True)
    assert crm("field", "rename", "deal", "tll", "x").code == 3
    assert "settings.yaml is as it was." in crm("undo").out
