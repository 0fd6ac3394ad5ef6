"""crm file, as people call it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def lead(crm: Crm) -> str:
    return crm("lead", "add", "--name", "Кровля", "--phone", "8 912 345-67-89").out.strip()


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "Договор №1.pdf"
    path.write_bytes(b"%PDF \xff\x00\n")
    return path


def test_there_and_back(crm: Crm, lead: str, contract: Path, tmp_path: Path) -> None:
    run = crm("file", "add", lead, str(contract))
    assert run.out == f"Attached Договор №1.pdf to {lead} Кровля.\n"
    (row,) = json.loads(crm("file", "list", lead, "--json").out)
    assert (row["name"], row["size"]) == ("Договор №1.pdf", 8)
    out = tmp_path / "out"
    out.mkdir()
    assert crm("file", "get", lead, "-o", str(out)).out == f"{out}/Договор №1.pdf\n"
    assert (out / "Договор №1.pdf").read_bytes() == contract.read_bytes()
    run = crm("file", "get", lead, "-o", str(out))
    assert (run.code, "already exists" in run.err) == (1, True)
    assert crm("file", "get", lead, "-o", str(out), "--force").code == 0
    assert os.listdir(out) == ["Договор №1.pdf"]
    assert "Договор №1.pdf" in crm("show", lead).out


def test_bytes_to_stdout(crm: Crm, lead: str, contract: Path) -> None:
    contract.write_bytes("Привет\n".encode())
    crm("file", "add", lead, str(contract))
    assert crm("file", "get", lead, "-o", "-").out == "Привет\n"


def test_two_names_of_one_content(crm: Crm, lead: str, contract: Path) -> None:
    copy = contract.with_name("копия.pdf")
    copy.write_bytes(contract.read_bytes())
    crm("file", "add", lead, str(contract), str(copy))
    rows = json.loads(crm("file", "list", lead, "--json").out)
    assert [row["name"] for row in rows] == ["Договор №1.pdf", "копия.pdf"]
    assert crm("file", "rm", lead, "копия.pdf").code == 0
    rows = json.loads(crm("file", "list", lead, "--json").out)
    assert [row["name"] for row in rows] == ["Договор №1.pdf"]


def test_a_dry_run_stores_nothing(crm: Crm, lead: str, contract: Path, folder: Path) -> None:
    run = crm("file", "add", lead, str(contract), "-n")
    assert run.out == f"dry run: Attached Договор №1.pdf to {lead} Кровля.\n"
    assert not (folder / "data/files").exists()
    assert crm("file", "list", lead).err == f"{lead} has no files\n"


def test_what_cannot_be_attached(crm: Crm, lead: str, contract: Path, tmp_path: Path) -> None:
    assert crm("file", "add", lead, str(tmp_path / "нет.pdf")).code == 3
    assert crm("file", "add", lead, str(tmp_path)).code != 0
    assert crm("file", "add", lead, str(contract), str(contract), "--name", "x").code == 2
    assert crm("file", "add", "lead-00000000", str(contract)).code == 3
    crm("file", "add", lead, str(contract))
    contract.write_bytes(b"2")
    run = crm("file", "add", lead, str(contract))
    assert (run.code, "--replace" in run.err) == (5, True)
    assert crm("file", "rm", lead, "Нет").code == 3
    assert crm("file", "rm", lead, "Договор").out.startswith("Removed Договор №1.pdf from")
