"""Each damage is told by `crm check`, at its place, and what has one right answer is mended."""

from __future__ import annotations

import re

import pytest

from tests import kit
from tests.damage.base import Base, run
from tests.damage.table import ALL, STOPPING, Damage, named


def place(damage: Damage, base: Base) -> str:
    """How the damaged place is called, before it is damaged."""
    path = base.path(named(base, damage.where))
    if not isinstance(damage.line, str):
        return f"{path}:{damage.line}: " if damage.line else f"{path}: "
    lines = base.file(path).read_text(encoding="utf-8").splitlines()
    return f"{path}:{next(n for n, line in enumerate(lines, 1) if damage.line in line)}: "


@pytest.mark.parametrize("damage", kit.some(ALL, 6), ids=lambda damage: damage.name)
def test_a_damage_is_told_and_mended_or_left(base: Base, damage: Damage) -> None:
    where, whole = place(damage, base), base.contents()
    damage.do(base)
    damaged = base.contents()
    check = run(base.root, "check")
    assert check.code == (0 if damage.passing else 6), check
    assert (check.out if damage.passing else check.err) == ""
    lines = (check.err.replace("warning: ", "") if damage.passing else check.out).splitlines()
    told = [line for line in lines if line.startswith(where)]
    assert told, check
    assert damage.says in told[0]
    assert damage.more or lines == told[:1]
    assert base.contents() == damaged
    if damage.where == ".crm/index.db":
        damage.do(base)  # once more: to read it was to build it anew
    fix = run(base.root, "check", "--fix")
    if damage.mended:
        assert (fix.code, fix.out) == (0, "")
        assert f"fixed: {where.split(':')[0]}" in fix.err
        assert base.contents() == whole
        assert run(base.root, "check") == (0, "", "no problems found\n")
    else:
        assert (fix.code, fix.out) == (6, check.out)
        assert not fix.err or re.fullmatch(r"\d+ fix(es need| needs) a yes: .*--yes\n", fix.err)
        assert base.contents() == damaged


@pytest.mark.parametrize(
    "damage", [damage for damage in ALL if damage.passing], ids=lambda damage: damage.name
)
def test_what_is_only_a_warning_the_next_change_mends(base: Base, damage: Damage) -> None:
    damage.do(base)
    assert run(base.root, "log", "note", base.contact, "Перезвонить").code == 0
    assert run(base.root, "check").code == 0  # which throws a torn index away
    assert run(base.root, "check") == (0, "", "no problems found\n")


@pytest.mark.parametrize("damage", STOPPING, ids=lambda damage: damage.name)
def test_what_stops_every_command_is_told(base: Base, damage: Damage) -> None:
    where = place(damage, base) if damage.where else ""
    damage.do(base)
    damaged = base.contents()
    check = run(base.root, "check")
    assert check.code == (6 if damage.where else 3)
    assert check.err.startswith("crm: error: ")
    assert where.removesuffix(": ") in check.err
    assert damage.says in check.err
    assert base.contents() == damaged


def test_there_are_enough_of_them() -> None:
    assert len(ALL) + len(STOPPING) >= 90
    assert len({damage.name for damage in (*ALL, *STOPPING)}) == len(ALL) + len(STOPPING)
