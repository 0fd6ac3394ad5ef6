"""crm tag: the tags of all records; and lists by several tags."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.kit import Run

Crm = Callable[..., Run]


@pytest.fixture
def ids(crm: Crm) -> dict[str, str]:
    tagged = {
        "Ян": ("contact", "vip"),
        "Ода": ("company", "VIP,опт"),
        "Зов": ("lead", "опт"),
        "Пуск": ("deal", ""),
    }
    made = {}
    for name, (entity, tags) in tagged.items():
        given = ("--tag", tags) if tags else ()
        made[name] = crm(entity, "add", "--name", name, *given).out.strip()
    return made


def tags_of(crm: Crm, record_id: str) -> list[str]:
    return list(json.loads(crm("show", record_id, "--json").out).get("tags", []))


def counts(crm: Crm) -> dict[str, int]:
    return {row["tag"]: row["records"] for row in json.loads(crm("tag", "list", "--json").out)}


def test_tags_are_counted_over_all_nouns(crm: Crm, ids: dict[str, str]) -> None:
    assert counts(crm) == {"опт": 2, "vip": 1, "VIP": 1}
    crm("lead", "rm", ids["Зов"], "--yes")
    assert counts(crm) == {"vip": 1, "VIP": 1, "опт": 1}


def test_tags_are_given_and_taken(crm: Crm, ids: dict[str, str]) -> None:
    run = crm("tag", "add", "hot,vip", ids["Ян"], ids["Пуск"])
    assert (run.code, tags_of(crm, ids["Ян"]), tags_of(crm, ids["Пуск"])) == (
        0, ["hot", "vip"], ["hot", "vip"],
    )  # fmt: skip
    assert crm("tag", "rm", "HOT", ids["Ян"]).code == 0
    assert (tags_of(crm, ids["Ян"]), tags_of(crm, ids["Пуск"])) == (["vip"], ["hot", "vip"])
    assert crm("tag", "rm", "vip").code == 0
    assert counts(crm) == {"опт": 2, "hot": 1}
    run = crm("tag", "rm", "vip")
    assert (run.code, "no record has the tag 'vip'" in run.err) == (3, True)


def test_a_tag_is_renamed_in_all_records_and_undone(crm: Crm, ids: dict[str, str]) -> None:
    before = counts(crm)
    assert crm("tag", "rename", "vip", "опт", "-n").code == 0
    assert counts(crm) == before
    assert crm("tag", "rename", "vip", "опт").code == 0
    assert counts(crm) == {"опт": 3}
    assert tags_of(crm, ids["Ода"]) == ["опт"]
    crm("undo", "--yes")
    assert counts(crm) == before
    assert crm("tag", "rename", "vip", "a,b").code == 2


@pytest.mark.usefixtures("ids")
def test_several_tags_are_all_and_several_options_are_any(crm: Crm) -> None:
    crm("company", "add", "--name", "Лад", "--tag", "опт")

    def named(*args: str) -> str:
        run = crm("company", "list", "--sort", "name", "--columns", "name", "--json", *args)
        return " ".join(row["name"] for row in json.loads(run.out))

    assert named("--tag", "vip,опт") == "Ода"
    assert named("--tag", "опт") == "Лад Ода"
    assert named("--tag", "vip", "--tag", "опт") == "Лад Ода"
    assert named("--tag", "vip,нет") == ""


def test_a_record_in_the_place_of_a_tag_is_told(crm: Crm) -> None:
    assert crm("deal", "add", "--name", "Ворота").code == 0
    run = crm("tag", "add", "Ворота", "vip")
    assert (run.code, "the tags come first, then the records" in run.err) == (3, True)
