"""The starter: what a new workspace holds is sound, and the project's own root is the demo."""

from __future__ import annotations

import configparser
import csv
from pathlib import Path

import pytest

import crmcli
from crmcli.automation.config_checks import look_through
from crmcli.model.company import Company
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import Schema
from crmcli.model.values import Email, Phone
from crmcli.sales.init.create import create_workspace
from crmcli.store.config import settings as config
from crmcli.store.config import starter
from crmcli.store.config.pipelines import load_pipelines
from crmcli.store.safety import state
from crmcli.workspace import Workspace
from tests.kit import NOW

ROOT = Path(__file__).parents[1]
STARTER = Path(crmcli.__file__).parent / "starter"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up company as `crm init --demo` makes it at NOW."""
    root = tmp_path_factory.mktemp("demo") / "ws"
    founding = create_workspace(root, demo=True, use_git=False, now=NOW)
    assert founding.notes == ()
    return root


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_new_workspace_has_neither_faults_nor_oddities(tmp_path: Path, language: str) -> None:
    root = create_workspace(tmp_path / "ws", language=language, use_git=False).root
    looked = look_through(root, NOW)
    assert (looked.faults, looked.oddities) == ((), ())


def test_the_demo_has_neither_faults_nor_oddities(demo: Path) -> None:
    looked = look_through(demo, NOW)
    assert (looked.faults, looked.oddities) == ((), ())


def test_stages_and_sources_are_called_as_users_of_bitrix24_know_them() -> None:
    settings = config.load_settings(STARTER / "ru")
    leads = load_pipelines(STARTER / "ru", Schema(settings.fields), settings).leads
    assert [(stage.id, stage.name) for stage in leads.stages] == [
        ("new", "Не обработан"), ("working", "В работе"), ("processed", "Обработан"),
        ("converted", "Качественный"), ("junk", "Некачественный"),
    ]  # fmt: skip
    assert list(settings.directories["sources"]) == [
        "call", "email", "web", "advertising", "client", "recommendation", "exhibition", "form",
        "callback", "shop", "other",
    ]  # fmt: skip
    assert list(settings.directories["contact_types"]) == ["client", "supplier", "partner", "other"]
    assert settings.vat_rate == 22


def test_both_languages_declare_the_same() -> None:
    shapes = []
    for language in ("ru", "en"):
        settings = config.load_settings(STARTER / language)
        pipelines = load_pipelines(STARTER / language, Schema(), settings)
        shapes.append(
            (
                {name: list(entries) for name, entries in settings.directories.items()},
                [
                    (
                        stage.id,
                        stage.kind,
                        [r.id for r in stage.robots],
                        [t.on for t in stage.triggers],
                    )
                    for pipeline in pipelines
                    for stage in pipeline.stages
                ],
                sorted(starter.starter_files(language)),
            )
        )
    assert shapes[0] == shapes[1]


def test_the_demo_declares_what_a_new_workspace_does() -> None:
    plain, made_up = (config.load_settings(STARTER / name) for name in ("ru", "demo"))
    assert made_up.directories == plain.directories
    assert (made_up.calendar, made_up.numbering) == (plain.calendar, plain.numbering)
    assert (made_up.vat_rate, made_up.time_zone) == (plain.vat_rate, plain.time_zone)


def test_the_first_line_tells_editors_of_the_schema() -> None:
    for language in ("ru", "en"):
        for name in ("pipelines", "settings"):
            text = (STARTER / language / f"{name}.yaml").read_text(encoding="utf-8")
            schema = f"schema/{name}.schema.json"
            assert text.startswith(f"# yaml-language-server: $schema={schema}\n")
            assert schema in starter.starter_files(language)


def test_packaging_takes_every_file_of_the_starter() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    assert "starter/**/*" in setup["options.package_data"]["crmcli"].split()
    hidden = [path for path in STARTER.rglob("*") if path.name.startswith(".")]
    assert hidden == []  # the pattern does not match them


# --- the made-up company -----------------------------------------------------------------------


def test_the_demo_has_all_that_one_wants_to_see(demo: Path) -> None:
    ws = Workspace.open(demo, now=NOW)
    counts = {entity: ws.count(entity) for entity in ENTITIES}
    assert counts == {
        "lead": 12, "contact": 8, "company": 5, "deal": 8, "offer": 3, "invoice": 3, "task": 6,
    }  # fmt: skip
    assert ws.problems() == []
    leads = {str(lead.get("stage")) for lead in ws.select("lead")}
    assert leads == {stage.id for stage in ws.pipelines.leads.stages}
    deals = ws.select("deal")
    assert {str(deal.get("stage")) for deal in deals} == {
        "request", "offer", "invoice", "paid", "shipped", "lost",
    }  # fmt: skip
    assert {str(deal.get("currency")) for deal in deals} == {"RUB", "EUR", "BYN"}
    assert any(deal.get("lines") for deal in deals)


def test_everybody_in_the_demo_is_well_formed_and_made_up(demo: Path) -> None:
    ws = Workspace.open(demo, now=NOW)
    seen: list[Phone] = []
    for entity in ("lead", "contact", "company"):
        for record in ws.select(entity):
            phones, emails = record.get("phones"), record.get("emails")
            assert isinstance(phones, tuple)
            assert isinstance(emails, tuple)
            seen += [phone for phone in phones if isinstance(phone, Phone)]
            for email in emails:
                assert isinstance(email, Email)
                assert email.value.endswith(("example.ru", "example.com"))
    assert all(phone.value.startswith("+") for phone in seen)
    assert any(phone.ext for phone in seen)
    companies = [company for company in ws.select("company") if isinstance(company, Company)]
    numbers = [company.inn for company in companies if company.inn]
    assert sorted(len(number) for number in numbers) == [10, 12]
    assert all(
        number.startswith("00") and is_inn(number) for number in [*numbers, ws.settings.us.inn]
    )


def is_inn(number: str) -> bool:
    """Whether the check digits are right, by the tax office's rule."""
    weights = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
    ends = (9,) if len(number) == 10 else (10, 11)
    return all(
        sum(int(d) * w for d, w in zip(number, weights[-end:], strict=False)) % 11 % 10
        == int(number[end])
        for end in ends
    )


