"""Personal data of a client: all of it handed out."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.kit import Run

LETTER = """\
From: Пётр <petr@vyaz.example>
To: sales@chai.example
Message-ID: <1@vyaz.example>
Subject: =?utf-8?b?0JrRgNC+0LLQu9GP?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: text/plain; charset=utf-8

Сколько стоит кровля?
--x
Content-Type: text/plain; name=plan.txt
Content-Disposition: attachment; filename=plan.txt

Дом 10 на 12
--x--
"""


def test_an_archive_has_all_that_is_kept_of_a_person_and_of_others_only_the_mention(
    folder: Path, crm: Callable[..., Run]
) -> None:
    name = ("--last-name", "Вяземский", "--first-name", "Пётр")
    petr = crm("contact", "add", *name, "--email", "petr@vyaz.example").out.strip()
    olga = crm("contact", "add", "--last-name", "Орлова", "--phone", "+7 912 345-67-89").out.strip()
    crm("deal", "add", "--name", "Кровля", "--contact", petr)
    crm("log", "note", olga, "Нас посоветовал Вяземский П. С. А ещё: её собака болеет." + " и" * 60)
    assert crm("mail", "receive", "-", stdin=LETTER).code == 0
    crm("block", "add", "petr@vyaz.example", "--reason", "просил")

    done = crm("privacy", "export", "petr@vyaz.example", "-o", "petr.zip")
    assert done.code == 0, done.err
    with zipfile.ZipFile(folder / "petr.zip") as packed:
        told = json.loads(packed.read("data.json"))
        page = packed.read("index.html").decode()
        names = packed.namelist()
    assert sorted(raw["id"].split("-")[0] for raw in told["records"]) == ["contact", "deal"]
    assert "mail.in" in [event["kind"] for event in told["timeline"]]
    assert [name for name in names if name.endswith("plan.txt")]
    assert any(name.endswith(".eml") for name in names)
    assert [m["record"] for m in told["mentions"]] == [olga]
    assert told["block_list"][0]["what"] == "petr@vyaz.example"
    assert "Вяземский" in page
    assert "Персональные данные" in page
    assert " и и и и и и и и и и и и и и и и и и и и и и и и и и и и и" not in page
    assert crm("privacy", "export", petr, "-o", "petr.zip").code != 0  # not over another

    as_files = crm("privacy", "export", petr, "-o", "out/")
    assert as_files.code == 0, as_files.err
    assert (folder / f"out/privacy-{petr}/index.html").is_file()
    piped = crm("--json", "privacy", "export", "Орлова", "-o", "o.zip")
    assert json.loads(piped.out)["mentions"] == 0


def test_an_archive_is_of_people(crm: Callable[..., Run]) -> None:
    firm = crm("company", "add", "--name", "Ромашка").out.strip()
    refused = crm("privacy", "export", firm)
    assert refused.code == 3
    assert len(refused.err.splitlines()) <= 2
