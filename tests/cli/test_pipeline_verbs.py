"""crm pipeline add, rename, rm: the file, the records, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


def place_of(crm: Crm, ref: str) -> tuple[str, str, bool]:
    row = json.loads(crm("deal", "show", ref, "--json").out)
    return row["pipeline"], row["stage"], bool(row.get("closed_at"))


def test_a_pipeline_comes_is_renamed_and_goes(crm: Crm, folder: Path) -> None:
    before = (folder / "pipelines.yaml").read_bytes()
    assert crm("pipeline", "add", "Сервис").out == "Added pipeline Сервис (servis).\n"
    assert (folder / "pipelines.yaml").read_bytes().startswith(before.rstrip())
    ref, won = (
        crm("deal", "add", "--name", name, "--pipeline", "servis").out.strip() for name in "АБ"
    )
    crm("deal", "win", won)
    crm("view", "save", "ours", "deals", "--where", "pipeline = servis")
    done = crm("pipeline", "rename", "servis", "Ремонт", "--id", "repair", "--json")
    assert json.loads(done.out)["records"] == 2, done.err
    assert place_of(crm, ref) == ("repair", "new", False)
    assert "pipeline = repair" in (folder / "views.yaml").read_text("utf-8")
    assert crm("check").code == 0
    done = crm("pipeline", "rm", "repair")
    assert done.code == 1
    assert "views.yaml mentions 'repair' in line" in done.err
    crm("view", "rm", "ours", "deals")
    done = crm("pipeline", "rm", "repair")
    assert "2 records are in 'Ремонт'" in done.err
    assert "crm pipeline rm repair --move-to PIPELINE/STAGE" in done.err
    done = crm("pipeline", "rm", "repair", "--move-to", "sales/request")
    assert done.code == 0, done.err
    assert place_of(crm, ref) == ("sales", "request", False)
    assert place_of(crm, won) == ("sales", "shipped", True)
    assert (folder / "pipelines.yaml").read_bytes().rstrip() == before.rstrip()
    crm("undo", "--yes")
    assert place_of(crm, ref) == ("repair", "new", False)
    assert crm("check").code == 0


def test_the_first_pipeline_takes_those_along_that_name_none(crm: Crm, folder: Path) -> None:
    ref = crm("deal", "add", "--name", "А").out.strip()
    path = next((folder / "data" / "deals").rglob(f"{ref}.yaml"))
    path.write_text(path.read_text("utf-8").replace("pipeline: sales\n", ""), encoding="utf-8")
    assert crm("pipeline", "rename", "sales", "--id", "big").code == 0
    assert place_of(crm, ref) == ("big", "request", False)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("add Продажи --id x", "there is a pipeline 'Продажи' already"),
        ("add sales", "there is a pipeline 'sales' already"),
        ("add leads", "there is a pipeline 'leads' already"),
        ("add X --id X!", "is not an id"),
        ("add ???", "no id can be made"),
        ("add X --like nowhere", "no deal pipeline 'nowhere'"),
        ("add X --like leads", "no deal pipeline 'leads'"),
        ("rename sales", "nothing to change"),
        ("rename nowhere X", "no pipeline 'nowhere'"),
        ("rename leads --id others", "'leads' is the pipeline of leads"),
        ("rename sales --id leads", "already"),
        ("rm leads", "'leads' is the pipeline of leads"),
        ("rm sales", "is the only pipeline of deals"),
        ("rm sales --move-to sales/offer", "cannot replace itself"),
        ("rm sales --move-to other/offer", "no deal pipeline 'other'"),
    ],
)
def test_bad_input_is_refused_with_the_reason(crm: Crm, folder: Path, args: str, says: str) -> None:
    before = (folder / "pipelines.yaml").read_bytes()
    done = crm("pipeline", *args.split())
    assert done.code in (1, 2, 3), done.err
    assert says in done.err
    assert "Traceback" not in done.err
    assert (folder / "pipelines.yaml").read_bytes() == before


@pytest.mark.parametrize("args", ["", "add", "rename", "rm"])
def test_help_fits_in_80_columns_in_russian(crm: Crm, args: str) -> None:
    out = crm("pipeline", *args.split(), "--help", COLUMNS="80", CRM_LANG="ru").out
    assert max(map(len, out.splitlines())) <= 80
    assert "оронк" in out