def test_the_demo_happened_in_order_and_before_now(demo: Path) -> None:
    events = Workspace.open(demo, now=NOW).events()
    moments = [event.at for event in events]
    assert len(events) > 60
    assert moments == sorted(moments)
    assert moments[-1] <= NOW
    assert {event.actor for event in events} == {"vera", "anna", "boris"}


def test_the_demo_leaves_the_clone_a_name_of_its_own(demo: Path) -> None:
    stories = {path.stem for path in (demo / "data" / "timeline").rglob("*.csv")}
    assert stories == {"dem0dem0"}
    assert state.make(demo) != "dem0dem0"


# --- the project's root ------------------------------------------------------------------------

REMAKE = (
    "the project's root must be what crm init --demo writes: make it anew with"
    f" CRM_NOW={NOW.isoformat()} crm init --demo --no-git FOLDER and copy it here"
)


def contents(root: Path) -> dict[str, bytes]:
    """The files of a workspace, but for what a source tree has otherwise and for the timeline."""
    own = [
        *(root / "data").rglob("*"),
        *(root / "templates").rglob("*"),
        *(root / "schema").rglob("*"),
    ]
    own += [
        root / name for name in ("pipelines.yaml", "settings.yaml", "forms.yaml", ".gitattributes")
    ]
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in own
        if path.is_file() and path.suffix != ".csv"
    }


def story(root: Path) -> list[tuple[str, ...]]:
    """What happened, without the ids that are new each time."""
    rows: list[tuple[str, ...]] = []
    for path in sorted((root / "data" / "timeline").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += [
                (row["at"], row["actor"], row["kind"], row["record"], row["data"])
                for row in csv.DictReader(file)
            ]
    return rows


def test_the_root_of_the_project_is_the_demo(demo: Path) -> None:
    here, made = contents(ROOT), contents(demo)
    assert sorted(here) == sorted(made), REMAKE
    assert [path for path in made if here[path] != made[path]] == [], REMAKE
    assert story(ROOT) == story(demo), REMAKE


def test_the_root_of_the_project_can_be_worked_in() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert ".crm/" in ignored
    assert any(line.strip("/") == "outbox" for line in ignored)
