"""After a damage every command works on what is whole, and leaves alone what is not."""

from __future__ import annotations

import pytest

from crmcli.store import layout
from tests import kit
from tests.damage.base import Base, run
from tests.damage.table import OTHERS, RECORDS, TIMELINE, Damage

SAMPLE = [*RECORDS[::5], *TIMELINE[::4], *OTHERS[::4]]


@pytest.mark.parametrize("damage", kit.some(SAMPLE, 4), ids=lambda damage: damage.name)
def test_the_rest_works(base: Base, damage: Damage) -> None:
    damage.do(base)
    damaged = base.contents()
    listed = run(base.root, "contact", "list", "--ids")
    assert listed.code == 0, listed
    assert base.whole in listed.out.split()
    assert base.contact in listed.out.split() or damage.path == "contact"
    assert "Борис Целый" in run(base.root, "contact", "show", base.whole).out
    added = run(base.root, "contact", "add", "--name", "Вера Новая")
    assert added.code == 0, added
    shown = run(base.root, "contact", "show", added.out.strip())
    assert "Вера Новая" in shown.out
    assert shown.code == 0 or damage.path == "pipelines.yaml"
    tick = run(base.root, "tick")
    assert tick.code in (0, 6), tick
    assert added.out.strip() in run(base.root, "contact", "list", "--ids").out
    after = base.contents()
    for path, content in damaged.items():
        if path.startswith(layout.TIMELINE):
            assert after[path].startswith(content), path
        elif damage.path and path == base.path(damage.path):
            assert after[path] == content


@pytest.mark.parametrize("damage", [d for d in RECORDS if d.hides], ids=lambda damage: damage.name)
def test_a_broken_record_is_refused_and_stays_as_it_is(base: Base, damage: Damage) -> None:
    damage.do(base)
    damaged = base.contents()
    record = {"contact": base.contact, "lead": base.lead, "deal": base.deal}[damage.path]
    noun = damage.path
    for args in (("show", record), ("edit", record, "--set", "comment=x")):
        refused = run(base.root, noun, *args)
        assert refused.code == 6, refused
        assert refused.out == ""
        assert refused.err.startswith("crm: error: "), refused.err
        assert base.path(damage.path) in refused.err
    assert base.contents() == damaged
