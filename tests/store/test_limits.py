"""What a configuration may declare: at the limit it works, one over it is one line that names it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.errors import InvalidData
from crmcli.model import limits
from crmcli.model.conditions import grammar, where
from crmcli.render import Renderer
from crmcli.workspace import Workspace

ENDS = "      - {id: won, name: У, kind: won}\n      - {id: lost, name: П, kind: lost}\n"
LEADS = "leads:\n  stages:\n    - {id: new, name: N}\n    - {id: won, name: У, kind: won}\n    - {id: lost, name: П, kind: lost}\n"


def repeat(count: int, line: str) -> str:
    return "".join(line.replace("#", str(n)) for n in range(count))


def deals(new: str = "", stages: str = "", more: str = "") -> dict[str, str]:
    first = f"  - id: sales\n    name: S\n    stages:\n      - id: new\n        name: N\n{new}"
    return {"pipelines.yaml": f"{LEADS}deals:\n{first}{stages}{ENDS}{more}"}


def robots(count: int) -> dict[str, str]:
    line = "          - {id: r#, do: comment, with: {text: x}}\n"
    return deals("        robots:\n" + repeat(count, line))


def triggers(count: int) -> dict[str, str]:
    return deals("        triggers:\n" + repeat(count, "          - {on: code#}\n"))


def stages(count: int) -> dict[str, str]:
    return deals(stages=repeat(count - 3, "      - {id: s#, name: S#}\n"))


def schedules(count: int) -> dict[str, str]:
    line = "      - {id: s#, cron: '0 9 * * *', do: comment, with: {text: x}}\n"
    return deals(more="    schedules:\n" + repeat(count, line))


def pipelines(count: int) -> dict[str, str]:
    more = f"  - id: p#\n    name: P#\n    stages:\n      - {{id: new, name: N}}\n{ENDS}"
    return deals(more=repeat(count - 1, more))


def fields(count: int) -> dict[str, str]:
    return {"settings.yaml": "fields:\n  deal:\n" + repeat(count, "    f#: {type: money}\n")}


def choices(count: int) -> dict[str, str]:
    listed = repeat(count, "        - c#\n")
    return {
        "settings.yaml": f"fields:\n  deal:\n    f:\n      type: choice\n      choices:\n{listed}"
    }


def directories(count: int) -> dict[str, str]:
    fields = ["    f#: {type: choice, directory: d#}\n".replace("#", str(n)) for n in range(count)]
    half = count // 2
    used = f"fields:\n  deal:\n{''.join(fields[:half])}  lead:\n{''.join(fields[half:])}"
    return {"settings.yaml": "directories:\n" + repeat(count, "  d#: [a]\n") + used}


def values(count: int) -> dict[str, str]:
    return {"settings.yaml": "directories:\n  sources:\n" + repeat(count, "    s#: S#\n")}


def users(count: int) -> dict[str, str]:
    return {"settings.yaml": "users:\n" + repeat(count, "  u#: {name: U#}\n")}


def views(count: int) -> dict[str, str]:
    return {"views.yaml": "deals:\n" + repeat(count, "  - {id: v#, where: amount > #}\n")}


def opened(root: Path, files: dict[str, str]) -> Workspace:
    root.mkdir()
    (root / "data").mkdir()
    for name, text in {**deals(), **files}.items():
        (root / name).write_text(text, "utf-8")
    ws = Workspace.open(root)
    assert ws.pipelines
    assert ws.views is not None
    ws.rows("deal", None)
    return ws


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (stages, limits.STAGES),
        (pipelines, limits.PIPELINES),
        (fields, limits.FIELDS),
        (choices, limits.CHOICES),
        (directories, limits.DIRECTORIES),
        (values, limits.VALUES),
        (users, limits.USERS),
        (views, limits.VIEWS),
    ],
)
def test_at_the_limit_and_one_over(
    tmp_path: Path, make: Callable[[int], dict[str, str]], most: int
) -> None:
    begun = time.process_time()
    opened(tmp_path / "at", make(most))
    assert time.process_time() - begun < 2
    with pytest.raises(InvalidData) as caught:
        opened(tmp_path / "over", make(most + 1))
    [problem] = caught.value.problems
    assert f"has at most {most:,}; there are {most + 1:,}" in problem.message
    assert problem.line > 0


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (robots, limits.ROBOTS),
        (triggers, limits.TRIGGERS),
        (schedules, limits.SCHEDULES),
    ],
)
def test_of_rules_only_the_list_that_is_too_long_does_not_act(
    tmp_path: Path, make: Callable[[int], dict[str, str]], most: int
) -> None:
    assert not opened(tmp_path / "at", make(most)).faults_of_rules()
    for count in (most + 1, 4000):
        begun = time.process_time()
        ws = opened(tmp_path / str(count), make(count))
        [problem] = ws.faults_of_rules()
        assert f"has at most {most:,}; there are {count:,}" in problem.message
        assert problem.line > 0
        pipeline = ws.pipelines.deals[0]
        rules = [
            *pipeline.schedules,
            *(r for s in pipeline.stages for r in (*s.robots, *s.triggers)),
        ]
        assert len(rules) == most
        assert all(rule.fault for rule in rules)
        assert time.process_time() - begun < 2


def test_far_over_the_limit_is_told_as_quickly(tmp_path: Path) -> None:
    for n, make in enumerate((stages, fields, users, views)):
        begun = time.process_time()
        with pytest.raises(InvalidData) as caught:
            opened(tmp_path / str(n), make(4000))
        assert len(caught.value.problems) == 1
        assert time.process_time() - begun < 2


def test_a_condition_has_so_many_comparisons_and_values(tmp_path: Path) -> None:
    ws = opened(tmp_path / "ws", {})

    def ors(count: int) -> str:
        return " or ".join(["amount > 1"] * count)

    def words(count: int) -> str:
        return f"name in ({', '.join(['a'] * count)})"

    for make, most in ((ors, limits.TERMS), (words, limits.WORDS)):
        assert ws.select("deal", ws.condition(make(most), "deal")) == []
        with pytest.raises(where.BadCondition, match=f"more than {most:,}"):
            ws.condition(make(most + 1), "deal")
    with pytest.raises(where.BadCondition, match=f"more than {grammar.MAX_DEPTH} deep"):
        ws.condition("(" * 1000 + "amount > 1" + ")" * 1000, "deal")


def test_a_template_has_so_many_signs(tmp_path: Path) -> None:
    (tmp_path / "at.j2").write_text("{{deal}}" * (limits.SIGNS // 3), "utf-8")
    (tmp_path / "over.j2").write_text("{{deal}}" * (limits.SIGNS // 3 + 1), "utf-8")
    begun = time.process_time()
    assert Renderer(tmp_path).validate("at.j2") == []
    [problem] = Renderer(tmp_path).validate("over.j2")
    assert "30,000 words and signs" in problem.message
    assert time.process_time() - begun < 4


def test_the_page_of_limits_is_true() -> None:
    page = (Path(__file__).parents[2] / "docs/limits.md").read_text("utf-8")
    told = {int(word.replace(",", "")) for word in re.findall(r"\d[\d,]*", page)}
    for name, value in vars(limits).items():
        if name.isupper():
            assert value in told, name
