"""crm stage: what it prints, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


def test_the_stages_are_listed_with_what_stands_there(crm: Crm) -> None:
    crm("deal", "add", "--name", "Кровля")
    rows = json.loads(crm("stage", "list", "--json").out)
    assert [(row["id"], row["records"]) for row in rows][:2] == [("request", 1), ("offer", 0)]
    assert "Не обработан" in crm("stage", "list", "--pipeline", "leads").out


def test_a_dry_run_changes_nothing(crm: Crm, folder: Path) -> None:
    before = (folder / "pipelines.yaml").read_bytes()
    for args in (("add", "Договор"), ("rename", "offer", "КП"), ("move", "paid", "--after", "request"),
                 ("set", "offer", "--max-days", "5"), ("rm", "cancelled")):  # fmt: skip
        done = crm("stage", *args, "-n")
        assert done.code == 0, done.err
    assert (folder / "pipelines.yaml").read_bytes() == before


def test_what_is_said(crm: Crm, folder: Path) -> None:
    done = crm(
        "stage", "add", "Договор", "--after", "offer", "--color", "#F7D325", "--requires", "amount"
    )
    assert done.out == "Added stage Договор (dogovor) to sales.\n"
    assert "color: '#f7d325'\n" in (folder / "pipelines.yaml").read_text("utf-8")
    done = crm(
        "stage", "set", "dogovor", "--color", "teal", "--probability", "60", "--unset", "requires"
    )
    assert done.out == "Changed stage dogovor of sales.\n", done.err
    assert "color: '#008080'\n        probability: 60\n" in (folder / "pipelines.yaml").read_text(
        "utf-8"
    )
    done = crm("stage", "move", "dogovor", "--before", "offer")
    assert "request → dogovor → offer" in done.out
    row = json.loads(crm("stage", "rename", "dogovor", "--id", "contract", "--json").out)
    assert (row["stage"], row["records"], row["files"]) == ("contract", 0, ["pipelines.yaml"])


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ("add Предложение --id offer", "already has a stage 'offer'"),
        ("add offer", "already has a stage 'offer'"),
        ("add Договор --id Offer!", "is not an id"),
        ("add !!!", "no id can be made of '!!!'"),
        ("add X --after nowhere", "has no stage 'nowhere'"),
        ("add X --after offer --before paid", "exclude each other"),
        ("add X --color orangy", "'orangy' is not a colour"),
        ("add X --probability 200", "'200' is not a whole number from 0 to 100"),
        ("add X --max-days -1", "'-1' is not a whole number"),
        ("add X --requires amuont", "did you mean 'amount'"),
        ("add X --kind won", "a pipeline has one won stage only"),
        ("add X --kind half", "half"),
        ("add X --pipeline nowhere", "no pipeline 'nowhere'"),
        ("rename offer", "nothing to change"),
        ("rename offer --id paid", "already has a stage 'paid'"),
        ("rename ofer X", "did you mean 'offer'"),
        ("move offer", "no new place is given"),
        ("set offer", "nothing to change"),
        ("set offer --probability много", "is not a whole number"),
        ("rm shipped", "no stage is of kind won"),
        ("rm offer --move-to offer", "cannot replace itself"),
        ("rm offer --move-to nowhere", "has no stage 'nowhere'"),
        ("rm offer", "mentions 'offer' in line"),
        ("rm junk --pipeline leads", "no stage is of kind lost"),
    ],
)
def test_bad_input_is_refused_with_the_reason(crm: Crm, folder: Path, args: str, says: str) -> None:
    before = (folder / "pipelines.yaml").read_bytes()
    done = crm("stage", *args.split())
    assert done.code in (1, 2), done.err
    assert says in done.err
    assert "Traceback" not in done.err
    assert (folder / "pipelines.yaml").read_bytes() == before


def test_a_stage_in_use_says_the_way_and_the_way_works(crm: Crm) -> None:
    ref = crm(
        "deal", "add", "--name", "Кровля", "--stage", "cancelled", "--lost-reason", "price"
    ).out.strip()
    done = crm("stage", "rm", "cancelled")
    assert done.code == 1
    assert f"1 record is in 'Запрос отменён клиентом': {ref}" in done.err
    assert "crm stage rm cancelled --pipeline sales --move-to STAGE" in done.err
    done = crm("stage", "rm", "cancelled", "--pipeline", "sales", "--move-to", "lost")
    assert done.code == 0, done.err
    assert json.loads(crm("deal", "show", ref, "--json").out)["stage"] == "lost"


@pytest.mark.parametrize("args", ["", "add", "rename", "move", "set", "rm", "list"])
def test_help_fits_in_80_columns_in_russian(crm: Crm, args: str) -> None:
    out = crm("stage", *args.split(), "--help", COLUMNS="80", CRM_LANG="ru").out
    assert max(map(len, out.splitlines())) <= 80
    assert "Стади" in out or "стади" in out
