"""crm robots diff: what other rules would make of what waits, before they are taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import kit

Crm = Callable[..., Any]
STAGES = kit.pipelines("""
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: comment, with: {text: A}, after: 2d}
          - {id: chase, do: comment, with: {text: B}, after: 5d}
          - {id: off, do: comment, with: {text: C}, after: 5d, enabled: no}
      - {id: talks, name: Переговоры, robots: [{id: talk, do: comment, with: {text: D}, after: 1d}]}
""")
CALL, OFF = "{text: A}, after: 2d}", ", enabled: no"
NOW = {"CRM_NOW": "2026-11-23T12:00:00Z"}


@pytest.fixture
def new(folder: Path, crm: Crm, tmp_path: Path) -> Path:
    (folder / "pipelines.yaml").write_text(STAGES, "utf-8")
    for name in ("Tea", "Milk"):
        assert crm("deal", "add", name, **NOW).code == 0
    return tmp_path / "new.yaml"


def told(crm: Crm, *args: str) -> dict[str, tuple[int, int, int, int]]:
    run = crm("robots", "diff", *args, "--json", **NOW)
    assert run.code == 0, run.err
    return {
        row["robot"]: (row["stay"], row["move"], row["end"], row["start"])
        for row in json.loads(run.out)
    }


@pytest.mark.parametrize(
    ("old", "now", "expected"),
    [
        (CALL, CALL + "  # a comment", {}),
        (CALL, CALL.replace("2d", "3d"), {"call": (0, 2, 0, 0), "chase": (2, 0, 0, 0)}),
        (CALL, CALL.replace("A", "Z"), {"call": (2, 0, 0, 0), "chase": (2, 0, 0, 0)}),
        (CALL, CALL[:-1] + ", enabled: no}", {"call": (0, 0, 2, 0), "chase": (2, 0, 0, 0)}),
        ("id: call", "id: ring", {"call": (0, 0, 2, 0), "chase": (2, 0, 0, 0)}),
        (OFF, "", {"call": (2, 0, 0, 0), "chase": (2, 0, 0, 0), "off": (0, 0, 0, 2)}),
        ("{text: D}, after: 1d", "{text: D}, after: 9d", {}),
        ("id: new\n        name: Новая", "id: fresh\n        name: Новая",
         {"call": (0, 0, 2, 0), "chase": (0, 0, 2, 0)}),
    ],
)  # fmt: skip
def test_what_waits_stays_moves_ends_and_starts(
    crm: Crm, new: Path, folder: Path, old: str, now: str, expected: dict[str, Any]
) -> None:
    assert old in STAGES
    new.write_text(STAGES.replace(old, now, 1), "utf-8")
    before = sorted((str(p), p.read_bytes()) for p in (folder / "data").rglob("*") if p.is_file())
    assert told(crm, str(new)) == expected
    after = sorted((str(p), p.read_bytes()) for p in (folder / "data").rglob("*") if p.is_file())
    assert after == before
    ends = 1 if any(sum(counts[1:]) for counts in expected.values()) else 0
    assert crm("robots", "diff", str(new), "--exit-code", **NOW).code == ends


def test_examples_say_from_when_to_when(crm: Crm, new: Path) -> None:
    new.write_text(STAGES.replace(CALL, CALL.replace("2d", "3d")), "utf-8")
    shown = crm("robots", "diff", str(new), **NOW).out
    assert "Tea 2026-11-25 15:00 → 2026-11-26 15:00" in shown
    [call, _] = json.loads(crm("robots", "diff", str(new), "--json", **NOW).out)
    assert {one["name"] for one in call["records"]} == {"Tea", "Milk"}
    assert call["records"][0]["after"] == "2026-11-26T12:00:00Z"


def test_without_a_file_the_last_commit_is_compared(crm: Crm, new: Path, folder: Path) -> None:
    kit.begin(folder)
    assert told(crm) == {}
    text = STAGES.replace(CALL, CALL.replace("2d", "3d"))
    (folder / "pipelines.yaml").write_text(text, "utf-8")
    assert told(crm) == told(crm, "--from", "HEAD") == {"call": (0, 2, 0, 0), "chase": (2, 0, 0, 0)}
    new.write_text(STAGES, "utf-8")
    assert told(crm, str(new), "--from", "HEAD") == {}


def test_a_sequence_that_is_gone_ends_for_those_who_are_in_it(
    crm: Crm, new: Path, folder: Path
) -> None:
    sequence = "sequences:\n  hello:\n    for: deal\n    robots:\n"
    sequence += "      - {id: first, do: comment, with: {text: E}, after: 3d}\n"
    (folder / "pipelines.yaml").write_text(STAGES + sequence, "utf-8")
    run = crm("robots", "start", "Tea", "hello", **NOW)
    assert run.code == 0, run.err
    new.write_text(STAGES, "utf-8")
    assert told(crm, str(new))["first"] == (0, 0, 1, 0)
    new.write_text((STAGES + sequence).replace("3d", "4d"), "utf-8")
    assert told(crm, str(new))["first"] == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [("deals: [", "new.yaml:1"), ("", "new.yaml"), ("a: 1", "new.yaml:1"),
     (STAGES.replace("do: comment", "do: coment", 1), "comment"),
     (STAGES.replace("after: 2d", "after: soon"), "soon")],
)  # fmt: skip
def test_broken_rules_are_told_as_check_tells_them(
    crm: Crm, new: Path, text: str, says: str
) -> None:
    new.write_text(text, "utf-8")
    run = crm("robots", "diff", str(new))
    assert run.code == 6
    assert says in run.err


@pytest.mark.parametrize("args", [["nowhere.yaml"], ["--from", "nope"], ["--from", "--help"]])
def test_what_is_not_there_is_told(crm: Crm, new: Path, args: list[str]) -> None:
    assert crm("robots", "diff", *args).code == 3
